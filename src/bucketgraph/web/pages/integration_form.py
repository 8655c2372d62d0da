"""The form of an integration: a new one, a changed one, and a test of what is entered before it is saved."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from bucketgraph.bitbucket.origins import Origins
from bucketgraph.errors import BucketgraphError, ConfigError, CredentialError, UserError
from bucketgraph.integrations import trial
from bucketgraph.integrations.configuration import Integration
from bucketgraph.integrations.cost import Costs
from bucketgraph.integrations.fields import WEEKDAYS
from bucketgraph.web.answers import Answer
from bucketgraph.web.pages.integrations import find
from bucketgraph.web.views import entry as entries
from bucketgraph.web.views import integrations as views
from bucketgraph.web.views.entry import Complaint, Entry
from bucketgraph.web.visit import Page, Visit

PERMISSIONS: Final = ("Account: Read", "Projects: Read", "Pull requests: Read")
_WRONG: Final = 422
INTERVALS: Final = (
    ("DISABLED", "Disabled: run by hand"),
    ("THIRTY_MINUTES", "Every 30 minutes"),
    ("ONE_HOUR", "Every hour"),
    ("FOUR_HOURS", "Every 4 hours"),
    ("EIGHT_HOURS", "Every 8 hours"),
    ("TWELVE_HOURS", "Every 12 hours"),
    ("ONE_DAY", "Every day"),
    ("ONE_WEEK", "Every week"),
)


def new(visit: Visit) -> Answer:
    """Show the empty form."""
    return _form(visit, None, entries.blank())


def create(visit: Visit) -> Answer:
    """Add what was entered."""
    entry = entries.read(visit.form)
    wrong = _complaints(visit, None, entry)
    if wrong:
        return _form(visit, None, entry, complaints=wrong)
    try:
        added = visit.app.registry.add(entries.new(entry))
    except (ConfigError, CredentialError) as error:
        return _form(visit, None, entry, failure=error)
    return visit.redirect(
        f"/integrations/{added.id}", toast=f"{added.name[:100]} was added. Run it to fill the graph."
    )


def edit(visit: Visit) -> Answer:
    """Show the form with what is stored, but its secrets."""
    one = find(visit)
    return _form(visit, one, entries.of(one, lost=_lost(visit, one)))


def save(visit: Visit) -> Answer:
    """Change what was entered anew."""
    one = find(visit)
    if not one.collected:
        return _save_names(visit, one)
    entry = entries.read(visit.form, stored=_stored(visit, one))
    wrong = _complaints(visit, one, entry)
    if wrong:
        return _form(visit, one, entry, complaints=wrong)
    try:
        visit.app.registry.update(one.name, entries.changes(entry))
    except (ConfigError, CredentialError) as error:
        return _form(visit, one, entry, failure=error)
    return _saved(visit, one)


def test_new(visit: Visit) -> Answer:
    """Test what was entered for a new one; nothing is saved."""
    return _test(visit, None, entries.read(visit.form))


def test_edited(visit: Visit) -> Answer:
    """Test what was entered for one that there is, with its stored secrets where none was entered."""
    one = find(visit)
    return _test(visit, one, entries.read(visit.form, stored=_stored(visit, one)))


def _test(visit: Visit, one: Integration | None, entry: Entry) -> Answer:
    wrong = _complaints(visit, one, entry)
    if wrong:
        return _told(visit, one, entry, complaints=wrong)
    try:
        tried = _trial(visit, one, entry)
        checks = asyncio.run(visit.app.try_out(tried))
    except BucketgraphError as error:
        return _told(visit, one, entry, failure=error)
    judged = views.report(checks, views.trial(tried.config), visit.app.settings.hourly_calls)
    return _told(visit, one, entry, report=judged)


def _told(
    visit: Visit,
    one: Integration | None,
    entry: Entry,
    *,
    complaints: Mapping[str, Complaint] | None = None,
    failure: BucketgraphError | None = None,
    report: views.Report | None = None,
) -> Answer:
    """Return what a test says: below its button where a script asked, or else with the whole form."""
    if not visit.htmx:
        return _form(visit, one, entry, complaints=complaints or {}, failure=failure, report=report)
    for wrong in (complaints or {}).values():
        failure = failure or ConfigError(wrong.message, hint=wrong.hint)
    return visit.fragment("integration_report.html", failure=failure, report=report)


def _trial(visit: Visit, one: Integration | None, entry: Entry) -> trial.Trial:
    if one is None:
        return trial.of_new(entries.new(entry))
    return trial.of_change(visit.app.registry, one.name, entries.changes(entry))


def _form(
    visit: Visit,
    one: Integration | None,
    entry: Entry,
    *,
    complaints: Mapping[str, Complaint] | None = None,
    failure: BucketgraphError | None = None,
    report: views.Report | None = None,
) -> Answer:
    """Return the form with what was entered, secrets left out."""
    there = "/integrations/new" if one is None else f"/integrations/{one.id}/edit"
    wrong = complaints or {}
    if one is not None and not one.collected:
        return _short_form(visit, one, entry, wrong, failure)
    costs = None if one is None else visit.app.costs(one)
    return visit.page(
        "integration_form.html",
        title="New integration" if one is None else f"Edit {one.name[:300]}",
        here="integrations",
        lead="Collect Bitbucket workspaces with an OAuth consumer that may read and nothing else."
        if one is None
        else "What is changed here holds from the next run on.",
        status=_WRONG if wrong or isinstance(failure, UserError) else 200,
        address=there,
        back="/integrations" if one is None else f"/integrations/{one.id}",
        stored=one is not None,
        entry=entries.without_secrets(entry),
        complaints=wrong,
        failure=failure,
        report=report,
        permissions=PERMISSIONS,
        intervals=_intervals(entry),
        weekdays=WEEKDAYS,
        sources=views.sources(costs),
        totals=_totals(costs),
        hourly=visit.app.settings.hourly_calls,
        spares=entries.SPARE,
        away=Origins(entry.api_url, entry.oauth_url) != Origins(),
    )


def _save_names(visit: Visit, one: Integration) -> Answer:
    """Change name and description of what is imported; there is nothing else to change."""
    entry = entries.read(visit.form)
    wrong = {
        name: what for name, what in _complaints(visit, one, entry).items() if name in {"name", "description"}
    }
    if wrong:
        return _form(visit, one, entry, complaints=wrong)
    try:
        visit.app.registry.update(one.name, entries.names(entry))
    except ConfigError as error:
        return _form(visit, one, entry, failure=error)
    return _saved(visit, one)


def _short_form(
    visit: Visit,
    one: Integration,
    entry: Entry,
    wrong: Mapping[str, Complaint],
    failure: BucketgraphError | None,
) -> Answer:
    return visit.page(
        "integration_names.html",
        title=f"Edit {one.name[:300]}",
        here="integrations",
        lead="It was imported, so only its name and description can be changed.",
        status=_WRONG if wrong or failure else 200,
        one=one,
        entry=entry,
        complaints=wrong,
        failure=failure,
    )


def _saved(visit: Visit, one: Integration) -> Answer:
    visit.app.recompute_people()
    return visit.redirect(f"/integrations/{one.id}", toast="Saved.")


def _complaints(visit: Visit, one: Integration | None, entry: Entry) -> dict[str, Complaint]:
    mine = None if one is None else one.id
    taken = {other.name for other in visit.app.registry.everything() if other.id != mine}
    return entries.complaints(entry, taken, None if one is None else one.config.origins)


def _stored(visit: Visit, one: Integration) -> frozenset[str]:
    return frozenset() if _lost(visit, one) else frozenset(one.config.consumer_keys)


def _lost(visit: Visit, one: Integration) -> bool:
    return one.id in visit.app.registry.lost_credentials()


def _intervals(entry: Entry) -> tuple[tuple[str, str], ...]:
    """Return the intervals to choose from; ten seconds only where it is chosen or Bitbucket is this computer's."""
    return INTERVALS if not entries.only_here(entry) else (*INTERVALS, ("TEN_SECONDS", "Every 10 seconds"))


def _totals(costs: Costs | None) -> tuple[int, int] | None:
    if costs is None or costs.first is None or costs.later is None:
        return None
    return sum(costs.first.values()), sum(costs.later.values())


PAGES = (
    Page("GET", "/integrations/new", "admin", new),
    Page("POST", "/integrations/new", "admin", create),
    Page("POST", "/integrations/new/test", "admin", test_new),
    Page("GET", "/integrations/{id}/edit", "admin", edit),
    Page("POST", "/integrations/{id}/edit", "admin", save),
    Page("POST", "/integrations/{id}/edit/test", "admin", test_edited),
)
