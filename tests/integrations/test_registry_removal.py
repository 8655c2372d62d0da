"""Removing through the registry: what belongs to an integration outside of its graph."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bucketgraph.bitbucket.budget import consumer_id
from bucketgraph.bitbucket.oauth import Consumer
from bucketgraph.errors import ConfigError, Conflict
from bucketgraph.integrations.configuration import Changes, Integration, NewIntegration
from bucketgraph.integrations.keyring import Keyring
from bucketgraph.integrations.registry import Registry
from bucketgraph.people.catalogue import CATALOGUE
from bucketgraph.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Give an empty store."""
    opened = Store.open(f"sqlite:///{tmp_path / 'graph.db'}", CATALOGUE)
    yield opened
    opened.close()


@pytest.fixture
def registry(store: Store, tmp_path: Path) -> Registry:
    """Give a registry on the store."""
    return Registry(store, Keyring(tmp_path, None))


def _add(registry: Registry, name: str, *keys: str) -> Integration:
    consumers = [Consumer(key, f"secret-of-{key}") for key in keys]
    return registry.add(NewIntegration(name, ["acme"], consumers))


def _book(store: Store, key: str) -> None:
    store.ledger_book(consumer_id(key), "repositories", 100, lambda _: 5)


def _booked(store: Store, key: str) -> dict[int, int]:
    return store.ledger_minutes(consumer_id(key), "repositories")


def test_a_removed_one_is_unknown_and_its_name_can_be_given_again(registry: Registry, store: Store) -> None:
    first = _add(registry, "acme", "key")
    registry.remove("acme")
    with pytest.raises(ConfigError, match="no integration named 'acme'"):
        registry.find("acme")
    assert [(one.id, one.credentials) for one in store.removed_integrations()] == [(first.id, "")]
    second = _add(registry, "acme", "key")
    assert registry.all() == [second]
    assert registry.consumers("acme")[0].key == "key"


def test_a_purge_forgets_the_calls_of_consumers_that_nobody_else_has(
    registry: Registry, store: Store
) -> None:
    _add(registry, "acme", "own", "shared")
    _add(registry, "other", "shared")
    for key in ("own", "shared"):
        _book(store, key)
    registry.remove("acme", purge=True)
    assert (_booked(store, "own"), _booked(store, "shared")) == ({}, {100: 5})
    assert [one.name for one in registry.all()] == ["other"]


def test_a_kept_one_is_purged_by_its_id_and_leaves_the_one_of_its_name_alone(
    registry: Registry, store: Store, tmp_path: Path
) -> None:
    old = _add(registry, "acme", "key")
    registry.remove("acme")
    new = _add(registry, "acme", "key")
    _book(store, "key")
    registry.purge_removed(old.id)
    assert registry.all() == [new]
    assert store.removed_integrations() == []
    assert _booked(store, "key") == {100: 5}
    assert not list(tmp_path.glob(f"*{old.id}*"))


@pytest.mark.parametrize("purge", [False, True])
def test_nothing_is_removed_while_a_run_is_under_way(registry: Registry, *, purge: bool) -> None:
    acme = _add(registry, "acme", "key")
    with registry.running(acme), pytest.raises(Conflict, match="run of 'acme' is under way"):
        registry.remove("acme", purge=purge)
    assert registry.all() == [acme]


@pytest.mark.parametrize("purge", [False, True])
def test_what_there_is_not_cannot_be_removed(registry: Registry, *, purge: bool) -> None:
    _add(registry, "acme", "key")
    with pytest.raises(ConfigError, match=r"no integration named 'acne' \(known: acme\)"):
        registry.remove("acne", purge=purge)


def test_a_purge_takes_the_one_in_use_and_never_a_removed_one_by_its_name(
    registry: Registry, store: Store
) -> None:
    old = _add(registry, "acme", "key")
    registry.remove("acme")
    _add(registry, old.id, "key")
    registry.remove(old.id, purge=True)
    assert registry.all() == []
    assert [one.id for one in store.removed_integrations()] == [old.id]


@pytest.mark.parametrize("purge", [False, True])
def test_a_name_that_is_another_ones_by_now_removes_and_changes_nothing(
    registry: Registry, *, purge: bool
) -> None:
    confirmed = _add(registry, "acme", "key")
    registry.update("acme", Changes(name="old"))
    other = _add(registry, "acme", "key")
    with pytest.raises(Conflict, match="another integration by now"):
        registry.remove("acme", purge=purge, only=confirmed.id)
    with pytest.raises(Conflict, match="another integration by now"):
        registry.update("acme", Changes(paused=True), only=confirmed.id)
    assert registry.find("acme") == other
