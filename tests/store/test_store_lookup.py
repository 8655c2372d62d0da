"""What a run needs to know of the last one."""

from __future__ import annotations

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
    user,
    workspace,
)

PEOPLE = snapshot("users/all", user("ann"), user("bob"), user("cid"))
REPOS = snapshot("repositories/w", repo("r1"), repo("r2"))


def test_records_come_whole_with_their_scope_for_whom_they_are_joined_to(world: World) -> None:
    mine = pull("p1", "r1", author="ann", reviewers={"bob": {"state": "approved"}}, state="OPEN")
    world.publish(PEOPLE, REPOS, snapshot("pullrequests/r1", mine, pull("p2", "r1", author="bob")))
    ((scope, record),) = world.store.records_linked("one", type_name=PULL, keys={"ann", "nobody"})
    assert (scope, record.key, record.raw) == ("pullrequests/r1", "p1", None)
    assert record.entity == mine.entity
    assert set(map(repr, record.relationships)) == set(map(repr, mine.relationships))
    assert len(world.store.records_linked("one", type_name=PULL, keys={"bob", "r1"})) == 2


def test_records_are_joined_in_either_direction(world: World) -> None:
    world.publish(PEOPLE, REPOS, snapshot("pullrequests/r1", pull("p1", "r1", author="ann")))
    found = world.store.records_linked("one", type_name=USER, keys={"p1"})
    assert [(scope, record.key) for scope, record in found] == [("users/all", "ann")]
    found = world.store.records_linked("one", type_name=REPO, keys={"p1"})
    assert [(scope, record.key) for scope, record in found] == [("repositories/w", "r1")]


def test_records_are_joined_by_a_property_too(world: World) -> None:
    world.publish(REPOS, snapshot("pullrequests/r1", pull("p1", "r1", closedById="cid"), pull("p2", "r1")))
    found = world.store.records_linked(
        "one", type_name=PULL, keys={"cid"}, properties=iter(["closedById", "state"])
    )
    assert [record.key for _, record in found] == ["p1"]


def test_many_keys_are_looked_up_by_every_property(world: World) -> None:
    world.publish(REPOS, snapshot("pullrequests/r1", pull("p1", "r1", closedById="k0999")))
    keys = {f"k{number:04}" for number in range(1200)}
    found = world.store.records_linked("one", type_name=PULL, keys=keys, properties=iter(["closedById"]))
    assert [record.key for _, record in found] == ["p1"]


def test_ended_relationships_deleted_records_and_other_integrations_join_nothing(world: World) -> None:
    world.publish(
        PEOPLE, REPOS, snapshot("pullrequests/r1", pull("p1", "r1", reviewers=["ann"]), pull("p2", "r1"))
    )
    world.publish(
        PEOPLE, REPOS, snapshot("pullrequests/r1", pull("p9", "r1", author="ann")), integration="two"
    )
    world.publish(snapshot("pullrequests/r1", pull("p1", "r1"), whole=True))
    assert world.store.records_linked("one", type_name=PULL, keys={"ann"}) == []
    assert [r.key for _, r in world.store.records_linked("one", type_name=PULL, keys={"r1"})] == ["p1"]


def test_only_what_nothing_touches_or_names_is_unreferenced(world: World) -> None:
    world.publish(
        snapshot("workspaces/all", workspace("w")),
        snapshot("users/all", *(user(key) for key in ("ann", "bob", "cid", "dan", "eve"))),
        REPOS,
        snapshot("members/w", member("w", "ann"), whole=True),
        snapshot(
            "pullrequests/r1",
            pull("p1", "r1", author="bob", closedById="cid"),
            pull("p2", "r1", author="eve"),
        ),
    )
    ask = {"type_name": USER, "named_by": [(PULL, "closedById")]}
    assert world.store.unreferenced("one", **ask) == {"dan"}
    assert world.store.unreferenced("one", type_name=USER) == {"cid", "dan"}
    world.publish(snapshot("members/w", whole=True), retire={"p1", "dan"})
    assert world.store.unreferenced("one", **ask) == {"ann", "bob", "cid"}
    assert world.store.unreferenced("two", **ask) == frozenset()


def test_a_key_is_found_by_the_present_value_before_a_former_one(world: World) -> None:
    def find(value: str) -> str | None:
        return world.store.key_by_property("one", WORKSPACE, "slug", value)

    world.publish(snapshot("workspaces/all", workspace("w1", slug="acme")))
    world.publish(snapshot("workspaces/all", workspace("w1", slug="acme-old")))
    assert (find("acme"), find("acme-old"), find("never")) == ("w1", "w1", None)
    world.publish(snapshot("workspaces/all", workspace("w2", slug="acme")))
    assert find("acme") == "w2"
    assert world.store.key_by_property("two", WORKSPACE, "slug", "acme") is None
    assert world.store.key_by_property("one", USER, "slug", "acme") is None


def test_a_living_entity_is_found_before_a_deleted_one_and_a_deleted_one_before_none(world: World) -> None:
    world.publish(snapshot("workspaces/all", workspace("w1", slug="acme")))
    world.publish(retire={"w1"})
    assert world.store.key_by_property("one", WORKSPACE, "slug", "acme") == "w1"
    world.publish(snapshot("workspaces/all", workspace("w2", slug="acme")))
    assert world.store.key_by_property("one", WORKSPACE, "slug", "acme") == "w2"


def test_of_several_former_holders_the_last_is_found(world: World) -> None:
    for key in ("w2", "w1", "w3"):
        world.publish(snapshot("workspaces/all", workspace(key, slug="acme")))
        world.publish(snapshot("workspaces/all", workspace(key, slug=f"not-{key}")))
    assert world.store.key_by_property("one", WORKSPACE, "slug", "acme") == "w3"
