"""A collection run: structure first in one transaction, then pull requests repository by repository."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bucketgraph.bitbucket.client import Client
from bucketgraph.collect.access import Opened, open_workspaces
from bucketgraph.collect.cancelling import Cancellation, cancelled
from bucketgraph.collect.forgetting import forget_sources
from bucketgraph.collect.missing import Settled, settle
from bucketgraph.collect.opening import open_run
from bucketgraph.collect.progress import CallCounter, Progress
from bucketgraph.collect.publishing import Publisher
from bucketgraph.collect.reading import Reading, read_listing
from bucketgraph.collect.sources import active_steps, hidden_types, needed_scopes
from bucketgraph.collect.step import RepositoryFacts, Step, Unit, Window
from bucketgraph.collect.steps import members, pull_request_schema, repositories
from bucketgraph.collect.tasks import together
from bucketgraph.collect.windows import state_after, window_for
from bucketgraph.errors import BucketgraphError, BudgetSpent, CredentialError, StoreError
from bucketgraph.graph.snapshot import Snapshot, scope_name
from bucketgraph.graph.values import parse_properties
from bucketgraph.store.base import Problem, Run, RunReport, RunStatus, ScopeState, Trigger
from bucketgraph.store.store import Store


@dataclass(frozen=True, slots=True)
class Plan:
    """What to collect, and for whom.

    `since` is epoch ms, `workers` is how many repositories are read at once, `off` names the sources that are
    switched off. `trigger` is what began the run, and `workflow_id` names the durable job that does it, which may
    begin more than once.
    """

    integration_id: str
    workspaces: tuple[str, ...]
    full: bool = False
    since: int | None = None
    workers: int = 4
    trigger: Trigger = "cli"
    workflow_id: str | None = None
    off: frozenset[str] = frozenset()

    def options(self) -> dict[str, str | bool | None]:
        """Return what a resumed run must have in common with the interrupted one.

        `since` is left out: `90d` is another moment each time, and a scope remembers what was cut off.
        """
        options: dict[str, str | bool | None] = {
            "full": self.full,
            "workspaces": ",".join(self.workspaces),
        }
        return options | ({"off": ",".join(sorted(self.off))} if self.off else {})


class Collection:
    """One run of an integration. The caller makes sure that no other run of it is under way."""

    def __init__(
        self, store: Store, clients: Sequence[Client], plan: Plan, *, progress: Progress, counter: CallCounter
    ) -> None:
        self._store, self._clients, self._plan = store, clients, plan
        self._progress, self._counter = progress, counter
        self._report = RunReport()
        self._earlier_calls: dict[str, int] = {}
        self._refused: set[Client] = set()
        self._steps = active_steps(plan.off)
        self._hidden = hidden_types(plan.off)

    async def run(self) -> Run:
        """Collect everything, or as much as can be seen, and return the ended (or interrupted) run.

        A run that was asked to stop (`Store.request_cancel`) ends FAILED, with a problem that says so. The job
        of an ended run gets that run again. Raises UserError where nothing can be seen at all because key, secret,
        scopes or workspace are wrong, StoreError when the store fails, CancelledError when it is stopped. All leave
        what was published.
        """
        plan = self._plan
        run, resumed = open_run(
            self._store,
            plan.integration_id,
            plan.options(),
            trigger=plan.trigger,
            workflow_id=plan.workflow_id,
        )
        if run.status != "IN_PROGRESS":
            return run
        self._progress.run_started(run, resumed=resumed)
        self._earlier_calls = dict(run.report.calls)
        status: RunStatus = "FAILED"
        try:
            async with Cancellation(self._store, run.id) as cancellation:
                status = await self._collect(run)
            if cancellation.asked:
                self._note(cancelled())
                status = "FAILED"
        except BudgetSpent as error:
            self._note(Problem("Call budget", error.code, error.message, error.hint))
            status = "IN_PROGRESS"
        except (asyncio.CancelledError, StoreError):
            status = "IN_PROGRESS"
            raise
        except BucketgraphError as error:
            self._note(Problem("Run", error.code, error.message, error.hint))
            raise
        finally:
            ended = self._end_run(run.id, status)
            self._progress.run_ended(ended)
        return ended

    async def _collect(self, run: Run) -> RunStatus:
        publisher = Publisher(
            self._store, self._plan.integration_id, run.id, progress=self._progress, note=self._note
        )
        await asyncio.to_thread(self._store.retag, self._plan.integration_id, run.id)
        opened, problems = await open_workspaces(
            self._store,
            self._clients,
            self._plan.integration_id,
            self._plan.workspaces,
            needed=needed_scopes(self._plan.off),
        )
        for problem in problems:
            self._note(problem)
        await forget_sources(self._store, publisher, self._plan, self._progress)
        await self._structure(opened, publisher)
        for step in self._steps:
            if step.per == "repository":
                await self._repositories(step, opened, publisher, run)
        if not self._report.problems:
            await publisher.retire_people((pull_request_schema.TYPE, "closedById"), members.TYPE)
        return "COMPLETED_WITH_ERRORS" if self._report.problems else "COMPLETED"

    async def _structure(self, opened: Sequence[Opened], publisher: Publisher) -> None:
        """Read all workspace steps of all workspaces, then publish them in one transaction."""
        steps = [step for step in self._steps if step.per == "workspace"]
        for step in steps:
            self._progress.step_started(step.id, step.title, len(opened))
        states = self._store.scope_states(self._plan.integration_id)
        results = await together(self._workspace(steps, one, states) for one in opened)
        parts = [part for result in results for part in result]
        readings = [reading for reading, _ in parts]
        for reading in readings:
            self._note_all(reading)
            if reading.step.id == members.MEMBERS.id:
                whole = reading.complete
                publisher.people.set_members(reading.unit.owner, reading.people, whole=whole)
            publisher.people.see(reading.people.values())
        renamed = _renamed(self._store, self._plan.integration_id, readings)
        await publisher.publish(
            [settled for _, settled in parts], stand_ins=_stand_ins(readings), renamed=renamed
        )
        for step in steps:
            self._progress.step_ended(step.id)

    async def _workspace(
        self, steps: Sequence[Step[Any]], opened: Opened, states: dict[str, ScopeState]
    ) -> list[tuple[Reading, Settled]]:
        parts: list[tuple[Reading, Settled]] = []
        for step in steps:
            if step.id == opened.reading.step.id:
                reading = opened.reading
            else:
                reading = await self._read(step, opened.client, Unit(opened.workspace), Window())
            state = states.get(reading.scope, ScopeState())
            settled = await self._settle(reading, state, opened.client)
            if reading.complete:
                state = replace(settled.state, whole_on=_now(), empty_since=None)
                settled = replace(settled, state=state)
            parts.append((reading, settled))
            self._progress.step_advanced(step.id, opened.workspace.slug)
        return parts

    async def _repositories(
        self, step: Step[Any], opened: Sequence[Opened], publisher: Publisher, run: Run
    ) -> None:
        """Read one step for all repositories, a few at a time, publishing each by itself."""
        states = self._store.scope_states(self._plan.integration_id)
        units = [
            (one.client, Unit(one.workspace, facts))
            for one in opened
            for facts in self._known_repositories(one.workspace.uuid)
        ]
        todo = [u for u in units if _state_of(states, step, u[1]).run_id != run.id]
        todo.sort(key=lambda u: _state_of(states, step, u[1]).run_id or 0)
        self._progress.step_started(step.id, step.title, len(units))
        for _, unit in units[: len(units) - len(todo)]:
            self._progress.step_advanced(step.id, unit.label)
        spent: list[BudgetSpent] = []

        async def work(queue: Iterator[tuple[Client, Unit]]) -> None:
            for client, unit in queue:
                if client not in self._refused:
                    state = _state_of(states, step, unit)
                    try:
                        await self._repository(
                            step, client, unit, state=state, publisher=publisher, run_id=run.id
                        )
                    except BudgetSpent as error:
                        # The others may finish what they already paid for.
                        spent.append(error)
                        return
                self._progress.step_advanced(step.id, unit.label)

        # A queue for each consumer: one that waits for its budget must not hold up the others.
        queues = [iter([one for one in todo if one[0] is client]) for client in self._clients]
        await together(work(queue) for queue in queues for _ in range(self._plan.workers))
        if spent:
            raise spent[0]
        self._progress.step_ended(step.id)

    async def _repository(
        self,
        step: Step[Any],
        client: Client,
        unit: Unit,
        *,
        state: ScopeState,
        publisher: Publisher,
        run_id: int,
    ) -> None:
        window = window_for(state, full=self._plan.full, since=self._plan.since)
        reading = await self._read(step, client, unit, window)
        if window.changed_since is not None and any(p.code == "rejected" for p in reading.problems):
            # A filter that Bitbucket refuses must not stand between us and the repository.
            reading = await self._read(step, client, unit, Window(floor=self._plan.since))
        settled = await self._settle(reading, state, client)
        publisher.people.see(reading.people.values())
        if reading.complete:
            settled = replace(settled, state=state_after(settled.state, reading, run_id=run_id, now=_now()))
        await publisher.publish([settled], renamed={})
        self._note_all(reading)

    async def _read(self, step: Step[Any], client: Client, unit: Unit, window: Window) -> Reading:
        """Read a listing; a consumer that is refused is not tried again in this run, and told of once."""
        reading = Reading(step, unit, window, self._hidden)
        if client in self._refused:
            return reading
        try:
            return await read_listing(step, client, unit, window, hidden=self._hidden)
        except CredentialError as error:
            if client not in self._refused:
                self._refused.add(client)
                place = f"{step.title}: {unit.label} and all that follows"
                reading.problems.append(Problem(place, error.code, error.message, error.hint))
            return reading

    async def _settle(self, reading: Reading, state: ScopeState, client: Client) -> Settled:
        return await settle(
            reading, state, self._store, client, integration_id=self._plan.integration_id, now=_now()
        )

    def _known_repositories(self, workspace_uuid: str) -> list[RepositoryFacts]:
        scope = scope_name(repositories.REPOSITORIES.scope, workspace_uuid)
        found = self._store.entities(repositories.TYPE, integration_id=self._plan.integration_id, scope=scope)
        return [RepositoryFacts.of(entity.key, entity.properties) for entity in found]

    def _end_run(self, run_id: int, status: RunStatus) -> Run:
        calls = dict(self._counter.calls)
        for endpoint, number in self._earlier_calls.items():
            calls[endpoint] = calls.get(endpoint, 0) + number
        self._report.calls = calls
        return self._store.end_run(run_id, status, self._report)

    def _note_all(self, reading: Reading) -> None:
        for problem in reading.problems:
            self._note(problem, reading.step.id)

    def _note(self, problem: Problem, step: str = "") -> None:
        self._report.problems.append(problem)
        self._progress.problem(problem, step)


def _state_of(states: dict[str, ScopeState], step: Step[Any], unit: Unit) -> ScopeState:
    return states.get(scope_name(step.scope, unit.owner), ScopeState())


def _stand_ins(readings: Sequence[Reading]) -> list[Snapshot]:
    return [
        Snapshot(scope_name(kind, reading.unit.workspace.uuid), records, only_if_absent=True)
        for reading in readings
        for kind, records in reading.stand_ins.items()
    ]


def _renamed(store: Store, integration_id: str, readings: Sequence[Reading]) -> dict[str, RepositoryFacts]:
    """Return the repositories whose name, link or workspace differs from what is stored."""
    before: dict[str, RepositoryFacts] = {}
    for entity in store.entities(repositories.TYPE, integration_id=integration_id):
        before[entity.key] = RepositoryFacts.of(entity.key, entity.properties)
    found: dict[str, RepositoryFacts] = {}
    for reading in readings:
        if reading.step.id != repositories.REPOSITORIES.id:
            continue
        for key, record in reading.records.items():
            facts = RepositoryFacts.of(key, parse_properties(record.properties))
            if key in before and before[key] != facts:
                found[key] = facts
    return found


def _now() -> int:
    return int(time.time() * 1000)
