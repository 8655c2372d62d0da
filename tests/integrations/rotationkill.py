"""Rotates the keys of copies of a home, each killed at another line: writes the homes as JSON.

A process of its own with one thread, because it forks.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from bucketgraph.app import open_app
from bucketgraph.settings import Settings

_WATCHED = ("integrations/keyring.py", "integrations/vault.py", "store/administration.py", "store/store.py")
_KILLED = 9


def rotate_and_die(home: Path, line: int) -> None:
    """Rotate, and end without any clean-up before the so-manieth line of our code."""
    seen = 0

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal seen
        if not frame.f_code.co_filename.endswith(_WATCHED):
            return None
        if event == "line":
            seen += 1
            if seen == line:
                os._exit(_KILLED)
        return trace

    with open_app(Settings(home=home)) as app:
        keyring = app.keyring  # built before the lines are counted
        sys.settrace(trace)
        keyring.rotate(app.store)
    os._exit(0)


def main() -> None:
    """Kill a rotation at one line after another, until one comes to its end."""
    base, line, homes = Path(sys.argv[1]), 1, []
    while True:
        home = base / f"killed-{line}"
        shutil.copytree(base / "home", home)
        child = os.fork()
        if child == 0:
            rotate_and_die(home, line)
        _, status = os.waitpid(child, 0)
        homes.append(str(home))
        if os.waitstatus_to_exitcode(status) == 0:
            break
        line += 3
    sys.stdout.write(json.dumps(homes))


if __name__ == "__main__":
    main()
