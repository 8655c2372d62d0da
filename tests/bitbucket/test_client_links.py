"""Links and redirects: credentials never leave the configured origin, and circles end."""

from __future__ import annotations

import httpx2
import pytest
from bitbucket.harness import API, Ear, Wire, always, fetch, ok, open_client, page, read_pages, redirect

from bucketgraph.bitbucket.endpoints import PROJECTS, Listing
from bucketgraph.bitbucket.origins import Origins
from bucketgraph.errors import Rejected, UntrustedLink

pytestmark = pytest.mark.anyio

LISTING = Listing(PROJECTS, "/2.0/workspaces/acme/projects")
FOREIGN = {
    "another host": "https://evil.example/2.0/thing",
    "a look-alike host": "https://api.bitbucket.org.evil.example/2.0/thing",
    "a look-alike prefix": "https://evilapi.bitbucket.org/2.0/thing",
    "a trailing dot": "https://api.bitbucket.org./2.0/thing",
    "the parent host": "https://bitbucket.org/2.0/thing",
    "the userinfo trick": "https://api.bitbucket.org@evil.example/2.0/thing",
    "the userinfo trick with a port": "https://api.bitbucket.org:443@evil.example/2.0/thing",
    "the backslash trick": "https://api.bitbucket.org\\@evil.example/2.0/thing",
    "credentials for the right host": "https://user:pw@api.bitbucket.org/2.0/thing",
    "another port": "https://api.bitbucket.org:8443/2.0/thing",
    "port zero": "https://api.bitbucket.org:0/2.0/thing",
    "no encryption": "http://api.bitbucket.org/2.0/thing",
    "no encryption on 443": "http://api.bitbucket.org:443/2.0/thing",
    "another scheme": "ftp://api.bitbucket.org/2.0/thing",
    "no scheme": "//evil.example/2.0/thing",
    "a file": "file:///etc/passwd",
    "a script": "javascript:alert(1)",
    "no address": "https://[oops/2.0/thing",
    "control characters": "https://api.bitbucket.org/2.0/\x00thing",
}
foreign = pytest.mark.parametrize("link", FOREIGN.values(), ids=FOREIGN.keys())


@foreign
async def test_a_foreign_next_is_refused_and_its_host_hears_nothing(link: str) -> None:
    wire = Wire(page(1, to=link), always())
    async with open_client(wire) as client:
        with pytest.raises(UntrustedLink):
            await read_pages(client, LISTING)
    assert [request.url.host for request in wire.asked] == ["api.bitbucket.org"]
    assert len(wire.token_requests) == 1


@foreign
@pytest.mark.parametrize("code", [301, 302, 307])
async def test_a_foreign_redirect_is_refused_and_its_host_hears_nothing(link: str, code: int) -> None:
    wire = Wire(redirect("/elsewhere", code), always())
    wire._answers[0] = httpx2.Response(code, headers=[(b"location", link.encode())])
    async with open_client(wire) as client:
        with pytest.raises(UntrustedLink):
            await fetch(client)
    assert wire.urls == ["/2.0/thing"]


@foreign
async def test_a_foreign_link_is_refused_before_even_a_token_is_asked_for(link: str) -> None:
    wire = Wire(always())
    async with open_client(wire) as client:
        with pytest.raises(UntrustedLink):
            await fetch(client, link)
    assert wire.asked + wire.token_requests == []


async def test_the_refusal_says_where_the_link_pointed_and_what_to_do() -> None:
    async with open_client(Wire(redirect("https://evil.example/x?token=1"))) as client:
        with pytest.raises(UntrustedLink, match=r"https://evil\.example\)") as caught:
            await fetch(client)
    assert "--api-url" in caught.value.hint


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "location", ["https://api.bitbucket.org/2.0/repositories/a/b/diffstat/x", "/2.0/y?z=1"]
)
async def test_a_redirect_within_the_origin_is_followed_with_the_token(code: int, location: str) -> None:
    wire, ear = Wire(redirect(location, code), ok({"moved": True})), Ear()
    async with open_client(wire, monitor=ear) as client:
        assert (await fetch(client)).value == {"moved": True}
    assert wire.urls == ["/2.0/thing", location.removeprefix(API)]
    assert {request.headers["Authorization"] for request in wire.asked} == {"Bearer token-1"}
    assert {request.method for request in wire.asked} == {"GET"}
    assert ear.calls == ["token", "repository", "repository"]


async def test_a_relative_redirect_is_relative_to_the_address_that_gave_it() -> None:
    wire = Wire(redirect("sibling?x=1"), always())
    async with open_client(wire) as client:
        await fetch(client, "/2.0/repositories/a/b")
    assert wire.urls == ["/2.0/repositories/a/b", "/2.0/repositories/a/sibling?x=1"]


async def test_a_redirect_loop_ends() -> None:
    wire = Wire(lambda request: redirect(str(request.url)))
    async with open_client(wire) as client:
        with pytest.raises(UntrustedLink, match="redirect"):
            await fetch(client)
    assert len(wire.asked) <= 10


async def test_a_redirect_to_nowhere_is_rejected_and_not_guessed() -> None:
    wire = Wire(httpx2.Response(302), always())
    async with open_client(wire) as client:
        with pytest.raises(Rejected, match="302"):
            await fetch(client)
    assert len(wire.asked) == 1


async def test_explicit_default_port_and_upper_case_are_the_same_origin() -> None:
    wire = Wire(page(to="HTTPS://API.Bitbucket.org:443/2.0/x?page=2"), page())
    async with open_client(wire) as client:
        await read_pages(client, LISTING)
    assert wire.urls[1] == "/2.0/x?page=2"


async def test_a_configured_loopback_origin_is_held_to_just_as_strictly() -> None:
    origins = Origins("http://127.0.0.1:7000", "http://127.0.0.1:7000")
    wire = Wire(page(to="http://127.0.0.1:7001/2.0/x"), always())
    async with open_client(wire, origins=origins) as client:
        with pytest.raises(UntrustedLink):
            await read_pages(client, LISTING)
    assert len(wire.asked) == 1
