"""Processes that tests start, and that end with the test however it ends."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from typing import Any

_started: list[subprocess.Popen[str]] = []


def start(command: Sequence[str], **options: Any) -> subprocess.Popen[str]:
    """Start a process that talks in text; `end_all` ends it after the test."""
    process = subprocess.Popen(command, text=True, **options)
    _started.append(process)
    return process


def end_all() -> None:
    """End what is still running and close all pipes.

    A test that fails between starting and waiting would else leave them to the garbage collector, whose
    warning then fails whatever test happens to run next.
    """
    while _started:
        process = _started.pop()
        process.kill()
        with process:  # waits, and closes the pipes
            pass
