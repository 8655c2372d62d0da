"""From text to tokens. Whatever the text, there are tokens: what makes no sense becomes a `BAD` one.

Most tokens can be told by their first characters. Only a regular expression needs to know where it stands,
because elsewhere its slash divides: it may follow a comparison operator, or anything inside a value list
that a value may follow.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final, NamedTuple

from bucketgraph.j1ql.operators import OPERATORS
from bucketgraph.j1ql.syntax import Span


class Kind(StrEnum):
    """What a token is, as far as its characters tell."""

    NAME = "NAME"
    STRING = "STRING"
    NUMBER = "NUMBER"
    REGEX = "REGEX"
    DATE = "DATE"
    PARAMETER = "PARAMETER"
    PLACEHOLDER = "PLACEHOLDER"
    BRACKET = "BRACKET"
    MARK = "MARK"
    FOREIGN = "FOREIGN"
    BAD = "BAD"
    END = "END"


class Token(NamedTuple):
    """A piece of the text. `word` is the name in upper case or the mark itself, else empty."""

    kind: Kind
    text: str
    start: int
    end: int
    word: str

    @property
    def span(self) -> Span:
        """Where it stands."""
        return Span(self.start, self.end)


RESERVED: Final = frozenset(
    {"FIND", "WITH", "THAT", "AS", "WHERE", "RETURN", "HAVING", "ORDER", "BY", "SKIP", "LIMIT"}
    | {"AND", "OR", "NOT", "TO", "RELATES", "UNDEFINED", "TRUE", "FALSE", "NULL"}
)
"""Words that name nothing by themselves. Behind a dot, in brackets and in quotes they may."""

NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

# Possessive repetition of characters keeps every pattern linear, whatever the text. Groups repeat greedily:
# Python before 3.11.5 loses matches of possessive groups.
_SKIP = re.compile(
    r"""(?: (?:\A|\n)[^\S\n]*+//[^\n]*+      # a line comment takes the whole line
          | [\s\ufeff\u200b]
          | /\*(?:[^*]++|\*(?!/))*\*/
        )*""",
    re.VERBOSE,
)

_TOKEN = re.compile(
    r"""(?P<STRING>'(?:[^'\\]++|\\.)*' | "(?:[^"\\]++|\\.)*" | [“”](?:[^“”"\\]++|\\.)*[“”"])
      | (?P<DATE>[Dd][Aa][Tt][Ee]\s*+\(\s*+(?=[0-9])[^()]*+\))
      | (?P<NAME>[A-Za-z_][A-Za-z0-9_]*+)
      | (?P<NUMBER>[0-9]++(?:\.[0-9]++)?)
      | (?P<PARAMETER>\$\{[^{}\n]*+\})
      | (?P<PLACEHOLDER>\{\{[^{}\n]*+\}\})
      | (?P<BRACKET>\[[^\]\n]*+\])
      | (?P<FOREIGN>={2,3} | !== | <> | => | =< | =~ | && | \|\| | -> | !~(?!=))
      | (?P<MARK>![~^$]= | [!~^$<>]= | >> | << | [=<>()*#|,.?!;+\-/^])
      | (?P<BAD>[^\sA-Za-z0-9_'"“”$\[{=!<>()*#|,.?;+\-/^~&]++ | .)""",
    re.VERBOSE | re.DOTALL,
)

_REGEX = re.compile(r"/(?![*/])(?:[^/\\\[\n]++|\\[^\n]|\[(?:[^\]\\\n]++|\\[^\n])*\])+/[A-Za-z]*+")

UNCLOSED: Final = {
    "'": "The quotation mark is not closed.",
    '"': "The quotation mark is not closed.",
    "“": "The quotation mark is not closed.",
    "”": "The quotation mark is not closed.",
    "[": "The bracket is not closed on its line.",
    "{": "A placeholder is written {{name}}.",
    "$": "A parameter is written ${name}.",
}
"""Why a BAD token is bad, by its first character."""

UNCLOSED_COMMENT: Final = "The comment is not closed."
UNCLOSED_REGEX: Final = "The regular expression is not closed on its line."


def tokenize(text: str) -> list[Token]:
    """Cut the text into tokens, an END token last. Comments and blanks are left out."""
    tokens: list[Token] = []
    slots = _Slots()
    position = _skip(text, 0)
    while position < len(text):
        token = _next(text, position, regex=slots.open)
        tokens.append(token)
        slots.see(token)
        position = _skip(text, token.end)
    tokens.append(Token(Kind.END, "", len(text), len(text), ""))
    return tokens


def _skip(text: str, position: int) -> int:
    found = _SKIP.match(text, position)
    return found.end() if found else position


def _next(text: str, position: int, *, regex: bool) -> Token:
    first = text[position]
    if first == "/":
        if text.startswith("/*", position):
            return _bad(text, position, len(text))
        if regex:
            return _regex(text, position)
    found = _TOKEN.match(text, position)
    if found is None or found.lastgroup is None:  # the last alternative takes any character
        return _bad(text, position, position + 1)
    kind = Kind[found.lastgroup]
    piece = found[0]
    if kind is Kind.BAD:
        return _bad(text, position, _end_of_bad(text, piece, found.end()))
    word = piece.upper() if kind is Kind.NAME else piece if kind is Kind.MARK else ""
    return Token(kind, piece, position, found.end(), word)


def _regex(text: str, position: int) -> Token:
    if found := _REGEX.match(text, position):
        return Token(Kind.REGEX, found[0], position, found.end(), "")
    return _bad(text, position, _end_of_line(text, position))


def _end_of_bad(text: str, piece: str, end: int) -> int:
    """Return how far something unclosed reaches: a quote to the end of all, a bracket to that of its line."""
    if piece in {"'", '"', "“", "”"}:
        return len(text)
    return _end_of_line(text, end) if piece == "[" else end


def _end_of_line(text: str, position: int) -> int:
    newline = text.find("\n", position)
    return len(text) if newline < 0 else newline


def _bad(text: str, start: int, end: int) -> Token:
    return Token(Kind.BAD, text[start:end], start, end, "")


class _Slots:
    """Knows whether a value may stand next, which is where a slash begins a regular expression."""

    def __init__(self) -> None:
        """Begin in front of the query, where no value stands."""
        self.open = False
        self._lists: list[bool] = []

    def see(self, token: Token) -> None:
        """Take in the next token."""
        word = token.word
        if word == "(":
            self._lists.append(self.open)
        elif word == ")":
            if self._lists:
                self._lists.pop()
            self.open = False
        elif word in OPERATORS:
            self.open = True
        else:
            self.open = word in {"OR", "AND", ","} and bool(self._lists) and self._lists[-1]
