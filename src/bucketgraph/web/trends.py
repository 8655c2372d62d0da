"""How the numbers of entities went over the last two weeks, reckoned once for as long as nothing changes."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Final

from bucketgraph.store.store import Store

DAYS: Final = 14
_KEEP_SECONDS: Final = 60.0
_OLD_SECONDS: Final = 3600.0
_WIDTH: Final = 140
_HEIGHT: Final = 32
_MARGIN: Final = 3


class Trends:
    """Keeps the trend; while a run publishes all the time, it is reckoned at most once a minute."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._kept: tuple[float, int, dict[str, list[int]]] | None = None

    def now(self) -> dict[str, list[int]]:
        """Return the numbers at the end of each of the last days by type, today's last."""
        with self._lock:
            last, age = self._store.last_publication(), time.monotonic()
            if self._kept is not None:
                kept_at, publication, found = self._kept
                if age - kept_at < (_OLD_SECONDS if publication == last else _KEEP_SECONDS):
                    return found
            found = self._store.trend(DAYS)
            self._kept = (age, last, found)
            return found


def line(numbers: Sequence[int]) -> str:
    """Return the path of an SVG line through numbers, in a view box of 140 by 32."""
    low, high = min(numbers), max(numbers)
    span, step = max(high - low, 1), _WIDTH / max(len(numbers) - 1, 1)
    room = _HEIGHT - 2 * _MARGIN
    flat = high == low
    points = [
        f"{i * step:.1f} {_HEIGHT / 2 if flat else _HEIGHT - _MARGIN - (n - low) / span * room:.1f}"
        for i, n in enumerate(numbers)
    ]
    return "M" + " ".join(points)


def in_words(numbers: Sequence[int]) -> str:
    """Return what a trend says, for whoever does not see it."""
    change = numbers[-1] - numbers[0]
    if change == 0:
        return f"the same as {DAYS} days ago"
    return f"{abs(change):,} {'more' if change > 0 else 'fewer'} than {DAYS} days ago"
