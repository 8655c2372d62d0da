"""Retries: passing trouble is tried again a bounded number of times, lasting trouble is named at once."""

from __future__ import annotations

import asyncio

import httpx2
import pytest
from bitbucket.harness import Ear, Wire, always, fetch, ok, open_client, status

from bucketgraph.bitbucket.replies import ServerFault
from bucketgraph.errors import Denied, Gone, NotFound, Rejected, Retryable, Skippable

pytestmark = pytest.mark.anyio


def zipped_wrongly(_request: httpx2.Request) -> httpx2.Response:
    """Answer with a body that is not what its header says."""
    stream = httpx2.ByteStream(b"no gzip")
    return httpx2.Response(200, headers={"Content-Encoding": "gzip"}, stream=stream)


PASSING = {
    "408": httpx2.Response(408),
    "500": httpx2.Response(500),
    "502": httpx2.Response(502, text="<html>"),
    "503": httpx2.Response(503),
    "504": httpx2.Response(504),
    "refused": httpx2.ConnectError("connection refused"),
    "dropped": httpx2.RemoteProtocolError("peer closed connection without sending complete message body"),
    "reset": httpx2.ReadError(""),
    "connect timeout": httpx2.ConnectTimeout(""),
    "read timeout": httpx2.ReadTimeout("slow"),
    "pool timeout": httpx2.PoolTimeout(""),
    "cut JSON": httpx2.Response(200, content=b'{"a": [1, 2'),
    "no body": httpx2.Response(200, content=b""),
    "HTML": httpx2.Response(200, text="<html>We are down</html>"),
    "broken text": httpx2.Response(200, content=b'{"a": "\xff"}'),
    "broken compression": zipped_wrongly,
}


@pytest.mark.parametrize("trouble", PASSING.values(), ids=PASSING.keys())
async def test_passing_trouble_is_tried_again(trouble: httpx2.Response | Exception) -> None:
    wire = Wire(trouble, ok({"fine": 1}))
    async with open_client(wire) as client:
        assert (await fetch(client)).value == {"fine": 1}
    assert len(wire.asked) == 2


@pytest.mark.parametrize("attempts", [1, 3, 5])
@pytest.mark.parametrize("trouble", PASSING.values(), ids=PASSING.keys())
async def test_lasting_trouble_ends_after_the_given_number_of_tries(
    trouble: httpx2.Response | Exception, attempts: int
) -> None:
    wire = Wire(*[trouble] * attempts)
    async with open_client(wire, attempts=attempts) as client:
        with pytest.raises(Retryable) as caught:
            await fetch(client)
    assert len(wire.asked) == attempts
    assert isinstance(caught.value, ServerFault) is (getattr(trouble, "status_code", 200) != 200)


async def test_five_tries_are_the_default() -> None:
    wire = Wire(status(503))
    async with open_client(wire) as client:
        with pytest.raises(ServerFault, match="503 for the thing"):
            await fetch(client)
    assert len(wire.asked) == 5


async def test_every_try_is_told_to_the_monitor_and_charged_to_the_budget() -> None:
    wire, ear = Wire(status(503)), Ear()
    async with open_client(wire, monitor=ear, attempts=4) as client:
        with pytest.raises(ServerFault):
            await fetch(client)
        assert client.budget.spent["repositories"] == 4
    assert ear.calls == ["token", *["repository"] * 4]


async def test_an_answer_that_never_comes_ends_with_the_timeout() -> None:
    async def drip(_request: httpx2.Request) -> httpx2.Response:
        await asyncio.Event().wait()
        raise AssertionError

    async with open_client(Wire(drip), attempts=2, timeout=0.01) as client:
        with pytest.raises(Retryable, match=r"within 0\.01 seconds"):
            await asyncio.wait_for(fetch(client), 5)


async def test_a_token_answer_that_never_comes_ends_with_the_timeout() -> None:
    async def drip(_request: httpx2.Request) -> httpx2.Response:
        await asyncio.Event().wait()
        raise AssertionError

    async with open_client(Wire(always(), tokens=[drip] * 2), attempts=2, timeout=0.01) as client:
        with pytest.raises(Retryable, match=r"within 0\.01 seconds"):
            await asyncio.wait_for(client.token(), 5)


LASTING = {
    "400": (httpx2.Response(400, json={"error": {"message": "Bad filter"}}), Rejected),
    "403": (httpx2.Response(403, json={"error": {"message": "Forbidden"}}), Denied),
    "404": (httpx2.Response(404, json={"error": {"message": "No workspace with identifier 'x'."}}), NotFound),
    "404 in plain text": (httpx2.Response(404, text="Not Found"), NotFound),
    "410": (httpx2.Response(410, json={"error": {"message": "CHANGE-2770"}}), Gone),
    "202": (httpx2.Response(202), Rejected),
    "204": (httpx2.Response(204), Rejected),
    "304": (httpx2.Response(304), Rejected),
    "405": (httpx2.Response(405), Rejected),
    "451": (httpx2.Response(451), Rejected),
    "list": (httpx2.Response(200, json=[1]), Rejected),
    "null": (httpx2.Response(200, content=b"null"), Rejected),
    "absurd nesting": (httpx2.Response(200, content=b'{"a":' + b"[" * 100_000), Rejected),
}


@pytest.mark.parametrize(("answer", "kind"), LASTING.values(), ids=LASTING.keys())
async def test_what_a_retry_cannot_change_is_raised_at_once_as_its_kind(
    answer: httpx2.Response, kind: type[Skippable]
) -> None:
    wire = Wire(answer)
    async with open_client(wire) as client:
        with pytest.raises(kind) as caught:
            await fetch(client)
    assert type(caught.value) is kind
    assert len(wire.asked) == 1


async def test_the_answer_carries_the_servers_own_time() -> None:
    wire = Wire(ok(Date="Mon, 23 Nov 2026 10:00:00 GMT"), ok())
    async with open_client(wire) as client:
        assert (await fetch(client)).server_ms == 1_795_428_000_000
        assert (await fetch(client)).server_ms is None
