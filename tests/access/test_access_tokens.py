"""Tokens: shown once, kept as hashes, found again until they are revoked or over."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bucketgraph.access import tokens
from bucketgraph.access.roles import ROLES, allows, role_of
from bucketgraph.collect.steps import CATALOGUE
from bucketgraph.errors import ConfigError, Conflict, Unauthenticated, Unknown
from bucketgraph.store.store import Store

A_DAY = 86_400_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Return an empty store."""
    opened = Store.open(f"sqlite:///{tmp_path / 'graph.db'}", CATALOGUE)
    yield opened
    opened.close()


def test_a_token_is_kept_as_its_hash_alone(store: Store) -> None:
    token, row = tokens.create(store, "ci", "editor", integration_id="i1")
    assert re.fullmatch(r"bg_[A-Za-z0-9_-]{43}", token)
    assert row.hash == hashlib.sha256(token.encode()).hexdigest()
    for file in Path(store.where).parent.glob("graph.db*"):
        assert token.encode() not in file.read_bytes()
    assert tokens.find(store, token) == tokens.Identity(row.id, "ci", "editor", "i1")


def test_tokens_differ_and_names_are_taken_once(store: Store) -> None:
    assert len({tokens.create(store, f"t{n}", "viewer")[0] for n in range(20)}) == 20
    with pytest.raises(Conflict, match="'t1'"):
        tokens.create(store, "t1", "viewer")


@pytest.mark.parametrize("name", ["", " x", "a/b", "x" * 101, "a\nb", "ü"])
def test_a_name_that_cannot_stand_in_an_address_is_refused(store: Store, name: str) -> None:
    with pytest.raises(ConfigError):
        tokens.create(store, name, "viewer")
    assert store.tokens() == []


@pytest.mark.parametrize(
    "token", ["", "bg_", "bg_" + "A" * 43, "A" * 46, "bg_" + "A" * 42 + "\n", "bg_" + "A" * 999]
)
def test_what_is_no_token_of_ours_is_refused(store: Store, token: str) -> None:
    with pytest.raises(Unauthenticated):
        tokens.find(store, token)


def test_an_expired_and_a_revoked_token_are_refused(store: Store) -> None:
    now = int(time.time() * 1000)
    over, _ = tokens.create(store, "over", "admin", expires_on=now - 1)
    later, _ = tokens.create(store, "later", "admin", expires_on=now + A_DAY)
    with pytest.raises(Unauthenticated, match="expired"):
        tokens.find(store, over)
    assert tokens.find(store, later).name == "later"
    assert tokens.revoke(store, "later").name == "later"
    with pytest.raises(Unauthenticated, match="revoked"):
        tokens.find(store, later)
    with pytest.raises(Unknown, match="'later'"):
        tokens.revoke(store, "later")


@pytest.mark.parametrize(
    ("text", "ms"), [("90d", 90 * A_DAY), ("12h", A_DAY // 2), ("4w", 28 * A_DAY), (" 1 d ", A_DAY)]
)
def test_an_end_is_a_time_from_now(text: str, ms: int) -> None:
    found = tokens.expiry(text)
    assert found is not None
    assert abs(found - time.time() * 1000 - ms) < 60_000


def test_an_end_is_a_date_or_none() -> None:
    assert tokens.expiry("2999-01-01") == 32_472_144_000_000
    assert tokens.expiry(None) is None


@pytest.mark.parametrize("text", ["", "soon", "1999-01-01", "0d", "-1d", "90", "99999d", "2026-13-01"])
def test_an_end_that_is_none_or_over_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        tokens.expiry(text)


def test_use_is_noted_once_a_minute_for_each_token(monkeypatch: pytest.MonkeyPatch) -> None:
    usage, now = tokens.Usage(), 1_000_000
    monkeypatch.setattr(tokens, "_now", lambda: now)
    assert [usage.due("a"), usage.due("a"), usage.due("b")] == [True, False, True]
    now += 60_000
    assert [usage.due("a"), usage.due("a")] == [True, False]


def test_roles_are_a_ladder() -> None:
    assert [[allows(has, needed) for needed in ROLES] for has in ROLES] == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]
    with pytest.raises(ConfigError, match="'root' is no role") as caught:
        role_of("root")
    assert "viewer, editor, admin" in caught.value.hint
