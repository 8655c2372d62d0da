"""Bad folders: one paragraph, the right exit code, and nothing of an earlier import is lost."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from exchange.folderkit import Desk, edge, entity, told, write

from bucketgraph.errors import ConfigError

A, B = entity("a"), entity("b")
FILE = "graph/step-one/entities/one.json"


def test_what_is_no_folder_is_refused(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for path in (tmp_path / "nowhere", tmp_path / "file"):
        with pytest.raises(ConfigError, match="There is no folder"):
            desk.take(path)
    assert desk.app.registry.all() == []


def test_a_folder_without_graph_is_refused(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match="holds no `graph` folder"):
        desk.take(tmp_path / "empty")


def test_the_name_of_a_bitbucket_is_refused(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="printable"):
        desk.take(write(tmp_path / "in", [A]), "a\nb")


BROKEN: dict[str, bytes] = {
    "no JSON": b"hello",
    "nothing": b"",
    "cut off": b'{"entities":[{"_key":"b"',
    "NaN": b'{"entities":[{"_key":"b","_type":"host","_class":"Host","n":NaN}]}',
    "Infinity": b'{"entities":[{"_key":"b","_type":"host","_class":"Host","n":Infinity}]}',
    "names that are no text": b'{"entities":[{1:2}]}',
    "half a surrogate": b'{"entities":[{"_key":"\\ud800"}]}',
    "no UTF-8": b'{"entities":[{"_key":"\xff\xfe"}]}',
    "a list": b"[]",
    "neither array": b'{"things":[]}',
    "no array": b'{"entities":{}}',
    "null": b'{"entities":null}',
    "too deep": b'{"entities":[' + b"[" * 100_000 + b"]" * 100_000 + b"]}",
    "compressed": b"\x1b\x0e\x00\xf8\x05",
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN.keys())
def test_a_file_that_cannot_be_read_is_named_and_nothing_is_deleted(
    desk: Desk, tmp_path: Path, content: bytes
) -> None:
    root = write(tmp_path / "in", [A, B])
    desk.take(root)
    write(root, [A])
    (root / "graph" / "broken.json").write_bytes(content)
    run = desk.take(root)
    assert run.status == "COMPLETED_WITH_ERRORS"
    assert told(run) == {"unreadable-file": ["graph/broken.json"]}
    assert desk.entities().keys() == {"a", "b"}


OBJECTS: dict[str, Any] = {
    "no object": 7,
    "a list": [],
    "null": None,
    "no key": {"_type": "host", "_class": "Host"},
    "a number as key": {"_key": 7, "_type": "host", "_class": "Host"},
    "a blank key": {"_key": " ", "_type": "host", "_class": "Host"},
    "an endless key": {"_key": "x" * 5000, "_type": "host", "_class": "Host"},
    "a key that is kept": {"_key": "relationship\x1fx", "_type": "host", "_class": "Host"},
    "no type": {"_key": "b", "_class": "Host"},
    "a list as type": {"_key": "b", "_type": ["host"], "_class": "Host"},
    "a type that cannot be printed": {"_key": "b", "_type": "ho\nst", "_class": "Host"},
    "no class": {"_key": "b", "_type": "host"},
    "an empty class list": {"_key": "b", "_type": "host", "_class": []},
    "a number as class": {"_key": "b", "_type": "host", "_class": [7]},
    "a property nested too deep": {
        "_key": "b",
        "_type": "host",
        "_class": "Host",
        "x": json.loads('{"x":' * 450 + "1" + "}" * 450),
    },
}


@pytest.mark.parametrize("given", OBJECTS.values(), ids=OBJECTS.keys())
def test_an_entity_that_cannot_be_taken_is_named_and_its_type_loses_nothing(
    desk: Desk, tmp_path: Path, given: Any
) -> None:
    root = write(tmp_path / "in", [A, B])
    desk.take(root)
    run = desk.take(write(root, [A, given]))
    found = told(run)
    if "invalid-object" in found:
        assert found["invalid-object"] == [f"{FILE} entities[1]"]
        assert run.status == "COMPLETED_WITH_ERRORS"
    assert desk.entities().keys() == {"a", "b"}


@pytest.mark.parametrize("number", ["1e400", "-1e999", "9" * 5000])
def test_a_number_that_no_machine_holds_leaves_its_object_out(
    desk: Desk, tmp_path: Path, number: str
) -> None:
    root = write(tmp_path / "in", [A])
    host = '"_type":"host","_class":"Host"'
    text = f'{{"entities":[{{"_key":"b",{host},"n":{number}}},{{"_key":"c",{host}}}]}}'
    (root / "graph" / "more.json").write_text(text)
    run = desk.take(root)
    assert told(run)["invalid-object"] == ["graph/more.json entities[0]"]
    assert desk.entities().keys() == {"a", "c"}


@pytest.mark.parametrize(
    "change",
    [
        {"_key": None},
        {"_type": 7},
        {"_class": ["USES", "HAS"]},
        {"_class": ""},
        {"_fromEntityKey": None},
        {"_toEntityKey": 7},
        {"_mapping": "x"},
    ],
)
def test_a_relationship_that_cannot_be_taken_is_named(
    desk: Desk, tmp_path: Path, change: dict[str, Any]
) -> None:
    run = desk.take(write(tmp_path / "in", [A, B], [{**edge("a", "USES", "b"), **change}]))
    assert told(run)["invalid-object"] == ["graph/step-one/relationships/one.json relationships[0]"]
    assert (desk.entities().keys(), desk.edges()) == ({"a", "b"}, {})


@pytest.mark.parametrize(
    "summary", ["", "[]", '{"metadata":7}', '{"metadata":{"partialDatasets":{"types":7}}}']
)
def test_a_summary_that_cannot_be_read_makes_the_folder_partial(
    desk: Desk, tmp_path: Path, summary: str
) -> None:
    root = write(tmp_path / "in", [A, B])
    desk.take(root)
    write(root, [A])
    (root / "summary.json").write_text(summary)
    assert told(desk.take(root)) == {"partial-folder": ["summary.json"]}
    assert desk.entities().keys() == {"a", "b"}


def test_a_big_file_is_read(desk: Desk, tmp_path: Path) -> None:
    many = [entity(f"key-{n}", text="x" * 1000) for n in range(10_000)]
    root = write(tmp_path / "in", many)
    assert (root / FILE).stat().st_size > 10_000_000
    assert desk.take(root).report.counts.entities["host"].created == 10_000


def test_a_report_names_the_first_of_very_many_problems(desk: Desk, tmp_path: Path) -> None:
    run = desk.take(write(tmp_path / "in", [A, *({"_type": "host"} for _ in range(1000))]))
    found = told(run)
    assert (len(found["invalid-object"]), found["partial-type"]) == (100, ["host"])
    assert run.report.problems[-1].message == "And 900 more like these."


LINKS: dict[str, Callable[[Path, Path], None]] = {
    "a file outside": lambda graph, out: (graph / "l.json").symlink_to(out / "x.json"),
    "a folder outside": lambda graph, out: (graph / "l").symlink_to(out),
    "nothing": lambda graph, out: (graph / "l.json").symlink_to(out / "none"),
    "itself": lambda graph, _: (graph / "l.json").symlink_to(graph / "l.json"),
    "a pipe": lambda graph, _: os.mkfifo(graph / "l.json"),
    "a folder": lambda graph, _: (graph / "l.json").mkdir(),
}


@pytest.mark.parametrize("make", LINKS.values(), ids=LINKS.keys())
def test_what_leads_out_of_the_folder_is_not_read(
    desk: Desk, tmp_path: Path, make: Callable[[Path, Path], None]
) -> None:
    root = write(tmp_path / "in", [A])
    outside = tmp_path / "out"
    outside.mkdir()
    (outside / "x.json").write_text(json.dumps({"entities": [entity("stolen")]}))
    make(root / "graph", outside)
    run = desk.take(root)
    assert set(told(run)) <= {"unreadable-file"}
    assert desk.entities().keys() == {"a"}


def test_links_inside_the_folder_are_read_once_and_circles_end(desk: Desk, tmp_path: Path) -> None:
    root = write(tmp_path / "in", [A])
    (root / "graph" / "circle").symlink_to(root / "graph")
    (root / "graph" / "again.json").symlink_to(root / FILE)
    run = desk.take(root)
    assert (run.status, desk.entities().keys()) == ("COMPLETED", {"a"})
