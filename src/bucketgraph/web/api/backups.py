"""Backups: one file of the graph with all its history, written beside it while others read and write."""

from __future__ import annotations

import time

from bucketgraph.errors import ConfigError, Conflict
from bucketgraph.store.backup import Holdings
from bucketgraph.web.bodies import Given, Moment, Shown
from bucketgraph.web.routing import Call, Route

FOLDER = "backups"


class BackupBody(Given):
    """What is in a backup; with the key, whoever has the file has the credentials."""

    with_key: bool = False


class BackupShown(Shown):
    """A backup: where it is on the server, how long, and what it holds."""

    file: str
    bytes: int
    created_on: Moment
    version: str
    holdings: Holdings


def create(call: Call[Given, BackupBody]) -> BackupShown:
    """Write a backup into the folder `backups` of the home folder."""
    folder = call.app.settings.home / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"bucketgraph-{time.strftime('%Y-%m-%dT%H-%M-%SZ', time.gmtime())}.tar.gz"
    try:
        manifest = call.app.backup(path, with_key=call.body.with_key)
    except ConfigError:
        if path.exists():  # written by somebody else, be it meanwhile
            raise Conflict("A backup was written within this second.", hint="Ask again.") from None
        raise
    return BackupShown(
        file=str(path),
        bytes=path.stat().st_size,
        created_on=manifest.created_on,
        version=manifest.version,
        holdings=manifest.holdings,
    )


ROUTES = (
    Route(
        "POST",
        "/api/v1/backups",
        "Write a backup into the folder `backups` of the home folder.",
        "admin",
        create,
        BackupShown,
        body=BackupBody,
        status=201,
        errors=(Conflict,),
    ),
)
