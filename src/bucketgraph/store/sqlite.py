"""SQLite: pragmas, transactions, hot-property columns, and its errors in our words.

Every write transaction is BEGIN IMMEDIATE: with a deferred BEGIN two writing processes fail each other
thousands of times a second, with IMMEDIATE and a busy timeout never. Written to SQLite 3.40's features.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError, OperationalError

from bucketgraph.errors import StoreBusy, StoreError, StoreFull, StoreUnreadable
from bucketgraph.graph.schema import Catalogue

BUSY_TIMEOUT_MS = 30_000
_SAFE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*")


def writer(url: str) -> Engine:
    """Return an engine whose every transaction takes the write lock at its beginning."""
    engine = create_engine(url)
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def reader(url: str) -> Engine:
    """Return an engine whose connections cannot write."""
    engine = create_engine(url)
    event.listen(engine, "connect", _set_up_reader)
    event.listen(engine, "begin", _begin)
    return engine


def file_of(url: str) -> Path | None:
    """Return the database file of a SQLite address, None for a database in memory."""
    database = make_url(url).database
    return Path(database) if database and database != ":memory:" else None


def prepare_file(path: Path) -> None:
    """Create the folder and the file, readable by their owner alone."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, stat.S_IRUSR | stat.S_IWUSR))
    except OSError as error:
        raise StoreUnreadable(
            f"The graph file {path} cannot be created ({error.strerror}).",
            hint="Set BUCKETGRAPH_HOME to a folder you may write to.",
        ) from None


def hot_column(name: str) -> str:
    """Return the generated column that holds a hot property."""
    return f"p_{name}"


def ensure_hot_properties(connection: Connection, catalogue: Catalogue, type_ids: dict[str, int]) -> None:
    """Add a virtual generated column and a partial index for every property declared as indexed.

    Names come from our own catalogue, and are checked because they stand in the statement's text.
    """
    rows = connection.exec_driver_sql("PRAGMA table_xinfo(entity)").all()
    present = {row[1] for row in rows}
    for type_name, name in catalogue.indexed():
        if not _SAFE_NAME.fullmatch(name):
            raise StoreError(f"The property name {name!r} cannot be indexed.")
        column = hot_column(name)
        if column not in present:
            connection.exec_driver_sql(
                f"ALTER TABLE entity ADD COLUMN {column} "
                f"GENERATED ALWAYS AS (json_extract(props, '$.{name}')) VIRTUAL"
            )
            present.add(column)
        type_id = type_ids[type_name]
        connection.exec_driver_sql(
            f"CREATE INDEX IF NOT EXISTS hot_{type_name}_{name} ON entity({column}) WHERE type_id = {type_id}"
        )


@contextlib.contextmanager
def translated(where: str) -> Iterator[None]:
    """Turn the driver's errors into ours; `where` is the file's path."""
    try:
        yield
    except DatabaseError as error:
        raise _in_our_words(error, where) from error


def _in_our_words(error: DatabaseError, where: str) -> StoreError:
    text = str(error.orig)
    low = text.lower()
    if "locked" in low or "busy" in low:
        return StoreBusy(
            f"Another process has been writing to {where} for over {BUSY_TIMEOUT_MS // 1000} seconds.",
            hint="Wait for it to end, or stop it; nothing was lost.",
        )
    if "full" in low:
        return StoreFull(
            f"There is no space left for {where}; the last transaction was rolled back.",
            hint="Free some space and run the same command again: it goes on where it stopped.",
        )
    if "not a database" in low or "malformed" in low:
        return StoreUnreadable(
            f"{where} is not a bucketgraph database, or it is damaged ({text}).",
            hint="Move it away or point BUCKETGRAPH_HOME elsewhere; if it should be sound, restore a backup.",
        )
    if "unable to open" in low or "readonly" in low or "attempt to write" in low:
        return StoreUnreadable(
            f"{where} cannot be opened for writing ({text}).",
            hint="Check the owner and permissions of the file and its folder, or set BUCKETGRAPH_HOME.",
        )
    if isinstance(error, OperationalError) and "disk i/o" in low:
        return StoreFull(
            f"Writing to {where} failed ({text}); the last transaction was rolled back.",
            hint="Check the disk and its quota, then run the same command again.",
        )
    return StoreError(f"{where}: {text}.")


def _set_up(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        "journal_mode = WAL",
        "synchronous = NORMAL",
        "cache_size = -32000",
        "temp_store = MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _set_up_reader(connection: Any, record: Any) -> None:
    _set_up(connection, record)
    connection.execute("PRAGMA query_only = ON")


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
