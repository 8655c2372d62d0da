"""Optional groups become ways: which there are, and what each of them must not find."""

from __future__ import annotations

import pytest
from j1ql.ruling import hops, known, resolved

from bucketgraph.errors import QueryError
from bucketgraph.j1ql.branches import MAX_BRANCHES, branches
from bucketgraph.j1ql.plan import FALSE, Absent, Expand, Maybe, Plan


def ways(text: str) -> tuple[Plan, ...]:
    return branches(resolved(text), known())


def test_a_group_of_one_hop_at_the_very_end_stays() -> None:
    (only,) = ways("FIND User AS u (THAT IS Person AS p)? RETURN u.username, p.email")
    assert [type(one) for one in only.steps] == [Maybe]


def test_a_group_is_taken_and_skipped() -> None:
    taken, skipped = ways("FIND CodeRepo AS r (THAT HAS PR THAT OPENED User AS u)? RETURN r.name, u.username")
    assert [type(one) for one in taken.steps] == [Expand, Expand]
    assert [type(one) for one in skipped.steps] == [Absent]


def test_a_way_that_the_graph_does_not_have_is_not_tried() -> None:
    (only,) = ways(
        "FIND User (THAT HAS << UserGroup)? (THAT HAS Finding)? THAT ALLOWS << CodeRepo WHERE 1 > 2"
    )
    assert FALSE in {only.where, only.start.filter}
    direct, indirect = ways("FIND User (THAT OPENED PR)? THAT HAS << (CodeRepo|UserGroup) AS x RETURN x.name")
    assert {len(hops(direct)), len(hops(indirect))} == {1, 2}


def test_a_test_that_nothing_can_fail_is_left_out() -> None:
    made = ways(
        "FIND User AS u (THAT HAS << UserGroup)? THAT ALLOWS << CodeRepo AS r RETURN u.username, r.name"
    )
    assert not any(isinstance(step, Absent) for one in made for step in one.steps)
    (only,) = ways("FIND User THAT !HAS Finding")
    assert only.steps == ()


def test_too_many_groups_are_refused() -> None:
    text = "FIND CodeRepo AS r " + "(THAT USES CodeRepo)? " * 7 + "THAT HAS Finding RETURN r.name"
    with pytest.raises(QueryError, match=str(MAX_BRANCHES)):
        ways(text)
    assert len(ways(text.replace("(THAT USES CodeRepo)? ", "", 1))) == MAX_BRANCHES


def test_between_hops_a_row_may_come_back_by_one_group_or_by_several() -> None:
    text = "FIND CodeRepo AS r (THAT USES CodeRepo)? (THAT USES CodeRepo)? THAT HAS Finding RETURN r.name"
    (*_, neither) = ways(text)
    tests = [one for one in neither.steps if isinstance(one, Absent)]
    assert [len(one.steps) for one in tests] == [1, 1, 2]
    assert all((one.apart, one.back_to) == (True, 0) for one in tests)


def test_at_the_end_one_group_does() -> None:
    (*_, neither) = ways("FIND CodeRepo AS r (THAT HAS PR)? (THAT HAS Finding)? RETURN r.name")
    tests = [one for one in neither.steps if isinstance(one, Absent)]
    assert [(len(one.steps), one.back_to) for one in tests] == [(1, None), (1, None)]
