"""Stored parameters: what `${param.name}` stands for in every query and question."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from bucketgraph.errors import Unknown
from bucketgraph.j1ql.given import check_name, check_value
from bucketgraph.j1ql.results import Parameter
from bucketgraph.web.bodies import Given, Shown
from bucketgraph.web.routing import Call, Route


class ParameterName(Given):
    """A parameter's name."""

    name: Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,99}$")]


class ParameterBody(Given):
    """A parameter's value."""

    value: Parameter


class ParameterValue(Shown):
    """A parameter."""

    name: str
    value: Parameter


class ParameterList(Shown):
    """All parameters by name."""

    items: list[ParameterValue]


class Forgotten(Shown):
    """What was removed."""

    removed: str


def list_all(call: Call[Given, None]) -> ParameterList:
    """List all stored values."""
    found = call.app.store.parameters()
    return ParameterList(items=[ParameterValue(name=name, value=value) for name, value in found.items()])


def show(call: Call[ParameterName, None]) -> ParameterValue:
    """Show a value."""
    found = call.app.store.parameters()
    if call.given.name not in found:
        raise _unknown(call.given.name)
    return ParameterValue(name=call.given.name, value=found[call.given.name])


def put(call: Call[ParameterName, ParameterBody]) -> ParameterValue:
    """Store a value, in place of one of the same name."""
    name, value = call.given.name, call.body.value
    check_name(name)
    check_value(name, value)
    call.app.store.set_parameter(name, value)
    return ParameterValue(name=name, value=value)


def remove(call: Call[ParameterName, None]) -> Forgotten:
    """Forget a value."""
    if not call.app.store.remove_parameter(call.given.name):
        raise _unknown(call.given.name)
    return Forgotten(removed=call.given.name)


def _unknown(name: str) -> Unknown:
    return Unknown(f"There is no parameter {name!r}.", hint="GET /api/v1/parameters lists them.")


ROUTES = (
    Route(
        "GET",
        "/api/v1/parameters",
        "List the stored parameters.",
        "viewer",
        list_all,
        ParameterList,
    ),
    Route(
        "GET",
        "/api/v1/parameters/{name}",
        "Show a stored parameter.",
        "viewer",
        show,
        ParameterValue,
        ParameterName,
        errors=(Unknown,),
    ),
    Route(
        "PUT",
        "/api/v1/parameters/{name}",
        "Store a parameter, in place of one of the same name.",
        "editor",
        put,
        ParameterValue,
        ParameterName,
        ParameterBody,
    ),
    Route(
        "DELETE",
        "/api/v1/parameters/{name}",
        "Forget a parameter.",
        "editor",
        remove,
        Forgotten,
        ParameterName,
        errors=(Unknown,),
    ),
)
