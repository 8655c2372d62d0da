"""Writes the reference pages from the code; `tests/house/test_docs.py` fails when they are out of date.

Run: `uv run python docs/generate.py`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import typer
from typer.cli import get_docs_for_click

from bucketgraph import cli, errors
from bucketgraph.collect.sources import SOURCES
from bucketgraph.graph.schema import Property
from bucketgraph.j1ql import functions, operators
from bucketgraph.j1ql.cursor import CLAUSES
from bucketgraph.j1ql.dates import CALENDAR_UNITS, UNITS
from bucketgraph.j1ql.known import EDGE_METADATA, ENTITY_METADATA
from bucketgraph.j1ql.tokens import RESERVED
from bucketgraph.j1ql.vocabulary import METADATA_MEANINGS, kind_in_words
from bucketgraph.people.catalogue import CATALOGUE
from bucketgraph.questions.base import Question
from bucketgraph.questions.loader import load
from bucketgraph.settings import PREFIX, declared
from bucketgraph.web.api import ROUTES

HERE = Path(__file__).parent


def data_model() -> str:
    """Return the page of entities and relationships."""
    lines = [
        "# Data model",
        "",
        "Generated from the declarations of the steps and of people. Times are epoch milliseconds. A property that "
        "Bitbucket does not tell is missing, never null or guessed.",
        "",
        "Every entity has `_key` (survives renames), `_type`, `_class`, `_version`, `_createdOn` (first seen), "
        "`_beginOn` (this version began). A relationship's `_key` is `<from key>|<verb>|<to key>`.",
        "",
        "## Entities",
    ]
    for entity in CATALOGUE.entities.values():
        classes = ", ".join(f"`{name}`" for name in entity.classes)
        lines += [
            "",
            f"### `{entity.name}` ({classes})",
            "",
            entity.meaning,
            "",
            *_properties(entity.properties),
        ]
    lines += ["", "## Relationships", "", "| from | verb | to | meaning |", "| --- | --- | --- | --- |"]
    lines += [
        f"| `{edge.from_type}` | **{edge.verb}** | `{edge.to_type}` | {edge.meaning} |"
        for edge in CATALOGUE.relationships
    ]
    for edge in CATALOGUE.relationships:
        if edge.properties:
            lines += ["", f"### `{edge.name}`", "", *_properties(edge.properties)]
    return "\n".join(lines) + "\n"


def sources() -> str:
    """Return the page of ingestion sources."""
    lines = [
        "# Sources",
        "",
        "Generated from the registry of sources. `bucketgraph integration sources NAME` tells what each costs.",
        "",
        "| source | may be off | scope it needs | what it brings | when it is off, nothing has |",
        "| --- | --- | --- | --- | --- |",
    ]
    for one in SOURCES:
        scopes = sorted({f"`{endpoint.scope}`" for endpoint in one.endpoints if endpoint.scope})
        hidden = ", ".join(f"`{name}`" for name in one.hides)
        off = "no" if one.required else "yes"
        lines.append(f"| `{one.id}` | {off} | {', '.join(scopes)} | {one.description} | {hidden} |")
    return "\n".join(lines) + "\n"


def settings() -> str:
    """Return the page of settings."""
    lines = [
        "# Settings",
        "",
        f"Generated from the settings' declarations. Each is an environment variable `{PREFIX}…`, or a key in "
        "lower case without the prefix in `config.toml` in the home folder; the environment wins.",
        "",
        "| variable | default | what it is |",
        "| --- | --- | --- |",
    ]
    for name, field in declared().items():
        default = "the platform's data folder" if name == "home" else f"`{field.default}`"
        if field.default is None:
            default = "none"
        lines.append(f"| `{PREFIX}{name.upper()}` | {default} | {field.description} |")
    return "\n".join(lines) + "\n"


def error_page() -> str:
    """Return the page of errors."""
    tree = (errors.__doc__ or "").split("::\n\n", 1)[1].rsplit("\n\n", 1)[0]
    tree = "\n".join(line.removeprefix("    ") for line in tree.splitlines())
    return (
        "# Errors\n\nGenerated from `errors.py`. An error is one paragraph: what happened, why, what to do next. "
        "With `--json`, and in the API, it is an object with `code`, `message` and `hint`; of a query's error "
        "also `line`, `column`, `span` and `suggestions`.\n\n"
        f"```text\n{tree}\n```\n\n"
        "| exit code | meaning |\n| --- | --- |\n"
        f"| {0} | complete |\n| {errors.EXIT_FAILED} | failed |\n"
        f"| {errors.EXIT_USAGE} | usage or configuration |\n| {errors.EXIT_PARTIAL} | partial: something "
        "could not be seen, or the run was stopped |\n\n"
        "| code | HTTP status | exit code | meaning |\n| --- | --- | --- | --- |\n"
        + "".join(
            f"| `{one.code}` | {one.http_status} | {one.exit_code} | {(one.__doc__ or '').splitlines()[0]} |\n"
            for one in _all_errors(errors.BucketgraphError)
        )
    )


def _all_errors(kind: type[errors.BucketgraphError]) -> Iterable[type[errors.BucketgraphError]]:
    for below in kind.__subclasses__():
        yield below
        yield from _all_errors(below)


def commands() -> str:
    """Return the page of commands."""
    command = typer.main.get_command(cli.app)
    return (
        get_docs_for_click(
            obj=command, ctx=typer.Context(command), name="bucketgraph", title="Commands"
        ).strip()
        + "\n"
    )


def j1ql_reference() -> str:
    """Return the reference of the query language."""
    clauses = " ".join(f"[{_CLAUSE_FORMS[name]}]" for name in CLAUSES)
    lines = [
        "# J1QL reference",
        "",
        "Generated from the language's own tables; [the guide](j1ql.md) explains it with examples.",
        "",
        "## Order of clauses",
        "",
        "```text",
        "FIND [UNIQUE] selector [WITH condition] [AS name]",
        "  { THAT [!]verb [>> | <<] [AS name] selector … | (THAT …)? }",
        f"  {clauses}",
        "```",
        "",
        f"Reserved words: {', '.join(f'`{word}`' for word in sorted(RESERVED))}. Keywords, verbs and functions may be "
        "written in any letter case; classes, types, properties, names and texts may not.",
        "",
        "## Operators",
        "",
        "A positive operator holds when any element of a list satisfies it, and not when the property is missing; a "
        "negated one is exactly the opposite.",
        "",
        "| operator | meaning | takes |",
        "| --- | --- | --- |",
        *(f"| `{row.text}` | {row.meaning} | {', '.join(sorted(row.operands))} |" for row in operators.ROWS),
        "",
        "## Functions",
        "",
        "| function | takes | gives |",
        "| --- | --- | --- |",
        *_functions(aggregate=False),
        "",
        "## Aggregates",
        "",
        "Columns without an aggregate are the keys of the groups. One without any key gives one row.",
        "",
        "| aggregate | takes | gives |",
        "| --- | --- | --- |",
        *_functions(aggregate=True),
        "",
        "## Units of time",
        "",
        "Behind a number that is added to or taken from a date: `date.now - 30 days`. Months and years follow the "
        "calendar.",
        "",
        "| unit | spellings |",
        "| --- | --- |",
        *_units(),
        "",
        "## Properties that everything has",
        "",
        "| property | of | kind | meaning |",
        "| --- | --- | --- | --- |",
        *_metadata(),
    ]
    return "\n".join(lines) + "\n"


_CLAUSE_FORMS = {
    "WHERE": "WHERE condition",
    "RETURN": "RETURN columns | TREE",
    "HAVING": "HAVING condition",
    "ORDER": "ORDER BY keys",
    "SKIP": "SKIP n",
    "LIMIT": "LIMIT n",
}


def _functions(*, aggregate: bool) -> Iterable[str]:
    rows = (row for row in functions.ROWS if row.aggregate == aggregate)
    return [f"| `{row.name}` | {row.arity()} | {row.meaning} |" for row in rows]


def _units() -> Iterable[str]:
    for unit in dict.fromkeys(UNITS.values()):
        spellings = ", ".join(f"`{word.lower()}`" for word, meant in UNITS.items() if meant == unit)
        yield f"| {unit}{' (calendar)' if unit in CALENDAR_UNITS else ''} | {spellings} |"


def _metadata() -> Iterable[str]:
    for name in dict.fromkeys((*ENTITY_METADATA, *EDGE_METADATA, "displayName")):
        kinds = ENTITY_METADATA.get(name) or EDGE_METADATA.get(name) or frozenset({"string"})
        one, other = name in ENTITY_METADATA, name in EDGE_METADATA
        of = "both" if one == other else "entities" if one else "relationships"
        kind = "time" if name.endswith("On") else kind_in_words(kinds)
        if name == "_class":
            kind = "list; of a relationship string"
        yield f"| `{name}` | {of} | {kind} | {METADATA_MEANINGS[name]} |"


def question_page() -> str:
    """Return the page of questions."""
    lines = [
        "# Questions",
        "",
        "Generated from the library. `bucketgraph question run NAME` asks one, `question list --search WORDS` finds "
        "one, `question show NAME` shows its queries.",
        "",
        _OWN_QUESTIONS,
    ]
    theme = ""
    for one in load().questions:
        if one.theme != theme:
            theme = one.theme
            lines += [
                "",
                f"## {theme}",
                "",
                "| name | question | parameters | tags |",
                "| --- | --- | --- | --- |",
            ]
        lines.append(f"| `{one.name}` | {_told(one)} | {_chosen(one)} | {', '.join(one.tags)} |")
    return "\n".join(lines) + "\n"


_OWN_QUESTIONS = """## Your own

Put YAML files into the folder `questions` in `BUCKETGRAPH_HOME`; their questions stand beside these.
Question packs of JupiterOne's integrations can be put there as they are.

```yaml
theme: Payments
questions:
  - name: payments-merged-by
    title: Who merged into the payment services lately?
    description: What an auditor samples every quarter.
    tags: [audit, payments]
    parameters:
      - {name: days, kind: number, default: 90, meaning: How many days back to look.}
      - {name: project, kind: string, default: PAY, meaning: The project's key.}
    query: |
      FIND bitbucket_project WITH key = ${project} THAT HAS bitbucket_repo
        THAT HAS bitbucket_pull_request WITH mergedOn > date.now - {{days}} days AS pr
        RETURN pr.mergedBy AS mergedBy, COUNT(pr) AS merged ORDER BY merged DESC
    empty: Nothing was merged in that time.
```

`${name}` is a typed value where a value may stand; `{{name}}` is filled in before the query is read, as text inside
quotes (it cannot break out of them), and as a number, a list or the name of a type elsewhere.
Kinds are `string`, `number`, `boolean` and `list`; a parameter without a default must be given.
Instead of `query` there may be `queries`, a list of `name` and `query`."""


def _told(question: Question) -> str:
    description = f"<br>{question.description}" if question.description else ""
    return f"{question.title}{description}".replace("|", "\\|")


def _chosen(question: Question) -> str:
    return ", ".join(
        f"`{one.name}`" + ("" if one.default is None else f" ({one.default})") for one in question.parameters
    )


def routes() -> str:
    """Return the page of the API's routes."""
    lines = [
        "# Routes of the API",
        "",
        "Generated from the routes' declarations; [the guide](api.md) explains how they are asked. "
        "`bucketgraph openapi` prints the OpenAPI 3.1 document, with every parameter, body and answer.",
        "",
        "A token that is bound to an integration gets what concerns that one only (*own*), the same as everybody "
        "(*all*, where nothing belongs to an integration), or is refused (*none*, where an answer cannot be "
        "restricted).",
    ]
    for tag in dict.fromkeys(route.tag for route in ROUTES):
        lines += ["", f"## {tag}", "", "| method | address | what it does | role | bound token |"]
        lines += ["| --- | --- | --- | --- | --- |"]
        lines += [
            f"| {one.method} | `{one.path}` | {one.summary} | {one.role} | {one.bound} |"
            for one in ROUTES
            if one.tag == tag
        ]
    return "\n".join(lines) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "data-model.md": data_model,
    "sources.md": sources,
    "settings.md": settings,
    "errors.md": error_page,
    "commands.md": commands,
    "j1ql-reference.md": j1ql_reference,
    "questions.md": question_page,
    "api-routes.md": routes,
}


def _properties(properties: tuple[Property, ...]) -> list[str]:
    rows = [f"| `{p.name}` | {p.kind} | {p.meaning} |" for p in properties]
    return ["| property | kind | meaning |", "| --- | --- | --- |", *rows]


def main() -> None:
    """Write all pages."""
    for name, page in PAGES.items():
        (HERE / name).write_text(page())
        sys.stdout.write(f"wrote docs/{name}\n")


if __name__ == "__main__":
    main()
