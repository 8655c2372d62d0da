"""Answers in the shapes of the store, and somebody who gives them, for what needs no store."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bucketgraph.j1ql.known import KnownGraph
from bucketgraph.j1ql.parser import parse
from bucketgraph.j1ql.results import Answer, Request
from support.known import known_graph


def vertex(number: int, type_name: str, name: str, **properties: Any) -> dict[str, Any]:
    """Return a vertex."""
    entity = {
        "_id": f"{number:016x}",
        "_key": f"key-{number}",
        "_type": [type_name],
        "_class": ["User" if type_name == "bitbucket_user" else "CodeRepo"],
        "_version": 1,
        "_createdOn": 1_790_000_000_000,
        "displayName": name,
    }
    return {"id": entity["_id"], "entity": entity, "properties": properties}


def edge(number: int, verb: str, source: int, target: int, **properties: Any) -> dict[str, Any]:
    """Return an edge between two vertices."""
    relationship = {"_id": f"{number:016x}", "_class": verb, "_type": verb.lower(), "displayName": verb}
    ends = {"fromVertexId": f"{source:016x}", "toVertexId": f"{target:016x}"}
    return {"id": f"{number:016x}", **ends, "relationship": relationship, "properties": properties}


def listed(*vertices: dict[str, Any], **more: Any) -> Answer:
    """Return a list answer."""
    return Answer("list", list(vertices), **more)


def tabled(columns: tuple[str, ...], *rows: tuple[Any, ...], **more: Any) -> Answer:
    """Return a table answer."""
    return Answer("table", [dict(zip(columns, row, strict=True)) for row in rows], columns, **more)


def treed(vertices: list[dict[str, Any]], edges: list[dict[str, Any]]) -> Answer:
    """Return a tree answer."""
    return Answer("tree", {"vertices": vertices, "edges": edges})


@dataclass
class Explanation:
    """How a query is answered."""

    query: str

    def text(self) -> str:
        """Tell it."""
        return f"Scan of {self.query}"

    def to_dict(self) -> dict[str, Any]:
        """Return it."""
        return {"plan": self.query}


@dataclass
class Answerer:
    """Answers what can be parsed, always the same, and remembers what it was asked."""

    answer: Answer = field(default_factory=lambda: tabled(("n",), (1,)))
    asked: list[Request] = field(default_factory=list)
    graph: KnownGraph = field(default_factory=known_graph)

    def ask(self, request: Request) -> Answer:
        """Answer, unless the text is no query."""
        parse(request.text)
        self.asked.append(request)
        return self.answer

    def explain(self, request: Request) -> Explanation:
        """Explain."""
        parse(request.text)
        return Explanation(request.text)

    def check(self, request: Request) -> tuple[str, ...]:
        """Check."""
        parse(request.text)
        return ("Nothing in the graph has the class.",)

    def known(self) -> KnownGraph:
        """Return what is known."""
        return self.graph
