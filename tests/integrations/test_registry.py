"""Changing integrations: each field, names, consumers and their secrets, origins, tags, and lost keys."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.fernet import Fernet
from support.workbench import settings_for

from bucketgraph.app import App, open_app
from bucketgraph.bitbucket.oauth import Consumer
from bucketgraph.collect.progress import CallCounter, Silent
from bucketgraph.errors import ConfigError, CredentialError, StoreError
from bucketgraph.integrations.configuration import Changes, Entered, Integration, NewIntegration, Polling
from bucketgraph.integrations.facts import LOST, schedule_in_words
from bucketgraph.integrations.vault import KEY_FILE
from bucketgraph.settings import Secret

SECRET, OTHER = "s3cr3t-3f", "0th3r-7a"
HERE = "http://localhost:9000"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """Open an empty home."""
    with open_app(settings_for(tmp_path)) as opened:
        yield opened


def new(name: str = "acme", **fields: Any) -> NewIntegration:
    """Return a good new integration with some fields changed."""
    given = {"workspaces": ["acme"], "consumers": [Consumer("k1", SECRET)], **fields}
    return NewIntegration(name, **given)


def secrets(app: App, name: str = "acme") -> dict[str, str]:
    """Return the stored secrets by key."""
    return {one.key: one.secret for one in app.registry.consumers(name)}


FIELDS: dict[str, tuple[Changes, dict[str, Any]]] = {
    "description": (Changes(description="Ours"), {}),
    "polling": (Changes(polling=Polling("ONE_WEEK", 3, 0)), {"polling": Polling("ONE_WEEK", 3, 0)}),
    "paused": (Changes(paused=True), {"paused": True}),
    "workspaces": (Changes(workspaces=["b", "a", "b"]), {"workspaces": ("b", "a")}),
    "account name tag": (Changes(tag_account_name=True), {"tag_account_name": True}),
    "tags": (Changes(tags={"tag.Production": True, "Team": "x y"}), {"tags": {"Production": True, "Team": "x y"}}),
    "sources": (Changes(sources={"members": False}), {"sources": {"members": False}}),
    "since": (Changes(since="2024-02-29"), {"since": "2024-02-29"}),
}  # fmt: skip


@pytest.mark.parametrize("name", FIELDS)
def test_each_field_changes_alone_and_survives(app: App, name: str) -> None:
    changes, fields = FIELDS[name]
    before = app.registry.add(new())
    after = app.registry.update("acme", changes)
    assert after.config == msgspec.structs.replace(before.config, **fields)
    assert after.description == (changes.description or "")
    assert after.updated_on > before.updated_on
    assert (after.id, after.created_on) == (before.id, before.created_on)
    assert app.registry.find("acme") == after
    assert secrets(app) == {"k1": SECRET}


WRONG: dict[str, tuple[Changes, str]] = {
    "interval": (Changes(polling=Polling("WEEKLY")), "Did you mean ONE_WEEK"),  # type: ignore[arg-type]
    "hour of an hour": (Changes(polling=Polling("ONE_HOUR", 3)), "does not belong to ONE_HOUR"),
    "hour 24": (Changes(polling=Polling("ONE_DAY", 24)), "24 is no hour"),
    "hour -1": (Changes(polling=Polling("ONE_DAY", -1)), "-1 is no hour"),
    "weekday of a day": (Changes(polling=Polling("ONE_DAY", 3, 1)), "weekday does not belong to ONE_DAY"),
    "weekday 7": (Changes(polling=Polling("ONE_WEEK", 3, 7)), "7 is no weekday"),
    "ten seconds": (Changes(polling=Polling("TEN_SECONDS")), "only for a Bitbucket on this computer"),
    "tag with a line end": (Changes(tags={"a\nb": "x"}), "no name of a tag"),
    "empty tag": (Changes(tags={"": "x"}), "no name of a tag"),
    "tag named by its prefix": (Changes(tags={"tag.": "x"}), "no name of a tag"),
    "tag with blanks around": (Changes(tags={" a": "x"}), "no name of a tag"),
    "long tag": (Changes(tags={"x" * 51: "x"}), "no name of a tag"),
    "tag twice": (Changes(tags={"a": "x", "tag.a": "y"}), "given twice"),
    "empty value": (Changes(tags={"a": ""}), "needs a value"),
    "value with a control character": (Changes(tags={"a": "\x1b[2J"}), "needs a value"),
    "too many tags": (Changes(tags={f"t{n}": "x" for n in range(51)}), "too many"),
    "account name twice": (Changes(tag_account_name=True, tags={"AccountName": "x"}), "AccountName"),
    "unknown source": (Changes(sources={"pulls": False}), "There is no source"),
    "needed source": (Changes(sources={"repositories": False}), "cannot be switched off"),
    "no date": (Changes(since="yesterday"), "no date"),
    "no such day": (Changes(since="2026-02-30"), "no date"),
    "date with a time": (Changes(since="2026-02-01T00:00"), "no date"),
    "future": (Changes(since="2999-01-01"), "future"),
    "no workspace": (Changes(workspaces=[]), "workspace is needed"),
    "name": (Changes(name=" "), "name must have"),
    "long description": (Changes(description="x" * 1001), "description"),
    "no consumer": (Changes(consumers=[]), "OAuth consumer is needed"),
    "new key without secret": (Changes(consumers=[Entered("k1"), Entered("k2")]), "k2 is missing"),
    "same key twice": (Changes(consumers=[Entered("k1"), Entered("k1", OTHER)]), "given twice"),
    "secret with a blank": (Changes(consumers=[Entered("k1", "a b")]), "secret"),
    "open origin": (Changes(api_url="http://bitbucket.example"), "plain http"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_change_is_refused_precisely_and_changes_nothing(app: App, name: str) -> None:
    changes, said = WRONG[name]
    before = app.registry.add(new())
    with pytest.raises(ConfigError) as caught:
        app.registry.update("acme", changes)
    assert said in caught.value.paragraph()
    assert SECRET not in caught.value.paragraph()
    assert app.registry.find("acme") == before
    assert secrets(app) == {"k1": SECRET}


def test_ten_seconds_are_for_a_bitbucket_on_this_computer_alone(app: App) -> None:
    fast = Polling("TEN_SECONDS")
    app.registry.add(new(api_url=HERE, oauth_url="http://127.0.0.1:9000", polling=fast))
    with pytest.raises(ConfigError, match="this computer"):
        app.registry.add(new("half", api_url=HERE, polling=fast))
    with pytest.raises(ConfigError, match="this computer"):
        app.registry.update("acme", Changes(api_url="https://api.example", consumers=[Entered("k1", SECRET)]))


def test_a_taken_name_is_refused_for_new_ones_and_for_changes(app: App) -> None:
    app.registry.add(new())
    app.registry.add(new("beta"))
    with pytest.raises(ConfigError, match="already an integration named 'beta'"):
        app.registry.update("acme", Changes(name="beta"))
    with pytest.raises(ConfigError, match="already an integration named 'acme'"):
        app.registry.add(new())
    assert [one.name for one in app.registry.all()] == ["acme", "beta"]
    assert app.registry.update("acme", Changes(name="acme")).name == "acme"


def test_consumers_are_added_replaced_and_removed_and_untouched_secrets_stay(app: App) -> None:
    app.registry.add(new())
    app.registry.update("acme", Changes(consumers=[Entered("k1"), Entered("k2", OTHER)]))
    assert secrets(app) == {"k1": SECRET, "k2": OTHER}
    app.registry.update("acme", Changes(consumers=[Entered("k2"), Entered("k1", "n3w")]))
    assert secrets(app) == {"k2": OTHER, "k1": "n3w"}
    app.registry.update("acme", Changes(consumers=[Entered("k2")]))
    assert secrets(app) == {"k2": OTHER}
    assert app.registry.find("acme").config.consumer_keys == ("k2",)


@pytest.mark.parametrize("field", ["api_url", "oauth_url"])
def test_another_origin_takes_every_secret_anew(app: App, field: str) -> None:
    app.registry.add(new(consumers=[Consumer("k1", SECRET), Consumer("k2", OTHER)]))
    moved = {field: "https://proxy.example"}
    for consumers in (None, [Entered("k1"), Entered("k2")], [Entered("k1", SECRET), Entered("k2")]):
        with pytest.raises(ConfigError, match="never go to another address"):
            app.registry.update("acme", Changes(consumers=consumers, **moved))
    assert app.registry.find("acme").config.origins.api == "https://api.bitbucket.org"
    both = [Entered("k1", SECRET), Entered("k2", OTHER)]
    changed = app.registry.update("acme", Changes(consumers=both, **moved))
    assert "https://proxy.example" in {changed.config.api_url, changed.config.oauth_url}


def test_the_same_origin_in_other_words_takes_no_secret(app: App) -> None:
    app.registry.add(new())
    app.registry.update("acme", Changes(api_url="https://api.bitbucket.org/"))
    assert secrets(app) == {"k1": SECRET}


def test_an_import_has_a_name_and_a_description_only(app: App) -> None:
    app.registry.find_import("folder")
    assert app.registry.update("folder", Changes(name="else", description="An export")).name == "else"
    with pytest.raises(ConfigError, match="not collected from Bitbucket, so it has no tags"):
        app.registry.update("else", Changes(tags={"a": "b"}))


def test_who_opens_clients_gets_the_present_credentials_and_the_address_they_are_for(app: App) -> None:
    found = app.registry.add(new())
    moved = Changes(name="old", consumers=[Entered("k1", OTHER)], api_url=HERE, oauth_url=HERE)
    app.registry.update("acme", moved)
    app.registry.add(new(consumers=[Consumer("k9", "another")]))

    async def opened() -> list[tuple[str, Consumer]]:
        async with app.registry.clients(
            found, ledger=app.ledger, patience=app.patience(), monitor=CallCounter(Silent())
        ) as clients:
            return [(one.origins.api, one.consumer) for one in clients]

    assert asyncio.run(opened()) == [(HERE, Consumer("k1", OTHER))]
    app.registry.remove("old")
    with pytest.raises(ConfigError, match="'acme' was removed"):
        asyncio.run(opened())


def test_tags_are_stored_with_the_configuration_or_neither_is(app: App) -> None:
    app.registry.add(new(tags={"t": "0"}))
    with closing(sqlite3.connect(app.store.where)) as other:
        other.execute(
            "CREATE TRIGGER full BEFORE UPDATE OF tags ON integration BEGIN SELECT RAISE(ABORT, 'x'); END"
        )
        with pytest.raises(StoreError):
            app.registry.update("acme", Changes(tags={"t": "1"}))
        with pytest.raises(StoreError):
            app.registry.add(new("beta", tags={"t": "0"}))
        other.execute("DROP TRIGGER full")
    assert [(one.name, one.config.tags) for one in app.registry.all()] == [("acme", {"t": "0"})]


def test_the_name_of_a_removed_one_is_refused(app: App) -> None:
    app.registry.add(new())
    app.registry.remove("acme")
    (gone,) = app.store.removed_integrations()
    with pytest.raises(ConfigError, match="removed integration is kept under the name"):
        app.registry.add(new(gone.name))
    app.registry.add(new())
    with pytest.raises(ConfigError, match="removed integration is kept under the name"):
        app.registry.update("acme", Changes(name=gone.name))


def test_changes_at_the_same_time_wait_for_each_other(app: App) -> None:
    app.registry.add(new(tags={"t": "0"}))

    def change(number: int) -> Integration:
        return app.registry.update("acme", Changes(tags={"t": str(number)}))

    with ThreadPoolExecutor(4) as pool:
        moments = [one.updated_on for one in pool.map(change, range(12))]
    assert len(set(moments)) == 12


def test_changes_that_build_on_what_is_there_lose_nothing_of_each_other(app: App) -> None:
    app.registry.add(new())

    def add_tag(number: int) -> Integration:
        return app.registry.update("acme", lambda config: Changes(tags={**config.tags, f"t{number}": True}))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add_tag, range(12)))
    assert app.registry.find("acme").config.tags == {f"t{number}": True for number in range(12)}


def test_a_lost_key_bricks_nothing_and_entering_credentials_heals(app: App, tmp_path: Path) -> None:
    app.registry.add(new())
    app.registry.add(new("beta", consumers=[Consumer("k1", OTHER), Consumer("k2", OTHER)]))
    (tmp_path / KEY_FILE).unlink()
    ids = {one.name: one.id for one in app.registry.all()}
    assert app.registry.lost_credentials() == set(ids.values())
    assert app.shown(app.registry.find("acme")).facts()["credentials"] == LOST
    with pytest.raises(CredentialError, match="is missing"):
        app.registry.consumers("acme")
    app.registry.update("beta", Changes(paused=True))
    assert not (tmp_path / KEY_FILE).exists()

    app.registry.update("acme", Changes(consumers=[Entered("k1", "n3w")]))
    assert secrets(app) == {"k1": "n3w"}
    assert app.registry.lost_credentials() == {ids["beta"]}
    with pytest.raises(CredentialError, match="the integration 'beta'"):
        app.registry.consumers("beta")
    with pytest.raises(ConfigError, match="k2 must be entered again"):
        app.registry.update("beta", Changes(consumers=[Entered("k1", OTHER), Entered("k2")]))
    app.registry.add(new("third"))
    assert app.registry.lost_credentials() == {ids["beta"]}


@pytest.mark.parametrize("content", ["", "no key", "ü" * 44])
def test_a_damaged_key_file_bricks_nothing_and_is_never_replaced(
    app: App, tmp_path: Path, content: str
) -> None:
    app.registry.add(new())
    (tmp_path / KEY_FILE).write_text(content)
    assert app.shown(app.registry.find("acme")).facts()["credentials"] == LOST
    with pytest.raises(ConfigError):
        app.registry.update("acme", Changes(consumers=[Entered("k1", "n3w")]))
    assert (tmp_path / KEY_FILE).read_text() == content


def test_a_given_key_that_fits_nothing_bricks_nothing(tmp_path: Path) -> None:
    keys = [Secret(Fernet.generate_key().decode()) for _ in range(2)]
    with open_app(settings_for(tmp_path, secret_key=keys[0])) as app:
        app.registry.add(new())
        assert app.registry.lost_credentials() == frozenset()
    with open_app(settings_for(tmp_path, secret_key=keys[1])) as app:
        assert len(app.registry.lost_credentials()) == 1
        app.registry.update("acme", Changes(consumers=[Entered("k1", "n3w")]))
        assert secrets(app) == {"k1": "n3w"}


@pytest.mark.parametrize(
    ("polling", "words"),
    [
        (Polling("DISABLED"), "never by itself"),
        (Polling("THIRTY_MINUTES"), "every 30 minutes"),
        (Polling("ONE_DAY", 4), "every day at 04:"),
        (Polling("ONE_WEEK", 23, 6), "every Saturday at 23:"),
        (Polling("ONE_WEEK", 0, 0), "every Sunday at 00:"),
    ],
)
def test_a_schedule_is_told_in_words_and_its_next_run_agrees(app: App, polling: Polling, words: str) -> None:
    one = app.registry.add(new(polling=polling))
    assert schedule_in_words(one).startswith(words)
    shown = app.shown(one)
    assert (shown.next_run is None) == (polling.interval == "DISABLED")
    assert shown.next_run is None or shown.next_run > shown.now
    paused = app.registry.update("acme", Changes(paused=True))
    assert app.shown(paused).next_run is None


def test_a_schedule_that_the_budget_cannot_pay_for_is_warned_of(app: App) -> None:
    from bucketgraph.integrations.cost import too_much  # noqa: PLC0415

    hourly = app.registry.add(new(polling=Polling("ONE_HOUR")))
    (warning,) = too_much({"repositories": 1400, "other": 8}, hourly, 950)
    assert "1,400 calls" in warning
    assert "only 950 fit into ONE_HOUR" in warning
    assert "FOUR_HOURS or longer" in warning
    assert too_much({"repositories": 950, "other": 8}, hourly, 950) == []
    half = app.registry.update("acme", Changes(polling=Polling("THIRTY_MINUTES")))
    assert "only 475 fit" in too_much({"repositories": 476, "other": 0}, half, 950)[0]
    off = app.registry.update("acme", Changes(polling=Polling("DISABLED")))
    assert too_much({"repositories": 10**6, "other": 0}, off, 950) == []
