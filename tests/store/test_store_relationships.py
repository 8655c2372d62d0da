"""Relationships: missing ends, returning ends, and who a relationship belongs to."""

from __future__ import annotations

import pytest
from store.graphkit import REPO, USER, World, pull, repo, snapshot, tally, user

from bucketgraph.graph.entity import Record, Relationship

REPOS = snapshot("repositories/w", repo("r1"))
ANN, BOB = snapshot("users/all", user("ann")), snapshot("users/all", user("bob"))
PULLS = snapshot("pullrequests/r1", pull("p1", "r1", author="ann", reviewers=["bob"]))


def _grant(record: str, **properties: str) -> Record:
    """Return a record without entity that brings the relationship `ann OWNS r1`."""
    return Record(record, None, (Relationship("OWNS", USER, "ann", REPO, "r1", properties),))


def test_a_relationship_with_a_missing_end_is_left_out_and_reported(world: World) -> None:
    world.publish(REPOS, ANN, PULLS)
    assert world.dangling == 1
    assert world.edges().keys() == {"r1|has|p1", "ann|opened|p1"}


def test_the_next_publication_brings_it_once_the_end_exists(world: World) -> None:
    world.publish(REPOS, ANN, PULLS)
    world.publish(BOB)
    counts = world.publish(PULLS)
    assert world.dangling == 0
    assert counts.relationships["kit_user_reviewed_pull_request"] == tally(created=1)
    assert counts.relationships["kit_user_opened_pull_request"] == tally(unchanged=1)
    assert {entity.version for entity in world.store.entities()} == {1}
    assert "bob|reviewed|p1" in world.edges()


def test_it_is_reported_again_while_the_end_stays_missing(world: World) -> None:
    world.publish(REPOS, ANN, PULLS)
    number = world.store.last_publication()
    world.publish(PULLS)
    assert world.dangling == 1
    assert world.store.last_publication() == number


def test_the_ends_may_come_in_any_order_within_one_publication(world: World) -> None:
    world.publish(PULLS, BOB, REPOS, ANN)
    assert world.dangling == 0
    assert len(world.edges()) == 3


def test_a_relationship_that_lost_its_far_end_returns_with_it_and_its_record(world: World) -> None:
    world.publish(REPOS, ANN, BOB, PULLS)
    counts = world.publish(retire={"bob"})
    assert counts.relationships == {"kit_user_reviewed_pull_request": tally(deleted=1)}
    world.publish(BOB)
    assert "bob|reviewed|p1" not in world.edges()
    counts = world.publish(PULLS)
    assert counts.relationships["kit_user_reviewed_pull_request"] == tally(created=1)
    (edge,) = world.store.relationships(verb="REVIEWED")
    assert edge.version == 2


def test_a_relationship_to_what_the_same_publication_deletes_is_never_begun(world: World) -> None:
    world.publish(REPOS, ANN, BOB)
    number = world.store.last_publication()
    world.publish(PULLS, retire={"bob"})
    assert world.dangling == 1
    assert world.edges().keys() == {"r1|has|p1", "ann|opened|p1"}
    kinds = {(c.kind, c.key) for c in world.store.changes(after=number)}
    assert kinds == {
        ("deleted", "bob"),
        ("created", "p1"),
        ("created", "r1|has|p1"),
        ("created", "ann|opened|p1"),
    }


def test_a_reviewer_who_is_removed_ends_that_relationship_only(world: World) -> None:
    world.publish(REPOS, ANN, BOB, PULLS)
    counts = world.publish(snapshot("pullrequests/r1", pull("p1", "r1", author="ann")))
    assert counts.relationships == {
        "kit_repo_has_pull_request": tally(unchanged=1),
        "kit_user_opened_pull_request": tally(unchanged=1),
        "kit_user_reviewed_pull_request": tally(deleted=1),
    }
    assert counts.entities == {"kit_pull_request": tally(unchanged=1)}
    assert world.edges().keys() == {"r1|has|p1", "ann|opened|p1"}


def test_a_removed_reviewer_who_returns_continues_the_old_relationship(world: World) -> None:
    world.publish(REPOS, ANN, BOB, PULLS)
    world.publish(snapshot("pullrequests/r1", pull("p1", "r1", author="ann")))
    world.publish(PULLS)
    (edge,) = world.store.relationships(verb="REVIEWED")
    assert edge.version == 2


def test_two_verbs_between_the_same_ends_are_two_relationships(world: World) -> None:
    both = snapshot("pullrequests/r1", pull("p1", "r1", author="ann", reviewers=["ann"]))
    world.publish(REPOS, ANN, both)
    assert {"ann|opened|p1", "ann|reviewed|p1"} <= world.edges().keys()


def test_a_relationship_from_a_thing_to_itself_is_possible(world: World) -> None:
    loop = Record("loop", None, (Relationship("HAS", REPO, "r1", REPO, "r1"),))
    world.publish(REPOS, snapshot("loops/all", loop))
    assert world.edges().keys() == {"r1|has|r1"}


def test_a_relationship_that_another_record_brings_is_taken_over_with_its_history(world: World) -> None:
    world.publish(REPOS, ANN, snapshot("old/w", _grant("old"), whole=True))
    counts = world.publish(snapshot("new/w", _grant("new"), whole=True), snapshot("old/w", whole=True))
    assert counts.relationships == {"kit_user_owns_repo": tally(unchanged=1)}
    assert world.edges().keys() == {"ann|owns|r1"}
    world.publish(snapshot("new/w", whole=True))
    assert not world.edges()


def test_a_relationship_that_ended_can_be_brought_again_by_another_record(world: World) -> None:
    world.publish(REPOS, ANN, snapshot("old/w", _grant("old"), whole=True))
    world.publish(snapshot("old/w", whole=True))
    world.publish(snapshot("new/w", _grant("new", how="again"), whole=True))
    (edge,) = world.store.relationships(verb="OWNS")
    assert (edge.version, edge.properties) == (2, {"how": "again"})


def test_a_relationship_that_two_records_bring_stays_while_one_of_them_does(world: World) -> None:
    one, two = snapshot("one/w", _grant("one"), whole=True), snapshot("two/w", _grant("two"), whole=True)
    world.publish(REPOS, ANN, one, two)
    assert world.edges().keys() == {"ann|owns|r1"}
    world.publish(snapshot("one/w", whole=True), two)
    assert world.edges().keys() == {"ann|owns|r1"}
    world.publish(snapshot("two/w", whole=True))
    assert not world.edges()


@pytest.mark.parametrize("first", [0, 1])
def test_a_relationship_can_change_hands_within_one_publication(world: World, first: int) -> None:
    world.publish(REPOS, ANN, BOB, snapshot("grants/w", _grant("old")))
    other = Record("old", None, (Relationship("OWNS", USER, "bob", REPO, "r1"),))
    pair = [snapshot("grants/w", other), snapshot("more/w", _grant("new", how="moved"))]
    world.publish(pair[first], pair[1 - first])
    assert world.edges() == {"bob|owns|r1": {}, "ann|owns|r1": {"how": "moved"}}
