"""`bucketgraph question`: the library of questions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from bucketgraph.cli.answers import Format, rows_of, show_answer
from bucketgraph.cli.arguments import moment
from bucketgraph.cli.asking import answering, pointing, show_messages
from bucketgraph.cli.output import console, messages, plain, show_json, table
from bucketgraph.cli.query import All, AsOf, FormatOption, Json, Limit, answer_one, request_of
from bucketgraph.errors import ConfigError

if TYPE_CHECKING:
    from bucketgraph.cli.asking import Askable
    from bucketgraph.questions.base import Asked, Question
    from bucketgraph.questions.loader import Library

app = typer.Typer(
    no_args_is_help=True,
    help="Ask the questions that auditors and platform leads ask; add your own in BUCKETGRAPH_HOME/questions.",
)


@app.command("list")
def list_questions(
    tag: Annotated[str | None, typer.Option(help="Only those with this tag.")] = None,
    search: Annotated[str | None, typer.Option(help="Only those that mention all of these words.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON instead of a table.")] = False,
) -> None:
    """List the questions."""
    found = _library().chosen(tag=tag, search=search)
    if as_json:
        show_json([_plain(one) for one in found])
        return
    if not found:
        messages().print("No question fits.", style="dim")
        return
    rows = [(one.name, one.title, ", ".join(one.tags)) for one in found]
    console().print(table(None, ["name", "question", "tags"], rows))


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="The question's name.")],
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON instead of text.")] = False,
) -> None:
    """Show a question: what it means, its parameters and its queries."""
    question = _library().find(name)
    if as_json:
        show_json(_plain(question))
        return
    out = console()
    out.print(Text(plain(question.title), style="bold"))
    for paragraph in (question.description, question.empty and f"Nothing found means: {question.empty}"):
        if paragraph:
            out.print(f"\n{plain(paragraph)}", markup=False, highlight=False)
    if question.parameters:
        rows = [(p.name, p.kind, _default(p.default), p.meaning) for p in question.parameters]
        out.print()
        out.print(table(None, ["parameter", "kind", "default", "meaning"], rows))
    for query in question.queries:
        if len(question.queries) > 1:
            out.print(f"\n{plain(query.name)}:", markup=False)
        out.print(f"\n{plain(query.text)}", markup=False, highlight=False, soft_wrap=True)


@app.command()
def run(
    name: Annotated[str, typer.Argument(help="The question's name.")],
    param: Annotated[
        list[str] | None, typer.Option("--param", help="name=value of a parameter; repeatable.")
    ] = None,
    only: Annotated[
        str | None, typer.Option("--query", help="Only this query, of a question with several.")
    ] = None,
    form: FormatOption = Format.TABLE,
    as_json: Json = False,
    limit: Limit = None,
    everything: All = False,
    as_of: AsOf = None,
    now: Annotated[str | None, typer.Option(help="What date.now means; else the present.")] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show plan and SQL instead of the answer.")
    ] = False,
) -> None:
    """Ask a question."""
    from bucketgraph.app import open_app  # noqa: PLC0415  # keeps --help quick
    from bucketgraph.questions.fill import asked  # noqa: PLC0415

    form = Format.JSON if as_json else form
    question = _library().find(name)
    chosen = _chosen(question, asked(question, _given(param or [])), only)
    if form.for_files and len(chosen) > 1:
        raise ConfigError(
            f"{question.name} has several queries, and a file holds one answer.",
            hint=f"Choose one: {' or '.join(f'--query {one.name}' for one in chosen)}.",
        )
    results: list[dict[str, Any]] = []
    with open_app() as opened:
        for one in chosen:
            request = request_of(
                one.text,
                dict(one.variables),
                form=form,
                limit=limit,
                everything=everything,
                as_of=moment(as_of, flag="--as-of"),
                now=moment(now, flag="--now"),
            )
            with pointing(one.text, as_json=form is Format.JSON):
                store = answering(opened)
                if form is Format.JSON:
                    told = store.explain(request).to_dict() if explain else store.ask(request).envelope()
                    results.append({"name": one.name, "query": one.text, **told})
                    continue
                if len(chosen) > 1:
                    console().print(f"\n{one.name}", style="bold", markup=False)
                if explain:
                    answer_one(store, request, form, explain=True)
                else:
                    _show(store, request, question, form)
    if form is Format.JSON:
        show_json({"question": question.name, "title": question.title, "results": results})


def _show(store: Askable, request: Any, question: Question, form: Format) -> None:
    answer = store.ask(request)
    show_messages(answer.messages)
    show_answer(answer, form)
    if not rows_of(answer) and question.empty:
        messages().print(plain(question.empty), style="dim", markup=False)


def _chosen(question: Question, queries: tuple[Asked, ...], only: str | None) -> tuple[Asked, ...]:
    if only is None:
        return queries
    found = tuple(one for one in queries if one.name == only)
    if not found:
        names = ", ".join(one.name for one in queries)
        raise ConfigError(f"{question.name} has no query {only!r}.", hint=f"It has: {names}.")
    return found


def _given(texts: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise ConfigError(
                f"--param {text!r} is no parameter.", hint="Write name=value, for example days=30."
            )
        found[name.strip()] = value.strip()
    return found


def _library() -> Library:
    from bucketgraph.questions.loader import load  # noqa: PLC0415  # keeps --help quick
    from bucketgraph.settings import load as settings  # noqa: PLC0415

    return load(settings().home)


def _default(value: object) -> str:
    if value is None:
        return "must be given"
    if isinstance(value, bool):
        return "true" if value else "false"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _plain(question: Question) -> dict[str, Any]:
    return {
        "name": question.name,
        "title": question.title,
        "description": question.description,
        "theme": question.theme,
        "tags": question.tags,
        "parameters": [
            {"name": p.name, "kind": p.kind, "default": p.default, "meaning": p.meaning}
            for p in question.parameters
        ],
        "queries": [{"name": q.name, "query": q.text} for q in question.queries],
        "empty": question.empty,
    }
