"""`bucketgraph token` and `bucketgraph openapi`, as a person runs them."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command import Shell


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Return a fresh home."""
    return Shell(tmp_path)


def test_a_token_is_shown_once_listed_without_itself_and_revoked(shell: Shell) -> None:
    made = shell.run("token", "create", "ci", "--role", "viewer", "--expires", "90d")
    token = made.out.strip()
    assert token.startswith("bg_")
    assert "not shown again" in made.said
    listed = shell.run("token", "list")
    assert "ci" in listed.out
    assert "viewer" in listed.out
    assert token not in listed.out + shell.run("token", "list", "--json").out
    assert shell.run("token", "revoke", "ci", "--json").json["revoked"] == "ci"
    assert shell.run("token", "list", "--json").json == []


def test_a_token_may_be_bound_to_an_integration(shell: Shell) -> None:
    shell.add()
    made = shell.run("token", "create", "ci", "--role", "admin", "--integration", "acme", "--json").json
    assert made["integrationId"] == shell.run("integration", "show", "acme", "--json").json["id"]
    assert "acme" in shell.run("token", "list").out


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--role", "root"), "no role"),
        (("--role", "viewer", "--expires", "soon"), "no date"),
        (("--role", "viewer", "--expires", "1999-01-01"), "over already"),
        (("--role", "viewer", "--integration", "nope"), "no integration named 'nope'"),
    ],
)
def test_a_token_that_cannot_be_made_is_explained(shell: Shell, arguments: tuple[str, ...], why: str) -> None:
    ended = shell.run("token", "create", "ci", *arguments)
    assert ended.code == 2
    assert why in ended.said
    assert shell.run("token", "list", "--json").json == []


def test_the_document_can_be_written_without_a_server(shell: Shell) -> None:
    shown = shell.run("openapi").json
    assert shown["openapi"] == "3.1.0"
    assert "/api/v1/query" in shown["paths"]
