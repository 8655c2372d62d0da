"""People in a JSON file: a list of objects, or an object whose `people` is one."""

from __future__ import annotations

from typing import Any

import msgspec

from bucketgraph.errors import ConfigError
from bucketgraph.people.csv_file import decoded
from bucketgraph.people.table import Cell, Row, Table, Unusable, text_of

_HINT = 'Write [{"firstName": "Ada", …}, …], or {"people": [{…}, …]}.'


def read(data: bytes, name: str) -> Table:
    """Read a JSON file; rows are counted from 1. Raises ConfigError for one that is none."""
    text, warnings = decoded(data, name)
    try:
        found = msgspec.json.decode(text.lstrip("\ufeff"))
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ConfigError(
            f"{name} is no JSON ({error}); nothing was changed.",
            hint="Save it again; a file that was cut off while it was written ends like this.",
        ) from None
    people = found.get("people") if isinstance(found, dict) else found
    if not isinstance(people, list):
        raise ConfigError(f"{name} holds no list of people.", hint=_HINT)
    rows = tuple(_row(number, one) for number, one in enumerate(people, start=1))
    headings = dict.fromkeys(heading for row in rows for heading in row.cells)
    return Table(
        tuple(headings), tuple(row for row in rows if row.broken or any(row.cells.values())), warnings
    )


def _row(number: int, given: Any) -> Row:
    if not isinstance(given, dict):
        return Row(number, {}, "it is no object")
    return Row(number, {text_of(heading): _cell(value) for heading, value in given.items()})


def _cell(value: Any) -> Cell:
    if isinstance(value, dict):
        return Unusable("an object")
    if isinstance(value, list):
        if any(isinstance(one, dict | list) for one in value):
            return Unusable("a list of objects")
        return tuple(text for one in value if (text := text_of(one)))
    return text_of(value)
