"""Conditions and values of generated questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, TypeVar

from hypothesis import strategies as st
from j1ql.graphs import DAY, EDGE_PROPERTIES, ENTITY_PROPERTIES, FIRST_MOMENT, TEXTS

from bucketgraph.graph.values import Properties, Value
from bucketgraph.j1ql.printer import to_text
from bucketgraph.j1ql.syntax import Literal, Path

T = TypeVar("T")

VARIABLES: Final = {"who": "bob", "many": ["alice", "bob", 3], "few": 2, "sure": True}
"""What the questions' `${name}` stand for; a request must bring them."""

ThingName: TypeAlias = tuple[str, str, Properties]
"""The name of something in the question (empty in WITH), `entity` or `edge`, and a thing like it."""

_METADATA: Final = ("_type", "_key", "_class", "_createdOn", "_beginOn", "_version", "_deleted", "_endOn")
ENTITY_NAMES: Final = (*ENTITY_PROPERTIES, *_METADATA, "nowhere")
EDGE_NAMES: Final = (*EDGE_PROPERTIES, *_METADATA, "displayName", "_fromEntityKey", "_toEntityKey", "nowhere")
_EQUAL: Final = ("=", "!=")
_ORDER: Final = (">", "<", ">=", "<=")
_TEXT: Final = ("~=", "^=", "$=", "!~=", "!^=", "!$=")
_REGEXES: Final = ("/b/", "/^b/i", "/API/i", "/o.$/", "/^$/", "/[0-9]/", "/(alice|bob)/", "/ß|日/")
_DATES: Final = (
    "date.now",
    "date.now - 1 day",
    "date.now - 2 days",
    "date.now - 1 month",
    "date.now + 36 hours",
)


@dataclass(frozen=True)
class Choose:
    """Short words for drawing."""

    draw: st.DrawFn

    def one(self, items: Sequence[T]) -> T:
        """Draw one of several."""
        return self.draw(st.sampled_from(items))

    def number(self, least: int, most: int) -> int:
        """Draw a whole number, ends included."""
        return self.draw(st.integers(least, most))

    def chance(self, one_in: int) -> bool:
        """Be true once in so many times."""
        return self.draw(st.integers(1, one_in)) == one_in


def property_path(name: str, prop: str) -> str:
    """Write a property, bare or of something named."""
    keys = (prop,) if "-" in prop else tuple(prop.split("."))
    return to_text(Path((name, *keys) if name else keys))


def condition(choose: Choose, things: Sequence[ThingName], depth: int = 0) -> str:
    """Write a condition; without a name it stands in WITH, where nothing is compared to another property."""
    how = choose.number(0, 9) if depth < 2 else 0
    if how < 6:
        return _comparison(choose, things)
    parts = [condition(choose, things, depth + 1) for _ in range(choose.number(2, 3))]
    if how == 9:
        return f"{choose.one(['NOT ', '!'])}({parts[0]})"
    joint = choose.one([" OR ", " OR ", " AND "])
    return f"({joint.join(parts)})"


def _comparison(choose: Choose, things: Sequence[ThingName]) -> str:
    name, kind, sample = choose.one(things)
    if name and choose.chance(5):
        return _between(choose, (name, kind, sample), choose.one(things))
    prop = _property(choose, kind, sample)
    left, like = property_path(name, prop), sample.get(prop)
    how = choose.number(0, 15)
    if how == 0:
        return f"{left} {choose.one(_EQUAL)} undefined"
    if how == 1:
        return f"{left} {choose.one([*_EQUAL, '~=', '!~='])} {choose.one(_REGEXES)}"
    if how in {2, 3}:
        return _listed(choose, left, like)
    if how == 4 or (isinstance(like, int) and like >= FIRST_MOMENT - 9 * DAY):
        operator, date = (
            choose.one([*_ORDER, *_EQUAL]),
            choose.one([*_DATES, f"{FIRST_MOMENT}", "date(2026-09-21)"]),
        )
        return f"{left} {operator} {date}" if choose.chance(2) else f"{date} {operator} {left}"
    return _plain(choose, left, like)


def _between(choose: Choose, one: ThingName, other: ThingName) -> str:
    """Compare two properties, or two things."""
    operator = choose.one([*_EQUAL, *_EQUAL, *_ORDER, "~=", "!~=", "^=", "$="])
    if choose.chance(6):
        return f"{one[0]} {choose.one(_EQUAL)} {other[0]}"
    prop = _property(choose, one[1], one[2])
    same = prop if choose.chance(2) else _property(choose, other[1], other[2])
    return f"{property_path(one[0], prop)} {operator} {property_path(other[0], same)}"


def _property(choose: Choose, kind: str, sample: Properties) -> str:
    names = ENTITY_NAMES if kind == "entity" else EDGE_NAMES
    return choose.one(sorted(sample)) if sample and not choose.chance(6) else choose.one(names)


def _plain(choose: Choose, left: str, like: Any) -> str:
    wanted = _like(choose, like)
    if isinstance(wanted, str):
        operator = choose.one(["=", "=", "=", *_EQUAL, *_TEXT, *_ORDER])
        if operator in _TEXT:
            wanted = _piece(choose, wanted)
    elif isinstance(wanted, bool):
        operator = choose.one(["=", *_EQUAL, *_EQUAL, ">"])
    else:
        operator = choose.one(["=", *_EQUAL, *_ORDER])
    if choose.chance(14):
        return f"{left} {choose.one(_EQUAL)} ${{{choose.one(sorted(VARIABLES))}}}"
    return f"{left} {operator} {literal(choose, wanted)}"


def _like(choose: Choose, like: Any) -> Any:
    """Return a value to ask for: mostly one that is there, or one of its elements."""
    if isinstance(like, list):
        like = choose.one(like) if like else None
    if like is None or choose.chance(9):
        return choose.one([*TEXTS[:8], True, False, 1, 2.5, -4, 12])
    if isinstance(like, str) and choose.chance(12):
        return like.swapcase()
    return like


def _piece(choose: Choose, text: str) -> str:
    start = choose.number(0, min(2, len(text)))
    return text[start : start + choose.number(0, 3)] if choose.chance(2) else text


def _listed(choose: Choose, left: str, like: Any) -> str:
    items = [literal(choose, _like(choose, like)) for _ in range(choose.number(1, 3))]
    items += [choose.one(["undefined", "/b/i", "true", "('bob' AND 'api')"])] if choose.chance(4) else []
    operator = choose.one([*_EQUAL, *_EQUAL, "~=", "!~="])
    items = [one for one in items if operator in _EQUAL or one[0] in "\"'/("] or ["'b'"]
    joined = choose.one([" OR ", " AND ", ", "]).join(items)
    return f"{left} {operator} ({joined})"


def literal(choose: Choose, value: Value) -> str:
    """Write a string, number or boolean, in either sort of quotes."""
    text = to_text(Literal(value))  # type: ignore[arg-type]
    if isinstance(value, str) and choose.chance(2):
        return "'{}'".format(value.replace("\\", "\\\\").replace("'", "\\'"))
    return text
