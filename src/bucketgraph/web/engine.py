"""What the API needs of whoever carries out runs; `integrations.jobs.Jobs` is that where the server runs jobs."""

from __future__ import annotations

import threading
from typing import Any, Protocol

from bucketgraph.store.base import Trigger


class Engine(Protocol):
    """Runs integrations. `broken` is set when it cannot go on."""

    @property
    def broken(self) -> threading.Event:
        """Return what is set when it cannot go on."""
        ...

    def request_run(self, integration_id: str, trigger: Trigger = "manual", **options: Any) -> str:
        """Queue a run and return its job's id; raises Conflict while one is queued or in progress."""
        ...
