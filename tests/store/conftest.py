"""A fresh world for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from store.graphkit import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Give a store on a real file with two integrations."""
    made = World(tmp_path / "graph.db")
    yield made
    made.store.close()
