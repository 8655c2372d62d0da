"""Tokens: where the secret goes, how often a token is asked for, and what a refusal tells the person."""

from __future__ import annotations

import asyncio

import httpx2
import pytest
from bitbucket.harness import (
    BASIC,
    SECRET,
    FakeClock,
    Wire,
    always,
    fetch,
    ok,
    open_client,
    status,
    token_answer,
)

from bucketgraph.bitbucket.origins import OAUTH_URL, Origins
from bucketgraph.errors import CredentialError, Retryable

pytestmark = pytest.mark.anyio


def unauthorized() -> httpx2.Response:
    """Return the recorded answer to an expired token."""
    said = "Access token expired. Use your refresh token to obtain a new access token."
    return httpx2.Response(401, json={"type": "error", "error": {"message": said}})


def refusal(code: int, error: str, description: str) -> httpx2.Response:
    """Return an OAuth error, whose `error` is a string."""
    return httpx2.Response(code, json={"error": error, "error_description": description})


async def test_key_and_secret_travel_as_basic_auth_to_the_token_address_only() -> None:
    wire = Wire(always())
    async with open_client(wire) as client:
        await fetch(client)
    (asked,) = wire.token_requests
    assert str(asked.url) == "https://bitbucket.org/site/oauth2/access_token"
    assert asked.headers["Authorization"] == BASIC
    assert asked.content == b"grant_type=client_credentials"
    assert [request.headers["Authorization"] for request in wire.asked] == ["Bearer token-1"]


async def test_the_token_is_asked_at_the_configured_oauth_origin() -> None:
    wire = Wire(always())
    origins = Origins("http://127.0.0.1:7001", "http://127.0.0.1:7002")
    async with open_client(wire, origins=origins) as client:
        await fetch(client)
    assert str(wire.token_requests[0].url) == "http://127.0.0.1:7002/site/oauth2/access_token"
    assert str(wire.asked[0].url) == "http://127.0.0.1:7001/2.0/thing"


async def test_neither_token_nor_secret_ever_stands_in_an_address() -> None:
    wire = Wire(unauthorized(), always())
    async with open_client(wire) as client:
        await fetch(client, "/2.0/thing?page=2")
    for request in wire.asked + wire.token_requests:
        assert "token-" not in str(request.url)
        assert SECRET not in str(request.url)


async def test_one_token_serves_many_calls() -> None:
    wire = Wire(always())
    async with open_client(wire) as client:
        for _ in range(10):
            await fetch(client)
    assert len(wire.token_requests) == 1


async def test_many_calls_at_once_ask_for_one_token() -> None:
    wire = Wire(always())
    async with open_client(wire, concurrency=20) as client:
        await asyncio.gather(*(fetch(client) for _ in range(50)))
    assert (len(wire.token_requests), len(wire.asked)) == (1, 50)


@pytest.mark.parametrize(("lifetime", "good_at", "renewed_at"), [(7200, 6500, 6700), (100, 80, 95)])
async def test_the_token_is_renewed_shortly_before_the_end_its_answer_names(
    lifetime: float, good_at: float, renewed_at: float
) -> None:
    wire, clock = Wire(always(), expires_in=lifetime), FakeClock()
    start = clock.time
    async with open_client(wire, clock=clock) as client:
        for moment in (0.0, good_at, renewed_at):
            clock.time = start + moment
            await fetch(client)
    used = [request.headers["Authorization"] for request in wire.asked]
    assert used == ["Bearer token-1", "Bearer token-1", "Bearer token-2"]


async def test_a_401_renews_the_token_once_and_replays_the_call_once() -> None:
    wire = Wire(unauthorized(), ok({"answer": 42}))
    async with open_client(wire) as client:
        reply = await fetch(client)
    assert reply.value == {"answer": 42}
    assert [request.headers["Authorization"] for request in wire.asked] == [
        "Bearer token-1",
        "Bearer token-2",
    ]


async def test_a_second_401_is_a_credential_error_and_ends_the_tries() -> None:
    wire = Wire(lambda _request: unauthorized())
    async with open_client(wire) as client:
        with pytest.raises(CredentialError, match="401") as caught:
            await fetch(client)
    assert (len(wire.asked), len(wire.token_requests)) == (2, 2)
    assert "settings" in caught.value.hint


async def test_calls_that_begin_at_once_wait_for_one_token_and_use_no_other() -> None:
    wire = Wire(always())
    async with open_client(wire, concurrency=8) as client:
        await asyncio.gather(*(fetch(client) for _ in range(8)))
    assert {request.headers["Authorization"] for request in wire.asked} == {"Bearer token-1"}
    assert (len(wire.asked), len(wire.token_requests)) == (8, 1)


async def test_calls_that_lose_the_same_token_renew_it_once_for_all() -> None:
    def only_the_second(request: httpx2.Request) -> httpx2.Response:
        return ok() if request.headers["Authorization"] == "Bearer token-2" else unauthorized()

    wire = Wire(only_the_second)
    async with open_client(wire, concurrency=8) as client:
        await asyncio.gather(*(fetch(client) for _ in range(8)))
    assert len(wire.token_requests) == 2


async def test_a_late_401_to_a_token_already_replaced_does_not_renew_it_again() -> None:
    both, replaced = asyncio.Barrier(2), asyncio.Event()

    async def refuse_the_first_token(request: httpx2.Request) -> httpx2.Response:
        if request.headers["Authorization"] != "Bearer token-1":
            replaced.set()
            return ok()
        await both.wait()
        if request.url.path == "/2.0/late":
            await replaced.wait()
        return unauthorized()

    wire = Wire(refuse_the_first_token)
    async with open_client(wire) as client:
        await asyncio.gather(fetch(client), fetch(client, "/2.0/late"))
    assert len(wire.token_requests) == 2


async def test_a_replay_whose_token_others_have_replaced_is_replayed_with_the_newest() -> None:
    late_again, replaced = asyncio.Event(), asyncio.Event()

    async def only_the_third(request: httpx2.Request) -> httpx2.Response:
        token = request.headers["Authorization"].removeprefix("Bearer ")
        if token == "token-3":
            replaced.set()
            return ok()
        if token == "token-2" and request.url.path == "/2.0/late":
            late_again.set()
            await replaced.wait()
        return unauthorized()

    async def meanwhile() -> None:
        await late_again.wait()
        await fetch(client)

    wire = Wire(only_the_third)
    async with open_client(wire) as client:
        await asyncio.gather(fetch(client, "/2.0/late"), meanwhile())
    late = [r.headers["Authorization"] for r in wire.asked if r.url.path == "/2.0/late"]
    assert late == ["Bearer token-1", "Bearer token-2", "Bearer token-3"]
    assert len(wire.token_requests) == 3


async def test_a_consumer_refused_to_many_calls_at_once_ends_them_all_soon() -> None:
    wire = Wire(lambda _request: unauthorized())
    async with open_client(wire, concurrency=8) as client:
        ended = await asyncio.gather(*(fetch(client) for _ in range(8)), return_exceptions=True)
    assert [type(one) for one in ended] == [CredentialError] * 8
    assert len(wire.token_requests) <= 1 + 8, "each call renews at most once"


async def test_a_token_that_ends_during_a_long_pause_is_not_sent_any_more() -> None:
    clock = FakeClock()
    born: dict[str, float] = {}

    def new_token(_request: httpx2.Request) -> httpx2.Response:
        born[f"Bearer token-{len(born)}"] = clock.time
        return token_answer(f"token-{len(born) - 1}", 1000)

    def pause_once(request: httpx2.Request) -> httpx2.Response:
        assert clock.time < born[request.headers["Authorization"]] + 1000
        if len(born) == 1:
            return httpx2.Response(429, headers={"Retry-After": "3000"})
        return ok()

    wire = Wire(pause_once, tokens=[new_token] * 2)
    async with open_client(wire, clock=clock) as client:
        await fetch(client)
    assert len(wire.asked) == 2


PUBLIC = refusal(
    400, "invalid_grant", 'Cannot use client_credentials with a consumer marked as "public". Use private.'
)
NO_CALLBACK = refusal(400, "invalid_request", "No callback uri defined for the OAuth client.")
WRONG_KEY = refusal(
    401, "unauthorized_client", "Requests must be authenticated using OAuth client credentials"
)


@pytest.mark.parametrize(
    ("answer", "message", "hint"),
    [
        (PUBLIC, "public", "This is a private consumer"),
        (NO_CALLBACK, "callback", "callback URL"),
        (WRONG_KEY, "unauthorized_client", "Compare both"),
        (httpx2.Response(400, text="Bad Request"), "HTTP 400", "Compare both"),
        (
            httpx2.Response(403, json={"error": "access_denied", "error_description": None}),
            "access_denied",
            "",
        ),
        (httpx2.Response(404, text="no such page"), "404", "--oauth-url"),
        (httpx2.Response(302, headers={"Location": "https://evil.example/"}), "302", "--oauth-url"),
    ],
    ids=["public", "callback", "wrong-key", "plain-text", "null-description", "wrong-address", "redirect"],
)
async def test_a_refused_consumer_is_a_credential_error_that_says_what_to_mend(
    answer: httpx2.Response, message: str, hint: str
) -> None:
    wire = Wire(always(), tokens=[answer])
    async with open_client(wire) as client:
        with pytest.raises(CredentialError) as caught:
            await fetch(client)
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.hint
    assert SECRET not in caught.value.paragraph()
    assert (len(wire.token_requests), len(wire.asked)) == (1, 0)


async def test_a_redirect_of_the_token_address_is_never_followed() -> None:
    wire = Wire(always(), tokens=[httpx2.Response(307, headers={"Location": "https://evil.example/"})])
    async with open_client(wire) as client:
        with pytest.raises(CredentialError):
            await client.token()
    assert [str(request.url) for request in wire.token_requests] == [OAUTH_URL + "/site/oauth2/access_token"]


@pytest.mark.parametrize(
    "trouble",
    [
        httpx2.Response(500),
        httpx2.Response(503, text="<html>"),
        httpx2.Response(429, text="slow down"),
        httpx2.Response(200, text="<html>hello</html>"),
        httpx2.Response(200, json={"token": "of another shape"}),
        httpx2.ConnectError("refused"),
        httpx2.ReadTimeout(""),
    ],
    ids=["500", "503", "429", "html", "shape", "refused", "timeout"],
)
async def test_trouble_at_the_token_address_is_tried_again(trouble: httpx2.Response | Exception) -> None:
    wire = Wire(always(), tokens=[trouble])
    async with open_client(wire) as client:
        assert (await client.token()).scopes == "pullrequest account project"
    assert len(wire.token_requests) == 2


@pytest.mark.parametrize("by_a_call", [True, False])
async def test_a_broken_token_address_is_tried_as_often_as_any_call_and_no_more(*, by_a_call: bool) -> None:
    wire = Wire(always(), tokens=[httpx2.Response(503) for _ in range(100)])
    async with open_client(wire, attempts=4) as client:
        with pytest.raises(Retryable, match="token endpoint answered 503"):
            await (fetch(client) if by_a_call else client.token())
    assert (len(wire.token_requests), len(wire.asked)) == (4, 0)


@pytest.mark.parametrize("useless", ["", "two words", "line\nbreak", "tokén"])
async def test_an_unusable_token_is_asked_for_again_and_never_sent(useless: str) -> None:
    wire = Wire(always(), tokens=[token_answer(useless)])
    async with open_client(wire) as client:
        await fetch(client)
    assert [request.headers["Authorization"] for request in wire.asked] == ["Bearer token-2"]


async def test_a_failed_token_request_is_not_remembered() -> None:
    wire = Wire(always(), tokens=[WRONG_KEY])
    async with open_client(wire) as client:
        with pytest.raises(CredentialError):
            await fetch(client)
        await fetch(client)
    assert len(wire.asked) == 1


async def test_numbers_sent_as_text_are_understood() -> None:
    answer = httpx2.Response(200, json={"access_token": "t", "scopes": "account", "expires_in": "60"})
    async with open_client(Wire(always(), tokens=[answer])) as client:
        assert (await client.token()).expires_in == 60


async def test_every_request_names_the_program_and_asks_for_json() -> None:
    wire = Wire(status(404), tokens=())
    async with open_client(wire) as client:
        with pytest.raises(Exception, match="404"):
            await fetch(client)
    assert wire.asked[0].headers["User-Agent"] == "bucketgraph"
    assert wire.asked[0].headers["Accept"] == "application/json"
