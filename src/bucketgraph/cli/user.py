"""`bucketgraph user …`: who may sign in to the console."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bucketgraph.cli.output import console, messages, show_json, table, when, write_data
from bucketgraph.errors import ConfigError

if TYPE_CHECKING:
    from bucketgraph.access.setup import Link
    from bucketgraph.app import App
    from bucketgraph.store.rows import AccountRow

PASSWORD_VARIABLE = "BUCKETGRAPH_PASSWORD"  # noqa: S105  # a variable's name

app = typer.Typer(
    no_args_is_help=True,
    help="Accounts of the console: a viewer reads and asks, an editor also runs and edits people, an admin does all.",
)

Name = Annotated[str, typer.Argument(help="The account's name, in whatever case.")]
Json = Annotated[bool, typer.Option("--json", help="Write JSON instead of text.")]
PasswordFile = Annotated[
    Path | None, typer.Option(help="A file that holds the password; - reads standard input. No link then.")
]
AskPassword = Annotated[
    bool,
    typer.Option(
        "--password",
        help=f"Ask for the password, or take it from {PASSWORD_VARIABLE}, instead of making a link.",
    ),
]
Minutes = Annotated[int, typer.Option(help="How many minutes the link works.")]


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List the accounts."""
    from bucketgraph.access import accounts  # noqa: PLC0415  # keeps --help quick
    from bucketgraph.app import open_app  # noqa: PLC0415

    with open_app() as opened:
        rows = opened.store.accounts()
    if as_json:
        show_json([accounts.plain(row) for row in rows])
        return
    if not rows:
        console().print(
            "No account yet. Make one with `bucketgraph user add NAME --role admin`.", markup=False
        )
        return
    cells = [
        (row.name, row.role, accounts.state(row), row.email, when(row.created_on), when(row.signed_in_on) or "never")
        for row in rows
    ]  # fmt: skip
    console().print(table(None, ["name", "role", "state", "e-mail", "created", "last signed in"], cells))


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="What the account is called, such as ada.")],
    role: Annotated[str, typer.Option(help="viewer, editor or admin.")],
    email: Annotated[str, typer.Option(help="The e-mail address, so that others know who it is.")] = "",
    password_file: PasswordFile = None,
    password: AskPassword = False,
    minutes: Minutes = 60,
    as_json: Json = False,
) -> None:
    """Add an account. Without a password it prints the path of a link that works once, to choose one.

    A password is never taken from the command line, where other users of this computer could read it.
    """
    from bucketgraph.access import accounts, setup  # noqa: PLC0415
    from bucketgraph.access.roles import role_of  # noqa: PLC0415
    from bucketgraph.app import open_app  # noqa: PLC0415

    wanted, text = role_of(role), _password(password_file, ask=password)
    setup.check_minutes(minutes)
    with open_app() as opened:
        row = accounts.create(
            opened.store, name, wanted, email=email, password=text, passwords=opened.passwords
        )
        link = None if text else setup.invite(opened.store, row, minutes=minutes)
        _tell(opened, row, link, f"Added {name}.", as_json=as_json)


@app.command()
def role(
    name: Name,
    role: Annotated[str, typer.Argument(help="viewer, editor or admin.")],
    as_json: Json = False,
) -> None:
    """Give an account another role; its sessions have it at once."""
    from bucketgraph.access import accounts  # noqa: PLC0415
    from bucketgraph.access.roles import role_of  # noqa: PLC0415
    from bucketgraph.app import open_app  # noqa: PLC0415

    wanted = role_of(role)
    with open_app() as opened:
        row = accounts.set_role(opened.store, accounts.find(opened.store, name).id, wanted)
        _tell(opened, row, None, f"{row.name}: {row.role} from now on.", as_json=as_json)


@app.command()
def reset(
    name: Name,
    password_file: PasswordFile = None,
    password: AskPassword = False,
    minutes: Minutes = 60,
    as_json: Json = False,
) -> None:
    """Give an account another password, or print the path of a link that works once, to choose one.

    All its sessions end when the password changes. Waiting times after failed tries end at once.
    """
    from bucketgraph.access import accounts, setup, throttle  # noqa: PLC0415
    from bucketgraph.app import open_app  # noqa: PLC0415

    text = _password(password_file, ask=password)
    with open_app() as opened:
        row, link = accounts.find(opened.store, name), None
        if text is None:
            link = setup.reset(opened.store, row, minutes=minutes)
        else:
            row = accounts.set_password(opened.store, row.id, text, passwords=opened.passwords)
            throttle.forgive(opened.store, row.name)
        _tell(opened, row, link, f"Reset {row.name}.", as_json=as_json)


@app.command()
def disable(name: Name, as_json: Json = False) -> None:
    """Close an account: its sessions and links end at once. `enable` opens it again."""
    from bucketgraph.access import accounts  # noqa: PLC0415
    from bucketgraph.app import open_app  # noqa: PLC0415

    with open_app() as opened:
        row = accounts.disable(opened.store, accounts.find(opened.store, name).id)
        _tell(opened, row, None, f"Disabled {row.name}.", as_json=as_json)


@app.command()
def enable(name: Name, as_json: Json = False) -> None:
    """Open a closed account again."""
    from bucketgraph.access import accounts  # noqa: PLC0415
    from bucketgraph.app import open_app  # noqa: PLC0415

    with open_app() as opened:
        row = accounts.enable(opened.store, accounts.find(opened.store, name).id)
        _tell(opened, row, None, f"Enabled {row.name}.", as_json=as_json)


@app.command()
def remove(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Delete an account with its sessions, its history of queries and the questions it did not share."""
    from bucketgraph.access import accounts  # noqa: PLC0415
    from bucketgraph.app import open_app  # noqa: PLC0415

    with open_app() as opened:
        row = accounts.find(opened.store, name)
        if not yes:
            _confirm(f"Delete the account {row.name} and all that it kept for itself?")
        accounts.remove(opened.store, row.id)
    if as_json:
        show_json({"removed": row.name, "id": row.id})
    else:
        console().print(f"Removed {row.name}.", markup=False)


def _tell(opened: App, row: AccountRow, link: Link | None, done: str, *, as_json: bool) -> None:
    from bucketgraph.access import accounts  # noqa: PLC0415

    made = None if link is None else opened.settings.public_url + link.path
    if as_json:
        shown = {} if link is None else {"link": made, "linkExpiresOn": link.expires_on}
        show_json(accounts.plain(row) | shown)
        return
    if made is None or link is None:
        console().print(done, markup=False)
        return
    write_data(made + "\n")
    messages().print(
        f"{done} The link works once, until {when(link.expires_on)} UTC; it is not shown again.",
        style="dim",
        markup=False,
    )


def _password(file: Path | None, *, ask: bool) -> str | None:
    """Return the password from a file, the environment or a person; None where a link is wanted."""
    if file is not None:
        return _read(file)
    if not ask:
        return None
    if given := os.environ.get(PASSWORD_VARIABLE):
        return given
    if not sys.stdin.isatty():
        raise ConfigError(
            "There is nobody here to ask for the password.",
            hint=f"Give it with --password-file, or in {PASSWORD_VARIABLE}; or leave --password out to get a link.",
        )
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))


def _read(file: Path) -> str:
    """Return a file's only line."""
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"The password file {file} cannot be read ({error}).", hint="Check its path and permissions."
        ) from None
    return text.removesuffix("\n").removesuffix("\r")


def _confirm(question: str) -> None:
    if not sys.stdin.isatty():
        raise ConfigError(
            "Nobody is there to confirm the removal.", hint="Add --yes to remove without asking."
        )
    if not typer.confirm(question, err=True):
        raise ConfigError("Nothing was removed.")
