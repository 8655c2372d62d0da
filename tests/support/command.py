"""The command as a person runs it: another process, its exit code, what it printed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.workbench import KEY, SECRET


@dataclass(frozen=True)
class Ended:
    """A command that ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Return what it printed, read as JSON."""
        return json.loads(self.out)

    @property
    def said(self) -> str:
        """Return its error as one line, however the terminal folded it."""
        return " ".join(self.err.split())


@dataclass(frozen=True)
class Shell:
    """A home folder and the address of a Bitbucket."""

    home: Path
    url: str = "http://127.0.0.1:9"

    def run(
        self, *arguments: str, environment: dict[str, str] | None = None, given: str | None = None
    ) -> Ended:
        """Run `bucketgraph` with arguments and standard input; nothing it prints may hold the secret."""
        variables = {
            **os.environ,
            "BUCKETGRAPH_HOME": str(self.home),
            "BUCKETGRAPH_RETRY_WAIT_SECONDS": "0",
            "BUCKETGRAPH_RATE_LIMIT_PAUSE_SECONDS": "0.01",
            "BUCKETGRAPH_OAUTH_SECRET": SECRET,
            "COLUMNS": "200",
            **(environment or {}),
        }
        ended = subprocess.run(
            [sys.executable, "-m", "bucketgraph", *arguments],
            env=variables,
            input=given or "",
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert SECRET not in ended.stdout + ended.stderr
        assert "Traceback" not in ended.stderr, ended.stderr
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    def add(self, *more: str, name: str = "acme", environment: dict[str, str] | None = None) -> Ended:
        """Add an integration with the workspace acme-rockets."""
        origin = ("--api-url", self.url, "--oauth-url", self.url)
        workspace = () if "--workspace" in more else ("--workspace", "acme-rockets")
        key = () if "--oauth-key" in more else ("--oauth-key", KEY)
        return self.run("integration", "add", name, *workspace, *key, *origin, *more, environment=environment)
