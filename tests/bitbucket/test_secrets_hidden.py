"""Secrets: nothing that is printed, logged or raised by accident shows a key's secret or a token."""

from __future__ import annotations

import traceback

import httpx2
import pytest
from bitbucket.harness import CONSUMER, SECRET, Wire, fetch, open_client, token_answer
from rich.console import Console
from rich.pretty import pretty_repr
from rich.traceback import Traceback

from bucketgraph.bitbucket.oauth import Consumer, Token
from bucketgraph.errors import BucketgraphError
from bucketgraph.integrations.configuration import Credentials, NewIntegration

TOKEN = "tok-9d1c77e2"
HOLDERS = [CONSUMER, Token(TOKEN), Credentials((SECRET, SECRET)), NewIntegration("n", ["w"], [CONSUMER])]


@pytest.mark.parametrize("holder", HOLDERS, ids=lambda holder: type(holder).__name__)
def test_printing_a_holder_of_secrets_hides_them(holder: object) -> None:
    for text in (repr(holder), str(holder), f"{[holder]}", pretty_repr(holder), pretty_repr({"x": [holder]})):
        assert SECRET not in text
        assert TOKEN not in text


def test_the_key_is_shown_because_it_says_which_consumer_is_meant() -> None:
    assert repr(Consumer("abc", "def")) == "Consumer(key='abc')"


ANSWERS = {
    "wrong key": [httpx2.Response(401, json={"error": "unauthorized_client"})],
    "no token": [httpx2.Response(200, text=f"<html>{TOKEN}</html>")],
    "token": [token_answer(TOKEN)],
}


@pytest.mark.anyio
@pytest.mark.parametrize("tokens", ANSWERS.values(), ids=ANSWERS.keys())
@pytest.mark.parametrize("code", [400, 401, 403, 404, 410, 429, 500])
async def test_no_error_or_traceback_shows_a_secret(tokens: list[httpx2.Response], code: int) -> None:
    wire = Wire(lambda _request: httpx2.Response(code), tokens=tokens * 2)
    async with open_client(wire, attempts=1, wait_for_budget=False) as client:
        with pytest.raises(BucketgraphError) as caught:
            await fetch(client)
    shown = [caught.value.paragraph(), repr(caught.value), "".join(traceback.format_exception(caught.value))]
    for text in shown:
        assert SECRET not in text
        assert TOKEN not in text


@pytest.mark.anyio
@pytest.mark.parametrize("trouble", [httpx2.Response(404), httpx2.Response(429), httpx2.ReadTimeout("")])
async def test_a_traceback_with_local_variables_shows_no_secret(trouble: httpx2.Response | Exception) -> None:
    wire = Wire(trouble, tokens=[token_answer(TOKEN)])
    async with open_client(wire, attempts=1, wait_for_budget=False) as client:
        with pytest.raises(BucketgraphError) as caught:
            await fetch(client)
    console = Console(record=True, width=500, quiet=True)
    error = caught.value
    shown = Traceback.from_exception(type(error), error, error.__traceback__, show_locals=True)
    text = "\n".join("".join(part.text for part in line) for line in console.render_lines(shown))
    assert type(error).__name__ in text
    assert "locals" in text
    assert SECRET not in text
    assert TOKEN not in text
