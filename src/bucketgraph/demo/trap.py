"""A foreign origin: records everything it is asked, and answers something plausible."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send


@dataclass(frozen=True, slots=True)
class Caught:
    """A request that went astray, with all its headers (names in lower case)."""

    method: str
    path: str
    query: str
    headers: dict[str, str]


@dataclass(slots=True)
class TrapServer:
    """An ASGI application nobody should send a credential to; ``caught`` tells who did."""

    caught: list[Caught] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Record the request and answer an empty page."""
        if scope["type"] != "http":
            return
        headers = {name.decode("latin-1"): v.decode("latin-1") for name, v in scope["headers"]}
        query = scope["query_string"].decode("latin-1")
        self.caught.append(Caught(scope["method"], scope["path"], query, headers))
        answer = JSONResponse({"values": [], "pagelen": 10, "size": 0, "page": 1})
        await answer(scope, receive, send)

    def credentials(self) -> list[str]:
        """Return every Authorization header that was sent here."""
        return [c.headers["authorization"] for c in self.caught if "authorization" in c.headers]


def create_trap() -> TrapServer:
    """Make a trap that has caught nothing yet."""
    return TrapServer()
