"""The feed of changes: sentences by day, filters in the address, pages by cursor."""

from __future__ import annotations

import re

from web.consolekit import Browser, Console, words
from web.test_pages_entity import HOSTILE, put

_OLDER = re.compile(r'href="(/changes\?[^"]*cursor=[^"]*)" rel="next"')


def older(text: str) -> str | None:
    found = _OLDER.search(text)
    return found[1].replace("&amp;", "&") if found else None


def all_lines(browser: Browser, path: str) -> int:
    """Count the lines of all pages."""
    count, place = 0, path
    while True:
        text = browser.get(place)
        count += text.count("<li>")
        following = older(text)
        if following is None:
            return count
        place = following


def test_each_change_is_a_sentence(pages: Console) -> None:
    browser = pages.as_("viewer")
    put(pages, "kit:1", displayName="kit", name="kit", public=False, language="perl")
    put(pages, "kit:1", displayName="kit", name="kit", public=True, language="perl")
    assert "kit became public" in words(browser.get("/changes"))
    put(pages, "kit:1", displayName="kit", name="kit", public=True, language="python")
    assert "kit went from “perl” to “python” (language)" in words(browser.get("/changes"))
    put(pages, "kit:1", displayName="kitty", name="kitty", public=True, language="python")
    assert "kitty was named “kit” before" in words(browser.get("/changes"))
    put(pages, "kit:1", gone=True)
    said = words(browser.get("/changes?kind=deleted"))
    assert "kitty is gone" in said
    assert 'aria-label="new"' not in browser.get("/changes?kind=deleted")


def test_what_is_before_and_after_can_be_seen(pages: Console) -> None:
    put(pages, "kit:1", displayName="kit", description="one two", size=1)
    put(pages, "kit:1", displayName="kit", description="one three", size=2)
    text = pages.as_("viewer").get("/changes?kind=updated")
    assert "<del>two</del><ins>three</ins>" in text


def test_all_changes_come_page_by_page(pages: Console) -> None:
    browser = pages.as_("viewer")
    feed = pages.house.app.store.changes()
    assert len(feed) > 50
    assert all_lines(browser, "/changes") == len(feed)
    entities = sum(one.element == "entity" for one in feed)
    assert all_lines(browser, "/changes?element=entity") == entities
    repos = sum(one.element == "entity" and one.type == "bitbucket_repo" for one in feed)
    assert all_lines(browser, "/changes?element=entity&type=CodeRepo") == repos


def test_filters_are_kept_in_the_address_of_older_ones(pages: Console) -> None:
    browser = pages.as_("viewer")
    text = browser.get(f"/changes?integration={pages.house.acme.id}&kind=created")
    following = older(text)
    assert following is not None
    assert f"integration={pages.house.acme.id}" in following
    assert "kind=created" in following
    assert 'value="created" selected' in browser.get(following)
    assert "No change is of this kind" in words(browser.get(f"/changes?integration={pages.house.other.id}"))


def test_bad_filters_say_what_is_wrong(pages: Console) -> None:
    browser = pages.as_("viewer")
    for query in ("kind=eaten", "element=x", "type=%3Cb%3E", "integration=x", "cursor=1.2", "cursor=%00"):
        text = browser.get(f"/changes?{query}", status=400)
        assert "<b>" not in text
        assert "Choose one" in words(text) or "cursor" in words(text)


def test_hostile_names_are_texts(pages: Console) -> None:
    browser = pages.as_("viewer")
    put(pages, "kit:1", displayName=HOSTILE, description="a")
    put(pages, "kit:1", displayName=f"{HOSTILE}!", description=HOSTILE * 50)
    text = browser.get("/changes")
    assert "<img src=x" not in text
    assert "&lt;img src=x" in text
