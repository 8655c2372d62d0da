"""The query page: what people see of answers and errors, and that files and pages hold all of it."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import pytest
from support.workbench import add, workbench
from web.consolekit import Browser, Console, console, words
from web.sitekit import NOWHERE

from bucketgraph.demo import generate_world
from bucketgraph.demo.mutations import rename_repository
from bucketgraph.web.pages import query as query_page

MARKUP = "<img src=x onerror=alert(1)>\u202etxt.exe \N{ROCKET}"
FORMULA = "=cmd|' /C calc'!A0" + "x" * 10_000
ALL_PULLS = "FIND bitbucket_pull_request AS p RETURN p.displayName AS name, p.id AS id ORDER BY name"
MANY = 320
_CELL = re.compile(r"<td[^>]*>(.*?)</td>", re.DOTALL)
_ROW = re.compile(r"<tr><td.*?</tr>", re.DOTALL)
_NEXT = re.compile(r'href="([^"]+)" rel="next"')


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home with more than one page of pull requests, and names that mean no good."""
    home = tmp_path_factory.mktemp("query") / "home"
    world = generate_world(repositories=4, pull_requests=MANY, members=6, projects=2)
    first, second, *_ = world.workspaces[0].repositories.values()
    rename_repository(world, first, MARKUP)
    rename_repository(world, second, FORMULA)
    with workbench(world, home) as bench:
        bench.sync()
        add(bench.app, NOWHERE, ["elsewhere"], name="other")
    return home


@pytest.fixture(scope="module")
def many(hostile: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """Return the console of that home; tests only read the graph there."""
    with console(hostile, tmp_path_factory.mktemp("query") / "console") as opened:
        yield opened


@pytest.fixture(scope="module")
def viewer(many: Console) -> Browser:
    """Return the browser of a viewer."""
    return many.as_("viewer")


def address(text: str, page: str = "/query", **more: str) -> str:
    """Return the address that asks a query."""
    return f"{page}?{urlencode({'q': text, **more})}"


def _next(html: str) -> str:
    """Return the address of the page behind a page."""
    found = _NEXT.search(html)
    assert found
    return unescape(found[1])


def cells(html: str) -> list[list[str]]:
    """Return the rows of a page's table as texts."""
    return [[words(cell) for cell in _CELL.findall(row)] for row in _ROW.findall(html)]


def api(many: Console, text: str) -> list[Any]:
    """Return all rows of a query as the API gives them."""
    found: list[Any] = []
    cursor = None
    while True:
        answer = many.house.admin.post("/query", {"query": text, "cursor": cursor})
        found += answer["data"]
        cursor = answer["cursor"]
        if cursor is None:
            return found


def test_pages_of_an_answer_are_the_whole_answer(many: Console, viewer: Browser) -> None:
    html = viewer.get(address(ALL_PULLS))
    assert f"{MANY} rows" in words(html)
    rows = cells(html)
    assert len(rows) == 250
    html = viewer.get(_next(html))
    assert f"251 \N{EN DASH} {MANY} of {MANY}" in words(html)
    assert not _NEXT.search(html)
    rows += cells(html)
    assert [row[1] for row in rows] == [row["id"] for row in api(many, ALL_PULLS)]


def test_sorting_by_a_column_sorts_the_whole_answer(viewer: Browser) -> None:
    text = "FIND bitbucket_pull_request AS p RETURN p.id AS id, p.state AS state"
    html = viewer.get(address(text))
    up = viewer.get(unescape(re.findall(r'href="(/query[^"]*sort=id)"', html)[0]))
    down = viewer.get(unescape(re.findall(r'href="(/query[^"]*sort=-id)"', up)[0]))
    last = sorted(row[0] for row in cells(viewer.get(_next(up))))
    assert len(last) == MANY - 250
    assert max(row[0] for row in cells(up)) <= last[0]
    assert [row[0] for row in cells(down)][: len(last)] == last[::-1]
    assert "sort=" not in viewer.get(address(f"{text} LIMIT 3"))  # another order would choose other rows


def test_lists_are_sorted_by_the_columns_they_show(viewer: Browser) -> None:
    html = viewer.get(address("FIND bitbucket_user", sort="-name"))
    names = [row[0] for row in cells(html)]
    assert names == sorted(names, reverse=True)
    assert 'aria-sort="descending"' in html


@pytest.mark.parametrize("tab", ["table", "tree", "json", "explain", "graph"])
@pytest.mark.parametrize(
    "text",
    [
        "FIND bitbucket_repo",
        "FIND bitbucket_repo AS r RETURN r, r.name, r.displayName AS [<script>]",
        "FIND bitbucket_project THAT HAS bitbucket_repo RETURN TREE",
    ],
)
def test_hostile_names_are_text_on_every_tab_and_long_ones_are_cut(
    viewer: Browser, text: str, tab: str
) -> None:
    html = viewer.get(address(text.replace("[<script>]", '"<b>bold</b>"'), tab=tab, columns="all"))
    assert "<img src=x" not in html
    assert "<b>" not in html
    assert "onerror=alert(1)&gt;" in html or tab in {"explain", "graph"}
    assert len(html) < 100_000
    assert " style=" not in html


def test_the_exports_hold_the_rows_of_the_api_and_guard_formulas(many: Console, viewer: Browser) -> None:
    text = "FIND bitbucket_repo AS r THAT HAS bitbucket_pull_request AS p "
    text += "RETURN r.name AS repository, p.id AS id, p.open AS open"
    wanted = api(many, text)
    assert len(wanted) == MANY
    found = viewer.client.get(address(text, "/query/export", format="csv"))
    assert found.headers["content-type"].startswith("text/csv")
    assert re.fullmatch(r'attachment; filename="query-[0-9-]+\.csv"', found.headers["content-disposition"])
    rows = list(csv.DictReader(io.StringIO(found.text)))
    assert {row["repository"] for row in rows} >= {f"'{FORMULA}", MARKUP}
    assert [(row["repository"].removeprefix("'"), row["id"], row["open"]) for row in rows] == [
        (row["repository"], str(row["id"]), json.dumps(row["open"])) for row in wanted
    ]
    assert viewer.client.get(address(text, "/query/export", format="json")).json()["data"] == wanted


def test_a_graph_is_exported_as_graphml(many: Console, viewer: Browser) -> None:
    text = "FIND bitbucket_project THAT HAS bitbucket_repo RETURN TREE"
    tree = many.house.admin.post("/query", {"query": text})["data"]
    found = ET.fromstring(viewer.client.get(address(text, "/query/export", format="graphml")).content)  # noqa: S314
    names = {"g": "http://graphml.graphdrawing.org/xmlns"}
    assert {one.get("id") for one in found.iterfind(".//g:node", names)} == {
        one["id"] for one in tree["vertices"]
    }
    assert len(found.findall(".//g:edge", names)) == len(tree["edges"])


def test_an_export_that_would_leave_rows_out_is_refused(
    viewer: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(query_page, "MOST_ROWS", MANY - 1)
    html = viewer.get(address(ALL_PULLS, "/query/export", format="csv"), status=400)
    assert f"more than {MANY - 1} rows" in words(html)
    for form in ("csv", "xlsx", ""):
        viewer.get(address("FIND bitbucket_repo RETURN TREE", "/query/export", format=form), status=400)


def test_a_wrong_query_tells_the_place_and_what_was_meant(viewer: Browser) -> None:
    text = 'FIND bitbucket_repo AS repo RETURN repoo.name, "\N{ROCKET}" AS x'
    html = viewer.get(address(text), status=400)
    said = words(html)
    assert 'Invalid return selector provided: "repoo"' in said
    assert "^^^^" in said
    (meant,) = re.findall(r'data-put-query="([^"]+)"', html)
    assert unescape(meant) == text.replace("repoo", "repo")
    assert text in unescape(html)  # it is still in the editor
    (linked,) = re.findall(r'class="chip" href="([^"]+)"', html)
    assert words(viewer.get(unescape(linked))).count("billing-infra-3") == 1
    for wrong in ("FIND", "nonsense <script>", "FIND x WHERE"):
        assert "<script>" not in viewer.get(address(wrong), status=400).split('id="ask"')[1]
    assert "is no date" in words(viewer.get(address(text, asOf="yesterday"), status=400))


def test_an_error_of_a_sorted_query_points_into_what_was_written(viewer: Browser) -> None:
    html = viewer.get(address("FIND   bitbucket_repo AS r RETURN rr.name", sort="rr.name"), status=400)
    assert "RETURN rr.name" in words(html)
    html = viewer.get(address("FIND bitbucket_repo AS r RETURN r.name", sort="gone"), status=400)
    assert "gone" in words(html)


def test_the_editor_is_told_what_is_wrong_and_what_may_come_next(viewer: Browser) -> None:
    viewer.get("/query")
    token = {"X-CSRF-Token": viewer.token, "Accept": "application/json"}

    def post(path: str, **fields: str) -> Any:
        answer = viewer.client.post(path, data=fields, headers=token)
        assert answer.status_code == 200, answer.text
        return answer.json()

    text = "FIND \N{ROCKET}"
    (error,) = post("/query/check", query=text)["errors"]
    assert error["message"]
    assert (error["start"], error["end"]) == (5, 6)  # characters, not UTF-16 units
    (error,) = post("/query/check", query="FIND bitbucket_repo AS r RETURN rx.name")["errors"]
    assert "r" in error["suggestions"] or error["hint"] or error["message"]
    assert post("/query/check", query="FIND bitbucket_repo WITH name = ${name}") == {"errors": []}
    found = post("/query/complete", query="FIND bitbucket_pul", at="18")
    assert (found["from"], found["to"]) == (5, 18)
    assert {"label": "bitbucket_pull_request", "kind": "type", "count": MANY}.items() <= found["options"][
        0
    ].items()
    assert post("/query/complete", query="FIND ", at="not a number")["options"]
    assert viewer.client.post("/query/check", data={"query": "FIND x"}).status_code in {400, 403}


def test_variables_are_asked_for_and_kept_in_the_address(viewer: Browser) -> None:
    text = "FIND bitbucket_pull_request WITH id = ${number} AS p RETURN p.id"
    html = viewer.get(address(text))
    assert "Give number a value" in words(html)
    assert 'name="var.number"' in html
    rows = cells(viewer.get(address(text, **{"var.number": '"2"'})))
    assert {row[0] for row in rows} == {"2"}
    assert cells(viewer.get(address(text, **{"var.number": "2"}))) == []  # ids are texts
    assert "JSON list" in words(viewer.get(address(text, **{"var.number": "[1,"}), status=400))


def test_the_graph_is_asked_as_it_was(many: Console, viewer: Browser) -> None:
    before = many.house.app.store.now() - 10 * 86_400_000
    html = viewer.get(address("FIND bitbucket_repo", asOf=str(before)))
    assert "Nothing was found" in words(html)
    picture = viewer.client.get(address("FIND bitbucket_repo", "/query/graph", asOf=str(before))).json()
    assert picture == {"nodes": [], "edges": []}


def test_warnings_stand_beside_the_answer(viewer: Browser) -> None:
    assert 'has the property "publik"' in words(viewer.get(address("FIND bitbucket_repo WITH publik = true")))


def test_cells_lead_to_the_entities_they_are_about(many: Console, viewer: Browser) -> None:
    text = "FIND bitbucket_repo AS r THAT HAS bitbucket_pull_request AS p RETURN r.name, r.slug, p, COUNT(p)"
    for asked in ("FIND bitbucket_repo", "FIND bitbucket_repo AS r RETURN r.slug, r.name", text):
        html = viewer.get(address(asked))
        leads = set(re.findall(r'href="/entities/([^"]+)" data-panel="/entities/([^"]+)/panel"', html))
        assert leads
        for one, other in leads:
            assert one == other
        viewer.get(f"/entities/{leads.pop()[0]}")
    assert viewer.get(address("FIND bitbucket_repo AS r RETURN r.slug, r.name")).count("data-panel") == 4


def test_the_picture_of_an_answer_holds_its_entities_and_can_be_expanded(viewer: Browser) -> None:
    text = "FIND bitbucket_project AS p THAT HAS bitbucket_repo AS r RETURN p.name, r"
    page = viewer.get(address(text, tab="graph"))
    (where,) = re.findall(r'data-graph="([^"]+)"', page)
    picture = viewer.client.get(unescape(where)).json()
    assert {one["type"] for one in picture["nodes"]} == {"bitbucket_project", "bitbucket_repo"}
    assert {one["verb"] for one in picture["edges"]} == {"HAS"}
    repo = next(one for one in picture["nodes"] if one["type"] == "bitbucket_repo")
    kind = next(one for one in repo["relationships"] if one["type"] == "bitbucket_pull_request")
    asked = {"expand": repo["id"], "verb": "HAS", "direction": "out", "type": kind["type"], "limit": "5"}
    more = viewer.client.get(f"{unescape(where)}&{urlencode(asked)}").json()
    assert len(more["nodes"]) == 1 + min(5, kind["count"])
    wrong = viewer.client.get(f"{unescape(where)}&expand=x", headers={"Accept": "application/json"})
    assert (wrong.status_code, "error" in wrong.json()) == (404, True)
    assert all(len(one["label"]) <= 500 for one in picture["nodes"])


def test_a_picture_holds_at_most_what_can_be_drawn(viewer: Browser) -> None:
    picture = viewer.client.get(address("FIND bitbucket_pull_request", "/query/graph")).json()
    assert len(picture["nodes"]) == 300


def test_a_query_that_takes_too_long_is_stopped_and_says_so(hostile: Path, tmp_path: Path) -> None:
    slow = f"FIND * AS a {'THAT RELATES TO * ' * 7} AS b RETURN a.displayName, b.displayName, COUNT(b)"
    with console(hostile, tmp_path / "home", query_timeout_seconds=0.05) as opened:
        html = opened.as_("viewer").get(address(slow), status=504)
    assert "was stopped after 0.05 seconds" in words(html)
    assert "RELATES TO" in html


def test_what_was_asked_is_in_ones_own_history(pages: Console) -> None:
    viewer, editor = pages.as_("viewer"), pages.as_("editor")
    viewer.get(address("FIND bitbucket_repo WITH name = '<i>'"))
    viewer.get(address("FIND bitbucket_user"))
    viewer.get(address("FIND bitbucket_user", tab="explain"))
    html = viewer.get("/query/history")
    assert html.count("FIND bitbucket_user</a>") == 1
    assert "<i>" not in html
    assert "FIND bitbucket_user" not in viewer.get("/query/history?search=name")
    assert "bitbucket_user" in viewer.get("/query")
    assert "You have not asked anything yet" in words(editor.get("/query/history"))
    assert "2 queries forgotten" in words(viewer.post("/query/history/forget"))
    assert "You have not asked anything yet" in words(viewer.get("/query/history"))
