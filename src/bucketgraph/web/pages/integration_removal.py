"""Taking an integration away: what goes is told in numbers first; and erasing what was kept of removed ones."""

from __future__ import annotations

from dataclasses import dataclass

from bucketgraph.errors import ConfigError, RequestError, Unknown
from bucketgraph.integrations.facts import schedule_in_words
from bucketgraph.store.base import IntegrationRow
from bucketgraph.web.answers import Answer
from bucketgraph.web.pages.integrations import find
from bucketgraph.web.views import integrations as views
from bucketgraph.web.visit import Page, Visit


@dataclass(frozen=True, slots=True)
class Removed:
    """A removed integration whose history is kept; times are epoch ms."""

    id: str
    name: str
    created_on: int
    removed_on: int | None
    runs: int


def ask(visit: Visit) -> Answer:
    """Say what would go."""
    one = find(visit)
    runs = visit.app.store.runs(one.id)
    entities, relationships = visit.app.store.counts(one.id)
    return visit.page(
        "integration_remove.html",
        title=f"Remove {one.name[:300]}",
        here="integrations",
        lead="Nothing is removed before you choose.",
        one=one,
        schedule=schedule_in_words(one),
        losses=views.losses(entities, relationships, len(runs), len(one.config.consumer_keys)),
        running=any(run.status == "IN_PROGRESS" for run in runs[:1]),
    )


def remove(visit: Visit) -> Answer:
    """Remove it, with its history or without."""
    one = find(visit)
    chosen = visit.form.get("purge")
    if chosen not in {"yes", "no"}:
        raise RequestError(
            "It is not said what becomes of the history.", hint="Choose one of the two buttons."
        )
    if chosen == "yes":
        _check_sure(visit)
    entities, relationships = visit.app.store.counts(one.id)
    visit.app.remove(one.name, purge=chosen == "yes", only=one.id)
    fate = "all of its history" if chosen == "yes" else "its history is kept"
    joined = "with" if chosen == "yes" else "and"
    gone = f"{entities.total():,} entities, {relationships.total():,} relationships"
    return visit.redirect("/integrations", toast=f"{one.name[:100]} was removed: {gone}; {joined} {fate}.")


def show_removed(visit: Visit) -> Answer:
    """List the removed ones whose history is kept."""
    return visit.page(
        "integrations_removed.html",
        title="Removed integrations",
        here="integrations",
        lead="Their history is kept: queries of the past and the change feed still tell what there was.",
        rows=[_removed(visit, row) for row in visit.app.store.removed_integrations()],
    )


def ask_purge(visit: Visit) -> Answer:
    """Say what would be erased."""
    row = _find(visit)
    return visit.page(
        "integration_purge.html",
        title="Erase a history",
        here="integrations",
        lead="This cannot be undone.",
        row=row,
        runs=len(visit.app.store.runs(row.id)),
    )


def purge(visit: Visit) -> Answer:
    """Erase the history of a removed one."""
    row = _find(visit)
    _check_sure(visit)
    visit.app.registry.purge_removed(row.id)
    return visit.redirect("/integrations/removed", toast=f"All history of {row.name[:100]} was erased.")


def _find(visit: Visit) -> IntegrationRow:
    try:
        return visit.app.registry.find_removed(visit.path["id"])
    except ConfigError:
        raise Unknown(
            "There is no such removed integration.", hint="Its history may have been erased already."
        ) from None


def _removed(visit: Visit, row: IntegrationRow) -> Removed:
    return Removed(row.id, row.name, row.created_on, row.removed_on, len(visit.app.store.runs(row.id)))


def _check_sure(visit: Visit) -> None:
    if "sure" not in visit.form:
        raise RequestError(
            "Erasing was not confirmed; nothing was removed.", hint="Tick that you understand it."
        )


PAGES = (
    Page("GET", "/integrations/removed", "admin", show_removed),
    Page("GET", "/integrations/removed/{id}/purge", "admin", ask_purge),
    Page("POST", "/integrations/removed/{id}/purge", "admin", purge),
    Page("GET", "/integrations/{id}/remove", "admin", ask),
    Page("POST", "/integrations/{id}/remove", "admin", remove),
)
