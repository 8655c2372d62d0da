"""`backup` and `restore`, run as a person runs them."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest
from exchange.folderkit import entity, write
from support.command import Shell
from support.workbench import add

from bucketgraph.app import open_app
from bucketgraph.settings import Settings


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Return a home with an integration, an import of one entity and a config.toml."""
    made = Shell(tmp_path / "home")
    with open_app(Settings(home=made.home)) as app:
        add(app, made.url, ["acme-rockets"], name="acme")
    (made.home / "config.toml").write_text("workers = 3\n")
    fill(made, tmp_path, "a")
    return made


def fill(shell: Shell, tmp_path: Path, *keys: str) -> None:
    """Import entities."""
    with open_app(Settings(home=shell.home)) as app:
        app.import_folder(write(tmp_path / "in", [entity(key) for key in keys]), "in")


def keys(shell: Shell) -> set[str]:
    """Return the keys of what is in the graph."""
    with open_app(Settings(home=shell.home)) as app:
        return {one.key for one in app.store.entities()}


def test_a_backup_says_what_is_in_it_and_where_the_key_is(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "b.tar.gz"
    ended = shell.run("backup", str(path))
    said = " ".join(ended.out.split())
    assert ended.code == 0
    assert f"Wrote {path}" in said
    assert "1 entities and 0 relationships of 2 integrations, with all history." in said
    assert f"keep a copy of {shell.home / 'secret.key'}." in said
    with tarfile.open(path) as tar:
        assert tar.getnames() == ["manifest.json", "graph.db", "config.toml"]
    told = shell.run("backup", str(path), "--force", "--with-key", "--json").json
    assert set(told["members"]) == {"graph.db", "config.toml", "secret.key"}
    assert (told["bytes"], told["configLeftOut"]) == (path.stat().st_size, False)


def test_settings_with_the_key_stay_out_of_a_backup_and_that_is_said(shell: Shell, tmp_path: Path) -> None:
    key = (shell.home / "secret.key").read_text().strip()
    (shell.home / "config.toml").write_text(f'secret_key = "{key}"\n')
    ended = shell.run("backup", str(tmp_path / "b.tar.gz"))
    assert "config.toml is not in it, because it holds the secret key" in " ".join(ended.out.split())
    assert key not in ended.out + ended.err


def test_restoring_shows_what_it_did_and_keeps_what_was_there(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "b.tar.gz"
    shell.run("backup", str(path))
    fill(shell, tmp_path, "a", "b")
    ended = shell.run("restore", str(path), "--yes")
    assert (ended.code, ended.err) == (0, "")
    assert any(line.split() == ["entities", "2", "1"] for line in ended.out.splitlines())
    assert keys(shell) == {"a"}
    (kept,) = shell.home.glob("graph.before-restore-*.tar.gz")
    assert str(kept) in "".join(ended.out.split())
    told = shell.run("restore", str(kept), "--yes", "--no-safety", "--json").json
    assert (told["before"]["entities"], told["after"]["entities"], told["kept"]) == (1, 2, {})
    assert keys(shell) == {"a", "b"}


def test_nobody_is_asked_where_nobody_is(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "b.tar.gz"
    shell.run("backup", str(path))
    fill(shell, tmp_path, "a", "b")
    ended = shell.run("restore", str(path))
    assert (ended.code, ended.out) == (2, "")
    assert "Add --yes" in ended.said
    assert keys(shell) == {"a", "b"}


def test_a_backup_is_restored_on_another_computer(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "b.tar.gz"
    shell.run("backup", str(path), "--with-key")
    other = Shell(tmp_path / "other")
    assert "cannot read the credentials of: acme" in " ".join(
        other.run("restore", str(path), "--yes", "--no-safety").out.split()
    )
    ended = other.run("restore", str(path), "--yes", "--with-key", "--with-config", "--json")
    assert ended.json["unreadableCredentials"] == []
    assert (other.home / "config.toml").read_text() == "workers = 3\n"
    assert keys(other) == {"a"}


@pytest.mark.parametrize(
    ("arguments", "ends", "said"),
    [
        (["backup", "{}/file"], (2, "config"), "exists"),
        (["restore", "{}/file", "--yes"], (1, "store-unreadable"), "no backup"),
    ],
)
def test_what_cannot_be_done_is_one_error_and_changes_nothing(
    tmp_path: Path, arguments: list[str], ends: tuple[int, str], said: str
) -> None:
    (tmp_path / "file").write_text("mine")
    ended = Shell(tmp_path / "home").run(*(one.format(tmp_path) for one in arguments), "--json")
    error = json.loads(ended.err)["error"]
    assert (ended.code, ended.out, error["code"]) == (*ends[:1], "", ends[1])
    assert said in error["message"]
    assert (tmp_path / "file").read_text() == "mine"


def test_the_key_of_the_environment_is_in_no_file(shell: Shell, tmp_path: Path) -> None:
    environment = {"BUCKETGRAPH_SECRET_KEY": (shell.home / "secret.key").read_text().strip()}
    path = str(tmp_path / "b.tar.gz")
    refused = shell.run("backup", path, "--with-key", environment=environment)
    assert refused.code == 2
    assert "BUCKETGRAPH_SECRET_KEY" in refused.said
    ended = shell.run("backup", path, environment=environment)
    assert environment["BUCKETGRAPH_SECRET_KEY"] not in ended.out
    assert "keep a copy of BUCKETGRAPH_SECRET_KEY" in " ".join(ended.out.split())
    assert shell.run("restore", path, "--yes", "--with-key", environment=environment).code == 2


def test_a_misspelt_variable_is_refused_and_an_unknown_one_is_logged(shell: Shell) -> None:
    refused = shell.run("stats", environment={"BUCKETGRAPH_HOEM": "/elsewhere"})
    assert refused.code == 2
    assert "Did you mean BUCKETGRAPH_HOME?" in refused.said
    strange = {"BUCKETGRAPH_COLOUR": "blue", "BUCKETGRAPH_PORT_8321_TCP": "tcp://10.0.0.1:8321"}
    logged = shell.run("stats", environment={**strange, "BUCKETGRAPH_LOG_LEVEL": "warning"})
    assert logged.code == 0
    assert "BUCKETGRAPH_COLOUR" in logged.err
    assert "PORT" not in logged.err
