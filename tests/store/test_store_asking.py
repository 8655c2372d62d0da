"""Asking a store: pages that belong together, one state for each answer, and what random graphs rarely hold."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import pytest
from store.graphkit import World, pull, repo, snapshot, user

from bucketgraph.errors import QueryError
from bucketgraph.j1ql.results import Request
from bucketgraph.store import ask
from bucketgraph.store.lowering import predicates

NAMES = Request("FIND CodeRepo AS r RETURN r.displayName AS name", now=5_000_000, page=3)


def repos(world: World, *keys: str, **properties: Any) -> None:
    world.publish(snapshot("repositories/w", *(repo(key, **properties) for key in keys), whole=True))


def names(world: World, request: Request) -> tuple[list[str], str | None]:
    answer = world.store.ask(request)
    return [row["name"] for row in answer.data], answer.cursor


def rows(world: World, text: str, **options: Any) -> list[Any]:
    return list(world.store.ask(Request(text, now=5_000_000, page=None, **options)).data)


# pages -----------------------------------------------------------------------------------------------


def test_all_pages_show_what_the_first_one_saw(world: World) -> None:
    repos(world, *"abcdefgh")
    seen, cursor = names(world, NAMES)
    for changed in ("abch", "xyz"):
        repos(world, *changed)
        more, cursor = names(world, replace(NAMES, cursor=cursor))
        seen += more
    assert (seen, cursor) == (list("ABCDEFGH"), None)


def test_a_cursor_does_not_mind_that_ago_is_later_now(world: World) -> None:
    repos(world, *"abcdef")
    moment = world.clock.now
    first, cursor = names(world, replace(NAMES, as_of=moment))
    second, _ = names(world, replace(NAMES, as_of=moment + 700, cursor=cursor))
    assert first + second == list("ABCDEF")


def test_a_stored_parameter_that_is_not_asked_for_is_no_other_query(world: World) -> None:
    repos(world, *"abcdef")
    world.store.set_parameter("least", 1)
    text = "FIND CodeRepo WITH displayName != ${not} AS r RETURN r.displayName AS name"
    request = replace(NAMES, text=text, variables={"not": "A"})
    _, cursor = names(world, request)
    assert names(world, replace(request, cursor=cursor))[0] == ["E", "F"]
    with pytest.raises(QueryError, match="another query"):
        names(world, replace(request, variables={"not": "B"}, cursor=cursor))


def test_pages_end_when_a_stored_parameter_has_another_value(world: World) -> None:
    repos(world, *"abcdef")
    world.store.set_parameter("not", "A")
    request = replace(NAMES, text=NAMES.text.replace(" AS r", " WITH displayName != ${param.not} AS r", 1))
    _, cursor = names(world, request)
    world.store.set_parameter("not", "B")
    with pytest.raises(QueryError, match="Stored parameters have changed"):
        names(world, replace(request, cursor=cursor))


def test_an_answer_is_of_one_state_though_others_write(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    repos(world, *"abcdef")
    newest = ask._newest

    def late(connection: Any) -> tuple[int, int]:
        monkeypatch.setattr(ask, "_newest", newest)
        repos(world, *"bcdefx")
        return newest(connection)

    monkeypatch.setattr(ask, "_newest", late)
    first, cursor = names(world, NAMES)
    second, _ = names(world, replace(NAMES, cursor=cursor))
    assert first + second == list("ABCDEF")


def test_a_type_that_appears_between_plan_and_rows_is_not_there_yet(world: World) -> None:
    repos(world, "a")
    known = world.store._asker.known

    def early(connection: Any) -> Any:
        found = known(connection)
        world.publish(snapshot("users/all", user("ann")))
        return found

    world.store._asker.known = early  # type: ignore[method-assign]
    assert [row["entity"]["_key"] for row in rows(world, "FIND *")] == ["a"]
    world.store._asker.known = known  # type: ignore[method-assign]
    assert [row["entity"]["_key"] for row in rows(world, "FIND *")] == ["a", "ann"]


# meaning ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["hauptstrasse", "Hauptstraße", "HAUPTSTRASSE", "ﬁx", "fix", "1e+21"])
def test_words_are_found_whatever_letters_they_are_written_in(world: World, text: str) -> None:
    world.publish(snapshot("repositories/w", repo("a", where="Hauptstraße ﬁx", size=1e21), repo("b")))
    wanted = "1000000000000000000000" if text == "1e+21" else text
    assert [row["entity"]["_key"] for row in rows(world, f"FIND '{wanted}'")] == ["a"]


def test_every_letter_that_folds_to_ascii_is_known() -> None:
    every = map(chr, range(128, sys.maxunicode + 1))
    assert {one for one in every if one.casefold().isascii()} == {letter for letter, _ in predicates._FOLDED}


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("gone.x = u.missing", False),
        ("u.missing = gone.x", False),
        ("gone.x != u.missing", True),
        ("undefined = u.missing", True),
        ("undefined != u.missing", False),
        ("undefined = u.displayName", False),
        ("1 / 0 = u.missing", False),
    ],
)
def test_a_missing_value_at_the_left_is_not_the_word_undefined(
    world: World, condition: str, holds: bool
) -> None:
    world.publish(snapshot("users/all", user("ann")))
    found = rows(world, f"FIND User AS u THAT !OPENED PR AS gone WHERE {condition} RETURN u._key")
    assert bool(found) == holds


def test_a_negated_verb_gives_its_name_to_the_hop_that_is_walked(world: World) -> None:
    world.publish(
        snapshot("repositories/w", repo("r")),
        snapshot("users/all", user("ann")),
        snapshot("pullrequests/r", pull("p", "r", author="ann")),
    )
    text = "FIND User (THAT !OPENED << PR)? THAT OPENED >> PR RETURN opened._class AS verb"
    assert rows(world, text) == [{"verb": "OPENED"}]


@pytest.mark.parametrize(
    "clause",
    [
        "RETURN r._key AS n ORDER BY 'nn'",
        "RETURN r._key AS n, COUNT(r) AS c ORDER BY 'cc' DESC",
        "RETURN r._key AS n, COUNT(r) AS c HAVING 'cc' > 1",
    ],
)
def test_a_misspelt_column_in_quotes_is_refused(world: World, clause: str) -> None:
    with pytest.raises(QueryError, match="Invalid return selector provided"):
        rows(world, f"FIND CodeRepo AS r {clause}")


def test_rows_tell_what_their_names_stand_for(world: World) -> None:
    world.publish(
        snapshot("repositories/w", repo("r")),
        snapshot("users/all", user("ann")),
        snapshot("pullrequests/r", pull("p", "r", author="ann")),
    )
    text = "FIND User AS u THAT OPENED AS o PR RETURN u.displayName"
    [row] = rows(world, text, row_metadata=True)
    ids = [one["entity"]["_id"] for one in rows(world, "FIND (User|PR)")]
    names = row["_meta"]["byAlias"]
    assert (names["u"]["entity"]["_id"], names["PR"]["id"]) == (min(ids), max(ids))
    assert names["o"]["relationship"]["_id"] == names["o"]["id"]
    assert len(row["_meta"]["path"]) == 3


def test_groups_by_all_properties_are_compared_by_their_entities(world: World) -> None:
    world.publish(
        snapshot("users/all", user("ann"), user("bob")),
        snapshot("repositories/w", repo("r")),
        snapshot("pullrequests/r", pull("p", "r", author="ann"), pull("q", "r", author="bob")),
    )
    before = world.clock.now
    world.publish(snapshot("users/all", user("bob"), whole=True))
    found = world.store.differences(
        Request("FIND User AS u (THAT OPENED PR AS p)? RETURN u.*, COUNT(p) AS n", now=1), before
    )
    assert ([row["u._key"] for row in found.removed], found.added, found.changed) == (["ann"], [], [])
