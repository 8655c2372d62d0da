"""The library of questions on the command line, as far as no graph is needed."""

from __future__ import annotations

from pathlib import Path

from support.command import Shell


def test_questions_are_listed_searched_and_shown(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    listed = shell.run("question", "list", "--json").json
    assert len(listed) >= 36
    assert "merged-without-approval" in shell.run("question", "list").out
    leavers = shell.run("question", "list", "--tag", "leavers", "--json").json
    assert 0 < len(leavers) < len(listed)
    assert all("leavers" in one["tags"] for one in leavers)
    assert shell.run("question", "list", "--search", "no such words").code == 0
    shown = shell.run("question", "show", "single-approval").out
    assert "How many approvals are required." in shown
    assert "HAVING approvals < ${least}" in shown


def test_a_wrong_name_is_guessed(tmp_path: Path) -> None:
    ended = Shell(tmp_path).run("question", "show", "self-aproved")
    assert ended.code == 2
    assert "Did you mean self-approved?" in ended.said


def test_ones_own_questions_stand_beside_ours_and_their_errors_point(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    file = tmp_path / "questions" / "mine.yaml"
    file.parent.mkdir()
    file.write_text("questions:\n  - name: mine\n    title: Mine?\n    query: FIND CodeRepo\n")
    assert "Mine?" in shell.run("question", "show", "mine").out
    file.write_text("questions:\n  - name: mine\n    title: Mine?\n    query: FIND CodeRepo WIT\n")
    ended = shell.run("question", "list")
    assert ended.code == 2
    assert "mine.yaml:4: The query 'answer' of mine: Error parsing query." in ended.said


def test_the_shell_needs_a_terminal(tmp_path: Path) -> None:
    ended = Shell(tmp_path).run("shell")
    assert ended.code == 2
    assert "needs a terminal" in ended.said
