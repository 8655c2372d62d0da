"""Mapped relationships: given by ids across integrations, with history, counts and feed like all others."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store import observedkit
from store.graphkit import REPO, USER, World, member, repo, snapshot, user, workspace

from bucketgraph.errors import StoreError
from bucketgraph.j1ql.results import Request
from bucketgraph.store.base import Counts
from bucketgraph.store.mapped import Link

KIND = "kit_user_is_repo"


class Mapping:
    """Integration `one` has users, `two` has repositories, and `map` joins them."""

    def __init__(self, world: World) -> None:
        self.world = world
        world.add_integration("map")
        world.publish(snapshot("users/all", user("ada"), user("bob")))
        world.publish(snapshot("repositories/w", repo("x"), repo("y")), integration="two")

    def id_of(self, key: str, integration: str) -> int:
        """Return the id of an entity, deleted ones included."""
        rows = self.world.rows("SELECT id FROM entity WHERE key = ? AND integration_id = ?", key, integration)
        return int(rows[0][0])

    def links(self, *pairs: tuple[str, str]) -> set[Link]:
        """Return links from users to repositories."""
        return {Link("IS", self.id_of(a, "one"), self.id_of(b, "two")) for a, b in pairs}

    def link(self, *pairs: tuple[str, str]) -> Counts:
        """Link, a second later."""
        self.world.clock.now += 1000
        return self.world.store.link("map", self.world.runs["map"], self.links(*pairs))

    def found(self) -> set[str]:
        """Return the keys of the live links, as the graph tells them."""
        return {edge.key for edge in self.world.store.relationships(verb="IS")}


@pytest.fixture
def mapping(world: World) -> Mapping:
    return Mapping(world)


def outcomes(counts: Counts) -> tuple[int, int, int]:
    tally = counts.relationships.get(KIND)
    return (tally.created, tally.deleted, tally.unchanged) if tally else (0, 0, 0)


def test_links_join_entities_of_two_integrations_and_belong_to_a_third(mapping: Mapping) -> None:
    assert outcomes(mapping.link(("ada", "x"), ("ada", "y"))) == (2, 0, 0)
    store = mapping.world.store
    assert mapping.found() == {"ada|is|x", "ada|is|y"}
    assert {edge.type for edge in store.relationships(verb="IS")} == {KIND}
    assert mapping.found() == {edge.key for edge in store.relationships(integration_id="map")}
    assert list(store.relationships(integration_id="one")) == []
    assert store.counts("map")[1].total() == 2
    assert store.links("map") == mapping.links(("ada", "x"), ("ada", "y"))
    observedkit.check(mapping.world)


def test_links_are_replaced_as_a_whole_and_told_in_the_feed(mapping: Mapping) -> None:
    mapping.link(("ada", "x"))
    cursor = mapping.world.store.last_publication()
    assert outcomes(mapping.link(("ada", "x"), ("bob", "y"))) == (1, 0, 1)
    assert outcomes(mapping.link(("bob", "y"))) == (0, 1, 1)
    told = [(change.kind, change.key) for change in mapping.world.store.changes(after=cursor)]
    assert told == [("created", "bob|is|y"), ("deleted", "ada|is|x")]
    observedkit.check(mapping.world)


def test_linking_the_same_again_writes_nothing(mapping: Mapping) -> None:
    mapping.link(("ada", "x"))
    before = mapping.world.store.last_publication()
    assert outcomes(mapping.link(("ada", "x"))) == (0, 0, 1)
    assert mapping.world.store.last_publication() == before


def test_a_link_ends_with_its_end_and_begins_again_with_it(mapping: Mapping) -> None:
    world = mapping.world
    mapping.link(("ada", "x"), ("bob", "x"))
    world.publish(snapshot("users/all", user("bob"), whole=True))
    assert mapping.found() == {"bob|is|x"}
    assert outcomes(mapping.link(("ada", "x"), ("bob", "x"))) == (0, 0, 1)
    world.publish(snapshot("users/all", user("ada"), user("bob"), whole=True))
    assert mapping.found() == {"bob|is|x"}
    assert outcomes(mapping.link(("ada", "x"), ("bob", "x"))) == (1, 0, 1)
    versions = {edge.key: edge.version for edge in world.store.relationships(verb="IS")}
    assert versions == {"ada|is|x": 2, "bob|is|x": 1}
    observedkit.check(world)


def test_a_link_that_ended_begins_again_without_having_been_asked_for_meanwhile(mapping: Mapping) -> None:
    mapping.link(("ada", "x"))
    mapping.world.publish(snapshot("users/all", user("bob"), whole=True))
    mapping.world.publish(snapshot("users/all", user("ada"), user("bob"), whole=True))
    assert outcomes(mapping.link(("ada", "x"))) == (1, 0, 0)
    assert mapping.found() == {"ada|is|x"}


def test_the_past_and_questions_know_links(mapping: Mapping) -> None:
    store = mapping.world.store
    mapping.link(("ada", "x"))
    then = mapping.world.clock.now
    mapping.link()
    assert store.ask(Request(f"FIND {USER} THAT IS {REPO}")).data == []
    past = store.ask(Request(f"FIND {USER} AS u THAT IS {REPO} AS r RETURN u._key, r._key", as_of=then))
    assert past.data == [{"u._key": "ada", "r._key": "x"}]


def test_nobody_is_kept_alive_by_a_link(mapping: Mapping) -> None:
    world = mapping.world
    world.publish(snapshot("workspaces/all", workspace("w")), snapshot("members/w", member("w", "bob")))
    mapping.link(("ada", "x"), ("bob", "x"))
    assert world.store.unreferenced("one", type_name=USER) == {"ada"}


def test_removing_an_integration_takes_its_links_and_no_others(mapping: Mapping) -> None:
    world = mapping.world
    world.add_integration("three")
    world.publish(snapshot("users/all", user("cy")), integration="three")
    cy = Link("IS", mapping.id_of("cy", "three"), mapping.id_of("x", "two"))
    world.store.link("map", world.runs["map"], {cy, *mapping.links(("ada", "x"), ("bob", "y"))})
    world.store.remove_integration("one")
    assert mapping.found() == {"cy|is|x"}
    assert world.store.links("map") == {cy}
    observedkit.check(world)
    assert world.store.link("map", world.runs["map"], {cy}).changed() is False


def test_a_run_that_is_not_there_changes_nothing(mapping: Mapping) -> None:
    with pytest.raises(StoreError):
        mapping.world.store.link("map", 999, mapping.links(("ada", "x")))
    assert mapping.found() == set()


USERS, REPOS = ("ada", "bob"), ("x", "y")
pairs = st.sets(st.tuples(st.sampled_from(USERS), st.sampled_from(REPOS)))
steps = st.one_of(
    st.tuples(st.just("link"), pairs),
    st.tuples(st.just("one"), st.sets(st.sampled_from(USERS))),
    st.tuples(st.just("two"), st.sets(st.sampled_from(REPOS))),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(steps, max_size=12))
def test_whatever_comes_and_goes_links_are_the_wanted_ones_between_the_living(
    story: list[tuple[str, Iterable[object]]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder) / "graph.db")
        try:
            mapping = Mapping(world)
            _live(mapping, story)
        finally:
            world.store.close()


def _live(mapping: Mapping, story: list[tuple[str, Iterable[object]]]) -> None:
    """Play a story: a link lives from when it is given until it is not, or until an end dies."""
    world, alive, linked = mapping.world, {*USERS, *REPOS}, set[tuple[str, str]]()
    for what, given_now in story:
        if what == "link":
            linked = {(a, b) for a, b in given_now if {a, b} <= alive}  # type: ignore[misc]
            mapping.link(*given_now)  # type: ignore[arg-type]
        else:
            mine, make, scope = (
                (USERS, user, "users/all") if what == "one" else (REPOS, repo, "repositories/w")
            )
            alive = (alive - set(mine)) | set(map(str, given_now))
            linked = {pair for pair in linked if set(pair) <= alive}
            records = [make(key) for key in map(str, given_now)]
            world.publish(snapshot(scope, *records, whole=True), integration=what)
        assert mapping.found() == {f"{a}|is|{b}" for a, b in linked}
        observedkit.check(world)
