"""Removing an integration with its history kept: all of it ends at once, nothing of what was is lost."""

from __future__ import annotations

from typing import Any

import pytest
from store.graphkit import PULL, REPO, World, repo, snapshot, user
from store.observedkit import check
from store.removalkit import MAPPER, fill, link_same_keys

from bucketgraph.errors import ConfigError, StoreError
from bucketgraph.j1ql.results import Request
from bucketgraph.store.base import IntegrationRow, NewEvent, TokenRow

NAMES = "FIND * AS x RETURN x._integrationName AS name, x._key AS key ORDER BY key"


def _ask(world: World, text: str, **options: Any) -> list[Any]:
    return list(world.store.ask(Request(text, now=world.clock.now, page=None, **options)).data)


def _shared(world: World) -> None:
    """Let `one` and `two` hold the same keys, joined by a third that owns nothing else."""
    world.add_integration(MAPPER)
    fill(world, "one")
    fill(world, "two")
    link_same_keys(world)


def test_everything_ends_in_one_publication_that_the_change_feed_tells(world: World) -> None:
    _shared(world)
    cursor = world.store.last_publication()
    world.clock.now += 1000
    world.store.remove_integration("two")
    changes = world.store.changes(after=cursor)
    assert {(one.kind, one.publication, one.on) for one in changes} == {
        ("deleted", cursor + 1, world.clock.now)
    }
    assert sorted(one.key for one in changes if one.element == "entity") == ["ann", "p1", "r1", "w"]
    assert sorted(one.key for one in changes if one.element == "relationship") == [
        "ann|is|ann",
        "ann|opened|p1",
        "ann|reviewed|p1",
        "p1|is|p1",
        "r1|has|p1",
        "r1|is|r1",
        "w|is|w",
        "w|owns|r1",
    ]
    (deleted,) = (one for one in changes if one.type == PULL)
    assert deleted.before["title"] == "MERGED title"


def test_what_others_have_stays_and_the_numbers_of_the_living_are_right(world: World) -> None:
    fill(world, "one")
    alone = world.entities("one"), world.edges("one"), world.store.counts(), check(world).living
    world.add_integration(MAPPER)
    fill(world, "two")
    link_same_keys(world)
    world.store.remove_integration("two")
    assert (world.entities("one"), world.edges("one"), world.store.counts(), check(world).living) == alone
    assert (world.entities("two"), world.edges("two")) == ({}, {})
    assert world.store.counts("two") == ({}, {})
    assert world.store.links(MAPPER) == frozenset()
    assert world.store.check_integrity() == "ok"


def test_a_mapped_relationship_begins_again_when_it_is_brought_again(world: World) -> None:
    _shared(world)
    world.store.remove_integration("two")
    world.add_integration("two", "second")
    fill(world, "second")
    link_same_keys(world, "one", "second")
    assert len(world.store.links(MAPPER)) == 4
    check(world)


def test_the_present_holds_nothing_of_it_and_the_past_all_under_its_name(world: World) -> None:
    fill(world, "one")
    fill(world, "two")
    before = world.clock.now
    then = _ask(world, NAMES)
    world.clock.now += 1000
    world.store.remove_integration("two")
    assert _ask(world, NAMES) == [row for row in then if row["name"] == "one"]
    assert _ask(world, NAMES, as_of=before) == then
    named = "FIND * WITH _integrationName = 'two' AS x RETURN x._key AS key, x._deleted AS gone ORDER BY key"
    assert _ask(world, named) == []
    assert len(_ask(world, named, as_of=before)) == 4
    assert {row["gone"] for row in _ask(world, named, include_deleted=True)} == {True}
    (whole,) = _ask(world, "FIND CodeRepo WITH _integrationName = 'two'", as_of=before)
    assert whole["entity"]["_integrationName"] == "two"
    assert [one.key for one in world.store.entities_at(before, integration_id="two")] == [
        "w",
        "r1",
        "ann",
        "p1",
    ]
    assert len(list(world.store.relationships_at(before, integration_id="two"))) == 4


def test_records_raw_answers_scopes_runs_and_events_stay(world: World) -> None:
    fill(world, "two")
    world.store.add_events(world.runs["two"], "two", [NewEvent("info", "step_start", "Begun.")])
    states, raw = world.store.scope_states("two"), world.rows("SELECT key, raw FROM record")
    world.store.remove_integration("two")
    assert world.store.scope_states("two") == states
    assert world.rows("SELECT key, raw FROM record") == raw
    assert world.rows("SELECT DISTINCT live, digest FROM record") == [(0, None)]
    (run,) = world.store.runs("two")
    assert (run.status, run.finished_on) == ("FAILED", world.clock.now)
    assert run.report.counts.entities[PULL].created == 1
    assert [one.name for one in world.store.events(run.id)] == ["step_start"]


def test_a_run_that_had_ended_is_left_as_it_was(world: World) -> None:
    run = world.store.end_run(world.runs["two"], "COMPLETED", world.store.runs("two")[0].report)
    world.clock.now += 1000
    world.store.remove_integration("two")
    assert world.store.runs("two") == [run]


def test_what_gives_access_goes_and_the_name_is_free(world: World) -> None:
    row = IntegrationRow("0123456789-id", "acme", "", '{"kind":"bitbucket"}', "encrypted", 5, 6)
    world.store.add_integration(row)
    for name, of in (("bound", row.id), ("other", "one"), ("all", None)):
        assert world.store.add_token(TokenRow(name, name, "viewer", of, f"hash {name}", 1))
    world.clock.now = 1_767_225_600_000
    world.store.remove_integration(row.id)
    assert [one.name for one in world.store.integrations()] == ["one", "two"]
    (removed,) = world.store.removed_integrations()
    assert removed == IntegrationRow(
        row.id,
        "acme (removed 2026-01-01T00:00:00.000Z 01234567)",
        "",
        row.config,
        "",
        5,
        world.clock.now,
        world.clock.now,
    )
    assert [one.id for one in world.store.tokens()] == ["all", "other"]
    world.store.add_integration(IntegrationRow("new", "acme", "", "{}", "", 7, 7))


def test_nothing_is_written_into_a_removed_one(world: World) -> None:
    fill(world, "two")
    row = next(one for one in world.store.integrations() if one.id == "two")
    world.store.remove_integration("two")
    before = world.dump()
    with pytest.raises(StoreError, match="integration was removed"):
        world.publish(snapshot("users/all", user("bob")), integration="two")
    with pytest.raises(ConfigError, match="was removed"):
        world.store.start_run("two", {})
    with pytest.raises(ConfigError, match="was removed"):
        world.store.update_integration(row)
    with pytest.raises(ConfigError, match="'two' is removed already"):
        world.store.remove_integration("two")
    with pytest.raises(ConfigError, match="no integration with the id nobody"):
        world.store.remove_integration("nobody")
    assert world.dump() == before


def test_an_integration_added_under_the_old_name_starts_from_nothing(world: World) -> None:
    fill(world, "two")
    world.store.remove_integration("two")
    world.add_integration("two", "second")
    fill(world, "second")
    (entity,) = world.store.entities("PR", integration_id="second")
    assert entity.version == 2
    assert [row["name"] for row in _ask(world, NAMES)] == ["two"] * 4
    check(world)


def test_a_cursor_goes_on_over_a_removal_that_kept_the_history(world: World) -> None:
    world.publish(snapshot("repositories/w", *(repo(f"r{number}") for number in range(4))), integration="two")
    request = Request("FIND CodeRepo AS r RETURN r._key AS key ORDER BY key", now=world.clock.now, page=2)
    first = world.store.ask(request)
    world.clock.now += 1000
    world.store.remove_integration("two")
    second = world.store.ask(Request(request.text, now=request.now, page=2, cursor=first.cursor))
    assert [row["key"] for row in (*first.data, *second.data)] == ["r0", "r1", "r2", "r3"]


def test_an_empty_integration_can_be_removed(world: World) -> None:
    cursor = world.store.last_publication()
    world.store.remove_integration("two")
    assert world.store.last_publication() == cursor + 1
    assert world.store.changes(after=cursor) == []
    assert not list(world.store.entities(REPO))
