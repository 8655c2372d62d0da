"""`bucketgraph diff`: what a query answers differently at two moments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from bucketgraph.cli.answers import as_table
from bucketgraph.cli.arguments import moment, parameters
from bucketgraph.cli.asking import pointing, read_query, show_messages
from bucketgraph.cli.output import console, plain, show_json
from bucketgraph.errors import ConfigError

if TYPE_CHECKING:
    from bucketgraph.j1ql.differences import Differences

_SHOWN = 50
_LONGEST = 60


def diff(
    text: Annotated[
        str | None, typer.Argument(metavar="[QUERY]", help="The query; - or nothing reads standard input.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--from", help="The earlier moment: 2026-10-01, 2026-10-01T10:00Z, or 7d for ago."),
    ] = None,
    until: Annotated[str | None, typer.Option("--to", help="The later moment; else now.")] = None,
    param: Annotated[
        list[str] | None, typer.Option("--param", help="name=value for ${name}; repeatable, as in `query`.")
    ] = None,
    include_deleted: Annotated[
        bool, typer.Option("--include-deleted", help="Find what is deleted, too.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="Show at most so many rows of each kind.")] = _SHOWN,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON, with all rows.")] = False,
) -> None:
    """Tell which rows of a query's answer were added, removed or changed between two moments.

    bucketgraph diff 'FIND bitbucket_repo WITH public = true' --from 30d
    """
    from bucketgraph.app import open_app  # noqa: PLC0415  # keeps --help quick
    from bucketgraph.cli.answers import Format  # noqa: PLC0415
    from bucketgraph.cli.query import request_of  # noqa: PLC0415

    begin, end = moment(since, flag="--from"), moment(until, flag="--to")
    if begin is None:
        raise ConfigError("--from is needed.", hint="Say since when: --from 7d, or --from 2026-10-01.")
    if end is not None and end < begin:
        raise ConfigError("--to is earlier than --from.", hint="Swap the two.")
    asked = read_query(text, None)
    request = request_of(
        asked, parameters(param or []), form=Format.JSON, everything=True, include_deleted=include_deleted
    )
    with open_app() as opened, pointing(asked, as_json=as_json):
        found = opened.store.differences(request, begin, end)
    if as_json:
        show_json(found.to_dict())
        return
    show_messages(found.messages)
    _show(found, limit)


def _show(found: Differences, limit: int) -> None:
    from bucketgraph.j1ql.results import Answer  # noqa: PLC0415

    out = console()
    if not (found.added or found.removed or found.changed):
        out.print("Nothing changed.")
        return
    for title, colour, rows in (("added", "green", found.added), ("removed", "red", found.removed)):
        if rows:
            out.print(Text(f"{len(rows):,} {title}", style=f"bold {colour}"))
            shown = Answer(
                "table" if found.type == "table" else "list", _vertices(rows[:limit]), found.columns
            )
            out.print(as_table(shown))
            _say_more(len(rows), limit)
    if found.changed:
        out.print(Text(f"{len(found.changed):,} changed", style="bold yellow"))
        for before, after in found.changed[:limit]:
            out.print(Text(plain(_name(after))))
            for line in _lines(_flat(before), _flat(after)):
                out.print(Text(f"  {plain(line)}", style="dim"), soft_wrap=True)
        _say_more(len(found.changed), limit)


def _say_more(count: int, limit: int) -> None:
    if count > limit:
        console().print(f"The first {limit:,} of {count:,}; --limit shows others.", style="dim")


def _vertices(rows: list[Any]) -> list[Any]:
    """Return relationships of a tree in the shape of entities, so that one table shows both."""
    return [
        {"id": row["id"], "entity": row["relationship"], "properties": row["properties"]}
        if "relationship" in row
        else row
        for row in rows
    ]


def _name(row: dict[str, Any]) -> str:
    head = row.get("entity") or row.get("relationship")
    if isinstance(head, dict):
        return str(head.get("displayName") or head["_key"])
    return ", ".join(str(value) for value in row.values() if not isinstance(value, dict | list))[
        : 2 * _LONGEST
    ]


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """Return what a row says, by name: properties of a whole thing, or cells."""
    head = row.get("entity") or row.get("relationship")
    if not isinstance(head, dict):
        return row
    kept = {name: value for name, value in head.items() if name not in {"_version", "_beginOn"}}
    return {**kept, **row["properties"]}


def _lines(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    from bucketgraph.answers.tabular import cell  # noqa: PLC0415

    names = [name for name in dict.fromkeys((*before, *after)) if before.get(name) != after.get(name)]
    return [f"{n}: {_cut(cell(n, before.get(n)))} → {_cut(cell(n, after.get(n)))}" for n in names]


def _cut(text: str) -> str:
    text = text or "nothing"
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
