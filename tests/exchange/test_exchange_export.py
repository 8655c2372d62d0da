"""Exporting: what is written, that an import of it gives the same graph, and that nothing is overwritten."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from exchange.folderkit import Desk, desk_at, edge, entity, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bucketgraph.errors import ConfigError

KEYS = ("a", "b|c", "../x", "ä\u2028")
TYPES = ("host", "bitbucket_repo", "../../etc", "Host", "x" * 80)
CLASSES = (["Host"], ["CodeRepo"], ["A", "B"])
scalars = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
)
values = st.one_of(scalars, st.lists(scalars, max_size=3))
names = st.one_of(st.sampled_from(["n", "tag.X", "displayName"]), st.text("ab._ é", min_size=1, max_size=4))
properties = st.dictionaries(names.filter(lambda name: not name.startswith("_")), values, max_size=4)


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Draw entities and relationships, several between the same two among them."""
    entities = [
        {
            "_key": key,
            "_type": draw(st.sampled_from(TYPES)),
            "_class": draw(st.sampled_from(CLASSES)),
            **draw(properties),
        }
        for key in draw(st.lists(st.sampled_from(KEYS), min_size=1, unique=True))
    ]
    ends = st.sampled_from([one["_key"] for one in entities])
    edges = [
        edge(draw(ends), draw(st.sampled_from(["USES", "HAS"])), draw(ends), **draw(properties))
        | {"_key": f"edge-{number}", "_type": draw(st.sampled_from(["t", "host_uses_host"]))}
        for number in range(draw(st.integers(0, 4)))
    ]
    edges += [
        one | {"_key": f"{one['_fromEntityKey']}|{one['_class'].lower()}|{one['_toEntityKey']}"}
        for one in edges[:1]
    ]
    return entities, edges


def _derived(one: dict[str, Any]) -> str:
    return "|".join((one["_fromEntityKey"], one["_class"].lower(), one["_toEntityKey"]))


def _plain(desk: Desk) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the whole graph; 1, 1.0 and true are told apart."""
    entities = {
        key: (e.type, e.classes, repr(sorted(e.properties.items()))) for key, e in desk.entities().items()
    }
    edges = {
        key: (e.type, e.verb, e.from_key, e.to_key, repr(sorted(e.properties.items())))
        for key, e in desk.edges().items()
    }
    return entities, edges


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(graphs())
def test_an_import_of_an_export_gives_the_same_graph(
    graph: tuple[list[dict[str, Any]], list[dict[str, Any]]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with desk_at(home / "one") as one, desk_at(home / "two") as two:
            assert one.take(write(home / "in", *graph)).status == "COMPLETED"
            one.app.export_folder(home / "out")
            assert two.take(home / "out").status == "COMPLETED"
            assert _plain(two) == _plain(one)
            assert len(_plain(one)[0]) == len(graph[0])
            two.app.export_folder(home / "again")
        assert _files(home / "again").keys() == _files(home / "out").keys()


def _files(root: Path) -> dict[str, bytes]:
    return {f.relative_to(root).as_posix(): f.read_bytes() for f in root.rglob("*.json")}


def _graph(desk: Desk, tmp_path: Path, number: int = 3) -> Path:
    root = write(
        tmp_path / "in",
        [entity(f"k{n}", n=n) for n in range(number)],
        [edge("k0", "USES", f"k{n}") for n in range(1, number)],
    )
    desk.take(root)
    return root


def test_two_exports_of_one_graph_are_equal_byte_for_byte(desk: Desk, tmp_path: Path) -> None:
    _graph(desk, tmp_path)
    desk.app.export_folder(tmp_path / "x")
    desk.app.export_folder(tmp_path / "y")
    assert _files(tmp_path / "x") == _files(tmp_path / "y")


def test_a_file_holds_one_type_and_at_most_five_hundred_objects(desk: Desk, tmp_path: Path) -> None:
    _graph(desk, tmp_path, 1001)
    done = desk.app.export_folder(tmp_path / "out")
    assert (done.entities, done.relationships, done.files) == (1001, 1000, 5)
    sizes = []
    for file in (tmp_path / "out" / "graph").rglob("*.json"):
        (objects,) = json.loads(file.read_bytes()).values()
        assert len({one["_type"] for one in objects}) == 1
        sizes.append(len(objects))
    assert sorted(sizes) == [1, 500, 500, 500, 500]


def test_the_summary_tells_every_type_and_what_is_known_in_part(desk: Desk, tmp_path: Path) -> None:
    root = _graph(desk, tmp_path)
    write(root, [entity("k0")], partial=["host"])
    desk.take(root)
    assert desk.app.export_folder(tmp_path / "out").partial_types == ("host",)
    summary = json.loads((tmp_path / "out" / "summary.json").read_bytes())
    assert summary["metadata"] == {"partialDatasets": {"types": ["host"]}}
    assert summary["integrationStepResults"] == [
        {
            "id": "host",
            "name": "host",
            "declaredTypes": ["host"],
            "partialTypes": ["host"],
            "encounteredTypes": ["host"],
            "encounteredTypeCounts": {"host": 3},
            "status": "failure",
        }
    ]


def test_only_documented_fields_are_written(desk: Desk, tmp_path: Path) -> None:
    desk.take(write(tmp_path / "in", [entity("a", _rawData=[{"name": "default", "rawData": {}}])]))
    desk.app.export_folder(tmp_path / "out")
    (content,) = [c for name, c in _files(tmp_path / "out").items() if name != "summary.json"]
    assert json.loads(content) == {
        "entities": [{"_key": "a", "_type": "host", "_class": ["Host"], "displayName": "A"}]
    }


def test_an_earlier_moment_is_exported_as_it_was(desk: Desk, tmp_path: Path) -> None:
    root = _graph(desk, tmp_path)
    before = desk.app.store.changes()[-1].on
    desk.app.export_folder(tmp_path / "then")
    write(
        root,
        [entity("k0", n="changed"), entity("k1", "other", n=1), entity("new")],
        [edge("k1", "USES", "k0", _key="z")],
    )
    while desk.app.store._clock() <= before:
        pass
    desk.take(root)
    desk.app.export_folder(tmp_path / "as-of", as_of=before)
    assert _files(tmp_path / "as-of") == _files(tmp_path / "then")
    desk.app.export_folder(tmp_path / "now")
    assert _files(tmp_path / "now") != _files(tmp_path / "then")


def test_one_integration_is_exported_by_name(desk: Desk, tmp_path: Path) -> None:
    desk.take(write(tmp_path / "in", [entity("a")]), "one")
    desk.take(write(tmp_path / "in", [entity("b")]), "two")
    assert desk.app.export_folder(tmp_path / "out", "two").entities == 1
    assert desk.app.export_folder(tmp_path / "all").entities == 2


def test_one_key_in_two_integrations_is_refused_and_nothing_stays(desk: Desk, tmp_path: Path) -> None:
    for name in ("one", "two"):
        desk.take(write(tmp_path / "in", [entity("a")]), name)
    before = set(tmp_path.iterdir())
    with pytest.raises(ConfigError, match="stands in two integrations") as caught:
        desk.app.export_folder(tmp_path / "out")
    assert "--integration NAME" in caught.value.hint
    assert set(tmp_path.iterdir()) == before


def test_an_empty_folder_is_filled_and_a_full_one_is_left_alone(desk: Desk, tmp_path: Path) -> None:
    _graph(desk, tmp_path)
    empty, full, file = tmp_path / "empty", tmp_path / "full", tmp_path / "file"
    empty.mkdir()
    full.mkdir()
    (full / "mine").write_text("x")
    file.write_text("x")
    assert desk.app.export_folder(empty).entities == 3
    for target in (full, file):
        with pytest.raises(ConfigError, match="is not an empty folder"):
            desk.app.export_folder(target)
    assert [f.name for f in full.iterdir()] == ["mine"]


@pytest.mark.parametrize("target", ["file/below", "x" * 300])
def test_a_place_that_cannot_be_written_is_said_in_a_paragraph(
    desk: Desk, tmp_path: Path, target: str
) -> None:
    _graph(desk, tmp_path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigError, match="cannot be written"):
        desk.app.export_folder(tmp_path / target)
