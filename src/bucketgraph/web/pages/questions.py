"""The library of questions, and the way from one into the editor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from bucketgraph.access import notebook
from bucketgraph.errors import ConfigError
from bucketgraph.j1ql.results import Parameter
from bucketgraph.j1ql.variables import written
from bucketgraph.questions.base import Asked, Question, QuestionParameter
from bucketgraph.questions.fill import asked, typed
from bucketgraph.questions.loader import load
from bucketgraph.store.rows import SavedQuestion
from bucketgraph.web.answers import Answer
from bucketgraph.web.asking import example
from bucketgraph.web.pages.query import asked_address
from bucketgraph.web.visit import Page, Visit

_PARAMETER = "p."


@dataclass(frozen=True, slots=True)
class ParameterField:
    """A parameter as the form shows it: what was typed, or its default, and what is wrong with it."""

    parameter: QuestionParameter
    value: str
    error: str = ""


def listed(visit: Visit) -> Answer:
    """Show saved questions and the library, all of it or what mentions some words."""
    words, tag = visit.asked("search"), visit.asked("tag")
    found = load(visit.app.settings.home).chosen(tag=tag or None, search=words or None)
    themes = [(theme, list(some)) for theme, some in groupby(found, key=lambda one: one.theme)]
    saved = (
        []
        if tag
        else [one for one in notebook.questions(visit.app.store, visit.visitor) if _mentions(one, words)]
    )
    return visit.page(
        "questions.html",
        title="Questions",
        here="query",
        themes=themes,
        saved=saved,
        words=words,
        tag=tag,
        number=len(found) + len(saved),
        address=example,
    )


def show(visit: Visit) -> Answer:
    """Show a question with its parameters; with `ask`, go on to the answer of one of its queries."""
    question = load(visit.app.settings.home).find(str(visit.path["name"]))
    fields = [_field(visit, one) for one in question.parameters]
    queries = _filled(question, fields)
    wanted = visit.asked("ask")
    for one in queries or ():
        if one.name == wanted:
            return visit.redirect(asked_address(one.text, one.variables))
    return visit.page(
        "question.html",
        title=question.title,
        here="query",
        status=400 if wanted else 200,
        question=question,
        fields=fields,
        shown=_shown(question, queries),
        wanted=wanted,
    )


def _mentions(question: SavedQuestion, words: str) -> bool:
    told = f"{question.name} {question.description} {question.query}".casefold()
    return all(word in told for word in words.casefold().split())


def _field(visit: Visit, parameter: QuestionParameter) -> ParameterField:
    text = visit.query.get(f"{_PARAMETER}{parameter.name}")
    if text is None:
        return ParameterField(parameter, _as_typed(parameter.default))
    value = text.strip()
    if not value:
        missing = parameter.default is None and bool(visit.asked("ask"))
        return ParameterField(parameter, "", "It must be given." if missing else "")
    try:
        typed(parameter, value)
    except ConfigError as error:
        return ParameterField(parameter, text, error.message)
    return ParameterField(parameter, text)


def _as_typed(value: Parameter | None) -> str:
    return "" if value is None else value if isinstance(value, str) else written(value)


def _filled(question: Question, fields: Sequence[ParameterField]) -> tuple[Asked, ...] | None:
    """Return the queries as they would be asked; None where a parameter is wrong or missing."""
    given = {one.parameter.name: one.value.strip() for one in fields if one.value.strip()}
    try:
        return asked(question, given)
    except ConfigError:
        return None


def _shown(question: Question, queries: Sequence[Asked] | None) -> list[tuple[str, str, str]]:
    """Return the queries by name with their text and the address that opens them in the editor, if they are ready."""
    if queries is None:
        return [(one.name, one.text.strip(), "") for one in question.queries]
    return [(one.name, one.text.strip(), asked_address(one.text, one.variables)) for one in queries]


PAGES = (
    Page("GET", "/questions", "viewer", listed),
    Page("GET", "/questions/{name}", "viewer", show),
)
