"""Expressions: numbers, texts, dates, paths, calls, and arithmetic by precedence climbing."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Final, TypeAlias, cast
from typing import Literal as OneOf

from bucketgraph.errors import QueryError
from bucketgraph.j1ql import diagnostics, foreign
from bucketgraph.j1ql.cursor import MAX_OPERATORS, Cursor
from bucketgraph.j1ql.dates import CALENDAR_UNITS, UNITS, parse_date
from bucketgraph.j1ql.functions import FUNCTIONS
from bucketgraph.j1ql.operators import OPERATORS
from bucketgraph.j1ql.syntax import (
    Arithmetic,
    Call,
    DateLiteral,
    DateNow,
    Duration,
    Expression,
    Literal,
    Negate,
    Parameter,
    Path,
    Placeholder,
    Span,
    Undefined,
)
from bucketgraph.j1ql.tokens import RESERVED, Kind, Token

LARGEST_NUMBER: Final = 2**63 - 1
_MAX_DIGITS: Final = 1_000  # Python refuses to read thousands of them

_Sign: TypeAlias = OneOf["+", "-", "*", "/", "^"]
_STRENGTH: Final = {"*": 2, "/": 2, "^": 3}
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_CLOSERS: Final = {"'": "'\\", '"': '"\\'}
_TYPOGRAPHIC: Final = '“”"\\'
_UNIT_WORDS: Final = tuple(word.lower() for word in UNITS)
_UNIT_HINT: Final = "A span of time is added to or taken from a date: date.now - 30 days."
_DATE_HINT: Final = "A date is written without quotes: date(2026-11-23) or date(2026-11-23T10:00:00Z)."


def expression(cursor: Cursor) -> Expression:
    """Read a whole expression."""
    cursor.expressions += 1
    try:
        return _sum(cursor)
    finally:
        cursor.expressions -= 1
        if cursor.expressions == 0:
            cursor.operators = 0


def _sum(cursor: Cursor) -> Expression:
    start = cursor.token.start
    left = _addend(cursor)
    while sign := cursor.accept("+", "-"):
        _count_operator(cursor, sign)
        right = _addend(cursor, behind_sign=True)
        if isinstance(left, Duration) and (sign.word == "-" or isinstance(right, Duration)):
            break
        left = Arithmetic(cast("_Sign", sign.word), left, right, span=cursor.since(start))
    if isinstance(left, Duration):
        raise cursor.fail(left.span, hint=_UNIT_HINT)
    return left


def _addend(cursor: Cursor, *, behind_sign: bool = False) -> Expression:
    return _duration(cursor, behind_sign=behind_sign) or _product(cursor, 2)


def _product(cursor: Cursor, floor: int) -> Expression:
    start = cursor.token.start
    left = _signed(cursor)
    while (strength := _STRENGTH.get(cursor.token.word, 0)) >= floor:
        if cursor.on_edge and cursor.at("*"):
            break
        sign = cursor.advance()
        _count_operator(cursor, sign)
        right = _product(cursor, strength + 1)
        left = Arithmetic(cast("_Sign", sign.word), left, right, span=cursor.since(start))
    return left


def _count_operator(cursor: Cursor, sign: Token) -> None:
    cursor.operators += 1
    if cursor.operators > MAX_OPERATORS:
        raise cursor.unexpected(sign, hint=f"One expression may hold {MAX_OPERATORS} arithmetic operators.")


def _duration(cursor: Cursor, *, behind_sign: bool) -> Duration | None:
    minus = cursor.at("-")
    number, unit = cursor.peek(int(minus)), cursor.peek(int(minus) + 1)
    if number.kind is not Kind.NUMBER or unit.kind is not Kind.NAME or unit.word in RESERVED:
        return None
    if unit.word not in UNITS:
        near = diagnostics.closest(unit.text, _UNIT_WORDS) if behind_sign and not cursor.on_edge else ()
        if near:
            raise cursor.unexpected(unit, suggestions=near)
        return None
    start = cursor.token.start
    amount = _number(cursor, number, negative=minus)
    if UNITS[unit.word] in CALENDAR_UNITS and isinstance(amount, float):
        raise cursor.unexpected(number, hint="Months and years are counted in whole numbers.")
    for _ in range(3 if minus else 2):
        cursor.advance()
    return Duration(amount, UNITS[unit.word], span=cursor.since(start))


def _signed(cursor: Cursor) -> Expression:
    if not cursor.at("-"):
        return _primary(cursor)
    minus = cursor.advance()
    if cursor.token.kind is Kind.NUMBER:
        value = _number(cursor, cursor.token, negative=True)
        cursor.advance()
        return Literal(value, span=cursor.since(minus.start))
    operand = _primary(cursor)
    return Negate(operand, span=cursor.since(minus.start))


def _number(cursor: Cursor, token: Token, *, negative: bool = False) -> int | float:
    sign = -1 if negative else 1
    if "." in token.text and math.isfinite(value := float(token.text)):
        return sign * value
    if "." not in token.text and len(token.text) <= _MAX_DIGITS and int(token.text) <= LARGEST_NUMBER:
        return sign * int(token.text)
    raise cursor.unexpected(token, hint="The number is too large.")


def _primary(cursor: Cursor) -> Expression:
    token = cursor.token
    if reader := _READERS.get(token.kind):
        return reader(cursor)
    if token.word == "(":
        return _parenthesised(cursor)
    raise cursor.unexpected(hint="A value or a name is expected.")


def _parenthesised(cursor: Cursor) -> Expression:
    cursor.advance()
    with cursor.nested():
        inner = expression(cursor)
    cursor.expect(")")
    return inner


def _number_literal(cursor: Cursor) -> Literal:
    value = _number(cursor, cursor.token)
    return Literal(value, span=cursor.advance().span)


def _string_literal(cursor: Cursor) -> Literal:
    return Literal(string_value(cursor.token), span=cursor.advance().span)


def string_value(token: Token) -> str:
    """Return what a STRING token means: a backslash escapes the closing quote and itself, nothing else."""
    closers = _CLOSERS.get(token.text[0], _TYPOGRAPHIC)
    inner = token.text[1:-1]
    return _ESCAPED.sub(lambda found: found[1] if found[1] in closers else found[0], inner)


def _date_literal(cursor: Cursor) -> DateLiteral:
    token = cursor.token
    first = token.text.index("(") + 1
    text = token.text[first:-1].strip()
    ms = parse_date(text)
    if ms is None:
        at = token.start + token.text.index(text, first)
        raise cursor.fail(Span(at, at + len(text)), hint=_DATE_HINT)
    return DateLiteral(text, ms, span=cursor.advance().span)


def parameter(cursor: Cursor) -> Parameter:
    """Read `${name}`."""
    return Parameter(_inner(cursor, 2, 1), span=cursor.advance().span)


def placeholder(cursor: Cursor) -> Placeholder:
    """Read `{{name}}`."""
    return Placeholder(_inner(cursor, 2, 2), span=cursor.advance().span)


def _inner(cursor: Cursor, opening: int, closing: int) -> str:
    name = cursor.token.text[opening:-closing].strip()
    if not name:
        raise cursor.unexpected(hint="It has no name inside.")
    return name


def _name(cursor: Cursor) -> Expression:
    token = cursor.token
    if token.word in _CONSTANTS:
        return Literal(_CONSTANTS[token.word], span=cursor.advance().span)
    if token.word == "UNDEFINED":
        return Undefined(span=cursor.advance().span)
    if token.word == "DATE" and (cursor.next_at(".") and cursor.peek(2).word == "NOW"):
        return _date_now(cursor)
    # A parenthesis with THAT inside is an optional part, whatever stands in front of it.
    if cursor.next_at("(") and cursor.peek(2).word != "THAT":
        if token.word in FUNCTIONS:
            return _call(cursor)
        if not cursor.on_edge:  # there the parenthesis may be the target of the hop
            raise _unknown_function(cursor)
    return path(cursor)


def _date_now(cursor: Cursor) -> DateNow:
    start = cursor.token.start
    for _ in range(3):
        cursor.advance()
    return DateNow(span=cursor.since(start))


def _call(cursor: Cursor) -> Call:
    name = cursor.advance()
    cursor.advance()
    with cursor.nested():
        if name.word == "COUNT" and cursor.at("*"):
            advice = foreign.WHOLE_COUNT
            raise cursor.unexpected(suggestions=(advice.instead,), hint=advice.hint)
        args = [expression(cursor)]
        while cursor.accept(","):
            args.append(expression(cursor))
    cursor.expect(")")
    function = FUNCTIONS[name.word]
    if not function.takes(len(args)):
        raise cursor.unexpected(name, hint=f"{name.word} takes {function.arity()}, not {len(args)}.")
    return Call(name.word, tuple(args), span=cursor.since(name.start))


def _unknown_function(cursor: Cursor) -> QueryError:
    if cursor.at("DATE"):
        return cursor.unexpected(cursor.peek(2), suggestions=("date(2026-11-23)",), hint=_DATE_HINT)
    if advice := foreign.OPERATORS.get(cursor.token.word):
        return cursor.unexpected(suggestions=(advice.instead,), hint=advice.hint)
    near = diagnostics.closest(cursor.token.text, FUNCTIONS)
    return cursor.unexpected(suggestions=near, hint=f"The functions are {', '.join(FUNCTIONS)}.")


def reserved(cursor: Cursor) -> QueryError:
    """Return the error for a keyword where a name is expected; a null gets its own advice."""
    token = cursor.token
    if advice := foreign.VALUES.get(token.word):
        return cursor.unexpected(suggestions=(advice.instead,))
    if cursor.next_at(".", *OPERATORS):
        hint = "A property with the name of a keyword is written in brackets."
        cursor.advance()  # so that recovery does not take it for the clause
        return cursor.unexpected(token, suggestions=(f"[{token.text}]",), hint=hint)
    return cursor.unexpected()


def path(cursor: Cursor, *, star: bool = False) -> Path:
    """Read a dotted name; only in RETURN may it end in a star."""
    first = cursor.token
    if first.word in RESERVED or first.kind not in {Kind.NAME, Kind.BRACKET}:
        raise reserved(cursor)
    segments = [_segment(cursor)]
    found_star = False
    while not found_star and cursor.accept("."):
        found_star = star and cursor.accept("*") is not None
        if not found_star:
            segments += (
                _segment(cursor).split(".") if cursor.token.kind is Kind.NUMBER else [_segment(cursor)]
            )
    found = Path(tuple(segments), found_star, span=cursor.since(first.start))
    cursor.paths.append(found)
    return found


def _segment(cursor: Cursor) -> str:
    token = cursor.token
    if token.kind in {Kind.NAME, Kind.NUMBER}:
        return cursor.advance().text
    if token.kind is not Kind.BRACKET:
        hint = "Only RETURN takes alias.*, and only as a column by itself." if cursor.at("*") else ""
        raise cursor.unexpected(hint=hint)
    if token.text == "[]":
        raise cursor.unexpected(hint="The bracket holds no name.")
    return cursor.advance().text[1:-1]


_CONSTANTS: Final = {"TRUE": True, "FALSE": False}
_READERS: Final[dict[Kind, Callable[[Cursor], Expression]]] = {
    Kind.NUMBER: _number_literal,
    Kind.STRING: _string_literal,
    Kind.DATE: _date_literal,
    Kind.PARAMETER: parameter,
    Kind.PLACEHOLDER: placeholder,
    Kind.NAME: _name,
    Kind.BRACKET: path,
}
