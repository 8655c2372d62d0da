"""`bucketgraph secrets …`: the keys that encrypt stored credentials."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bucketgraph.cli.output import console, messages, plain, show_json, table

if TYPE_CHECKING:
    from bucketgraph.app import App
    from bucketgraph.integrations.keyring import Rotation

app = typer.Typer(no_args_is_help=True, help="Look at and change the keys that encrypt stored credentials.")

Json = Annotated[bool, typer.Option("--json", help="Write JSON instead of a table.")]


@app.command()
def status(as_json: Json = False) -> None:
    """Tell where the key comes from and which integrations' credentials it reads; never the key itself."""
    from bucketgraph.app import open_app  # noqa: PLC0415  # keeps --help quick

    with open_app() as opened:
        facts = _status(opened)
    if as_json:
        show_json(facts)
        return
    out = console()
    out.print(plain(f"The key comes from {facts['from']}: {facts['state']}."), markup=False, highlight=False)
    rows = facts["integrations"]
    if rows:
        cells = [(one["name"], "readable" if one["readable"] else "must be entered again") for one in rows]
        out.print(table(None, ["integration", "credentials"], cells))
    if any(not one["readable"] for one in rows):
        messages().print(
            "warning Restore the key they were encrypted with, or enter them with "
            "`bucketgraph integration credentials NAME`.",
            markup=False,
            highlight=False,
        )


def _status(opened: App) -> dict[str, Any]:
    from bucketgraph.integrations.keyring import VARIABLE  # noqa: PLC0415

    lost = opened.registry.lost_credentials()
    keyring = opened.keyring
    return {
        "from": f"the setting {VARIABLE}" if keyring.given else str(keyring.path),
        "keys": keyring.count(),
        "state": keyring.state(),
        "integrations": [
            {"name": one.name, "id": one.id, "readable": one.id not in lost}
            for one in opened.registry.all()
            if one.config.kind == "bitbucket"
        ],
    }


@app.command()
def rotate(
    reencrypt: Annotated[
        bool,
        typer.Option(
            "--reencrypt", help="Make no new key: give the first of the present keys to all credentials."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Make a new key, encrypt all credentials with it, and drop the old ones.

    Killed at any moment, it loses nothing: run it again. A backup made before needs the old key; after a leak,
    reset the consumers' secrets in Bitbucket, too. When the key comes from BUCKETGRAPH_SECRET_KEY, put a new one
    (`secrets new-key`) before the old one, and run this with --reencrypt.
    """
    from bucketgraph.app import open_app  # noqa: PLC0415

    with open_app() as opened:
        keyring = opened.keyring
        done = keyring.reencrypt(opened.store) if reencrypt else keyring.rotate(opened.store)
    if as_json:
        show_json(done)
    else:
        _show(done, new=not reencrypt)


def _show(done: Rotation, *, new: bool) -> None:
    said = "There is a new key" if new else "The first key is in use"
    console().print(
        f"{said}: {len(done.renewed)} integrations' credentials were encrypted with it.",
        markup=False,
        highlight=False,
    )
    for name in done.unreadable:
        messages().print(
            f"warning The credentials of {plain(name)} could not be read with any key: "
            f"enter them with `bucketgraph integration credentials {plain(quote(name))}`.",
            markup=False,
            highlight=False,
        )


@app.command("new-key")
def new_key() -> None:
    """Write a fresh random key to standard output, for BUCKETGRAPH_SECRET_KEY; nothing uses it yet."""
    from bucketgraph.integrations.vault import fresh_key  # noqa: PLC0415

    typer.echo(fresh_key())
