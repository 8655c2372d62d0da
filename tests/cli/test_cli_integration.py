"""`integration`, `secrets` and `freshness` as a person uses them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.command import Ended
from support.inside import Inside
from support.workbench import KEY, SECRET

from bucketgraph.demo import FakeConsumer, World, create_app, generate_world, serve

SECRET_VARIABLE = {"BUCKETGRAPH_OAUTH_SECRET": SECRET}
LIMITED = FakeConsumer("limited", "limited-secret", scopes="account repository:write")


@pytest.fixture(scope="module")
def world() -> World:
    """Return the world that this file's tests collect."""
    return generate_world(repositories=3, pull_requests=20, members=5, projects=2)


@pytest.fixture(scope="module")
def url(world: World) -> Iterator[str]:
    """Serve it to two consumers, one of which may do little."""
    with serve(create_app(world, consumers=(FakeConsumer(KEY, SECRET), LIMITED))) as address:
        yield address


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Inside:
    """Return the command on an empty home."""
    return Inside(tmp_path / "home", monkeypatch)


def add(inside: Inside, url: str, *more: str, name: str = "acme", key: str = KEY) -> Ended:
    """Add an integration with the workspace acme-rockets."""
    origins = ("--api-url", url, "--oauth-url", url)
    keys = () if "--consumer-file" in more else ("--oauth-key", key)
    return inside.run(
        "integration", "add", name, "-w", "acme-rockets", *keys, *origins, *more, environment=SECRET_VARIABLE
    )


def test_every_field_can_be_given_and_is_shown(inside: Inside, url: str) -> None:
    ended = add(
        inside, url, "--polling", "one-week", "--hour", "3", "--weekday", "sun", "--tag-account-name",
        "--tag", "Production=true", "--tag", "tag.Team=Plat=form", "--source", "projects=off",
        "--since", "2020-01-31", "--description", "Ours", "--paused", "--json",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    facts = ended.json
    assert facts["polling"] == {"interval": "ONE_WEEK", "hour": 3, "weekday": 0}
    assert facts["tags"] == {"Production": True, "Team": "Plat=form"}
    assert facts["sources"]["projects"] is False
    assert facts["sources"]["members"] is True
    assert (facts["tagAccountName"], facts["since"], facts["paused"]) == (True, "2020-01-31", True)
    shown = inside.run("integration", "show", "acme")
    assert "every Sunday at 03:" in shown.out
    assert "(paused)" in shown.out
    assert "projects off" in shown.out
    assert "Production=true, Team=Plat=form" in shown.out
    assert inside.run("integration", "show", "acme", "--json").json["nextRunOn"] is None
    listed = inside.run("integration", "list")
    assert "acme-rockets" in listed.out
    assert "every Sunday" in listed.out


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--polling", "weekly"), "Did you mean ONE_WEEK?"),
        (("--polling", "ONE_HOUR", "--hour", "3"), "does not belong to ONE_HOUR"),
        (("--weekday", "someday"), "is no weekday"),
        (("--tag", "Production"), "has no value"),
        (("--source", "members=perhaps"), "neither on nor off"),
        (("--source", "member=off"), "Did you mean members?"),
        (("--since", "31.1.2026"), "is no date"),
        (("--consumer-file", "/does/not/exist"), "cannot be read"),
    ],
)
def test_bad_flags_are_refused_and_nothing_is_stored(
    inside: Inside, url: str, flags: tuple[str, ...], said: str
) -> None:
    ended = add(inside, url, *flags)
    assert ended.code == 2
    assert said in ended.said
    assert inside.run("integration", "list", "--json").json == []


def test_edits_change_what_is_named_and_leave_the_rest(inside: Inside, url: str) -> None:
    add(inside, url, "--polling", "ONE_WEEK", "--hour", "3", "--weekday", "1", "--tag", "A=1", "--tag", "B=2")
    facts = inside.run("integration", "edit", "acme", "--hour", "5", "--tag", "B=3", "--json").json
    assert facts["polling"] == {"interval": "ONE_WEEK", "hour": 5, "weekday": 1}
    assert facts["tags"] == {"A": "1", "B": "3"}
    facts = inside.run(
        "integration", "edit", "acme", "--polling", "ONE_DAY", "--clear-tags", "--source", "members=off",
        "--source", "projects=off", "--rename", "Acme Two", "--json",
    ).json  # fmt: skip
    assert facts["polling"] == {"interval": "ONE_DAY", "hour": None, "weekday": None}
    assert facts["tags"] == {}
    assert facts["name"] == "Acme Two"
    facts = inside.run("integration", "edit", "Acme Two", "--source", "members=on", "--json").json
    assert (facts["sources"]["members"], facts["sources"]["projects"]) == (True, False)
    assert "Nothing is different" in inside.run("integration", "edit", "Acme Two").out
    assert inside.run("integration", "pause", "Acme Two", "--json").json["paused"] is True
    assert inside.run("integration", "resume", "Acme Two", "--json").json["paused"] is False
    assert inside.run("integration", "edit", "acme", "--hour", "1").code == 2


def test_another_address_takes_the_secret_again(inside: Inside, url: str) -> None:
    add(inside, url)
    ended = inside.run("integration", "edit", "acme", "--api-url", "http://localhost:1")
    assert ended.code == 2
    assert "must be entered again" in ended.said
    moved = ("integration", "edit", "acme", "--api-url", "http://localhost:1", "--oauth-key", KEY)
    ended = inside.run(*moved, environment=SECRET_VARIABLE)
    assert ended.code == 0, ended.err


def test_consumers_come_from_files_and_go_by_key(inside: Inside, url: str, tmp_path: Path) -> None:
    file = tmp_path / "consumer"
    file.write_text(f"{KEY}\n{SECRET}\n")
    assert add(inside, url, "--consumer-file", str(file)).code == 0
    file.write_text("limited\nlimited-secret\n")
    facts = inside.run("integration", "edit", "acme", "--consumer-file", str(file), "--json").json
    assert facts["oauthKeys"] == [KEY, "limited"]
    assert inside.run("integration", "edit", "acme", "--remove-oauth-key", "no").code == 2
    facts = inside.run("integration", "edit", "acme", "--remove-oauth-key", "limited", "--json").json
    assert facts["oauthKeys"] == [KEY]
    assert inside.run("integration", "test", "acme").code == 0


def test_a_test_says_for_each_consumer_what_is_granted_and_what_fails(
    inside: Inside, url: str, tmp_path: Path
) -> None:
    file = tmp_path / "secret"
    file.write_text(LIMITED.secret)
    add(inside, url, "--oauth-secret-file", str(file), key=LIMITED.key)
    ended = inside.run("integration", "test", "acme", "--json")
    assert ended.code == 2
    lines = {one["what"]: one for one in ended.json["checks"]}
    assert ended.json["ok"] is False
    assert lines["key and secret"]["ok"]
    assert lines["scope account"]["ok"]
    assert not lines["scope pullrequest"]["ok"]
    assert "Pull requests: Read" in lines["scope pullrequest"]["hint"]
    assert "repository:write" in lines["scopes not needed"]["detail"]
    assert lines["members of acme-rockets"]["ok"]
    assert not lines["projects of acme-rockets"]["ok"]
    assert lines["repositories of acme-rockets"]["count"] == 3

    inside.run("integration", "edit", "acme", "--source", "projects=off", "--source", "pull_requests=off")
    ended = inside.run("integration", "test", "acme", "--json")
    assert ended.code == 0
    assert "scope project" not in {one["what"] for one in ended.json["checks"]}
    assert inside.run("sync", "acme").code == 0


def test_tags_reach_all_entities_with_the_next_run_and_ask_for_nothing(inside: Inside, url: str) -> None:
    add(inside, url)
    inside.run("sync", "acme")
    inside.run("integration", "edit", "acme", "--tag", "Env=prod", "--tag-account-name")
    before = inside.run("sync", "acme", "--json").json
    query = "FIND * WITH tag.AccountName = 'acme' AND tag.Env = 'prod' AS e RETURN COUNT(e) AS n"
    total = sum(inside.run("stats", "--json").json["entities"].values())
    assert inside.run("query", query, "--format", "json").json["data"] == [{"n": total}]
    assert sum(before["calls"].values()) < 12
    inside.run("integration", "edit", "acme", "--rename", "Two", "--clear-tags")
    inside.run("sync", "Two")
    query = "FIND * WITH tag.AccountName = 'Two' AND tag.Env = undefined AS e RETURN COUNT(e) AS n"
    assert inside.run("query", query, "--format", "json").json["data"] == [{"n": total}]


def test_sources_tell_what_they_cost_and_a_run_which_were_off(inside: Inside, url: str) -> None:
    add(inside, url, "--source", "projects=off")
    before = inside.run("integration", "sources", "acme")
    assert "known after the first one" in before.out
    ended = inside.run("sync", "acme")
    assert "Switched off, so not collected: projects." in ended.out
    assert inside.run("sync", "acme", "--json").json["sourcesOff"] == ["projects"]
    costs = inside.run("integration", "sources", "acme", "--json").json
    by_id = {one["id"]: one for one in costs["sources"]}
    assert by_id["projects"]["on"] is False
    assert by_id["projects"]["last"] == 0
    assert by_id["pull_requests"]["last"] == by_id["pull_requests"]["later"] == 3


def test_a_schedule_beyond_the_budget_is_warned_of(inside: Inside, url: str) -> None:
    add(inside, url)
    inside.run("sync", "acme")
    few = {"BUCKETGRAPH_HOURLY_CALLS": "3"}
    ended = inside.run("integration", "edit", "acme", "--polling", "ONE_HOUR", environment=few)
    assert ended.code == 0
    assert "warning A run takes about 4 calls of the group repositories, but only 3 fit" in ended.said
    assert inside.run("integration", "show", "acme", "--json", environment=few).json["warnings"]
    assert inside.run("integration", "test", "acme", "--json", environment=few).json["warnings"] == []


def test_removing_keeps_the_history_until_it_is_purged(inside: Inside, url: str) -> None:
    add(inside, url)
    inside.run("sync", "acme")
    assert inside.run("integration", "remove", "acme").code == 2
    removed = inside.run("integration", "remove", "acme", "--yes", "--json").json
    assert removed["removed"] == "acme"
    assert removed["entities"] > 20
    assert (removed["runs"], removed["purged"]) == (1, False)
    assert inside.run("integration", "list", "--json").json == []
    assert inside.run("changes", "--limit", "1000", "--json").json
    (kept,) = inside.run("integration", "removed", "--json").json
    assert kept["name"].startswith("acme (removed ")
    assert add(inside, url).code == 0, "the name is free again"
    assert inside.run("integration", "purge", "0000", "--yes").code == 2
    assert inside.run("integration", "purge", kept["id"][:8], "--yes", "--json").json["purged"] == kept["id"]
    assert inside.run("integration", "removed", "--json").json == []
    purged = inside.run("integration", "remove", "acme", "--purge", "--yes")
    assert "with all its history" in purged.out


def test_a_lost_key_is_told_everywhere_and_healed_by_entering_credentials(inside: Inside, url: str) -> None:
    add(inside, url)
    inside.run("sync", "acme")
    (inside.home / "secret.key").unlink()
    for command in (("list",), ("show", "acme")):
        ended = inside.run("integration", *command)
        assert ended.code == 0
        assert "must be entered again" in ended.said
    status = inside.run("secrets", "status", "--json").json
    assert [one["readable"] for one in status["integrations"]] == [False]
    assert inside.run("stats").code == 0
    assert inside.run("query", "FIND User").code == 0
    told = inside.run("freshness", "acme", "--json").json[0]["unseen"]
    assert ("credentials", "Everything") in {(one["code"], one["where"]) for one in told}
    ended = inside.run("sync", "acme")
    assert ended.code == 2
    assert "integration credentials" in ended.said
    healed = inside.run("integration", "credentials", "acme", environment=SECRET_VARIABLE)
    assert healed.code == 0, healed.err
    assert inside.run("sync", "acme").code == 0
    assert inside.run("integration", "list").err == ""


def test_secrets_are_rotated_and_their_state_told_without_a_key(inside: Inside, url: str) -> None:
    add(inside, url)
    key = (inside.home / "secret.key").read_text().strip()
    rotated = inside.run("secrets", "rotate", "--json")
    assert rotated.json == {"renewed": ["acme"], "unreadable": []}
    status = inside.run("secrets", "status")
    new = (inside.home / "secret.key").read_text().strip()
    assert new != key
    assert str(inside.home / "secret.key") in status.out
    assert not {key, new} & set((status.out + status.err + rotated.out).split())
    assert inside.run("sync", "acme").code == 0
    fresh = inside.run("secrets", "new-key").out.strip()
    given = {"BUCKETGRAPH_SECRET_KEY": f"{fresh},{new}"}
    refused = inside.run("secrets", "rotate", environment=given)
    assert refused.code == 2
    assert "--reencrypt" in refused.said
    assert fresh not in refused.err
    assert inside.run("secrets", "rotate", "--reencrypt", environment=given).code == 0
    alone = {"BUCKETGRAPH_SECRET_KEY": fresh}
    assert "BUCKETGRAPH_SECRET_KEY: one key" in inside.run("secrets", "status", environment=alone).out
    assert inside.run("sync", "acme", environment=alone).code == 0


def test_freshness_tells_of_every_listing_and_of_what_is_not_seen(inside: Inside, url: str) -> None:
    assert "No integration yet" in inside.run("freshness").out
    add(inside, url, "--source", "members=off", "--since", "2020-01-01", "--polling", "DISABLED")
    never = inside.run("freshness", "acme", "--json").json[0]
    assert never["seen"] == []
    assert {one["code"] for one in never["unseen"]} == {"off", "since", "disabled", "never"}
    inside.run("sync", "acme")
    (told,) = inside.run("freshness", "--json").json
    kinds = [one["what"] for one in told["seen"]]
    assert sorted(kinds) == ["Projects", *["Pull requests"] * 3, "Repositories", "Workspaces"]
    seen = [one["lastSeenOn"] for one in told["seen"]]
    assert seen == sorted(seen)
    assert told["lastSuccessOn"] >= max(seen)
    assert told["lastRun"]["status"] == "COMPLETED"
    assert all(one["wholeOn"] for one in told["seen"])
    inside.run("integration", "pause", "acme")
    shown = inside.run("freshness", "acme")
    assert "Scheduled runs are paused" in shown.out
    assert "integration edit acme --source members=on" in shown.out


def test_freshness_tells_what_the_last_run_could_not_see(inside: Inside, url: str, world: World) -> None:
    add(inside, url, "-w", "acme-rockets", "-w", "no-such-workspace")
    assert inside.run("sync", "acme").code == 3
    (told,) = inside.run("freshness", "--json").json
    (problem,) = [one for one in told["unseen"] if one["code"] == "config"]
    assert problem["where"] == "Workspace: no-such-workspace"
    assert "no-such-workspace" in problem["why"]
    assert problem["hint"]
    assert told["lastSuccessOn"] is None


def test_refused_credentials_are_told_with_the_back_off(inside: Inside, url: str) -> None:
    add(inside, url)
    inside.run("sync", "acme")
    inside.run("integration", "credentials", "acme", environment={"BUCKETGRAPH_OAUTH_SECRET": "wrong"})
    assert inside.run("sync", "acme").code == 2
    told = inside.run("freshness", "acme", "--json").json[0]["unseen"]
    assert {"back-off", "credentials"} <= {one["code"] for one in told}
    assert json.dumps(told).count("wrong") == 0
