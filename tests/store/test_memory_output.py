"""What becomes of the rows: lists, trees, tables, groups, HAVING, UNIQUE, ORDER BY, SKIP and LIMIT."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from store.memorykit import column, edge, either, entity, eq, graph, listed, plan, table

from bucketgraph.j1ql import plan as p
from bucketgraph.store.memory import run

GRAPH = graph(
    {
        "u1": {"name": "ann", "size": 2, "topics": ["a", "b"]},
        "u2": {"name": "bob", "size": 1},
        "u3": {"name": "ann", "topics": ["b"]},
        "t1": {"displayName": "Team", "limit": 7},
        "t2": {"limit": 7},
    },
    "u1 HAS t1",
    "u2 HAS t1",
    "u1 OWNS t1",
    "u2 HAS t2",
    said={"u1 HAS t1": {"since": 5}},
)
HOP = p.Expand(0, 1, 2)
SLOTS = (entity("u"), edge(), entity("t"))
NAME, SIZE = p.Prop(0, "name"), p.Prop(0, "size")


def people(*columns: p.Expression, **options: Any) -> p.Plan:
    """Return a table of the users; what is no column is a part of the plan or of its output."""
    named = tuple(column(f"c{number}", one) for number, one in enumerate(columns))
    grouped, having = options.pop("grouped", False), options.pop("having", p.TRUE)
    return plan([entity("u")], output=p.TableOutput(named, grouped, having), **options)


def hops(*columns: p.Expression, optional: bool = False, **options: Any) -> p.Plan:
    """Return a table of the users with their teams."""
    made = people(*columns, **options)
    return replace(made, slots=SLOTS, steps=(p.Maybe((HOP,)) if optional else HOP,))


def grouped(*columns: p.Expression, **options: Any) -> p.Plan:
    """Return a table of the users with their teams, grouped."""
    return hops(*columns, grouped=True, **options)


def count(slot: int, name: str = "") -> p.Aggregate:
    return p.Aggregate("COUNT", p.Prop(slot, name) if name else p.Whole(slot), (slot,))


def folded(name: p.AggregateName, slot: int, prop: str) -> p.Aggregate:
    return p.Aggregate(name, p.Prop(slot, prop), (slot,))


# lists -----------------------------------------------------------------------------------------------


def test_a_list_holds_each_entity_once_by_id() -> None:
    assert listed(plan(SLOTS, HOP), GRAPH) == ["u1", "u2"]
    assert listed(plan(SLOTS, HOP, output=p.ListOutput((2, 0))), GRAPH) == ["u1", "u2", "t1", "t2"]


def test_a_list_shows_what_optional_groups_reached() -> None:
    made = plan(SLOTS, p.Maybe((HOP,)), output=p.ListOutput((0, 2)))
    assert listed(made, GRAPH) == ["u1", "u2", "u3", "t1", "t2"]


def test_a_sorted_list_puts_an_entity_where_its_first_row_stands() -> None:
    by_name = plan([entity("u")], order=(p.SortKey(NAME, descending=True),))
    assert listed(by_name, GRAPH) == ["u2", "u1", "u3"]
    ends = plan(SLOTS, HOP, output=p.ListOutput((0, 2)), order=(p.SortKey(SIZE),))
    assert listed(ends, GRAPH) == ["u2", "t1", "t2", "u1"]


def test_skip_and_limit_count_entities_of_a_list() -> None:
    made = plan(SLOTS, HOP, output=p.ListOutput((0, 2)), skip=1, limit=2)
    assert listed(made, GRAPH) == ["u2", "t1"]
    assert listed(replace(made, skip=9), GRAPH) == []


# trees -----------------------------------------------------------------------------------------------


def tree(made: p.Plan) -> tuple[list[str], list[str]]:
    data = run(made, GRAPH).data
    vertices = [one["entity"]["_key"] for one in data["vertices"]]
    return vertices, [one["relationship"]["_key"] for one in data["edges"]]


def test_a_tree_holds_all_that_the_rows_hold_once() -> None:
    made = plan(SLOTS, HOP, output=p.TreeOutput())
    assert tree(made) == (
        ["u1", "u2", "t1", "t2"],
        ["u1|has|t1", "u2|has|t1", "u1|owns|t1", "u2|has|t2"],
    )


def test_skip_and_limit_of_a_tree_count_the_entities_it_begins_with() -> None:
    made = plan(SLOTS, HOP, output=p.TreeOutput())
    assert tree(replace(made, limit=1)) == (["u1", "t1"], ["u1|has|t1", "u1|owns|t1"])
    assert tree(replace(made, skip=1)) == (["u2", "t1", "t2"], ["u2|has|t1", "u2|has|t2"])
    first = replace(made, order=(p.SortKey(SIZE),), limit=1)
    assert tree(first) == (["u2", "t1", "t2"], ["u2|has|t1", "u2|has|t2"])


def test_a_negated_hop_adds_nothing_to_a_tree() -> None:
    slots = (entity("u"), edge("OWNS", bound=False), entity("t", bound=False))
    assert tree(plan(slots, p.Absent((HOP,)), output=p.TreeOutput())) == (["u2", "u3"], [])


# tables ----------------------------------------------------------------------------------------------


def test_a_table_has_one_row_for_each_path_and_null_for_what_is_missing() -> None:
    made = hops(NAME, p.Prop(2, "limit"), p.Prop(2, "nowhere"))
    assert table(made, GRAPH) == [("ann", 7, None)] * 2 + [("bob", 7, None)] * 2
    assert table(hops(p.Prop(2, "_type"), p.Whole(1), optional=True), GRAPH)[-1] == (None, None)


def test_of_two_columns_with_one_name_the_later_wins() -> None:
    twice = p.TableOutput((column("n", NAME), column("n", SIZE)))
    answer = run(plan([entity("u")], output=twice), GRAPH)
    assert (answer.columns, answer.data) == (("n",), [{"n": 2}, {"n": 1}, {"n": None}])


def test_a_type_is_a_plain_text_in_a_cell() -> None:
    assert table(people(p.Prop(0, "_type"), p.Prop(0, "_class")), GRAPH)[0] == ("kit_user", ["User"])


def test_a_star_gives_a_cell_for_every_property_that_is_there() -> None:
    output = p.TableOutput((column("t", p.Whole(2), star=True), column("since", p.Prop(1, "since"))))
    answer = run(plan(SLOTS, HOP, output=output, order=(p.SortKey(p.Prop(2, "_id")),)), GRAPH)
    first, last = answer.data[0], answer.data[-1]
    assert (first["t.displayName"], first["t.limit"], first["t._type"]) == ("Team", 7, "kit_team")
    assert "t._endOn" not in first
    assert "t.displayName" not in last
    assert first["since"] == 5
    assert answer.columns[-1] == "since"
    assert set(answer.columns) == set(first)


def test_a_star_of_what_is_not_bound_gives_no_cells() -> None:
    output = p.TableOutput((column("name", NAME), column("t", p.Whole(2), star=True)))
    answer = run(plan(SLOTS, p.Maybe((HOP,)), output=output), GRAPH)
    assert answer.data[-1] == {"name": "ann"}


def test_expressions_are_calculated_row_by_row() -> None:
    double = p.Arithmetic("*", SIZE, p.Const(2))
    joined = p.Function("CONCAT", (NAME, p.Const("-"), double))
    assert table(people(double, joined), GRAPH) == [(4, "ann-4"), (2, "bob-2"), (None, "ann-")]


# unique, order, cut ----------------------------------------------------------------------------------


def test_unique_takes_rows_equal_in_all_columns_once() -> None:
    assert table(people(NAME, unique=True), GRAPH) == ["ann", "bob"]
    assert table(people(NAME, SIZE, unique=True), GRAPH) == [("ann", 2), ("bob", 1), ("ann", None)]
    assert len(table(hops(p.Whole(0), unique=True), GRAPH)) == 2


def test_unique_keeps_the_place_of_the_first_in_the_order_asked_for() -> None:
    by_key = p.SortKey(p.Prop(0, "_key"), descending=True)
    assert table(people(NAME, unique=True, order=(by_key,)), GRAPH) == ["ann", "bob"]
    by_size = p.SortKey(SIZE)
    assert table(people(NAME, unique=True, order=(by_size,)), GRAPH) == ["bob", "ann"]


def test_unique_tells_kinds_apart() -> None:
    mixed = graph({"u1": {"x": 1}, "u2": {"x": True}, "u3": {"x": 1.0}, "u4": {"x": "1"}, "u5": {}, "u6": {}})
    assert table(people(p.Prop(0, "x"), unique=True), mixed) == [1, True, "1", None]


@pytest.mark.parametrize("descending", [False, True])
def test_what_is_missing_comes_last_in_both_directions(descending: bool) -> None:
    made = people(SIZE, order=(p.SortKey(SIZE, descending),))
    assert table(made, GRAPH) == [*sorted([1, 2], reverse=descending), None]


def test_values_of_several_kinds_sort_numbers_texts_booleans() -> None:
    mixed = graph({f"u{n}": {"x": x} for n, x in enumerate([True, "b", 2, "B", [1], False, -1.5])})
    values = p.Prop(0, "x")
    assert table(people(values, order=(p.SortKey(values),)), mixed) == [-1.5, 2, "B", "b", False, True, [1]]
    turned = table(people(values, order=(p.SortKey(values, descending=True),)), mixed)
    assert turned == [[1], True, False, "b", "B", 2, -1.5]


def test_equals_keep_the_order_of_the_rows_in_both_directions() -> None:
    for descending in (False, True):
        order = (p.SortKey(NAME, descending), p.SortKey(p.Prop(0, "nowhere"), descending))
        keys = table(people(NAME, p.Prop(0, "_key"), order=order), GRAPH)
        assert [key for name, key in keys if name == "ann"] == ["u1", "u3"]


def test_several_keys_count_one_after_the_other() -> None:
    order = (p.SortKey(NAME), p.SortKey(p.Prop(0, "_key"), descending=True))
    assert table(people(p.Prop(0, "_key"), order=order), GRAPH) == ["u3", "u1", "u2"]


def test_skip_and_limit_cut_the_rows_after_unique_and_order() -> None:
    made = people(NAME, unique=True, order=(p.SortKey(NAME, descending=True),), skip=1, limit=5)
    assert table(made, GRAPH) == ["ann"]
    assert run(made, GRAPH).total == 1


# groups ----------------------------------------------------------------------------------------------


def test_columns_without_an_aggregate_are_the_keys_and_groups_come_in_their_order() -> None:
    assert table(grouped(NAME, count(2)), GRAPH) == [("ann", 1), ("bob", 2)]
    assert table(grouped(count(0), p.Prop(2, "_key")), GRAPH) == [(2, "t1"), (1, "t2")]


def test_a_missing_key_is_one_group_and_comes_last() -> None:
    assert table(people(SIZE, count(0), grouped=True), GRAPH) == [(1, 1), (2, 1), (None, 1)]


def test_a_list_is_a_key_as_a_whole() -> None:
    made = people(p.Prop(0, "topics"), count(0), grouped=True)
    assert table(made, GRAPH) == [(["a", "b"], 1), (["b"], 1), (None, 1)]


def test_a_whole_entity_is_a_key_by_its_id() -> None:
    made = replace(grouped(p.Whole(2), count(0)), order=(p.SortKey(p.Column(1)),))
    found = [(cell["entity"]["_key"], number) for cell, number in table(made, GRAPH)]
    assert found == [("t2", 1), ("t1", 2)]


def test_without_keys_there_is_one_group_even_of_nothing() -> None:
    assert table(grouped(count(0), count(2)), GRAPH) == [(2, 2)]
    nobody = grouped(count(0), folded("SUM", 0, "size"), where=p.FALSE)
    assert table(nobody, GRAPH) == [(0, None)]
    assert table(grouped(NAME, count(0), where=p.FALSE), GRAPH) == []


def test_count_counts_things_by_identity_and_values_by_value() -> None:
    assert table(people(count(0), count(0, "name"), count(0, "size"), grouped=True), GRAPH) == [(3, 2, 2)]
    assert table(people(count(0, "topics"), grouped=True), GRAPH) == [2]


def test_the_other_aggregates_take_each_entity_once_however_many_paths_reach_it() -> None:
    made = grouped(*(folded(name, 0, "size") for name in ("SUM", "AVG", "MIN", "MAX")))
    assert table(made, GRAPH) == [(3, 1.5, 1, 2)]
    assert table(grouped(folded("SUM", 2, "limit")), GRAPH) == [14]


def test_an_aggregate_over_two_aliases_takes_each_pair_once() -> None:
    pairs = p.Aggregate("SUM", p.Arithmetic("+", SIZE, p.Prop(2, "limit")), (0, 2))
    assert table(grouped(pairs), GRAPH) == [(2 + 7) + (1 + 7) * 2]


def test_an_aggregate_passes_over_what_is_no_number() -> None:
    mixed = graph(
        {"u1": {"size": 1}, "u2": {"size": "9"}, "u3": {"size": True}, "u4": {"size": [5]}, "u5": {}}
    )
    made = people(*(folded(name, 0, "size") for name in ("SUM", "MAX", "COUNT")), grouped=True)
    assert table(made, mixed) == [(1, 1, 4)]


def test_an_aggregate_over_an_either_takes_what_it_holds() -> None:
    slots = (*SLOTS, either(2, 0))
    output = p.TableOutput((column("n", count(3)),), grouped=True)
    assert table(plan(slots, p.Maybe((HOP,)), output=output), GRAPH) == [3]


def test_expressions_stand_around_aggregates() -> None:
    around = p.Function("COALESCE", (folded("SUM", 0, "nowhere"), p.Const(0)))
    assert table(grouped(around, p.Arithmetic("*", count(0), p.Const(10))), GRAPH) == [(0, 20)]


def test_having_asks_the_finished_columns() -> None:
    many = p.Compare(p.Column(1), ">", p.Const(1))
    assert table(grouped(NAME, count(2), having=many), GRAPH) == [("bob", 2)]
    assert table(people(NAME, having=p.Compare(p.Column(0), "=", p.Const("bob"))), GRAPH) == ["bob"]
    alone = p.Compare(p.Column(0), ">", p.Const(99))
    assert table(grouped(count(0), having=alone), GRAPH) == []


def test_groups_sort_by_their_columns_and_then_by_their_keys() -> None:
    by_count = (p.SortKey(p.Column(1), descending=True),)
    assert table(grouped(NAME, count(2), order=by_count), GRAPH) == [("bob", 2), ("ann", 1)]
    same = (p.SortKey(p.Const(1)),)
    assert table(grouped(NAME, count(2), order=same, limit=1), GRAPH) == [("ann", 1)]


def test_where_is_asked_before_grouping() -> None:
    assert table(grouped(count(0), where=eq(0, "name", "bob")), GRAPH) == [1]
