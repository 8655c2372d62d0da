"""Checking what comes with a query: values of parameters, moments, and how many rows are wanted.

Values come from other programs, so they may be anything; messages name them and never repeat them, because a
parameter may be a secret.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Final

from bucketgraph.errors import ConfigError, QueryError
from bucketgraph.j1ql.diagnostics import LARGEST_COUNT
from bucketgraph.j1ql.results import Request

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}")
_LEAST, _GREATEST = -(2**63), 2**63 - 1
_LATEST_MS: Final = 10**15
"""Far beyond the year 9999, so that a moment may be moved a little and still be a number."""

_KINDS: Final = "Give a text, a number, true or false, or a list of these."


def check(request: Request) -> None:
    """Raise `QueryError` for a request that holds what no query can use."""
    _check_values(request.variables, "variable")
    _check_values(request.parameters, "stored parameter")
    for name, moment in (("now", request.now), ("as-of", request.as_of)):
        if moment is not None and not (_is_whole(moment) and abs(moment) <= _LATEST_MS):
            raise QueryError(f'"{name}" is no moment.', hint="Give epoch milliseconds, as a whole number.")
    for name, count in (("limit", request.limit), ("page", request.page)):
        if count is not None and not (_is_whole(count) and 1 <= count <= LARGEST_COUNT):
            raise QueryError(f'"{name}" must be a value between 1 and {LARGEST_COUNT}')


def check_name(name: str) -> None:
    """Raise ConfigError for what cannot be the name of a stored parameter."""
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{name!r} is no name for a parameter.",
            hint="Names are of letters, digits, _, . and -, and begin with a letter.",
        )


def check_value(name: str, value: Any) -> None:
    """Raise QueryError for what cannot be the value of a stored parameter."""
    _check_values({name: value}, "stored parameter")


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _check_values(given: Mapping[str, Any], what: str) -> None:
    for name, value in given.items():
        wrong = _wrong_name(name) or next(filter(None, map(_wrong, _members(value))), "")
        if wrong:
            shown = str(name).encode(errors="replace").decode()
            raise QueryError(f'The {what} "{shown}" {wrong}.', hint=_KINDS)


def _members(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _wrong_name(name: Any) -> str:
    return _wrong(name) if isinstance(name, str) else "has a name that is no text"


def _wrong(value: Any) -> str:
    """Say what is wrong with one value; empty when it is fine."""
    match value:
        case bool():
            return ""
        case int():
            return "" if _LEAST <= value <= _GREATEST else "is a number beyond 64 bits"
        case float():
            return "" if math.isfinite(value) else "is no finite number"
        case str():
            return _wrong_text(value)
    return "is of a kind that no property has"


def _wrong_text(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        return "holds half a character (a lone surrogate)"
    return ""
