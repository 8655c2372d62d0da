"""Reading requests: parameters of path and query, and bodies, within limits."""

from __future__ import annotations

import re
import typing
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

import msgspec
from starlette.requests import ClientDisconnect, Request

from bucketgraph.errors import RequestError, TooLarge, WrongMedia
from bucketgraph.web.envelope import JSON

_JSON_TYPES: Final = frozenset({JSON, "text/json"})
_UNKNOWN: Final = re.compile(r"unknown field `(.*)`(?= - at |$)", re.DOTALL)
_FIELD: Final = re.compile(r"[A-Za-z_]{1,40}")
_NO_CODING: Final = frozenset({"", "identity"})


def parameters(kind: type[msgspec.Struct], path: Mapping[str, str], query: Sequence[tuple[str, str]]) -> Any:
    """Return the parameters of path and query as their struct; raises RequestError for any that is wrong."""
    many, given = _many(kind), dict[str, Any](path)
    for name, value in query:
        if name in many:
            given.setdefault(name, []).append(value)
        elif name in given:
            raise RequestError(f"The parameter {name!r} is given twice.", hint="Give it once.")
        else:
            given[name] = value
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        raise RequestError(f"A parameter cannot be used: {_plainly(error)}.", hint=_HINT) from None


def body(kind: Any, content: bytes) -> Any:
    """Return a body as its struct; raises RequestError for one that cannot be read. None takes no body."""
    if kind is None or kind is bytes:
        return content if kind is bytes else None
    try:
        return msgspec.json.decode(content or b"{}", type=kind)
    except msgspec.ValidationError as error:
        raise RequestError(f"The body cannot be used: {_plainly(error)}.", hint=_HINT) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise RequestError("The body is no JSON.", hint="Send one JSON object in UTF-8.") from None


async def content(request: Request, kind: Any, limit: int) -> bytes:
    """Read a request's body; raises TooLarge, and WrongMedia for what is not what the route reads."""
    if kind is None:
        return b""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:20]) > limit:
        raise _too_large(limit)
    read = bytearray()
    try:
        async for part in request.stream():
            read += part
            if len(read) > limit:
                raise _too_large(limit)
    except ClientDisconnect:  # nobody reads the answer; it is counted as the client's mistake, not as ours
        raise RequestError("The body ended too soon.", hint="Send all of it.") from None
    if read:
        _check_media(request, kind)
    return bytes(read)


def _check_media(request: Request, kind: Any) -> None:
    if request.headers.get("content-encoding", "").lower() not in _NO_CODING:
        raise WrongMedia("The body is compressed.", hint="Send it as it is, without Content-Encoding.")
    media = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind is not bytes and media not in _JSON_TYPES:
        raise WrongMedia("The body is no JSON by its Content-Type.", hint=f"Send Content-Type: {JSON}.")


def _too_large(limit: int) -> TooLarge:
    return TooLarge(
        f"The body is longer than {limit:,} bytes.",
        hint="Send less, or raise BUCKETGRAPH_BODY_LIMIT_BYTES (BUCKETGRAPH_IMPORT_LIMIT_BYTES for imports).",
    )


@cache
def _many(kind: type[msgspec.Struct]) -> frozenset[str]:
    """Return the names of parameters that may be given several times."""
    hints = typing.get_type_hints(kind)
    fields = msgspec.structs.fields(kind)
    return frozenset(f.encode_name for f in fields if typing.get_origin(hints[f.name]) is tuple)


_HINT: Final = "/api/v1/openapi.json describes what can be sent."


def _plainly(error: msgspec.ValidationError) -> str:
    """Return what is wrong as a person reads it; it never repeats a value, which may be a secret."""
    text = _UNKNOWN.sub(_named, str(error))
    return text.replace("`", "").replace("$.", "").replace(" - at ", ", at ").replace("at $", "at the top")


def _named(found: re.Match[str]) -> str:
    """Return the name of a field that is none; what looks like no name may be a value in the wrong place."""
    return found[0] if _FIELD.fullmatch(found[1]) else "unknown field"
