"""The query page: a question, its answer on tabs, and what the editor asks while somebody writes."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from bucketgraph.access import notebook
from bucketgraph.answers.csv_text import as_csv
from bucketgraph.answers.graphml import graphml
from bucketgraph.errors import BucketgraphError, ConfigError, QueryError, StoreError, UserError
from bucketgraph.j1ql import complete as completion
from bucketgraph.j1ql.results import Answer as Found
from bucketgraph.j1ql.results import Request
from bucketgraph.j1ql.variables import STORED, variables, written
from bucketgraph.questions.fill import asked as filled
from bucketgraph.questions.loader import load
from bucketgraph.store.neighbours import MOST
from bucketgraph.web.answers import Answer, Download, Json
from bucketgraph.web.asking import PAGE, Asking, asking, example, picked
from bucketgraph.web.drawable import entities, numbers, past
from bucketgraph.web.pages import graphs
from bucketgraph.web.result import EXPORT, Result, result
from bucketgraph.web.saying import Complaint, complaint, errors
from bucketgraph.web.timing import timed
from bucketgraph.web.visit import Page, Visit

MOST_ROWS: Final = 100_000
"""Rows of an answer that an export holds; a longer one is refused, because leaving out rows would deceive."""

_RECENT: Final = 5
_ASIDE: Final = ("graph", "explain")
"""Tabs that look at an answer from another side; they are not noted as asking anew."""

_LONGEST: Final = 200_000
_EXAMPLES: Final = (
    "merged-without-approval",
    "public-repositories",
    "merged-by-author",
    "stale-pull-requests",
)
_FEW: Final = 4
_JSON: Final = "application/json"


def query(visit: Visit) -> Answer:
    """Show the editor, and the answer where something is asked."""
    asked, found, wrong, status = Asking(text=visit.query.get("q", "")), None, None, 200
    try:
        asked = asking(visit.query)
        if asked.asks and not asked.missing:
            found = _asked(visit, asked)
    except UserError as error:
        wrong, status = _wrong(visit, asked, error), error.http_status
    return visit.page(
        "query.html",
        title="Query",
        here="query",
        status=status,
        asked=asked,
        picked=picked(asked.as_of) or visit.asked("asOf") if wrong else picked(asked.as_of),
        found=found,
        wrong=wrong,
        most_rows=MOST_ROWS,
        **({} if asked.asks else _beginning(visit)),
    )


def _asked(visit: Visit, asked: Asking) -> Result:
    """Ask, and note in the visitor's history that it was asked; pages and orders of the same are not noted."""
    if len(asked.text) > _LONGEST:
        raise ConfigError(
            f"The query is longer than {_LONGEST:,} characters.", hint="Ask in several queries."
        )
    begun = time.perf_counter()
    rows: int | None = None
    try:
        found = result(visit.site, asked)
        rows = found.total
    finally:
        if asked.cursor is None and not asked.sort and asked.tab not in _ASIDE:
            took = round((time.perf_counter() - begun) * 1000)
            with contextlib.suppress(StoreError):  # a history that cannot be written keeps nobody from asking
                notebook.remember(visit.app.store, visit.visitor, asked.text, rows=rows, took_ms=took)
    return found


def _wrong(visit: Visit, asked: Asking, error: BucketgraphError) -> Complaint:
    """Return what is wrong; of a query that is sorted, the place in what was written and not in what was made of it."""
    if isinstance(error, QueryError) and asked.sort:
        try:
            visit.app.store.check(asked.request(sort=False, page=None))
        except QueryError as written:
            return complaint(written, asked.text)
        return Complaint(error.message, error.hint)
    return complaint(error, asked.text)


def _beginning(visit: Visit) -> dict[str, Any]:
    """Return what stands where nothing is asked yet: good questions, and what was asked last."""
    return {
        "examples": examples(visit),
        "recent": notebook.history(visit.app.store, visit.visitor, limit=_RECENT),
        "address": example,
    }


def examples(visit: Visit) -> list[tuple[str, str]]:
    """Return a few questions of the library with the addresses that ask them; those chosen first."""
    listed = load(visit.app.settings.home).questions
    ready = [one for one in listed if all(p.default is not None for p in one.parameters)]
    ready.sort(key=lambda one: _EXAMPLES.index(one.name) if one.name in _EXAMPLES else len(_EXAMPLES))
    chosen = [(one, filled(one, {})[0]) for one in ready[:_FEW]]
    return [(one.title, asked_address(query.text, query.variables)) for one, query in chosen]


def asked_address(text: str, values: Any) -> str:
    """Return the address that asks a filled query of the library."""
    return example(text.strip(), {name: written(value) for name, value in values.items()})


def complete(visit: Visit) -> Answer:
    """Tell the editor what may be typed next."""
    text, at = visit.form.get("query", ""), visit.form.get("at", "")
    offset = int(at) if at.isascii() and at.isdigit() and len(at) < 10 else len(text)  # noqa: PLR2004
    if len(text) > _LONGEST:
        return Json({"from": 0, "to": 0, "options": []})
    store = visit.app.store
    graph = store.known()
    found = completion.complete(text, offset, graph, store.catalogue)
    replaced = found[0].replace if found else (offset, offset)
    options = [
        {"label": one.text, "detail": one.detail, "kind": one.kind, "count": _count(graph, one)}
        for one in found
    ]
    return Json({"from": replaced[0], "to": replaced[1], "options": options})


def _count(graph: Any, one: completion.Completion) -> int | None:
    if one.kind == "type":
        return int(graph.count(graph.of_type(one.text)))
    return int(graph.count(graph.of_class(one.text))) if one.kind == "class" else None


def check(visit: Visit) -> Answer:
    """Tell the editor what is wrong with what is written; values of variables are given when it is asked."""
    text = visit.form.get("query", "")
    given = {name: "" for name in variables(text) if not name.startswith(STORED)}
    try:
        visit.app.store.check(Request(text, variables=given))
    except QueryError as error:
        return Json({"errors": errors(error, text)})
    except UserError:  # it may take too long to say; asking tells
        return Json({"errors": []})
    return Json({"errors": []})


def graph(visit: Visit) -> Answer:
    """Answer the picture of what a query found, and what the explorer asks from there."""
    if visit.asked("expand") or visit.asked("from"):
        return graphs.data(visit)
    store, asked = visit.app.store, asking(visit.query)
    request = replace(asked.request(sort=False, page=MOST), row_metadata=True)
    answer = timed(visit.site, lambda: store.ask(request))
    if asked.as_of is not None and answer.type != "table":
        return Json(past(answer, MOST))
    ids = numbers(entities(answer)[:MOST])
    return Json(graphs.drawn(store.picture(ids)))


def export(visit: Visit) -> Answer:
    """Answer the whole answer as a file."""
    asked, form = asking(visit.query), visit.asked("format")
    if form not in _WRITERS:
        raise ConfigError(f"There is no format {form[:40]!r}.", hint="Choose CSV, JSON or GraphML.")
    request = asked.request(page=None, limit=MOST_ROWS + 1)
    answer = timed(visit.site, lambda: visit.app.store.ask(request))
    size = len(answer.data["vertices"] if answer.type == "tree" else answer.data)
    if size > MOST_ROWS:
        raise ConfigError(
            f"The answer has more than {MOST_ROWS:,} rows, which is more than one file holds.",
            hint="Narrow the query, or use `bucketgraph query --format csv`, which has no such limit.",
        )
    if form == "csv" and answer.type == "tree":
        raise ConfigError("A tree is no table.", hint="Export it as JSON or GraphML.")
    if form == "graphml" and answer.type == "table":
        raise ConfigError("A table is no graph.", hint="Ask with RETURN TREE, or without RETURN.")
    stamp = datetime.fromtimestamp(visit.app.store.now() / 1000, UTC).strftime("%Y%m%d-%H%M%S")
    media_type, write = _WRITERS[form]
    return Download(write(answer), f"query-{stamp}.{form}", media_type)


def _csv(answer: Found) -> bytes:
    return as_csv(answer, guarded=True).encode()


def _json(answer: Found) -> bytes:
    return msgspec.json.encode(answer.envelope())


def _graphml(answer: Found) -> bytes:
    return graphml(answer).encode()


_WRITERS: Final = {
    "csv": ("text/csv; charset=utf-8", _csv),
    "json": (_JSON, _json),
    "graphml": ("application/graphml+xml", _graphml),
}

PAGES = (
    Page("GET", PAGE, "viewer", query, asks=True),
    Page("POST", f"{PAGE}/complete", "viewer", complete),
    Page("POST", f"{PAGE}/check", "viewer", check, asks=True),
    Page("GET", f"{PAGE}/graph", "viewer", graph, asks=True),
    Page("GET", EXPORT, "viewer", export, asks=True),
)
