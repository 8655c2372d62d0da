"""Case files: queries with all that is expected of them, readable, and rewritten by `pytest --update`.

::

    A sentence that names the file's subject, and more lines if need be.

    === What this case shows
    --- as-of 2026-09-01
    FIND User
    -- printed
    FIND User
    -- rows
    user:alice
    (1 entity)

Lines that begin with `---` say how to ask: `now`, `as-of` (a date), `deleted` (deleted things too), `var` and
`param` (`name=JSON`). A section is a line `-- name` and the lines below it. `SECTIONS` says of the text alone
what `ASKED` says of asking it on the graph of `casegraph`; `messages` stand there where there are any. A case
that cannot be read has the section `error` alone; one that can be read and not asked has `refused` in place of
what asking would tell.

Only sections that a case file asks for are computed. So write a query with empty sections, and let `--update`
fill them; then read them: a case says what ought to be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from itertools import takewhile
from pathlib import Path
from typing import Final

from j1ql import caseanswer

from bucketgraph.errors import QueryError
from bucketgraph.j1ql.diagnostics import render
from bucketgraph.j1ql.parser import parse_all
from bucketgraph.j1ql.printer import to_text
from bucketgraph.j1ql.results import Request
from bucketgraph.j1ql.syntax import Node, Query

CASES: Final = Path(__file__).with_name("cases")


@dataclass(frozen=True)
class Case:
    """One query of a file, how it is asked, and what each section says about it."""

    file: str
    title: str
    text: str
    options: tuple[str, ...]
    sections: Mapping[str, str]

    @property
    def name(self) -> str:
        """A name for the test report."""
        return f"{self.file}: {self.title}"

    @property
    def request(self) -> Request:
        """The question."""
        return caseanswer.request_of(self.text, self.options)

    @property
    def is_asked(self) -> bool:
        """Say whether the case tells what asking gives."""
        return not {REFUSED, *ASKED}.isdisjoint(self.sections)

    @property
    def is_refused(self) -> bool:
        """Say whether the case tells that the query cannot be asked."""
        return REFUSED in self.sections


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
ASKED: Final[dict[str, Callable[[Request], str]]] = {
    "plan": caseanswer.plan_text,
    "sql": caseanswer.sql_text,
    "rows": caseanswer.rows_text,
    "answer": caseanswer.answer_text,
}
REFUSED: Final = "refused"
NEW: Final = ("ast", "printed")
"""The sections that a case without any gets from `--update`."""


def actual(case: Case) -> dict[str, str]:
    """Compute the sections of a case as they are today."""
    query, errors = parse_all(case.text)
    if query is None:
        return {"error": "\n\n".join(render(case.text, error) for error in errors)}
    of_text = {name: SECTIONS[name](query) for name in case.sections if name in SECTIONS}
    if not case.is_asked:
        return of_text or {name: SECTIONS[name](query) for name in NEW}
    wanted = [name for name in case.sections if name in ASKED] or ["rows"]
    try:
        warned = "" if wanted == ["answer"] else caseanswer.messages_text(case.request)
        told = {name: ASKED[name](case.request) for name in wanted}
    except QueryError as error:
        return of_text | {REFUSED: render(case.text, error)}
    return of_text | told | ({"messages": warned} if warned else {})


def read(path: Path) -> tuple[str, list[Case]]:
    """Return the words at the head of a case file, and its cases."""
    head, *blocks = ("\n" + path.read_text(encoding="utf-8")).split("\n=== ")
    return head.strip(), [_case(path.stem, block) for block in blocks]


def _case(file: str, block: str) -> Case:
    title, _, rest = block.partition("\n")
    text, *sections = f"\n{rest}".split("\n-- ")
    parts = (section.partition("\n") for section in sections)
    lines = text.strip("\n").split("\n")
    options = tuple(line[4:].strip() for line in takewhile(lambda line: line.startswith("--- "), lines))
    text = "\n".join(lines[len(options) :])
    bodies = {name.strip(): body.strip("\n") for name, _, body in parts}
    return Case(file, title.strip(), text, options, bodies)


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
    options = "".join(f"--- {one}\n" for one in case.options)
    return f"=== {case.title}\n{options}{case.text}\n{sections}\n"


def files() -> list[Path]:
    """Return all case files."""
    return sorted(CASES.glob("*.j1ql"))
