"""Integrations, runs and the call ledger as rows."""

from __future__ import annotations

import pytest
from store.graphkit import World, pull, repo, snapshot, tally, user

from bucketgraph.errors import ConfigError, StoreError
from bucketgraph.store.base import IntegrationRow, Problem, RunReport, ScopeState

REPOS = snapshot("repositories/w", repo("r1"))
PEOPLE = snapshot("users/all", user("ann"))
TABLES = (
    "integration",
    "run",
    "scope",
    "record",
    "entity",
    "entity_history",
    "relationship",
    "relationship_history",
)


def _fill(world: World, integration: str) -> None:
    for state in ("OPEN", "MERGED"):
        pulls = snapshot(
            "pullrequests/r1", pull("p1", "r1", reviewers={"ann": {"state": state}}, state=state)
        )
        world.publish(
            REPOS, PEOPLE, pulls, integration=integration, scopes={"users/all": ScopeState(whole_on=1)}
        )


def _sizes(world: World) -> dict[str, int]:
    return {name: world.rows(f"SELECT count(*) FROM {name}")[0][0] for name in TABLES}  # noqa: S608


def test_removing_an_integration_removes_all_of_it_and_nothing_of_another(world: World) -> None:
    _fill(world, "two")
    alone = _sizes(world)
    kept = world.entities("two"), world.edges("two"), world.store.changes(integration_id="two")
    world.add_integration("third")
    _fill(world, "third")
    both = _sizes(world)
    assert all(both[name] > alone[name] for name in TABLES)
    world.store.remove_integration("third", purge=True)
    assert _sizes(world) == alone
    assert (world.entities("two"), world.edges("two"), world.store.changes(integration_id="two")) == kept
    assert not world.entities("third")
    assert not world.store.changes(integration_id="third")


def test_publication_numbers_are_never_used_again(world: World) -> None:
    _fill(world, "two")
    cursor = world.store.last_publication()
    world.store.remove_integration("two", purge=True)
    removed = world.store.last_publication()
    world.publish(REPOS)
    assert world.store.last_publication() == removed + 1
    assert [change.key for change in world.store.changes(after=cursor)] == ["r1"]


def test_a_removal_is_a_publication_of_its_own(world: World) -> None:
    """Whoever holds a cursor notices that the graph is another one, and after which moment."""
    _fill(world, "two")
    cursor = world.store.last_publication()
    world.clock.now += 1000
    world.store.remove_integration("two", purge=True)
    assert world.store.last_publication() == cursor + 1
    assert world.store.changes(after=cursor) == []
    (last,) = world.rows(
        "SELECT integration_id, run_id, published_on FROM publication ORDER BY id DESC LIMIT 1"
    )
    assert last == ("", 0, world.clock.now)


def test_ids_are_never_used_again(world: World) -> None:
    """What an `_id` or a change once named, it never names something else later."""
    seen: set[tuple[str, int]] = set()
    for turn in range(3):
        for name in ("x", "y"):
            world.add_integration(f"{name}{turn}")
            _fill(world, f"{name}{turn}")
        present = _ids(world)
        assert not seen & present
        seen |= present
        world.store.remove_integration(f"y{turn}", purge=True)
        world.store.remove_integration(f"x{turn}", purge=True)
        assert _ids(world) == set()


def _ids(world: World) -> set[tuple[str, int]]:
    """Return what has an id; an entity's is its record's, and two runs were there from the beginning."""
    found: set[tuple[str, int]] = set()
    for table in ("record", "relationship", "scope", "run"):
        found |= {(table, row[0]) for row in world.rows(f"SELECT id FROM {table}")}  # noqa: S608
    return found - {("run", world.runs["one"]), ("run", world.runs["two"])}


def test_an_integration_that_returns_under_its_id_starts_from_nothing(world: World) -> None:
    _fill(world, "two")
    world.store.remove_integration("two", purge=True)
    world.add_integration("two")
    _fill(world, "two")
    (entity,) = world.store.entities("PR", integration_id="two")
    assert entity.version == 2
    assert world.store.check_integrity() == "ok"


def test_integrations_come_back_as_they_were_by_name(world: World) -> None:
    row = IntegrationRow("id", "a name", "What for.", '{"a":1}', "secret", 5, 6)
    world.store.add_integration(row)
    assert world.store.integrations()[0] == row
    assert [one.name for one in world.store.integrations()] == ["a name", "one", "two"]


def test_a_name_is_given_once(world: World) -> None:
    with pytest.raises(ConfigError, match="already an integration named 'one'"):
        world.store.add_integration(IntegrationRow("other", "one", "", "{}", "", 1, 1))
    assert len(world.store.integrations()) == 2


def test_runs_come_newest_first_up_to_a_limit(world: World) -> None:
    later = [world.store.start_run("one", {"full": True, "since": None}).id for _ in range(2)]
    assert [run.id for run in world.store.runs("one")] == [later[1], later[0], world.runs["one"]]
    (run,) = world.store.runs("one", limit=1)
    assert (run.options, run.status, run.finished_on) == ({"full": True, "since": None}, "IN_PROGRESS", None)
    assert [run.id for run in world.store.runs("two")] == [world.runs["two"]]


def test_ending_a_run_keeps_what_its_publications_counted(world: World) -> None:
    world.publish(REPOS)
    problem = Problem("Repositories: w", "denied", "No.", "Ask.")
    run = world.store.end_run(
        world.runs["one"], "COMPLETED_WITH_ERRORS", RunReport(problems=[problem], calls={"x": 3})
    )
    assert (run.status, run.finished_on) == ("COMPLETED_WITH_ERRORS", world.clock.now)
    assert run.report.counts.entities == {"kit_repo": tally(created=1)}
    assert (run.report.problems, run.report.calls) == ([problem], {"x": 3})
    assert world.store.runs("one") == [run]


def test_an_interrupted_run_stays_open(world: World) -> None:
    run = world.store.end_run(world.runs["one"], "IN_PROGRESS", RunReport())
    assert (run.status, run.finished_on) == ("IN_PROGRESS", None)


def test_ending_a_run_that_is_gone_is_refused(world: World) -> None:
    with pytest.raises(StoreError, match="Run 99"):
        world.store.end_run(99, "COMPLETED", RunReport())


def test_the_ledger_adds_up_calls_by_minute(world: World) -> None:
    seen: list[dict[int, int]] = []

    def book(minute: int, calls: int) -> None:
        def decide(minutes: dict[int, int]) -> int:
            seen.append(minutes)
            return calls

        world.store.ledger_book("key", "api", minute, decide)

    book(100, 5)
    book(100, 2)
    book(101, 0)
    book(101, 1)
    assert seen == [{}, {100: 5}, {100: 7}, {100: 7}]
    assert world.store.ledger_minutes("key", "api") == {100: 7, 101: 1}
    assert world.store.ledger_minutes("key", "git") == {}
    book(100, -3)
    book(101, -9)
    assert world.store.ledger_minutes("key", "api") == {100: 4, 101: 0}
    book(221, 1)
    assert world.store.ledger_minutes("key", "api") == {101: 0, 221: 1}
