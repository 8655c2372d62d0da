"""Writes the reference pages from the code; `tests/house/test_docs.py` fails when they are out of date.

Run: `uv run python docs/generate.py`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import typer
from typer.cli import get_docs_for_click

from bucketgraph import cli, errors
from bucketgraph.collect.steps import CATALOGUE
from bucketgraph.graph.schema import Property
from bucketgraph.settings import PREFIX, declared

HERE = Path(__file__).parent


def data_model() -> str:
    """Return the page of entities and relationships."""
    lines = [
        "# Data model",
        "",
        "Generated from the steps' declarations. Times are epoch milliseconds. A property that Bitbucket does not "
        "tell is missing, never null or guessed.",
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
        "With `--json` it is an object with `code`, `message` and `hint` on standard error.\n\n"
        f"```text\n{tree}\n```\n\n"
        "| exit code | meaning |\n| --- | --- |\n"
        f"| {0} | complete |\n| {errors.EXIT_FAILED} | failed |\n"
        f"| {errors.EXIT_USAGE} | usage or configuration |\n| {errors.EXIT_PARTIAL} | partial: something "
        "could not be seen, or the run was stopped |\n"
    )


def commands() -> str:
    """Return the page of commands."""
    command = typer.main.get_command(cli.app)
    return (
        get_docs_for_click(
            obj=command, ctx=typer.Context(command), name="bucketgraph", title="Commands"
        ).strip()
        + "\n"
    )


PAGES: dict[str, Callable[[], str]] = {
    "data-model.md": data_model,
    "settings.md": settings,
    "errors.md": error_page,
    "commands.md": commands,
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
