"""Stored parameters: what `${param.name}` stands for in every query."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, delete, insert, select

from bucketgraph.j1ql.results import Parameter
from bucketgraph.store import tables as t

_decode = msgspec.json.Decoder(str | int | float | bool | list[str | int | float | bool]).decode


def read(connection: Connection) -> dict[str, Parameter]:
    """Return all parameters by name, in the order of their names."""
    rows = connection.execute(select(t.parameter).order_by(t.parameter.c.name))
    return {row.name: _decode(row.value) for row in rows}


def write(connection: Connection, name: str, value: Parameter) -> None:
    """Store a parameter, in place of one of the same name."""
    remove(connection, name)
    connection.execute(insert(t.parameter).values(name=name, value=msgspec.json.encode(value).decode()))


def remove(connection: Connection, name: str) -> bool:
    """Forget a parameter; tell whether there was one."""
    return connection.execute(delete(t.parameter).where(t.parameter.c.name == name)).rowcount > 0
