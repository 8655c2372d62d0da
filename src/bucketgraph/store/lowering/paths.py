"""Paths as joins: a scan, then for each hop the relationship, and the entity's row only where it is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, case, false, func, literal, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import Join

from bucketgraph.j1ql import plan
from bucketgraph.j1ql.known import KnownEdge
from bucketgraph.j1ql.rules.point_hops import ways
from bucketgraph.j1ql.rules.visit import conjuncts
from bucketgraph.store import tables as t
from bucketgraph.store.lowering.predicates import condition
from bucketgraph.store.lowering.setting import ONE, Setting, among, looked_up, number
from bucketgraph.store.lowering.terms import Term, TermKind, Terms, public, type_name


class OrderedJoin(Join):
    """A join that is carried out in the order it is written: the plan has chosen the order.

    With `index` the right side is found by that index.
    """

    inherit_cache = True
    index = ""


@compiles(OrderedJoin, "sqlite")
def _ordered_join(element: OrderedJoin, compiler: Any, **options: Any) -> str:
    options["asfrom"] = True
    left, right = compiler.process(element.left, **options), compiler.process(element.right, **options)
    word = "LEFT JOIN" if element.isouter else "CROSS JOIN"
    by = f" INDEXED BY {element.index}" if element.index else ""
    return f"{left} {word} {right}{by} ON {compiler.process(element.onclause, **options)}"


@dataclass(slots=True)
class Holder:
    """Where a slot's thing is found: its id, and of an entity its type. `optional`: it may be missing.

    `nested` counts how many choices between both ends of a relationship the id holds within each other.
    """

    id: ColumnElement[Any]
    type: ColumnElement[Any] | None
    row: FromClause | None
    optional: bool = False
    nested: int = 0


@dataclass(slots=True)
class _Joined:
    """A source with what joins it. `optional`: rows without a match stay. `index`: how it is found."""

    source: FromClause
    on: list[ColumnElement[bool]]
    optional: bool = False
    index: str = ""


class Path:
    """A chain of joins under construction, or one inside of a test, which sees those around it."""

    def __init__(self, setting: Setting, slots: Sequence[plan.Slot], outer: Path | None = None) -> None:
        """Begin with nothing joined."""
        self.setting, self.slots = setting, slots
        self._outer = outer
        self.depth: int = outer.depth + 1 if outer else 0
        self._holders: dict[int, Holder] = {}
        self._hops: list[plan.Expand] = []
        self._joins: list[_Joined] = []
        self._same: list[tuple[int, int]] = []
        self._conditions: list[ColumnElement[bool]] = []
        self.terms = Terms(self)

    # building ----------------------------------------------------------------------------------------

    def follow(self, branch: plan.Plan) -> None:
        """Join a branch's scan and all its steps, and ask its WHERE."""
        self.setting.look()
        self._same = list(_same_things(branch.where))
        self._scan(branch.start)
        self._steps(branch.steps)
        self.ask(branch.where)

    def ask(self, predicate: plan.Predicate) -> None:
        """Keep only what a predicate holds for."""
        if predicate != plan.TRUE:
            self._conditions.append(condition(predicate, self.terms))

    def select(self, *columns: Any) -> Select[Any]:
        """Return the finished statement."""
        first, *others = self._joins
        joined: FromClause = first.source
        for one in others:
            join = OrderedJoin(joined, one.source, and_(*one.on) if one.on else ONE, one.optional)
            join.index = one.index
            joined = join
        return select(*columns).select_from(joined).where(*first.on, *self._conditions)

    def _steps(self, steps: Sequence[plan.Step]) -> None:
        for step in steps:
            match step:
                case plan.Expand():
                    self._expand(step)
                case plan.Maybe(inside):
                    for one in inside:
                        assert isinstance(one, plan.Expand)  # noqa: S101  # branches leave only this kind
                        self._expand(one, optional=True)
                case plan.Present(inside):
                    self._conditions.append(self._test(inside))
                case plan.Absent(inside, apart, back_to):
                    self._conditions.append(~self._test(inside, apart=apart, back_to=back_to))

    def _scan(self, start: plan.Scan) -> None:
        row = self.setting.entities(f"e{start.slot}")
        types = self.slots[start.slot].types
        on = [*([] if types is None else [_of_types(row.c.type_id, types)]), *self.setting.visible(row)]
        self._joins.append(_Joined(row, on))
        self._holders[start.slot] = Holder(row.c.id, row.c.type_id, row)
        self.ask(start.filter)

    def _expand(self, step: plan.Expand, *, optional: bool = False) -> None:
        edge = self.setting.relationships(f"r{step.edge}_{self.depth}")
        along, against = ways(step, self.slots, self.setting.known)
        near = self.id_of(step.source)
        sides = []
        if along:
            sides.append(and_(edge.c.from_id == near, *self._kinds(step, edge, along, ahead=True)))
        if against:
            sides.append(and_(edge.c.to_id == near, *self._kinds(step, edge, against, ahead=False)))
        on = [or_(*sides) if sides else false(), *self.setting.visible(edge), *self._distinct(step, edge)]
        far: ColumnElement[Any] = edge.c.to_id
        far_type: ColumnElement[Any] = edge.c.to_type_id
        if against and along:
            far = case((edge.c.from_id == near, edge.c.to_id), else_=edge.c.from_id)
            far_type = case((edge.c.from_id == near, edge.c.to_type_id), else_=edge.c.from_type_id)
        elif against:
            far, far_type = edge.c.from_id, edge.c.from_type_id
        self._holders[step.edge] = Holder(edge.c.id, None, edge, optional)
        nested = self.holder(step.source).nested + 1 if against and along else 0
        self._holders[step.target] = Holder(far, far_type, None, optional, nested)
        index = "" if optional else self._close(step, edge, on, one_way=not (along and against))
        self._joins.append(_Joined(edge, on, optional, index))
        self._hops.append(step)
        if not self.setting.is_present and self.setting.as_of is not None:
            self._join_row(step.target)
        if nested > _DEEP:
            self._begin_anew(step.target)
        self._filter(step, on, optional=optional)

    def _begin_anew(self, slot: int) -> None:
        """Read an entity's id from its row: SQLite cannot parse what is nested too deep."""
        held = self._holders[slot]
        row = self.row_of(slot)
        held.id, held.type, held.nested = row.c.id, row.c.type_id, 0

    def _close(
        self, step: plan.Expand, edge: FromClause, on: list[ColumnElement[bool]], *, one_way: bool
    ) -> str:
        """Join a hop whose far end is to be what another slot holds at both its ends.

        Returns the index that begins at that other slot: it was bound before the near end, so one lookup after
        another falls into the same part of the index.
        """
        target = step.target
        met = [a if b == target else b for a, b in self._same if target in {a, b}]
        other = next((one for one in met if one in self._holders and one != target), None)
        if other is None:
            return ""
        far = self._holders[target].id
        on.append(far == self.id_of(other))
        near_types = self.slots[step.source].types
        if not one_way or self.setting.as_of is not None or near_types is None or len(near_types) != 1:
            return ""
        against = far is edge.c.from_id
        on.append(among(edge.c.to_type_id if against else edge.c.from_type_id, near_types))
        return "relationship_from" if against else "relationship_to"

    def _filter(self, step: plan.Expand, on: list[ColumnElement[bool]], *, optional: bool) -> None:
        """Ask a hop's filter: of an optional hop it belongs to the join, where it must not need another one."""
        if not optional:
            self.ask(step.filter)
        elif step.filter != plan.TRUE or self.setting.as_of is not None:
            on.append(self._far_side(step))

    def _far_side(self, step: plan.Expand) -> ColumnElement[bool]:
        inner = Path(self.setting, self.slots, self)
        row = self.setting.entities(f"e{step.target}_{inner.depth}")
        held = self._holders[step.target]
        types = self.slots[step.target].types
        of_type = [] if types is None or self.setting.as_of is None else [_of_types(row.c.type_id, types)]
        inner._joins.append(_Joined(row, [row.c.id == held.id, *of_type]))
        inner._holders[step.target] = Holder(row.c.id, row.c.type_id, row)
        inner.ask(step.filter)
        return inner.select(literal(1)).correlate_except(*inner._sources()).exists()

    def _kinds(
        self, step: plan.Expand, edge: FromClause, wanted: list[KnownEdge], *, ahead: bool
    ) -> list[ColumnElement[bool]]:
        """Return conditions on verb and far type, as far as they tell apart what the near end can have."""
        near = self.slots[step.source].types
        known = self.setting.known
        there = known.between(near, None, None) if ahead else known.between(None, None, near)
        verbs = frozenset(self.setting.verbs[one.verb] for one in wanted)
        types = frozenset(one.to_type if ahead else one.from_type for one in wanted)
        far = edge.c.to_type_id if ahead else edge.c.from_type_id
        if len(verbs) == len(types) == 1 and self.setting.as_of is None:
            return [among(edge.c.verb_id, verbs), among(far, types)]  # the index may lead on to the far end
        same_verbs = [one for one in there if self.setting.verbs[one.verb] in verbs]
        found: list[ColumnElement[bool]] = []
        if len(same_verbs) < len(there) or len(same_verbs) > len(wanted):
            found.append(among(edge.c.verb_id, verbs))
        if len(same_verbs) > len(wanted) and self.setting.as_of is None:  # a row has its ends' present types
            found.append(among(far, types))
        return found

    def _distinct(self, step: plan.Expand, edge: FromClause) -> list[ColumnElement[bool]]:
        """Say that a relationship is none of those that the path has walked, where it could be."""
        return [
            edge.c.id.is_distinct_from(self._holders[other.edge].id)
            if self._holders[other.edge].optional
            else edge.c.id != self._holders[other.edge].id
            for other in self._hops
            if self._may_be_one(step, other)
        ]

    def _may_be_one(self, step: plan.Expand, other: plan.Expand) -> bool:
        known = self.setting.known
        kinds = [
            {(one.from_type, one.verb, one.to_type) for side in ways(hop, self.slots, known) for one in side}
            for hop in (step, other)
        ]
        return bool(kinds[0] & kinds[1])

    def _test(
        self, steps: Sequence[plan.Step], *, apart: bool = False, back_to: int | None = None
    ) -> ColumnElement[bool]:
        """Say that steps lead somewhere."""
        inner = Path(self.setting, self.slots, self)
        if apart:
            inner._hops, inner._holders = list(self._hops), dict(self._holders)
        inner._steps(steps)
        hops = [one for one in steps if isinstance(one, plan.Expand)]
        if back_to is not None:
            inner._conditions.append(inner.id_of(hops[-1].target) == self.id_of(back_to))
        return inner.select(literal(1)).correlate_except(*inner._sources()).exists()

    def _sources(self) -> list[FromClause]:
        return [one.source for one in self._joins]

    def _join_row(self, slot: int) -> FromClause:
        held = self._holders[slot]
        row = self.setting.entities(f"e{slot}_{self.depth}")
        on: list[ColumnElement[bool]] = [row.c.id == held.id]
        types = self.slots[slot].types
        if self.setting.as_of is not None and types is not None:
            on.append(_of_types(row.c.type_id, types))  # it may have had another type then
        self._joins.append(_Joined(row, on, held.optional))
        held.row = row
        if self.setting.as_of is not None:
            held.type = row.c.type_id
        return row

    # reading -----------------------------------------------------------------------------------------

    def holder(self, slot: int) -> Holder:
        """Return where a slot's thing is found, here or around."""
        if slot in self._holders:
            return self._holders[slot]
        assert self._outer is not None  # noqa: S101  # a plan binds what it reads
        return self._outer.holder(slot)

    def id_of(self, slot: int) -> ColumnElement[Any]:
        """Return the id of what a slot holds."""
        one = self.slots[slot]
        if one.kind == "either" and slot not in self._holders:
            ids = [self.id_of(inner) for inner in one.of]
            return func.coalesce(*ids) if len(ids) > 1 else ids[0]
        return self.holder(slot).id

    def type_of(self, slot: int) -> ColumnElement[Any]:
        """Return the number of an entity's type."""
        found = self.holder(slot).type
        assert found is not None  # noqa: S101  # only entities have one
        return found

    def row_of(self, slot: int) -> FromClause:
        """Return the row of what a slot holds, joining it when nothing has read it yet."""
        if slot not in self._holders and self._outer is not None:
            return self._outer.row_of(slot)
        held = self._holders[slot]
        return held.row if held.row is not None else self._join_row(slot)

    def is_hot(self, name: str) -> bool:
        """Say whether a property has a column of its own in the rows of entities."""
        if self.setting.as_of is not None:
            return False
        return any(name == indexed for _, indexed in self.setting.catalogue.indexed())

    def metadata(self, slot: int, name: str) -> Term:
        """Return a metadata property."""
        if name in _METADATA:
            column, kind = _METADATA[name]
            return Term(self.row_of(slot).c[column], kind)
        match name:
            case "_id":
                return Term(public(self.id_of(slot)), "string")
            case "_deleted":
                row = self.row_of(slot)
                return Term(case((row.c.id.is_(None), None), else_=row.c.end_on.is_not(None)), "boolean")
        return self._of_edge(slot, name) if self.slots[slot].kind == "edge" else self._of_entity(slot, name)

    def _of_entity(self, slot: int, name: str) -> Term:
        match name:
            case "_key":
                return Term(self.row_of(slot).c.key, "string")
            case "_type":
                return Term(self.type_name_of(slot), "string")
            case "_class":
                kind = t.entity_type
                found = looked_up(kind.c.classes, kind, kind.c.id == self.type_of(slot))
                return Term(found, "list")
        owner = t.integration
        of = owner.c.id == self.row_of(slot).c.integration_id
        value: Any = {
            "_integrationInstanceId": owner.c.id,
            "_integrationName": func.coalesce(owner.c.former_name, owner.c.name),
            "_integrationType": _configured("integration_type", "bitbucket"),
            "_integrationClass": _configured("integration_class", '["VersionControl"]'),
            "_source": _configured("source", "integration-managed"),
        }[name]
        found = looked_up(value, owner, of)
        return Term(found, "list" if name == "_integrationClass" else "string")

    def type_name_of(self, slot: int) -> ColumnElement[Any]:
        """Return the `_type`: of a few possible types without looking it up."""
        types, number_of_type = self.slots[slot].types, self.type_of(slot)
        if not types or len(types) > _FEW:
            return type_name(number_of_type)
        names = {one.id: one.name for one in self.setting.known.chosen(types)}
        return case(*((number_of_type == number(of), literal(name)) for of, name in sorted(names.items())))

    def _of_edge(self, slot: int, name: str) -> Term:
        row = self.row_of(slot)
        verb = looked_up(t.verb.c.name, t.verb, t.verb.c.id == row.c.verb_id)
        ends = {"_fromEntityKey": row.c.from_id, "_toEntityKey": row.c.to_id}
        if name in ends:
            return Term(_key_of(ends[name]), "string")
        if name == "_class":
            return Term(verb, "string")
        if name == "_key":
            derived = _key_of(row.c.from_id) + "|" + func.lower(verb) + "|" + _key_of(row.c.to_id)
            return Term(_explicit(row, "key", derived), "string")
        names = self._type_of_end(row, "from"), verb, self._type_of_end(row, "to")
        return Term(_explicit(row, "type", func.j1_edge_type(*names)), "string")

    def _type_of_end(self, row: FromClause, side: str) -> ColumnElement[Any]:
        """Return the `_type` of an end; a relationship's row knows the present one only."""
        if self.setting.as_of is None:
            return type_name(row.c[f"{side}_type_id"])
        end = self.setting.entities(f"{side}_end")
        return type_name(looked_up(end.c.type_id, end, end.c.id == row.c[f"{side}_id"]))


def _same_things(where: plan.Predicate) -> Iterator[tuple[int, int]]:
    """Yield the pairs of slots that must hold the same."""
    for one in conjuncts(where):
        match one:
            case plan.Compare(plan.Prop(a, "_id"), "=", plan.Prop(b, "_id")):
                yield a, b
            case plan.Compare(plan.Whole(a), "=", plan.Whole(b)):
                yield a, b


_DEEP = 5
"""Undirected hops in a row that are written into each other."""

_FEW = 12
"""Types that are told apart in the statement's text."""

_METADATA: dict[str, tuple[str, TermKind]] = {
    "_createdOn": ("created_on", "number"),
    "_beginOn": ("begin_on", "number"),
    "_endOn": ("end_on", "number"),
    "_version": ("version", "number"),
}


def _configured(name: str, default: str) -> ColumnElement[Any]:
    """Return what an integration's configuration says; older ones lack the field."""
    return func.coalesce(func.json_extract(t.integration.c.config, f"$.{name}"), default)


def _explicit(row: FromClause, name: str, derived: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.coalesce(row.c[name], derived) if name in row.c else derived


def _key_of(entity_id: ColumnElement[Any]) -> ColumnElement[Any]:
    end = t.entity.alias()
    return looked_up(end.c.key, end, end.c.id == entity_id)


def _of_types(column: ColumnElement[Any], types: frozenset[int]) -> ColumnElement[bool]:
    return among(column, types) if types else false()
