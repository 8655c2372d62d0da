"""Settings: environment variables `BUCKETGRAPH_…` over `config.toml` in the home folder over defaults.

Every field's description is the sentence the documentation prints.
"""

from __future__ import annotations

import contextlib
import difflib
import os
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
import platformdirs
from msgspec import Meta

from bucketgraph.errors import ConfigError

PREFIX = "BUCKETGRAPH_"
CONFIG_FILE = "config.toml"
OTHER_VARIABLES = frozenset({"OAUTH_SECRET", "PASSWORD"})
"""What else is read from the environment under the prefix, and is no setting."""

_SERVICE_LINK = re.compile(r"SERVICE_(HOST|PORT(_\w+)?)|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?")
"""What Kubernetes sets by itself in every container beside a service that is called bucketgraph."""
_NEAR = 0.75
"""How much alike a name must be to a setting's to be taken for a slip of the fingers."""

_A_YEAR = 365 * 86_400.0
"""Seconds: nobody waits longer, and it keeps out what is not finite."""

_KIND = re.compile(r"`(.*?)(?: \| null)?`")
_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
}


def _default_home() -> Path:
    return Path(platformdirs.user_data_dir("bucketgraph", appauthor=False))


class Secret:
    """A text that is not shown where it is printed."""

    def __init__(self, text: str) -> None:
        self._text = text

    def get_secret_value(self) -> str:
        """Return the text."""
        return self._text

    def __repr__(self) -> str:
        """Hide the text."""
        return "Secret(hidden)"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All settings of a process, taken as they are given; `load` reads and checks them."""

    home: Annotated[
        Path, Meta(description="The folder that holds the graph file, the secret key and config.toml.")
    ] = msgspec.field(default_factory=_default_home)
    database_url: Annotated[
        str | None,
        Meta(
            description="The database, such as sqlite:////path/to/graph.db; default: graph.db in the home folder."
        ),
    ] = None
    secret_key: Annotated[
        Secret | None,
        Meta(
            description="The key (or comma-separated keys, newest first) that encrypts stored credentials; "
            "default: the file secret.key in the home folder, made on first use."
        ),
    ] = None
    secret_key_file: Annotated[
        Path | None,
        Meta(description="A file that holds that key instead, such as a secret that a container is given."),
    ] = None
    hourly_calls: Annotated[
        int,
        Meta(
            ge=1,
            description="Calls per rolling hour, OAuth consumer and endpoint group; Bitbucket allows 1,000. "
            "Lower it to leave room for other users of the same consumer.",
        ),
    ] = 950
    workers: Annotated[int, Meta(ge=1, le=32, description="How many repositories are read at once.")] = 4
    retry_wait_seconds: Annotated[
        float,
        Meta(
            ge=0,
            le=_A_YEAR,
            description="The first pause before a failed call is tried again; it doubles each time.",
        ),
    ] = 1.0
    rate_limit_pause_seconds: Annotated[
        float,
        Meta(
            ge=0,
            le=_A_YEAR,
            description="The first pause after a 429 that does not say how long to wait; it doubles.",
        ),
    ] = 30.0
    timeout_seconds: Annotated[float, Meta(gt=0, le=_A_YEAR, description="How long one call may take.")] = (
        60.0
    )
    query_timeout_seconds: Annotated[
        float, Meta(gt=0, le=_A_YEAR, description="How long one J1QL query may run before it is stopped.")
    ] = 60.0
    allowed_hosts: Annotated[
        str,
        Meta(
            description="Names, separated by commas, that the server answers to (the Host header). localhost, "
            "127.0.0.1 and ::1 always work; without any names, others work too unless the request came over loopback."
        ),
    ] = ""
    body_limit_bytes: Annotated[
        int, Meta(ge=1_000, le=10**9, description="The longest body of a request that the server reads.")
    ] = 1_000_000
    import_limit_bytes: Annotated[
        int, Meta(ge=1_000, le=10**9, description="The same where a file is sent to be imported.")
    ] = 50_000_000
    api_workers: Annotated[
        int, Meta(ge=1, le=64, description="How many requests the server works on at once, queries left out.")
    ] = 4
    query_workers: Annotated[
        int, Meta(ge=1, le=64, description="How many J1QL queries the server answers at once.")
    ] = 4
    open_metrics: Annotated[bool, Meta(description="Let /metrics be read without a token.")] = False
    public_url: Annotated[
        str,
        Meta(
            pattern=r"^(https?://[^/?#@\s]+)?\Z",
            description="Where people open the server, such as https://graph.example.com, without a path; signing in "
            "through an identity provider needs it.",
        ),
    ] = ""
    session_idle_minutes: Annotated[
        int, Meta(ge=1, le=525_600, description="After how many minutes without a request a session ends.")
    ] = 480
    session_days: Annotated[
        int, Meta(ge=1, le=365, description="After how many days a session ends however much it is used.")
    ] = 14
    password_memory_mib: Annotated[
        int,
        Meta(ge=19, le=4_096, description="Memory that checking one password takes (Argon2id), in MiB."),
    ] = 64
    oidc_issuer: Annotated[
        str,
        Meta(
            description="The identity provider's issuer, as it writes itself, such as "
            "https://login.example.com/realms/acme; empty: nobody signs in through one."
        ),
    ] = ""
    oidc_client_id: Annotated[str, Meta(description="The client id that the identity provider gave.")] = ""
    oidc_client_secret: Annotated[
        Secret | None, Meta(description="The client secret that the identity provider gave.")
    ] = None
    oidc_roles_claim: Annotated[
        str, Meta(description="The claim that lists groups or roles, such as groups or realm_access.roles.")
    ] = ""
    oidc_role_map: Annotated[
        str,
        Meta(
            description="What these mean here, separated by semicolons: security=admin; developers=viewer. "
            "The highest role counts."
        ),
    ] = ""
    oidc_allowed_domains: Annotated[
        str,
        Meta(
            description="Domains, separated by commas, of which a verified e-mail address must be; "
            "empty: of any, or none."
        ),
    ] = ""
    oidc_default_role: Annotated[
        str,
        Meta(
            pattern=r"^(none|viewer|editor|admin)\Z",
            description="The role of whom the map names no role for; none: they may not come in.",
        ),
    ] = "none"
    concurrent_runs: Annotated[
        int, Meta(ge=1, le=64, description="How many integrations the server collects at once.")
    ] = 4
    event_retention_days: Annotated[
        int, Meta(ge=1, le=36_500, description="How many days the event logs of runs are kept.")
    ] = 90
    log_level: Annotated[
        str,
        Meta(pattern=r"^(debug|info|warning|error)\Z", description="What is logged to standard error."),
    ] = "error"

    @property
    def url(self) -> str:
        """Return the database's address."""
        return self.database_url or f"sqlite:///{self.home.absolute() / 'graph.db'}"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Leave out the database's address, which may hold a password."""
        return [(name, getattr(self, name)) for name in self.__struct_fields__ if name != "database_url"]

    def __repr__(self) -> str:
        """Leave out the same."""
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"


_NAMES = Settings.__struct_fields__


@dataclass(frozen=True, slots=True)
class Declared:
    """What a setting is declared as: the sentence that explains it, and its default."""

    description: str
    default: object


def declared() -> dict[str, Declared]:
    """Return all settings by name, as the documentation prints them."""
    return {
        field.name: Declared(
            str(field.type.__metadata__[0].description),
            field.default_factory() if field.default is msgspec.NODEFAULT else field.default,
        )
        for field in msgspec.structs.fields(Settings)
    }


def load() -> Settings:
    """Read the settings; raises ConfigError that names the setting and what is wrong with it.

    A variable whose name is nearly a setting's is refused like a wrong key in the file: with a misspelt home or
    database the program would work, on another graph.
    """
    _refuse_misspelt()
    given = {name.lower(): value for name, value in os.environ.items() if name.upper().startswith(PREFIX)}
    environment = {name: given[key] for name in _NAMES if (key := f"{PREFIX}{name}".lower()) in given}
    return _settings(_read_file(_home_from(environment.get("home", "")) / CONFIG_FILE) | environment)


def unknown_variables() -> list[str]:
    """Return the variables under the prefix that nothing reads, as they are spelt, in order.

    They are ignored, so that an older program starts beside the settings of a newer one; they deserve a warning.
    """
    known = {*(name.upper() for name in _NAMES), *OTHER_VARIABLES}
    found = {
        name: name.upper().removeprefix(PREFIX) for name in os.environ if name.upper().startswith(PREFIX)
    }
    return sorted(
        name for name, bare in found.items() if bare not in known and not _SERVICE_LINK.fullmatch(bare)
    )


def check_file(path: Path) -> frozenset[str]:
    """Return which settings a file sets, having checked it as `load` does. Raises ConfigError."""
    values = _read_file(path)
    _settings(values)
    return frozenset(values)


def _refuse_misspelt() -> None:
    for name in unknown_variables():
        bare = name.upper().removeprefix(PREFIX).lower()
        near = difflib.get_close_matches(bare, _NAMES, n=1, cutoff=_NEAR)
        if near:
            raise ConfigError(
                f"The environment variable {name} is no setting.",
                hint=f"Did you mean {_name(near[0])}? Else unset it.",
            )


def _settings(values: dict[str, Any]) -> Settings:
    problems: dict[str, str] = {}
    checked: dict[str, Any] = {}
    for field in msgspec.structs.fields(Settings):
        if field.name in values:
            try:
                checked[field.name] = _check(values[field.name], field.type)
            except msgspec.ValidationError as error:
                problems[field.name] = _KIND.sub(_in_plain_words, str(error))
    if problems:
        text = "; ".join(f"{_name(name)}: {problem}" for name, problem in problems.items())
        raise ConfigError(
            f"The settings cannot be used: {text}.",
            hint=f"Settings come from {PREFIX}… environment variables and {CONFIG_FILE} in the home folder.",
        ) from None
    return Settings(**_with_key_of_file(checked))


def _with_key_of_file(values: dict[str, Any]) -> dict[str, Any]:
    """Read the key from the file that was named for it. Raises ConfigError, which never shows it."""
    path = values.get("secret_key_file")
    if path is None:
        return values
    if values.get("secret_key") is not None:
        raise ConfigError(
            f"{_name('secret_key')} and {_name('secret_key_file')} are both set.", hint="Unset one of them."
        )
    try:
        key = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise ConfigError(
            f"The secret key file {path} of {_name('secret_key_file')} cannot be read ({why}).",
            hint="Check path, owner and permissions.",
        ) from None
    return values | {"secret_key": Secret(key)}


def _check(value: Any, declared_as: Any) -> Any:
    """Return a value as its declared type; raises ValidationError, which never repeats the value."""
    kind = declared_as.__origin__
    if kind in {int, float} and isinstance(value, str):
        with contextlib.suppress(ValueError):
            value = kind(value)
    return msgspec.convert(value, declared_as, strict=False, dec_hook=_from_text)


def _in_plain_words(kind: re.Match[str]) -> str:
    return _WORDS.get(kind[1], kind[0])


def _from_text(kind: Callable[[str], Any], value: Any) -> Any:
    """Make what msgspec does not know from text."""
    if not isinstance(value, str):
        raise ValueError(f"Expected `str`, got `{type(value).__name__}`")  # noqa: TRY004  # msgspec takes this one
    return _home_from(value) if kind is Path else kind(value)


def _home_from(text: str) -> Path:
    return Path(os.path.expanduser(text)) if text else _default_home()  # noqa: PTH111  # never raises


def _read_file(path: Path) -> dict[str, Any]:
    values = _parse(path)
    for key in values.keys() - set(_NAMES):
        near = difflib.get_close_matches(key, _NAMES, n=1)
        raise ConfigError(
            f"{path} sets {key!r} ({_name(key)}), which is no setting.",
            hint=f"Did you mean {near[0]} (in the environment {_name(near[0])})?"
            if near
            else f"The settings are {', '.join(_NAMES)}.",
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


def _name(setting: str) -> str:
    return f"{PREFIX}{setting.upper()}"
