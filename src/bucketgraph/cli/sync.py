"""`bucketgraph sync`: collect an integration now."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Iterator
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from bucketgraph.cli.arguments import moment
from bucketgraph.cli.output import console, messages, number, show_json, table
from bucketgraph.errors import EXIT_PARTIAL, ConfigError, Interrupted

if TYPE_CHECKING:
    from collections import Counter

    from bucketgraph.app import App, SyncOptions
    from bucketgraph.integrations.configuration import Integration
    from bucketgraph.store.base import Run, Tally


def sync(
    name: Annotated[str, typer.Argument(help="The integration's name.")],
    full: Annotated[
        bool, typer.Option("--full", help="Read everything again, not only what changed.")
    ] = False,
    no_wait: Annotated[
        bool,
        typer.Option(
            "--no-wait", help="End partial (exit 3) instead of waiting when the call budget is spent."
        ),
    ] = False,
    since: Annotated[
        str | None,
        typer.Option(
            help="On the first walk, leave out what was closed before: 2026-01-31, or 90d for 90 days ago."
        ),
    ] = None,
    detach: Annotated[
        bool,
        typer.Option("--detach", help="Hand the run over to the running server and return at once."),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write the result as JSON, without progress.")
    ] = False,
) -> None:
    """Collect workspaces, members, projects, repositories and pull requests.

    The first run reads everything, later ones what changed. What cannot be seen is listed and nothing is deleted
    there (exit 3). An interrupted run goes on where it stopped: run the same command again. Where `bucketgraph serve`
    runs on this graph, the server does it, and this command shows its progress.
    """
    from bucketgraph.app import SyncOptions, open_app  # noqa: PLC0415  # keeps --help quick

    options = SyncOptions(full=full, wait=not no_wait, since=moment(since, flag="--since"))
    with open_app() as opened:
        integration = opened.registry.find_collected(name)
        if detach:
            _hand_over(opened, integration, options, as_json=as_json)
            return
        if opened.serving:
            from bucketgraph.cli.handing_over import run_by_server  # noqa: PLC0415

            run = run_by_server(opened, integration, options, quiet=as_json)
        else:
            run = run_now(opened, integration, options, quiet=as_json)
        show_run(opened, integration, run, as_json=as_json)
    if run.status != "COMPLETED":
        raise typer.Exit(EXIT_PARTIAL)


def _hand_over(opened: App, integration: Integration, options: SyncOptions, *, as_json: bool) -> None:
    """Ask the server for a run and say how to watch it."""
    if not opened.serving:
        raise ConfigError(
            "No server runs on this graph that could do the run by itself.",
            hint="Start one with `bucketgraph serve`, or leave --detach out.",
        )
    job = opened.request_run(integration, options, "cli")
    if as_json:
        show_json({"job": job})
        return
    console().print(
        f"Asked the server for a run. Watch it with: bucketgraph integration log {quote(integration.name)} --follow",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


def run_now(opened: App, integration: Integration, options: SyncOptions, *, quiet: bool = False) -> Run:
    """Run with progress on standard error; Ctrl-C and SIGTERM stop it and keep what was published."""
    from bucketgraph.cli.progress import TerminalProgress  # noqa: PLC0415

    async def run() -> Run:
        with _stopped_by_sigterm(), TerminalProgress(messages(), quiet=quiet) as progress:
            return await opened.sync(integration, options, progress)

    try:
        return asyncio.run(run())
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise Interrupted(
            "Stopped. What was published before stays, and nothing was deleted.",
            hint=f"Run `bucketgraph sync {quote(integration.name)}` again to go on where it stopped.",
        ) from None


@contextlib.contextmanager
def _stopped_by_sigterm() -> Iterator[None]:
    """Let SIGTERM cancel the running task, also where SIGINT is ignored, as in a background job."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    if sys.platform == "win32" or task is None:
        yield  # Windows has no SIGTERM to catch
        return
    loop.add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGTERM)


def show_run(opened: App, integration: Integration, run: Run, *, as_json: bool) -> None:
    """Show what a run did, what it could not see, and what it cost."""
    left = opened.budget_left(integration)
    entities, relationships = opened.store.counts(integration.id)
    tallies = _tallies(run, entities, relationships)
    if as_json:
        show_json(_plain(run, left, tallies))
        return
    out = console()
    columns = ["", "created#", "updated#", "deleted#", "unchanged#"]
    rows = [(label, *(number(n) for n in msgspec.structs.astuple(t))) for label, _, t in tallies]
    out.print(table(None, columns, rows))
    out.print()
    if run.report.problems:
        cells = [(p.scope, p.code, f"{p.message} {p.hint}".strip()) for p in run.report.problems]
        out.print(
            table("Could not be seen (nothing was deleted there)", ["where", "why", "what happened"], cells)
        )
        out.print()
    if run.options.get("off"):
        said = f"Switched off, so not collected: {str(run.options['off']).replace(',', ', ')}."
        out.print(said, markup=False, highlight=False)
    calls = sum(run.report.calls.values())
    out.print(
        f"{run.status} with {calls:,} calls; {min(left.values()):,} are left this hour.",
        markup=False,
        highlight=False,
    )


def _tallies(run: Run, entities: Counter[str], relationships: Counter[str]) -> list[tuple[str, str, Tally]]:
    """Return (label, type, tally) of every type. Unchanged: in the graph, neither created nor updated."""
    from bucketgraph.collect.steps import CATALOGUE  # noqa: PLC0415

    counts = run.report.counts
    found = [(n, n, _with_unchanged(counts.entities.get(n), entities[n])) for n in CATALOGUE.entities]
    for edge in CATALOGUE.relationships:
        total = relationships[f"{edge.from_type} {edge.verb} {edge.to_type}"]
        label = f"{_short(edge.from_type)} {edge.verb} {_short(edge.to_type)}"
        found.append((label, edge.name, _with_unchanged(counts.relationships.get(edge.name), total)))
    return found


def _with_unchanged(tally: Tally | None, total: int) -> Tally:
    from bucketgraph.store.base import Tally  # noqa: PLC0415

    known = tally or Tally()
    unchanged = max(0, total - known.created - known.updated)
    return Tally(known.created, known.updated, known.deleted, unchanged)


def _short(type_name: str) -> str:
    return type_name.removeprefix("bitbucket_")


def _plain(run: Run, left: dict[str, int], tallies: list[tuple[str, str, Tally]]) -> dict[str, Any]:
    from bucketgraph.collect.steps import CATALOGUE  # noqa: PLC0415

    types = CATALOGUE.entities
    return {
        "run": run.id,
        "status": run.status,
        "startedOn": run.started_on,
        "finishedOn": run.finished_on,
        "entities": {name: tally for _, name, tally in tallies if name in types},
        "relationships": {name: tally for _, name, tally in tallies if name not in types},
        "problems": run.report.problems,
        "sourcesOff": [one for one in str(run.options.get("off") or "").split(",") if one],
        "calls": run.report.calls,
        "callsLeftThisHour": left,
    }
