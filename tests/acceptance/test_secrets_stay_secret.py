"""No secret, and no token, reaches any output, file, log, export or process list."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import processes
from support.command import Ended
from support.inside import Inside
from support.workbench import FakeConsumer

from bucketgraph.demo import create_app, generate_world, serve

RIGHT, WRONG, KEY = "MARKED-right-7f3a9c", "MARKED-wrong-51be2d", "marked-key"
TOKEN = re.compile(rb"fake-[A-Za-z0-9_-]{16,}")
"""What the fake's access tokens look like."""

MARKS = [
    form
    for secret in (RIGHT, WRONG)
    for form in (secret, secret[::-1], base64.b64encode(f"{KEY}:{secret}".encode()).decode(), secret.encode().hex())
]  # fmt: skip


class Watched:
    """Runs the command with everything logged, and remembers whatever it said and the processes it was seen as."""

    def __init__(self, home: Path, patch: pytest.MonkeyPatch) -> None:
        self.home, self.said, self.seen = home, "", b""
        self._inside = Inside(home, patch)

    def run(self, *arguments: str, secret: str | None = None) -> Ended:
        """Run one command in this process; a secret goes through the environment, which only its owner can read."""
        ended = self._inside.run(*arguments, environment=_environment(secret))
        self.said += ended.out + ended.err
        return ended

    def run_apart(self, *arguments: str, secret: str | None = None) -> int:
        """Run one command as a process of its own and watch the process list meanwhile; return its exit code."""
        process = processes.start(
            [sys.executable, "-m", "bucketgraph", *arguments],
            env={**os.environ, "BUCKETGRAPH_HOME": str(self.home), **_environment(secret)},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        while (ended := ended_soon(process)) is None:
            self.seen += command_lines()
        self.said += "".join(ended)
        return process.returncode


def _environment(secret: str | None) -> dict[str, str]:
    given = {} if secret is None else {"BUCKETGRAPH_OAUTH_SECRET": secret}
    return {"BUCKETGRAPH_LOG_LEVEL": "debug", **given}


def ended_soon(process: subprocess.Popen[str]) -> tuple[str, str] | None:
    """Wait a little for the end; return standard output and error, or None when it has not come."""
    try:
        return process.communicate(timeout=0.1)
    except subprocess.TimeoutExpired:
        return None


def command_lines() -> bytes:
    """Return the arguments of all processes that can be looked at."""
    found = b""
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += file.read_bytes()
        except OSError:
            continue
    return found


def marks_in(data: bytes) -> list[str]:
    """Return the marks that stand in some bytes."""
    return [mark for mark in MARKS if mark.encode() in data]


def test_a_marked_secret_is_found_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = generate_world(repositories=2, pull_requests=8, members=4, projects=1)
    watched = Watched(tmp_path / "home", monkeypatch)
    with serve(create_app(world, consumers=[FakeConsumer(KEY, RIGHT)])) as url:
        origins = ("--api-url", url, "--oauth-url", url)
        add = ("integration", "add", "acme", "-w", "acme-rockets", "--oauth-key", KEY, *origins)
        assert watched.run_apart(*add, secret=WRONG) == 0
        assert watched.run("sync", "acme").code == 2
        assert watched.run("integration", "test", "acme", "--json").code == 2
        file = tmp_path / "entered"
        file.write_text(RIGHT)
        edit = ("integration", "credentials", "acme", "--oauth-secret-file", str(file))
        assert watched.run_apart(*edit) == 0
        file.unlink()
        assert watched.run_apart("sync", "acme") == 0
        assert watched.run("integration", "test", "acme").code == 0
        assert watched.run(*add, secret=RIGHT).code == 2, "the name is taken"
        assert watched.run("integration", "edit", "acme", *origins[:1], "http://localhost:1").code == 2
        for command in (("list",), ("list", "--json"), ("show", "acme"), ("show", "acme", "--json")):
            assert watched.run("integration", *command).code == 0
        assert watched.run("secrets", "rotate").code == 0
        assert watched.run("secrets", "status", "--json").code == 0
        assert watched.run("freshness", "--json").code == 0
        assert watched.run("export", str(tmp_path / "export")).code == 0
        shutil.copy(watched.home / "secret.key", tmp_path / "kept")
        (watched.home / "secret.key").unlink()
        assert watched.run("sync", "acme").code == 2
        shutil.copy(tmp_path / "kept", watched.home / "secret.key")
        assert watched.run("sync", "acme").code == 0
    said = watched.said.encode()
    files = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert "credentials" in watched.seen.decode(errors="replace"), "the process list was looked at"
    assert any(path.name == "graph.db" for path in files)
    assert marks_in(said) == []
    assert marks_in(watched.seen) == []
    assert {str(path): found for path, data in files.items() if (found := marks_in(data))} == {}
    assert TOKEN.findall(said) == []
    assert {str(path): found for path, data in files.items() if (found := TOKEN.findall(data))} == {}
