"""A collected home for all tests of a process, and a site on a copy of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from web.consolekit import Console, console
from web.sitekit import House, collect, house


@pytest.fixture(scope="session")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home with a small graph."""
    home = tmp_path_factory.mktemp("web") / "home"
    collect(home)
    return home


@pytest.fixture
def site(collected: Path, tmp_path: Path) -> Iterator[House]:
    """Return a site of one's own."""
    with house(collected, tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def pages(collected: Path, tmp_path: Path) -> Iterator[Console]:
    """Return the console of a site of one's own."""
    with console(collected, tmp_path / "pages-home") as opened:
        yield opened
