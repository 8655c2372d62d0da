"""Property values: what may stand in the graph, canonical JSON, and time.

All times in the graph are epoch **milliseconds** (integers, UTC).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import msgspec

Scalar: TypeAlias = str | int | float | bool
Value: TypeAlias = Scalar | list[Any]
"""A list holds scalars of any kind; those we collect hold strings. (`list[Scalar]` would not take a `list[str]`.)"""
Properties: TypeAlias = Mapping[str, Value]

TAG_PREFIX = "tag."
"""How the names of tags begin: properties that say what a person knows of a whole integration."""

_ENCODER = msgspec.json.Encoder(order="deterministic")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_DECODER = msgspec.json.Decoder(dict[str, str | int | float | bool | list[str | int | float | bool]])


def present(**properties: Value | None) -> dict[str, Value]:
    """Return the given properties without those that are None: a missing fact is a missing key."""
    return {name: value for name, value in properties.items() if value is not None}


def canonical_json(properties: Properties) -> bytes:
    """Return UTF-8 JSON with sorted keys: equal properties give equal bytes."""
    return _ENCODER.encode(properties)


def encode_json(value: Any) -> str:
    """Return one value as it stands in the JSON of properties."""
    return _ENCODER.encode(value).decode()


def parse_properties(text: str | bytes) -> dict[str, Value]:
    """Read what `canonical_json` wrote."""
    return dict(_DECODER.decode(text))


def fingerprint(*parts: bytes) -> bytes:
    """Return a 16-byte BLAKE2b digest of the parts, their borders included."""
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        digest.update(len(part).to_bytes(4, "big"))
        digest.update(part)
    return digest.digest()


def epoch_ms(text: str | None) -> int | None:
    """Read an ISO-8601 time as epoch milliseconds; None for None or what is no time.

    Bitbucket writes `2018-11-06T15:43:55.296636+00:00`, but also other precisions, `Z`, and in places no
    zone at all (then it is UTC).
    """
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // _MILLISECOND


def iso_utc(ms: int) -> str:
    """Write epoch milliseconds as `2026-11-23T10:00:00.000Z`, whole to the millisecond."""
    moment = (_EPOCH + ms * _MILLISECOND).replace(tzinfo=None)
    return f"{moment.isoformat(timespec='milliseconds')}Z"
