"""The console: every address of a page to its handler, in a worker thread, and back as HTML that stays ours.

A request's session, role and form token are checked here, once for all pages.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Final
from urllib.parse import urlencode

import structlog
from starlette.concurrency import iterate_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute
from starlette.routing import Route as Address
from starlette.types import Message, Receive, Scope, Send

from bucketgraph.access import csrf, sessions
from bucketgraph.access.paths import local_path
from bucketgraph.errors import (
    BucketgraphError,
    RequestError,
    TooLarge,
    Unauthenticated,
    Unknown,
    WrongMethod,
)
from bucketgraph.web import answers, cookies, envelope
from bucketgraph.web.bundle import Bundle
from bucketgraph.web.cookies import Cookies
from bucketgraph.web.frame import Frame, encoded
from bucketgraph.web.pages import PAGES
from bucketgraph.web.pages.signin import SIGN_IN
from bucketgraph.web.routing import Site
from bucketgraph.web.visit import Fields, Page, Upload, Visit
from bucketgraph.web.workers import FailedCall, Workers

HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; object-src 'none'; "
        "base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_MOST_FIELDS: Final = 2_000
_MOST_FILES: Final = 5
_log = structlog.get_logger()


class Console:
    """All pages of a site, and the built files that they load."""

    def __init__(self, site: Site, plain: Workers, asking: Workers) -> None:
        """Take the site, and the threads for pages that ask queries and for the others."""
        self._site, self._plain, self._asking = site, plain, asking
        self._bundle = Bundle()
        self._frame = Frame(site, self._bundle, {page.path for page in PAGES if page.method == "GET"})

    def addresses(self) -> list[BaseRoute]:
        """Return the routes."""
        by_path: dict[str, list[Page]] = defaultdict(list)
        for page in PAGES:
            by_path[page.path].append(page)
        # Addresses without parameters come first: /integrations/new is not the integration "new".
        ordered = sorted(by_path.items(), key=lambda one: "{" in one[0])
        return [self._bundle.route(), *(Address(path, Doors(self, pages)) for path, pages in ordered)]

    async def answer(self, page: Page, request: Request) -> Response:
        """Return the answer of a page, whatever happens in it."""
        visit = Visit(self._site, self._frame, request, Cookies.of(request, self._site.app.settings))
        visit.query = Fields(request.query_params.multi_items())
        try:
            if page.method == "POST":
                await self._read(visit, page)
            workers = self._asking if page.asks else self._plain
            return await workers.run(lambda: self._respond(visit, page))
        except BucketgraphError as error:
            return await self._plain.run(partial(self._refused, visit, error))
        except FailedCall as failure:
            return await self.failed(request, failure, visit)

    async def problem(self, request: Request, error: BucketgraphError) -> Response:
        """Return an error where no page answers, for whoever asks."""
        visit = Visit(self._site, self._frame, request, Cookies.of(request, self._site.app.settings))

        def work() -> Response:
            _recognise(visit)
            return self._made(visit, visit.problem(error))

        return await self._plain.run(work)

    async def failed(self, request: Request, failure: FailedCall, visit: Visit | None = None) -> Response:
        """Tell the log what nobody expected, and return a page that keeps it to itself.

        What failed may be needed for the frame, too: then the page stands alone.
        """
        number = str(request.state.request_id)
        _log.error("page failed", request=number, exc_info=failure.cause)
        error = envelope.unexpected(number)
        alone = Visit(self._site, self._frame, request, Cookies.of(request, self._site.app.settings))
        try:
            return await self._plain.run(lambda: self._made(visit or alone, (visit or alone).problem(error)))
        except FailedCall:
            return await self._plain.run(lambda: self._made(alone, alone.problem(error)))

    async def no_page(self, request: Request) -> Response:
        """Return the page that stands where there is none."""
        return await self.problem(request, _no_page(request))

    async def _read(self, visit: Visit, page: Page) -> None:
        settings = self._site.app.settings
        limit = settings.import_limit_bytes if page.uploads else settings.body_limit_bytes
        visit.form, visit.files = await _form(visit.request, limit)

    def _respond(self, visit: Visit, page: Page) -> Response:
        """Check who comes and with which form, and let the page answer. Runs in a worker thread."""
        try:
            _recognise(visit)
            if page.role is not None:
                visit.visitor.require(page.role)
            if page.method == "POST":
                _check_form(visit)
            answer = page.handler(visit)
        except BucketgraphError as error:
            answer = _refused(visit, error)
        return self._made(visit, answer)

    def _refused(self, visit: Visit, error: BucketgraphError) -> Response:
        """Return the answer to what cannot even be read."""
        _recognise(visit)
        return self._made(visit, _refused(visit, error))

    def _made(self, visit: Visit, answer: answers.Answer) -> Response:
        response = self._response(visit, answer)
        visit.cookies.write(response)
        return response

    def _response(self, visit: Visit, answer: answers.Answer) -> Response:
        match answer:
            case answers.Html():
                return Response(answer.text, answer.status, answer.headers, "text/html")
            case answers.Fragment():
                return Response(answer.text, answer.status, _with_toast(answer), "text/html")
            case answers.Json():
                return Response(encoded(answer.content), answer.status, media_type=envelope.JSON)
            case answers.Redirect():
                return _redirected(visit, answer)
            case answers.Download():
                return _download(answer)
            case answers.Events():
                return StreamingResponse(_events(answer, self._plain), media_type="text/event-stream")


class Doors:
    """All methods of one page's address."""

    def __init__(self, console: Console, pages: Sequence[Page]) -> None:
        self._console = console
        self._pages: dict[str, Page] = {page.method: page for page in pages}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        request = Request(scope, receive)
        page = self._pages.get("GET" if scope["method"] == "HEAD" else scope["method"])
        if page is None:
            has = ", ".join(self._pages)
            error = WrongMethod(
                f"{scope['path']} cannot be asked with {scope['method']}.", hint=envelope.ALLOWED + has
            )
            response = await self._console.problem(request, error)
            response.headers["Allow"] = has
        else:
            request.state.route = page.path
            response = await self._console.answer(page, request)
        await response(scope, receive, send)


def _recognise(visit: Visit) -> None:
    """Find out whose session the visit belongs to; a cookie of none that goes on is dropped."""
    cookie = visit.cookies.get(cookies.SESSION)
    if cookie is None:
        return
    app = visit.app
    try:
        visit.somebody = sessions.find(app.store, cookie, app.session_limits)
    except Unauthenticated:
        visit.cookies.drop(cookies.SESSION)
        return
    visit.request.state.who = visit.somebody.name


def _check_form(visit: Visit) -> None:
    given = visit.form.get(csrf.FIELD) or visit.request.headers.get("x-csrf-token")
    kept = visit.cookies.get(cookies.SESSION) or visit.cookies.get(cookies.VISIT)
    csrf.check(kept, given)


def _refused(visit: Visit, error: BucketgraphError) -> answers.Answer:
    """Return the answer to what cannot be done; strangers are led to sign in and back to where they were."""
    if not isinstance(error, Unauthenticated) or visit.wants_json:
        return visit.problem(error)
    _log.debug("page needs signing in", path=visit.request.url.path)
    to = local_path(visit.here)
    text = (
        ""
        if visit.request.method == "GET"
        else "Your session ended before this was sent; nothing was changed."
    )
    there = SIGN_IN if to == "/" else f"{SIGN_IN}?{urlencode({'next': to})}"
    return visit.redirect(there, toast=text, kind="warn")


def _no_page(request: Request) -> Unknown:
    shown = request.url.path[:200]
    return Unknown(f"There is no page at {shown!r}.", hint="It may have moved, or what it showed is gone.")


def _redirected(visit: Visit, answer: answers.Redirect) -> Response:
    """Lead on: a browser by its status, a script of the page by a header that it obeys."""
    if answer.toast:
        visit.cookies.say(answer.toast, answer.kind)
    if visit.htmx:
        return Response(status_code=200, headers={"HX-Redirect": answer.to}, media_type="text/html")
    return Response(status_code=303, headers={"Location": answer.to})


def _with_toast(answer: answers.Fragment) -> dict[str, str]:
    headers = dict(answer.headers)
    if answer.toast:
        headers["HX-Trigger"] = json.dumps({"toast": {"text": answer.toast, "kind": answer.kind}})
    return headers


def _download(answer: answers.Download) -> Response:
    name = "".join(c for c in answer.filename if c.isascii() and (c.isalnum() or c in "._-")) or "download"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    if isinstance(answer.content, bytes):
        return Response(answer.content, headers=headers, media_type=answer.media_type)
    parts = iterate_in_threadpool(answer.content)
    return StreamingResponse(parts, headers=headers, media_type=answer.media_type)


async def _events(answer: answers.Events, workers: Workers) -> AsyncIterator[str]:
    """Yield server-sent events until there will be none, or the browser is gone."""
    yield "retry: 2000\n\n"
    while (found := await workers.run(answer.look)) is not None:
        for event in found:
            lines = "".join(f"data: {line}\n" for line in event.data.splitlines() or [""])
            # Only what has no name is put into the page; a named one is an event for its scripts.
            named = "" if event.name == "message" else f"event: {event.name}\n"
            yield f"{named}{lines}\n"
        if not found:
            yield ": still here\n\n"
        await asyncio.sleep(answer.every_seconds)


async def _form(request: Request, limit: int) -> tuple[Fields, dict[str, Upload]]:
    """Read the fields and files of a form; raises TooLarge, RequestError for what is none."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:20]) > limit:
        raise _too_large(limit)
    limited = Request(request.scope, _limited(request.receive, limit))
    try:
        async with limited.form(max_files=_MOST_FILES, max_fields=_MOST_FIELDS, max_part_size=limit) as form:
            items = form.multi_items()
            files = {
                name: Upload(value.filename or "", await value.read())
                for name, value in items
                if isinstance(value, UploadFile)
            }
            return Fields([(name, value) for name, value in items if isinstance(value, str)]), files
    except (HTTPException, UnicodeDecodeError) as error:
        raise RequestError(
            "The form cannot be read.", hint="Load the page again and send it once more."
        ) from error


def _limited(receive: Receive, limit: int) -> Receive:
    read = 0

    async def limited() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > limit:
            raise _too_large(limit)
        return message

    return limited


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"What was sent is longer than {limit:,} bytes.", hint="Send less, or a smaller file.")
