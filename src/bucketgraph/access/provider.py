"""An identity provider (OpenID Connect) as Authlib speaks to it: discovery, keys, codes, ID tokens."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.base_client import BaseApp
from authlib.integrations.base_client.async_app import AsyncOAuth2Mixin
from authlib.integrations.base_client.async_openid import AsyncOpenIDMixin
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc.errors import JoseError

from bucketgraph.bitbucket.origins import is_loopback
from bucketgraph.errors import ConfigError, SignInRefused, Unavailable

_DISCOVERY: Final = "/.well-known/openid-configuration"
_SCOPES: Final = "openid email profile"
_ALGORITHMS: Final = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
    "Ed25519",
)
"""Signatures that prove who signed: none without a key, and none by a secret that we hold too."""
_ENDPOINTS: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_FRESH_SECONDS: Final = 3600.0
_TIMEOUT_SECONDS: Final = 10.0
_CODE: Final = re.compile(r"[a-z_]{1,40}")
_LEEWAY_SECONDS: Final = 60


class _Client(AsyncOAuth2Mixin, AsyncOpenIDMixin, BaseApp):  # type: ignore[misc]  # Authlib brings no types
    client_cls = AsyncOAuth2Client


@dataclass
class Provider:
    """One identity provider. What it says of itself is asked for once an hour."""

    issuer: str
    client_id: str
    client_secret: str | None = field(repr=False)
    _known: _Client | None = field(default=None, init=False, repr=False)
    _until: float = field(default=0.0, init=False, repr=False)

    async def authorization_url(self, *, redirect_uri: str, state: str, nonce: str, verifier: str) -> str:
        """Return where the browser is sent to sign in; raises Unavailable, ConfigError."""
        client = await self._client()
        given = {"state": state, "nonce": nonce, "code_verifier": verifier}
        made = await client.create_authorization_url(redirect_uri, **given)
        return str(made["url"])

    async def identity(self, *, code: str, redirect_uri: str, nonce: str, verifier: str) -> dict[str, Any]:
        """Turn a code into the claims of who signed in, checked; raises SignInRefused, Unavailable.

        What the ID token leaves out is asked of the userinfo endpoint, and believed if it speaks of the same subject.
        """
        client = await self._client()
        try:
            given = {"code": code, "code_verifier": verifier}
            token = await client.fetch_access_token(redirect_uri, **given)
            claims = await client.parse_id_token(
                token,
                nonce,
                claims_options={
                    "iss": {"essential": True, "value": self.issuer},
                    "aud": {"essential": True, "value": self.client_id},
                },
                leeway=_LEEWAY_SECONDS,
            )
            if claims is None:
                raise SignInRefused("The identity provider sent no ID token.", hint=_HINT)
            return await self._completed(client, token, dict(claims))
        except httpx2.HTTPError as error:
            raise _unreachable(self.issuer, error) from error
        except (AuthlibBaseError, JoseError, ValueError, TypeError, KeyError) as error:
            raise SignInRefused(
                f"The identity provider's answer cannot be trusted ({_reason(error)}).", hint=_HINT
            ) from error

    async def answers_with_issuer(self) -> bool:
        """Tell whether the provider says that it names itself when it sends the browser back (RFC 9207)."""
        metadata = (await self._client()).server_metadata
        return bool(metadata.get("authorization_response_iss_parameter_supported"))

    async def _completed(
        self, client: _Client, token: dict[str, Any], claims: dict[str, Any]
    ) -> dict[str, Any]:
        if "userinfo_endpoint" not in client.server_metadata or not token.get("access_token"):
            return claims
        more = dict(await client.userinfo(token=token))
        return more | claims if more.get("sub") == claims["sub"] else claims

    async def _client(self) -> _Client:
        """Return a client that knows what the provider says of itself; keys that it took back are forgotten."""
        if self._known is None or time.monotonic() >= self._until:
            client = _Client(
                None,
                client_id=self.client_id,
                client_secret=self.client_secret,
                server_metadata_url=self.issuer.rstrip("/") + _DISCOVERY,
                client_kwargs={
                    "scope": _SCOPES,
                    "code_challenge_method": "S256",
                    "timeout": _TIMEOUT_SECONDS,
                    "leeway": 0,  # the access token is used at once; some last for a minute only
                },
            )
            await self._discover(client)
            self._known, self._until = client, time.monotonic() + _FRESH_SECONDS
        return self._known

    async def _discover(self, client: _Client) -> None:
        try:
            said = await client.load_server_metadata()
        except (httpx2.HTTPError, ValueError, TypeError) as error:
            raise _unreachable(self.issuer, error) from error
        self._check_metadata(said)
        offered = said.get("id_token_signing_alg_values_supported") or ["RS256"]
        said["id_token_signing_alg_values_supported"] = [one for one in offered if one in _ALGORITHMS] or [
            "RS256"
        ]
        methods = said.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        said["token_endpoint_auth_method"] = _method(methods, secret=self.client_secret is not None)

    def _check_metadata(self, said: dict[str, Any]) -> None:
        if said.get("issuer") != self.issuer:
            raise ConfigError(
                "The identity provider calls itself by another name than BUCKETGRAPH_OIDC_ISSUER does.",
                hint="Write the issuer exactly as the provider's discovery document does, to the last slash.",
            )
        for name in _ENDPOINTS:
            if not is_safe(str(said.get(name, ""))):
                raise ConfigError(
                    f"The identity provider gives no {name} that is safe to use.",
                    hint="It must be an https address; plain http is for this computer alone.",
                )


def is_safe(url: str) -> bool:
    """Tell whether an address may carry secrets: https, or plain http on this computer."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    host = parts.hostname or ""
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)))


def _method(offered: list[str], *, secret: bool) -> str:
    """Return how we show who we are at the token endpoint."""
    if not secret:
        return "none"
    return "client_secret_basic" if "client_secret_basic" in offered else "client_secret_post"


_HINT: Final = "Try again from the beginning; if it happens again, ask whoever runs the identity provider."


def _reason(error: Exception) -> str:
    """Return why, in a few words of the library's that repeat nothing of the answer."""
    code = str(getattr(error, "error", ""))
    return code if _CODE.fullmatch(code) else type(error).__name__


def _unreachable(issuer: str, error: Exception) -> Unavailable:
    return Unavailable(
        f"The identity provider {issuer} does not answer as it should ({type(error).__name__}).",
        hint="Try again in a minute; sign in with a password if you have one.",
    )
