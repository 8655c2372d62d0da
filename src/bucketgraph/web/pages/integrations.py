"""Integrations: the list of configurations, one of them, and what is done with one by a button."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import Final

from bucketgraph.bitbucket.endpoints import GROUPS
from bucketgraph.errors import BucketgraphError, ConfigError, Unavailable, Unknown
from bucketgraph.integrations.configuration import Changes, Integration
from bucketgraph.store.base import Run
from bucketgraph.web.answers import Answer
from bucketgraph.web.views import integrations as views
from bucketgraph.web.visit import Page, Visit

_MOST_RUNS: Final = 50
_MOST_UNSEEN: Final = 6
_PATIENCE_SECONDS: Final = 1.0
"""How long the button "Run now" waits for the run to begin, to lead to its page."""


def find(visit: Visit) -> Integration:
    """Return the integration that the address names; raises Unknown."""
    for one in _shown(visit):
        if one.id == visit.path["id"]:
            return one
    raise Unknown(
        "There is no such integration.", hint="It may have been removed; the list shows what there is."
    )


def show_all(visit: Visit) -> Answer:
    """List the configurations."""
    app, shown = visit.app, _shown(visit)
    lost = app.registry.lost_credentials()
    rows = [views.row(app.shown(one, lost=lost), app.store.counts(one.id)[0].total()) for one in shown]
    kinds = Counter((row.kind, row.icon) for row in rows)
    return visit.page(
        "integrations.html",
        title="Integrations",
        here="integrations",
        lead="Where the graph comes from, when it was collected last and when it will be next.",
        rows=rows,
        kinds=[(kind, icon, number) for (kind, icon), number in kinds.items()],
        removed=len(app.store.removed_integrations()) if visit.may("admin") else 0,
    )


def show(visit: Visit) -> Answer:
    """Show one configuration with its runs."""
    return page(visit, find(visit))


def page(visit: Visit, one: Integration, *, report: views.Report | None = None, status: int = 200) -> Answer:
    """Return the page of an integration, with the report of a test that was just made."""
    app = visit.app
    shown, freshness = app.shown(one), app.freshness(one)
    costs = app.costs(one) if one.collected else None
    left = min(app.budget_left(one)[group] for group in GROUPS) if one.config.consumer_keys else None
    runs = app.store.runs(one.id, limit=_MOST_RUNS)
    return visit.page(
        "integration.html",
        title=one.name[:300],
        here="integrations",
        status=status,
        lead=one.description[:300],
        row=views.row(shown, app.store.counts(one.id)[0].total()),
        config=one.config,
        tags=_tags(one),
        away=one.config.origins != type(one.config.origins)(),
        unseen=freshness.unseen[:_MOST_UNSEEN],
        more_unseen=max(0, len(freshness.unseen) - _MOST_UNSEEN),
        sources=() if costs is None else costs.sources,
        warnings=() if costs is None else costs.warnings,
        hourly=app.settings.hourly_calls,
        left=left,
        runs=[views.run_row(run, shown.now) for run in runs],
        more_runs=len(runs) == _MOST_RUNS,
        report=report,
        failure=None,
    )


def run(visit: Visit) -> Answer:
    """Begin a run, and lead to its page when it begins at once."""
    one = find(visit)
    if not one.collected:
        raise ConfigError(f"{one.name!r} is not collected from Bitbucket.", hint="Import it again instead.")
    if visit.site.jobs is None:
        raise Unavailable(
            "This server carries out no runs.", hint="Start it with `bucketgraph serve`, which does."
        )
    begun = _begun(visit, visit.site.jobs.request_run(one.id, "manual", full="full" in visit.form))
    if begun is None:
        return visit.redirect(
            f"/integrations/{one.id}", toast="The run is queued; it begins when others have ended."
        )
    return visit.redirect(f"/runs/{begun.id}")


def cancel(visit: Visit) -> Answer:
    """Stop the run that is queued or in progress."""
    one = find(visit)
    stopped = visit.app.cancel(one)
    words = {
        "queued": "The run was taken out of the queue.",
        "in-progress": "The run ends within seconds; what it read stays in the graph.",
        "interrupted": "The interrupted run was ended; what it read stays in the graph.",
    }
    to = f"/integrations/{one.id}" if stopped.run is None else f"/runs/{stopped.run}"
    return visit.redirect(to, toast=words[stopped.what])


def pause(visit: Visit) -> Answer:
    """Stop scheduled runs."""
    return _pause(visit, paused=True, words="is paused: it runs only by hand.")


def resume(visit: Visit) -> Answer:
    """Go on with scheduled runs."""
    return _pause(visit, paused=False, words="runs by its schedule again.")


def test(visit: Visit) -> Answer:
    """Test key, secret, permissions and workspaces of what is stored."""
    one = find(visit)
    if not one.collected:
        raise ConfigError(f"{one.name!r} has no Bitbucket behind it to ask.")
    try:
        checks = asyncio.run(visit.app.test(one))
    except BucketgraphError as error:
        if visit.htmx:
            return visit.fragment("integration_report.html", failure=error, report=None)
        raise
    report = views.report(checks, one, visit.app.settings.hourly_calls)
    if visit.htmx:
        return visit.fragment("integration_report.html", failure=None, report=report)
    return page(visit, one, report=report)


def _pause(visit: Visit, *, paused: bool, words: str) -> Answer:
    one = find(visit)
    visit.app.registry.update(one.name, Changes(paused=paused))
    return visit.redirect(f"/integrations/{one.id}", toast=f"{one.name[:100]} {words}")


def _begun(visit: Visit, workflow_id: str) -> Run | None:
    """Return the run that a job began, after a moment's patience."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while (begun := visit.app.store.run_of_workflow(workflow_id)) is None and time.monotonic() < until:
        time.sleep(0.05)
    return begun


def _shown(visit: Visit) -> list[Integration]:
    return [one for one in visit.app.registry.everything() if one.config.kind != "mapper"]


def _tags(one: Integration) -> list[tuple[str, str]]:
    found = one.config.properties(one.name).items()
    return [(name, str(value).lower() if isinstance(value, bool) else value[:300]) for name, value in found]


PAGES = (
    Page("GET", "/integrations", "viewer", show_all),
    Page("GET", "/integrations/{id}", "viewer", show),
    Page("POST", "/integrations/{id}/run", "editor", run),
    Page("POST", "/integrations/{id}/cancel", "editor", cancel),
    Page("POST", "/integrations/{id}/pause", "admin", pause),
    Page("POST", "/integrations/{id}/resume", "admin", resume),
    Page("POST", "/integrations/{id}/test", "editor", test),
)
