"""What holds for every test: no setting of the developer's reaches it, and no socket leaves this computer."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from support import processes

_connect = socket.socket.connect

# Commands that tests start keep their compiled modules, as they do unless an environment says otherwise: without
# them each start takes twice as long, and there are hundreds.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the developer's own settings."""
    for name in list(os.environ):
        if name.startswith("BUCKETGRAPH_"):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def log_as_ever() -> Iterator[None]:
    """Forget how a test, or a command that it ran within this process, wanted to log."""
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()


@pytest.fixture(autouse=True)
def no_process_left() -> Iterator[None]:
    """End the processes a test has started."""
    yield
    processes.end_all()


def _connect_here_only(self: socket.socket, address: Any) -> None:
    host = address[0] if isinstance(address, tuple) else "127.0.0.1"
    if host not in {"127.0.0.1", "::1", "localhost"}:
        raise RuntimeError(f"A test tried to reach {host}.")
    _connect(self, address)


@pytest.fixture(scope="session", autouse=True)
def loopback_only() -> Iterator[None]:
    """Refuse every connection that leaves this computer."""
    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", _connect_here_only)
    yield
    patch.undo()
