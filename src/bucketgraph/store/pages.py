"""Cursors: where the next page of an answer begins, and which state of the graph the first one saw."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from bucketgraph.errors import QueryError
from bucketgraph.graph.values import fingerprint
from bucketgraph.j1ql.results import Request

_DIGEST: Final = 8
_MARK: Final = 6


class Place(msgspec.Struct, frozen=True, array_like=True):
    """What a cursor holds: which question it belongs to, how many rows were given, and as of when.

    `publication` is the newest one that the first page saw, `moment` when it was made, `now` what `date.now` meant
    there and `as_of` which moment was asked, if any (all epoch ms). `parameters` is a digest of their values, and
    `owners` marks the integrations whose graphs it saw.
    """

    question: str
    offset: int
    publication: int
    moment: int
    now: int
    as_of: int | None
    parameters: str
    owners: str


def marks(owners: Sequence[str]) -> str:
    """Return a mark of six letters for each integration."""
    return "".join(fingerprint(one.encode())[: _MARK // 2].hex() for one in owners)


def check_owners(place: Place, owners: Sequence[str]) -> None:
    """Raise `QueryError` when an integration that the first page saw was removed: its history went with it."""
    now = _split(marks(owners))
    if not _split(place.owners) <= now:
        raise QueryError(
            "An integration was removed since the first page was given.", hint="Ask for the first page again."
        )


def _split(marked: str) -> set[str]:
    return {marked[begin : begin + _MARK] for begin in range(0, len(marked), _MARK)}


def question_of(request: Request) -> str:
    """Return a short digest of all that must be the same from page to page.

    Not of moments: the first page's are kept in the cursor, as "7 days ago" is another moment at every call.
    """
    parts = (
        request.text,
        sorted(request.variables.items()),
        sorted(request.parameters.items()),
        request.include_deleted,
        request.limit,
        request.row_metadata,
    )
    return digest(parts)


def digest(value: Any) -> str:
    """Return a short digest of a value that JSON can write."""
    return fingerprint(msgspec.json.encode(value, order="deterministic"))[:_DIGEST].hex()


def write_cursor(place: Place) -> str:
    """Return a cursor."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def read_cursor(request: Request) -> Place | None:
    """Return where the asked page begins, None for the first. Raises `QueryError` for a strange cursor."""
    if request.cursor is None:
        return None
    try:
        padded = request.cursor + "=" * (-len(request.cursor) % 4)
        place = msgspec.json.decode(base64.urlsafe_b64decode(padded), type=Place)
    except (ValueError, binascii.Error, msgspec.DecodeError):
        raise QueryError("The cursor cannot be read.", hint="Ask for the first page again.") from None
    if place.question != question_of(request):
        raise QueryError(
            "The cursor belongs to another query.",
            hint="Send the very same query, variables and options with it, or ask for the first page again.",
        )
    if place.offset < 0:
        raise QueryError("The cursor cannot be read.", hint="Ask for the first page again.")
    return place
