"""Property access in SQL: the one place that knows how a property is read from a row."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import ColumnElement, Table, exists, false, func, or_, select
from sqlalchemy import column as sql_column

from bucketgraph.graph.schema import Catalogue
from bucketgraph.graph.values import Scalar
from bucketgraph.store.sqlite import hot_column

_PLAIN = re.compile(r"[^\x00-\x1f\x7f\"\\]+")
_MIN_INT, _MAX_INT = -(2**63), 2**63 - 1


def property_value(table: Table, name: str, catalogue: Catalogue) -> ColumnElement[Any]:
    """Return the SQL value of a property: its generated column where it has one, else read from the JSON.

    A name is one flat key even when it holds dots (`tag.AccountName`).
    """
    if any(name == indexed for _, indexed in catalogue.indexed()):
        return sql_column(hot_column(name), _selectable=table)
    return json_property(table, name)


def json_property(table: Table, name: str) -> ColumnElement[Any]:
    """Return the SQL value of a property read from the JSON, for tables without generated columns."""
    if not _addressable(name):
        each = func.json_each(table.c.props).table_valued("key", "value", name="property")
        return select(each.c.value).where(each.c.key == name).limit(1).scalar_subquery()
    return func.json_extract(table.c.props, _path(name))


def property_equals(table: Table, name: str, value: Scalar, catalogue: Catalogue) -> ColumnElement[bool]:
    """Compare a property with a value; on a list, any element may be equal. No coercion between types."""
    if not isinstance(value, str) and not _MIN_INT <= value <= _MAX_INT:
        return false()  # SQLite holds no such integer, and no such number was ever stored
    if not _addressable(name):
        each = func.json_each(table.c.props).table_valued("key", "value", "type", name="property")
        fits = _fits(each.c.type, each.c.value, each.c.value, value, maybe_list=True)
        return exists(select(each.c.key).where(each.c.key == name, fits))
    kinds = {p.kind for e in catalogue.entities.values() for p in e.properties if p.name == name}
    return _fits(
        func.json_type(table.c.props, _path(name)),
        property_value(table, name, catalogue),
        func.json_extract(table.c.props, _path(name)),
        value,
        maybe_list=not kinds or "list" in kinds,
    )


def _fits(
    kind: ColumnElement[Any],
    content: ColumnElement[Any],
    listing: ColumnElement[Any],
    value: Scalar,
    *,
    maybe_list: bool,
) -> ColumnElement[bool]:
    """Compare JSON of a kind; the bare comparison comes first, so that an index on the content is used."""
    if isinstance(value, bool):
        return (content == int(value)) & (kind == ("true" if value else "false"))
    if not isinstance(value, str):
        return (content == value) & kind.in_(("integer", "real"))
    same = (content == value) & (kind == "text")
    if not maybe_list:
        return same
    elements = func.json_each(listing).table_valued("value", name="element")
    return or_(same, (kind == "array") & exists(select(elements.c.value).where(elements.c.value == value)))


def _addressable(name: str) -> bool:
    """Say whether a JSON path can name a property on every SQLite: old ones know no escapes in a path."""
    return bool(_PLAIN.fullmatch(name))


def json_path(name: str) -> str | None:
    """Return the JSON path of a property; None for a name that no path can hold on every SQLite."""
    return _path(name) if _addressable(name) else None


def _path(name: str) -> str:
    return f'$."{name}"'
