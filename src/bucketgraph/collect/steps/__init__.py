"""The steps, in the order in which a workspace is collected; and the catalogue they declare together."""

from __future__ import annotations

from typing import Any

from bucketgraph.collect.step import Step
from bucketgraph.collect.steps.members import MEMBERS
from bucketgraph.collect.steps.projects import PROJECTS
from bucketgraph.collect.steps.pull_requests import PULL_REQUESTS
from bucketgraph.collect.steps.repositories import REPOSITORIES
from bucketgraph.collect.steps.workspaces import WORKSPACES
from bucketgraph.graph.schema import Catalogue, catalogue

STEPS: tuple[Step[Any], ...] = (WORKSPACES, MEMBERS, REPOSITORIES, PROJECTS, PULL_REQUESTS)
"""Repositories before projects: a project that a repository names then already exists when projects are read."""

CATALOGUE: Catalogue = catalogue(
    (entity for step in STEPS for entity in step.entities),
    (edge for step in STEPS for edge in step.relationships),
)
