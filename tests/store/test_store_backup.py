"""Backups: of one moment while others write, and put back so that everybody sees them; or nothing changes."""

from __future__ import annotations

import contextlib
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from store.graphkit import (
    CATALOGUE,
    REPO,
    World,
    member,
    pull,
    repo,
    run_python,
    snapshot,
    start_python,
    url_of,
    user,
    workspace,
)
from store.test_store_observed import as_version_1
from store.test_store_processes import PUBLISHER

from bucketgraph.errors import Conflict, StoreBusy, StoreError, StoreFull, StoreNewer, StoreUnreadable
from bucketgraph.store import schema
from bucketgraph.store.store import Store

MUCH = 400


def fill(world: World, *, count: int = 5) -> None:
    """Publish a small graph with some history."""
    world.publish(
        snapshot("workspaces", workspace("w")),
        snapshot("users/all", *(user(f"u{n}") for n in range(count))),
        snapshot("members/w", *(member("w", f"u{n}") for n in range(count))),
        snapshot("repositories/w", *(repo(f"r{n}", workspace="w", size=n) for n in range(count))),
    )
    world.publish(
        snapshot("repositories/w", *(repo(f"r{n}", workspace="w", size=n + 1) for n in range(count)))
    )
    world.publish(snapshot("pullrequests/r1", *(pull(f"p{n}", "r1", author="u1") for n in range(count))))


def content(store: Store) -> dict[str, Any]:
    """Return all that can be asked of a graph: the living, the past, the feed, what was ever seen."""
    end = store.changes()[-1].on
    return {
        "entities": list(store.entities()),
        "relationships": list(store.relationships()),
        "past": [list(store.entities_at(moment)) for moment in range(1_000_000, end + 1, 1000)],
        "changes": store.changes(),
        "known": store.known(),
        "integrations": store.integrations(),
        "runs": [store.runs(one.id) for one in store.integrations()],
        "states": store.scope_states("one"),
    }


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Store]:
    """Open a file as a store."""
    store = Store.open(url_of(path), CATALOGUE)
    try:
        yield store
    finally:
        store.close()


def backed_up(world: World, name: str = "backup.db") -> Path:
    """Return a backup of the world."""
    path = world.path.with_name(name)
    world.store.backup(path)
    return path


def test_a_backup_is_one_private_file_with_the_same_content(world: World) -> None:
    fill(world)
    seen: list[tuple[int, int]] = []
    path = world.path.with_name("backup.db")
    world.store.backup(path, lambda done, total: seen.append((done, total)))
    assert seen[-1][0] == seen[-1][1] > 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not list(path.parent.glob("backup.db-*"))
    with opened(path) as copy:
        assert content(copy) == content(world.store)
        assert copy.check_integrity() == "ok"
        assert copy.holdings() == world.store.holdings()


def test_a_file_that_exists_is_never_overwritten(world: World, tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("mine")
    with pytest.raises(StoreUnreadable, match="cannot be created"):
        world.store.backup(target)
    assert target.read_text() == "mine"


def test_a_backup_that_is_stopped_leaves_no_file(world: World, tmp_path: Path) -> None:
    fill(world)

    def stop(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        world.store.backup(tmp_path / "backup.db", stop)
    assert not (tmp_path / "backup.db").exists()


def test_a_restored_graph_equals_the_backed_up_one_for_whoever_has_it_open(world: World) -> None:
    fill(world)
    before = content(world.store)
    path = backed_up(world)
    with opened(world.path) as other:
        assert content(other) == before
        world.publish(snapshot("repositories/w", repo("r0", workspace="w", size=99), whole=True))
        assert content(other) != before
        held = world.store.restore(path)
        assert content(other) == content(world.store) == before
        assert held == other.holdings()
    assert world.store.check_integrity() == "ok"
    assert [one.name for one in world.path.parent.iterdir() if "restoring" in one.name] == []


def test_ids_and_publication_numbers_are_never_given_twice(world: World) -> None:
    fill(world)
    path = backed_up(world)
    world.publish(snapshot("repositories/w", repo("later")))
    given = {one.key: one.id for one in world.store.entities(REPO)}["later"]
    cursor, run = world.store.last_publication(), world.store.start_run("one", {}).id
    world.store.restore(path)
    assert world.store.last_publication() < cursor
    world.publish(snapshot("repositories/w", repo("other")))
    assert {one.key: one.id for one in world.store.entities(REPO)}["other"] > given
    assert [change.key for change in world.store.changes(after=cursor)] == ["other"]
    assert world.store.start_run("one", {}).id > run


def test_calls_that_were_made_stay_booked(world: World) -> None:
    world.store.ledger_book("key", "repos", 100, lambda _: 3)
    path = backed_up(world)
    world.store.ledger_book("key", "repos", 100, lambda _: 4)
    world.store.ledger_book("key", "other", 101, lambda _: 5)
    world.store.restore(path)
    assert world.store.ledger_minutes("key", "repos") == {100: 7}
    assert world.store.ledger_minutes("key", "other") == {101: 5}


def test_who_published_before_writes_what_the_restored_graph_lacks(world: World) -> None:
    fill(world)
    path = backed_up(world)
    odd = snapshot("repositories/w", repo("r0", colour="blue"))
    with opened(world.path) as other:
        world.publish(odd)
        other.restore(path)
        world.publish(odd)
        seen = {one.name: one.properties for one in other.known().types}
        assert "colour" in seen[REPO]


def test_a_smaller_graph_in_place_of_a_larger_one_and_back(world: World) -> None:
    fill(world)
    small = backed_up(world, "small.db")
    world.publish(snapshot("users/all", *(user(f"x{n}", text="x" * 1000) for n in range(MUCH))))
    large = backed_up(world, "large.db")
    for path, expected in ((small, 5), (large, 5 + MUCH), (small, 5)):
        world.store.restore(path)
        assert world.store.counts("one")[0]["kit_user"] == expected
        assert world.store.check_integrity() == "ok"


def test_a_backup_with_other_pages_is_taken(world: World) -> None:
    fill(world)
    before, path = content(world.store), backed_up(world)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA page_size = 8192")
    connection.execute("VACUUM")
    assert connection.execute("PRAGMA page_size").fetchone() == (8192,)
    connection.close()
    world.store.restore(path)
    assert content(world.store) == before


def test_an_older_backup_is_brought_up_to_date(world: World, tmp_path: Path) -> None:
    fill(world)
    world.store.close()
    older = tmp_path / "older.db"
    as_version_1(world, older)
    world.store = Store.open(url_of(world.path), CATALOGUE)
    before, given = content(world.store), older.read_bytes()
    world.publish(snapshot("repositories/w", repo("later")))
    assert world.store.restore(older).schema_version == schema.HEAD
    after = content(world.store)
    assert after.pop("known")
    assert after == {name: one for name, one in before.items() if name != "known"}
    assert world.store.tokens() == []
    assert older.read_bytes() == given


def spoiled(path: Path, how: str) -> None:
    """Make a backup one that must be refused."""
    whole = path.read_bytes()
    if how == "no database":
        path.write_bytes(b"no database at all " * 400)
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "truncated":
        path.write_bytes(whole[: len(whole) // 2])
    elif how == "damaged":
        path.write_bytes(whole[:8192] + b"\xa5" * (len(whole) - 8192))
    elif how == "missing":
        path.unlink()
    else:
        if how in {"foreign", "nothing in it"}:
            path.unlink()
        connection = sqlite3.connect(path)
        statement = {
            "newer": "UPDATE alembic_version SET version_num = '9999'",
            "foreign": "CREATE TABLE songs (name)",
            "nothing in it": "PRAGMA user_version = 1",
            "half": "DROP TABLE entity",
        }[how]
        connection.execute(statement)
        connection.commit()
        connection.close()


@pytest.mark.parametrize(
    ("how", "error", "said"),
    [
        ("no database", StoreUnreadable, "no SQLite database"),
        ("empty", StoreUnreadable, "no SQLite database"),
        ("missing", StoreUnreadable, "cannot be read"),
        ("truncated", StoreUnreadable, "damaged"),
        ("damaged", StoreUnreadable, "damaged"),
        ("newer", StoreNewer, "schema version 9999"),
        ("foreign", StoreUnreadable, "not one of bucketgraph"),
        ("nothing in it", StoreUnreadable, "not one of bucketgraph"),
        ("half", StoreUnreadable, "not one of bucketgraph"),
    ],
)
def test_what_is_no_backup_changes_nothing(
    world: World, how: str, error: type[StoreError], said: str
) -> None:
    fill(world)
    path = backed_up(world)
    spoiled(path, how)
    before = world.dump()
    with pytest.raises(error, match=said) as caught:
        world.store.restore(path)
    assert "not touched" in caught.value.paragraph()
    assert world.dump() == before
    assert list(world.path.parent.glob(".*restoring*")) == []


def test_a_full_disk_while_restoring_leaves_the_present_graph(world: World) -> None:
    world.publish(snapshot("users/all", *(user(f"x{n}", text="x" * 2000) for n in range(MUCH))))
    path = backed_up(world)
    world.publish(snapshot("users/all", user("ann"), whole=True), retire={f"x{n}" for n in range(MUCH)})
    world.store.close()
    limit = path.stat().st_size + 200_000
    program = f"""
        import resource
        from pathlib import Path
        from store.graphkit import CATALOGUE
        from bucketgraph.errors import StoreFull
        from bucketgraph.store.store import Store
        store = Store.open({url_of(world.path)!r}, CATALOGUE)
        before = list(store.entities())
        with store.staging() as folder:
            staged = folder / "graph.db"
            store.backup(staged)
            store.check_backup(staged)
            resource.setrlimit(resource.RLIMIT_FSIZE, ({limit // 3}, {limit // 3}))
            try:
                store.restore_staged(staged)
            except StoreFull as error:
                print(error.code)
        print(list(store.entities()) == before, len(before))
    """
    assert run_python(program) == "store-full\nTrue 1\n"
    with opened(world.path) as store:
        assert store.check_integrity() == "ok"
        assert [one.key for one in store.entities()] == ["ann"]


def test_a_full_disk_while_backing_up_is_told_and_leaves_no_file(world: World, tmp_path: Path) -> None:
    world.publish(snapshot("users/all", *(user(f"x{n}", text="x" * 2000) for n in range(MUCH))))
    program = f"""
        import resource
        from pathlib import Path
        from store.graphkit import CATALOGUE
        from bucketgraph.errors import StoreFull
        from bucketgraph.store.store import Store
        store = Store.open({url_of(world.path)!r}, CATALOGUE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
        try:
            store.backup(Path({str(tmp_path / "backup.db")!r}))
        except StoreFull as error:
            print(error.code)
    """
    assert run_python(program) == "store-full\n"
    assert not (tmp_path / "backup.db").exists()


def test_a_process_killed_while_restoring_leaves_the_present_graph(world: World) -> None:
    world.publish(snapshot("users/all", *(user(f"x{n}", text="x" * 2000) for n in range(MUCH))))
    path = backed_up(world)
    world.publish(snapshot("repositories/w", repo("new")))
    before = content(world.store)
    program = f"""
        import os, signal
        from pathlib import Path
        from store.graphkit import CATALOGUE
        from bucketgraph.store.store import Store
        def die(done, total):
            os.kill(os.getpid(), signal.SIGKILL)
        Store.open({url_of(world.path)!r}, CATALOGUE).restore(Path({str(path)!r}), die)
    """
    process = start_python(program)
    process.communicate()
    assert process.returncode == -9
    assert content(world.store) == before
    world.store.restore(path)
    assert "new" not in world.entities()
    assert list(world.path.parent.glob(".*restoring*")) == []


def test_a_locked_database_is_not_waited_for_forever(world: World) -> None:
    fill(world)
    path = backed_up(world)
    impatient = Store.open(url_of(world.path), CATALOGUE, busy_timeout_ms=50)
    other = sqlite3.connect(world.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy, match="too long"):
        impatient.restore(path)
    other.execute("ROLLBACK")
    other.close()
    impatient.restore(path)
    impatient.close()


def test_one_restores_at_a_time(world: World) -> None:
    fill(world)
    path = backed_up(world)
    with opened(world.path) as other, other.staging(), pytest.raises(Conflict, match="another process"):
        world.store.restore(path)
    world.store.restore(path)


def test_a_damaged_graph_is_not_backed_up_as_if_it_were_sound(world: World, tmp_path: Path) -> None:
    world.publish(snapshot("users/all", *(user(f"x{n}", text="x" * 2000) for n in range(MUCH))))
    world.store.close()
    whole = bytearray(world.path.read_bytes())
    whole[-40_960:] = b"\xa5" * 40_960
    world.path.write_bytes(whole)
    with opened(world.path) as store, pytest.raises(StoreUnreadable, match="damaged"):
        store.backup(tmp_path / "backup.db")
    assert not (tmp_path / "backup.db").exists()


def test_a_backup_under_constant_writing_is_finished_and_of_one_moment(world: World, tmp_path: Path) -> None:
    world.publish(snapshot("users/all", *(user(f"x{n}", text="x" * 2000) for n in range(MUCH * 5))))
    process = start_python(PUBLISHER, url_of(world.path), "one", world.runs["one"], 0, 100_000)
    assert process.stdout is not None
    process.stdout.readline()
    steps: list[int] = []

    def step(_done: int, _total: int) -> None:
        steps.append(world.store.counts("one")[0][REPO])
        process.stdout.readline()  # the other process goes on publishing between any two steps

    for number in range(5):
        path = tmp_path / f"{number}.db"
        before, first = world.store.counts("one")[0][REPO], len(steps)
        world.store.backup(path, step)
        assert steps[first] < steps[-1]
        with opened(path) as copy:
            assert copy.check_integrity() == "ok"
            entities, edges = copy.counts("one")
            assert entities["kit_pull_request"] == edges.total() == 5 * entities[REPO]
            assert before <= entities[REPO] <= steps[first]
    process.kill()


def test_restoring_under_constant_writing_gives_everybody_the_restored_graph(world: World) -> None:
    fill(world)
    path = backed_up(world)
    process = start_python(PUBLISHER, url_of(world.path), "two", world.runs["two"], 0, 100_000)
    assert process.stdout is not None
    for _ in range(20):
        process.stdout.readline()
    highest = 0
    for _ in range(3):
        world.store.restore(path)
        process.stdout.readline()
        process.stdout.readline()
        numbers = [one.publication for one in world.store.changes(integration_id="two")]
        assert min(numbers, default=highest + 1) > highest
        highest = max(numbers, default=highest)
        assert set(world.entities("one")) >= {"w", "u1", "r1", "p1"}
    process.kill()
    process.communicate()
    assert world.store.check_integrity() == "ok"
    ids = world.rows("SELECT count(*), count(DISTINCT id) FROM entity")[0]
    assert ids[0] == ids[1]


def test_the_errors_are_ours_when_the_disk_says_no(world: World) -> None:
    with pytest.raises((StoreUnreadable, StoreFull)):
        world.store.backup(Path("/proc/nowhere/backup.db"))
