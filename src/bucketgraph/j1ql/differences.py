"""What changed between two answers of one query: rows added, removed and changed. Pure.

A row is the same row when it stands for the same thing: an entity of a list by its id, a group by its keys, any
other row of a table by the path that it stands for. Rows of a UNIQUE table stand for nothing but themselves, so
they are only added or removed.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bucketgraph.graph.values import encode_json
from bucketgraph.j1ql import plan
from bucketgraph.j1ql.resolve_conditions import aggregates
from bucketgraph.j1ql.results import Answer


@dataclass(frozen=True, slots=True)
class Differences:
    """The rows that only the later answer has, those that only the earlier one has, and pairs that differ.

    Of a tree, the rows are its vertices and edges.
    """

    type: Literal["list", "table", "tree"]
    added: list[Any]
    removed: list[Any]
    changed: list[tuple[Any, Any]]
    columns: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return them as a program gets them."""
        return {
            "type": self.type,
            "added": self.added,
            "removed": self.removed,
            "changed": [{"before": before, "after": after} for before, after in self.changed],
            "messages": list(self.messages),
        }


def key_columns(output: plan.Output) -> tuple[str, ...] | None:
    """Return the names of the cells that tell groups apart; None for what is not grouped.

    Of `alias.*` the entity's id does; where two columns have one name no cell tells, and None is returned.
    """
    if not isinstance(output, plan.TableOutput) or not output.grouped:
        return None
    names = [one.name for one in output.columns]
    if len(set(names)) < len(names):
        return None
    return tuple(
        f"{one.name}._id" if one.star else one.name
        for one in output.columns
        if not aggregates(one.expression)
    )


def compare(before: Answer, after: Answer, keys: Sequence[str] | None) -> Differences:
    """Compare two whole answers; tables that are not grouped need their rows' metadata."""
    old, new = _by_identity(before, keys), _by_identity(after, keys)
    both = [one for one in new if one in old]
    return Differences(
        after.type,
        [_plain(new[one]) for one in new if one not in old],
        [_plain(old[one]) for one in old if one not in new],
        [(_plain(old[one]), _plain(new[one])) for one in both if _content(old[one]) != _content(new[one])],
        tuple(dict.fromkeys((*after.columns, *before.columns))),
        tuple(dict.fromkeys((*before.messages, *after.messages))),
    )


def _by_identity(answer: Answer, keys: Sequence[str] | None) -> dict[Hashable, Any]:
    """Return the rows by what they stand for; equal rows that stand for nothing else are counted apart."""
    rows = [*answer.data["vertices"], *answer.data["edges"]] if answer.type == "tree" else answer.data
    found: dict[Hashable, Any] = {}
    for row in rows:
        identity, number = _identity(row, answer.type, keys), 0
        while (identity, number) in found:
            number += 1
        found[identity, number] = row
    return found


def _identity(row: Mapping[str, Any], kind: str, keys: Sequence[str] | None) -> Hashable:
    if kind != "table":
        return ("entity" in row, row["id"])
    if keys is not None:
        return tuple(encode_json(_key(row.get(name))) for name in keys)
    path = row.get("_meta", {}).get("path")
    return encode_json(row if path is None else path)


def _key(value: Any) -> Any:
    """Return what tells a key apart: a whole entity is itself, whatever its properties."""
    return value["id"] if isinstance(value, dict) else value


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "_meta"}


def _content(row: Mapping[str, Any]) -> str:
    """Return what counts as a change: not when a version began, nor which one it is."""
    shown = {name: _without_versions(value) for name, value in _plain(row).items()}
    return encode_json(shown)


def _without_versions(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    kept = {name: _without_versions(inner) for name, inner in value.items()}
    return {name: inner for name, inner in kept.items() if name not in {"_version", "_beginOn"}}
