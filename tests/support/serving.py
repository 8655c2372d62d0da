"""A server in a process of its own, schedules for tests, and waiting for what it does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from bucketgraph.app import App
from bucketgraph.integrations.configuration import Config, Integration, Polling
from bucketgraph.integrations.schedule import next_due
from bucketgraph.store.base import Run
from support import processes
from support.workbench import SECRET

T = TypeVar("T")


def eventually(look: Callable[[], T], *, within: float = 30.0) -> T:
    """Return the first true answer; fail after so many seconds."""
    until = time.monotonic() + within
    while not (found := look()):
        assert time.monotonic() < until, f"nothing came within {within} s"
        time.sleep(0.02)  # another process or thread decides when
    return found


def set_polling(app: App, integration: Integration, polling: Polling, **changes: Any) -> Integration:
    """Change when an integration is collected; other changes are those of its row or its configuration."""
    row = next(one for one in app.store.integrations() if one.id == integration.id)
    updated_on = changes.pop("updated_on", int(time.time() * 1000))
    config = msgspec.json.decode(row.config, type=Config)
    config = msgspec.structs.replace(config, polling=polling, **changes)
    app.store.update_integration(
        replace(row, config=msgspec.json.encode(config).decode(), updated_on=updated_on)
    )
    return next(one for one in app.registry.all() if one.id == integration.id)


def quiet_polling(integration: Integration) -> Polling:
    """Return an interval whose next tick is far enough away not to come during a test."""
    now = int(time.time() * 1000)
    candidates = [Polling("THIRTY_MINUTES"), Polling("ONE_HOUR")]
    return max(candidates, key=lambda one: next_due(one, integration.id, now) or 0)


def ended(app: App, job: str) -> Run | None:
    """Return the run of a job when it has ended."""
    run = app.store.run_of_workflow(job)
    return run if run is not None and run.status != "IN_PROGRESS" else None


@dataclass
class Server:
    """`bucketgraph serve` in another process; what it logs goes to a file."""

    process: subprocess.Popen[str]
    log: Path
    before: int

    @classmethod
    def start(cls, home: Path, **settings: str) -> Server:
        """Start a server on a home, on any free port."""
        log = home / "server.log"
        before = log.stat().st_size if log.exists() else 0
        variables = {
            **os.environ,
            "BUCKETGRAPH_HOME": str(home),
            "BUCKETGRAPH_HOURLY_CALLS": "1000000",
            "BUCKETGRAPH_RETRY_WAIT_SECONDS": "0",
            "COLUMNS": "200",
            **settings,
        }
        with log.open("a") as file:
            process = processes.start(
                [sys.executable, "-m", "bucketgraph", "serve", "--port", "0"],
                env=variables,
                stdout=file,
                stderr=file,
                stdin=subprocess.DEVNULL,
            )
        return cls(process, log, before)

    @property
    def said(self) -> str:
        """Return what it wrote, which may hold no secret."""
        text = self.log.read_text()[self.before :]
        assert SECRET not in text
        return text

    def url(self) -> str:
        """Return where it answers, when it does."""
        word = "serves on "
        eventually(lambda: word in self.said or self.process.poll() is not None)
        assert self.process.poll() is None, self.said
        return self.said.split(word)[1].split()[0]

    def kill(self) -> None:
        """Kill it as an empty battery would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=30)

    def stop(self, one: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop and return its exit code."""
        self.process.send_signal(one)
        return self.process.wait(timeout=30)
