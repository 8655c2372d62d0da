"""Answers as trees for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text
from rich.tree import Tree

from bucketgraph.answers.forest import Branch, forest
from bucketgraph.answers.tabular import cell, name_of, telling, type_of
from bucketgraph.cli.output import plain
from bucketgraph.j1ql.results import Answer


def tree(answer: Answer) -> RenderableType:
    """Draw an answer: a graph along its relationships, rows nested by their columns."""
    if answer.type == "tree":
        return Group(*(_drawn(root) for root in forest(answer.data)))
    columns, rows = telling(answer)
    return Group(*(_nested(columns, rows) if answer.type == "table" else _described(columns, rows)))


def _drawn(root: Branch) -> Tree:
    made = Tree(_label(root.vertex))
    waiting = [(root, made)]
    while waiting:  # a chain of relationships may be longer than Python's stack is deep
        branch, drawn = waiting.pop()
        waiting += [(child, drawn.add(_edge(child))) for child in branch.below]
    return made


def _label(vertex: Mapping[str, Any]) -> Text:
    return Text.assemble((plain(name_of(vertex)), "bold"), (f"  {plain(type_of(vertex))}", "dim"))


def _edge(branch: Branch) -> Text:
    assert branch.edge is not None  # noqa: S101  # only a root has none
    verb = plain(str(branch.edge["relationship"].get("_class", "")))
    shown = _label(branch.vertex)
    shown.append("  (shown elsewhere)" if branch.repeated else "", style="dim")
    return Text.assemble((f"{verb} → " if branch.forwards else f"← {verb} ", "cyan"), shown)


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
