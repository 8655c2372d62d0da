"""What people who look around ask of the store: pictures, lists, lives, and the newest changes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager

from sqlalchemy import Connection

from bucketgraph.graph.schema import Catalogue
from bucketgraph.store import life, listing, newest
from bucketgraph.store.base import StoredEntity
from bucketgraph.store.life import Version
from bucketgraph.store.listing import Listing, Wanted
from bucketgraph.store.neighbours import MOST_READ, WHOLE, Kind, Link, Node, Picture, Surroundings, Way
from bucketgraph.store.newest import Filter, NewestPage
from bucketgraph.store.transaction import chunks

_MOST_VERSIONS = 200


class Exploring(ABC):
    """The part of the store that shows the graph piece by piece."""

    catalogue: Catalogue

    @abstractmethod
    def _reading(self) -> AbstractContextManager[Connection]:
        """Read in one transaction."""

    def entity(self, entity_id: int) -> StoredEntity | None:
        """Return an entity by its id, also a deleted one in its last version; None for no id of an entity."""
        with self._reading() as connection:
            return next(iter(listing.entities_by_id(connection, [entity_id])), None)

    def nodes(self, ids: Iterable[int]) -> dict[int, Node]:
        """Return the living among entities, in the order given."""
        with self._reading() as connection:
            return Surroundings(connection).nodes(ids)

    def relationship_kinds(self, entity_id: int) -> Mapping[Kind, int]:
        """Return how many relationships an entity has by verb, direction and the other end's type."""
        with self._reading() as connection:
            return Surroundings(connection).kinds([entity_id]).get(entity_id, {})

    def neighbours(self, entity_id: int, kind: Kind, *, skip: int = 0, limit: int = WHOLE) -> Picture:
        """Return an entity with a page of its neighbours of one kind, in a stable order."""
        with self._reading() as connection:
            graph = Surroundings(connection)
            return graph.picture([entity_id, *graph.neighbours(entity_id, kind, skip=skip, limit=limit)])

    def joined(self, entity_id: int, kind: Kind, *, skip: int = 0, limit: int = WHOLE) -> list[Link]:
        """Return a page of an entity's relationships of one kind with their other ends, in a stable order."""
        with self._reading() as connection:
            return Surroundings(connection).links(entity_id, kind, skip=skip, limit=limit)

    def picture(self, ids: Collection[int]) -> Picture:
        """Return the living among entities with the relationships between them."""
        with self._reading() as connection:
            return Surroundings(connection).picture(ids)

    def around(self, ids: Collection[int], depth: int = 1) -> Picture:
        """Return what is so many steps around entities, the nearest first, at most 300."""
        with self._reading() as connection:
            return Surroundings(connection).around(ids, depth)

    def expanded(self, entity_id: int) -> Picture:
        """Return an entity with its neighbours of all kinds that are drawn whole."""
        with self._reading() as connection:
            return Surroundings(connection).expanded(entity_id)

    def way(self, start: int, goal: int, *, most: int = MOST_READ) -> tuple[Way, Picture]:
        """Return a shortest way between two entities, and its picture; `most` bounds the work."""
        with self._reading() as connection:
            graph = Surroundings(connection)
            found = graph.way(start, goal, most=most)
            return found, graph.picture(found.ids)

    def search(self, text: str, limit: int = 20) -> list[StoredEntity]:
        """Return live entities by the beginning of their key, or by their name; the best first."""
        with self._reading() as connection:
            return listing.search(connection, text, limit)

    def listing(self, wanted: Wanted) -> Listing:
        """Return a page of the live entities of a type or class, filtered and sorted."""
        with self._reading() as connection:
            return listing.listing(connection, self.catalogue, wanted)

    def listed(self, wanted: Wanted) -> Iterator[StoredEntity]:
        """Yield what `listing` returns piece by piece, so that all of a type need not fit into memory."""
        with self._reading() as connection:
            for chunk in chunks(listing.listed_ids(connection, self.catalogue, wanted)):
                yield from listing.entities_by_id(connection, chunk)

    def versions(self, entity_id: int, limit: int = _MOST_VERSIONS) -> list[Version]:
        """Return the newest versions of an entity, the newest first."""
        with self._reading() as connection:
            return life.versions(connection, entity_id, limit)

    def raw(self, entity_id: int) -> bytes | None:
        """Return the source's last answer about an entity as it came; None where none is kept."""
        with self._reading() as connection:
            return life.raw(connection, entity_id)

    def newest_changes(self, wanted: Filter, cursor: str | None = None, *, limit: int = 50) -> NewestPage:
        """Return changes from the end of the feed, the newest first; raises ConfigError for a strange cursor."""
        with self._reading() as connection:
            return newest.newest(connection, wanted, cursor, limit)
