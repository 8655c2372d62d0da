"""One way through everything: from the set-up link to a removed integration, on a real server with its jobs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from browser.browserkit import PASSWORD, WIDTHS, Chromium, Tab, Theme
from browser.worlds import wait_drawn
from support.serving import Server, eventually
from support.workbench import KEY, SECRET

from bucketgraph.demo import World, create_app, expected_entities, generate_world, serve

LOOKS: list[tuple[Theme, int]] = [("light", WIDTHS["wide"]), ("dark", WIDTHS["phone"])]
QUESTION = "FIND bitbucket_repo AS r RETURN r.name, r.fullName"
RUN_WITHIN_MS = 60_000


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_from_the_set_up_link_to_a_removed_integration(
    browser: Chromium, tmp_path: Path, theme: Theme, width: int
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    world = generate_world(repositories=2, pull_requests=6, members=3, projects=1)
    server = Server.start(home, BUCKETGRAPH_PASSWORD_MEMORY_MIB="19")
    try:
        with (
            serve(create_app(world)) as bitbucket,
            browser.tab(server.url(), theme=theme, width=width) as tab,
        ):
            set_up(tab, server)
            add_integration(tab, bitbucket, world)
            run_it(tab)
            see_counts(tab, world)
            ask(tab, world)
            look_at_entity(tab, world)
            remove_it(tab)
    finally:
        stopped = server.stop()
    assert stopped == 0


def set_up(tab: Tab, server: Server) -> None:
    """Become the first administrator by the link that the server prints."""
    tab.open(eventually(lambda: next((w for w in server.said.split() if "/setup/" in w), "")))
    tab.fill(name="ada", password=PASSWORD, again=PASSWORD)
    tab.press("Create the account")
    assert "The graph is empty" in tab.says()


def add_integration(tab: Tab, bitbucket: str, world: World) -> None:
    """Add an integration by the form, and test its connection before and after it is saved."""
    tab.page.get_by_role("link", name="Add an integration").click()
    tab.page.click("summary:has-text('Another address')")
    tab.fill(name="Acme", workspaces=world.workspaces[0].slug, api_url=bitbucket, oauth_url=bitbucket)
    tab.page.fill("[name='key-0']", KEY)
    tab.page.fill("[name='secret-0']", SECRET)
    tab.press("Test connection")
    tab.page.wait_for_selector("#report .banner.ok")
    tab.press("Create configuration")
    tab.page.get_by_text("Acme was added").wait_for()
    tab.assert_fits()
    tab.press("Test connection")
    tab.page.wait_for_selector("#report .banner.ok")


def run_it(tab: Tab) -> None:
    """Run the integration and watch the page of the run until its end."""
    tab.page.get_by_role("button", name="Run now").first.click()
    tab.page.wait_for_url(re.compile(r"/runs/\d+"))
    tab.page.wait_for_selector(".run-head .badge.ok", timeout=RUN_WITHIN_MS)
    assert "Everything that was asked for was seen." in tab.says()
    tab.assert_fits()


def see_counts(tab: Tab, world: World) -> None:
    """Find on the home page as many things as Bitbucket has."""
    tab.page.click("nav[aria-label='Pages'] a.rail-item[href='/']")
    tab.page.locator(".tile").first.wait_for()
    counts = tab.page.eval_on_selector_all(
        "a.tile",
        "tiles => Object.fromEntries(tiles.map(one => "
        "[new URL(one.href).searchParams.get('type'), one.querySelector('.tile-value').textContent]))",
    )
    expected = expected_entities(world, [world.workspaces[0].slug])
    assert {name: int(shown) for name, shown in counts.items()} == {
        name: len(expected[name]) for name in counts
    }
    assert counts["bitbucket_repo"] == "2"
    tab.assert_fits()


def ask(tab: Tab, world: World) -> None:
    """Write a question into the editor and read its answer."""
    tab.page.click("nav[aria-label='Pages'] a.rail-item[href='/query']")
    tab.page.click(".cm-content")
    tab.page.keyboard.insert_text(QUESTION)
    tab.press("Run")
    table = tab.page.locator("table[data-table]")
    table.wait_for()
    assert all(one.full_name in table.inner_text() for one in world.repositories())
    tab.assert_fits()


def look_at_entity(tab: Tab, world: World) -> None:
    """Follow a repository from a list to its page, its history, its raw answer and its drawing."""
    name = next(world.repositories()).name
    tab.open("/assets?type=bitbucket_repo")
    tab.page.locator("main table").get_by_role("link", name=name).first.click()
    tab.page.locator("#panel-content h2").first.wait_for()
    tab.page.locator("#panel-content a[href^='/entities/']").first.click()
    tab.page.wait_for_url("**/entities/*")
    assert "Relationships" in tab.says()
    tabs = tab.page.locator("nav[aria-label='About this entity']")
    tabs.get_by_role("link", name="History").click()
    tab.page.get_by_text("Version 1", exact=True).wait_for()
    tab.assert_fits()
    tabs.get_by_role("link", name="Raw").click()
    tab.page.get_by_text('"full_name"').wait_for()
    tabs.get_by_role("link", name="Graph").click()
    wait_drawn(tab)
    assert int(tab.page.inner_text(".graph-notice").split()[0]) > 1
    assert tab.page.locator(".graph-canvas canvas").count()
    tab.assert_fits()


def remove_it(tab: Tab) -> None:
    """Remove the integration; its entities leave the graph, its history is told of."""
    tab.page.click("nav[aria-label='Pages'] a.rail-item[href='/integrations']")
    tab.page.get_by_role("link", name="Remove: Acme").click()
    tab.page.get_by_role("button", name="Remove configuration").click()
    tab.page.get_by_text("Acme was removed").wait_for()
    tab.open("/")
    assert tab.page.locator(".tile").count() == 0
    tab.open("/integrations/removed")
    assert "Acme" in tab.page.inner_text("main table")
