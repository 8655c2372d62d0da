"""The graph's pages: where to start, what the drawing is told, and the same as a table."""

from __future__ import annotations

from typing import Any

from web.consolekit import Browser, Console, words
from web.test_pages_entity import HOSTILE, put

from bucketgraph.j1ql.results import public_id

JSON = {"Accept": "application/json"}


def drawn(browser: Browser, query: str, status: int = 200) -> Any:
    answer = browser.client.get(f"/graph/data?{query}", headers=JSON)
    assert answer.status_code == status, answer.text
    return answer.json()


def ids(pages: Console, type_name: str) -> list[str]:
    return [public_id(one.id) for one in pages.house.app.store.entities(type_name)]


def test_the_picture_to_begin_with_is_what_the_contract_says(pages: Console) -> None:
    browser = pages.as_("viewer")
    start = ids(pages, "bitbucket_repo")[0]
    picture = drawn(browser, f"start={start}")
    first = picture["nodes"][0]
    assert first["id"] == start
    assert set(first) == {"id", "key", "type", "class", "label", "relationships"}
    assert first["class"] == ["CodeRepo"]
    among = {node["id"] for node in picture["nodes"]}
    assert picture["edges"]
    for edge in picture["edges"]:
        assert set(edge) == {"id", "from", "to", "verb"}
        assert {edge["from"], edge["to"]} <= among
    touching = sum(start in {edge["from"], edge["to"]} for edge in picture["edges"])
    assert sum(part["count"] for part in first["relationships"]) >= touching
    wider = drawn(browser, f"start={start}&depth=3")
    assert len(wider["nodes"]) > len(picture["nodes"])


def test_a_kind_is_given_page_by_page(pages: Console) -> None:
    browser = pages.as_("viewer")
    of = ids(pages, "bitbucket_workspace")[0]
    part = next(
        part
        for part in drawn(browser, f"start={of}")["nodes"][0]["relationships"]
        if part["verb"] == "HAS" and part["type"] == "bitbucket_user"
    )
    asked = f"expand={of}&verb=HAS&direction=out&type=bitbucket_user&limit=2"
    seen: list[str] = []
    for skip in range(0, part["count"] + 2, 2):
        page = drawn(browser, f"{asked}&skip={skip}")
        seen += [node["id"] for node in page["nodes"] if node["id"] != of]
    assert len(seen) == len(set(seen)) == part["count"]


def test_expanding_gives_all_neighbours_of_small_kinds(pages: Console) -> None:
    browser = pages.as_("viewer")
    of = ids(pages, "bitbucket_pull_request")[0]
    picture = drawn(browser, f"expand={of}")
    touching = [edge for edge in picture["edges"] if of in {edge["from"], edge["to"]}]
    (node,) = (node for node in picture["nodes"] if node["id"] == of)
    assert len(touching) == sum(part["count"] for part in node["relationships"])


def test_a_way_between_two_is_found(pages: Console) -> None:
    browser = pages.as_("viewer")
    start, goal = ids(pages, "bitbucket_user")[0], ids(pages, "bitbucket_pull_request")[-1]
    way = drawn(browser, f"from={start}&to={goal}")
    assert [way["nodes"][0]["id"], way["nodes"][-1]["id"]] == [start, goal]
    alone = put(pages, "kit:alone", displayName="alone")
    assert drawn(browser, f"from={start}&to={alone}") == {"nodes": [], "edges": []}


def test_bad_requests_are_told_as_json(pages: Console) -> None:
    browser = pages.as_("viewer")
    start = ids(pages, "bitbucket_repo")[0]
    for query, status in (
        ("start=x", 404),
        (f"start={start}&depth=x", 400),
        (f"start={start}&depth=-1", 400),
        ("expand=%00", 404),
        (f"expand={start}&verb=HAS&direction=sideways&type=x", 400),
        (f"expand={start}&verb=HAS&direction=out&type=x&skip=1e9", 400),
        (f"from={start}&to=", 404),
    ):
        error = drawn(browser, query, status)["error"]
        assert error["message"], query
        assert error["hint"], query
    assert drawn(browser, f"start={start}&depth=99")["nodes"]
    assert drawn(browser, "start=00000000000f4240")["nodes"] == []


def test_the_page_has_the_drawing_and_a_table_of_the_same(pages: Console) -> None:
    browser = pages.as_("viewer")
    start = ids(pages, "bitbucket_repo")[0]
    text = browser.get(f"/graph?start={start}")
    assert f'data-graph="/graph/data?start={start}"' in text
    assert 'data-panel="/entities/{id}/panel"' in text
    picture = drawn(browser, f"start={start}")
    for node in picture["nodes"][1:]:
        assert f'href="/entities/{node["id"]}"' in text
    assert "style=" not in text


def test_a_search_leads_to_a_start(pages: Console) -> None:
    browser = pages.as_("viewer")
    repo = next(iter(pages.house.app.store.entities("bitbucket_repo")))
    found = browser.get("/graph", params={"q": repo.name})
    assert f'href="/graph?start={public_id(repo.id)}"' in found
    assert f'data-graph="/graph/data?start={public_id(repo.id)}"' in browser.get(
        f"/graph?q={public_id(repo.id)}"
    )
    assert "Nothing found" in words(browser.get("/graph?q=no%20such%20thing%20%3Cb%3E"))
    assert public_id(repo.id) in browser.get("/graph")


def test_hostile_names_are_texts_in_the_drawing_and_beside_it(pages: Console) -> None:
    browser = pages.as_("viewer")
    ident = put(pages, "kit:h", displayName=HOSTILE * 30)
    text = browser.get(f"/graph?start={ident}") + browser.get("/graph", params={"q": HOSTILE})
    assert "<img src=x" not in text
    (node,) = drawn(browser, f"start={ident}")["nodes"]
    assert node["label"] == (HOSTILE * 30)[:500]
