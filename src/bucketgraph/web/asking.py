"""What the address of the query page asks: read, checked, turned into a request, and written into addresses again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final, Literal
from urllib.parse import urlencode

from bucketgraph.graph.written import moment
from bucketgraph.j1ql.parser import parse
from bucketgraph.j1ql.results import PAGE_ROWS, Parameter, Request
from bucketgraph.j1ql.sorting import sorted_by
from bucketgraph.j1ql.syntax import Query
from bucketgraph.j1ql.variables import STORED, parameter, variables

Tab = Literal["table", "tree", "graph", "json", "explain"]
TABS: Final[tuple[Tab, ...]] = ("table", "tree", "graph", "json", "explain")
PAGE: Final = "/query"
_VARIABLE: Final = "var."
_SORTED_DOWN: Final = "-"


@dataclass(frozen=True, slots=True)
class Asking:
    """One state of the query page.

    `values` are what was typed for variables, by name; `as_of` is epoch ms. `sort` is a column, behind a minus for the
    greatest first; `seen` counts the rows on the pages before. `whole` shows all columns of a list.
    """

    text: str = ""
    tab: Tab | None = None
    as_of: int | None = None
    include_deleted: bool = False
    values: Mapping[str, str] = field(default_factory=dict)
    sort: str = ""
    cursor: str | None = None
    seen: int = 0
    whole: bool = False

    @property
    def asks(self) -> bool:
        """Tell whether there is anything to ask."""
        return bool(self.text.strip())

    @property
    def wanted(self) -> tuple[str, ...]:
        """Return the names of the variables that the query has, stored parameters left out."""
        return tuple(name for name in variables(self.text) if not name.startswith(STORED))

    @property
    def missing(self) -> tuple[str, ...]:
        """Return the names of the variables that have no value yet."""
        return tuple(name for name in self.wanted if not self.values.get(name, "").strip())

    @property
    def column(self) -> str:
        """Return the column by which rows are sorted; empty for none."""
        return self.sort.removeprefix(_SORTED_DOWN)

    @property
    def descending(self) -> bool:
        """Tell whether the greatest comes first."""
        return self.sort.startswith(_SORTED_DOWN)

    def query(self) -> Query:
        """Return the query's tree; raises QueryError."""
        return parse(self.text)

    def typed(self) -> dict[str, Parameter]:
        """Return the variables' values; raises ConfigError for what is none. What was left empty is not given."""
        return {
            name: parameter(self.values[name].strip(), name=name)
            for name in self.wanted
            if self.values.get(name, "").strip()
        }

    def request(
        self, *, sort: bool = True, page: int | None = PAGE_ROWS, limit: int | None = None
    ) -> Request:
        """Return what is asked of the store; raises QueryError where the text must be changed to be sorted."""
        text = self.text
        if sort and self.sort:
            text = sorted_by(self.query(), self.column, descending=self.descending)
        return Request(
            text,
            variables=self.typed(),
            as_of=self.as_of,
            include_deleted=self.include_deleted,
            limit=limit,
            page=page,
            cursor=self.cursor if page is not None else None,
        )

    def address(self, page: str = PAGE, **more: str) -> str:
        """Return the address of this state; `more` goes behind."""
        return f"{page}?{urlencode({**self.fields(), **more})}"

    def fields(self) -> dict[str, str]:
        """Return the address's fields by name, without those that say nothing."""
        said = {
            "q": self.text,
            "tab": self.tab or "",
            "asOf": picked(self.as_of),
            "includeDeleted": "1" if self.include_deleted else "",
            "sort": self.sort,
            "columns": "all" if self.whole else "",
            "cursor": self.cursor or "",
            "seen": str(self.seen) if self.seen else "",
            **{f"{_VARIABLE}{name}": self.values.get(name, "") for name in self.wanted},
        }
        return {name: value for name, value in said.items() if value}

    def written(self, text: str) -> Asking:
        """Return the same for another text."""
        return replace(self, text=text, sort="", cursor=None, seen=0)

    def on(self, tab: Tab) -> Asking:
        """Return the same question on another tab, at the first page."""
        return replace(self, tab=tab, cursor=None, seen=0)

    def sorted_on(self, column: str) -> Asking:
        """Return the same question sorted by a column; by the same one again, the other way around."""
        down = self.column == column and not self.descending
        return replace(self, sort=f"{_SORTED_DOWN}{column}" if down else column, cursor=None, seen=0)

    def at(self, cursor: str | None, seen: int) -> Asking:
        """Return another page of the same."""
        return replace(self, cursor=cursor, seen=seen)


def asking(given: Mapping[str, str]) -> Asking:
    """Read the fields of an address; raises ConfigError for a moment that is none.

    What else is strange is as if it was not there. Line ends are brought to one kind, as the editor has them.
    """
    tab = given.get("tab", "")
    seen = given.get("seen", "")
    return Asking(
        text=given.get("q", "").replace("\r\n", "\n"),
        tab=next((one for one in TABS if one == tab), None),
        as_of=moment(given.get("asOf", "").strip() or None, flag="The date"),
        include_deleted=given.get("includeDeleted", "") in {"1", "true", "on"},
        values={n.removeprefix(_VARIABLE): v for n, v in given.items() if n.startswith(_VARIABLE)},
        sort=given.get("sort", ""),
        cursor=given.get("cursor") or None,
        seen=int(seen) if seen.isascii() and seen.isdigit() and len(seen) <= len("1000000000") else 0,
        whole=given.get("columns", "") == "all",
    )


def picked(ms: int | None) -> str:
    """Write a moment as a date picker takes it, in UTC."""
    if ms is None:
        return ""
    return datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def example(text: str, values: Mapping[str, Any] | None = None) -> str:
    """Return the address that asks a query; `values` are of its variables, written as people type them."""
    return Asking(text, values=values or {}).address()
