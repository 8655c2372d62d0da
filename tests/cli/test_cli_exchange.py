"""`import` and `export`, run as a person runs them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from exchange.folderkit import edge, entity, write
from support.command import Shell

A, B = entity("a"), entity("b")


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Return a home of its own."""
    return Shell(tmp_path / "home")


def test_an_import_ends_with_a_table_of_what_happened(shell: Shell, tmp_path: Path) -> None:
    root = write(tmp_path / "inventory", [A, B], [edge("a", "USES", "b")])
    first = shell.run("import", str(root))
    assert first.code == 0
    assert any(line.split() == ["host", "2", "·", "·", "·"] for line in first.out.splitlines())
    assert "COMPLETED: 2 entities and 1 relationships are in the graph now." in first.out
    write(root, [A])
    second = shell.run("import", str(root), "--json").json
    assert (second["import"], second["status"]) == ("inventory", "COMPLETED")
    assert second["entities"]["host"] == {"created": 0, "updated": 0, "deleted": 1, "unchanged": 1}


def test_a_folder_named_as_integrations_do_is_called_after_its_project(shell: Shell, tmp_path: Path) -> None:
    root = write(tmp_path / "graph-github" / ".j1-integration", [A])
    assert shell.run("import", str(root), "--json").json["import"] == "graph-github"


def test_a_partial_folder_ends_with_3_and_says_why(shell: Shell, tmp_path: Path) -> None:
    root = write(tmp_path / "in", [A], summary=False)
    ended = shell.run("import", str(root))
    assert ended.code == 3
    assert "nothing was deleted" in " ".join(ended.out.split())
    assert shell.run("import", str(root), "--json").code == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["import", "{}/nowhere"], "There is no folder"),
        (["import", "{}"], "holds no `graph` folder"),
        (["export", "{}"], "is not an empty folder"),
        (["export", "{}/new", "--integration", "nobody"], "no integration named 'nobody'"),
        (["export", "{}/new", "--as-of", "soon"], "--as-of 'soon' is no date"),
    ],
)
def test_what_cannot_be_done_is_one_paragraph_and_ends_with_2(
    shell: Shell, tmp_path: Path, arguments: list[str], said: str
) -> None:
    (tmp_path / "file").write_text("x")
    arguments = [one.format(tmp_path) for one in arguments]
    ended = shell.run(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.said
    error = json.loads(shell.run(*arguments, "--json").err)["error"]
    assert error["code"] == "config"
    assert not (tmp_path / "new").exists()


def test_an_import_lives_among_the_integrations(shell: Shell, tmp_path: Path) -> None:
    assert shell.run("import", str(write(tmp_path / "in", [A])), "--name", "inv", "--type", "aws").code == 0
    (listed,) = shell.run("integration", "list", "--json").json
    assert (listed["kind"], listed["integrationType"], listed["lastRun"]["status"]) == (
        "import",
        "aws",
        "COMPLETED",
    )
    assert "(import)" in shell.run("integration", "list").out
    assert "aws" in shell.run("integration", "show", "inv").out
    for command in (("sync", "inv"), ("integration", "test", "inv")):
        ended = shell.run(*command)
        assert ended.code == 2
        assert "'inv' is an import of a folder" in ended.said
    assert [one["_key"] for one in shell.run("entities", "host", "--json").json] == ["a"]
    assert shell.run("integration", "remove", "inv", "--yes").code == 0
    assert shell.run("entities", "--json").json == []


def test_a_bitbucket_can_be_added_after_an_import_and_keeps_its_name(shell: Shell, tmp_path: Path) -> None:
    root = write(tmp_path / "in", [A])
    assert shell.run("import", str(root)).code == 0
    assert shell.add(name="acme").code == 0
    ended = shell.run("import", str(root), "--name", "acme")
    assert ended.code == 2
    assert "collected from Bitbucket" in ended.said


def test_an_export_can_be_imported_again(shell: Shell, tmp_path: Path) -> None:
    shell.run("import", str(write(tmp_path / "in", [A, B], [edge("a", "USES", "b")])))
    done = shell.run("export", str(tmp_path / "out"))
    assert (done.code, " ".join(done.out.split())) == (
        0,
        f"Wrote 2 entities and 1 relationships to {tmp_path / 'out'} in 2 files.",
    )
    other = Shell(tmp_path / "other")
    assert other.run("import", str(tmp_path / "out")).code == 0
    told = [s.run("relationships", "--json").json for s in (shell, other)]
    assert [one["_key"] for one in told[0]] == [one["_key"] for one in told[1]] == ["a|uses|b"]
    report = shell.run("export", str(tmp_path / "more"), "--json").json
    assert (report["entities"], report["partialTypes"]) == (2, [])
