"""The frame, home, search, tokens, users and settings: what each role sees and may do, and what errors look like."""

from __future__ import annotations

import html
import re

import pytest
from web.consolekit import Console, words

from bucketgraph.access import accounts
from bucketgraph.web.pages import PAGES


def test_home_tells_what_is_in_the_graph_how_it_is_collected_and_what_is_new(pages: Console) -> None:
    told = words(pages.as_("viewer").get("/"))
    counts, _ = pages.house.app.store.counts()
    assert f"Pull requests {counts['bitbucket_pull_request']}" in told
    assert "test complete" in told
    assert "other never ran" in told
    assert "is new" in told


def test_every_page_has_its_policy_and_no_inline_script_or_style(pages: Console) -> None:
    browser = pages.as_("admin")
    for path in ("/", "/find?q=a", "/account", "/tokens", "/settings", "/settings/users", "/nothing"):
        answer = browser.client.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert answer.headers["Cache-Control"] == "no-store"
        assert not re.search(r"<script(?![^>]*\bsrc=)|\bstyle=|\bon\w+=", answer.text), path


def test_every_link_of_the_rail_and_of_each_page_leads_somewhere(pages: Console) -> None:
    browser = pages.as_("admin")
    seen: set[str] = set()
    waiting = ["/"]
    while waiting:
        path = waiting.pop()
        if path in seen or path.startswith("/static/"):
            continue
        seen.add(path)
        answer = browser.client.get(path, follow_redirects=True)
        assert answer.status_code == 200, path
        if len(seen) < 40:
            links = map(html.unescape, re.findall(r'href="(/[^"#]*)"', answer.text))
            waiting += [link for link in links if link not in seen]
    assert {"/", "/settings", "/settings/users", "/tokens", "/account"} <= seen


def test_built_files_may_be_kept_for_ever(pages: Console) -> None:
    browser = pages.stranger()
    (script,) = re.findall(r'src="(/static/app-[^"]+\.js)"', browser.get("/signin"))
    answer = browser.client.get(script)
    assert answer.status_code == 200
    assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.role is not None], ids=lambda page: f"{page.method} {page.path}"
)
def test_a_viewer_is_refused_whatever_takes_more(pages: Console, page: object) -> None:
    assert isinstance(page, type(PAGES[0]))
    browser = pages.as_("viewer")
    path = re.sub(r"\{\w+\}", "1", page.path)
    form = {"csrf": browser.token}
    answer = browser.client.request(
        page.method, path, data=form if page.method == "POST" else None, follow_redirects=False
    )
    if page.role == "viewer":
        assert not (answer.status_code == 403 and "this takes" in answer.text)
    else:
        assert answer.status_code == 403
        assert "viewer is a viewer; this takes an" in words(answer.text)


def test_search_finds_by_part_of_a_name_and_by_key(pages: Console) -> None:
    browser, store = pages.as_("viewer"), pages.house.app.store
    repository = next(iter(store.entities("bitbucket_repo")))
    part = repository.name[1:].upper()
    assert repository.name in words(browser.part(f"/find?q={part}"))
    assert [one.key for one in store.named(repository.key)] == [repository.key]
    assert store.named("100%_\\") == []
    assert "Nothing bears a name" in words(browser.get("/find?q=no-such-thing-anywhere"))


def test_markup_that_is_searched_for_stays_text(pages: Console) -> None:
    text = pages.as_("viewer").get("/find?q=%3Cscript%3Ealert(1)%3C/script%3E")
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


def test_a_token_is_shown_once_works_and_is_revoked(pages: Console) -> None:
    browser = pages.as_("editor")
    browser.get("/tokens")
    text = browser.post("/tokens", {"name": "nightly", "role": "editor", "lives": "90d"})
    (token,) = re.findall(r"bg_[A-Za-z0-9_-]{43}", text)
    asked = pages.house.client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert asked.json()["role"] == "editor"
    again = browser.get("/tokens")
    assert token not in again
    (path,) = re.findall(r'action="(/tokens/[^"]+/revoke)"', again)
    assert "The token is revoked." in words(browser.post(path))
    asked = pages.house.client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert asked.status_code == 401


def test_nobody_makes_a_token_that_may_do_more_than_they_may(pages: Console) -> None:
    browser = pages.as_("viewer")
    browser.get("/tokens")
    told = words(browser.post("/tokens", {"name": "more", "role": "admin"}, status=403))
    assert "viewer is a viewer; this takes an admin" in told


def test_an_admin_invites_somebody_who_chooses_a_password_and_is_closed_out_again(pages: Console) -> None:
    admin, store = pages.as_("admin"), pages.house.app.store
    admin.get("/settings/users")
    text = admin.post("/settings/users", {"name": "ben", "role": "editor"})
    (path,) = re.findall(r"http://localhost:8321(/setup/bgl_[A-Za-z0-9_-]+)", text)
    ben = pages.stranger()
    ben.get(path)
    chosen = "seven purple windmills hum"
    assert "Welcome, ben." in words(ben.post(path, {"password": chosen, "again": chosen}))
    row = accounts.find(store, "ben")
    admin.post(f"/settings/users/{row.id}/role", {"role": "viewer"})
    assert accounts.find(store, "ben").role == "viewer"
    assert "is closed" in words(admin.post(f"/settings/users/{row.id}/disable"))
    assert "Sign in" in words(ben.get("/settings"))


def test_the_last_admin_stays_one_and_the_page_says_so(pages: Console) -> None:
    admin = pages.as_("admin")
    row = accounts.find(pages.house.app.store, "admin")
    told = words(admin.post(f"/settings/users/{row.id}/role", {"role": "viewer"}, status=409))
    assert "admin" in told
    assert accounts.find(pages.house.app.store, "admin").role == "admin"


def test_what_nobody_expected_is_a_page_with_the_id_to_quote(
    pages: Console, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    browser = pages.as_("viewer")

    def fail() -> None:
        raise ValueError("the database password is hunter2")

    for broken, framed in (("counts", True), ("run_totals", False)):
        with monkeypatch.context() as patch:
            patch.setattr(pages.house.app.store, broken, fail)
            answer = browser.client.get("/")
        assert answer.status_code == 500
        assert ('class="rail"' in answer.text) == framed
    assert "hunter2" not in answer.text
    assert answer.headers["X-Request-Id"] in words(answer.text)
    said = capsys.readouterr()
    assert answer.headers["X-Request-Id"] in said.out + said.err


def test_a_page_that_is_none_says_so_in_the_frame(pages: Console) -> None:
    text = pages.as_("viewer").get("/nothing/<b>here", status=404)
    assert "There is no page at" in words(text)
    assert "<b>here" not in text


def test_a_form_that_is_too_long_and_a_method_that_is_none_are_refused(pages: Console) -> None:
    browser = pages.as_("viewer")
    browser.get("/tokens")
    assert "longer than" in words(browser.post("/tokens", {"name": "x" * 1_100_000}, status=413))
    answer = browser.client.delete("/tokens")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, POST")


def test_a_password_is_changed_by_who_knows_it_and_other_sessions_end(pages: Console) -> None:
    one, other = pages.as_("viewer"), pages.as_("viewer")
    one.get("/account")
    new = "seven purple windmills hum"
    wrong = {"old": "wrong", "new": new, "again": new}
    assert "present password is wrong" in words(one.post("/account/password", wrong, status=400))
    right = wrong | {"old": "violet teapot sings quietly"}
    assert "Your password is changed" in words(one.post("/account/password", right))
    assert "Sign in" in words(other.get("/account"))
