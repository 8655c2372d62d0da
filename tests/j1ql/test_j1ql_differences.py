"""What counts as added, removed and changed between two answers."""

from __future__ import annotations

from typing import Any

from bucketgraph.j1ql.differences import compare
from bucketgraph.j1ql.results import Answer


def vertex(number: int, *, version: int = 1, **properties: Any) -> dict[str, Any]:
    return {
        "id": f"{number:016x}",
        "entity": {"_id": f"{number:016x}", "_version": version, "_beginOn": version, "displayName": "x"},
        "properties": properties,
    }


def row(path: list[str], **cells: Any) -> dict[str, Any]:
    return {**cells, "_meta": {"path": path, "byAlias": {}}}


def test_entities_are_the_same_by_id_and_change_with_their_properties() -> None:
    before = Answer("list", [vertex(1, a=1), vertex(2, a=1), vertex(3, a=1)])
    after = Answer("list", [vertex(2, a=2, version=2), vertex(3, a=1, version=2), vertex(4, a=1)])
    found = compare(before, after, None)
    assert [one["id"][-1] for one in found.added] == ["4"]
    assert [one["id"][-1] for one in found.removed] == ["1"]
    assert [(old["properties"]["a"], new["properties"]["a"]) for old, new in found.changed] == [(1, 2)]


def test_rows_are_the_same_by_the_path_they_stand_for() -> None:
    before = Answer("table", [row(["1", "2"], n="a"), row(["1", "3"], n="b"), row(["1", "4"], n="c")])
    after = Answer("table", [row(["1", "2"], n="z"), row(["1", "3"], n="b"), row(["1", "5"], n="c")])
    found = compare(before, after, None)
    assert (found.added, found.removed, found.changed) == (
        [{"n": "c"}],
        [{"n": "c"}],
        [({"n": "a"}, {"n": "z"})],
    )


def test_groups_are_the_same_by_their_keys() -> None:
    before = Answer("table", [{"k": "a", "n": 1}, {"k": None, "n": 2}, {"k": True, "n": 3}])
    after = Answer("table", [{"k": "a", "n": 2}, {"k": None, "n": 2}, {"k": 1, "n": 3}])
    found = compare(before, after, ("k",))
    assert found.changed == [({"k": "a", "n": 1}, {"k": "a", "n": 2})]
    assert (found.added, found.removed) == ([{"k": 1, "n": 3}], [{"k": True, "n": 3}])


def test_a_whole_entity_as_a_key_is_itself_whatever_its_properties() -> None:
    before = Answer("table", [{"u": vertex(1, a=1), "n": 1}])
    after = Answer("table", [{"u": vertex(1, a=1, version=2), "n": 1}])
    assert compare(before, after, ("u",)).changed == []
    renamed = Answer("table", [{"u": vertex(1, a=2, version=2), "n": 1}])
    assert len(compare(before, renamed, ("u",)).changed) == 1


def test_without_keys_aggregates_are_one_row_that_changes() -> None:
    found = compare(Answer("table", [{"n": 1}]), Answer("table", [{"n": 2}]), ())
    assert found.changed == [({"n": 1}, {"n": 2})]


def test_equal_rows_that_stand_for_nothing_are_counted() -> None:
    before = Answer("table", [{"n": 1}, {"n": 1}])
    after = Answer("table", [{"n": 1}, {"n": 1}, {"n": 1}, {"n": 2}])
    found = compare(before, after, None)
    assert (found.added, found.removed, found.changed) == ([{"n": 1}, {"n": 2}], [], [])


def test_a_tree_changes_by_its_vertices_and_edges() -> None:
    edge = {"id": f"{1:016x}", "relationship": {"_id": f"{1:016x}"}, "properties": {"since": 1}}
    later = {**edge, "properties": {"since": 2}}
    before = Answer("tree", {"vertices": [vertex(1, a=1)], "edges": [edge]})
    after = Answer("tree", {"vertices": [vertex(1, a=1)], "edges": [later]})
    assert compare(before, after, None).changed == [(edge, later)]
