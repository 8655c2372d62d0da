"""Suggestions: who looks like whom, why, and at a bounded cost."""

from __future__ import annotations

import random
from typing import Any

import pytest
from people.peoplekit import USER, Home, Stopwatch, csv, entity

from bucketgraph.people.suggest import normal, suggest


def one(user: dict[str, Any], person: dict[str, Any]) -> tuple[float, str] | None:
    """Return the suggestion for one user and one person."""
    found = suggest([entity(1, USER, **user)], [entity(2, "employee", **person)])
    return (round(found[0].score, 2), found[0].reason) if found else None


@pytest.mark.parametrize(
    ("user", "person", "reason"),
    [
        ({"displayName": "José Łukasiewicz"}, {"displayName": "jose lukasiewicz"}, "the same name"),
        (
            {"displayName": "Abara, Ada"},
            {"displayName": "Ada Abara", "firstName": "Ada", "lastName": "Abara"},
            "the same name",
        ),
        (
            {"displayName": "xx", "nickname": "Ada.L"},
            {"displayName": "yy", "bitbucketNickname": "adal"},
            "the nickname 'Ada.L' but for letter case or signs",
        ),
        (
            {"displayName": "xx", "nickname": "ada_l"},
            {"displayName": "yy", "email": ["ada.l@x.example"]},
            "the nickname 'ada_l' begins the e-mail address",
        ),
        (
            {"displayName": "xx", "nickname": "alovelace"},
            {"displayName": "Ada Lovelace", "firstName": "Ada", "lastName": "Lovelace"},
            "the nickname 'alovelace' is the name",
        ),
        ({"displayName": "Kristina Meier"}, {"displayName": "Christina Meier"}, "a similar name (89%)"),
    ],
)
def test_what_looks_alike_is_told_with_the_reason(
    user: dict[str, Any], person: dict[str, Any], reason: str
) -> None:
    found = one(user, person)
    assert found is not None
    assert found[1] == reason


def test_who_has_nothing_in_common_is_not_suggested() -> None:
    assert one({"displayName": "Ada Abara", "nickname": "ada"}, {"displayName": "Bob Cole"}) is None
    assert one({"displayName": "", "nickname": ""}, {"displayName": "", "email": []}) is None


def test_names_lose_what_does_not_tell() -> None:
    assert normal(" Søren  O'Neil-Łęcki ") == "sorenoneillecki"
    assert normal("美咲") == "美咲"


def test_unmapped_lists_both_sides_and_applies_nothing(desk: Home) -> None:
    bot = {"accountType": "app_user", "displayName": "CI"}
    desk.users(
        "acme", ada="ada", eva={"nickname": "evil", "displayName": "Eva Quist", "member": True}, ci=bot
    )
    desk.load(csv((1, "Ada", "", "ada"), (2, "Eva Qvist", "", ""), (3, "Somebody Else", "", "")))
    found = desk.app.people.unmapped()
    assert [user.name for user in found.users] == ["Eva Quist"]
    assert [person.name for person in found.people] == ["Eva Qvist", "Somebody Else"]
    assert [(s.user.name, s.person.name) for s in found.suggestions] == [("Eva Quist", "Eva Qvist")]
    assert desk.pairs() == {("Ada", "Ada")}


def test_five_thousand_by_five_thousand_is_quick() -> None:
    chance = random.Random(7)
    given = [f"Given{chance.choice('abcdefgh')}{n:02}" for n in range(60)]
    family = [f"Family{chance.choice('abcdefgh')}{n:03}" for n in range(400)]
    names = [f"{chance.choice(given)} {chance.choice(family)}" for _ in range(5_000)]
    users = [
        entity(n, USER, displayName=name, nickname=name.split()[0].lower()) for n, name in enumerate(names)
    ]
    people = [entity(n, "employee", displayName=f"{name}e") for n, name in enumerate(names)]
    with Stopwatch() as watch:
        found = suggest(users, people)
    assert len(found) >= 5_000
    assert watch.seconds < 20
