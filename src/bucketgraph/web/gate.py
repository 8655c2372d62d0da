"""The gate that every request passes: its id, the host it names, its token; and what is counted and logged of it.

Tokens open the API and nothing else, sessions the pages and nothing else: a browser's cookie is worth nothing here.
"""

from __future__ import annotations

import contextlib
import time
from typing import Any, Final

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bucketgraph.access import tokens
from bucketgraph.access.tokens import Identity, Usage
from bucketgraph.bitbucket.origins import is_loopback
from bucketgraph.errors import BucketgraphError, StoreError, WrongHost
from bucketgraph.web import envelope
from bucketgraph.web.api.system import METRICS
from bucketgraph.web.console import HEADERS as PAGE_HEADERS
from bucketgraph.web.health import OPEN_PATHS
from bucketgraph.web.routing import Site
from bucketgraph.web.workers import FailedCall, Workers

_ALWAYS: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_ANYBODY: Final = Identity("", "anybody", "viewer")
_log = structlog.get_logger()


class Gate:
    """Lets through who may come in, and puts headers on whatever goes out."""

    def __init__(self, app: ASGIApp, *, site: Site, workers: Workers, notes: Workers) -> None:
        """Take what is behind, the threads that look tokens up, and the one that notes their use."""
        self._app, self._site, self._workers, self._notes = app, site, workers, notes
        self._usage = Usage()
        named = (name.strip().lower() for name in site.app.settings.allowed_hosts.split(","))
        self._hosts = frozenset(name for name in named if name)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        state = scope.setdefault("state", {})
        state["request_id"] = request = envelope.request_id(headers.get(envelope.REQUEST_ID))
        passing = _Passing(send, request, page=not for_programs(scope["path"]))
        self._site.metrics.began()
        try:
            with structlog.contextvars.bound_contextvars(request=request):
                await (await self._refusal(scope, headers) or self._app)(scope, receive, passing.send)
        finally:
            self._count(scope, passing)

    async def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        """Return the answer to who may not come in; None lets the request through."""
        if scope["path"] in OPEN_PATHS:
            return None
        state: dict[str, Any] = scope["state"]
        try:
            self._check_host(scope, headers)
            if for_programs(scope["path"]):
                state["identity"] = await self._identity(scope["path"], headers)
        except BucketgraphError as error:
            return envelope.refusal(error, state["request_id"])
        except FailedCall as error:
            return failed(error, state["request_id"])
        return None

    async def _identity(self, path: str, headers: Headers) -> Identity:
        store = self._site.app.store
        if path == METRICS and self._site.app.settings.open_metrics:
            return _ANYBODY
        token = tokens.bearer(headers.get("authorization"))
        identity = await self._workers.run(lambda: tokens.find(store, token))
        if self._usage.due(identity.token_id):
            self._notes.later(lambda: _note(self._site, identity.token_id))
        return identity

    def _check_host(self, scope: Scope, headers: Headers) -> None:
        """Raise WrongHost for a name that a foreign page may have been given, to reach us through a browser."""
        name = _host(headers.get("host", ""))
        server = scope.get("server")
        strict = bool(self._hosts) or (server is not None and is_loopback(server[0]))
        if strict and name not in _ALWAYS and name not in self._hosts:
            raise WrongHost(
                f"This server is not known as {name!r}.",
                hint="Ask for it as localhost, or name the host in BUCKETGRAPH_ALLOWED_HOSTS.",
            )

    def _count(self, scope: Scope, passing: _Passing) -> None:
        state: dict[str, Any] = scope["state"]
        seconds = time.perf_counter() - passing.began
        method = scope["method"] if scope["method"] in _METHODS else "other"
        route = scope["path"] if scope["path"] in OPEN_PATHS else str(state.get("route", "none"))
        self._site.metrics.answered(method, route, passing.status, seconds)
        identity = state.get("identity")
        _log.info(
            "request",
            method=method,
            route=route,
            status=passing.status,
            ms=round(seconds * 1000, 1),
            who=identity.name if identity else state.get("who"),
            request=state["request_id"],
        )


_PROGRAMS: Final = OPEN_PATHS | {METRICS, "/api"}
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})


class _Passing:
    """An answer on its way out."""

    def __init__(self, send: Send, request: str, *, page: bool) -> None:
        self._send, self._request, self._page = send, request, page
        self.status, self.began = 500, time.perf_counter()

    async def send(self, message: Message) -> None:
        """Put the headers of every answer on."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            if self._page:
                for name, value in PAGE_HEADERS.items():
                    headers.setdefault(name, value)
            else:
                headers.update(envelope.HEADERS)
            headers[envelope.REQUEST_ID] = self._request
        await self._send(message)


def for_programs(path: str) -> bool:
    """Tell whether a path is of those that programs ask with tokens; people open the others with their sessions."""
    return path in _PROGRAMS or path.startswith("/api/")


def failed(error: FailedCall, request: str) -> Response:
    """Tell the log what nobody expected, and return the answer that keeps it to itself."""
    _log.error("request failed", request=request, exc_info=error.cause)
    return envelope.refusal(envelope.unexpected(request), request)


def _note(site: Site, token_id: str) -> None:
    """Note a token's use; a store that cannot be written at the moment is no reason to refuse anything."""
    with contextlib.suppress(StoreError):
        site.app.store.touch_token(token_id)


def _host(header: str) -> str:
    """Return the name of a Host header, without port and brackets."""
    header = header.strip().lower()
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.partition(":")[0].rstrip(".")
