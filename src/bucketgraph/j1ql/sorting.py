"""Another order for the whole answer of a query: its text with another ORDER BY, as if a person had written it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from bucketgraph.j1ql.printer import to_text
from bucketgraph.j1ql.syntax import Literal, OrderKey, Path, Query, ReturnItem, Tree, walk

_OF_LISTS: Final[Mapping[str, str]] = {"name": "displayName", "type": "_type", "key": "_key"}
"""What columns of a list are called that show metadata."""


def sortable(query: Query, columns: tuple[str, ...]) -> frozenset[str]:
    """Return the columns by which the answer can be sorted without becoming another one.

    None where SKIP or LIMIT choose rows by the order, and of a tree. `columns` are those that the answer shows.
    """
    if query.skip is not None or query.limit is not None or isinstance(query.returns, Tree):
        return frozenset()
    if query.returns is None:
        return frozenset(columns)
    named = [one.name for one in query.returns if not _is_star(one)]
    return frozenset(name for name in named if named.count(name) == 1)


def sorted_by(query: Query, column: str, *, descending: bool = False) -> str:
    """Return the text of the query sorted by one of its sortable columns."""
    if isinstance(query.returns, tuple):
        key = OrderKey(Literal(column), descending)
        return to_text(replace(query, order=(key,)))
    start, alias = query.start, _name_of(query)
    if alias is None:
        alias = _free_name(query)
        start = replace(start, alias=alias)
    key = OrderKey(Path((alias, *_OF_LISTS.get(column, column).split("."))), descending)
    return to_text(replace(query, start=start, order=(key,)))


def _name_of(query: Query) -> str | None:
    """Return the name that what is found has already; another one would take it away from the rest of the query."""
    start = query.start
    if start.alias is not None:
        return start.alias
    plain = len(start.members) == 1 and start.members[0].kind in {"class", "type"}
    name = start.members[0].name if plain else None
    return None if name in _aliases(query) else name


def _is_star(item: ReturnItem) -> bool:
    return isinstance(item.expression, Path) and item.expression.star


def _free_name(query: Query) -> str:
    taken, name = _aliases(query), "found"
    while name in taken:
        name += "_"
    return name


def _aliases(query: Query) -> frozenset[str]:
    named = (getattr(one, "alias", None) for one in walk(query))
    return frozenset(one for one in named if one is not None)
