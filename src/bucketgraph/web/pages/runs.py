"""A run: how it stands, live while it goes on, with what it changed, what it could not see, and its log."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from bucketgraph.bitbucket.endpoints import GROUPS
from bucketgraph.collect.sources import switched_off
from bucketgraph.errors import Conflict, Unknown
from bucketgraph.integrations.configuration import Integration
from bucketgraph.store.base import LEVELS, Level, Run
from bucketgraph.web.answers import Answer, Event, Events
from bucketgraph.web.views import log as logs
from bucketgraph.web.views import runs as views
from bucketgraph.web.visit import Page, Visit

LONGEST_SECONDS: Final = 120.0
"""How long one stream lasts; the browser asks anew, so that none outlives its session or its viewer for long."""

EVERY_SECONDS: Final = 1.0
_MOST_DIGITS: Final = 15
_LIVE: Final = "run_live.html"


def show(visit: Visit) -> Answer:
    """Show a run."""
    found = _find(visit)
    owner = _owner(visit, found)
    name = _removed_name(visit, found) if owner is None else owner.name
    return visit.page(
        "run.html",
        title=f"Run {found.id} of {name[:300]}",
        here="integrations",
        lead="What it does right now, step by step." if found.status == "IN_PROGRESS" else "",
        owner=owner,
        **_facts(visit, found, owner),
    )


def events(visit: Visit) -> Answer:
    """Tell a run's progress as it goes on, until its end."""
    _find(visit)
    return Events(_looking(visit), EVERY_SECONDS)


def cancel(visit: Visit) -> Answer:
    """Stop this run."""
    found = _find(visit)
    owner = _owner(visit, found)
    if owner is None or found.status != "IN_PROGRESS":
        raise Conflict(f"Run {found.id} has ended already.", hint="There is nothing to stop.")
    visit.app.cancel(owner)
    return visit.redirect(
        f"/runs/{found.id}", toast="The run ends within seconds; what it read stays in the graph."
    )


def _looking(visit: Visit) -> Callable[[], list[Event] | None]:
    """Return what looks at the run again and again: its page's live part where that changed, and the end."""
    until = time.monotonic() + LONGEST_SECONDS
    told, ended = "", False

    def look() -> list[Event] | None:
        nonlocal told, ended
        if ended or time.monotonic() > until:
            return None
        found = _find(visit)
        ended = found.status != "IN_PROGRESS"
        text = visit.fragment(_LIVE, **_facts(visit, found, _owner(visit, found))).text
        new = [] if text == told else [Event(text)]
        told = text
        return [*new, Event("", name="done")] if ended else new

    return look


def _facts(visit: Visit, found: Run, owner: Integration | None) -> dict[str, Any]:
    """Return what the live part shows."""
    app = visit.app
    keys = owner is not None and owner.config.consumer_keys
    view = views.view(
        found,
        _told(visit, found),
        app.live(found.integration_id) if found.status == "IN_PROGRESS" else None,
        off=frozenset() if owner is None else switched_off(owner.config.sources),
        left=min(app.budget_left(owner)[group] for group in GROUPS) if owner is not None and keys else None,
        edges=app.store.catalogue.relationships,
        now=app.store.now(),
    )
    return {
        "run": view,
        "log": _log(visit, found),
        "levels": logs.LEVELS,
        "hourly": app.settings.hourly_calls,
    }


def _told(visit: Visit, found: Run) -> views.Told:
    store = visit.app.store
    waits = store.events(found.id, names=views.WAIT_EVENTS, newest=True, limit=1)
    progress = store.events(found.id, names=("progress",), newest=True, limit=1)
    return views.Told(
        steps=store.events(found.id, names=views.STEP_EVENTS),
        progress=next(iter(progress), None),
        wait=next(iter(waits), None),
    )


def _log(visit: Visit, found: Run) -> logs.LogView:
    level = _level(visit.asked("level", "info"))
    total = visit.app.store.event_number(found.id, level=level)
    page, chosen = logs.page_of(visit.asked("page"), total)
    entries = visit.app.store.events(found.id, level=level, limit=logs.PAGE, skip=page * logs.PAGE)
    return logs.view(entries, level=level, page=page, chosen=chosen, total=total)


def _level(text: str) -> Level:
    return next((level for level in LEVELS if level == text), "info")


def _find(visit: Visit) -> Run:
    text = visit.path["id"]
    small = text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS
    found = visit.app.store.run(int(text)) if small else None
    if found is None:
        raise Unknown("There is no such run.", hint="The page of an integration lists its runs.")
    return found


def _owner(visit: Visit, found: Run) -> Integration | None:
    """Return whose run it is; None when that was removed."""
    return next((one for one in visit.app.registry.everything() if one.id == found.integration_id), None)


def _removed_name(visit: Visit, found: Run) -> str:
    rows = visit.app.store.removed_integrations()
    return next((row.name for row in rows if row.id == found.integration_id), "a removed integration")


PAGES = (
    Page("GET", "/runs/{id}", "viewer", show),
    Page("GET", "/runs/{id}/events", "viewer", events),
    Page("POST", "/runs/{id}/cancel", "editor", cancel),
)
