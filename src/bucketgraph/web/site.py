"""The server's application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bucketgraph.app import App

if TYPE_CHECKING:
    from bucketgraph.integrations.jobs import Jobs


def create(app: App, *, jobs: Jobs | None) -> Starlette:
    """Return the application: for now only whether the server is alive."""

    async def healthz(_request: Request) -> JSONResponse:
        """Say that the process answers."""
        return JSONResponse({"status": "ok"})

    site = Starlette(routes=[Route("/healthz", healthz)])
    site.state.app, site.state.jobs = app, jobs
    return site
