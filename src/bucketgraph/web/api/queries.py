"""Asking in J1QL: answers page by page, checks, plans, completion, differences between two moments."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from bucketgraph.errors import ConfigError, QueryError, QueryTimeout
from bucketgraph.graph.written import moment
from bucketgraph.j1ql import complete as completion
from bucketgraph.j1ql.results import PAGE_ROWS, Answer, Parameter, Request
from bucketgraph.web.bodies import Given, Limit, Moment, Shown, When
from bucketgraph.web.routing import Call, Route
from bucketgraph.web.timing import timed

Query = Annotated[str, Meta(max_length=200_000, description="A query in J1QL.")]
Values = Annotated[dict[str, Parameter], Meta(max_length=1000)]
Rows = Annotated[int, Meta(ge=1, le=10_000, description="How many rows one answer may hold.")]
_MOST_ROWS = 1000
_ERRORS = (QueryError, QueryTimeout)


class QueryText(Given):
    """A query with the values of `${name}` and `${param.name}`; the latter go before stored ones.

    `now` fixes what `date.now` means, `asOf` asks the graph as it was.
    """

    query: Query
    variables: Values = msgspec.field(default_factory=dict)
    parameters: Values = msgspec.field(default_factory=dict)
    now: Moment | None = None
    as_of: When | None = None
    include_deleted: bool = False


class QueryBody(QueryText):
    """A query, and which of its rows are wanted.

    `limit` cuts the rows of the whole answer, `page` those of one page; `cursor` is what the page before gave.
    """

    limit: Annotated[int, Meta(ge=1, le=10**9)] | None = None
    page: Rows = PAGE_ROWS
    cursor: Annotated[str, Meta(max_length=100_000)] | None = None


class QueryAnswer(Shown):
    """One page of an answer, in the shapes that JupiterOne's clients know; no cursor: it is the last page."""

    type: Literal["list", "table", "tree"]
    data: Any
    cursor: str | None
    total_count: int | None
    url: str | None
    messages: list[str]


class Checked(Shown):
    """The query can be asked; `messages` are warnings."""

    ok: bool
    messages: list[str]


class Explained(Shown):
    """How a query is answered.

    Its text put in order, the plan in words, the SQL with its values, and what the database says to it; `rows` counts
    the whole answer.
    """

    query: str
    plan: list[str]
    sql: str
    values: list[Any]
    database: list[str]
    rows: int
    messages: list[str]


class CompleteBody(Given):
    """A query, whole or half-written, and where the cursor stands in it (in characters; else at its end)."""

    query: Query
    offset: Annotated[int, Meta(ge=0, le=10**6)] | None = None


class CompletionShown(Shown):
    """What may be typed next, and the characters (start, end) that it takes the place of."""

    text: str
    kind: str
    detail: str
    replace: tuple[int, int]


class Completions(Shown):
    """All that may be typed next, the likeliest first."""

    items: list[CompletionShown]


class DiffBody(Given):
    """A query and two moments; without `to` the later one is now. `limit` cuts each kind of rows."""

    query: Query
    since: When = msgspec.field(name="from")
    until: When | None = msgspec.field(default=None, name="to")
    variables: Values = msgspec.field(default_factory=dict)
    parameters: Values = msgspec.field(default_factory=dict)
    include_deleted: bool = False
    limit: Limit = _MOST_ROWS


class Pair(Shown):
    """A row before and after."""

    before: dict[str, Any]
    after: dict[str, Any]


class DiffCounts(Shown):
    """How many rows there are in all."""

    added: int
    removed: int
    changed: int


class DiffAnswer(Shown):
    """The rows that only the later answer has, only the earlier one, and pairs that differ."""

    type: Literal["list", "table", "tree"]
    added: list[dict[str, Any]]
    removed: list[dict[str, Any]]
    changed: list[Pair]
    counts: DiffCounts
    messages: list[str]


def request_of(text: QueryText) -> Request:
    """Return what a body asks."""
    return Request(
        text.query,
        variables=text.variables,
        parameters=text.parameters,
        now=text.now,
        as_of=moment(text.as_of, flag="asOf"),
        include_deleted=text.include_deleted,
    )


def page_of(body: QueryBody) -> Request:
    """Return what a body asks, with the page that is wanted."""
    return replace(request_of(body), limit=body.limit, page=body.page, cursor=body.cursor)


def answer_of(answer: Answer) -> QueryAnswer:
    """Return an answer as it is sent."""
    return QueryAnswer(
        type=answer.type,
        data=answer.data,
        cursor=answer.cursor,
        total_count=answer.total,
        url=None,
        messages=list(answer.messages),
    )


def query(call: Call[Any, QueryBody]) -> QueryAnswer:
    """Answer a query, or one page of its answer."""
    request = page_of(call.body)
    return answer_of(timed(call.site, lambda: call.app.store.ask(request)))


def check(call: Call[Any, QueryText]) -> Checked:
    """Tell whether a query can be asked."""
    request = request_of(call.body)
    return Checked(ok=True, messages=list(timed(call.site, lambda: call.app.store.check(request))))


def explain(call: Call[Any, QueryText]) -> Explained:
    """Tell how a query is answered."""
    request = request_of(call.body)
    return msgspec.convert(timed(call.site, lambda: call.app.store.explain(request)).to_dict(), Explained)


def complete(call: Call[Any, CompleteBody]) -> Completions:
    """Tell what may be typed next."""
    text, store = call.body.query, call.app.store
    at = len(text) if call.body.offset is None else call.body.offset
    found = completion.complete(text, at, store.known(), store.catalogue)
    return msgspec.convert({"items": found}, Completions, from_attributes=True)


def diff(call: Call[Any, DiffBody]) -> DiffAnswer:
    """Compare what a query answers at two moments."""
    body = call.body
    begin, end = moment(body.since, flag="from"), moment(body.until, flag="to")
    if begin is None or (end is not None and end < begin):
        raise ConfigError("to is earlier than from.", hint="Swap the two.")
    request = Request(
        body.query,
        variables=body.variables,
        parameters=body.parameters,
        include_deleted=body.include_deleted,
        page=None,
    )
    found = timed(call.site, lambda: call.app.store.differences(request, begin, end))
    return DiffAnswer(
        type=found.type,
        added=found.added[: body.limit],
        removed=found.removed[: body.limit],
        changed=[Pair(before=before, after=after) for before, after in found.changed[: body.limit]],
        counts=DiffCounts(added=len(found.added), removed=len(found.removed), changed=len(found.changed)),
        messages=list(found.messages),
    )


ROUTES = (
    Route(
        "POST",
        "/api/v1/query",
        "Ask in J1QL; a page of the answer.",
        "viewer",
        query,
        QueryAnswer,
        body=QueryBody,
        errors=_ERRORS,
        asks=True,
    ),
    Route(
        "POST",
        "/api/v1/query/check",
        "Tell whether a query can be asked.",
        "viewer",
        check,
        Checked,
        body=QueryText,
        errors=_ERRORS,
        asks=True,
    ),
    Route(
        "POST",
        "/api/v1/query/explain",
        "Tell how a query is answered: plan and SQL.",
        "viewer",
        explain,
        Explained,
        body=QueryText,
        errors=_ERRORS,
        asks=True,
    ),
    Route(
        "POST",
        "/api/v1/query/complete",
        "Tell what may be typed next in a query.",
        "viewer",
        complete,
        Completions,
        body=CompleteBody,
    ),
    Route(
        "POST",
        "/api/v1/query/diff",
        "Compare what a query answers at two moments.",
        "viewer",
        diff,
        DiffAnswer,
        body=DiffBody,
        errors=_ERRORS,
        asks=True,
    ),
)
