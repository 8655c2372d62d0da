"""Answers as tables, trees, CSV, GraphML and JSON lines."""

from __future__ import annotations

import csv
import io
import json
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console
from support.answers import Answerer, edge, listed, tabled, treed, vertex

from bucketgraph.answers.csv_text import as_csv
from bucketgraph.answers.graphml import graphml
from bucketgraph.cli.answers import Format, drawn, show_answer
from bucketgraph.cli.arguments import parameter, parameters
from bucketgraph.cli.batch import answers, asker
from bucketgraph.cli.query import request_of
from bucketgraph.errors import ConfigError
from bucketgraph.j1ql.results import Answer, Request

GRAPHML = "{http://graphml.graphdrawing.org/xmlns}"
ANNA = vertex(1, "bitbucket_user", "Anna", active=True, size=3)
BERT = vertex(2, "bitbucket_user", "Bert", active=False, tags=["a", "b"])
REPO = vertex(3, "bitbucket_repo", "web", size=2.5)


def screen(answer: Answer, form: Format = Format.TABLE, width: int = 160) -> str:
    """Return what a terminal shows."""
    out = Console(file=io.StringIO(), width=width, force_terminal=False)
    out.print(drawn(answer, form))
    file = out.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


def test_a_list_shows_name_type_telling_properties_and_key() -> None:
    shown = screen(listed(ANNA, BERT)).splitlines()
    assert shown[0].split() == ["name", "type", "active", "size", "tags", "key"]
    assert shown[1].split() == ["Anna", "bitbucket_user", "true", "3", "key-1"]
    assert shown[2].split() == ["Bert", "bitbucket_user", "false", "a,", "b", "key-2"]


def test_dates_are_dates_in_tables_only() -> None:
    answer = tabled(("pr.createdOn", "size"), (1_790_000_000_000, 1_790_000_000_000))
    assert screen(answer).splitlines()[1].split() == ["2026-09-21", "14:13", "1790000000000"]
    assert as_csv(answer).splitlines()[1] == "1790000000000,1790000000000"


@pytest.mark.parametrize("value", [-(10**30), 10**30, 3.5e300, 0, 5])
def test_numbers_that_are_no_dates_stay_numbers(value: float) -> None:
    assert "-" not in screen(tabled(("ratedOn",), (abs(value),)))


def test_data_does_not_command_the_terminal_nor_the_markup() -> None:
    evil = "\x1b]0;owned\x07[red]x[/red]\x9b31m"
    answer = tabled((evil, "b"), (evil, [evil]), (vertex(1, "t", evil), None))
    trees = treed([vertex(1, evil, evil), vertex(2, "t", evil)], [edge(3, evil, 1, 2)])
    for shown in (
        screen(answer),
        screen(answer, Format.TREE),
        screen(trees),
        screen(listed(vertex(1, evil, evil))),
    ):
        assert "owned" in shown
        assert "[red]x[/red]" in shown
        assert not {"\x1b", "\x07", "\x9b"} & set(shown)


def test_many_columns_become_records() -> None:
    names = tuple(f"p.c{number}" for number in range(20))
    shown = screen(tabled(names, tuple(range(20))), width=60)
    assert any(line.split() == ["p.c19", "19"] for line in shown.splitlines())


def test_csv_is_rfc_4180_and_alters_nothing() -> None:
    answer = tabled(
        ("text", "list", "flag", "nothing", "thing"),
        ('=SUM(A1)\n"x",y', ["a", 1], True, None, ANNA),
    )
    assert as_csv(answer).startswith("text,list,flag,nothing,thing\r\n")
    row = next(csv.DictReader(io.StringIO(as_csv(answer), newline="")))
    assert row["text"] == '=SUM(A1)\n"x",y'
    assert json.loads(row["list"]) == ["a", 1]
    assert (row["flag"], row["nothing"]) == ("true", "")
    assert json.loads(row["thing"])["entity"]["displayName"] == "Anna"


def test_csv_of_a_list_has_all_properties_of_all_rows() -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(listed(ANNA, BERT)), newline="")))
    assert rows[0]["_type"] == "bitbucket_user"
    assert [row["tags"] for row in rows] == ["", '["a","b"]']


def test_a_tree_is_no_csv_and_a_table_no_graph() -> None:
    with pytest.raises(ConfigError, match="no table"):
        as_csv(treed([ANNA], []))
    with pytest.raises(ConfigError, match="no graph"):
        graphml(tabled(("n",), (1,)))


def test_graphml_has_typed_keys_and_both_ends_of_every_edge() -> None:
    evil = vertex(4, "bitbucket_user", "\x00<&>\x1b", active=True, size=10**30)
    root = ET.fromstring(graphml(treed([ANNA, BERT, REPO, evil], [edge(9, "APPROVED", 1, 3, on=5)])))  # noqa: S314  # our own
    assert root.tag == f"{GRAPHML}graphml"
    keys = {(key.get("for"), key.get("attr.name")): key for key in root.findall(f"{GRAPHML}key")}
    assert keys["node", "active"].get("attr.type") == "boolean"
    assert keys["node", "size"].get("attr.type") == "double"
    assert keys["node", "tags"].get("attr.type") == "string"
    assert keys["edge", "on"].get("attr.type") == "long"
    graph = root.find(f"{GRAPHML}graph")
    assert graph is not None
    nodes = {node.get("id"): node for node in graph.findall(f"{GRAPHML}node")}
    line = graph.find(f"{GRAPHML}edge")
    assert line is not None
    assert {line.get("source"), line.get("target")} <= set(nodes)
    known = {key.get("id") for key in keys.values()}
    assert {data.get("key") for data in graph.iter(f"{GRAPHML}data")} <= known
    assert len(ET.fromstring(graphml(listed(ANNA))).findall(f".//{GRAPHML}node")) == 1  # noqa: S314


def test_a_graph_is_drawn_along_its_relationships_each_once() -> None:
    answer = treed(
        [ANNA, BERT, REPO], [edge(7, "APPROVED", 1, 3), edge(8, "OPENED", 2, 3), edge(9, "KNOWS", 1, 2)]
    )
    shown = screen(answer)
    assert shown.splitlines()[0].startswith("Anna")
    for verb in ("APPROVED →", "OPENED", "KNOWS →"):
        assert shown.count(verb.split()[0]) == 1
    assert "(shown elsewhere)" in shown


def test_a_long_chain_is_drawn() -> None:
    vertices = [vertex(n, "bitbucket_repo", f"r{n}") for n in range(300)]
    shown = screen(treed(vertices, [edge(1000 + n, "USES", n, n + 1) for n in range(299)]), width=2000)
    assert "r299" in shown


def test_rows_of_a_table_are_nested_by_their_beginnings() -> None:
    answer = tabled(("project", "repo", "n"), ("A", "x", 1), ("A", "y", 2), ("B", "x", 3))
    shown = screen(answer, Format.TREE)
    assert shown.count("project: A") == 1
    assert shown.count("n: ") == 3


def test_a_page_says_that_there_is_more(capfd: pytest.CaptureFixture[str]) -> None:
    show_answer(tabled(("n",), (1,), cursor="c", total=1234), Format.TABLE)
    out, err = capfd.readouterr()
    assert "The first 1 of 1,234 rows; --all shows every one." in " ".join(err.split())
    assert "--all" not in out
    show_answer(listed(), Format.TABLE)
    assert capfd.readouterr() == ("", "Nothing was found.\n")


def test_json_is_the_envelope(capfd: pytest.CaptureFixture[str]) -> None:
    show_answer(tabled(("n",), (1,), cursor="c", total=9, messages=("m",)), Format.JSON)
    assert json.loads(capfd.readouterr().out) == {
        "type": "table",
        "data": [{"n": 1}],
        "cursor": "c",
        "totalCount": 9,
        "url": None,
        "messages": ["m"],
    }


@pytest.mark.parametrize(
    ("form", "limit", "everything", "page"),
    [
        (Format.TABLE, None, False, 250),
        (Format.JSON, None, False, 250),
        (Format.TABLE, None, True, None),
        (Format.TABLE, 1000, False, None),
        (Format.CSV, None, False, None),
        (Format.GRAPHML, None, False, None),
    ],
)
def test_what_is_kept_in_a_file_is_never_cut(
    form: Format, limit: int | None, everything: bool, page: int | None
) -> None:
    request = request_of("FIND *", {"a": 1, "param.b": 2}, form=form, limit=limit, everything=everything)
    assert request.page == page
    assert (request.variables, request.parameters) == ({"a": 1}, {"b": 2})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("5", 5),
        ("-2.5", -2.5),
        ("'5'", "5"),
        ("main", "main"),
        ('["a", 1, true]', ["a", 1, True]),
        ("'[x'", "[x"),
        ("a=b", "a=b"),
    ],
)
def test_parameters_are_typed(text: str, value: Any) -> None:
    assert parameter(text, name="x") == value
    assert parameters([f"n={text}"]) == {"n": value}


@pytest.mark.parametrize("text", ["x", "=1", "n=[1", "n=[{}]", "n=[[1]]", "n=[null]"])
def test_a_parameter_that_is_none_is_explained(text: str) -> None:
    with pytest.raises(ConfigError):
        parameters([text])


def batch(*lines: str | bytes, **how: bool) -> tuple[list[Any], Answerer]:
    """Run a batch and return its answers, and who was asked."""
    store = Answerer()
    raw = [line if isinstance(line, bytes) else line.encode() for line in lines]
    found = answers(raw, asker(store, **how), Request("", page=None, now=7, variables={"v": 1}))
    return [json.loads(line) for line in found], store


def test_a_batch_answers_each_line_in_order_and_survives_errors() -> None:
    told, store = batch(
        "FIND bitbucket_user\n",
        "\n",
        '{"query": "FIND *", "variables": {"w": ["x"]}, "now": 5, "includeDeleted": true, "asOf": "2026-10-01"}\n',
        "FIND bitbucket_user WITH\n",
        '{"query": 5}\n',
        '{"qery": "FIND *"}\n',
        "{\n",
        b"\xff\xfe\n",
        '{"query": "FIND *", "now": "yesterday"}\n',
        "FIND bitbucket_repo",
    )
    assert [one.get("type") or one["error"]["code"] for one in told] == [
        "table", "table", "query", "config", "config", "config", "config", "config", "table",
    ]  # fmt: skip
    assert told[2]["error"]["line"] == 1
    assert told[2]["error"]["column"] == 25
    first, second, _ = store.asked
    assert (first.now, first.page, first.variables) == (7, None, {"v": 1})
    assert (second.now, second.include_deleted, second.variables) == (5, True, {"v": 1, "w": ["x"]})
    assert second.as_of == 1_790_812_800_000


def test_a_batch_can_check_and_explain() -> None:
    assert batch("FIND *", check=True)[0][0]["ok"] is True
    assert batch("FIND *", explain=True)[0] == [{"plan": "FIND *"}]
