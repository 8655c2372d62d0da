"""Answers as a browser's table shows them: cells with their links, columns with their sorting. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import quote

from bucketgraph.answers.tabular import cell, full, is_moment, is_number, name_of, telling, type_of
from bucketgraph.graph.values import iso_utc
from bucketgraph.j1ql import syntax
from bucketgraph.j1ql.results import Answer
from bucketgraph.j1ql.sorting import sortable
from bucketgraph.web.asking import Asking

_SHOWN: Final = 200
_TITLED: Final = 1000
_META: Final = "_meta"
_LINK: Final = re.compile(r"https://[!-~]{1,2000}")


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a cell. `entity` is the id of what it is about, `type` its type where that is known.

    `moment` is the ISO time of a date. `title` is there where the text is cut, bounded too.
    """

    text: str
    title: str = ""
    entity: str = ""
    type: str = ""
    link: str = ""
    moment: str = ""
    number: bool = False

    @property
    def href(self) -> str:
        """Return the address of the entity's page."""
        return f"/entities/{quote(self.entity, safe='')}"


@dataclass(frozen=True, slots=True)
class Column:
    """A column; `sort` is the address that sorts by it, empty where nothing can, `sorted` the order it is in."""

    name: str
    number: bool = False
    sort: str = ""
    sorted: str = ""


@dataclass(frozen=True, slots=True)
class Rows:
    """A table; `name` is one for all answers with the same columns.

    `other` is the address that shows all properties of a list, or only the telling ones; empty for a table.
    """

    columns: tuple[Column, ...]
    rows: list[list[Cell]]
    name: str
    other: str = ""


def table(answer: Answer, asked: Asking) -> Rows:
    """Return the rows of a list or table, each cell with what it leads to."""
    names, found = full(answer) if asked.whole or answer.type == "table" else telling(answer)
    rows = list(found)
    query = asked.query()
    numbers = [_is_number_column(name, [row[at] for row in rows]) for at, name in enumerate(names)]
    able = sortable(query, tuple(names))
    columns = tuple(
        _column(name, number=number, able=name in able, asked=asked)
        for name, number in zip(names, numbers, strict=True)
    )
    leads = _leads(answer, query, names)
    other = replace(asked, whole=not asked.whole).address() if answer.type == "list" else ""
    cells = [
        [_cell(name, value, lead) for name, value, lead in zip(names, row, leads(at), strict=True)]
        for at, row in enumerate(rows)
    ]
    return Rows(columns, cells, f"query-{hashlib.sha256('|'.join(names).encode()).hexdigest()[:12]}", other)


def cut(text: str) -> tuple[str, str]:
    """Return a text as far as a cell shows it, and for its title where that is not all, bounded too."""
    if len(text) <= _SHOWN:
        return text, ""
    return f"{text[:_SHOWN]}…", text if len(text) <= _TITLED else f"{text[:_TITLED]}…"


@dataclass(frozen=True, slots=True)
class Lead:
    """The entity that a cell leads to."""

    entity: str = ""
    type: str = ""


_NOWHERE: Final = Lead()


def _leads(answer: Answer, query: syntax.Query, names: Sequence[str]) -> Callable[[int], list[Lead]]:
    """Return a function that says for the row of a number where its cells lead."""
    if answer.type == "list":
        first = next((at for at, name in enumerate(names) if name in {"name", "displayName"}), 0)
        return lambda at: _only(first, Lead(answer.data[at]["id"], type_of(answer.data[at])), len(names))
    aliases = _aliases(query, names)

    def of_row(at: int) -> list[Lead]:
        by_alias = answer.data[at].get(_META, {}).get("byAlias", {})
        return [_lead(by_alias.get(alias)) for alias in aliases]

    return of_row


def _only(first: int, lead: Lead, width: int) -> list[Lead]:
    return [lead if at == first else _NOWHERE for at in range(width)]


def _lead(thing: Mapping[str, Any] | None) -> Lead:
    return Lead(thing["id"]) if thing is not None and "entity" in thing else _NOWHERE


def _aliases(query: syntax.Query, names: Sequence[str]) -> list[str]:
    """Return by column whose property it shows, of each alias the first column alone; empty for no property."""
    shown: dict[str, str] = {}
    for item in query.returns if isinstance(query.returns, tuple) else ():
        path = item.expression
        if isinstance(path, syntax.Path) and not path.star and path.segments[0] not in shown.values():
            shown.setdefault(item.name, path.segments[0])
    return [shown.get(name, "") for name in names]


def _column(name: str, *, number: bool, able: bool, asked: Asking) -> Column:
    sort = asked.sorted_on(name).address() if able else ""
    chosen = asked.column == name
    order = "" if not (able and chosen) else "descending" if asked.descending else "ascending"
    return Column(cut(name)[0], number, sort, order)


def _is_number_column(name: str, values: Sequence[Any]) -> bool:
    there = [value for value in values if value is not None]
    return bool(there) and all(is_number(value) and not is_moment(name, value) for value in there)


def _cell(name: str, value: Any, lead: Lead) -> Cell:
    if isinstance(value, dict):
        return _thing(value)
    text, title = cut(cell(name, value))
    return Cell(
        text,
        title,
        entity=lead.entity if text else "",
        type=lead.type,
        link=value if isinstance(value, str) and _LINK.fullmatch(value) else "",
        moment=iso_utc(int(value)) if is_moment(name, value) else "",
        number=is_number(value) and value is not None and not is_moment(name, value),
    )


def _thing(value: Mapping[str, Any]) -> Cell:
    text, title = cut(name_of(value))
    if "entity" in value:
        return Cell(text, title, entity=str(value["id"]), type=type_of(value))
    return Cell(text, title)
