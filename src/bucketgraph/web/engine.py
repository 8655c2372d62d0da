"""What the API needs of whoever carries out runs; `integrations.jobs` has it where the server runs jobs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Engine(Protocol):
    """Runs integrations."""

    def request_run(self, integration_id: str, trigger: str, options: Mapping[str, str | bool | None]) -> str:
        """Queue a run and return its workflow's id; raises Conflict while one is queued or in progress."""
        ...

    def cancel(self, run_id: int) -> bool:
        """Ask a run to stop; tell whether it was still in progress."""
        ...

    def alive(self) -> bool:
        """Tell whether jobs are being carried out."""
        ...
