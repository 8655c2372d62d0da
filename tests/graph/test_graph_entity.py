"""Sealing records: what their digest sees and what it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bucketgraph.errors import Bug
from bucketgraph.graph.entity import Entity, Record, Relationship, seal, unseal_raw

EDGES = (
    Relationship("HAS", "a_repo", "r", "a_pull", "p"),
    Relationship("OPENED", "a_user", "u", "a_pull", "p"),
    Relationship("REVIEWED", "a_user", "v", "a_pull", "p", {"state": "approved", "requested": True}),
)
RECORD = Record("p", Entity("p", "a_pull", {"title": "One", "state": "OPEN"}), EDGES, b'{"id":1}')


def test_the_order_of_properties_and_relationships_does_not_change_the_digest() -> None:
    entity = Entity("p", "a_pull", {"state": "OPEN", "title": "One"})
    last = replace(EDGES[2], properties={"requested": True, "state": "approved"})
    assert seal(Record("p", entity, (last, EDGES[1], EDGES[0]))).digest == seal(RECORD).digest


@given(st.permutations(EDGES))
def test_any_order_of_relationships_gives_one_digest(edges: list[Relationship]) -> None:
    assert seal(replace(RECORD, relationships=tuple(edges))).digest == seal(RECORD).digest


@pytest.mark.parametrize(
    "other",
    [
        replace(RECORD, entity=Entity("p", "a_pull", {"title": "Two", "state": "OPEN"})),
        replace(RECORD, entity=Entity("p", "a_pull", {"title": "One"})),
        replace(RECORD, entity=Entity("p", "other_pull", {"title": "One", "state": "OPEN"})),
        replace(RECORD, entity=None),
        replace(RECORD, relationships=EDGES[:2]),
        replace(RECORD, relationships=(*EDGES, EDGES[0])),
        replace(RECORD, relationships=(*EDGES[:2], replace(EDGES[2], properties={"state": "approved"}))),
        replace(RECORD, relationships=(*EDGES[:2], replace(EDGES[2], from_key="w"))),
        replace(RECORD, relationships=(*EDGES[:2], replace(EDGES[2], from_type="a_robot"))),
        replace(RECORD, relationships=(*EDGES[:2], replace(EDGES[2], verb="APPROVED"))),
        replace(RECORD, relationships=(*EDGES[:2], replace(EDGES[2], own_key="k"))),
        replace(RECORD, relationships=(*EDGES[:2], replace(EDGES[2], own_type="a_user_reviewed_pull"))),
        replace(RECORD, entity=Entity("p", "a_pull", {"title": "One", "state": "OPEN"}, ())),
        replace(RECORD, entity=Entity("p", "a_pull", {"title": "One", "state": "OPEN"}, ("Review",))),
    ],
)
def test_every_part_of_a_record_counts_for_the_digest(other: Record) -> None:
    assert seal(other).digest != seal(RECORD).digest


def test_the_digest_of_a_record_is_what_former_versions_wrote() -> None:
    assert seal(RECORD).digest.hex() == "bf458b121c239f711b4834826fec02e4"


def test_a_bar_inside_a_key_does_not_make_two_relationships_look_alike() -> None:
    one = Relationship("HAS", "a", "x|y", "a", "z")
    other = Relationship("HAS", "a", "x", "a", "y|z")
    assert seal(Record("p", None, (one,))).digest != seal(Record("p", None, (other,))).digest


def test_the_raw_answer_does_not_change_the_digest_and_comes_back_whole() -> None:
    raw = bytes(range(256)) * 20
    sealed = seal(replace(RECORD, raw=raw))
    assert sealed.digest == seal(RECORD).digest
    assert sealed.raw is not None
    assert unseal_raw(sealed.raw) == raw
    assert seal(replace(RECORD, raw=None)).raw is None


def test_a_record_and_its_entity_have_one_key() -> None:
    with pytest.raises(Bug, match="another key"):
        seal(Record("q", RECORD.entity))


def test_an_entity_without_display_name_is_named_by_its_key() -> None:
    assert Entity("k", "a_pull", {}).name == "k"
    assert Entity("k", "a_pull", {"displayName": "Name"}).name == "Name"


def test_a_relationship_is_named_by_its_ends_and_its_verb() -> None:
    assert EDGES[0].key == "r|has|p"
    assert replace(EDGES[0], own_key="mine").key == "mine"
