"""The repositories of a workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bucketgraph.demo.fields import Thing
from bucketgraph.demo.paging import REPOSITORIES, listing
from bucketgraph.demo.routes.workspaces import the_workspace
from bucketgraph.demo.views import REPOSITORY
from bucketgraph.demo.wire import Endpoint, thing_reply

if TYPE_CHECKING:
    from bucketgraph.demo.wire import Call, Reply
    from bucketgraph.demo.world import Repository


def the_repository(call: Call) -> Repository:
    """Find the repository the path names, or refuse."""
    named = call.arguments
    return call.fake.repository(named["workspace"], named["repository"], call.consumer)


def _repositories(call: Call) -> Reply:
    held = the_workspace(call).repositories.values()
    listed = sorted(held, key=lambda repository: repository.created_on)
    return listing(call, REPOSITORY, listed, REPOSITORIES)


def _repository(call: Call) -> Reply:
    return thing_reply(call, Thing(REPOSITORY, the_repository(call)))


_BASE = "/2.0/repositories/{workspace}"
ENDPOINTS = (
    Endpoint("repositories", _BASE, _repositories, "repository"),
    Endpoint("repository", f"{_BASE}/{{repository}}", _repository, "repository"),
)
