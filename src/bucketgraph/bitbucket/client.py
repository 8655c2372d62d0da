"""The client of one OAuth consumer: spends budget, sends, retries, pauses and pages."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from types import TracebackType
from typing import Generic, Self, TypeVar

import httpx2
import msgspec
import stamina

from bucketgraph.bitbucket import replies
from bucketgraph.bitbucket.budget import Budget, Ledger, consumer_id
from bucketgraph.bitbucket.clock import Clock, SystemClock
from bucketgraph.bitbucket.endpoints import Endpoint, Group, Listing
from bucketgraph.bitbucket.monitor import Monitor, SilentMonitor
from bucketgraph.bitbucket.oauth import Consumer, Token, TokenCache, read_token
from bucketgraph.bitbucket.origins import Origins
from bucketgraph.errors import BudgetSpent, CredentialError, RateLimited, Retryable, UntrustedLink

T = TypeVar("T")

_SMALLER_PAGES = {100: 50, 50: 25, 25: 10}
_MOST_REDIRECTS = 5
_MOST_PAUSES = 12


@dataclass(frozen=True, slots=True)
class Patience:
    """How the client deals with failures and limits. All times in seconds.

    A 429 pauses the whole consumer: for Retry-After where given (capped), else from `pause` doubling up to
    `pause_cap`, because a quick retry only spends more of the same budget.
    """

    attempts: int = 5
    wait_initial: float = 1.0
    wait_max: float = 30.0
    pause: float = 30.0
    pause_cap: float = 900.0
    retry_after_cap: float = 3600.0
    timeout: float = 60.0
    hourly_calls: int = 950
    concurrency: int = 4
    wait_for_budget: bool = True


@dataclass(frozen=True, slots=True)
class Reply(Generic[T]):
    """A decoded answer and the server's time of it (epoch ms, None where it did not say)."""

    value: T
    server_ms: int | None


class Envelope(msgspec.Struct, frozen=True):
    """A page of a list; only `values` and `next` can be relied on."""

    values: list[msgspec.Raw]
    next: str | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """The items of one page as raw JSON, and what the page says of the whole list."""

    items: tuple[bytes, ...]
    size: int | None
    server_ms: int | None


@dataclass(slots=True)
class _Gate:
    """Holds back all calls of a consumer after a 429."""

    until: float = 0.0
    strikes: int = 0
    turn: int = field(default=0)


_decode_envelope = replies.decoder(Envelope)


class Client:
    """Calls Bitbucket as one consumer. Use as an async context manager."""

    def __init__(
        self,
        origins: Origins,
        consumer: Consumer,
        *,
        ledger: Ledger,
        patience: Patience | None = None,
        clock: Clock | None = None,
        monitor: Monitor | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        """Open no connection yet; `transport` replaces the network in tests and in the demo."""
        self.origins, self.consumer = origins, consumer
        self._patience = patience or Patience()
        self._clock = clock or SystemClock()
        self._monitor = monitor or SilentMonitor()
        limit = self._patience.hourly_calls
        self.budget = Budget(ledger, consumer_id(consumer.key), limit=limit, clock=self._clock.now)
        self._budget_lock = asyncio.Lock()
        self._slots = asyncio.Semaphore(self._patience.concurrency)
        self._gate = _Gate()
        self._pagelens: dict[str, int] = {}
        self._tokens = TokenCache(self._fetch_token, self._clock)
        self._http = httpx2.AsyncClient(
            transport=transport,
            trust_env=not origins.on_this_computer,
            verify=origins.trust(),
            timeout=self._patience.timeout,
            follow_redirects=False,
            limits=httpx2.Limits(
                max_connections=self._patience.concurrency + 1,
                max_keepalive_connections=self._patience.concurrency + 1,
            ),
            headers={"User-Agent": "bucketgraph", "Accept": "application/json"},
        )

    async def __aenter__(self) -> Self:
        """Start using the client."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close connections and give back booked calls that were not made."""
        try:
            await self._http.aclose()
        finally:
            await asyncio.to_thread(self.budget.close)

    async def token(self) -> Token:
        """Return a valid token; its `scopes` say what the consumer may see."""
        async for attempt in self._attempts():
            with attempt:
                return await self._tokens.get()
        raise AssertionError  # pragma: no cover  # stamina either returns or raises

    async def get(
        self, link: str, decode: Callable[[bytes], T], *, endpoint: Endpoint, what: str
    ) -> Reply[T]:
        """GET a path or same-origin link and decode it; `what` names it in errors.

        Raises Skippable for answers a retry cannot change, Retryable when retries are used up,
        CredentialError when the consumer itself is refused, BudgetSpent when waiting is not wanted.
        """
        return await self._get(self.origins.resolve(link), decode, endpoint, what)

    async def _get(
        self, url: httpx2.URL, decode: Callable[[bytes], T], endpoint: Endpoint, what: str
    ) -> Reply[T]:
        async for attempt in self._attempts():
            with attempt:
                response = await self._authorized(url, endpoint, what)
                return Reply(decode(response.content), replies.server_ms(response))
        raise AssertionError  # pragma: no cover  # stamina either returns or raises

    async def pages(self, listing: Listing, *, what: str) -> AsyncGenerator[Page, None]:
        """Yield the pages of a list, following `next` verbatim.

        When a page length is refused, or every try of a page ends in a server error, the list starts again
        with smaller pages: items may then come twice, so callers key them by identity.
        """
        name = listing.endpoint.name
        pagelen = self._pagelens.get(name, listing.endpoint.pagelen)
        halved = False
        while True:
            try:
                async with aclosing(self._walk(listing, pagelen, what)) as walk:
                    async for page in walk:
                        yield page
            except (replies.PagelenRefused, replies.ServerFault) as error:
                fault = isinstance(error, replies.ServerFault)
                if pagelen not in _SMALLER_PAGES or (fault and halved):
                    raise
                pagelen, halved = _SMALLER_PAGES[pagelen], halved or fault
                if not fault:
                    self._pagelens[name] = pagelen
            else:
                return

    async def _walk(self, listing: Listing, pagelen: int, what: str) -> AsyncGenerator[Page, None]:
        url = self.origins.resolve(listing.first_url(pagelen))
        seen: set[str] = set()
        while True:
            seen.add(str(url))
            reply = await self._get(url, _decode_envelope, listing.endpoint, what)
            page = reply.value
            yield Page(tuple(bytes(item) for item in page.values), page.size, reply.server_ms)
            if not page.next:
                return
            url = self.origins.resolve(page.next)
            if str(url) in seen:
                raise UntrustedLink(
                    f"The list of {what} runs in a circle: its `next` names a page already read."
                )

    def _attempts(self) -> AsyncIterator[stamina.Attempt]:
        patience = self._patience
        return stamina.retry_context(
            on=self._when_to_retry,
            attempts=patience.attempts,
            timeout=None,
            wait_initial=patience.wait_initial,
            wait_max=patience.wait_max,
            wait_jitter=patience.wait_initial,
        ).__aiter__()

    def _when_to_retry(self, error: Exception) -> bool | float:
        """Say whether, and for a 429 after how many seconds, a call is tried again."""
        return self._patience.pause if isinstance(error, RateLimited) else isinstance(error, Retryable)

    async def _authorized(self, url: httpx2.URL, endpoint: Endpoint, what: str) -> httpx2.Response:
        """Send until there is an answer that is neither 401, 429 nor a redirect, or raise.

        A 401 to the newest token renews it once and replays the call once. One to a token that another call
        has replaced meanwhile says nothing of the newest, so it counts for nothing; and as each call renews
        only once, this ends.
        """
        renewed, redirects = False, 0
        while True:
            response, token = await self._send(url, endpoint)
            status = response.status_code
            if status == httpx2.codes.OK:
                return response
            if status == httpx2.codes.UNAUTHORIZED:
                if renewed and self._tokens.is_newest(token):
                    raise CredentialError(
                        f"Bitbucket refuses a freshly issued token for {what} (401).",
                        hint="The consumer may just have been edited or removed; "
                        "check it in the workspace's settings.",
                    )
                renewed = renewed or self._tokens.is_newest(token)
                self._tokens.reject(token)
            elif status in replies.REDIRECTS and response.headers.get("Location"):
                url = self.origins.resolve(response.headers["Location"], base=url)
                redirects += 1
                if redirects > _MOST_REDIRECTS:
                    raise UntrustedLink(f"Bitbucket redirects {what} more than {_MOST_REDIRECTS} times.")
            elif status != httpx2.codes.TOO_MANY_REQUESTS:
                raise replies.failure(response, what)

    async def _send(self, url: httpx2.URL, endpoint: Endpoint) -> tuple[httpx2.Response, Token]:
        """Send as soon as gate and budget allow it; a slot is held only while the call is under way.

        Token, gate and budget are looked at again after every wait, because a wait may take an hour.
        """
        while True:
            token = await self._tokens.get()
            async with self._slots:
                if self._gate.until <= self._clock.now() and self.budget.spend(endpoint.group):
                    return await self._call(url, endpoint, token), token
            await self._pass_gate()
            await self._book(endpoint.group)

    async def _call(self, url: httpx2.URL, endpoint: Endpoint, token: Token) -> httpx2.Response:
        turn = self._gate.turn
        self._monitor.called(endpoint.name)
        response = await self._exchange(
            self._http.get(url, headers={"Authorization": f"Bearer {token.access_token}"}), self.origins.api
        )
        if turn == self._gate.turn:
            if response.status_code == httpx2.codes.TOO_MANY_REQUESTS:
                self._close_gate(response)
            elif response.status_code < httpx2.codes.INTERNAL_SERVER_ERROR:
                self._gate.strikes = 0
        return response

    async def _exchange(self, call: Awaitable[httpx2.Response], origin: str) -> httpx2.Response:
        """Wait for an answer, all of it, for no longer than one call may take."""
        try:
            async with asyncio.timeout(self._patience.timeout):
                return await call
        except TimeoutError:
            problem = f"no complete answer within {self._patience.timeout:g} seconds"
        except httpx2.RequestError as error:
            problem = _cause(error)
        raise Retryable(f"The connection to {origin} failed ({problem}).")

    def _close_gate(self, response: httpx2.Response) -> None:
        """Pause all calls of this consumer; calls that were under way together count as one strike."""
        gate, patience, now = self._gate, self._patience, self._clock.now()
        asked = replies.retry_after(response, now=now)
        if asked is not None:
            pause = min(asked, patience.retry_after_cap)
        else:
            doubled = patience.pause * 2 ** min(gate.strikes, _MOST_PAUSES)
            pause = min(doubled * random.uniform(1.0, 1.2), patience.pause_cap)  # noqa: S311  # spreads, hides nothing
        gate.until, gate.strikes, gate.turn = now + pause, gate.strikes + 1, gate.turn + 1
        if not patience.wait_for_budget:
            raise BudgetSpent(
                "Bitbucket's rate limit is reached (429) and waiting is switched off.", until=gate.until
            )
        if gate.strikes > _MOST_PAUSES:
            raise BudgetSpent("Bitbucket kept answering 429 after many pauses.", until=gate.until)

    async def _pass_gate(self) -> None:
        while (until := self._gate.until) > self._clock.now():
            await self._wait("Bitbucket's rate limit is reached (429)", until)

    async def _book(self, group: Group) -> None:
        """Book a block of calls, unless another task has just done so; wait when there are none."""
        async with self._budget_lock:
            if self.budget.holds(group):
                return
            retry_at = await asyncio.to_thread(self.budget.book, group)
        if retry_at is not None:
            await self._wait(
                f"the budget of {self._patience.hourly_calls} calls an hour is used up", retry_at
            )

    async def _wait(self, reason: str, until: float) -> None:
        if not self._patience.wait_for_budget:
            raise BudgetSpent(f"Stopped because {reason} and waiting is switched off.", until=until)
        self._monitor.waiting(reason, until)
        try:
            await self._clock.sleep(max(0.05, until - self._clock.now()))
        finally:
            self._monitor.resumed()

    async def _fetch_token(self) -> Token:
        """Ask once; whoever needs the token tries again."""
        self._monitor.called("token")
        answer = self._http.post(
            self.origins.token_url,
            data={"grant_type": "client_credentials"},
            auth=(self.consumer.key, self.consumer.secret),
        )
        return read_token(await self._exchange(answer, self.origins.oauth))


def _cause(error: httpx2.RequestError) -> str:
    """Name a transport error without its address."""
    text = str(error).strip()
    return text or type(error).__name__
