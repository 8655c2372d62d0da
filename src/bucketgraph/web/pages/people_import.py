"""Importing a list of people: a file, then what it would change, then the same file for good."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Final, NamedTuple

from bucketgraph.errors import BucketgraphError, ConfigError
from bucketgraph.graph.values import fingerprint
from bucketgraph.people.desk import DEFAULT_SOURCE, Imported, ImportOptions
from bucketgraph.people.planning import ImportPlan, PersonChange
from bucketgraph.web.answers import Answer
from bucketgraph.web.showing import Difference, differences
from bucketgraph.web.visit import Page, Upload, Visit

_MOST: Final = 100


class Shown(NamedTuple):
    """Somebody who comes, changes or goes."""

    name: str
    key: str
    differences: Sequence[Difference]


def ask(visit: Visit) -> Answer:
    """Show the form for a file."""
    return _form(visit, visit.query)


def preview(visit: Visit) -> Answer:
    """Show what a file would change, and keep it in the page for the confirmation."""
    file = visit.files.get("file")
    try:
        if file is None or not file.filename:
            raise ConfigError("No file was chosen.", hint="Choose a CSV, JSON or XLSX file.")
        done = _run(visit, file, dry_run=True)
    except BucketgraphError as error:
        return _form(visit, visit.form, error)
    return _shown(visit, done, file)


def confirm(visit: Visit) -> Answer:
    """Import the file that was previewed, unless it would change something else by now."""
    file = _kept(visit)
    try:
        plan = _run(visit, file, dry_run=True).plan
        if visit.form.get("fingerprint") != _fingerprint(plan):
            return _shown(visit, Imported(plan), file, changed=True)
        done = _run(visit, file, dry_run=False, agreed=visit.form.get("agreed") == "yes")
    except BucketgraphError as error:
        return _form(visit, visit.form, error)
    found = done.plan
    said = f"{len(found.created):,} added, {len(found.updated):,} changed, {len(found.removed):,} removed."
    return visit.redirect("/people", toast=f"Imported {file.filename[:80]}: {said}")


def _run(visit: Visit, file: Upload, *, dry_run: bool, agreed: bool = False) -> Imported:
    told = tuple(line.strip() for line in visit.form.get("map", "").splitlines() if line.strip())
    options = ImportOptions(
        source=visit.form.get("source", "").strip() or DEFAULT_SOURCE,
        told=told,
        keep=visit.form.get("keep") == "yes",
        sheet=visit.form.get("sheet", "").strip() or None,
        dry_run=dry_run,
    )
    return visit.app.people.import_bytes(file.content, file.filename, options, lambda _plan: agreed)


def _shown(visit: Visit, done: Imported, file: Upload, *, changed: bool = False) -> Answer:
    plan = done.plan
    parts = (("Added", plan.created), ("Changed", plan.updated), ("Removed", plan.removed))
    return visit.page(
        "people_preview.html",
        title="Import people",
        here="people",
        plan=plan,
        changed=changed,
        parts=[(title, len(some), [_person(one) for one in some[:_MOST]]) for title, some in parts],
        rejected=plan.rejected[:_MOST],
        filename=file.filename,
        content=base64.b64encode(file.content).decode(),
        fingerprint=_fingerprint(plan),
        entered={name: visit.form.get(name, "") for name in ("source", "map", "keep", "sheet")},
    )


def _form(visit: Visit, entered: dict[str, str], error: BucketgraphError | None = None) -> Answer:
    return visit.page(
        "people_import.html",
        title="Import people",
        here="people",
        status=error.http_status if error else 200,
        error=error,
        tab="import",
        sources=[one.integration.name for one in visit.app.people.sources()],
        entered={name: entered.get(name, "") for name in ("source", "map", "keep", "sheet")},
    )


def _kept(visit: Visit) -> Upload:
    """Return the file that the preview kept in the page."""
    try:
        content = base64.b64decode(visit.form.get("content", ""), validate=True)
    except (binascii.Error, ValueError):
        content = b""
    if not content or not visit.form.get("filename"):
        raise ConfigError("The file of the preview is not there any more.", hint="Choose the file again.")
    return Upload(visit.form["filename"], content)


def _fingerprint(plan: ImportPlan) -> str:
    """Return what tells whether a plan is still the one that was shown."""
    changes = (plan.created, plan.updated, plan.removed)
    parts = [
        repr([(one.key, sorted(one.before.items()), sorted(one.after.items())) for one in some])
        for some in changes
    ]
    return fingerprint(plan.source.encode(), *(part.encode("utf-8", "surrogatepass") for part in parts)).hex()


def _person(one: PersonChange) -> Shown:
    return Shown(one.name, one.key, differences(one.before, one.after))


PAGES = (
    Page("GET", "/people/import", "editor", ask),
    Page("POST", "/people/import", "editor", preview, uploads=True),
    Page("POST", "/people/import/confirm", "editor", confirm, uploads=True),
)
