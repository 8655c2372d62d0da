"""What the query page shows of an answer, tab by tab."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from bucketgraph.j1ql.results import Answer
from bucketgraph.j1ql.syntax import Tree
from bucketgraph.j1ql.words import Explanation
from bucketgraph.web.asking import PAGE, Asking, Tab
from bucketgraph.web.branches import Line, lines
from bucketgraph.web.routing import Site
from bucketgraph.web.rows import Rows, table
from bucketgraph.web.timing import timed

MOST_TEXT: Final = 400_000
"""Characters of JSON that a page shows; the export has all of it."""

_LOOKS: Final[dict[Tab, tuple[str, str]]] = {
    "table": ("Table", "table"),
    "tree": ("Tree", "tree"),
    "graph": ("Graph", "graph"),
    "json": ("JSON", "code"),
    "explain": ("Explain", "help"),
}
_FORMATS: Final = {
    "list": ("csv", "json", "graphml"),
    "table": ("csv", "json"),
    "tree": ("json", "graphml"),
}
EXPORT: Final = f"{PAGE}/export"
_NAMES: Final = {"csv": "CSV", "json": "JSON", "graphml": "GraphML"}


@dataclass(frozen=True, slots=True)
class Choice:
    """A tab, or a format to export."""

    name: str
    label: str
    icon: str
    address: str
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """One tab of an answer.

    `total` counts the rows of all pages where that is known, `first` and `last` are the numbers of those on this page.
    `following` and `beginning` are the addresses of other pages, empty for none. `more` lines of a tree are not shown;
    `is_cut` says that JSON goes on.
    """

    tab: Tab
    tabs: tuple[Choice, ...]
    exports: tuple[Choice, ...]
    took_ms: float
    messages: tuple[str, ...] = ()
    total: int | None = None
    first: int = 0
    last: int = 0
    following: str = ""
    beginning: str = ""
    rows: Rows | None = None
    lines: Sequence[Line] = ()
    more: int = 0
    text: str = ""
    is_cut: bool = False
    explanation: Explanation | None = None
    picture: str = ""

    @property
    def took(self) -> str:
        """Return how long it took, as people say it."""
        return f"{self.took_ms / 1000:.1f} s" if self.took_ms >= 1000 else f"{max(1, round(self.took_ms))} ms"  # noqa: PLR2004


def result(site: Site, asked: Asking) -> Result:
    """Ask what the tab needs; raises QueryError, QueryTimeout, ConfigError."""
    returns = asked.query().returns
    kind = "tree" if isinstance(returns, Tree) else "list" if returns is None else "table"
    offered: tuple[Tab, ...] = ("tree" if kind == "tree" else "table", "graph", "json", "explain")
    tab = asked.tab if asked.tab in offered else offered[0]
    begun = time.perf_counter()
    made = _TABS[tab](
        site, replace(asked, tab=tab), Result(tab, _tabs(asked, offered, tab), _exports(asked, kind), 0)
    )
    return replace(made, took_ms=made.took_ms or (time.perf_counter() - begun) * 1000)


def _tabs(asked: Asking, offered: Sequence[Tab], chosen: Tab) -> tuple[Choice, ...]:
    return tuple(Choice(one, *_LOOKS[one], asked.on(one).address(), chosen=one == chosen) for one in offered)


def _exports(asked: Asking, kind: str) -> tuple[Choice, ...]:
    whole = replace(asked, tab=None, cursor=None, seen=0, whole=False)
    return tuple(
        Choice(one, _NAMES[one], "download", whole.address(EXPORT, format=one)) for one in _FORMATS[kind]
    )


def _answer(site: Site, asked: Asking, into: Result, *, metadata: bool = False) -> tuple[Answer, Result]:
    """Ask for a page of the answer, and note what all tabs say of it."""
    request = replace(asked.request(), row_metadata=metadata)
    begun = time.perf_counter()
    answer = timed(site, lambda: site.app.store.ask(request))
    took = (time.perf_counter() - begun) * 1000
    if answer.type == "tree":
        return answer, replace(into, took_ms=took, total=answer.total, messages=answer.messages)
    last = asked.seen + len(answer.data)
    return answer, replace(
        into,
        took_ms=took,
        messages=answer.messages,
        total=answer.total,
        first=asked.seen + 1 if answer.data else 0,
        last=last,
        following=asked.at(answer.cursor, last).address() if answer.cursor else "",
        beginning=asked.at(None, 0).address() if asked.cursor else "",
    )


def _as_table(site: Site, asked: Asking, into: Result) -> Result:
    answer, made = _answer(site, asked, into, metadata=True)
    return replace(made, rows=table(answer, asked))


def _as_tree(site: Site, asked: Asking, into: Result) -> Result:
    answer, made = _answer(site, asked, into)
    shown, more = lines(answer.data)
    return replace(made, lines=shown, more=more)


def _as_json(site: Site, asked: Asking, into: Result) -> Result:
    answer, made = _answer(site, asked, into)
    text = msgspec.json.format(msgspec.json.encode(answer.envelope()), indent=2).decode()
    return replace(made, text=text[:MOST_TEXT], is_cut=len(text) > MOST_TEXT)


def _as_graph(site: Site, asked: Asking, into: Result) -> Result:
    request = asked.request(sort=False)
    messages = timed(site, lambda: site.app.store.check(request))
    picture = replace(asked, tab=None, sort="", cursor=None, seen=0, whole=False).address(f"{PAGE}/graph")
    return replace(into, messages=messages, picture=picture)


def _as_explained(site: Site, asked: Asking, into: Result) -> Result:
    request = asked.request()
    found = timed(site, lambda: site.app.store.explain(request))
    return replace(into, messages=found.messages, total=found.rows, explanation=found)


_TABS: Final = {
    "table": _as_table,
    "tree": _as_tree,
    "graph": _as_graph,
    "json": _as_json,
    "explain": _as_explained,
}
