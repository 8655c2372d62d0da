"""The site: every request by its address to its handler, and back as JSON or in the one envelope of errors."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as Address
from starlette.types import Receive, Scope, Send

from bucketgraph.access.roles import allows
from bucketgraph.access.tokens import Identity
from bucketgraph.app import App
from bucketgraph.errors import BucketgraphError, Forbidden, WrongMethod
from bucketgraph.observe.metrics import Metrics
from bucketgraph.web import envelope, reading
from bucketgraph.web.api import ROUTES
from bucketgraph.web.api.system import samples
from bucketgraph.web.console import Console
from bucketgraph.web.engine import Engine
from bucketgraph.web.gate import Gate, failed, for_programs
from bucketgraph.web.health import addresses
from bucketgraph.web.routing import Call, Plain, Route, Site
from bucketgraph.web.workers import FailedCall, Workers


def create(app: App, *, jobs: Engine | None = None) -> Starlette:
    """Return the site of an app as an ASGI application; `jobs` carries out the runs that are asked for.

    `state.metrics` holds what it counts.
    """
    site = Site(app, Metrics(partial(samples, app)), jobs)
    plain, asking = Workers(app.settings.api_workers), Workers(app.settings.query_workers)
    notes = Workers(1)
    console = Console(site, plain, asking)

    @contextlib.asynccontextmanager
    async def lifespan(_made: Starlette) -> AsyncIterator[None]:
        yield
        for workers in (plain, asking, notes):
            workers.close()

    made = Starlette(
        routes=[*addresses(site, plain), *_addresses(site, plain, asking), *console.addresses()],
        middleware=[Middleware(Gate, site=site, workers=plain, notes=notes)],
        exception_handlers={
            HTTPException: _no_address,
            BucketgraphError: _refused,
            FailedCall: _failed,
            Exception: _broken,
        },
        lifespan=lifespan,
    )
    made.router.redirect_slashes = False
    made.state.metrics = site.metrics
    made.state.console = console
    return made


def _addresses(site: Site, plain: Workers, asking: Workers) -> list[Address]:
    by_path: dict[str, list[Route]] = defaultdict(list)
    for route in ROUTES:
        by_path[route.path].append(route)
    return [Address(path, Endpoint(site, routes, plain, asking)) for path, routes in by_path.items()]


class Endpoint:
    """All methods of one address."""

    def __init__(self, site: Site, routes: Sequence[Route], plain: Workers, asking: Workers) -> None:
        """Take the routes, and the threads for those that ask queries and for the others."""
        self._site, self._plain, self._asking = site, plain, asking
        self._routes: dict[str, Route] = {route.method: route for route in routes}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request whose token is known."""
        request = Request(scope, receive)
        route = self._routes.get(scope["method"])
        if route is None:
            raise WrongMethod(
                f"{scope['path']} cannot be asked with {scope['method']}.",
                hint=envelope.ALLOWED + ", ".join(self._routes),
            )
        request.state.route = route.path
        response = await self._answer(route, request)
        await response(scope, receive, send)

    async def _answer(self, route: Route, request: Request) -> Response:
        identity: Identity = request.state.identity
        _check_allowed(route, identity)
        given = reading.parameters(route.given, request.path_params, request.query_params.multi_items())
        settings = self._site.app.settings
        limit = settings.import_limit_bytes if route.body is bytes else settings.body_limit_bytes
        body = reading.body(route.body, await reading.content(request, route.body, limit))
        call = Call(self._site, identity, given, body)
        return await (self._asking if route.asks else self._plain).run(lambda: _made(route, call))


def _made(route: Route, call: Call[Any, Any]) -> Response:
    """Let the handler answer, and encode the answer in its thread."""
    answer = route.handler(call)
    if isinstance(answer, Plain):
        return Response(answer.content, route.status, media_type=answer.media_type)
    return Response(msgspec.json.encode(answer), route.status, media_type=envelope.JSON)


def _check_allowed(route: Route, identity: Identity) -> None:
    if not allows(identity.role, route.role):
        raise Forbidden(
            f"The token {identity.name!r} is a {identity.role}'s; this takes an {route.role}'s.",
            hint=f"Make one with `bucketgraph token create NAME --role {route.role}`.",
        )
    if identity.integration_id is not None and route.bound == "none":
        raise Forbidden(
            f"The token {identity.name!r} is bound to one integration, and this cannot be restricted to one.",
            hint="Use a token that is bound to none.",
        )


async def _no_address(request: Request, _error: Exception) -> Response:
    if not for_programs(request.url.path):
        console: Console = request.app.state.console
        return await console.no_page(request)
    return envelope.refusal(envelope.unknown_address(request.url.path), request.state.request_id)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, BucketgraphError)  # noqa: S101  # it is registered for these
    return envelope.refusal(error, request.state.request_id)


async def _failed(request: Request, error: Exception) -> Response:
    assert isinstance(error, FailedCall)  # noqa: S101  # as above
    return failed(error, request.state.request_id)


async def _broken(request: Request, error: Exception) -> Response:
    """Answer what failed outside of a handler's thread."""
    if not for_programs(request.url.path):
        console: Console = request.app.state.console
        return await console.failed(request, FailedCall(error))
    response = failed(FailedCall(error), request.state.request_id)
    response.headers.update(envelope.HEADERS)
    return response
