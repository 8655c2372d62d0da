"""The functions and aggregates: one row each, read by the parser, the back ends, completion and the docs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Function:
    """One function: its name, how many arguments it takes (`most` None: any number), and what it gives.

    An aggregate folds the rows of a group into one value; the others work on one row.
    """

    name: str
    least: int
    most: int | None
    aggregate: bool
    meaning: str

    def takes(self, count: int) -> bool:
        """Tell whether it can be called with that many arguments."""
        return count >= self.least and (self.most is None or count <= self.most)

    def arity(self) -> str:
        """Say in words how many arguments it takes."""
        if self.most is None:
            return f"at least {_arguments(self.least)}"
        return _arguments(self.least)


def _arguments(count: int) -> str:
    return "1 argument" if count == 1 else f"{count} arguments"


def _aggregate(name: str, meaning: str) -> Function:
    return Function(name, 1, 1, aggregate=True, meaning=meaning)


def _number(name: str, meaning: str) -> Function:
    return Function(name, 1, 1, aggregate=False, meaning=meaning)


def _variadic(name: str, meaning: str) -> Function:
    return Function(name, 1, None, aggregate=False, meaning=meaning)


ROWS: Final = (
    _aggregate("COUNT", "how many different entities or values there are"),
    _aggregate("MIN", "the least number, over the different entities"),
    _aggregate("MAX", "the greatest number, over the different entities"),
    _aggregate("AVG", "the mean of the numbers, each entity counted once"),
    _aggregate("SUM", "the sum of the numbers, each entity counted once"),
    _variadic("CONCAT", "the arguments joined to one text; a missing one adds nothing"),
    _variadic("MERGE", "one list of all present values, each once, in the order of first sight"),
    _variadic("COALESCE", "the first argument that is present"),
    _number("ABS", "the number without its sign"),
    _number("SQRT", "the square root"),
    _number("CEIL", "the next whole number upwards"),
    _number("FLOOR", "the next whole number downwards"),
    _number("ROUND", "the nearest whole number"),
)

FUNCTIONS: Final[Mapping[str, Function]] = MappingProxyType({row.name: row for row in ROWS})
