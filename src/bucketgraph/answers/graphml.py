"""Answers as GraphML 1.0, which Gephi, yEd and networkx read. Keys are typed; lists become JSON texts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from xml.etree import ElementTree as ET

import msgspec

from bucketgraph.errors import ConfigError
from bucketgraph.j1ql.results import Answer

_NAMESPACE: Final = "http://graphml.graphdrawing.org/xmlns"
_INSTANCE: Final = "http://www.w3.org/2001/XMLSchema-instance"
_SCHEMA: Final = f"{_NAMESPACE} {_NAMESPACE}/1.0/graphml.xsd"
_LONG: Final = range(-(2**63), 2**63)
_FORBIDDEN: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def graphml(answer: Answer) -> str:
    """Return the document; raises ConfigError for a table, which is no graph."""
    if answer.type == "table":
        raise ConfigError(
            "A table is no graph.", hint="Ask with RETURN TREE, or without RETURN, for --format graphml."
        )
    data = answer.data if answer.type == "tree" else {"vertices": answer.data, "edges": []}
    nodes = {str(one["id"]): _facts(one, "entity") for one in data["vertices"]}
    edges = [(one, _facts(one, "relationship")) for one in data["edges"]]
    root = ET.Element("graphml", {"xmlns": _NAMESPACE, "xmlns:xsi": _INSTANCE, "xsi:schemaLocation": _SCHEMA})
    node_keys = _declare(root, "node", "n", nodes.values())
    edge_keys = _declare(root, "edge", "e", (facts for _, facts in edges))
    graph = ET.SubElement(root, "graph", {"id": "G", "edgedefault": "directed"})
    for identity, facts in nodes.items():
        _write(ET.SubElement(graph, "node", {"id": identity}), facts, node_keys)
    for edge, facts in edges:
        ends = {"source": str(edge["fromVertexId"]), "target": str(edge["toVertexId"])}
        _write(ET.SubElement(graph, "edge", {"id": str(edge["id"]), **ends}), facts, edge_keys)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=False).join(
        ('<?xml version="1.0" encoding="UTF-8"?>\n', "\n")
    )


def _facts(thing: Mapping[str, Any], metadata: str) -> dict[str, Any]:
    """Return all that is known of a vertex or edge as one flat mapping, the metadata first."""
    facts = dict(thing[metadata])
    if isinstance(facts.get("_type"), list) and len(facts["_type"]) == 1:
        facts["_type"] = facts["_type"][0]
    return {name: value for name, value in (facts | thing["properties"]).items() if value is not None}


def _declare(
    root: ET.Element, of: str, prefix: str, things: Iterable[Mapping[str, Any]]
) -> dict[str, tuple[str, str]]:
    """Declare a key for every property and return (id, type) by its name."""
    values: dict[str, list[Any]] = {}
    for facts in things:
        for name, value in facts.items():
            values.setdefault(name, []).append(value)
    keys: dict[str, tuple[str, str]] = {}
    for number, (name, seen) in enumerate(sorted(values.items())):
        keys[name] = (f"{prefix}{number}", _type_of(seen))
        identity, kind = keys[name]
        attributes = {"id": identity, "for": of, "attr.name": _clean(name), "attr.type": kind}
        ET.SubElement(root, "key", attributes)
    return keys


def _type_of(values: list[Any]) -> str:
    if all(isinstance(value, bool) for value in values):
        return "boolean"
    if any(isinstance(value, bool) or not isinstance(value, int | float) for value in values):
        return "string"
    return "long" if all(isinstance(v, int) and v in _LONG for v in values) else "double"


def _write(element: ET.Element, facts: Mapping[str, Any], keys: Mapping[str, tuple[str, str]]) -> None:
    for name, value in facts.items():
        identity, _ = keys[name]
        text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        ET.SubElement(element, "data", {"key": identity}).text = _clean(text)


def _clean(text: str) -> str:
    """Replace the characters that no XML document may hold."""
    return _FORBIDDEN.sub("\ufffd", text)
