"""What goes over the wire: base structs, and fields that many of them share."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

Moment = Annotated[int, Meta(description="Epoch milliseconds.", ge=0, le=10**15)]
Id = Annotated[str, Meta(description="An id, 16 hexadecimal digits.")]
Limit = Annotated[int, Meta(ge=1, le=1000, description="How many to return at most.")]
Text = Annotated[str, Meta(max_length=1000)]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
When = Annotated[
    str,
    Meta(
        max_length=40,
        description="A moment: 2026-11-01, 2026-11-01T10:00:00Z, epoch milliseconds, or 24h, 7d, 2w for ago.",
    ),
]
Number = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Scalar = str | int | float | bool
Value = Scalar | list[Scalar]
Properties = dict[str, Value | None]


class Given(msgspec.Struct, rename="camel", forbid_unknown_fields=True, kw_only=True):
    """What comes in: a body, or the parameters of path and query. What is not declared is refused."""


class Shown(msgspec.Struct, rename="camel", kw_only=True):
    """What goes out."""


class Nothing(Given):
    """No parameters."""


class ErrorFacts(Shown, omit_defaults=True):
    """What went wrong, why, and what to do next.

    `requestId` finds the request in the server's log. The last four belong to errors of a query: where in its text,
    and what may have been meant.
    """

    code: str
    message: str
    hint: str
    request_id: str
    line: int | None = None
    column: int | None = None
    span: tuple[int, int] | None = None
    suggestions: tuple[str, ...] | None = None


class ErrorAnswer(Shown):
    """The one envelope of all errors."""

    error: ErrorFacts
