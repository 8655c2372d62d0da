"""Expressions as SQL: each becomes a term, an SQL value together with the kind of value it stands for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from sqlalchemy import ColumnElement, case, cast, func, literal, null
from sqlalchemy import Float as SqlFloat
from sqlalchemy import column as sql_column

from bucketgraph.graph.values import encode_json
from bucketgraph.j1ql import plan
from bucketgraph.j1ql.known import EDGE_METADATA, ENTITY_METADATA, Kinds
from bucketgraph.store import tables as t
from bucketgraph.store.lower import hot_column
from bucketgraph.store.lowering import hooks
from bucketgraph.store.lowering.setting import looked_up

if TYPE_CHECKING:
    from bucketgraph.store.lowering.paths import Path

TermKind: TypeAlias = Literal["string", "number", "boolean", "list", "json", "whole", "nothing"]
"""`string`, `number` and `boolean` (1 and 0) are SQLite's own values; `list` and `json`, which may be of any
kind, are JSON text; a `whole` is the id of an entity or relationship; `nothing` is always null."""

SCALARS: Final = ("string", "number", "boolean")


@dataclass(frozen=True, slots=True)
class Term:
    """An SQL value and what it stands for. `prop` says where it was read, if it is a bare property."""

    value: ColumnElement[Any]
    kind: TermKind
    prop: tuple[Any, str] | None = None
    is_edge: bool = False


NOTHING: Final = Term(null(), "nothing")

Leaf: TypeAlias = Callable[[plan.Expression], Term | None]


@dataclass(frozen=True, slots=True)
class Terms:
    """Lowers expressions over a path. `leaf` may know better what some expressions are."""

    path: Path | None
    leaf: Leaf = lambda _: None

    def of(self, expression: plan.Expression) -> Term:
        """Return the term of an expression."""
        known = self.leaf(expression)
        if known is not None:
            return known
        reader = self._readers().get(type(expression))
        return NOTHING if reader is None else reader(expression)

    def _readers(self) -> dict[type, Callable[[Any], Term]]:
        return {
            plan.Const: lambda node: constant(node.value),
            plan.Prop: lambda node: self._property(node.slot, node.name),
            plan.Whole: lambda node: self._whole(node.slot),
            plan.Arithmetic: self._arithmetic,
            plan.Function: self._function,
        }

    def _whole(self, slot: int) -> Term:
        assert self.path is not None  # noqa: S101  # finished columns hold no slots
        return Term(self.path.id_of(slot), "whole", is_edge=self.path.slots[slot].kind == "edge")

    def _property(self, slot: int, name: str) -> Term:
        path = self.path
        assert path is not None  # noqa: S101  # finished columns hold no slots
        one = path.slots[slot]
        if one.kind == "either":
            return self._of_either(one.of, name)
        if name in (EDGE_METADATA if one.kind == "edge" else ENTITY_METADATA):
            return path.metadata(slot, name)
        known = path.setting.known
        kinds = known.edge_kinds(one.verbs, name) if one.kind == "edge" else known.kinds(one.types, name)
        if one.kind == "edge" and name == "displayName":
            own = _own(path.row_of(slot), name, kinds)
            verb = path.metadata(slot, "_class")
            return Term(func.coalesce(to_json(own), to_json(verb)), "json")
        if not kinds:
            return NOTHING
        return _own(path.row_of(slot), name, kinds, hot=one.kind == "entity" and path.is_hot(name))

    def _of_either(self, of: tuple[int, ...], name: str) -> Term:
        """Return the property of the first of the slots that is bound."""
        assert self.path is not None  # noqa: S101
        first, *others = of
        term = self._property(first, name)
        if not others:
            return term
        other = self._of_either(tuple(others), name)
        bound = self.path.id_of(first).is_not(None)
        if term.kind == other.kind:
            return Term(case((bound, term.value), else_=other.value), term.kind)
        return Term(case((bound, to_json(term)), else_=to_json(other)), "json")

    def _arithmetic(self, node: plan.Arithmetic) -> Term:
        left, right = to_number(self.of(node.left)), to_number(self.of(node.right))
        match node.op:
            case "+":
                value = left + right
            case "-":
                value = left - right
            case "*":
                value = left * right
            case "/":
                value = cast(left, SqlFloat).op("/")(func.nullif(right, 0))
            case _:
                value = func.j1_power(left, right)
        return Term(value, "number")

    def _plain(self, term: Term) -> Term:
        """Return a plain value: to functions a whole entity or relationship is its `_id`."""
        return Term(public(term.value), "string") if term.kind == "whole" else term

    def _function(self, node: plan.Function) -> Term:
        args = [self._plain(self.of(one)) for one in node.args]
        match node.name:
            case "CONCAT":
                return Term(func.j1_concat(*map(to_json, args)), "string")
            case "MERGE":
                return Term(func.j1_call("MERGE", *map(to_json, args)), "list")
            case "COALESCE":
                return _first_present(args)
            case "SHIFT":
                moment, amount, unit = args
                return Term(func.j1_shift(to_number(moment), to_number(amount), unit.value), "number")
            case name:
                return Term(func.j1_calculate(name, to_number(args[0])), "number")


def public(number: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return an id as the world sees it (see `results.public_id`)."""
    return case((number.is_(None), null()), else_=func.printf("%016x", number))


def constant(value: str | float | bool) -> Term:  # noqa: FBT001  # a value of the language
    """Return the term of a value that the query gives."""
    if isinstance(value, bool):
        return Term(literal(int(value)), "boolean")
    return Term(literal(value), "string" if isinstance(value, str) else "number")


def _own(row: Any, name: str, kinds: Kinds, *, hot: bool = False) -> Term:
    """Return a property from a row's JSON: as it is where all its values are of one kind, else as JSON."""
    only: TermKind = next(iter(kinds)) if len(kinds) == 1 else "json"
    native = sql_column(hot_column(name), _selectable=row) if hot else hooks.extracted(row, name)
    if only in SCALARS and native is not None:
        return Term(native, only, prop=(row, name))
    return Term(hooks.as_json(row, name), "list" if only == "list" else "json", prop=(row, name))


def _first_present(args: list[Term]) -> Term:
    present = [one for one in args if one.kind != "nothing"]
    if not present:
        return NOTHING
    if len({one.kind for one in present}) == 1:
        chosen = func.coalesce(*(one.value for one in present)) if len(present) > 1 else present[0].value
        return Term(chosen, present[0].kind, is_edge=present[0].is_edge)
    return Term(func.coalesce(*map(to_json, present)), "json")


def to_json(term: Term) -> ColumnElement[Any]:
    """Return a term's value as JSON text."""
    if term.kind in {"list", "json"}:
        return term.value
    if term.kind == "boolean":
        return case(
            (term.value.is_(None), null()), (term.value == 1, literal("true")), else_=literal("false")
        )
    return null() if term.kind in {"nothing", "whole"} else hooks.quoted(term.value)


def to_number(term: Term) -> ColumnElement[Any]:
    """Return a term's value if it is a number, else null."""
    if term.kind == "number":
        return term.value
    return func.j1_number(term.value) if term.kind == "json" else null()


def identity(term: Term) -> ColumnElement[Any]:
    """Return what is equal for equal values: what rows are grouped by."""
    return func.j1_identity(term.value) if term.kind in {"json", "list"} else term.value


def sort_keys(term: Term, *, descending: bool) -> list[ColumnElement[Any]]:
    """Return what sorts by a term, what is missing last."""
    keys = [term.value]
    if term.kind in {"json", "list"}:
        keys = [func.j1_rank(term.value), func.j1_sort_value(term.value)]
    if term.kind == "nothing":
        return []
    return [term.value.is_(None), *(one.desc() if descending else one.asc() for one in keys)]


def type_name(type_id: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the `_type` for its number."""
    return looked_up(t.entity_type.c.name, t.entity_type, t.entity_type.c.id == type_id)


def json_constant(value: Any) -> ColumnElement[Any]:
    """Return a value that the query gives as JSON text."""
    return literal(encode_json(value))
