"""What faults do to an answer: replace it, spoil it or break the connection under it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from bucketgraph.demo.routes.withdrawn import gone
from bucketgraph.demo.wire import HTML, TEXT, Reply, error_reply

if TYPE_CHECKING:
    from starlette.types import Scope, Send

    from bucketgraph.demo.faults import Fault
    from bucketgraph.demo.wire import Call

TRANSPORT: Final = "bucketgraph.transport"
"""The ASGI extension under which ``serve`` hands over the connection, to be broken."""

_TICKS = 10
_MISSING = 1000
_PAGE = b"<!DOCTYPE html><html><head><title>Bitbucket</title></head><body>Log in</body></html>"
_LIMITED = b"Rate limit for this resource has been exceeded"
_EXPIRED = "Access token expired. Use your refresh token to obtain a new access token."
_TEXTS = {403: "Forbidden", 404: "Resource not found", 408: "Request timed out"}


def instead(call: Call, fault: Fault) -> Reply | None:
    """Return the reply that comes instead of the real one; None if that is to be made first."""
    if fault.status is not None:
        return _status(fault.status)
    if fault.kind == "html":
        return Reply(200, _PAGE, HTML)
    if fault.kind == "rate_limit":
        headers = {"retry-after": fault.retry_after} if fault.retry_after else {}
        return Reply(429, _LIMITED, TEXT, headers)
    if fault.kind == "expire_token":
        call.fake.expire_tokens()
        return error_reply(401, _EXPIRED)
    if fault.kind == "redirect":
        return Reply(302, b"", TEXT, {"location": _location(call, fault.target or "")})
    return None


def afterwards(fault: Fault, reply: Reply) -> Reply:
    """Spoil the real reply if the fault is of that kind."""
    if fault.kind == "truncated" and reply.status == 200:
        reply.body = reply.body[: len(reply.body) // 2]
    return reply


def _status(status: int) -> Reply:
    if status == 410:
        return gone()
    if status in _TEXTS:
        return error_reply(status, _TEXTS[status])
    page = f"<html><body><h1>{status}</h1>Something went wrong.</body></html>"
    return Reply(status, page.encode(), HTML)


def _location(call: Call, target: str) -> str:
    # A bare origin means: the same address over there.
    return target if urlsplit(target).path else target + call.target


async def break_off(fault: Fault, reply: Reply, scope: Scope, send: Send) -> None:
    """End the connection: after half a body (``drop``) or before anything (``reset``).

    Only a real connection can be broken; without one the same is told by ConnectionResetError.
    """
    transport = (scope.get("extensions") or {}).get(TRANSPORT)
    if transport is None:
        message = f"{fault.kind}: the connection ended"
        raise ConnectionResetError(message)
    if fault.kind == "drop":
        await _send_half(reply, send)
        transport.close()
    else:
        transport.abort()
    # The server must notice that the peer is gone before it looks for the rest of an answer.
    for _ in range(_TICKS):
        await asyncio.sleep(0)


async def _send_half(reply: Reply, send: Send) -> None:
    length = str(len(reply.body) + _MISSING).encode()
    headers = [(b"content-type", reply.media_type.encode()), (b"content-length", length)]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    half = reply.body[: len(reply.body) // 2]
    await send({"type": "http.response.body", "body": half, "more_body": True})
