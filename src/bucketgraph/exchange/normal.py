"""What JupiterOne's objects become: flat properties, checked keys, types and classes. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from bucketgraph.graph.entity import Entity, Record
from bucketgraph.graph.values import Scalar, Value

EDGE_RECORD: Final = "relationship\x1f"
"""What the record of a relationship begins with: entities' records are named by their keys alone."""

_LONGEST = 4096
_MIN_INT, _MAX_INT = -(2**63), 2**63 - 1


class Invalid(Exception):
    """An object that cannot be taken, and why."""


@dataclass(frozen=True, slots=True)
class PlainEdge:
    """A relationship as it was given: its ends by key, or a mapping that says how to find one."""

    key: str
    type: str
    verb: str
    properties: Mapping[str, Value]
    place: str
    from_key: str = ""
    to_key: str = ""
    mapping: Mapping[str, Any] | None = None


def read_object(json: bytes | msgspec.Raw) -> dict[str, Any]:
    """Decode one object; raises Invalid for what is none."""
    try:
        found = msgspec.json.decode(json)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise Invalid(f"it cannot be read ({error})") from None
    if not isinstance(found, dict):
        raise Invalid("it is no JSON object")
    return found


def entity_of(given: Mapping[str, Any]) -> Record:
    """Return the record of an entity, its `_rawData` beside it."""
    type_name = _text(given, "_type")
    key = _text(given, "_key")
    if key.startswith(EDGE_RECORD):
        raise Invalid("its `_key` begins with a word that is kept for relationships")
    entity = Entity(key, type_name, properties_of(given), _classes(given))
    raw = given.get("_rawData")
    return Record(key, entity, raw=None if raw is None else msgspec.json.encode(raw))


def edge_of(given: Mapping[str, Any], place: str) -> PlainEdge:
    """Return a relationship between two keys, or one with a mapping."""
    type_name = _text(given, "_type")
    key = _text(given, "_key")
    verb = given.get("_class")
    if isinstance(verb, list) and len(verb) == 1:
        verb = verb[0]
    if not isinstance(verb, str) or not _printable(verb):
        raise Invalid("its `_class` is no verb")
    properties = properties_of(given)
    mapping = given.get("_mapping")
    if mapping is not None:
        if not isinstance(mapping, dict):
            raise Invalid("its `_mapping` is no JSON object")
        return PlainEdge(key, type_name, verb.upper(), properties, place, mapping=mapping)
    ends = (_text(given, "_fromEntityKey"), _text(given, "_toEntityKey"))
    return PlainEdge(key, type_name, verb.upper(), properties, place, *ends)


def properties_of(given: Mapping[str, Any]) -> dict[str, Value]:
    """Return the flat properties: no nulls, nothing of the system's, nested objects as dotted names.

    Where a dotted name stands beside an object that yields the same, the dotted name's own value is kept.
    """
    own = {name: value for name, value in given.items() if not name.startswith("_")}
    return {
        path: leaf
        for name, value in own.items()
        for path, leaf in _leaves(name, value)
        if path == name or path not in own
    }


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Value]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(f"{path}.{name}", inner)
    elif isinstance(value, list):
        yield path, [_element(one) for one in value if one is not None]
    elif value is not None:
        yield path, _scalar(value)


def _element(value: Any) -> Scalar:
    """Return an element of a list; an object or a list in it becomes JSON text, for lists hold scalars."""
    return msgspec.json.encode(value).decode() if isinstance(value, dict | list) else _scalar(value)


def _scalar(value: Any) -> Scalar:
    """Return a scalar; an integer beyond 64 bits becomes the number that JavaScript reads in its place."""
    if isinstance(value, int) and not isinstance(value, bool) and not _MIN_INT <= value <= _MAX_INT:
        return float(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise Invalid("a number is out of range")
    scalar: Scalar = value
    return scalar


def _classes(given: Mapping[str, Any]) -> tuple[str, ...]:
    classes = given.get("_class")
    if isinstance(classes, str):
        classes = [classes]
    good = (
        isinstance(classes, list) and classes and all(isinstance(c, str) and _printable(c) for c in classes)
    )
    if not good:
        raise Invalid("its `_class` is missing or holds something else than names")
    return tuple(dict.fromkeys(classes or ()))


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST:
        raise Invalid(f"its `{name}` is missing or no text")
    if name == "_type" and not _printable(value):
        raise Invalid("its `_type` cannot be printed")
    return value


def _printable(text: str) -> bool:
    return bool(text.strip()) and text.isprintable()
