"""`bucketgraph openapi`: the document that describes the server's API."""

from __future__ import annotations

from bucketgraph.cli.output import show_json


def openapi() -> None:
    """Write the OpenAPI 3.1 document of the server's API, which is also at /api/v1/openapi.json."""
    from bucketgraph.web.openapi import document  # noqa: PLC0415  # keeps --help quick

    show_json(document())
