"""Publishing: what is created, updated, left alone and deleted, and how it is counted."""

from __future__ import annotations

import pytest
from store.graphkit import (
    PULL,
    REPO,
    USER,
    WORKSPACE,
    World,
    member,
    pull,
    repo,
    snapshot,
    tally,
    user,
    workspace,
)

from bucketgraph.errors import StoreError
from bucketgraph.graph.entity import Entity, Record, Relationship
from bucketgraph.store.base import Publication, ScopeState

PEOPLE = snapshot("users/all", user("ann"), user("bob"), user("cid"))
REPOS = snapshot("repositories/w", repo("r1"), repo("r2"), whole=True, children=("pullrequests",))
PULLS = snapshot("pullrequests/r1", pull("p1", "r1", author="ann"), pull("p2", "r1"), whole=True)
OTHER_PULLS = snapshot("pullrequests/r2", pull("p3", "r2", author="bob"), whole=True)


def test_a_first_publication_creates_everything_and_counts_it(world: World) -> None:
    counts = world.publish(PEOPLE, REPOS, PULLS)
    assert counts.entities == {USER: tally(created=3), REPO: tally(created=2), PULL: tally(created=2)}
    assert counts.relationships == {
        "kit_repo_has_pull_request": tally(created=2),
        "kit_user_opened_pull_request": tally(created=1),
    }
    assert world.entities().keys() == {"ann", "bob", "cid", "r1", "r2", "p1", "p2"}
    assert world.edges().keys() == {"r1|has|p1", "r1|has|p2", "ann|opened|p1"}


def test_publishing_the_same_again_writes_nothing_at_all(world: World) -> None:
    world.publish(PEOPLE, REPOS, PULLS)
    before, number = _without_reports(world), world.store.last_publication()
    counts = world.publish(PEOPLE, REPOS, PULLS)
    assert counts.entities == {USER: tally(unchanged=3), REPO: tally(unchanged=2), PULL: tally(unchanged=2)}
    assert counts.relationships["kit_repo_has_pull_request"] == tally(unchanged=2)
    assert _without_reports(world) == before
    assert world.store.last_publication() == number


def test_a_changed_record_is_updated_and_its_neighbours_are_not(world: World) -> None:
    world.publish(PEOPLE, REPOS, PULLS)
    changed = snapshot(
        "pullrequests/r1", pull("p1", "r1", author="ann", state="MERGED"), pull("p2", "r1"), whole=True
    )
    counts = world.publish(changed)
    assert counts.entities == {PULL: tally(updated=1, unchanged=1)}
    assert counts.relationships == {
        "kit_repo_has_pull_request": tally(unchanged=2),
        "kit_user_opened_pull_request": tally(unchanged=1),
    }
    assert world.entities()["p1"] == {"displayName": "P1", "state": "MERGED"}
    assert {e.key: e.version for e in world.store.entities(PULL)} == {"p1": 2, "p2": 1}
    assert {e.version for e in world.store.relationships()} == {1}


def test_what_a_whole_snapshot_lacks_is_deleted_with_its_relationships(world: World) -> None:
    world.publish(PEOPLE, REPOS, PULLS)
    counts = world.publish(snapshot("pullrequests/r1", pull("p2", "r1"), whole=True))
    assert counts.entities == {PULL: tally(deleted=1, unchanged=1)}
    assert counts.relationships == {
        "kit_repo_has_pull_request": tally(deleted=1, unchanged=1),
        "kit_user_opened_pull_request": tally(deleted=1),
    }
    assert world.edges().keys() == {"r1|has|p2"}
    assert "p1" not in world.entities()
    assert world.store.scope_keys("one", "pullrequests/r1") == {"p2"}


def test_a_partial_snapshot_deletes_nothing(world: World) -> None:
    world.publish(PEOPLE, REPOS, PULLS)
    counts = world.publish(
        snapshot("pullrequests/r1"), snapshot("repositories/w", children=("pullrequests",))
    )
    assert not counts.entities
    assert len(world.entities()) == 7


def test_kept_records_stay_though_a_whole_snapshot_lacks_them(world: World) -> None:
    world.publish(PEOPLE, REPOS, PULLS)
    world.publish(snapshot("pullrequests/r1", whole=True, keep=frozenset({"p1", "never seen"})))
    assert "p1" in world.entities()
    assert "p2" not in world.entities()


def test_a_deleted_owner_takes_its_children_and_their_states_along(world: World) -> None:
    state = ScopeState(run_id=1, whole_on=5, watermark=6, floor=7, empty_since=8)
    names = ("pullrequests/r1", "pullrequests/r2", "repositories/w")
    world.publish(PEOPLE, REPOS, PULLS, OTHER_PULLS, scopes=dict.fromkeys(names, state))
    counts = world.publish(
        snapshot("repositories/w", repo("r2"), whole=True, children=("pullrequests",)),
    )
    assert counts.entities == {REPO: tally(deleted=1, unchanged=1), PULL: tally(deleted=2)}
    assert world.entities().keys() == {"ann", "bob", "cid", "r2", "p3"}
    assert world.edges().keys() == {"r2|has|p3", "bob|opened|p3"}
    states = world.store.scope_states("one")
    assert states["pullrequests/r1"] == ScopeState()
    assert states["pullrequests/r2"] == states["repositories/w"] == state


def test_children_published_together_with_their_owners_deletion_never_come_alive(world: World) -> None:
    world.publish(PEOPLE, REPOS, PULLS)
    number = world.store.last_publication()
    world.publish(
        snapshot("repositories/w", repo("r2"), whole=True, children=("pullrequests",)),
        snapshot("pullrequests/r1", pull("p1", "r1", state="MERGED"), pull("p9", "r1")),
    )
    assert world.entities().keys() == {"ann", "bob", "cid", "r2"}
    assert not world.edges()
    seen = {(c.kind, c.key) for c in world.store.changes(after=number) if c.element == "entity"}
    assert seen == {("deleted", "r1"), ("deleted", "p1"), ("deleted", "p2")}


@pytest.mark.parametrize("new_first", [True, False])
def test_what_moves_between_whole_scopes_keeps_its_identity(world: World, new_first: bool) -> None:
    world.publish(PEOPLE, REPOS, PULLS)
    moved = [
        snapshot("repositories/v", repo("r1"), whole=True, children=("pullrequests",)),
        snapshot("repositories/w", repo("r2"), whole=True, children=("pullrequests",)),
    ]
    counts = world.publish(*moved[:: 1 if new_first else -1])
    assert counts.entities == {REPO: tally(unchanged=2)}
    assert "p1" in world.entities()
    assert world.store.scope_keys("one", "repositories/v") == {"r1"}
    assert world.store.scope_keys("one", "repositories/w") == {"r2"}


def test_what_moves_and_changes_at_once_is_an_update(world: World) -> None:
    world.publish(workspace_and_repo("w", "r1"))
    counts = world.publish(
        snapshot("repositories/v", workspace("v"), repo("r1", workspace="v"), whole=True),
        snapshot("repositories/w", workspace("w"), whole=True),
    )
    assert counts.entities[REPO] == tally(unchanged=1)
    assert counts.relationships == {"kit_workspace_owns_repo": tally(created=1, deleted=1)}
    assert world.edges().keys() == {"v|owns|r1"}


@pytest.mark.parametrize("last", ["v", "w"])
def test_a_record_that_two_listings_show_at_once_is_as_the_last_one_shows_it(world: World, last: str) -> None:
    world.publish(snapshot("workspaces/all", workspace("v"), workspace("w")))
    seen = [
        snapshot("repositories/v", repo("r1", workspace="v", slug="in-v"), whole=True),
        snapshot("repositories/w", repo("r1", workspace="w", slug="in-w"), whole=True),
    ]
    counts = world.publish(*seen[:: 1 if last == "w" else -1])
    assert counts.entities == {REPO: tally(created=1)}
    assert world.edges().keys() == {f"{last}|owns|r1"}
    (entity,) = world.store.entities(REPO)
    assert (entity.version, entity.properties["slug"]) == (1, f"in-{last}")
    assert world.store.scope_keys("one", f"repositories/{last}") == {"r1"}


def test_a_stand_in_is_written_only_where_nothing_is_known(world: World) -> None:
    stand_in = snapshot("repositories/w", repo("r1", slug="guess"), only_if_absent=True)
    assert world.publish(stand_in).entities == {REPO: tally(created=1)}
    known = snapshot("repositories/w", repo("r1", slug="known"))
    assert world.publish(known).entities == {REPO: tally(updated=1)}
    elsewhere = snapshot("repositories/v", repo("r1", slug="guess"), only_if_absent=True)
    assert not world.publish(elsewhere).entities
    assert world.entities()["r1"]["slug"] == "known"
    assert world.store.scope_keys("one", "repositories/w") == {"r1"}


@pytest.mark.parametrize("stand_in_first", [True, False])
def test_a_stand_in_yields_to_the_thing_itself_in_one_publication(
    world: World,
    stand_in_first: bool,
) -> None:
    both = [
        snapshot("repositories/w", repo("r1", slug="guess"), only_if_absent=True),
        snapshot("repositories/w", repo("r1", slug="known")),
    ]
    world.publish(*both[:: 1 if stand_in_first else -1])
    (entity,) = world.store.entities(REPO)
    assert (entity.version, entity.properties["slug"]) == (1, "known")


def test_a_stand_in_revives_what_was_deleted(world: World) -> None:
    world.publish(REPOS)
    world.publish(snapshot("repositories/w", whole=True))
    world.publish(snapshot("repositories/w", repo("r1"), only_if_absent=True))
    assert world.entities().keys() == {"r1"}


def test_retired_records_go_whatever_their_scope(world: World) -> None:
    world.publish(PEOPLE, REPOS, PULLS)
    counts = world.publish(retire={"ann", "p2", "never seen"})
    assert counts.entities == {USER: tally(deleted=1), PULL: tally(deleted=1)}
    assert world.edges().keys() == {"r1|has|p1"}


def test_retiring_wins_over_being_published_and_leaves_no_trace_of_it(world: World) -> None:
    world.publish(PEOPLE, REPOS, PULLS)
    number = world.store.last_publication()
    world.publish(snapshot("pullrequests/r1", pull("p1", "r1", state="MERGED")), retire={"p1"})
    assert "p1" not in world.entities()
    (change,) = [c for c in world.store.changes(after=number) if c.element == "entity"]
    assert (change.kind, change.key, dict(change.before)) == ("deleted", "p1", {"displayName": "P1"})


def test_a_record_without_entity_brings_and_takes_its_relationship(world: World) -> None:
    world.publish(snapshot("workspaces/all", workspace("w")), PEOPLE)
    world.publish(
        snapshot("members/w", member("w", "ann", permission="owner"), member("w", "bob"), whole=True)
    )
    assert world.edges() == {"w|has|ann": {"permission": "owner"}, "w|has|bob": {}}
    counts = world.publish(snapshot("members/w", member("w", "ann", permission="member"), whole=True))
    assert counts.relationships == {"kit_workspace_has_user": tally(updated=1, deleted=1)}
    assert world.edges() == {"w|has|ann": {"permission": "member"}}


def test_a_record_that_loses_its_entity_deletes_it(world: World) -> None:
    world.publish(PEOPLE, REPOS, PULLS)
    edge = Relationship("HAS", REPO, "r1", USER, "ann")
    counts = world.publish(snapshot("pullrequests/r1", Record("p1", None, (edge,))))
    assert counts.entities == {PULL: tally(deleted=1)}
    assert world.edges().keys() == {"r1|has|p2", "r1|has|ann"}


def test_an_entity_that_changes_its_type_takes_its_relationships_along(world: World) -> None:
    world.publish(PEOPLE, REPOS, PULLS)
    world.publish(snapshot("users/all", Record("ann", Entity("ann", WORKSPACE, {"displayName": "Ann"}))))
    (edge,) = world.store.relationships(verb="opened")
    assert (edge.from_type, edge.from_name) == (WORKSPACE, "Ann")
    assert world.store.counts()[1]["kit_workspace OPENED kit_pull_request"] == 1


def test_two_integrations_with_the_same_keys_do_not_disturb_each_other(world: World) -> None:
    world.publish(PEOPLE, REPOS, PULLS)
    world.publish(PEOPLE, REPOS, PULLS, integration="two")
    world.publish(snapshot("users/all", user("ann", member=True)), integration="two")
    world.publish(snapshot("repositories/w", whole=True, children=("pullrequests",)), retire={"bob"})
    assert world.entities("one").keys() == {"ann", "cid"}
    assert len(world.entities("two")) == 7
    assert world.entities("two")["ann"]["member"] is True
    assert "member" not in world.entities("one")["ann"]
    assert not world.edges("one")
    assert len(world.edges("two")) == 3


def test_scopes_are_saved_with_what_they_tell_of_or_alone(world: World) -> None:
    state = ScopeState(run_id=3, whole_on=4, watermark=5, floor=6, empty_since=7)
    world.publish(REPOS, scopes={"repositories/w": state})
    world.publish(scopes={"new/scope": state})
    assert world.store.scope_states("one") == {"repositories/w": state, "new/scope": state}
    assert world.store.scope_states("two") == {}


def test_counts_add_up_in_the_runs_report(world: World) -> None:
    world.publish(PEOPLE, REPOS)
    world.publish(PEOPLE, PULLS)
    (run,) = world.store.runs("one")
    assert run.report.counts.entities[USER] == tally(created=3, unchanged=3)
    assert run.report.counts.relationships["kit_repo_has_pull_request"] == tally(created=2)


def test_publishing_for_a_run_that_is_gone_is_refused_and_writes_nothing(world: World) -> None:
    with pytest.raises(StoreError, match="Run 99 is not in the graph file any more"):
        world.store.publish(Publication("one", 99, (PEOPLE,)))
    assert not world.entities()


def test_the_raw_answer_is_kept_until_another_one_comes(world: World) -> None:
    raw = Record("r1", Entity("r1", REPO, {"slug": "a"}), raw=b"raw one")
    world.publish(snapshot("repositories/w", raw))
    (before,) = world.rows("SELECT raw FROM record WHERE key = 'r1'")
    world.publish(snapshot("repositories/w", repo("r1", slug="refreshed")))
    assert world.rows("SELECT raw FROM record WHERE key = 'r1'") == [before]


def test_a_publication_larger_than_one_statement_takes_is_written_whole(world: World) -> None:
    many = [user(f"u{number}") for number in range(1203)]
    world.publish(snapshot("repositories/w", repo("r1")), snapshot("users/all", *many, whole=True))
    names = [record.key for record in many]
    world.publish(snapshot("pullrequests/r1", pull("p1", "r1", reviewers=names)))
    assert len(world.edges()) == 1204
    counts = world.publish(snapshot("users/all", whole=True))
    assert counts.entities == {USER: tally(deleted=1203)}
    assert counts.relationships == {"kit_user_reviewed_pull_request": tally(deleted=1203)}
    assert world.edges().keys() == {"r1|has|p1"}


def workspace_and_repo(owner: str, key: str) -> object:
    return snapshot(f"repositories/{owner}", workspace(owner), repo(key, workspace=owner), whole=True)


def _without_reports(world: World) -> list[str]:
    return [line for line in world.dump() if not line.startswith('INSERT INTO "run"')]
