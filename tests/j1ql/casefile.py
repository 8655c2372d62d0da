"""Case files: queries with all that is expected of them, readable, and rewritten by `pytest --update`.

::

    A sentence that names the file's subject, and more lines if need be.

    === What this case shows
    FIND User
    -- ast
    Query
      start: Selector
        …
    -- printed
    FIND User

A section is a line `-- name` and the lines below it. What computes a section is a function in `SECTIONS`;
a case that fails has the section `error` alone. Only sections that a case file asks for are computed, so a
new kind of section is added to the table, written once by hand as an empty section, and filled by `--update`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

from bucketgraph.j1ql.diagnostics import render
from bucketgraph.j1ql.parser import parse_all
from bucketgraph.j1ql.printer import to_text
from bucketgraph.j1ql.syntax import Node, Query

CASES: Final = Path(__file__).with_name("cases")


@dataclass(frozen=True)
class Case:
    """One query of a file, and what each section says about it."""

    file: str
    title: str
    text: str
    sections: Mapping[str, str]

    @property
    def name(self) -> str:
        """A name for the test report."""
        return f"{self.file}: {self.title}"


def tree_text(query: Query) -> str:
    """Draw the tree: a line a node, indented; what the author left out is left out."""
    return "\n".join(_drawn("", query, 0))


def _drawn(label: str, node: Node, depth: int) -> Iterator[str]:
    yield f"{'  ' * depth}{label}{type(node).__name__}{_inline(node)}"
    for name, value in _given(node):
        if isinstance(value, Node):
            yield from _drawn(f"{name}: ", value, depth + 1)
        elif isinstance(value, tuple):
            for inner in value:
                if isinstance(inner, Node):
                    yield from _drawn(f"{name}: ", inner, depth + 1)


def _given(node: Node) -> Iterator[tuple[str, object]]:
    for one in fields(node):
        value = getattr(node, one.name)
        if one.compare and (value != one.default or type(value) is not type(one.default)):
            yield one.name, value


def _inline(node: Node) -> str:
    plain = [
        f" {name}={value!r}"
        for name, value in _given(node)
        if not isinstance(value, Node)
        and not (isinstance(value, tuple) and any(isinstance(v, Node) for v in value))
    ]
    return "".join(plain)


SECTIONS: Final[dict[str, Callable[[Query], str]]] = {"ast": tree_text, "printed": to_text}
NEW: Final = ("ast", "printed")
"""The sections that a case without any gets from `--update`."""


def actual(case: Case) -> dict[str, str]:
    """Compute the sections of a case as they are today."""
    query, errors = parse_all(case.text)
    if query is None:
        return {"error": "\n\n".join(render(case.text, error) for error in errors)}
    wanted = [name for name in case.sections if name != "error"] or NEW
    return {name: SECTIONS[name](query) for name in wanted}


def read(path: Path) -> tuple[str, list[Case]]:
    """Return the words at the head of a case file, and its cases."""
    head, *blocks = ("\n" + path.read_text(encoding="utf-8")).split("\n=== ")
    return head.strip(), [_case(path.stem, block) for block in blocks]


def _case(file: str, block: str) -> Case:
    title, _, rest = block.partition("\n")
    text, *sections = f"\n{rest}".split("\n-- ")
    parts = (section.partition("\n") for section in sections)
    return Case(file, title.strip(), text.strip("\n"), {name: body.strip("\n") for name, _, body in parts})


def rewrite(path: Path) -> bool:
    """Write what is true today into a case file; tell whether that changed it."""
    head, cases = read(path)
    blocks = [_written(case) for case in cases]
    text = "\n".join([head, "", *blocks])
    changed = text != path.read_text(encoding="utf-8")
    if changed:
        path.write_text(text, encoding="utf-8")
    return changed


def _written(case: Case) -> str:
    sections = "\n".join(f"-- {name}\n{body}" for name, body in actual(case).items())
    return f"=== {case.title}\n{case.text}\n{sections}\n"


def files() -> list[Path]:
    """Return all case files."""
    return sorted(CASES.glob("*.j1ql"))
