"""What is asked and what is answered, in the shapes that JupiterOne's clients know.

A vertex is `{"id", "entity": {…metadata, displayName}, "properties": {…}}`; an edge has `relationship` in
place of `entity`, and `fromVertexId` and `toVertexId`. Ids are strings of 16 hexadecimal digits, so that they
sort as texts as they do as numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from bucketgraph.graph.values import Scalar

PAGE_ROWS = 250
"""Rows of a page, as at JupiterOne."""

Parameter: TypeAlias = Scalar | list[Scalar]


@dataclass(frozen=True, slots=True)
class Request:
    """One question.

    `variables` fill `${name}`, `parameters` fill `${param.name}`. `now` fixes `date.now` (epoch ms; None: the
    time of asking). `as_of` asks the graph as it was at a moment (epoch ms). `limit` cuts the rows of the whole
    answer beside the query's own LIMIT; `page` is how many rows one answer may hold (None: all of them), and
    `cursor` is what the page before gave.
    """

    text: str
    variables: Mapping[str, Parameter] = field(default_factory=dict)
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    now: int | None = None
    include_deleted: bool = False
    as_of: int | None = None
    limit: int | None = None
    page: int | None = PAGE_ROWS
    cursor: str | None = None
    row_metadata: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """One page of an answer.

    `data` is a list of vertices, a list of rows (column name → cell), or `{"vertices", "edges"}`. `columns` are
    the names of a table's columns in their order. `cursor` asks for the next page; None: this is the last.
    `total` counts the rows of all pages, None where it was not counted. `messages` are warnings for a person.
    """

    type: Literal["list", "table", "tree"]
    data: Any
    columns: tuple[str, ...] = ()
    cursor: str | None = None
    total: int | None = None
    messages: tuple[str, ...] = ()

    def envelope(self) -> dict[str, Any]:
        """Return the answer as clients get it; `url` is where a deferred answer would stand."""
        return {
            "type": self.type,
            "data": self.data,
            "cursor": self.cursor,
            "totalCount": self.total,
            "url": None,
            "messages": list(self.messages),
        }


def public_id(number: int) -> str:
    """Write an id of the store as the world sees it."""
    return f"{number:016x}"


def private_id(text: str) -> int | None:
    """Read an id as the world sees it; None when it can be none of ours."""
    try:
        number = int(text, 16)
    except ValueError:
        return None
    return number if public_id(number) == text else None
