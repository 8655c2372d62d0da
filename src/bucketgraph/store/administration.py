"""What the store keeps beside the graph: integrations, runs with their events, tokens, parameters, call ledgers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from shlex import quote

from sqlalchemy import Connection

from bucketgraph.errors import ConfigError
from bucketgraph.j1ql.results import Parameter
from bucketgraph.store import events, ledger, parameters, runs, tags, tokens
from bucketgraph.store.base import (
    IntegrationRow,
    Level,
    NewEvent,
    Run,
    RunEvent,
    RunReport,
    RunStatus,
    RunTotal,
    TokenRow,
    Trigger,
)
from bucketgraph.store.tags import TagValue


class Administration(ABC):
    """The part of the store that holds no graph. The store itself says how to read and write."""

    _clock: Callable[[], int]

    @abstractmethod
    def _writing(self) -> AbstractContextManager[Connection]:
        """Hold the write lock in one transaction."""

    @abstractmethod
    def _writing_durably(self) -> AbstractContextManager[Connection]:
        """The same; what is written survives a power cut right after."""

    @abstractmethod
    def _reading(self) -> AbstractContextManager[Connection]:
        """Read in one transaction."""

    @abstractmethod
    def _refresh_statistics(self) -> None:
        """Let the database look at what its indexes hold now."""

    def add_integration(self, row: IntegrationRow, given: Mapping[str, TagValue] | None = None) -> None:
        """Insert an integration with the tags given; raises ConfigError when its name is taken."""
        with self._writing() as connection:
            if any(row.name == other.name for other in runs.integrations(connection)):
                raise ConfigError(
                    f"There is already an integration named {row.name!r}.",
                    hint="Choose another name, or remove the old one with "
                    f"`bucketgraph integration remove {quote(row.name)}`.",
                )
            runs.check_not_of_a_removed_one(connection, row.name)
            runs.add_integration(connection, row)
            if given is not None:
                tags.write(connection, row.id, given)

    def integrations(self) -> list[IntegrationRow]:
        """Return all integrations by name."""
        with self._reading() as connection:
            return runs.integrations(connection)

    def update_integration(self, row: IntegrationRow, given: Mapping[str, TagValue] | None = None) -> None:
        """Store an integration's fields anew, and its tags where they are given, in one transaction.

        Raises ConfigError when its new name is taken.
        """
        with self._writing() as connection:
            if any(row.name == other.name and row.id != other.id for other in runs.integrations(connection)):
                raise ConfigError(
                    f"There is already an integration named {row.name!r}.", hint="Choose another name."
                )
            runs.check_not_of_a_removed_one(connection, row.name)
            runs.update_integration(connection, row)
            if given is not None:
                tags.write(connection, row.id, given)

    def renew_credentials(self, renew: Callable[[IntegrationRow], str | None]) -> None:
        """Store what `renew` returns for each row that has credentials (None: as they are), in one transaction.

        It is on the disk when this returns, so that a key that nothing needs any more may be dropped.
        """
        with self._writing_durably() as connection:
            for row in runs.integrations(connection):
                encrypted = renew(row) if row.credentials else None
                if encrypted is not None:
                    runs.update_integration(connection, replace(row, credentials=encrypted))

    def start_run(
        self,
        integration_id: str,
        options: dict[str, str | bool | None],
        *,
        trigger: Trigger = "cli",
        workflow_id: str | None = None,
    ) -> Run:
        """Begin a run."""
        with self._writing() as connection:
            return runs.start_run(
                connection, integration_id, options, self._clock(), trigger=trigger, workflow_id=workflow_id
            )

    def end_run(self, run_id: int, status: RunStatus, report: RunReport) -> Run:
        """End a run; IN_PROGRESS keeps it open, to be resumed."""
        now = None if status == "IN_PROGRESS" else self._clock()
        with self._writing() as connection:
            ended = runs.end_run(connection, run_id, status=status, report=report, now=now)
        if ended.report.counts.changed():
            self._refresh_statistics()
        return ended

    def runs(self, integration_id: str, *, limit: int | None = None) -> list[Run]:
        """Return an integration's runs, newest first."""
        with self._reading() as connection:
            return runs.runs(connection, integration_id, limit=limit)

    def run_totals(self) -> list[RunTotal]:
        """Return the numbers of runs by integration and status."""
        with self._reading() as connection:
            return runs.run_totals(connection)

    def run(self, run_id: int) -> Run | None:
        """Return a run, or None."""
        with self._reading() as connection:
            return runs.find_run(connection, run_id)

    def run_of_workflow(self, workflow_id: str) -> Run | None:
        """Return the run that a durable job began or took over, or None."""
        with self._reading() as connection:
            return runs.run_of_workflow(connection, workflow_id)

    def adopt_run(self, run_id: int, workflow_id: str | None) -> None:
        """Let a durable job go on with an interrupted run."""
        with self._writing() as connection:
            runs.adopt_run(connection, run_id, workflow_id)

    def request_cancel(self, run_id: int) -> bool:
        """Ask a run to stop; tell whether it was still in progress."""
        with self._writing() as connection:
            return runs.request_cancel(connection, run_id, self._clock())

    def add_events(self, run_id: int, integration_id: str, new: Sequence[NewEvent]) -> None:
        """Append events to a run's log."""
        with self._writing() as connection:
            events.add(connection, run_id=run_id, integration_id=integration_id, now=self._clock(), new=new)

    def events(
        self,
        run_id: int,
        *,
        after: int = 0,
        level: Level = "debug",
        limit: int | None = None,
        names: Collection[str] | None = None,
        newest: bool = False,
        skip: int = 0,
    ) -> list[RunEvent]:
        """Return a run's events with greater ids than `after`, at least a level and one of the names, oldest first.

        Where there are more than `limit`, the oldest behind `skip` of them are returned, or with `newest` the newest.
        """
        with self._reading() as connection:
            return events.read(
                connection,
                run_id,
                after=after,
                level=level,
                limit=limit,
                names=names,
                newest=newest,
                skip=skip,
            )

    def event_number(self, run_id: int, *, after: int = 0, level: Level = "debug") -> int:
        """Count a run's events with greater ids than `after` and at least a level."""
        with self._reading() as connection:
            return events.number(connection, run_id, after=after, level=level)

    def forget_events(self, before: int, *, level: Level | None = None) -> int:
        """Delete events (of one level, or all) from before a moment (epoch ms); return how many there were."""
        with self._writing() as connection:
            return events.forget(connection, before, level)

    def add_token(self, row: TokenRow) -> bool:
        """Store a token of the API; tell whether its name was free."""
        with self._writing() as connection:
            return tokens.add(connection, row)

    def tokens(self) -> list[TokenRow]:
        """Return all tokens of the API by name."""
        with self._reading() as connection:
            return tokens.read(connection)

    def find_token(self, digest: str) -> TokenRow | None:
        """Return the token of a hash, or None."""
        with self._reading() as connection:
            return tokens.find(connection, digest)

    def remove_token(self, token_id: str) -> bool:
        """Delete a token; tell whether there was one."""
        with self._writing() as connection:
            return tokens.remove(connection, token_id)

    def touch_token(self, token_id: str) -> None:
        """Note that a token was used just now."""
        with self._writing() as connection:
            tokens.touch(connection, token_id, self._clock())

    def parameters(self) -> dict[str, Parameter]:
        """Return the stored parameters, which `${param.name}` in a query stands for."""
        with self._reading() as connection:
            return parameters.read(connection)

    def set_parameter(self, name: str, value: Parameter) -> None:
        """Store a parameter, in place of one of the same name."""
        with self._writing() as connection:
            parameters.write(connection, name, value)

    def remove_parameter(self, name: str) -> bool:
        """Forget a parameter; tell whether there was one."""
        with self._writing() as connection:
            return parameters.remove(connection, name)

    def ledger_minutes(self, consumer: str, group: str) -> dict[int, int]:
        """Return the calls of a consumer by minute since the epoch."""
        with self._reading() as connection:
            return ledger.minutes(connection, consumer, group)

    def ledger_book(
        self, consumer: str, group: str, minute: int, decide: Callable[[dict[int, int]], int]
    ) -> None:
        """Add what `decide` returns to a minute, given the calls by minute, in one transaction.

        A negative answer gives calls back. Minutes over two hours old are dropped.
        """
        with self._writing() as connection:
            ledger.book(connection, consumer, group, minute, decide)
