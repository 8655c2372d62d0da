"""Leaving no byte of what was deleted in the database's files.

SQLite keeps deleted bytes in free pages, in the gaps of pages and in its log. Rewriting the file and emptying the
log leaves none; samples that its planner took of indexes are taken anew first.
"""

from __future__ import annotations

import contextlib
import sqlite3
from typing import cast

from sqlalchemy import Connection, Engine

from bucketgraph.errors import StoreBusy
from bucketgraph.store.sqlite import translated


def overwrite_deleted(connection: Connection) -> None:
    """Let SQLite write zeros over what this connection deletes, should rewriting the file fail afterwards."""
    connection.exec_driver_sql("PRAGMA secure_delete = ON")


def rewrite(engine: Engine, where: str) -> None:
    """Write the file anew without free space and empty its log.

    Takes as much space again as the file has, for a while. Raises StoreBusy when another connection reads or
    writes for longer than the busy timeout, StoreFull when there is no space.
    """
    with translated(where), contextlib.closing(engine.raw_connection()) as pooled:
        raw = cast("sqlite3.Connection", pooled.driver_connection)
        raw.execute("PRAGMA temp_store = FILE")  # the copy is as large as the file
        try:
            raw.execute("VACUUM")
            (busy, *_) = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            raw.execute("PRAGMA temp_store = MEMORY")
    if busy:
        raise StoreBusy(
            f"Another program has been reading {where} for too long, so its log cannot be emptied.",
            hint="Stop what reads it.",
        )
