"""Answers as rows and columns: which columns there are, and how a cell is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from bucketgraph.graph.written import minute
from bucketgraph.j1ql.results import Answer

_FIRST_METADATA: Final = ("_id", "_key", "_type", "_class", "displayName")
_TELLING: Final = (
    "state",
    "public",
    "accountType",
    "member",
    "active",
    "repository",
    "author",
    "approvers",
    "projectKey",
    "language",
    "permission",
    "createdOn",
    "updatedOn",
)
"""Properties that tell most of our own types, in the order in which they are shown."""

_TOLD: Final = 4
_REPEATS: Final = frozenset({"name", "title", "displayName", "description", "webLink", "key", "id"})
_EARLIEST_MS, _LATEST_MS = 10**10, 10**13  # beyond: no date that anybody means
_LONG: Final = 40

Row = Sequence[Any]


def full(answer: Answer) -> tuple[tuple[str, ...], Iterable[Row]]:
    """Return all columns of a list or table and its rows, nothing left out."""
    if answer.type == "table":
        columns = answer.columns or _union(answer.data)
        return columns, ([row.get(name) for name in columns] for row in answer.data)
    flat = [{**_entity(vertex), **vertex["properties"]} for vertex in answer.data]
    names = _union(flat)
    columns = (*(n for n in _FIRST_METADATA if n in names), *(n for n in names if n not in _FIRST_METADATA))
    return columns, ([row.get(name) for name in columns] for row in flat)


def telling(answer: Answer) -> tuple[tuple[str, ...], list[Row]]:
    """Return what a person wants to see: of a list name, type, the properties that tell most, and key."""
    if answer.type == "table":
        columns, rows = full(answer)
        return columns, list(rows)
    chosen = _most_telling(answer.data)
    rows = [
        (
            vertex["entity"].get("displayName"),
            type_of(vertex),
            *(vertex["properties"].get(name) for name in chosen),
            vertex["entity"].get("_key"),
        )
        for vertex in answer.data
    ]
    return ("name", "type", *chosen, "key"), rows


def type_of(vertex: Mapping[str, Any]) -> str:
    """Return the `_type` of a vertex as one text."""
    return _one(vertex["entity"].get("_type")) or ""


def cell(name: str, value: Any) -> str:
    """Write a cell for a person: dates as UTC minutes, lists with commas, an entity by its name."""
    if isinstance(value, list):
        return ", ".join(cell("", one) for one in value)
    if isinstance(value, dict):
        return name_of(value)
    return minute(int(value)) if is_moment(name, value) else _scalar(value)


def _scalar(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def name_of(thing: Mapping[str, Any]) -> str:
    """Return what a person calls a vertex or an edge."""
    facts = thing.get("entity") or thing.get("relationship") or {}
    return str(facts.get("displayName") or facts.get("_class") or facts.get("_key") or thing.get("id", ""))


def exact(value: Any) -> str:
    """Write a cell for a program: nothing for what is missing, a list or an object as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def is_number(value: Any) -> bool:
    """Tell whether a cell is a number, or missing; such columns stand right."""
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def is_moment(name: str, value: Any) -> bool:
    """Tell whether a cell is a moment in epoch ms: its column says so, and it is one that anybody means."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and name.endswith("On") and _EARLIEST_MS <= value < _LATEST_MS


def _entity(vertex: Mapping[str, Any]) -> dict[str, Any]:
    return {**vertex["entity"], "_type": _one(vertex["entity"].get("_type"))}


def _one(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _union(rows: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for row in rows for name in row))


def _most_telling(vertices: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Choose properties that most rows have and that differ from row to row, well-known ones first."""
    names = _union(vertex["properties"] for vertex in vertices)
    values = {name: [vertex["properties"].get(name) for vertex in vertices] for name in names}
    known = [name for name in _TELLING if name in values]
    others = sorted(
        (n for n in names if n not in _TELLING and n not in _REPEATS and not n.endswith(("Id", "Ids"))),
        key=lambda name: (-_worth(values[name]), name),
    )
    return tuple([*known, *others][:_TOLD])


def _worth(values: Sequence[Any]) -> float:
    present = [str(value) for value in values if value is not None]
    short = sum(len(value) <= _LONG for value in present)
    return short / len(values) + (len(set(present)) > 1)
