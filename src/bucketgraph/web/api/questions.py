"""The library of questions: list, show, ask."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from bucketgraph.errors import ConfigError, QueryError, QueryTimeout, Unknown
from bucketgraph.graph.written import moment
from bucketgraph.j1ql.results import PAGE_ROWS, Parameter, Request
from bucketgraph.questions.base import Asked, Question
from bucketgraph.questions.fill import asked
from bucketgraph.questions.loader import load
from bucketgraph.web.api.queries import QueryAnswer, Rows, Values, answer_of
from bucketgraph.web.bodies import Given, Moment, Name, Shown, Text, When
from bucketgraph.web.routing import Call, Route
from bucketgraph.web.timing import timed


class QuestionQuery(Given):
    """Which questions are wanted."""

    tag: Name | None = None
    search: Annotated[Text, Meta(description="Only those that mention all of these words.")] | None = None


class QuestionName(Given):
    """A question's name."""

    name: Name


class ParameterShown(Shown):
    """A parameter; without a default it must be given."""

    name: str
    kind: str
    default: Parameter | None
    meaning: str


class NamedQueryShown(Shown):
    """One query of a question."""

    name: str
    query: str


class QuestionShown(Shown):
    """A question with its queries; `empty` says what it means when nothing is found."""

    name: str
    title: str
    description: str
    theme: str
    tags: tuple[str, ...]
    parameters: list[ParameterShown]
    queries: list[NamedQueryShown]
    empty: str


class QuestionList(Shown):
    """Questions."""

    items: list[QuestionShown]


class AskBody(Given):
    """How a question is asked: its parameters by name, and only one of its queries, if one is named.

    Each answer is one page of at most `page` rows; `limit` cuts the whole answer.
    """

    parameters: Values = msgspec.field(default_factory=dict)
    query: Name | None = None
    now: Moment | None = None
    as_of: When | None = None
    limit: Annotated[int, Meta(ge=1, le=10**9)] | None = None
    page: Rows = PAGE_ROWS


class QuestionResult(QueryAnswer):
    """The answer of one of its queries; `query` and `variables` ask for the next page."""

    name: str
    query: str
    variables: dict[str, Parameter]


class QuestionAnswer(Shown):
    """The answers of a question's queries."""

    question: str
    title: str
    results: list[QuestionResult]


def list_all(call: Call[QuestionQuery, None]) -> QuestionList:
    """List the questions."""
    found = load(call.app.settings.home).chosen(tag=call.given.tag, search=call.given.search)
    return QuestionList(items=[_shown(one) for one in found])


def show(call: Call[QuestionName, None]) -> QuestionShown:
    """Show a question."""
    return _shown(load(call.app.settings.home).find(call.given.name))


def ask(call: Call[QuestionName, AskBody]) -> QuestionAnswer:
    """Ask a question."""
    question = load(call.app.settings.home).find(call.given.name)
    chosen = _chosen(question, asked(question, call.body.parameters), call.body.query)
    return QuestionAnswer(
        question=question.name, title=question.title, results=[_result(call, one) for one in chosen]
    )


def _result(call: Call[Any, AskBody], one: Asked) -> QuestionResult:
    body = call.body
    request = Request(
        one.text,
        variables=one.variables,
        now=body.now,
        as_of=moment(body.as_of, flag="asOf"),
        limit=body.limit,
        page=body.page,
    )
    answer = answer_of(timed(call.site, lambda: call.app.store.ask(request)))
    facts = {name: getattr(answer, name) for name in answer.__struct_fields__}
    return QuestionResult(name=one.name, query=one.text, variables=dict(one.variables), **facts)


def _chosen(question: Question, queries: tuple[Asked, ...], only: str | None) -> tuple[Asked, ...]:
    found = tuple(one for one in queries if only in {None, one.name})
    if not found:
        names = ", ".join(one.name for one in queries)
        raise ConfigError(f"{question.name} has no query {only!r}.", hint=f"It has: {names}.")
    return found


def _shown(question: Question) -> QuestionShown:
    return QuestionShown(
        name=question.name,
        title=question.title,
        description=question.description,
        theme=question.theme,
        tags=question.tags,
        parameters=[
            ParameterShown(name=p.name, kind=p.kind, default=p.default, meaning=p.meaning)
            for p in question.parameters
        ],
        queries=[NamedQueryShown(name=q.name, query=q.text) for q in question.queries],
        empty=question.empty,
    )


ROUTES = (
    Route(
        "GET",
        "/api/v1/questions",
        "List the questions.",
        "viewer",
        list_all,
        QuestionList,
        QuestionQuery,
        bound="all",
    ),
    Route(
        "GET",
        "/api/v1/questions/{name}",
        "Show a question with its queries.",
        "viewer",
        show,
        QuestionShown,
        QuestionName,
        errors=(Unknown,),
        bound="all",
    ),
    Route(
        "POST",
        "/api/v1/questions/{name}/ask",
        "Ask a question.",
        "viewer",
        ask,
        QuestionAnswer,
        QuestionName,
        AskBody,
        errors=(Unknown, QueryError, QueryTimeout),
        asks=True,
    ),
)
