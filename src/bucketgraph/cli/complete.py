"""`bucketgraph complete`: what an editor asks while a query is typed."""

from __future__ import annotations

from typing import Annotated

import typer

from bucketgraph.cli.asking import answering
from bucketgraph.cli.output import console, show_json, table


def complete(
    text: Annotated[str, typer.Argument(help="A query, whole or half-written.")],
    offset: Annotated[
        int | None, typer.Option(min=0, help="Where the cursor stands, in characters; else at the end.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON instead of a table.")] = False,
) -> None:
    """Tell what may be typed next in a query."""
    from bucketgraph.app import open_app  # noqa: PLC0415  # keeps --help quick
    from bucketgraph.j1ql import complete as completion  # noqa: PLC0415

    with open_app() as opened:
        known, catalogue = answering(opened).known(), opened.store.catalogue
    at = len(text) if offset is None else offset
    found = completion.complete(text, at, known, catalogue)
    if as_json:
        show_json(found)
        return
    console().print(table(None, ["text", "kind", "about"], [(c.text, c.kind, c.detail) for c in found]))
