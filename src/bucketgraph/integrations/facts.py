"""An integration as programs and people are shown it: every field but the secrets, its schedule in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bucketgraph.collect.sources import SOURCES, switched_off
from bucketgraph.integrations.configuration import Integration
from bucketgraph.integrations.fields import WEEKDAYS
from bucketgraph.integrations.schedule import Rhythm, failures, next_due, rhythm
from bucketgraph.store.base import Run

_WORDS = {
    "TEN_SECONDS": "every 10 seconds",
    "THIRTY_MINUTES": "every 30 minutes",
    "ONE_HOUR": "every hour",
    "FOUR_HOURS": "every 4 hours",
    "EIGHT_HOURS": "every 8 hours",
    "TWELVE_HOURS": "every 12 hours",
    "ONE_DAY": "every day",
    "ONE_WEEK": "every",
}
LOST = "must be entered again"
"""What is said of credentials that no present key reads."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An integration with what is told beside its configuration.

    `runs` are its newest ones, newest first; `lost` says that its credentials cannot be read; `now` is epoch ms.
    """

    integration: Integration
    runs: Sequence[Run]
    lost: bool
    now: int

    @property
    def next_run(self) -> int | None:
        """Return when it is due next (epoch ms), None for never by itself."""
        one = self.integration
        if one.config.kind != "bitbucket" or one.config.paused:
            return None
        count = failures(self.runs, one.updated_on)
        return next_due(one.config.polling, one.id, self.now, failures=count)

    def facts(self) -> dict[str, object]:
        """Return everything under the names that JSON has."""
        return _identity(self) | ({} if self.integration.config.kind != "bitbucket" else _collected(self))


def _identity(shown: Shown) -> dict[str, object]:
    one = shown.integration
    last = next(iter(shown.runs), None)
    return {
        "id": one.id,
        "name": one.name,
        "kind": one.config.kind,
        "integrationType": one.config.integration_type,
        "description": one.description,
        "createdOn": one.created_on,
        "updatedOn": one.updated_on,
        "lastRun": None
        if last is None
        else {
            "id": last.id,
            "status": last.status,
            "startedOn": last.started_on,
            "finishedOn": last.finished_on,
            "problems": len(last.report.problems),
        },
    }


def _collected(shown: Shown) -> dict[str, object]:
    config = shown.integration.config
    off = switched_off(config.sources)
    return {
        "workspaces": config.workspaces,
        "oauthKeys": config.consumer_keys,
        "credentials": LOST if shown.lost else "stored",
        "apiUrl": config.api_url,
        "oauthUrl": config.oauth_url,
        "polling": config.polling,
        "schedule": schedule_in_words(shown.integration),
        "paused": config.paused,
        "nextRunOn": shown.next_run,
        "tagAccountName": config.tag_account_name,
        "tags": config.tags,
        "sources": {one.id: one.id not in off for one in SOURCES},
        "since": config.since,
    }


def schedule_in_words(integration: Integration) -> str:
    """Say when an integration is collected by itself, such as `every Sunday at 03:17 UTC`."""
    config = integration.config
    known = rhythm(config.polling, integration.id)
    if known is None:
        return "never by itself"
    words = _WORDS[config.polling.interval]
    match config.polling.interval:
        case "ONE_DAY":
            words = f"{words} at {_clock(known)} UTC"
        case "ONE_WEEK":
            words = f"{words} {_weekday(known)} at {_clock(known)} UTC"
    return f"{words} (paused)" if config.paused else words


def _clock(known: Rhythm) -> str:
    return f"{_due(known):%H:%M}"


def _weekday(known: Rhythm) -> str:
    return WEEKDAYS[int(f"{_due(known):%w}")]


def _due(known: Rhythm) -> datetime:
    return datetime.fromtimestamp(known.next_due(0) / 1000, UTC)
