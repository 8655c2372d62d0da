"""Measures J1QL end to end against hand-written SQL on the same file, in one run.

    uv run python bench/j1ql.py [--graph FILE] [--rounds 15] [--markdown | --json]

Without a graph it collects 2,000 repositories with 100,000 pull requests from the fake Bitbucket first (about a
minute). Both sides use one connection each, warm, turn by turn; the ratio is that of the medians. What parsing,
planning and compiling cost is measured apart, as a text that was asked before is not compiled again.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
from fake import serving
from rich.console import Console
from rich.table import Table
from workloads import WORKLOADS, Workload, numbers
from worlds import Size

from bucketgraph.collect.steps import CATALOGUE
from bucketgraph.j1ql.results import Request
from bucketgraph.j1ql.values import words, words_of
from bucketgraph.store.lowering.setting import Setting
from bucketgraph.store.reading import Reader
from bucketgraph.store.statement import prepare_connection
from bucketgraph.store.store import Store

WORLD = Size("questions", 2_000, 100_000, 300, 60)
TARGET = 1.3
COMPILE_TARGET_MS = 5.0
_HERE = Path(__file__).parent
_HOPS = (0, 1, 2, 3, 5, 7)
_NOW = 1_790_000_000_000


class Measured(msgspec.Struct, frozen=True):
    """One workload: medians in milliseconds.

    `j1ql_ms` and `sql_ms` are running the statement and reading its rows; `whole_ms` is asking the store, with a
    transaction of its own and looking up what was compiled; `compile_ms` is making a new text ready.
    """

    name: str
    rows: int
    j1ql_ms: float
    sql_ms: float
    whole_ms: float
    compile_ms: float
    same: bool

    @property
    def ratio(self) -> float:
        """Return how much longer J1QL takes than hand-written SQL."""
        return self.j1ql_ms / self.sql_ms


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 1 when answers differ or a target is missed."""
    options = _parser().parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bucketgraph-bench-") as folder:
        graph = options.graph or _collected(Path(folder))
        results = list(_measure(graph, options.rounds))
        compiling = list(_compiling(graph, options.rounds))
    if options.json:
        print(msgspec.json.encode({"workloads": results, "compiling": compiling}).decode())
    else:
        _show(results, compiling, markdown=options.markdown)
    fast = all(one.ratio <= TARGET and one.same for one in results)
    return 0 if fast and all(ms <= COMPILE_TARGET_MS for hops, _, ms in compiling if hops <= 3) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Measure J1QL against hand-written SQL.")
    parser.add_argument("--graph", type=Path, help="a graph file that was collected before")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--json", action="store_true")
    return parser


def _collected(home: Path) -> Path:
    print(f"collecting {WORLD.label} …", file=sys.stderr)
    with serving(WORLD, 0) as fake:
        hello = fake.hello
        command = [
            sys.executable,
            str(_HERE / "one_run.py"),
            str(home),
            hello.url,
            hello.key,
            *hello.workspaces,
        ]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=dict(os.environ))
    return home / "graph.db"


def _facts(connection: sqlite3.Connection) -> dict[str, Any]:
    """Choose what the questions ask about: a busy author, a pull request, a date that a tenth is younger than."""
    known = numbers(connection)
    owner, name = connection.execute("SELECT id, name FROM integration").fetchone()
    pulls = f"FROM entity WHERE type_id = {known['pr']}"
    since = f"SELECT p_createdOn {pulls} AND p_state = 'OPEN' ORDER BY 1 DESC LIMIT 1 OFFSET 400"
    busy = (
        f"SELECT e.key FROM relationship r JOIN entity e ON e.id = r.from_id WHERE r.verb_id = {known['opened']} "
        "GROUP BY r.from_id ORDER BY COUNT(*) DESC LIMIT 1"
    )
    return {
        "owner": owner,
        "integration": name,
        "pull": connection.execute(f"SELECT key {pulls} LIMIT 1 OFFSET 50000").fetchone()[0],
        "since": connection.execute(since).fetchone()[0],
        "person": connection.execute(busy).fetchone()[0],
    }


@contextlib.contextmanager
def _by_hand(graph: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(graph)) as connection:
        connection.execute("PRAGMA cache_size = -32000")
        connection.execute("PRAGMA temp_store = MEMORY")
        wanted = set(words("currency rounding"))

        def has_words(props: str) -> bool:
            return wanted <= {
                word for value in msgspec.json.decode(props).values() for word in words_of(value)
            }

        connection.create_function("has_words", 1, has_words, deterministic=True)
        yield connection


def _measure(graph: Path, rounds: int) -> Iterator[Measured]:
    store = Store.open(f"sqlite:///{graph}", CATALOGUE)
    with contextlib.closing(store), _by_hand(graph) as connection:
        facts, known = _facts(connection), numbers(connection)
        for one in WORKLOADS:
            request = Request(one.j1ql, _given(one, facts), now=_NOW, page=None)
            sql, rows = one.sql.format(**known), one.rows

            def by_sql(sql: str = sql, rows: Any = rows) -> list[Any]:
                found: list[Any] = rows(connection.execute(sql, facts).fetchall(), facts)
                return found

            def whole(request: Request = request) -> list[Any]:
                found: list[Any] = store.ask(request).data
                return found

            same = _sorted(whole()) == _sorted(by_sql())
            with _running(store, request) as by_j1ql:
                first, second = _paired(by_j1ql, by_sql, rounds)
            asked, _ = _paired(whole, by_sql, rounds)
            compiled = _compile_ms(graph, request, rounds)
            yield Measured(one.name, len(by_sql()), first, second, asked, compiled, same)


@contextlib.contextmanager
def _running(store: Store, request: Request) -> Iterator[Callable[[], list[Any]]]:
    """Hand out what only runs a prepared question and reads its rows, within one transaction."""
    asker = store._asker  # noqa: SLF001  # the two halves of asking are measured apart here only
    with store._reading() as connection:  # noqa: SLF001
        prepare_connection(connection)
        known = asker.known(connection)
        prepared = asker.prepare(connection, request, known)
        reader = Reader(connection, lambda: Setting(known, CATALOGUE, {}), known)

        def run() -> list[Any]:
            found: list[Any] = asker.answer(connection, prepared, request, None, reader).data
            return found

        yield run


def _given(one: Workload, facts: dict[str, Any]) -> dict[str, Any]:
    return {name: facts[name] for name in one.values if f"${{{name}}}" in one.j1ql}


def _sorted(rows: list[Any]) -> list[bytes]:
    return [msgspec.json.encode(row, order="deterministic") for row in rows]


def _paired(one: Callable[[], Any], other: Callable[[], Any], rounds: int) -> tuple[float, float]:
    """Return both medians in ms, taken turn by turn; what is quick is repeated within a turn."""
    one(), other()
    times = _once(other)
    repeat = max(1, min(200, int(0.02 / max(times, 1e-6))))
    found: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for function, into in zip((one, other), found, strict=True):
            begun = time.perf_counter()
            for _ in range(repeat):
                function()
            into.append((time.perf_counter() - begun) / repeat * 1000)
    return median(found[0]), median(found[1])


def _once(function: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    function()
    return time.perf_counter() - begun


def _compile_ms(graph: Path, request: Request, rounds: int) -> float:
    """Return what it takes to make a new text ready, each time with another blank in it."""
    store = Store.open(f"sqlite:///{graph}", CATALOGUE)
    with contextlib.closing(store):
        store.check(request)
        times = []
        for number in range(rounds):
            other = replace(request, text=request.text + " " * (number + 1))
            times.append(_once(lambda other=other: store.check(other)) * 1000)
    return median(times)


def _compiling(graph: Path, rounds: int) -> Iterator[tuple[int, int, float]]:
    """Yield (hops, length, milliseconds) for queries of growing length."""
    chain = ("bitbucket_repo", "bitbucket_pull_request", "bitbucket_user", "bitbucket_pull_request")
    verbs = ("HAS", "APPROVED", "OPENED", "APPROVED")
    for hops in _HOPS:
        text = "FIND bitbucket_project WITH name != 'x' AS e0"
        for hop in range(hops):
            kind = "bitbucket_user" if hop >= 2 and hop % 2 == 0 else chain[min(hop, 1)]
            kind = "bitbucket_pull_request" if hop >= 3 and hop % 2 else kind
            text += f" THAT {verbs[min(hop, 3)]} {kind} WITH displayName != 'x' AS e{hop + 1}"
        text += " RETURN " + ", ".join(f"e{index}.displayName" for index in range(hops + 1))
        yield hops, len(text), _compile_ms(graph, Request(text, now=_NOW), rounds)


def _show(results: list[Measured], compiling: list[tuple[int, int, float]], *, markdown: bool) -> None:
    rows = [
        (
            one.name,
            f"{one.rows:,}",
            f"{one.j1ql_ms:.3f}",
            f"{one.sql_ms:.3f}",
            f"{one.ratio:.2f}",
            "yes" if one.ratio <= TARGET else "no",
            f"{one.whole_ms:.3f}",
            f"{one.compile_ms:.1f}",
            "same" if one.same else "DIFFERENT",
        )
        for one in results
    ]
    head = (
        "workload",
        "rows",
        "J1QL ms",
        "SQL ms",
        "ratio",
        f"≤ {TARGET}",
        "whole ms",
        "compile ms",
        "answers",
    )
    _print(head, rows, markdown=markdown)
    _print(
        ("hops", "characters", "parse, plan and compile ms"),
        [(str(hops), str(length), f"{ms:.1f}") for hops, length, ms in compiling],
        markdown=markdown,
    )


def _print(head: Sequence[str], rows: Sequence[Sequence[str]], *, markdown: bool) -> None:
    if markdown:
        print("\n".join("| " + " | ".join(row) + " |" for row in (head, ["-"] * len(head), *rows)) + "\n")
        return
    table = Table(*head)
    for row in rows:
        table.add_row(*row)
    Console(width=140).print(table)


if __name__ == "__main__":
    sys.exit(main())
