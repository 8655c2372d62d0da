"""The feed of changes, the newest first: a sentence each, grouped by day, with before and after."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Final, NamedTuple
from urllib.parse import urlencode

from bucketgraph.errors import ConfigError
from bucketgraph.graph.values import iso_utc
from bucketgraph.j1ql.results import public_id
from bucketgraph.store.base import CHANGE_KINDS, Change
from bucketgraph.store.feed import ELEMENTS
from bucketgraph.store.newest import Filter, Seen
from bucketgraph.web.answers import Answer
from bucketgraph.web.showing import Chip, Difference, differences
from bucketgraph.web.visit import Page, Visit

_PAGE: Final = 50
_NAMED: Final = 3
_UNSEEN: Final = frozenset({"updatedOn"})
"""Properties that change with every other one, and alone say nothing."""


class Line(NamedTuple):
    """A change as a sentence: an entity or two, what happened, and the properties that differ."""

    on: int
    kind: str
    chip: Chip | None
    verb: str
    other: Chip | None
    words: str
    differences: Sequence[Difference]


class Day(NamedTuple):
    """The changes of a day, in UTC."""

    date: str
    lines: tuple[Line, ...]


def changes(visit: Visit) -> Answer:
    """Show what changed in the graph."""
    wanted = _filter(visit)
    page = visit.app.store.newest_changes(wanted, visit.asked("cursor") or None, limit=_PAGE)
    lines = [_line(one) for one in page.changes]
    asked = {name: visit.asked(name) for name in ("integration", "type", "kind", "element")}
    kept = {name: value for name, value in asked.items() if value}
    days = [Day(date, tuple(those)) for date, those in groupby(lines, lambda one: iso_utc(one.on)[:10])]
    known = visit.app.store.known()
    return visit.page(
        "changes.html",
        title="Changes",
        here="changes",
        days=days,
        asked=asked,
        filtered=bool(kept),
        older=f"/changes?{urlencode({**kept, 'cursor': page.cursor})}" if page.cursor else "",
        newest=f"/changes?{urlencode(kept)}" if visit.asked("cursor") else "",
        integrations=[(row.id, row.name) for row in visit.app.store.integrations()],
        types=sorted(known.type_names),
        classes=sorted(known.class_names),
    )


def _filter(visit: Visit) -> Filter:
    store = visit.app.store
    integration, type_name = visit.asked("integration"), visit.asked("type")
    if integration and integration not in {row.id for row in store.integrations()}:
        raise ConfigError("There is no such integration.", hint="Choose one of the list.")
    known = store.known()
    if type_name and type_name not in {*known.type_names, *known.class_names}:
        raise ConfigError(f"There is no type or class {type_name[:80]!r}.", hint="Choose one of the list.")
    kinds = {str(one): one for one in CHANGE_KINDS}
    elements = {str(one): one for one in ELEMENTS}
    for name, allowed in (("kind", kinds), ("element", elements)):
        if visit.asked(name) and visit.asked(name) not in allowed:
            raise ConfigError(
                f"There is no {name} {visit.asked(name)[:80]!r}.", hint="Choose one of the list."
            )
    return Filter(
        integration or None,
        elements.get(visit.asked("element")),
        type_name or None,
        kinds.get(visit.asked("kind")),
    )


def _line(seen: Seen) -> Line:
    change = seen.change
    differing = differences(change.before, change.after) if change.kind == "updated" else ()
    if seen.ends is not None:
        ends = seen.ends
        one = Chip(public_id(ends.from_id), ends.from_type, ends.from_name)
        other = Chip(public_id(ends.to_id), ends.to_type, ends.to_name)
        return Line(change.on, change.kind, one, ends.verb, other, _of_relationship(change), differing)
    one = Chip(public_id(seen.id), change.type, change.name)
    return Line(change.on, change.kind, one, "", None, _of_entity(change), differing)


def _of_relationship(change: Change) -> str:
    if change.kind == "created":
        return "(new)"
    return "(no more)" if change.kind == "deleted" else f"(changed {_named(change)})"


def _of_entity(change: Change) -> str:
    """Return what happened to an entity, in words that follow its name."""
    if change.kind == "created":
        return "is new"
    if change.kind == "deleted":
        return "is gone"
    telling = {*change.before, *change.after} - _UNSEEN
    if len(telling) == 1:
        return _one_property(change, next(iter(telling)))
    if {"name", "displayName"} <= telling <= {"name", "displayName", "title"}:
        return f"was named {_short(change.before.get('displayName'))} before"
    if "state" in telling:
        return _went(change, "state")
    return f"changed {_named(change)}"


def _one_property(change: Change, name: str) -> str:
    before, after = change.before.get(name), change.after.get(name)
    if isinstance(before, bool) and isinstance(after, bool):
        return f"became {_spaced(name)}" if after else f"is no longer {_spaced(name)}"
    if name not in change.before:
        return f"got {_spaced(name)} {_short(after)}"
    if name not in change.after:
        return f"lost {_spaced(name)} {_short(before)}"
    return _went(change, name)


def _went(change: Change, name: str) -> str:
    if name not in change.before or name not in change.after:
        return f"changed {_named(change)}"
    before, after = change.before[name], change.after[name]
    if isinstance(before, str | int) and isinstance(after, str | int):
        return f"went from {_short(before)} to {_short(after)} ({_spaced(name)})"
    return f"changed {_spaced(name)}"


def _named(change: Change) -> str:
    names = sorted({*change.before, *change.after} - _UNSEEN) or sorted({*change.before, *change.after})
    more = len(names) - _NAMED
    return ", ".join(map(_spaced, names[:_NAMED])) + (f" and {more} more" if more > 0 else "")


def _spaced(name: str) -> str:
    """Write a property's name as words: `isPrivate` is private."""
    words = "".join(f" {sign.lower()}" if sign.isupper() else sign for sign in name[:60]).strip()
    return words.removeprefix("is ") or name[:60]


def _short(value: object) -> str:
    text = str(value)
    return f"“{text[:60]}{'…' if len(text) > 60 else ''}”"  # noqa: PLR2004  # a line's worth


PAGES = (Page("GET", "/changes", "viewer", changes),)
