"""A fresh house for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.doors import House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Give a store on a real file, without any account."""
    made = House(tmp_path / "graph.db")
    yield made
    made.store.close()
