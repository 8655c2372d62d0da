"""One entity's life: every version of it, what the source said of it last, and what it is now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, select

from bucketgraph.graph.entity import unseal_raw
from bucketgraph.graph.values import Value, parse_properties
from bucketgraph.store import tables as t


@dataclass(frozen=True, slots=True)
class Version:
    """A version of an entity, valid from `begin_on` until `end_on` (epoch ms; None: it is the present one).

    `deleted`: the entity was deleted at its end. `run_id` is the run that brought it, 0 where none did.
    """

    version: int
    type: str
    name: str
    begin_on: int
    end_on: int | None
    deleted: bool
    run_id: int
    properties: Mapping[str, Value]


def versions(connection: Connection, entity_id: int, limit: int) -> list[Version]:
    """Return the newest versions of an entity, the newest first."""
    found: list[Version] = []
    for table, of in ((t.entity, t.entity.c.id), (t.entity_history, t.entity_history.c.entity_id)):
        query = (
            select(table, t.entity_type.c.name.label("type"), t.publication.c.run_id)
            .join(t.entity_type, t.entity_type.c.id == table.c.type_id)
            .outerjoin(t.publication, t.publication.c.id == table.c.publication)
            .where(of == entity_id)
            .order_by(table.c.version.desc())
            .limit(limit)
        )
        found += [
            Version(
                row.version,
                row.type,
                row.name,
                row.begin_on,
                row.end_on,
                row.end_publication is not None,
                row.run_id or 0,
                parse_properties(row.props),
            )
            for row in connection.execute(query)
        ]
    return sorted(found, key=lambda one: -one.version)[:limit]


def raw(connection: Connection, entity_id: int) -> bytes | None:
    """Return the source's last answer about an entity as it came; None where none is kept."""
    kept = connection.execute(select(t.record.c.raw).where(t.record.c.id == entity_id)).scalar()
    return None if kept is None else unseal_raw(kept)
