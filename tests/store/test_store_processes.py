"""Several processes on one file, and processes that are killed."""

from __future__ import annotations

import random
from pathlib import Path

from store.graphkit import CATALOGUE, PULL, World, start_python, url_of

from bucketgraph.store.store import Store

PUBLISHER = """
    import sys
    from store.graphkit import CATALOGUE, pull, repo, snapshot
    from bucketgraph.store.base import Publication
    from bucketgraph.store.store import Store
    url, integration, run, first, last = sys.argv[1:]
    store = Store.open(url, CATALOGUE)
    for number in range(int(first), int(last)):
        key = f"r{number}"
        pulls = [pull(f"{key}p{one}", key) for one in range(5)]
        scopes = (snapshot("repositories/w", repo(key)), snapshot(f"pullrequests/{key}", *pulls, whole=True))
        store.publish(Publication(integration, int(run), scopes))
        print(number, flush=True)
    store.close()
"""

OPENER = """
    import sys
    from store.graphkit import CATALOGUE
    from bucketgraph.store.store import Store
    print("ready", flush=True)
    sys.stdin.readline()
    Store.open(sys.argv[1], CATALOGUE).close()
    print("opened")
"""


def test_two_processes_publishing_at_once_lose_and_break_nothing(world: World) -> None:
    url = url_of(world.path)
    running = [start_python(PUBLISHER, url, name, world.runs[name], 0, 60) for name in ("one", "two")]
    for process in running:
        out, errors = process.communicate()
        assert (process.returncode, errors) == (0, "")
        assert len(out.split()) == 60
    assert world.store.check_integrity() == "ok"
    for name in ("one", "two"):
        entities, edges = world.store.counts(name)
        assert entities == {"kit_repo": 60, PULL: 300}
        assert edges.total() == 300
    assert world.store.last_publication() == 120
    assert world.rows("SELECT count(DISTINCT id) FROM entity") == [(720,)]


def test_processes_opening_a_fresh_file_at_the_same_moment_all_succeed(tmp_path: Path) -> None:
    for attempt in range(3):
        path = tmp_path / str(attempt) / "graph.db"
        running = [start_python(OPENER, url_of(path)) for _ in range(4)]
        for process in running:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in running:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in running:
            out, errors = process.communicate()
            assert (out, errors, process.returncode) == ("opened\n", "", 0)
        store = Store.open(url_of(path), CATALOGUE)
        assert store.check_integrity() == "ok"
        store.close()


def test_a_killed_process_leaves_no_half_publication_and_loses_nothing_acknowledged(world: World) -> None:
    chance = random.Random(20261123)
    reached = 0
    for _ in range(10):
        process = start_python(PUBLISHER, url_of(world.path), "one", world.runs["one"], reached, 100_000)
        assert process.stdout is not None
        acknowledged = [int(process.stdout.readline()) for _ in range(chance.randint(1, 25))]
        process.kill()
        acknowledged += [int(line) for line in process.stdout if line.endswith("\n")]
        process.communicate()
        assert world.store.check_integrity() == "ok"
        assert acknowledged == list(range(reached, reached + len(acknowledged)))
        reached = _published(world)
        assert reached in {acknowledged[-1] + 1, acknowledged[-1] + 2}


def _published(world: World) -> int:
    """Check that what is stored is a whole number of publications, and return it."""
    entities, edges = world.store.counts("one")
    number = entities["kit_repo"]
    assert entities[PULL] == edges.total() == 5 * number
    assert world.store.last_publication() == number
    (run,) = world.store.runs("one")
    assert run.report.counts.entities[PULL].created == 5 * number
    return number
