"""`bucketgraph import` and `export`: graphs from and to folders of JupiterOne's integrations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from bucketgraph.cli.arguments import moment
from bucketgraph.cli.output import console, number, show_json, table
from bucketgraph.errors import EXIT_PARTIAL

if TYPE_CHECKING:
    from bucketgraph.store.base import Run, Tally

Json = Annotated[bool, typer.Option("--json", help="Write JSON instead of a table.")]


def import_(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="A `.j1-integration` folder, or the folder around it.")
    ],
    name: Annotated[
        str | None, typer.Option(help="What the import is called here; the folder's name by default.")
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option("--type", help="The type of the integration that wrote it, such as `github`."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Import a graph that a JupiterOne integration, or `bucketgraph export`, wrote into a folder.

    Importing again under the same name creates, updates and deletes what differs and keeps all history. What the
    folder does not hold in full is never deleted (exit 3).
    """
    from bucketgraph.app import open_app  # noqa: PLC0415  # keeps --help quick

    with open_app() as opened:
        integration, run = opened.import_folder(directory, name or _name_of(directory), integration_type=kind)
        entities, relationships = opened.store.counts(integration.id)
    if as_json:
        show_json(_plain(integration.name, run))
    else:
        _show(run, entities.total(), relationships.total())
    if run.status != "COMPLETED":
        raise typer.Exit(EXIT_PARTIAL)


def export(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
    integration: Annotated[str | None, typer.Option(help="Only what this integration brought.")] = None,
    as_of: Annotated[
        str | None,
        typer.Option(help="The graph as it was: 2026-11-01, 2026-11-01T10:00:00Z, or 24h, 7d for ago."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Export the graph into a folder in the `.j1-integration` layout."""
    from bucketgraph.app import open_app  # noqa: PLC0415

    on = moment(as_of, flag="--as-of")
    with open_app() as opened:
        done = opened.export_folder(directory, integration, as_of=on)
    if as_json:
        show_json(
            {
                "directory": str(directory),
                "entities": done.entities,
                "relationships": done.relationships,
                "files": done.files,
                "partialTypes": done.partial_types,
            }
        )
        return
    out = console()
    out.print(
        f"Wrote {done.entities:,} entities and {done.relationships:,} relationships to {directory} "
        f"in {done.files:,} files.",
        markup=False,
        highlight=False,
    )
    if done.partial_types:
        out.print(
            f"Known only in part, and marked so: {', '.join(done.partial_types)}.",
            markup=False,
            highlight=False,
        )


def _name_of(directory: Path) -> str:
    """Return the folder's name; a `.j1-integration` folder is named after the project it lies in."""
    from bucketgraph.exchange.j1_folder import FOLDER  # noqa: PLC0415

    whole = directory.resolve()
    return whole.parent.name if whole.name == FOLDER else whole.name


def _show(run: Run, entities: int, relationships: int) -> None:
    out = console()
    columns = ["", "created#", "updated#", "deleted#", "unchanged#"]
    tallies = _tallies(run)
    rows = [(label, *(number(n) for n in msgspec.structs.astuple(tally))) for label, tally in tallies]
    out.print(table(None, columns, rows))
    out.print()
    if run.report.problems:
        cells = [(p.scope, p.code, f"{p.message} {p.hint}".strip()) for p in run.report.problems]
        out.print(table("Could not be taken in full", ["where", "why", "what happened"], cells))
        out.print()
    out.print(
        f"{run.status}: {entities:,} entities and {relationships:,} relationships are in the graph now.",
        markup=False,
        highlight=False,
    )


def _tallies(run: Run) -> list[tuple[str, Tally]]:
    counts = run.report.counts
    return [*sorted(counts.entities.items()), *sorted(counts.relationships.items())]


def _plain(name: str, run: Run) -> dict[str, object]:
    return {
        "import": name,
        "run": run.id,
        "status": run.status,
        "startedOn": run.started_on,
        "finishedOn": run.finished_on,
        "entities": run.report.counts.entities,
        "relationships": run.report.counts.relationships,
        "problems": run.report.problems,
    }
