"""A graph in memory shows at each moment what there was; read from a store, it is the store's own past."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from hypothesis import given, settings
from j1ql.graphs import Story, graphs, write
from j1ql.memory_load import load_memory

from bucketgraph.j1ql.known import KnownGraph, KnownType
from bucketgraph.store.memory_graph import EdgeVersion, EntityVersion, GraphState, MemoryGraph, Version

KNOWN = KnownGraph((KnownType(1, "kit_user", ("User",)),))


def person(number: int, version: int, begin: int, end: int | None) -> EntityVersion:
    when = Version(version, 10, begin, end)
    return EntityVersion(number, 1, f"p{number}", {"v": version}, when)


PAST = MemoryGraph(
    KNOWN,
    [
        person(1, 1, 10, 20),
        person(1, 2, 20, 30),  # deleted at 30
        person(1, 3, 40, None),  # and back at 40
        person(2, 1, 10, 35),  # gone for good
        person(3, 1, 10, None),
    ],
    [
        EdgeVersion(1, "KNOWS", 1, 3, {}, Version(1, 10, 10, 30)),
        EdgeVersion(1, "KNOWS", 1, 3, {"again": True}, Version(2, 10, 40, None)),
        EdgeVersion(2, "KNOWS", 2, 3, {}, Version(1, 10, 10, 35)),
        EdgeVersion(3, "KNOWS", 2, 3, {}, Version(1, 10, 10, None)),  # outlives its end
    ],
)


def seen(state: GraphState) -> tuple[dict[int, object], list[int]]:
    versions = {one.id: one.get("_version") for one in state.entities.values()}
    return versions, [edge.id for edge in state.edges]


def test_the_present_holds_what_has_not_ended() -> None:
    assert seen(PAST.at()) == ({1: 3, 3: 1}, [1])


def test_a_moment_holds_what_had_begun_and_not_ended() -> None:
    assert seen(PAST.at(9)) == ({}, [])
    assert seen(PAST.at(10)) == ({1: 1, 2: 1, 3: 1}, [1, 2, 3])
    assert seen(PAST.at(20)) == ({1: 2, 2: 1, 3: 1}, [1, 2, 3])
    assert seen(PAST.at(30)) == ({2: 1, 3: 1}, [2, 3])
    assert seen(PAST.at(35)) == ({3: 1}, [])
    assert seen(PAST.at(40)) == ({1: 3, 3: 1}, [1])


def test_deleted_things_come_in_their_last_version_with_their_end() -> None:
    state = PAST.at(include_deleted=True)
    assert seen(state) == ({1: 3, 2: 1, 3: 1}, [1, 2, 3])
    gone, alive = state.entities[2], state.entities[3]
    assert (gone.get("_deleted"), gone.get("_endOn")) == (True, 35)
    assert (alive.get("_deleted"), alive.get("_endOn")) == (False, None)
    assert [edge.get("_deleted") for edge in state.edges] == [False, True, False]


def test_deleted_things_at_a_moment_are_those_deleted_by_then() -> None:
    state = PAST.at(32, include_deleted=True)
    assert seen(state) == ({1: 2, 2: 1, 3: 1}, [1, 2, 3])
    assert {one.id: (one.get("_deleted"), one.get("_endOn")) for one in state.entities.values()} == {
        1: (True, 30),
        2: (False, None),
        3: (False, None),
    }


def test_metadata_is_of_the_version_and_the_first_sight_of_the_thing() -> None:
    one = PAST.at(25).entities[1]
    assert (one.get("_createdOn"), one.get("_beginOn"), one.get("_version")) == (10, 20, 2)
    assert (one.get("_id"), one.get("_type"), one.get("_class")) == ("0000000000000001", "kit_user", ["User"])


@settings(max_examples=40, deadline=None)
@given(graphs())
def test_a_store_reads_back_as_the_story_it_was_told(story: Story) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = write(Path(folder) / "graph.db", story)
        graph = load_memory(store)
        store.close()
    for moment, time in zip(story.moments, story.times, strict=True):
        state = graph.at(time)
        assert {
            one.key: (one.get("_type"), dict(one.properties)) for one in state.entities.values()
        } == moment.nodes
        ends = ("_fromEntityKey", "_toEntityKey")
        assert {
            (one.verb, *(one.get(end) for end in ends)): dict(one.properties) for one in state.edges
        } == moment.links
    latest, present = graph.at(story.now), graph.at()
    assert [one.metadata for one in latest.entities.values()] == [
        one.metadata for one in present.entities.values()
    ]


def test_the_interpreter_shares_no_code_with_what_it_judges() -> None:
    script = (
        "import sys, bucketgraph.store.memory; print(sorted({'sqlalchemy', 'sqlite3'} & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"
