"""A scripted wire, a clock that never waits and a listening monitor: what the client's tests are made of."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

import httpx2

from bucketgraph.bitbucket import replies
from bucketgraph.bitbucket.budget import Ledger, MemoryLedger
from bucketgraph.bitbucket.client import Client, Page, Patience, Reply
from bucketgraph.bitbucket.endpoints import REPOSITORY, Endpoint, Listing
from bucketgraph.bitbucket.oauth import Consumer
from bucketgraph.bitbucket.origins import Origins

API = "https://api.bitbucket.org"
KEY, SECRET = "the-key", "the-secret-5f2a"
CONSUMER = Consumer(KEY, SECRET)
BASIC = "Basic " + base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
LIMITED = "Rate limit for this resource has been exceeded"
read_any = replies.decoder(dict)

Answer = httpx2.Response | Exception | Callable[[httpx2.Request], Any]


class FakeClock:
    """Epoch seconds that move only when someone waits; several may wait at once."""

    def __init__(self, start: float = 1_800_000_000.0) -> None:
        """Start at a moment."""
        self.time = start
        self.naps: list[float] = []

    def now(self) -> float:
        """Return the pretended time."""
        return self.time

    async def sleep(self, seconds: float) -> None:
        """Move the time on, letting others run meanwhile."""
        self.naps.append(seconds)
        end = self.time + seconds
        await asyncio.sleep(0)
        self.time = max(self.time, end)


class Ear:
    """A monitor that writes down what it hears."""

    def __init__(self) -> None:
        """Have heard nothing yet."""
        self.calls: list[str] = []
        self.waits: list[tuple[str, float]] = []
        self.resumes = 0

    def called(self, endpoint: str) -> None:
        """Note a call."""
        self.calls.append(endpoint)

    def waiting(self, reason: str, until: float) -> None:
        """Note a wait."""
        self.waits.append((reason, until))

    def resumed(self) -> None:
        """Note the end of a wait."""
        self.resumes += 1


class Wire(httpx2.MockTransport):
    """Answers token requests with tokens `token-1`, `token-2`, … and API requests from a script.

    An answer may be a response, an exception to raise or a function of the request; when the script is used
    up, its last answer repeats if it is a function, else the test fails.
    """

    def __init__(self, *answers: Answer, tokens: Iterable[Answer] = (), expires_in: float = 7200) -> None:
        """Take the answers of the API and, where they matter, of the token address."""
        super().__init__(self._handle)
        self._answers, self._tokens = list(answers), list(tokens)
        self._expires_in = expires_in
        self.asked: list[httpx2.Request] = []
        self.token_requests: list[httpx2.Request] = []

    @property
    def urls(self) -> list[str]:
        """Return the addresses asked at the API, without the origin."""
        return [str(request.url).removeprefix(API) for request in self.asked]

    def query(self, index: int, name: str) -> str:
        """Return one decoded query parameter of an API request."""
        return parse_qs(self.asked[index].url.query.decode())[name][0]

    async def _handle(self, request: httpx2.Request) -> httpx2.Response:
        await asyncio.sleep(0)
        if request.method == "POST":
            self.token_requests.append(request)
            return await _give(self._tokens.pop(0) if self._tokens else self._fresh, request)
        self.asked.append(request)
        if not self._answers:
            raise AssertionError(f"unexpected request to {request.url}")
        repeats = len(self._answers) == 1 and callable(self._answers[0])
        return await _give(self._answers[0] if repeats else self._answers.pop(0), request)

    def _fresh(self, _request: httpx2.Request) -> httpx2.Response:
        return token_answer(f"token-{len(self.token_requests)}", self._expires_in)


async def _give(answer: Answer, request: httpx2.Request) -> httpx2.Response:
    if isinstance(answer, Exception):
        raise answer
    if not callable(answer):
        return answer
    given = answer(request)
    return await given if asyncio.iscoroutine(given) else given


def token_answer(token: str, expires_in: float = 7200) -> httpx2.Response:
    """Return a token in the recorded shape."""
    return httpx2.Response(
        200,
        json={
            "access_token": token,
            "scopes": "pullrequest account project",
            "token_type": "bearer",
            "expires_in": expires_in,
            "state": "client_credentials",
            "refresh_token": "unused",
        },
    )


def ok(value: object = None, **headers: str) -> httpx2.Response:
    """Return a JSON answer."""
    return httpx2.Response(200, json={"ok": True} if value is None else value, headers=headers)


def always(value: object = None) -> Callable[[httpx2.Request], httpx2.Response]:
    """Answer every request with the same JSON."""
    return lambda _request: ok(value)


def status(code: int) -> Callable[[httpx2.Request], httpx2.Response]:
    """Answer every request with the same status and a page for humans."""
    return lambda _request: httpx2.Response(code, text="<html>no</html>")


def limited(**headers: str) -> httpx2.Response:
    """Return the plain-text 429."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx2.Response(429, text=LIMITED, headers=named)


def redirect(location: str, code: int = 302) -> httpx2.Response:
    """Return a redirect."""
    return httpx2.Response(code, headers={"Location": location})


def page(*values: object, to: str | None = None, **more: object) -> httpx2.Response:
    """Return a page of a list, with `next` when `to` is given."""
    return ok({"values": list(values), **({"next": to} if to else {}), **more})


def open_client(
    wire: httpx2.AsyncBaseTransport,
    *,
    clock: FakeClock | None = None,
    ledger: Ledger | None = None,
    monitor: Ear | None = None,
    origins: Origins | None = None,
    **patience: Any,
) -> Client:
    """Return a client on a scripted wire."""
    return Client(
        origins or Origins(),
        CONSUMER,
        ledger=ledger or MemoryLedger(),
        patience=Patience(**patience),
        clock=clock or FakeClock(),
        monitor=monitor or Ear(),
        transport=wire,
    )


async def fetch(client: Client, link: str = "/2.0/thing", endpoint: Endpoint = REPOSITORY) -> Reply[Any]:
    """GET something."""
    return await client.get(link, read_any, endpoint=endpoint, what="the thing")


async def read_pages(client: Client, listing: Listing) -> list[Page]:
    """Read a list to its end."""
    return [one async for one in client.pages(listing, what="the list")]


async def read_items(client: Client, listing: Listing) -> list[bytes]:
    """Read all items of a list."""
    return [item for one in await read_pages(client, listing) for item in one.items]
