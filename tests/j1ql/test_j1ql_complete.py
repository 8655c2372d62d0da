"""Completion offers what may stand there, the likeliest first, and never raises."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from j1ql.sentences import sentences
from support.known import known_graph

from bucketgraph.collect.steps import CATALOGUE
from bucketgraph.j1ql.complete import Completion, complete
from bucketgraph.j1ql.known import KnownGraph

KNOWN = known_graph(count=3)


def offered(text: str) -> list[Completion]:
    """Return what is offered where `|` stands, else at the end."""
    offset = text.index("¦") if "¦" in text else len(text)
    return complete(text.replace("¦", ""), offset, KNOWN, CATALOGUE)


def texts(text: str) -> list[str]:
    """Return the offered texts."""
    return [one.text for one in offered(text)]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("", "FIND"),
        ("fi", "FIND"),
        ("FIND u", "UNIQUE"),
        ("FIND repo", "bitbucket_repo"),
        ("FIND Cod", "CodeRepo"),
        ("FIND (bitbucket_repo|bitbucket_us", "bitbucket_user"),
        ("FIND bitbucket_repo W", "WITH"),
        ("FIND bitbucket_repo TH", "THAT"),
        ("FIND bitbucket_repo WITH pub", "public"),
        ("FIND CodeRepo WITH id", "ownerId"),
        ("FIND CodeRepo WITH public ", "="),
        ("FIND CodeRepo WITH public !", "!="),
        ("FIND CodeRepo WITH public = ", "true"),
        ("FIND CodeRepo WITH createdOn > ", "date.now"),
        ("FIND CodeRepo WITH createdOn > date.", "now"),
        ("FIND CodeRepo WITH createdOn > date.now - 30 d", "days"),
        ("FIND CodeRepo WITH createdOn > date.now - 30d", "days"),
        ("FIND CodeRepo WITH public = true a", "AND"),
        ("FIND CodeRepo WITH public = true AND forkP", "forkPolicy"),
        ("FIND CodeRepo WITH forkPolicy = ('a' O", "OR"),
        ("FIND bitbucket_user THAT op", "OPENED"),
        ("FIND bitbucket_user THAT rel", "RELATES TO"),
        ("FIND bitbucket_user THAT !AP", "APPROVED"),
        ("FIND bitbucket_user THAT OPENED ", "bitbucket_pull_request"),
        ("FIND PR THAT HAS << ", "bitbucket_repo"),
        ("FIND User THAT APPROVED AS a PR WHERE a.", "approvedOn"),
        ("FIND User THAT APPROVED PR WHERE ", "User"),
        ("FIND User AS u THAT APPROVED PR RETURN u.na", "name"),
        ("FIND User AS u RETURN cou", "COUNT"),
        ("FIND User AS u RETURN COUNT(", "u"),
        ("FIND User AS u RETURN t", "TREE"),
        ("FIND User AS u RETURN u.name AS n ", "HAVING"),
        ("FIND User AS u RETURN u.name AS n HAVING ", "n"),
        ("FIND User AS u RETURN u.name AS n ORDER ", "BY"),
        ("FIND User AS u RETURN u.name AS n ORDER BY ", "n"),
        ("FIND User AS u RETURN u.name AS n ORDER BY n d", "DESC"),
        ("FIND User LIMIT 5 ", None),
        ("FIND User WITH name = 'FIND bitbucket_", None),
        ("FIND User /* FIND ", None),
        ("FIND User\n// RET", None),
        ("FIND User AS ", None),
    ],
)
def test_the_first_offer_is_what_one_means(text: str, first: str | None) -> None:
    assert next(iter(texts(text)), None) == first


def test_verbs_that_really_connect_come_first() -> None:
    found = texts("FIND bitbucket_project THAT ")
    assert set(found[:2]) == {"HAS", "OWNS"}
    assert "APPROVED" in found[2:]


def test_properties_are_those_of_the_selector_with_kind_and_meaning() -> None:
    found = {one.text: one.detail for one in offered("FIND bitbucket_project WITH ")}
    assert "key" in found
    assert "approverIds" not in found
    assert found["createdOn"] == "time · When it was created."
    assert "_beginOn" in found


def test_values_follow_the_kind_of_the_property() -> None:
    assert texts("FIND PR WITH merged = ") == ["true", "false", "undefined"]
    assert texts("FIND PR WITH state = ") == ["undefined"]
    assert "true" in texts("FIND PR AS p WHERE p.merged = ")


def test_an_optional_group_adds_its_types_to_those_at_the_left() -> None:
    found = texts("FIND bitbucket_workspace (THAT OWNS bitbucket_repo)? THAT ")
    assert {"HAS", "OWNS"} <= set(found)
    assert "slug" in texts("FIND bitbucket_workspace (THAT OWNS bitbucket_repo AS r)? RETURN r.")


def test_the_whole_word_is_replaced() -> None:
    one = offered("FIND bitb¦ucket_user THAT OPENED PR")[0]
    assert (one.replace.start, one.replace.end) == (5, 19)
    assert one.kind == "type"


def test_an_empty_graph_offers_what_is_declared() -> None:
    assert complete("FIND bitb", 9, KnownGraph(), CATALOGUE)[0].text == "bitbucket_project"
    assert complete("FIND bitb", 9, KnownGraph()) == []


def test_names_that_are_no_words_stand_in_brackets() -> None:
    known = KnownGraph(
        types=(type(KNOWN.types[0])(1, "host", ("Host",), 1, {"tag.cost-center": frozenset()}),)
    )
    assert complete("FIND host WITH ", 15, known)[0].text == "[tag.cost-center]"


@settings(max_examples=400, deadline=None)
@given(st.text(max_size=60), st.integers(-5, 70))
def test_any_text_at_any_place_is_answered(text: str, offset: int) -> None:
    for one in complete(text, offset, KNOWN, CATALOGUE):
        assert 0 <= one.replace.start <= one.replace.end <= len(text)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_every_beginning_of_a_query_is_answered(data: st.DataObject) -> None:
    text = data.draw(sentences())
    offset = data.draw(st.integers(0, len(text)))
    complete(text[:offset], offset, KNOWN, CATALOGUE)
    complete(text, offset, KNOWN, CATALOGUE)
