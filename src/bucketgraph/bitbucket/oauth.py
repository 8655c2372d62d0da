"""OAuth client credentials: one token per consumer, cached, renewed early and only once at a time."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import httpx2
import msgspec

from bucketgraph.bitbucket.clock import Clock
from bucketgraph.bitbucket.endpoints import IMPLIED_SCOPES, REQUIRED_SCOPES
from bucketgraph.errors import CredentialError, RateLimited, Retryable

_MARGIN_SECONDS = 600.0
_MARGIN_SHARE = 0.1
_SERVER_ERROR = 500
_REFUSALS = frozenset({400, 401, 403})
_SENDABLE = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class Consumer:
    """An OAuth consumer: the key identifies it, the secret never leaves memory except to the token URL."""

    key: str
    secret: str = field(repr=False)


class Token(msgspec.Struct, frozen=True):
    """The token endpoint's answer; `expires_in` is in seconds, `scopes` one string in changing order."""

    access_token: str
    scopes: str = ""
    expires_in: float = 3600.0

    def __repr__(self) -> str:
        """Hide the token."""
        return f"Token(scopes={self.scopes!r}, expires_in={self.expires_in})"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        """Hide the token from rich, which prints tracebacks with local variables, too."""
        return [("scopes", self.scopes), ("expires_in", self.expires_in)]


class _Refusal(msgspec.Struct, frozen=True):
    """OAuth errors carry `error` as a string, unlike API errors."""

    error: str = ""
    error_description: str | None = None


def granted_scopes(scopes: str) -> frozenset[str]:
    """Return the granted scope words and what they include, compared as exact words."""
    granted = set(scopes.split())
    pending = list(granted)
    while pending:
        for implied in IMPLIED_SCOPES.get(pending.pop(), ()):
            if implied not in granted:
                granted.add(implied)
                pending.append(implied)
    return frozenset(granted)


def missing_scopes(scopes: str, needed: tuple[str, ...] = REQUIRED_SCOPES) -> tuple[str, ...]:
    """Return the needed scope words that were not granted."""
    granted = granted_scopes(scopes)
    return tuple(scope for scope in needed if scope not in granted)


def settings_page(workspace: str) -> str:
    """Return the page where a workspace's OAuth consumers are edited."""
    return f"https://bitbucket.org/{workspace}/workspace/settings/api"


class TokenCache:
    """Hands out a valid access token.

    `fetch` asks the token endpoint; it is called again shortly before the token ends (believing the number
    in the answer) and after `reject`, and never twice at once.
    """

    def __init__(self, fetch: Callable[[], Awaitable[Token]], clock: Clock) -> None:
        """Start without a token."""
        self._fetch, self._clock = fetch, clock
        self._lock = asyncio.Lock()
        self._token: Token | None = None
        self._renew_at = 0.0

    async def get(self) -> Token:
        """Return a token that is valid for a while yet."""
        async with self._lock:
            if self._token is None or self._clock.now() >= self._renew_at:
                asked_at = self._clock.now()
                token = await self._fetch()
                margin = min(_MARGIN_SECONDS, token.expires_in * _MARGIN_SHARE)
                self._token, self._renew_at = token, asked_at + token.expires_in - margin
            return self._token

    def is_newest(self, token: Token) -> bool:
        """Say whether a token is the one to use, neither rejected nor replaced meanwhile."""
        return self._token is token

    def reject(self, token: Token) -> None:
        """Forget a token the API answered 401 to, unless it was replaced meanwhile."""
        if self.is_newest(token):
            self._token = None


def read_token(response: httpx2.Response) -> Token:
    """Read the token endpoint's answer.

    Raises CredentialError where the consumer must be mended, Retryable where the service is at fault.
    """
    if response.status_code == httpx2.codes.OK:
        with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            token = msgspec.json.decode(response.content, type=Token, strict=False)
            if _SENDABLE.fullmatch(token.access_token):
                return token
        raise Retryable("Bitbucket's token endpoint answered with something that is no token.")
    if response.status_code == httpx2.codes.TOO_MANY_REQUESTS:
        raise RateLimited("Bitbucket's token endpoint keeps answering 429.")
    if response.status_code >= _SERVER_ERROR or response.status_code == httpx2.codes.REQUEST_TIMEOUT:
        raise Retryable(f"Bitbucket's token endpoint answered {response.status_code}.")
    raise _refusal(response)


def _refusal(response: httpx2.Response) -> CredentialError:
    try:
        refusal = msgspec.json.decode(response.content, type=_Refusal)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        refusal = _Refusal()
    text = (refusal.error_description or "").lower()
    if "public" in text:
        return CredentialError(
            "Bitbucket refuses the OAuth consumer because it is a public one.",
            hint="Edit the consumer in the workspace's settings and tick “This is a private consumer”.",
        )
    if "callback" in text:
        return CredentialError(
            "Bitbucket refuses the OAuth consumer because it has no callback URL.",
            hint="Edit the consumer in the workspace's settings and enter any callback URL, "
            "for example https://localhost.",
        )
    if not refusal.error and response.status_code not in _REFUSALS:
        return CredentialError(
            f"Bitbucket's token endpoint answered {response.status_code}, so no token can be had there.",
            hint="If the integration was added with --oauth-url, check that address.",
        )
    detail = refusal.error or f"HTTP {response.status_code}"
    return CredentialError(
        f"Bitbucket does not accept the OAuth consumer's key and secret ({detail}).",
        hint="Compare both with the consumer in the workspace's settings (OAuth consumers); "
        "if in doubt, reset its secret there and enter it again.",
    )
