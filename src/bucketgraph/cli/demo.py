"""`bucketgraph demo`: the main job on a made-up company, with nothing to set up."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bucketgraph.cli.findings import Finding, findings
from bucketgraph.cli.output import console, number, show_json, table
from bucketgraph.errors import EXIT_PARTIAL, ConfigError

if TYPE_CHECKING:
    import socket

    from bucketgraph.app import App
    from bucketgraph.demo import World
    from bucketgraph.integrations.configuration import Integration
    from bucketgraph.settings import Settings
    from bucketgraph.store.base import Run

NAME, KEY, SECRET = "northwind", "demo-key", "demo-secret"
_HOST, _PORT = "127.0.0.1", 8321


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="End after the summary instead of serving on.")
    ] = False,
    keep: Annotated[
        Path | None, typer.Option(help="Keep the graph in this new or empty folder; else it is thrown away.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write the summary as JSON and end.")] = False,
) -> None:
    """Show the main job: start a fake Bitbucket, collect it over HTTP, show what was found.

    Then the console shows it in the browser, by a link that works once. Everything runs on this computer; no account
    and no network is needed.
    """
    from bucketgraph.app import open_app  # noqa: PLC0415  # keeps --help quick
    from bucketgraph.demo import create_app, serve, story_world  # noqa: PLC0415

    world = story_world()
    with _home(keep) as home, serve(create_app(world)) as url, open_app(_settings(home)) as opened:
        integration = _add(opened, url)
        if not as_json:
            _introduce(world, url)
        runs = _tell(opened, integration, world, quiet=as_json)
        if as_json:
            show_json(_plain(opened, runs))
        if any(run.status != "COMPLETED" for run in runs):
            raise typer.Exit(EXIT_PARTIAL)
        if not (once or as_json):
            _serve_on(opened, home)


def _tell(opened: App, integration: Integration, world: World, *, quiet: bool) -> list[Run]:
    """Collect, show; let life go on; collect again, show what changed."""
    from bucketgraph.app import SyncOptions  # noqa: PLC0415
    from bucketgraph.cli.graph import show_changes  # noqa: PLC0415
    from bucketgraph.cli.sync import run_now, show_run  # noqa: PLC0415

    first = run_now(opened, integration, SyncOptions(), quiet=quiet)
    if not quiet:
        show_run(opened, integration, first, as_json=False)
        _show_findings(opened)
    cursor = opened.store.last_publication()
    _live_a_day(world)
    second = run_now(opened, integration, SyncOptions(), quiet=quiet)
    if not quiet:
        out = console()
        out.print(
            "\nA day later: a repository was renamed, somebody joined, a pull request was approved and merged."
        )
        calls, before = sum(second.report.calls.values()), sum(first.report.calls.values())
        out.print(f"The second run made {calls:,} calls (the first {before:,}) and found:\n", highlight=False)
        entities = [c for c in opened.store.changes(after=cursor) if c.element == "entity"]
        seldom = [c for c in entities if c.type != "bitbucket_pull_request"]
        pulls = [c for c in entities if c.type == "bitbucket_pull_request"]
        show_changes(seldom + pulls[:5])
        if len(pulls) > 5:  # noqa: PLR2004  # a summary
            out.print(f"… and {len(pulls) - 5:,} more pull requests that carry the new name.", style="dim")
    return [first, second]


def _live_a_day(world: World) -> None:
    """Let a day pass at the made-up company."""
    from bucketgraph.demo import mutations  # noqa: PLC0415

    world.advance(24 * 3600)
    workspace = world.workspaces[0]
    people = [membership.account for membership in workspace.members.values()]
    repository = min(world.repositories(), key=lambda one: len(one.pull_requests) or 10_000)
    mutations.rename_repository(world, repository, f"{repository.name}-next")
    mutations.add_member(world, workspace, "Robin Example")
    pull = mutations.open_pull_request(
        world, repository, author=people[0], title="Rotate the signing key", reviewers=[people[1]]
    )
    pull = mutations.approve(world, pull, people[1])
    mutations.merge(world, pull, people[0])


def _show_findings(opened: App) -> None:
    rows = [(number(f.number), f.sentence, f.example) for f in _findings(opened)]
    console().print()
    console().print(table("What stands out", ["#", "", "for example"], rows))


def _findings(opened: App) -> list[Finding]:
    store = opened.store
    users = {e.key: e.properties for e in store.entities("bitbucket_user")}
    pulls = (e.properties for e in store.entities("bitbucket_pull_request"))
    return findings(pulls, users, (e.properties for e in store.entities("bitbucket_repo")))


def _introduce(world: World, url: str) -> None:
    people = sum(len(workspace.members) for workspace in world.workspaces)
    console().print(
        f"A fake Bitbucket Cloud is serving the made-up company “northwind” at {url}: {people} people, "
        f"{len(list(world.repositories()))} repositories. Collecting it over HTTP …\n",
        highlight=False,
    )


def _serve_on(opened: App, home: Path) -> None:
    """Show the console on the demo's graph until Ctrl-C; the fake Bitbucket goes on, so runs can be tried."""
    from bucketgraph.cli.serve import answer  # noqa: PLC0415
    from bucketgraph.observe.log import adopt, configure  # noqa: PLC0415
    from bucketgraph.web.site import create  # noqa: PLC0415

    configure("warning")
    adopt("uvicorn")
    with contextlib.closing(_bound()) as bound:
        jobs = opened.jobs()
        jobs.start()
        try:
            asyncio.run(
                answer(create(opened, jobs=jobs), bound, jobs, lambda url: _show_way_in(opened, home, url))
            )
        finally:
            jobs.stop()


def _bound() -> socket.socket:
    """Return a socket on the usual port, or on any other where that one is in use."""
    from bucketgraph.cli.serve import bound_to  # noqa: PLC0415

    try:
        return bound_to(_HOST, _PORT)
    except ConfigError:
        return bound_to(_HOST, 0)


def _show_way_in(opened: App, home: Path, url: str) -> None:
    from bucketgraph.access import setup  # noqa: PLC0415

    out = console()
    out.print("\nLook around in the browser; this link works once:\n")
    out.print(f"  {url}{setup.demo(opened.store).path}", markup=False, highlight=False, soft_wrap=True)
    out.print("\nOr try, in another terminal:\n")
    for command in (
        "bucketgraph question run merged-without-approval --limit 10",
        "bucketgraph shell",
        "bucketgraph stats",
        "bucketgraph changes --since 1h",
        f"bucketgraph sync {NAME}",
    ):
        out.print(
            f"  BUCKETGRAPH_HOME={home} uv run {command}", markup=False, highlight=False, soft_wrap=True
        )
    out.print("\nCtrl-C ends it.")


@contextlib.contextmanager
def _home(keep: Path | None) -> Iterator[Path]:
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="bucketgraph-demo-") as folder:
            yield Path(folder)
        return
    try:
        keep.mkdir(parents=True, exist_ok=True)
        occupied = any(keep.iterdir())
    except OSError as error:
        raise ConfigError(
            f"The folder {keep} cannot be used ({error.strerror}).", hint="Name another one."
        ) from None
    if occupied:
        raise ConfigError(f"The folder {keep} is not empty.", hint="Name a new or empty folder for --keep.")
    yield keep.absolute()


def _settings(home: Path) -> Settings:
    """Return settings that touch nothing outside the demo's folder, whatever the environment says."""
    from bucketgraph.settings import Settings  # noqa: PLC0415

    return Settings(home=home)


def _add(opened: App, url: str) -> Integration:
    from bucketgraph.bitbucket.oauth import Consumer  # noqa: PLC0415
    from bucketgraph.integrations.configuration import NewIntegration  # noqa: PLC0415

    return opened.registry.add(
        NewIntegration(NAME, [NAME], [Consumer(KEY, SECRET)], "A made-up company", api_url=url, oauth_url=url)
    )


def _plain(opened: App, runs: list[Run]) -> dict[str, object]:
    entities, relationships = opened.store.counts()
    return {
        "entities": entities,
        "relationships": relationships,
        "findings": _findings(opened),
        "calls": [sum(run.report.calls.values()) for run in runs],
        "status": [run.status for run in runs],
    }
