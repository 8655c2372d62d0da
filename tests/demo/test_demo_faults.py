"""Faults: when they happen and what they do."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx2
import pytest
from starlette.applications import Starlette

from bucketgraph.demo import Fault, Faults, create_app, generate_world

Ask = Callable[..., httpx2.Response]
REPOSITORIES = "/2.0/repositories/acme-rockets?pagelen=4"


def _app(*faults: Fault) -> Starlette:
    world = generate_world(repositories=10, pull_requests=0)
    return create_app(world, faults=Faults(faults))


def test_after_every_and_times_decide_when() -> None:
    faults = Faults([Fault("empty", match="/a", after=1, every=2, times=2)])
    assert [faults.pick("/a") is not None for _ in range(8)] == [
        False,
        True,
        False,
        True,
        False,
        False,
        False,
        False,
    ]
    assert faults.pick("/b") is None
    assert faults.fired() == {"empty": 2}


def test_probability_is_decided_by_the_seed() -> None:
    def pattern(seed: int) -> list[bool]:
        faults = Faults([Fault("empty", probability=0.5)], seed=seed)
        return [faults.pick("/") is not None for _ in range(50)]

    assert pattern(1) == pattern(1) != pattern(2)
    assert 5 < sum(pattern(1)) < 45


@pytest.mark.parametrize("fault", [("nonsense", None), ("status:200", None), ("redirect", None)])
def test_impossible_faults_are_refused(fault: tuple[str, str | None]) -> None:
    with pytest.raises(ValueError, match=r"fault|target"):
        Fault(fault[0], target=fault[1])


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408, 403, 404, 410])
def test_statuses(ask: Ask, status: int) -> None:
    app = _app(Fault(f"status:{status}", match="repositories", times=1))
    assert ask(app, REPOSITORIES).status_code == status
    assert ask(app, REPOSITORIES).status_code == 200


def test_bodies_that_are_not_json(ask: Ask) -> None:
    cut = ask(_app(Fault("truncated")), REPOSITORIES)
    assert cut.status_code == 200
    assert int(cut.headers["content-length"]) == len(cut.content)
    with pytest.raises(json.JSONDecodeError):
        cut.json()
    page = ask(_app(Fault("html")), REPOSITORIES)
    assert (page.status_code, page.headers["content-type"].partition(";")[0]) == (200, "text/html")


def test_rate_limit_with_and_without_a_hint(ask: Ask) -> None:
    plain = ask(_app(Fault("rate_limit")), REPOSITORIES)
    assert (plain.status_code, plain.headers["content-type"]) == (429, "text/plain")
    assert "retry-after" not in plain.headers
    hinted = ask(_app(Fault("rate_limit", retry_after="7")), REPOSITORIES)
    assert hinted.headers["retry-after"] == "7"


def test_expire_token_ends_every_token(ask: Ask) -> None:
    app = _app(Fault("expire_token", times=1))
    token = app.state.fake.grant(app.state.fake.consumers["demo-key"])["access_token"]
    assert ask(app, REPOSITORIES, token=token).status_code == 401
    assert ask(app, REPOSITORIES, token=token).status_code == 401
    assert ask(app, REPOSITORIES).status_code == 200


def test_pages_that_drift_or_lie(ask: Ask) -> None:
    honest = _app()
    one = ask(honest, REPOSITORIES).json()
    two = ask(honest, one["next"]).json()
    repeating = _app(Fault("repeat_item"))
    assert ask(repeating, REPOSITORIES).json()["values"] == one["values"]
    assert ask(repeating, one["next"]).json()["values"] == [one["values"][-1], *two["values"]]
    skipping = ask(_app(Fault("skip_item")), REPOSITORIES).json()
    assert (len(skipping["values"]), skipping["size"]) == (3, 10)
    assert ask(_app(Fault("loop_next")), REPOSITORIES).json()["next"] == f"http://fake{REPOSITORIES}"
    empty = ask(_app(Fault("empty")), REPOSITORIES).json()
    assert (empty["values"], "next" in empty) == ([], False)


def test_ways_to_another_origin(ask: Ask) -> None:
    evil = "https://api.bitbucket.org.evil.example"
    page = ask(_app(Fault("foreign_next", target=evil)), REPOSITORIES).json()
    assert page["next"] == f"{evil}{REPOSITORIES}&page=2"
    moved = ask(_app(Fault("redirect", target=evil)), REPOSITORIES)
    assert (moved.status_code, moved.headers["location"]) == (302, evil + REPOSITORIES)


@pytest.mark.parametrize("kind", ["drop", "reset"])
def test_without_a_connection_breaking_it_is_an_error(ask: Ask, kind: str) -> None:
    with pytest.raises(ConnectionResetError):
        ask(_app(Fault(kind)), REPOSITORIES)
