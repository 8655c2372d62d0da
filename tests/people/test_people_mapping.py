"""Which user is which person: the rules, what is ambiguous, and that the graph always says what they give."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from people.peoplekit import USER, Home, csv, entity, home

from bucketgraph.errors import ConfigError
from bucketgraph.people import mapper
from bucketgraph.people.mapping import ACCOUNT_ID, EMAIL, NICKNAME, RULES, doubts, match, rules_named
from bucketgraph.store.base import StoredEntity

ADA, BOB = (1, "Ada", "ada@x.example", "ada"), (2, "Bob", "bob@x.example", "bob")


def user(number: int, owner: str = "acme", **properties: Any) -> StoredEntity:
    return entity(number, USER, owner, **properties)


def person(number: int, owner: str = "people", **properties: Any) -> StoredEntity:
    return entity(number, "employee", owner, **properties)


def pairs(users: list[StoredEntity], people: list[StoredEntity], *rules: Any) -> list[tuple[int, int]]:
    return [(one.user.id, one.person.id) for one in match(users, people, rules or (NICKNAME,))]


def test_nicknames_fit_letter_by_letter_and_nothing_fits_nothing() -> None:
    users = [user(1, nickname="ada"), user(2, nickname="Ada"), user(3, nickname=""), user(4)]
    people = [person(11, bitbucketNickname="ada"), person(12, bitbucketNickname=""), person(13)]
    assert pairs(users, people) == [(1, 11)]


def test_every_match_is_linked() -> None:
    users = [user(1, nickname="a"), user(2, "beta", nickname="a")]
    people = [person(11, bitbucketNickname="a"), person(12, "hr", bitbucketNickname="a")]
    assert pairs(users, people) == [(1, 11), (1, 12), (2, 11), (2, 12)]


def test_other_rules_find_others_and_say_which() -> None:
    users = [user(1, nickname="a", accountId="x"), user(2, accountId="y"), user(3, email="Ada@X.example")]
    people = [
        person(11, bitbucketNickname="a", bitbucketAccountId="x"),
        person(12, bitbucketAccountId="y", email=["b@x.example", "ada@x.example"]),
    ]
    assert pairs(users, people) == [(1, 11)]
    found = match(users, people, (NICKNAME, ACCOUNT_ID, EMAIL))
    assert [(one.user.id, one.person.id, one.rules) for one in found] == [
        (1, 11, ("nickname", "account-id")),
        (2, 12, ("account-id",)),
        (3, 12, ("email",)),
    ]


def test_one_integration_never_maps_to_itself() -> None:
    assert pairs([user(1, "x", nickname="a")], [person(11, "x", bitbucketNickname="a")]) == []


def test_a_user_of_several_active_people_is_ambiguous() -> None:
    users, away = [user(1, nickname="a")], {"bitbucketNickname": "a", "active": False}
    two = [person(11, bitbucketNickname="a"), person(12, bitbucketNickname="a", active=True)]
    (doubt,) = doubts(match(users, [*two, person(13, **away)], (NICKNAME,)), {})
    assert (doubt.kind, doubt.of.id, [one.id for one in doubt.others]) == (
        "user-of-several-people",
        1,
        [11, 12],
    )
    assert doubts(match(users, [two[0], person(13, **away)], (NICKNAME,)), {}) == ()


def test_a_person_of_several_users_is_ambiguous_within_one_workspace() -> None:
    people = [person(11, bitbucketNickname="a")]
    users = [user(1, nickname="a"), user(2, nickname="a"), user(3, "beta", nickname="a")]
    found = match(users, people, (NICKNAME,))
    apart, together = {1: {"v"}, 2: {"w"}, 3: {"v"}}, {1: {"v"}, 2: {"v", "w"}, 3: {"v"}}
    assert doubts(found, {of: frozenset(keys) for of, keys in apart.items()}) == ()
    (doubt,) = doubts(found, {of: frozenset(keys) for of, keys in together.items()})
    assert (doubt.kind, doubt.of.id, [one.id for one in doubt.others]) == (
        "person-of-several-users",
        11,
        [1, 2],
    )
    (unknown,) = doubts(found, {1: frozenset("v")})
    assert [one.id for one in unknown.others] == [1, 2]


def test_rules_are_told_by_name() -> None:
    assert rules_named(["email", "nickname"]) == (NICKNAME, EMAIL)
    assert str(NICKNAME) == "bitbucket_user.nickname === Person.bitbucketNickname"
    with pytest.raises(ConfigError, match="no mapping rule 'surname'"):
        rules_named(["surname"])


def test_an_import_maps_at_once_and_the_feed_tells(desk: Home) -> None:
    desk.users("acme", ada="ada", bob="bob")
    cursor = desk.store.last_publication()
    done = desk.load(csv(ADA))
    assert desk.pairs() == {("Ada", "Ada")}
    assert desk.changes(cursor) == [
        ("created", "employee", "Ada"),
        ("created", "bitbucket_user_is_employee", "Ada IS Ada"),
    ]
    assert done.mapping is not None
    assert (done.mapping.links, done.mapping.created) == (1, 1)
    assert (done.mapping.users_without_person, done.mapping.people_without_user) == (1, 0)


def test_a_change_of_either_side_maps_anew(desk: Home) -> None:
    desk.users("acme", ada="ada", bob="bob")
    desk.load(csv(ADA, BOB))
    cursor = desk.store.last_publication()
    desk.users("acme", ada="countess", bob="bob")
    assert desk.pairs() == {("Bob", "Bob")}
    assert ("deleted", "bitbucket_user_is_employee", "Ada IS Ada") in desk.changes(cursor)
    desk.load(csv((1, "Ada", "ada@x.example", "countess"), BOB))
    assert desk.pairs() == {("Ada", "Ada"), ("Bob", "Bob")}
    desk.users("acme", ada="countess")
    assert desk.pairs() == {("Ada", "Ada")}
    desk.users("acme", ada="countess", bob="bob")
    assert desk.pairs() == {("Ada", "Ada"), ("Bob", "Bob")}
    desk.load(csv(ADA, BOB), yes=True)
    assert desk.pairs() == {("Bob", "Bob")}


def test_nothing_is_written_when_nothing_changed(desk: Home) -> None:
    desk.users("acme", ada="ada")
    desk.load(csv(ADA))
    cursor, runs = desk.store.last_publication(), len(desk.store.runs(mapper.ID))
    report = desk.app.recompute_people()
    assert (report.links, report.created, report.deleted) == (1, 0, 0)
    assert (desk.store.last_publication(), len(desk.store.runs(mapper.ID))) == (cursor, runs)


def test_who_has_no_people_has_no_mapper(desk: Home) -> None:
    desk.users("acme", ada="ada")
    assert [row.id for row in desk.store.integrations()] == ["acme"]


def test_the_mapper_is_in_no_list_and_cannot_be_removed(desk: Home) -> None:
    desk.users("acme", ada="ada")
    desk.load(csv(ADA))
    assert [one.name for one in desk.app.registry.all()] == ["acme"]
    assert "mapper" in {one.config.kind for one in desk.app.registry.everything()}
    with pytest.raises(ConfigError, match=r"no integration named 'mapper' \(known: acme, people\)"):
        desk.app.remove("mapper")


def test_the_mappers_name_is_refused_without_advice_to_remove_it(desk: Home) -> None:
    desk.users("acme", ada="ada")
    desk.load(csv(ADA))
    with pytest.raises(ConfigError, match="taken by the mapping of people"):
        desk.app.registry.find_import("mapper")
    with pytest.raises(ConfigError, match="taken by the mapping of people"):
        desk.load(csv(ADA), source="mapper")


def test_deleting_an_integration_ends_its_users_links_and_nobody_elses(desk: Home) -> None:
    desk.users("acme", ada="ada", bob="bob")
    desk.users("beta", eva={"nickname": "ada", "displayName": "Ada at beta"})
    desk.load(csv(ADA, BOB))
    desk.app.remove("acme")
    assert desk.pairs() == {("Ada at beta", "Ada")}
    assert desk.names() == ["Ada", "Bob"]
    desk.app.remove("people")
    assert desk.pairs() == set()
    assert [e.key for e in desk.store.entities(USER)] == ["eva"]


def test_a_user_of_two_integrations_loses_only_the_link_of_the_deleted_one(desk: Home) -> None:
    desk.users("acme", ada="ada")
    desk.users("beta", ada="ada")
    desk.load(csv(ADA))
    query = "FIND bitbucket_user AS u THAT IS Person RETURN u._integrationName AS of"
    desk.app.remove("acme")
    from bucketgraph.j1ql.results import Request  # noqa: PLC0415

    assert desk.store.ask(Request(query)).data == [{"of": "beta"}]


def test_rules_are_switched_and_map_at_once(desk: Home) -> None:
    desk.users("acme", ada={"nickname": "x", "accountId": "557:ada"})
    desk.load("Employee ID,Name,Atlassian account ID\n1,Ada,557:ada\n")
    assert desk.pairs() == set()
    assert desk.app.people.set_rule("account-id", on=True).created == 1
    assert (desk.app.people.rules(), desk.pairs()) == ({"nickname", "account-id"}, {("Ada", "Ada")})
    assert desk.app.people.set_rule("account-id", on=False).deleted == 1
    assert desk.pairs() == set()
    with pytest.raises(ConfigError, match="no mapping rule"):
        desk.app.people.set_rule("shoe-size", on=True)


def test_ambiguity_is_reported_and_all_are_linked(desk: Home) -> None:
    desk.users("acme", ada="ada")
    desk.load(csv(ADA))
    report = desk.load(csv((9, "Other Ada", "", "ada")), "contractors").mapping
    assert report is not None
    assert [(one.kind, one.of.name) for one in report.ambiguous] == [("user-of-several-people", "Ada")]
    assert desk.pairs() == {("Ada", "Ada"), ("Ada", "Other Ada")}
    desk.users("acme", ada="ada", eva="ada", far={"nickname": "ada", "workspace": "v"})
    kinds = [(one.kind, len(one.others)) for one in desk.app.recompute_people().ambiguous]
    assert kinds.count(("person-of-several-users", 2)) == 2


NICKS = st.sampled_from(["a", "b", "A", ""])
PEOPLE = st.dictionaries(st.integers(1, 4), NICKS, max_size=4)
USERS = st.dictionaries(st.sampled_from(["u", "v", "w"]), NICKS, max_size=3)
STEPS = st.one_of(
    st.tuples(st.just("import"), st.sampled_from(["hr", "ext"]), PEOPLE),
    st.tuples(st.just("users"), st.sampled_from(["acme", "beta"]), USERS),
    st.tuples(st.just("edit"), st.integers(0, 20), NICKS),
    st.tuples(st.just("remove"), st.integers(0, 20), st.just("")),
    st.tuples(st.just("delete"), st.sampled_from(["acme", "beta", "hr", "ext"]), st.just("")),
    st.tuples(st.just("rule"), st.sampled_from([rule.id for rule in RULES]), st.booleans()),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STEPS, min_size=2, max_size=10))
def test_whatever_is_done_the_graph_says_what_the_rules_give(story: list[tuple[str, Any, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        desk = Home(home(Path(folder)))
        try:
            for what, which, value in story:
                DO[what](desk, which, value)
                check(desk)
        finally:
            desk.store.close()


def check(desk: Home) -> None:
    """Compare the stored relationships with the plainest mapping there is, and with one from scratch."""
    store = desk.store
    on = [rule for rule in RULES if rule.id in desk.app.people.rules()]
    expected = {
        (one.id, other.id)
        for one in store.entities(USER)
        for other in store.entities("Person")
        for rule in on
        if one.properties.get(rule.source_property)
        and one.properties.get(rule.source_property) == other.properties.get(rule.target_property)
    }
    links = store.links(mapper.ID)
    assert {(link.from_id, link.to_id) for link in links} == expected
    assert links == mapper.mapping_now(store).links()


def _import(desk: Home, source: str, people: dict[int, str]) -> None:
    if people:
        desk.load(csv(*((of, f"N{of}", "", nick) for of, nick in people.items())), source, yes=True)


def _users(desk: Home, integration: str, users: dict[str, str]) -> None:
    desk.users(integration, **users)


def _edit(desk: Home, which: int, nick: str) -> None:
    people = desk.app.people.all()
    if people:
        chosen = people[which % len(people)]
        desk.app.people.edit(chosen.person.key, {"bitbucketNickname": nick or None})


def _remove(desk: Home, which: int, _: str) -> None:
    people = desk.app.people.all()
    if people:
        desk.app.people.remove(people[which % len(people)])


def _delete(desk: Home, name: str, _: str) -> None:
    if any(one.name == name for one in desk.app.registry.everything()):
        desk.app.remove(name)


def _rule(desk: Home, rule: str, on: bool) -> None:
    desk.app.people.set_rule(rule, on=on)


DO: dict[str, Callable[[Home, Any, Any], None]] = {
    "import": _import,
    "users": _users,
    "edit": _edit,
    "remove": _remove,
    "delete": _delete,
    "rule": _rule,
}
