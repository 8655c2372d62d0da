"""What pages about the graph share: entities as chips, properties in groups, values as cells, differences, CSV."""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final, Literal, NamedTuple
from urllib.parse import urlsplit

import msgspec

from bucketgraph.answers.csv_text import BEGINS_FORMULA
from bucketgraph.errors import Unknown
from bucketgraph.graph.schema import Catalogue
from bucketgraph.graph.values import TAG_PREFIX, Value, iso_utc
from bucketgraph.j1ql.results import private_id, public_id
from bucketgraph.store.base import StoredEntity
from bucketgraph.store.neighbours import Node
from bucketgraph.web.visit import Visit

CellKind = Literal["time", "link", "flag", "list", "text"]
Step = Literal["same", "del", "ins"]

_TIME: Final = re.compile(r".*(On|At|Date|Time)")
_PLAUSIBLE_MS: Final = range(100_000_000_000, 10_000_000_000_000)
_PIECES: Final = re.compile(r"\w+|\s+|[^\w\s]")
_MOST_PIECES: Final = 2_000
_LONGEST: Final = 4_000
_IDENTITY: Final = frozenset(
    {"name", "displayName", "title", "id", "number", "key", "slug", "fullName", "username", "nickname"}
    | {"accountId", "employeeId", "firstName", "lastName", "bitbucketNickname", "bitbucketAccountId"}
    | {"description", "webLink", "website"}
)
_PEOPLE: Final = re.compile(
    r".*(author|review|approv|closedBy|mergedBy|requestedBy|owner|manager|email|accountId).*", re.IGNORECASE
)
_STATES: Final = frozenset({"state", "status", "reason", "forkPolicy", "accountType"})


class Chip(NamedTuple):
    """An entity as pages name it; `id` is the one of the world."""

    id: str
    type: str
    name: str


class Cell(NamedTuple):
    """A value as it is shown: `text` for people, `moment` in epoch ms for times, `url` for links."""

    kind: CellKind
    text: str
    moment: int | None = None
    url: str = ""
    items: tuple[str, ...] = ()


class Fact(NamedTuple):
    """A property with its value and what it means."""

    name: str
    cell: Cell
    meaning: str = ""


class Group(NamedTuple):
    """Properties that belong together."""

    title: str
    facts: tuple[Fact, ...]


class Piece(NamedTuple):
    """Some words of a value: in both, only before, or only after."""

    step: Step
    text: str


class Difference(NamedTuple):
    """A property that differs; None is "not there"."""

    name: str
    before: Cell | None
    after: Cell | None
    pieces: tuple[Piece, ...]


def chip(one: StoredEntity | Node) -> Chip:
    """Return an entity as a chip."""
    return Chip(public_id(one.id), one.type, one.name)


def number_of(text: str) -> int:
    """Return the store's number of an id as the world writes it; raises Unknown for what is none."""
    number = private_id(text)
    if number is None or not 0 <= number < 2**63:
        raise Unknown("This is no id of an entity.", hint="Search for the entity by its name.")
    return number


def entity_of(visit: Visit) -> StoredEntity:
    """Return the entity of a page's address, also a deleted one; raises Unknown where there is none."""
    found = visit.app.store.entity(number_of(visit.path["id"]))
    if found is None:
        raise Unknown(
            "There is no entity with this id.",
            hint="It may have been erased with its integration. Search for it by its name.",
        )
    return found


def groups(catalogue: Catalogue, one: StoredEntity) -> list[Group]:
    """Return the properties of an entity in groups, declared ones in their declared order."""
    declared = catalogue.entities.get(one.type) if one.declared else None
    meanings = {p.name: p.meaning for p in declared.properties} if declared else {}
    order = {name: place for place, name in enumerate(meanings)}
    found: dict[str, list[Fact]] = {title: [] for title in _TITLES}
    for name in sorted(one.properties, key=lambda name: (order.get(name, len(order)), name)):
        value = one.properties[name]
        found[_group(name, value)].append(Fact(name, cell(name, value), meanings.get(name, "")))
    return [Group(title, tuple(facts)) for title, facts in found.items() if facts]


_TITLES: Final = ("Identity", "State", "People", "Times", "Tags", "More")


def _group(name: str, value: Value) -> str:
    if name.startswith(TAG_PREFIX) or name == "tags":
        return "Tags"
    if name in _IDENTITY:
        return "Identity"
    if _is_moment(name, value):
        return "Times"
    if isinstance(value, bool) or name in _STATES:
        return "State"
    return "People" if _PEOPLE.fullmatch(name) else "More"


def cell(name: str, value: Value) -> Cell:
    """Return a property's value as it is shown."""
    if isinstance(value, bool):
        return Cell("flag", "yes" if value else "no")
    if isinstance(value, int) and _is_moment(name, value):
        return Cell("time", iso_utc(value), moment=value)
    if isinstance(value, list):
        items = tuple(_text(one) for one in value)
        return Cell("list", ", ".join(items), items=items)
    text = _text(value)
    return Cell("link", text, url=text) if safe_url(text) else Cell("text", text)


def safe_url(text: object) -> str:
    """Return an address of the web that may be linked to; empty for anything else."""
    if not isinstance(text, str) or not text.startswith(("https://", "http://")) or len(text) > _LONGEST:
        return ""
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    return text if parts.hostname and not parts.username else ""


def differences(before: Mapping[str, Value], after: Mapping[str, Value]) -> list[Difference]:
    """Return the properties that differ, with their words compared."""
    found = []
    for name in sorted(before.keys() | after.keys()):
        old, new = (cell(name, of[name]) if name in of else None for of in (before, after))
        if old != new:
            found.append(Difference(name, old, new, tuple(_compared(old, new))))
    return found


def _compared(old: Cell | None, new: Cell | None) -> Iterator[Piece]:
    """Compare two texts word by word; long ones as wholes, as comparing them would cost too much."""
    if old is None or new is None or {old.kind, new.kind} != {"text"}:
        return
    one, other = _PIECES.findall(old.text), _PIECES.findall(new.text)
    if max(len(one), len(other)) > _MOST_PIECES or min(len(one), len(other)) <= 1:
        return
    for how, a, b, c, d in difflib.SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if how == "equal":
            yield Piece("same", "".join(one[a:b]))
        else:
            yield from (Piece("del", "".join(one[a:b])), Piece("ins", "".join(other[c:d])))


def raw_json(raw: bytes) -> str:
    """Return a source's answer as people read JSON; what is none as it is."""
    try:
        return msgspec.json.format(raw, indent=2).decode("utf-8", "replace")
    except msgspec.DecodeError:
        return raw.decode("utf-8", "replace")


def csv_lines(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """Write rows as CSV in parts; cells that a spreadsheet would take for formulas are made texts."""
    for line in chain([columns], rows):
        out = io.StringIO()
        csv.writer(out).writerow([_guarded(one) for one in line])
        yield out.getvalue().encode()


def _guarded(value: Any) -> Any:
    text = "" if value is None else value
    if isinstance(text, list):
        text = "; ".join(_text(one) for one in text)
    if isinstance(text, bool):
        return "true" if text else "false"
    return f"'{text}" if isinstance(text, str) and text.startswith(BEGINS_FORMULA) else text


def _is_moment(name: str, value: Value) -> bool:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return is_number and bool(_TIME.fullmatch(name)) and value in _PLAUSIBLE_MS


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.12g}" if isinstance(value, float) else str(value)
