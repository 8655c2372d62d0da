"""SQLite: pragmas, transactions, hot-property columns, and its errors in our words.

Every write transaction is BEGIN IMMEDIATE: with a deferred BEGIN two writing processes fail each other
thousands of times a second, with IMMEDIATE and a busy timeout never. Written to SQLite 3.40's features.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import sqlite3
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError

from bucketgraph.errors import Bug, ConfigError, StoreBusy, StoreError, StoreFull, StoreUnreadable
from bucketgraph.graph.schema import Catalogue
from bucketgraph.store.lower import hot_column

BUSY_TIMEOUT_MS = 30_000
_DRIVERS = ("sqlite", "sqlite+pysqlite")
_MOST_MEMORY = 1_000_000_000
"""Bytes that SQLite may take in a whole process: a query may sort millions of rows, and they stay in memory."""

_PRAGMAS = ("synchronous = NORMAL", "cache_size = -32000", "temp_store = MEMORY")
_READER_PRAGMAS = (*_PRAGMAS, f"hard_heap_limit = {_MOST_MEMORY}", "query_only = ON")
_WRITER_PRAGMAS = ("wal_autocheckpoint = 4000", *_PRAGMAS)
"""A page that many transactions touch goes from the log to the file once for all: 16 MB of log, not 4."""

_SAMPLE = 1000
"""Rows of an index that are looked at for the planner's statistics."""
_WRITE = "BEGIN IMMEDIATE"
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_SHORT_WAITS = (0.001, 0.02)
"""Seconds, at random between the two, so that processes that wait for each other do not keep step."""

_PRIMARY_CODE = 0xFF
"""The part of SQLite's result code that names the kind of error."""
_SAFE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*")


def writer(url: str, busy_timeout_ms: int) -> Engine:
    """Return an engine whose every transaction takes the write lock at its beginning."""
    return _engine(url, busy_timeout_ms, _WRITER_PRAGMAS, _WRITE)


def durable_writer(url: str, busy_timeout_ms: int) -> Engine:
    """Return a writer whose transactions are on the disk when they end, with all that came before them."""
    return _engine(url, busy_timeout_ms, (*_WRITER_PRAGMAS, "synchronous = FULL"), _WRITE)


def reader(url: str, busy_timeout_ms: int) -> Engine:
    """Return an engine whose connections cannot write, not even into the file's header."""
    return _engine(url, busy_timeout_ms, _READER_PRAGMAS, "BEGIN")


def file_of(url: str) -> Path:
    """Return the database file of a SQLite address.

    Raises ConfigError for any other address, a database in memory included, without repeating what may be
    a password.
    """
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):
        address = None
    if address is None or address.drivername not in _DRIVERS:
        scheme = f"{address.drivername}://" if address else "something else"
        raise ConfigError(
            f"The database address must begin with sqlite:///, not with {scheme}.",
            hint="Use sqlite:////path/to/graph.db (three slashes, then the path), or leave "
            "BUCKETGRAPH_DATABASE_URL unset.",
        )
    if address.database in (None, "", ":memory:"):
        raise ConfigError("The database address names no file.", hint="Use sqlite:////path/to/graph.db.")
    return Path(str(address.database))


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


def lacks_hot_properties(connection: Connection, catalogue: Catalogue) -> bool:
    """Say whether a property declared as indexed has no index yet."""
    query = "SELECT name FROM sqlite_master WHERE type = 'index'"
    present = set(connection.exec_driver_sql(query).scalars())
    return not {_hot_index(*indexed) for indexed in catalogue.indexed()} <= present


def ensure_hot_properties(connection: Connection, catalogue: Catalogue, type_ids: Mapping[str, int]) -> None:
    """Add a virtual generated column and a partial index for every property declared as indexed.

    The type stands in the index too: only then does SQLite prefer it to the plain index on types. So does when
    the entity ended, so that counting the living by a property reads nothing but the index.
    Names come from our own catalogue, and are checked because they stand in the statement's text.
    """
    present = {row[1] for row in connection.exec_driver_sql("PRAGMA table_xinfo(entity)")}
    for type_name, name in catalogue.indexed():
        if not _SAFE_NAME.fullmatch(name):
            raise Bug(f"The property name {name!r} cannot be indexed.")
        column = hot_column(name)
        if column not in present:
            connection.exec_driver_sql(
                f"ALTER TABLE entity ADD COLUMN {column} "
                f"GENERATED ALWAYS AS (json_extract(props, '$.{name}')) VIRTUAL"
            )
            present.add(column)
        connection.exec_driver_sql(
            f"CREATE INDEX IF NOT EXISTS {_hot_index(type_name, name)} ON entity(type_id, {column}, end_on) "
            f"WHERE type_id = {type_ids[type_name]}"
        )


def _hot_index(type_name: str, name: str) -> str:
    return f"hot_{type_name}_{name}"


def analyse(connection: Connection) -> None:
    """Gather statistics for SQLite's planner from a sample of every index: milliseconds at any size."""
    connection.exec_driver_sql(f"PRAGMA analysis_limit = {_SAMPLE}")
    connection.exec_driver_sql("ANALYZE")


def schema_number(connection: Connection) -> int:
    """Return the number that SQLite raises when tables or indexes change, or when a backup is restored."""
    return int(connection.exec_driver_sql("PRAGMA schema_version").scalar_one())


@contextlib.contextmanager
def translated(where: str) -> Iterator[None]:
    """Turn the driver's errors into ours; `where` is the file's path."""
    try:
        yield
    except DatabaseError as error:
        raise _in_our_words(error.orig, where) from error
    except sqlite3.Error as error:
        raise _in_our_words(error, where) from error
    except (UnicodeDecodeError, msgspec.DecodeError) as error:
        raise _damaged(where, error) from error


def _in_our_words(error: BaseException | None, where: str) -> StoreError:
    text = str(error)
    match _primary_code(error):
        case code if code in _BUSY:
            return StoreBusy(
                f"Another process has been writing to {where} for too long.",
                hint="Wait for it to end, or stop it; nothing was lost.",
            )
        case sqlite3.SQLITE_FULL:
            return StoreFull(
                f"There is no space left for {where}; the last transaction was rolled back.",
                hint="Free some space and run the same command again: it goes on where it stopped.",
            )
        case sqlite3.SQLITE_IOERR:
            return StoreFull(
                f"Reading or writing {where} failed ({text}); the last transaction was rolled back.",
                hint="Check the disk and its quota, then run the same command again.",
            )
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            return _damaged(where, text)
        case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            return StoreUnreadable(
                f"{where} cannot be opened for writing ({text}).",
                hint="Check the owner and permissions of the file and its folder, or set BUCKETGRAPH_HOME.",
            )
        case _:
            return StoreError(f"{where}: {text}.")


def _damaged(where: str, why: object) -> StoreUnreadable:
    return StoreUnreadable(
        f"{where} is not a bucketgraph database, or it is damaged ({why}).",
        hint="Move it away or point BUCKETGRAPH_HOME elsewhere; if it should be sound, restore a backup.",
    )


def _primary_code(error: BaseException | None) -> int:
    return getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE


def _engine(url: str, busy_timeout_ms: int, pragmas: Sequence[str], begin: str) -> Engine:
    def set_up(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout = {busy_timeout_ms}")
        if begin == _WRITE:
            _turn_to_wal(connection, busy_timeout_ms)
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    engine = create_engine(url)
    event.listen(engine, "connect", set_up)
    event.listen(engine, "begin", start)
    return engine


def _turn_to_wal(connection: sqlite3.Connection, busy_timeout_ms: int) -> None:
    """Switch a database to the write-ahead log, waiting as long as for any other lock.

    While it switches, SQLite holds a read lock that it wants to raise, and then it does not wait for another
    process that writes but fails at once, whatever the busy timeout; so we wait.
    """
    until = time.monotonic() + busy_timeout_ms / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if _primary_code(error) not in _BUSY or time.monotonic() >= until:
                raise
            time.sleep(random.uniform(*_SHORT_WAITS))  # noqa: S311  # spreads, hides nothing
        else:
            return
