"""What stands around an entity, against the graph in memory; lists, search, lives and the newest changes."""

from __future__ import annotations

import tempfile
from collections import Counter, deque
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from j1ql.graphs import Story, graphs, write
from j1ql.memory_load import load_memory
from store.graphkit import PULL, REPO, USER, WORKSPACE, World, member, pull, repo, snapshot, user, workspace

from bucketgraph.errors import ConfigError
from bucketgraph.store.base import CHANGE_KINDS, Change
from bucketgraph.store.listing import Wanted
from bucketgraph.store.memory_graph import GraphState
from bucketgraph.store.neighbours import MOST, WHOLE, Kind
from bucketgraph.store.newest import Filter
from bucketgraph.store.store import Store

laws = settings(max_examples=12, deadline=None)


def near(state: GraphState, of: int) -> dict[int, None]:
    """Return whom relationships join with an entity, itself not."""
    touching = state.touching.get(of, [])
    return dict.fromkeys(end for edge in touching for end in (edge.from_id, edge.to_id) if end != of)


def distances(state: GraphState, start: int) -> dict[int, int]:
    found, queue = {start: 0}, deque([start])
    while queue:
        at = queue.popleft()
        for other in near(state, at):
            if other not in found:
                found[other] = found[at] + 1
                queue.append(other)
    return found


def kinds(state: GraphState, store: Store, of: int) -> Counter[Kind]:
    types = {one.id: one.name for one in store.known().types}
    found: Counter[Kind] = Counter()
    for edge in state.touching.get(of, []):
        if edge.from_id == of:
            found[Kind(edge.verb, "out", types[state.entities[edge.to_id].type_id])] += 1
        if edge.to_id == of:
            found[Kind(edge.verb, "in", types[state.entities[edge.from_id].type_id])] += 1
    return found


@laws
@given(graphs(), st.data())
def test_pictures_are_true_to_the_graph(story: Story, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = write(Path(folder) / "graph.db", story)
        try:
            state = load_memory(store).at()
            for of in state.entities:
                assert store.relationship_kinds(of) == kinds(state, store, of)
                whole = store.around([of], 1)
                assert next(one.id for one in whole.nodes) == of
                assert {one.id for one in whole.nodes} == {of, *near(state, of)}
                drawn = {one.id for one in whole.nodes}
                among = {e.id for e in state.edges if e.from_id in drawn and e.to_id in drawn}
                assert [edge.id for edge in whole.edges] == sorted(among)
                assert {one.id for one in store.expanded(of).nodes} == drawn
            if state.entities:
                start = data.draw(st.sampled_from(sorted(state.entities)))
                away = distances(state, start)
                for depth in (1, 2, 3):
                    found = {one.id for one in store.around([start], depth).nodes}
                    assert found == {one for one, steps in away.items() if steps <= depth}
                for goal in state.entities:
                    way, picture = store.way(start, goal)
                    assert way.whole
                    assert len(way.ids) == (away[goal] + 1 if goal in away else 0)
                    assert tuple(one.id for one in picture.nodes) == way.ids
                    assert all(b in near(state, a) for a, b in zip(way.ids, way.ids[1:], strict=False))
        finally:
            store.close()


@laws
@given(graphs())
def test_the_newest_changes_are_the_feed_from_its_end(story: Story) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = write(Path(folder) / "graph.db", story)
        try:
            feed = store.changes()
            for wanted in (Filter(), *(Filter(kind=kind) for kind in CHANGE_KINDS), Filter(element="entity")):
                expected = [
                    one
                    for one in feed
                    if wanted.kind in {None, one.kind} and wanted.element in {None, one.element}
                ]
                for limit in (3, 1000):
                    found = walked(store, wanted, limit)
                    assert sorted(map(told, found)) == sorted(map(told, expected))
                    assert [one.publication for one in found] == sorted(
                        (one.publication for one in found), reverse=True
                    )
        finally:
            store.close()


def told(one: Change) -> str:
    return repr(one)


def walked(store: Store, wanted: Filter, limit: int) -> list[Change]:
    """Return all pages of the newest changes."""
    found: list[Change] = []
    cursor = None
    while True:
        page = store.newest_changes(wanted, cursor, limit=limit)
        found += [one.change for one in page.changes]
        if page.cursor is None:
            return found
        assert page.cursor != cursor
        cursor = page.cursor


def crowd(world: World, number: int) -> dict[str, int]:
    """Publish a repository with many pull requests; return ids by key."""
    pulls = [pull(f"p{n:04}", "payments", author="ada", createdOn=n) for n in range(number)]
    world.publish(
        snapshot("w", workspace("acme"), member("acme", "ada"), member("acme", "ben")),
        snapshot("u", user("ada"), user("ben")),
        snapshot("r", repo("payments", workspace="acme"), repo("Payroll", workspace="acme")),
        snapshot("p", *pulls),
    )
    return {one.key: one.id for one in world.store.entities()}


def test_a_hub_is_counted_and_its_neighbours_come_by_pages(world: World) -> None:
    ids = crowd(world, 60)
    has = Kind("HAS", "out", PULL)
    assert world.store.relationship_kinds(ids["payments"]) == {has: 60, Kind("OWNS", "in", WORKSPACE): 1}
    pages = [
        [one.key for one in world.store.neighbours(ids["payments"], has, skip=skip).nodes[1:]]
        for skip in (0, 25, 50, 75)
    ]
    assert [len(page) for page in pages] == [25, 25, 10, 0]
    assert sorted(key for page in pages for key in page) == [f"p{n:04}" for n in range(60)]
    assert {one.key for one in world.store.expanded(ids["payments"]).nodes} == {"payments", "acme"}
    around = Counter(one.type for one in world.store.around([ids["payments"]]).nodes)
    assert around[WORKSPACE] == 1
    assert 0 < around[PULL] < WHOLE


def test_a_picture_is_never_larger_than_can_be_drawn(world: World) -> None:
    repos = [repo(f"r{n:03}", workspace="acme") for n in range(25)]
    pulls = [pull(f"p{n:04}", f"r{n % 25:03}") for n in range(500)]
    world.publish(snapshot("w", workspace("acme")), snapshot("r", *repos), snapshot("p", *pulls))
    start = next(one.id for one in world.store.entities(WORKSPACE))
    assert len(world.store.around([start], 3).nodes) == MOST


def test_links_tell_what_the_relationship_says(world: World) -> None:
    world.publish(snapshot("w", workspace("acme"), user("ada"), member("acme", "ada", permission="owner")))
    acme = next(one.id for one in world.store.entities(WORKSPACE))
    (link,) = world.store.joined(acme, Kind("HAS", "out", USER))
    assert (link.node.key, link.properties) == ("ada", {"permission": "owner"})


def test_a_search_for_a_way_gives_up_in_time_and_says_so(world: World) -> None:
    ids = crowd(world, 60)
    way, picture = world.store.way(ids["ben"], ids["p0000"], most=3)
    assert (way.ids, way.whole, picture.nodes) == ((), False, ())
    assert world.store.way(ids["ben"], ids["p0000"])[0].whole


def test_what_is_gone_stands_in_no_picture_but_keeps_its_life(world: World) -> None:
    world.publish(snapshot("u", user("ada", nick="a"), workspace("acme"), member("acme", "ada"), whole=True))
    world.publish(snapshot("u", user("ada", nick="b"), workspace("acme"), member("acme", "ada"), whole=True))
    ada = next(one.id for one in world.store.entities(USER))
    world.publish(snapshot("u", workspace("acme"), whole=True))
    assert world.store.around([ada]).nodes == ()
    assert world.store.search("ada") == []
    gone = world.store.entity(ada)
    assert gone is not None
    assert gone.end_on == world.clock.now
    new, old = world.store.versions(ada)
    assert (new.version, new.properties["nick"], new.deleted, new.end_on) == (2, "b", True, world.clock.now)
    assert (old.version, old.properties["nick"], old.deleted, old.end_on) == (1, "a", False, new.begin_on)
    assert new.run_id == world.runs["one"]
    assert world.store.entity(10**9) is None
    assert world.store.versions(10**9) == []


def test_search_finds_by_key_and_name_the_few_before_the_many(world: World) -> None:
    crowd(world, 40)
    assert [one.key for one in world.store.search("pay")] == ["payments", "Payroll"]
    assert [one.key for one in world.store.search("PAYROLL")] == ["Payroll"]
    assert [one.key for one in world.store.search("roll")] == ["Payroll"]
    assert [one.key for one in world.store.search("p0007")] == ["p0007"]
    found = world.store.search("p", limit=5)
    assert [one.key for one in found[:2]] == ["payments", "Payroll"]
    assert len(found) == 5
    for nothing in ("", "   ", "%", "_", "\\", "'; DROP TABLE entity --", "\x00", "x" * 100_000):
        assert world.store.search(nothing) == []


def test_a_list_is_filtered_sorted_and_cut(world: World) -> None:
    crowd(world, 12)
    page = world.store.listing(Wanted(PULL, order="createdOn", descending=True, offset=2, limit=3))
    assert (page.total, [one.key for one in page.entities]) == (12, ["p0009", "p0008", "p0007"])
    page = world.store.listing(Wanted("PR", text="P001", limit=50))
    assert (page.total, [one.key for one in page.entities]) == (2, ["p0010", "p0011"])
    page = world.store.listing(Wanted(PULL, where={"createdOn": 5}))
    assert (page.total, [one.key for one in page.entities]) == (1, ["p0005"])
    assert [one.key for one in world.store.listing(Wanted(REPO)).entities] == ["payments", "Payroll"]
    assert world.store.listing(Wanted("no_such_type")).total == 0


def test_who_lacks_what_is_sorted_by_stands_last(world: World) -> None:
    world.publish(snapshot("u", user("ada", rank=2), user("ben"), user("cy", rank=1)))
    up = world.store.listing(Wanted(USER, order="rank")).entities
    down = world.store.listing(Wanted(USER, order="rank", descending=True)).entities
    assert [one.key for one in up] == ["cy", "ada", "ben"]
    assert [one.key for one in down] == ["ada", "cy", "ben"]


def test_the_newest_changes_can_be_asked_of_a_type_and_an_integration(world: World) -> None:
    crowd(world, 3)
    world.publish(snapshot("u", user("eve")), integration="two")
    only_two = world.store.newest_changes(Filter(integration_id="two")).changes
    assert [one.change.key for one in only_two] == ["eve"]
    of_repos = world.store.newest_changes(Filter(type_or_class="CodeRepo", element="relationship")).changes
    assert {one.ends.verb for one in of_repos if one.ends} == {"HAS", "OWNS"}
    assert len(of_repos) == 5
    for strange in ("", "1", "1.2", "x" * 50, "1.0.1.1.9", "9" * 99):
        with pytest.raises(ConfigError):
            world.store.newest_changes(Filter(), strange)
