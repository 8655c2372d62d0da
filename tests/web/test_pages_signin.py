"""Signing in and out, and what stands in the way of forms that are not ours."""

from __future__ import annotations

import re

import pytest
from web.consolekit import PASSWORD, Browser, Console, words

from bucketgraph.access import accounts, sessions, setup
from bucketgraph.web.pages import PAGES
from bucketgraph.web.visit import Page


def sent(browser: Browser, path: str, form: dict[str, str]) -> tuple[int, str]:
    """Send a form as it is and return status and where it leads."""
    answer = browser.client.post(path, data=form, follow_redirects=False)
    return answer.status_code, answer.headers.get("location", "")


def test_a_stranger_is_led_to_sign_in_and_back_to_where_they_wanted_to_go(pages: Console) -> None:
    pages.as_("viewer")
    browser = pages.stranger()
    led = browser.client.get("/?tab=new", follow_redirects=False)
    assert (led.status_code, led.headers["location"]) == (303, "/signin?next=%2F%3Ftab%3Dnew")
    assert "Sign in" in words(browser.get("/?tab=new"))
    form = {"csrf": browser.token, "name": "viewer", "password": PASSWORD, "next": "/?tab=new"}
    assert sent(browser, "/signin", form) == (303, "/?tab=new")


@pytest.mark.parametrize(
    "to", ["//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example"]
)
def test_nobody_is_led_to_another_server(pages: Console, to: str) -> None:
    pages.as_("viewer")
    browser = pages.stranger()
    browser.get("/signin")
    form = {"csrf": browser.token, "name": "viewer", "password": PASSWORD, "next": to}
    assert sent(browser, "/signin", form) == (303, "/")


def test_a_wrong_password_is_told_beside_the_name_that_was_typed(pages: Console) -> None:
    pages.as_("viewer")
    browser = pages.stranger()
    text = browser.sign_in("viewer", "not the password", status=401)
    assert "The name or the password is wrong." in words(text)
    assert 'value="viewer"' in text
    assert "not the password" not in text


def test_guessing_is_slowed_down_and_says_for_how_long(pages: Console) -> None:
    pages.as_("viewer")
    browser = pages.stranger()
    for _ in range(5):
        browser.sign_in("viewer", "wrong", status=401)
    assert "the next try counts in" in words(browser.sign_in("viewer", "wrong", status=429))


def test_cookies_are_kept_from_scripts_and_over_https_from_everything_else(pages: Console) -> None:
    pages.as_("viewer")
    browser = pages.stranger()
    for base, start, ends in (
        ("http://localhost:8321", "bucketgraph-session-8321=", ""),
        ("https://localhost", "__Host-bucketgraph-session=", "; secure"),
    ):
        browser.client.base_url = base
        browser.client.cookies.clear()
        browser.get("/signin")
        form = {"csrf": browser.token, "name": "viewer", "password": PASSWORD}
        answer = browser.client.post("/signin", data=form, follow_redirects=False)
        (cookie,) = [c for c in answer.headers.get_list("set-cookie") if "-session" in c and "bgs_" in c]
        assert cookie.startswith(start)
        told = cookie.lower()
        assert ("httponly" in told, "samesite=lax" in told, "path=/" in told) == (True, True, True)
        assert told.endswith(ends) or ends in told
        assert ("secure" in told) == bool(ends)


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.method == "POST"], ids=lambda page: page.path
)
def test_no_form_is_obeyed_without_its_token(pages: Console, page: Page) -> None:
    """Every form is sent with no token, a wrong one and one of another session."""
    browser, other = pages.as_("admin"), pages.as_("viewer")
    link = setup.invite(pages.house.app.store, accounts.create(
        pages.house.app.store, "new", "viewer", passwords=pages.house.app.passwords
    ))  # fmt: skip
    path = re.sub(r"\{\w+\}", link.secret if page.path.startswith(setup.PATH) else "1", page.path)
    for token in (None, "AAAA", other.token):
        form = {"name": "x", "role": "viewer"} | ({} if token is None else {"csrf": token})
        text = browser.client.post(path, data=form)
        assert text.status_code == 403, (path, words(text.text))
        assert "This form is of another session" in words(text.text)


def test_an_account_that_is_closed_while_signed_in_is_led_to_the_door(pages: Console) -> None:
    browser = pages.as_("viewer")
    store = pages.house.app.store
    row = accounts.find(store, "viewer")
    accounts.disable(store, row.id)
    answer = browser.client.post("/tokens", data={"csrf": browser.token, "name": "x"})
    assert "Your session ended before this was sent; nothing was changed." in words(answer.text)
    assert not [one for one in store.tokens() if one.account_id == row.id]


def test_signing_out_everywhere_ends_all_sessions(pages: Console) -> None:
    one, other = pages.as_("viewer"), pages.as_("viewer")
    one.get("/account")
    assert "2 sessions were ended" in words(one.post("/signout-everywhere"))
    assert "Sign in" in words(other.get("/"))
    assert "Newest changes" not in words(other.get("/"))


def test_a_script_of_the_page_is_told_to_go_to_the_door_and_one_that_reads_json_gets_json(
    pages: Console,
) -> None:
    browser = pages.stranger()
    asked = {"HX-Request": "true", "HX-Current-URL": "http://localhost:8321/find?q=x"}
    led = browser.client.get("/find?q=y", headers=asked)
    assert led.headers["HX-Redirect"] == "/signin?next=%2Ffind%3Fq%3Dx"
    told = browser.client.get("/find?q=y", headers={"Accept": "application/json"})
    assert (told.status_code, told.json()["error"]["code"]) == (401, "unauthenticated")


def test_a_session_opens_no_api(pages: Console) -> None:
    browser = pages.as_("admin")
    assert browser.client.get("/api/v1/me").status_code == 401
    assert browser.client.get("/metrics").status_code == 401


def test_the_first_link_makes_an_admin_once_and_mistakes_do_not_use_it_up(pages: Console) -> None:
    store, browser = pages.house.app.store, pages.stranger()
    link = setup.first_run(store)
    assert link is not None
    seen = browser.client.get(link.path)
    assert seen.headers["Referrer-Policy"] == "no-referrer"
    browser.get(link.path)
    short = {"name": "ada", "email": "ada@example.com", "password": "short", "again": "short"}
    text = browser.post(link.path, short, status=400)
    assert "too short" in words(text)
    assert 'value="ada@example.com"' in text
    assert "Welcome, ada." in words(
        browser.post(link.path, short | {"password": PASSWORD, "again": PASSWORD})
    )
    assert accounts.find(store, "ada").role == "admin"
    assert "was used" in words(pages.stranger().get(link.path, status=410)).lower()


def test_the_demo_link_opens_the_demo_with_one_button(pages: Console) -> None:
    browser = pages.stranger()
    link = setup.demo(pages.house.app.store)
    assert "Open the demo" in words(browser.get(link.path))
    assert "Welcome, demo." in words(browser.post(link.path))


def test_sessions_are_kept_as_hashes_alone(pages: Console) -> None:
    browser, app = pages.as_("viewer"), pages.house.app
    kept = {name: value for name, value in browser.client.cookies.items() if "session" in name}
    (cookie,) = kept.values()
    found = sessions.find(app.store, cookie, app.session_limits)
    assert found.name == "viewer"
    assert cookie not in str(app.store.sessions_of(found.account_id))
