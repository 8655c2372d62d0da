"""Whether the server lives and can work; the two addresses that need no token, and tell nothing else."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bucketgraph.errors import BucketgraphError
from bucketgraph.web.routing import Site
from bucketgraph.web.workers import FailedCall, Workers

HEALTH: Final = "/healthz"
READY: Final = "/readyz"
OPEN_PATHS: Final = frozenset({HEALTH, READY})


def addresses(site: Site, workers: Workers) -> list[Route]:
    """Return the two addresses."""

    async def healthz(_request: Request) -> Response:
        return JSONResponse({"ok": True})

    async def readyz(_request: Request) -> Response:
        try:
            ok = await workers.run(lambda: _works(site))
        except (BucketgraphError, FailedCall):
            ok = False
        return JSONResponse({"ok": ok}, 200 if ok else 503)

    return [Route(HEALTH, healthz), Route(READY, readyz)]


def _works(site: Site) -> bool:
    """Ask the store, and whoever carries out runs."""
    site.app.store.last_publication()
    return site.jobs is None or not site.jobs.broken.is_set()
