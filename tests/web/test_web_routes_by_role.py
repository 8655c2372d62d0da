"""Who may do what: every route, with every kind of token. A route that is not in the table fails the test."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from web.sitekit import House, house

from bucketgraph.web.api import ROUTES
from bucketgraph.web.openapi import document
from bucketgraph.web.pages import PAGES
from bucketgraph.web.visit import Page

VIEWER, EDITOR, ADMIN = ("viewer", "editor", "admin"), ("editor", "admin"), ("admin",)


class Row(NamedTuple):
    """Which roles a route lets in, and what it does with a token that is bound to an integration.

    `bound`: `own` restricts it to that integration, `all` tells the same to everybody, `none` refuses it.
    """

    roles: tuple[str, ...]
    bound: str
    body: Any = None


TABLE = {
    "GET /api/v1/integrations": Row(VIEWER, "own"),
    "POST /api/v1/integrations": Row(ADMIN, "none", {}),
    "GET /api/v1/integrations/{integration}": Row(VIEWER, "own"),
    "PATCH /api/v1/integrations/{integration}": Row(ADMIN, "own", {}),
    "DELETE /api/v1/integrations/{integration}": Row(ADMIN, "own"),
    "POST /api/v1/integrations/{integration}/pause": Row(ADMIN, "own"),
    "POST /api/v1/integrations/{integration}/resume": Row(ADMIN, "own"),
    "GET /api/v1/integrations/{integration}/freshness": Row(VIEWER, "own"),
    "GET /api/v1/integrations/{integration}/costs": Row(VIEWER, "own"),
    "GET /api/v1/removed": Row(ADMIN, "none"),
    "DELETE /api/v1/removed/{id}": Row(ADMIN, "none"),
    "GET /api/v1/secrets": Row(ADMIN, "none"),
    "POST /api/v1/secrets/rotate": Row(ADMIN, "none", {"reencrypt": True}),
    "POST /api/v1/integrations/{integration}/test": Row(EDITOR, "own"),
    "GET /api/v1/integrations/{integration}/runs": Row(VIEWER, "own"),
    "POST /api/v1/integrations/{integration}/runs": Row(EDITOR, "own"),
    "GET /api/v1/runs/{run}": Row(VIEWER, "own"),
    "GET /api/v1/runs/{run}/events": Row(VIEWER, "own"),
    "POST /api/v1/integrations/{integration}/cancel": Row(EDITOR, "own"),
    "GET /api/v1/integrations/{integration}/progress": Row(VIEWER, "own"),
    "GET /api/v1/people": Row(VIEWER, "none"),
    "POST /api/v1/people": Row(EDITOR, "none", {}),
    "POST /api/v1/people/import": Row(EDITOR, "none", {}),
    "GET /api/v1/people/sources": Row(VIEWER, "none"),
    "GET /api/v1/people/{who}": Row(VIEWER, "none"),
    "PATCH /api/v1/people/{who}": Row(EDITOR, "none", {}),
    "DELETE /api/v1/people/{who}": Row(EDITOR, "none"),
    "GET /api/v1/mapping/unmapped": Row(VIEWER, "none"),
    "GET /api/v1/mapping/rules": Row(VIEWER, "none"),
    "PUT /api/v1/mapping/rules/{rule}": Row(EDITOR, "none", {"enabled": True}),
    "POST /api/v1/backups": Row(ADMIN, "none", {"withKey": 7}),
    "GET /api/v1/entities": Row(VIEWER, "own"),
    "GET /api/v1/relationships": Row(VIEWER, "own"),
    "GET /api/v1/stats": Row(VIEWER, "own"),
    "GET /api/v1/changes": Row(VIEWER, "own"),
    "GET /api/v1/schema": Row(VIEWER, "none"),
    "GET /api/v1/schema/{name}": Row(VIEWER, "none"),
    "POST /api/v1/query": Row(VIEWER, "none", {"query": "FIND *"}),
    "POST /api/v1/query/check": Row(VIEWER, "none", {"query": "FIND *"}),
    "POST /api/v1/query/explain": Row(VIEWER, "none", {"query": "FIND *"}),
    "POST /api/v1/query/complete": Row(VIEWER, "none", {"query": "FIND "}),
    "POST /api/v1/query/diff": Row(VIEWER, "none", {"query": "FIND *", "from": "1d"}),
    "GET /api/v1/questions": Row(VIEWER, "all"),
    "GET /api/v1/questions/{name}": Row(VIEWER, "all"),
    "POST /api/v1/questions/{name}/ask": Row(VIEWER, "none", {}),
    "GET /api/v1/parameters": Row(VIEWER, "none"),
    "GET /api/v1/parameters/{name}": Row(VIEWER, "none"),
    "PUT /api/v1/parameters/{name}": Row(EDITOR, "none", {"value": 1}),
    "DELETE /api/v1/parameters/{name}": Row(EDITOR, "none"),
    "GET /api/v1/me": Row(VIEWER, "all"),
    "GET /api/v1/tokens": Row(ADMIN, "none"),
    "POST /api/v1/tokens": Row(ADMIN, "none", {}),
    "DELETE /api/v1/tokens/{name}": Row(ADMIN, "none"),
    "GET /api/v1/openapi.json": Row(VIEWER, "all"),
    "GET /metrics": Row(VIEWER, "none"),
}


@pytest.fixture(scope="module")
def shared(collected: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Return a site for all rows; what they ask for by name is not there, so nothing is changed."""
    with house(collected, tmp_path_factory.mktemp("roles") / "home") as opened:
        yield opened


def asked(site: House, who: str | None, route: str) -> Any:
    """Ask a route for what is not there."""
    method, path = route.split()
    path = re.sub(r"{run}", "987654", path)
    return site.as_(who).ask(method, re.sub(r"{\w+}", "nothing", path), TABLE[route].body)


def test_every_route_is_in_the_table_and_says_the_same_of_itself() -> None:
    declared = {f"{one.method} {one.path}": (one.role, one.bound) for one in ROUTES}
    assert declared == {route: (row.roles[0], row.bound) for route, row in TABLE.items()}
    assert len(declared) == len(ROUTES)


@pytest.mark.parametrize("route", TABLE)
def test_a_route_lets_in_whom_the_table_says(shared: House, route: str) -> None:
    for who, code in ((None, 401), ("wrong", 401), ("expired", 401)):
        refused = asked(shared, who, route)
        assert refused.status_code == code, who
        assert refused.headers["WWW-Authenticate"] == 'Bearer realm="bucketgraph"'
        assert set(refused.json()) == {"error"}
    for role in VIEWER:
        answer = asked(shared, role, route)
        allowed = role in TABLE[route].roles
        assert (answer.status_code != 403) == allowed, (role, answer.text)
        assert answer.status_code in {200, 400, 404} or not allowed, answer.text
    for role in TABLE[route].roles:
        bound = asked(shared, f"bound-{role}", route)
        assert (bound.status_code == 403) == (TABLE[route].bound == "none"), bound.text


@pytest.mark.parametrize("route", [route for route, row in TABLE.items() if row.bound == "own"])
def test_a_bound_token_sees_nothing_of_another_integration(shared: House, route: str) -> None:
    other = shared.app.store.start_run(shared.other.id, {})
    method, path = route.split()
    path = path.replace("{integration}", shared.other.id).replace("{run}", str(other.id))
    query = {} if "{" in route or path.endswith("/integrations") else {"integration": shared.other.name}
    found = shared.as_("bound-admin").ask(method, path, TABLE[route].body, params=query)
    if route == "GET /api/v1/integrations":
        assert [one["id"] for one in found.json()["items"]] == [shared.acme.id]
    else:
        assert found.status_code == 404, found.text
        assert found.json()["error"]["code"] == "unknown"
        assert "known: test, other" not in found.text


def test_what_a_bound_token_is_not_asked_about_is_its_own(shared: House) -> None:
    bound = shared.as_("bound-viewer")
    assert [one["integration"] for one in bound.get("/stats")["lastRuns"]] == ["test"]
    assert {one["_integrationInstanceId"] for one in bound.get("/entities")["items"]} == {shared.acme.id}
    assert bound.get("/entities", type="no_such_type")["items"] == []
    assert bound.get("/me") == {"name": "bound-viewer", "role": "viewer", "integrationId": shared.acme.id}


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/v1", "/api/v1/nothing", "/api/%2e%2e/settings"])
def test_an_address_of_the_api_that_is_none_needs_a_token_too(shared: House, path: str) -> None:
    assert shared.as_(None).ask("GET", path).status_code == 401
    assert shared.admin.ask("GET", path).status_code == 404


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.method} {page.path}")
def test_no_token_opens_a_page(shared: House, page: Page) -> None:
    if page.role is not None:
        path = re.sub(r"\{.*?\}", "1", page.path)
        answer = shared.admin.ask(page.method, path, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/signin")


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_no_method_of_any_address_answers_without_a_token(shared: House, method: str) -> None:
    for path in document()["paths"]:
        answer = shared.as_(None).ask(method, path)
        assert answer.status_code == 401, path


def test_only_health_and_readiness_answer_without_a_token_and_tell_nothing(shared: House) -> None:
    for path in ("/healthz", "/readyz"):
        answer = shared.as_(None).ask("GET", path)
        assert (answer.status_code, answer.json()) == (200, {"ok": True})


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic YTpi", "bg_" + "A" * 43, "Bearer " + "x" * 10_000, "Bearer bg_ü"],
)
def test_a_header_that_holds_no_token_is_refused(shared: House, header: str) -> None:
    answer = shared.as_(None).ask("GET", "/api/v1/me", headers={"Authorization": header.encode()})
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "unauthenticated"
