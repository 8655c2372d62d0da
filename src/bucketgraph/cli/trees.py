"""Answers as trees for the terminal."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text
from rich.tree import Tree

from bucketgraph.cli.output import plain
from bucketgraph.cli.tabular import cell, name_of, telling, type_of
from bucketgraph.j1ql.results import Answer


def tree(answer: Answer) -> RenderableType:
    """Draw an answer: a graph along its relationships, rows nested by their columns."""
    if answer.type == "tree":
        return Group(*_Forest(answer.data["vertices"], answer.data["edges"]).draw())
    columns, rows = telling(answer)
    return Group(*(_nested(columns, rows) if answer.type == "table" else _described(columns, rows)))


@dataclass(frozen=True, slots=True)
class _Way:
    """A relationship as seen from one of its ends."""

    edge: Mapping[str, Any]
    to: str
    forwards: bool


class _Forest:
    """Spanning trees of a graph: everything once, near things near; what stands elsewhere is pointed at."""

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

    def draw(self) -> list[Tree]:
        """Return one tree for each connected part, beginning where no relationship leads to."""
        begin = sorted(self._vertices, key=lambda key: key in self._entered)
        seen: set[str] = set()
        return [self._grow(key, seen) for key in begin if key not in seen]

    def _grow(self, root: str, seen: set[str]) -> Tree:
        made = Tree(self._label(root))
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
                repeated = way.to in seen
                child = branch.add(self._edge(way, repeated=repeated))
                if not repeated:
                    seen.add(way.to)
                    waiting.append((way.to, child))
        return made

    def _label(self, key: str) -> Text:
        vertex = self._vertices[key]
        return Text.assemble((plain(name_of(vertex)), "bold"), (f"  {plain(type_of(vertex))}", "dim"))

    def _edge(self, way: _Way, *, repeated: bool) -> Text:
        verb = plain(str(way.edge["relationship"].get("_class", "")))
        arrow = f"{verb} → " if way.forwards else f"← {verb} "
        shown = self._label(way.to)
        shown.append("  (shown elsewhere)" if repeated else "", style="dim")
        return Text.assemble((arrow, "cyan"), shown)


def _nested(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[Tree]:
    """Draw rows so that equal beginnings are told once."""
    trees: list[Tree] = []
    path: list[tuple[str, Tree]] = []
    for row in rows:
        cells = [cell(name, value) for name, value in zip(columns, row, strict=True)]
        same = 0
        while same < min(len(path), len(cells) - 1) and path[same][0] == cells[same]:
            same += 1
        del path[same:]
        for name, text in zip(columns[same:], cells[same:], strict=True):
            label = Text.assemble((f"{plain(name)}: ", "dim"), plain(text))
            branch = path[-1][1].add(label) if path else Tree(label)
            if not path:
                trees.append(branch)
            path.append((text, branch))
    return trees


def _described(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[Tree]:
    """Draw entities with what tells most about them below."""
    trees: list[Tree] = []
    for row in rows:
        name, type_name, *facts = (cell(n, value) for n, value in zip(columns, row, strict=True))
        made = Tree(Text.assemble((plain(name), "bold"), (f"  {plain(type_name)}", "dim")))
        for column, fact in zip(columns[2:], facts, strict=True):
            if fact:
                made.add(Text.assemble((f"{column}: ", "dim"), plain(fact)))
        trees.append(made)
    return trees
