"""What comes back when something is wrong: one envelope, the right status, and nothing that is nobody's business."""

from __future__ import annotations

import asyncio
import re
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest
from web.sitekit import House, house

from bucketgraph.errors import StoreBusy, StoreFull, Unavailable
from bucketgraph.web.bodies import ErrorAnswer
from bucketgraph.web.workers import MOST_WAITING, Workers


def refused(answer: Any, status: int, code: str) -> dict[str, Any]:
    """Return the facts of an error after checking envelope, status and code."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    msgspec.json.decode(answer.content, type=ErrorAnswer)
    facts: dict[str, Any] = answer.json()["error"]
    assert facts["code"] == code
    assert facts["requestId"] == answer.headers["X-Request-Id"]
    assert facts["message"]
    return facts


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("GET", "/api/v1/nothing", None, (404, "unknown")),
        ("GET", "/api/v1/integrations/", None, (404, "unknown")),
        ("PATCH", "/api/v1/me", None, (405, "wrong-method")),
        ("GET", "/api/v1/integrations/nobody", None, (404, "unknown")),
        ("GET", "/api/v1/runs/999", None, (404, "unknown")),
        ("GET", "/api/v1/runs/x", None, (400, "bad-request")),
        ("GET", "/api/v1/questions/nothing", None, (404, "unknown")),
        ("GET", "/api/v1/schema/nothing", None, (404, "unknown")),
        ("GET", "/api/v1/entities?limit=0", None, (400, "bad-request")),
        ("GET", "/api/v1/entities?limit=1001", None, (400, "bad-request")),
        ("GET", "/api/v1/entities?limit=1&limit=2", None, (400, "bad-request")),
        ("GET", "/api/v1/entities?colour=red", None, (400, "bad-request")),
        ("GET", "/api/v1/entities?where=nonsense", None, (400, "config")),
        ("GET", "/api/v1/entities?cursor=zz", None, (400, "config")),
        ("GET", "/api/v1/entities?type=dog", None, (400, "config")),
        ("GET", "/api/v1/changes?since=yesterday", None, (400, "config")),
        ("GET", "/api/v1/changes?cursor=zz", None, (400, "config")),
        ("POST", "/api/v1/query", {}, (400, "bad-request")),
        ("POST", "/api/v1/query", {"query": "FIND *", "colour": "red"}, (400, "bad-request")),
        ("POST", "/api/v1/query", {"query": "FIND *", "page": 0}, (400, "bad-request")),
        ("POST", "/api/v1/query", {"query": "FIND *", "asOf": "soon"}, (400, "config")),
        ("POST", "/api/v1/query", {"query": "FIND *", "cursor": "x"}, (400, "query")),
        ("POST", "/api/v1/query", ["FIND *"], (400, "bad-request")),
        ("POST", "/api/v1/query/diff", {"query": "FIND *", "from": "1d", "to": "2d"}, (400, "config")),
        ("POST", "/api/v1/tokens", {"name": "viewer", "role": "viewer"}, (409, "conflict")),
        ("POST", "/api/v1/tokens", {"name": "x", "role": "emperor"}, (400, "bad-request")),
        ("POST", "/api/v1/tokens", {"name": "x", "role": "viewer", "expires": "1999-01-01"}, (400, "config")),
        ("POST", "/api/v1/tokens", {"name": "a/b", "role": "viewer"}, (400, "config")),
        ("PUT", "/api/v1/parameters/1x", {"value": 1}, (400, "bad-request")),
        ("PUT", "/api/v1/parameters/x", {"value": 2**70}, (400, "query")),
        ("PUT", "/api/v1/parameters/x", {"value": {"a": 1}}, (400, "bad-request")),
        ("POST", "/api/v1/questions/merged-without-approval/ask", {"query": "nope"}, (400, "config")),
    ],
)
def test_what_is_wrong_is_told_in_one_envelope(
    site: House, method: str, path: str, body: Any, expected: tuple[int, str]
) -> None:
    refused(site.admin.ask(method, path, body), *expected)


def test_an_error_of_a_query_tells_where_and_what_may_have_been_meant(site: House) -> None:
    text = "FIND bitbucket_repo\n  THAT HAZ bitbucket_pull_request WITH state = 'OPEN' ORDER state"
    facts = refused(site.admin.ask("POST", "/api/v1/query", {"query": text}), 400, "query")
    start, end = facts["span"]
    assert 0 < start < end <= len(text)
    assert (facts["line"], facts["column"]) == (2, start - text.index("\n"))
    assert isinstance(facts["suggestions"], list)


def test_a_query_obeys_its_time(collected: Path, tmp_path: Path) -> None:
    with house(collected, tmp_path / "home", query_timeout_seconds=0.000001) as site:
        refused(site.admin.ask("POST", "/api/v1/query", {"query": "FIND *"}), 504, "query-timeout")


@pytest.mark.parametrize(
    ("content", "media", "status", "code"),
    [
        (b"{", "application/json", 400, "bad-request"),
        (b"\xff\xfe", "application/json", 400, "bad-request"),
        (b"null", "application/json", 400, "bad-request"),
        (b"[" * 100_000, "application/json", 400, "bad-request"),
        (b'{"query":"FIND *","variables":{"a":' + b"[" * 100_000, "application/json", 400, "bad-request"),
        (b'{"query": "\\ud800"}', "application/json", 400, "bad-request"),
        (b'{"query": "FIND *"}', "text/plain", 415, "wrong-media"),
        (b"query=FIND", "application/x-www-form-urlencoded", 415, "wrong-media"),
        (b'{"query": "FIND *"}', "application/json; charset=utf-8", 200, ""),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(
    site: House, content: bytes, media: str, status: int, code: str
) -> None:
    answer = site.admin.ask("POST", "/api/v1/query", content=content, headers={"Content-Type": media})
    if code:
        refused(answer, status, code)
    assert answer.status_code == status


def test_a_compressed_body_is_refused(site: House) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    answer = site.admin.ask("POST", "/api/v1/query", content=b"\x1f\x8b", headers=headers)
    refused(answer, 415, "wrong-media")


def test_an_oversized_body_is_refused_announced_or_not(collected: Path, tmp_path: Path) -> None:
    with house(collected, tmp_path / "home", body_limit_bytes=5_000) as site:
        fits = {"query": "FIND bitbucket_repo", "variables": {"x": "y" * 4_000}}
        assert site.admin.ask("POST", "/api/v1/query", fits).status_code == 200
        large = {"query": "FIND bitbucket_repo", "variables": {"x": "y" * 5_000}}
        facts = refused(site.admin.ask("POST", "/api/v1/query", large), 413, "too-large")
        assert "5,000 bytes" in facts["message"]
        parts = (b"x" * 1_000 for _ in range(10))
        headers = {"Content-Type": "application/json"}
        refused(site.admin.ask("POST", "/api/v1/query", content=parts, headers=headers), 413, "too-large")
        without = site.as_(None).ask("POST", "/api/v1/query", content=b"x" * 10_000)
        refused(without, 401, "unauthenticated")


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "evil.example:8321", "", "[::2]"])
def test_a_name_that_a_foreign_page_gave_us_is_refused(collected: Path, tmp_path: Path, host: str) -> None:
    with house(collected, tmp_path / "home", allowed_hosts="graph.example, other.example") as site:
        refused(site.admin.ask("GET", "/api/v1/me", headers={"Host": host}), 421, "wrong-host")
        for known in ("localhost:1", "127.0.0.1", "[::1]:8321", "GRAPH.example", "other.example:443"):
            assert site.admin.ask("GET", "/api/v1/me", headers={"Host": known}).status_code == 200


def test_over_loopback_only_names_of_this_computer_are_known(site: House) -> None:
    refused(site.admin.ask("GET", "/api/v1/me", headers={"Host": "evil.example"}), 421, "wrong-host")


def test_every_answer_has_its_headers_and_no_foreign_page_may_read_it(site: House) -> None:
    for who, path in (("admin", "/api/v1/me"), (None, "/api/v1/me"), ("admin", "/api/x"), (None, "/healthz")):
        answer = site.as_(who).ask("GET", path, headers={"Origin": "https://evil.example"})
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert not [name for name in answer.headers if name.startswith("access-control")]
        assert "server" not in answer.headers


def test_a_request_keeps_the_id_it_came_with_when_it_is_a_plain_one(site: House) -> None:
    for given, kept in (("abc-1.2_3", True), ("a b", False), ("x" * 65, False), ('"><script>', False)):
        answer = site.admin.ask("GET", "/api/v1/me", headers={"X-Request-Id": given})
        assert (answer.headers["X-Request-Id"] == given) == kept
        assert re.fullmatch(r"[A-Za-z0-9._-]{1,64}", answer.headers["X-Request-Id"])


def test_what_nobody_expected_is_told_to_the_log_alone(
    site: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise ValueError("the database password is hunter2")

    monkeypatch.setattr(site.app.store, "parameters", fail)
    facts = refused(site.admin.ask("GET", "/api/v1/parameters"), 500, "bug")
    assert "hunter2" not in str(facts)
    said = capsys.readouterr()
    assert facts["requestId"] in said.out + said.err
    assert "ValueError" in said.out + said.err


@pytest.mark.parametrize(("error", "status"), [(StoreBusy("Locked."), 503), (StoreFull("Full."), 507)])
def test_a_store_that_fails_is_told_as_it_is(
    site: House, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(site.app.store, "set_parameter", fail)
    answer = site.admin.ask("PUT", "/api/v1/parameters/x", {"value": 1})
    assert answer.status_code == status
    assert ("Retry-After" in answer.headers) == (status == 503)


def test_readiness_follows_store_and_jobs(site: House, monkeypatch: pytest.MonkeyPatch) -> None:
    site.jobs.broken.set()
    answer = site.as_(None).ask("GET", "/readyz")
    assert (answer.status_code, answer.json()) == (503, {"ok": False})
    site.jobs.broken.clear()
    assert site.as_(None).ask("GET", "/readyz").status_code == 200

    def fail() -> int:
        raise StoreBusy("Locked.")

    monkeypatch.setattr(site.app.store, "last_publication", fail)
    assert site.as_(None).ask("GET", "/readyz").json() == {"ok": False}
    assert site.as_(None).ask("GET", "/healthz").json() == {"ok": True}


def test_more_requests_than_can_wait_are_sent_away() -> None:
    workers, go_on = Workers(1), threading.Event()

    async def crowd() -> list[Any]:
        waiting = [asyncio.ensure_future(workers.run(go_on.wait)) for _ in range(MOST_WAITING)]
        await asyncio.sleep(0)
        with pytest.raises(Unavailable):
            await workers.run(go_on.wait)
        go_on.set()
        return await asyncio.gather(*waiting)

    assert all(asyncio.run(crowd()))
    workers.close()


def test_a_client_that_goes_away_is_no_failure_of_ours(
    site: House, capsys: pytest.CaptureFixture[str]
) -> None:
    pieces = iter([{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}])
    sent: list[Any] = []

    async def receive() -> Any:
        return next(pieces)

    async def send(message: Any) -> None:
        sent.append(message)

    token = f"Bearer {site.tokens['viewer']}".encode()
    headers = [(b"host", b"localhost"), (b"authorization", token), (b"content-type", b"application/json")]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/v1/query",
        "query_string": b"",
        "headers": headers,
    }
    asyncio.run(site.client.app(scope, receive, send))
    assert sent[0]["status"] == 400
    assert "Traceback" not in capsys.readouterr().err
