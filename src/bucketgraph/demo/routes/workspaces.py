"""A workspace, its members and their permissions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bucketgraph.demo.fields import Thing
from bucketgraph.demo.paging import PEOPLE, listing
from bucketgraph.demo.views import MEMBERSHIP, PERMISSION, WORKSPACE
from bucketgraph.demo.wire import Endpoint, refuse, thing_reply

if TYPE_CHECKING:
    from bucketgraph.demo.fields import Shape
    from bucketgraph.demo.wire import Call, Reply
    from bucketgraph.demo.world import Workspace


def the_workspace(call: Call) -> Workspace:
    """Find the workspace the path names, or refuse."""
    return call.fake.workspace(call.arguments["workspace"], call.consumer)


def _workspace(call: Call) -> Reply:
    return thing_reply(call, Thing(WORKSPACE, the_workspace(call)))


def _memberships(call: Call, shape: Shape) -> Reply:
    workspace = the_workspace(call)
    pairs = [(workspace, membership) for membership in workspace.members.values()]
    return listing(call, shape, pairs, PEOPLE)


def _members(call: Call) -> Reply:
    return _memberships(call, MEMBERSHIP)


def _member(call: Call) -> Reply:
    workspace = the_workspace(call)
    membership = workspace.members.get(call.arguments["member"])
    if membership is None:
        raise refuse(404, "No such member.")
    return thing_reply(call, Thing(MEMBERSHIP, (workspace, membership)))


def _permissions(call: Call) -> Reply:
    if call.fake.permissions_admin_only:
        raise refuse(403, "You must be an administrator of this workspace.")
    return _memberships(call, PERMISSION)


_BASE = "/2.0/workspaces/{workspace}"
ENDPOINTS = (
    Endpoint("workspace", _BASE, _workspace),
    Endpoint("members", f"{_BASE}/members", _members, "account"),
    Endpoint("member", f"{_BASE}/members/{{member}}", _member, "account"),
    Endpoint("permissions", f"{_BASE}/permissions", _permissions, "account"),
)
