"""The event log of a run, read in parts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.workbench import settings_for

from bucketgraph.app import App, open_app
from bucketgraph.bitbucket.oauth import Consumer
from bucketgraph.integrations.configuration import NewIntegration
from bucketgraph.store.base import Level, NewEvent


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """Return an app on a new graph."""
    with open_app(settings_for(tmp_path)) as opened:
        yield opened


def test_events_are_read_by_name_from_either_end_and_counted(app: App) -> None:
    one = app.registry.add(NewIntegration("a", ["w"], [Consumer("k", "s")]))
    run, other = app.store.start_run(one.id, {}), app.store.start_run(one.id, {})
    levels: tuple[Level, ...] = ("debug", "info")
    app.store.add_events(
        run.id, one.id, [NewEvent(levels[n % 2], f"name{n % 3}", f"Entry {n}.") for n in range(12)]
    )
    app.store.add_events(other.id, one.id, [NewEvent("error", "name0", "Of another run.")])

    def read(**chosen: Any) -> list[int]:
        return [int(e.message.split()[1][:-1]) for e in app.store.events(run.id, **chosen)]

    assert read(names=("name0",)) == [0, 3, 6, 9]
    assert read(newest=True, limit=3) == [9, 10, 11]
    assert read(names=("name1",), newest=True, limit=1) == [10]
    assert read(skip=10, limit=5) == [10, 11]
    assert read(level="info", skip=1, limit=2) == [3, 5]
    assert read(names=()) == []
    assert app.store.event_number(run.id) == 12
    assert app.store.event_number(run.id, level="info") == 6
    assert app.store.event_number(run.id, after=app.store.events(run.id)[9].id) == 2
