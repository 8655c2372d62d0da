"""The command line: one file a command group, `--json` beside every table.

In: arguments. Out: tables, JSON and exit codes (0 complete, 1 failed, 2 usage or configuration, 3 partial).
May import everything; heavy rooms are imported inside commands so that `--help` stays quick.

Example::

    bucketgraph integration add acme --workspace acme --oauth-key KEY
    bucketgraph sync acme
    bucketgraph query 'FIND bitbucket_pull_request WITH merged = true THAT !APPROVED << bitbucket_user'
"""

from __future__ import annotations

import sys
from itertools import pairwise
from typing import Annotated

import structlog
import typer

from bucketgraph import __version__
from bucketgraph.cli import (
    backup,
    complete,
    demo,
    diff,
    exchange,
    freshness,
    graph,
    integration,
    openapi,
    parameter,
    people,
    query,
    question,
    schema,
    secrets,
    serve,
    shell,
    sync,
    token,
    user,
)
from bucketgraph.cli.output import show_error
from bucketgraph.errors import EXIT_FAILED, BucketgraphError
from bucketgraph.observe.log import configure
from bucketgraph.settings import load, unknown_variables

app = typer.Typer(
    name="bucketgraph",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Who can change what in our Bitbucket, who did, and was it reviewed? "
    "Collects Bitbucket Cloud into a graph with complete history, in one file of yours.",
    epilog="Exit codes: 0 complete, 1 failed, 2 usage or configuration, 3 partial. "
    "Data lives in BUCKETGRAPH_HOME; see docs/settings.md.",
)
app.command("demo")(demo.demo)
app.add_typer(integration.app, name="integration")
app.command("sync")(sync.sync)
app.command("serve")(serve.serve)
app.add_typer(people.app, name="people")
app.command("freshness")(freshness.freshness)
app.add_typer(secrets.app, name="secrets")
app.command("query")(query.query)
app.add_typer(question.app, name="question")
app.command("shell")(shell.shell)
app.command("schema")(schema.schema)
app.command("complete")(complete.complete)
app.command("diff")(diff.diff)
app.add_typer(parameter.app, name="parameter")
app.add_typer(token.app, name="token")
app.add_typer(user.app, name="user")
app.command("openapi")(openapi.openapi)
app.command("entities")(graph.entities)
app.command("relationships")(graph.relationships)
app.command("stats")(graph.stats)
app.command("changes")(graph.changes)
app.command("import")(exchange.import_)
app.command("export")(exchange.export)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)


def _version(wanted: bool) -> None:  # noqa: FBT001  # typer calls it with the flag's value
    if wanted:
        typer.echo(f"bucketgraph {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[  # noqa: ARG001  # its callback does the work
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Set up what all commands share."""
    configure(load().log_level)
    for name in unknown_variables():
        structlog.get_logger().warning(
            "this environment variable is no setting and is ignored", variable=name
        )


def main() -> None:
    """Run the command line; our own errors become one paragraph and an exit code."""
    try:
        app()
    except BucketgraphError as error:
        show_error(error, as_json=_wants_json(sys.argv))
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        show_error(_failed(error), as_json=_wants_json(sys.argv))
        sys.exit(EXIT_FAILED)


def _failed(error: OSError) -> BucketgraphError:
    """Return an error of the system, such as a full disk behind standard output, as one of ours."""
    where = f" {error.filename}" if error.filename else " the answer"
    return BucketgraphError(
        f"Reading or writing{where} failed ({error.strerror or error}).", hint="Check the disk and its quota."
    )


def _wants_json(arguments: list[str]) -> bool:
    """Tell whether errors are to be JSON: where the answer would be, and in a batch, which is read by a program."""
    named = {"--json", "--batch", "--format=json"} & set(arguments)
    return bool(named) or ("--format", "json") in pairwise(arguments)
