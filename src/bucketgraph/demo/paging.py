"""Listings: filtering, sorting and cutting into pages."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from bucketgraph.demo.fields import OMIT, Shape, Thing
from bucketgraph.demo.query import BadQueryError, compile_query, lookup
from bucketgraph.demo.wire import refuse, thing_reply

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bucketgraph.demo.faults import Fault
    from bucketgraph.demo.wire import Call, Reply


@dataclass(frozen=True, slots=True)
class Limits:
    """How many items a page has unless asked, and at most."""

    default: int
    maximum: int


REPOSITORIES = Limits(10, 100)
PULL_REQUESTS = Limits(10, 50)
PEOPLE = Limits(50, 100)


@dataclass(frozen=True, eq=False, slots=True)
class Page:
    """One page: its items, where it lies in the whole and the addresses beside it."""

    values: Sequence[Thing]
    size: int
    number: int
    pagelen: int
    following: str | None
    previous: str | None


PAGE = Shape(
    {
        "values": lambda page: list(page.values),
        "pagelen": lambda page: page.pagelen,
        "size": lambda page: page.size,
        "page": lambda page: page.number,
        "next": lambda page: page.following or OMIT,
        "previous": lambda page: page.previous or OMIT,
    },
)


def listing(call: Call, shape: Shape, subjects: Sequence[Any], limits: Limits) -> Reply:
    """Answer with the page the call asks for, of the subjects its ``q`` and ``sort`` leave."""
    pagelen = _pagelen(call, limits)
    number = _page_number(call)
    chosen = _sorted(call, shape, _filtered(call, shape, subjects))
    start = (number - 1) * pagelen
    page = Page(
        values=[Thing(shape, subject) for subject in chosen[start : start + pagelen]],
        size=len(chosen),
        number=number,
        pagelen=pagelen,
        following=_address(call, number + 1) if start + pagelen < len(chosen) else None,
        previous=_address(call, number - 1) if number > 1 else None,
    )
    if call.fault:
        before = [Thing(shape, subject) for subject in chosen[start - 1 : start]] if start else []
        page = _disturbed(call, call.fault, page, before)
    return thing_reply(call, Thing(PAGE, page))


def _disturbed(call: Call, fault: Fault, page: Page, before: list[Thing]) -> Page:
    if fault.kind == "repeat_item":
        return replace(page, values=[*before, *page.values])
    if fault.kind == "skip_item":
        middle = len(page.values) // 2
        return replace(page, values=[*page.values[:middle], *page.values[middle + 1 :]])
    if fault.kind == "loop_next":
        return replace(page, following=call.origin + call.target)
    if fault.kind == "foreign_next":
        address = _address(call, page.number + 1).removeprefix(call.origin)
        return replace(page, following=f"{fault.target}{address}")
    if fault.kind == "empty":
        return replace(page, values=[], size=0, following=None)
    return page


def _number(call: Call, name: str, default: int) -> int:
    text = call.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit()) or int(text) < 1:
        raise refuse(400, f"Invalid {name}")
    return int(text)


def _page_number(call: Call) -> int:
    return _number(call, "page", 1)


def _pagelen(call: Call, limits: Limits) -> int:
    pagelen = _number(call, "pagelen", limits.default)
    if pagelen > limits.maximum:
        raise refuse(400, "Invalid pagelen")
    return pagelen


def _address(call: Call, page: int) -> str:
    kept = [(name, value) for name, value in call.parameters() if name != "page"]
    query = urlencode([*kept, ("page", str(page))], quote_via=quote)
    return f"{call.origin}{call.path}?{query}"


def _filtered(call: Call, shape: Shape, subjects: Sequence[Any]) -> Sequence[Any]:
    text = call.get("q")
    if not text:
        return subjects
    try:
        matches = compile_query(text)
        return [subject for subject in subjects if matches(Thing(shape, subject))]
    except BadQueryError as error:
        raise refuse(400, str(error)) from error


def _sorted(call: Call, shape: Shape, subjects: Sequence[Any]) -> Sequence[Any]:
    text = call.get("sort")
    if not text:
        return subjects
    path = tuple(text.removeprefix("-").split("."))
    keys = {id(s): _sort_key(Thing(shape, s), path) for s in subjects}
    return sorted(subjects, key=lambda s: keys[id(s)], reverse=text.startswith("-"))


def _sort_key(thing: Thing, path: tuple[str, ...]) -> tuple[bool, Any]:
    try:
        value = next(iter(lookup(thing, path)), None)
    except BadQueryError as error:
        raise refuse(400, str(error)) from error
    if value is None or value is OMIT:
        return False, ""
    if not isinstance(value, (str, int, float)):
        raise refuse(400, f"Invalid sort: {'.'.join(path)}")
    return True, value
