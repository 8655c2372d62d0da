"""What the handler of a page may answer; the console makes HTTP of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Kind: TypeAlias = Literal["ok", "warn", "bad", ""]
_NO_HEADERS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Html:
    """A whole page."""

    text: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: _NO_HEADERS)


@dataclass(frozen=True, slots=True)
class Fragment:
    """A part of a page, for a script that puts it in place; `toast` is a message at the edge of the page."""

    text: str
    status: int = 200
    toast: str = ""
    kind: Kind = "ok"
    headers: Mapping[str, str] = field(default_factory=lambda: _NO_HEADERS)


@dataclass(frozen=True, slots=True)
class Redirect:
    """On to another address; `toast` is said on the page there."""

    to: str
    toast: str = ""
    kind: Kind = "ok"


@dataclass(frozen=True, slots=True)
class Json:
    """An answer for a script; whatever msgspec encodes."""

    content: Any
    status: int = 200


@dataclass(frozen=True, slots=True)
class Download:
    """A file; parts are sent as they come, so that a long one need not fit into memory."""

    content: bytes | Iterable[bytes]
    filename: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Event:
    """A server-sent event: HTML for the element that is connected, or with a name of its own a sign to scripts."""

    data: str
    name: str = "message"


@dataclass(frozen=True, slots=True)
class Events:
    """A stream of server-sent events.

    `look` is called every so many seconds, in a worker thread, and returns what is new; None ends the stream.
    """

    look: Callable[[], list[Event] | None]
    every_seconds: float = 1.0


Answer: TypeAlias = Html | Fragment | Redirect | Json | Download | Events
