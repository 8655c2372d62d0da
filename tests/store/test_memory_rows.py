"""Which rows match: hops, directions, edge-distinctness, negation, optional groups."""

from __future__ import annotations

import pytest
from store.memorykit import edge, either, entity, eq, graph, plan, rows

from bucketgraph.j1ql import plan as p
from bucketgraph.store.memory import match

GRAPH = graph(
    {"u1": {"name": "ann"}, "u2": {"name": "bob"}, "t1": {}, "r1": {"public": True}, "r2": {}},
    "u1 HAS t1",
    "u2 HAS t1",
    "t1 OWNS r1",
    "u1 OWNS r2",
    "r2 HAS u1",
)
HOP = (entity(), edge(), entity())


def hop(first: int = 0, **options: object) -> p.Expand:
    return p.Expand(first, first + 1, first + 2, **options)  # type: ignore[arg-type]


def test_a_scan_gives_the_entities_of_the_types_that_meet_the_filter() -> None:
    assert rows(plan([entity()]), GRAPH) == ["u1", "u2", "t1", "r1", "r2"]
    assert rows(plan([entity("u")]), GRAPH) == ["u1", "u2"]
    assert rows(plan([p.Slot("entity", types=frozenset())]), GRAPH) == []
    assert rows(plan([entity("u")], start=p.Scan(0, eq(0, "name", "bob"))), GRAPH) == ["u2"]


@pytest.mark.parametrize(
    ("direction", "found"),
    [
        ("any", ["u1 HAS t1", "u1 OWNS r2", "u1 HAS r2", "u2 HAS t1"]),
        ("right", ["u1 HAS t1", "u1 OWNS r2", "u2 HAS t1"]),
        ("left", ["u1 HAS r2"]),
    ],
)
def test_a_hop_goes_along_against_or_either_way(direction: str, found: list[str]) -> None:
    made = plan([entity("u"), edge(), entity()], hop(direction=direction))
    assert rows(made, GRAPH) == found


def test_a_hop_asks_for_verbs_types_and_its_filter() -> None:
    slots = [entity(), edge("OWNS", "LIKES"), entity("r")]
    assert rows(plan(slots, hop()), GRAPH) == ["u1 OWNS r2", "t1 OWNS r1"]
    assert rows(plan(slots, hop(filter=eq(2, "public"))), GRAPH) == ["t1 OWNS r1"]
    assert rows(plan(slots, hop(filter=eq(1, "_fromEntityKey", "u1"))), GRAPH) == ["u1 OWNS r2"]


def test_no_edge_is_walked_twice_in_a_row_but_entities_may_repeat() -> None:
    there_and_back = plan([entity("u"), edge("HAS"), entity("t"), edge("HAS"), entity("u")], hop(), hop(2))
    assert rows(there_and_back, GRAPH) == ["u1 HAS t1 HAS u2", "u2 HAS t1 HAS u1"]
    round_trip = plan([entity("u"), edge(), entity("r"), edge(), entity("u")], hop(), hop(2))
    assert rows(round_trip, GRAPH) == ["u1 OWNS r2 HAS u1", "u1 HAS r2 OWNS u1"]


@pytest.mark.parametrize("direction", ["any", "right", "left"])
def test_a_self_loop_is_one_path_for_every_arrow(direction: str) -> None:
    loop = graph({"u1": {}}, "u1 IS u1")
    assert rows(plan([*HOP], hop(direction=direction)), loop) == ["u1 IS u1"]
    twice = plan([*HOP, edge(), entity()], hop(direction=direction), hop(2))
    assert rows(twice, loop) == []


def test_parallel_edges_are_different_rows() -> None:
    parallel = graph({"u1": {}, "t1": {}}, "u1 HAS t1", "u1 OWNS t1", "t1 HAS u1")
    made = plan([entity("u"), edge(), entity()], hop())
    assert rows(made, parallel) == ["u1 HAS t1", "u1 OWNS t1", "u1 HAS t1"]
    assert [row[1].id for row in match(made, parallel) if row[1]] == [1, 2, 3]


def test_rows_come_by_the_ids_of_their_slots_whatever_the_way_they_were_found() -> None:
    from_the_end = p.Plan((entity(), edge("HAS"), entity("t")), p.Scan(2), (p.Expand(2, 1, 0, "left"),))
    assert rows(from_the_end, GRAPH) == ["u1 HAS t1", "u2 HAS t1"]


# negation --------------------------------------------------------------------------------------------


def test_a_negation_keeps_what_leads_nowhere() -> None:
    behind = [edge("OWNS", bound=False), entity("r", bound=False)]
    made = plan([entity("u"), *behind], p.Absent((hop(),)))
    assert rows(made, GRAPH) == ["u2 - -"]
    assert rows(plan([entity("r"), *behind], p.Absent((hop(),))), GRAPH) == ["r1 - -", "r2 - -"]


def test_a_negation_minds_the_arrow_and_the_filter() -> None:
    slots = [entity("u"), edge("OWNS", bound=False), entity("r", bound=False)]
    assert rows(plan(slots, p.Absent((hop(direction="left"),))), GRAPH) == ["u1 - -", "u2 - -"]
    assert rows(plan(slots, p.Absent((hop(filter=eq(2, "public")),))), GRAPH) == ["u1 - -", "u2 - -"]


def test_a_negation_covers_the_whole_chain_behind_it() -> None:
    slots = [entity("u"), *(one for kind in "tr" for one in (edge(bound=False), entity(kind, bound=False)))]
    without_team_repo = plan(slots, p.Absent((hop(), hop(2))))
    assert rows(without_team_repo, GRAPH) == []
    private = p.Absent((hop(), hop(2, filter=p.Not(eq(4, "public")))))
    assert rows(plan(slots, private), GRAPH) == ["u1 - - - -", "u2 - - - -"]


def test_a_negated_chain_may_use_edges_of_the_row_but_none_twice_itself() -> None:
    pair = graph({"u1": {}, "t1": {}}, "u1 HAS t1")
    back = (edge(bound=False), entity(bound=False))
    reuses = plan([entity("u"), edge(), entity(), *back], hop(), p.Absent((hop(2),)))
    assert rows(reuses, pair) == []
    twice = plan([entity("u"), *back, *back], p.Absent((hop(), hop(2))))
    assert rows(twice, pair) == ["u1 - - - -"]


def test_a_negation_within_a_negation_is_tested_on_its_own() -> None:
    back = (
        edge("HAS", bound=False),
        entity("t", bound=False),
        edge("OWNS", bound=False),
        entity("r", bound=False),
    )
    made = plan([entity("u"), *back], p.Absent((hop(), p.Absent((hop(2),)))))
    assert rows(made, GRAPH) == ["u1 - - - -", "u2 - - - -"]
    teamless = graph({"u1": {}, "t1": {}}, "u1 HAS t1")
    assert rows(made, teamless) == []


# optional groups -------------------------------------------------------------------------------------


def test_a_trailing_group_is_a_left_join() -> None:
    made = plan([entity("u"), edge("OWNS"), entity("r")], p.Maybe((hop(),)))
    assert rows(made, GRAPH) == ["u1 OWNS r2", "u2 - -"]


def test_a_group_of_two_hops_is_taken_whole_or_not_at_all() -> None:
    made = plan([entity("u"), edge("HAS"), entity("t"), edge("OWNS"), entity("u")], p.Maybe((hop(), hop(2))))
    assert rows(made, GRAPH) == ["u1 - - - -", "u2 - - - -"]


def test_later_hops_go_on_from_both_ends_of_a_group() -> None:
    """A user with a repository of its own and one through a team has both, and no row without."""
    slots = [entity("u"), edge("HAS"), entity("t"), either(2, 0), edge("OWNS"), entity("r")]
    made = plan(slots, p.Maybe((hop(),)), p.Expand(3, 4, 5))
    assert rows(made, GRAPH) == ["u1 HAS t1 OWNS r1", "u1 - - OWNS r2", "u2 HAS t1 OWNS r1"]


def test_an_either_holds_the_reached_or_else_the_left_entity() -> None:
    slots = [entity("u"), edge("OWNS"), entity("r"), either(2, 0)]
    held = p.Compare(p.Prop(3, "_key"), "=", p.Const("r2"))
    assert rows(plan(slots, p.Maybe((hop(),)), where=held), GRAPH) == ["u1 OWNS r2"]
    left = p.Compare(p.Prop(3, "_key"), "=", p.Const("u2"))
    assert rows(plan(slots, p.Maybe((hop(),)), where=left), GRAPH) == ["u2 - -"]


def test_a_row_that_skips_is_dropped_only_for_one_that_agrees_in_all_it_binds() -> None:
    two = [entity("u"), edge("HAS"), entity("t"), edge("OWNS"), entity("r")]
    made = plan(two, p.Maybe((p.Expand(0, 1, 2),)), p.Maybe((p.Expand(0, 3, 4),)))
    assert rows(made, GRAPH) == ["u1 HAS t1 OWNS r2", "u2 HAS t1 - -"]


def test_where_is_asked_after_rows_that_skip_are_dropped() -> None:
    made = plan(
        [entity("u"), edge("OWNS"), entity("r")], p.Maybe((hop(),)), where=p.Not(p.Defined(p.Whole(2)))
    )
    assert rows(made, GRAPH) == ["u2 - -"]


def test_groups_nest() -> None:
    inner = p.Maybe((p.Expand(2, 3, 4),))
    slots = [entity("u"), edge("HAS"), entity("t"), edge("OWNS"), entity("r")]
    assert rows(plan(slots, p.Maybe((hop(), inner))), GRAPH) == ["u1 HAS t1 OWNS r1", "u2 HAS t1 OWNS r1"]
    bare = graph({"u1": {}, "u2": {}, "t1": {}}, "u1 HAS t1")
    assert rows(plan(slots, p.Maybe((hop(), inner))), bare) == ["u1 HAS t1 - -", "u2 - - - -"]


def test_a_group_walks_no_edge_of_the_row_again() -> None:
    pair = graph({"u1": {}, "t1": {}}, "u1 HAS t1")
    made = plan([*HOP, edge(), entity()], hop(direction="right"), p.Maybe((hop(2),)))
    assert rows(made, pair) == ["u1 HAS t1 - -"]


def test_a_negation_in_a_group_binds_nothing_so_the_group_changes_nothing() -> None:
    slots = [entity("u"), edge("OWNS", bound=False), entity(bound=False)]
    assert rows(plan(slots, p.Maybe((p.Absent((hop(),)),))), GRAPH) == ["u1 - -", "u2 - -"]


def test_unbound_slots_come_last() -> None:
    some = graph({"u1": {}, "t1": {}, "t2": {}, "r1": {}}, "u1 HAS t1", "t1 OWNS r1", "u1 OWNS r1")
    slots = [entity("u"), edge("HAS"), entity("t"), either(2, 0), edge("OWNS"), entity("r")]
    assert rows(plan(slots, p.Maybe((hop(),)), p.Expand(3, 4, 5)), some) == [
        "u1 HAS t1 OWNS r1",
        "u1 - - OWNS r1",
    ]


# where -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "found"),
    [
        (p.TRUE, ["u1", "u2"]),
        (p.FALSE, []),
        (p.And((eq(0, "name", "ann"), p.TRUE)), ["u1"]),
        (p.Or((eq(0, "name", "ann"), eq(0, "name", "bob"))), ["u1", "u2"]),
        (p.Not(eq(0, "name", "ann")), ["u2"]),
        (p.Not(eq(0, "nowhere", "ann")), ["u1", "u2"]),
        (p.Defined(p.Prop(0, "name")), ["u1", "u2"]),
        (p.Defined(p.Prop(0, "_endOn")), []),
        (p.Defined(p.Nothing()), []),
        (p.Matches(p.Prop(0, "name"), "^B", "i"), ["u2"]),
        (p.Matches(p.Prop(0, "name"), "^B", ""), []),
        (p.Matches(p.Prop(0, "_class"), "se", ""), ["u1", "u2"]),
        (p.Matches(p.Prop(0, "_version"), "1", ""), []),
        (p.HasWords(0, ("bob", "kit")), ["u2"]),
        (p.HasWords(0, ("bo",)), []),
        (p.HasWords(0, ()), ["u1", "u2"]),
        (p.OfType(0, frozenset({1})), ["u1", "u2"]),
        (p.OfType(0, frozenset({2})), []),
        (p.Compare(p.Prop(0, "name"), "=", p.Prop(0, "name")), ["u1", "u2"]),
        (p.Compare(p.Prop(0, "nowhere"), "=", p.Prop(0, "nowhere")), []),
        (p.Compare(p.Whole(0), "=", p.Whole(0)), ["u1", "u2"]),
        (p.Compare(p.Whole(0), ">=", p.Whole(0)), []),
        (p.Compare(p.Whole(0), "=", p.Prop(0, "_id")), []),
        (p.Compare(p.Arithmetic("+", p.Prop(0, "_version"), p.Const(1)), "=", p.Const(2)), ["u1", "u2"]),
    ],
)
def test_a_predicate_is_true_of_these(where: p.Predicate, found: list[str]) -> None:
    assert rows(plan([entity("u")], where=where), GRAPH) == found


def test_nothing_is_known_of_what_a_row_does_not_bind() -> None:
    slots = [entity("u"), edge("OWNS"), entity("r")]
    for where in (
        eq(2, "_type", "kit_repo"),
        p.HasWords(2, ("kit",)),
        p.OfType(2, frozenset({3})),
        p.Defined(p.Prop(1, "_id")),
    ):
        assert rows(plan(slots, p.Maybe((hop(),)), where=where), GRAPH) == ["u1 OWNS r2"]
        assert rows(plan(slots, p.Maybe((hop(),)), where=p.Not(where)), GRAPH) == ["u2 - -"]
