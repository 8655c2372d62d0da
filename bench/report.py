"""The tables a bench prints."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from one_run import Cost
from publishing import Speed
from rich.console import Console
from rich.table import Table

OTHERS = {"medium": 16_578}
"""Calls of JupiterOne's graph-bitbucket 3.1.2 for another world of that size, all that it collects counted."""

COLUMNS = (
    "world",
    "latency ms",
    "run",
    "requests",
    "bound",
    "met",
    "requests/PR",
    "CPU s",
    "of it start",
    "CPU s/1,000 PR",
    "start left out",
    "wall s",
    "peak MB",
    "entities",
    "relationships",
    "graph",
)


class Result(msgspec.Struct, frozen=True):
    """One run of one world: its requests as the server counted them, its cost, and whether it is right."""

    size: str
    label: str
    pull_requests: int
    latency_ms: float
    run: str
    requests: dict[str, int]
    bound: float
    cost: Cost
    differences: list[str]

    @property
    def total(self) -> int:
        """Return the number of requests."""
        return sum(self.requests.values())

    @property
    def met(self) -> bool:
        """Say whether the requests stay within the bound."""
        return self.total <= self.bound

    @property
    def right(self) -> bool:
        """Say whether the run saw everything and the graph is the truth."""
        return self.cost.status == "COMPLETED" and not self.differences

    def row(self) -> tuple[str, ...]:
        """Return the table's row, by COLUMNS."""
        cost, thousands = self.cost, self.pull_requests / 1000
        return (
            self.label,
            f"{self.latency_ms:g}",
            self.run,
            f"{self.total:,}",
            f"{self.bound:,.1f}",
            "yes" if self.met else "NO",
            f"{self.total / self.pull_requests:.4f}",
            f"{cost.cpu:.2f}",
            f"{cost.start_cpu:.2f}",
            f"{cost.cpu / thousands:.3f}",
            f"{(cost.cpu - cost.start_cpu) / thousands:.3f}",
            f"{cost.wall:.1f}",
            f"{cost.peak_mb:.0f}",
            f"{cost.entities:,}",
            f"{cost.relationships:,}",
            "right" if self.right else f"WRONG ({cost.status}): {'; '.join(self.differences)}",
        )


def endpoint_rows(results: Sequence[Result]) -> tuple[list[str], list[tuple[str, ...]]]:
    """Return the requests by endpoint: header and one row a run."""
    names = sorted({name for result in results for name in result.requests})
    rows = [
        (r.label, f"{r.latency_ms:g}", r.run, *(f"{r.requests.get(name, 0):,}" for name in names))
        for r in results
    ]
    return ["world", "latency ms", "run", *names], rows


def remarks(results: Iterable[Result], speed: Speed | None) -> list[str]:
    """Return the comparisons that fit into no table."""
    lines = [
        f"First run of {r.label}: {r.total:,} requests against {OTHERS[r.size]:,} of graph-bitbucket "
        f"3.1.2: {OTHERS[r.size] / r.total:.1f} times fewer."
        for r in results
        if r.run == "first" and r.size in OTHERS
    ]
    if speed:
        lines.append(
            f"Publishing {speed.rows:,} rows in {speed.publications:,} transactions: {speed.published:,.0f} "
            f"rows a CPU second, {speed.ratio:.2f} of plain executemany in one transaction ({speed.raw:,.0f})."
        )
    return list(dict.fromkeys(lines))


def markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [header, ["-"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def show(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table for a terminal."""
    table = Table(*header, box=None)
    for row in rows:
        table.add_row(*row)
    Console(width=220).print(table)
