"""The caller's workspaces and single profiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bucketgraph.demo.fields import Thing
from bucketgraph.demo.paging import PEOPLE, listing
from bucketgraph.demo.views import ACCOUNT_DETAIL, WORKSPACE_ACCESS
from bucketgraph.demo.wire import Endpoint, refuse, thing_reply

if TYPE_CHECKING:
    from bucketgraph.demo.wire import Call, Reply


def _own_workspaces(call: Call) -> Reply:
    consumer = call.consumer
    seen = [w for w in call.fake.world.workspaces if consumer and consumer.sees(w)]
    if call.get("sort") == "slug":
        seen.sort(key=lambda workspace: workspace.slug)
    return listing(call, WORKSPACE_ACCESS, seen, PEOPLE)


def _user(call: Call) -> Reply:
    wanted = call.arguments["user"]
    accounts = call.fake.world.accounts
    by_id = (a for a in accounts.values() if a.account_id == wanted)
    found = accounts.get(wanted) or next(by_id, None)
    if found is None:
        raise refuse(404, f"No such user: {wanted}")
    return thing_reply(call, Thing(ACCOUNT_DETAIL, found))


ENDPOINTS = (
    Endpoint("user_workspaces", "/2.0/user/workspaces", _own_workspaces, "account"),
    Endpoint("user", "/2.0/users/{user}", _user, "account"),
)
