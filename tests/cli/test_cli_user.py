"""`bucketgraph user`: accounts from the command line, whose passwords never stand on it."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from support.command import Shell
from typer.testing import CliRunner

from bucketgraph.access import accounts, setup
from bucketgraph.access.passwords import Passwords
from bucketgraph.cli import user
from bucketgraph.collect.steps import CATALOGUE
from bucketgraph.errors import EXIT_USAGE, BucketgraphError, Conflict
from bucketgraph.store.store import Store

GOOD = "violet-otter-harvest-29"
CHEAP = {"BUCKETGRAPH_PASSWORD_MEMORY_MIB": "19"}
PASSWORDS = Passwords(memory_mib=19)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Give a home."""
    return Shell(tmp_path / "home")


@dataclass(frozen=True)
class Inside:
    """The commands in this process, where many are to be tried."""

    home: Path

    def run(self, *arguments: str, given: str = "") -> Result:
        """Run `bucketgraph user` with arguments and standard input."""
        variables = {"BUCKETGRAPH_HOME": str(self.home), "COLUMNS": "200"} | CHEAP
        return CliRunner().invoke(user.app, list(arguments), input=given, env=variables)

    def refused(self, *arguments: str, given: str = "") -> BucketgraphError:
        """Return the error that a command ends with."""
        error = self.run(*arguments, given=given).exception
        assert isinstance(error, BucketgraphError)
        return error

    def listed(self) -> list[dict[str, Any]]:
        """Return the accounts."""
        return json.loads(self.run("list", "--json").stdout)


@pytest.fixture
def inside(tmp_path: Path) -> Inside:
    """Give a home."""
    return Inside(tmp_path / "home")


def opened(shell: Shell) -> Store:
    """Open the home's store."""
    return Store.open(f"sqlite:///{shell.home / 'graph.db'}", CATALOGUE)


def test_an_account_is_made_with_a_link_that_works_once(shell: Shell) -> None:
    assert "bucketgraph user add" in shell.run("user", "list").out
    added = shell.run(
        "user", "add", "ada", "--role", "admin", "--email", "ada@example.com", environment=CHEAP
    )
    assert (added.code, added.out.count("\n")) == (0, 1)
    assert added.out.startswith(setup.PATH)
    assert "works once" in added.said
    as_json = shell.run(
        "user",
        "reset",
        "ADA",
        "--json",
        "--minutes",
        "5",
        environment={"BUCKETGRAPH_PUBLIC_URL": "https://g.example"},
    ).json
    assert (as_json["name"], as_json["state"], as_json["role"]) == ("ada", "invited", "admin")
    assert as_json["link"].startswith("https://g.example" + setup.PATH)
    assert 0 < as_json["linkExpiresOn"] - time.time() * 1000 <= 5 * 60_000
    store = opened(shell)
    secret = added.out.strip().removeprefix(setup.PATH)
    assert setup.choose_password(store, secret, GOOD, passwords=PASSWORDS).name == "ada"
    store.close()
    listed = shell.run("user", "list", "--json")
    assert [(one["name"], one["state"], one["signsInWith"]) for one in listed.json] == [
        ("ada", "active", "password")
    ]
    assert not any("ash" in key or "ubject" in key for key in listed.json[0])
    assert "ada@example.com" in shell.run("user", "list").out


def test_a_password_comes_from_a_file_the_environment_or_standard_input(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(GOOD + "\n")
    given = {
        "ada": shell.run(*ADD, "ada", "--password-file", str(file), environment=CHEAP),
        "ben": shell.run(*ADD, "ben", "--password-file", "-", given=GOOD + "\n", environment=CHEAP),
        "cyd": shell.run(*ADD, "cyd", "--password", environment=CHEAP | {"BUCKETGRAPH_PASSWORD": GOOD}),
    }
    store = opened(shell)
    for name, ended in given.items():
        assert (ended.code, setup.PATH in ended.out, GOOD in ended.out + ended.err) == (0, False, False), (
            ended.err
        )
        assert accounts.check_password(store, name, GOOD, address="", passwords=PASSWORDS).name == name
    file.write_text("granite lantern mosaic")
    assert shell.run("user", "reset", "ada", "--password-file", str(file), environment=CHEAP).code == 0
    assert accounts.check_password(store, "ada", file.read_text(), address="", passwords=PASSWORDS)
    store.close()


ADD = ("user", "add", "--role", "viewer")


@pytest.mark.parametrize(
    ("arguments", "given", "said"),
    [
        (("add", "ada", "--role", "owner"), "", "viewer, editor, admin"),
        (("add", "no name", "--role", "viewer"), "", "cannot be used"),
        (("add", "ada", "--role", "viewer", "--email", "x"), "", "e-mail address"),
        (("add", "ada", "--role", "viewer", "--minutes", "0"), "", "minutes"),
        (("add", "ada", "--role", "viewer", "--password"), "", "BUCKETGRAPH_PASSWORD"),
        (("add", "ada", "--role", "viewer", "--password-file", "/no/such/file"), "", "cannot be read"),
        (("add", "ada", "--role", "viewer", "--password-file", "-"), "too-short", "too short"),
        (("add", "ada", "--role", "viewer", "--password-file", "-"), "password1234", "anybody would try"),
        (("reset", "bob"), "", "no account named 'bob'"),
        (("role", "bob", "admin"), "", "no account named 'bob'"),
    ],
)
def test_bad_input_is_told_and_makes_no_account(
    inside: Inside, arguments: tuple[str, ...], given: str, said: str
) -> None:
    error = inside.refused(*arguments, given=given)
    assert error.exit_code == EXIT_USAGE
    assert said in error.paragraph()
    assert not given or given not in error.paragraph()
    assert inside.listed() == []


def test_roles_closing_and_deleting_and_the_last_admin(inside: Inside) -> None:
    for name, role in (("root", "admin"), ("ada", "viewer")):
        made = inside.run("add", name, "--role", role, "--password-file", "-", given=GOOD)
        assert made.exit_code == 0, made.output
    for command in (("role", "root", "editor"), ("disable", "root"), ("remove", "root", "--yes")):
        error = inside.refused(*command)
        assert isinstance(error, Conflict)
        assert "last admin" in error.message
    assert json.loads(inside.run("role", "ada", "admin", "--json").stdout)["role"] == "admin"
    assert json.loads(inside.run("disable", "ROOT", "--json").stdout)["state"] == "disabled"
    assert "closed" in inside.refused("reset", "root").message
    assert inside.run("enable", "root").exit_code == 0
    assert "--yes" in inside.refused("remove", "root").hint
    assert json.loads(inside.run("remove", "root", "-y", "--json").stdout)["removed"] == "root"
    assert [one["name"] for one in inside.listed()] == ["ada"]
