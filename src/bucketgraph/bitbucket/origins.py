"""Where Bitbucket is, and the rule that credentials never go anywhere else."""

from __future__ import annotations

import ipaddress
import re
import ssl
from dataclasses import dataclass
from functools import cache

import httpx2

from bucketgraph.errors import ConfigError, UntrustedLink

API_URL = "https://api.bitbucket.org"
OAUTH_URL = "https://bitbucket.org"
TOKEN_PATH = "/site/oauth2/access_token"  # noqa: S105  # a path, not a secret

_HOST = re.compile(r"([a-z0-9._-]+|\[[0-9a-f.:]+\])(:[0-9]+)?")
_HIGHEST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Origins:
    """The two origins (scheme, host, port) that may receive credentials.

    Since 2026-05-04 OAuth calls must go to api.bitbucket.org; only the token endpoint stays on
    bitbucket.org (CHANGE-3052).
    """

    api: str = API_URL
    oauth: str = OAUTH_URL

    @property
    def on_this_computer(self) -> bool:
        """Say whether an origin is this computer: then no proxy may stand between, which would see the secret."""
        return any(is_loopback(httpx2.URL(origin).host) for origin in (self.api, self.oauth))

    @property
    def only_this_computer(self) -> bool:
        """Say whether both origins are this computer: then nobody's hourly limit is at stake."""
        return all(is_loopback(httpx2.URL(origin).host) for origin in (self.api, self.oauth))

    def trust(self) -> ssl.SSLContext:
        """Return whom a client may trust; reading the authorities takes longer than a call.

        Where all is plain http, nobody is trusted and nothing is read.
        """
        if all(origin.startswith("http://") for origin in (self.api, self.oauth)):
            return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        return _authorities(trust_env=not self.on_this_computer)

    @property
    def token_url(self) -> str:
        """Return the address that turns a key and secret into a token."""
        return self.oauth + TOKEN_PATH

    def resolve(self, link: str, *, base: httpx2.URL | None = None) -> httpx2.URL:
        """Return an absolute address on the API origin for a path or a link, or raise UntrustedLink.

        A relative link starts at `base`, the address that gave it, or else at the origin.
        Scheme, host and port must be the configured ones and no user name may stand in the address, so
        look-alike hosts (`api.bitbucket.org.evil.example`) and `https://api.bitbucket.org@evil.example`
        are refused.
        """
        try:
            url = _join(self.api, link) if base is None else base.join(link)
        except (httpx2.InvalidURL, ValueError) as error:
            raise UntrustedLink(f"Bitbucket answered with a link that is no address: {error}.") from None
        home = _parse(self.api)
        same = (url.scheme, url.host, _port(url)) == (home.scheme, home.host, _port(home))
        if not same or url.userinfo:
            raise UntrustedLink(
                f"Bitbucket's answer points to another host ({url.scheme}://{_netloc(url)}); "
                f"credentials go only to {self.api}, so the link was not followed.",
                hint="If a proxy stands between, set the integration's --api-url to the address it gives.",
            )
        return url


@cache
def _authorities(*, trust_env: bool) -> ssl.SSLContext:
    """Return the usual certificate authorities, read once for all consumers."""
    return httpx2.create_ssl_context(trust_env=trust_env)


@cache
def _parse(origin: str) -> httpx2.URL:
    return httpx2.URL(origin)


def _join(origin: str, link: str) -> httpx2.URL:
    """Join a link to an origin; what is in order is parsed only once, because our addresses are long."""
    if link.startswith("/") and not link.startswith("//"):
        link = origin + link
    url = httpx2.URL(link)
    if not (url.scheme and url.host):
        return _parse(origin).join(url)
    text = str(url)  # a default port goes only when it is parsed a second time
    return url if text == link else httpx2.URL(text)


def check_origin(text: str, *, flag: str) -> str:
    """Return the origin without a trailing slash, or raise ConfigError.

    Only scheme and host (and port) are allowed; plain http only towards this computer, because the
    consumer's secret travels to it.
    """
    shown = f"{flag} {text!r}" if "@" not in text else flag
    try:
        url = httpx2.URL(text.strip())
    except httpx2.InvalidURL as error:
        raise ConfigError(f"{shown} is no address: {error}.", hint=f"Example: {API_URL}") from None
    problem = _origin_problem(url)
    if problem:
        raise ConfigError(f"{shown} cannot be used: {problem}.", hint=f"Example: {API_URL}")
    return f"{url.scheme}://{_netloc(url)}"


def _origin_problem(url: httpx2.URL) -> str | None:
    port = 443 if url.port is None else url.port
    problems = (
        (url.scheme not in {"http", "https"} or not url.host, "it must start with https:// and name a host"),
        (bool(url.userinfo), "credentials do not belong into an address"),
        (not _HOST.fullmatch(_netloc(url)), "the host is no host name or address"),
        (not 0 < port <= _HIGHEST_PORT, f"a port is a number from 1 to {_HIGHEST_PORT}"),
        (
            url.path not in {"", "/"} or bool(url.query or url.fragment),
            "only scheme and host are allowed, no path",
        ),
        (url.scheme == "http" and not is_loopback(url.host), "plain http would show the secret; use https"),
    )
    return next((problem for there, problem in problems if there), None)


def is_loopback(host: str) -> bool:
    """Say whether a host name or address is this computer."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _port(url: httpx2.URL) -> int | None:
    return {"https": 443, "http": 80}.get(url.scheme) if url.port is None else url.port


def _netloc(url: httpx2.URL) -> str:
    """Return host and port as they travel, without user name and password."""
    return url.netloc.decode("ascii")
