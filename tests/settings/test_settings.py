"""Settings: environment over file over defaults, and problems that name the setting but show no value."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from bucketgraph import settings as settings_module
from bucketgraph.errors import ConfigError
from bucketgraph.settings import CONFIG_FILE, OTHER_VARIABLES, declared, load, unknown_variables

SECRET = "Zm9vYmFyYmF6cXV4-secret"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the process an empty home and no other settings."""
    for name in list(os.environ):
        if name.upper().startswith("BUCKETGRAPH_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("BUCKETGRAPH_HOME", str(tmp_path))
    return tmp_path


def write(home: Path, text: str) -> None:
    """Write config.toml."""
    (home / CONFIG_FILE).write_text(text, encoding="utf-8")


def test_without_anything_given_the_documented_defaults_hold(home: Path) -> None:
    settings = load()
    assert (settings.hourly_calls, settings.workers, settings.log_level) == (950, 4, "error")
    assert settings.home == home
    assert settings.url == f"sqlite:///{home}/graph.db"
    assert settings.secret_key is None


def test_the_file_goes_over_the_default_and_the_environment_over_the_file(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(home, 'hourly_calls = 100\nworkers = 2\nlog_level = "info"\n')
    monkeypatch.setenv("BUCKETGRAPH_WORKERS", "3")
    settings = load()
    assert (settings.hourly_calls, settings.workers, settings.log_level) == (100, 3, "info")


def test_a_database_address_goes_before_the_home_folder(home: Path) -> None:
    write(home, 'database_url = "sqlite:////elsewhere/graph.db"')
    assert load().url == "sqlite:////elsewhere/graph.db"


def test_a_home_of_nothing_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BUCKETGRAPH_HOME", "")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert load().home.is_absolute()
    assert load().home == declared()["home"].default


def test_a_tilde_in_the_home_is_the_persons_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("BUCKETGRAPH_HOME", "~/graphs")
    (tmp_path / "graphs").mkdir()
    write(tmp_path / "graphs", "workers = 7")
    assert (load().home, load().workers) == (tmp_path / "graphs", 7)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HOURLY_CALLS", "many"),
        ("HOURLY_CALLS", "0"),
        ("WORKERS", "33"),
        ("WORKERS", "1.5"),
        ("TIMEOUT_SECONDS", "0"),
        ("TIMEOUT_SECONDS", "inf"),
        ("TIMEOUT_SECONDS", "nan"),
        ("RETRY_WAIT_SECONDS", "-1"),
        ("RETRY_WAIT_SECONDS", "inf"),
        ("RATE_LIMIT_PAUSE_SECONDS", "inf"),
        ("LOG_LEVEL", "loud"),
        ("LOG_LEVEL", "info\n"),
    ],
)
def test_a_wrong_environment_value_names_its_setting(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"BUCKETGRAPH_{name}", value)
    with pytest.raises(ConfigError, match=f"BUCKETGRAPH_{name}") as caught:
        load()
    assert CONFIG_FILE in caught.value.hint


def test_all_wrong_settings_are_named_at_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(home, 'workers = "x"')
    monkeypatch.setenv("BUCKETGRAPH_HOURLY_CALLS", "y")
    with pytest.raises(ConfigError, match=r"(?s)HOURLY_CALLS.*WORKERS|WORKERS.*HOURLY_CALLS"):
        load()


@pytest.mark.parametrize("text", ["workers =", "= 1", "[", "workers = 1\nworkers = 2", "\x00"])
def test_malformed_toml_names_the_file(home: Path, text: str) -> None:
    write(home, text)
    with pytest.raises(ConfigError, match=r"config\.toml"):
        load()


def test_a_file_of_bytes_names_the_file(home: Path) -> None:
    (home / CONFIG_FILE).write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"config\.toml"):
        load()


def test_the_file_is_read_as_utf8_whatever_the_locale(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(home, f'database_url = "sqlite:///{home}/Größe.db"')
    monkeypatch.setattr("locale.getpreferredencoding", lambda *_: "ascii")
    monkeypatch.setattr("locale.getencoding", lambda: "ascii", raising=False)
    assert load().url.endswith("Größe.db")


def test_a_file_that_is_a_folder_names_the_file(home: Path) -> None:
    (home / CONFIG_FILE).mkdir()
    with pytest.raises(ConfigError, match=r"config\.toml cannot be read"):
        load()


@pytest.mark.parametrize(
    "key", ["wrokers", "_cli_parse_args", "_env_file", "_env_prefix", "self", "a b", "WORKERS"]
)
def test_an_unknown_key_in_the_file_is_named(home: Path, key: str) -> None:
    write(home, f'"{key}" = "true"')
    with pytest.raises(ConfigError) as caught:
        load()
    assert key.upper() in caught.value.message.upper()


def test_a_misspelt_key_gets_the_right_one_suggested(home: Path) -> None:
    write(home, "hourly_cals = 3")
    with pytest.raises(ConfigError, match="'hourly_cals'") as caught:
        load()
    assert "hourly_calls (in the environment BUCKETGRAPH_HOURLY_CALLS)" in caught.value.hint


def test_a_table_where_a_value_belongs_is_refused(home: Path) -> None:
    write(home, "[workers]\nmost = 3")
    with pytest.raises(ConfigError, match="WORKERS"):
        load()


@pytest.mark.parametrize(
    "text",
    [f'secret_key = ["{SECRET}"]', f'database_url = {{ password = "{SECRET}" }}', f'workers = "{SECRET}"'],
)
def test_a_refused_value_is_never_repeated(home: Path, text: str) -> None:
    write(home, text)
    with pytest.raises(ConfigError) as caught:
        load()
    assert SECRET not in caught.value.paragraph()
    assert SECRET not in repr(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_malformed_toml_does_not_show_the_line_it_stumbled_on(home: Path) -> None:
    write(home, f'secret_key = "{SECRET}" trailing')
    with pytest.raises(ConfigError) as caught:
        load()
    assert SECRET not in caught.value.paragraph()


def test_printed_settings_show_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUCKETGRAPH_SECRET_KEY", SECRET)
    monkeypatch.setenv("BUCKETGRAPH_DATABASE_URL", f"postgresql://me:{SECRET}@host/db")
    settings = load()
    assert settings.secret_key is not None
    assert settings.secret_key.get_secret_value() == SECRET
    for text in (repr(settings), str(settings), str(list(settings.__rich_repr__()))):
        assert SECRET not in text


def test_an_empty_secret_key_is_kept_as_given_so_that_the_vault_can_refuse_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BUCKETGRAPH_SECRET_KEY", "")
    key = load().secret_key
    assert key is not None
    assert key.get_secret_value() == ""


@pytest.mark.parametrize("name", declared())
def test_every_setting_carries_the_sentence_the_documentation_prints(name: str) -> None:
    description = declared()[name].description
    assert description.endswith(".")
    assert description[0].isupper()


@pytest.mark.parametrize(
    ("name", "value", "taken"),
    [
        ("HOURLY_CALLS", "1_000", 1000),
        ("HOURLY_CALLS", " 5 ", 5),
        ("HOURLY_CALLS", "+5", 5),
        ("TIMEOUT_SECONDS", "5", 5.0),
        ("TIMEOUT_SECONDS", "1e2", 100.0),
    ],
)
def test_numbers_may_be_written_as_people_write_them(
    name: str, value: str, taken: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"BUCKETGRAPH_{name}", value)
    found = getattr(load(), name.lower())
    assert (found, type(found)) == (taken, type(taken))


def test_variables_in_small_letters_count_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("bucketgraph_workers", "7")
    assert load().workers == 7


@pytest.mark.parametrize("text", ["secret_key = 3", "database_url = 3", "log_level = 3", "workers = true"])
def test_a_value_of_another_kind_in_the_file_is_refused(home: Path, text: str) -> None:
    write(home, text)
    with pytest.raises(ConfigError, match=text.split(maxsplit=1)[0].upper()):
        load()


def test_the_key_may_stand_in_a_file_that_is_named_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text(f"{SECRET}\n")
    monkeypatch.setenv("BUCKETGRAPH_SECRET_KEY_FILE", str(tmp_path / "key"))
    settings = load()
    assert settings.secret_key is not None
    assert settings.secret_key.get_secret_value() == SECRET
    assert SECRET not in repr(settings)


@pytest.mark.parametrize(
    ("content", "both", "said"),
    [(None, False, "cannot be read"), (b"\xff", False, "no text"), (b"k", True, "both set")],
)
def test_a_key_file_that_cannot_be_used_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None, both: bool, said: str
) -> None:
    if content is not None:
        (tmp_path / "key").write_bytes(content)
    if both:
        monkeypatch.setenv("BUCKETGRAPH_SECRET_KEY", SECRET)
    monkeypatch.setenv("BUCKETGRAPH_SECRET_KEY_FILE", str(tmp_path / "key"))
    with pytest.raises(ConfigError, match=said) as caught:
        load()
    assert SECRET not in caught.value.paragraph()


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("BUCKETGRAPH_HOEM", "HOME"),
        ("BUCKETGRAPH_DATABSE_URL", "DATABASE_URL"),
        ("bucketgraph_secretkey", "SECRET_KEY"),
        ("BUCKETGRAPH_LOGLEVEL", "LOG_LEVEL"),
    ],
)
def test_a_variable_that_is_nearly_a_setting_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, meant: str
) -> None:
    monkeypatch.setenv(name, SECRET)
    with pytest.raises(ConfigError, match=name) as caught:
        load()
    assert f"BUCKETGRAPH_{meant}?" in caught.value.hint
    assert SECRET not in caught.value.paragraph()


def test_other_variables_are_ignored_and_can_be_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "BUCKETGRAPH_COLOUR",
        "bucketgraph_flavour",
        "BUCKETGRAPH_OAUTH_SECRET",
        "BUCKETGRAPH_WORKERS",
    ):
        monkeypatch.setenv(name, "3")
    assert load().workers == 3
    assert unknown_variables() == ["BUCKETGRAPH_COLOUR", "bucketgraph_flavour"]


@pytest.mark.parametrize(
    "name",
    [
        "SERVICE_HOST",
        "SERVICE_PORT",
        "SERVICE_PORT_HTTP",
        "PORT",
        "PORT_8321_TCP",
        "PORT_8321_TCP_PROTO",
        "PORT_8321_TCP_PORT",
        "PORT_8321_TCP_ADDR",
    ],
)
def test_what_kubernetes_sets_beside_a_service_of_our_name_is_no_slip(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(f"BUCKETGRAPH_{name}", "tcp://10.0.0.1:8321")
    load()
    assert unknown_variables() == []


def test_every_variable_that_the_program_names_is_known() -> None:
    source = Path(settings_module.__file__).parent
    named = {
        name
        for file in source.rglob("*.py")
        for name in re.findall(r"\bBUCKETGRAPH_([A-Z_]*[A-Z])\b", file.read_text())
    }
    assert named <= {*(name.upper() for name in declared()), *OTHER_VARIABLES}
