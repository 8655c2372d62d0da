"""`bucketgraph integration runs | log | cancel`: what runs did, do, and stopping one."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from bucketgraph.cli.output import console, plain, show_json, table, when, write_data
from bucketgraph.errors import ConfigError

if TYPE_CHECKING:
    from bucketgraph.app import App
    from bucketgraph.integrations.configuration import Integration
    from bucketgraph.store.base import Level, Run, RunEvent

Name = Annotated[str, typer.Argument(help="The account name you gave the integration.")]
Json = Annotated[bool, typer.Option("--json", help="Write JSON instead of a table.")]

_LOOK_EVERY_SECONDS = 0.5
_STYLES = {"debug": "dim", "info": "", "warning": "yellow", "error": "red"}


def runs(
    name: Name,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many, newest first.")] = 20,
    as_json: Json = False,
) -> None:
    """List an integration's runs, newest first, with what began them and how they ended."""
    from bucketgraph.app import open_app  # noqa: PLC0415  # keeps --help quick

    with open_app() as opened:
        found = opened.store.runs(opened.registry.find(name).id, limit=limit)
    if as_json:
        show_json([plain_run(run) for run in found])
        return
    if not found:
        console().print(f"{name} was never collected.", markup=False, highlight=False)
        return
    columns = ["run#", "status", "begun by", "started (UTC)", "took", "changed#", "problems#", "calls#"]
    console().print(table(None, columns, [_row(run) for run in found]))


def log(
    name: Name,
    run: Annotated[int | None, typer.Argument(help="The run's number; without it, the newest run.")] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on until the run ends, or until Ctrl-C.")
    ] = False,
    level: Annotated[
        str, typer.Option(help="The least level: debug (with live progress), info, warning or error.")
    ] = "info",
    as_json: Annotated[
        bool, typer.Option("--json", help="Write JSON; with --follow one object a line.")
    ] = False,
) -> None:
    """Show the event log of a run: steps with counts, what was denied or incomplete, waits, failures."""
    from bucketgraph.app import open_app  # noqa: PLC0415

    least = _valid_level(level)
    with open_app() as opened:
        integration = opened.registry.find(name)
        if follow and run is None:
            _wait_for_the_queued(opened, integration)
        chosen = _chosen(opened, integration, run)
        if follow:
            for event in _following(opened, chosen, least):
                _show_line(event, as_json=as_json)
            return
        events = opened.store.events(chosen.id, level=least)
    if as_json:
        show_json({"run": plain_run(chosen), "events": [plain_event(event) for event in events]})
        return
    for event in events:
        _show_line(event, as_json=False)


def cancel(name: Name, as_json: Json = False) -> None:
    """Stop the run that is queued or in progress. What it published stays; the next run begins anew."""
    from bucketgraph.app import open_app  # noqa: PLC0415

    with open_app() as opened:
        stopped = opened.cancel(opened.registry.find(name))
    if as_json:
        show_json({"cancelled": stopped.what, "run": stopped.run, "job": stopped.job})
        return
    said = {
        "queued": "The run was taken out of the queue.",
        "in-progress": f"Run {stopped.run} was asked to stop; it ends within seconds.",
        "interrupted": f"Run {stopped.run}, which was interrupted, is closed.",
    }
    console().print(said[stopped.what], markup=False, highlight=False)


def plain_run(run: Run) -> dict[str, Any]:
    """Return a run as programs get it."""
    return {
        "run": run.id,
        "status": run.status,
        "trigger": run.trigger,
        "startedOn": run.started_on,
        "finishedOn": run.finished_on,
        "cancelRequestedOn": run.cancel_on,
        "job": run.workflow_id,
        "options": run.options,
        "counts": run.report.counts,
        "problems": run.report.problems,
        "calls": run.report.calls,
    }


def plain_event(event: RunEvent) -> dict[str, Any]:
    """Return an event as programs get it."""
    return {
        "id": event.id,
        "on": event.on,
        "level": event.level,
        "name": event.name,
        "step": event.step or None,
        "message": event.message,
        "details": event.details,
    }


def _row(run: Run) -> tuple[str, ...]:
    counts = run.report.counts
    tallies = [*counts.entities.values(), *counts.relationships.values()]
    changed = sum(one.created + one.updated + one.deleted for one in tallies)
    took = "" if run.finished_on is None else f"{(run.finished_on - run.started_on) / 1000:,.0f} s"
    problems, calls = len(run.report.problems), sum(run.report.calls.values())
    figures = (f"{changed:,}", f"{problems:,}", f"{calls:,}")
    return (str(run.id), run.status, run.trigger, when(run.started_on), took, *figures)


def _chosen(opened: App, integration: Integration, number: int | None) -> Run:
    found = opened.store.runs(integration.id, limit=1) if number is None else [opened.store.run(number)]
    run = next(iter(found), None)
    if run is None or run.integration_id != integration.id:
        what = "was never collected" if number is None else f"has no run {number}"
        raise ConfigError(
            f"{integration.name!r} {what}.",
            hint=f"`bucketgraph integration runs {quote(integration.name)}` lists its runs.",
        )
    return run


def _wait_for_the_queued(opened: App, integration: Integration) -> None:
    """Wait until the run that the server has queued begins: it is the newest, and the one that is meant."""
    if not opened.serving:
        return
    from bucketgraph.integrations.jobs import Queue  # noqa: PLC0415  # loads the engine

    with Queue(opened.store.where) as queue:
        while (job := queue.unfinished().get(integration.id)) and opened.serving:
            if opened.store.run_of_workflow(job[0]) is not None:
                return
            time.sleep(_LOOK_EVERY_SECONDS)


def _following(opened: App, run: Run, level: Level) -> Iterator[RunEvent]:
    """Yield a run's events as they come, until it ends."""
    after, present = 0, opened.store.run(run.id)
    while True:
        ended = present is None or present.status != "IN_PROGRESS"
        for event in opened.store.events(run.id, after=after, level=level):
            after = event.id
            yield event
            ended = ended or event.name in {"run_end", "run_interrupted"}
        if ended:
            return
        time.sleep(_LOOK_EVERY_SECONDS)
        present = opened.store.run(run.id)


def _show_line(event: RunEvent, *, as_json: bool) -> None:
    if as_json:
        import msgspec  # noqa: PLC0415

        write_data(msgspec.json.encode(plain_event(event)).decode() + "\n")
        return
    facts = " ".join(f"{name}={value}" for name, value in event.details.items() if value is not None)
    parts: Sequence[str] = (_second(event.on), f"{event.level:<7}", f"{event.name:<23}", event.message, facts)
    text = plain(" ".join(part for part in parts if part))
    console().print(text, style=_STYLES[event.level], markup=False, highlight=False, soft_wrap=True)


def _second(ms: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(ms / 1000))


def _valid_level(text: str) -> Level:
    from bucketgraph.store.base import LEVELS, Level  # noqa: PLC0415

    for known in LEVELS:
        if text == known:
            return known
    raise ConfigError(f"{text!r} is no level.", hint=f"Use one of {', '.join(get_args(Level))}.")
