"""Observed names: never less than what rows and history show; the numbers of the living are exact."""

from __future__ import annotations

import sqlite3
import tempfile
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine
from store.graphkit import CATALOGUE, PULL, REPO, USER, World, pull, repo, snapshot, url_of, user
from store.observedkit import check, told

from bucketgraph.errors import StoreError
from bucketgraph.graph.entity import Entity, Record, Relationship
from bucketgraph.store import schema
from bucketgraph.store.store import Store

KEYS = ("a", "b", "c")
TYPES = (USER, REPO, "foreign")
values = st.one_of(st.sampled_from(["x", 1, 1.5, True]), st.just(["x"]))
properties = st.dictionaries(st.sampled_from(["n", "s"]), values, max_size=2)


@st.composite
def records(draw: st.DrawFn) -> Record:
    """Draw an entity that changes its type and classes, with parallel relationships to others."""
    key = draw(st.sampled_from(KEYS))
    kind = draw(st.sampled_from(TYPES))
    edges = tuple(
        Relationship(
            draw(st.sampled_from(["HAS", "USES"])),
            kind,
            key,
            "whatever",
            draw(st.sampled_from(KEYS)),
            draw(properties),
            draw(st.sampled_from([None, "k1", "k2"])),
            draw(st.sampled_from([None, "t1"])),
        )
        for _ in range(draw(st.integers(0, 3)))
    )
    if draw(st.integers(0, 5)) == 0:
        return Record(key, None, edges)
    classes = draw(st.sampled_from([None, None, (), ("User",), ("A", "B")]))
    return Record(key, Entity(key, kind, draw(properties), classes), edges)


steps = st.one_of(
    st.tuples(
        st.sampled_from(["one", "two"]),
        st.lists(records(), max_size=3),
        st.booleans(),
        st.frozensets(st.sampled_from(KEYS), max_size=1),
    ),
    st.sampled_from(["remove", "purge", "reopen"]),
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(steps, max_size=8))
def test_the_observed_names_cover_everything_and_the_counts_are_a_recount(story: list[object]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder) / "graph.db")
        for step in story:
            before = told(world.store.known())
            _do(world, step)
            after = check(world)
            assert after.kinds >= before.kinds
            assert step == "purge" or after.properties >= before.properties
        world.store.close()


def _do(world: World, step: object) -> None:
    if isinstance(step, tuple):
        integration, found, whole, retire = step
        world.publish(
            snapshot("all", *found, whole=whole), retire=retire, integration=world.present(integration)
        )
    elif step == "purge":
        purged = world.present("two")
        world.store.remove_integration(purged, purge=True)
        world.add_integration("two", purged)
    elif step == "remove":
        world.store.remove_integration(world.present("two"))
        world.add_integration("two", f"two-{len(world.runs)}")
    else:
        world.store.close()
        world.store = Store.open(url_of(world.path), CATALOGUE, clock=world.clock)


STORY = (
    snapshot("users/all", user("ann"), user("bob", member=True)),
    snapshot("repositories/w", repo("r1", topics=["x"]), repo("r2", size=1.5)),
    snapshot("pullrequests/r1", pull("p1", "r1", author="ann", reviewers={"bob": {"state": "ok"}})),
)


def _tell(world: World) -> None:
    """Publish a story with updates, deletions and a retyped end."""
    world.publish(*STORY)
    world.publish(
        snapshot("pullrequests/r1", pull("p1", "r1", author="bob", reviewers={"ann": {"vote": 1}}, size=7))
    )
    world.publish(snapshot("users/all", Record("ann", Entity("ann", "robot", {"model": "x"})), whole=True))
    world.publish(retire={"r2"})


def as_version_1(world: World, path: Path) -> None:
    """Write what the world's file holds into a file as the first version made it."""
    engine = create_engine(url_of(path))
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    engine.dispose()
    with sqlite3.connect(path) as old:
        old.execute("ATTACH ? AS new", (str(world.path),))
        tables = old.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            if table != "alembic_version":
                columns = ", ".join(row[1] for row in old.execute(f"PRAGMA main.table_info({table})"))
                old.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM new.{table}")  # noqa: S608
    old.close()


def test_a_file_of_the_first_version_knows_the_same_names_after_its_migration(
    world: World, tmp_path: Path
) -> None:
    _tell(world)
    fresh = told(world.store.known())
    before = (world.entities(), world.edges(), world.store.changes())
    world.store.close()
    as_version_1(world, tmp_path / "old.db")
    old = World.__new__(World)
    old.path, old.store = tmp_path / "old.db", Store.open(url_of(tmp_path / "old.db"), CATALOGUE)
    migrated = check(old)
    assert (old.entities(), old.edges(), old.store.changes()) == before
    assert old.store.check_integrity() == "ok"
    old.store.close()
    assert migrated.living == +fresh.living
    assert migrated.kinds == fresh.kinds
    assert {one for one in migrated.properties if " " not in one[0]} == {
        one for one in fresh.properties if " " not in one[0]
    }
    world.store = Store.open(url_of(world.path), CATALOGUE)


def test_what_is_known_names_types_verbs_kinds_and_indexes(world: World) -> None:
    world.publish(*STORY)
    known = world.store.known()
    (repo_id,), (pull_id,), (user_id,) = (known.of_type(name) for name in (REPO, PULL, USER))
    assert known.by_id[repo_id].classes == ("CodeRepo",)
    assert known.count({repo_id}) == 2
    assert known.kinds({repo_id}, "topics") == {"list"}
    assert known.kinds({repo_id}, "size") == {"number"}
    assert known.kinds({user_id}, "member") == {"boolean"}
    assert known.kinds({user_id}, "size") == frozenset()
    (reviewed,) = known.between(None, {"REVIEWED"}, None)
    assert (reviewed.from_type, reviewed.to_type, reviewed.count) == (user_id, pull_id, 1)
    assert reviewed.properties == {"state": {"string"}}
    assert (pull_id, "state") in known.indexed
    assert (user_id, "member") not in known.indexed


def test_the_version_changes_with_names_and_kinds_and_not_with_counts(world: World) -> None:
    world.publish(*STORY)
    first = world.store.known().version
    world.publish(snapshot("users/all", user("cid")))
    assert world.store.known().version == first
    world.publish(snapshot("users/all", user("cid", age=7)))
    second = world.store.known().version
    world.publish(snapshot("users/all", user("cid", age="seven")))
    assert len({first, second, world.store.known().version}) == 3


def test_what_a_failed_publication_saw_is_seen_by_the_next(world: World) -> None:
    broken = user("dan", age=7)
    run = world.runs["one"]
    world.runs["one"] = 99
    with pytest.raises(StoreError, match="not in the graph file"):
        world.publish(snapshot("users/all", broken))
    world.runs["one"] = run
    assert check(world).properties == frozenset()
    world.publish(snapshot("users/all", broken))
    assert ("age", "number") in {one[1:] for one in check(world).properties}


def test_one_type_with_several_class_lists_is_several_known_types(world: World) -> None:
    world.publish(
        snapshot(
            "all",
            Record("a", Entity("a", "host", {}, ("Host",))),
            Record("b", Entity("b", "host", {}, ("Host", "Device"))),
            Record("c", Entity("c", REPO, {}, ("CodeRepo",))),
            repo("d"),
        )
    )
    known = world.store.known()
    assert len(known.of_type("host")) == 2
    assert len(known.of_class("Host")) == 2
    assert known.count(known.of_class("Device")) == 1
    assert {e.key: e.classes for e in world.store.entities("Host")} == {
        "a": ("Host",),
        "b": ("Host", "Device"),
    }
    assert {e.key for e in world.store.entities("CodeRepo")} == {"c", "d"}


def test_an_entity_with_other_classes_is_updated_and_keeps_its_history(world: World) -> None:
    one = Record("a", Entity("a", "host", {}, ("Host",)))
    other = Record("a", Entity("a", "host", {}, ("Host", "Device")))
    world.publish(snapshot("all", one))
    assert world.publish(snapshot("all", one)).entities["host"].unchanged == 1
    assert world.publish(snapshot("all", other)).entities["host"].updated == 1
    (entity,) = world.store.entities("Device")
    assert (entity.version, entity.classes) == (2, ("Host", "Device"))


def test_sqlite_has_statistics_after_a_run_that_changed_something(world: World) -> None:
    run = world.store.runs("one")[0]
    world.store.end_run(run.id, "COMPLETED", run.report)
    assert world.rows("SELECT count(*) FROM sqlite_master WHERE name = 'sqlite_stat1'") == [(0,)]
    world.publish(*STORY)
    world.store.end_run(run.id, "COMPLETED", run.report)
    assert ("relationship", "relationship_from") in world.rows("SELECT tbl, idx FROM sqlite_stat1")
    assert world.store.check_integrity() == "ok"
