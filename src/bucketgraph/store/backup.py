"""Copies of the graph file: one taken while others read and write, and one put in the file's place.

Both go through SQLite's backup API. Out: in one read transaction, so that the copy is of one moment and is
finished however much is written meanwhile; a reader never makes a writer wait. Back: in one write transaction
into the existing file, so that every open connection of every process sees the old graph until it is done and the
new one afterwards, and whatever stops it (a full disk, a kill) leaves the old one.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, TypeAlias

import msgspec
from filelock import FileLock, Timeout
from sqlalchemy import URL, Connection, func, select

from bucketgraph.errors import Conflict, StoreBusy, StoreNewer, StoreUnreadable
from bucketgraph.store import schema, sqlite
from bucketgraph.store import tables as t

Progress: TypeAlias = Callable[[int, int], None]
"""Is told how many pages are done, and of how many."""

_MAGIC: Final = b"SQLite format 3\x00"
_PAGES: Final = 1000
"""Pages that are copied at once: four megabytes, a few milliseconds."""
_PAUSE: Final = 0.005
"""Seconds between two tries while another process holds the write lock."""
_WAITING: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_NUMBERED: Final = tuple(table.name for table in (t.record, t.relationship, t.scope, t.run, t.publication))
"""The tables whose ids are known outside: they are never given twice, not even when an older graph comes back."""

_UNTOUCHED: Final = "The present graph was not touched. Give a file that `bucketgraph backup` wrote."


class Holdings(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a graph file holds, in numbers. `last_published_on` is epoch ms, None for a graph without anything."""

    entities: int
    relationships: int
    integrations: int
    publications: int
    last_published_on: int | None
    schema_version: str


def holdings(connection: Connection) -> Holdings:
    """Count what a graph holds: the living, and the publications that brought them."""

    def one(query: object) -> int:
        return int(connection.execute(query).scalar() or 0)  # type: ignore[call-overload]

    return Holdings(
        entities=one(select(func.sum(t.entity_type.c.live))),
        relationships=one(select(func.sum(t.relationship_kind.c.live))),
        integrations=one(select(func.count()).select_from(t.integration)),
        publications=one(select(func.count()).select_from(t.publication)),
        last_published_on=connection.execute(select(func.max(t.publication.c.published_on))).scalar(),
        schema_version=schema.version_of(connection) or "",
    )


def copy_out(live: Path, target: Path, progress: Progress | None = None) -> None:
    """Copy a database as it is at this moment into a new file, readable by its owner alone.

    Raises StoreFull, StoreUnreadable when the file exists, cannot be written, or when the copy is damaged.
    """
    _create(target)
    try:
        with sqlite.translated(str(target)), _opened(target) as copy, _opened(live) as source:
            source.execute("BEGIN")
            source.execute("SELECT count(*) FROM sqlite_master").fetchone()  # from here on it is one moment
            source.backup(copy, pages=_PAGES, sleep=_PAUSE, progress=_told(progress))
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
            _refuse_damaged(copy, live)
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def check(path: Path) -> str:
    """Return the schema version of a file that is a sound database of ours; `path` may be rewritten.

    Raises StoreUnreadable, StoreNewer.
    """
    _check_magic(path)
    with _of_backup(), sqlite.translated(str(path)), _opened(path) as opened:
        opened.execute("PRAGMA journal_mode = DELETE")
        found = opened.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if found != "ok":
        raise StoreUnreadable(f"The backup's graph is damaged ({found}).", hint=_UNTOUCHED)
    with _of_backup(), reading(path) as connection:
        version = schema.version_of(connection)
    if version is None:
        raise StoreUnreadable("The backup is a database, but not one of bucketgraph.", hint=_UNTOUCHED)
    return version


@contextlib.contextmanager
def reading(path: Path) -> Iterator[Connection]:
    """Read a copy without changing anything of it."""
    engine = sqlite.reader(url_of(path), sqlite.BUSY_TIMEOUT_MS)
    try:
        with sqlite.translated(str(path)), engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def copy_in(path: Path, staged: Path) -> None:
    """Copy a database that somebody gave into a new file of our own."""
    _check_magic(path)
    _create(staged)
    address = f"{path.absolute().as_uri()}?mode=ro"
    with (
        _of_backup(),
        sqlite.translated(str(path)),
        _opened(staged) as copy,
        contextlib.closing(sqlite3.connect(address, uri=True)) as given,
    ):
        given.backup(copy)


def fit(staged: Path, live: Path) -> None:
    """Give a copy the page size of the file that it will be put into: SQLite takes no other."""
    with sqlite.translated(str(staged)), _opened(staged) as copy, _opened(live) as present:
        size = present.execute("PRAGMA page_size").fetchone()[0]
        if copy.execute("PRAGMA page_size").fetchone()[0] != size:
            copy.execute("PRAGMA journal_mode = DELETE")
            copy.execute(f"PRAGMA page_size = {size}")
            copy.execute("VACUUM")


def put_back(staged: Path, live: Path, busy_timeout_ms: int, progress: Progress | None = None) -> None:
    """Put a checked copy into the place of the present graph, in one transaction of the present file.

    What must never go back does not: the ids that were given, and the calls of this hour. They are taken over
    once the write lock is held, so nobody can give or book another one in between.
    Raises StoreBusy, StoreFull; then the present graph stays.
    """
    with (
        sqlite.translated(str(live)),
        _opened(staged) as source,
        _opened(live) as target,
        _opened(live) as present,
    ):
        target.execute("PRAGMA busy_timeout = 0")
        pages = source.execute("PRAGMA page_count").fetchone()[0]
        told, until, locked = _told(progress), time.monotonic() + busy_timeout_ms / 1000, False

        def look(status: int, remaining: int, total: int) -> None:
            nonlocal locked
            if status in _WAITING and time.monotonic() > until:
                raise StoreBusy(
                    f"Another process has been writing to {live} for too long.",
                    hint="Wait for it to end, or stop it; nothing was restored.",
                )
            if status == sqlite3.SQLITE_OK and not locked:
                locked = True
                _carry_over(present, source)
            told(status, remaining, total)

        # Two steps at least: the lock must be held after the first, not given back already.
        source.backup(target, pages=min(_PAGES, max(1, pages // 2)), sleep=_PAUSE, progress=look)
        target.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@contextlib.contextmanager
def staging(live: Path) -> Iterator[Path]:
    """Give an empty private folder beside the graph file; one process at a time.

    Raises Conflict while another one restores, StoreUnreadable when the folder cannot be made. What a killed
    one left is removed.
    """
    folder = live.parent / f".{live.name}.restoring"
    lock = FileLock(live.with_suffix(".restore.lock"), timeout=0)
    try:
        lock.acquire()
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
    except Timeout:
        raise Conflict("A backup is being restored by another process.", hint="Wait for it to end.") from None
    except OSError as error:
        lock.release()
        raise StoreUnreadable(
            f"The folder {folder} cannot be used ({error.strerror or error}).",
            hint="Check the owner and permissions of the database's folder.",
        ) from None
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        lock.release()


def url_of(path: Path) -> str:
    """Return the address of a database file."""
    return URL.create("sqlite", database=str(path)).render_as_string()


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


def _told(progress: Progress | None) -> Callable[[int, int, int], None]:
    def tell(_status: int, remaining: int, total: int) -> None:
        if progress is not None:
            progress(total - remaining, total)

    return tell


def _carry_over(present: sqlite3.Connection, copy: sqlite3.Connection) -> None:
    """Raise the copy's ids and booked calls to the present ones; SQLite passes on what was copied already.

    Nobody is signed in by a copy, and no link of it works: they may have been ended since.
    """
    copy.execute("BEGIN")
    copy.execute("DELETE FROM session")
    copy.execute("DELETE FROM setup_link")
    marks = present.execute("SELECT name, id FROM high_water").fetchall()
    marks += [(name, _highest(present, name)) for name in _NUMBERED]
    copy.executemany(
        "INSERT INTO high_water (name, id) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET id = max(id, excluded.id)",
        marks,
    )
    booked = present.execute("SELECT consumer, endpoint_group, minute, calls FROM call_ledger").fetchall()
    copy.executemany(
        "INSERT INTO call_ledger (consumer, endpoint_group, minute, calls) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (consumer, endpoint_group, minute) DO UPDATE SET calls = max(calls, excluded.calls)",
        booked,
    )
    copy.execute("COMMIT")


def _highest(connection: sqlite3.Connection, table: str) -> int:
    return connection.execute(f"SELECT max(id) FROM {table}").fetchone()[0] or 0  # noqa: S608  # our own names


def _create(path: Path) -> None:
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except OSError as error:
        raise StoreUnreadable(
            f"The file {path} cannot be created ({error.strerror}).",
            hint="Give a new file in a folder that you may write to.",
        ) from None


def _check_magic(path: Path) -> None:
    try:
        with path.open("rb") as file:
            begin = file.read(len(_MAGIC))
    except OSError as error:
        raise StoreUnreadable(f"{path} cannot be read ({error.strerror}).", hint=_UNTOUCHED) from None
    if begin != _MAGIC:
        raise StoreUnreadable(f"{path.name} is no SQLite database.", hint=_UNTOUCHED)


def _refuse_damaged(copy: sqlite3.Connection, live: Path) -> None:
    found = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise StoreUnreadable(
            f"The graph file {live} is damaged ({found}), and so would be its backup.",
            hint="Restore an older backup.",
        )


@contextlib.contextmanager
def _of_backup() -> Iterator[None]:
    """Say of errors that they are the backup's, not the present graph's."""
    try:
        yield
    except StoreNewer as error:
        raise StoreNewer(f"The backup is too new: {error.message}", hint=error.hint) from None
    except StoreUnreadable as error:
        raise StoreUnreadable(f"The backup cannot be used: {error.message}", hint=_UNTOUCHED) from None
