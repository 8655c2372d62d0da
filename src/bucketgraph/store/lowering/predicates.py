"""Predicates as SQL.

Every condition built here is true where the predicate is, and false or null elsewhere; under `Not` null is made
false, so that there is no third truth.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, and_, false, func, literal, or_, true

from bucketgraph.graph.values import Scalar
from bucketgraph.j1ql import plan
from bucketgraph.j1ql.results import private_id
from bucketgraph.j1ql.values import kind_of
from bucketgraph.store.lowering import hooks
from bucketgraph.store.lowering.setting import ONE, among
from bucketgraph.store.lowering.terms import Term, Terms, json_constant, to_json

if TYPE_CHECKING:
    from bucketgraph.store.lowering.paths import Path

_WIDTH: Final = 100
"""Conditions, or values for one thing, that stand side by side in a statement."""

_ORDER: Final[dict[str, Callable[[Any, Any], ColumnElement[bool]]]] = {
    "=": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}


def condition(node: plan.Predicate, terms: Terms) -> ColumnElement[bool]:
    """Return the SQL of a predicate."""
    match node:
        case plan.Always(truth):
            return true() if truth else false()
        case plan.And(items):
            return _wide(and_, [*_all_of(items, terms)])
        case plan.Or(items):
            return _wide(or_, [*_any_of(items, terms)])
        case plan.Not(item):
            return _denied(item, terms)
        case _:
            return _leaf(node, terms)


def _wide(
    join: Callable[..., ColumnElement[bool]], items: Sequence[ColumnElement[bool]]
) -> ColumnElement[bool]:
    """Join many conditions: SQLite nests them one by one, and only so deep; so some at a time."""
    while len(items) > _WIDTH:
        some = [items[begin : begin + _WIDTH] for begin in range(0, len(items), _WIDTH)]
        items = [func.coalesce(join(*one), false()) for one in some]
    return join(*items)


def _any_of(items: Sequence[plan.Predicate], terms: Terms) -> Iterator[ColumnElement[bool]]:
    """Yield alternatives. Many values for one thing are one: SQLite takes so many parameters, and no more."""
    listed, others = _value_lists(items)
    for left, values in listed.items():
        yield _one_of(left, values, terms)
    yield from (condition(one, terms) for one in others)


def _all_of(items: Sequence[plan.Predicate], terms: Terms) -> Iterator[ColumnElement[bool]]:
    """Yield what must all hold. That a thing is none of many values is one condition, too."""
    denied = [one.item for one in items if isinstance(one, plan.Not)]
    listed, _ = _value_lists(denied)
    for left, values in listed.items():
        yield ~func.coalesce(_one_of(left, values, terms), false())
    for one in items:
        match one:
            case plan.Not(plan.Compare(left, "=", plan.Const())) if left in listed:
                continue
        yield condition(one, terms)


def _value_lists(
    items: Sequence[plan.Predicate],
) -> tuple[dict[plan.Expression, list[Scalar]], list[plan.Predicate]]:
    """Return what is compared with many values, with these, and all the other predicates."""
    listed: dict[plan.Expression, list[Scalar]] = {}
    if len(items) > _WIDTH:
        for one in items:
            match one:
                case plan.Compare(left, "=", plan.Const(value)):
                    listed.setdefault(left, []).append(value)
    listed = {left: values for left, values in listed.items() if len(values) > _WIDTH}
    others = [
        one
        for one in items
        if not (isinstance(one, plan.Compare) and one.op == "=" and isinstance(one.right, plan.Const))
        or one.left not in listed
    ]
    return listed, others


def _one_of(left: plan.Expression, values: Sequence[Scalar], terms: Terms) -> ColumnElement[bool]:
    """Say that a value, or an element of a list, is one of many; they come as one parameter."""
    if isinstance(left, plan.Prop) and left.name == "_id" and terms.path is not None:
        ids = [private_id(one) for one in values if isinstance(one, str)]
        return hooks.among_values(terms.path.id_of(left.slot), [one for one in ids if one is not None])
    term = terms.of(left)
    by_kind: dict[str, list[Scalar]] = {}
    for one in values:
        by_kind.setdefault(kind_of(one), []).append(one)
    if term.kind in _SCALAR:
        return hooks.among_values(term.value, by_kind.get(term.kind, []))
    found = (
        [None]
        if term.prop is None
        else [
            hooks.any_element(*term.prop, kind, partial(hooks.among_values, listed=some))
            for kind, some in by_kind.items()
        ]
    )
    if any(one is None for one in found):
        return func.j1_among(to_json(term), json_constant(list(values))) == ONE
    return or_(*(one for one in found if one is not None))


def _denied(item: plan.Predicate, terms: Terms) -> ColumnElement[bool]:
    match item:
        case plan.Defined(inner):
            return terms.of(inner).value.is_(None)
        case plan.Compare(left, "=", right):
            pair = terms.of(left), terms.of(right)
            if _same_scalars(*pair):
                # Not the same, or not both there: missing is never equal, not even to what is missing too.
                constants = sum(isinstance(one, plan.Const) for one in (left, right))
                if constants == 1:
                    return pair[0].value.is_distinct_from(pair[1].value)
    return ~func.coalesce(condition(item, terms), false())


def _leaf(node: plan.Predicate, terms: Terms) -> ColumnElement[bool]:
    match node:
        case plan.Compare():
            return _compare(node, terms)
        case plan.Defined(item):
            return terms.of(item).value.is_not(None)
        case plan.Matches(item, pattern, flags):
            return func.j1_matches(to_json(terms.of(item)), pattern, flags) == ONE
        case plan.HasWords(slot, words):
            return _has_words(slot, words, terms)
        case plan.OfType(slot, types):
            return _of_type(slot, types, terms)
    raise AssertionError(node)


def _of_type(slot: int, types: frozenset[int], terms: Terms) -> ColumnElement[bool]:
    assert terms.path is not None  # noqa: S101  # only rows have types
    return among(terms.path.type_of(slot), types) if types else false()


_FOLDED: Final = tuple((letter, letter.casefold()) for letter in "ßẞſ\u212aﬀﬁﬂﬃﬄﬅﬆ")
"""All letters that are not ASCII and fold to such that are; a test holds it to Unicode."""


def _letters_of(word: str) -> list[str]:
    """Return the letters that a word may have come from."""
    return [letter for letter, folded in _FOLDED if folded in word]


def _has_words(slot: int, words: tuple[str, ...], terms: Terms) -> ColumnElement[bool]:
    """Look for words: what SQLite can tell fast leaves few rows for the exact test.

    A word of ASCII letters and digits stands in the JSON, or in the type's name, as it is, but for its case; unless
    it came from another letter (ß folds to ss), or is a number that JSON writes otherwise.
    """
    path = terms.path
    assert path is not None  # noqa: S101  # only entities have words
    row = path.row_of(slot)
    name = path.type_name_of(slot)
    quick = [
        or_(
            row.c.props.like(f"%{word}%"),
            name.like(f"%{word}%"),
            *(func.instr(row.c.props, letter) > 0 for letter in _letters_of(word)),
        )
        for word in words
        if word.isascii() and word.isalnum() and not word.isdecimal()
    ]
    exact = func.j1_has_words(row.c.props, name, json_constant(list(words))) == ONE
    return and_(*quick, exact)


def _compare(node: plan.Compare, terms: Terms) -> ColumnElement[bool]:
    if (by_id := _by_id(node, terms)) is not None:
        return by_id
    left, right = terms.of(node.left), terms.of(node.right)
    if "nothing" in {left.kind, right.kind}:
        return false()
    if "whole" in {left.kind, right.kind}:
        same = left.kind == right.kind and left.is_edge == right.is_edge and node.op == "="
        return left.value == right.value if same else false()
    if left.kind in _SCALAR and right.kind in _SCALAR:
        return _scalars(left, node.op, right)
    element = _element_of(node, left, right)
    if element is not None:
        return element
    return func.j1_holds(to_json(left), node.op, to_json(right)) == ONE


_SCALAR: Final = frozenset({"string", "number", "boolean"})
_KINDS: Final = {
    "=": _SCALAR,
    "~=": frozenset({"string"}),
    "^=": frozenset({"string"}),
    "$=": frozenset({"string"}),
}
_COMPARABLE: Final = frozenset({"string", "number"})


def _same_scalars(left: Term, right: Term) -> bool:
    return left.kind == right.kind and left.kind in _SCALAR


def _scalars(left: Term, op: str, right: Term) -> ColumnElement[bool]:
    """Compare two values of known kinds."""
    if left.kind != right.kind or left.kind not in _KINDS.get(op, _COMPARABLE):
        return false()
    if op in hooks.TEXT_TESTS:
        return hooks.text_test(op, left.value, right.value)
    return _ORDER[op](left.value, right.value)


def _element_of(node: plan.Compare, left: Term, right: Term) -> ColumnElement[bool] | None:
    """Compare a property of any kind, or a list, with a value of a known kind, element by element."""
    if left.prop is None or not isinstance(node.right, plan.Const):
        return None
    if right.kind not in _KINDS.get(node.op, _COMPARABLE):
        return false()
    row, name = left.prop

    def test(content: ColumnElement[Any]) -> ColumnElement[bool]:
        if node.op in hooks.TEXT_TESTS:
            return hooks.text_test(node.op, content, right.value)
        if right.kind == "boolean":
            return content == right.value
        return _ORDER[node.op](content, right.value)

    return hooks.any_element(row, name, right.kind, test)


def _by_id(node: plan.Compare, terms: Terms) -> ColumnElement[bool] | None:
    """Compare `_id` by the number behind it, and `_key` so that the index on keys is used."""
    path = terms.path
    if path is None or node.op != "=":
        return None
    match node.left, node.right:
        case plan.Prop(one, "_id"), plan.Prop(other, "_id"):
            same_kind = _is_edge(path, one) == _is_edge(path, other)
            return path.id_of(one) == path.id_of(other) if same_kind else None
        case (plan.Prop(slot, "_id"), plan.Const(value)) | (plan.Const(value), plan.Prop(slot, "_id")):
            wanted = private_id(value) if isinstance(value, str) else None
            return false() if wanted is None else path.id_of(slot) == literal(wanted)
        case (plan.Prop(slot, "_key"), plan.Const(value)) | (plan.Const(value), plan.Prop(slot, "_key")):
            if path.slots[slot].kind == "entity" and isinstance(value, str):
                row, owners = path.row_of(slot), path.setting.known.owners
                # Keys are indexed within their integrations, and one of each is found best.
                owner = (
                    row.c.integration_id == owners[0]
                    if len(owners) == 1
                    else row.c.integration_id.in_(owners)
                )
                return and_(owner, row.c.key == value)
    return None


def _is_edge(path: Path, slot: int) -> bool:
    return path.slots[slot].kind == "edge"
