"""What the case files say of asking: the plan, the statement and the answer of a query on the graph of `casegraph`.

Answers are written to be read: a line an entity (its key and the properties that the query names), a line a
row, a line a relationship; whole entities in cells by their keys. `answer` shows one as clients get it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from j1ql.casegraph import NOW, at, case_store

from bucketgraph.graph.values import encode_json
from bucketgraph.j1ql.parser import parse
from bucketgraph.j1ql.results import Answer, Request
from bucketgraph.j1ql.syntax import Path, walk

_SHOWN = 20


def request_of(text: str, options: Iterable[str]) -> Request:
    """Return the request of a query with the options of its case, such as `as-of 2026-09-01`."""
    request = Request(text, now=NOW, page=None)
    for option in options:
        word, _, value = option.partition(" ")
        request = replace(request, **_OPTIONS[word](request, value))
    return request


def _given(given: Mapping[str, Any], value: str) -> dict[str, Any]:
    name, _, content = value.partition("=")
    return {**given, name: json.loads(content)}


_OPTIONS: Final[dict[str, Callable[[Request, str], dict[str, Any]]]] = {
    "now": lambda _, value: {"now": at(value)},
    "as-of": lambda _, value: {"as_of": at(value)},
    "deleted": lambda _, __: {"include_deleted": True},
    "var": lambda one, value: {"variables": _given(one.variables, value)},
    "param": lambda one, value: {"parameters": _given(one.parameters, value)},
}


def plan_text(request: Request) -> str:
    """Tell how the query is answered."""
    return "\n".join(case_store().explain(request).steps)


def sql_text(request: Request) -> str:
    """Return the statement, and the values for its question marks."""
    told = case_store().explain(request)
    values = [f"values: {', '.join(map(encode_json, told.values))}"] if told.values else []
    return "\n".join([*(line.rstrip() for line in told.sql.splitlines()), *values])


def answer_text(request: Request) -> str:
    """Return the answer as clients get it."""
    return json.dumps(case_store().ask(request).envelope(), indent=1, ensure_ascii=False)


def messages_text(request: Request) -> str:
    """Return the warnings."""
    return "\n".join(case_store().check(request))


def rows_text(request: Request) -> str:
    """Return the answer in short."""
    answer = case_store().ask(request)
    if answer.type == "table":
        lines = [json.dumps(_row(answer, one), ensure_ascii=False) for one in answer.data]
        return _counted(lines, "row", "rows")
    if answer.type == "list":
        lines = list(_vertices(request, answer.data))
        return _counted(lines, "entity", "entities")
    vertices = _counted(list(_vertices(request, answer.data["vertices"])), "vertex", "vertices")
    edges = _counted(list(_edges(answer)), "edge", "edges")
    return f"{vertices}\n{edges}"


def _counted(lines: Sequence[str], one: str, many: str) -> str:
    count = f"({len(lines)} {one if len(lines) == 1 else many})"
    return "\n".join([*lines[:_SHOWN], *(["…"] if len(lines) > _SHOWN else []), count])


def _row(answer: Answer, row: Mapping[str, Any]) -> dict[str, Any]:
    assert set(row) <= set(answer.columns)
    return {name: _cell(row[name]) for name in answer.columns if name in row}


def _cell(value: Any) -> Any:
    """Write a whole entity or relationship by its key."""
    if isinstance(value, dict):
        return f"<{value.get('entity', value.get('relationship'))['_key']}>"
    return value


def _vertices(request: Request, vertices: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    flat = [{**one["entity"], **one["properties"]} for one in vertices]
    named = [name for name in _named(request.text) if any(name in one for one in flat)]
    for one in flat:
        shown = {name: one.get(name) for name in named}
        yield f"{one['_key']} {encode_json(shown) if shown else ''}".rstrip()


def _named(text: str) -> list[str]:
    """Return the names that can be properties in a query, in its order."""
    paths = [one.segments for one in walk(parse(text)) if isinstance(one, Path)]
    names = [name for segments in paths for name in (".".join(segments), ".".join(segments[1:]))]
    return list(dict.fromkeys(name for name in names if name and name != "_key"))


def _edges(answer: Answer) -> Iterator[str]:
    keys = {one["id"]: one["entity"]["_key"] for one in answer.data["vertices"]}
    for one in answer.data["edges"]:
        verb = one["relationship"]["_class"]
        yield f"{keys[one['fromVertexId']]} {verb} {keys[one['toVertexId']]}"
