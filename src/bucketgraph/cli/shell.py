"""`bucketgraph shell`: ask query after query, with history, completion and colours."""

from __future__ import annotations

import typer

from bucketgraph.cli.asking import answering
from bucketgraph.errors import ConfigError


def shell() -> None:
    r"""Ask query after query, with history, completion and colours.

    A query ends with a semicolon or an empty line. \help lists the commands.
    """
    import sys  # noqa: PLC0415  # keeps --help quick

    from bucketgraph.app import open_app  # noqa: PLC0415
    from bucketgraph.cli.repl import Repl, prompt_session  # noqa: PLC0415

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ConfigError(
            "The shell needs a terminal.", hint="In a script, use bucketgraph query, or its --batch."
        )
    with open_app() as opened:
        store = answering(opened)
        repl = Repl(store, opened.store.catalogue)
        session = prompt_session(repl.known, opened.store.catalogue, opened.settings.home / "history")
        typer.echo(r"Ask in J1QL; end with ; or an empty line. \help helps, \quit or Ctrl-D ends.")
        repl.run(session)
