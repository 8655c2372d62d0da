"""A small identity provider over real HTTP, honest or not, and the browser that goes there and comes back."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx2
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey
from joserfc.jws import JWSRegistry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from bucketgraph.demo import serve

CLIENT_ID, CLIENT_SECRET = "bucketgraph-client", "a-client-secret-nobody-knows"


def new_key(name: str) -> RSAKey:
    """Return a key of the provider."""
    return RSAKey.generate_key(2048, {"kid": name, "use": "sig", "alg": "RS256"}, private=True)


KEY, STRANGER = new_key("k1"), new_key("k1")
"""The provider's key, and somebody else's who gives it the same name."""


@dataclass
class FakeProvider:
    """What the provider says and does. `claims` are put over the honest ones; None leaves one out."""

    url: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    published: list[RSAKey] = field(default_factory=lambda: [KEY])
    signing: Any = field(default_factory=lambda: KEY)
    algorithm: str = "RS256"
    reuse_codes: bool = False
    broken: str = ""
    sends_issuer: bool = False
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def discovery(self, _request: Request) -> Response:
        """Say where everything is."""
        self.asked.append("discovery")
        if self.broken == "discovery":
            return Response("down", 503)
        said = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/jwks",
            "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "authorization_response_iss_parameter_supported": self.sends_issuer,
        }
        return JSONResponse({k: v for k, v in (said | self.metadata).items() if v is not None})

    def jwks(self, _request: Request) -> Response:
        """Publish the keys."""
        self.asked.append("jwks")
        return JSONResponse(KeySet(self.published).as_dict(private=False))

    def authorize(self, request: Request) -> Response:
        """Sign in whoever comes, and send the browser back with a code."""
        given = dict(request.query_params)
        code = secrets.token_urlsafe(8)
        self.codes[code] = given
        back = {"code": code, "state": given["state"]} | ({"iss": self.url} if self.sends_issuer else {})
        return RedirectResponse(f"{given['redirect_uri']}?{urlencode(back)}", 302)

    async def token(self, request: Request) -> Response:
        """Give tokens for a code, to our client alone, with the verifier that fits."""
        self.asked.append("token")
        if self.broken == "token":
            return Response("down", 503)
        form = dict(parse_qsl((await request.body()).decode()))
        given = self.codes.get(form.get("code", ""))
        basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {basic}":
            return JSONResponse({"error": "invalid_client"}, 401)
        if given is None or form.get("redirect_uri") != given["redirect_uri"] or not _proves(form, given):
            return JSONResponse({"error": "invalid_grant"}, 400)
        if not self.reuse_codes:
            del self.codes[form["code"]]
        answer = {"access_token": secrets.token_urlsafe(), "token_type": "Bearer", "expires_in": 60}
        return JSONResponse(
            answer | ({} if self.broken == "no ID token" else {"id_token": self._id_token(given)})
        )

    def who(self, request: Request) -> Response:
        """Tell more of who signed in."""
        assert request.headers["authorization"].startswith("Bearer ")
        return JSONResponse(self.userinfo if self.userinfo is not None else {"sub": "ada-1"})

    def _id_token(self, given: dict[str, str]) -> str:
        now = int(time.time())
        honest = {
            "iss": self.url,
            "sub": "ada-1",
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": given["nonce"],
            "preferred_username": "ada",
            "email": "ada@example.com",
            "email_verified": True,
        }
        claims = {k: v for k, v in (honest | self.claims).items() if v is not None}
        if self.algorithm == "none":
            return ".".join(_segment(one) for one in ({"alg": "none"}, claims)) + "."
        kid = {} if isinstance(self.signing, OctKey) else {"kid": self.signing.kid}
        registry = JWSRegistry(algorithms=[self.algorithm])
        return jwt.encode({"alg": self.algorithm} | kid, claims, self.signing, registry=registry)

    def app(self) -> Starlette:
        """Return the application."""
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.discovery),
                Route("/jwks", self.jwks),
                Route("/authorize", self.authorize),
                Route("/token", self.token, methods=["POST"]),
                Route("/userinfo", self.who),
            ]
        )


def _segment(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _proves(form: dict[str, str], given: dict[str, str]) -> bool:
    """Check PKCE."""
    hashed = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    challenge = base64.urlsafe_b64encode(hashed).decode().rstrip("=")
    return given.get("code_challenge_method") == "S256" and given.get("code_challenge") == challenge


def visit(url: str) -> dict[str, str]:
    """Go where we are sent, as a browser does, and return what the provider sends back with us."""
    answer = httpx2.get(url, follow_redirects=False, trust_env=False)
    assert answer.status_code == 302
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


@contextmanager
def provider() -> Iterator[FakeProvider]:
    """Serve a provider."""
    fake = FakeProvider()
    with serve(fake.app()) as url:
        fake.url = url
        yield fake
