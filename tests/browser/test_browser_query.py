"""The query page in a real browser: it fits, complains of nothing, and its editor helps."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlencode

import pytest
from browser.browserkit import WIDTHS, Chromium, Served

Theme = Literal["light", "dark"]
HOSTILE = '"<img src=x onerror=alert(1)>\u202etxt.exe ' + "x" * 4000 + '"'
PLACES = {
    "beginning": "/query",
    "list": "/query?q=FIND+bitbucket_repo",
    "all": "/query?q=FIND+bitbucket_repo&columns=all&sort=-name",
    "hostile": "/query?" + urlencode({"q": f"FIND bitbucket_repo AS r RETURN r, r.name, {HOSTILE} AS '<b>'"}),
    "tree": "/query?q=FIND+bitbucket_project+THAT+HAS+bitbucket_repo+RETURN+TREE",
    "json": "/query?q=FIND+bitbucket_repo&tab=json",
    "explain": "/query?q=FIND+bitbucket_repo&tab=explain",
    "picture": "/query?q=FIND+bitbucket_repo&tab=graph",
    "values": "/query?" + urlencode({"q": "FIND bitbucket_repo WITH name = ${name}"}),
    "history": "/query/history",
    "questions": "/questions",
    "question": "/questions/stale-pull-requests",
    "saved": "/saved/new?q=FIND+bitbucket_repo",
}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_about_queries_fits_and_complains_of_nothing(
    browser: Chromium, console: Served, theme: Theme, width: str
) -> None:
    with browser.tab(console.url, theme=theme, width=WIDTHS[width]) as tab:
        console.sign_in(tab, "editor")
        for name, path in PLACES.items():
            tab.open(path)
            if name == "picture":
                tab.page.wait_for_selector(".graph-canvas canvas")
            tab.assert_fits()
            tab.shot(f"query-{name}-{theme}-{width}")
        tab.open("/query?q=FIND+bitbucket_repo+AS+r+RETURN+rr.name", status=400)
        tab.assert_fits()


def test_the_editor_completes_corrects_and_runs(browser: Chromium, console: Served) -> None:
    with browser.tab(console.url) as tab:
        console.sign_in(tab, "viewer")
        tab.open("/query")
        page = tab.page
        page.click(".query-editor .cm-content")
        page.keyboard.type("FIND bitbucket_pul")
        option = page.locator(".cm-tooltip-autocomplete li").first
        option.wait_for()
        assert "bitbucket_pull_request" in option.inner_text()
        page.keyboard.press("Tab")
        page.keyboard.type(" AS pr RETURN prr.state")
        page.keyboard.press("Escape")
        suggestion = page.locator(".query-complaints button", has_text="pr")
        suggestion.click()
        page.wait_for_selector(".query-complaints:empty", state="attached")
        page.click(".query-editor .cm-content")
        page.keyboard.press("Control+Enter")
        page.wait_for_selector("table.table")
        assert "q=FIND+bitbucket_pull_request+AS+pr+RETURN+pr.state" in page.url
        assert "12 rows" in tab.says()


def test_a_cell_opens_its_entity_beside_the_answer(browser: Chromium, console: Served) -> None:
    with browser.tab(console.url) as tab:
        console.sign_in(tab, "viewer")
        tab.open("/query?q=FIND+bitbucket_repo")
        link = tab.page.locator("tbody a").first
        name = link.inner_text().strip()
        link.click()
        tab.page.wait_for_selector("#panel:not([hidden])")
        tab.page.locator("#panel-content", has_text=name).wait_for()
        assert tab.page.url.endswith("/query?q=FIND+bitbucket_repo")
