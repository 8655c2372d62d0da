"""Vertices, edges and star cells look as JupiterOne's clients expect them."""

from __future__ import annotations

from bucketgraph.j1ql import shapes
from bucketgraph.j1ql.shapes import End, Life, Origin

ORIGIN = Origin("integration-managed", "bitbucket", "main", ("VersionControl",), "i-1")
ALIVE = Life(2, 10, 20)
REPO = shapes.entity_metadata(26, "key:1", "bitbucket_repo", ["CodeRepo"], origin=ORIGIN, life=ALIVE)
SAID = {"name": "pay", "displayName": "Pay", "tag.Production": True}


def link(**properties: object) -> dict[str, object]:
    ends = (End("w", "bitbucket_workspace"), End("r", "bitbucket_repo"))
    metadata = shapes.edge_metadata(7, "OWNS", *ends, life=Life(1, 10, 10, 30), properties=properties)  # type: ignore[arg-type]
    return shapes.edge(metadata, properties, from_id=1, to_id=26)  # type: ignore[arg-type]


def test_a_vertex_keeps_metadata_and_display_name_apart_from_the_properties() -> None:
    assert shapes.vertex(REPO, SAID) == {
        "id": "000000000000001a",
        "entity": {
            "_id": "000000000000001a",
            "_key": "key:1",
            "_type": ["bitbucket_repo"],
            "_class": ["CodeRepo"],
            "_source": "integration-managed",
            "_integrationType": "bitbucket",
            "_integrationName": "main",
            "_integrationClass": ["VersionControl"],
            "_integrationInstanceId": "i-1",
            "_version": 2,
            "_createdOn": 10,
            "_beginOn": 20,
            "_deleted": False,
            "displayName": "Pay",
        },
        "properties": {"name": "pay", "tag.Production": True},
    }


def test_a_vertex_without_display_name_has_none() -> None:
    assert "displayName" not in shapes.vertex(REPO, {"name": "x"})["entity"]


def test_an_edge_tells_its_ends_and_derives_what_it_does_not_bring() -> None:
    assert link(since=5) == {
        "id": "0000000000000007",
        "fromVertexId": "0000000000000001",
        "toVertexId": "000000000000001a",
        "relationship": {
            "_id": "0000000000000007",
            "_key": "w|owns|r",
            "_type": "bitbucket_workspace_owns_repo",
            "_class": "OWNS",
            "_fromEntityKey": "w",
            "_toEntityKey": "r",
            "displayName": "OWNS",
            "_version": 1,
            "_createdOn": 10,
            "_beginOn": 10,
            "_deleted": True,
            "_endOn": 30,
        },
        "properties": {"since": 5},
    }


def test_an_edge_may_bring_its_key_type_and_display_name() -> None:
    found = link(_key="own", _type="own_type", displayName="owns it")
    head = found["relationship"]
    assert isinstance(head, dict)
    assert (head["_key"], head["_type"], head["displayName"]) == ("own", "own_type", "owns it")
    assert found["properties"] == {}


def test_star_cells_are_the_metadata_and_then_the_properties_by_name() -> None:
    cells = shapes.star("repo", REPO, SAID)
    assert cells["repo._type"] == "bitbucket_repo"
    assert [*cells][:3] == ["repo._id", "repo._key", "repo._type"]
    assert [*cells][-3:] == ["repo.displayName", "repo.name", "repo.tag.Production"]
    assert shapes.vertex(REPO, SAID)["entity"]["_type"] == ["bitbucket_repo"]
