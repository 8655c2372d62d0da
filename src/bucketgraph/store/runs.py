"""Runs and integrations as rows."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, Row, insert, select, update

from bucketgraph.errors import StoreError
from bucketgraph.store import tables as t
from bucketgraph.store.base import Counts, IntegrationRow, Run, RunReport, RunStatus
from bucketgraph.store.transaction import next_id

_REPORT = msgspec.json.Decoder(RunReport)
_OPTIONS = msgspec.json.Decoder(dict[str, str | bool | None])


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


def integrations(connection: Connection) -> list[IntegrationRow]:
    """Return all integrations by name."""
    rows = connection.execute(select(t.integration).order_by(t.integration.c.name))
    return [
        IntegrationRow(r.id, r.name, r.description, r.config, r.credentials, r.created_on, r.updated_on)
        for r in rows
    ]


def start_run(
    connection: Connection, integration_id: str, options: dict[str, str | bool | None], now: int
) -> Run:
    """Insert a new run in progress."""
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
        )
    )
    return Run(new, integration_id, now, None, "IN_PROGRESS", options, report)


def runs(connection: Connection, integration_id: str, *, limit: int | None = None) -> list[Run]:
    """Return an integration's runs, newest first."""
    query = (
        select(t.run).where(t.run.c.integration_id == integration_id).order_by(t.run.c.id.desc()).limit(limit)
    )
    return [_run(row) for row in connection.execute(query)]


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
    row = connection.execute(select(t.run).where(t.run.c.id == run_id)).one_or_none()
    if row is None:
        raise StoreError(
            f"Run {run_id} is not in the graph file any more.",
            hint="Its integration was removed meanwhile; nothing of this transaction was written.",
        )
    return _run(row)


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
    )
