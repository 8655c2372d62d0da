"""Tables for people, JSON for programs, errors as one paragraph."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from bucketgraph.errors import BucketgraphError
from bucketgraph.graph.written import minute

_CONTROL = {code: "\ufffd" for code in (*range(32), *range(127, 160)) if code not in (9, 10)}


def plain(text: str) -> str:
    """Return a text without control characters: what comes from Bitbucket must not command the terminal."""
    return text.translate(_CONTROL)


def console() -> Console:
    """Return the console for results."""
    return Console(file=sys.stdout, soft_wrap=False)


def messages() -> Console:
    """Return the console for progress and errors."""
    return Console(file=sys.stderr)


def show_json(value: Any) -> None:
    """Write a value as indented JSON to standard output."""
    _write(msgspec.json.format(msgspec.json.encode(value), indent=2))
    _write(b"\n")


def write_data(text: str) -> None:
    """Write data to standard output as it is, in UTF-8; a terminal gets it without control characters."""
    _write(text.encode())


def _write(data: bytes) -> None:
    """Write UTF-8, without turning much into text and back where nobody looks."""
    if sys.stdout.isatty():
        sys.stdout.write(plain(data.decode().replace("\r\n", "\n")))
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def error_body(error: BucketgraphError) -> dict[str, object]:
    """Return an error as programs get it; of a query's error also where it is and what may have been meant."""
    return {"error": error.facts()}


def show_error(error: BucketgraphError, *, as_json: bool = False) -> None:
    """Write an error to standard error: what happened and why, then what to do."""
    if as_json:
        sys.stderr.write(msgspec.json.encode(error_body(error)).decode() + "\n")
        return
    text = Text.assemble(("error", "bold red"), " ", plain(error.message))
    if error.hint:
        text.append(" " + error.hint, style="default")
    messages().print(text)


def table(title: str | None, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """Return a table; columns whose name ends in `#` are numbers and stand right."""
    made = Table(
        title=title, title_justify="left", title_style="bold", header_style="bold", box=None, pad_edge=False
    )
    for column in columns:
        number = column.endswith("#")
        made.add_column(column.rstrip("#"), justify="right" if number else "left", overflow="fold")
    for row in rows:
        made.add_row(*(escape(plain(cell)) for cell in row))
    return made


def when(ms: int | None) -> str:
    """Write epoch milliseconds as a UTC minute."""
    return "" if ms is None else minute(ms)


def number(value: int) -> str:
    """Write a count with thousands separated; nothing for zero, so that the eye finds what happened."""
    return f"{value:,}" if value else "·"
