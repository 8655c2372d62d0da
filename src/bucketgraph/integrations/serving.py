"""Whether a server runs on a graph file: one at a time, known by a lock beside the file.

Kept apart from the jobs themselves, so that who only asks does not load their engine.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from bucketgraph.errors import Conflict, StoreUnreadable

_PATIENCE_SECONDS = 2.0
"""Somebody who only looks holds the lock for an instant; a server that starts waits for that."""


def jobs_file(database: str | Path) -> Path:
    """Return the database of the durable jobs, beside the graph file."""
    return Path(database).resolve().with_name("jobs.db")


def lock_file(database: str | Path) -> Path:
    """Return the lock that the server on a graph file holds."""
    return Path(database).resolve().with_name("executor.lock")


def run_lock_file(database: str | Path, integration_id: str) -> Path:
    """Return the lock that whatever process holds that collects an integration."""
    return Path(database).resolve().with_suffix(f".{integration_id}.lock")


def serving(database: str | Path) -> bool:
    """Say whether a server runs on a graph file."""
    path, jobs = lock_file(database), jobs_file(database)
    begun = path.exists() and jobs.exists() and jobs.stat().st_size > 0  # before that it only begins to serve
    return begun and locked(path)


def locked(path: Path) -> bool:
    """Say whether a process holds a lock file."""
    lock = FileLock(path, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        return True
    except OSError:
        return False
    lock.release()
    return False


@contextlib.contextmanager
def executing(database: str | Path) -> Iterator[None]:
    """Be the one server on a graph file; raises Conflict when there is another."""
    lock = FileLock(lock_file(database), timeout=_PATIENCE_SECONDS)
    try:
        lock.acquire()
    except Timeout:
        raise Conflict(
            f"A bucketgraph server runs on {database} already.",
            hint="Use that one, or stop it first. A second server needs another BUCKETGRAPH_HOME.",
        ) from None
    except OSError as error:
        raise StoreUnreadable(
            f"The lock file {lock.lock_file} cannot be used ({error.strerror or error}).",
            hint="Check the owner and permissions of the database's folder.",
        ) from None
    try:
        yield
    finally:
        lock.release()
