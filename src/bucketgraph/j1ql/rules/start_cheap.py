"""Begin at the end of the path that leaves the least to walk, by the number of things of each kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from bucketgraph.j1ql.known import KnownGraph
from bucketgraph.j1ql.plan import (
    Compare,
    Const,
    Direction,
    Expand,
    HasWords,
    Not,
    Plan,
    Predicate,
    Prop,
    Scan,
    Slot,
)
from bucketgraph.j1ql.rules.point_hops import ways
from bucketgraph.j1ql.rules.visit import conjunction, conjuncts, slots_of

_UNIQUE: Final = frozenset({"_id", "_key"})
_EQUAL, _WORDS, _OTHER, _DENIED = 0.02, 0.01, 0.4, 0.8
_GAIN: Final = 0.5
"""Another start is chosen only when it is clearly better: the numbers are guesses."""
_TURNED: Final[dict[Direction, Direction]] = {"any": "any", "right": "left", "left": "right"}


def start_cheap(made: Plan, known: KnownGraph) -> Plan:
    """Return the plan with its first run of hops walked from the cheapest of their entities."""
    hops: list[Expand] = []
    for step in made.steps:
        if not isinstance(step, Expand):
            break
        hops.append(step)
    if not hops:
        return made
    chain = _Chain(made.slots, _asked(made, hops), hops, known)
    costs = [chain.cost(position) for position in range(len(hops) + 1)]
    best = min(range(len(costs)), key=costs.__getitem__)
    if best == 0 or costs[best] > costs[0] * _GAIN:
        return made
    first, steps = chain.walk(best)
    return replace(made, start=first, steps=(*steps, *made.steps[len(hops) :]))


def _asked(made: Plan, hops: Sequence[Expand]) -> list[Predicate]:
    """Return the filter of each entity of the chain; what a hop asks of its relationship goes with its target."""
    return [made.start.filter, *(hop.filter for hop in hops)]


@dataclass(frozen=True, slots=True)
class _Chain:
    slots: Sequence[Slot]
    filters: Sequence[Predicate]
    hops: Sequence[Expand]
    known: KnownGraph

    def _entity(self, position: int) -> int:
        return self.hops[position - 1].target if position else self.hops[0].source

    def cost(self, begin: int) -> float:
        """Estimate the rows that are looked at when beginning at an entity of the chain."""
        rows = self._size(begin) * self._share(begin)
        total = rows if self._found_directly(begin) else max(rows, self._size(begin))
        for position, hop in self._order(begin):
            rows *= self._fan_out(hop, toward=position)
            total += rows
            rows *= self._share(position)
        return total

    def walk(self, begin: int) -> tuple[Scan, list[Expand]]:
        """Return the scan and hops that begin at an entity of the chain."""
        edges = [self._of_edge(position) for position in range(1, len(self.hops) + 1)]
        first = Scan(self._entity(begin), self._of_entity(begin))
        steps = []
        for position, hop in self._order(begin):
            index = self.hops.index(hop)
            asked = _joined(self._of_entity(position), edges[index])
            if position == index + 1:
                steps.append(replace(hop, filter=asked))
            else:
                turned = _TURNED[hop.direction]
                steps.append(Expand(hop.target, hop.edge, hop.source, turned, asked))
        return first, steps

    def _order(self, begin: int) -> list[tuple[int, Expand]]:
        """Return (position reached, hop) in the order of walking: first to the left, then to the right."""
        left = [(position, self.hops[position]) for position in range(begin - 1, -1, -1)]
        right = [(position, self.hops[position - 1]) for position in range(begin + 1, len(self.hops) + 1)]
        return [*left, *right]

    def _of_entity(self, position: int) -> Predicate:
        return _speaking_of(self.filters[position], self._entity(position))

    def _of_edge(self, position: int) -> Predicate:
        return _speaking_of(self.filters[position], self._entity(position), other=True)

    def _size(self, position: int) -> float:
        return max(1.0, self.known.count(self.slots[self._entity(position)].types))

    def _share(self, position: int) -> float:
        share = 1.0
        for one in conjuncts(self.filters[position]):
            share *= _selectivity(one, self._size(position))
        return share

    def _found_directly(self, position: int) -> bool:
        """Tell whether an index leads to the entities that the filter keeps."""
        types = self.slots[self._entity(position)].types or frozenset()
        for one in conjuncts(self.filters[position]):
            match one:
                case Compare(Prop(_, name), "=", Const()):
                    if name in _UNIQUE or all((known, name) in self.known.indexed for known in types):
                        return True
        return False

    def _fan_out(self, hop: Expand, *, toward: int) -> float:
        """Estimate how many relationships lead on from one entity."""
        along, against = ways(hop, self.slots, self.known)
        edges = sum(one.count for one in (*along, *against))
        forwards = self._entity(toward) == hop.target
        source = hop.source if forwards else hop.target
        return edges / max(1.0, self.known.count(self.slots[source].types))


def _joined(one: Predicate, other: Predicate) -> Predicate:

    return conjunction((*conjuncts(one), *conjuncts(other)))


def _speaking_of(predicate: Predicate, entity: int, *, other: bool = False) -> Predicate:
    """Return the parts of a filter that read the entity alone; `other`, those that read its relationship too."""
    return conjunction(one for one in conjuncts(predicate) if (slots_of(one) <= {entity}) is not other)


def _selectivity(one: Predicate, size: float) -> float:
    match one:
        case Compare(Prop(_, name), "=", Const()):
            return 1 / size if name in _UNIQUE else _EQUAL
        case HasWords():
            return _WORDS
        case Not():
            return _DENIED
        case _:
            return _OTHER
