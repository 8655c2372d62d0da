"""The home page: whether everything is all right, and what is new."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from bucketgraph.integrations.facts import Shown
from bucketgraph.integrations.freshness import Unseen
from bucketgraph.questions.fill import asked
from bucketgraph.questions.loader import load
from bucketgraph.store.base import Change
from bucketgraph.web import trends
from bucketgraph.web.answers import Answer
from bucketgraph.web.visit import Page, Visit

_QUESTIONS: Final = ("merged-without-approval", "public-repositories", "leavers-with-access")
_CHANGES: Final = 8
_LOOKED_AT: Final = 200
_UNSEEN: Final = 5
_DID: Final = {"created": "is new", "updated": "changed", "deleted": "is gone"}


@dataclass(frozen=True, slots=True)
class Tile:
    """A type with how many entities there are, and how that went."""

    type: str
    count: int
    path: str
    words: str


@dataclass(frozen=True, slots=True)
class Missing:
    """What could not be seen, and by which integration."""

    integration: str
    unseen: Unseen


@dataclass(frozen=True, slots=True)
class Line:
    """A change as a sentence: what, by its type and name, and what happened to which properties."""

    on: int
    type: str
    name: str
    did: str
    what: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A question to click: its title and its query."""

    title: str
    query: str


def home(visit: Visit) -> Answer:
    """Show what is in the graph, how collecting goes, and what is new."""
    collected = [
        visit.app.shown(one) for one in visit.app.registry.everything() if one.config.kind != "mapper"
    ]
    return visit.page(
        "home.html",
        title="Home",
        here="home",
        tiles=_tiles(visit),
        collected=collected,
        missing=list(_missing(visit, collected)),
        most_missing=_UNSEEN,
        changes=[_line(one) for one in _changes(visit)],
        questions=_questions(),
    )


def _tiles(visit: Visit) -> list[Tile]:
    counts, _ = visit.app.store.counts()
    found = visit.frame.trends.now()
    numbers = {name: found.get(name, [count]) for name, count in counts.items()}
    return [
        Tile(name, count, trends.line(numbers[name]), trends.in_words(numbers[name]))
        for name, count in counts.most_common()
    ]


def _missing(visit: Visit, collected: list[Shown]) -> Iterator[Missing]:
    for shown in collected:
        if shown.integration.config.kind == "bitbucket" and shown.runs:
            for unseen in visit.app.freshness(shown.integration).unseen:
                yield Missing(shown.integration.name, unseen)


def _changes(visit: Visit) -> list[Change]:
    """Return the newest changes of entities, the newest first."""
    found = visit.app.store.changes(limit=_LOOKED_AT)
    return [one for one in reversed(found) if one.element == "entity"][:_CHANGES]


def _line(change: Change) -> Line:
    names = sorted({*change.before, *change.after}) if change.kind == "updated" else []
    return Line(change.on, change.type, change.name, _DID[change.kind], ", ".join(names))


@cache
def _questions() -> tuple[Suggestion, ...]:
    library = load()
    found = [library.find(name) for name in _QUESTIONS]
    return tuple(Suggestion(one.title, asked(one, {})[0].text.strip()) for one in found)


PAGES = (Page("GET", "/", "viewer", home),)
