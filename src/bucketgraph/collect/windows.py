"""Which part of a listing a run asks for, and how far the scope is collected afterwards."""

from __future__ import annotations

from bucketgraph.collect.reading import Reading
from bucketgraph.collect.step import Window
from bucketgraph.store.base import ScopeState

OVERLAP_MS = 10 * 60 * 1000
"""An incremental walk looks this far behind the watermark, for changes that Bitbucket shows late."""


def window_for(state: ScopeState, *, full: bool, since: int | None) -> Window:
    """Choose what to ask for.

    Everything (from `since` on, epoch ms) the first time, with `full`, or when an earlier run cut off more
    than `since` does now; else only what moved since the watermark.
    """
    covered = state.whole_on is not None and (
        state.floor is None or (since is not None and since >= state.floor)
    )
    if full or not covered or state.watermark is None:
        return Window(floor=since)
    return Window(changed_since=max(state.watermark - OVERLAP_MS, state.floor or 0))


def state_after(state: ScopeState, reading: Reading, *, run_id: int, now: int) -> ScopeState:
    """Return the scope's state after a complete reading was published.

    The watermark is the newest change seen, but never later than the beginning of the walk: what changed
    behind the walk's back must be asked for again.
    """
    newest = reading.newest
    if newest is not None and reading.began is not None:
        newest = min(newest, reading.began)
    marks = [mark for mark in (state.watermark, newest) if mark is not None]
    base = reading.window.changed_since is None
    everything_known = state.whole_on is not None and state.floor is None
    return ScopeState(
        run_id=run_id,
        whole_on=now if base else state.whole_on,
        watermark=max(marks, default=None),
        floor=None if everything_known else reading.window.floor if base else state.floor,
    )
