"""Scopes: exact words in any order, with the documented inclusions and no others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bucketgraph.bitbucket.endpoints import IMPLIED_SCOPES, REQUIRED_SCOPES
from bucketgraph.bitbucket.oauth import granted_scopes, missing_scopes

WORDS = sorted(
    {
        *REQUIRED_SCOPES,
        *IMPLIED_SCOPES,
        "project:admin",
        "repository:admin",
        "repository",
        "webhook",
        "pipeline",
        "runner",
        "email",
    }
)


@given(st.permutations(["account", "project", "pullrequest", "webhook", "repository:admin"]))
def test_the_order_of_granted_scopes_does_not_matter(words: list[str]) -> None:
    assert missing_scopes(" ".join(words)) == ()


@pytest.mark.parametrize(
    ("granted", "missing"),
    [
        ("", ("account", "project", "pullrequest")),
        ("account project", ("pullrequest",)),
        ("account project:admin pullrequest", ("project",)),
        ("account project:write pullrequest", ("project",)),
        ("account repository:admin project", ("pullrequest",)),
        ("accounts project pullrequest", ("account",)),
        ("account project pullrequest:write", ()),
        ("account:write project pullrequest", ()),
        ("account  project\tpullrequest", ()),
    ],
)
def test_a_scope_counts_only_as_the_exact_word_or_by_a_documented_inclusion(
    granted: str, missing: tuple[str, ...]
) -> None:
    assert missing_scopes(granted) == missing


@pytest.mark.parametrize("word", ["pullrequest", "project", "repository:write", "pullrequest:write"])
def test_scopes_that_include_reading_repositories_say_so(word: str) -> None:
    assert "repository" in granted_scopes(word)


@pytest.mark.parametrize("word", ["project:admin", "repository:admin", "webhook", "account"])
def test_admin_and_unrelated_scopes_include_nothing(word: str) -> None:
    assert granted_scopes(word) == {word}


@given(st.lists(st.sampled_from(WORDS)))
def test_what_is_missing_is_what_neither_is_granted_nor_included(words: list[str]) -> None:
    reached = set(words)
    for _ in IMPLIED_SCOPES:
        reached |= {one for word in reached for one in IMPLIED_SCOPES.get(word, ())}
    assert set(missing_scopes(" ".join(words))) == set(REQUIRED_SCOPES) - reached


@given(st.text(alphabet=st.characters(codec="ascii", exclude_categories=["Z", "C"]), min_size=1))
def test_no_word_grants_a_required_scope_but_those_of_the_table(word: str) -> None:
    known = {*REQUIRED_SCOPES, *IMPLIED_SCOPES}
    assert word in known or len(missing_scopes(word)) == len(REQUIRED_SCOPES)
