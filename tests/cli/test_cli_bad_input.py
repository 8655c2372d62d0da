"""Bad input: one paragraph that says what, why and what to do; the right exit code; nothing lost."""

from __future__ import annotations

import contextlib
import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.command import Shell
from support.workbench import FakeConsumer, settings_for

from bucketgraph.app import open_app
from bucketgraph.demo import World, create_app, generate_world, serve

CONSUMERS = (
    FakeConsumer("demo-key", "demo-secret"),
    FakeConsumer("public-key", "demo-secret", private=False),
    FakeConsumer("no-callback", "demo-secret", callback=False),
    FakeConsumer("poor-key", "demo-secret", scopes="account project"),
    FakeConsumer("other-key", "demo-secret", workspaces=frozenset({"elsewhere"})),
)


@pytest.fixture(scope="module")
def world() -> World:
    """Return a little world."""
    return generate_world(repositories=3, pull_requests=40, members=6, projects=2)


@pytest.fixture
def shell(world: World, tmp_path: Path) -> Iterator[Shell]:
    """Serve the world and return a fresh home."""
    with serve(create_app(world, consumers=CONSUMERS)) as url:
        yield Shell(tmp_path / "home", url)


@pytest.mark.parametrize(
    ("key", "why", "what_to_do"),
    [
        ("nobody-key", "does not accept the OAuth consumer's key and secret", "Compare both"),
        ("public-key", "is a public one", "This is a private consumer"),
        ("no-callback", "has no callback URL", "enter any callback URL"),
        ("poor-key", "lacks the permission `pullrequest`", "/acme-rockets/workspace/settings"),
        ("other-key", "knows no workspace 'acme-rockets'", "the part after bitbucket.org/"),
    ],
)
def test_a_consumer_that_cannot_be_used_is_explained(
    shell: Shell, key: str, why: str, what_to_do: str
) -> None:
    assert shell.add("--oauth-key", key).code == 0
    ended = shell.run("sync", "acme")
    assert ended.code == 2
    assert why in ended.said
    assert what_to_do in ended.said
    tested = shell.run("integration", "test", "acme", "--json")
    assert tested.code == 2
    assert tested.json["ok"] is False


def test_a_wrong_secret_is_explained_and_not_shown(shell: Shell) -> None:
    shell.add(environment={"BUCKETGRAPH_OAUTH_SECRET": "hunter2-wrong"})
    ended = shell.run("sync", "acme", environment={"BUCKETGRAPH_LOG_LEVEL": "debug"})
    assert ended.code == 2
    assert "does not accept" in ended.said
    assert "hunter2" not in ended.out + ended.err


def test_an_unknown_workspace_is_named(shell: Shell) -> None:
    shell.add("--workspace", "no-such-place")
    ended = shell.run("sync", "acme")
    assert ended.code == 2
    assert "'no-such-place'" in ended.said


def test_a_name_is_taken_once(shell: Shell) -> None:
    assert shell.add().code == 0
    again = shell.add()
    assert again.code == 2
    assert "already an integration named 'acme'" in again.said
    assert len(shell.run("integration", "list", "--json").json) == 1


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--api-url", "http://api.bitbucket.org"), "plain http"),
        (("--api-url", "https://api.bitbucket.org/2.0"), "only scheme and host"),
        (("--oauth-url", "https://user:pw@bitbucket.org"), "credentials do not belong"),
        (("--api-url", "ftp://x"), "https://"),
        (("--workspace", "has/slash"), "no workspace name"),
        (("--workspace", ""), "no workspace name"),
        (("--oauth-key", "two words "), "blanks"),
    ],
)
def test_a_malformed_configuration_is_refused_before_anything_is_stored(
    tmp_path: Path, arguments: tuple[str, ...], why: str
) -> None:
    shell = Shell(tmp_path, "https://api.bitbucket.org")
    ended = shell.add(*arguments)
    assert ended.code == 2
    assert why in ended.said
    assert shell.run("integration", "list", "--json").json == []


def test_an_unknown_name_names_the_known_ones(shell: Shell) -> None:
    shell.add()
    for command in (
        ("sync", "nope"),
        ("integration", "show", "nope"),
        ("integration", "remove", "nope", "--yes"),
    ):
        ended = shell.run(*command)
        assert ended.code == 2
        assert "known: acme" in ended.said


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("changes", "--since", "yesterday"), "is no date"),
        (("changes", "--since", "999999w"), "is no date"),
        (("sync", "acme", "--since", "2026-13-01"), "is no date"),
        (("entities", "bitbucket_dog"), "no type or class 'bitbucket_dog'"),
        (("entities", "--where", "nonsense"), "is no filter"),
        (("entities", "--limit", "0"), "Invalid value"),
    ],
)
def test_a_wrong_argument_is_explained(tmp_path: Path, arguments: tuple[str, ...], why: str) -> None:
    ended = Shell(tmp_path).run(*arguments)
    assert ended.code == 2
    assert why in ended.said


def test_odd_filter_names_and_values_do_no_harm(shell: Shell) -> None:
    shell.add()
    shell.run("sync", "acme")
    for odd in (
        "a'b=1",
        'a"b=1',
        "$.state=OPEN",
        "a]b[=x",
        "state=' OR 1=1 --",
        "name=%",
        "ü=ß",
        "=",
        "a=" + "x" * 10_000,
    ):
        ended = shell.run("entities", "--where", odd, "--json")
        assert ended.code == (2 if odd == "=" else 0)
        assert ended.code == 2 or ended.json == []


def test_errors_are_json_where_json_is_asked_for(tmp_path: Path) -> None:
    import json  # noqa: PLC0415

    ended = Shell(tmp_path).run("sync", "nope", "--json")
    assert ended.code == 2
    assert json.loads(ended.err)["error"]["code"] == "config"


def test_a_malformed_setting_is_named(tmp_path: Path) -> None:
    for name, value in (("HOURLY_CALLS", "many"), ("WORKERS", "0"), ("LOG_LEVEL", "loud")):
        ended = Shell(tmp_path).run("stats", environment={f"BUCKETGRAPH_{name}": value})
        assert ended.code == 2
        assert f"BUCKETGRAPH_{name}" in ended.said


def test_a_malformed_settings_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("hourly_calls = [")
    ended = Shell(tmp_path).run("stats")
    assert ended.code == 2
    assert "config.toml" in ended.said
    (tmp_path / "config.toml").write_text("hourly_cals = 3\n")
    assert "HOURLY_CALS" in Shell(tmp_path).run("stats").said


def test_a_lost_key_says_what_to_enter_again_and_the_graph_stays_readable(shell: Shell) -> None:
    shell.add()
    shell.run("sync", "acme")
    (shell.home / "secret.key").unlink()
    ended = shell.run("sync", "acme")
    assert ended.code == 2
    assert "stored credentials cannot be decrypted" in ended.said
    assert shell.run("stats", "--json").json["entities"]["bitbucket_pull_request"] == 40
    assert shell.run("integration", "list").code == 0


def test_a_newer_or_foreign_file_is_left_untouched(shell: Shell) -> None:
    shell.add()
    database = shell.home / "graph.db"
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    ended = shell.run("sync", "acme")
    assert ended.code == 1
    assert "schema version 9999" in ended.said
    assert "newer bucketgraph" in ended.said
    database.write_bytes(b"these are somebody's notes, not a database" * 100)
    before = database.read_bytes()
    ended = shell.run("stats")
    assert ended.code == 1
    assert "is not a bucketgraph database" in ended.said
    assert database.read_bytes() == before


def test_a_folder_that_cannot_be_used_is_explained(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    ended = Shell(file / "home").run("stats")
    assert ended.code in {1, 2}
    assert "BUCKETGRAPH_HOME" in ended.said


def test_a_full_disk_ends_the_run_and_loses_nothing(shell: Shell) -> None:
    shell.add()
    size = sum(file.stat().st_size for file in shell.home.glob("graph.db*"))
    limit = size + 40_000

    def small_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    ended = subprocess.run(
        [sys.executable, "-m", "bucketgraph", "sync", "acme"],
        env={**os.environ, "BUCKETGRAPH_HOME": str(shell.home), "COLUMNS": "200"},
        preexec_fn=small_disk, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 1, ended.stderr
    assert "rolled back" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert shell.run("sync", "acme").code == 0
    assert shell.run("stats", "--json").json["entities"]["bitbucket_pull_request"] == 40


def test_looking_at_the_graph_makes_no_new_key(shell: Shell) -> None:
    shell.add()
    (shell.home / "secret.key").unlink()
    shell.run("stats")
    shell.run("sync", "acme")
    assert not (shell.home / "secret.key").exists()


def test_what_bitbucket_sends_does_not_command_the_terminal(shell: Shell, world: World) -> None:
    project = world.workspaces[0].projects[0]
    before, project.name = project.name, "\x1b]0;owned\x07\x1b[2J"
    shell.add()
    shell.run("sync", "acme")
    shown = [
        shell.run("entities", "Project"),
        shell.run("changes", "--limit", "9999"),
        shell.run("relationships", "OWNS"),
    ]
    project.name = before
    for ended in shown:
        assert ended.code == 0
        assert "owned" in ended.out
        assert not {"\x1b]", "\x07", "\x1b[2J"} & {
            part for part in ("\x1b]", "\x07", "\x1b[2J") if part in ended.out
        }


def test_a_proxy_in_the_environment_never_sees_the_secret_of_a_loopback_address(shell: Shell) -> None:
    proxy = {
        "HTTP_PROXY": "http://127.0.0.1:9",
        "http_proxy": "http://127.0.0.1:9",
        "NO_PROXY": "",
        "no_proxy": "",
    }
    shell.add()
    assert shell.run("sync", "acme", environment=proxy).code == 0


def test_two_homes_on_one_database_share_the_run_lock(shell: Shell, tmp_path: Path) -> None:
    shell.add()
    database = f"sqlite:///{shell.home / 'graph.db'}"
    with open_app(settings_for(tmp_path / "other", database_url=database)) as app:
        integration = app.registry.find("acme")
        with app.registry.running(integration):
            ended = shell.run("sync", "acme")
    assert ended.code == 2
    assert "under way" in ended.said


def test_an_unreachable_bitbucket_is_explained(tmp_path: Path) -> None:
    shell = Shell(tmp_path, "http://127.0.0.1:9")
    shell.add()
    assert shell.run("integration", "test", "acme").code == 1
    ended = shell.run("sync", "acme")
    assert ended.code == 1
    assert "connection to http://127.0.0.1:9 failed" in ended.said


def test_a_database_we_do_not_support_is_refused_without_showing_its_password(tmp_path: Path) -> None:
    ended = Shell(tmp_path).run(
        "stats", environment={"BUCKETGRAPH_DATABASE_URL": "mysql://me:hunter2@db/graph"}
    )
    assert ended.code == 2
    assert "hunter2" not in ended.out + ended.err
    assert "sqlite:///" in ended.said
