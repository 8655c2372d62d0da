"""Integrations and runs in a real browser: the form keeps what was entered, a run tells of itself until its end."""

from __future__ import annotations

from typing import Literal

import pytest
from browser.browserkit import WIDTHS, Chromium, Served

from bucketgraph.demo import create_app, generate_world, serve
from bucketgraph.store.base import NewEvent, RunReport

LOOKS: list[tuple[Literal["light", "dark"], int]] = [("light", WIDTHS["wide"]), ("dark", WIDTHS["phone"])]


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_every_page_fits_and_complains_of_nothing(
    browser: Chromium, console: Served, theme: Literal["light", "dark"], width: int
) -> None:
    one = console.app.registry.find("test")
    with browser.tab(console.url, theme=theme, width=width) as tab:
        console.sign_in(tab)
        of_one = ("", "/edit", "/remove")
        for path in ("", "/new", "/removed", *(f"/{one.id}{more}" for more in of_one)):
            tab.open(f"/integrations{path}")
            tab.assert_fits()
        tab.open("/runs/1")
        tab.assert_fits()


def test_a_connection_is_tested_and_the_form_keeps_what_was_entered(
    browser: Chromium, console: Served
) -> None:
    world = generate_world(repositories=2, pull_requests=4, members=2, projects=1)
    with serve(create_app(world)) as url, browser.tab(console.url) as tab:
        console.sign_in(tab)
        tab.open("/integrations/new")
        tab.page.click("summary:has-text('Another address')")
        tab.fill(name="Acme", workspaces=world.workspaces[0].slug, api_url=url, oauth_url=url)
        tab.page.fill("[name='key-0']", "demo-key")
        tab.page.fill("[name='secret-0']", "demo-secret")
        tab.page.click("summary:has-text('Add a tag')")
        tab.page.fill("[name='tag-name-0']", "Owner")
        tab.page.fill("[name='tag-value-0']", "platform")
        tab.press("Test connection")
        tab.page.wait_for_selector("#report .banner.ok")
        assert tab.page.input_value("[name='secret-0']") == "demo-secret"
        tab.press("Create configuration")
        assert "Acme was added" in tab.says()
        assert "tag.Owner: platform" in tab.says()
        assert console.app.registry.consumers("Acme")[0].secret == "demo-secret"


def test_a_run_tells_of_itself_without_a_reload_until_its_end(browser: Chromium, console: Served) -> None:
    store, one = console.app.store, console.app.registry.find("test")
    run = store.start_run(one.id, {}, trigger="manual")
    begun = NewEvent("info", "step_start", "Members", "fetch-members", {"total": 4})
    store.add_events(run.id, one.id, [begun])
    with browser.tab(console.url) as tab:
        console.sign_in(tab)
        tab.open(f"/runs/{run.id}")
        assert "0 of 4" in tab.says()
        loaded = tab.page.evaluate("performance.timeOrigin")
        further = NewEvent(
            "debug", "progress", "Members", "fetch-members", {"done": 3, "total": 4, "calls": 9}
        )
        store.add_events(run.id, one.id, [further])
        tab.page.wait_for_selector("text=3 of 4")
        assert (
            "ago" in tab.page.inner_text(".run-head time") or tab.page.inner_text(".run-head time") == "now"
        )
        store.end_run(run.id, "COMPLETED", RunReport())
        tab.page.wait_for_selector(".run-head .badge.ok")
        assert tab.page.locator("text=Stop the run").count() == 0
        assert tab.page.evaluate("performance.timeOrigin") == loaded
