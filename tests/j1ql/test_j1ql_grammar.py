"""The parser and the normative grammar take the same texts."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from j1ql.grammar import belongs
from j1ql.sentences import sentences, soups, spoilt

from bucketgraph.errors import QueryError
from bucketgraph.j1ql.parser import parse, parse_all
from bucketgraph.j1ql.printer import to_text

MANY = settings(
    max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def verdict(text: str) -> bool:
    """Tell whether the parser takes a text; whatever it says must be consistent."""
    query, errors = parse_all(text)
    assert (query is None) == bool(errors)
    if query is None:
        with pytest.raises(QueryError):
            parse(text)
    return query is not None


@MANY
@given(sentences())
def test_the_parser_takes_the_sentences_that_the_grammar_derives(text: str) -> None:
    assert verdict(text) == belongs(text)


@MANY
@given(spoilt())
def test_the_parser_and_the_grammar_agree_on_spoilt_sentences(text: str) -> None:
    assert verdict(text) == belongs(text)


@MANY
@given(soups())
def test_the_parser_and_the_grammar_agree_on_tokens_thrown_together(text: str) -> None:
    assert verdict(text) == belongs(text)


@MANY
@given(sentences())
def test_a_sentence_survives_printing(text: str) -> None:
    query, _ = parse_all(text)
    if query is not None:
        printed = to_text(query)
        assert parse(printed) == query
        assert to_text(parse(printed)) == printed
        assert belongs(printed)
