"""Reading answers: what errors say and advise, and that no header or body can upset the reader."""

from __future__ import annotations

import contextlib
from email.utils import formatdate

import httpx2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bucketgraph.bitbucket.replies import decoder, failure, retry_after, server_ms
from bucketgraph.errors import Rejected, Retryable, SourceError

CHANGE = "https://developer.atlassian.com/cloud/bitbucket/changelog/#CHANGE-2770"


def error(code: int, **body: object) -> httpx2.Response:
    """Return an API error, whose `error` is an object."""
    return httpx2.Response(code, json={"type": "error", "error": {"message": "It is so.", **body}})


def headed(name: str, value: str) -> httpx2.Response:
    """Return an answer with one header, as raw as the network gives it."""
    return httpx2.Response(429, headers=[(name.encode(), value.encode("utf-8"))])


def test_a_403_names_the_missing_scope_and_only_that() -> None:
    detail = {"required": ["webhook", "account"], "granted": ["account", "pullrequest"]}
    told = failure(error(403, detail=detail), "the hooks")
    assert told.hint == "It needs the scope webhook."
    assert told.message == "Bitbucket does not let this consumer see the hooks (403). It says: It is so."


@pytest.mark.parametrize(
    "detail", ["a sentence", None, 7, {"required": "webhook"}, {"required": None}, [], {}]
)
def test_a_403_with_a_detail_of_another_shape_still_says_what_was_said(detail: object) -> None:
    told = failure(error(403, detail=detail), "x")
    assert told.hint == ""
    assert "It is so." in told.message


def test_a_410_points_to_the_announcement() -> None:
    told = failure(error(410, detail="gone", data={"announcement_url": CHANGE}), "the list")
    assert told.hint == f"See {CHANGE}"


@pytest.mark.parametrize("data", [None, "x", {"announcement_url": None}, {}])
def test_a_410_without_an_announcement_has_no_hint(data: object) -> None:
    assert failure(error(410, data=data), "x").hint == ""


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": "invalid_thing", "error_description": "Said plainly."}, "Said plainly."),
        ({"error": "invalid_thing"}, "invalid_thing"),
        ({"error": {"message": "Said.", "detail": {"a": 1}, "fields": {}}}, "Said."),
    ],
)
def test_errors_are_read_as_object_and_as_text(body: object, said: str) -> None:
    assert failure(httpx2.Response(400, json=body), "x").message.endswith(said)


@pytest.mark.parametrize(
    "body", [b"", b"Not Found", b"[]", b"null", b'{"error": null}', b'{"error": {"message": 5}}']
)
def test_an_error_without_words_still_has_a_message(body: bytes) -> None:
    assert failure(httpx2.Response(404, content=body), "the thing").message == (
        "Bitbucket does not find the thing (404)."
    )


@given(st.binary(max_size=60), st.sampled_from([400, 401, 403, 404, 410, 422, 500]))
@example(b'{"error":{"message":"\xff"}}', 403)
@example(b'{"error":{"detail":{"required":["\xff"]}}}', 403)
@example(b'{"error":{"data":{"announcement_url":"\xff"}}}', 410)
@example(b'{"error":' + b"[" * 100_000, 400)
@example(b'{"error":{"detail":' + b"[" * 100_000, 403)
def test_no_body_upsets_the_reading_of_an_error(body: bytes, code: int) -> None:
    assert isinstance(failure(httpx2.Response(code, content=body), "x"), SourceError)


@given(st.binary(max_size=60) | st.text().map(str.encode))
@example(b'"\xff"')
@example(b'{"a":' + b"[" * 100_000)
def test_a_body_is_decoded_or_refused_as_retryable_or_rejected(body: bytes) -> None:
    with contextlib.suppress(Retryable, Rejected):
        assert isinstance(decoder(dict)(body), dict)


@given(st.text(max_size=40))
@example("²")
@example("9" * 400)
@example(f"Wed, {'9' * 20} Oct 2026 07:28:00 GMT")
@example(f"Wed, 21 Oct 2026 07:28:00 +{'9' * 20}")
@example("Wed, 21 Oct 0000 07:28:00 GMT")
def test_no_header_upsets_the_reading_of_times(text: str) -> None:
    asked = retry_after(headed("retry-after", text), now=1_800_000_000)
    assert asked is None or asked > 0
    told = server_ms(headed("date", text))
    assert told is None or isinstance(told, int)


@given(st.integers(min_value=1, max_value=10**9))
def test_retry_after_is_read_alike_as_seconds_and_as_a_date(seconds: int) -> None:
    now = 1_800_000_000
    date = formatdate(now + seconds, usegmt=True)
    assert retry_after(headed("retry-after", str(seconds)), now=now) == seconds
    assert retry_after(headed("retry-after", date), now=now) == seconds


@pytest.mark.parametrize("zone", ["GMT", "+0000", "-0000", ""])
def test_dates_without_a_zone_are_utc_wherever_this_computer_stands(
    zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time  # noqa: PLC0415  # beside its only use

    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert server_ms(headed("date", f"Mon, 23 Nov 2026 10:00:00 {zone}".strip())) == 1_795_428_000_000
    finally:
        monkeypatch.undo()
        time.tzset()
