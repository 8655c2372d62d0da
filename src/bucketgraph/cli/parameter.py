"""`bucketgraph parameter`: values that `${param.name}` stands for in every query and question."""

from __future__ import annotations

from typing import Annotated

import typer

from bucketgraph.cli.arguments import parameter as read_value
from bucketgraph.cli.output import console, plain, show_json, table
from bucketgraph.errors import ConfigError

app = typer.Typer(
    no_args_is_help=True, help="Values that ${param.name} stands for in every query and question."
)

Name = Annotated[str, typer.Argument(help="The name, as in ${param.name}.")]
Json = Annotated[bool, typer.Option("--json", help="Write JSON instead of a table.")]


@app.command("set")
def set_(
    name: Name,
    value: Annotated[
        str,
        typer.Argument(help="true, false, a number, a JSON list, a text in quotes, or the text itself."),
    ],
) -> None:
    """Store a value, in place of one of the same name."""
    from bucketgraph.app import open_app  # noqa: PLC0415  # keeps --help quick
    from bucketgraph.j1ql.given import check_name  # noqa: PLC0415

    check_name(name)
    found = read_value(value, name=name)
    with open_app() as opened:
        opened.store.set_parameter(name, found)
    console().print(f"${{param.{name}}} is {plain(str(found))} now.", markup=False)


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List all stored values."""
    from bucketgraph.app import open_app  # noqa: PLC0415

    with open_app() as opened:
        found = opened.store.parameters()
    if as_json:
        show_json(found)
        return
    rows = [(name, type(value).__name__, plain(str(value))) for name, value in found.items()]
    console().print(table(None, ["name", "kind", "value"], rows))


@app.command("remove")
def remove(name: Name) -> None:
    """Forget a value."""
    from bucketgraph.app import open_app  # noqa: PLC0415

    with open_app() as opened:
        if not opened.store.remove_parameter(name):
            known = ", ".join(opened.store.parameters()) or "none"
            raise ConfigError(f"There is no parameter {name!r}.", hint=f"Stored are: {known}.")
    console().print(f"Forgot {name}.", markup=False)
