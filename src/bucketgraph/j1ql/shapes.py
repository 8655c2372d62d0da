"""The shapes of what an answer holds: vertex and edge objects, and the metadata that stands in them. Pure.

Every back end builds its answers here. Metadata and properties come as plain dicts, without the keys of what
is missing; a name that stands in both means the metadata.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bucketgraph.graph.schema import relationship_type_name
from bucketgraph.graph.values import Properties, Value
from bucketgraph.j1ql.results import public_id

_OWN_EDGE_METADATA = ("_key", "_type")
"""What an edge may bring among its properties, in place of what is derived."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an entity comes from: what `_source` and the `_integration…` metadata say."""

    source: str
    integration_type: str
    integration_name: str
    integration_classes: tuple[str, ...]
    integration_id: str


@dataclass(frozen=True, slots=True)
class Life:
    """One version in time (epoch ms). `ended_on` is only there for what is deleted."""

    version: int
    created_on: int
    begin_on: int
    ended_on: int | None = None

    def metadata(self) -> dict[str, Value]:
        """Return the metadata that speaks of time."""
        known: dict[str, Value] = {
            "_version": self.version,
            "_createdOn": self.created_on,
            "_beginOn": self.begin_on,
            "_deleted": self.ended_on is not None,
        }
        return known if self.ended_on is None else {**known, "_endOn": self.ended_on}


def entity_metadata(
    number: int, key: str, type_name: str, classes: Sequence[str], *, origin: Origin, life: Life
) -> dict[str, Value]:
    """Return all metadata of an entity."""
    return {
        "_id": public_id(number),
        "_key": key,
        "_type": type_name,
        "_class": list(classes),
        "_source": origin.source,
        "_integrationType": origin.integration_type,
        "_integrationName": origin.integration_name,
        "_integrationClass": list(origin.integration_classes),
        "_integrationInstanceId": origin.integration_id,
        **life.metadata(),
    }


@dataclass(frozen=True, slots=True)
class End:
    """One end of a relationship, as the relationship's metadata repeats it."""

    key: str
    type_name: str


def edge_metadata(
    number: int, verb: str, start: End, end: End, *, life: Life, properties: Properties
) -> dict[str, Value]:
    """Return all metadata of a relationship.

    `_key` and `_type` are derived unless the properties give them; so is `displayName`, which is the verb.
    """
    derived: dict[str, Value] = {
        "_id": public_id(number),
        "_key": f"{start.key}|{verb.lower()}|{end.key}",
        "_type": relationship_type_name(start.type_name, verb, end.type_name),
        "_class": verb,
        "_fromEntityKey": start.key,
        "_toEntityKey": end.key,
        "displayName": verb,
        **life.metadata(),
    }
    own = (*_OWN_EDGE_METADATA, "displayName")
    return derived | {name: properties[name] for name in own if name in properties}


def vertex(metadata: Properties, properties: Properties) -> dict[str, Any]:
    """Return an entity as a row of a list, a cell of a table or a vertex of a tree."""
    head = _head(metadata, properties)
    head["_type"] = [metadata["_type"]]
    return {"id": metadata["_id"], "entity": head, "properties": _rest(metadata, properties)}


def edge(metadata: Properties, properties: Properties, *, from_id: int, to_id: int) -> dict[str, Any]:
    """Return a relationship as a cell of a table or an edge of a tree."""
    return {
        "id": metadata["_id"],
        "fromVertexId": public_id(from_id),
        "toVertexId": public_id(to_id),
        "relationship": _head(metadata, properties),
        "properties": _rest(metadata, properties),
    }


def star(name: str, metadata: Properties, properties: Properties) -> dict[str, Value]:
    """Return the cells of `name.*`: metadata in its usual order, then the properties by name."""
    flat = {**dict(sorted(properties.items())), **metadata}
    ordered = [*metadata, *(one for one in flat if one not in metadata)]
    return {f"{name}.{one}": flat[one] for one in ordered}


def _head(metadata: Properties, properties: Properties) -> dict[str, Any]:
    head = dict(metadata)
    if "displayName" in properties:
        head["displayName"] = properties["displayName"]
    return head


def _rest(metadata: Properties, properties: Mapping[str, Value]) -> dict[str, Value]:
    rest = dict(properties)
    rest.pop("displayName", None)
    for name in metadata.keys() & rest.keys():
        del rest[name]
    return rest
