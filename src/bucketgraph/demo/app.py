"""The application: takes a request through faults, token, budget and scope to its handler."""

from __future__ import annotations

import asyncio
from email.utils import formatdate
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

from bucketgraph.demo.fake import FakeBitbucket, FakeConsumer, RequestRecord
from bucketgraph.demo.faults import Faults
from bucketgraph.demo.misbehave import afterwards, break_off, instead
from bucketgraph.demo.routes import ROUTES
from bucketgraph.demo.routes.control import CONTROL
from bucketgraph.demo.wire import TEXT, Call, RefusalError, Reply, refuse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import Receive, Scope, Send

    from bucketgraph.demo.wire import Endpoint
    from bucketgraph.demo.world import World

_EXPIRED = "Access token expired. Use your refresh token to obtain a new access token."
_NO_TOKEN = "Token is invalid, expired, or not supported for this endpoint."  # noqa: S105 - a text
_LIMITED = b"Rate limit for this resource has been exceeded"
DEMO_CONSUMER = FakeConsumer("demo-key", "demo-secret")


def create_app(
    world: World,
    *,
    consumers: Sequence[FakeConsumer] = (DEMO_CONSUMER,),
    token_seconds: int = 7200,
    hourly_limit: int | None = None,
    latency_seconds: float = 0.0,
    faults: Faults | None = None,
    permissions_admin_only: bool = False,
) -> Starlette:
    """Serve a world as Bitbucket Cloud would; ``app.state.fake`` is the FakeBitbucket behind.

    ``hourly_limit`` is the number of calls each consumer has in a rolling hour for each group
    (repositories, all else); tokens live ``token_seconds``; both go by the world's clock.
    """
    fake = FakeBitbucket(world, consumers, faults or Faults())
    fake.token_seconds = token_seconds
    fake.hourly_limit = hourly_limit
    fake.latency_seconds = latency_seconds
    fake.permissions_admin_only = permissions_admin_only
    app = Starlette(routes=[route for e in ROUTES for route in _routes(fake, e)])
    app.router.redirect_slashes = False
    app.state.fake = fake
    return app


def _routes(fake: FakeBitbucket, endpoint: Endpoint) -> list[Route]:
    methods = None if endpoint.method == "*" else [endpoint.method]
    served = _Served(fake, endpoint)
    paths = [endpoint.path] if methods is None else [endpoint.path, f"{endpoint.path}/"]
    return [Route(path, served, methods=methods) for path in paths]


class _Served:
    """One endpoint as an ASGI application of its own."""

    def __init__(self, fake: FakeBitbucket, endpoint: Endpoint) -> None:
        self._fake = fake
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        call = _call(self._fake, request, await request.body())
        if self._endpoint.name != CONTROL:
            call.fault = self._fake.faults.pick(call.target)
        if self._fake.latency_seconds:
            await asyncio.sleep(self._fake.latency_seconds)
        reply = self._answer(call)
        breaks = call.fault is not None and call.fault.kind in {"drop", "reset"}
        lost = call.fault is not None and call.fault.kind == "reset"
        self._record(call, 0 if lost else reply.status)
        if breaks and call.fault:
            await break_off(call.fault, reply, scope, send)
        else:
            await _send(reply, self._fake.world.now(), send)

    def _record(self, call: Call, status: int) -> None:
        if self._endpoint.name == CONTROL:
            return
        header = call.headers.get("authorization")
        seen = RequestRecord(
            method=call.method,
            path=call.path,
            query=call.query,
            endpoint=self._endpoint.name,
            status=status,
            authorized=header is not None,
            scheme=(header or "").partition(" ")[0],
        )
        self._fake.record(seen)

    def _answer(self, call: Call) -> Reply:
        if call.fault:
            failed = instead(call, call.fault)
            if failed:
                return failed
        try:
            reply = self._handled(call)
        except RefusalError as refusal:
            reply = refusal.reply
        return afterwards(call.fault, reply) if call.fault else reply

    def _handled(self, call: Call) -> Reply:
        if self._endpoint.open:
            return self._endpoint.handler(call)
        consumer = call.consumer = _authenticate(call)
        if not call.fake.spend(consumer, _group(call.path)):
            return Reply(429, _LIMITED, TEXT)
        headers = _check_scope(consumer, self._endpoint.scope)
        reply = self._endpoint.handler(call)
        reply.headers.update(headers)
        return reply


def _call(fake: FakeBitbucket, request: Request, body: bytes) -> Call:
    raw = request.scope.get("raw_path")
    path = raw.decode("latin-1") if raw else quote(request.scope["path"])
    return Call(
        fake=fake,
        method=request.method,
        origin=f"{request.url.scheme}://{request.headers.get('host', request.url.netloc)}",
        path=path,
        query=request.scope["query_string"].decode("latin-1"),
        headers=request.headers,
        arguments=request.path_params,
        body=body,
    )


def _authenticate(call: Call) -> FakeConsumer:
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise refuse(401, _NO_TOKEN)
    consumer = call.fake.bearer(token.strip())
    if consumer is None:
        raise refuse(401, _EXPIRED)
    return consumer


def _group(path: str) -> str:
    return "repositories" if path.startswith("/2.0/repositories") else "others"


def _check_scope(consumer: FakeConsumer, scope: str | None) -> dict[str, str]:
    headers = {
        "x-oauth-scopes": ", ".join(sorted(consumer.scopes.split())),
        "x-credential-type": "oauth2",
        "x-grant-type": "client_credentials",
    }
    if scope is None:
        return headers
    headers["x-accepted-oauth-scopes"] = scope
    if scope in consumer.granted():
        return headers
    detail = {"required": [scope], "granted": sorted(consumer.scopes.split())}
    refusal = refuse(403, "Your credentials lack one or more required privilege scopes.", detail)
    refusal.reply.headers.update(headers)
    raise refusal


async def _send(reply: Reply, now: float, send: Send) -> None:
    headers = {
        "content-type": reply.media_type,
        "content-length": str(len(reply.body)),
        "date": formatdate(now, usegmt=True),
        **reply.headers,
    }
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": raw})
    await send({"type": "http.response.body", "body": reply.body})
