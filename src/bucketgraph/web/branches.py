"""A tree answer as lines of nested lists, without recursion: a chain of relationships may be as long as it likes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from bucketgraph.answers.forest import Branch, forest
from bucketgraph.answers.tabular import name_of, type_of
from bucketgraph.web.rows import Cell, cut

MOST_LINES: Final = 2000
_DEEPEST: Final = 60
"""Browsers give up on lists that are nested much deeper; what is below stands at this depth."""


@dataclass(frozen=True, slots=True)
class Line:
    """An entity in a tree.

    `opens` says that a list begins below it; `closes` counts the lists that end behind it. `verb` and `forwards` tell
    the relationship from the line above.
    """

    cell: Cell
    verb: str = ""
    forwards: bool = True
    repeated: bool = False
    opens: bool = False
    closes: int = 0


def lines(data: Mapping[str, Sequence[Mapping[str, Any]]]) -> tuple[list[Line], int]:
    """Return the lines of a tree answer, as many as are shown, and how many more there are."""
    found: list[tuple[int, Branch]] = []
    waiting = [(0, root) for root in reversed(forest(data))]
    while waiting:
        depth, branch = waiting.pop()
        found.append((depth, branch))
        waiting += [(min(depth + 1, _DEEPEST), child) for child in reversed(branch.below)]
    shown = found[:MOST_LINES]
    following = [*(depth for depth, _ in islice(shown, 1, None)), 0]
    made = [_line(branch, depth, after) for (depth, branch), after in zip(shown, following, strict=False)]
    return made, len(found) - len(shown)


def _line(branch: Branch, depth: int, after: int) -> Line:
    text, title = cut(name_of(branch.vertex))
    edge = branch.edge
    return Line(
        Cell(text, title, entity=str(branch.vertex["id"]), type=type_of(branch.vertex)),
        "" if edge is None else cut(str(edge["relationship"].get("_class", "")))[0],
        branch.forwards,
        branch.repeated,
        opens=after > depth,
        closes=max(0, depth - after),
    )
