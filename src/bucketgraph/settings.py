"""Settings: environment variables `BUCKETGRAPH_…` over `config.toml` in the home folder over defaults.

Every field's description is the sentence the documentation prints.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from pathlib import Path
from typing import Any

import platformdirs
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bucketgraph.errors import ConfigError

PREFIX = "BUCKETGRAPH_"
CONFIG_FILE = "config.toml"


def _default_home() -> Path:
    return Path(platformdirs.user_data_dir("bucketgraph", appauthor=False))


class Settings(BaseSettings):
    """All settings of a process."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid")

    home: Path = Field(
        default_factory=_default_home,
        description="The folder that holds the graph file, the secret key and config.toml.",
    )
    database_url: str | None = Field(
        default=None,
        repr=False,
        description="The database, such as sqlite:////path/to/graph.db; default: graph.db in the home folder.",
    )
    secret_key: SecretStr | None = Field(
        default=None,
        description="The key (or comma-separated keys, newest first) that encrypts stored credentials; "
        "default: the file secret.key in the home folder, made on first use.",
    )
    hourly_calls: int = Field(
        default=950,
        ge=1,
        description="Calls per rolling hour, OAuth consumer and endpoint group; Bitbucket allows 1,000. Lower "
        "it to leave room for other users of the same consumer.",
    )
    workers: int = Field(default=4, ge=1, le=32, description="How many repositories are read at once.")
    retry_wait_seconds: float = Field(
        default=1.0,
        ge=0,
        allow_inf_nan=False,
        description="The first pause before a failed call is tried again; it doubles each time.",
    )
    rate_limit_pause_seconds: float = Field(
        default=30.0,
        ge=0,
        allow_inf_nan=False,
        description="The first pause after a 429 that does not say how long to wait; it doubles.",
    )
    timeout_seconds: float = Field(
        default=60.0, gt=0, allow_inf_nan=False, description="How long one call may take."
    )
    log_level: str = Field(
        default="error",
        pattern="^(debug|info|warning|error)$",
        description="What is logged to standard error.",
    )

    @field_validator("home", mode="before")
    @classmethod
    def _as_home(cls, value: Any) -> Any:
        """Take an empty home for none, and `~` for the person's folder."""
        return _home_from(value) if isinstance(value, str) else value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put the environment over what `load` read from the file."""
        del settings_cls, dotenv_settings, file_secret_settings
        return (env_settings, init_settings)

    @property
    def url(self) -> str:
        """Return the database's address."""
        return self.database_url or f"sqlite:///{self.home.absolute() / 'graph.db'}"


def load() -> Settings:
    """Read the settings; raises ConfigError that names the setting and what is wrong with it."""
    try:
        home = _home_from(os.environ.get(f"{PREFIX}HOME", ""))
        return Settings(**_read_file(home / CONFIG_FILE))
    except ValidationError as error:
        problems = "; ".join(f"{_name(e['loc'])}: {e['msg']}" for e in error.errors(include_input=False))
        raise ConfigError(
            f"The settings cannot be used: {problems}.",
            hint=f"Settings come from {PREFIX}… environment variables and {CONFIG_FILE} in the home folder.",
        ) from None


def _home_from(text: str) -> Path:
    return Path(os.path.expanduser(text)) if text else _default_home()  # noqa: PTH111  # never raises


def _read_file(path: Path) -> dict[str, Any]:
    values = _parse(path)
    for key in values.keys() - Settings.model_fields.keys():
        known = list(Settings.model_fields)
        near = difflib.get_close_matches(key, known, n=1)
        raise ConfigError(
            f"{path} sets {key!r} ({_name((key,))}), which is no setting.",
            hint=f"Did you mean {near[0]} (in the environment {_name((near[0],))})?"
            if near
            else f"The settings are {', '.join(known)}.",
        )
    return values


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is no valid TOML: {error}.", hint="Mend or remove it.") from None
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read ({error.strerror}).", hint=f"Check its permissions and {PREFIX}HOME."
        ) from None


def _name(place: tuple[int | str, ...]) -> str:
    return f"{PREFIX}{'.'.join(str(part) for part in place).upper()}"
