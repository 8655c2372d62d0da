"""The form of an integration: what was entered, what is wrong with it, and what becomes of it.

Secrets are read from a form and handed on; they are no part of what is shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

from bucketgraph.bitbucket.oauth import Consumer
from bucketgraph.bitbucket.origins import API_URL, OAUTH_URL, Origins, check_origin
from bucketgraph.collect.sources import SOURCES, check_sources, switched_off
from bucketgraph.errors import ConfigError
from bucketgraph.integrations import fields
from bucketgraph.integrations.configuration import (
    Changes,
    Entered,
    Integration,
    NewIntegration,
    Polling,
    TagValue,
)

MOST_ROWS = 50
"""How many tags and consumers a form may have."""

SPARE = 3
"""How many empty rows wait behind "another"."""

_BY_THE_DAY = frozenset({"ONE_DAY", "ONE_WEEK"})
_BETWEEN = re.compile(r"[\s,]+")
_DIGITS = re.compile(r"[0-9]{1,3}")


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with a field, and what to do."""

    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands in the form, as it was entered. `stored` are the keys whose secrets are stored."""

    name: str = ""
    description: str = ""
    tag_account_name: bool = True
    tags: tuple[tuple[str, str], ...] = ()
    workspaces: str = ""
    keys: tuple[str, ...] = ()
    interval: str = "ONE_DAY"
    hour: str = ""
    weekday: str = ""
    sources: Mapping[str, bool] = field(default_factory=dict)
    since: str = ""
    api_url: str = API_URL
    oauth_url: str = OAUTH_URL
    stored: frozenset[str] = frozenset()
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def consumers(self) -> list[tuple[str, str]]:
        """Return keys with their secrets, an empty one where none was entered."""
        return list(zip(self.keys, self.secrets, strict=True))

    def polling(self) -> Polling:
        """Return when it is collected; hour and weekday count where the interval has them."""
        hour = _number(self.hour, "hour") if self.interval in _BY_THE_DAY else None
        weekday = _number(self.weekday, "weekday") if self.interval == "ONE_WEEK" else None
        return Polling(fields.valid_interval(self.interval), hour, weekday)

    def names(self) -> list[str]:
        """Return the workspaces."""
        return [one for one in _BETWEEN.split(self.workspaces) if one]

    def tag_values(self) -> dict[str, TagValue]:
        """Return the tags; `true` and `false` are values of their own. Raises ConfigError for a double one."""
        found: dict[str, TagValue] = {}
        for name, value in self.tags:
            if name in found:
                raise ConfigError(f"The tag {name!r} is given twice.", hint="Give each tag once.")
            found[name] = {"true": True, "false": False}.get(value.lower(), value)
        return found


def blank() -> Entry:
    """Return the form of a new integration."""
    return Entry(sources=_switches({}))


def of(one: Integration, *, lost: bool) -> Entry:
    """Return the form of an integration that there is; `lost`: its secrets cannot be read."""
    config = one.config
    return Entry(
        name=one.name,
        description=one.description,
        tag_account_name=config.tag_account_name,
        tags=tuple((name, _word(value)) for name, value in config.tags.items()),
        workspaces=" ".join(config.workspaces),
        keys=config.consumer_keys,
        interval=config.polling.interval,
        hour=_text(config.polling.hour),
        weekday=_text(config.polling.weekday),
        sources=_switches(config.sources),
        since=config.since or "",
        api_url=config.api_url,
        oauth_url=config.oauth_url,
        stored=frozenset() if lost else frozenset(config.consumer_keys),
        secrets=("",) * len(config.consumer_keys),
    )


def read(form: Mapping[str, str], *, stored: frozenset[str] = frozenset()) -> Entry:
    """Return what was entered; `stored` are the keys whose secrets are stored."""
    consumers = [one for one in _rows(form, "key", "secret") if any(one)]
    given = {
        name: form.get(name, "").strip()
        for name in ("name", "workspaces", "interval", "hour", "weekday", "since")
    }
    return Entry(
        **given,
        description=form.get("description", "").replace("\r\n", "\n").strip(),
        tag_account_name="tag_account_name" in form,
        tags=tuple(one for one in _rows(form, "tag-name", "tag-value") if any(one)),
        keys=tuple(key for key, _ in consumers),
        secrets=tuple(secret for _, secret in consumers),
        sources={one.id: one.required or f"source-{one.id}" in form for one in SOURCES},
        api_url=form.get("api_url", "").strip() or API_URL,
        oauth_url=form.get("oauth_url", "").strip() or OAUTH_URL,
        stored=stored,
    )


def complaints(entry: Entry, taken: Collection[str], before: Origins | None = None) -> dict[str, Complaint]:
    """Return what is wrong, by field; `taken` are the names of other integrations, `before` is where it was."""
    moved = before is not None and _origins(entry) != before
    checks: dict[str, Callable[[], object]] = {
        "name": lambda: _check_name(entry.name, taken),
        "description": lambda: fields.valid_description(entry.description),
        "tags": lambda: fields.valid_tags(entry.tag_values(), account_name=entry.tag_account_name),
        "workspaces": lambda: fields.valid_workspaces(entry.names()),
        "consumers": lambda: _check_consumers(entry, moved=moved),
        "polling": lambda: fields.valid_polling(entry.polling(), _origins(entry) or Origins()),
        "sources": lambda: check_sources(entry.sources.items()),
        "since": lambda: fields.valid_since(entry.since),
        "api_url": lambda: check_origin(entry.api_url, flag="The API's address"),
        "oauth_url": lambda: check_origin(entry.oauth_url, flag="The token's address"),
    }
    found = {name: _complaint(name, check) for name, check in checks.items()}
    return {name: one for name, one in found.items() if one is not None}


def new(entry: Entry) -> NewIntegration:
    """Return what is to be added; the entry has no complaints."""
    return NewIntegration(
        name=entry.name,
        workspaces=entry.names(),
        consumers=[Consumer(key, secret) for key, secret in entry.consumers],
        description=entry.description,
        api_url=entry.api_url,
        oauth_url=entry.oauth_url,
        polling=entry.polling(),
        tag_account_name=entry.tag_account_name,
        tags=entry.tag_values(),
        sources=_chosen(entry),
        since=entry.since or None,
    )


def changes(entry: Entry) -> Changes:
    """Return what is to be changed; the entry has no complaints. An empty secret leaves the stored one."""
    return Changes(
        name=entry.name,
        description=entry.description,
        polling=entry.polling(),
        workspaces=entry.names(),
        consumers=[Entered(key, secret or None) for key, secret in entry.consumers],
        tag_account_name=entry.tag_account_name,
        tags=entry.tag_values(),
        sources=_chosen(entry),
        since=entry.since,
        api_url=entry.api_url,
        oauth_url=entry.oauth_url,
    )


def names(entry: Entry) -> Changes:
    """Return what is to be changed of what was imported."""
    return Changes(name=entry.name, description=entry.description)


def only_here(entry: Entry) -> bool:
    """Tell whether Bitbucket is one of this computer, as the demo's."""
    origins = _origins(entry)
    return origins is not None and origins.only_this_computer


def without_secrets(entry: Entry) -> Entry:
    """Return an entry as it may be shown again."""
    return replace(entry, secrets=("",) * len(entry.keys))


def _check_name(name: str, taken: Collection[str]) -> None:
    fields.check_name(name, hint="Choose the account name you know this Bitbucket by.")
    if name in taken:
        raise ConfigError(f"There is already an integration named {name!r}.", hint="Choose another name.")


def _check_consumers(entry: Entry, *, moved: bool) -> None:
    """Check keys and secrets; one that is stored stands for itself unless the address moved."""
    known = frozenset() if moved else entry.stored
    shown = [Consumer(key, secret or ("stored" if key in known else "")) for key, secret in entry.consumers]
    lacking = [one.key for one in shown if one.key and not one.secret]
    if lacking and moved:
        raise ConfigError(
            f"The secret of {', '.join(lacking)} must be entered again: stored secrets never go to another address.",
            hint="Enter it, or leave the addresses as they were.",
        )
    if lacking:
        raise ConfigError(f"The secret of {', '.join(lacking)} is missing.", hint="Enter it beside its key.")
    fields.valid_keys(shown)


def _origins(entry: Entry) -> Origins | None:
    """Return where Bitbucket is by what was entered; None where that is no address."""
    try:
        return Origins(check_origin(entry.api_url, flag=""), check_origin(entry.oauth_url, flag=""))
    except ConfigError:
        return None


_HINTS: Mapping[str, str] = {
    "workspaces": "Enter the part after bitbucket.org/ in the workspace's address, such as acme-rockets.",
    "consumers": "Enter key and secret as the consumer in the workspace's settings shows them.",
    "api_url": f"Leave {API_URL} unless a proxy stands between.",
    "oauth_url": f"Leave {OAUTH_URL} unless a proxy stands between.",
}
"""What to do where the rooms' own hints speak of the command line."""


def _complaint(name: str, check: Callable[[], object]) -> Complaint | None:
    try:
        check()
    except ConfigError as error:
        of_commands = "--" in error.hint or "`" in error.hint
        return Complaint(error.message, _HINTS.get(name, "") if of_commands else error.hint)
    return None


def _rows(form: Mapping[str, str], first: str, second: str) -> list[tuple[str, str]]:
    numbers = [n for n in range(MOST_ROWS) if f"{first}-{n}" in form or f"{second}-{n}" in form]
    return [(form.get(f"{first}-{n}", "").strip(), form.get(f"{second}-{n}", "").strip()) for n in numbers]


def _chosen(entry: Entry) -> dict[str, bool]:
    return {one.id: entry.sources[one.id] for one in SOURCES if not one.required}


def _switches(chosen: Mapping[str, bool]) -> dict[str, bool]:
    off = switched_off(chosen)
    return {one.id: one.id not in off for one in SOURCES}


def _number(text: str, what: str) -> int | None:
    if not text:
        return None
    if not _DIGITS.fullmatch(text):
        raise ConfigError(f"{text!r} is no {what}.", hint="Choose one of those offered.")
    return int(text)


def _text(number: int | None) -> str:
    return "" if number is None else str(number)


def _word(value: TagValue) -> str:
    return str(value).lower() if isinstance(value, bool) else value
