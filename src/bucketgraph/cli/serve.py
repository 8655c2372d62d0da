"""`bucketgraph serve`: keep all integrations collected, unattended, and show the console."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from bucketgraph.cli.output import messages, plain
from bucketgraph.errors import EXIT_FAILED, ConfigError

if TYPE_CHECKING:
    import socket

    from starlette.applications import Starlette

    from bucketgraph.app import App
    from bucketgraph.integrations.jobs import Jobs

_LOOK_EVERY_SECONDS = 0.2
_GRACE_SECONDS = 5
_IDLE_SECONDS = 75
"""Longer than clients and proxies keep an idle connection: else one closes while they begin to use it."""


def serve(
    host: Annotated[
        str, typer.Option(help="The address to listen on; the default is this computer alone.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="The port; 0 lets the system choose one.")
    ] = 8321,
    log_level: Annotated[
        str,
        typer.Option(
            help="What is logged to standard error: debug, info, warning or error.", metavar="LEVEL"
        ),
    ] = "info",
) -> None:
    """Keep all integrations collected by their schedules, show the console and answer the API, until it is stopped.

    While there is no account it prints a link that works once and sets the first administrator up.

    Ticks that were missed while nothing ran are caught up with, once each. SIGTERM or Ctrl-C stop it cleanly: runs in
    progress are interrupted and go on at the next start, as they do after a crash. One server runs on a graph file;
    all other commands work beside it, and `sync` hands its runs over to it.
    """
    from bucketgraph.app import open_app  # noqa: PLC0415  # keeps --help quick
    from bucketgraph.observe.log import adopt, configure  # noqa: PLC0415
    from bucketgraph.web.site import create  # noqa: PLC0415

    if log_level not in {"debug", "info", "warning", "error"}:
        raise ConfigError(
            f"{log_level!r} is no log level.", hint="Use debug, info, warning or error with --log-level."
        )
    configure(log_level)
    adopt("uvicorn")
    with contextlib.closing(bound_to(host, port)) as bound, open_app() as opened:
        jobs = opened.jobs()
        jobs.start()
        try:
            asked = asyncio.run(
                answer(create(opened, jobs=jobs), bound, jobs, lambda url: _announce(opened, url))
            )
        finally:
            jobs.stop()
    if not asked:
        raise typer.Exit(EXIT_FAILED)


async def answer(site: Starlette, bound: socket.socket, jobs: Jobs, announce: Callable[[str], None]) -> bool:
    """Answer requests until a signal comes, or the jobs or the site cannot go on; tell whether it was asked for.

    `announce` is called with the server's address when it listens.
    """
    import uvicorn  # noqa: PLC0415

    class Server(uvicorn.Server):
        """A server whose signals are ours: uvicorn's own would end the process before the jobs are put down."""

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            """Leave the signals alone."""
            yield

    config = uvicorn.Config(
        site,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        timeout_keep_alive=_IDLE_SECONDS,
    )
    server = Server(config)
    stopping = asyncio.Event()
    with _signals(stopping):
        listening = asyncio.create_task(server.serve([bound]))
        announce(_url(bound))
        while not (stopping.is_set() or jobs.broken.is_set() or listening.done()):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), _LOOK_EVERY_SECONDS)
        jobs.interrupt()
        server.should_exit = True
        await listening
    return stopping.is_set()


@contextlib.contextmanager
def _signals(stopping: asyncio.Event) -> Iterator[None]:
    """Let SIGINT and SIGTERM stop the server; a second one changes nothing."""
    if sys.platform == "win32":
        yield  # Ctrl-C raises KeyboardInterrupt there
        return
    loop = asyncio.get_running_loop()
    for one in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(one, stopping.set)
    try:
        yield
    finally:
        for one in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(one)


def bound_to(host: str, port: int) -> socket.socket:
    """Return a socket that listens; raises ConfigError where that is not possible."""
    import socket  # noqa: PLC0415

    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind(address)
            bound.listen()
        except OSError:
            bound.close()
            raise
    except OSError as error:
        raise ConfigError(
            f"Nothing can listen on {host} port {port} ({error.strerror or error}).",
            hint="Another program may use it: choose another with --port, or 0 for any.",
        ) from None
    return bound


def _url(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}"


def _announce(opened: App, url: str) -> None:
    """Say where the server answers, the first line that it writes for a person; and how the first one gets in."""
    from bucketgraph.access import setup  # noqa: PLC0415

    say(f"bucketgraph serves on {url}")
    link = setup.first_run(opened.store)
    if link is not None:
        base = opened.settings.public_url or url
        say(f"Nobody has an account yet. Set the first administrator up, within the hour: {base}{link.path}")


def say(text: str) -> None:
    """Write a line for a person to standard error, whole, so that an address in it can be clicked."""
    messages().print(plain(text), markup=False, highlight=False, soft_wrap=True)
