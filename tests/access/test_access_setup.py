"""One-time links: used once whoever tries at the same moment, over exactly in time, burnt by no mistake."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support import processes
from support.doors import A_MINUTE, GOOD, OTHER, House

from bucketgraph.access import accounts, opaque, sessions, setup
from bucketgraph.errors import ConfigError, Conflict, SignInRefused, SpentLink, Unauthenticated

TESTS = Path(__file__).parents[1]


def first(house: House) -> str:
    """Return the secret of the first-run link."""
    link = setup.first_run(house.store)
    assert link is not None
    return link.secret


def begin(house: House, secret: str, name: str = "ada", password: str = GOOD) -> accounts.AccountRow:
    """Use the first-run link."""
    return setup.create_first_admin(
        house.store, secret, name=name, password=password, passwords=house.passwords
    )


def succeeded(use: Callable[[int], object], tries: int = 20) -> int:
    """Return how many of many tries at the same moment succeed; the others are told that the link is spent."""

    def one(number: int) -> bool:
        try:
            use(number)
        except SpentLink:
            return False
        return True

    with ThreadPoolExecutor(tries) as pool:
        return sum(pool.map(one, range(tries)))


def test_the_first_admin_is_set_up_once_and_can_sign_in(house: House) -> None:
    secret = first(house)
    assert setup.look(house.store, secret).role == "admin"
    row = begin(house, secret)
    assert house.sign_in(row).visitor.role == "admin"
    assert house.check("ada").id == row.id
    assert setup.first_run(house.store) is None
    with pytest.raises(SpentLink, match="used already"):
        begin(house, secret, "eve")
    with pytest.raises(SpentLink, match="used already"):
        setup.look(house.store, secret)


def test_twenty_who_open_the_first_run_link_at_once_make_one_admin(house: House) -> None:
    secret = first(house)
    assert succeeded(lambda number: begin(house, secret, f"ada{number}")) == 1
    assert len(house.store.accounts()) == 1


def test_the_first_run_link_makes_nobody_an_admin_where_an_account_is_by_now(house: House) -> None:
    secret = first(house)
    house.account("root", "admin")
    with pytest.raises(Conflict, match="account here already"):
        begin(house, secret)
    assert [row.name for row in house.store.accounts()] == ["root"]


def test_a_name_or_password_that_cannot_be_used_burns_no_link(house: House) -> None:
    secret = first(house)
    for name, password in (("no name", GOOD), ("ada", "short"), ("ada", "password1234")):
        with pytest.raises(ConfigError):
            begin(house, secret, name, password)
    invited = setup.invite(house.store, begin(house, secret)).secret
    with pytest.raises(ConfigError):
        setup.choose_password(house.store, invited, "ada-ada-ada", passwords=house.passwords)
    assert setup.choose_password(house.store, invited, OTHER, passwords=house.passwords).name == "ada"


@pytest.mark.parametrize("minutes", [1, 60, setup.LONGEST_MINUTES])
def test_a_link_is_over_exactly_in_time(house: House, minutes: int) -> None:
    ada = house.account("ada", password=None)
    link = setup.invite(house.store, ada, minutes=minutes)
    assert link.expires_on == house.clock.now + minutes * A_MINUTE
    house.clock.now = link.expires_on - 1
    offer = setup.look(house.store, link.secret)
    assert offer.account == ada
    house.clock.now += 1
    for use in (
        lambda: setup.look(house.store, link.secret),
        lambda: setup.choose_password(house.store, link.secret, OTHER, passwords=house.passwords),
        lambda: house.store.set_password_by_link(setup._digest(link.secret), "hash"),
    ):
        with pytest.raises(SpentLink, match="too old") as refused:
            use()
        assert "user reset" in refused.value.hint
    assert house.store.account(ada.id) == ada


@pytest.mark.parametrize("minutes", [0, -5, setup.LONGEST_MINUTES + 1])
def test_no_link_lasts_for_ever_or_not_at_all(house: House, minutes: int) -> None:
    with pytest.raises(ConfigError, match="cannot last that long"):
        setup.reset(house.store, house.account("ada"), minutes=minutes)


def test_looking_at_a_link_uses_nothing_up(house: House) -> None:
    link = setup.invite(house.store, house.account("ada", password=None))
    for _ in range(5):
        assert setup.look(house.store, link.secret).purpose == "invite"
    setup.choose_password(house.store, link.secret, GOOD, passwords=house.passwords)
    assert house.check("ada")


def test_a_newer_link_takes_the_older_ones_place(house: House) -> None:
    ada, ben = house.account("ada"), house.account("ben")
    old, bens, new = (setup.reset(house.store, row) for row in (ada, ben, ada))
    with pytest.raises(SpentLink, match="newer one"):
        setup.look(house.store, old.secret)
    assert setup.look(house.store, new.secret).account == ada
    assert setup.look(house.store, bens.secret).account == ben
    older = first(House(house.path.with_name("other.db")))
    with pytest.raises(SpentLink):
        setup.look(house.store, older)


def test_a_reset_ends_all_sessions_and_waiting_and_the_old_password_holds_until_then(house: House) -> None:
    ada = house.account("ada")
    cookie = house.sign_in(ada).cookie
    for _ in range(5):
        with pytest.raises(SignInRefused):
            house.check("ada", OTHER)
    link = setup.reset(house.store, ada)
    assert house.check("ada").id == ada.id, "the reset forgave the failed tries"
    changed = setup.choose_password(house.store, link.secret, OTHER, passwords=house.passwords)
    with pytest.raises(Unauthenticated):
        sessions.find(house.store, cookie, house.limits)
    assert sessions.find(house.store, house.sign_in(changed).cookie, house.limits).name == "ada"
    with pytest.raises(SignInRefused):
        house.check("ada", GOOD)


def test_links_of_an_account_end_when_its_password_changes_or_it_is_closed_or_gone(house: House) -> None:
    house.account("root", "admin")
    for end in (
        lambda row: accounts.set_password(house.store, row.id, OTHER, passwords=house.passwords),
        lambda row: accounts.disable(house.store, row.id),
        lambda row: accounts.remove(house.store, row.id),
    ):
        ada = house.account("ada")
        link = setup.reset(house.store, ada)
        end(ada)
        with pytest.raises(SpentLink):
            setup.choose_password(house.store, link.secret, OTHER, passwords=house.passwords)
        if house.store.account(ada.id):
            accounts.remove(house.store, ada.id)


def test_a_closed_account_gets_no_link(house: House) -> None:
    closed = accounts.disable(house.store, house.account("ada").id)
    for make in (setup.invite, setup.reset):
        with pytest.raises(Conflict, match="closed"):
            make(house.store, closed)


def test_a_link_is_for_one_thing_alone(house: House) -> None:
    run = first(house)
    demo = setup.demo(house.store).secret
    ada = house.account("ada", "admin")
    invited = setup.invite(house.store, ada).secret
    for secret in (run, demo):
        with pytest.raises(SpentLink, match="something else"):
            setup.choose_password(house.store, secret, OTHER, passwords=house.passwords)
    with pytest.raises(SpentLink, match="something else"):
        begin(house, invited, "eve")
    with pytest.raises(SpentLink, match="something else"):
        setup.enter_demo(house.store, invited)
    assert setup.look(house.store, invited)


def test_the_demos_link_signs_in_once_as_demo(house: House) -> None:
    link = setup.demo(house.store, "editor")
    row = setup.enter_demo(house.store, link.secret)
    assert (row.name, row.role, row.password_hash) == ("demo", "editor", None)
    assert house.sign_in(row).visitor.may("editor")
    with pytest.raises(SpentLink):
        setup.enter_demo(house.store, link.secret)
    again = setup.enter_demo(house.store, setup.demo(house.store, "admin").secret)
    assert (again.id, again.role) == (row.id, "admin")
    with pytest.raises(SignInRefused):
        house.check("demo", "")


def test_twenty_who_use_an_invitation_or_the_demo_at_once_are_one(house: House) -> None:
    link = setup.invite(house.store, house.account("ada", password=None)).secret
    words = [f"{GOOD}{number}" for number in range(20)]
    used: list[int] = []

    def choose(number: int) -> None:
        setup.choose_password(house.store, link, words[number], passwords=house.passwords)
        used.append(number)

    assert succeeded(choose) == 1
    assert house.check("ada", words[used[0]])
    demo = setup.demo(house.store).secret
    assert succeeded(lambda _: setup.enter_demo(house.store, demo)) == 1


def test_processes_that_use_a_link_at_once_use_it_once(house: House) -> None:
    program = """
        import sys
        from pathlib import Path
        from support.doors import Clock, House
        from bucketgraph.access import setup
        from bucketgraph.errors import SpentLink
        house = House(Path(sys.argv[1]), Clock(int(sys.argv[2])))
        print("ready", flush=True)
        for number, secret in enumerate(sys.stdin.readline().split()):
            try:
                setup.create_first_admin(
                    house.store, secret, name=f"n{sys.argv[3]}", password="violet-otter-harvest-29",
                    passwords=house.passwords,
                )
                print("made", flush=True)
            except SpentLink:
                print("spent", flush=True)
        house.store.close()
    """
    secret = first(house)
    running = [
        processes.start(
            [
                sys.executable,
                "-c",
                textwrap.dedent(program),
                str(house.path),
                str(house.clock.now),
                str(number),
            ],
            stdin=processes.subprocess.PIPE,
            stdout=processes.subprocess.PIPE,
            cwd=TESTS,
        )
        for number in range(3)
    ]
    for process in running:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in running:
        assert process.stdin is not None
        process.stdin.write(secret + "\n")
        process.stdin.flush()
    assert sorted(process.communicate()[0].strip() for process in running) == ["made", "spent", "spent"]
    assert len(house.store.accounts()) == 1


@pytest.mark.parametrize(
    "secret", ["", "x", opaque.LINK, opaque.LINK + "a" * 43, opaque.SESSION + "a" * 43, "é" * 9]
)
def test_what_is_no_link_is_refused_with_what_to_do(house: House, secret: str) -> None:
    with pytest.raises(SpentLink) as refused:
        setup.look(house.store, secret)
    assert refused.value.http_status == 410
    assert refused.value.hint
    with pytest.raises(SpentLink):
        setup.enter_demo(house.store, secret)


def test_links_that_are_long_over_are_forgotten(house: House) -> None:
    ada, ben = house.account("ada"), house.account("ben")
    old = setup.reset(house.store, ada)
    house.clock.now = old.expires_on + 2 * 86_400_000
    setup.reset(house.store, ben)
    assert house.store.find_link(setup._digest(old.secret)) is None
