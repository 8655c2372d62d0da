"""Reading what the API answers: which status means what, and which errors are worth a retry."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import TypeVar

import httpx2
import msgspec

from bucketgraph.errors import Denied, Gone, NotFound, Rejected, Retryable, Skippable

T = TypeVar("T")

_SERVER_ERROR = 500
_TRANSIENT = frozenset({408, 425})
REDIRECTS = frozenset({301, 302, 303, 307, 308})


class _ErrorBody(msgspec.Struct, frozen=True):
    """API errors carry `error` as an object; `detail` is a string or an object."""

    message: str = ""
    detail: msgspec.Raw | None = None
    data: msgspec.Raw | None = None


class _Scopes(msgspec.Struct, frozen=True):
    required: list[str] = []
    granted: list[str] = []


class _Announcement(msgspec.Struct, frozen=True):
    announcement_url: str = ""


class _ErrorReply(msgspec.Struct, frozen=True):
    error: _ErrorBody | None = None


class PagelenRefused(Rejected):
    """400 `Invalid pagelen`: the page length is over the endpoint's present maximum."""


class ServerFault(Retryable):
    """408 or 5xx."""


def decoder(kind: type[T]) -> Callable[[bytes], T]:
    """Return a function that reads a body as `kind`.

    What is no JSON (an HTML page, a cut body) raises Retryable; JSON of a hopeless shape raises Rejected.
    """
    read = msgspec.json.Decoder(kind, strict=False)

    def decode(body: bytes) -> T:
        try:
            return read.decode(body)
        except msgspec.ValidationError as error:
            raise Rejected(
                f"Bitbucket answered with JSON of another shape than documented: {error}."
            ) from None
        except msgspec.DecodeError:
            raise Retryable("Bitbucket answered 200 with a body that is no complete JSON.") from None

    return decode


def failure(response: httpx2.Response, what: str) -> Skippable | Retryable:
    """Return the error that an answer other than 200 means; `what` names what was asked for."""
    status = response.status_code
    if status in _TRANSIENT or status >= _SERVER_ERROR:
        return ServerFault(f"Bitbucket answered {status} for {what}.")
    body = _error_body(response)
    said = f" It says: {body.message}" if body.message else ""
    if status == httpx2.codes.FORBIDDEN:
        return Denied(f"Bitbucket does not let this consumer see {what} (403).{said}", hint=_scope_hint(body))
    if status == httpx2.codes.NOT_FOUND:
        return NotFound(f"Bitbucket does not find {what} (404).{said}")
    if status == httpx2.codes.GONE:
        return Gone(f"Bitbucket has withdrawn {what} (410).{said}", hint=_announcement(body))
    if status == httpx2.codes.BAD_REQUEST and "pagelen" in body.message.lower():
        return PagelenRefused(f"Bitbucket refuses the page length for {what}.{said}")
    return Rejected(f"Bitbucket answered {status} for {what}.{said}")


def retry_after(response: httpx2.Response, *, now: float) -> float | None:
    """Return the seconds a 429 asks us to wait, given as seconds or as an HTTP date; None if it does not."""
    text = response.headers.get("Retry-After", "").strip()
    if not text:
        return None
    if text.isdigit():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except ValueError:
        return None


def server_ms(response: httpx2.Response) -> int | None:
    """Return the server's own time of the answer (epoch ms), so that our clock does not matter."""
    try:
        return int(parsedate_to_datetime(response.headers.get("Date", "")).timestamp() * 1000)
    except ValueError:
        return None


def _error_body(response: httpx2.Response) -> _ErrorBody:
    try:
        return msgspec.json.decode(response.content, type=_ErrorReply).error or _ErrorBody()
    except msgspec.MsgspecError:
        return _ErrorBody()


def _scope_hint(body: _ErrorBody) -> str:
    try:
        scopes = msgspec.json.decode(body.detail or b"{}", type=_Scopes)
    except msgspec.MsgspecError:
        return ""
    missing = [scope for scope in scopes.required if scope not in scopes.granted]
    return f"It needs the scope {', '.join(missing)}." if missing else ""


def _announcement(body: _ErrorBody) -> str:
    try:
        url = msgspec.json.decode(body.data or b"{}", type=_Announcement).announcement_url
    except msgspec.MsgspecError:
        return ""
    return f"See {url}" if url else ""
