"""Adding, finding, editing and removing people by hand."""

from __future__ import annotations

import pytest
from people.peoplekit import Home, csv

from bucketgraph.errors import ConfigError, Conflict
from bucketgraph.integrations.configuration import Changes
from bucketgraph.j1ql.results import public_id
from bucketgraph.people.desk import read_facts

ADA, BOB = (1, "Ada", "ada@x.example", "ada"), (2, "Bob", "bob@x.example", "bob")


def test_somebody_added_by_hand_is_mapped_at_once_and_no_import_touches_them(desk: Home) -> None:
    desk.users("acme", cy="cy")
    listed, report = desk.app.people.add({"email": ["cy@x.example"], "bitbucketNickname": "cy"})
    assert (listed.source, [one.name for one in listed.users], report.created) == ("manual", ["Cy"], 1)
    desk.load(csv(ADA))
    desk.load(csv(BOB), yes=True)
    assert desk.names("manual") == ["cy@x.example"]


@pytest.mark.parametrize("who", ["1", "ADA@x.example", "ada", "Ada Abara", "ada abara", "employee:people:1"])
def test_a_person_is_found_by_whatever_tells_them(desk: Home, who: str) -> None:
    desk.load(csv((1, "Ada Abara", "ada@x.example", "ada"), BOB))
    found = desk.listed(who).person
    assert found.name == "Ada Abara"
    assert desk.listed(public_id(found.id)).person == found


def test_who_is_not_known_or_known_twice_is_said(desk: Home) -> None:
    desk.load(csv((1, "Ada", "", ""), (2, "Ada", "", "")))
    with pytest.raises(ConfigError, match="nobody known as 'Eve'"):
        desk.listed("Eve")
    with pytest.raises(
        ConfigError, match=r"several people: Ada \(employee:people:1\), Ada \(employee:people:2\)"
    ):
        desk.listed("Ada")
    with pytest.raises(ConfigError, match=r"no source of people named 'x' \(known: people\)"):
        desk.app.people.all("x")


def test_an_edit_keeps_key_and_history_and_the_next_import_sets_it_back(desk: Home) -> None:
    desk.load(csv(ADA, BOB))
    facts = read_facts(
        [("Job title", " Lead  engineer "), ("email", "a@x.example; b@x.example"), ("name", "Ada A.")]
    )
    listed, _ = desk.app.people.edit("1", facts)
    person = listed.person
    assert (person.key, person.version, person.name) == ("employee:people:1", 2, "Ada A.")
    assert person.properties["title"] == "Lead engineer"
    assert person.properties["email"] == ["a@x.example", "b@x.example"]
    desk.app.people.edit("1", read_facts([("title", ""), ("name", "")]))
    again = desk.listed("1").person
    assert ("title" in again.properties, again.name) == (False, "a@x.example")
    desk.load(csv(ADA, BOB))
    assert desk.listed("1").person.properties["email"] == ["ada@x.example"]
    assert desk.listed("1").person.name == "Ada"


def test_nobody_becomes_somebody_else_or_nobody_by_an_edit(desk: Home) -> None:
    desk.load(csv(ADA, BOB))
    cursor = desk.store.last_publication()
    with pytest.raises(Conflict, match=r"'Bob' \(employee:people:2\) has the employeeId '2' already"):
        desk.app.people.edit("1", {"employeeId": "2"})
    with pytest.raises(Conflict, match=r"bob@x\.example"):
        desk.app.people.add({"email": ["bob@x.example"]}, "people")
    with pytest.raises(ConfigError, match="would have no employee id"):
        desk.app.people.edit("1", {"employeeId": None, "email": None, "bitbucketNickname": None})
    with pytest.raises(ConfigError, match="is needed"):
        desk.app.people.add({"firstName": "Eve"})
    assert desk.store.last_publication() == cursor


def test_a_removed_person_is_gone_with_the_link_and_comes_back_with_the_list(desk: Home) -> None:
    desk.users("acme", ada="ada")
    desk.load(csv(ADA, BOB))
    cursor = desk.store.last_publication()
    desk.app.people.remove(desk.listed("ada"))
    assert desk.names() == ["Bob"]
    assert desk.changes(cursor) == [
        ("deleted", "employee", "Ada"),
        ("deleted", "bitbucket_user_is_employee", "Ada IS Ada"),
    ]
    desk.load(csv(ADA, BOB))
    assert desk.pairs() == {("Ada", "Ada")}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("email", "no address"), "is no e-mail address"),
        (("active", "perhaps"), "active must be true or false, not 'perhaps'"),
        (("_key", "x"), "'_key' is no name for a property"),
        (("title", "x" * 2001), "title has more than 2,000 characters"),
    ],
)
def test_a_value_that_cannot_be_is_said(given: tuple[str, str], told: str) -> None:
    with pytest.raises(ConfigError) as error:
        read_facts([given])
    assert told in error.value.message
    assert error.value.hint


def test_a_source_of_people_is_described_anew_and_keeps_its_name(desk: Home) -> None:
    desk.load(csv(ADA), source="staff")
    registry = desk.app.registry
    assert registry.update("staff", Changes(description="Monthly")).description == "Monthly"
    assert registry.update("staff", Changes(name="staff", description="Weekly")).description == "Weekly"
    with pytest.raises(ConfigError, match="source of people"):
        registry.update("staff", Changes(name="people"))
    with pytest.raises(ConfigError, match="has no paused"):
        registry.update("staff", Changes(paused=True))
    assert desk.names("staff") == ["Ada"]


def test_facts_by_hand_are_cleaned_as_those_of_a_file() -> None:
    facts = read_facts([("Bitbucket nickname", "ada\x00\x7f"), ("title", "\x00"), ("First name", " A\tda ")])
    assert facts == {"bitbucketNickname": "ada", "title": None, "firstName": "A da"}
