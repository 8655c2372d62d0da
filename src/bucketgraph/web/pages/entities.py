"""One entity: what it is, what it is joined to, its history, and what the source said of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from bucketgraph.errors import Unknown
from bucketgraph.graph.values import Value
from bucketgraph.j1ql.results import public_id
from bucketgraph.store.base import StoredEntity
from bucketgraph.store.life import Version
from bucketgraph.store.neighbours import Kind
from bucketgraph.web.answers import Answer
from bucketgraph.web.showing import (
    Cell,
    Chip,
    Difference,
    cell,
    chip,
    differences,
    entity_of,
    groups,
    raw_json,
    safe_url,
)
from bucketgraph.web.visit import Page, Visit

FIRST: Final = 10
"""Neighbours of a kind that the page of an entity shows."""

_MOST_KINDS: Final = 40
_MOST_RAW: Final = 500_000
_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Joined(NamedTuple):
    """A neighbour, and what the relationship says."""

    to: Chip
    says: tuple[tuple[str, Cell], ...]


class Relationships(NamedTuple):
    """All relationships of one kind: how many, the first few, and where the rest is."""

    kind: Kind
    size: int
    first: tuple[Joined, ...]
    table: str
    query: str


class Change(NamedTuple):
    """A version with what it changed; no differences: it is the first that is known, or a return."""

    version: Version
    changed: Sequence[Difference]
    began: str


def overview(visit: Visit) -> Answer:
    """Show what an entity is and what it is joined to."""
    one = entity_of(visit)
    return _page(visit, one, "entity.html", "overview", **_facts(visit, one))


def panel(visit: Visit) -> Answer:
    """Show the same beside another page."""
    one = entity_of(visit)
    return visit.fragment("parts/entity_panel.html", **_head(visit, one), **_facts(visit, one, first=5))


def history(visit: Visit) -> Answer:
    """Show every version with what it changed, or what differs between two that were chosen."""
    one = entity_of(visit)
    versions = visit.app.store.versions(one.id)
    chosen = [_chosen(versions, visit.asked(name)) for name in ("from", "to")]
    compared = None
    if chosen[0] is not None and chosen[1] is not None:
        compared = differences(chosen[0].properties, chosen[1].properties)
    return _page(
        visit,
        one,
        "entity_history.html",
        "history",
        changes=_changes(versions),
        versions=versions,
        chosen=chosen,
        compared=compared,
    )


def raw(visit: Visit) -> Answer:
    """Show what the source answered last."""
    one = entity_of(visit)
    kept = visit.app.store.raw(one.id)
    text = raw_json(kept) if kept is not None else None
    cut = text is not None and len(text) > _MOST_RAW
    shown = None if text is None else text[:_MOST_RAW]
    return _page(visit, one, "entity_raw.html", "raw", raw=shown, cut_off=cut, size=len(kept or b""))


def _page(visit: Visit, one: StoredEntity, template: str, tab: str, **facts: Any) -> Answer:
    title = one.name[:120]
    return visit.page(template, title=title, here="assets", tab=tab, **_head(visit, one), **facts)


def _head(visit: Visit, one: StoredEntity) -> dict[str, Any]:
    return {
        "entity": one,
        "id": public_id(one.id),
        "link": safe_url(one.properties.get("webLink")),
        "owner": _owner(visit, one.integration_id),
    }


def _facts(visit: Visit, one: StoredEntity, first: int = FIRST) -> dict[str, Any]:
    store = visit.app.store
    kinds = {} if one.end_on is not None else dict(store.relationship_kinds(one.id))
    return {
        "groups": groups(store.catalogue, one),
        "relationships": [
            _relationships(visit, one, *part, first) for part in list(kinds.items())[:_MOST_KINDS]
        ],
        "total": sum(kinds.values()),
    }


def _relationships(visit: Visit, one: StoredEntity, kind: Kind, count: int, first: int) -> Relationships:
    links = visit.app.store.joined(one.id, kind, limit=first)
    asked = urlencode({"of": public_id(one.id), **kind._asdict()})
    joined = tuple(Joined(chip(link.node), _says(link.properties)) for link in links)
    return Relationships(kind, count, joined, f"/graph/table?{asked}", _query(one, kind))


def _says(properties: object) -> tuple[tuple[str, Cell], ...]:
    assert isinstance(properties, dict)  # noqa: S101  # the store reads them so
    return tuple((name, cell(name, value)) for name, value in sorted(properties.items()))


def _query(one: StoredEntity, kind: Kind) -> str:
    """Return the address of the relationships as a query; empty where a name cannot be written in one."""
    if not all(_WORD.fullmatch(name) for name in (one.type, kind.verb, kind.type)):
        return ""
    arrow = ">>" if kind.direction == "out" else "<<"
    start = f"FIND {one.type} WITH _id = '{public_id(one.id)}'"
    text = f"{start} THAT {kind.verb} {arrow} {kind.type} AS other RETURN other"
    return "/query?" + urlencode({"q": text})


def _changes(versions: Sequence[Version]) -> list[Change]:
    """Return the versions, the newest first, each with what differs from the one before."""
    found = []
    for place, version in enumerate(versions):
        former = versions[place + 1] if place + 1 < len(versions) else None
        if former is None:
            began = "seen first" if version.version == 1 else "older versions are not shown"
            found.append(Change(version, (), began))
        else:
            changed = differences(_all(former), _all(version))
            found.append(Change(version, changed, "came back" if former.deleted else "changed"))
    return found


def _all(version: Version) -> dict[str, Value]:
    return {**version.properties, "_type": version.type}


def _chosen(versions: Sequence[Version], text: str) -> Version | None:
    if not text:
        return None
    found = next((one for one in versions if str(one.version) == text), None)
    if found is None:
        raise Unknown(f"There is no version {text[:20]!r}.", hint="Choose one of those in the history.")
    return found


def _owner(visit: Visit, integration_id: str) -> tuple[str, str]:
    """Return id and name of the integration that brought an entity; no id where it has no page."""
    linked = next((one.id for one in visit.app.registry.all() if one.id == integration_id), "")
    names = {row.id: row.name for row in visit.app.store.integrations()}
    return linked, names.get(integration_id, "an integration that was removed")


PAGES = (
    Page("GET", "/entities/{id}", "viewer", overview),
    Page("GET", "/entities/{id}/panel", "viewer", panel),
    Page("GET", "/entities/{id}/history", "viewer", history),
    Page("GET", "/entities/{id}/raw", "viewer", raw),
)
