"""Serves a demo world: ``python -m bucketgraph.demo --story --port 8800``.

Prints one line of JSON (url, key of the consumer, workspace slugs) once it can be asked, and
serves until it is terminated.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING

from bucketgraph.demo.app import DEMO_CONSUMER, create_app
from bucketgraph.demo.generate import generate_world
from bucketgraph.demo.serve import address, bind, server
from bucketgraph.demo.story import story_world

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bucketgraph.demo.world import World

_EPILOG = (
    f"Credentials: key {DEMO_CONSUMER.key}, secret {DEMO_CONSUMER.secret}. "
    "GET /__fake__/counts tells the requests by endpoint, POST /__fake__/reset forgets them."
)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bucketgraph.demo",
        description="Serve a fake Bitbucket Cloud over a generated world.",
        epilog=_EPILOG,
    )
    parser.add_argument("--story", action="store_true", help="serve Northwind Robotics")
    for name, default in (
        ("workspaces", 1),
        ("members", 40),
        ("projects", 5),
        ("repositories", 50),
        ("pull-requests", 1000),
        ("seed", 0),
    ):
        parser.add_argument(f"--{name}", type=int, default=default, metavar="N")
    parser.add_argument("--clean", action="store_true", help="leave out the unpleasant things")
    parser.add_argument("--latency", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 lets the system choose")
    parser.add_argument("--hourly-limit", type=int, metavar="N")
    return parser


def _world(options: argparse.Namespace) -> World:
    if options.story:
        return story_world()
    return generate_world(
        workspaces=options.workspaces,
        members=options.members,
        projects=options.projects,
        repositories=options.repositories,
        pull_requests=options.pull_requests,
        seed=options.seed,
        clean=options.clean,
        now=time.time(),
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve what the command line asks for until terminated."""
    options = _parser().parse_args(arguments)
    world = _world(options)
    world.run_clock()
    app = create_app(
        world,
        hourly_limit=options.hourly_limit,
        latency_seconds=options.latency,
    )
    with closing(bind(options.host, options.port)) as bound:
        bound.listen()
        slugs = [workspace.slug for workspace in world.workspaces]
        hello = {"url": address(bound), "key": DEMO_CONSUMER.key, "workspaces": slugs}
        sys.stdout.write(json.dumps(hello) + "\n")
        sys.stdout.flush()
        server(app).run([bound])


if __name__ == "__main__":
    main()
