"""Async tests run on asyncio, and retries do not wait."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import stamina
import stamina.instrumentation


@pytest.fixture
def anyio_backend() -> str:
    """Run async tests on asyncio."""
    return "asyncio"


@pytest.fixture(autouse=True)
def _retries_do_not_wait() -> Iterator[None]:
    stamina.instrumentation.set_on_retry_hooks(())
    with stamina.set_testing(True, attempts=100, cap=True):
        yield
    stamina.instrumentation.set_on_retry_hooks(None)
