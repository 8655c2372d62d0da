"""RETURN, HAVING, ORDER BY, SKIP and LIMIT of generated questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from j1ql.question_conditions import EDGE_NAMES, ENTITY_NAMES, Choose, ThingName, literal, property_path

_AGGREGATES: Final = ("COUNT", "COUNT", "MIN", "MAX", "AVG", "SUM")
_ORDERS: Final = ("", "", " ASC", " DESC", " desc")


@dataclass(frozen=True)
class _Column:
    """What a column is made of, and how the rest of the question can name it."""

    text: str
    name: str


def output(choose: Choose, things: Sequence[ThingName]) -> str:
    """Write everything behind WHERE. With nothing to name there is only a list or a tree."""
    how = choose.number(0, 9) if things else choose.number(0, 2)
    if how < 2:
        return _ordered(choose, [_sortable(choose, things) for _ in range(2)] if things else [])
    if how == 2:
        return " RETURN TREE" + _cut(choose)
    if how < 7:
        return _rows(choose, things)
    return _groups(choose, things)


def _rows(choose: Choose, things: Sequence[ThingName]) -> str:
    columns = [_column(choose, _value(choose, things), index) for index in range(choose.number(1, 3))]
    stars = [f"{choose.one(things)[0]}.*"] if choose.chance(6) else []
    text = f" RETURN {', '.join([*(one.text for one in columns), *stars])}"
    if choose.chance(8) and columns[0].name:
        text += f" HAVING {_having(choose, columns[0].name)}"
    keys = [one.name for one in columns if one.name] + [_sortable(choose, things)]
    return text + _ordered(choose, keys)


def _groups(choose: Choose, things: Sequence[ThingName]) -> str:
    keys = [_column(choose, _key(choose, things), index) for index in range(choose.number(0, 2))]
    folded = [_column(choose, _aggregate(choose, things), index + 5) for index in range(choose.number(1, 2))]
    columns = [*folded, *keys] if choose.chance(3) else [*keys, *folded]
    text = f" RETURN {', '.join(one.text for one in columns)}"
    names = [one.name for one in columns if one.name]
    if names and choose.chance(3):
        text += f" HAVING {_having(choose, choose.one(names))}"
    return text + _ordered(choose, names)


def _column(choose: Choose, value: str, index: int) -> _Column:
    if choose.chance(2):
        alias = choose.one(["n", "total", '"two words"', "x"]) if not choose.chance(3) else "n"
        alias = f"{alias}{index}" if alias[0] != '"' else f'"two words {index}"'
        return _Column(f"{value} AS {alias}", alias)
    plain = value.replace(".", "").replace("_", "").isalnum() and "." in value
    return _Column(value, value if plain else "")


def _property_of(choose: Choose, thing: ThingName, *wanted: str) -> str:
    name, kind, sample = thing
    there = [one for one in wanted if one in sample]
    names = there or (
        sorted(sample) if choose.chance(2) and sample else ENTITY_NAMES if kind == "entity" else EDGE_NAMES
    )
    return property_path(name, choose.one(names))


def _value(choose: Choose, things: Sequence[ThingName]) -> str:
    thing = choose.one(things)
    how = choose.number(0, 11)
    if how < 6:
        return _property_of(choose, thing)
    if how == 6:
        return thing[0]
    if how < 9:
        return _arithmetic(choose, things)
    return _function(choose, things)


def _number(choose: Choose, things: Sequence[ThingName]) -> str:
    if choose.chance(4):
        return literal(choose, choose.one([0, 1, 2, 3, -2, 0.5]))
    return _property_of(choose, choose.one(things), "size", "score", "weight", "createdOn", "_version")


def _arithmetic(choose: Choose, things: Sequence[ThingName]) -> str:
    one, other, third = (_number(choose, things) for _ in range(3))
    sign, second = choose.one("+-*/"), choose.one("+-*/")
    shapes = [f"{one} {sign} {other}", f"({one} {sign} {other}) {second} {third}", f"-{one}", f"{one} ^ 2"]
    date = _property_of(choose, choose.one(things), "createdOn", "_beginOn")
    moved = f"{date} {choose.one('+-')} {choose.one(['1 day', '2 months', '1 year', '36 hours'])}"
    return choose.one([*shapes, moved])


def _function(choose: Choose, things: Sequence[ThingName]) -> str:
    name = choose.one(["CONCAT", "MERGE", "COALESCE", "ABS", "SQRT", "CEIL", "FLOOR", "ROUND"])
    if name in {"ABS", "SQRT", "CEIL", "FLOOR", "ROUND"}:
        return f"{name}({_number(choose, things) if choose.chance(2) else _arithmetic(choose, things)})"
    args = [_property_of(choose, choose.one(things)) for _ in range(choose.number(1, 2))]
    args += [literal(choose, choose.one(["-", "none", 1, 2.5, True]))] if choose.chance(2) else []
    return f"{name}({', '.join(args)})"


def _key(choose: Choose, things: Sequence[ThingName]) -> str:
    thing = choose.one(things)
    return thing[0] if choose.chance(5) else _property_of(choose, thing)


def _aggregate(choose: Choose, things: Sequence[ThingName]) -> str:
    name, thing = choose.one(_AGGREGATES), choose.one(things)
    if name == "COUNT":
        argument = thing[0] if choose.chance(2) else _property_of(choose, thing)
    else:
        argument = _number(choose, things) if choose.chance(2) else _arithmetic(choose, things)
    text = f"{choose.one([name, name.lower()])}({argument})"
    wraps = [f"{text} * 2", f"ROUND({text})", f"COALESCE({text}, 0)", f"CONCAT({text}, ' of')"]
    return choose.one(wraps) if choose.chance(5) else text


def _having(choose: Choose, name: str) -> str:
    """Write a condition on a column."""
    value = literal(choose, choose.one([0, 1, 2, "bob", True]))
    one = f"{name} {choose.one(['>', '<', '>=', '!=', '='])} {value}"
    return choose.one([one, f"{name} != undefined", f"({one} OR {name} = undefined)"])


def _sortable(choose: Choose, things: Sequence[ThingName]) -> str:
    return _property_of(choose, choose.one(things))


def _ordered(choose: Choose, keys: Sequence[str]) -> str:
    text = ""
    if keys and choose.chance(2):
        chosen = [choose.one(keys) for _ in range(choose.number(1, 2))]
        text = f" ORDER BY {', '.join(key + choose.one(_ORDERS) for key in chosen)}"
    return text + _cut(choose)


def _cut(choose: Choose) -> str:
    skip = f" SKIP {choose.number(0, 3)}" if choose.chance(6) else ""
    return skip + (f" LIMIT {choose.number(1, 5)}" if choose.chance(5) else "")
