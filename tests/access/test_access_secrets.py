"""Nothing secret stays anywhere: not in the store's files, in what objects show of themselves, or in the log."""

from __future__ import annotations

import pytest
from support.doors import GOOD, OTHER, House

from bucketgraph.access import csrf, opaque, setup
from bucketgraph.access.provider import Provider
from bucketgraph.observe.log import strike_out


def test_the_stores_files_hold_no_password_cookie_or_link(house: House) -> None:
    link = setup.first_run(house.store)
    assert link is not None
    ada = setup.create_first_admin(
        house.store, link.secret, name="ada", password=GOOD, passwords=house.passwords
    )
    with pytest.raises(Exception, match="wrong"):
        house.check(OTHER, OTHER)
    started = house.sign_in(house.check("ada"))
    reset = setup.reset(house.store, ada)
    demo = setup.demo(house.store)
    written = house.bytes()
    assert b"ada" in written
    for secret in (GOOD, OTHER, started.cookie, link.secret, reset.secret, demo.secret):
        assert secret.encode() not in written
        assert secret[4:].encode() not in written


def test_what_objects_show_of_themselves_is_no_secret(house: House) -> None:
    ada = house.account("ada")
    started = house.sign_in(ada)
    link = setup.reset(house.store, ada)
    row = house.store.find_link(setup._digest(link.secret))
    shown = repr([ada, started, link, row, house.store.sessions_of(ada.id), house.passwords])
    shown += repr(Provider("https://login.example.com", "client", "the-client-secret"))
    hidden = [
        GOOD,
        started.cookie,
        link.secret,
        ada.password_hash,
        started.visitor.session,
        setup._digest(link.secret),
    ]
    for secret in (*hidden, "the-client-secret"):
        assert secret
        assert secret not in shown


def test_the_log_strikes_cookies_and_links_out() -> None:
    for secret in (opaque.make(opaque.SESSION), opaque.make(opaque.LINK), csrf.visit()):
        logged = strike_out(None, "info", {"event": f"GET /setup/{secret} failed", "at": {"cookie": secret}})
        assert secret not in str(logged)
        assert "/setup/" in str(logged)
