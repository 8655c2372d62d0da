"""What the API can do, as a client sees it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from web.sitekit import NOWHERE, House, house

from bucketgraph.web.openapi import document

SECRET = "s3cr3t-ThatIsShownNowhere"


def pages(site: House, path: str, **query: Any) -> list[Any]:
    """Return the items of all pages of a list."""
    found, cursor = [], {}
    while True:
        page = site.admin.get(path, **query, **cursor)
        found += page["items"]
        if not page.get("more", page["cursor"] is not None):
            return found
        cursor = {"cursor": page["cursor"]}


def test_lists_are_read_page_by_page(site: House) -> None:
    entities, relationships = site.app.store.counts()
    for path, total in (("/entities", entities.total()), ("/relationships", relationships.total())):
        items = pages(site, path, limit=5)
        assert len({one["_id"] for one in items}) == len(items) == total
    assert len(pages(site, "/changes", limit=7)) == entities.total() + relationships.total()


def test_entities_are_chosen_by_type_class_and_properties(site: House) -> None:
    (repo, *_) = site.admin.get("/entities", type="bitbucket_repo")["items"]
    assert site.admin.get("/entities", type="CodeRepo", where=f"name='{repo['properties']['name']}'")[
        "items"
    ] == [repo]
    edges = site.admin.get("/relationships", verb="HAS", to="bitbucket_pull_request", of=repo["_key"])[
        "items"
    ]
    assert {one["_fromEntityKey"] for one in edges} == {repo["_key"]}


def test_a_query_is_answered_in_pages_of_one_moment(site: House) -> None:
    body: dict[str, Any] = {"query": "FIND bitbucket_pull_request AS p RETURN p.id ORDER BY p.id", "page": 5}
    read: list[Any] = []
    while True:
        answer = site.as_("viewer").post("/query", body)
        read += answer["data"]
        if answer["cursor"] is None:
            break
        body["cursor"] = answer["cursor"]
    assert len(read) == 12
    assert answer["type"] == "table"
    with_variable = {"query": "FIND bitbucket_repo WITH name = ${name}", "variables": {"name": "x"}}
    assert site.admin.post("/query", with_variable)["data"] == []


def test_a_query_is_checked_explained_completed_and_compared(site: House) -> None:
    assert site.admin.post("/query/check", {"query": "FIND bitbucket_repo"}) == {"ok": True, "messages": []}
    explained = site.admin.post("/query/explain", {"query": "FIND bitbucket_repo"})
    assert explained["rows"] == 2
    assert "SELECT" in explained["sql"]
    completed = site.admin.post("/query/complete", {"query": "FIND bitbucket_pu"})
    assert "bitbucket_pull_request" in [one["text"] for one in completed["items"]]
    diff = site.admin.post("/query/diff", {"query": "FIND bitbucket_pull_request", "from": "30d", "limit": 3})
    assert diff["counts"] == {"added": 12, "removed": 0, "changed": 0}
    assert len(diff["added"]) == 3


def test_questions_are_listed_shown_and_asked(site: House) -> None:
    names = [one["name"] for one in site.admin.get("/questions")["items"]]
    assert site.admin.get(f"/questions/{names[0]}")["name"] == names[0]
    question = next(
        one
        for one in site.admin.get("/questions")["items"]
        if any(p["kind"] == "number" for p in one["parameters"])
    )
    number = next(p["name"] for p in question["parameters"] if p["kind"] == "number")
    for value in (10_000, "10000"):
        answer = site.admin.post(f"/questions/{question['name']}/ask", {"parameters": {number: value}})
        assert [one["type"] for one in answer["results"]]
    wrong = site.admin.ask(
        "POST", f"/api/v1/questions/{question['name']}/ask", {"parameters": {number: True}}
    )
    assert wrong.status_code == 400


def test_parameters_are_stored_used_and_forgotten(site: House) -> None:
    editor = site.as_("editor")
    assert editor.ask("PUT", "/api/v1/parameters/kind", {"value": ["a", "b"]}).status_code == 200
    assert editor.get("/parameters/kind") == {"name": "kind", "value": ["a", "b"]}
    assert editor.get("/parameters")["items"] == [{"name": "kind", "value": ["a", "b"]}]
    asked = {"query": "FIND bitbucket_repo WITH name = ${param.kind}"}
    assert editor.post("/query", asked)["data"] == []
    assert editor.ask("DELETE", "/api/v1/parameters/kind").json() == {"removed": "kind"}
    assert editor.ask("DELETE", "/api/v1/parameters/kind").status_code == 404


def test_a_token_is_made_used_seen_and_revoked(site: House) -> None:
    made = site.admin.post(
        "/tokens", {"name": "ci", "role": "viewer", "integration": "test", "expires": "1d"}, status=201
    )
    site.tokens["ci"] = made["token"]
    assert site.as_("ci").get("/me") == {"name": "ci", "role": "viewer", "integrationId": site.acme.id}
    listed = site.admin.ask("GET", "/api/v1/tokens")
    assert made["token"] not in listed.text
    assert "hash" not in listed.text
    assert site.admin.ask("DELETE", "/api/v1/tokens/ci").json() == {"revoked": "ci"}
    assert site.as_("ci").ask("GET", "/api/v1/me").status_code == 401


def test_runs_are_begun_once_watched_and_cancelled(site: House) -> None:
    (run,) = site.admin.get("/integrations/test/runs")["items"]
    assert run["status"] == "COMPLETED"
    assert site.admin.get(f"/runs/{run['id']}") == run
    events = site.admin.get(f"/runs/{run['id']}/events", level="info")["items"]
    assert {one["name"] for one in events} >= {"step_start", "step_end"}
    later = site.admin.get(f"/runs/{run['id']}/events", level="info", after=events[0]["id"])["items"]
    assert later == events[1:]
    begun = site.as_("editor").post("/integrations/test/runs", {"full": True}, status=202)
    assert begun == {"workflowId": "workflow-1"}
    assert site.jobs.asked == [(site.acme.id, "manual", {"full": True})]
    assert site.admin.ask("POST", "/api/v1/integrations/test/runs", {}).status_code == 409
    assert site.admin.ask("POST", "/api/v1/integrations/test/cancel").status_code == 409
    going = site.app.store.start_run(site.acme.id, {})
    stopped = site.admin.post("/integrations/test/cancel", status=202)
    assert stopped == {"cancelled": "interrupted", "run": going.id, "workflowId": None}
    assert site.admin.get("/integrations/test/progress")["running"] is False


def test_a_run_may_be_begun_without_any_body(site: House) -> None:
    assert site.admin.ask("POST", "/api/v1/integrations/test/runs").status_code == 202


def test_a_server_without_jobs_says_so(collected: Path, tmp_path: Path) -> None:
    with house(collected, tmp_path / "home", jobs=False) as site:
        answer = site.admin.ask("POST", "/api/v1/integrations/test/runs")
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")


def test_an_integration_is_added_tested_and_removed(site: House) -> None:
    body = {
        "name": "new",
        "workspaces": ["w"],
        "consumers": [{"key": "k", "secret": SECRET}],
        "apiUrl": NOWHERE,
        "oauthUrl": NOWHERE,
    }
    made = site.admin.post("/integrations", body, status=201)
    assert made["oauthKeys"] == ["k"]
    assert site.admin.ask("POST", "/api/v1/integrations", body).status_code == 409
    assert site.admin.get(f"/integrations/{made['id']}") == made
    tested = site.admin.ask("POST", "/api/v1/integrations/new/test").json()
    assert tested["ok"] is False
    assert "connection" in tested["checks"][0]["detail"]
    removed = site.admin.ask("DELETE", "/api/v1/integrations/new").json()
    assert removed["removed"] == "new"
    assert site.admin.ask("GET", f"/api/v1/integrations/{made['id']}").status_code == 404


def test_an_integration_is_changed_field_by_field_and_keeps_its_secret(site: House) -> None:
    path = f"/api/v1/integrations/{site.other.id}"
    before = site.admin.get(f"/integrations/{site.other.id}")
    body = {
        "name": "renamed",
        "polling": {"interval": "ONE_WEEK", "hour": 3, "weekday": 0},
        "tags": {"Production": True, "Owner": "platform"},
        "tagAccountName": True,
        "since": "2026-01-31",
    }
    changed = site.admin.ask("PATCH", path, body)
    assert changed.status_code == 200, changed.text
    after = changed.json()
    assert {name: after[name] for name in body} == body
    assert after["schedule"] == "every Sunday at 03:00 UTC" or after["schedule"].startswith(
        "every Sunday at 03:"
    )
    kept = ("workspaces", "oauthKeys", "apiUrl", "sources", "description", "id", "createdOn")
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert after["credentials"] == "stored"
    assert site.admin.ask("PATCH", path, {"name": "test"}).status_code == 409
    assert site.admin.ask("PATCH", path, {"polling": {"interval": "SOMETIMES"}}).status_code == 400
    moved = site.admin.ask("PATCH", path, {"apiUrl": "https://elsewhere.example"})
    assert moved.status_code == 400
    assert "entered again" in moved.json()["error"]["message"]
    assert site.admin.post(f"/integrations/{site.other.id}/pause")["paused"] is True
    assert site.admin.get(f"/integrations/{site.other.id}")["nextRunOn"] is None
    resumed = site.admin.post(f"/integrations/{site.other.id}/resume")
    assert resumed["paused"] is False
    assert resumed["nextRunOn"] > resumed["updatedOn"]


def test_a_new_secret_may_be_entered_and_is_not_shown(site: House) -> None:
    consumers = [{"key": site.other.config.consumer_keys[0], "secret": SECRET}]
    changed = site.admin.ask("PATCH", "/api/v1/integrations/other", {"consumers": consumers})
    assert changed.status_code == 200
    assert SECRET not in changed.text
    assert [one.secret for one in site.app.registry.consumers("other")] == [SECRET]
    (renewed,) = [site.admin.post("/secrets/rotate", {})]
    assert sorted(renewed["renewed"]) == ["other", "test"]
    assert {one["name"]: one["readable"] for one in site.admin.get("/secrets")["integrations"]} == {
        "other": True,
        "test": True,
    }
    assert [one.secret for one in site.app.registry.consumers("other")] == [SECRET]


def test_freshness_tells_what_was_seen_and_what_was_not(site: House) -> None:
    fresh = site.as_("bound-viewer").get("/integrations/test/freshness")
    assert fresh["integration"] == "test"
    assert fresh["lastSuccessOn"]
    assert {one["what"] for one in fresh["seen"]} >= {"Repositories", "Pull requests"}
    never = site.admin.get("/integrations/other/freshness")
    assert "never" in {one["code"] for one in never["unseen"]}
    costs = site.admin.get("/integrations/test/costs")
    assert {one["on"] for one in costs["sources"]} == {True}
    assert sum(one["last"] or 0 for one in costs["sources"]) > 0


def test_what_was_removed_keeps_its_history_until_it_is_purged(site: House) -> None:
    total = len(pages(site, "/changes", limit=1000))
    removed = site.admin.ask("DELETE", "/api/v1/integrations/test").json()
    assert (removed["id"], removed["purged"]) == (site.acme.id, False)
    assert site.admin.get("/stats")["entities"] == {}
    assert len(pages(site, "/changes", limit=1000)) == 2 * total
    assert [one["id"] for one in site.admin.get("/removed")["items"]] == [site.acme.id]
    assert site.admin.ask("DELETE", "/api/v1/removed/nothing").status_code == 404
    assert site.admin.ask("DELETE", f"/api/v1/removed/{site.acme.id}").json()["purged"] == site.acme.id
    assert pages(site, "/changes", limit=1000) == []
    assert site.admin.get("/removed") == {"items": []}


def test_an_integration_may_be_purged_at_once(site: House) -> None:
    removed = site.admin.ask("DELETE", "/api/v1/integrations/test?purge=true").json()
    assert removed["purged"] is True
    assert site.admin.get("/removed") == {"items": []}


@pytest.mark.parametrize(
    "damage",
    [
        {},
        {"name": ""},
        {"workspaces": ["a/b"]},
        {"apiUrl": "http://foreign.example"},
        {"colour": 1},
        {"consumers": []},
    ],
)
def test_a_secret_that_comes_in_never_goes_out(
    site: House, damage: dict[str, Any], capfd: pytest.CaptureFixture[str]
) -> None:
    body = {"name": "new", "workspaces": ["w"], "consumers": [{"key": "k", "secret": SECRET}]} | damage
    wrong = ([{"key": "k", "secret": SECRET, SECRET: 1}], [{"key": SECRET * 9, "secret": SECRET}], [SECRET])
    bodies = [body, *(body | {"consumers": one} for one in wrong)]
    answers = [site.admin.ask("POST", "/api/v1/integrations", one) for one in bodies]
    paths = ("/integrations", "/integrations/new", "/stats", "/changes", "/tokens", "/openapi.json")
    answers += [site.admin.ask("GET", path) for path in (*(f"/api/v1{one}" for one in paths), "/metrics")]
    assert (answers[0].status_code == 201) == (not damage)
    said = capfd.readouterr()
    for text in (*(one.text + str(dict(one.headers)) for one in answers), said.out, said.err):
        assert SECRET not in text
    files = [file for file in site.app.settings.home.rglob("*") if file.is_file()]
    assert files
    assert not [file for file in files if SECRET.encode() in file.read_bytes()]


CSV = b"Employee ID,First name,Last name,E-mail,Bitbucket nickname\n"


def test_people_are_imported_mapped_edited_and_removed(site: House) -> None:
    editor = site.as_("editor")
    user = next(
        one
        for one in editor.get("/entities", type="bitbucket_user")["items"]
        if one["properties"].get("nickname")
    )
    rows = f"1,Ada,Abara,ada@acme.example,{user['properties']['nickname']}\n2,Bo,Bee,bo@acme.example,\n3,,,no-mail,\n"

    def send(**query: Any) -> Any:
        return editor.ask(
            "POST", "/api/v1/people/import", content=CSV + rows.encode(), params={"name": "p.csv"} | query
        )

    tried = send(dryRun="true").json()
    assert (tried["dryRun"], len(tried["created"]), len(tried["rejected"])) == (True, 2, 1)
    assert editor.get("/people") == {"items": [], "total": 0}
    done = send().json()
    assert (done["dryRun"], done["mapping"]["links"], done["status"]) == (False, 1, "COMPLETED_WITH_ERRORS")
    ada = editor.get("/people/ada@acme.example")
    assert [one["_key"] for one in ada["users"]] == [user["_key"]]
    assert [one["name"] for one in editor.get("/people/sources")["items"]] == ["people"]
    found = editor.post("/query", {"query": "FIND bitbucket_user THAT IS Person"})["data"]
    assert [one["entity"]["_key"] for one in found] == [user["_key"]]
    edited = editor.ask(
        "PATCH", "/api/v1/people/1", {"facts": {"bitbucketNickname": None, "active": True}}
    ).json()
    assert edited["mapping"]["links"] == 0
    assert edited["person"]["properties"]["active"] is True
    assert "Bo Bee" in [one["name"] for one in editor.get("/mapping/unmapped")["people"]]
    assert editor.ask("DELETE", "/api/v1/people/1").status_code == 200
    assert editor.ask("GET", "/api/v1/people/1").status_code == 404
    added = editor.post("/people", {"facts": {"email": ["cy@acme.example", "cy@home.example"]}}, status=201)
    assert added["person"]["properties"]["email"] == ["cy@acme.example", "cy@home.example"]
    assert editor.ask("POST", "/api/v1/people", {"facts": {"title": "Boss"}}).status_code == 400
    rules = {one["id"]: one["enabled"] for one in editor.get("/mapping/rules")["items"]}
    assert rules["nickname"] is True
    off = editor.ask("PUT", "/api/v1/mapping/rules/nickname", {"enabled": False})
    assert off.status_code == 200
    assert editor.ask("PUT", "/api/v1/mapping/rules/nothing", {"enabled": False}).status_code == 404


def test_a_backup_is_written_beside_the_graph(site: House) -> None:
    made = site.admin.post("/backups", {}, status=201)
    file = Path(made["file"])
    assert file.stat().st_size == made["bytes"]
    assert file.parent == site.app.settings.home / "backups"
    assert made["holdings"]["entities"] == site.app.store.counts()[0].total()


def test_backups_at_the_same_time_are_written_or_refused_as_the_document_says(site: House) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _n: site.admin.ask("POST", "/api/v1/backups", {}), range(4)))
    assert {one.status_code for one in made} <= {201, 409}
    (file, *_) = [Path(one.json()["file"]) for one in made if one.status_code == 201]
    assert file.exists()


def test_the_document_shows_no_secret_and_says_who_may(site: House) -> None:
    shown = document()
    assert json.loads(json.dumps(shown)) == site.admin.get("/openapi.json")
    secret = shown["components"]["schemas"]["ConsumerBody"]["properties"]["secret"]
    assert secret["writeOnly"] is True
    assert "default" not in secret
    assert "example" not in secret
    roles = {one["x-role"] for methods in shown["paths"].values() for one in methods.values()}
    assert roles == {"viewer", "editor", "admin"}


def test_numbers_are_told_in_prometheus_format(site: House) -> None:
    site.admin.get("/stats")
    site.admin.post("/query", {"query": "FIND bitbucket_repo"})
    site.admin.ask("POST", "/api/v1/query", {"query": "FIND"})
    site.admin.ask("GET", "/api/v1/nothing/of/the/kind")
    answer = site.as_("viewer").ask("GET", "/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    lines = answer.text.splitlines()
    for wanted in (
        'bucketgraph_api_requests_total{method="GET",route="/api/v1/stats",status="200"} 1.0',
        'bucketgraph_api_requests_total{method="GET",route="none",status="404"} 1.0',
        'bucketgraph_query_seconds_count{outcome="answered"} 1.0',
        'bucketgraph_query_seconds_count{outcome="query"} 1.0',
        'bucketgraph_runs{integration="test",status="COMPLETED"} 1.0',
    ):
        assert wanted in lines
    assert any(line.startswith('bucketgraph_seconds_since_success{integration="test"} ') for line in lines)
    size = next(line for line in lines if line.startswith("bucketgraph_store_bytes "))
    assert float(size.split()[1]) > 100_000
    assert "nothing/of/the/kind" not in answer.text
    assert "demo-key" not in answer.text


def test_numbers_are_open_only_where_a_setting_says_so(collected: Path, tmp_path: Path) -> None:
    with house(collected, tmp_path / "home", open_metrics=True) as site:
        assert site.as_(None).ask("GET", "/metrics").status_code == 200
        assert site.as_(None).ask("GET", "/api/v1/me").status_code == 401
