"""Passwords: what is refused, that hashes fit, and that time tells nobody which names exist."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.doors import CHEAP, GOOD, OTHER, House

from bucketgraph.access.passwords import LONGEST, SHORTEST, Passwords, check_strength
from bucketgraph.errors import BucketgraphError, ConfigError, SignInRefused

CHEAP_ONES = Passwords(**CHEAP)


@pytest.mark.parametrize(
    "password",
    [
        "",
        "elevenchars",
        "password1234",
        "Password1234!",
        "P@ssw0rd2026!!",
        "passwordpassword",
        "adminadmin12",
        "Administrator1",
        "welcome-welcome-1",
        "bucketgraph2026",
        "correct horse battery staple",
        "123456789012",
        "qwertyuiopas",
        "abcdefghijklmnop",
        "zyxwvutsrqponmlk",
        "aaaaaaaaaaaaaaaa",
        "abababababababab",
        "111122223333",
        "LetMeIn!LetMeIn!",
        "x" * (LONGEST + 1),
    ],
)
def test_what_anybody_would_try_first_is_refused_without_being_repeated(password: str) -> None:
    with pytest.raises(ConfigError) as refused:
        check_strength(password)
    assert not password or password not in refused.value.paragraph()
    assert refused.value.hint


@pytest.mark.parametrize("password", ["ada.lovelace-1815!", "my-name-is-Ada.Lovelace", "4da.l0velace-secret"])
def test_a_password_that_holds_its_owners_name_is_refused(password: str) -> None:
    with pytest.raises(ConfigError, match="name or address"):
        check_strength(password, about=("ada.lovelace", "ada@example.com"))


@pytest.mark.parametrize(
    "password",
    [
        GOOD,
        OTHER,
        "tr0ub4dor&3-elephants",
        "Straßenbahn über Köln",
        "雨が降っても歩いて行く日曜日",
        "9f8a7c6b5d4e3f2a",
    ],
)
def test_good_ones_are_taken(password: str) -> None:
    check_strength(password, about=("ada", "ada@example.com", ""))


@given(st.text(min_size=SHORTEST, max_size=60), st.text(max_size=60))
def test_a_hash_fits_its_password_alone(password: str, other: str) -> None:
    stored = CHEAP_ONES.hash(password)
    assert CHEAP_ONES.matches(stored, password)
    assert CHEAP_ONES.matches(stored, other) == (CHEAP_ONES.matches(CHEAP_ONES.hash(other), password))
    assert password not in stored


def test_a_password_is_the_same_however_its_characters_are_composed() -> None:
    assert CHEAP_ONES.matches(CHEAP_ONES.hash("Gru\u0308ne Mo\u0308belhalle"), "Gr\u00fcne M\u00f6belhalle")


@pytest.mark.parametrize("given", ["", "\x00" * 20, "\ud800" * 12, "x" * 1_000_000])
def test_whatever_is_typed_no_hash_fits_and_nothing_breaks(given: str) -> None:
    assert not CHEAP_ONES.matches(CHEAP_ONES.hash(GOOD), given)
    assert not CHEAP_ONES.matches(None, given)
    assert not CHEAP_ONES.matches("no hash at all", given)


def test_better_parameters_are_taken_over_when_somebody_signs_in(house: House) -> None:
    old = house.account("ada")
    house.passwords = Passwords(time_cost=2, memory_mib=16 / 1024, parallelism=1)
    assert house.passwords.outdated(old.password_hash or "")
    house.check("ada")
    new = house.store.account(old.id)
    assert new is not None
    assert not house.passwords.outdated(new.password_hash or "")
    house.check("ada")
    assert house.store.account(old.id) == new, "it is renewed once"


def test_refusing_takes_as_long_for_an_unknown_name_as_for_a_known_one(house: House) -> None:
    house.passwords = Passwords(time_cost=4, memory_mib=8, parallelism=1)
    house.account("ada")
    house.account("invited", password=None)
    house.store.set_disabled(house.account("closed").id, disabled=True)

    def fastest(name: str) -> float:
        took = []
        for number in range(4):
            began = time.perf_counter()
            with pytest.raises(SignInRefused):
                house.check(name, OTHER, address=f"192.0.2.{number}")
            took.append(time.perf_counter() - began)
        return min(took)

    fastest("warming up")
    known = fastest("ada")
    for name in ("nobody", "invited", "closed"):
        assert 1 / 3 < fastest(name) / known < 3, name


def test_all_refusals_read_the_same(house: House) -> None:
    house.account("ada")
    house.account("invited", password=None)
    house.store.set_disabled(house.account("closed").id, disabled=True)
    said = set()
    for name, password in (("ada", OTHER), ("nobody", OTHER), ("invited", ""), ("closed", GOOD), ("", "")):
        with pytest.raises(BucketgraphError) as refused:
            house.check(name, password)
        said.add((type(refused.value), refused.value.paragraph()))
    assert len(said) == 1
