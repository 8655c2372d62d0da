"""How long queries take and what comes of them, counted for the metrics."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from bucketgraph.errors import BucketgraphError
from bucketgraph.web.routing import Site

ResultT = TypeVar("ResultT")


def timed(site: Site, ask: Callable[[], ResultT]) -> ResultT:
    """Ask, and count how long it took and what came of it."""
    begin, outcome = time.perf_counter(), "failed"
    try:
        found = ask()
        outcome = "answered"
    except BucketgraphError as error:
        outcome = error.code
        raise
    else:
        return found
    finally:
        site.metrics.asked(outcome, time.perf_counter() - begin)
