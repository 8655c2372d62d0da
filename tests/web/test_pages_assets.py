"""The assets: classes and types with counts, the list of one, its filters and order, and the file."""

from __future__ import annotations

import csv
import io
import re

from web.consolekit import Console, words
from web.test_pages_entity import HOSTILE, put

from bucketgraph.j1ql.results import public_id

_SHOWN = re.compile(r'<td><a class="chip" href="/entities/([0-9a-f]{16})"')


def shown(text: str) -> list[str]:
    return list(dict.fromkeys(_SHOWN.findall(text.replace("\n", ""))))


def test_classes_and_types_stand_with_their_counts(pages: Console) -> None:
    text = pages.as_("viewer").get("/assets")
    counts, _ = pages.house.app.store.counts()
    for type_name, count in counts.items():
        assert f"/assets?type={type_name}" in text
        assert str(count) in words(text)
    assert "/assets?type=CodeRepo" in text


def test_a_list_holds_all_of_a_type_or_class(pages: Console) -> None:
    browser = pages.as_("viewer")
    store = pages.house.app.store
    for name in ("bitbucket_repo", "CodeRepo", "bitbucket_pull_request"):
        expected = {public_id(one.id) for one in store.entities(name)}
        assert set(shown(browser.get(f"/assets?type={name}"))) == expected


def test_a_list_is_filtered_and_each_filter_can_be_taken_away(pages: Console) -> None:
    browser = pages.as_("viewer")
    merged = {
        public_id(one.id)
        for one in pages.house.app.store.entities("bitbucket_pull_request", where={"state": "MERGED"})
    }
    assert merged
    text = browser.get("/assets?type=bitbucket_pull_request&property=state&value=MERGED")
    assert set(shown(text)) == merged
    assert "state=MERGED" in text
    assert 'href="/assets?type=bitbucket_pull_request"' in text
    same = browser.get("/assets?type=PR&where=state%3DMERGED&where=merged%3Dtrue")
    assert set(shown(same)) == merged
    nothing = browser.get("/assets?type=PR&where=state%3DMERGED&where=merged%3Dfalse")
    assert "Nothing fits" in words(nothing)
    repo = next(iter(pages.house.app.store.entities("bitbucket_repo")))
    found = browser.get("/assets", params={"type": "bitbucket_repo", "q": repo.name.upper()})
    assert public_id(repo.id) in shown(found)


def test_a_list_is_sorted_both_ways(pages: Console) -> None:
    browser = pages.as_("viewer")
    up = shown(browser.get("/assets?type=bitbucket_pull_request&sort=number"))
    down = shown(browser.get("/assets?type=bitbucket_pull_request&sort=-createdOn"))
    store = pages.house.app.store
    pulls = {public_id(one.id): one.properties for one in store.entities("bitbucket_pull_request")}
    numbers = [pulls[one]["number"] for one in up]
    assert numbers == sorted(numbers)  # type: ignore[type-var]
    moments = [pulls[one]["createdOn"] for one in down]
    assert moments == sorted(moments, reverse=True)  # type: ignore[type-var]
    assert 'aria-sort="descending"' in browser.get("/assets?type=PR&sort=-createdOn")


def test_a_long_list_has_pages(pages: Console) -> None:
    browser = pages.as_("viewer")
    for number in range(53):
        put(pages, f"kit:{number:03}", displayName=f"kit {number:03}")
    seen: list[str] = []
    for offset in (0, 50):
        seen += shown(browser.get(f"/assets?type=bitbucket_repo&q=kit&offset={offset}"))
    assert len(seen) == len(set(seen)) == 53
    assert 'rel="next"' in browser.get("/assets?type=bitbucket_repo&q=kit")
    assert 'rel="next"' not in browser.get("/assets?type=bitbucket_repo&q=kit&offset=50")


def test_the_file_holds_the_filtered_list_and_no_formula(pages: Console) -> None:
    browser = pages.as_("viewer")
    put(pages, "kit:1", displayName="=cmd|' /C calc'!A0", description=HOSTILE, language="perl")
    put(pages, "kit:2", displayName="plain", language="perl", topics=["a", "b"])
    answer = browser.client.get("/assets.csv?type=bitbucket_repo&where=language%3Dperl")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="bitbucket_repo.csv"' in answer.headers["content-disposition"]
    rows = {row["_key"]: row for row in csv.DictReader(io.StringIO(answer.text))}
    assert rows["kit:1"]["displayName"] == "'=cmd|' /C calc'!A0"
    assert rows["kit:1"]["description"] == HOSTILE
    assert rows["kit:2"]["topics"] == "a; b"
    assert rows["kit:2"]["_createdOn"].endswith("Z")
    whole = csv.DictReader(io.StringIO(browser.client.get("/assets.csv?type=CodeRepo").text))
    assert len(list(whole)) == sum(1 for _ in pages.house.app.store.entities("CodeRepo"))


def test_bad_addresses_say_what_is_wrong(pages: Console) -> None:
    browser = pages.as_("viewer")
    assert "There is no type or class" in words(browser.get("/assets?type=%3Cscript%3E", status=404))
    browser.get("/assets.csv?type=nothing", status=404)
    browser.get("/assets.csv", status=404)
    many = "&".join(f"where=a{number}%3D1" for number in range(11))
    for query in ("offset=x", "offset=-1", "where=nothing", "where=%3D1", many):
        browser.get(f"/assets?type=bitbucket_repo&{query}", status=400)
    odd = "/assets?type=bitbucket_repo&sort=%22%5D)%3B--&where=a.b%22c%3D1"
    assert "Nothing fits" in words(browser.get(odd))


def test_hostile_names_are_texts(pages: Console) -> None:
    browser = pages.as_("viewer")
    put(pages, "kit:1", **{"displayName": HOSTILE * 20, '"><script>': "<b>x</b>", "language": HOSTILE})
    text = browser.get("/assets", params={"type": "bitbucket_repo", "q": "<img", "where": ["a=<b>"]})
    text += browser.get("/assets", params={"type": "bitbucket_repo", "q": "<img"})
    for live in ("<img src=x", "<script>", "<b>x"):
        assert live not in text
