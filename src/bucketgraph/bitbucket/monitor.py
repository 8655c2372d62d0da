"""What the client tells about its work while it works: calls, waits and retries."""

from __future__ import annotations

from typing import Protocol


class Monitor(Protocol):
    """Receives the client's events. All calls come from the event loop's thread and must not block."""

    def called(self, endpoint: str) -> None:
        """Hear of one HTTP call to the named endpoint (token calls are named `token`)."""
        ...

    def waiting(self, reason: str, until: float) -> None:
        """Hear that the client waits until the epoch second `until`."""
        ...

    def resumed(self) -> None:
        """Hear that the wait is over."""
        ...


class SilentMonitor:
    """A monitor that listens to nothing."""

    def called(self, endpoint: str) -> None:
        """Ignore."""

    def waiting(self, reason: str, until: float) -> None:
        """Ignore."""

    def resumed(self) -> None:
        """Ignore."""
