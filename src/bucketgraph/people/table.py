"""What a file of people is before anybody knows what its columns mean: headings and numbered rows of texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

MOST_BYTES: Final = 50_000_000
_CONTROL: Final = dict.fromkeys((*range(32), *range(127, 160)), " ")


@dataclass(frozen=True, slots=True)
class Unusable:
    """A cell that cannot be a property's value, such as an object inside JSON."""

    what: str


Cell: TypeAlias = str | tuple[str, ...] | Unusable
"""A text without blanks around it (empty: nothing is said), or a list of texts."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row with its number as the reader's program shows it; `broken` says why it cannot be used as it stands.

    `cells` holds what is said, by heading.
    """

    number: int
    cells: Mapping[str, Cell]
    broken: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """What was read of a file, rows without any content left out. `warnings` are for whoever gave the file."""

    headings: tuple[str, ...]
    rows: tuple[Row, ...]
    warnings: tuple[str, ...] = ()


def text_of(value: object) -> str:
    """Write a plain value as one line of text: 1001.0 of a spreadsheet is 1001."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return " ".join(str(value).translate(_CONTROL).split())


def unique_headings(texts: Sequence[str]) -> tuple[str, ...]:
    """Return headings that can be told apart: a repeated one gets its number, a missing one its column's."""
    found: dict[str, None] = {}
    for number, text in enumerate(texts, start=1):
        heading, times = text or f"column {number}", 1
        while heading in found:
            times += 1
            heading = f"{text or f'column {number}'} ({times})"
        found[heading] = None
    return tuple(found)
