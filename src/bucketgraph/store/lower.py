"""Property access in SQL: the one place that knows how a property is read from a row."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Table, exists, func, or_, select
from sqlalchemy import column as sql_column

from bucketgraph.graph.schema import Catalogue
from bucketgraph.graph.values import Scalar
from bucketgraph.store.sqlite import hot_column


def property_value(table: Table, name: str, catalogue: Catalogue) -> ColumnElement[Any]:
    """Return the SQL value of a property: its generated column where it has one, else read from the JSON.

    A name is one flat key even when it holds dots (`tag.AccountName`).
    """
    if any(name == indexed for _, indexed in catalogue.indexed()):
        return sql_column(hot_column(name), _selectable=table)
    return json_property(table, name)


def json_property(table: Table, name: str) -> ColumnElement[Any]:
    """Return the SQL value of a property read from the JSON, for tables without generated columns."""
    return func.json_extract(table.c.props, _path(name))


def property_equals(table: Table, name: str, value: Scalar, catalogue: Catalogue) -> ColumnElement[bool]:
    """Compare a property with a value; on a list, any element may be equal. No coercion between types."""
    kind = func.json_type(table.c.props, _path(name))
    if isinstance(value, bool):
        return kind == ("true" if value else "false")
    same = property_value(table, name, catalogue) == value
    if not isinstance(value, str):
        return same & kind.in_(("integer", "real"))
    elements = func.json_each(table.c.props, _path(name)).table_valued("value", name="element")
    listed = exists(select(elements.c.value).where(elements.c.value == value))
    return or_(same, (kind == "array") & listed)


def _path(name: str) -> str:
    escaped = name.replace('"', '\\"')
    return f'$."{escaped}"'
