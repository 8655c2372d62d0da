"""The things of the graph, and the record that carries them from a source object to the store."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field

import msgspec

from bucketgraph.errors import Bug
from bucketgraph.graph.values import Properties, canonical_json, fingerprint

_RAW_LEVEL, _RAW_WINDOW, _RAW_MEMORY = 6, 13, 6
"""An 8 KB window: as small as with 32 KB, in a third of the time, because answers are short."""

_ENCODER = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Entity:
    """One node: `key` is unique within its integration, `type` names an EntityType of the catalogue."""

    key: str
    type: str
    properties: Properties

    @property
    def name(self) -> str:
        """Return the display name, or the key where there is none."""
        return str(self.properties.get("displayName", self.key))


@dataclass(frozen=True, slots=True)
class Relationship:
    """One directed edge; its key is derived, so it is the same in every run."""

    verb: str
    from_type: str
    from_key: str
    to_type: str
    to_key: str
    properties: Properties = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Return `<from key>|<verb in lower case>|<to key>` (JupiterOne's convention)."""
        return f"{self.from_key}|{self.verb.lower()}|{self.to_key}"


@dataclass(frozen=True, slots=True)
class Record:
    """What one source object becomes: at most one entity and the relationships it brings.

    A record is the unit of change: if its source object did not change, neither did anything in it; when
    it is gone, all that it brought is gone. `key` is unique within an integration and is its entity's key
    too. `raw` is the source's own JSON, kept beside the entity and never queried.
    """

    key: str
    entity: Entity | None
    relationships: tuple[Relationship, ...] = ()
    raw: bytes | None = None


@dataclass(frozen=True, slots=True)
class SealedRelationship:
    """A relationship with its properties as canonical JSON text."""

    verb: str
    from_type: str
    from_key: str
    to_type: str
    to_key: str
    properties: str


@dataclass(frozen=True, slots=True)
class SealedRecord:
    """A record ready to be stored: encoded and hashed once, several times smaller in memory.

    `raw` is zlib-compressed; None means "keep the raw answer stored before".
    """

    key: str
    digest: bytes
    type: str | None
    name: str
    properties: str
    relationships: tuple[SealedRelationship, ...]
    raw: bytes | None


def seal(record: Record) -> SealedRecord:
    """Encode, compress and hash a record: the only place where its content is hashed."""
    entity = record.entity
    if entity and entity.key != record.key:
        raise Bug(f"The record {record.key} holds an entity with another key, {entity.key}.")
    properties = canonical_json(entity.properties) if entity else b""
    relationships = tuple(_seal_relationship(r) for r in record.relationships)
    head = entity.type.encode() if entity else b""
    edges = map(_ENCODER.encode, relationships)
    return SealedRecord(
        key=record.key,
        digest=fingerprint(head, properties, *sorted(edges)),
        type=entity.type if entity else None,
        name=entity.name if entity else "",
        properties=properties.decode(),
        relationships=relationships,
        raw=_seal_raw(record.raw) if record.raw is not None else None,
    )


def unseal_raw(raw: bytes) -> bytes:
    """Return the source's JSON as it came."""
    return zlib.decompress(raw)


def _seal_raw(raw: bytes) -> bytes:
    compressor = zlib.compressobj(_RAW_LEVEL, zlib.DEFLATED, _RAW_WINDOW, _RAW_MEMORY)
    return compressor.compress(raw) + compressor.flush()


def _seal_relationship(relationship: Relationship) -> SealedRelationship:
    return SealedRelationship(
        relationship.verb,
        relationship.from_type,
        relationship.from_key,
        relationship.to_type,
        relationship.to_key,
        canonical_json(relationship.properties).decode(),
    )
