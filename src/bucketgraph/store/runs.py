"""Runs and integrations as rows."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, insert, select, update

from bucketgraph.errors import ConfigError, StoreError
from bucketgraph.store import tables as t
from bucketgraph.store.base import Counts, IntegrationRow, Run, RunReport, RunStatus, RunTotal, Trigger
from bucketgraph.store.transaction import next_id

_INTEGRATION_FIELDS = tuple(IntegrationRow.__dataclass_fields__)
_REPORT = msgspec.json.Decoder(RunReport)
_OPTIONS = msgspec.json.Decoder(dict[str, str | bool | None])


def check_not_of_a_removed_one(connection: Connection, name: str) -> None:
    """Raise ConfigError for the name under which a removed integration is kept."""
    of = (t.integration.c.name == name) & t.integration.c.removed_on.is_not(None)
    if connection.execute(select(t.integration.c.id).where(of)).first() is not None:
        raise ConfigError(
            f"A removed integration is kept under the name {name!r}.", hint="Choose another name."
        )


def add_integration(connection: Connection, row: IntegrationRow) -> None:
    """Insert an integration; its name must be free."""
    connection.execute(
        insert(t.integration).values(
            id=row.id,
            name=row.name,
            description=row.description,
            config=row.config,
            credentials=row.credentials,
            created_on=row.created_on,
            updated_on=row.updated_on,
        )
    )


def update_integration(connection: Connection, row: IntegrationRow) -> None:
    """Store an integration's name, description, configuration and credentials anew.

    Raises ConfigError for one that was removed: it must not get its credentials back.
    """
    of = (t.integration.c.id == row.id) & t.integration.c.removed_on.is_(None)
    done = connection.execute(
        update(t.integration)
        .where(of)
        .values(
            name=row.name,
            description=row.description,
            config=row.config,
            credentials=row.credentials,
            updated_on=row.updated_on,
        )
    )
    if not done.rowcount:
        raise ConfigError(
            f"The integration {row.name!r} was removed; nothing was changed.", hint="Add it again."
        )


def integrations(connection: Connection) -> list[IntegrationRow]:
    """Return all integrations by name, removed ones left out."""
    rows = connection.execute(
        select(t.integration).where(t.integration.c.removed_on.is_(None)).order_by(t.integration.c.name)
    )
    return [_integration(row) for row in rows]


def removed_integrations(connection: Connection) -> list[IntegrationRow]:
    """Return the removed integrations that are kept for their history, the one removed last first."""
    removed_on = t.integration.c.removed_on
    rows = connection.execute(
        select(t.integration).where(removed_on.is_not(None)).order_by(removed_on.desc(), t.integration.c.name)
    )
    return [_integration(row) for row in rows]


def _integration(row: Row[Any]) -> IntegrationRow:
    return IntegrationRow(**{name: getattr(row, name) for name in _INTEGRATION_FIELDS})


def start_run(
    connection: Connection,
    integration_id: str,
    options: dict[str, str | bool | None],
    now: int,
    *,
    trigger: Trigger = "cli",
    workflow_id: str | None = None,
) -> Run:
    """Insert a new run in progress; raises ConfigError for an integration that was removed."""
    of = select(t.integration.c.removed_on).where(t.integration.c.id == integration_id)
    if connection.execute(of).scalar() is not None:
        raise ConfigError("The integration was removed; it cannot be collected.", hint="Add it again.")
    new = next_id(connection, t.run)
    report = RunReport()
    connection.execute(
        insert(t.run).values(
            id=new,
            integration_id=integration_id,
            started_on=now,
            status="IN_PROGRESS",
            options=msgspec.json.encode(options).decode(),
            report=msgspec.json.encode(report).decode(),
            trigger=trigger,
            workflow_id=workflow_id,
        )
    )
    return Run(new, integration_id, now, None, "IN_PROGRESS", options, report, trigger, workflow_id)


def runs(connection: Connection, integration_id: str, *, limit: int | None = None) -> list[Run]:
    """Return an integration's runs, newest first."""
    query = (
        select(t.run).where(t.run.c.integration_id == integration_id).order_by(t.run.c.id.desc()).limit(limit)
    )
    return [_run(row) for row in connection.execute(query)]


def run_totals(connection: Connection) -> list[RunTotal]:
    """Return the numbers of runs by integration and status, removed integrations left out."""
    run = t.run.c
    query = (
        select(run.integration_id, run.status, func.count(), func.max(run.finished_on))
        .join(t.integration, t.integration.c.id == run.integration_id)
        .where(t.integration.c.removed_on.is_(None))
        .group_by(run.integration_id, run.status)
    )
    return [RunTotal(*row) for row in connection.execute(query)]


def find_run(connection: Connection, run_id: int) -> Run | None:
    """Return a run, or None."""
    row = connection.execute(select(t.run).where(t.run.c.id == run_id)).one_or_none()
    return None if row is None else _run(row)


def run_of_workflow(connection: Connection, workflow_id: str) -> Run | None:
    """Return the run that a durable job began or took over, or None."""
    row = connection.execute(select(t.run).where(t.run.c.workflow_id == workflow_id)).one_or_none()
    return None if row is None else _run(row)


def adopt_run(connection: Connection, run_id: int, workflow_id: str | None) -> None:
    """Let a durable job go on with an interrupted run."""
    connection.execute(update(t.run).where(t.run.c.id == run_id).values(workflow_id=workflow_id))


def request_cancel(connection: Connection, run_id: int, now: int) -> bool:
    """Ask a run to stop; tell whether it was still in progress."""
    asked = (t.run.c.id == run_id) & (t.run.c.status == "IN_PROGRESS")
    return connection.execute(update(t.run).where(asked).values(cancel_on=now)).rowcount > 0


def add_counts(connection: Connection, run_id: int, counts: Counts) -> None:
    """Add a publication's counts to its run, in the same transaction."""
    report = _find(connection, run_id).report
    report.counts.add(counts)
    _save_report(connection, run_id, report)


def end_run(
    connection: Connection, run_id: int, *, status: RunStatus, report: RunReport, now: int | None
) -> Run:
    """Store problems and calls of a run, and its end (`now` None: it is interrupted, not ended)."""
    stored = _find(connection, run_id)
    stored.report.problems = report.problems
    stored.report.calls = report.calls
    connection.execute(update(t.run).where(t.run.c.id == run_id).values(status=status, finished_on=now))
    _save_report(connection, run_id, stored.report)
    return _find(connection, run_id)


def _find(connection: Connection, run_id: int) -> Run:
    found = find_run(connection, run_id)
    if found is None:
        raise StoreError(
            f"Run {run_id} is not in the graph file any more.",
            hint="Its integration was removed meanwhile; nothing of this transaction was written.",
        )
    return found


def _save_report(connection: Connection, run_id: int, report: RunReport) -> None:
    text = msgspec.json.encode(report).decode()
    connection.execute(update(t.run).where(t.run.c.id == run_id).values(report=text))


def _run(row: Row[Any]) -> Run:
    return Run(
        row.id,
        row.integration_id,
        row.started_on,
        row.finished_on,
        row.status,
        _OPTIONS.decode(row.options),
        _REPORT.decode(row.report),
        row.trigger,
        row.workflow_id,
        row.cancel_on,
    )
