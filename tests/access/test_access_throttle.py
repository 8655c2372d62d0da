"""Guessing is slowed down: laws of the waits, and what holds for many tries at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.doors import A_DAY, A_SECOND, GOOD, OTHER, House

from bucketgraph.access import throttle
from bucketgraph.errors import ConfigError, SignInRefused, TooManyTries

COUNTS = st.integers(0, 10_000)


def fail(house: House, name: str = "ada", address: str = "192.0.2.1") -> int:
    """Try a wrong password and return how many seconds there are to wait; 0: it was looked at."""
    try:
        house.check(name, OTHER, address)
    except SignInRefused:
        return 0
    except TooManyTries as refused:
        return refused.wait_seconds
    raise AssertionError("a wrong password was right")


def until_waiting(house: House, name: str = "ada", address: str = "192.0.2.1") -> tuple[int, int]:
    """Fail until there is something to wait for; return how often, and how many seconds."""
    for number in range(1000):
        if wait := fail(house, name, address):
            return number, wait
    raise AssertionError("guessing was never slowed down")


@given(COUNTS, COUNTS, st.integers(1, 100))
def test_more_failures_never_wait_less_and_nobody_waits_for_ever(one: int, other: int, free: int) -> None:
    less, more = sorted((one, other))
    assert 0 <= throttle.delay_ms(less, free) <= throttle.delay_ms(more, free) <= throttle.LONGEST_MS
    assert (throttle.delay_ms(less, free) == 0) == (less < free)


def test_each_failure_doubles_the_wait_until_a_quarter_of_an_hour(house: House) -> None:
    house.account("ada")
    number, wait = until_waiting(house)
    assert number == 5
    waits = []
    for _ in range(14):
        waits.append(wait)
        house.clock.now += wait * A_SECOND - 1
        assert fail(house) == 1, "not looked at before the time"
        house.clock.now += 1
        assert fail(house) == 0
        wait = fail(house)
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900]


def test_who_waits_as_told_may_try_however_often_others_tried_meanwhile(house: House) -> None:
    house.account("ada")
    _, wait = until_waiting(house)
    for _ in range(50):
        house.clock.now += 10
        fail(house)
    house.clock.now += wait * A_SECOND
    assert house.check("ADA ").name == "ada"


def test_the_message_says_how_long_to_wait_and_holds_nothing_that_was_typed(house: House) -> None:
    house.account("ada")
    until_waiting(house)
    with pytest.raises(TooManyTries) as refused:
        house.check("ada", OTHER)
    assert "in 1 second." in refused.value.message
    assert OTHER not in refused.value.paragraph()
    for _ in range(7):
        house.clock.now += refused.value.wait_seconds * A_SECOND
        fail(house)
        with pytest.raises(TooManyTries) as refused:
            house.check("ada", GOOD)
    assert "in 3 minutes." in refused.value.message


def test_the_right_password_forgives_the_account_but_not_the_address(house: House) -> None:
    house.account("ada")
    assert [fail(house) for _ in range(4)] == [0] * 4
    house.check("ada")
    assert until_waiting(house)[0] == 5, "the account begins anew"
    assert [fail(house, f"name{number}") for number in range(11)] == [0] * 11
    assert fail(house, "another") == 1, "twenty failures of this address, of whatever name"
    assert fail(house, "another", "192.0.2.10") == 0


def test_a_failure_is_forgotten_after_a_day(house: House) -> None:
    house.account("ada")
    until_waiting(house)
    house.clock.now += A_DAY + 60_000
    assert until_waiting(house)[0] == 5
    assert len(house.store.attempts([throttle._key("account", "ada")], 10 * A_DAY)) == 1


def test_a_clock_that_is_set_back_prolongs_no_wait(house: House) -> None:
    house.account("ada")
    _, wait = until_waiting(house)
    house.clock.now -= 30 * A_SECOND
    assert fail(house) <= wait


def test_addresses_of_one_ipv6_network_are_one(house: House) -> None:
    for number in range(20):
        assert fail(house, f"name{number}", f"2001:db8:1:2::{number:x}") == 0
    assert fail(house, "another", "2001:db8:1:2:ffff::1%eth0") > 0
    assert fail(house, "another", "2001:db8:1:3::1") == 0
    assert fail(house, "another", "::ffff:192.0.2.7") == 0


def test_many_tries_at_once_gain_nothing_even_over_two_stores(house: House) -> None:
    house.account("ada")
    other = House(house.path, house.clock)
    with ThreadPoolExecutor(20) as pool:
        waits = list(pool.map(lambda n: fail((house, other)[n % 2], "ada", f"192.0.2.{n}"), range(40)))
    other.store.close()
    assert waits.count(0) == 5


def test_what_fails_for_another_reason_is_no_failed_try(house: House) -> None:
    for _ in range(30):
        with pytest.raises(ConfigError), throttle.attempt(house.store, "ada", "192.0.2.1"):
            raise ConfigError("The disk is full.")
    assert house.store.attempts([throttle._key("account", "ada")], A_DAY) == {}


def test_an_unknown_address_is_not_counted_as_one(house: House) -> None:
    for number in range(40):
        assert fail(house, f"name{number}", "") == 0


def test_names_are_kept_as_hashes_for_they_may_be_passwords(house: House) -> None:
    fail(house, "violet-otter-harvest-29")
    assert b"violet-otter" not in house.bytes()
