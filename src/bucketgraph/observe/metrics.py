"""What the server counts, in the format of Prometheus, in a registry of its own.

What belongs to one process (requests, queries, waits) is counted as it happens. What the graph file knows, whichever
process did it (runs, calls, lag, size), is asked for when somebody reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS: Final = (0.005, 0.02, 0.1, 0.5, 2, 10, 60)

disable_created_metrics()  # type: ignore[no-untyped-call]  # the library does not type it


@dataclass(frozen=True, slots=True)
class Sample:
    """A number that is known when it is asked for, with its labels by name."""

    name: str
    meaning: str
    value: float
    labels: tuple[tuple[str, str], ...] = ()


class Metrics:
    """The numbers of one server."""

    def __init__(self, ask: Callable[[], Iterable[Sample]] = tuple) -> None:
        """Take what is asked whenever the numbers are read."""
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "bucketgraph_api_requests",
            "Requests that were answered.",
            ["method", "route", "status"],
            registry=self._registry,
        )
        self._request_seconds = Histogram(
            "bucketgraph_api_request_seconds",
            "How long answering took.",
            ["method", "route"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._query_seconds = Histogram(
            "bucketgraph_query_seconds",
            "How long J1QL queries took, by what came of them.",
            ["outcome"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._waits = Counter(
            "bucketgraph_waits",
            "How often a run had to wait for Bitbucket's limits.",
            ["integration"],
            registry=self._registry,
        )
        self._wait_seconds = Counter(
            "bucketgraph_wait_seconds",
            "How long runs had to wait for Bitbucket's limits.",
            ["integration"],
            registry=self._registry,
        )
        self._in_progress = Gauge(
            "bucketgraph_api_requests_in_progress",
            "Requests that are being answered.",
            registry=self._registry,
        )
        self._registry.register(_Asked(ask))

    def began(self) -> None:
        """A request begins."""
        self._in_progress.inc()

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request was answered; `route` is its pattern, never its address."""
        self._in_progress.dec()
        self._requests.labels(method, route, str(status)).inc()
        self._request_seconds.labels(method, route).observe(seconds)

    def asked(self, outcome: str, seconds: float) -> None:
        """A query was answered or refused; `outcome` is `answered` or the error's code."""
        self._query_seconds.labels(outcome).observe(seconds)

    def waited(self, integration: str, seconds: float) -> None:
        """A run of an integration waited."""
        self._waits.labels(integration).inc()
        self._wait_seconds.labels(integration).inc(seconds)

    def text(self) -> bytes:
        """Return all numbers as Prometheus reads them."""
        return generate_latest(self._registry)


class _Asked(Collector):
    """Numbers that are asked for when they are read."""

    def __init__(self, ask: Callable[[], Iterable[Sample]]) -> None:
        self._ask = ask

    def describe(self) -> Iterable[Metric]:
        """Name nothing beforehand, so that registering asks nothing."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Ask, and group the numbers by name."""
        found: dict[str, GaugeMetricFamily] = {}
        for one in self._ask():
            names = [name for name, _ in one.labels]
            family = found.setdefault(one.name, GaugeMetricFamily(one.name, one.meaning, labels=names))
            family.add_metric([value for _, value in one.labels], one.value)
        yield from found.values()
