"""The library of questions and saved ones, as pages."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urlencode

from web.consolekit import Console, words

from bucketgraph.questions.loader import load


def test_every_question_of_the_library_has_a_page_and_what_is_ready_can_be_asked(pages: Console) -> None:
    viewer = pages.as_("viewer")
    html = viewer.get("/questions")
    library = load().questions
    for one in library:
        assert f'href="/questions/{one.name}"' in html
    asked = 0
    for one in library[::7]:
        page = viewer.get(f"/questions/{one.name}")
        assert one.title in words(page)
        for link in re.findall(r'href="(/query\?q=[^"]+)"', page):
            viewer.get(unescape(link))
            asked += 1
    assert asked > len(library) // 14


def test_questions_are_searched_and_chosen_by_tag(pages: Console) -> None:
    viewer = pages.as_("viewer")
    found = viewer.get("/questions?search=public+repositories")
    assert "public-repositories" in found
    assert "stale-pull-requests" not in found
    assert "No question mentions" in words(viewer.get("/questions?search=zebra"))
    assert "leavers" in viewer.get("/questions?tag=people")


def test_parameters_are_filled_in_and_what_is_wrong_stands_beside_them(pages: Console) -> None:
    viewer = pages.as_("viewer")
    missing = viewer.get("/questions/what-somebody-did?p.name=&ask=query", status=400)
    assert "It must be given" in words(missing)
    wrong = viewer.get("/questions/stale-pull-requests?p.days=many&ask=query", status=400)
    assert "is not a number" in words(wrong)
    assert 'value="many"' in wrong
    page = viewer.get("/questions/what-somebody-did?" + urlencode({"p.name": "Ada 'x\" <b>"}))
    (link,) = re.findall(r'href="(/query\?q=[^"]+)"', page)
    assert "<b>" not in viewer.get(unescape(link))
    viewer.get("/questions/no-such-question", status=404)


def test_a_saved_question_is_ones_own_until_it_is_shared(pages: Console) -> None:
    editor, viewer = pages.as_("editor"), pages.as_("viewer")
    form = {
        "name": "Public <b>ones</b>",
        "query": "FIND bitbucket_repo WITH public = true",
        "description": "x",
    }
    editor.get("/saved/new?q=FIND+bitbucket_repo")
    assert "Saved as Public" in words(editor.post("/saved/new", form))
    listed = editor.get("/questions")
    assert "Public &lt;b&gt;ones" in listed
    assert "Public" not in words(viewer.get("/questions?search=ones"))
    (where,) = re.findall(r'href="(/saved/[^"]+)"', listed)
    viewer.get(where, status=404)
    editor.get(where)
    editor.post(where, {**form, "shared": "1"})
    assert "a colleague's, shared" in words(viewer.get("/questions"))
    viewer.get(where, status=403)
    viewer.post(where, form, status=403)
    viewer.post(f"{where}/delete", status=403)
    assert "is deleted" in words(editor.post(f"{where}/delete"))
    editor.get(where, status=404)


def test_what_cannot_be_saved_is_told_and_what_was_typed_is_kept(pages: Console) -> None:
    viewer = pages.as_("viewer")
    viewer.get("/saved/new")
    html = viewer.post(
        "/saved/new", {"name": "", "query": "FIND bitbucket_user", "description": "kept"}, status=400
    )
    assert "FIND bitbucket_user" in html
    assert "kept" in html
    assert "takes an editor" in words(
        viewer.post("/saved/new", {"name": "x", "query": "FIND bitbucket_user", "shared": "1"}, status=403)
    )
    viewer.post("/saved/new", {"name": "x", "query": "FIND bitbucket_user"})
    viewer.get("/saved/new")
    again = viewer.post("/saved/new", {"name": "X", "query": "FIND bitbucket_repo"}, status=409)
    assert "already" in words(again)
    assert viewer.client.post("/saved/new", data={"name": "y", "query": "FIND z"}).status_code in {400, 403}
