"""History: every version of everything stays, one after the other without gaps."""

from __future__ import annotations

import json

from store.graphkit import PULL, USER, World, pull, repo, snapshot, tally, user

HISTORY = (
    "SELECT h.version, h.begin_on, h.end_on, h.publication, h.end_publication, h.props "
    "FROM entity_history h JOIN entity e ON e.id = h.entity_id WHERE e.key = ? ORDER BY h.version"
)


def _publish_states(world: World, *states: str | None) -> list[int]:
    """Publish a pull request in one state after the other (None: gone); return the times."""
    world.publish(snapshot("repositories/w", repo("r1")), snapshot("users/all", user("ann"), user("bob")))
    times = []
    for state in states:
        records = [] if state is None else [pull("p1", "r1", state=state)]
        world.publish(snapshot("pullrequests/r1", *records, whole=True))
        times.append(world.clock.now)
    return times


def test_versions_count_up_and_follow_each_other_without_a_gap(world: World) -> None:
    first, second, third = _publish_states(world, "OPEN", "MERGED", "DECLINED")
    (entity,) = world.store.entities(PULL)
    assert (entity.version, entity.created_on, entity.begin_on, entity.end_on) == (3, first, third, None)
    rows = world.rows(HISTORY, "p1")
    assert [(row[0], row[1], row[2]) for row in rows] == [(1, first, second), (2, second, third)]
    assert [json.loads(row[5])["state"] for row in rows] == ["OPEN", "MERGED"]
    assert [row[4] for row in rows] == [None, None]


def test_what_is_deleted_stays_as_a_tombstone(world: World) -> None:
    created, deleted = _publish_states(world, "OPEN", None)
    columns = "version, created_on, begin_on, end_on, publication, end_publication"
    number = world.store.last_publication()
    (row,) = world.rows(f"SELECT {columns} FROM entity WHERE key = 'p1'")  # noqa: S608
    assert row == (1, created, created, deleted, number - 1, number)
    assert world.rows("SELECT end_on, end_publication FROM relationship") == [(deleted, number)]
    assert world.rows("SELECT live, digest FROM record WHERE key = 'p1'") == [(0, None)]


def test_what_returns_is_a_new_version_of_the_same_thing(world: World) -> None:
    first, gone, back = _publish_states(world, "OPEN", None, "OPEN")
    (entity,) = world.store.entities(PULL)
    assert (entity.version, entity.created_on, entity.begin_on) == (2, first, back)
    (row,) = world.rows(HISTORY, "p1")
    assert row[:3] == (1, first, gone)
    assert row[4] is not None
    (edge,) = world.store.relationships()
    assert (edge.version, edge.begin_on) == (2, back)


def test_returning_counts_as_created_and_the_tombstone_is_no_update(world: World) -> None:
    _publish_states(world, "OPEN", None)
    counts = world.publish(snapshot("pullrequests/r1", pull("p1", "r1", state="MERGED")))
    assert counts.entities == {PULL: tally(created=1)}
    assert counts.relationships == {"kit_repo_has_pull_request": tally(created=1)}


def test_deleting_twice_changes_nothing_the_second_time(world: World) -> None:
    _publish_states(world, "OPEN", None)
    before = world.rows("SELECT * FROM entity")
    assert not world.publish(snapshot("pullrequests/r1", whole=True), retire={"p1"}).entities
    assert world.rows("SELECT * FROM entity") == before


def test_a_relationships_former_properties_stay_in_its_history(world: World) -> None:
    world.publish(snapshot("repositories/w", repo("r1")), snapshot("users/all", user("ann")))
    for state in ("pending", "approved"):
        edge = pull("p1", "r1", reviewers={"ann": {"state": state}})
        counts = world.publish(snapshot("pullrequests/r1", edge))
    assert counts.relationships["kit_user_reviewed_pull_request"] == tally(updated=1)
    (row,) = world.rows("SELECT version, props, end_publication FROM relationship_history")
    assert (row[0], json.loads(row[1]), row[2]) == (1, {"state": "pending"}, None)
    (edge,) = world.store.relationships(from_type=USER)
    assert (edge.version, edge.properties) == (2, {"state": "approved"})


def test_time_never_runs_backwards_even_when_the_clock_does(world: World) -> None:
    first, _ = _publish_states(world, "OPEN", "MERGED")
    world.clock.now = first - 500_000
    world.publish(snapshot("pullrequests/r1", pull("p1", "r1", state="DECLINED"), whole=True))
    rows = world.rows(HISTORY, "p1")
    (entity,) = world.store.entities(PULL)
    assert rows[-1][2] == entity.begin_on
    assert all(row[1] <= row[2] for row in rows)


def test_a_name_that_changes_is_a_new_version_with_the_old_name_in_the_history(world: World) -> None:
    world.publish(snapshot("users/all", user("ann")))
    world.publish(snapshot("users/all", user("ann", displayName="Anna")))
    (entity,) = world.store.entities(USER)
    assert entity.name == "Anna"
    assert world.rows("SELECT name FROM entity_history") == [("Ann",)]
