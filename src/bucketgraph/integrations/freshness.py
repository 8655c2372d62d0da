"""How far the graph can be trusted: when each listing was seen last, and what was not seen, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from shlex import quote

from bucketgraph.collect.sources import SOURCES, switched_off
from bucketgraph.collect.steps import STEPS
from bucketgraph.integrations.facts import Shown
from bucketgraph.integrations.schedule import failures
from bucketgraph.store.base import Problem, Run, ScopeFreshness

_TITLES = {step.scope: step.title for step in STEPS}
_HIDDEN = frozenset({"users"})
"""Scopes that are no listing of Bitbucket's: people are gathered from all of them."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One listing: what it is, of whom, when anything of it was published last, and when it was read whole.

    Times are epoch ms, None for never. `newest` is the newest change of it that the graph holds, `empty_since` since
    when it comes back suddenly empty. `off`: its source is switched off.
    """

    scope: str
    what: str
    of: str
    last_seen_on: int | None
    whole_on: int | None
    newest: int | None
    empty_since: int | None
    off: bool


@dataclass(frozen=True, slots=True)
class Unseen:
    """Something that is not seen: where, why, and what a person can do. `code` is a program's word for why."""

    where: str
    code: str
    why: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Freshness:
    """An integration's listings, the longest unseen first, and what is not seen."""

    integration: str
    last_run: Run | None
    last_success_on: int | None
    seen: tuple[Seen, ...]
    unseen: tuple[Unseen, ...]


def freshness(shown: Shown, scopes: Sequence[ScopeFreshness]) -> Freshness:
    """Judge an integration's listings by its last run and its configuration."""
    last = next(iter(shown.runs), None)
    success = next((run.finished_on for run in shown.runs if run.status == "COMPLETED"), None)
    off = switched_off(shown.integration.config.sources)
    seen = [_seen(one, off) for one in scopes if one.kind not in _HIDDEN]
    return Freshness(
        integration=shown.integration.name,
        last_run=last,
        last_success_on=success,
        seen=tuple(sorted(seen, key=lambda one: (one.off, one.last_seen_on or 0, one.what, one.of))),
        unseen=(*_by_decision(shown, off), *_by_failure(shown), *_by_problem(last)),
    )


def _seen(one: ScopeFreshness, off: frozenset[str]) -> Seen:
    idle = {step.scope for source in SOURCES if source.id in off for step in source.steps}
    return Seen(
        scope=one.scope,
        what=_TITLES.get(one.kind, one.kind),
        of=one.owner_name,
        last_seen_on=one.last_seen_on,
        whole_on=one.whole_on,
        newest=one.watermark,
        empty_since=one.empty_since,
        off=one.kind in idle,
    )


def _by_decision(shown: Shown, off: frozenset[str]) -> list[Unseen]:
    name, config = quote(shown.integration.name), shown.integration.config
    found = [
        Unseen(
            source.title,
            "off",
            "The source is switched off.",
            f"Switch it on with `bucketgraph integration edit {name} --source {source.id}=on`.",
        )
        for source in SOURCES
        if source.id in off
    ]
    if config.kind == "bitbucket" and config.since:
        found.append(
            Unseen(
                "Pull requests",
                "since",
                f"What was closed before {config.since} is left out.",
                f"See all of it with `bucketgraph integration edit {name} --no-since`.",
            )
        )
    if config.kind == "bitbucket" and config.paused:
        hint = f"Go on with `bucketgraph integration resume {name}`."
        found.append(Unseen("Everything", "paused", "Scheduled runs are paused.", hint))
    elif config.kind == "bitbucket" and config.polling.interval == "DISABLED":
        hint = f"Choose an interval with `bucketgraph integration edit {name} --polling ONE_DAY`."
        found.append(Unseen("Everything", "disabled", "It is collected only when somebody asks.", hint))
    return found


def _by_failure(shown: Shown) -> list[Unseen]:
    name = quote(shown.integration.name)
    if shown.lost:
        return [
            Unseen(
                "Everything",
                "credentials",
                "The stored credentials must be entered again: no present key reads them.",
                f"Enter them with `bucketgraph integration credentials {name}`.",
            )
        ]
    count = failures(shown.runs, shown.integration.updated_on)
    if not count:
        return []
    return [
        Unseen(
            "Everything",
            "back-off",
            f"The last {count} runs were refused, so scheduled ones are tried less often.",
            f"Find out why with `bucketgraph integration test {name}`; editing the integration ends the pause.",
        )
    ]


def _by_problem(last: Run | None) -> list[Unseen]:
    if last is None:
        return [Unseen("Everything", "never", "There was no run yet.")]
    return [_unseen(problem) for problem in last.report.problems]


def _unseen(problem: Problem) -> Unseen:
    return Unseen(problem.scope, problem.code, problem.message, problem.hint)
