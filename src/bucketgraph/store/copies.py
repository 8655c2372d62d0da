"""Backing a store up, and restoring it, while it is in use."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Self

from sqlalchemy import Connection

from bucketgraph.graph.schema import Catalogue
from bucketgraph.store import backup, tokens
from bucketgraph.store.backup import Holdings, Progress
from bucketgraph.store.base import TokenRow


class Copies(ABC):
    """The part of the store that copies its file."""

    where: str
    catalogue: Catalogue
    _lock: threading.Lock
    _busy_timeout_ms: int

    @classmethod
    @abstractmethod
    def open(cls, url: str, catalogue: Catalogue) -> Self:
        """Open a database."""

    @abstractmethod
    def close(self) -> None:
        """Close all connections."""

    @abstractmethod
    def _reading(self) -> AbstractContextManager[Connection]:
        """Read in one transaction."""

    def holdings(self) -> Holdings:
        """Return what the graph holds, in numbers."""
        with self._reading() as connection:
            return backup.holdings(connection)

    def backup(self, path: Path, progress: Progress | None = None) -> None:
        """Copy the whole database, as it is at this moment, into a new file while others read and write.

        The copy is one file of mode 0600 without a log beside it. `progress` is told pages done and in all.
        Raises StoreFull, StoreUnreadable; then there is no new file.
        """
        backup.copy_out(Path(self.where), path, progress)

    def staging(self) -> AbstractContextManager[Path]:
        """Give an empty private folder beside the graph file, for what is to be restored.

        Raises Conflict while another process restores.
        """
        return backup.staging(Path(self.where))

    def check_backup(self, staged: Path) -> Holdings:
        """Return what a copy in a folder of our own holds, having brought it up to date where it is older.

        Raises StoreUnreadable, StoreNewer, StoreFull.
        """
        backup.check(staged)
        type(self).open(backup.url_of(staged), self.catalogue).close()
        return self.holdings_of(staged)

    def holdings_of(self, copy: Path) -> Holdings:
        """Return what a copy holds that `backup` wrote or `check_backup` has seen."""
        with backup.reading(copy) as connection:
            return backup.holdings(connection)

    def tokens_of(self, copy: Path) -> list[TokenRow]:
        """Return the tokens of the API that such a copy holds."""
        with backup.reading(copy) as connection:
            return tokens.read(connection)

    def restore(self, path: Path, progress: Progress | None = None) -> Holdings:
        """Put the graph of a file that `backup` wrote into the place of the present one.

        Others may have the database open: they see the present graph until the restored one is there as a whole.
        Raises Conflict, StoreUnreadable, StoreNewer, StoreBusy, StoreFull; then the present graph stays.
        """
        with self.staging() as folder:
            staged = folder / "graph.db"
            backup.copy_in(path, staged)
            held = self.check_backup(staged)
            self.restore_staged(staged, progress)
        return held

    def restore_staged(self, staged: Path, progress: Progress | None = None) -> None:
        """Put a copy that `check_backup` has seen into the place of the present graph. Raises as `restore`."""
        live = Path(self.where)
        backup.fit(staged, live)
        with self._lock:
            backup.put_back(staged, live, self._busy_timeout_ms, progress)
