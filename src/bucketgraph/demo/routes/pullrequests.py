"""The pull requests of a repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bucketgraph.demo.fields import Thing
from bucketgraph.demo.paging import PULL_REQUESTS, listing
from bucketgraph.demo.pull_request_views import PULL_REQUEST, PULL_REQUEST_LISTED
from bucketgraph.demo.routes.repositories import the_repository
from bucketgraph.demo.wire import Endpoint, refuse, thing_reply

if TYPE_CHECKING:
    from bucketgraph.demo.wire import Call, Reply


def _states(call: Call) -> set[str] | None:
    """Return the states to list, or None for all of them."""
    if call.get("q") and call.fake.q_ignores_state:
        return None
    return set(call.every("state")) or {"OPEN"}


def _pull_requests(call: Call) -> Reply:
    newest_first = the_repository(call).pull_requests[::-1]
    states = _states(call)
    if states is not None:
        newest_first = [pr for pr in newest_first if pr.state in states]
    return listing(call, PULL_REQUEST_LISTED, newest_first, PULL_REQUESTS)


def _pull_request(call: Call) -> Reply:
    number = call.arguments["number"]
    found = the_repository(call).pull_request(int(number)) if number.isdecimal() else None
    if found is None:
        raise refuse(404, f"Pull request {number} not found")
    return thing_reply(call, Thing(PULL_REQUEST, found))


_BASE = "/2.0/repositories/{workspace}/{repository}/pullrequests"
ENDPOINTS = (
    Endpoint("pullrequests", _BASE, _pull_requests, "pullrequest"),
    Endpoint("pullrequest", f"{_BASE}/{{number}}", _pull_request, "pullrequest"),
)
