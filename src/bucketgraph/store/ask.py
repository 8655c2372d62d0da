"""Asking: from a request to an answer, in one read transaction.

A text that was asked before is not parsed, planned and lowered again: what that gave is kept under the text,
its values and the names that the graph knew.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, Generic, Literal, TypeVar

import msgspec
from sqlalchemy import Connection, Dialect, func, select

from bucketgraph.errors import QueryError, QueryTimeout
from bucketgraph.graph.schema import Catalogue
from bucketgraph.j1ql import given, plan, syntax
from bucketgraph.j1ql.branches import branches
from bucketgraph.j1ql.differences import Differences, compare, key_columns
from bucketgraph.j1ql.known import KnownGraph
from bucketgraph.j1ql.parser import parse
from bucketgraph.j1ql.printer import to_text
from bucketgraph.j1ql.resolve import Resolved, resolve
from bucketgraph.j1ql.results import Answer, Request
from bucketgraph.j1ql.words import Explanation, steps_of
from bucketgraph.store import known, pages, parameters
from bucketgraph.store import tables as t
from bucketgraph.store.deadline import deadline_of
from bucketgraph.store.lowering.outputs import Lowered, lowered
from bucketgraph.store.lowering.setting import Setting
from bucketgraph.store.pages import Place
from bucketgraph.store.reading import Reader, add_metadata, table_rows
from bucketgraph.store.statement import fetch, running

T = TypeVar("T")

MAX_TREE_ROWS: Final = 100_000
"""Paths of a tree: more than anybody can look at, little enough to hold."""

_KEPT: Final = 256
_COUNTING_SECONDS: Final = 1.0
_HANDY: Final = 10_000
"""Characters of a text, and values of its parameters, that are not too many to be kept."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A question made ready: its plan, the statement's text with its values, and how to read its rows."""

    resolved: Resolved
    branches: tuple[plan.Plan, ...]
    lowered: Lowered
    sql: str
    values: tuple[Any, ...]
    kind: Literal["list", "table", "tree"]
    names: tuple[str, ...] | None
    """The names of the columns, where all cells are what the driver gives."""
    columns: tuple[str, ...]
    """The different ones among them."""

    @property
    def plan(self) -> plan.Plan:
        """Return the plan as it was resolved."""
        return self.resolved.plan

    @property
    def cut_sql(self) -> str:
        """Return the statement with marks for how many rows, and how many to leave out."""
        return f"{self.sql}\n LIMIT ? OFFSET ?"


class Kept(Generic[T]):
    """The most recently used answers of something costly, for several threads."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._found: OrderedDict[Hashable, T] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], T], *, keep: bool = True) -> T:
        """Return what is kept under a key, or make it; `keep` it unless it is so large that many fill the memory."""
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
                return self._found[key]
        made = make()
        if not keep:
            return made
        with self._lock:
            self._found[key] = made
            while len(self._found) > _KEPT:
                self._found.popitem(last=False)
        return made


class Asker:
    """Answers requests on connections of one store; safe to use from several threads."""

    def __init__(self, catalogue: Catalogue, timeout_seconds: float) -> None:
        """Take how long a statement may run."""
        self._catalogue, self._timeout = catalogue, timeout_seconds
        self._trees: Kept[tuple[syntax.Query, bool]] = Kept()
        self._prepared: Kept[Prepared] = Kept()

    def ask(self, connection: Connection, request: Request, clock: Callable[[], int]) -> Answer:
        """Answer a request. `clock` tells the time of asking (epoch ms). Raises `QueryTimeout`, `QueryError`."""
        given.check(request)
        place, question = pages.read_cursor(request), pages.question_of(request)
        with running(connection, self._timeout):
            request = _pinned(connection, request, place, clock)
            graph = self.known(connection)
            if place is not None:
                pages.check_owners(place, graph.owners)
            prepared = self.prepare(connection, request, graph)
            setting = partial(_setting, connection, self._catalogue, graph, request)
            reader = Reader(connection, setting, graph)
            return self.answer(connection, prepared, request, place, reader, question=question)

    def answer(
        self,
        connection: Connection,
        prepared: Prepared,
        request: Request,
        place: Place | None,
        reader: Reader,
        *,
        question: str = "",
    ) -> Answer:
        """Run a prepared request and read its rows; `question` is what its cursors belong to."""
        if prepared.kind == "tree":
            return _tree(connection, prepared, reader)
        rows, after = _page(connection, prepared, request, place)
        following = None if after is None else self._cursor(connection, request, place, after, question)
        data, columns = _data(prepared, rows, reader)
        total = len(rows) + (place.offset if place else 0)
        counted = total if following is None else _counted(connection, prepared)
        return Answer(prepared.kind, data, columns, following, counted, prepared.resolved.messages)

    def _cursor(
        self, connection: Connection, request: Request, place: Place | None, offset: int, question: str
    ) -> str:
        """Return the cursor of a page: of whichever page it is, it speaks of the first one's question and graph."""
        if place is None:
            place = Place(
                question,
                offset,
                *_newest(connection),
                now=request.now or 0,
                as_of=request.as_of,
                parameters=pages.digest(request.parameters),
                owners=pages.marks(self.known(connection).owners),
            )
        return pages.write_cursor(msgspec.structs.replace(place, offset=offset))

    def check(self, connection: Connection, request: Request, clock: Callable[[], int]) -> tuple[str, ...]:
        """Return the warnings of a request that can be asked. Raises `QueryError` for one that cannot."""
        given.check(request)
        place = pages.read_cursor(request)
        with running(connection, self._timeout):
            request = _pinned(connection, request, place, clock)
            prepared = self.prepare(connection, request, self.known(connection))
            fetch(connection, f"EXPLAIN {prepared.sql}", prepared.values)  # the database may yet refuse it
            return prepared.resolved.messages

    def explain(self, connection: Connection, request: Request, clock: Callable[[], int]) -> Explanation:
        """Tell how a request is answered, and count the rows of the whole answer."""
        given.check(request)
        with running(connection, self._timeout):
            request = _pinned(connection, request, pages.read_cursor(request), clock)
            graph = self.known(connection)
            prepared = self.prepare(connection, request, graph)
            explained = fetch(connection, f"EXPLAIN QUERY PLAN {prepared.sql}", prepared.values)
            rows = _count(connection, prepared)
        return Explanation(
            to_text(parse(request.text)),
            steps_of(prepared.branches, graph),
            prepared.sql,
            prepared.values,
            tuple(line[3] for line in explained),
            rows,
            prepared.resolved.messages,
        )

    def differences(
        self, connection: Connection, request: Request, since: int, until: int, clock: Callable[[], int]
    ) -> Differences:
        """Compare the whole answers as of two moments (epoch ms)."""
        now = request.now if request.now is not None else clock()
        request = replace(request, now=now, page=None, cursor=None, row_metadata=True)
        before = self.ask(connection, replace(request, as_of=since), clock)
        after = self.ask(connection, replace(request, as_of=until), clock)
        made = self.prepare(connection, replace(request, as_of=until), self.known(connection)).plan
        return compare(before, after, key_columns(made.output))

    def known(self, connection: Connection) -> KnownGraph:
        """Return what is known of the graph; read again only when somebody has written."""
        info = connection.connection.info
        version = fetch(connection, "PRAGMA data_version", ())
        kept: tuple[Any, KnownGraph] | None = info.get("known")
        if kept is None or kept[0] != version:
            kept = (version, known.known_graph(connection, self._catalogue))
            info["known"] = kept
        return kept[1]

    def prepare(self, connection: Connection, request: Request, graph: KnownGraph) -> Prepared:
        """Parse, resolve, plan and lower a request, or find it done. Raises `QueryError`."""
        query, asks_the_time = self._parsed(request.text)
        now = request.now if asks_the_time else None
        key = (pages.question_of(request), request.as_of, now, graph.version)
        return self._prepared.get(
            key, lambda: self._prepare(connection, request, graph, query), keep=_is_handy(request)
        )

    def _parsed_anew(self, text: str) -> tuple[syntax.Query, bool]:
        query = parse(text)
        return query, any(isinstance(one, syntax.DateNow) for one in syntax.walk(query))

    def _parsed(self, text: str) -> tuple[syntax.Query, bool]:
        """Return the tree of a text, and whether it asks what time it is."""
        return self._trees.get(text, lambda: self._parsed_anew(text), keep=len(text) <= _HANDY)

    def _prepare(
        self, connection: Connection, request: Request, graph: KnownGraph, query: syntax.Query
    ) -> Prepared:
        resolved = resolved_request(request, query, graph)
        made = resolved.plan
        if request.limit is not None:
            made = replace(made, limit=min(request.limit, made.limit or request.limit))
            resolved = replace(resolved, plan=made)
        setting = _setting(connection, self._catalogue, graph, request)
        parts = branches(made, graph, setting.look)
        done = lowered(made, parts, setting, with_slots=request.row_metadata)
        setting.look()
        sql, values = _text(done, connection.dialect)
        names = _plain_names(made, done)
        columns = tuple(dict.fromkeys(names or ()))
        return Prepared(resolved, parts, done, sql, values, _kind(made.output), names, columns)


def _is_handy(request: Request) -> bool:
    values = (*request.variables.values(), *request.parameters.values())
    sizes = (len(one) if isinstance(one, list) else 1 for one in values)
    return len(request.text) <= _HANDY and sum(sizes) <= _HANDY


def _kind(output: plan.Output) -> Literal["list", "table", "tree"]:
    if isinstance(output, plan.ListOutput):
        return "list"
    return "tree" if isinstance(output, plan.TreeOutput) else "table"


def _plain_names(made: plan.Plan, done: Lowered) -> tuple[str, ...] | None:
    plain = isinstance(made.output, plan.TableOutput) and all(
        one in {"string", "number"} for one in done.cells
    )
    return tuple(one.name for one in made.output.columns) if plain else None  # type: ignore[union-attr]


def resolved_request(request: Request, query: syntax.Query, graph: KnownGraph) -> Resolved:
    """Resolve a parsed request."""
    return resolve(
        query,
        text=request.text,
        known=graph,
        now=request.now or 0,
        variables=request.variables,
        parameters=request.parameters,
    )


def _pinned(
    connection: Connection, request: Request, place: Place | None, clock: Callable[[], int]
) -> Request:
    """Fix what `date.now` and the present mean, so that all pages of an answer speak of the same.

    Stored parameters are filled in where a text may ask for them; those of the request go before.
    """
    if "${" in request.text:
        request = replace(request, parameters={**parameters.read(connection), **request.parameters})
    if place is None:
        return request if request.now is not None else replace(request, now=clock())
    if place.parameters != pages.digest(request.parameters):
        raise QueryError(
            "Stored parameters have changed since the first page.", hint="Ask for the first page again."
        )
    as_of = place.as_of
    if as_of is None and place.publication != _newest(connection)[0]:
        as_of = place.moment
    return replace(request, now=place.now, as_of=as_of)


def _newest(connection: Connection) -> tuple[int, int]:
    """Return number and moment (epoch ms) of the newest publication."""
    newest = select(func.max(t.publication.c.id), func.max(t.publication.c.published_on))
    number, moment = connection.execute(newest).one()
    return number or 0, moment or 0


def _setting(connection: Connection, catalogue: Catalogue, graph: KnownGraph, request: Request) -> Setting:
    verbs = {row.name: row.id for row in connection.execute(select(t.verb))}
    look = deadline_of(connection.connection.info).check
    return Setting(graph, catalogue, verbs, request.as_of, request.include_deleted, look)


def _text(done: Lowered, dialect: Dialect) -> tuple[str, tuple[Any, ...]]:
    compiled = done.statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    values: dict[str, Any] = dict(compiled.params)
    return str(compiled), tuple(values[name] for name in compiled.positiontup or ())


def _page(
    connection: Connection, prepared: Prepared, request: Request, place: Place | None
) -> tuple[list[Any], int | None]:
    """Return the rows of one page, and how many rows stand before the next; None: there is no next."""
    made = prepared.resolved.plan
    if request.page is None and made.limit is None and not made.skip and place is None:
        return fetch(connection, prepared.sql, prepared.values), None
    offset = place.offset if place else 0
    left = None if made.limit is None else max(0, made.limit - offset)
    wanted = left if request.page is None else min(request.page, request.page if left is None else left)
    more = wanted is not None and (left is None or left > wanted)
    count = -1 if wanted is None else wanted + int(more)
    rows = fetch(connection, prepared.cut_sql, (*prepared.values, count, made.skip + offset))
    if wanted is None or len(rows) <= wanted:
        return rows, None
    return rows[:wanted], offset + wanted


def _count(connection: Connection, prepared: Prepared) -> int:
    """Return how many rows the whole answer has; of a tree, how many paths it is made of."""
    made = prepared.plan
    whole = made.limit is None or prepared.kind == "tree"
    cut = (-1 if whole else made.limit, 0 if prepared.kind == "tree" else made.skip)
    counting = f"SELECT COUNT(*) FROM ({prepared.cut_sql})"  # noqa: S608  # our own statement
    return int(fetch(connection, counting, (*prepared.values, *cut))[0][0])


def _counted(connection: Connection, prepared: Prepared) -> int | None:
    """Return how many rows the whole answer has, or None when finding out takes more than a moment."""
    deadline = deadline_of(connection.connection.info)
    end, deadline.end = deadline.end, min(deadline.end, time.monotonic() + _COUNTING_SECONDS)
    try:
        return _count(connection, prepared)
    except sqlite3.OperationalError:
        if not deadline.passed:
            raise
        deadline.passed = False
        return None
    except QueryTimeout:
        return None
    finally:
        deadline.end = end


def _data(prepared: Prepared, rows: list[Any], reader: Reader) -> tuple[list[Any], tuple[str, ...]]:
    if prepared.kind == "list":
        return [reader.entity(row).shown for row in reader.paced(rows)], ()
    if prepared.names is not None:
        names = prepared.names
        found = [dict(zip(names, row, strict=False)) for row in reader.paced(rows)]
        columns = prepared.columns
    else:
        output = prepared.plan.output
        assert isinstance(output, plan.TableOutput)  # noqa: S101  # lists and trees are read elsewhere
        found, columns = table_rows(output.columns, prepared.lowered.cells, rows, reader)
    if prepared.lowered.slots:
        add_metadata(found, rows, prepared.plan.slots, prepared.lowered.slots)
    return found, columns


def _tree(connection: Connection, prepared: Prepared, reader: Reader) -> Answer:
    """Collect what the rows hold, of the wanted entities of the first slot."""
    made, slots = prepared.plan, prepared.lowered.slots
    rows = fetch(connection, prepared.cut_sql, (*prepared.values, MAX_TREE_ROWS + 1, 0))
    messages = prepared.resolved.messages
    if len(rows) > MAX_TREE_ROWS:
        messages = (*messages, f"The tree has more than {MAX_TREE_ROWS:,} paths; it is cut.")
        del rows[MAX_TREE_ROWS:]
    first = slots.index(0)
    starts = list(dict.fromkeys(row[first] for row in rows))
    end = None if made.limit is None else made.skip + made.limit
    chosen = set(starts[made.skip : end])
    vertices: set[int] = set()
    edges: set[int] = set()
    for row in reader.paced(rows):
        if row[first] in chosen:
            for slot, one in zip(slots, row, strict=False):
                if one is not None:
                    (edges if made.slots[slot].kind == "edge" else vertices).add(one)
    data = {
        "vertices": [one.shown for _, one in sorted(reader.entities(vertices).items())],
        "edges": [one.shown for _, one in sorted(reader.edges(edges).items())],
    }
    return Answer("tree", data, total=len(chosen), messages=messages)
