"""The browser for the tests of a file, and what it looks at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser.browserkit import CHROMIUM, Chromium, Served, chromium, collected, served


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    """Start Chromium for the tests of one file; other files may need this thread's event loop."""
    if not CHROMIUM:
        pytest.skip(
            "there is no Chromium: `apt-get install chromium`, or name another in BUCKETGRAPH_CHROMIUM"
        )
    with chromium() as started:
        yield started


@pytest.fixture(scope="session")
def collected_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home with a small graph."""
    home = tmp_path_factory.mktemp("browser") / "home"
    collected(home)
    return home


@pytest.fixture
def console(collected_home: Path, browser: Chromium, tmp_path: Path) -> Iterator[Served]:
    """Serve a console on a copy of that home."""
    with served(collected_home, tmp_path / "home") as opened:
        yield opened
