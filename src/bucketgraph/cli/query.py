"""`bucketgraph query`: ask the graph in J1QL."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bucketgraph.cli.answers import Format, show_answer
from bucketgraph.cli.arguments import moment, parameters
from bucketgraph.cli.asking import answering, pointing, read_query, show_messages, standard_input
from bucketgraph.cli.output import console, plain, show_json
from bucketgraph.errors import ConfigError

if TYPE_CHECKING:
    from bucketgraph.cli.asking import Askable
    from bucketgraph.j1ql.results import Parameter, Request

FormatOption = Annotated[
    Format,
    typer.Option(
        "--format", help="How to write the answer; csv and graphml hold all rows.", show_default=True
    ),
]
Params = Annotated[
    list[str] | None,
    typer.Option(
        "--param",
        help="name=value for ${name}; repeatable. true, false, numbers and JSON lists are typed, quotes make a "
        "text; param.name=value stands for ${param.name}.",
    ),
]
All = Annotated[bool, typer.Option("--all", help="Show every row, not the first 250.")]
Limit = Annotated[int | None, typer.Option(min=1, help="Show at most so many rows.")]
AsOf = Annotated[
    str | None, typer.Option(help="Ask the graph as it was: 2026-10-01, 2026-10-01T10:00Z, or 7d for ago.")
]
Deleted = Annotated[bool, typer.Option("--include-deleted", help="Find what is deleted, too.")]
Now = Annotated[str | None, typer.Option(help="What date.now means; else the present.")]
Json = Annotated[bool, typer.Option("--json", help="The same as --format json; errors are JSON, too.")]


def query(
    text: Annotated[
        str | None, typer.Argument(metavar="[TEXT]", help="The query; - or nothing reads standard input.")
    ] = None,
    file: Annotated[Path | None, typer.Option("--file", "-f", help="Read the query from a file.")] = None,
    form: FormatOption = Format.TABLE,
    as_json: Json = False,
    param: Params = None,
    limit: Limit = None,
    everything: All = False,
    cursor: Annotated[str | None, typer.Option(help="Go on where the page before ended.")] = None,
    as_of: AsOf = None,
    include_deleted: Deleted = False,
    now: Now = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show plan and SQL instead of the answer.")
    ] = False,
    check: Annotated[bool, typer.Option("--check", help="Only tell whether it can be asked.")] = False,
    batch: Annotated[
        bool,
        typer.Option(
            "--batch",
            help="Answer a query a line of standard input, plain or as JSON, by a line of JSON each.",
        ),
    ] = False,
) -> None:
    """Ask the graph in J1QL.

    bucketgraph query 'FIND bitbucket_user THAT APPROVED bitbucket_pull_request RETURN TREE' --limit 20

    See docs/j1ql.md for the language, `bucketgraph schema` for what can be asked about, and
    `bucketgraph shell` for trying out.
    """
    from bucketgraph.app import open_app  # noqa: PLC0415  # keeps --help quick

    form = Format.JSON if as_json else form
    if batch and (text is not None or file is not None):
        raise ConfigError("--batch reads its queries from standard input.", hint="Leave the query out.")
    asked = "" if batch else read_query(text, file)
    given = request_of(
        asked,
        parameters(param or []),
        form=form,
        limit=limit,
        everything=everything or batch,
        as_of=moment(as_of, flag="--as-of"),
        now=moment(now, flag="--now"),
        include_deleted=include_deleted,
        cursor=cursor,
    )
    with open_app() as opened:
        store = answering(opened)
        if batch:
            _batch(store, given, check=check, explain=explain)
            return
        with pointing(asked, as_json=form is Format.JSON):
            answer_one(store, given, form, check=check, explain=explain)


def request_of(
    text: str,
    given: dict[str, Parameter],
    *,
    form: Format,
    limit: int | None = None,
    everything: bool = False,
    as_of: int | None = None,
    now: int | None = None,
    include_deleted: bool = False,
    cursor: str | None = None,
) -> Request:
    """Return what is asked. One page, unless every row is wanted, counted out, or written for a file."""
    from bucketgraph.j1ql.results import PAGE_ROWS, Request  # noqa: PLC0415

    whole = everything or limit is not None or form.for_files
    return Request(
        text,
        variables={name: value for name, value in given.items() if not name.startswith("param.")},
        parameters={
            name.removeprefix("param."): value for name, value in given.items() if name.startswith("param.")
        },
        now=now,
        include_deleted=include_deleted,
        as_of=as_of,
        limit=limit,
        page=None if whole else PAGE_ROWS,
        cursor=cursor,
    )


def answer_one(
    store: Askable, request: Request, form: Format, *, check: bool = False, explain: bool = False
) -> None:
    """Ask one query and show its answer; or only check or explain it."""
    if check:
        warnings = store.check(request)
        if form is Format.JSON:
            show_json({"ok": True, "messages": warnings})
            return
        show_messages(warnings)
        console().print("The query can be asked.")
    elif explain:
        explanation = store.explain(request)
        if form is Format.JSON:
            show_json(explanation.to_dict())
            return
        console().print(plain(explanation.text()), markup=False, highlight=False, soft_wrap=True)
    else:
        answer = store.ask(request)
        show_messages(answer.messages if form is not Format.JSON else ())
        show_answer(answer, form)


def _batch(store: Askable, default: Request, *, check: bool, explain: bool) -> None:
    from bucketgraph.cli.batch import answers, asker  # noqa: PLC0415

    for line in answers(standard_input(), asker(store, check=check, explain=explain), default):
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()
