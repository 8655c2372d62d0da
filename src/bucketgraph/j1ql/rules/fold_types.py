"""`_type = 'x'` and `_class = 'X'` are tests of the type, which the store answers without reading properties."""

from __future__ import annotations

from typing import Final

from bucketgraph.j1ql.known import KnownGraph
from bucketgraph.j1ql.plan import Compare, Const, OfType, Plan, Predicate, Prop
from bucketgraph.j1ql.rules.visit import with_leaves, with_predicates


def fold_types(made: Plan, known: KnownGraph) -> Plan:
    """Return the plan with comparisons of `_type` and `_class` of entities replaced."""

    def leaf(node: Predicate) -> Predicate:
        match node:
            case Compare(Prop(slot, name), "=", Const(value)) | Compare(Const(value), "=", Prop(slot, name)):
                of = _BY_NAME.get(name)
                if of is not None and isinstance(value, str) and made.slots[slot].kind == "entity":
                    return OfType(slot, of(known, value))
        return node

    return with_predicates(made, lambda one: with_leaves(one, leaf))


_BY_NAME: Final = {"_type": KnownGraph.of_type, "_class": KnownGraph.of_class}
