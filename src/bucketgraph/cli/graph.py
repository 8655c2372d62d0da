"""`bucketgraph entities`, `relationships`, `stats` and `changes`: look at the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from bucketgraph.cli.arguments import filters, moment
from bucketgraph.cli.output import console, number, plain, show_json, table, when
from bucketgraph.errors import ConfigError

if TYPE_CHECKING:
    from bucketgraph.store.base import Change, StoredEntity, StoredRelationship
    from bucketgraph.store.store import Store

Json = Annotated[bool, typer.Option("--json", help="Write JSON instead of a table.")]
Limit = Annotated[int, typer.Option(min=1, help="How many to show.")]
Integration = Annotated[str | None, typer.Option("--integration", help="Only what this integration brought.")]

_COLOURS = {"created": "green", "updated": "yellow", "deleted": "red"}


def entities(
    kind: Annotated[
        str | None, typer.Argument(metavar="[TYPE]", help="A type (bitbucket_repo) or a class (CodeRepo).")
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(help="name=value; repeatable. true, false and numbers are typed, quotes make a text."),
    ] = None,
    limit: Limit = 100,
    integration: Integration = None,
    as_json: Json = False,
) -> None:
    """List entities."""
    from bucketgraph.app import open_app  # noqa: PLC0415  # keeps --help quick

    with open_app() as opened:
        _check_kind(opened.store, kind)
        owner = opened.registry.find(integration).id if integration else None
        found = list(
            opened.store.entities(kind, integration_id=owner, where=filters(where or []), limit=limit + 1)
        )
    shown, more = found[:limit], len(found) > limit
    if as_json:
        show_json([_plain_entity(entity) for entity in shown])
        return
    rows = [(e.name, e.type, e.key, str(e.version), when(e.begin_on)) for e in shown]
    console().print(table(None, ["name", "type", "key", "version#", "since"], rows))
    _say_more(len(shown), more=more)


def relationships(
    verb: Annotated[
        str | None, typer.Argument(metavar="[VERB]", help="OWNS, HAS, OPENED, REVIEWED, APPROVED.")
    ] = None,
    from_type: Annotated[str | None, typer.Option("--from", help="The type at the beginning.")] = None,
    to_type: Annotated[str | None, typer.Option("--to", help="The type at the end.")] = None,
    of: Annotated[str | None, typer.Option(help="Only those of the entity with this key.")] = None,
    limit: Limit = 100,
    integration: Integration = None,
    as_json: Json = False,
) -> None:
    """List relationships."""
    from bucketgraph.app import open_app  # noqa: PLC0415

    with open_app() as opened:
        owner = opened.registry.find(integration).id if integration else None
        found = list(
            opened.store.relationships(
                integration_id=owner,
                verb=verb,
                from_type=from_type,
                to_type=to_type,
                end_key=of,
                limit=limit + 1,
            )
        )
    shown, more = found[:limit], len(found) > limit
    if as_json:
        show_json([_plain_relationship(edge) for edge in shown])
        return
    rows = [(e.from_name, e.verb, e.to_name, _facts(e), when(e.begin_on)) for e in shown]
    console().print(table(None, ["from", "verb", "to", "properties", "since"], rows))
    _say_more(len(shown), more=more)


def stats(integration: Integration = None, as_json: Json = False) -> None:
    """Count what is in the graph, and say when it was collected."""
    from bucketgraph.app import open_app  # noqa: PLC0415

    with open_app() as opened:
        chosen = [opened.registry.find(integration)] if integration else opened.registry.all()
        entity_counts, edge_counts = opened.store.counts(chosen[0].id if integration else None)
        runs = [(one.name, run) for one in chosen for run in opened.store.runs(one.id, limit=1)]
    if as_json:
        last = [
            {"integration": n, "status": r.status, "startedOn": r.started_on, "finishedOn": r.finished_on}
            for n, r in runs
        ]
        show_json({"entities": entity_counts, "relationships": edge_counts, "lastRuns": last})
        return
    out = console()
    out.print(table(None, ["entities", "#"], [(n, number(c)) for n, c in sorted(entity_counts.items())]))
    out.print()
    out.print(table(None, ["relationships", "#"], [(n, number(c)) for n, c in sorted(edge_counts.items())]))
    if runs:
        out.print()
        rows = [(n, r.status, when(r.started_on), when(r.finished_on)) for n, r in runs]
        out.print(table(None, ["integration", "last run", "started", "finished"], rows))


def changes(
    since: Annotated[
        str | None, typer.Option(help="2026-11-01, 2026-11-01T10:00:00Z, or 24h, 7d for ago.")
    ] = None,
    limit: Limit = 100,
    integration: Integration = None,
    as_json: Json = False,
) -> None:
    """Tell what changed in the graph, oldest first (the newest ones when there are more than the limit)."""
    from bucketgraph.app import open_app  # noqa: PLC0415

    with open_app() as opened:
        owner = opened.registry.find(integration).id if integration else None
        found = opened.store.changes(
            since=moment(since, flag="--since"), integration_id=owner, limit=limit + 1
        )
    shown, more = found[-limit:], len(found) > limit
    if as_json:
        show_json([_plain_change(change) for change in shown])
        return
    show_changes(shown)
    if more:
        console().print(f"The newest {limit:,} of more changes; --limit shows others.", style="dim")


def show_changes(shown: list[Change]) -> None:
    """Print changes, a line each, with the properties that differ below."""
    out = console()
    for change in shown:
        line = Text.assemble(
            (when(change.on), "dim"),
            "  ",
            (f"{change.kind:<8}", _COLOURS[change.kind]),
            (f"{change.type}  ", "dim"),
            plain(change.name),
        )
        out.print(line, soft_wrap=True)
        for difference in _differences(change):
            out.print(Text(f"{'':<18}{plain(difference)}", style="dim"), no_wrap=True, overflow="ellipsis")


def _check_kind(store: Store, kind: str | None) -> None:
    if kind is None:
        return
    graph = store.known()
    known = [*sorted(graph.type_names), *sorted(graph.class_names)]
    if kind not in known:
        raise ConfigError(f"There is no type or class {kind!r}.", hint=f"Known: {', '.join(known)}.")


def _say_more(shown: int, *, more: bool) -> None:
    if more:
        console().print(f"The first {shown:,} of more; --limit shows others.", style="dim")


def _facts(edge: StoredRelationship) -> str:
    return ", ".join(f"{name}={_value(name, value)}" for name, value in edge.properties.items())


def _differences(change: Change) -> list[str]:
    if change.kind != "updated":
        return []
    names = sorted(change.before.keys() | change.after.keys())
    return [f"{n}: {_value(n, change.before.get(n))} → {_value(n, change.after.get(n))}" for n in names]


def _value(name: str, value: object) -> str:
    if value is None:
        return "nothing"
    if name.endswith("On") and isinstance(value, int):
        return when(value)
    text = ", ".join(value) if isinstance(value, list) else str(value)
    return text if len(text) <= 60 else text[:57] + "…"  # noqa: PLR2004  # a table cell


def _plain_entity(entity: StoredEntity) -> dict[str, object]:
    return {
        "_id": entity.id,
        "_key": entity.key,
        "_type": entity.type,
        "_class": entity.classes,
        "_version": entity.version,
        "_createdOn": entity.created_on,
        "_beginOn": entity.begin_on,
        **entity.properties,
    }


def _plain_relationship(edge: StoredRelationship) -> dict[str, object]:
    return {
        "_id": edge.id,
        "_key": edge.key,
        "_type": edge.type,
        "_class": edge.verb,
        "_fromEntityKey": edge.from_key,
        "_toEntityKey": edge.to_key,
        "_version": edge.version,
        "_beginOn": edge.begin_on,
        "displayName": edge.verb,
        **edge.properties,
    }


def _plain_change(change: Change) -> dict[str, object]:
    return {
        "publication": change.publication,
        "on": change.on,
        "change": change.kind,
        "element": change.element,
        "_type": change.type,
        "_key": change.key,
        "name": change.name,
        "before": change.before,
        "after": change.after,
    }
