"""Relationships with keys and types of their own: several between the same two entities, each with history."""

from __future__ import annotations

import sqlite3

import pytest
from store.graphkit import REPO, USER, World, repo, snapshot, tally, user

from bucketgraph.graph.entity import Record, Relationship
from bucketgraph.graph.values import Value
from bucketgraph.store.base import StoredRelationship

ENDS = (snapshot("users/all", user("ann")), snapshot("repositories/w", repo("r1")))


def _grant(key: str | None, kind: str | None = None, **properties: Value) -> Relationship:
    return Relationship("USES", USER, "ann", REPO, "r1", properties, key, kind)


def _publish(world: World, *grants: Relationship, record: str = "grants") -> dict[str, StoredRelationship]:
    world.publish(*ENDS, snapshot("grants", Record(record, None, grants)))
    return {edge.key: edge for edge in world.store.relationships()}


def test_relationships_that_differ_by_key_alone_all_survive(world: World) -> None:
    found = _publish(world, _grant(None), _grant("k1", n=1), _grant("k2", "user_may_use_repo", n=2))
    assert {key: (edge.type, dict(edge.properties)) for key, edge in found.items()} == {
        "ann|uses|r1": ("kit_user_uses_repo", {}),
        "k1": ("kit_user_uses_repo", {"n": 1}),
        "k2": ("user_may_use_repo", {"n": 2}),
    }


def test_each_has_its_own_history(world: World) -> None:
    _publish(world, _grant("k1", n=1), _grant("k2", n=1))
    _publish(world, _grant("k1", n=2), _grant("k2", n=1))
    found = _publish(world, _grant("k2", n=1))
    assert found.keys() == {"k2"}
    assert found["k2"].version == 1
    found = _publish(world, _grant("k1", n=3), _grant("k2", n=1))
    assert (found["k1"].version, found["k2"].version) == (3, 1)
    told = [(c.kind, c.key) for c in world.store.changes() if c.element == "relationship"]
    assert told == [
        ("created", "k1"),
        ("created", "k2"),
        ("updated", "k1"),
        ("deleted", "k1"),
        ("created", "k1"),
    ]


def test_another_type_is_a_new_version_and_the_old_one_keeps_its_own(world: World) -> None:
    _publish(world, _grant("k1", "old_type"))
    found = _publish(world, _grant("k1", "new_type"))
    assert (found["k1"].type, found["k1"].version) == ("new_type", 2)
    assert world.rows("SELECT version, type FROM relationship_history") == [(1, "old_type")]


def test_one_that_another_record_brings_is_taken_over_by_its_key(world: World) -> None:
    _publish(world, _grant("k1"), _grant("k2"))
    counts = world.publish(snapshot("more", Record("other", None, (_grant("k2"),))))
    assert counts.relationships == {"kit_user_uses_repo": tally(unchanged=1)}
    world.publish(snapshot("grants", whole=True))
    assert {edge.key for edge in world.store.relationships()} == {"k2"}


def test_their_own_types_are_counted_under_their_names(world: World) -> None:
    record = Record("grants", None, (_grant("k1", "mine"),))
    assert world.publish(*ENDS, snapshot("grants", record)).relationships == {"mine": tally(created=1)}
    assert world.publish(snapshot("grants", record)).relationships == {"mine": tally(unchanged=1)}
    assert world.publish(snapshot("grants", whole=True)).relationships == {"mine": tally(deleted=1)}


def test_a_record_is_loaded_with_the_keys_and_types_it_brought(world: World) -> None:
    world.publish(*ENDS, snapshot("users/all", Record("ann", user("ann").entity, (_grant("k1", "mine"),))))
    ((_, record),) = world.store.records_linked("one", type_name=USER, keys=["r1"])
    assert record.relationships == (_grant("k1", "mine"),)
    again = snapshot("users/all", record)
    assert world.publish(again).entities[USER] == tally(unchanged=1)


def test_the_file_itself_refuses_the_same_relationship_twice(world: World) -> None:
    _publish(world, _grant(None))
    columns = (
        "record_id, verb_id, from_id, from_type_id, to_id, to_type_id, version, created_on, begin_on, "
        "publication, props"
    )
    with sqlite3.connect(world.path) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute(f"INSERT INTO relationship ({columns}) SELECT {columns} FROM relationship")  # noqa: S608
    connection.close()


@pytest.mark.parametrize(
    ("end", "other", "index"),
    [("from", "to", "relationship_from"), ("to", "from", "relationship_to")],
)
def test_a_hop_reads_an_index_alone(world: World, end: str, other: str, index: str) -> None:
    plan = world.rows(
        f"EXPLAIN QUERY PLAN SELECT {other}_id FROM relationship "  # noqa: S608
        f"WHERE {end}_id = 1 AND verb_id = 1 AND {other}_type_id = 1"
    )
    assert f"COVERING INDEX {index}" in plan[0][3]
