"""The things of the graph, and the record that carries them from a source object to the store."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field

import msgspec

from bucketgraph.errors import Bug
from bucketgraph.graph.shapes import Shape, shape_of
from bucketgraph.graph.values import Properties, canonical_json, fingerprint

_RAW_LEVEL, _RAW_WINDOW, _RAW_MEMORY = 6, 12, 4
"""A 4 KB window and a small table: as small as with 32 KB, in a third of the time, because answers are short."""

_ENCODER = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Entity:
    """One node: `key` is unique within its integration.

    `type` names an EntityType of the catalogue, and `classes` None stands for the catalogue's; an imported
    entity may bring a type and classes of its own.
    """

    key: str
    type: str
    properties: Properties
    classes: tuple[str, ...] | None = None

    @property
    def name(self) -> str:
        """Return the display name, or the key where there is none."""
        return str(self.properties.get("displayName", self.key))


@dataclass(frozen=True, slots=True)
class Relationship:
    """One directed edge; its key and type are derived, so they are the same in every run.

    An imported edge may bring its own: several edges of one verb between the same two entities are told
    apart by `own_key`.
    """

    verb: str
    from_type: str
    from_key: str
    to_type: str
    to_key: str
    properties: Properties = field(default_factory=dict)
    own_key: str | None = None
    own_type: str | None = None

    @property
    def key(self) -> str:
        """Return its own key, or `<from key>|<verb in lower case>|<to key>` (JupiterOne's convention)."""
        return self.own_key or derived_key(self.from_key, self.verb, self.to_key)


def derived_key(from_key: str, verb: str, to_key: str) -> str:
    """Return the `_key` of an edge that has none of its own."""
    return f"{from_key}|{verb.lower()}|{to_key}"


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


class SealedRelationship(msgspec.Struct, frozen=True, omit_defaults=True):
    """A relationship with its properties as canonical JSON text.

    Its own JSON goes into its record's digest; what is not given stands not in it, so that the digests of
    former versions hold.
    """

    verb: str
    from_type: str
    from_key: str
    to_type: str
    to_key: str
    properties: str
    own_key: str | None = None
    own_type: str | None = None


@dataclass(frozen=True, slots=True)
class SealedRecord:
    """A record ready to be stored: encoded and hashed once, several times smaller in memory.

    `raw` is zlib-compressed; None means "keep the raw answer stored before". `shape` is that of the entity's
    properties; None means "read it from `properties`".
    """

    key: str
    digest: bytes
    type: str | None
    name: str
    properties: str
    relationships: tuple[SealedRelationship, ...]
    raw: bytes | None
    classes: tuple[str, ...] | None = None
    shape: Shape | None = None


def seal(record: Record) -> SealedRecord:
    """Encode, compress and hash a record: the only place where its content is hashed."""
    entity = record.entity
    if entity and entity.key != record.key:
        raise Bug(f"The record {record.key} holds an entity with another key, {entity.key}.")
    properties = canonical_json(entity.properties) if entity else b""
    relationships = tuple(_seal_relationship(r) for r in record.relationships)
    edges = map(_ENCODER.encode, relationships)
    return SealedRecord(
        key=record.key,
        digest=fingerprint(_head(entity), properties, *sorted(edges)),
        type=entity.type if entity else None,
        name=entity.name if entity else "",
        properties=properties.decode(),
        relationships=relationships,
        raw=_seal_raw(record.raw) if record.raw is not None else None,
        classes=entity.classes if entity else None,
        shape=shape_of(entity.properties) if entity else None,
    )


def _head(entity: Entity | None) -> bytes:
    """Return what else makes an entity: its type, and its classes where it brings its own."""
    if entity is None:
        return b""
    if entity.classes is None:
        return entity.type.encode()
    return _ENCODER.encode((entity.type, entity.classes))


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
        relationship.own_key,
        relationship.own_type,
    )
