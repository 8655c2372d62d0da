"""Asks the fake in process: no sockets, no waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette

Ask = Callable[..., httpx2.Response]


def _request(app: Starlette, path: str, *, method: str = "GET", **options: Any) -> httpx2.Response:
    async def send() -> httpx2.Response:
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://fake") as client:
            return await client.request(method, path, **options)

    return asyncio.run(send())


def _ask(app: Starlette, path: str, *, token: str | None = None, **options: Any) -> httpx2.Response:
    fake = app.state.fake
    bearer = token or fake.grant(next(iter(fake.consumers.values())))["access_token"]
    return _request(app, path, headers={"Authorization": f"Bearer {bearer}"}, **options)


@pytest.fixture
def ask() -> Ask:
    """Send a GET with a good token (or the one given)."""
    return _ask


@pytest.fixture
def request_raw() -> Ask:
    """Send a request exactly as told."""
    return _request
