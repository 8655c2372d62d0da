"""What commands need of whoever answers queries, and how a query's text and errors come and go."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, cast

import msgspec
import typer
from rich.text import Text

from bucketgraph.cli.output import error_body, messages, plain, show_error
from bucketgraph.errors import ConfigError, QueryError

if TYPE_CHECKING:
    from bucketgraph.app import App
    from bucketgraph.j1ql.known import KnownGraph
    from bucketgraph.j1ql.results import Answer, Request

_MOST_BYTES = 1_000_000  # more than the longest query that is answered


class Explained(Protocol):
    """How a query is answered."""

    def text(self) -> str:
        """Tell it in words, with the plan and the SQL."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as a program gets it."""


class Askable(Protocol):
    """Whoever answers queries; the store does."""

    def ask(self, request: Request) -> Answer:
        """Answer a query. Raises QueryError, StoreError, and UserError when it takes too long."""

    def explain(self, request: Request) -> Explained:
        """Tell how a query would be answered."""

    def check(self, request: Request) -> tuple[str, ...]:
        """Return warnings of a query that can be asked; raises QueryError for one that cannot."""

    def known(self) -> KnownGraph:
        """Return what is known of the graph."""


def answering(opened: App) -> Askable:
    """Return who answers the queries of an app."""
    return cast("Askable", opened.store)


def read_query(text: str | None, file: Path | None) -> str:
    """Return a query's text from the argument, a file or standard input."""
    if text is not None and file is not None:
        raise ConfigError("The query is given twice.", hint="Give it as an argument or with --file.")
    if file is not None:
        return _read_file(file)
    if text not in {None, "-"}:
        return str(text)
    if text is None and (sys.stdin is None or sys.stdin.isatty()):
        raise ConfigError(
            "What shall be asked?",
            hint="Write bucketgraph query 'FIND bitbucket_repo WITH public = true', or bucketgraph shell to try out.",
        )
    return _decode(standard_input().read(_MOST_BYTES), "Standard input")


def standard_input() -> BinaryIO:
    """Return standard input as bytes; raises ConfigError where whoever started us closed it."""
    if sys.stdin is None:
        raise ConfigError("There is no standard input.", hint="Give the query as an argument or with --file.")
    return sys.stdin.buffer


def _read_file(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            content = opened.read(_MOST_BYTES)
    except OSError as error:
        raise ConfigError(
            f"{file} cannot be read ({error.strerror}).", hint="Name a file that holds a query."
        ) from None
    return _decode(content, str(file))


def _decode(content: bytes, what: str) -> str:
    cut = len(content) == _MOST_BYTES  # longer than any query that is answered; its end may be half a letter
    try:
        return content.decode("utf-8-sig", errors="ignore" if cut else "strict")
    except UnicodeDecodeError:
        raise ConfigError(f"{what} is no UTF-8 text.", hint="Save the query as UTF-8.") from None


@contextlib.contextmanager
def pointing(text: str, *, as_json: bool) -> Iterator[None]:
    """Show a query's error with the place in its text, and end the command."""
    try:
        yield
    except QueryError as error:
        show_query_error(error, text, as_json=as_json)
        raise typer.Exit(error.exit_code) from None


def show_query_error(error: QueryError, text: str, *, as_json: bool = False) -> None:
    """Write a query's error: the message, the line with carets, the hint; or all of it as JSON."""
    if as_json:
        sys.stderr.write(msgspec.json.encode(error_body(error)).decode() + "\n")
        return
    if error.span == (0, 0) and text.strip():  # it is about the whole, not about a place
        show_error(error)
        return
    from bucketgraph.j1ql.diagnostics import render  # noqa: PLC0415  # keeps --help quick

    shown = Text.assemble(("error", "bold red"), " ", plain(render(text, error)))
    messages().print(shown, soft_wrap=True)


def show_messages(warnings: tuple[str, ...]) -> None:
    """Write what a person should know of an answer to standard error."""
    for warning in warnings:
        messages().print(Text.assemble(("note", "bold yellow"), " ", plain(warning)), soft_wrap=True)
