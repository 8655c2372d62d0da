"""`bucketgraph user`: accounts from the command line, whose passwords never stand on it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from support.command import Shell

from bucketgraph.access import accounts, setup
from bucketgraph.access.passwords import Passwords
from bucketgraph.collect.steps import CATALOGUE
from bucketgraph.errors import EXIT_USAGE
from bucketgraph.store.store import Store

GOOD = "violet-otter-harvest-29"
CHEAP = {"BUCKETGRAPH_PASSWORD_MEMORY_MIB": "19"}
PASSWORDS = Passwords(memory_mib=19)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Give a home."""
    return Shell(tmp_path / "home")


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
        (("user", "add", "ada", "--role", "owner"), "", "viewer, editor, admin"),
        ((*ADD, "no name"), "", "cannot be used"),
        ((*ADD, "ada", "--email", "x"), "", "e-mail address"),
        ((*ADD, "ada", "--minutes", "0"), "", "minutes"),
        ((*ADD, "ada", "--password"), "", "BUCKETGRAPH_PASSWORD"),
        ((*ADD, "ada", "--password-file", "/no/such/file"), "", "cannot be read"),
        ((*ADD, "ada", "--password-file", "-"), "too-short", "too short"),
        ((*ADD, "ada", "--password-file", "-"), "password1234", "anybody would try"),
        (("user", "reset", "bob"), "", "no account named 'bob'"),
        (("user", "role", "bob", "admin"), "", "no account named 'bob'"),
    ],
)
def test_bad_input_is_told_and_makes_no_account(
    shell: Shell, arguments: tuple[str, ...], given: str, said: str
) -> None:
    ended = shell.run(*arguments, given=given, environment=CHEAP)
    assert ended.code == EXIT_USAGE
    assert said in ended.said
    assert not given or given not in ended.err
    assert shell.run("user", "list", "--json").json == []


def test_roles_closing_and_deleting_and_the_last_admin(shell: Shell) -> None:
    for name, role in (("root", "admin"), ("ada", "viewer")):
        made = shell.run(
            "user", "add", name, "--role", role, "--password-file", "-", given=GOOD, environment=CHEAP
        )
        assert made.code == 0
    for command in (("role", "root", "editor"), ("disable", "root"), ("remove", "root", "--yes")):
        refused = shell.run("user", *command, "--json")
        assert refused.code == EXIT_USAGE
        assert '"conflict"' in refused.err
        assert "last admin" in refused.err
    assert shell.run("user", "role", "ada", "admin", "--json").json["role"] == "admin"
    assert shell.run("user", "disable", "ROOT", "--json").json["state"] == "disabled"
    assert "closed" in shell.run("user", "reset", "root").said
    assert shell.run("user", "enable", "root").code == 0
    unasked = shell.run("user", "remove", "root")
    assert (unasked.code, "--yes" in unasked.said) == (EXIT_USAGE, True)
    assert shell.run("user", "remove", "root", "-y", "--json").json["removed"] == "root"
    assert [one["name"] for one in shell.run("user", "list", "--json").json] == ["ada"]
