"""What holds for every test: no setting of the developer's reaches it."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the developer's own settings."""
    for name in list(os.environ):
        if name.startswith("BUCKETGRAPH_"):
            monkeypatch.delenv(name)
