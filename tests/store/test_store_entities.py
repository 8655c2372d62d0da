"""Asking for entities: types, classes, properties, and names that mean harm."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event
from store.graphkit import PULL, REPO, USER, World, pull, repo, snapshot, user

from bucketgraph.graph.values import Scalar, Value

ODD = [
    "tag.AccountName",
    "a b",
    "it's",
    'say "x"',
    '"',
    "back\\slash",
    "a[0]",
    "$.a",
    "#",
    "",
    "naïve",
    "线",
    "\t",
    "a\x01b",
    "'); DROP TABLE entity; --",
    '"."state',
    "%s",
    ":name",
    "?1",
]


def _keys(world: World, where: Mapping[str, Scalar], kind: str | None = None) -> list[str]:
    return [entity.key for entity in world.store.entities(kind, where=where)]


@pytest.fixture
def full(world: World) -> World:
    """Give a world with something of everything."""
    world.publish(
        snapshot("users/all", user("ann", age=1), user("bob", age="1"), user("cid", age=True), user("dan")),
        snapshot(
            "repositories/w",
            repo("r1", slug="one", public=True, topics=["x", "y"]),
            repo("r2", slug="two", public=False, topics=["1"]),
        ),
        snapshot("pullrequests/r1", pull("p1", "r1", state="OPEN", createdOn=5, title="x")),
        snapshot("pullrequests/r2", pull("p2", "r2", state="MERGED", createdOn=6)),
    )
    return world


def test_entities_come_by_type_by_class_or_all(full: World) -> None:
    assert [e.key for e in full.store.entities(REPO)] == ["r1", "r2"]
    assert [e.key for e in full.store.entities("CodeRepo")] == ["r1", "r2"]
    assert [e.key for e in full.store.entities("Review")] == [e.key for e in full.store.entities("PR")]
    assert [e.key for e in full.store.entities("PR")] == ["p1", "p2"]
    assert len(list(full.store.entities())) == 8
    assert not list(full.store.entities("unheard_of"))
    assert not list(full.store.entities("Unheard"))
    assert not list(full.store.entities("coderepo"))


def test_an_entity_comes_with_everything_stored_of_it(full: World) -> None:
    (entity,) = full.store.entities(PULL, where={"state": "OPEN"})
    assert (entity.integration_id, entity.key, entity.type, entity.name) == ("one", "p1", PULL, "P1")
    assert (entity.classes, entity.version, entity.end_on) == (("Review", "PR"), 1, None)
    assert entity.properties == {"displayName": "P1", "state": "OPEN", "createdOn": 5, "title": "x"}


def test_entities_come_by_scope_and_by_integration_and_up_to_a_limit(full: World) -> None:
    full.publish(snapshot("pullrequests/r1", pull("q1", "r1")), integration="two")
    assert [e.key for e in full.store.entities(scope="pullrequests/r1")] == ["p1", "q1"]
    assert [e.key for e in full.store.entities(scope="pullrequests/r1", integration_id="two")] == ["q1"]
    assert [e.key for e in full.store.entities(limit=2)] == ["ann", "bob"]
    assert not list(full.store.entities(limit=0))


@pytest.mark.parametrize(
    ("where", "keys"),
    [
        ({"age": 1}, ["ann"]),
        ({"age": 1.0}, ["ann"]),
        ({"age": "1"}, ["bob"]),
        ({"age": True}, ["cid"]),
        ({"age": False}, []),
        ({"state": "OPEN"}, ["p1"]),
        ({"state": "open"}, []),
        ({"createdOn": 5}, ["p1"]),
        ({"createdOn": "5"}, []),
        ({"public": True}, ["r1"]),
        ({"public": False}, ["r2"]),
        ({"public": 1}, []),
        ({"public": "true"}, []),
        ({"topics": "y"}, ["r1"]),
        ({"topics": "1"}, ["r2"]),
        ({"topics": 1}, []),
        ({"topics": '["1"]'}, []),
        ({"slug": "one", "public": True}, ["r1"]),
        ({"slug": "one", "public": False}, []),
        ({"missing": ""}, []),
        ({"age": 2**70}, []),
        ({"age": float("inf")}, []),
        ({"age": float("nan")}, []),
    ],
)
def test_a_property_equals_only_its_own_kind(full: World, where: dict[str, Scalar], keys: list[str]) -> None:
    assert _keys(full, where) == keys


@pytest.mark.parametrize("name", ODD)
def test_any_property_name_is_just_a_name(world: World, name: str) -> None:
    decoys: dict[str, Value] = {other: "decoy" for other in ODD if other != name}
    values: dict[str, Value] = {"text": "v", "quote": "'", "int": 7, "float": 1.5, "yes": True, "no": False}
    people = [user(key, **{**decoys, name: value}) for key, value in values.items()]
    lists = [user("list", **{name: ["a", "b"]}), user("other", **{name: ["c"]})]
    world.publish(snapshot("users/all", *people, *lists, user("none", **decoys)))
    assert {key: _keys(world, {name: value}) for key, value in values.items()} == {
        key: [key] for key in values
    }
    assert _keys(world, {name: "b"}) == ["list"]
    assert _keys(world, {name: '["c"]'}) == []
    assert _keys(world, {name: "something else"}) == []


@settings(max_examples=30, deadline=None)
@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6),
    st.one_of(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6),
        st.integers(-(2**53), 2**53),
        st.booleans(),
    ),
)
def test_whatever_is_stored_is_found_again(
    tmp_path_factory: pytest.TempPathFactory, name: str, value: Scalar
) -> None:
    world = World(tmp_path_factory.mktemp("any") / "graph.db")
    world.publish(snapshot("users/all", user("ann", **{name: value})))
    assert _keys(world, {name: value}) == ["ann"]
    world.store.close()


@pytest.mark.parametrize(
    ("kind", "where", "index"),
    [
        (PULL, {"state": "OPEN"}, f"hot_{PULL}_state"),
        (PULL, {"createdOn": 5}, f"hot_{PULL}_createdOn"),
        (REPO, {"slug": "one"}, f"hot_{REPO}_slug"),
        (REPO, {"public": True}, f"hot_{REPO}_public"),
        ("CodeRepo", {"slug": "one"}, f"hot_{REPO}_slug"),
    ],
)
def test_a_hot_property_is_found_by_its_partial_index(
    full: World, kind: str, where: dict[str, Scalar], index: str
) -> None:
    plans: list[str] = []

    def explain(_connection: object, cursor: object, statement: str, values: object, *_: object) -> None:
        if "p_" in statement:
            plans.extend(row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {statement}", values))

    event.listen(full.store._reader, "before_cursor_execute", explain)
    assert _keys(full, where, kind)
    assert any(index in step for step in plans), plans


def test_hot_properties_are_generated_columns(full: World) -> None:
    rows = full.rows(
        "SELECT name, hidden FROM pragma_table_xinfo('entity') WHERE name LIKE 'p~_%' ESCAPE '~'"
    )
    assert dict(rows) == dict.fromkeys(("p_slug", "p_public", "p_topics", "p_state", "p_createdOn"), 2)
    assert full.rows("SELECT p_state, p_createdOn FROM entity WHERE key = 'p1'") == [("OPEN", 5)]


def test_relationships_come_by_verb_type_end_and_integration(full: World) -> None:
    full.publish(
        snapshot("users/all", user("ann")), snapshot("repositories/w", repo("r1")), integration="two"
    )
    full.publish(snapshot("pullrequests/r1", pull("p1", "r1", author="ann")), integration="two")

    def ask(**filters: object) -> list[str]:
        return [f"{e.from_key} {e.verb} {e.to_key}" for e in full.store.relationships(**filters)]

    assert ask(integration_id="one") == ["r1 HAS p1", "r2 HAS p2"]
    assert ask(verb="opened") == ["ann OPENED p1"]
    assert ask(from_type=USER) == ["ann OPENED p1"]
    assert ask(to_type=PULL, integration_id="two") == ["r1 HAS p1", "ann OPENED p1"]
    assert ask(end_key="r1") == ["r1 HAS p1", "r1 HAS p1"]
    assert ask(end_key="p1", integration_id="two") == ["r1 HAS p1", "ann OPENED p1"]
    assert ask(end_key="nobody") == []
    assert ask(limit=1) == ["r1 HAS p1"]


def test_counts_tell_what_is_alive(full: World) -> None:
    full.publish(snapshot("users/all", user("ann")), integration="two")
    full.publish(retire={"p2"})
    entities, edges = full.store.counts("one")
    assert entities == {USER: 4, REPO: 2, PULL: 1}
    assert edges == {f"{REPO} HAS {PULL}": 1}
    assert full.store.counts()[0][USER] == 5
    assert full.store.counts("two") == ({USER: 1}, {})
