"""The change feed."""

from __future__ import annotations

import pytest
from store.graphkit import PULL, World, pull, repo, snapshot, user

from bucketgraph.errors import ConfigError

REPOS = snapshot("repositories/w", repo("r1"))


def _pulls(*states: str, whole: bool = True) -> object:
    found = [pull(f"p{number}", "r1", state=state) for number, state in enumerate(states)]
    return snapshot("pullrequests/r1", *found, whole=whole)


def test_the_feed_says_what_was_created_updated_and_deleted_in_order(world: World) -> None:
    world.publish(REPOS)
    start = world.store.last_publication()
    world.publish(_pulls("OPEN"))
    world.publish(_pulls("MERGED"))
    world.publish(_pulls())
    changes = world.store.changes(after=start)
    assert [(c.kind, c.element, c.type, c.key, c.name) for c in changes] == [
        ("created", "entity", PULL, "p0", "P0"),
        ("created", "relationship", "kit_repo_has_pull_request", "r1|has|p0", "R1 HAS P0"),
        ("updated", "entity", PULL, "p0", "P0"),
        ("deleted", "entity", PULL, "p0", "P0"),
        ("deleted", "relationship", "kit_repo_has_pull_request", "r1|has|p0", "R1 HAS P0"),
    ]
    created, _, updated, deleted, _ = changes
    assert (created.before, created.after) == ({}, {"displayName": "P0", "state": "OPEN"})
    assert (updated.before, updated.after) == ({"state": "OPEN"}, {"state": "MERGED"})
    assert (deleted.before, deleted.after) == ({"displayName": "P0", "state": "MERGED"}, {})
    assert deleted.on == world.clock.now


def test_a_property_that_comes_or_goes_or_changes_its_kind_is_told(world: World) -> None:
    for properties in ({"a": 1, "b": 1}, {"b": True, "c": 1}):
        world.publish(snapshot("users/all", user("ann", **properties)))
    (change,) = world.store.changes(after=1)
    assert change.before == {"a": 1, "b": 1}
    assert change.after == {"b": True, "c": 1}
    assert change.after["b"] is True


def test_what_returns_is_told_as_created(world: World) -> None:
    world.publish(REPOS)
    for states in (["OPEN"], [], ["MERGED"]):
        world.publish(_pulls(*states))
    last = world.store.changes(after=world.store.last_publication() - 1)
    assert {(c.kind, c.element) for c in last} == {("created", "entity"), ("created", "relationship")}
    assert last[0].after["state"] == "MERGED"


def test_the_feed_since_a_moment_holds_what_happened_at_that_moment_or_later(world: World) -> None:
    world.publish(REPOS)
    moment = world.clock.now
    world.publish(_pulls("OPEN"))
    assert [c.key for c in world.store.changes(since=moment)] == ["r1", "p0", "r1|has|p0"]
    assert [c.key for c in world.store.changes(since=moment + 1)] == ["p0", "r1|has|p0"]
    assert not world.store.changes(since=world.clock.now + 1)
    assert world.store.changes(since=0) == world.store.changes()


@pytest.mark.parametrize("limit", range(12))
def test_a_limit_keeps_the_newest(world: World, limit: int) -> None:
    world.publish(REPOS)
    world.publish(_pulls("OPEN", "OPEN", "OPEN"))
    world.publish(_pulls("OPEN", "MERGED"))
    everything = world.store.changes()
    assert len(everything) == 10
    assert world.store.changes(limit=limit) == everything[max(0, 10 - limit) :]


def test_the_feed_of_one_integration_is_not_crowded_out_by_another(world: World) -> None:
    world.publish(REPOS)
    world.publish(snapshot("users/all", *(user(f"u{n}") for n in range(9))), integration="two")
    assert [c.key for c in world.store.changes(integration_id="one", limit=5)] == ["r1"]
    assert len(world.store.changes(integration_id="two", limit=5)) == 5
    assert len(world.store.changes()) == 10


def test_the_cursor_is_the_newest_publication(world: World) -> None:
    assert world.store.last_publication() == 0
    world.publish(REPOS)
    cursor = world.store.last_publication()
    assert world.store.changes(after=cursor) == []
    world.publish(_pulls("OPEN"))
    assert {c.publication for c in world.store.changes(after=cursor)} == {world.store.last_publication()}


def test_a_renamed_end_is_no_change_of_the_relationship(world: World) -> None:
    world.publish(REPOS, _pulls("OPEN"))
    cursor = world.store.last_publication()
    world.publish(snapshot("repositories/w", repo("r1", displayName="New name")))
    assert [(c.kind, c.key) for c in world.store.changes(after=cursor)] == [("updated", "r1")]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_pages_of_the_feed_together_are_the_feed(world: World, limit: int) -> None:
    world.publish(REPOS)
    for states in (["OPEN"] * 4, ["MERGED"], [], ["OPEN"]):
        world.publish(_pulls(*states))
    read, cursor, more = [], None, True
    while more:
        page = world.store.change_page(cursor, limit=limit)
        assert len(page.changes) <= limit
        assert page.changes or not page.more
        read, cursor, more = [*read, *page.changes], page.cursor, page.more
    assert [c.publication for c in read] == sorted(c.publication for c in read)
    by_name = sorted(read, key=lambda c: (c.publication, c.element, c.type, c.key))
    assert by_name == world.store.changes()
    world.publish(_pulls())
    later = world.store.change_page(cursor, limit=100)
    assert [c.kind for c in later.changes] == ["deleted", "deleted"]


def test_a_page_of_the_feed_may_begin_at_a_moment_and_speak_of_one_integration(world: World) -> None:
    world.publish(REPOS)
    moment = world.clock.now
    world.publish(_pulls("OPEN"))
    page = world.store.change_page(None, since=moment + 1, limit=10)
    assert [c.key for c in page.changes] == ["p0", "r1|has|p0"]
    assert world.store.change_page(None, integration_id="nobody", limit=10).changes == []


@pytest.mark.parametrize("text", ["", "0.0", "1", "1.-1", "x", "1.1.1", "9" * 40 + ".0"])
def test_a_cursor_that_is_none_is_refused(world: World, text: str) -> None:
    with pytest.raises(ConfigError, match="cursor"):
        world.store.change_page(text, limit=1)
