"""Values: canonical JSON, digests of bytes, and time."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bucketgraph.graph.values import (
    canonical_json,
    epoch_ms,
    fingerprint,
    iso_utc,
    parse_properties,
    present,
)

NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
SCALARS = st.one_of(
    NAMES, st.integers(-(2**63), 2**63 - 1), st.booleans(), st.floats(allow_nan=False, allow_infinity=False)
)
PROPERTIES = st.dictionaries(NAMES, st.one_of(SCALARS, st.lists(NAMES, max_size=3)), max_size=6)

MOMENT = 1541519035296
"""2018-11-06T15:43:55.296Z"""


@pytest.mark.parametrize(
    "text",
    [
        "2018-11-06T15:43:55.296Z",
        "2018-11-06T15:43:55.296+00:00",
        "2018-11-06T15:43:55.296636+00:00",
        "2018-11-06T15:43:55.296999Z",
        "2018-11-06T15:43:55.296",
        "2018-11-06 15:43:55.296",
        "2018-11-06T16:43:55.296+01:00",
        "2018-11-06T10:13:55.296-0530",
    ],
)
def test_a_time_is_read_in_every_notation_bitbucket_uses(text: str) -> None:
    assert epoch_ms(text) == MOMENT


@pytest.mark.parametrize("text", [None, "", " ", "never", "2018-13-06T00:00:00Z", "1541519035", "15:43"])
def test_what_is_no_time_is_none(text: str | None) -> None:
    assert epoch_ms(text) is None


def test_a_date_alone_is_midnight_utc() -> None:
    assert epoch_ms("2018-11-06") == MOMENT - MOMENT % 86_400_000


@given(st.integers(-62_135_596_800_000, 253_402_300_799_999))
def test_every_millisecond_survives_being_written_and_read(ms: int) -> None:
    assert epoch_ms(iso_utc(ms)) == ms


def test_iso_has_four_digit_years_and_three_digit_milliseconds() -> None:
    assert iso_utc(MOMENT) == "2018-11-06T15:43:55.296Z"
    assert iso_utc(-62_135_596_800_000) == "0001-01-01T00:00:00.000Z"


@given(PROPERTIES, st.randoms())
def test_equal_properties_give_equal_json_in_any_order(properties: dict[str, object], random: object) -> None:
    names = list(properties)
    random.shuffle(names)
    assert canonical_json({name: properties[name] for name in names}) == canonical_json(properties)


@given(PROPERTIES)
def test_properties_survive_being_written_and_read_with_their_kinds(properties: dict[str, object]) -> None:
    back = parse_properties(canonical_json(properties))
    assert back == properties
    assert {name: type(value) for name, value in back.items()} == {
        name: type(value) for name, value in properties.items()
    }


@given(PROPERTIES)
def test_canonical_json_is_what_any_json_reader_reads(properties: dict[str, object]) -> None:
    assert json.loads(canonical_json(properties)) == properties


def test_number_text_and_truth_are_different_contents() -> None:
    assert len({canonical_json({"a": value}) for value in (1, 1.0, "1", True, ["1"])}) == 5


def test_a_missing_fact_is_a_missing_key() -> None:
    assert present(a=None, b="", c=0, d=False, e=[]) == {"b": "", "c": 0, "d": False, "e": []}


@given(st.lists(st.binary(max_size=4), max_size=4), st.lists(st.binary(max_size=4), max_size=4))
def test_fingerprints_are_equal_only_for_equal_parts(one: list[bytes], other: list[bytes]) -> None:
    assert (fingerprint(*one) == fingerprint(*other)) == (one == other)
