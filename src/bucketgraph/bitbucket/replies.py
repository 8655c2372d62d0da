"""Reading what the API answers: which status means what, and which errors are worth a retry."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
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
    detail: object = None
    data: object = None


class _Scopes(msgspec.Struct, frozen=True):
    required: list[str] = []
    granted: list[str] = []


class _Announcement(msgspec.Struct, frozen=True):
    announcement_url: str = ""


class _ErrorReply(msgspec.Struct, frozen=True):
    error: _ErrorBody | str | None = None
    error_description: str | None = None


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
        except RecursionError:
            raise Rejected("Bitbucket answered with JSON that is nested without end.") from None
        except (msgspec.DecodeError, UnicodeDecodeError):
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
    """Return the seconds a 429 asks us to wait, given as seconds or as an HTTP date.

    None if it does not ask, or asks for no time at all (a clock that goes wrong puts the date in the past).
    """
    text = response.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        asked = float(text)
    else:
        date = _date(text)
        asked = 0.0 if date is None else date - now
    return asked if asked > 0 else None


def server_ms(response: httpx2.Response) -> int | None:
    """Return the server's own time of the answer (epoch ms), so that our clock does not matter."""
    date = _date(response.headers.get("Date", ""))
    return None if date is None else int(date * 1000)


def _date(text: str) -> float | None:
    """Return the epoch seconds of an HTTP date; one without a zone is UTC. None for anything else."""
    try:
        date = parsedate_to_datetime(text)
        return date.replace(tzinfo=date.tzinfo or UTC).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _error_body(response: httpx2.Response) -> _ErrorBody:
    """Read an API error, whose `error` is an object, or an OAuth error, whose `error` is a string."""
    try:
        reply = msgspec.json.decode(response.content, type=_ErrorReply)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _ErrorBody()
    if isinstance(reply.error, str):
        return _ErrorBody(reply.error_description or reply.error)
    return reply.error or _ErrorBody()


def _scope_hint(body: _ErrorBody) -> str:
    try:
        scopes = msgspec.convert(body.detail, type=_Scopes)
    except msgspec.ValidationError:
        return ""
    missing = [scope for scope in scopes.required if scope not in scopes.granted]
    return f"It needs the scope {', '.join(missing)}." if missing else ""


def _announcement(body: _ErrorBody) -> str:
    try:
        url = msgspec.convert(body.data, type=_Announcement).announcement_url
    except msgspec.ValidationError:
        return ""
    return f"See {url}" if url else ""
