"""A faithful fake of the Bitbucket Cloud REST API over generated data.

In: sizes and a seed (``generate_world``) or nothing (``story_world``). Out: a world that can be
changed as Bitbucket's users would (``mutations``), an application that serves it
(``create_app``, ``serve``) with failures on demand (``Faults``), and what a collector should find
in it (``truth``). May import the standard library, starlette, uvicorn and msgspec, and nothing
else of bucketgraph.

    world = generate_world(repositories=20, pull_requests=300)
    app = create_app(world, faults=Faults([Fault("status:503", times=2)]))
    with serve(app) as base_url:
        collect(base_url, key="demo-key", secret="demo-secret")
    assert found == expected_entities(world, ["acme-rockets"])
"""

from __future__ import annotations

from bucketgraph.demo import mutations
from bucketgraph.demo.app import create_app
from bucketgraph.demo.chance import random_mutation
from bucketgraph.demo.fake import FakeBitbucket, FakeConsumer, RequestRecord
from bucketgraph.demo.faults import Fault, Faults
from bucketgraph.demo.generate import generate_world
from bucketgraph.demo.serve import serve
from bucketgraph.demo.story import story_world
from bucketgraph.demo.trap import TrapServer, create_trap
from bucketgraph.demo.truth import expected_entities, expected_relationships, pull_request_key
from bucketgraph.demo.world import (
    Account,
    Membership,
    MergeCommit,
    Participant,
    Project,
    PullRequest,
    PullRequestEnd,
    Repository,
    Workspace,
    World,
)

__all__ = [
    "Account",
    "FakeBitbucket",
    "FakeConsumer",
    "Fault",
    "Faults",
    "Membership",
    "MergeCommit",
    "Participant",
    "Project",
    "PullRequest",
    "PullRequestEnd",
    "Repository",
    "RequestRecord",
    "TrapServer",
    "Workspace",
    "World",
    "create_app",
    "create_trap",
    "expected_entities",
    "expected_relationships",
    "generate_world",
    "mutations",
    "pull_request_key",
    "random_mutation",
    "serve",
    "story_world",
]
