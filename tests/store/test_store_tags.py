"""Tags: every entity has the present ones, the source's properties stay, and nothing is fetched again."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store.graphkit import CATALOGUE, PULL, REPO, USER, World, run_python, snapshot, tally, url_of, user
from store.observedkit import check
from store.removalkit import fill

from bucketgraph.errors import ConfigError
from bucketgraph.graph.entity import Entity, Record, seal
from bucketgraph.graph.values import Value
from bucketgraph.j1ql.results import Request
from bucketgraph.store.base import IntegrationRow
from bucketgraph.store.store import Store

ACME: dict[str, str | bool] = {"tag.AccountName": "acme", "tag.Production": True}


def test_what_is_published_has_the_tags_and_the_rest_gets_them(world: World) -> None:
    world.publish(snapshot("users/all", user("ann")))
    world.store.set_tags("one", ACME)
    world.publish(snapshot("users/all", user("bob")))
    assert world.entities() == {"ann": {"displayName": "Ann"}, "bob": {"displayName": "Bob", **ACME}}
    world.clock.now += 1000
    assert world.store.retag("one", world.runs["one"]) == 1
    assert world.entities()["ann"] == {"displayName": "Ann", **ACME}
    assert world.store.retag("one", world.runs["one"]) == 0
    assert world.store.runs("one")[0].report.counts.entities == {USER: tally(created=2, updated=1)}
    check(world)


def test_the_feed_and_the_history_tell_of_tags_as_of_properties(world: World) -> None:
    world.publish(snapshot("users/all", user("ann")))
    before, cursor = world.clock.now, world.store.last_publication()
    world.clock.now += 1000
    world.store.set_tags("one", ACME)
    world.store.retag("one", world.runs["one"])
    (change,) = world.store.changes(after=cursor)
    assert (change.kind, change.before, change.after) == ("updated", {}, ACME)
    (then,) = world.store.entities_at(before)
    assert then.properties == {"displayName": "Ann"}
    query = "FIND User WITH tag.AccountName = 'acme' AND tag.Production = true AS u RETURN u._key AS key"
    assert list(world.store.ask(Request(query, now=world.clock.now)).data) == [{"key": "ann"}]
    assert list(world.store.ask(Request(query, now=world.clock.now, as_of=before)).data) == []


def test_other_tags_leave_an_unchanged_source_unchanged(world: World) -> None:
    people = snapshot("users/all", user("ann"))
    world.publish(people)
    world.store.set_tags("one", ACME)
    assert world.publish(people).entities == {USER: tally(unchanged=1)}
    world.store.retag("one", world.runs["one"])
    assert world.publish(people).entities == {USER: tally(unchanged=1)}
    world.store.set_tags("one", {})
    assert world.publish(people).entities == {USER: tally(unchanged=1)}
    assert world.store.retag("one", world.runs["one"]) == 1
    assert world.entities() == {"ann": {"displayName": "Ann"}}


def test_an_entity_without_properties_has_its_tags_alone(world: World) -> None:
    bare = snapshot("users/all", Record("x", Entity("x", USER, {})))
    world.store.set_tags("one", ACME)
    world.publish(bare)
    assert world.entities() == {"x": ACME}
    world.store.set_tags("one", {})
    world.store.retag("one", world.runs["one"])
    assert world.entities() == {"x": {}}


def test_stored_records_are_read_back_without_tags(world: World) -> None:
    world.store.set_tags("one", ACME)
    fill(world, "one")
    ((_, record),) = world.store.records_linked("one", type_name=PULL, keys=["r1"])
    assert record.entity is not None
    assert record.entity.properties == {"displayName": "P1", "title": "MERGED title"}
    stored = world.rows("SELECT digest FROM record WHERE key = 'p1'")
    assert seal(record).digest == stored[0][0]
    (plain,) = world.store.entities(REPO, tagged=False)
    assert plain.properties == {"displayName": "R1", "slug": "slug"}


def test_the_tag_properties_of_an_import_are_its_own(world: World) -> None:
    world.store.add_integration(IntegrationRow("imp", "imp", "", '{"kind":"import"}', "", 1, 1))
    world.runs["imp"] = world.store.start_run("imp", {}).id
    source = user("ann", **{"tag.Owner": "ops"})
    world.publish(snapshot("users/all", source), integration="imp")
    assert [one.properties for one in world.store.entities(tagged=False)] == [
        {"displayName": "Ann", "tag.Owner": "ops"}
    ]
    with pytest.raises(ConfigError, match="'imp' is not collected from Bitbucket"):
        world.store.set_tags("imp", ACME)
    world.store.set_tags("imp", {})
    assert world.store.retag("imp", world.runs["imp"]) == 0


@pytest.mark.parametrize(
    ("tags", "why"),
    [
        ({"AccountName": "x"}, "'AccountName' is no name of a tag"),
        ({"tag.": "x"}, "'tag.' is no name of a tag"),
        ({"tag.X": 7}, "'tag.X' has neither a text nor true or false"),
        ({"tag.X": None}, "'tag.X' has neither a text nor true or false"),
    ],
)
def test_what_is_no_tag_is_refused(world: World, tags: dict[str, str | bool], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        world.store.set_tags("one", tags)
    world.publish(snapshot("users/all", user("ann")))
    assert world.entities() == {"ann": {"displayName": "Ann"}}


def test_a_removed_integration_has_no_tags_to_change(world: World) -> None:
    fill(world, "two")
    world.store.set_tags("two", ACME)
    world.store.remove_integration("two")
    assert world.store.retag("two", world.runs["two"]) == 0
    with pytest.raises(ConfigError, match="was removed"):
        world.store.set_tags("two", {})


def test_names_and_texts_of_any_kind_come_back_as_they_were(world: World) -> None:
    strange: dict[str, str | bool] = {'tag."q"': 'a "b" \\ c', "tag.ä b": "é\u2028\n", "tag.$x.y": ""}
    world.publish(snapshot("users/all", user("ann", text='x,"tag.y":1', list=["tag.z", 'tag."'])))
    world.store.set_tags("one", strange)
    world.store.retag("one", world.runs["one"])
    world.publish(snapshot("users/all", user("bob")))
    own: dict[str, Value] = {"text": 'x,"tag.y":1', "list": ["tag.z", 'tag."']}
    assert world.entities() == {
        "ann": {"displayName": "Ann", **own, **strange},
        "bob": {"displayName": "Bob", **strange},
    }
    world.store.set_tags("one", {})
    world.store.retag("one", world.runs["one"])
    assert world.entities()["ann"] == {"displayName": "Ann", **own}


def test_many_entities_are_tagged_in_short_transactions(world: World) -> None:
    world.publish(snapshot("users/all", *(user(f"u{number:04}") for number in range(4100))))
    cursor = world.store.last_publication()
    world.store.set_tags("one", ACME)
    assert world.store.retag("one", world.runs["one"]) == 4100
    numbers = world.rows(
        "SELECT count(*) FROM entity WHERE publication > ? GROUP BY publication ORDER BY publication", cursor
    )
    assert numbers == [(2000,), (2000,), (100,)]


def test_a_retag_that_was_killed_is_finished_by_the_next(world: World) -> None:
    world.publish(snapshot("users/all", *(user(f"u{number:04}") for number in range(3000))))
    world.store.set_tags("one", ACME)
    world.store.close()
    program = f"""
        import os
        from store.graphkit import CATALOGUE, url_of
        from bucketgraph.store import entities
        from bucketgraph.store.store import Store
        store = Store.open({url_of(world.path)!r}, CATALOGUE)
        original = entities.retag
        def kill_in_the_second(tx, ids, seen=[]):
            seen.append(original(tx, ids))
            return os._exit(0) if len(seen) == 2 else seen[-1]
        entities.retag = kill_in_the_second
        store.retag("one", {world.runs["one"]})
    """
    run_python(program)
    world.store = Store.open(url_of(world.path), CATALOGUE, clock=world.clock)
    tagged = "SELECT count(*) FROM entity WHERE props LIKE '%tag.AccountName%'"
    assert world.rows(tagged) == [(2000,)]
    assert world.store.retag("one", world.runs["one"]) == 1000
    assert world.rows(tagged) == [(3000,)]
    assert world.store.retag("one", world.runs["one"]) == 0
    check(world)


KEYS = ("a", "b", "c")
tag_values = st.one_of(st.booleans(), st.sampled_from(["", "x", '"', "ä"]))
some_tags = st.dictionaries(st.sampled_from(["tag.A", "tag.B", "tag.AccountName"]), tag_values, max_size=3)
sources = st.dictionaries(
    st.sampled_from(["n", "s", "tagged", "z"]), st.sampled_from([1, 1.5, "x", True, ["tag.A"]])
)
published = st.dictionaries(st.sampled_from(KEYS), sources, max_size=3)
steps = st.one_of(
    st.tuples(st.just("publish"), published, st.booleans()),
    st.tuples(st.just("tags"), some_tags),
    st.tuples(st.just("retag")),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(steps, max_size=9))
def test_live_properties_are_the_sources_and_the_present_tags(story: list[tuple[object, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder) / "graph.db")
        sources: dict[str, dict[str, Value]] = {}
        tags: dict[str, str | bool] = {}
        for kind, *said in story:
            world.clock.now += 1000
            if kind == "publish":
                _publish(world, sources, *said)
            elif kind == "tags":
                tags = said[0]  # type: ignore[assignment]
                world.store.set_tags("one", tags)
            else:
                world.store.retag("one", world.runs["one"])
                assert world.entities() == {key: source | tags for key, source in sources.items()}
            assert {one.key: one.properties for one in world.store.entities(tagged=False)} == sources
        world.store.retag("one", world.runs["one"])
        assert world.entities() == {key: source | tags for key, source in sources.items()}
        again = snapshot("all", *(Record(key, Entity(key, USER, source)) for key, source in sources.items()))
        assert not world.publish(again).changed()
        check(world)
        world.store.close()


def _publish(world: World, sources: dict[str, dict[str, Value]], found: object, whole: object) -> None:
    assert isinstance(found, dict)
    records = [Record(key, Entity(key, USER, source)) for key, source in found.items()]
    world.publish(snapshot("all", *records, whole=whole))
    if whole:
        sources.clear()
    sources.update(found)
