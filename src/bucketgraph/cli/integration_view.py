"""`bucketgraph integration list`, `show`, `sources`, `test`: looking at integrations and trying them."""

from __future__ import annotations

import asyncio
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bucketgraph.cli.output import console, messages, show_json, table, when
from bucketgraph.errors import EXIT_FAILED, EXIT_USAGE

if TYPE_CHECKING:
    from bucketgraph.app import App
    from bucketgraph.bitbucket.endpoints import Group
    from bucketgraph.integrations.check import Check
    from bucketgraph.integrations.configuration import Integration
    from bucketgraph.integrations.cost import Costs
    from bucketgraph.integrations.facts import Shown

Name = Annotated[str, typer.Argument(help="The account name you gave the integration.")]
Json = Annotated[bool, typer.Option("--json", help="Write JSON instead of a table.")]
_MOMENTS = frozenset({"createdOn", "updatedOn", "nextRunOn"})


def list_all(as_json: Json = False) -> None:
    """List the integrations, imports among them, with their schedule and last run."""
    from bucketgraph.app import open_app  # noqa: PLC0415  # keeps --help quick

    with open_app() as opened:
        lost = opened.registry.lost_credentials()
        shown = [opened.shown(one, lost=lost) for one in opened.registry.all()]
    if as_json:
        show_json([one.facts() for one in shown])
        return
    if not shown:
        console().print("No integration yet. Add one with `bucketgraph integration add`.", markup=False)
        return
    columns = ["name", "workspaces", "schedule", "last run", "started", "description"]
    console().print(table(None, columns, [_row(one) for one in shown]))
    for one in shown:
        if one.lost:
            _warn_of_lost(one.integration)


def _row(shown: Shown) -> tuple[str, ...]:
    from bucketgraph.integrations.facts import schedule_in_words  # noqa: PLC0415

    one, last = shown.integration, next(iter(shown.runs), None)
    collected = one.config.kind == "bitbucket"
    return (
        one.name,
        ", ".join(one.config.workspaces) if collected else f"({one.config.kind})",
        schedule_in_words(one) if collected else "",
        last.status if last else "never",
        when(last.started_on) if last else "",
        one.description,
    )


def _warn_of_lost(integration: Integration) -> None:
    messages().print(
        f"warning The credentials of {integration.name} must be entered again: no present key reads them. "
        f"Run `bucketgraph integration credentials {quote(integration.name)}`.",
        markup=False,
        highlight=False,
    )


def show(name: Name, as_json: Json = False) -> None:
    """Show an integration with its schedule, sources and last run, without its secrets."""
    from bucketgraph.app import open_app  # noqa: PLC0415

    with open_app() as opened:
        integration = opened.registry.find(name)
        shown = opened.shown(integration)
        facts = shown.facts()
        if integration.config.kind == "bitbucket":
            facts["callsLeftThisHour"] = opened.budget_left(integration)
            facts["warnings"] = opened.costs(integration).warnings
    if as_json:
        show_json(facts)
        return
    console().print(
        table(None, ["setting", "value"], [(label, _text(label, value)) for label, value in facts.items()])
    )
    if shown.lost:
        _warn_of_lost(integration)


def _text(label: str, value: Any) -> str:
    from bucketgraph.integrations.configuration import Polling  # noqa: PLC0415

    if label in _MOMENTS:
        return f"{when(value)} UTC" if value else "none"
    text: str
    match value:
        case Polling():
            text = value.interval
        case {"startedOn": started, "status": status}:
            text = f"{status}, started {when(started)} UTC"
        case dict() if label == "sources":
            text = ", ".join(f"{name} {'on' if on else 'off'}" for name, on in value.items())
        case dict():
            text = ", ".join(f"{key}={_plain(one)}" for key, one in value.items())
        case list() | tuple():
            text = ", ".join(map(str, value))
        case bool():
            text = "yes" if value else "no"
        case _:
            text = "" if value is None else str(value)
    return text or "none"


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def sources(name: Name, as_json: Json = False) -> None:
    """Show the ingestion sources: on or off, and what each costs in calls.

    Switch one off with `integration edit NAME --source ID=off`: it is not asked any more, and what it brought
    leaves the graph at the next run; its history stays. Switched on again, it is read from the beginning.
    """
    from bucketgraph.app import open_app  # noqa: PLC0415

    with open_app() as opened:
        integration = opened.registry.find_collected(name)
        costs = opened.costs(integration)
    if as_json:
        show_json(costs)
        return
    _show_costs(costs)


def _show_costs(costs: Costs) -> None:
    cells = [
        (
            one.id,
            "always" if one.required else "on" if one.on else "off",
            _calls(one.last),
            _calls(one.first),
            _calls(one.later),
            one.description,
        )
        for one in costs.sources
    ]
    columns = ["source", "", "last run#", "first run about#", "next run about#", "what it brings"]
    console().print(table("Sources and their calls", columns, cells))
    if costs.later is None:
        console().print("\nWhat runs cost is known after the first one.", markup=False, highlight=False)
    for warning in costs.warnings:
        messages().print(f"warning {warning}", markup=False, highlight=False)


def _calls(number: int | None) -> str:
    return "?" if number is None else f"{number:,}"


def test(name: Name, as_json: Json = False) -> None:
    """Test key, secret, each scope, every workspace and every source with a few small calls."""
    from bucketgraph.app import open_app  # noqa: PLC0415
    from bucketgraph.integrations.check import passed, unreachable  # noqa: PLC0415

    with open_app() as opened:
        integration = opened.registry.find_collected(name)
        checks = asyncio.run(opened.test(integration))
        good = passed(checks, integration.config.workspaces)
        estimate, warnings = _first_run(opened, integration, checks) if good else ({}, [])
    if as_json:
        show_json({"ok": good, "checks": checks, "firstRunCalls": estimate, "warnings": warnings})
    else:
        _show_checks(checks, sum(estimate.values()), warnings)
    if not good:
        raise typer.Exit(EXIT_FAILED if unreachable(checks) else EXIT_USAGE)


def _first_run(
    opened: App, integration: Integration, checks: list[Check]
) -> tuple[dict[Group, int], list[str]]:
    """Return at least how many calls a first run takes, and what is too much for the schedule."""
    from bucketgraph.collect.sources import estimate, switched_off  # noqa: PLC0415
    from bucketgraph.integrations.check import sizes_seen  # noqa: PLC0415
    from bucketgraph.integrations.cost import too_much  # noqa: PLC0415

    calls = estimate(sizes_seen(checks), switched_off(integration.config.sources), first=True)
    return calls, too_much(calls, integration, opened.settings.hourly_calls)


def _show_checks(checks: list[Check], calls: int, warnings: list[str]) -> None:
    cells = [
        ("ok" if c.ok else "FAILED", c.consumer, c.what, f"{c.detail}. {c.hint}".rstrip(". ") if c.hint else c.detail)
        for c in checks
    ]  # fmt: skip
    console().print(table(None, ["", "consumer", "what", "result"], cells))
    if calls:
        said = f"\nA first run takes at least {calls:,} calls; every 50 pull requests of a repository take one more."
        console().print(said, markup=False, highlight=False)
    for warning in warnings:
        messages().print(f"warning {warning}", markup=False, highlight=False)
