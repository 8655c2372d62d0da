"""A Hypothesis strategy for syntax trees: every query that the parser can give, and no other."""

from __future__ import annotations

import string

from hypothesis import strategies as st

from bucketgraph.j1ql.dates import CALENDAR_UNITS, FIXED_UNITS, parse_date
from bucketgraph.j1ql.functions import FUNCTIONS
from bucketgraph.j1ql.operators import OPERATORS
from bucketgraph.j1ql.printer import to_text
from bucketgraph.j1ql.syntax import (
    And,
    Arithmetic,
    Call,
    Compare,
    Condition,
    DateLiteral,
    DateNow,
    Duration,
    Expression,
    Hop,
    Literal,
    Member,
    Negate,
    Not,
    Optional,
    Or,
    OrderKey,
    Parameter,
    Path,
    Placeholder,
    Query,
    Regex,
    ReturnItem,
    Selector,
    Step,
    Tree,
    Undefined,
    Value,
    ValueList,
)
from bucketgraph.j1ql.tokens import RESERVED

TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
NAME = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,5}", fullmatch=True) | st.sampled_from(
    ["date", "count", "tree", "unique", "days", "User", "desc"]
)
PLAIN_NAME = NAME.filter(lambda name: name.upper() not in RESERVED)
SEGMENT = NAME | st.text(st.characters(codec="utf-8", exclude_characters="]\n"), min_size=1, max_size=6)
INNER = st.text(string.ascii_letters + "._ -", min_size=1, max_size=6).map(str.strip).filter(bool)

NUMBER = st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
LITERAL = st.builds(Literal, TEXT | NUMBER | st.booleans())
DATE = st.sampled_from(["2026", "2026-11", "2026-11-23", "2026-11-23T10:00", "2026-11-23T10:00:01.5-07:30"])
DATES = st.just(DateNow()) | DATE.map(lambda text: DateLiteral(text, parse_date(text) or 0))
PARAMETER = st.builds(Parameter, INNER) | st.builds(Placeholder, INNER)
PATH = st.builds(Path, st.lists(SEGMENT, min_size=1, max_size=3).map(tuple))
CONSTANT = LITERAL | DATES | PARAMETER | st.just(Undefined())
DURATION = st.builds(
    Duration, st.integers(-99, 99) | st.floats(-99, 99), st.sampled_from(sorted(FIXED_UNITS))
) | st.builds(Duration, st.integers(-99, 99), st.sampled_from(sorted(CALENDAR_UNITS)))


def _call(args: list[Expression], name: str) -> Call:
    return Call(name, tuple(args[:1] if FUNCTIONS[name].most == 1 else args))


def _grown(smaller: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    minus_number = st.builds(Literal, NUMBER)
    return st.one_of(
        st.builds(Arithmetic, st.sampled_from("+-*/^"), smaller, smaller),
        st.builds(Arithmetic, st.sampled_from("+-"), smaller, DURATION),
        st.builds(Arithmetic, st.just("+"), DURATION, smaller),
        st.builds(Negate, smaller | minus_number),
        st.builds(_call, st.lists(smaller, min_size=1, max_size=3), st.sampled_from(sorted(FUNCTIONS))),
    )


def expressions(leaf: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    """Return expressions over some leaves."""
    return st.recursive(leaf, _grown, max_leaves=6)


ANY = expressions(CONSTANT | PATH)
FREE = expressions(CONSTANT)
REGEX = st.builds(
    Regex, st.sampled_from(["a", "^b\\/", "[/]x+", "(a|b)$"]), st.sampled_from(["", "i", "ims"])
)


def _lists(smaller: st.SearchStrategy[Value]) -> st.SearchStrategy[Value]:
    items = st.lists(smaller, min_size=2, max_size=3).map(tuple)
    return st.builds(ValueList, st.sampled_from(["AND", "OR"]), items)


def comparisons(right: st.SearchStrategy[Expression]) -> st.SearchStrategy[Condition]:
    """Return comparisons whose right side is, or lists, such expressions."""
    textual = sorted(one.text for one in OPERATORS.values() if "regex" in one.operands)
    return st.builds(
        Compare, ANY, st.sampled_from(sorted(OPERATORS)), st.recursive(right, _lists, max_leaves=4)
    ) | (st.builds(Compare, ANY, st.sampled_from(textual), st.recursive(right | REGEX, _lists, max_leaves=4)))


def _joined(smaller: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    items = st.lists(smaller, min_size=2, max_size=3).map(tuple)
    return st.builds(And, items) | st.builds(Or, items) | st.builds(Not, smaller)


WITH = st.recursive(comparisons(FREE), _joined, max_leaves=4)
WHERE = st.recursive(comparisons(ANY), _joined, max_leaves=4)
ALIAS = st.none() | NAME | TEXT


def _kind(name: str) -> Member:
    return Member("class" if name[0].isupper() else "type", name)


MEMBER = (
    PLAIN_NAME.map(_kind)
    | st.builds(Member, st.just("smart"), PLAIN_NAME)
    | st.builds(Member, st.just("placeholder"), INNER)
)
SMART = st.lists(PLAIN_NAME, max_size=2).map(tuple)
MEMBERS = st.lists(MEMBER, max_size=3).map(tuple)
SELECTOR = st.builds(Selector, MEMBERS, st.none(), SMART, st.none() | WITH, ALIAS) | st.builds(
    Selector, st.just(()), TEXT, SMART, st.none() | WITH, ALIAS
)
VERBS = st.none() | st.lists(PLAIN_NAME.map(str.upper), min_size=1, max_size=3, unique=True).map(tuple)
HOP = st.builds(
    Hop,
    VERBS,
    SELECTOR,
    st.booleans(),
    st.sampled_from(["any", "right", "left"]),
    ALIAS,
    st.none() | WITH,
)


def _group(smaller: st.SearchStrategy[Step]) -> st.SearchStrategy[Step]:
    inside = st.tuples(HOP, st.lists(smaller, max_size=2)).map(lambda parts: (parts[0], *parts[1]))
    return st.builds(Optional, inside, ALIAS)


STEPS = st.lists(st.recursive(HOP, _group, max_leaves=3), max_size=3).map(tuple)


def _column(expression: Expression, alias: str | None) -> ReturnItem:
    return ReturnItem(expression, alias, to_text(expression) if alias is None else "")


STAR = st.builds(Path, st.lists(SEGMENT, min_size=1, max_size=2).map(tuple), st.just(value=True))
COLUMNS = st.lists(st.builds(_column, ANY | STAR, ALIAS), min_size=1, max_size=3).map(tuple)
COUNT = st.none() | st.integers(1, 2**53 - 1) | PARAMETER

QUERIES = st.builds(
    Query,
    SELECTOR,
    st.booleans(),
    STEPS,
    st.none() | WHERE,
    st.none() | st.just(Tree()) | COLUMNS,
    st.none() | WHERE,
    st.lists(st.builds(OrderKey, ANY, st.booleans()), max_size=2).map(tuple),
    COUNT,
    COUNT,
)
