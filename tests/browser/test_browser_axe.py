"""axe looks at every page of the console, in both themes: no violation that it calls serious or critical."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from browser.browserkit import THEMES, Chromium, Served, Tab
from browser.worlds import wait_drawn
from support.serving import eventually

from bucketgraph.j1ql.results import public_id

SETTLED = "!document.getAnimations().some(one => one instanceof CSSTransition)"
GRAVE = {"serious", "critical"}
QUESTION = "FIND bitbucket_repo THAT HAS bitbucket_pull_request"
SUMMED = "FIND bitbucket_pull_request AS p RETURN p.state, COUNT(p) AS n"


def places(console: Served) -> dict[str, str]:
    """Return every page of the console by name."""
    store, one = console.app.store, console.app.registry.find("test")
    repo = public_id(next(iter(store.entities("bitbucket_repo"))).id)
    of_one = f"/integrations/{one.id}"
    return {
        "home": "/",
        "find": "/find?q=a",
        "integrations": "/integrations",
        "integration-new": "/integrations/new",
        "integration": of_one,
        "integration-edit": f"{of_one}/edit",
        "integration-remove": f"{of_one}/remove",
        "integrations-removed": "/integrations/removed",
        "run": "/runs/1",
        "query-empty": "/query",
        "query": f"/query?q={SUMMED}",
        "query-tree": f"/query?q={QUESTION}&tab=tree",
        "query-json": f"/query?q={QUESTION}&tab=json",
        "query-explain": f"/query?q={QUESTION}&tab=explain",
        "query-graph": f"/query?q={QUESTION}&tab=graph",
        "query-history": "/query/history",
        "questions": "/questions",
        "graph": f"/graph?start={repo}",
        "graph-start": "/graph",
        "assets": "/assets",
        "assets-list": "/assets?type=bitbucket_pull_request",
        "entity": f"/entities/{repo}",
        "history": f"/entities/{repo}/history",
        "raw": f"/entities/{repo}/raw",
        "changes": "/changes",
        "people": "/people",
        "people-import": "/people/import",
        "settings": "/settings",
        "users": "/settings/users",
        "tokens": "/tokens",
        "account": "/account",
    }


def grave(tab: Tab) -> list[str]:
    """Return what axe finds seriously wrong with a page, in each theme."""
    found = []
    for theme in THEMES:
        tab.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        eventually(lambda: tab.page.evaluate(SETTLED))
        violations = Axe().run(tab.page).response["violations"]
        found += [f"{theme}: {told(one)}" for one in violations if one["impact"] in GRAVE]
    return found


def told(violation: dict[str, Any]) -> str:
    """Say what is wrong and with which elements."""
    nodes = violation["nodes"]
    which = "; ".join(f"{one['target']} {one['html'][:160]} {one['failureSummary']}" for one in nodes[:3])
    return f"{violation['id']} ({len(nodes)} elements): {which}"


def test_axe_finds_nothing_serious_on_any_page(browser: Chromium, console: Served) -> None:
    found = []
    with browser.tab(console.url) as tab:
        console.sign_in(tab)
        for name, path in places(console).items():
            tab.open(path)
            if name in {"graph", "query-graph"}:
                wait_drawn(tab)
            found += [f"{name}: {one}" for one in grave(tab)]
    assert not found, "\n".join(found)


def test_axe_finds_nothing_serious_where_nobody_is_signed_in(browser: Chromium, console: Served) -> None:
    with browser.tab(console.url) as tab:
        tab.open("/signin")
        found = grave(tab)
        tab.open("/nothing-here", status=404)
        found += grave(tab)
    assert not found, "\n".join(found)
