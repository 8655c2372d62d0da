"""Sessions: when they end, to the millisecond; rotation; form tokens; many at once."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.doors import A_DAY, A_MINUTE, AN_HOUR, House

from bucketgraph.access import csrf, opaque, sessions, setup
from bucketgraph.access.sessions import Limits
from bucketgraph.errors import SpentLink, StaleForm, Unauthenticated
from bucketgraph.settings import Settings


@pytest.fixture(scope="module")
def shared() -> Iterator[House]:
    """Give a house for many examples, each with a session of its own."""
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder) / "graph.db")
        house.account("ada")
        yield house
        house.store.close()


def alive(house: House, cookie: str) -> bool:
    """Tell whether a session is still one."""
    try:
        return sessions.find(house.store, cookie, house.limits).name == "ada"
    except Unauthenticated:
        return False


@settings(max_examples=60, deadline=None)
@given(
    idle=st.integers(A_MINUTE, AN_HOUR),
    longest=st.integers(A_MINUTE, 4 * AN_HOUR),
    uses=st.lists(st.integers(0, AN_HOUR), max_size=8),
)
def test_a_session_ends_exactly_when_it_must(shared: House, idle: int, longest: int, uses: list[int]) -> None:
    shared.limits = Limits(idle, longest)
    ada = shared.store.account_named("ada")
    assert ada is not None
    cookie = shared.sign_in(ada).cookie
    began = used = shared.clock.now
    for wait in uses:
        shared.clock.now += wait
        now = shared.clock.now
        found = alive(shared, cookie)
        if now >= began + longest or now >= used + idle:
            assert not found, "never late"
            return
        assert found or now >= used + idle - shared.limits.note_after_ms, "a note may be a little old"
        if not found:
            return
        used = now
    row, _ = shared.store.find_session(opaque.digest(cookie, opaque.SESSION) or "") or pytest.fail("gone")
    end = min(began + longest, row.last_seen_on + idle)
    assert sessions._alive(row, shared.limits, end - 1)
    shared.clock.now = max(shared.clock.now, end)
    assert not alive(shared, cookie)


def test_the_settings_say_how_long(house: House) -> None:
    assert Limits.of(Settings()) == Limits(8 * AN_HOUR, 14 * A_DAY)
    house.limits = Limits.of(Settings(session_idle_minutes=2, session_days=1))
    cookie = house.sign_in(house.account("ada")).cookie
    house.clock.now += 2 * A_MINUTE - 1
    assert alive(house, cookie)
    house.clock.now += 2 * A_MINUTE
    assert not alive(house, cookie)


def test_shorter_settings_hold_for_sessions_that_began_before(house: House) -> None:
    cookie = house.sign_in(house.account("ada")).cookie
    house.limits = Limits(30 * A_DAY, A_MINUTE)
    house.clock.now += A_MINUTE
    assert not alive(house, cookie)


def test_signing_in_gives_a_new_cookie_and_ends_the_browsers_old_session(house: House) -> None:
    ada, ben = house.account("ada"), house.account("ben")
    first = house.sign_in(ada).cookie
    second = house.sign_in(ben, old_cookie=first)
    assert second.cookie != first
    assert not alive(house, first)
    assert sessions.find(house.store, second.cookie, house.limits) == second.visitor
    assert house.store.account(ben.id) == replace(ben, signed_in_on=house.clock.now)


def test_a_cookie_that_somebody_planted_is_never_taken_over(house: House) -> None:
    planted = opaque.make(opaque.SESSION)
    assert house.sign_in(house.account("ada"), old_cookie=planted).cookie != planted
    assert not alive(house, planted)


def test_signing_out_ends_this_session_and_everywhere_ends_all(house: House) -> None:
    ada, ben = house.account("ada"), house.account("ben")
    one, two, three = (house.sign_in(ada).cookie for _ in range(3))
    bens = house.sign_in(ben).cookie
    sessions.sign_out(house.store, one)
    sessions.sign_out(house.store, one)
    sessions.sign_out(house.store, None)
    assert [alive(house, cookie) for cookie in (one, two, three)] == [False, True, True]
    assert sessions.sign_out_everywhere(house.store, ada.id) == 2
    assert [alive(house, cookie) for cookie in (one, two, three)] == [False, False, False]
    assert sessions.find(house.store, bens, house.limits).name == "ben"
    late = house.sign_in(ada)
    assert not alive(house, late.cookie), "the account as it was before does not begin a session either"


def test_a_person_sees_and_ends_the_own_devices_alone(house: House) -> None:
    ada, ben = house.account("ada"), house.account("ben")
    here = house.sign_in(ada, user_agent="Firefox\r\n\x1b[31m" + "x" * 1000)
    there = house.sign_in(ada, user_agent="Safari")
    bens = house.sign_in(ben)
    found = {one.this_one: one for one in sessions.devices(house.store, here.visitor, house.limits)}
    assert found[True].user_agent.startswith("Firefox")
    assert len(found[True].user_agent) == 200
    assert found[True].user_agent.isprintable()
    assert not sessions.end_device(house.store, here.visitor, bens.visitor.session)
    assert sessions.end_device(house.store, here.visitor, found[False].id)
    assert not alive(house, there.cookie)
    assert sessions.find(house.store, bens.cookie, house.limits)


def test_a_restored_backup_signs_nobody_in_again(house: House, tmp_path: Path) -> None:
    ada = house.account("ada")
    cookie, link = house.sign_in(ada).cookie, setup.reset(house.store, ada)
    copy = tmp_path / "copy" / "graph.db"
    copy.parent.mkdir()
    house.store.backup(copy)
    sessions.sign_out(house.store, cookie)
    house.store.restore(copy)
    assert not alive(house, cookie)
    with pytest.raises(SpentLink):
        setup.look(house.store, link.secret)
    assert house.check("ada").id == ada.id


@pytest.mark.parametrize(
    "cookie", [None, "", "bgs_", "bgs_" + "a" * 43, "bgl_" + "a" * 43, "bgs_" + "a" * 42 + "\n", "é" * 47]
)
def test_what_is_no_session_is_refused_with_what_to_do(house: House, cookie: str | None) -> None:
    with pytest.raises(Unauthenticated) as refused:
        sessions.find(house.store, cookie, house.limits)
    assert "Sign in again" in refused.value.hint
    assert refused.value.http_status == 401


def test_sessions_that_are_over_do_not_pile_up(house: House) -> None:
    ada = house.account("ada")
    for _ in range(5):
        house.sign_in(ada)
    house.clock.now += house.limits.idle_ms
    house.sign_in(ada)
    assert len(house.store.sessions_of(ada.id)) == 1


def test_many_sessions_that_begin_while_all_are_ended_are_over_or_begun_later(house: House) -> None:
    ada = house.account("ada")
    other = House(house.path, house.clock)

    def begin(number: int) -> str:
        if number % 7 == 3:
            sessions.sign_out_everywhere(other.store, ada.id)
        return house.sign_in(ada).cookie

    with ThreadPoolExecutor(12) as pool:
        cookies = list(pool.map(begin, range(40)))
    other.store.close()
    assert len(set(cookies)) == 40
    assert not any(alive(house, cookie) for cookie in cookies), "all began as the account was before"
    fresh = house.check("ada")
    with ThreadPoolExecutor(12) as pool:
        cookies = list(pool.map(lambda _: house.sign_in(fresh).cookie, range(30)))
        assert all(pool.map(lambda cookie: alive(house, cookie), cookies))


def test_a_form_is_obeyed_from_the_session_it_was_made_for_alone() -> None:
    mine, yours = opaque.make(opaque.SESSION), opaque.make(opaque.SESSION)
    tokens = {csrf.token(mine) for _ in range(5)}
    assert len(tokens) == 5, "no answer repeats another's token"
    for token in tokens:
        csrf.check(mine, token)
        with pytest.raises(StaleForm) as refused:
            csrf.check(yours, token)
        assert refused.value.http_status == 403
    before = csrf.visit()
    csrf.check(before, csrf.token(before))
    assert csrf.is_visit(before)
    assert not csrf.is_visit(mine)


@given(st.text() | st.none())
def test_whatever_else_comes_in_a_forms_field_is_refused(given_text: str | None) -> None:
    with pytest.raises(StaleForm):
        csrf.check("bgs_" + "a" * 43, given_text)


def test_a_token_that_differs_in_one_character_is_refused() -> None:
    cookie = opaque.make(opaque.SESSION)
    token = csrf.token(cookie)
    for place in (0, 40, 60, 84):
        other = "A" if token[place] != "A" else "B"
        with pytest.raises(StaleForm):
            csrf.check(cookie, token[:place] + other + token[place + 1 :])
    for wrong in (token + "=", token[:-4], token * 2, ""):
        with pytest.raises(StaleForm):
            csrf.check(cookie, wrong)
    with pytest.raises(StaleForm):
        csrf.check(None, token)
