"""Accounts: names, roles, closing and deleting, and the admin who always stays."""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.doors import GOOD, OTHER, House

from bucketgraph.access import accounts, notebook, sessions, setup, tokens
from bucketgraph.errors import (
    ConfigError,
    Conflict,
    Forbidden,
    SignInRefused,
    Unauthenticated,
    Unknown,
)
from bucketgraph.store.store import Store

NAMES = ("ada", "ben", "cyd")


def admins(store: Store) -> int:
    """Return how many admins can sign in."""
    return sum(row.usable and row.role == "admin" for row in store.accounts())


@pytest.mark.parametrize(
    "name", ["", " ada", "-ada", "ada lovelace", "\u0430da", "ada\n", "a" * 101, "<b>", "../etc"]
)
def test_names_that_could_be_taken_for_others_are_refused(house: House, name: str) -> None:
    with pytest.raises(ConfigError) as refused:
        house.account(name)
    assert refused.value.hint
    assert not house.store.has_accounts()


def test_a_name_is_one_in_whatever_case(house: House) -> None:
    house.account("Ada")
    with pytest.raises(Conflict):
        house.account("aDA")
    assert house.check("ADA").name == "Ada"
    assert accounts.find(house.store, "ada").name == "Ada"


@pytest.mark.parametrize(
    "email", ["ada", "ada@", "@example.com", "a b@example.com", 'a"@example.com', "a@b@c"]
)
def test_an_address_that_cannot_be_one_is_refused(house: House, email: str) -> None:
    with pytest.raises(ConfigError):
        accounts.create(house.store, "ada", "viewer", email=email, passwords=house.passwords)


def test_an_unknown_name_is_told_with_those_that_exist(house: House) -> None:
    house.account("ada")
    with pytest.raises(Unknown, match="bob") as refused:
        accounts.find(house.store, "bob")
    assert "ada" in refused.value.hint
    with pytest.raises(Unknown):
        accounts.remove(house.store, "no such id")


def test_another_role_holds_in_sessions_at_once(house: House) -> None:
    house.account("root", "admin")
    ada = house.account("ada", "admin")
    cookie = house.sign_in(ada).cookie
    accounts.set_role(house.store, ada.id, "viewer")
    visitor = sessions.find(house.store, cookie, house.limits)
    assert visitor.role == "viewer"
    with pytest.raises(Forbidden, match="ada is a viewer; this takes an editor"):
        visitor.require("editor")


def test_a_closed_account_is_out_at_once_and_may_be_opened_again(house: House) -> None:
    ada = house.account("ada")
    cookie, link = house.sign_in(ada).cookie, setup.reset(house.store, ada)
    accounts.disable(house.store, ada.id)
    with pytest.raises(Unauthenticated):
        sessions.find(house.store, cookie, house.limits)
    with pytest.raises(SignInRefused):
        house.check("ada")
    with pytest.raises(SignInRefused):
        house.sign_in(accounts.by_id(house.store, ada.id))
    accounts.enable(house.store, ada.id)
    assert house.sign_in(house.check("ada"))
    with pytest.raises(Unauthenticated):
        sessions.find(house.store, cookie, house.limits)
    assert house.store.find_link(setup._digest(link.secret)) is None


def test_a_deleted_account_leaves_only_what_it_shared(house: House) -> None:
    ada, ben = house.account("ada", "editor"), house.account("ben")
    mine, his = house.sign_in(ada), house.sign_in(ben)
    token, _ = tokens.create(house.store, "adas", "viewer", account_id=ada.id)
    setup.reset(house.store, ada)
    for shared in (False, True):
        notebook.save(house.store, mine.visitor, name=f"q{shared}", query="FIND user", shared=shared)
    notebook.remember(house.store, mine.visitor, "FIND secret_thing", rows=1, took_ms=2)
    accounts.remove(house.store, ada.id)
    with pytest.raises(Unauthenticated):
        sessions.find(house.store, mine.cookie, house.limits)
    with pytest.raises(Unauthenticated):
        tokens.find(house.store, token)
    assert [(q.name, q.account_id) for q in notebook.questions(house.store, his.visitor)] == [("qTrue", None)]
    assert house.store.asked_queries(ada.id) == []
    assert house.account("ada").id != ada.id


def test_a_token_of_ones_own_may_never_do_more_than_its_owner(house: House) -> None:
    ada = house.account("ada", "editor")
    token, _ = tokens.create(house.store, "adas", "admin", account_id=ada.id)
    assert tokens.find(house.store, token).role == "editor"
    accounts.set_role(house.store, ada.id, "viewer")
    assert tokens.find(house.store, token).role == "viewer"
    accounts.disable(house.store, ada.id)
    with pytest.raises(Unauthenticated, match="closed"):
        tokens.find(house.store, token)


def test_a_person_makes_and_revokes_the_own_tokens_alone(house: House) -> None:
    ada, ben = (house.sign_in(house.account(name, "editor")).visitor for name in ("ada", "ben"))
    with pytest.raises(Forbidden):
        tokens.create_own(house.store, ada, "adas", "admin")
    token, row = tokens.create_own(house.store, ada, "adas", "viewer")
    tokens.create(house.store, "ci", "admin")
    assert [one.name for one in tokens.own(house.store, ada)] == ["adas"]
    assert tokens.own(house.store, ben) == []
    with pytest.raises(Unknown):
        tokens.revoke_own(house.store, ben, row.id)
    assert tokens.find(house.store, token).name == "adas"
    tokens.revoke_own(house.store, ada, row.id)
    with pytest.raises(Unauthenticated):
        tokens.find(house.store, token)


def test_who_changes_the_own_password_stays_signed_in_here_alone(house: House) -> None:
    ada = house.account("ada")
    here, there = house.sign_in(ada), house.sign_in(ada)

    def change(old: str, new: str) -> None:
        accounts.change_own_password(
            house.store,
            ada.id,
            old=old,
            new=new,
            passwords=house.passwords,
            keep_session=here.visitor.session,
            address="192.0.2.1",
        )

    with pytest.raises(SignInRefused):
        change(OTHER, OTHER)
    with pytest.raises(ConfigError):
        change(GOOD, "short")
    assert sessions.find(house.store, there.cookie, house.limits)
    change(GOOD, OTHER)
    assert sessions.find(house.store, here.cookie, house.limits).name == "ada"
    with pytest.raises(Unauthenticated):
        sessions.find(house.store, there.cookie, house.limits)
    with pytest.raises(SignInRefused):
        house.check("ada", GOOD)
    assert house.check("ada", OTHER)


def test_a_session_that_began_with_the_old_password_is_over_however_late_it_is_written(house: House) -> None:
    before = house.check(house.account("ada").name)
    accounts.set_password(house.store, before.id, OTHER, passwords=house.passwords)
    late = house.sign_in(before)
    with pytest.raises(Unauthenticated):
        sessions.find(house.store, late.cookie, house.limits)


@pytest.mark.parametrize("change", ["role", "disable", "remove"])
def test_the_last_admin_stays_one_and_nothing_of_the_change_is_done(house: House, change: str) -> None:
    root = house.account("root", "admin")
    house.account("ada", "editor")
    house.account("invited", "admin", password=None)
    cookie = house.sign_in(root).cookie
    with pytest.raises(Conflict, match="last admin") as refused:
        CHANGES[change](house.store, root.id)
    assert "user role" in refused.value.hint
    assert sessions.find(house.store, cookie, house.limits).role == "admin"


CHANGES = {
    "role": lambda store, account: accounts.set_role(store, account, "viewer"),
    "promote": lambda store, account: accounts.set_role(store, account, "admin"),
    "disable": accounts.disable,
    "enable": accounts.enable,
    "remove": accounts.remove,
}


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(CHANGES)), st.sampled_from(NAMES)), max_size=12))
def test_whatever_is_done_in_whatever_order_an_admin_stays(done: list[tuple[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder) / "graph.db")
        ids = {name: house.account(name, "admin" if name == "ada" else "viewer").id for name in NAMES}
        for change, name in done:
            before = house.store.accounts()
            try:
                CHANGES[change](house.store, ids[name])
            except (Conflict, Unknown):
                assert house.store.accounts() == before
            assert admins(house.store) >= 1
        house.store.close()


def test_two_admins_who_remove_each_other_at_once_leave_one(house: House) -> None:
    other = House(house.path, house.clock)
    for number in range(8):
        pair = [house.account(f"{name}{number}", "admin") for name in ("ada", "ben")]
        for row in house.store.accounts():
            if row.id not in {one.id for one in pair}:
                accounts.remove(house.store, row.id)

        def remove(which: int, pair: list[str] = [one.id for one in pair]) -> bool:  # noqa: B006
            try:
                accounts.remove((house, other)[which].store, pair[which])
            except Conflict:
                return False
            return True

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(remove, (0, 1))) == [False, True]
        assert admins(house.store) == 1
    other.store.close()
