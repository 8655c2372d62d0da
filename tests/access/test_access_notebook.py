"""Saved questions and the history of queries: whose they are, who may change them, how many are kept."""

from __future__ import annotations

import pytest
from support.doors import House

from bucketgraph.access import notebook
from bucketgraph.access.who import Visitor
from bucketgraph.errors import ConfigError, Conflict, Forbidden, Unknown
from bucketgraph.store.notebook import MOST_ASKED


@pytest.fixture
def people(house: House) -> dict[str, Visitor]:
    """Give a visitor of each role, named by it."""
    roles = ("viewer", "editor", "admin")
    return {role: house.sign_in(house.account(role, role)).visitor for role in roles}


def test_a_question_is_ones_own_until_it_is_shared(house: House, people: dict[str, Visitor]) -> None:
    store, editor, viewer = house.store, people["editor"], people["viewer"]
    mine = notebook.save(
        store, editor, name="  Who   merged? ", query="FIND user", description=" Since May. "
    )
    assert (mine.name, mine.description) == ("Who merged?", "Since May.")
    assert notebook.questions(store, viewer) == []
    for ask in (notebook.find, notebook.changeable, notebook.remove):
        with pytest.raises(Unknown):
            ask(store, viewer, mine.id)
    house.clock.now += 5
    changed = notebook.save(store, editor, name="Who?", query="FIND group", shared=True, question_id=mine.id)
    assert (changed.id, changed.created_on, changed.updated_on) == (
        mine.id,
        mine.created_on,
        mine.created_on + 5,
    )
    assert notebook.questions(store, viewer) == [changed] == notebook.questions(store, editor)
    with pytest.raises(Forbidden):
        notebook.remove(store, viewer, mine.id)
    with pytest.raises(Forbidden):
        notebook.save(store, viewer, name="Mine now", query="FIND x", question_id=mine.id)
    by_admin = notebook.save(
        store, people["admin"], name="Who?", query="FIND x", shared=True, question_id=mine.id
    )
    assert by_admin.account_id == editor.account_id
    notebook.remove(store, people["admin"], mine.id)
    assert notebook.questions(store, editor) == []


def test_a_viewer_keeps_questions_but_shares_none(house: House, people: dict[str, Visitor]) -> None:
    notebook.save(house.store, people["viewer"], name="q", query="FIND user")
    with pytest.raises(Forbidden):
        notebook.save(house.store, people["viewer"], name="r", query="FIND user", shared=True)


def test_names_are_one_of_each_owner(house: House, people: dict[str, Visitor]) -> None:
    notebook.save(house.store, people["viewer"], name="Open ones", query="FIND user")
    with pytest.raises(Conflict):
        notebook.save(house.store, people["viewer"], name="open ONES", query="FIND user")
    notebook.save(house.store, people["editor"], name="Open ones", query="FIND user")


@pytest.mark.parametrize(
    ("name", "query", "what"),
    [
        ("", "FIND a", "name"),
        (" \t", "FIND a", "name"),
        ("x" * 201, "FIND a", "name"),
        ("q", " ", "query"),
        ("q", "x" * 100_001, "query"),
    ],
)
def test_empty_and_endless_texts_are_refused(
    house: House, people: dict[str, Visitor], name: str, query: str, what: str
) -> None:
    with pytest.raises(ConfigError, match=what):
        notebook.save(house.store, people["editor"], name=name, query=query)


def test_the_history_holds_each_query_once_the_newest_first(house: House, people: dict[str, Visitor]) -> None:
    store, me = house.store, people["viewer"]
    for query in ("FIND a", "FIND b", "FIND a", "find 100%_b"):
        notebook.remember(store, me, query, rows=3, took_ms=8)
    notebook.remember(store, people["editor"], "FIND theirs", rows=None, took_ms=1)
    assert [one.query for one in notebook.history(store, me)] == ["find 100%_b", "FIND a", "FIND b"]
    assert [one.query for one in notebook.history(store, me, containing="%_")] == ["find 100%_b"]
    assert [one.query for one in notebook.history(store, me, containing="B", limit=1)] == ["find 100%_b"]
    assert notebook.forget_history(store, me) == 3
    assert [one.rows for one in notebook.history(store, people["editor"])] == [None]


def test_the_history_keeps_the_newest_of_many(house: House, people: dict[str, Visitor]) -> None:
    me = people["viewer"]
    for number in range(MOST_ASKED + 7):
        notebook.remember(house.store, me, f"FIND a{number}", rows=number, took_ms=1)
    notebook.remember(house.store, me, "x" * 100_001, rows=0, took_ms=1)
    kept = [one.rows for one in notebook.history(house.store, me, limit=2 * MOST_ASKED)]
    assert kept == list(range(MOST_ASKED + 6, 6, -1))
