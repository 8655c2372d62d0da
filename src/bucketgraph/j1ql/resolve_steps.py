"""Selectors, hops and optional groups of a query, resolved to slots and steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bucketgraph.j1ql import plan, syntax
from bucketgraph.j1ql.context import Context
from bucketgraph.j1ql.known import TypeIds
from bucketgraph.j1ql.plan import (
    TRUE,
    Absent,
    And,
    Compare,
    Const,
    Expand,
    HasWords,
    Maybe,
    OfType,
    Or,
    Predicate,
    Prop,
    Scan,
    Slot,
)
from bucketgraph.j1ql.resolve_conditions import Resolver
from bucketgraph.j1ql.values import words

CRITICAL_ASSET: Final = "CriticalAsset"
_CRITICAL_CLASSES: Final = ("Application", "CodeRepo", "DataStore", "Function", "Host", "Logs")


def start(context: Context, selector: syntax.Selector) -> Scan:
    """Resolve the first selector; its slot is number 0."""
    slot, wanted = _entity(context, selector, bound=True)
    return Scan(slot, wanted)


def steps(
    context: Context, source: int, nodes: Sequence[syntax.Step], *, bound: bool = True
) -> tuple[tuple[plan.Step, ...], int]:
    """Resolve steps that begin at a slot; return them and the slot they end at.

    A negation covers its hop and all that follows in the same group.
    """
    found: list[plan.Step] = []
    for index, node in enumerate(nodes):
        if isinstance(node, syntax.Optional):
            group, source = _optional(context, source, node, bound=bound)
            found.append(group)
        elif node.negated:
            first, end = _hop(context, source, node, bound=False)
            rest, _ = steps(context, end, nodes[index + 1 :], bound=False)
            found.append(Absent((first, *rest)))
            break
        else:
            hop, source = _hop(context, source, node, bound=bound)
            found.append(hop)
    return tuple(found), source


def _optional(context: Context, source: int, node: syntax.Optional, *, bound: bool) -> tuple[Maybe, int]:
    inside, end = steps(context, source, node.steps, bound=bound)
    of = (source,) if end == source else (end, source)
    holders = [context.slots[one] for one in of]
    types = None if any(one.types is None for one in holders) else _union(one.types for one in holders)
    either = context.add(Slot("either", node.alias or "", types, of=of, bound=bound))
    if node.alias is not None:
        _declare(context, node.alias, either)
    return Maybe(inside), either


def _union(sets: object) -> TypeIds:
    return frozenset(one for ids in sets for one in ids)  # type: ignore[attr-defined]


def _hop(context: Context, source: int, node: syntax.Hop, *, bound: bool) -> tuple[Expand, int]:
    verbs = None if node.verbs is None else frozenset(node.verbs)
    single = node.verbs[0] if node.verbs is not None and len(node.verbs) == 1 else ""
    edge = context.add(Slot("edge", node.alias or single, verbs=verbs, bound=bound))
    if node.alias is not None:
        _declare(context, node.alias, edge)
    elif single:
        context.names.verb(single, edge, bound=bound)
    for verb in node.verbs or ():
        if verb not in context.known.verbs:
            context.warn_unknown("relationship", verb, context.known.verbs)
    over = _with(context, edge, node.condition)
    target, wanted = _entity(context, node.target, bound=bound)
    return Expand(source, edge, target, node.direction, _both(wanted, over)), target


def _declare(context: Context, alias: str, slot: int) -> None:
    if not context.names.declare(alias, slot):
        context.warn(f'"{alias}" names several things; the first keeps the name.')


# selectors -------------------------------------------------------------------------------------------


def _entity(context: Context, selector: syntax.Selector, *, bound: bool) -> tuple[int, Predicate]:
    """Take in an entity's slot; return it with what the selector asks of it."""
    default = _default_name(selector)
    types, smart = _members(context, selector)
    slot = context.add(Slot("entity", selector.alias or default, types, bound=bound))
    if selector.alias is not None:
        _declare(context, selector.alias, slot)
        if not bound:
            context.warn(f'"{selector.alias}" stands in a negation, so it never holds anything.')
    elif default:
        context.names.entity(default, slot, bound=bound)
    wanted: list[Predicate] = []
    if smart:
        ids = OfType(slot, types) if types else None
        any_of = [*([ids] if ids else []), *(smart_class(context, slot, name) for name in smart)]
        wanted.append(any_of[0] if len(any_of) == 1 else Or(tuple(any_of)))
        context.slots[slot] = Slot("entity", selector.alias or default, None, bound=bound)
    wanted += [smart_class(context, slot, name) for name in selector.smart_classes]
    if selector.full_text is not None:
        wanted.append(HasWords(slot, tuple(dict.fromkeys(words(selector.full_text)))))
    wanted.append(_with(context, slot, selector.condition))
    return slot, _both(*wanted)


def _default_name(selector: syntax.Selector) -> str:
    only = selector.members[0] if len(selector.members) == 1 else None
    return only.name if only is not None and only.kind in {"class", "type"} else ""


def _members(context: Context, selector: syntax.Selector) -> tuple[TypeIds | None, list[str]]:
    """Return the types of a selector (None: any), and the smart classes that would do as well."""
    if not selector.members:
        return None, []
    ids: set[int] = set()
    smart: list[str] = []
    for member in selector.members:
        if member.kind == "placeholder":
            raise context.unfilled(syntax.Placeholder(member.name), member.span)
        if member.kind == "smart":
            smart.append(member.name)
            continue
        found = _named(context, member)
        ids |= found
    return frozenset(ids), smart


def _named(context: Context, member: syntax.Member) -> TypeIds:
    known = context.known
    found = known.of_class(member.name) if member.kind == "class" else known.of_type(member.name)
    if not found and member.kind == "class" and member.name in known.type_names:
        context.warn(
            f'"{member.name}" is a type that begins with a capital letter, which stands for a class. '
            f"Did you mean \"* WITH _type = '{member.name}'\"?"
        )
    elif not found and member.kind == "class":
        context.warn_unknown("class", member.name, known.class_names | known.type_names)
    elif not found:
        context.warn_unknown("type", member.name, known.type_names | known.class_names)
    return found


def smart_class(context: Context, slot: int, name: str) -> Predicate:
    """Return who belongs to a smart class: those tagged with its name, and members of the built-in one."""
    tag, tags = Prop(slot, f"tag.{name}"), Prop(slot, "tags")
    ways: list[Predicate] = [
        Compare(tag, "=", Const(value=True)),
        Compare(tag, "=", Const("true")),
        Compare(tags, "=", Const(name)),
    ]
    if name == CRITICAL_ASSET:
        types = frozenset(one for known in _CRITICAL_CLASSES for one in context.known.of_class(known))
        production = Prop(slot, "tag.Production")
        ways.append(
            And(
                (
                    OfType(slot, types),
                    Or(tuple(Compare(production, "=", Const(value)) for value in (True, "true"))),
                    Compare(Prop(slot, "classification"), "=", Const("critical")),
                )
            )
        )
    return Or(tuple(ways))


def _with(context: Context, slot: int, node: syntax.Condition | None) -> Predicate:
    """Resolve WITH: every path in it is a property of the slot."""
    if node is None:
        return TRUE

    def of_slot(path: syntax.Path) -> plan.Expression:
        name = ".".join(path.segments)
        context.warn_property(slot, name)
        return Prop(slot, name)

    return Resolver(context, of_slot).condition(node)


def _both(*wanted: Predicate) -> Predicate:
    items = tuple(one for one in wanted if one != TRUE)
    if not items:
        return TRUE
    return items[0] if len(items) == 1 else And(items)
