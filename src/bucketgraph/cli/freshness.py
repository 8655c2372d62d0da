"""`bucketgraph freshness`: how far the graph can be trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bucketgraph.cli.output import console, plain, show_json, table, when

if TYPE_CHECKING:
    from bucketgraph.integrations.freshness import Freshness, Seen

_NEVER = "never"


def freshness(
    name: Annotated[str | None, typer.Argument(help="One integration; all when it is left out.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON instead of tables.")] = False,
) -> None:
    """Tell when each listing was seen last, the oldest first, and what is not seen, and why.

    "last seen" is when a run published something of it, "whole" when it was read from end to end, "newest change"
    the latest change of it that the graph holds. All times are UTC.
    """
    from bucketgraph.app import open_app  # noqa: PLC0415  # keeps --help quick

    with open_app() as opened:
        chosen = opened.registry.all() if name is None else [opened.registry.find(name)]
        found = [opened.freshness(one) for one in chosen]
    if as_json:
        show_json([_plain(one) for one in found])
        return
    if not found:
        console().print("No integration yet. Add one with `bucketgraph integration add`.", markup=False)
    for one in found:
        _show(one)


def _show(one: Freshness) -> None:
    out = console()
    last = one.last_run
    said = (
        f"{one.integration}: last run {last.status} at {when(last.started_on)}" if last else one.integration
    )
    out.print(plain(said), style="bold", markup=False, highlight=False)
    columns = ["what", "of", "last seen", "whole", "newest change", ""]
    if one.seen:
        out.print(table(None, columns, [_row(seen) for seen in one.seen]))
    if one.unseen:
        cells = [(u.where, u.code, f"{u.why} {u.hint}".strip()) for u in one.unseen]
        out.print()
        out.print(table("Not seen", ["where", "why", "what happened"], cells))
    out.print()


def _row(seen: Seen) -> tuple[str, ...]:
    mark = f"empty since {when(seen.empty_since)}" if seen.empty_since else ""
    return (
        seen.what,
        seen.of,
        when(seen.last_seen_on) or _NEVER,
        when(seen.whole_on) or _NEVER,
        when(seen.newest),
        "off" if seen.off else mark,
    )


def _plain(one: Freshness) -> dict[str, Any]:
    last = one.last_run
    return {
        "integration": one.integration,
        "lastRun": last and {"id": last.id, "status": last.status, "startedOn": last.started_on},
        "lastSuccessOn": one.last_success_on,
        "seen": [
            {
                "scope": seen.scope,
                "what": seen.what,
                "of": seen.of,
                "lastSeenOn": seen.last_seen_on,
                "wholeOn": seen.whole_on,
                "newestChangeOn": seen.newest,
                "emptySince": seen.empty_since,
                "off": seen.off,
            }
            for seen in one.seen
        ],
        "unseen": one.unseen,
    }
