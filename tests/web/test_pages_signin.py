"""Signing in and out, and what stands in the way of forms that are not ours."""

from __future__ import annotations

from web.consolekit import PASSWORD, Console, words


def test_a_stranger_is_led_to_sign_in_and_back_to_where_they_wanted_to_go(pages: Console) -> None:
    pages.as_("viewer")
    browser = pages.stranger()
    led = browser.client.get("/?tab=new", follow_redirects=False)
    assert (led.status_code, led.headers["location"]) == (303, "/signin?next=%2F%3Ftab%3Dnew")
    assert "Sign in" in words(browser.get("/?tab=new"))
    answer = browser.client.post(
        "/signin",
        data={"csrf": browser.token, "name": "viewer", "password": PASSWORD, "next": "/?tab=new"},
        follow_redirects=False,
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/?tab=new")


def test_a_page_that_is_none_says_so_in_the_frame(pages: Console) -> None:
    text = pages.as_("viewer").get("/nothing/<b>here", status=404)
    assert "There is no page at" in words(text)
    assert "<b>here" not in text
