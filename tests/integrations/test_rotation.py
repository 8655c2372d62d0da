"""New keys for stored credentials: everything stays readable, whenever the change of keys is killed."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from support.workbench import settings_for

from bucketgraph.app import App, open_app
from bucketgraph.bitbucket.oauth import Consumer
from bucketgraph.errors import ConfigError
from bucketgraph.integrations.configuration import NewIntegration
from bucketgraph.integrations.vault import KEY_FILE
from bucketgraph.settings import Secret

SECRETS = {"acme": "s3cr3t-3f", "beta": "0th3r-7a"}
KILLER = Path(__file__).with_name("rotationkill.py")


def fill(app: App) -> None:
    """Add two integrations."""
    for name, secret in SECRETS.items():
        app.registry.add(NewIntegration(name, ["acme"], [Consumer("key", secret)]))


def assert_all_readable(home: Path, **settings: object) -> None:
    """Read every secret in a fresh app."""
    with open_app(settings_for(home, **settings)) as app:
        found = {one.name: app.registry.consumers(one.name)[0].secret for one in app.registry.all()}
    assert found == SECRETS


def test_a_rotation_gives_all_credentials_a_new_key_and_drops_the_old_one(tmp_path: Path) -> None:
    with open_app(settings_for(tmp_path)) as app:
        fill(app)
        old = (tmp_path / KEY_FILE).read_text()
        before = {row.name: row for row in app.store.integrations()}
        done = app.keyring.rotate(app.store)
        after = {row.name: row for row in app.store.integrations()}
        # An app that was open before goes on.
        assert {one.secret for one in app.registry.consumers("acme")} == {SECRETS["acme"]}
    assert (done.renewed, done.unreadable) == (("acme", "beta"), ())
    new = (tmp_path / KEY_FILE).read_text()
    assert len(new.split()) == 1
    assert new != old
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert all(after[name].credentials != before[name].credentials for name in SECRETS)
    assert all(after[name].config == before[name].config for name in SECRETS)
    assert_all_readable(tmp_path)
    assert {path.name for path in tmp_path.iterdir() if KEY_FILE in path.name} == {KEY_FILE}


def test_what_no_key_reads_is_named_and_left_as_it_is(tmp_path: Path) -> None:
    with open_app(settings_for(tmp_path)) as app:
        fill(app)
        lost = next(row for row in app.store.integrations() if row.name == "beta")
        (tmp_path / KEY_FILE).unlink()
        app.registry.add(NewIntegration("third", ["acme"], [Consumer("key", "x")]))
        done = app.keyring.rotate(app.store)
        assert (done.renewed, done.unreadable) == (("third",), ("acme", "beta"))
        assert next(row for row in app.store.integrations() if row.name == "beta") == lost


def test_a_key_of_the_settings_is_changed_in_three_steps(tmp_path: Path) -> None:
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    with open_app(settings_for(tmp_path, secret_key=Secret(old))) as app:
        fill(app)
        with pytest.raises(ConfigError, match="cannot be changed from here") as caught:
            app.keyring.rotate(app.store)
        assert "new-key" in caught.value.hint
        assert "--reencrypt" in caught.value.hint
        assert old not in caught.value.paragraph()
    with open_app(settings_for(tmp_path, secret_key=Secret(f"{new},{old}"))) as app:
        assert app.keyring.reencrypt(app.store).renewed == ("acme", "beta")
    assert_all_readable(tmp_path, secret_key=Secret(new))
    assert not (tmp_path / KEY_FILE).exists()


def test_a_rotation_that_is_killed_anywhere_loses_nothing(tmp_path: Path) -> None:
    with open_app(settings_for(tmp_path / "home")) as app:
        fill(app)
    ended = subprocess.run(
        [sys.executable, str(KILLER), str(tmp_path)], capture_output=True, text=True, check=False, timeout=300
    )
    assert ended.returncode == 0, ended.stderr
    killed = json.loads(ended.stdout)
    assert len(killed) > 15
    states = set()
    for home in map(Path, killed):
        keys = (home / KEY_FILE).read_text().split()
        states.add(len(keys))
        assert_all_readable(home)
    assert states == {1, 2}, "it was killed before, between and after"
    # What was left half done is done by the next one.
    with open_app(settings_for(Path(killed[len(killed) // 2]))) as app:
        assert app.keyring.rotate(app.store).renewed == ("acme", "beta")
        assert app.keyring.count() == 1
