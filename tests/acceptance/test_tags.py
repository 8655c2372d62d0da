"""Tags of a collected integration: they come and change without asking Bitbucket, and never into its own facts."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from acceptance.test_incremental import prepared, rename_a_member_who_reviewed
from support.workbench import Bench, Graph, workbench

from bucketgraph.demo import mutations

ACME: dict[str, str | bool] = {"tag.AccountName": "Acme", "tag.Production": True}


def _with_tags(graph: Graph, tags: dict[str, str | bool]) -> Graph:
    entities = {key: (kind, {**properties, **tags}) for key, (kind, properties) in graph.entities.items()}
    return Graph(entities, graph.edges)


def _times_tagged(bench: Bench) -> set[int]:
    """Return how often the text of an entity's properties names a tag."""
    with contextlib.closing(sqlite3.connect(bench.store.where)) as file:
        rows = file.execute("SELECT props FROM entity WHERE end_on IS NULL").fetchall()
    return {props.count('"tag.AccountName"') for (props,) in rows}


def _changed(bench: Bench, **options: bool) -> int:
    return len(bench.changes_of(**options))


def test_other_tags_refetch_nothing_and_what_repeats_names_is_rewritten_with_them(tmp_path: Path) -> None:
    with workbench(prepared(), tmp_path / "home") as bench:
        bench.sync()
        plain = bench.graph()
        calls = bench.calls()
        assert _changed(bench) == 0
        usual = bench.calls() - calls
        bench.store.set_tags(bench.integration.id, ACME)
        calls = bench.calls()
        assert _changed(bench) == len(plain.entities)
        assert bench.calls() - calls == usual
        assert bench.graph() == _with_tags(plain, ACME)
        assert _changed(bench, full=True) == 0
        rename_a_member_who_reviewed(bench.world)
        mutations.rename_repository(bench.world, next(iter(bench.world.repositories())), "Renamed")
        assert _changed(bench) > 0
        assert bench.graph() == _with_tags(bench.fresh_graph(tmp_path / "fresh"), ACME)
        assert _times_tagged(bench) == {1}
        bench.store.set_tags(bench.integration.id, {})
        (run, *_) = bench.store.runs(bench.integration.id)
        assert bench.store.retag(bench.integration.id, run.id) == len(plain.entities)
        assert bench.graph() == bench.fresh_graph(tmp_path / "fresh2")
        assert _changed(bench, full=True) == 0
