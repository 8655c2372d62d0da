"""Every route of the API, one module a resource.

In: calls. Out: structs. A route is declared once; the server, the OpenAPI document, the page of routes and the table of
roles are read from here.
"""

from __future__ import annotations

from bucketgraph.web.api import (
    backups,
    graph,
    integrations,
    parameters,
    people,
    queries,
    questions,
    removals,
    runs,
    secrets,
    system,
    tokens,
    trust,
)
from bucketgraph.web.routing import Route

ROUTES: tuple[Route, ...] = (
    *integrations.ROUTES,
    *runs.ROUTES,
    *trust.ROUTES,
    *removals.ROUTES,
    *graph.ROUTES,
    *queries.ROUTES,
    *questions.ROUTES,
    *parameters.ROUTES,
    *people.ROUTES,
    *tokens.ROUTES,
    *secrets.ROUTES,
    *backups.ROUTES,
    *system.ROUTES,
)
