"""Importing a folder: what objects become, and what a second import creates, updates, deletes and keeps."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from exchange.folderkit import Desk, edge, entity, told, write

from bucketgraph.errors import ConfigError
from bucketgraph.graph.entity import unseal_raw
from bucketgraph.j1ql.results import Request
from bucketgraph.store.base import Tally

A, B = entity("a"), entity("b")


def test_a_folder_becomes_a_graph(desk: Desk, tmp_path: Path) -> None:
    run = desk.take(write(tmp_path / "in", [A, B], [edge("a", "USES", "b", weight=2)]))
    assert (run.status, run.report.problems) == ("COMPLETED", [])
    assert {key: (e.type, e.classes, e.name) for key, e in desk.entities().items()} == {
        "a": ("host", ("Host",), "A"),
        "b": ("host", ("Host",), "B"),
    }
    (one,) = desk.edges().values()
    assert (one.key, one.type, one.verb) == ("a|uses|b", "host_uses_host", "USES")
    assert one.properties == {"displayName": "USES", "weight": 2}


def test_properties_are_flat_and_without_nulls_and_system_fields(desk: Desk, tmp_path: Path) -> None:
    given = entity(
        "a",
        gone=None,
        nested={"x": {"y": 1, "z": None}, "empty": {}},
        **{
            "nested.x.w": True,
            "tags": ["p", None, 3, {"k": "v"}],
            "big": 2**70,
            "_rawData": [{"name": "default", "rawData": {"secret": 1}}],
            "_integrationName": "theirs",
        },
    )
    desk.take(write(tmp_path / "in", [given]))
    assert desk.entities()["a"].properties == {
        "displayName": "A",
        "nested.x.y": 1,
        "nested.x.w": True,
        "tags": ["p", 3, '{"k":"v"}'],
        "big": float(2**70),
    }


def test_raw_data_is_kept_beside_the_entity(desk: Desk, tmp_path: Path) -> None:
    raw = [{"name": "default", "rawData": {"secret": 1}}]
    desk.take(write(tmp_path / "in", [entity("a", _rawData=raw)]))
    (stored,) = _rows(desk, "SELECT raw FROM record")
    assert json.loads(unseal_raw(stored[0])) == raw


def _rows(desk: Desk, sql: str) -> list[tuple[bytes]]:
    with desk.app.store._reading() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(sql)]


def test_a_second_import_creates_updates_deletes_and_keeps(desk: Desk, tmp_path: Path) -> None:
    root = tmp_path / "in"
    desk.take(write(root, [A, B, entity("c")], [edge("a", "USES", "b"), edge("a", "USES", "c")]))
    run = desk.take(write(root, [A, entity("b", n=1), entity("d")], [edge("a", "USES", "b")]))
    assert run.status == "COMPLETED"
    assert run.report.counts.entities == {"host": Tally(created=1, updated=1, deleted=1, unchanged=1)}
    assert run.report.counts.relationships == {"host_uses_host": Tally(deleted=1, unchanged=1)}
    assert desk.entities().keys() == {"a", "b", "d"}
    told_of = [(c.kind, c.key) for c in desk.app.store.changes() if c.key == "c"]
    assert told_of == [("created", "c"), ("deleted", "c")]


def test_an_import_again_of_the_same_changes_nothing(desk: Desk, tmp_path: Path) -> None:
    root = write(tmp_path / "in", [A, B], [edge("a", "USES", "b")])
    desk.take(root)
    cursor = desk.app.store.last_publication()
    run = desk.take(root)
    assert run.report.counts.entities == {"host": Tally(unchanged=2)}
    assert desk.app.store.last_publication() == cursor


def test_a_type_that_is_gone_from_the_folder_is_deleted(desk: Desk, tmp_path: Path) -> None:
    desk.take(write(tmp_path / "in", [A, entity("p", "port", "Port")]))
    desk.take(write(tmp_path / "in", [A]))
    assert desk.entities().keys() == {"a"}


def test_types_that_are_known_in_part_are_never_deleted(desk: Desk, tmp_path: Path) -> None:
    root = tmp_path / "in"
    port = entity("p", "port", "Port")
    desk.take(write(root, [A, B, port], [edge("a", "HAS", "p", _type="host_has_port")]))
    run = desk.take(write(root, [B], partial=["host", "host_has_port"]))
    assert run.status == "COMPLETED_WITH_ERRORS"
    assert told(run) == {"partial-type": ["host", "host_has_port"]}
    assert desk.entities().keys() == {"a", "b"}
    assert desk.edges() == {}


def test_a_relationship_may_end_at_what_stayed_because_its_type_is_partial(
    desk: Desk, tmp_path: Path
) -> None:
    root = tmp_path / "in"
    desk.take(write(root, [A, entity("p", "port", "Port")]))
    run = desk.take(write(root, [A], [edge("a", "HAS", "p", _type="host_has_port")], partial=["port"]))
    assert "dangling" not in told(run)
    assert desk.edges().keys() == {"a|has|p"}


def _say_of_step(root: Path, **step: object) -> None:
    (root / "summary.json").write_text(json.dumps({"integrationStepResults": [{"id": "s", **step}]}))


@pytest.mark.parametrize(
    "status",
    [
        "failure",
        "partial_success_due_to_dependency_failure",
        "pending_evaluation",
        "disabled",
        "cached",
        "Success",
        "",
        None,
    ],
)
@pytest.mark.parametrize("field", ["declaredTypes", "encounteredTypes"])
def test_a_step_that_did_not_run_to_its_end_makes_its_types_partial(
    desk: Desk, tmp_path: Path, status: str | None, field: str
) -> None:
    port = entity("p", "port", "Port")
    root = write(tmp_path / "in", [A, B, port])
    desk.take(root)
    write(root, [A])
    said = {} if status is None else {"status": status}
    _say_of_step(root, **said, **{"declaredTypes": ["other"], field: ["host"]}, unknown={"x": 1})
    assert desk.take(root).status == "COMPLETED_WITH_ERRORS"
    assert desk.entities().keys() == {"a", "b"}


def test_a_step_that_ran_to_its_end_is_partial_only_where_it_says_so(desk: Desk, tmp_path: Path) -> None:
    root = write(tmp_path / "in", [A, B, entity("p", "port", "Port")])
    desk.take(root)
    write(root, [A])
    _say_of_step(root, status="success", declaredTypes=["host", "port"], partialTypes=["port"])
    desk.take(root)
    assert desk.entities().keys() == {"a", "p"}


@pytest.mark.parametrize("status", ["failure", "pending_evaluation"])
def test_a_step_that_failed_and_does_not_say_what_it_makes_lets_nothing_be_deleted(
    desk: Desk, tmp_path: Path, status: str
) -> None:
    root = write(tmp_path / "in", [A, B, entity("p", "port", "Port")])
    desk.take(root)
    write(root, [A])
    _say_of_step(root, status=status, partialTypes=["host"])
    run = desk.take(root)
    assert told(run) == {"partial-folder": ["summary.json"], "partial-type": ["host"]}
    assert "'s'" in run.report.problems[0].message
    assert desk.entities().keys() == {"a", "b", "p"}


def test_a_folder_without_summary_deletes_nothing(desk: Desk, tmp_path: Path) -> None:
    desk.take(write(tmp_path / "in", [A, B]))
    run = desk.take(write(tmp_path / "other", [A], summary=False))
    assert run.status == "COMPLETED_WITH_ERRORS"
    assert told(run) == {"partial-folder": ["summary.json"]}
    assert "nothing was deleted" in run.report.problems[0].message
    assert desk.entities().keys() == {"a", "b"}


def test_a_folder_without_any_entity_deletes_nothing(desk: Desk, tmp_path: Path) -> None:
    desk.take(write(tmp_path / "in", [A]))
    run = desk.take(write(tmp_path / "in", []))
    assert told(run) == {"partial-folder": ["graph"]}
    assert desk.entities().keys() == {"a"}


def test_parallel_relationships_all_survive_with_their_keys(desk: Desk, tmp_path: Path) -> None:
    edges = [edge("a", "ALLOWS", "b", _key=f"rule-{n}", _type="host_rule", port=n) for n in range(3)]
    desk.take(write(tmp_path / "in", [A, B], edges))
    assert {key: (e.type, e.properties["port"]) for key, e in desk.edges().items()} == {
        f"rule-{n}": ("host_rule", n) for n in range(3)
    }


def test_a_relationship_without_its_end_is_reported_and_left_out(desk: Desk, tmp_path: Path) -> None:
    run = desk.take(write(tmp_path / "in", [A, B], [edge("a", "USES", "b"), edge("a", "USES", "x")]))
    assert told(run) == {"dangling": ["graph/step-one/relationships/one.json relationships[1]"]}
    assert "'x'" in run.report.problems[0].message
    assert desk.edges().keys() == {"a|uses|b"}


def test_a_key_that_comes_twice_is_reported_with_both_files(desk: Desk, tmp_path: Path) -> None:
    run = desk.take(write(tmp_path / "in", [A, entity("a", n=1), B]))
    (problem,) = run.report.problems
    assert problem.code == "duplicate-key"
    assert "graph/step-one/entities/one.json entities[1]" in problem.scope
    assert "graph/step-one/entities/one.json entities[0]" in problem.message
    assert "n" not in desk.entities()["a"].properties


def test_classes_of_the_catalogue_are_followed_and_others_are_kept(desk: Desk, tmp_path: Path) -> None:
    same = entity("same", "bitbucket_repo", ["CodeRepo"])
    other = entity("other", "bitbucket_repo", ["CodeRepo", "Thing"])
    desk.take(write(tmp_path / "in", [same, other]))
    found = desk.entities()
    assert (found["same"].classes, found["same"].declared) == (("CodeRepo",), True)
    assert (found["other"].classes, found["other"].declared) == (("CodeRepo", "Thing"), False)


def test_two_imports_do_not_touch_each_other(desk: Desk, tmp_path: Path) -> None:
    desk.take(write(tmp_path / "in", [A, B]), "one")
    desk.take(write(tmp_path / "in", [A]), "two")
    found = [(e.key, e.integration_id) for e in desk.app.store.entities()]
    assert len(found) == len(set(found)) == 3


def test_the_folder_around_is_understood_too(desk: Desk, tmp_path: Path) -> None:
    write(tmp_path / "project" / ".j1-integration", [A])
    desk.take(tmp_path / "project")
    assert desk.entities().keys() == {"a"}


def test_an_import_stands_among_the_integrations_and_is_removed_like_one(desk: Desk, tmp_path: Path) -> None:
    desk.take(write(tmp_path / "in", [A]), "one", integration_type="github")
    (one,) = desk.app.registry.all()
    assert (one.imported, one.config.integration_type, one.config.source) == (
        True,
        "github",
        "integration-external",
    )
    desk.app.registry.remove("one")
    assert (desk.app.registry.all(), desk.entities()) == ([], {})


def test_an_import_is_not_collected(desk: Desk, tmp_path: Path) -> None:
    desk.take(write(tmp_path / "in", [A]), "one")
    with pytest.raises(ConfigError, match="is an import") as caught:
        desk.app.registry.find_collected("one")
    assert "bucketgraph import DIR --name one" in caught.value.hint


def test_the_type_of_an_import_stays(desk: Desk, tmp_path: Path) -> None:
    root = write(tmp_path / "in", [A])
    desk.take(root, "one", integration_type="github")
    desk.take(root, "one")
    with pytest.raises(ConfigError, match="has the type 'github', not 'aws'"):
        desk.take(root, "one", integration_type="aws")
    with pytest.raises(ConfigError, match="no integration type"):
        desk.take(root, "two", integration_type="a b")


def test_an_import_is_of_no_integration_class(desk: Desk, tmp_path: Path) -> None:
    """It may hold anything, and only what is collected is known to be version control."""
    desk.take(write(tmp_path / "in", [A]))
    ask = desk.app.store.ask
    (vertex,) = ask(Request("FIND host")).data
    assert vertex["entity"]["_integrationClass"] == []
    assert ask(Request("FIND host AS h RETURN h._integrationClass AS of")).data == [{"of": []}]
    assert ask(Request("FIND host WITH _integrationClass = 'VersionControl'")).data == []
