"""Answers for people and programs: tables, trees, JSON, CSV and GraphML."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from bucketgraph.cli.output import console, messages, plain, show_json, write_data

if TYPE_CHECKING:
    from bucketgraph.j1ql.results import Answer

MANY_COLUMNS = 12
"""More than that do not fit side by side; rows are shown one below the other."""


class Format(StrEnum):
    """How an answer is written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    TREE = "tree"
    GRAPHML = "graphml"

    @property
    def for_files(self) -> bool:
        """Tell whether it is meant to be kept, so that leaving out rows would deceive."""
        return self in {Format.CSV, Format.GRAPHML}


def show_answer(answer: Answer, form: Format) -> None:
    """Write an answer to standard output; what a person should know of it goes to standard error."""
    if form is Format.JSON:
        show_json(answer.envelope())
        return
    if form is Format.CSV:
        from bucketgraph.answers.csv_text import as_csv  # noqa: PLC0415

        write_data(as_csv(answer))
    elif form is Format.GRAPHML:
        from bucketgraph.answers.graphml import graphml  # noqa: PLC0415  # only where it is asked for

        write_data(graphml(answer))
    elif rows_of(answer):
        show_long(drawn(answer, form), console())
    else:
        messages().print("Nothing was found.", style="dim")
    _say_more(answer)


def drawn(answer: Answer, form: Format) -> RenderableType:
    """Return what a terminal shows of an answer; a tree is no table, so it is drawn as a tree anyhow."""
    from bucketgraph.cli.trees import tree  # noqa: PLC0415  # keeps --help quick

    if form is Format.TREE or answer.type == "tree":
        return tree(answer)
    return as_table(answer)


def rows_of(answer: Answer) -> int:
    """Return how many rows, or vertices of a tree, an answer holds."""
    return len(answer.data["vertices"] if answer.type == "tree" else answer.data)


def as_table(answer: Answer) -> RenderableType:
    """Return a table for a person."""
    from bucketgraph.answers.tabular import cell, is_number, telling  # noqa: PLC0415

    columns, rows = telling(answer)
    if len(columns) > MANY_COLUMNS:
        return Group(*(_record(columns, row) for row in rows))
    made = Table(header_style="bold", box=None, pad_edge=False)
    for index, column in enumerate(columns):
        right = not column.endswith("On") and all(is_number(row[index]) for row in rows)
        made.add_column(Text(plain(column)), justify="right" if right else "left", overflow="fold")
    for row in rows:
        made.add_row(*(Text(plain(cell(n, value))) for n, value in zip(columns, row, strict=True)))
    return made


def _record(columns: Sequence[str], row: Sequence[Any]) -> RenderableType:
    """Return one row as lines of name and value; what is missing is left out."""
    from bucketgraph.answers.tabular import cell  # noqa: PLC0415

    made = Table(box=None, pad_edge=False, show_header=False)
    made.add_column(style="dim")
    made.add_column(overflow="fold")
    for name, value in zip(columns, row, strict=True):
        if value is not None:
            made.add_row(Text(plain(name)), Text(plain(cell(name, value))))
    return Group(made, "")


def show_long(shown: RenderableType, out: Console) -> None:
    """Print; in a terminal through a pager when it is longer than the screen."""
    if not (out.is_terminal and sys.stdin.isatty()):
        out.print(shown)
        return
    with out.capture() as captured:
        out.print(shown)
    text = captured.get()
    if text.count("\n") < out.size.height:
        out.file.write(text)
        return
    from rich.pager import SystemPager  # noqa: PLC0415

    os.environ.setdefault("LESS", "-FRX")
    SystemPager().show(text)


def _say_more(answer: Answer) -> None:
    if answer.cursor is None:
        return
    total = "more" if answer.total is None else f"{answer.total:,}"
    text = f"The first {rows_of(answer):,} of {total} rows; --all shows every one."
    messages().print(text, style="dim", highlight=False)
