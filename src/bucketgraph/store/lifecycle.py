"""What happens to an integration's graph as a whole: removal, purge, tags, and how fresh it is."""

from __future__ import annotations

import contextlib
from abc import abstractmethod
from collections.abc import Collection, Iterator, Mapping

from bucketgraph.errors import StoreError
from bucketgraph.graph.schema import Catalogue
from bucketgraph.store import entities, erasure, freshness, observed, removal, runs, tags, write
from bucketgraph.store.administration import Administration
from bucketgraph.store.base import IntegrationRow, Run, RunReport, RunStatus, ScopeFreshness
from bucketgraph.store.tags import TagValue
from bucketgraph.store.transaction import Dictionary, Transaction


class Lifecycle(Administration):
    """The part of the store that changes all of an integration's graph at once."""

    catalogue: Catalogue
    where: str
    _observed: observed.Known

    @abstractmethod
    def _erase(self) -> None:
        """Rewrite the file without the bytes of what was deleted, one thread at a time."""

    def remove_integration(
        self, integration_id: str, *, purge: bool = False, forget_consumers: Collection[str] = ()
    ) -> None:
        """End all of an integration and keep its history, or delete all of it.

        A kept one stays as a row without credentials, its name free; it can be purged later by its id. A purge
        leaves no byte of it in the files; `forget_consumers` are consumers of the call ledger that go with it.
        Raises ConfigError when there is no such integration, and StoreBusy or StoreFull when all of it is deleted
        but its bytes cannot be overwritten now: `finish_erasing` tries that again.
        """
        with self._writing() as connection:
            if not purge:
                removal.keep_history(connection, integration_id, self._clock())
            else:
                erasure.overwrite_deleted(connection)
                removal.purge(connection, integration_id, self._clock(), forget_consumers)
        self._refresh_statistics()
        if purge:
            self.finish_erasing()

    def removed_integrations(self) -> list[IntegrationRow]:
        """Return the removed integrations whose history was kept, the one removed last first."""
        with self._reading() as connection:
            return runs.removed_integrations(connection)

    def finish_erasing(self) -> bool:
        """Overwrite the bytes that purged integrations left in the files; tell whether there were any.

        Raises StoreBusy and StoreFull, and then it is tried again after the next run.
        """
        with self._reading() as connection:
            if not removal.erasing(connection):
                return False
        try:
            self._erase()
        except StoreError as error:
            raise type(error)(
                f"Everything is deleted, but bytes of it may still stand in {self.where}. {error.message}",
                hint="Stop other programs that use the file (a server, a query), see that the disk has room for a "
                "copy of it, and purge again. It is tried again after the next run, too.",
            ) from error
        with self._writing() as connection:
            removal.erased(connection)
        return True

    def end_run(self, run_id: int, status: RunStatus, report: RunReport) -> Run:
        """End a run; IN_PROGRESS keeps it open, to be resumed. A purge that could not be finished is tried again."""
        ended = super().end_run(run_id, status, report)
        with contextlib.suppress(StoreError):
            self.finish_erasing()
        return ended

    def set_tags(self, integration_id: str, values: Mapping[str, TagValue]) -> None:
        """Store the tags that all entities of an integration get, by their full names (`tag.AccountName`).

        What is published from now on has them; `retag` gives them to the rest. Raises ConfigError for bad names and
        values, and for an integration that is gone or is not collected from Bitbucket.
        """
        with self._writing() as connection:
            tags.write(connection, integration_id, values)

    def retag(self, integration_id: str, run_id: int) -> int:
        """Give an integration's older entities its present tags and return how many were changed.

        In short transactions, each a publication of the run; where it was stopped, the next call goes on. Nothing
        is done when nothing is due.
        """
        changed = 0
        while (stored := self._tags_due(integration_id)) is not None:
            changed += self._retag(integration_id, run_id, stored)
            with self._writing() as connection:
                tags.settle(connection, integration_id, stored)
        return changed

    def _tags_due(self, integration_id: str) -> str | None:
        with self._reading() as connection:
            return tags.due(connection, integration_id)

    def _retag(self, integration_id: str, run_id: int, stored: str) -> int:
        changed, after = 0, 0
        wanted = tags.parse(stored)
        while True:
            with self._reading() as connection:
                ids, last = entities.with_other_tags(connection, integration_id, wanted, after=after)
            if ids:
                with self._publishing(integration_id, run_id) as tx:
                    changed += entities.retag(tx, ids)
            if last is None:
                return changed
            after = last

    def freshness(self, integration_id: str) -> list[ScopeFreshness]:
        """Return how fresh every scope of an integration is, by the names of their owners."""
        with self._reading() as connection:
            return freshness.freshness(connection, integration_id)

    @contextlib.contextmanager
    def _publishing(self, integration_id: str, run_id: int) -> Iterator[Transaction]:
        """Publish what is written into the transaction, and count it in its run.

        Raises StoreError when the integration or the run was removed.
        """
        with self._writing() as connection:
            tx = write.begin(
                connection,
                Dictionary(connection, self.catalogue),
                integration_id=integration_id,
                run_id=run_id,
                now=self._clock(),
            )
            yield tx
            write.finish(tx)
            runs.add_counts(connection, run_id, tx.counts)
            written = observed.save(connection, tx.seen, self._observed)
        self._observed.learn(written)
