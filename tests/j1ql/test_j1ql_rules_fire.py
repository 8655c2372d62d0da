"""Each rule does what it is there for, and keeps its hands off where rows or their order would change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from j1ql.ruling import hops, ids, known, resolved, ruled

from bucketgraph.j1ql.known import KnownGraph
from bucketgraph.j1ql.plan import (
    FALSE,
    TRUE,
    And,
    Compare,
    Const,
    Expand,
    Not,
    OfType,
    Or,
    Present,
    Prop,
)
from bucketgraph.j1ql.rules import rewrite
from bucketgraph.j1ql.rules.fold_types import fold_types
from bucketgraph.j1ql.rules.narrow_types import narrow_types
from bucketgraph.j1ql.rules.point_hops import point_hops
from bucketgraph.j1ql.rules.push_filters import push_filters
from bucketgraph.j1ql.rules.simplify import simplify
from bucketgraph.j1ql.rules.start_cheap import start_cheap
from bucketgraph.j1ql.rules.stop_early import stop_early


def is_(slot: int, name: str, value: str | bool) -> Compare:
    return Compare(Prop(slot, name), "=", Const(value))


# --------------------------------------------------------------------------------------- fold, narrow


@pytest.mark.parametrize(
    ("asked", "types"),
    [
        ("_type = 'bitbucket_repo'", ids("bitbucket_repo")),
        ("_class = 'PR'", ids("bitbucket_pull_request")),
        ("'Review' = _class", ids("bitbucket_pull_request")),
        ("_type = 'nothing'", frozenset()),
    ],
)
def test_a_type_asked_as_a_property_is_a_type(asked: str, types: frozenset[int]) -> None:
    assert ruled(f"FIND * WITH {asked}", fold_types).start.filter == OfType(0, types)
    assert ruled(f"FIND * WITH {asked}", fold_types, narrow_types).slots[0].types == types


def test_a_type_denied_leaves_the_others() -> None:
    made = ruled("FIND (User|Person) WITH _type != 'employee'", fold_types, simplify, narrow_types)
    assert (made.slots[0].types, made.start.filter) == (ids("bitbucket_user"), TRUE)


@pytest.mark.parametrize(
    "text",
    [
        "FIND * WITH _type ~= 'repo'",
        "FIND * WITH _type > 'bitbucket_repo'",
        "FIND User THAT RELATES TO AS r * WHERE r._type = 'bitbucket_repo'",
        "FIND User (THAT IS Person)? AS who WHERE who._type = 'employee'",
    ],
)
def test_what_is_no_test_of_an_entitys_type_stays(text: str) -> None:
    assert ruled(text, fold_types) == resolved(text)


def test_a_type_that_need_not_be_narrows_nothing() -> None:
    text = "FIND * WITH _type = 'bitbucket_repo' OR name = 'Acme'"
    assert ruled(text, fold_types, narrow_types).slots[0].types is None


def test_types_are_narrowed_within_negations_and_groups_too() -> None:
    made = ruled("FIND User THAT !HAS * WITH _class = 'UserGroup'", fold_types, narrow_types)
    assert made.slots[2].types == ids("bitbucket_group")
    made = ruled("FIND User (THAT HAS * WITH _class = 'UserGroup')?", fold_types, narrow_types)
    assert made.slots[2].types == ids("bitbucket_group")


# ------------------------------------------------------------------------------------------- simplify


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ("1 > 2", FALSE),
        ("1 > 2 OR name = 'x'", is_(0, "name", "x")),
        ("1 < 2 AND name = 'x'", is_(0, "name", "x")),
        ("name = 'x' OR name = 'x'", is_(0, "name", "x")),
        ("NOT (NOT (name = 'x'))", is_(0, "name", "x")),
        ("name != ('x' OR 'y')", And((Not(is_(0, "name", "x")), Not(is_(0, "name", "y"))))),
        ("name != ('x' AND 'y')", Or((Not(is_(0, "name", "x")), Not(is_(0, "name", "y"))))),
        ("name = 'x' OR (name = 'y' OR name = 'z')", Or(tuple(is_(0, "name", one) for one in "xyz"))),
    ],
)
def test_conditions_are_made_simple(asked: str, left: object) -> None:
    assert ruled(f"FIND Project WITH {asked}", simplify).start.filter == left


def test_a_value_for_a_missing_name_and_one_for_a_present_one_are_told_apart() -> None:
    made = ruled("FIND Project THAT !HAS PR AS p WHERE p.name = 'x' OR p.name = undefined", simplify)
    assert made.where == TRUE


# ------------------------------------------------------------------------------------------- push


def test_where_goes_to_the_slots_that_it_reads() -> None:
    text = (
        "FIND User AS u THAT REVIEWED AS r PR AS p "
        "WHERE u.active = true AND r.requested = true AND p.state = 'OPEN' AND r.state = p.reason RETURN p.name"
    )
    made = ruled(text, push_filters)
    assert made.where == TRUE
    assert made.start.filter == is_(0, "active", value=True)
    both = Compare(Prop(1, "state"), "=", Prop(2, "reason"))
    assert hops(made)[0].filter == And((is_(1, "requested", value=True), is_(2, "state", "OPEN"), both))


@pytest.mark.parametrize(
    "where",
    [
        "u.username = p.author",
        "u.active = true OR p.state = 'OPEN'",
        "NOT (u.active = true AND p.state = 'OPEN')",
        "f.severity = undefined",
        "f.severity = 'high'",
    ],
)
def test_where_that_reads_several_slots_or_a_group_stays(where: str) -> None:
    text = f"FIND User AS u THAT OPENED PR AS p (THAT HAS Finding AS f)? WHERE {where} RETURN p.name"
    assert ruled(text, push_filters) == resolved(text)


# ------------------------------------------------------------------------------------------- point


def test_a_hop_gets_the_direction_that_the_graph_has() -> None:
    made = ruled("FIND PR THAT OPENED User THAT IS Person", point_hops)
    assert [one.direction for one in hops(made)] == ["left", "left"]
    made = ruled("FIND Project THAT HAS CodeRepo", point_hops)
    assert [one.direction for one in hops(made)] == ["right"]


@pytest.mark.parametrize("text", ["FIND CodeRepo THAT USES CodeRepo", "FIND * THAT RELATES TO *"])
def test_a_hop_that_the_graph_has_both_ways_keeps_both(text: str) -> None:
    assert hops(ruled(text, point_hops))[0].direction == "any"


def test_what_can_be_reached_narrows_types_and_verbs_of_both_ends() -> None:
    made = ruled("FIND * THAT RELATES TO Finding", point_hops)
    assert (made.slots[0].types, made.slots[1].verbs) == (ids("bitbucket_repo"), {"HAS"})
    made = ruled("FIND bitbucket_group THAT RELATES TO *", point_hops)
    assert made.slots[2].types == ids("bitbucket_repo", "bitbucket_user")
    assert ruled("FIND User THAT OPENED << PR", point_hops).slots[2].types == frozenset()


@pytest.mark.parametrize("text", ["FIND * THAT !OPENED PR", "FIND * (THAT OPENED PR)?"])
def test_a_hop_that_no_row_must_take_does_not_narrow_where_it_begins(text: str) -> None:
    assert ruled(text, point_hops).slots[0].types is None


# ------------------------------------------------------------------------------------------- start


def with_counts(types: Mapping[str, int], edges: int) -> KnownGraph:
    """Return the known graph with other numbers of things, and of relationships of every kind."""
    graph = known()
    return replace(
        graph,
        types=tuple(replace(one, count=types.get(one.name, one.count)) for one in graph.types),
        edges=tuple(replace(one, count=edges) for one in graph.edges),
    )


def test_the_path_begins_at_the_end_with_fewer_things() -> None:
    text = "FIND bitbucket_repo AS r THAT HAS >> scan_finding AS f RETURN r.name, f.name"
    few = with_counts({"bitbucket_repo": 10_000, "scan_finding": 3}, 3)
    made = ruled(text, start_cheap, graph=few)
    assert made.start.slot == 2
    assert [(one.source, one.target, one.direction) for one in hops(made)] == [(2, 0, "left")]
    many = with_counts({"bitbucket_repo": 10, "scan_finding": 10_000}, 10_000)
    assert ruled(text, start_cheap, graph=many) == resolved(text)


def test_the_path_begins_where_an_index_leads() -> None:
    graph = with_counts({"bitbucket_pull_request": 5_000, "bitbucket_user": 5_000}, 5_000)
    text = "FIND PR AS p THAT OPENED AS o User AS u WHERE u.username = 'bob' AND o.createdOn > 1 AND p.state = 'OPEN'"
    made = ruled(text, push_filters, point_hops, start_cheap, graph=graph)
    assert (made.start.slot, made.start.filter) == (2, is_(2, "username", "bob"))
    of_edge = Compare(Prop(1, "createdOn"), ">", Const(1))
    assert hops(made)[0].filter == And((is_(0, "state", "OPEN"), of_edge))


def test_the_path_is_walked_from_the_middle_in_both_directions() -> None:
    graph = with_counts(
        {"bitbucket_pull_request": 9_000, "bitbucket_user": 9_000, "bitbucket_repo": 9_000}, 9_000
    )
    text = "FIND CodeRepo THAT HAS PR WITH _key = 'pr:shop/1' THAT OPENED User"
    made = ruled(text, point_hops, start_cheap, graph=graph)
    assert [made.start.slot, *(one.target for one in hops(made))] == [2, 0, 4]


def test_only_the_hops_before_the_first_test_or_group_are_turned() -> None:
    graph = with_counts({"bitbucket_user": 9_000, "bitbucket_pull_request": 9_000}, 9_000)
    text = "FIND User THAT OPENED PR THAT !HAS << CodeRepo WITH _key = 'repo:shop'"
    assert ruled(text, start_cheap, graph=graph) == resolved(text)
    text = "FIND User (THAT OPENED PR)? THAT HAS << CodeRepo WITH _key = 'repo:shop'"
    assert ruled(text, start_cheap, graph=graph) == resolved(text)


# ------------------------------------------------------------------------------------------- stop


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("FIND User THAT APPROVED PR", 0),
        ("FIND User THAT OPENED PR THAT HAS << CodeRepo", 0),
        ("FIND UNIQUE User AS u THAT APPROVED PR RETURN u.username", 0),
        ("FIND CodeRepo AS r THAT HAS PR RETURN r.language, SUM(r.size)", 0),
        ("FIND User AS u THAT OPENED PR AS p THAT HAS << CodeRepo RETURN u.username, COUNT(p)", 1),
        ("FIND User AS u THAT OPENED PR AS p THAT HAS << CodeRepo WHERE u.username = p.author", 1),
    ],
)
def test_what_nothing_reads_is_only_looked_for(text: str, kept: int) -> None:
    steps = ruled(text, point_hops, stop_early).steps
    assert [type(one) for one in steps] == [Expand] * kept + [Present]


@pytest.mark.parametrize(
    "text",
    [
        "FIND User AS u THAT APPROVED PR RETURN u.username",  # a row for each path
        "FIND User THAT APPROVED PR RETURN TREE",  # shows what is found
        "FIND User AS u THAT APPROVED PR AS p RETURN u.username, COUNT(p)",  # counts it
        "FIND User AS u THAT APPROVED AS a PR ORDER BY a.approvedOn",  # sorts by it
        "FIND User AS u THAT APPROVED PR AS p WHERE u.username = p.author",  # asks it
        "FIND UNIQUE User AS u THAT HAS UserGroup AS g THAT HAS User RETURN g.name",  # may be walked already
        "FIND User THAT HAS UserGroup (THAT ALLOWS << CodeRepo)?",  # decides which rows are dropped
        "FIND User THAT !APPROVED PR",  # is a test already
    ],
)
def test_what_matters_is_still_walked(text: str) -> None:
    before = ruled(text, point_hops)
    assert stop_early(before, known()) == before


def test_what_puts_rows_in_their_order_is_still_walked() -> None:
    graph = with_counts({"bitbucket_pull_request": 9_000, "bitbucket_user": 9_000}, 9_000)
    text = "FIND {} THAT OPENED User WITH username = 'bob' AS u RETURN {}"
    rows = ruled(text.format("UNIQUE PR", "u.email"), point_hops, start_cheap, graph=graph)
    assert (rows.start.slot, stop_early(rows, graph)) == (2, rows)
    groups = ruled(text.format("PR", "COUNT(u)"), point_hops, start_cheap, graph=graph)
    assert [type(one) for one in stop_early(groups, graph).steps] == [Present]


def test_all_rules_together() -> None:
    made = rewrite(
        resolved("FIND * AS p THAT OPENED User AS u WHERE p._class = 'PR' AND u.username = 'bob'"), known()
    )
    assert made.slots[0].types == ids("bitbucket_pull_request")
    assert made.where == TRUE
    assert made.start.filter == is_(2, "username", "bob")
    assert [(one.source, one.target, one.direction) for one in hops(made)] == [(2, 0, "right")]
