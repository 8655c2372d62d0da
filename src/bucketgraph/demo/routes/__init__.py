"""The addresses of the fake, one module for each kind of resource; ROUTES is all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bucketgraph.demo.routes import (
    control,
    oauth,
    projects,
    pullrequests,
    repositories,
    users,
    withdrawn,
    workspaces,
)

if TYPE_CHECKING:
    from bucketgraph.demo.wire import Endpoint

ROUTES: tuple[Endpoint, ...] = (
    *oauth.ENDPOINTS,
    *withdrawn.ENDPOINTS,
    *users.ENDPOINTS,
    *workspaces.ENDPOINTS,
    *projects.ENDPOINTS,
    *pullrequests.ENDPOINTS,
    *repositories.ENDPOINTS,
    *control.ENDPOINTS,
    withdrawn.UNKNOWN,
)
