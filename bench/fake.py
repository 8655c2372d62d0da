"""The fake Bitbucket in a process of its own, so that its work is not counted as the collector's."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import httpx2
import msgspec
from worlds import Size

_PATIENCE = 30.0


class Hello(msgspec.Struct, frozen=True):
    """What the fake prints once it can be asked."""

    url: str
    key: str
    workspaces: list[str]


@dataclass(frozen=True, slots=True)
class Fake:
    """A running fake on this computer."""

    hello: Hello

    def counts(self) -> dict[str, int]:
        """Return the requests since the last reset by endpoint, as the server saw them."""
        reply = httpx2.get(f"{self.hello.url}/__fake__/counts", timeout=_PATIENCE)
        return msgspec.json.decode(reply.content, type=dict[str, int])

    def reset(self) -> None:
        """Forget the requests so far."""
        httpx2.post(f"{self.hello.url}/__fake__/reset", timeout=_PATIENCE).raise_for_status()


@contextlib.contextmanager
def serving(size: Size, latency_ms: float) -> Iterator[Fake]:
    """Serve a world on the loopback interface while the context lasts."""
    command = [sys.executable, "-m", "bucketgraph.demo", *size.arguments()]
    command += [f"--latency={latency_ms / 1000}", "--host=127.0.0.1", "--port=0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None  # noqa: S101  # asked for a pipe above
            yield Fake(msgspec.json.decode(process.stdout.readline(), type=Hello))
        finally:
            process.terminate()
            try:
                process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
