"""Where Bitbucket is, and the rule that credentials never go anywhere else."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

import httpx2

from bucketgraph.errors import ConfigError, UntrustedLink

API_URL = "https://api.bitbucket.org"
OAUTH_URL = "https://bitbucket.org"
TOKEN_PATH = "/site/oauth2/access_token"  # noqa: S105  # a path, not a secret


@dataclass(frozen=True, slots=True)
class Origins:
    """The two origins (scheme, host, port) that may receive credentials.

    Since 2026-05-04 OAuth calls must go to api.bitbucket.org; only the token endpoint stays on
    bitbucket.org (CHANGE-3052).
    """

    api: str = API_URL
    oauth: str = OAUTH_URL

    @property
    def token_url(self) -> str:
        """Return the address that turns a key and secret into a token."""
        return self.oauth + TOKEN_PATH

    def resolve(self, link: str) -> str:
        """Return an absolute address on the API origin for a path or a link, or raise UntrustedLink.

        Scheme, host and port must be the configured ones and no user name may stand in the address, so
        look-alike hosts (`api.bitbucket.org.evil.example`) and `https://api.bitbucket.org@evil.example`
        are refused.
        """
        try:
            url = httpx2.URL(self.api).join(link)
        except httpx2.InvalidURL as error:
            raise UntrustedLink(f"Bitbucket answered with a link that is no address: {error}.") from None
        home = httpx2.URL(self.api)
        same = (url.scheme, url.host, _port(url)) == (home.scheme, home.host, _port(home))
        if not same or url.userinfo:
            raise UntrustedLink(
                f"Bitbucket's answer points to another host ({url.scheme}://{url.host}); "
                f"credentials go only to {self.api}, so the link was not followed.",
                hint="If a proxy stands between, set the integration's --api-url to the address it gives out.",
            )
        return str(url)


def check_origin(text: str, *, flag: str) -> str:
    """Return the origin without a trailing slash, or raise ConfigError.

    Only scheme and host (and port) are allowed; plain http only towards this computer, because the
    consumer's secret travels to it.
    """
    try:
        url = httpx2.URL(text.strip())
    except httpx2.InvalidURL as error:
        raise ConfigError(f"{flag} {text!r} is no address: {error}.", hint=f"Example: {API_URL}") from None
    problem = _origin_problem(url)
    if problem:
        raise ConfigError(f"{flag} {text!r} cannot be used: {problem}.", hint=f"Example: {API_URL}")
    return f"{url.scheme}://{url.netloc.decode()}"


def _origin_problem(url: httpx2.URL) -> str | None:
    if url.scheme not in {"http", "https"} or not url.host:
        return "it must start with https:// and name a host"
    if url.userinfo:
        return "credentials do not belong into an address"
    if url.path not in {"", "/"} or url.query or url.fragment:
        return "only scheme and host are allowed, no path"
    if url.scheme == "http" and not is_loopback(url.host):
        return "plain http would show the secret to the network; use https"
    return None


def is_loopback(host: str) -> bool:
    """Say whether a host name or address is this computer."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _port(url: httpx2.URL) -> int | None:
    return url.port or {"https": 443, "http": 80}.get(url.scheme)
