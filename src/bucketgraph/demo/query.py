"""The ``q`` language: compiles a filter text to a predicate over things.

``a.b = "text" AND (n >= 3 OR state IN ("OPEN", "MERGED"))``: operators ``= != ~ !~ > >= < <=``,
``IN`` and ``NOT IN``, quoted text, numbers, true, false, null and bare or quoted ISO instants.
Through a list (``reviewers.uuid``) one matching element is enough.
"""

from __future__ import annotations

import operator
import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from bucketgraph.demo.fields import OMIT, Thing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Predicate = Callable[[Thing], bool]
    Test = Callable[[object], bool]

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>"(?:[^"\\]|\\.)*")
    | (?P<instant>\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?)
    | (?P<number>-?\d+(?:\.\d+)?)
    | (?P<word>[A-Za-z_][\w.]*)
    | (?P<sign>!=|!~|>=|<=|[=~><(),])
    )""",
    re.VERBOSE,
)
_END = "the end"
_CONSTANTS = {"true": True, "false": False, "null": None}
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


class BadQueryError(ValueError):
    """The filter cannot be understood, or asks for what the objects do not have."""


@lru_cache(maxsize=512)
def compile_query(text: str) -> Predicate:
    """Compile a filter; the predicate itself raises BadQueryError on an unknown name."""
    parser = _Parser(_tokens(text))
    predicate = parser.alternatives()
    parser.expect_end()
    return predicate


def lookup(thing: object, path: tuple[str, ...]) -> Iterator[object]:
    """Yield the values at a path, every element's if it leads through a list."""
    if isinstance(thing, list):
        for item in thing:
            yield from lookup(item, path)
    elif not path:
        yield thing
    elif isinstance(thing, Thing):
        build = thing.shape.every.get(path[0])
        if build is None:
            message = f"Invalid field name: {path[0]}"
            raise BadQueryError(message)
        yield from lookup(build(thing.subject), path[1:])
    elif isinstance(thing, dict):
        yield from lookup(thing.get(path[0]), path[1:])
    else:
        yield None


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    end = len(text.rstrip())
    position = 0
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            message = f"Invalid query near position {position}"
            raise BadQueryError(message)
        found.append((match.lastgroup, match.group(match.lastgroup)))
        position = match.end()
    return found


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._next = 0

    def alternatives(self) -> Predicate:
        parts = [self._conjunction()]
        while self._accept("word", "OR"):
            parts.append(self._conjunction())
        return lambda thing: any(part(thing) for part in parts)

    def expect_end(self) -> None:
        if self._next < len(self._tokens):
            raise _unexpected(self._tokens[self._next][1])

    def _conjunction(self) -> Predicate:
        parts = [self._comparison()]
        while self._accept("word", "AND"):
            parts.append(self._comparison())
        return lambda thing: all(part(thing) for part in parts)

    def _comparison(self) -> Predicate:
        if self._accept("sign", "("):
            inner = self.alternatives()
            self._require("sign", ")")
            return inner
        path = tuple(self._require("word").split("."))
        return self._condition(path)

    def _condition(self, path: tuple[str, ...]) -> Predicate:
        negated = self._accept("word", "NOT")
        if self._accept("word", "IN"):
            test = _among(self._list())
        else:
            sign = self._require("sign")
            negated = negated or sign.startswith("!")
            test = _test(sign.lstrip("!"), self._value())
        return lambda thing: _any(thing, path, test) is not negated

    def _list(self) -> list[object]:
        self._require("sign", "(")
        values = [self._value()]
        while self._accept("sign", ","):
            values.append(self._value())
        self._require("sign", ")")
        return values

    def _value(self) -> object:
        kind, text = self._take()
        if kind == "text":
            return _canonical(re.sub(r"\\(.)", r"\1", text[1:-1]))
        if kind == "instant":
            return _canonical(text)
        if kind == "number":
            return float(text)
        if kind == "word" and text.lower() in _CONSTANTS:
            return _CONSTANTS[text.lower()]
        raise _unexpected(text)

    def _take(self) -> tuple[str, str]:
        if self._next >= len(self._tokens):
            raise _unexpected(_END)
        self._next += 1
        return self._tokens[self._next - 1]

    def _accept(self, kind: str, text: str) -> bool:
        if self._next >= len(self._tokens):
            return False
        found, content = self._tokens[self._next]
        matches = found == kind and content.upper() == text
        self._next += matches
        return matches

    def _require(self, kind: str, text: str | None = None) -> str:
        found, content = self._take()
        if found != kind or (text is not None and content != text):
            raise _unexpected(content)
        return content


def _unexpected(what: str) -> BadQueryError:
    return BadQueryError(f"Invalid query: unexpected {what}")


def _any(thing: Thing, path: tuple[str, ...], test: Test) -> bool:
    return any(test(None if value is OMIT else value) for value in lookup(thing, path))


def _canonical(text: str) -> str:
    # Instants are compared as the texts answers carry, so they are brought to that form first.
    if not re.match(r"\d{4}-\d\d-\d\d(T|$)", text):
        return text
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        return text
    moment = parsed.replace(tzinfo=parsed.tzinfo or UTC)
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _among(values: list[object]) -> Test:
    return lambda value: any(_equal(value, wanted) for wanted in values)


def _test(sign: str, wanted: object) -> Test:
    if sign == "=":
        return lambda value: _equal(value, wanted)
    if sign == "~":
        needle = str(wanted).lower()
        return lambda value: isinstance(value, str) and needle in value.lower()
    if sign in _ORDER:
        compare = _ORDER[sign]
        return lambda value: _comparable(value, wanted) and compare(value, wanted)
    raise _unexpected(sign)


def _equal(value: object, wanted: object) -> bool:
    return isinstance(value, bool) is isinstance(wanted, bool) and value == wanted


def _comparable(value: object, wanted: object) -> bool:
    if value is None:
        return False
    if isinstance(wanted, str) is not isinstance(value, str) or wanted is None:
        message = "Invalid query: values cannot be compared"
        raise BadQueryError(message)
    return True
