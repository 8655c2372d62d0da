"""A graph as trees: everything once, near things near; what stands elsewhere is pointed at."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Branch:
    """An entity with the relationship that leads to it from the branch above; a root has none.

    `forwards` says that the relationship points here. `repeated` is what stands elsewhere, with all below it.
    """

    vertex: Mapping[str, Any]
    edge: Mapping[str, Any] | None = None
    forwards: bool = True
    repeated: bool = False
    below: list[Branch] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Way:
    """A relationship as seen from one of its ends."""

    edge: Mapping[str, Any]
    to: str
    forwards: bool


def forest(data: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[Branch]:
    """Return one tree for each connected part of a tree answer's data, beginning where no relationship leads to."""
    return list(_Forest(data["vertices"], data["edges"]).grown())


class _Forest:
    def __init__(self, vertices: Sequence[Mapping[str, Any]], edges: Sequence[Mapping[str, Any]]) -> None:
        self._vertices = {str(one["id"]): one for one in vertices}
        self._ways: dict[str, list[_Way]] = {key: [] for key in self._vertices}
        self._entered: set[str] = set()
        for edge in edges:
            source, target = str(edge["fromVertexId"]), str(edge["toVertexId"])
            if source in self._vertices and target in self._vertices:
                self._ways[source].append(_Way(edge, target, forwards=True))
                self._ways[target].append(_Way(edge, source, forwards=False))
            if source in self._vertices:
                self._entered.add(target)

    def grown(self) -> Iterator[Branch]:
        """Yield the trees."""
        begin = sorted(self._vertices, key=lambda key: key in self._entered)
        seen: set[str] = set()
        for key in begin:
            if key not in seen:
                yield self._grow(key, seen)

    def _grow(self, root: str, seen: set[str]) -> Branch:
        made = Branch(self._vertices[root])
        seen.add(root)
        drawn: set[str] = set()
        waiting = deque([(root, made)])
        while waiting:
            key, branch = waiting.popleft()
            for way in self._ways[key]:
                identity = str(way.edge["id"])
                if identity in drawn:
                    continue
                drawn.add(identity)
                child = Branch(self._vertices[way.to], way.edge, way.forwards, repeated=way.to in seen)
                branch.below.append(child)
                if not child.repeated:
                    seen.add(way.to)
                    waiting.append((way.to, child))
        return made
