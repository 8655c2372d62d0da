"""The command in this process: as quick as a call, with the same exit codes and output."""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from bucketgraph.cli import main
from support.command import Ended


@dataclass
class Inside:
    """Runs commands on one home; `patch` undoes afterwards what was set."""

    home: Path
    patch: pytest.MonkeyPatch

    def run(self, *arguments: str, environment: dict[str, str] | None = None) -> Ended:
        """Run one command with nobody at the terminal."""
        out, err = _stream(), _stream()
        with self.patch.context() as patch:
            for name, value in {
                "BUCKETGRAPH_HOME": str(self.home),
                "BUCKETGRAPH_RETRY_WAIT_SECONDS": "0",
                "BUCKETGRAPH_RATE_LIMIT_PAUSE_SECONDS": "0.01",
                "COLUMNS": "240",
                **(environment or {}),
            }.items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["bucketgraph", *arguments])
            patch.setattr(sys, "stdin", io.StringIO())
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            code = _ended()
        return Ended(code, _text(out), _text(err))


def _ended() -> int:
    try:
        main()
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def _stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)


def _text(stream: io.TextIOWrapper) -> str:
    data = stream.buffer
    assert isinstance(data, io.BytesIO)
    return data.getvalue().decode()
