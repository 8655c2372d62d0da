"""A full disk, a locked file, a damaged file: told in our words, and nothing half written."""

from __future__ import annotations

import sqlite3

import pytest
from store.graphkit import CATALOGUE, World, pull, repo, run_python, snapshot, url_of, user

from bucketgraph.errors import StoreBusy, StoreError, StoreFull, StoreUnreadable
from bucketgraph.store.store import Store

MUCH = snapshot("users/all", *(user(f"u{n}", text="x" * 2000) for n in range(300)))


def test_a_full_disk_is_told_and_rolled_back(world: World) -> None:
    world.publish(snapshot("repositories/w", repo("r1")))
    pages = world.rows("PRAGMA page_count")[0][0]
    with world.store._writer.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 10}")
    before = world.dump()
    with pytest.raises(StoreFull, match="no space left") as caught:
        world.publish(MUCH)
    assert "Free some space" in caught.value.hint
    assert world.dump() == before
    assert world.store.check_integrity() == "ok"
    with world.store._writer.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    world.publish(MUCH)
    assert len(world.entities()) == 301


def test_a_quota_that_ends_the_file_is_told_and_rolled_back(world: World) -> None:
    world.publish(snapshot("repositories/w", repo("r1")))
    world.store.close()
    program = f"""
        import resource
        from pathlib import Path
        from store.graphkit import CATALOGUE, url_of
        from store.test_store_failures import MUCH
        from bucketgraph.errors import StoreFull
        from bucketgraph.store.base import Publication
        from bucketgraph.store.store import Store
        store = Store.open({url_of(world.path)!r}, CATALOGUE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
        try:
            store.publish(Publication("one", {world.runs["one"]}, (MUCH,)))
        except StoreFull as error:
            print(error.code)
        print(len(list(store.entities())))
    """
    assert run_python(program) == "store-full\n1\n"
    store = Store.open(url_of(world.path), CATALOGUE)
    assert store.check_integrity() == "ok"
    assert [entity.key for entity in store.entities()] == ["r1"]
    store.close()


def test_a_file_that_another_program_keeps_locked_is_told(world: World) -> None:
    impatient = Store.open(url_of(world.path), CATALOGUE, busy_timeout_ms=50)
    other = sqlite3.connect(world.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy, match="Another process"):
        impatient.start_run("one", {})
    assert [run.id for run in impatient.runs("one")] == [world.runs["one"]]
    other.execute("ROLLBACK")
    other.close()
    assert impatient.start_run("one", {}).id > world.runs["one"]
    impatient.close()


def test_a_publication_that_fails_halfway_leaves_nothing(world: World) -> None:
    world.publish(snapshot("users/all", user("ann")))
    with world.store._writer.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER fail BEFORE INSERT ON relationship BEGIN SELECT RAISE(ABORT, 'no more edges'); END"
        )
    before = world.dump()
    with pytest.raises(StoreError, match="no more edges"):
        world.publish(
            snapshot("repositories/w", repo("r1")),
            snapshot("pullrequests/r1", pull("p1", "r1", author="ann")),
            retire={"ann"},
        )
    assert world.dump() == before


def test_a_damaged_file_is_told(world: World) -> None:
    world.publish(MUCH)
    world.store.close()
    content = bytearray(world.path.read_bytes())
    content[8192:] = b"\xa5" * (len(content) - 8192)
    world.path.write_bytes(content)
    with pytest.raises(StoreUnreadable, match="damaged"):
        Store.open(url_of(world.path), CATALOGUE)


def test_an_interrupted_reader_leaves_the_store_usable(world: World) -> None:
    world.publish(MUCH)
    for _ in range(40):
        assert next(world.store.entities()).key == "u0"
    world.publish(snapshot("users/all", user("ann")))
    assert len(world.entities()) == 301
