"""What is said when a query cannot be read or asked. Clients match on these texts: wording is interface.

Lines and columns count from 1; a column is a character, whatever its width on the screen.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Final

from bucketgraph.errors import QueryError
from bucketgraph.j1ql.syntax import Span

END_OF_QUERY: Final = "end of query"
LARGEST_COUNT: Final = 2**53 - 1
"""The greatest LIMIT and SKIP: the greatest whole number that every JSON reader keeps exact."""

_SHOWN_TOKEN = 40
_SHOWN_LINE = 100
_BLANKS = re.compile(r"\s+")


def position(text: str, offset: int) -> tuple[int, int]:
    """Return line and column of an offset."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def unexpected(
    text: str, span: Span, *, shown: str | None = None, suggestions: Iterable[str] = (), hint: str = ""
) -> QueryError:
    """Return the error for a token that may not stand there; by default it is the text in `span`."""
    token = _shorten(text[span.start : span.end] if shown is None else shown)
    return parsing(text, span, f'Unexpected token "{token}"', suggestions=suggestions, hint=hint)


def parsing(
    text: str, span: Span, what: str, *, suggestions: Iterable[str] = (), hint: str = ""
) -> QueryError:
    """Return an error that says `what`, where it is, and what may have been meant."""
    line, column = position(text, span.start)
    message = f"Error parsing query. {what} at line {line} column {column}"
    meant = tuple(suggestions)
    if meant:
        message += f'. Did you mean "{meant[0]}"?'
    return QueryError(message, hint=hint, span=span, line=line, column=column, suggestions=meant)


def out_of_range(text: str, span: Span, name: str, least: int) -> QueryError:
    """Return the error for a LIMIT or SKIP that is no count."""
    return placed(text, span, f'"{name}" must be a value between {least} and {LARGEST_COUNT}')


def return_selector(text: str, span: Span, name: str, valid: Iterable[str]) -> QueryError:
    """Return the error for a name in RETURN or ORDER BY that nothing in the query bears."""
    return _selector(text, span, name, tuple(valid), kind="return")


def predicate_selector(text: str, span: Span, name: str, valid: Iterable[str]) -> QueryError:
    """Return the error for a name in WHERE that nothing in the query bears."""
    return _selector(text, span, name, tuple(valid), kind="predicate")


def _selector(text: str, span: Span, name: str, valid: tuple[str, ...], *, kind: str) -> QueryError:
    title = "return selector" if kind == "return" else "predicate filter selector"
    listed = ", ".join(f'"{one}"' for one in valid) or "none"
    message = f'Invalid {title} provided: "{name}", valid {kind} selectors are: {listed}'
    hint = "" if valid else "Give what is found a name: AS x."
    return placed(text, span, message, suggestions=closest(name, valid), hint=hint)


def placed(
    text: str, span: Span, message: str, *, suggestions: tuple[str, ...] = (), hint: str = ""
) -> QueryError:
    """Return an error that says `message`, about a query that can be read but not asked."""
    line, column = position(text, span.start)
    return QueryError(message, hint=hint, span=span, line=line, column=column, suggestions=suggestions)


def closest(word: str, candidates: Iterable[str]) -> tuple[str, ...]:
    """Return the candidates that look like the word, letter case aside, the likeliest first."""
    if len(word) > _SHOWN_TOKEN:
        return ()
    by_folded: dict[str, str] = {}
    for one in candidates:
        by_folded.setdefault(one.casefold(), one)
    found = difflib.get_close_matches(word.casefold(), by_folded, n=3, cutoff=0.7)
    return tuple(by_folded[one] for one in found)


def render(text: str, error: QueryError) -> str:
    """Show the message, the line with carets below the offending characters, and the hint.

    Of a long line only the part around the place is shown; the carets end with the line.
    """
    begin = text.rfind("\n", 0, error.span[0]) + 1
    newline = text.find("\n", begin)
    line = text[begin : len(text) if newline < 0 else newline].rstrip("\r")
    start = error.span[0] - begin
    end = max(start + 1, min(error.span[1] - begin, len(line)))
    left = max(0, start - _SHOWN_LINE // 2) if len(line) > _SHOWN_LINE else 0
    shown, end = line[left : left + _SHOWN_LINE], min(end, left + _SHOWN_LINE)
    # A tab keeps its width above and below, whatever the terminal makes of it.
    gap = "".join("\t" if one == "\t" else " " for one in line[left:start].ljust(start - left))
    paragraphs = [error.message, f"{f'  {shown}'.rstrip()}\n  {gap}{'^' * (end - start)}"]
    return "\n\n".join([*paragraphs, error.hint] if error.hint else paragraphs)


def _shorten(token: str) -> str:
    flat = _BLANKS.sub(" ", token)
    return flat if len(flat) <= _SHOWN_TOKEN else f"{flat[: _SHOWN_TOKEN - 1]}…"
