"""A page of a run's log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from bucketgraph.store.base import Level, RunEvent

PAGE: Final = 200
"""How many entries a page of the log has."""

LEVELS: Final[tuple[tuple[Level, str], ...]] = (
    ("debug", "Everything"),
    ("info", "Steps"),
    ("warning", "Warnings"),
    ("error", "Errors"),
)
_STATES: Mapping[str, str] = {"debug": "muted", "info": "", "warning": "warn", "error": "bad"}
_WORDS: Mapping[str, str] = {"debug": "debug", "info": "info", "warning": "warn", "error": "error"}


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of a log: when (in UTC), how bad, and what; `state` is the class of its colour."""

    clock: str
    iso: str
    word: str
    state: str
    message: str
    details: str


@dataclass(frozen=True, slots=True)
class LogView:
    """A page of a log. `first` and `last` count from 1; `older` and `newer` are pages, None where there is none.

    `chosen` says that the page was asked for, so that it stays the same while the log grows.
    """

    level: Level
    page: int
    chosen: bool
    total: int
    first: int
    last: int
    older: int | None
    newer: int | None
    lines: tuple[Line, ...]


def page_of(asked: str, total: int) -> tuple[int, bool]:
    """Return which page is shown and whether it was asked for; the newest unless an older one is wanted."""
    newest = max(0, (total - 1) // PAGE)
    if asked.isascii() and asked.isdecimal() and len(asked) < 10 and int(asked) < newest:  # noqa: PLR2004  # digits
        return int(asked), True
    return newest, False


def view(events: Sequence[RunEvent], *, level: Level, page: int, chosen: bool, total: int) -> LogView:
    """Return a page of a log; `total` is how many entries there are of at least the level."""
    first = page * PAGE
    return LogView(
        level=level,
        page=page,
        chosen=chosen,
        total=total,
        first=first + 1,
        last=first + len(events),
        older=page - 1 if page else None,
        newer=page + 1 if first + PAGE < total else None,
        lines=tuple(_line(one) for one in events),
    )


def _line(event: RunEvent) -> Line:
    moment = datetime.fromtimestamp(event.on / 1000, UTC)
    return Line(
        clock=f"{moment:%H:%M:%S}",
        iso=f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        word=_WORDS[event.level],
        state=_STATES[event.level],
        message=event.message,
        details=_details(event),
    )


def _details(event: RunEvent) -> str:
    """Return the facts beside a message in words; counts of nothing are left out."""
    return ", ".join(
        f"{name.replace('_', ' ')} {value:,}"
        if isinstance(value, int)
        else f"{name.replace('_', ' ')} {value}"
        for name, value in event.details.items()
        if value not in {None, "", "until"}
        and name not in {"until", "status"}
        and not isinstance(value, bool)
    )
