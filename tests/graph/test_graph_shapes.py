"""Shapes: names and JSON kinds of properties, one object for equal ones."""

from __future__ import annotations

import enum

import pytest

from bucketgraph.graph import shapes
from bucketgraph.graph.shapes import shape_of


class State(enum.StrEnum):
    """A string that is an enumeration's member."""

    OPEN = "open"


def test_a_shape_tells_names_and_json_kinds() -> None:
    found = shape_of({"a": "x", "b": 1, "c": 1.5, "d": True, "e": ["x"], "f": State.OPEN})
    assert dict(found.kinds) == {
        "a": "string",
        "b": "number",
        "c": "number",
        "d": "boolean",
        "e": "list",
        "f": "string",
    }


def test_equal_shapes_are_one_object() -> None:
    assert shape_of({"a": "x", "b": 1}) is shape_of({"a": "y", "b": 2})
    assert shape_of({"a": "x", "b": 1}) is not shape_of({"a": "x", "b": True})
    assert shape_of({"a": "x"}) is not shape_of({"b": "x"})


def test_odd_data_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, "_MOST_KEPT", 10)
    for number in range(100):
        assert dict(shape_of({f"p{number}": 1}).kinds) == {f"p{number}": "number"}
    assert len(shapes._shapes) <= 10
