"""The OpenAPI 3.1 document, made from the routes' declarations."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any, Final

import msgspec

from bucketgraph import __version__
from bucketgraph.errors import (
    BucketgraphError,
    Bug,
    ConfigError,
    Forbidden,
    RequestError,
    StoreBusy,
    StoreFull,
    TooLarge,
    Unauthenticated,
    WrongHost,
    WrongMedia,
)
from bucketgraph.web.api import ROUTES
from bucketgraph.web.bodies import ErrorAnswer
from bucketgraph.web.envelope import JSON
from bucketgraph.web.routing import Route

_TEMPLATE: Final = "#/components/schemas/{name}"
_ALWAYS: Final = (RequestError, Unauthenticated, Forbidden, WrongHost, Bug, StoreBusy)
_WITH_BODY: Final = (TooLarge, WrongMedia)
_WRITES: Final = (StoreFull,)
_FIRST_SENTENCE: Final = re.compile(r"\s+")
_ABOUT: Final = """Everything that the command line can do. Every address needs a bearer token \
(`bucketgraph token create`); viewer < editor < admin, and each operation says in `x-role` which one it needs. A token \
that is bound to an integration sees and changes that one only. Moments are epoch milliseconds."""


def document() -> dict[str, Any]:
    """Return the document."""
    schemas = _Schemas()
    paths: dict[str, dict[str, Any]] = defaultdict(dict)
    for route in ROUTES:
        paths[route.path][route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "bucketgraph", "version": __version__, "description": _ABOUT},
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "tags": [{"name": tag} for tag in dict.fromkeys(route.tag for route in ROUTES)],
        "paths": dict(paths),
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": schemas.components(),
        },
    }


def statuses(route: Route) -> dict[int, list[type[BucketgraphError]]]:
    """Return the errors that a route may answer with, by status."""
    kinds: list[type[BucketgraphError]] = [*_ALWAYS, *route.errors]
    if route.body is not None:
        kinds += _WITH_BODY
    if route.method != "GET":
        kinds += _WRITES
    found: dict[int, list[type[BucketgraphError]]] = defaultdict(list)
    for kind in dict.fromkeys(kinds):
        found[kind.http_status].append(kind)
    return dict(sorted(found.items()))


class _Schemas:
    """The schemas of all structs that the document names, each once."""

    def __init__(self) -> None:
        types = [kind for route in ROUTES for kind in (route.given, route.body, route.answer)]
        self._types = [*dict.fromkeys(_structs(types)), ErrorAnswer]
        found, components = msgspec.json.schema_components(self._types, ref_template=_TEMPLATE)
        self._components: dict[str, dict[str, Any]] = components
        self._of: dict[Any, dict[str, Any]] = dict(zip(self._types, found, strict=True))

    def of(self, kind: Any) -> dict[str, Any]:
        """Return the schema, or the reference to it, of a type."""
        if kind in self._of:
            return self._of[kind]
        return msgspec.json.schema(kind)

    def whole(self, kind: type[msgspec.Struct]) -> dict[str, Any]:
        """Return the schema of a struct itself."""
        return self._components[kind.__name__]

    def components(self) -> dict[str, Any]:
        """Return all schemas by name, those of parameters left out, whose fields stand in the operations."""
        parameters = {route.given.__name__ for route in ROUTES}
        return {name: one for name, one in sorted(self._components.items()) if name not in parameters}


def _structs(types: list[Any]) -> list[Any]:
    return [one for one in types if isinstance(one, type) and issubclass(one, msgspec.Struct)]


def _operation(route: Route, schemas: _Schemas) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": _operation_id(route),
        "summary": route.summary,
        "tags": [route.tag],
        "x-role": route.role,
        "x-bound": route.bound,
        "parameters": _parameters(route, schemas),
        "responses": _responses(route, schemas),
    }
    if route.body is not None:
        made["requestBody"] = _body(route, schemas)
    return made


def _operation_id(route: Route) -> str:
    words = re.findall(r"[a-z0-9]+", route.path.removeprefix("/api/v1/"), re.IGNORECASE)
    return route.method.lower() + "".join(word.capitalize() for word in words)


def _parameters(route: Route, schemas: _Schemas) -> list[dict[str, Any]]:
    whole = schemas.whole(route.given)
    in_path = set(re.findall(r"{(\w+)}", route.path))
    required = set(whole.get("required", ()))
    return [
        {
            "name": name,
            "in": "path" if name in in_path else "query",
            "required": name in required,
            "schema": _without_null(schema),
        }
        for name, schema in whole["properties"].items()
    ]


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a parameter's schema: one that is left out is missing, not null."""
    kinds = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    rest = {name: value for name, value in schema.items() if name != "anyOf" and value is not None}
    return rest | kinds[0] if len(kinds) == 1 else schema


def _body(route: Route, schemas: _Schemas) -> dict[str, Any]:
    if route.body is bytes:
        return {"required": True, "content": {"application/octet-stream": {"schema": {}}}}
    needed = bool(schemas.whole(route.body).get("required"))
    return {"required": needed, "content": {JSON: {"schema": schemas.of(route.body)}}}


def _responses(route: Route, schemas: _Schemas) -> dict[str, Any]:
    done = {"description": route.summary, "content": {route.shown: {"schema": schemas.of(route.answer)}}}
    failed = {
        str(status): {
            "description": " ".join(dict.fromkeys(_meaning(kind) for kind in kinds)),
            "content": {JSON: {"schema": schemas.of(ErrorAnswer)}},
        }
        for status, kinds in statuses(route).items()
    }
    return {str(route.status): done, **failed}


def _meaning(kind: type[BucketgraphError]) -> str:
    if kind is RequestError:
        return f"{_meaning(ConfigError)} {_first(kind)}"
    return _first(kind)


def _first(kind: type[BucketgraphError]) -> str:
    return (kind.__doc__ or "").strip().splitlines()[0]
