"""The store's front door: one object a process, safe to use from several threads."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Self

from sqlalchemy import Connection, Engine

from bucketgraph.errors import StoreError
from bucketgraph.graph.entity import Record
from bucketgraph.graph.schema import Catalogue
from bucketgraph.graph.values import Scalar
from bucketgraph.j1ql.known import KnownGraph
from bucketgraph.j1ql.results import Answer, Request
from bucketgraph.store import (
    erasure,
    feed,
    known,
    lookup,
    mapped,
    observed,
    overview,
    past,
    read,
    schema,
    sqlite,
    write,
)
from bucketgraph.store.base import (
    Change,
    Counts,
    Publication,
    ScopeState,
    StoredEntity,
    StoredRelationship,
)
from bucketgraph.store.copies import Copies
from bucketgraph.store.doorkeeping import Doorkeeping
from bucketgraph.store.lifecycle import Lifecycle
from bucketgraph.store.mapped import Link
from bucketgraph.store.transaction import Dictionary

if TYPE_CHECKING:
    from bucketgraph.j1ql.differences import Differences
    from bucketgraph.j1ql.words import Explanation
    from bucketgraph.store.ask import Asker

QUERY_TIMEOUT_SECONDS = 60.0
"""How long a query may run, unless the settings say otherwise."""


def now_ms() -> int:
    """Return the time in epoch milliseconds."""
    return time.time_ns() // 1_000_000


class Store(Lifecycle, Copies, Doorkeeping):
    """The graph with its history. All methods are synchronous; writes take the file's one write lock."""

    def __init__(
        self,
        url: str,
        catalogue: Catalogue,
        *,
        clock: Callable[[], int] = now_ms,
        busy_timeout_ms: int = sqlite.BUSY_TIMEOUT_MS,
        query_timeout_seconds: float = QUERY_TIMEOUT_SECONDS,
    ) -> None:
        """Prepare a store on an existing file; use `open`.

        `clock` tells the time in epoch ms; `busy_timeout_ms` is how long to wait for another process's lock, and
        `query_timeout_seconds` how long a query may run.
        """
        self.url, self.catalogue = url, catalogue
        self.where = str(sqlite.file_of(url))
        self._clock, self._busy_timeout_ms = clock, busy_timeout_ms
        self._writer: Engine = sqlite.writer(url, busy_timeout_ms)
        self._reader: Engine = sqlite.reader(url, busy_timeout_ms)
        self._lock = threading.Lock()
        self._query_timeout = query_timeout_seconds
        self._observed = observed.Known()

    @classmethod
    def open(
        cls,
        url: str,
        catalogue: Catalogue,
        *,
        clock: Callable[[], int] = now_ms,
        busy_timeout_ms: int = sqlite.BUSY_TIMEOUT_MS,
        query_timeout_seconds: float = QUERY_TIMEOUT_SECONDS,
    ) -> Self:
        """Open a database, creating or migrating it as needed.

        Raises ConfigError for an address we do not support, StoreNewer, StoreUnreadable, StoreBusy.
        """
        sqlite.prepare_file(sqlite.file_of(url))
        store = cls(
            url,
            catalogue,
            clock=clock,
            busy_timeout_ms=busy_timeout_ms,
            query_timeout_seconds=query_timeout_seconds,
        )
        try:
            store._bring_up_to_date()
        except BaseException:
            store.close()
            raise
        return store

    @cached_property
    def _asker(self) -> Asker:
        """Return who answers questions; whoever only collects never loads the language."""
        from bucketgraph.store.ask import Asker  # noqa: PLC0415

        return Asker(self.catalogue, self._query_timeout)

    def close(self) -> None:
        """Close all connections."""
        self._writer.dispose()
        self._reader.dispose()

    def publish(self, publication: Publication) -> tuple[Counts, int]:
        """Write a publication in one transaction; return its counts and the number of dangling records."""
        with self._publishing(publication.integration_id, publication.run_id) as tx:
            write.publish(tx, publication)
        return tx.counts, len(tx.dangling)

    def link(self, owner_id: str, run_id: int, links: Collection[Link]) -> Counts:
        """Make the given relationships all that an integration has, in one transaction; return what changed.

        They may join entities of any integrations, named by their ids; one whose end is not alive is left out.
        """
        with self._publishing(owner_id, run_id) as tx:
            mapped.publish(tx, links, run_id)
        return tx.counts

    def links(self, owner_id: str) -> frozenset[Link]:
        """Return the live relationships that an integration has through `link`."""
        with self._reading() as connection:
            return mapped.read(connection, owner_id)

    def scope_states(self, integration_id: str) -> dict[str, ScopeState]:
        """Return how far each scope was collected."""
        with self._reading() as connection:
            return read.scope_states(connection, integration_id)

    def scope_keys(self, integration_id: str, scope: str) -> set[str]:
        """Return the keys of the live records of a scope."""
        with self._reading() as connection:
            return read.scope_keys(connection, integration_id, scope)

    def entities(
        self,
        type_or_class: str | None = None,
        *,
        integration_id: str | None = None,
        where: Mapping[str, Scalar] | None = None,
        scope: str | None = None,
        after: int = 0,
        limit: int | None = None,
        tagged: bool = True,
    ) -> Iterator[StoredEntity]:
        """Yield live entities with greater ids than `after`; `where` compares properties for equality.

        Without `tagged` their properties are the source's alone, without our tags.
        """
        with self._reading() as connection:
            yield from read.entities(
                connection,
                self.catalogue,
                integration_id=integration_id,
                type_or_class=type_or_class,
                where=where,
                scope=scope,
                after=after,
                limit=limit,
                tagged=tagged,
            )

    def relationships(
        self,
        *,
        integration_id: str | None = None,
        verb: str | None = None,
        from_type: str | None = None,
        to_type: str | None = None,
        end_key: str | None = None,
        after: int = 0,
        limit: int | None = None,
    ) -> Iterator[StoredRelationship]:
        """Yield live relationships with both ends and greater ids than `after`."""
        with self._reading() as connection:
            yield from read.relationships(
                connection,
                integration_id=integration_id,
                verb=verb,
                from_type=from_type,
                to_type=to_type,
                end_key=end_key,
                after=after,
                limit=limit,
            )

    def entities_at(self, moment: int, *, integration_id: str | None = None) -> Iterator[StoredEntity]:
        """Yield the entities that were alive at a moment (epoch ms), as they were then."""
        with self._reading() as connection:
            yield from past.entities_at(connection, moment, integration_id)

    def relationships_at(
        self, moment: int, *, integration_id: str | None = None
    ) -> Iterator[StoredRelationship]:
        """Yield the relationships that were alive at a moment; names and types of their ends are today's."""
        with self._reading() as connection:
            yield from past.relationships_at(connection, moment, integration_id)

    def known(self) -> KnownGraph:
        """Return the types, relationships and properties that were ever seen, with how many are alive."""
        with self._reading() as connection:
            return known.known_graph(connection, self.catalogue)

    def counts(self, integration_id: str | None = None) -> tuple[Counter[str], Counter[str]]:
        """Return live entities by type and relationships by `type VERB type`."""
        with self._reading() as connection:
            return read.counts(connection, integration_id)

    def records_linked(
        self, integration_id: str, *, type_name: str, keys: Collection[str], properties: Iterable[str] = ()
    ) -> list[tuple[str, Record]]:
        """Return (scope, record) of entities of a type joined to one of the keys."""
        with self._reading() as connection:
            return lookup.records_linked(
                connection,
                self.catalogue,
                integration_id,
                type_name=type_name,
                keys=keys,
                properties=properties,
            )

    def key_by_property(self, integration_id: str, type_name: str, name: str, value: str) -> str | None:
        """Return the key of the entity whose property has, or once had, a value; None for none."""
        with self._reading() as connection:
            return lookup.key_by_property(connection, integration_id, type_name, name, value)

    def unreferenced(
        self, integration_id: str, *, type_name: str, named_by: Iterable[tuple[str, str]] = ()
    ) -> frozenset[str]:
        """Return the keys of entities that nothing refers to any more."""
        with self._reading() as connection:
            return lookup.unreferenced(
                connection, self.catalogue, integration_id, type_name=type_name, named_by=named_by
            )

    def changes(
        self,
        *,
        since: int | None = None,
        after: int = 0,
        integration_id: str | None = None,
        limit: int | None = None,
    ) -> list[Change]:
        """Return the change feed after publication `after` or since a moment (epoch ms), oldest first."""
        with self._reading() as connection:
            if since is not None:
                after = max(after, feed.publication_before(connection, since))
            return feed.changes(connection, after=after, integration_id=integration_id, limit=limit)

    def change_page(
        self, cursor: str | None, *, since: int | None = None, integration_id: str | None = None, limit: int
    ) -> feed.Page:
        """Return a page of the change feed, oldest first, from a cursor or a moment (epoch ms) on.

        Raises ConfigError for a text that is no cursor.
        """
        with self._reading() as connection:
            place = feed.place_of(cursor) if cursor is not None else feed.Place()
            if cursor is None and since is not None:
                place = feed.Place(feed.publication_before(connection, since) + 1)
            return feed.page(connection, place, integration_id=integration_id, limit=limit)

    def ask(self, request: Request) -> Answer:
        """Answer a J1QL query, or one page of its answer. Raises `QueryError`, `QueryTimeout`."""
        with self._reading() as connection:
            return self._asker.ask(connection, request, self._clock)

    def check(self, request: Request) -> tuple[str, ...]:
        """Return the warnings of a query that can be asked; raises `QueryError` for one that cannot."""
        with self._reading() as connection:
            return self._asker.check(connection, request, self._clock)

    def differences(self, request: Request, since: int, until: int | None = None) -> Differences:
        """Tell how the answer changed between two moments (epoch ms; None: now). Raises `QueryError`."""
        with self._reading() as connection:
            end = self._clock() if until is None else until
            return self._asker.differences(connection, request, since, end, self._clock)

    def explain(self, request: Request) -> Explanation:
        """Tell how a query is answered. Raises `QueryError`, `QueryTimeout`."""
        with self._reading() as connection:
            return self._asker.explain(connection, request, self._clock)

    def last_publication(self) -> int:
        """Return the newest publication's number: a cursor into the change feed."""
        with self._reading() as connection:
            return feed.last_publication(connection)

    def trend(self, days: int) -> dict[str, list[int]]:
        """Return how many entities of each type there were at the end of each of so many days, today's being now."""
        with self._reading() as connection:
            return overview.trend(connection, days, self._clock())

    def named(self, text: str, *, limit: int = 10) -> list[overview.Found]:
        """Return live entities whose key is a text or whose name holds it, in any case; the likeliest first.

        Of a type with very many entities the newest alone are looked through for a part of a name.
        """
        with self._reading() as connection:
            return overview.named(connection, text, limit)

    def check_integrity(self) -> str:
        """Return `ok`, or what SQLite's own integrity check found."""
        with self._reading() as connection:
            return str(connection.exec_driver_sql("PRAGMA integrity_check").scalar())

    def _bring_up_to_date(self) -> None:
        with self._reading() as connection:
            version = schema.version_of(connection)
            if version == schema.HEAD and self._knows_catalogue(connection):
                return
        with self._writing() as connection:
            version = schema.version_of(connection)
            if version is None:
                schema.create(connection)
            elif version != schema.HEAD:
                schema.migrate(connection)
            names = Dictionary(connection, self.catalogue)
            names.declare_all()
            sqlite.ensure_hot_properties(connection, self.catalogue, names.types)

    def _knows_catalogue(self, connection: Connection) -> bool:
        names = Dictionary(connection, self.catalogue)
        return names.all_declared() and not sqlite.lacks_hot_properties(connection, self.catalogue)

    def _refresh_statistics(self) -> None:
        """Let SQLite look at what its indexes hold now.

        Only plans depend on it, so a file that cannot be written at the moment is left as it is.
        """
        with contextlib.suppress(StoreError), self._writing() as connection:
            sqlite.analyse(connection)

    def _erase(self) -> None:
        with self._lock:
            erasure.rewrite(self._writer, self.where)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[Connection]:
        """Hold the write lock; one thread of this process at a time, others wait outside the database."""
        with self._lock, sqlite.translated(self.where), self._writer.begin() as connection:
            self._observed.keep_for(sqlite.schema_number(connection))
            yield connection

    @contextlib.contextmanager
    def _writing_durably(self) -> Iterator[Connection]:
        """Hold the write lock; the transaction waits for the disk at its end."""
        engine = sqlite.durable_writer(self.url, self._busy_timeout_ms)
        try:
            with self._lock, sqlite.translated(self.where), engine.begin() as connection:
                yield connection
        finally:
            engine.dispose()

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Connection]:
        """Read in one transaction: all that is read is of one state, whoever writes meanwhile."""
        with sqlite.translated(self.where), self._reader.begin() as connection:
            yield connection
