"""The pages about the graph in a real browser: they fit, complain of nothing, and the drawing does what it should."""

from __future__ import annotations

import re
from typing import Literal

import pytest
from browser.browserkit import WIDTHS, Chromium, Served, Tab

from bucketgraph.graph.entity import Entity, Record, seal
from bucketgraph.graph.snapshot import Snapshot
from bucketgraph.j1ql.results import public_id
from bucketgraph.store.base import Publication

Theme = Literal["light", "dark"]
LOOKS = [
    ("light", WIDTHS["wide"]),
    ("dark", WIDTHS["wide"]),
    ("light", WIDTHS["phone"]),
    ("dark", WIDTHS["phone"]),
]
HOSTILE = '<img src=x onerror="alert(1)"><script>alert(2)</script>\u202etxt.exe {{7*7}} ' + "🚀" * 1500


def hostile(console: Served) -> str:
    """Put an entity with a life and names that mean no good into the graph; return its id."""
    app, owner = console.app, console.app.registry.find("other").id
    for version in range(3):
        properties = {
            "displayName": HOSTILE,
            "description": f"version {version} of many words that stay",
            "webLink": "https://bitbucket.org/acme/hostile",
            "public": version > 1,
            "a" * 300: "b" * 3000,
        }
        record = Record(
            "kit:hostile", Entity("kit:hostile", "bitbucket_repo", properties), raw=b'{"<b>": [1, 2]}'
        )
        run = app.store.start_run(owner, {})
        snapshot = Snapshot("kit", {record.key: seal(record)}, whole=True)
        app.store.publish(Publication(owner, run.id, (snapshot,)))
        app.store.end_run(run.id, "COMPLETED", run.report)
    return next(public_id(e.id) for e in app.store.entities("bitbucket_repo") if e.key == "kit:hostile")


def people(console: Served) -> None:
    users = [one for one in console.app.store.entities("bitbucket_user") if one.properties.get("nickname")]
    desk = console.app.people
    desk.add({"displayName": "Grace Hopper", "email": ["grace@acme.example"], "employeeId": "17"})
    desk.add(
        {
            "displayName": users[0].name,
            "employeeId": "18",
            "bitbucketNickname": users[0].properties["nickname"],
        }
    )
    desk.add({"displayName": users[1].name, "employeeId": "19"})


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_every_page_about_the_graph_fits_and_complains_of_nothing(
    browser: Chromium, console: Served, theme: Theme, width: int
) -> None:
    bad = hostile(console)
    people(console)
    store = console.app.store
    repo = public_id(next(iter(store.entities("bitbucket_repo"))).id)
    person = public_id(next(iter(store.entities("employee"))).id)
    places = {
        "entity": f"/entities/{repo}",
        "entity-hostile": f"/entities/{bad}",
        "history-hostile": f"/entities/{bad}/history",
        "raw": f"/entities/{repo}/raw",
        "start": "/graph",
        "found": "/graph?q=a",
        "picture": f"/graph?start={repo}",
        "table": f"/graph/table?of={repo}&verb=HAS&direction=out&type=bitbucket_pull_request",
        "changes": "/changes",
        "assets": "/assets",
        "list": "/assets?type=bitbucket_pull_request&where=merged%3Dtrue",
        "list-hostile": "/assets?type=bitbucket_repo",
        "people": "/people",
        "people-list": "/people/list",
        "people-edit": f"/people/{person}/edit",
        "people-remove": f"/people/{person}/remove",
        "people-import": "/people/import",
    }
    with browser.tab(console.url, theme=theme, width=width) as tab:
        console.sign_in(tab, "editor")
        for name, path in places.items():
            tab.open(path)
            if name == "picture":
                wait_drawn(tab)
            tab.assert_fits()
            tab.shot(f"graph-{name}-{theme}-{width}")
        tab.page.set_input_files("#file", files=[{"name": "p.csv", "mimeType": "text/csv", "buffer": CSV}])
        tab.press("Show what it would change")
        assert "Import: 1 added" in tab.says()
        tab.assert_fits()
        tab.shot(f"graph-people-preview-{theme}-{width}")


CSV = b"Name,E-mail\nEve <b>Moore</b>,eve@acme.example\n"


def wait_drawn(tab: Tab) -> None:
    """Wait until the drawing says what is in it."""
    told(tab, r"[\d,]+ entit")


def test_the_drawing_grows_and_opens_an_entity_beside_it(browser: Chromium, console: Served) -> None:
    bad = hostile(console)
    repo = next(iter(console.app.store.entities("bitbucket_repo")))
    with browser.tab(console.url) as tab:
        console.sign_in(tab, "viewer")
        tab.open(f"/graph?start={public_id(repo.id)}")
        wait_drawn(tab)
        before = drawn(tab)
        tab.page.select_option("select[aria-label='How far around']", "3")
        told(tab, rf"(?!{before} )[\d,]+ entit")
        tab.shot("graph-three-steps")
        tab.page.locator(".graph-canvas").focus()
        tab.page.keyboard.press("ArrowRight")
        tab.page.keyboard.press("Enter")
        tab.page.locator("#panel-content h2").first.wait_for()
        assert "Relationships" in tab.page.inner_text("#panel-content")
        tab.shot("graph-panel")
        tab.page.keyboard.press("Escape")
        tab.page.locator("#panel").wait_for(state="hidden")
        tab.open(f"/graph?start={bad}")
        told(tab, "1 entity")


def told(tab: Tab, pattern: str) -> None:
    """Wait until the notice below the drawing begins with something."""
    tab.page.locator(".graph-notice").filter(has_text=re.compile(f"^{pattern}")).wait_for()


def drawn(tab: Tab) -> int:
    """Return how many entities the drawing says that it holds."""
    return int(tab.page.inner_text(".graph-notice").split()[0].replace(",", ""))
