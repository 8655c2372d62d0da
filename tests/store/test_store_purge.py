"""Purging an integration: no row, no name and no byte of it is left; everybody else has what they had."""

from __future__ import annotations

import contextlib
import random
import sqlite3
from collections.abc import Iterator

import pytest
from store.graphkit import CATALOGUE, World, repo, run_python, snapshot, url_of, user
from store.observedkit import check, told
from store.removalkit import MAPPER, fill, found_in_files, link_same_keys

from bucketgraph.errors import ConfigError, StoreBusy
from bucketgraph.graph.entity import Entity, Record, seal
from bucketgraph.store.base import IntegrationRow, NewEvent, Problem, RunReport, TokenRow
from bucketgraph.store.store import Store

ID = "5f0c9f6e-8a35-4d5e-9e0a-51b7a5ab3a11"
UUID = "{7c1b1e4e-26a8-4a5e-8a6e-0a0d1f3b6c55}"
NOISE = random.Random(4).randbytes(9000)
"""An answer that cannot be compressed and takes pages of its own."""

NEEDLES = (
    ID.encode(),
    UUID.encode(),
    b"acme",
    b"Acme",
    b"-secretmark",
    b"encryptedcredentials",
    b"consumerhash",
    b"tag.Quorum",
)


def _tell(world: World) -> list[bytes]:
    """Let an integration write into every table; return what must not be found afterwards."""
    row = IntegrationRow(
        ID, "acme", "The acme account", '{"workspaces":["acme"]}', "encryptedcredentials", 1, 1
    )
    world.store.add_integration(row)
    world.runs[ID] = world.store.start_run(ID, {"since": "acme"}, workflow_id=f"acme-{ID}").id
    world.store.set_tags(ID, {"tag.Quorum": "acme"})
    fill(world, ID, mark="-secretmark")
    big = Record(
        UUID, Entity(UUID, "kit_user", {"email": "x@acme.example", "text": "acme " * 3000}), (), NOISE
    )
    for text in (big, user(UUID, email="y@acme.example")):
        world.publish(snapshot("users/all", text), integration=ID)
    imported = Record("acme-host", Entity("acme-host", "host", {"acmeSerial": 1}, ("Host",)))
    world.publish(snapshot("hosts/acme", imported, repo("acme-repo")), integration=ID)
    world.publish(snapshot("users/all", whole=True), integration=ID)
    world.store.add_events(world.runs[ID], ID, [NewEvent("error", "step_failure", "acme is gone")])
    world.store.add_token(TokenRow("t", "acme-token", "viewer", ID, "acme-hash", 1))
    world.store.ledger_book("consumerhash", "repositories", 100, lambda _: 5)
    world.store.ledger_book("ofanother", "repositories", 100, lambda _: 5)
    problem = Problem("Repositories: acme", "denied", "acme said no.")
    world.store.end_run(world.runs[ID], "COMPLETED_WITH_ERRORS", RunReport(problems=[problem]))
    raw = seal(big).raw or b""
    answers = [row[0] for row in world.rows("SELECT raw FROM record WHERE length(raw) < 100")]
    return [*NEEDLES, raw[50:90], raw[-90:-50], *answers]


def _write_carelessly(world: World) -> None:
    """Let deleted bytes stay where they are, as most builds of SQLite do."""
    with world.store._writer.connect() as connection:
        connection.exec_driver_sql("PRAGMA secure_delete = OFF")


@pytest.mark.parametrize("kept_before", [False, True])
def test_no_byte_of_it_is_left_in_any_file(world: World, *, kept_before: bool) -> None:
    _write_carelessly(world)
    fill(world, "one")
    living = check(world).living
    others = {bytes(row[0]) for row in world.rows("SELECT raw FROM record WHERE raw NOTNULL")}
    needles = [one for one in _tell(world) if one not in others]
    assert {one for _, one in found_in_files(world, needles)} == set(needles)
    if kept_before:
        world.store.remove_integration(ID)
        assert world.store.removed_integrations()[0].id == ID
    world.store.remove_integration(ID, purge=True, forget_consumers=["consumerhash"])
    assert found_in_files(world, needles) == []
    assert world.store.removed_integrations() == []
    assert check(world).living == living
    world.store.close()
    assert found_in_files(world, needles) == []


def test_the_files_of_a_purge_end_as_before_for_everybody_else(world: World) -> None:
    fill(world, "one")
    kept = world.entities("one"), world.edges("one"), world.store.changes(integration_id="one")
    _tell(world)
    world.store.remove_integration(ID, purge=True)
    assert (world.entities("one"), world.edges("one"), world.store.changes(integration_id="one")) == kept
    assert world.store.changes() == kept[2]
    assert {row[0] for row in world.rows("SELECT DISTINCT integration_id FROM publication")} == {"one", ""}
    assert world.rows("SELECT DISTINCT consumer FROM call_ledger ORDER BY 1") == [
        ("consumerhash",),
        ("ofanother",),
    ]
    assert world.store.check_integrity() == "ok"


def test_relationships_of_others_that_touch_it_are_gone_with_their_history(world: World) -> None:
    world.add_integration(MAPPER)
    fill(world, "one")
    fill(world, "two")
    link_same_keys(world)
    world.store.link(MAPPER, world.runs[MAPPER], [])
    link_same_keys(world)
    assert len(world.store.links(MAPPER)) == 4
    world.store.remove_integration("two", purge=True)
    assert world.store.links(MAPPER) == frozenset()
    assert world.rows("SELECT count(*) FROM record WHERE integration_id = 'mapper'") == [(0,)]
    assert world.rows(
        "SELECT count(*) FROM relationship_history WHERE relationship_id NOT IN (SELECT id FROM relationship)"
    ) == [(0,)]
    check(world)


def test_names_that_others_show_stay_and_can_be_seen_anew(world: World) -> None:
    world.store.set_tags("one", {"tag.Shared": True})
    world.store.set_tags("two", {"tag.Shared": True, "tag.Own": "x"})
    world.publish(snapshot("users/all", user("ann", age=7)), integration="one")
    world.publish(snapshot("users/all", user("ann", size=7)), integration="two")
    world.store.remove_integration("two", purge=True)
    names = {name for _, name, _ in told(world.store.known()).properties}
    assert names == {"displayName", "age", "size", "tag.Shared"}
    world.store.set_tags("one", {"tag.Own": "y"})
    world.publish(snapshot("users/all", user("bob")), integration="one")
    assert "tag.Own" in {name for _, name, _ in told(world.store.known()).properties}
    check(world)


def test_another_process_learns_that_names_were_forgotten(world: World) -> None:
    host = snapshot("hosts/all", Record("h", Entity("h", "host", {"serial": 1}, ("Host",))))
    other = Store.open(url_of(world.path), CATALOGUE, clock=world.clock)
    world.publish(host, integration="one")
    world.publish(host, integration="two")
    for name in ("one", "two"):
        other.remove_integration(name, purge=True)
    other.close()
    assert told(world.store.known()).properties == frozenset()
    world.add_integration("one")
    world.publish(host, integration="one")
    check(world)


@contextlib.contextmanager
def _reader_of(world: World) -> Iterator[None]:
    """Hold a read transaction as another program would."""
    connection = sqlite3.connect(world.path, isolation_level=None)
    connection.execute("BEGIN")
    connection.execute("SELECT count(*) FROM record").fetchone()
    try:
        yield
    finally:
        connection.close()


def test_a_reader_in_the_way_is_told_and_the_rest_is_done_later(world: World) -> None:
    fill(world, "two", mark="-secretmark")
    world.store.close()
    world.store = Store.open(url_of(world.path), CATALOGUE, clock=world.clock, busy_timeout_ms=50)
    with _reader_of(world), pytest.raises(StoreBusy, match="Everything is deleted, but bytes") as caught:
        world.store.remove_integration("two", purge=True)
    assert "Stop other programs" in caught.value.hint
    assert world.entities("two") == {}
    assert found_in_files(world, [b"-secretmark"])
    assert world.store.finish_erasing()
    assert found_in_files(world, [b"-secretmark"]) == []
    assert not world.store.finish_erasing()


def test_a_purge_whose_process_was_killed_is_finished_after_the_next_run(world: World) -> None:
    fill(world, "two", mark="-secretmark")
    world.store.close()
    program = f"""
        import os
        from store.graphkit import CATALOGUE, url_of
        from bucketgraph.store.store import Store
        class Killed(Store):
            def _erase(self):
                os._exit(0)
        Killed.open({url_of(world.path)!r}, CATALOGUE).remove_integration("two", purge=True)
    """
    run_python(program)
    world.store = Store.open(url_of(world.path), CATALOGUE, clock=world.clock)
    assert world.entities("two") == {}
    assert found_in_files(world, [b"-secretmark"])
    world.publish(snapshot("repositories/w", repo("r1")))
    world.store.end_run(world.runs["one"], "COMPLETED", RunReport())
    assert found_in_files(world, [b"-secretmark"]) == []


def test_what_is_not_there_cannot_be_purged(world: World) -> None:
    with pytest.raises(ConfigError, match="no integration with the id nobody"):
        world.store.remove_integration("nobody", purge=True)
    world.store.remove_integration("two", purge=True)
    with pytest.raises(ConfigError, match="no integration with the id two"):
        world.store.remove_integration("two", purge=True)
