"""Settings: whether the server is well, its keys, how long it keeps what."""

from __future__ import annotations

import os
from pathlib import Path

import bucketgraph
from bucketgraph.errors import BucketgraphError
from bucketgraph.web.answers import Answer
from bucketgraph.web.visit import Page, Visit


def show(visit: Visit) -> Answer:
    """Show how the server is, and where the rest is found."""
    app = visit.app
    jobs = visit.site.jobs
    return visit.page(
        "settings.html",
        title="Settings",
        here="settings",
        version=bucketgraph.__version__,
        working=jobs is None or not jobs.broken.is_set(),
        runs_jobs=jobs is not None,
        size=_size(app.store.where),
        integrations=len([one for one in app.registry.all() if one.config.kind == "bitbucket"]),
        keys=app.keyring.state() if visit.may("admin") else "",
        lost=_lost(visit) if visit.may("admin") else [],
        settings=app.settings,
        accounts=app.store.accounts() if visit.may("admin") else [],
    )


def _lost(visit: Visit) -> list[str]:
    try:
        return visit.app.locked_out()
    except BucketgraphError as error:
        return [error.message]


def _size(where: object) -> int:
    """Return the bytes of the graph file with its log; 0 for a graph that is in no file."""
    files = (Path(f"{where}{end}") for end in ("", "-wal"))
    return sum(os.stat(file).st_size for file in files if file.exists())  # noqa: PTH116  # one call a file


PAGES = (Page("GET", "/settings", "viewer", show),)
