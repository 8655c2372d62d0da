"""The parser's place in the token list, with what all its parts share: looking, failing, recovering.

A part that meets a wrong token raises a `QueryError`. Where a later part can still be read, a caller
reports that error, skips to the next token that surely begins something, and goes on, so that one parse
tells as much as possible.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from bucketgraph.errors import QueryError
from bucketgraph.j1ql import diagnostics, foreign
from bucketgraph.j1ql.operators import OPERATORS
from bucketgraph.j1ql.syntax import Path, Span
from bucketgraph.j1ql.tokens import NAME, UNCLOSED, UNCLOSED_COMMENT, UNCLOSED_REGEX, Kind, Token, tokenize

MAX_DEPTH: Final = 64
"""Parentheses within parentheses: far more than people write, far less than the interpreter's stack."""

MAX_OPERATORS: Final = 100
"""Arithmetic operators in one expression: they make the tree as deep as they are many."""

MAX_ERRORS: Final = 20

CLAUSES: Final = ("WHERE", "RETURN", "HAVING", "ORDER", "SKIP", "LIMIT")
BORDERS: Final = frozenset({*CLAUSES, "THAT", ";"})
"""Words that surely begin something new."""


class EnoughErrors(Exception):
    """So much is wrong that reading on helps nobody."""


class Cursor:
    """Where the parser stands, and what it has found wrong so far."""

    def __init__(self, text: str) -> None:
        """Stand in front of the first token."""
        self.text = text
        self.tokens = tokenize(text)
        self.index = 0
        self.token = self.tokens[0]
        self.errors: list[QueryError] = []
        self.paths: list[Path] = []  # every path read so far: WITH asks which side of an operator had one
        self.expressions = 0  # how many expressions within each other are being read
        self.operators = 0  # arithmetic operators in the outermost of them
        self.depth = 0
        self.names_properties = False  # reading WITH, which compares properties with values only
        self.on_edge = False  # reading the filter of a relationship, where `*` begins the target
        self._closing, self._comparisons = _survey(self.tokens)

    # looking -----------------------------------------------------------------------------------------

    def at(self, *words: str) -> bool:
        """Tell whether the present token is one of these keywords or marks."""
        return self.token.word in words

    def next_at(self, *words: str) -> bool:
        """Tell whether the token behind the present one is one of these keywords or marks."""
        return self.peek().word in words

    def peek(self, distance: int = 1) -> Token:
        """Return a token further on; the END token when there are no more."""
        return self.tokens[min(self.index + distance, len(self.tokens) - 1)]

    def behind_parenthesis(self) -> Token:
        """Return the token behind the parenthesis that closes the present one."""
        return self.tokens[min(self._closing[self.index] + 1, len(self.tokens) - 1)]

    def holds_comparison(self) -> bool:
        """Tell whether the present parenthesis holds a comparison, so is a condition and no arithmetic."""
        first = bisect_left(self._comparisons, self.index)
        return first < len(self._comparisons) and self._comparisons[first] < self._closing[self.index]

    # moving ------------------------------------------------------------------------------------------

    def advance(self) -> Token:
        """Step over the present token and return it; END stays."""
        token = self.token
        if token.kind is not Kind.END:
            self.index += 1
            self.token = self.tokens[self.index]
        return token

    def accept(self, *words: str) -> Token | None:
        """Step over the present token if it is one of these."""
        return self.advance() if self.token.word in words else None

    def expect(self, word: str, *, hint: str = "") -> Token:
        """Step over this keyword or mark, or fail."""
        if self.token.word != word:
            near = diagnostics.closest(self.token.text, (word,)) if word.isalpha() else ()
            raise self.unexpected(suggestions=near or (word,), hint=hint)
        return self.advance()

    def skip_to(self, words: Iterable[str], *, since: int) -> None:
        """Go to the next of these words that is not inside parentheses opened since token number `since`."""
        marks = [token.word for token in self.tokens[since : self.index]]
        stops, open_here = frozenset(words), max(0, marks.count("(") - marks.count(")"))
        while self.token.kind is not Kind.END:
            if open_here == 0 and (self.token.word in stops or self._at_group(stops)):
                return
            open_here += (self.token.word == "(") - (self.token.word == ")" and open_here > 0)
            self.advance()

    def _at_group(self, stops: frozenset[str]) -> bool:
        return "THAT" in stops and self.at("(") and self.next_at("THAT")

    @contextmanager
    def nested(self) -> Iterator[None]:
        """Go one parenthesis deeper, or fail when that is too deep. Inside, nothing is on an edge."""
        on_edge, self.on_edge = self.on_edge, False
        self.depth += 1
        try:
            if self.depth > MAX_DEPTH:
                raise self.unexpected(hint=f"Parentheses may be nested {MAX_DEPTH} deep.")
            yield
        finally:
            self.depth -= 1
            self.on_edge = on_edge

    # telling -----------------------------------------------------------------------------------------

    def since(self, start: int) -> Span:
        """Return the span from an offset to the end of the last token read."""
        return Span(start, max(start, self.tokens[self.index - 1].end if self.index else 0))

    def source(self, first: int) -> str:
        """Return the text from token number `first` to the present one, every gap made one blank."""
        pieces: list[str] = []
        end = self.tokens[first].start
        for token in self.tokens[first : self.index]:
            pieces += (" ", token.text) if token.start > end else (token.text,)
            end = token.end
        return "".join(pieces)

    def report(self, error: QueryError) -> None:
        """Keep an error, unless there is one at the same place. Raises `EnoughErrors`."""
        if all(error.span[0] != one.span[0] for one in self.errors):
            self.errors.append(error)
        if len(self.errors) >= MAX_ERRORS:
            raise EnoughErrors

    def fail(
        self, span: Span, *, suggestions: Iterable[str] = (), hint: str = "", shown: str | None = None
    ) -> QueryError:
        """Return an error about some span."""
        return diagnostics.unexpected(self.text, span, shown=shown, suggestions=suggestions, hint=hint)

    def unexpected(
        self, token: Token | None = None, *, suggestions: Iterable[str] = (), hint: str = ""
    ) -> QueryError:
        """Return the error for a token, by default the present one."""
        token = token or self.token
        if token.kind is Kind.END:
            return self.fail(token.span, shown=diagnostics.END_OF_QUERY, suggestions=suggestions, hint=hint)
        if token.kind is Kind.BAD:
            return self._broken(token)
        if token.kind is Kind.FOREIGN:
            advice = foreign.MARKS[token.text]
            return self.fail(token.span, suggestions=(advice.instead,), hint=advice.hint)
        return self.fail(token.span, suggestions=suggestions, hint=hint)

    def _broken(self, token: Token) -> QueryError:
        hint = UNCLOSED.get(token.text[0], "")
        if token.text[0] == "/":
            hint = UNCLOSED_COMMENT if token.text.startswith("/*") else UNCLOSED_REGEX
        if token.text[0].isalnum():
            hint = "Names are of a to z, digits and _; properties with other letters stand in brackets."
        return self.fail(token.span, hint=hint)

    def advised(
        self, table: dict[str, foreign.Advice], words: Iterable[str], *, hint: str = ""
    ) -> QueryError:
        """Return the error for the present token with what `table` says, else with a likely misspelling."""
        two = f"{self.token.word} {self.peek().word}"
        if advice := table.get(two) or table.get(self.token.word):
            return self.unexpected(suggestions=(advice.instead,), hint=advice.hint)
        known = NAME.fullmatch(self.token.text) is not None
        near = diagnostics.closest(self.token.text, words) if known else ()
        return self.unexpected(suggestions=near, hint=hint)


def _survey(tokens: list[Token]) -> tuple[dict[int, int], list[int]]:
    """Return where each parenthesis closes (an open one: at the end), and where comparisons stand."""
    closing: dict[int, int] = {}
    comparisons: list[int] = []
    opened: list[int] = []
    for index, token in enumerate(tokens):
        if token.word == "(":
            opened.append(index)
        elif token.word == ")" and opened:
            closing[opened.pop()] = index
        elif token.word in OPERATORS or token.kind is Kind.FOREIGN:
            comparisons.append(index)
    closing.update(dict.fromkeys(opened, len(tokens) - 1))
    return closing, comparisons
