"""What of an answer can be drawn: the ids of its entities, or, of the past, the answer itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bucketgraph.answers.tabular import name_of, type_of
from bucketgraph.j1ql.results import Answer, private_id
from bucketgraph.web.rows import cut


def entities(answer: Answer) -> list[str]:
    """Return the ids of all entities that an answer's rows hold or speak of, each once, in the order of the rows.

    Of a table it needs the rows' metadata.
    """
    if answer.type == "tree":
        return [str(one["id"]) for one in answer.data["vertices"]]
    if answer.type == "list":
        return list(dict.fromkeys(str(one["id"]) for one in answer.data))
    found: dict[str, None] = {}
    for row in answer.data:
        cells = [*row.values(), *row.get("_meta", {}).get("byAlias", {}).values()]
        found |= {str(one["id"]): None for one in cells if isinstance(one, dict) and "entity" in one}
    return list(found)


def past(answer: Answer, most: int) -> dict[str, Any]:
    """Return the picture of a list or tree as it was at another moment: what it holds itself, and no more."""
    tree = answer.type == "tree"
    vertices = answer.data["vertices"] if tree else answer.data
    nodes = {str(one["id"]): _then(one) for one in vertices[:most]}
    edges = [
        {
            "id": str(one["id"]),
            "from": str(one["fromVertexId"]),
            "to": str(one["toVertexId"]),
            "verb": one["relationship"].get("_class", ""),
        }
        for one in (answer.data["edges"] if tree else ())
    ]
    within = [one for one in edges if one["from"] in nodes and one["to"] in nodes]
    return {"nodes": list(nodes.values()), "edges": within}


def numbers(ids: list[str]) -> list[int]:
    """Return the store's ids."""
    return [number for one in ids if (number := private_id(one)) is not None]


def _then(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": str(one["id"]),
        "key": one["entity"].get("_key", ""),
        "type": type_of(one),
        "class": one["entity"].get("_class", []),
        "label": cut(name_of(one))[0],
        "relationships": [],
    }
