"""Measures the collector against the fake Bitbucket: requests, CPU, memory, and whether the graph is right.

    uv run python bench/collect.py [--sizes small,medium,large] [--latency 0,80] [--markdown | --json]

Fake and collector are processes of their own; everything stays on the loopback interface and in a temporary
folder, and stops by itself. See docs/bench.md.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from fake import Fake, serving
from one_run import Cost
from publishing import Speed, measure
from report import COLUMNS, Result, endpoint_rows, markdown, remarks, show
from worlds import ALLOWANCE, SIZES, Size, differences, fewest_calls

from bucketgraph.collect.steps import CATALOGUE
from bucketgraph.store.store import Store

_RUNS = ("first", "second")
_LONGEST_RUN = 3600.0
_HERE = Path(__file__).parent


class Everything(msgspec.Struct, frozen=True):
    """All that was measured."""

    results: list[Result]
    publishing: Speed | None


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is asked for and print it; 1 when a bound is missed or a graph is wrong."""
    options = _parser().parse_args(arguments)
    _compile()
    results: list[Result] = []
    speed: Speed | None = None
    for name in options.sizes.split(","):
        for latency in options.latency.split(","):
            with tempfile.TemporaryDirectory(prefix="bucketgraph-bench-") as folder:
                for result in _measure(SIZES[name], float(latency), Path(folder)):
                    print(" ".join(result.row()), file=sys.stderr, flush=True)
                    results.append(result)
                if name == "medium" and speed is None:
                    speed = measure(Path(folder) / "graph.db", Path(folder))
    _print(Everything(results, speed), options)
    return 0 if all(result.met and result.right for result in results) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Measure the collector against the fake Bitbucket.")
    parser.add_argument("--sizes", default=",".join(SIZES), help=f"any of {', '.join(SIZES)}")
    parser.add_argument("--latency", default="0,80", help="milliseconds a request, comma-separated")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--markdown", action="store_true", help="print Markdown tables")
    form.add_argument("--json", action="store_true", help="print everything as JSON")
    return parser


def _measure(size: Size, latency_ms: float, home: Path) -> Iterator[Result]:
    """Collect a world twice and yield what each run cost."""
    with serving(size, latency_ms) as fake:
        for run in _RUNS:
            fake.reset()
            cost = _run(fake, home)
            requests = fake.counts()
            world = size.world()
            store = Store.open(f"sqlite:///{home / 'graph.db'}", CATALOGUE)
            try:
                wrong = differences(store, world, fake.hello.workspaces)
            finally:
                store.close()
            yield Result(
                size=size.name,
                label=size.label,
                pull_requests=size.pull_requests,
                latency_ms=latency_ms,
                run=run,
                requests=requests,
                bound=ALLOWANCE * fewest_calls(world, unchanged=run != _RUNS[0]),
                cost=cost,
                differences=wrong,
            )


def _environment() -> dict[str, str]:
    """Return an environment in which Python keeps compiled modules, as it does unless it is told not to."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _compile() -> None:
    """Start once unmeasured: the first start after an installation compiles all modules, no later one does."""
    command = [sys.executable, "-c", "import bucketgraph.app"]
    subprocess.run(command, env=_environment(), check=True)


def _run(fake: Fake, home: Path) -> Cost:
    hello = fake.hello
    command = [sys.executable, str(_HERE / "one_run.py"), str(home), hello.url, hello.key, *hello.workspaces]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, check=True, timeout=_LONGEST_RUN, env=_environment()
    )
    return msgspec.json.decode(done.stdout, type=Cost)


def _print(measured: Everything, options: argparse.Namespace) -> None:
    if options.json:
        print(msgspec.json.format(msgspec.json.encode(measured)).decode())
        return
    endpoints, by_endpoint = endpoint_rows(measured.results)
    rows = [result.row() for result in measured.results]
    for header, lines in ((COLUMNS, rows), (endpoints, by_endpoint)):
        if options.markdown:
            print(markdown(header, lines))
        else:
            show(header, lines)
        print()
    print("\n".join(remarks(measured.results, measured.publishing)))


if __name__ == "__main__":
    sys.exit(main())
