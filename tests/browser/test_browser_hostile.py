"""Names in Bitbucket that mean harm: on every page that shows them they are text, and nothing of them runs."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from browser.browserkit import Chromium, Served, Tab, served
from browser.worlds import wait_drawn
from support.workbench import Bench, workbench

from bucketgraph.demo import World, generate_world, mutations
from bucketgraph.j1ql.results import public_id
from bucketgraph.store.base import NewEvent

DID = "window.planted=1"
CORPUS = (
    f"<script>{DID}</script>",
    f"</script></title></textarea></style><script>{DID}</script>",
    f"<img src=/planted onerror={DID}>",
    f"\"><svg onload='{DID}'><a href='javascript:{DID}'>planted</a></svg>",
    f"' autofocus onfocus='{DID}' onmouseover='{DID}",
    f"javascript:{DID}//planted",
    f"<a href='javascript:{DID}'>planted</a><iframe srcdoc='<script>parent.planted=1</script>'></iframe>",
    f"<details open ontoggle={DID}><math><mtext><style><img src onerror={DID}></style></mtext></math>planted",
    "<div hx-get=/planted hx-trigger=load hx-on:load='window.planted=1' data-graph=/planted>planted</div>",
    "planted {{1337*1337}} {%print(1337*1337)%} ${1337*1337} #{1337*1337} <%=1337*1337%> {{config}}",
    f"planted \u202egpj.exe\u2066 \u200f <b>{DID}</b> \u0000 \ud7ff `${{{DID}}}`",
    "planted" + "<b onclick=window.planted=1>🚀" * 500,
)
EVERYTHING = " ".join(CORPUS[:-1])
WORKED_OUT = "1787569"
"""What a template would make of 1337*1337."""

BORN = (
    "[onerror], [onload], [onfocus], [onclick], [ontoggle], [onmouseover], [srcdoc], [src='/planted'], "
    "[hx-get='/planted'], [data-graph='/planted'], iframe, math, main b, main style, body script"
)
"""Elements that no page of the console has: a name became markup."""

LEADING = (
    "Array.from(document.querySelectorAll('[href]:not(link), [xlink\\\\:href], [action], [formaction]'))"
    ".map(one => one.href?.baseVal ?? one.href ?? one.action)"
    ".filter(one => /^\\s*(javascript|data|vbscript):/i.test(one))"
)
"""Links that would run something when they are followed."""


def spoil(world: World) -> None:
    """Give everything that has a name in a Bitbucket the names of the corpus."""
    workspace = world.workspaces[0]
    first = next(iter(workspace.repositories.values()))
    people = [one.account for one in workspace.members.values()]
    mutations.rename_workspace(world, workspace, EVERYTHING)
    mutations.rename_project(world, workspace.projects[0], EVERYTHING)
    for text in (*CORPUS, EVERYTHING):
        person = mutations.add_member(world, workspace, text)
        mutations.rename_user(world, person, nickname=text)
        mutations.open_pull_request(
            world, first, author=person, title=text, description=text, reviewers=people
        ).source.branch = text
        made = mutations.add_repository(world, workspace, text)
        mutations.edit_repository(world, made, description=text, language=text, mainbranch=text)
    mutations.rename_repository(world, first, EVERYTHING)


def plant(home: Path) -> None:
    """Collect a Bitbucket whose names are harmless, then with names that are not."""
    world = generate_world(repositories=1, pull_requests=2, members=2, projects=1)
    with workbench(world, home) as bench:
        bench.sync()
        spoil(world)
        assert bench.sync().status == "COMPLETED"
        tell(bench)


def tell(bench: Bench) -> None:
    """Let a run fail with all of it in its log, as if Bitbucket had answered so."""
    run = bench.store.start_run(bench.integration.id, {})
    events = [NewEvent("error", "problem", text, "fetch-members", {"detail": text}) for text in CORPUS]
    bench.store.add_events(run.id, bench.integration.id, events)
    bench.store.end_run(run.id, "FAILED", run.report)


@pytest.fixture(scope="module")
def planted(browser: Chromium, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve a console on a graph full of such names."""
    home = tmp_path_factory.mktemp("hostile") / "home"
    with ThreadPoolExecutor(1) as pool:
        pool.submit(plant, home).result()
    with served(None, home) as opened:
        yield opened


def places(console: Served) -> dict[str, str]:
    """Return the pages that show such names."""
    store, one = console.app.store, console.app.registry.find("test")
    found = {name: address for kind in KINDS for name, address in of_kind(console, kind).items()}
    asked = f"/query?q={quote('FIND bitbucket_repo AS r RETURN r, r.name, r.description, r.language')}"
    joined = f"/query?q={quote('FIND bitbucket_user THAT OPENED bitbucket_pull_request')}"
    return found | {
        "home": "/",
        "find": f"/find?q={quote('<script>' + DID)}",
        "assets": "/assets",
        "changes": "/changes",
        "people": "/people",
        "query-table": asked,
        "query-json": f"{joined}&tab=json",
        "query-tree": f"{joined}&tab=tree",
        "query-graph": f"{joined}&tab=graph",
        "query-wrong": f"/query?q={quote('FIND ' + EVERYTHING)}",
        "graph-found": f"/graph?q={quote('<script>' + DID)}",
        "integrations": "/integrations",
        "integration": f"/integrations/{one.id}",
        "remove": f"/integrations/{one.id}/remove",
        **{f"run-{run.id}": f"/runs/{run.id}?level=debug" for run in store.runs(one.id)},
    }


KINDS = (
    "bitbucket_workspace",
    "bitbucket_project",
    "bitbucket_repo",
    "bitbucket_user",
    "bitbucket_pull_request",
)


def of_kind(console: Served, kind: str) -> dict[str, str]:
    """Return the list of a type, and the pages of an entity of it that bears every such name."""
    worst = next(e for e in console.app.store.entities(kind) if e.name.startswith(EVERYTHING[:200]))
    path = f"/entities/{public_id(worst.id)}"
    return {
        f"{kind}-list": f"/assets?type={kind}",
        kind: path,
        f"{kind}-history": f"{path}/history",
        f"{kind}-raw": f"{path}/raw",
        f"{kind}-graph": f"/graph?start={public_id(worst.id)}",
    }


SILENT = {
    "home",
    "assets",
    "people",
    "integrations",
    "integration",
    "remove",
    "run-1",
    "run-2",
    "query-graph",
}
"""Pages that need not show any of the names as text."""


def test_nothing_that_is_planted_in_bitbucket_runs_on_any_page(browser: Chromium, planted: Served) -> None:
    with browser.tab(planted.url) as tab:
        watch(tab)
        planted.sign_in(tab)
        for name, path in places(planted).items():
            tab.open(path, status=400 if name == "query-wrong" else 200)
            if name.endswith("-graph"):
                wait_drawn(tab)
            assert name in SILENT or "planted" in tab.page.content(), f"{name} shows nothing"
            assert_text_only(tab, name)


def test_nothing_runs_in_what_is_opened_on_a_page(browser: Chromium, planted: Served) -> None:
    with browser.tab(planted.url) as tab:
        watch(tab)
        planted.sign_in(tab)
        tab.open("/assets?type=bitbucket_repo")
        tab.page.locator("main table a[data-panel]").first.click()
        tab.page.locator("#panel-content h2").first.wait_for()
        assert_text_only(tab, "panel of a list")
        tab.open("/")
        tab.page.keyboard.press("/")
        tab.page.keyboard.type("<script>")
        tab.page.wait_for_selector(".command-results a")
        assert "planted" in tab.page.inner_text(".command-results")
        assert_text_only(tab, "command box")
        tab.open(of_kind(planted, "bitbucket_repo")["bitbucket_repo-graph"])
        wait_drawn(tab)
        tab.page.locator(".graph-canvas").focus()
        tab.page.keyboard.press("ArrowRight")
        tab.page.keyboard.press("Enter")
        tab.page.locator("#panel-content h2").first.wait_for()
        assert_text_only(tab, "panel of a drawing")


def watch(tab: Tab) -> None:
    """Note dialogs, and requests that no page of the console makes."""

    def hear(address: str) -> None:
        if not address.startswith((tab.url, "data:", "blob:")) or "/planted" in urlsplit(address).path:
            tab.problems.append(f"request: {address}")

    tab.page.on("request", lambda request: hear(request.url))
    tab.page.on("dialog", lambda dialog: (tab.problems.append(f"dialog: {dialog.message}"), dialog.dismiss()))


def assert_text_only(tab: Tab, name: str) -> None:
    """Fail when a name ran, was worked out, or became anything but text."""
    assert tab.page.evaluate("window.planted === undefined"), f"{name}: it ran"
    assert tab.page.evaluate(LEADING) == [], name
    born = tab.page.eval_on_selector_all(BORN, "all => all.map(one => one.outerHTML.slice(0, 200))")
    assert born == [], name
    assert WORKED_OUT not in tab.page.content(), name
    assert tab.problems == [], name
