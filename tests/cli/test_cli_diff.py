"""`bucketgraph diff` tells what a query answers differently at two moments."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.command import Ended, Shell

from bucketgraph.collect.steps import CATALOGUE
from bucketgraph.graph.values import iso_utc
from bucketgraph.store.store import Store


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's home, collected on two days."""
    found = tmp_path_factory.mktemp("diff") / "home"
    assert Shell(found).run("demo", "--once", "--keep", str(found)).code == 0
    return found


@pytest.fixture(scope="module")
def first_day(home: Path) -> str:
    store = Store.open(f"sqlite:///{home / 'graph.db'}", CATALOGUE)
    try:
        changes = store.changes()
        renamed = next(one for one in changes if one.kind == "updated")
        return iso_utc(max(one.on for one in changes if one.on < renamed.on))
    finally:
        store.close()


def diff(home: Path, *arguments: str) -> Ended:
    return Shell(home).run("diff", *arguments)


def test_a_renamed_repository_is_changed(home: Path, first_day: str) -> None:
    done = diff(home, "FIND bitbucket_repo", "--from", first_day, "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert (found["added"], found["removed"]) == ([], [])
    [pair] = found["changed"]
    names = [pair[side]["properties"]["name"] for side in ("before", "after")]
    assert names == ["pki-tools", "pki-tools-next"]


def test_somebody_who_joined_is_added(home: Path, first_day: str) -> None:
    done = diff(home, "FIND bitbucket_user AS u RETURN u.displayName", "--from", first_day)
    assert done.code == 0, done.err
    assert "1 added" in done.out
    assert "Robin Example" in done.out


def test_a_count_changes(home: Path, first_day: str) -> None:
    query = "FIND bitbucket_user AS u THAT APPROVED bitbucket_pull_request AS p RETURN COUNT(p) AS n"
    found = json.loads(diff(home, query, "--from", first_day, "--json").out)
    [pair] = found["changed"]
    assert pair["after"]["n"] == pair["before"]["n"] + 1


def test_a_query_that_finds_the_same_says_so(home: Path, first_day: str) -> None:
    done = diff(home, "FIND bitbucket_workspace", "--from", first_day)
    assert (done.code, done.out.strip()) == (0, "Nothing changed.")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["FIND bitbucket_repo"], "--from is needed"),
        (["FIND bitbucket_repo", "--from", "soon"], "is no date"),
        (["FIND bitbucket_repo", "--from", "1d", "--to", "2d"], "earlier"),
        (["FIND", "--from", "1d"], "Unexpected token"),
    ],
)
def test_what_cannot_be_compared_is_said(home: Path, arguments: list[str], told: str) -> None:
    done = diff(home, *arguments)
    assert done.code == 2
    assert told in done.said
