"""The commands, run as a person runs them against a fake Bitbucket."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.command import Shell

from bucketgraph.demo import World, create_app, generate_world, mutations, serve


@pytest.fixture(scope="module")
def world() -> World:
    """Return the world that this file's tests collect."""
    return generate_world(repositories=4, pull_requests=60, members=8, projects=2)


@pytest.fixture(scope="module")
def url(world: World) -> Iterator[str]:
    """Serve it."""
    with serve(create_app(world)) as address:
        yield address


@pytest.fixture(scope="module")
def collected(url: str, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """Return a home into which the world was collected once."""
    shell = Shell(tmp_path_factory.mktemp("home"), url)
    assert shell.add("--description", "Our Bitbucket").code == 0
    assert shell.run("sync", "acme").code == 0
    return shell


def test_a_first_sync_ends_with_a_table_of_what_was_created(url: str, tmp_path: Path) -> None:
    shell = Shell(tmp_path, url)
    assert "Next: bucketgraph integration test acme" in shell.add().out
    ended = shell.run("sync", "acme")
    assert ended.code == 0
    assert "bitbucket_pull_request" in ended.out
    assert "COMPLETED with" in ended.out
    assert "left this hour" in ended.out
    assert "Pull requests: 4 of 4" in ended.err
    assert any(line.split()[:2] == ["bitbucket_pull_request", "60"] for line in ended.out.splitlines())


def test_a_second_sync_counts_nothing_as_created(collected: Shell) -> None:
    report = collected.run("sync", "acme", "--json").json
    assert sum(tally["created"] for tally in report["entities"].values()) == 0
    assert report["problems"] == []
    assert report["callsLeftThisHour"]["repositories"] < 950


def test_testing_an_integration_reports_every_line(collected: Shell) -> None:
    ended = collected.run("integration", "test", "acme")
    assert ended.code == 0
    assert "accepted" in ended.out
    assert "A first run takes at least" in ended.out
    report = collected.run("integration", "test", "acme", "--json").json
    assert report["ok"] is True
    assert [check["what"] for check in report["checks"]] == [
        "key and secret", "scope account", "scope project", "scope pullrequest", "workspace of acme-rockets",
        "members of acme-rockets", "projects of acme-rockets", "repositories of acme-rockets",
        "pull requests of acme-rockets",
    ]  # fmt: skip


def test_entities_are_listed_filtered_and_limited(collected: Shell) -> None:
    merged = collected.run(
        "entities", "bitbucket_pull_request", "--where", "state=MERGED", "--json", "--limit", "1000"
    ).json
    assert merged
    assert {entity["state"] for entity in merged} == {"MERGED"}
    assert {tuple(entity["_class"]) for entity in merged} == {("Review", "PR")}
    by_class = collected.run("entities", "CodeRepo", "--json").json
    assert {entity["_type"] for entity in by_class} == {"bitbucket_repo"}
    assert "The first 2 of more" in collected.run("entities", "--limit", "2").out


def test_relationships_are_listed_by_verb_ends_and_key(collected: Shell) -> None:
    approvals = collected.run("relationships", "approved", "--json", "--limit", "1000").json
    assert {edge["_class"] for edge in approvals} == {"APPROVED"}
    assert all("approvedOn" in edge for edge in approvals)
    one = approvals[0]["_toEntityKey"]
    of_one = collected.run("relationships", "--of", one, "--json").json
    assert {edge["_class"] for edge in of_one} >= {"HAS", "APPROVED"}
    owned = collected.run("relationships", "OWNS", "--to", "bitbucket_project", "--json").json
    assert len(owned) == 2


def test_stats_count_what_is_there(collected: Shell) -> None:
    counted = collected.run("stats", "--json").json
    assert counted["entities"]["bitbucket_pull_request"] == 60
    assert counted["relationships"]["bitbucket_repo HAS bitbucket_pull_request"] == 60
    assert counted["lastRuns"][0]["integration"] == "acme"
    assert "bitbucket_repo HAS bitbucket_pull_request" in collected.run("stats").out


def test_changes_tell_what_a_run_changed(url: str, world: World, tmp_path: Path) -> None:
    shell = Shell(tmp_path, url)
    shell.add()
    shell.run("sync", "acme")
    all_of_it = shell.run("changes", "--limit", "100000", "--json").json
    assert {change["change"] for change in all_of_it} == {"created"}
    project = world.workspaces[0].projects[1]
    mutations.rename_project(world, project, "Quite another name")
    shell.run("sync", "acme")
    newest = shell.run("changes", "--limit", "1", "--json").json
    assert [(c["change"], c["_key"]) for c in newest] == [("updated", project.uuid)]
    assert newest[0]["after"]["name"] == "Quite another name"
    shown = shell.run("changes", "--since", "1h", "--limit", "1").out
    assert "Quite another name" in shown
    assert shell.run("changes", "--since", "2020-01-01", "--json", "--limit", "1").json == newest


def test_integrations_are_shown_without_secrets_and_removed_with_everything(url: str, tmp_path: Path) -> None:
    shell = Shell(tmp_path, url)
    assert "No integration yet" in shell.run("integration", "list").out
    shell.add("--description", "Our Bitbucket")
    shell.run("sync", "acme")
    listed = shell.run("integration", "list", "--json").json
    assert [(one["name"], one["lastRun"]["status"]) for one in listed] == [("acme", "COMPLETED")]
    assert "Our Bitbucket" in shell.run("integration", "show", "acme").out
    assert shell.run("integration", "remove", "acme").code == 2, "nobody is there to confirm"
    removed = shell.run("integration", "remove", "acme", "--yes", "--json").json
    assert removed["entities"] > 60
    assert shell.run("entities", "--json").json == []
    assert shell.run("stats", "--json").json["relationships"] == {}


def test_the_secret_comes_from_a_file_the_environment_or_a_prompt_never_from_arguments(
    url: str, tmp_path: Path
) -> None:
    shell = Shell(tmp_path / "home", url)
    file = tmp_path / "secret"
    file.write_text("demo-secret\n")
    assert (
        shell.add("--oauth-secret-file", str(file), environment={"BUCKETGRAPH_OAUTH_SECRET": "wrong"}).code
        == 0
    )
    assert shell.run("integration", "test", "acme").code == 0
    assert "--oauth-secret " not in shell.run("integration", "add", "--help").out
    variables = {k: v for k, v in os.environ.items() if k != "BUCKETGRAPH_OAUTH_SECRET"}
    asked = subprocess.run(
        [sys.executable, "-m", "bucketgraph", "integration", "add", "x", "-w", "w", "--oauth-key", "k"],
        env={**variables, "BUCKETGRAPH_HOME": str(tmp_path / "home")},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert asked.returncode == 2
    assert "OAuth secret is missing" in asked.stderr


def test_no_stored_file_holds_the_secret_or_a_token_in_plain(collected: Shell) -> None:
    files = [file for file in collected.home.rglob("*") if file.is_file()]
    assert any(file.name == "graph.db" for file in files)
    for file in files:
        content = file.read_bytes()
        assert b"demo-secret" not in content, file
        assert b"Bearer" not in content, file
    assert (collected.home / "secret.key").stat().st_mode & 0o777 == 0o600
    assert (collected.home / "graph.db").stat().st_mode & 0o777 == 0o600


def test_the_demo_collects_a_company_and_shows_its_sins(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    ended = shell.run("demo", "--once")
    assert ended.code == 0
    assert "1,500" in ended.out
    assert "pull requests were merged without any approval" in ended.out
    assert "Robin Example" in ended.out
    assert list(tmp_path.iterdir()) == [], "the demo leaves the real home alone"


def test_the_demo_keeps_its_graph_where_told(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    summary = Shell(tmp_path / "unused").run("demo", "--once", "--keep", str(kept), "--json").json
    assert summary["status"] == ["COMPLETED", "COMPLETED"]
    assert summary["entities"]["bitbucket_pull_request"] == 1501
    assert Shell(kept).run("stats", "--json").json["entities"] == summary["entities"]
    again = Shell(tmp_path / "unused").run("demo", "--once", "--keep", str(kept))
    assert again.code == 2
    assert "not empty" in again.err


def test_help_teaches_and_says_the_exit_codes(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    assert "Exit codes: 0 complete" in shell.run("--help").out
    assert "private consumer" in shell.run("integration", "add", "--help").out
    assert "goes on where it stopped" in " ".join(shell.run("sync", "--help").out.split())
    assert shell.run("--version").out.startswith("bucketgraph ")
