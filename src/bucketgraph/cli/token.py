"""`bucketgraph token …`: bearer tokens for the server's API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bucketgraph.cli.output import console, messages, show_json, table, when, write_data

if TYPE_CHECKING:
    from bucketgraph.store.base import TokenRow

app = typer.Typer(
    no_args_is_help=True,
    help="Bearer tokens for the API of `bucketgraph serve`: a viewer reads, an editor also runs and edits people, "
    "an admin does all.",
)

Name = Annotated[str, typer.Argument(help="What the token is called, such as ci or grafana.")]
Json = Annotated[bool, typer.Option("--json", help="Write JSON instead of text.")]


@app.command()
def create(
    name: Name,
    role: Annotated[str, typer.Option(help="viewer, editor or admin.")],
    integration: Annotated[
        str | None, typer.Option(help="Bind it to this integration: it sees and changes no other.")
    ] = None,
    expires: Annotated[
        str | None, typer.Option(help="Until when it holds: 90d, 12h, 4w, or 2027-03-01; else for ever.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a token. It is shown this once; only its hash is kept.

    curl -H "Authorization: Bearer bg_…" http://127.0.0.1:8321/api/v1/stats
    """
    from bucketgraph.access import tokens  # noqa: PLC0415  # keeps --help quick
    from bucketgraph.access.roles import role_of  # noqa: PLC0415
    from bucketgraph.app import open_app  # noqa: PLC0415

    wanted, until = role_of(role), tokens.expiry(expires)
    with open_app() as opened:
        bound = opened.registry.find(integration).id if integration else None
        token, row = tokens.create(opened.store, name, wanted, integration_id=bound, expires_on=until)
    if as_json:
        show_json(_plain(row) | {"token": token})
        return
    write_data(token + "\n")
    messages().print("Keep it now: it is not shown again.", style="dim")


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List the tokens, without themselves."""
    from bucketgraph.access.tokens import expired  # noqa: PLC0415
    from bucketgraph.app import open_app  # noqa: PLC0415

    with open_app() as opened:
        rows = opened.store.tokens()
        names = {one.id: one.name for one in opened.registry.all()}
    if as_json:
        show_json([_plain(row) for row in rows])
        return
    if not rows:
        console().print("No token yet. Make one with `bucketgraph token create`.", markup=False)
        return
    cells = [
        (
            row.name,
            row.role,
            names.get(row.integration_id, "(removed)") if row.integration_id else "",
            when(row.created_on),
            "expired" if expired(row) else when(row.expires_on) or "never",
            when(row.last_used_on) or "never",
        )
        for row in rows
    ]
    console().print(table(None, ["name", "role", "integration", "created", "expires", "last used"], cells))


@app.command()
def revoke(name: Name, as_json: Json = False) -> None:
    """Revoke a token; requests with it are refused from now on."""
    from bucketgraph.access import tokens  # noqa: PLC0415
    from bucketgraph.app import open_app  # noqa: PLC0415

    with open_app() as opened:
        row = tokens.revoke(opened.store, name)
    if as_json:
        show_json({"revoked": row.name, "id": row.id})
    else:
        console().print(f"Revoked {name}.", markup=False)


def _plain(row: TokenRow) -> dict[str, object]:
    return {
        "id": row.id,
        "name": row.name,
        "role": row.role,
        "integrationId": row.integration_id,
        "createdOn": row.created_on,
        "expiresOn": row.expires_on,
        "lastUsedOn": row.last_used_on,
    }
