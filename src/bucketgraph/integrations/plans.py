"""The schedules that the stored configurations ask for, and the ticks that were missed."""

from __future__ import annotations

import threading
import time

import msgspec
import structlog

from bucketgraph.collect.opening import RESUME_WITHIN_MS
from bucketgraph.integrations.configuration import Config
from bucketgraph.integrations.schedule import Rhythm, failures, overdue, rhythm
from bucketgraph.store.base import IntegrationRow, Run
from bucketgraph.store.store import Store

MOST_FAILURES = 21
"""Runs that are looked at; more failures in a row make no longer rest."""


class Plans:
    """Reads configurations of the store, each again only when it was changed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, tuple[int, Config | None]] = {}
        self._settled: dict[str, int] = {}
        self._lock = threading.Lock()

    def read(self) -> dict[str, Rhythm]:
        """Return the rhythms of the integrations that are collected by themselves, by id."""
        with self._lock:
            return self._read()

    def _read(self) -> dict[str, Rhythm]:
        rows = self._store.integrations()
        known = {row.id: self._known.get(row.id) for row in rows}
        self._known = {
            row.id: old if (old := known[row.id]) and old[0] == row.updated_on else _read(row) for row in rows
        }
        wanted = {
            one: rhythm(config.polling, one)
            for one, (_, config) in self._known.items()
            if config is not None and config.kind == "bitbucket" and not config.paused
        }
        return {one: found for one, found in wanted.items() if found is not None}

    def missed(self, now: int, grace_ms: int) -> list[tuple[str, int]]:
        """Return (integration, due) of ticks that should have begun at least `grace_ms` ago and did not.

        Each tick is looked at once.
        """
        with self._lock:
            found = {one: known.last_due(now - grace_ms) for one, known in self._read().items()}
            fresh = {one: due for one, due in found.items() if self._settled.get(one) != due}
            self._settled |= fresh
            return [(one, due) for one, due in fresh.items() if self._is_overdue(one, due, now)]

    def _is_overdue(self, integration_id: str, due: int, now: int) -> bool:
        changed_on, config = self._known[integration_id]
        known = rhythm(config.polling, integration_id) if config else None
        runs = self._store.runs(integration_id, limit=MOST_FAILURES)
        return known is not None and overdue(known, runs, due=due, now=now, changed_on=changed_on)

    def wants(self, integration_id: str, due: int) -> bool:
        """Say whether a tick is one of the present schedule and not to be left out."""
        with self._lock:
            known = self._read().get(integration_id)
            if known is None or known.last_due(due) != due:
                return False
            runs = self._store.runs(integration_id, limit=MOST_FAILURES)
            return not known.rests(due, failures(runs, self._known[integration_id][0]))

    def interrupted(self) -> list[Run]:
        """Return the runs that were left in progress, young enough to be resumed, of integrations not paused."""
        with self._lock:
            self._read()
            going = [
                one
                for one, (_, config) in self._known.items()
                if config is not None and config.kind == "bitbucket" and not config.paused
            ]
        newest = [next(iter(self._store.runs(one, limit=1)), None) for one in going]
        oldest = time.time() * 1000 - RESUME_WITHIN_MS
        return [
            run
            for run in newest
            if run is not None and run.status == "IN_PROGRESS" and run.started_on > oldest
        ]


def _read(row: IntegrationRow) -> tuple[int, Config | None]:
    try:
        return row.updated_on, msgspec.json.decode(row.config, type=Config)
    except msgspec.MsgspecError as error:
        structlog.get_logger().error("configuration cannot be read", integration=row.id, why=str(error))
        return row.updated_on, None
