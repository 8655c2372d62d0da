"""The comparison operators: one row each, read by the parser, the printer, the back ends and the docs.

A positive operator holds when any element of the value satisfies it, and not when the property is missing.
A negated one is exactly the opposite, so it holds when the property is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

EQUALITY: Final = frozenset({"string", "number", "boolean", "date", "undefined", "regex", "list"})
ORDER: Final = frozenset({"string", "number", "date", "list"})
TEXT: Final = frozenset({"string", "list"})
PATTERN: Final = TEXT | {"regex"}


@dataclass(frozen=True, slots=True)
class Operator:
    """One comparison: how it is written, what it denies, what it means, and which operands make sense."""

    text: str
    negates: str | None
    meaning: str
    operands: frozenset[str]


ROWS: Final = (
    Operator("=", None, "equals the value", EQUALITY),
    Operator("!=", "=", "does not equal the value, or is missing", EQUALITY),
    Operator("~=", None, "contains the text; upper and lower case differ", PATTERN),
    Operator("!~=", "~=", "does not contain the text, or is missing", PATTERN),
    Operator("^=", None, "starts with the text; upper and lower case differ", TEXT),
    Operator("!^=", "^=", "does not start with the text, or is missing", TEXT),
    Operator("$=", None, "ends with the text; upper and lower case differ", TEXT),
    Operator("!$=", "$=", "does not end with the text, or is missing", TEXT),
    Operator(">", None, "is greater or later; two strings compare by code point", ORDER),
    Operator("<", None, "is less or earlier; two strings compare by code point", ORDER),
    Operator(">=", None, "is greater, later or the same", ORDER),
    Operator("<=", None, "is less, earlier or the same", ORDER),
)

OPERATORS: Final[Mapping[str, Operator]] = MappingProxyType({row.text: row for row in ROWS})
