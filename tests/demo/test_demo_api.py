"""The API over a world: addresses, pages, filters, and what is left out by default."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from starlette.applications import Starlette

from bucketgraph.demo import Repository, World, create_app, generate_world, mutations

Ask = Callable[..., httpx2.Response]
EVERY_STATE = "state=OPEN&state=MERGED&state=DECLINED&state=SUPERSEDED"


@pytest.fixture
def world() -> World:
    return generate_world(workspaces=2, repositories=24, pull_requests=400)


@pytest.fixture
def app(world: World) -> Starlette:
    return create_app(world)


def _busiest(world: World) -> Repository:
    return max(world.workspaces[0].repositories.values(), key=lambda r: len(r.pull_requests))


def _address(repository: Repository) -> str:
    return f"/2.0/repositories/{repository.full_name}/pullrequests"


def _walk(ask: Ask, app: Starlette, path: str) -> list[dict[str, Any]]:
    values: list[dict[str, Any]] = []
    while path:
        page = ask(app, path).json()
        values += page["values"]
        path = page.get("next", "")
    return values


def test_a_walk_finds_every_repository_oldest_first(app: Starlette, world: World, ask: Ask) -> None:
    found = _walk(ask, app, "/2.0/repositories/acme-rockets")
    assert {row["uuid"] for row in found} == set(world.workspaces[0].repositories)
    created = [row["created_on"] for row in found]
    assert created == sorted(created)
    first = ask(app, "/2.0/repositories/acme-rockets").json()
    assert (first["size"], first["page"], first["pagelen"], len(first["values"])) == (12, 1, 10, 10)
    assert "previous" not in first
    second = ask(app, first["next"]).json()
    assert (second["page"], len(second["values"])) == (2, 2)
    assert second["previous"].startswith("http://fake/2.0/repositories/acme-rockets?")
    assert "next" not in second


def test_every_pull_request_is_found_newest_first(app: Starlette, world: World, ask: Ask) -> None:
    repository = _busiest(world)
    found = _walk(ask, app, f"{_address(repository)}?{EVERY_STATE}&pagelen=50")
    assert [row["id"] for row in found] == [pr.id for pr in reversed(repository.pull_requests)]


@pytest.mark.parametrize(
    ("path", "maximum"),
    [
        ("repositories/acme-rockets", 100),
        ("workspaces/acme-rockets/members", 100),
        ("workspaces/acme-rockets/permissions", 100),
        ("workspaces/acme-rockets/projects", 100),
        ("user/workspaces", 100),
        ("pullrequests", 50),
    ],
)
def test_more_than_the_maximum_is_an_error(
    app: Starlette, world: World, ask: Ask, path: str, maximum: int
) -> None:
    base = _address(_busiest(world)) if path == "pullrequests" else f"/2.0/{path}"
    assert ask(app, f"{base}?pagelen={maximum}").json()["pagelen"] == maximum
    refused = ask(app, f"{base}?pagelen={maximum + 1}")
    assert refused.status_code == 400
    assert refused.json()["error"]["message"] == "Invalid pagelen"
    assert ask(app, f"{base}?page=0").status_code == 400


def test_next_echoes_the_parameters_with_the_plus_encoded(app: Starlette, world: World, ask: Ask) -> None:
    path = f"{_address(_busiest(world))}?{EVERY_STATE}&fields=%2Bvalues.reviewers&pagelen=5"
    page = ask(app, path).json()
    assert "fields=%2Bvalues.reviewers" in page["next"]
    echoed = parse_qs(urlsplit(page["next"]).query)
    assert (len(echoed["state"]), echoed["page"], echoed["pagelen"]) == (4, ["2"], ["5"])
    assert all("reviewers" in row for row in ask(app, page["next"]).json()["values"])


def test_lists_leave_out_what_only_details_show(app: Starlette, world: World, ask: Ask) -> None:
    base = _address(_busiest(world))
    listed = ask(app, f"{base}?state=MERGED").json()["values"][0]
    assert not {"reviewers", "participants", "rendered"} & listed.keys()
    assert "date" not in listed["merge_commit"]
    assert len(listed["merge_commit"]["hash"]) == len(listed["source"]["commit"]["hash"]) == 12
    detail = ask(app, f"{base}/{listed['id']}").json()
    assert {"reviewers", "participants", "rendered"} <= detail.keys()
    more = "fields=%2Bvalues.merge_commit.date,%2Bvalues.participants,%2Bvalues.author.account_status"
    asked = ask(app, f"{base}?state=MERGED&{more}").json()["values"][0]
    assert asked["merge_commit"]["date"] == listed["updated_on"]
    assert asked["participants"] == detail["participants"]
    assert "account_status" in asked["author"]
    assert "account_status" not in listed["author"]


def test_a_restrictive_list_loses_next(app: Starlette, world: World, ask: Ask) -> None:
    base = f"{_address(_busiest(world))}?{EVERY_STATE}&pagelen=2"
    assert ask(app, f"{base}&fields=values.id").json().keys() == {"values"}
    assert ask(app, f"{base}&fields=next,values.id").json().keys() == {"values", "next"}


def test_open_is_the_default_and_a_filter_forgets_the_states(app: Starlette, world: World, ask: Ask) -> None:
    base = f"{_address(_busiest(world))}?pagelen=50"
    assert {row["state"] for row in ask(app, base).json()["values"]} == {"OPEN"}
    both = ask(app, f"{base}&state=MERGED&state=DECLINED").json()["values"]
    assert {row["state"] for row in both} == {"MERGED", "DECLINED"}
    filtered = ask(app, f"{base}&state=DECLINED&q=id>0").json()["values"]
    assert "MERGED" in {row["state"] for row in filtered}
    app.state.fake.q_ignores_state = False
    filtered = ask(app, f"{base}&state=DECLINED&q=id>0").json()["values"]
    assert {row["state"] for row in filtered} == {"DECLINED"}


def test_filters_by_change_and_nested_names(app: Starlette, world: World, ask: Ask) -> None:
    repository = _busiest(world)
    base = f"{_address(repository)}?pagelen=50"
    newest = max(pr.updated_on for pr in repository.pull_requests)
    person = next(iter(world.workspaces[0].members.values())).account
    opened = mutations.open_pull_request(world, repository, author=person)
    newer = ask(app, base, params={"q": f"updated_on > {_iso(newest)}", "pagelen": 50}).json()["values"]
    assert [row["id"] for row in newer] == [opened.id]
    by = ask(app, base, params={"q": f'author.uuid = "{person.uuid}"', "pagelen": 50}).json()["values"]
    assert {row["author"]["uuid"] for row in by} == {person.uuid}
    assert ask(app, base, params={"q": "updated_on >"}).status_code == 400
    assert ask(app, base, params={"q": "nonsense = 1"}).status_code == 400


def _iso(seconds: float) -> str:
    from bucketgraph.demo.views import instant  # noqa: PLC0415 - the form the API writes

    return instant(seconds)


def test_sorting_takes_one_key_either_way(app: Starlette, world: World, ask: Ask) -> None:
    base = f"{_address(_busiest(world))}?{EVERY_STATE}&pagelen=50"
    up = [row["updated_on"] for row in ask(app, f"{base}&sort=updated_on").json()["values"]]
    down = [row["updated_on"] for row in ask(app, f"{base}&sort=-updated_on").json()["values"]]
    assert up == sorted(up)
    assert down == sorted(down, reverse=True)
    assert ask(app, f"{base}&sort=nonsense").status_code == 400


def test_repositories_answer_to_slug_and_uuid_until_renamed(app: Starlette, world: World, ask: Ask) -> None:
    repository = _busiest(world)
    by_uuid = f"/2.0/repositories/%7B%7D/%7B{repository.uuid[1:-1]}%7D"
    old = f"/2.0/repositories/{repository.full_name}"
    assert ask(app, old).json()["uuid"] == repository.uuid
    mutations.rename_repository(world, repository, "Other name")
    assert ask(app, old).status_code == 404
    assert ask(app, by_uuid).json()["slug"] == "other-name"
    workspace = world.workspaces[0].uuid[1:-1]
    assert ask(app, f"/2.0/repositories/%7B{workspace}%7D/other-name").json()["name"] == "Other name"


def test_shapes_with_missing_pieces(app: Starlette, world: World, ask: Ask) -> None:
    rows = {r["uuid"]: r for r in _walk(ask, app, "/2.0/repositories/acme-rockets")}
    assert any("project" not in row for row in rows.values())
    assert any(row["mainbranch"] is None for row in rows.values())
    assert {row["owner"]["type"] for row in rows.values()} == {"team"}
    fork = next(row for row in rows.values() if row["parent"])
    gone = world.repository(fork["parent"]["uuid"])
    assert gone
    mutations.delete_repository(world, gone)
    assert ask(app, f"/2.0/repositories/{fork['full_name']}").json()["parent"] is None
    pulls = _walk(ask, app, f"{_address(_busiest(world))}?{EVERY_STATE}&fields=%2Bvalues.participants")
    assert any(row["author"] is None for row in pulls)
    assert any(row["source"]["repository"] is None for row in pulls)
    assert any(row["author"] and row["author"]["type"] == "app_user" for row in pulls)
    assert all(
        "nickname" not in r["author"] for r in pulls if r["author"] and r["author"]["type"] == "app_user"
    )
    assert any("state" not in part for row in pulls for part in row["participants"])


def test_people_and_projects(app: Starlette, world: World, ask: Ask) -> None:
    workspace = world.workspaces[0]
    members = _walk(ask, app, "/2.0/workspaces/acme-rockets/members?pagelen=7")
    assert {row["user"]["uuid"] for row in members} == set(workspace.members)
    assert not any("permission" in row for row in members)
    owners = ask(app, '/2.0/workspaces/acme-rockets/permissions?q=permission="owner"').json()["values"]
    assert [row["permission"] for row in owners] == ["owner", "owner"]
    projects = ask(app, "/2.0/workspaces/acme-rockets/projects/").json()["values"]
    assert {row["key"] for row in projects} == {project.key for project in workspace.projects}
    assert ask(app, f"/2.0/workspaces/acme-rockets/projects/{projects[0]['key']}").json() == projects[0]
    assert ask(app, f"/2.0/users/{next(iter(workspace.members))}").json()["account_status"] == "active"
    assert ask(app, "/2.0/users/nobody").status_code == 404
    slugs = [row["workspace"]["slug"] for row in ask(app, "/2.0/user/workspaces").json()["values"]]
    assert slugs == ["acme-rockets", "beta-works"]
    app.state.fake.permissions_admin_only = True
    assert ask(app, "/2.0/workspaces/acme-rockets/permissions").status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "workspaces",
        "repositories",
        "repositories/",
        "user/permissions/workspaces",
        "user/permissions/repositories",
    ],
)
def test_withdrawn_listings_are_gone(app: Starlette, ask: Ask, path: str) -> None:
    answer = ask(app, f"/2.0/{path}")
    assert answer.status_code == 410
    assert answer.json()["error"]["message"].startswith("CHANGE-2770")


@pytest.mark.parametrize(
    "path",
    [
        "/2.0/nothing",
        "/2.0/repositories/acme-rockets/none",
        "/2.0/repositories/acme-rockets/none/pullrequests",
    ],
)
def test_the_unknown_is_not_found(app: Starlette, ask: Ask, path: str) -> None:
    answer = ask(app, path)
    assert answer.status_code == 404
    assert answer.json()["type"] == "error"


def test_an_unknown_workspace_is_named(app: Starlette, ask: Ask) -> None:
    answer = ask(app, "/2.0/workspaces/nope")
    assert answer.status_code == 404
    assert answer.json() == {"type": "error", "error": {"message": "No workspace with identifier 'nope'."}}
