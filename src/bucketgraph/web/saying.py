"""What is wrong with a query, with its place, for the editor and for pages without scripts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bucketgraph.errors import BucketgraphError, QueryError
from bucketgraph.j1ql.diagnostics import render


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What may have been meant, and the whole query with it in place."""

    text: str
    query: str


@dataclass(frozen=True, slots=True)
class Complaint:
    """An error: what happened, what to do, where (the line with carets; empty for no place), what may be meant."""

    message: str
    hint: str
    where: str = ""
    suggestions: tuple[Suggestion, ...] = ()


def complaint(error: BucketgraphError, text: str) -> Complaint:
    """Return an error as a page shows it."""
    if not isinstance(error, QueryError) or error.span == (0, 0):
        return Complaint(error.message, error.hint)
    # The message is the first paragraph, then comes the place.
    place = render(text, error).removeprefix(error.message).strip("\n")
    where = place.removesuffix(error.hint).rstrip() if error.hint else place
    start, end = _replaced(error, text)
    meant = tuple(Suggestion(one, f"{text[:start]}{one}{text[end:]}") for one in error.suggestions)
    return Complaint(error.message, error.hint, where, meant)


def errors(error: QueryError, text: str) -> list[dict[str, Any]]:
    """Return an error as the editor's contract has it."""
    start, end = _replaced(error, text)
    return [
        {
            "message": error.message,
            "hint": error.hint,
            "start": start,
            "end": end,
            "suggestions": list(error.suggestions),
        }
    ]


def _replaced(error: QueryError, text: str) -> tuple[int, int]:
    """Return what a suggestion takes the place of: of `alias.property` the alias, when a name for it is suggested."""
    start, end = error.span
    dot = text.find(".", start, end)
    if dot > start and error.suggestions and not any("." in one for one in error.suggestions):
        return start, dot
    return start, end
