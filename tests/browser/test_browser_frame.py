"""Coming in, looking around and going out, in a real browser, in both themes and on a phone."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from browser.browserkit import PASSWORD, WIDTHS, Chromium, Served
from support.serving import Server, eventually

Theme = Literal["light", "dark"]


LOOKS = [
    ("light", WIDTHS["wide"]),
    ("dark", WIDTHS["phone"]),
    ("dark", WIDTHS["wide"]),
    ("light", WIDTHS["phone"]),
]
PAGES = ("/", "/find?q=a", "/account", "/tokens", "/settings", "/settings/users", "/nothing-here")


@pytest.mark.parametrize(("theme", "width"), LOOKS[:2])
def test_from_the_set_up_link_home_and_out_and_in_again(
    browser: Chromium, tmp_path: Path, theme: Theme, width: int
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    server = Server.start(home, BUCKETGRAPH_PASSWORD_MEMORY_MIB="19")
    url = server.url()
    link = eventually(lambda: next((w for w in server.said.split() if "/setup/" in w), ""))
    with browser.tab(url, theme=theme, width=width) as tab:
        tab.open(link)
        tab.assert_fits()
        tab.shot(f"frame-setup-{theme}-{width}")
        tab.expected.add(400)
        tab.fill(name="ada", password="short and bad", again="another thing")
        tab.press("Create the account")
        assert "not the same" in tab.says()
        assert tab.page.input_value("#name") == "ada"
        tab.fill(password=PASSWORD, again=PASSWORD)
        tab.press("Create the account")
        assert "Welcome, ada." in tab.says()
        assert "The graph is empty" in tab.says()
        tab.assert_fits()
        tab.shot(f"frame-home-empty-{theme}-{width}")
        tab.page.click("summary[aria-label='Account: ada']")
        tab.press("Sign out")
        assert "You are signed out." in tab.says()
        tab.shot(f"frame-signin-{theme}-{width}")
        tab.open("/settings")
        assert "/signin?next=" in tab.page.url
        tab.fill(name="ada", password=PASSWORD)
        tab.press("Sign in")
        assert tab.page.url == f"{url}/settings"
        tab.open(link, status=410)
    assert server.stop() == 0


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_every_page_of_the_frame_fits_and_complains_of_nothing(
    browser: Chromium, console: Served, theme: Theme, width: int
) -> None:
    with browser.tab(console.url, theme=theme, width=width) as tab:
        console.sign_in(tab)
        for path in PAGES:
            tab.open(path, status=404 if path == "/nothing-here" else 200)
            tab.assert_fits()
            name = path.split("?")[0].strip("/").replace("/", "-") or "home"
            tab.shot(f"frame-{name}-{theme}-{width}")


def test_the_command_box_offers_what_bears_a_name_as_it_is_typed(browser: Chromium, console: Served) -> None:
    found = next(iter(console.app.store.entities("bitbucket_user")))
    with browser.tab(console.url) as tab:
        console.sign_in(tab, "viewer")
        tab.open("/")
        tab.page.keyboard.press("/")
        tab.page.keyboard.type(found.name[:6])
        tab.page.wait_for_selector(".command-results a")
        tab.shot("frame-command")
        assert found.name in tab.page.inner_text(".command-results")


def test_the_theme_is_switched_and_kept(browser: Chromium, console: Served) -> None:
    with browser.tab(console.url) as tab:
        console.sign_in(tab, "viewer")
        tab.open("/")
        tab.page.click("[data-theme-switch]")
        assert tab.page.evaluate("document.documentElement.dataset.theme") == "dark"
        tab.open("/settings")
        assert tab.page.evaluate("document.documentElement.dataset.theme") == "dark"
