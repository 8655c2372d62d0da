"""What a request handler gets and gives: calls, replies, endpoints and refusals."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import msgspec

from bucketgraph.demo.fields import select

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bucketgraph.demo.fake import FakeBitbucket, FakeConsumer
    from bucketgraph.demo.faults import Fault
    from bucketgraph.demo.fields import Thing

JSON = "application/json; charset=utf-8"
TEXT = "text/plain"
HTML = "text/html; charset=utf-8"

_encoder = msgspec.json.Encoder()


@dataclass(slots=True)
class Reply:
    """A complete answer, before anything is sent."""

    status: int
    body: bytes
    media_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)


class RefusalError(Exception):
    """The request is answered with an error reply instead."""

    def __init__(self, reply: Reply) -> None:
        """Carry the reply to send."""
        super().__init__(reply.status)
        self.reply = reply


@dataclass(slots=True)
class Call:
    """One request on its way to a handler.

    ``path`` is as it came (percent-encoded), ``query`` the raw query string, ``origin`` the
    scheme and host the client used, ``arguments`` the decoded parts of the path.
    """

    fake: FakeBitbucket
    method: str
    origin: str
    path: str
    query: str
    headers: Mapping[str, str]
    arguments: Mapping[str, str]
    body: bytes = b""
    consumer: FakeConsumer | None = None
    fault: Fault | None = None

    @property
    def target(self) -> str:
        """Path and query, as faults match them."""
        return f"{self.path}?{self.query}" if self.query else self.path

    def parameters(self) -> list[tuple[str, str]]:
        """Return the decoded query parameters in order; a raw ``+`` decodes as a blank."""
        return parse_qsl(self.query, keep_blank_values=True)

    def every(self, name: str) -> list[str]:
        """Return all values of a query parameter."""
        return [value for key, value in self.parameters() if key == name]

    def get(self, name: str) -> str | None:
        """Return the last value of a query parameter."""
        values = self.every(name)
        return values[-1] if values else None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address of the API: ``name`` is how requests to it are counted.

    ``scope`` is the OAuth scope it needs; ``open`` ones need no token at all.
    """

    name: str
    path: str
    handler: Callable[[Call], Reply]
    scope: str | None = None
    method: str = "GET"
    open: bool = False


def json_reply(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Reply:
    """Answer with plain data as JSON."""
    return Reply(status, _encoder.encode(value), JSON, headers or {})


def thing_reply(call: Call, thing: Thing) -> Reply:
    """Answer with a thing, restricted by the call's ``fields``."""
    return json_reply(select(thing, call.get("fields") or ""))


def error_reply(
    status: int,
    message: str,
    detail: object = None,
    data: object = None,
) -> Reply:
    """Answer with an error as the API words them."""
    error: dict[str, object] = {"message": message}
    if detail is not None:
        error["detail"] = detail
    if data is not None:
        error["data"] = data
    return json_reply({"type": "error", "error": error}, status)


def refuse(status: int, message: str, detail: object = None) -> RefusalError:
    """Make the error a handler raises to answer with ``status`` and ``message``."""
    return RefusalError(error_reply(status, message, detail))
