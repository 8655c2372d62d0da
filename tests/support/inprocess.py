"""The command line without a process of its own: quick, with the same exit codes and output."""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bucketgraph.cli import main
from support.command import Ended
from support.workbench import SECRET


@dataclass(frozen=True)
class CommandLine:
    """A home folder and how a test changes the environment."""

    home: Path
    patch: pytest.MonkeyPatch
    url: str = "http://127.0.0.1:9"
    variables: dict[str, str] = field(default_factory=dict)

    def run(self, *arguments: str) -> Ended:
        """Run `bucketgraph` with arguments and nobody at the keyboard."""
        out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
        with self.patch.context() as patch:
            for name, value in (*_USUAL.items(), *self.variables.items()):
                patch.setenv(name, value)
            patch.setenv("BUCKETGRAPH_HOME", str(self.home))
            patch.setattr(sys, "argv", ["bucketgraph", *arguments])
            patch.setattr(sys, "stdin", io.StringIO())
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            try:
                main()
                code = 0
            except SystemExit as end:
                code = int(end.code or 0)
        out.flush()
        ended = Ended(code, out.buffer.getvalue().decode(), err.getvalue())  # type: ignore[attr-defined]
        assert SECRET not in ended.out + ended.err
        return ended

    def fine(self, *arguments: str) -> Ended:
        """Run a command that must succeed."""
        ended = self.run(*arguments)
        assert ended.code == 0, ended.out + ended.err
        return ended


_USUAL = {
    "BUCKETGRAPH_RETRY_WAIT_SECONDS": "0",
    "BUCKETGRAPH_RATE_LIMIT_PAUSE_SECONDS": "0.01",
    "BUCKETGRAPH_OAUTH_SECRET": SECRET,
    "COLUMNS": "200",
}
