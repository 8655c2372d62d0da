"""Tags: properties that a person gives all entities of an integration, such as `tag.AccountName`.

They stand behind what the source says in the text of an entity's properties, and are no part of a record's
digest: other tags ask the source for nothing. Only what is collected from Bitbucket has tags of ours; an import's
`tag.` properties are its source's.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, select, update

from bucketgraph.errors import ConfigError, StoreError
from bucketgraph.graph.shapes import Shape, shape_of
from bucketgraph.graph.values import TAG_PREFIX, Properties, Value, canonical_json, parse_properties
from bucketgraph.store import tables as t

TagValue = str | bool
_NO_TAGS = "{}"
_MARK = f'"{TAG_PREFIX}'

# Built once, as every publication asks it.
_READ = select(t.integration.c.tags, t.integration.c.removed_on).where(t.integration.c.id == bindparam("of"))


class _Kept(msgspec.Struct, frozen=True):
    """What an integration's configuration says of where its entities come from."""

    kind: str = "bitbucket"


@dataclass(frozen=True, slots=True)
class Tags:
    """An integration's tags: as they are spliced into properties' text, and their shape."""

    text: str = ""
    shape: Shape | None = None

    def added(self, properties: str) -> str:
        """Return the JSON text of a source's properties with the tags behind them."""
        if not self.text:
            return properties
        return f"{properties[:-1]}{',' if len(properties) > len(_NO_TAGS) else ''}{self.text}}}"


def write(connection: Connection, integration_id: str, tags: Mapping[str, TagValue]) -> bool:
    """Store an integration's tags by their full names, and tell whether they are others than before.

    Raises ConfigError for names that do not begin with `tag.`, for values that are neither text nor boolean, and
    for an integration that is gone or is not collected.
    """
    _check(tags)
    row = connection.execute(select(t.integration).where(t.integration.c.id == integration_id)).one_or_none()
    if row is None or row.removed_on is not None:
        raise ConfigError("The integration was removed; its tags cannot be changed.")
    if tags and not _is_collected(row.config):
        raise ConfigError(
            f"{row.name!r} is not collected from Bitbucket, so it has no tags of ours.",
            hint="Change them where the entities come from.",
        )
    text = canonical_json(tags).decode()
    if text == row.tags:
        return False
    changed = update(t.integration).where(t.integration.c.id == integration_id)
    connection.execute(changed.values(tags=text, retag=True))
    return True


def read(connection: Connection, integration_id: str) -> Tags:
    """Return the tags that whatever is published now gets.

    None for an integration that is not there: its run is not either. Raises StoreError for a removed one.
    """
    row = connection.execute(_READ, {"of": integration_id}).one_or_none()
    if row is None:
        return Tags()
    if row.removed_on is not None:
        raise StoreError(
            "The integration was removed meanwhile; nothing of this transaction was written.",
            hint="Add it again to collect it.",
        )
    return parse(row.tags)


def due(connection: Connection, integration_id: str) -> str | None:
    """Return the stored tags when entities may still have others, None when there is nothing to do."""
    of = t.integration.c
    query = select(of.tags).where(of.id == integration_id, of.retag, of.removed_on.is_(None))
    return connection.execute(query).scalar()


def settle(connection: Connection, integration_id: str, stored: str) -> bool:
    """Note that all entities have the tags; False when these are not the integration's any more."""
    of = t.integration.c
    done = update(t.integration).where(of.id == integration_id, of.tags == stored)
    return connection.execute(done.values(retag=False)).rowcount > 0


def renewed(properties: str, tags: Tags) -> str:
    """Return the text of an entity's properties with these tags in place of those it has."""
    if _MARK in properties:
        properties = canonical_json(without(parse_properties(properties))).decode()
    return tags.added(properties)


def without(properties: Properties) -> dict[str, Value]:
    """Return properties without tags."""
    return {name: value for name, value in properties.items() if not name.startswith(TAG_PREFIX)}


def owned(connection: Connection) -> frozenset[str]:
    """Return the ids of the integrations whose `tag.` properties are tags of ours."""
    rows = connection.execute(select(t.integration.c.id, t.integration.c.config))
    return frozenset(row.id for row in rows if _is_collected(row.config))


@functools.lru_cache(maxsize=64)
def parse(stored: str) -> Tags:
    """Read tags as they are stored."""
    if stored == _NO_TAGS:
        return Tags()
    return Tags(stored[1:-1], shape_of(parse_properties(stored)))


def _is_collected(config: str) -> bool:
    return msgspec.json.decode(config, type=_Kept).kind == "bitbucket"


def _check(tags: Mapping[str, Any]) -> None:
    for name, value in tags.items():
        if not name.startswith(TAG_PREFIX) or name == TAG_PREFIX:
            raise ConfigError(f"{name!r} is no name of a tag.", hint=f"Begin it with `{TAG_PREFIX}`.")
        if not isinstance(value, TagValue):
            raise ConfigError(
                f"The tag {name!r} has neither a text nor true or false.", hint="Give it one of these."
            )
