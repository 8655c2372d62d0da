"""Signing in through an identity provider (OpenID Connect: code flow with PKCE, state and nonce).

Nothing is stored when a sign-in begins. The browser keeps a *pre-session* cookie: a random secret, when it was made and
where to go on to. State, nonce and PKCE's verifier are all derived from the whole of it, so the provider's signature
over the nonce vouches for the cookie, and a state without the cookie that it was derived from is worth nothing. When a
sign-in succeeds the cookie's hash is written down, so that it works once.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from bucketgraph.access import opaque
from bucketgraph.access.identity import Identity, Policy
from bucketgraph.access.paths import local_path
from bucketgraph.access.provider import Provider, is_safe
from bucketgraph.errors import ConfigError, SignInRefused
from bucketgraph.settings import Settings
from bucketgraph.store.store import Store

CALLBACK: Final = "/sign-in/provider/callback"
"""Where the provider sends the browser back to: the redirect URI to be registered there is `public_url` and this."""
COOKIE_SECONDS: Final = 600
_SECOND_MS: Final = 1000
_HINT: Final = "Begin again from the sign-in page."


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in that begins: where the browser is sent, and the cookie it keeps for ten minutes."""

    url: str = field(repr=False)
    cookie: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Finished:
    """Who signed in, and where on this server they wanted to go."""

    identity: Identity
    next: str


@dataclass
class Oidc:
    """Signing in through the one provider that the settings name."""

    provider: Provider
    policy: Policy
    redirect_uri: str

    @classmethod
    def of(cls, settings: Settings) -> Oidc | None:
        """Return what the settings configure, None for nothing; raises ConfigError for what cannot work."""
        if not settings.oidc_issuer:
            return None
        if not is_safe(settings.oidc_issuer) or not settings.oidc_client_id:
            raise ConfigError(
                "Signing in through an identity provider is not configured whole.",
                hint="BUCKETGRAPH_OIDC_ISSUER must be an https address, and BUCKETGRAPH_OIDC_CLIENT_ID be given.",
            )
        if not is_safe(settings.public_url):
            raise ConfigError(
                "Signing in through an identity provider needs to know where people open this server.",
                hint="Set BUCKETGRAPH_PUBLIC_URL to its https address, such as https://graph.example.com.",
            )
        secret = settings.oidc_client_secret
        return cls(
            Provider(
                settings.oidc_issuer, settings.oidc_client_id, secret.get_secret_value() if secret else None
            ),
            Policy.of(settings),
            settings.public_url + CALLBACK,
        )

    async def begin(self, now: int, next_path: str | None = None) -> Begun:
        """Begin a sign-in (`now`: epoch ms) that leads to a path of this server, whatever else is wanted.

        Raises Unavailable when the provider does not answer, ConfigError when it is not the configured one.
        """
        cookie = _Cookie(opaque.make(opaque.VISIT), now // _SECOND_MS, local_path(next_path))
        url = await self.provider.authorization_url(
            redirect_uri=self.redirect_uri,
            state=cookie.derived("state"),
            nonce=cookie.derived("nonce"),
            verifier=cookie.derived("verifier"),
        )
        return Begun(url, cookie.text())

    async def finish(self, store: Store, cookie: str | None, query: Mapping[str, str]) -> Finished:
        """End a sign-in with what the provider sent the browser back with; it works once.

        Raises SignInRefused for all that does not fit, Unavailable when the provider does not answer.
        """
        kept = _read(cookie, store.now())
        if not hmac.compare_digest(query.get("state", "").encode(), kept.derived("state").encode()):
            raise SignInRefused("This sign-in was begun elsewhere.", hint=_HINT)
        await self._check_answer(query)
        claims = await self.provider.identity(
            code=query.get("code", ""),
            redirect_uri=self.redirect_uri,
            nonce=kept.derived("nonce"),
            verifier=kept.derived("verifier"),
        )
        identity = self.policy.identity(self.provider.issuer, claims)
        if not store.use_once(kept.digest(), expires_on=(kept.made_on + COOKIE_SECONDS) * _SECOND_MS):
            raise SignInRefused("This sign-in was used already.", hint=_HINT)
        return Finished(identity, kept.next)

    async def _check_answer(self, query: Mapping[str, str]) -> None:
        """Raise SignInRefused for an answer of another provider, or one that says no."""
        if query.get("iss", self.provider.issuer) != self.provider.issuer or (
            "iss" not in query and await self.provider.answers_with_issuer()
        ):
            raise SignInRefused("The answer is another identity provider's.", hint=_HINT)
        if "error" in query or not query.get("code"):
            raise SignInRefused("The identity provider did not let you in.", hint=_HINT)


@dataclass(frozen=True, slots=True)
class _Cookie:
    """What the browser keeps while its owner is at the provider; `made_on` is epoch seconds."""

    secret: str = field(repr=False)
    made_on: int
    next: str

    def text(self) -> str:
        path = base64.urlsafe_b64encode(self.next.encode()).decode().rstrip("=")
        return f"{self.secret}.{self.made_on}.{path}"

    def derived(self, use: str) -> str:
        """Return a value for one use that nobody can know who does not know the whole cookie."""
        raw = hmac.digest(self.secret.encode(), f"{use} {self.text()}".encode(), "sha256")
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    def digest(self) -> str:
        return hashlib.sha256(self.text().encode()).hexdigest()


def _read(text: str | None, now: int) -> _Cookie:
    """Read the cookie; raises SignInRefused when it is missing, too old or no such thing."""
    parts = (text or "").split(".")
    if len(parts) == 3 and opaque.digest(parts[0], opaque.VISIT) and parts[1].isdecimal():  # noqa: PLR2004
        cookie = _Cookie(parts[0], int(parts[1]), local_path(_decoded(parts[2])))
        age = now // _SECOND_MS - cookie.made_on
        if cookie.text() == text and 0 <= age < COOKIE_SECONDS:
            return cookie
    raise SignInRefused("This sign-in took too long, or was begun in another browser.", hint=_HINT)


def _decoded(text: str) -> str:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii")
    except ValueError:
        return ""
