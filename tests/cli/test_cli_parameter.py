"""Stored parameters: set once, used by every query."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command import Shell

COUNT = "FIND * AS x WITH nothing = ${param.least} RETURN COUNT(x) AS n"


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path / "home")


def test_a_stored_value_keeps_its_kind_and_is_used_by_queries(shell: Shell) -> None:
    for name, value in (("least", "2"), ("sure", "true"), ("names", '["a", "b"]'), ("text", "'2'")):
        assert shell.run("parameter", "set", name, value).code == 0
    assert shell.run("parameter", "list", "--json").json == {
        "least": 2,
        "names": ["a", "b"],
        "sure": True,
        "text": "2",
    }
    done = shell.run("query", COUNT, "--json")
    assert (done.code, done.json["data"]) == (0, [{"n": 0}])
    explained = shell.run("query", "FIND User WITH _key = ${param.names}", "--explain")
    assert 'is "a"' in explained.out


def test_a_value_of_the_call_goes_before_the_stored_one(shell: Shell) -> None:
    shell.run("parameter", "set", "least", "2")
    done = shell.run("query", COUNT, "--param", "param.least=7", "--explain")
    assert "is 7" in done.out


def test_a_removed_value_is_unknown(shell: Shell) -> None:
    shell.run("parameter", "set", "least", "2")
    assert shell.run("parameter", "remove", "least").code == 0
    done = shell.run("query", COUNT)
    assert done.code == 2
    assert 'There is no stored parameter "least"' in done.said


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("set", "1x", "2"), "is no name for a parameter"),
        (("set", "x", "[1"), "is no JSON list"),
        (("remove", "x"), "There is no parameter 'x'. Stored are: none."),
    ],
)
def test_what_cannot_be_stored_is_said(shell: Shell, arguments: tuple[str, ...], told: str) -> None:
    done = shell.run("parameter", *arguments)
    assert done.code == 2
    assert told in done.said
