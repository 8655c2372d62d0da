"""The projects of a workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bucketgraph.demo.fields import Thing
from bucketgraph.demo.paging import PEOPLE, listing
from bucketgraph.demo.routes.workspaces import the_workspace
from bucketgraph.demo.views import PROJECT
from bucketgraph.demo.wire import Endpoint, refuse, thing_reply

if TYPE_CHECKING:
    from bucketgraph.demo.wire import Call, Reply


def _projects(call: Call) -> Reply:
    workspace = the_workspace(call)
    pairs = [(workspace, project) for project in workspace.projects]
    return listing(call, PROJECT, pairs, PEOPLE)


def _project(call: Call) -> Reply:
    workspace = the_workspace(call)
    key = call.arguments["project"]
    found = workspace.project(key)
    if found is None:
        raise refuse(404, f"Project {key} not found in workspace {workspace.slug}")
    return thing_reply(call, Thing(PROJECT, (workspace, found)))


_BASE = "/2.0/workspaces/{workspace}/projects"
ENDPOINTS = (
    Endpoint("projects", _BASE, _projects, "project"),
    Endpoint("project", f"{_BASE}/{{project}}", _project, "project"),
)
