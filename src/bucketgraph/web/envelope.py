"""The one envelope of all errors, and the headers of every answer."""

from __future__ import annotations

import re
import uuid
from typing import Final

import msgspec
from starlette.responses import Response

from bucketgraph.errors import BucketgraphError, Bug, Unauthenticated, Unknown, WrongMethod

JSON: Final = "application/json"
HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
REQUEST_ID: Final = "X-Request-Id"
_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_RETRY_SECONDS: Final = "5"
_BUSY: Final = 503


def request_id(given: str | None) -> str:
    """Return the id that a proxy gave a request, when it is a plain one, or a new one."""
    return given if given is not None and _ID.fullmatch(given) else uuid.uuid4().hex


def refusal(error: BucketgraphError, request: str) -> Response:
    """Return an error as the answer to a request."""
    body = msgspec.json.encode({"error": error.facts() | {"requestId": request}})
    headers: dict[str, str] = {}
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = 'Bearer realm="bucketgraph"'
    if error.http_status == _BUSY:
        headers["Retry-After"] = _RETRY_SECONDS
    if isinstance(error, WrongMethod):
        headers["Allow"] = error.hint.removeprefix(ALLOWED)
    return Response(body, error.http_status, headers, JSON)


ALLOWED: Final = "It has: "


def unknown_address(path: str) -> Unknown:
    """Return the error for an address that is none."""
    return Unknown(f"There is nothing at {path!r}.", hint="/api/v1/openapi.json lists all addresses.")


def unexpected(request: str) -> Bug:
    """Return what is said of an error that nobody expected; the log has the rest."""
    return Bug(
        "The server failed to answer; nothing of the failed request was kept.",
        hint=f"Its log tells more about the request {request}.",
    )
