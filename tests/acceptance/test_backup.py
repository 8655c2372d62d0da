"""Backing up and restoring a collected graph while another process goes on writing to it."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest
from exchange.folderkit import entity, write
from support import processes
from support.workbench import Graph, add, assert_true_to, settings_for, workbench

from bucketgraph.app import App, SyncOptions, open_app
from bucketgraph.demo import generate_world, mutations
from bucketgraph.errors import BucketgraphError, Conflict
from bucketgraph.j1ql.results import Request

WRITER = """
import sys
from pathlib import Path
from bucketgraph.app import open_app
from bucketgraph.graph.entity import Entity, Record, seal
from bucketgraph.graph.snapshot import Snapshot
from bucketgraph.settings import Settings
from bucketgraph.store.base import Publication
home, chosen, run = sys.argv[1:]
with open_app(Settings(home=Path(home))) as app:
    number = 0
    while True:
        keys = [f"{('one', 'two')[number % 2]}{i}" for i in range(30)]
        records = {key: seal(Record(key, Entity(key, "host", {"round": number}))) for key in keys}
        app.store.publish(Publication(chosen, int(run), (Snapshot("hosts", records, whole=True),)))
        number += 1
        print(number, flush=True)
"""


def everything(app: App, integration_id: str) -> dict[str, Any]:
    """Return the graph of one integration, with its past and its part of the feed."""
    end = app.store.changes(integration_id=integration_id)[-1].on
    return {
        "entities": list(app.store.entities(integration_id=integration_id)),
        "relationships": list(app.store.relationships(integration_id=integration_id)),
        "past": list(app.store.entities_at(end - 1, integration_id=integration_id)),
        "changes": app.store.changes(integration_id=integration_id),
        "states": app.store.scope_states(integration_id),
    }


def test_a_collected_graph_comes_back_whole_while_another_process_publishes(tmp_path: Path) -> None:
    world = generate_world(repositories=6, pull_requests=60, members=8, projects=2)
    slugs = [one.slug for one in world.workspaces]
    with workbench(world, tmp_path / "home") as bench:
        app = bench.app
        bench.sync()
        busy, run = app.import_folder(write(tmp_path / "in", [entity("a")]), "busy")
        arguments = [str(tmp_path / "home"), busy.id, str(run.id)]
        writer = processes.start([sys.executable, "-c", WRITER, *arguments], stdout=-1)
        assert writer.stdout is not None
        writer.stdout.readline()
        before = everything(app, bench.integration.id)
        path = tmp_path / "backup.tar.gz"
        app.backup(path)
        mutations.rename_repository(world, next(iter(world.repositories())), "Renamed")
        bench.sync(full=True)
        changed = everything(app, bench.integration.id)
        assert changed != before
        with open_app(settings_for(tmp_path / "home")) as watching:
            done = app.restore(path)
            for _ in range(4):
                writer.stdout.readline()
            assert everything(watching, bench.integration.id) == before
            question = Request("FIND bitbucket_repo RETURN COUNT(bitbucket_repo) AS n")
            assert [row["n"] for row in watching.store.ask(question).data] == [6]
        writer.kill()
        writer.communicate()
        assert app.store.check_integrity() == "ok"
        hosts = [one.key for one in app.store.entities("host", scope="hosts")]
        assert (len(hosts), len({key[:3] for key in hosts})) == (30, 1), (
            "each publication is there as a whole"
        )
        app.restore(done.kept["graph.db"], safety=False)
        assert everything(app, bench.integration.id) == changed
        bench.sync()
        assert_true_to(bench.graph(), world, slugs)


def test_a_restored_graph_is_collected_on_as_if_nothing_had_happened(tmp_path: Path) -> None:
    world = generate_world(repositories=5, pull_requests=40, members=6, projects=2)
    with workbench(world, tmp_path / "home") as bench:
        bench.sync()
        path = tmp_path / "backup.tar.gz"
        bench.app.backup(path)
        with pytest.raises(Conflict), bench.app.registry.running(bench.integration):
            bench.app.restore(path)
        bench.app.restore(path, safety=False)
        assert bench.sync().status == "COMPLETED"
        assert bench.graph() == bench.fresh_graph(tmp_path / "fresh")


def test_no_bad_archive_disturbs_a_graph_in_use(tmp_path: Path) -> None:
    world = generate_world(repositories=3, pull_requests=10, members=4, projects=1)
    with workbench(world, tmp_path / "home") as bench:
        bench.sync()
        path = tmp_path / "backup.tar.gz"
        bench.app.backup(path)
        whole, before = path.read_bytes(), everything(bench.app, bench.integration.id)
        for bad in (
            b"",
            whole[:-30],
            whole[: len(whole) // 2],
            whole + b"more",
            b"\x1f\x8b" + whole,
            whole[5:],
        ):
            path.write_bytes(bad)
            with pytest.raises(BucketgraphError, match="damaged"):
                bench.app.restore(path)
            assert everything(bench.app, bench.integration.id) == before
        path.write_bytes(whole)
        with open_app(settings_for(tmp_path / "new")) as other:
            other.restore(path, safety=False)
            integration = other.registry.find("test")
            assert Graph.of(other.store, integration.id) == bench.graph()
            assert other.locked_out() == ["test"]
            other.registry.remove("test")
            again = add(other, bench.url, [one.slug for one in world.workspaces], name="again")
            assert asyncio.run(other.sync(again, SyncOptions())).status == "COMPLETED"
