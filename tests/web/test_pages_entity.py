"""The page of an entity: what it is, its relationships, its history, the raw answer, and the panel."""

from __future__ import annotations

import dataclasses
import json
import re
from html import unescape
from urllib.parse import parse_qs

from web.consolekit import Console, words

from bucketgraph.graph.entity import Entity, Record, seal
from bucketgraph.graph.snapshot import Snapshot
from bucketgraph.j1ql.results import Request, public_id
from bucketgraph.store.base import Publication, StoredEntity

HOSTILE = '<img src=x onerror="alert(1)">\u202etxt.exe & "quotes" ' + "🚀" * 400


def one(pages: Console, type_name: str) -> StoredEntity:
    return next(iter(pages.house.app.store.entities(type_name)))


def put(
    pages: Console, key: str, *, raw: bytes | None = None, gone: bool = False, **properties: object
) -> str:
    """Publish an entity as the integration `other` would, or its end; return its id."""
    store, owner = pages.house.app.store, pages.house.other.id
    record = Record(key, Entity(key, "bitbucket_repo", properties), raw=raw)  # type: ignore[arg-type]
    records = {} if gone else {key: seal(record)}
    run = store.start_run(owner, {})
    store.publish(Publication(owner, run.id, (Snapshot(f"kit/{key}", records, whole=True),)))
    store.end_run(run.id, "COMPLETED", run.report)
    known = next((e for e in store.search(key) if e.key == key), None)
    return public_id(known.id) if known else ""


def test_an_entity_is_shown_with_its_properties_and_relationships(pages: Console) -> None:
    browser = pages.as_("viewer")
    repo = one(pages, "bitbucket_repo")
    text = browser.get(f"/entities/{public_id(repo.id)}")
    said = words(text)
    assert repo.name in said
    assert repo.key in said
    assert "CodeRepo" in said
    assert f'href="{repo.properties["webLink"]}"' in text
    kinds = pages.house.app.store.relationship_kinds(repo.id)
    assert kinds
    for kind, count in kinds.items():
        assert kind.verb in said
        assert str(count) in said
    assert f"/graph?start={public_id(repo.id)}" in text


def test_many_neighbours_are_counted_and_lead_to_a_table(pages: Console) -> None:
    browser = pages.as_("viewer")
    store = pages.house.app.store
    repo, kind, count = next(
        (repo, kind, count)
        for repo in store.entities("bitbucket_workspace")
        for kind, count in store.relationship_kinds(repo.id).items()
        if kind.verb == "HAS" and count > 1
    )
    table = browser.get(f"/graph/table?of={public_id(repo.id)}&verb=HAS&direction=out&type={kind.type}")
    assert f"of {count}" in words(table)
    nobody = browser.get(f"/graph/table?of={public_id(repo.id)}&verb=EATS&direction=in&type=cake")
    assert "Nothing is joined" in words(nobody)


def test_the_panel_is_a_part_without_a_frame(pages: Console) -> None:
    repo = one(pages, "bitbucket_repo")
    part = pages.as_("viewer").part(f"/entities/{public_id(repo.id)}/panel")
    assert repo.name in words(part)
    assert "<html" not in part
    assert "rail" not in part


def test_the_history_tells_what_changed_and_compares_any_two(pages: Console) -> None:
    browser = pages.as_("viewer")
    put(pages, "kit:1", displayName="kit", description="the quick brown fox", public=True, size=1)
    put(pages, "kit:1", displayName="kit", description="the slow brown fox", public=True, size=1)
    ident = put(pages, "kit:1", displayName="kit", description="the slow brown fox", public=False, size=2)
    text = browser.get(f"/entities/{ident}/history")
    assert "<del>quick</del><ins>slow</ins>" in text
    assert "<del>yes</del> <ins>no</ins>" in text
    assert words(text).index("Version 3") < words(text).index("Version 2") < words(text).index("Version 1")
    compared = browser.get(f"/entities/{ident}/history?from=1&to=3")
    assert "<del>quick</del><ins>slow</ins>" in compared
    assert "<ins>2</ins>" in compared
    assert "no version" in words(browser.get(f"/entities/{ident}/history?from=1&to=99", status=404))


def test_a_deleted_entity_keeps_its_page(pages: Console) -> None:
    browser = pages.as_("viewer")
    ident = put(pages, "kit:2", displayName="short-lived")
    put(pages, "kit:2", gone=True)
    text = browser.get(f"/entities/{ident}")
    assert "It was deleted" in words(text)
    assert "/graph?start=" not in text
    assert "Deleted" in words(browser.get(f"/entities/{ident}/history"))
    assert "may have been deleted" in words(browser.get(f"/graph?start={ident}", status=404))
    put(pages, "kit:2", displayName="short-lived")
    assert "came back" in words(browser.get(f"/entities/{ident}/history"))


def test_the_raw_answer_is_shown_as_it_came(pages: Console) -> None:
    browser = pages.as_("viewer")
    raw = json.dumps({"name": "<script>alert(1)</script>", "size": 7}).encode()
    ident = put(pages, "kit:3", raw=raw, displayName="kit")
    text = browser.get(f"/entities/{ident}/raw")
    assert "<script>alert" not in text
    assert '"size": 7' in words(text).replace("&#34;", '"')
    without = put(pages, "kit:4", displayName="kit")
    assert "Nothing is kept" in words(browser.get(f"/entities/{without}/raw"))


def test_hostile_names_and_links_are_texts(pages: Console) -> None:
    browser = pages.as_("viewer")
    properties = {
        "displayName": HOSTILE,
        "webLink": "javascript:alert(1)",
        "website": "https://user:secret@evil.example/",
        '"><script>x</script>': HOSTILE * 20,
        "list": [HOSTILE, "<b>"],
    }
    put(pages, "kit:5", raw=b"{broken <script>", **properties)
    ident = put(pages, "kit:5", **{**properties, "displayName": f"{HOSTILE}2"})
    for path in ("", "/panel", "/history", "/raw"):
        text = browser.get(f"/entities/{ident}{path}")
        for live in ("<img src=x", "<script>x", 'href="javascript', 'href="https://user', "<b>"):
            assert live not in text
    assert "Open in Bitbucket" not in browser.get(f"/entities/{ident}")


def test_an_id_that_is_none_is_a_page_that_says_so(pages: Console) -> None:
    browser = pages.as_("viewer")
    for ident in ("0" * 16, "f" * 16, "7fffffffffffffff", "x", "1", "%3Cb%3E", "-000000000000001", "9" * 400):
        for path in ("", "/panel", "/history", "/raw"):
            assert "entity" in words(browser.get(f"/entities/{ident}{path}", status=404))


def test_strangers_see_nothing(pages: Console) -> None:
    repo = public_id(one(pages, "bitbucket_repo").id)
    for path in (f"/entities/{repo}", f"/entities/{repo}/panel", f"/graph/data?start={repo}"):
        answer = pages.stranger().client.get(path, follow_redirects=False)
        assert answer.status_code == 303, path


def test_what_the_catalogue_says_of_a_property_stands_beside_it(pages: Console) -> None:
    repo = one(pages, "bitbucket_repo")
    declared = pages.house.app.store.catalogue.entities["bitbucket_repo"].properties
    meaning = next(p.meaning for p in declared if p.name in repo.properties and p.name != "name")
    text = pages.as_("viewer").get(f"/entities/{public_id(repo.id)}")
    assert dataclasses.is_dataclass(declared[0])
    assert meaning in words(text.replace('title="', ">").replace('">', "<b>"))


def test_the_query_of_each_kind_of_relationship_finds_as_many(pages: Console) -> None:
    browser, store = pages.as_("viewer"), pages.house.app.store
    for kind_of in ("bitbucket_repo", "bitbucket_pull_request", "bitbucket_user"):
        of = one(pages, kind_of)
        text = browser.get(f"/entities/{public_id(of.id)}")
        queries = [parse_qs(unescape(found))["q"][0] for found in re.findall(r'href="/query\?([^"]*)"', text)]
        counts = [len(store.ask(Request(query)).data) for query in queries]
        assert counts == list(store.relationship_kinds(of.id).values())
