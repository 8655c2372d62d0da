"""`bucketgraph schema`: what can be asked about."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bucketgraph.cli.asking import answering
from bucketgraph.cli.output import console, number, show_json, table

if TYPE_CHECKING:
    from bucketgraph.graph.schema import Catalogue
    from bucketgraph.graph.values import Value
    from bucketgraph.j1ql.known import KnownGraph

Example = dict[str, "Value"]
_LONG = 40


def schema(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="A class, a type or a verb; else all of them.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON instead of tables.")] = False,
) -> None:
    """Show classes, types, verbs and properties, how many there are, and examples."""
    from bucketgraph.app import open_app  # noqa: PLC0415  # keeps --help quick

    with open_app() as opened:
        store = opened.store

        def example(type_name: str) -> Example:
            return next((dict(one.properties) for one in store.entities(type_name, limit=1)), {})

        show_schema(answering(opened).known(), store.catalogue, name, example=example, as_json=as_json)


def _no_example(_type_name: str) -> Example:
    return {}


def show_schema(
    known: KnownGraph,
    catalogue: Catalogue,
    name: str | None,
    *,
    example: Callable[[str], Example] = _no_example,
    as_json: bool = False,
) -> None:
    """Show what is behind a name, or everything. Raises ConfigError for a name that nothing bears."""
    from bucketgraph.j1ql.described import of_name, overview  # noqa: PLC0415
    from bucketgraph.j1ql.vocabulary import Vocabulary  # noqa: PLC0415

    words = Vocabulary.of(known, catalogue)
    described = overview(words) if name is None else of_name(words, name, example)
    if as_json:
        show_json(described)
    elif name is None:
        _show_overview(described)
    else:
        _show_name(described)


def _show_overview(described: dict[str, Any]) -> None:
    out = console()
    rows = [(c["name"], number(c["count"]), ", ".join(c["types"])) for c in described["classes"]]
    out.print(table(None, ["class", "#", "types"], rows))
    out.print()
    types = [(t["name"], number(t["count"]), t["meaning"]) for t in described["types"]]
    out.print(table(None, ["type", "#", "what it is"], types))
    out.print()
    _show_edges(described["relationships"])


def _show_name(described: dict[str, Any]) -> None:
    out = console()
    for one in described["types"]:
        classes = ", ".join(one["classes"])
        out.print(f"{one['name']} ({classes}), {one['count']:,} of them. {one['meaning']}\n", markup=False)
        rows = [(p["name"], p["kind"], _short(p["example"]), p["meaning"]) for p in one["properties"]]
        out.print(table(None, ["property", "kind", "for example", "meaning"], rows))
        out.print()
    _show_edges(described["relationships"])
    for edge in described["relationships"]:
        if edge["properties"]:
            out.print()
            facts = [(p["name"], p["kind"], p["meaning"]) for p in edge["properties"]]
            out.print(
                table(f"{edge['from']} {edge['verb']} {edge['to']}", ["property", "kind", "meaning"], facts)
            )


def _show_edges(edges: list[dict[str, Any]]) -> None:
    rows = [(e["from"], e["verb"], e["to"], number(e["count"]), e["meaning"]) for e in edges]
    console().print(table(None, ["from", "verb", "to", "#", "meaning"], rows))


def _short(value: Any) -> str:
    if value is None:
        return ""
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    text = {True: "true", False: "false"}[value] if isinstance(value, bool) else text
    return text if len(text) <= _LONG else f"{text[: _LONG - 1]}…"
