"""Many queries through one process: a line in, a line out, in order, and never an end at an error."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import msgspec

from bucketgraph.cli.arguments import moment
from bucketgraph.cli.asking import Askable
from bucketgraph.cli.output import error_body
from bucketgraph.errors import BucketgraphError, ConfigError
from bucketgraph.j1ql.results import Request

Ask = Callable[[Request], Any]


class _Line(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """A query with what belongs to it. Moments are epoch milliseconds or texts."""

    query: str
    variables: dict[str, str | int | float | bool | list[str | int | float | bool]] = {}
    now: int | str | None = None
    include_deleted: bool = False
    as_of: int | str | None = None


_LINE = msgspec.json.Decoder(_Line)


def answers(lines: Iterable[bytes], ask: Ask, default: Request) -> Iterator[bytes]:
    """Answer each line that is not blank by one line of JSON.

    A line is a query, or an object with a query; what an object leaves out is as in `default`.
    """
    for line in lines:
        if line.strip():
            yield msgspec.json.encode(_answer(line, ask, default)) + b"\n"


def asker(store: Askable, *, check: bool = False, explain: bool = False) -> Ask:
    """Return what is done with each query: ask it, only check it, or explain it."""
    if check:
        return lambda request: {"ok": True, "messages": store.check(request)}
    if explain:
        return lambda request: store.explain(request).to_dict()
    return lambda request: store.ask(request).envelope()


def _answer(line: bytes, ask: Ask, default: Request) -> Any:
    try:
        return ask(_request(line, default))
    except BucketgraphError as error:
        return error_body(error)


def _request(line: bytes, default: Request) -> Request:
    try:
        text = line.decode().strip().removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise ConfigError("The line is no UTF-8 text.") from None
    if not text.startswith("{"):
        return replace(default, text=text)
    try:
        read = _LINE.decode(text)
    except msgspec.DecodeError as error:
        raise ConfigError(
            f"The line is no query: {error}.",
            hint='Write a query, or {"query": "FIND …", "variables": {}, "now": 0, "includeDeleted": false}.',
        ) from None
    return replace(
        default,
        text=read.query,
        variables={**default.variables, **read.variables},
        now=_moment(read.now, default.now),
        as_of=_moment(read.as_of, default.as_of),
        include_deleted=read.include_deleted or default.include_deleted,
    )


def _moment(given: int | str | None, default: int | None) -> int | None:
    if given is None:
        return default
    return given if isinstance(given, int) else moment(given, flag="The moment")
