"""People: who is mapped and who is not, the list, import with a preview, and changes by editors alone."""

from __future__ import annotations

import re
from html import unescape

import pytest
from web.consolekit import Browser, Console, words

from bucketgraph.j1ql.results import public_id

FILE = "Name,E-mail,Nickname\nAda Lovelace,ada@acme.example,{nickname}\nGrace <b>Hopper</b>,=grace@acme.example,\n"
_HIDDEN = re.compile(r'name="(filename|content|fingerprint|source|keep|sheet)" value="([^"]*)"')


def users(pages: Console) -> list[tuple[str, str]]:
    """Return id and nickname of the users in the graph."""
    found = pages.house.app.store.entities("bitbucket_user")
    return [(public_id(e.id), str(e.properties["nickname"])) for e in found if e.properties.get("nickname")]


def upload(browser: Browser, content: str, *, status: int = 200, **fields: str) -> str:
    browser.get("/people/import")
    data = {"csrf": browser.token, **fields}
    answer = browser.client.post(
        "/people/import", data=data, files={"file": ("people.csv", content.encode())}
    )
    return browser._seen(answer, status)


def confirm(browser: Browser, preview: str, *, status: int = 200, **fields: str) -> str:
    kept = {name: unescape(value) for name, value in _HIDDEN.findall(preview)}
    return browser.post("/people/import/confirm", {**kept, **fields}, status=status)


def test_a_list_is_imported_after_a_preview(pages: Console) -> None:
    browser = pages.as_("editor")
    assert "No people yet" in words(browser.get("/people"))
    ident, nickname = users(pages)[0]
    preview = upload(browser, FILE.format(nickname=nickname))
    assert "Import: 2 added, 0 changed, 0 removed" in words(preview)
    assert "<b>Hopper" not in preview
    assert pages.house.app.people.all() == []
    said = words(confirm(browser, preview))
    assert "2 added, 0 changed, 0 removed" in said
    listed = browser.get("/people/list")
    assert "Ada Lovelace" in words(listed)
    assert f'href="/entities/{ident}"' in listed
    mapped = browser.get("/people")
    assert "Grace <b>Hopper</b>" in words(mapped)
    assert f'href="/entities/{ident}"' not in mapped
    again = upload(browser, FILE.format(nickname=nickname))
    assert "Nothing would change" in words(again)


def test_a_preview_that_is_not_true_any_more_is_shown_anew(pages: Console) -> None:
    browser = pages.as_("editor")
    preview = upload(browser, FILE.format(nickname="x"))
    confirm(browser, upload(browser, "Name,E-mail\nAda,ada@acme.example\n"))
    said = words(confirm(browser, preview))
    assert "The people changed since you looked" in said
    assert "Import: 1 added, 1 changed, 0 removed" in said


def test_removing_most_people_needs_a_tick(pages: Console) -> None:
    browser = pages.as_("editor")
    confirm(browser, upload(browser, FILE.format(nickname="x")))
    preview = upload(browser, "Name,E-mail\nEve,eve@acme.example\n")
    assert "More than half" in words(preview)
    assert "nothing was changed" in words(confirm(browser, preview, status=400))
    assert len(pages.house.app.people.all()) == 2
    confirm(browser, preview, agreed="yes")
    assert [one.person.name for one in pages.house.app.people.all()] == ["Eve"]


def test_a_file_that_cannot_be_used_says_why_and_keeps_what_was_entered(pages: Console) -> None:
    browser = pages.as_("editor")
    text = upload(browser, "a,b\n1,2\n", status=400, source="staff & co", map="a=<b>")
    assert 'value="staff &amp; co"' in text
    assert "a=&lt;b&gt;" in text
    assert "Choose the file again" in words(
        browser.post("/people/import/confirm", {"content": "%"}, status=400)
    )


def test_somebody_is_added_changed_and_removed(pages: Console) -> None:
    browser = pages.as_("editor")
    browser.get("/people/new")
    text = browser.post("/people/new", {"firstName": "Ada", "employeeId": "", "email": ""}, status=400)
    assert "is needed" in words(text)
    assert 'value="Ada"' in text
    browser.post("/people/new", {"firstName": "Ada", "email": "a@acme.example, b@acme.example"})
    (ada,) = pages.house.app.people.all()
    assert ada.person.properties["email"] == ["a@acme.example", "b@acme.example"]
    ident, nickname = users(pages)[0]
    address = f"/people/{public_id(ada.person.id)}"
    assert 'value="a@acme.example, b@acme.example"' in browser.get(f"{address}/edit")
    form = {
        "firstName": "Ada",
        "lastName": "Lovelace",
        "email": "a@acme.example",
        "bitbucketNickname": nickname,
    }
    said = words(browser.post(f"{address}/edit", form))
    assert "Changed: Ada Lovelace. 1 new relationship to users." in said
    assert f'href="/entities/{ident}"' in browser.get("/people/list")
    assert "the history stays" in words(browser.get(f"{address}/remove"))
    browser.post(f"{address}/remove")
    assert pages.house.app.people.all() == []
    browser.get(f"{address}/edit", status=404)


def test_a_suggestion_is_accepted(pages: Console) -> None:
    browser = pages.as_("editor")
    user = next(
        one for one in pages.house.app.store.entities("bitbucket_user") if one.properties.get("member")
    )
    pages.house.app.people.add({"displayName": user.name, "employeeId": "7"})
    text = browser.get("/people")
    assert "the same name" in words(text)
    (person,) = pages.house.app.people.all()
    form = {"user": public_id(user.id), "person": person.person.key}
    assert "Mapped:" in words(browser.post("/people/accept", form))
    (person,) = pages.house.app.people.all()
    assert [one.id for one in person.users] == [user.id]
    browser.post("/people/accept", form, status=404)


@pytest.mark.parametrize(
    "path", ["/people/new", "/people/accept", "/people/import", "/people/import/confirm"]
)
def test_viewers_change_nothing(pages: Console, path: str) -> None:
    browser = pages.as_("viewer")
    for page in ("/people", "/people/list"):
        text = browser.get(page)
        assert "/people/import" not in text
        assert "/people/new" not in text
        assert text.count('<form method="post"') == 1  # signing out
    browser.post(path, {"firstName": "Eve", "email": "eve@acme.example"}, status=403)
    assert pages.house.app.people.all() == []


def test_viewers_edit_and_remove_nobody(pages: Console) -> None:
    listed, _ = pages.house.app.people.add({"firstName": "Ada", "email": "a@acme.example"})
    browser = pages.as_("viewer")
    for what in ("edit", "remove"):
        path = f"/people/{public_id(listed.person.id)}/{what}"
        browser.get(path, status=403)
        browser.get("/people/list")
        browser.post(path, {"firstName": "Eve"}, status=403)
    assert [one.person.name for one in pages.house.app.people.all()] == ["Ada"]
