"""Conditions: AND, OR, NOT, comparisons and value lists, as WITH, WHERE and HAVING hold them.

Whether a parenthesis is a condition or arithmetic is told by what it holds: only a condition compares.
So nothing is ever read twice.
"""

from __future__ import annotations

from typing import Final

from bucketgraph.errors import QueryError
from bucketgraph.j1ql import foreign, patterns
from bucketgraph.j1ql.cursor import BORDERS, Cursor
from bucketgraph.j1ql.operators import OPERATORS
from bucketgraph.j1ql.parser_expressions import expression
from bucketgraph.j1ql.syntax import (
    And,
    Compare,
    Condition,
    Expression,
    Literal,
    Not,
    Or,
    Path,
    Regex,
    Undefined,
    Value,
    ValueList,
)
from bucketgraph.j1ql.tokens import NAME, Kind

MAX_PATTERN: Final = 1_000

_BROKEN: Final = Compare(Undefined(), "=", Undefined())
"""Stands for a comparison that could not be read; its error is reported, so no tree leaves the parser."""

_RESUME: Final = BORDERS | {"AND", "OR", ")", "AS"}


def property_condition(cursor: Cursor) -> Condition:
    """Read the condition of a WITH: properties without a prefix, against values."""
    cursor.names_properties = True
    try:
        return condition(cursor)
    finally:
        cursor.names_properties = False


def condition(cursor: Cursor) -> Condition:
    """Read a condition; OR binds loosest."""
    start = cursor.token.start
    items = [_conjunction(cursor)]
    while cursor.accept("OR"):
        items.append(_conjunction(cursor))
    return items[0] if len(items) == 1 else Or(tuple(items), span=cursor.since(start))


def _conjunction(cursor: Cursor) -> Condition:
    start = cursor.token.start
    items = [_item(cursor)]
    while cursor.accept("AND"):
        items.append(_item(cursor))
    return items[0] if len(items) == 1 else And(tuple(items), span=cursor.since(start))


def _item(cursor: Cursor) -> Condition:
    first = cursor.index
    try:
        if cursor.at("NOT", "!"):
            return _negation(cursor)
        if cursor.at("(") and cursor.holds_comparison():
            return _group(cursor)
        return _comparison(cursor)
    except QueryError as error:
        cursor.report(error)
        cursor.skip_to(_RESUME, since=first)
        return _BROKEN


def _negation(cursor: Cursor) -> Condition:
    sign = cursor.advance()
    if not cursor.at("("):
        raise cursor.unexpected(hint=f"{sign.text} stands in front of a parenthesis: {sign.text} (x = 1).")
    return Not(_group(cursor), span=cursor.since(sign.start))


def _group(cursor: Cursor) -> Condition:
    cursor.advance()
    with cursor.nested():
        inner = condition(cursor)
    cursor.expect(")")
    return inner


def _comparison(cursor: Cursor) -> Compare:
    start, before = cursor.token.start, len(cursor.paths)
    left = expression(cursor)
    between = len(cursor.paths)
    if cursor.token.word not in OPERATORS:
        raise _no_operator(cursor, left)
    op = cursor.advance().word
    if cursor.at("=") and op in {"<", ">"}:
        raise cursor.unexpected(suggestions=(f"{op}=",))
    right = _value(cursor, op)
    if cursor.names_properties and before < between < len(cursor.paths):
        raise _two_properties(cursor, cursor.paths[between])
    return Compare(left, op, right, span=cursor.since(start))


def _no_operator(cursor: Cursor, left: Expression) -> QueryError:
    hint = f"A comparison needs one of {' '.join(OPERATORS)}."
    if isinstance(left, Literal):
        hint = 'Several values stand in parentheses: x = ("a" OR "b").'
    error = cursor.advised(foreign.OPERATORS, (), hint=hint)
    if cursor.at("BETWEEN"):  # its AND is none of ours
        cursor.skip_to({"AND", *BORDERS}, since=cursor.index)
        cursor.accept("AND")
    return error


def _two_properties(cursor: Cursor, right: Path) -> QueryError:
    written = cursor.text[right.span.start : right.span.end]
    if advice := foreign.VALUES.get(written.upper()):
        return cursor.fail(right.span, suggestions=(advice.instead,))
    if right.segments[0] in _aliases(cursor):
        hint = "WITH compares properties with values; WHERE compares the properties of two entities."
        return cursor.fail(right.span, hint=hint)
    return cursor.fail(right.span, suggestions=(f"'{written}'",), hint="A text stands in quotes.")


def _aliases(cursor: Cursor) -> set[str]:
    pairs = zip(cursor.tokens, cursor.tokens[1:], strict=False)
    return {name.text for word, name in pairs if word.word == "AS" and NAME.fullmatch(name.text)}


def _value(cursor: Cursor, op: str) -> Value:
    if cursor.at("(") and not _is_arithmetic(cursor):
        return _value_list(cursor, op)
    if cursor.token.kind is Kind.REGEX:
        return _regex(cursor, op)
    if cursor.at(*OPERATORS):
        raise cursor.unexpected(suggestions=_joined(cursor))
    return expression(cursor)


def _joined(cursor: Cursor) -> tuple[str, ...]:
    """Return the operator that two pieces make when the blank between them is dropped."""
    both = cursor.tokens[cursor.index - 1].word + cursor.token.word
    return (both,) if both in OPERATORS else ()


def _is_arithmetic(cursor: Cursor) -> bool:
    signs = ("+", "-", "/", "^") if cursor.on_edge else ("+", "-", "/", "^", "*")
    return cursor.behind_parenthesis().word in signs


def _value_list(cursor: Cursor, op: str) -> Value:
    start = cursor.advance().start
    with cursor.nested():
        items = [_and_list(cursor, op)]
        while cursor.accept("OR", ","):
            items.append(_and_list(cursor, op))
    cursor.expect(")")
    return items[0] if len(items) == 1 else ValueList("OR", tuple(items), span=cursor.since(start))


def _and_list(cursor: Cursor, op: str) -> Value:
    start = cursor.token.start
    items = [_value(cursor, op)]
    while cursor.accept("AND"):
        items.append(_value(cursor, op))
    return items[0] if len(items) == 1 else ValueList("AND", tuple(items), span=cursor.since(start))


def _regex(cursor: Cursor, op: str) -> Regex:
    token = cursor.token
    if "regex" not in OPERATORS[op].operands:
        hint = f"A regular expression stands behind =, !=, ~= or !~=, not behind {op}."
        raise cursor.unexpected(suggestions=("!~=" if op[0] == "!" else "~=",), hint=hint)
    pattern, _, flags = token.text[1:].rpartition("/")
    if unknown := set(flags) - patterns.KNOWN_FLAGS:
        raise cursor.unexpected(hint=f"The flags are i, m and s; {min(unknown)} is none.")
    if len(pattern) > MAX_PATTERN:
        raise cursor.unexpected(hint=f"A regular expression may be {MAX_PATTERN} characters long.")
    if what := patterns.problem(pattern):
        raise cursor.unexpected(hint=f"The regular expression cannot be used: {what}.")
    return Regex(pattern, patterns.normal_flags(flags), span=cursor.advance().span)
