"""How fresh each scope is."""

from __future__ import annotations

from store.graphkit import World, repo, snapshot, user

from bucketgraph.store.base import RunReport, ScopeFreshness, ScopeState


def test_every_scope_tells_whose_it_is_and_when_it_was_seen(world: World) -> None:
    run = world.runs["one"]
    repos = snapshot("repositories/w", repo("r2"), repo("r1"))
    world.publish(repos, scopes={"repositories/w": ScopeState(run, whole_on=5, watermark=4)})
    seen_on = world.clock.now
    world.publish(scopes={"pullrequests/r1": ScopeState(run, whole_on=7), "members/w": ScopeState(run)})
    world.store.end_run(run, "COMPLETED", RunReport())
    found = world.store.freshness("one")
    assert [(one.owner_name, one.kind) for one in found] == [
        ("R1", "pullrequests"),
        ("w", "members"),
        ("w", "repositories"),
    ]
    assert found[2] == ScopeFreshness("repositories/w", "repositories", "w", "w", 5, 4, run, seen_on, None)
    assert (found[0].owner_key, found[0].last_seen_on, found[0].watermark) == ("r1", world.clock.now, None)


def test_a_scope_goes_by_its_owners_present_name(world: World) -> None:
    scopes = {"pullrequests/r1": ScopeState(world.runs["one"])}
    world.publish(snapshot("repositories/w", repo("r1")), scopes=scopes)
    world.publish(snapshot("repositories/w", repo("r1", displayName="Renamed")))
    assert [one.owner_name for one in world.store.freshness("one")] == ["Renamed"]


def test_a_walk_that_found_nothing_new_was_seen_all_the_same(world: World) -> None:
    repos, scopes = (
        snapshot("repositories/w", repo("r1")),
        {"repositories/w": ScopeState(world.runs["one"], 1)},
    )
    world.publish(repos, scopes=scopes)
    assert not world.publish(repos, scopes=scopes).changed()
    (one,) = world.store.freshness("one")
    assert one.last_seen_on == world.clock.now


def test_a_list_that_is_suddenly_empty_says_since_when(world: World) -> None:
    world.publish(scopes={"pullrequests/r1": ScopeState(world.runs["one"], empty_since=9)})
    (one,) = world.store.freshness("one")
    assert (one.empty_since, one.owner_name) == (9, "r1")


def test_what_was_never_walked_and_whose_owner_is_gone_is_left_out(world: World) -> None:
    repos = snapshot("repositories/w", repo("r1"), whole=True, children=("pullrequests",))
    world.publish(
        repos,
        snapshot("users/all", user("ann")),
        scopes={"pullrequests/r1": ScopeState(world.runs["one"], 1)},
    )
    assert [one.scope for one in world.store.freshness("one")] == ["pullrequests/r1"]
    world.publish(snapshot("repositories/w", whole=True, children=("pullrequests",)))
    assert world.store.freshness("one") == []
    assert world.store.freshness("two") == []


def test_a_scope_of_an_older_file_goes_by_its_run(world: World) -> None:
    run = world.runs["one"]
    world.publish(scopes={"pullrequests/r1": ScopeState(run)})
    with world.store._writing() as connection:
        connection.exec_driver_sql("UPDATE scope SET seen_on = NULL")
    started_on = world.store.runs("one")[0].started_on
    assert [one.last_seen_on for one in world.store.freshness("one")] == [started_on]
    world.clock.now += 5000
    world.store.end_run(run, "COMPLETED", RunReport())
    assert [one.last_seen_on for one in world.store.freshness("one")] == [world.clock.now]


def test_a_removed_integration_still_says_what_it_saw_last(world: World) -> None:
    world.publish(
        snapshot("repositories/w", repo("r1")), scopes={"pullrequests/r1": ScopeState(world.runs["one"], 1)}
    )
    before = world.store.freshness("one")
    world.clock.now += 1000
    world.store.remove_integration("one")
    assert world.store.freshness("one") == before
