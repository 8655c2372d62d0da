"""A home of people for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from people.peoplekit import Home, home


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Home]:
    """Give a home with nobody in it."""
    app = home(tmp_path)
    yield Home(app)
    app.store.close()
