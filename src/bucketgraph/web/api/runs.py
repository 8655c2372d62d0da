"""Runs of integrations: list, begin, watch, cancel."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta

from bucketgraph.errors import ConfigError, Conflict, Unavailable, Unknown
from bucketgraph.integrations.configuration import Integration
from bucketgraph.store.base import Counts, Level, Problem, Run, RunEvent, RunStatus, Trigger
from bucketgraph.web import owning
from bucketgraph.web.api.integrations import IntegrationName
from bucketgraph.web.bodies import Given, Limit, Moment, Number, Shown
from bucketgraph.web.routing import Call, Route

RunId = Annotated[int, Meta(ge=1, le=2**53 - 1)]


class RunQuery(IntegrationName):
    """Which runs are wanted."""

    limit: Limit = 50


class RunNumber(Given):
    """A run's number."""

    run: RunId


class EventQuery(RunNumber):
    """Which events are wanted: behind one, and of at least a level."""

    after: Number = 0
    level: Level = "debug"
    limit: Limit = 1000


class RunOptions(Given):
    """How a run is asked for: `full` reads everything, not only what moved."""

    full: bool = False


class RunShown(Shown):
    """A run: what began it, what it did so far, what it could not see, and what it cost in calls."""

    id: int
    integration_id: str
    status: RunStatus
    trigger: Trigger
    started_on: Moment
    finished_on: Moment | None
    cancel_on: Moment | None
    workflow_id: str | None
    options: dict[str, str | bool | None]
    counts: Counts
    problems: list[Problem]
    calls: dict[str, int]


class RunList(Shown):
    """Runs, newest first."""

    items: list[RunShown]


class RequestedRun(Shown):
    """A run that was queued; it appears among the runs when it begins."""

    workflow_id: str


class CancelledShown(Shown):
    """What was stopped: a run that was `queued`, one `in-progress` (it ends within seconds), or one `interrupted`."""

    cancelled: Literal["queued", "in-progress", "interrupted"]
    run: int | None
    workflow_id: str | None


class Progress(Shown):
    """How far the run of an integration is right now; without `running` none is, at least not in this server."""

    running: bool
    step: str = ""
    title: str = ""
    done: int = 0
    total: int = 0
    calls: int = 0
    calls_left_this_hour: int | None = None
    waiting_until: float | None = None


class EventShown(Shown):
    """An entry of a run's log."""

    id: int
    run_id: int
    integration_id: str
    on: Moment
    level: Level
    name: str
    step: str
    message: str
    details: dict[str, str | int | float | bool | None]


class EventList(Shown):
    """Events, oldest first; ask again with `after`, the id of the last one."""

    items: list[EventShown]


def list_all(call: Call[RunQuery, None]) -> RunList:
    """List an integration's runs."""
    one = owning.integration(call, call.given.integration)
    return RunList(items=[shown(run) for run in call.app.store.runs(one.id, limit=call.given.limit)])


def begin(call: Call[IntegrationName, RunOptions]) -> RequestedRun:
    """Queue a run."""
    one = owning.integration(call, call.given.integration)
    _check_collected(one)
    if call.site.jobs is None:
        raise Unavailable(
            "This server carries out no runs.", hint="Start it with `bucketgraph serve`, which does."
        )
    return RequestedRun(workflow_id=call.site.jobs.request_run(one.id, "manual", full=call.body.full))


def show(call: Call[RunNumber, None]) -> RunShown:
    """Show a run."""
    return shown(owning.run(call, call.given.run))


def events(call: Call[EventQuery, None]) -> EventList:
    """Read a run's log."""
    given = call.given
    run = owning.run(call, given.run)
    found = call.app.store.events(run.id, after=given.after, level=given.level, limit=given.limit)
    return EventList(items=[_event(one) for one in found])


def cancel(call: Call[IntegrationName, None]) -> CancelledShown:
    """Stop the run that is queued or in progress."""
    stopped = call.app.cancel(owning.integration(call, call.given.integration))
    return CancelledShown(cancelled=stopped.what, run=stopped.run, workflow_id=stopped.job)


def progress(call: Call[IntegrationName, None]) -> Progress:
    """Tell how far a run is."""
    live = call.app.live(owning.integration(call, call.given.integration).id)
    if live is None:
        return Progress(running=False)
    return Progress(
        running=True,
        step=live.step,
        title=live.title,
        done=live.done,
        total=live.total,
        calls=live.calls,
        calls_left_this_hour=live.left,
        waiting_until=live.waiting_until,
    )


def shown(run: Run) -> RunShown:
    """Return a run as it is sent."""
    return RunShown(
        id=run.id,
        integration_id=run.integration_id,
        status=run.status,
        trigger=run.trigger,
        started_on=run.started_on,
        finished_on=run.finished_on,
        cancel_on=run.cancel_on,
        workflow_id=run.workflow_id,
        options=dict(run.options),
        counts=run.report.counts,
        problems=run.report.problems,
        calls=run.report.calls,
    )


def _event(one: RunEvent) -> EventShown:
    facts: dict[str, Any] = {name: getattr(one, name) for name in EventShown.__struct_fields__}
    return EventShown(**facts)


def _check_collected(one: Integration) -> None:
    if one.config.kind != "bitbucket":
        raise ConfigError(
            f"{one.name!r} is not collected from Bitbucket.", hint="Only integrations with Bitbucket are run."
        )


ROUTES = (
    Route(
        "GET",
        "/api/v1/integrations/{integration}/runs",
        "List an integration's runs, newest first.",
        "viewer",
        list_all,
        RunList,
        RunQuery,
        errors=(Unknown,),
        bound="own",
    ),
    Route(
        "POST",
        "/api/v1/integrations/{integration}/runs",
        "Run an integration now; refused while it runs.",
        "editor",
        begin,
        RequestedRun,
        IntegrationName,
        RunOptions,
        status=202,
        errors=(Unknown, Conflict, Unavailable),
        bound="own",
    ),
    Route(
        "GET",
        "/api/v1/runs/{run}",
        "Show a run: status, counts, problems, calls.",
        "viewer",
        show,
        RunShown,
        RunNumber,
        errors=(Unknown,),
        bound="own",
    ),
    Route(
        "GET",
        "/api/v1/runs/{run}/events",
        "Read a run's event log.",
        "viewer",
        events,
        EventList,
        EventQuery,
        errors=(Unknown,),
        bound="own",
    ),
    Route(
        "POST",
        "/api/v1/integrations/{integration}/cancel",
        "Stop the run that is queued or in progress; what it published stays.",
        "editor",
        cancel,
        CancelledShown,
        IntegrationName,
        status=202,
        errors=(Unknown, Conflict),
        bound="own",
    ),
    Route(
        "GET",
        "/api/v1/integrations/{integration}/progress",
        "Tell how far the run in this server is right now.",
        "viewer",
        progress,
        Progress,
        IntegrationName,
        errors=(Unknown,),
        bound="own",
    ),
)
