"""A desk for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from exchange.folderkit import Desk, desk_at


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Give an app on an empty home."""
    with desk_at(tmp_path / "home") as made:
        yield made
