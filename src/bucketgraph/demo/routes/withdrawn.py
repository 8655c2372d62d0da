"""Listings Bitbucket withdrew in 2026 (CHANGE-2770), and addresses that never were."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bucketgraph.demo.wire import Endpoint, Reply, error_reply, json_reply

if TYPE_CHECKING:
    from bucketgraph.demo.wire import Call

_URL = "https://developer.atlassian.com/cloud/bitbucket/changelog/#CHANGE-2770"
_PATHS = (
    "/2.0/workspaces",
    "/2.0/repositories",
    "/2.0/user/permissions/workspaces",
    "/2.0/user/permissions/repositories",
)


def gone() -> Reply:
    """Answer 410 as withdrawn listings do."""
    data = {"announcement_url": _URL}
    error = {
        "message": "CHANGE-2770 - Functionality has been deprecated",
        "detail": "This functionality has been removed. See the announcement for alternatives.",
        "data": data,
    }
    return json_reply({"type": "error", "error": error, "data": data}, 410)


def _withdrawn(call: Call) -> Reply:
    del call
    return gone()


def _unknown(call: Call) -> Reply:
    return error_reply(404, "Resource not found", f"There is no API hosted at {call.path}")


ENDPOINTS = tuple(Endpoint("withdrawn", path, _withdrawn, open=True) for path in _PATHS)
UNKNOWN = Endpoint("unknown", "/{path:path}", _unknown, method="*", open=True)
