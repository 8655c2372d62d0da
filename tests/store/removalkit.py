"""A little world in which integrations overlap, and what a store's files hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from store.graphkit import World, pull, repo, snapshot, user, workspace

from bucketgraph.graph.entity import Record
from bucketgraph.store.base import ScopeState
from bucketgraph.store.mapped import Link

MAPPER = "mapper"


def with_raw(record: Record, raw: bytes) -> Record:
    """Return a record as it came with a source's answer."""
    return replace(record, raw=raw)


def fill(world: World, integration: str, *, mark: str = "") -> None:
    """Publish two states of a little graph, texts of it marked, so that there is history."""
    for state in ("OPEN", "MERGED"):
        said = {"state": f"{state}{mark}"}
        request = pull("p1", "r1", author="ann", reviewers={"ann": said}, title=f"{state} title{mark}")
        world.publish(
            snapshot("workspace/w", workspace("w")),
            snapshot("repositories/w", repo("r1", workspace="w", slug=f"slug{mark}")),
            snapshot("users/all", user("ann", email=f"ann{mark}@example.org")),
            snapshot("pullrequests/r1", with_raw(request, f'{{"raw": "{state}{mark}"}}'.encode())),
            integration=integration,
            scopes={"pullrequests/r1": ScopeState(world.runs[integration], whole_on=world.clock.now)},
        )


def ids(world: World, integration: str) -> dict[str, int]:
    """Return the ids of live entities by key."""
    return {one.key: one.id for one in world.store.entities(integration_id=integration)}


def link_same_keys(world: World, one: str = "one", two: str = "two") -> None:
    """Let the mapper join what has the same key in two integrations."""
    left, right = ids(world, one), ids(world, two)
    links = [Link("IS", left[key], right[key]) for key in sorted(left.keys() & right.keys())]
    world.store.link(MAPPER, world.runs[MAPPER], links)


def found_in_files(world: World, needles: Iterable[bytes]) -> list[tuple[str, bytes]]:
    """Return which of the needles stand in which file of the database."""
    files = sorted(Path(world.path.parent).glob(f"{world.path.name}*"))
    assert world.path in files
    wanted = list(needles)
    return [(file.name, one) for file in files for one in wanted if one in file.read_bytes()]
