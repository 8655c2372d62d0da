"""The vault: a key only its owner can read, keys that can be changed, and losses that are explained."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from bucketgraph.errors import ConfigError, CredentialError
from bucketgraph.integrations.vault import KEY_FILE, Vault, open_vault

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
WHOSE = "the integration 'acme'"


def test_what_is_encrypted_comes_back_and_is_not_readable_meanwhile() -> None:
    vault = Vault((NEW,))
    hidden = vault.encrypt(b"the secret")
    assert "secret" not in hidden
    assert hidden != vault.encrypt(b"the secret")
    assert vault.decrypt(hidden, whose=WHOSE) == b"the secret"


def test_the_key_file_is_made_on_first_use_for_its_owner_only(tmp_path: Path) -> None:
    home = tmp_path / "deep" / "home"
    open_vault(home, None)
    assert stat.S_IMODE((home / KEY_FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert Fernet((home / KEY_FILE).read_text().strip())


def test_the_key_file_is_kept_and_found_again(tmp_path: Path) -> None:
    hidden = open_vault(tmp_path, None).encrypt(b"x")
    before = (tmp_path / KEY_FILE).read_bytes()
    assert open_vault(tmp_path, None).decrypt(hidden, whose=WHOSE) == b"x"
    assert (tmp_path / KEY_FILE).read_bytes() == before


def test_the_first_users_at_the_same_time_agree_on_one_key(tmp_path: Path) -> None:
    for round_ in range(10):
        home = tmp_path / str(round_)
        with ThreadPoolExecutor(8) as pool:
            vaults = list(pool.map(lambda _n, home=home: open_vault(home, None), range(8)))
        hidden = vaults[0].encrypt(b"x")
        assert [vault.decrypt(hidden, whose=WHOSE) for vault in vaults] == [b"x"] * 8


def test_no_half_made_key_file_is_left_behind(tmp_path: Path) -> None:
    open_vault(tmp_path, None)
    assert [path.name for path in tmp_path.rglob("*secret*") if path.suffix != ".lock"] == [KEY_FILE]


@pytest.mark.parametrize("content", ["", "\n", "  \n\n"])
def test_an_empty_key_file_is_named_and_never_replaced(tmp_path: Path, content: str) -> None:
    (tmp_path / KEY_FILE).write_text(content)
    with pytest.raises(ConfigError, match="empty") as caught:
        open_vault(tmp_path, None)
    assert str(tmp_path / KEY_FILE) in caught.value.paragraph()
    assert (tmp_path / KEY_FILE).read_text() == content


def test_given_keys_go_before_the_file_and_make_none(tmp_path: Path) -> None:
    hidden = open_vault(tmp_path, NEW).encrypt(b"x")
    assert Vault((NEW,)).decrypt(hidden, whose=WHOSE) == b"x"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("given", ["", " ", ",", "\n"])
def test_an_empty_given_key_is_refused_and_no_file_is_made_in_its_place(tmp_path: Path, given: str) -> None:
    with pytest.raises(ConfigError, match="empty") as caught:
        open_vault(tmp_path, given)
    assert "BUCKETGRAPH_SECRET_KEY" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("joint", [",", ", ", "\n", "\n\n"])
def test_of_two_keys_both_decrypt_and_the_first_encrypts(tmp_path: Path, joint: str) -> None:
    old_hidden = Vault((OLD,)).encrypt(b"old")
    both = open_vault(tmp_path, NEW + joint + OLD)
    assert both.decrypt(old_hidden, whose=WHOSE) == b"old"
    assert Vault((NEW,)).decrypt(both.encrypt(b"new"), whose=WHOSE) == b"new"


def test_a_key_file_may_hold_two_keys_too(tmp_path: Path) -> None:
    (tmp_path / KEY_FILE).write_text(f"{NEW}\n{OLD}\n")
    assert open_vault(tmp_path, None).decrypt(Vault((OLD,)).encrypt(b"x"), whose=WHOSE) == b"x"


def test_a_lost_key_names_what_to_enter_again_and_shows_no_key() -> None:
    hidden = Vault((OLD,)).encrypt(b"x")
    with pytest.raises(CredentialError, match="the integration 'acme'") as caught:
        Vault((NEW,)).decrypt(hidden, whose=WHOSE)
    assert "OAuth key and secret" in caught.value.hint
    assert "secret.key" in caught.value.hint
    assert NEW not in caught.value.paragraph()


@pytest.mark.parametrize("hidden", ["", "no token", "gAAAA", "ключ", "a" * 200])
def test_a_damaged_stored_secret_is_a_credential_error_too(hidden: str) -> None:
    with pytest.raises(CredentialError, match="acme"):
        Vault((NEW,)).decrypt(hidden, whose=WHOSE)


def test_a_changed_stored_secret_is_noticed() -> None:
    hidden = Vault((NEW,)).encrypt(b"x" * 40)
    flipped = hidden[:60] + ("A" if hidden[60] != "A" else "B") + hidden[61:]
    with pytest.raises(CredentialError):
        Vault((NEW,)).decrypt(flipped, whose=WHOSE)


@pytest.mark.parametrize(
    "key", ["short", "x" * 44, "ü" * 44, NEW[:-4]], ids=["short", "bad", "umlauts", "cut"]
)
def test_an_unusable_key_is_a_config_error_that_does_not_repeat_it(tmp_path: Path, key: str) -> None:
    with pytest.raises(ConfigError, match="32 bytes") as caught:
        open_vault(tmp_path, key)
    assert key not in caught.value.paragraph()


def test_a_key_file_of_bytes_is_a_config_error(tmp_path: Path) -> None:
    (tmp_path / KEY_FILE).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"secret\.key"):
        open_vault(tmp_path, None)


def test_a_home_that_cannot_be_made_is_a_config_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigError, match=r"secret\.key"):
        open_vault(tmp_path / "file", None)


def test_a_key_file_that_is_a_folder_is_a_config_error(tmp_path: Path) -> None:
    (tmp_path / KEY_FILE).mkdir()
    with pytest.raises(ConfigError, match=r"secret\.key"):
        open_vault(tmp_path, None)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o666, 0o660])
def test_a_key_file_that_others_may_read_is_closed_to_them(tmp_path: Path, mode: int) -> None:
    token = open_vault(tmp_path, None).encrypt(b"plain")
    path = tmp_path / KEY_FILE
    path.chmod(mode)
    assert open_vault(tmp_path, None, first_use=False).decrypt(token, whose="me") == b"plain"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_key_file_may_be_read_only(tmp_path: Path) -> None:
    open_vault(tmp_path, None)
    path = tmp_path / KEY_FILE
    path.chmod(0o400)
    open_vault(tmp_path, None, first_use=False)
    assert stat.S_IMODE(path.stat().st_mode) == 0o400


@pytest.mark.parametrize(("mode", "refused"), [(0o604, True), (0o640, False)])
def test_a_lent_key_file_is_refused_when_it_is_open_to_everybody(
    tmp_path: Path, mode: int, refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_vault(tmp_path, None)
    path = tmp_path / KEY_FILE
    path.chmod(mode)

    def not_ours(_path: Path, _mode: int) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "chmod", not_ours)
    if not refused:
        open_vault(tmp_path, None, first_use=False)
        return
    with pytest.raises(ConfigError, match="open to every account") as caught:
        open_vault(tmp_path, None, first_use=False)
    assert "chmod 600" in caught.value.hint
