"""Checking an integration's fields one by one: each returns the clean value or raises ConfigError."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import get_args

from bucketgraph.bitbucket.oauth import Consumer
from bucketgraph.bitbucket.origins import Origins
from bucketgraph.errors import ConfigError
from bucketgraph.integrations.configuration import Interval, Polling, TagValue

_WORKSPACE = re.compile(r"(?!\.+$)[A-Za-z0-9_.-]+|\{[0-9a-fA-F-]{36}\}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_LONGEST_NAME = 100
_LONGEST_DESCRIPTION = 1000
_LONGEST_TAG, _LONGEST_TAG_VALUE, _MOST_TAGS = 50, 200, 50
ACCOUNT_NAME = "AccountName"
"""The tag that `tag_account_name` gives."""

INTERVALS: tuple[Interval, ...] = get_args(Interval)
WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_LAST_HOUR, _LAST_WEEKDAY = 23, 6


def check_name(name: str, *, hint: str) -> None:
    """Raise ConfigError for a name that cannot be printed or is too long."""
    if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
        raise ConfigError(f"The name must have 1 to {_LONGEST_NAME} printable characters.", hint=hint)


def valid_description(text: str) -> str:
    """Return a description; line ends are the only control characters in it."""
    if len(text) > _LONGEST_DESCRIPTION or not text.replace("\n", "").replace("\t", "").isprintable():
        raise ConfigError(
            f"The description is longer than {_LONGEST_DESCRIPTION} characters or holds control characters.",
            hint="Say in a sentence what this integration is for.",
        )
    return text


def valid_workspaces(workspaces: Sequence[str]) -> tuple[str, ...]:
    """Return the workspaces, each once."""
    if not workspaces:
        raise ConfigError("A workspace is needed.", hint="Give it with --workspace, once for each workspace.")
    for workspace in workspaces:
        if not _WORKSPACE.fullmatch(workspace):
            raise ConfigError(
                f"{workspace!r} is no workspace name.",
                hint="Use the part after bitbucket.org/ in the workspace's address, without slashes.",
            )
    return tuple(dict.fromkeys(workspaces))


def valid_keys(consumers: Sequence[Consumer]) -> tuple[str, ...]:
    """Return the consumers' keys; keys and secrets hold no blanks."""
    if not consumers:
        raise ConfigError("An OAuth consumer is needed.", hint="Give its key with --oauth-key.")
    keys = tuple(consumer.key for consumer in consumers)
    for consumer in consumers:
        for text, what in ((consumer.key, "key"), (consumer.secret, "secret")):
            if not text.isprintable() or text.split() != [text]:
                raise ConfigError(
                    f"The OAuth {what} is empty or holds blanks or control characters.",
                    hint="Copy it again from the consumer in the workspace's settings.",
                )
    if len(set(keys)) != len(keys):
        raise ConfigError("The same OAuth key is given twice.", hint="Give each consumer once.")
    return keys


def valid_interval(text: str) -> Interval:
    """Return a polling interval by its name, in any case."""
    wanted = text.strip().upper().replace("-", "_")
    for interval in INTERVALS:
        if interval == wanted:
            return interval
    offered = [interval for interval in INTERVALS if interval != "TEN_SECONDS"]
    near = difflib.get_close_matches(wanted, offered, n=1, cutoff=0.5)
    raise ConfigError(
        f"{text!r} is no polling interval.",
        hint=(f"Did you mean {near[0]}? " if near else "") + f"There are {', '.join(offered)}.",
    )


def valid_polling(polling: Polling, origins: Origins) -> Polling:
    """Return when to poll; hour and weekday must belong to the interval and be in range."""
    interval = valid_interval(polling.interval)
    if interval == "TEN_SECONDS" and not origins.only_this_computer:
        raise ConfigError(
            "TEN_SECONDS is only for a Bitbucket on this computer, such as the one of the demo.",
            hint="Bitbucket Cloud allows 1,000 calls an hour: choose THIRTY_MINUTES or longer.",
        )
    if polling.hour is not None:
        _check_hour(polling.hour, interval)
    if polling.weekday is not None:
        _check_weekday(polling.weekday, interval)
    return Polling(interval, polling.hour, polling.weekday)


def _check_hour(hour: int, interval: Interval) -> None:
    if interval not in {"ONE_DAY", "ONE_WEEK"}:
        raise ConfigError(
            f"An hour does not belong to {interval}.",
            hint="Leave the hour out, or choose ONE_DAY or ONE_WEEK.",
        )
    if not 0 <= hour <= _LAST_HOUR:
        raise ConfigError(f"{hour} is no hour of the day.", hint="Hours go from 0 to 23, in UTC.")


def _check_weekday(weekday: int, interval: Interval) -> None:
    if interval != "ONE_WEEK":
        raise ConfigError(
            f"A weekday does not belong to {interval}.", hint="Leave the weekday out, or choose ONE_WEEK."
        )
    if not 0 <= weekday <= _LAST_WEEKDAY:
        raise ConfigError(
            f"{weekday} is no weekday.", hint="Weekdays go from 0 (Sunday) to 6 (Saturday), or by name."
        )


def valid_tags(tags: Mapping[str, TagValue], *, account_name: bool) -> dict[str, TagValue]:
    """Return tags by their names without `tag.`; `account_name` says that AccountName is given already."""
    if len(tags) > _MOST_TAGS:
        raise ConfigError(f"{len(tags)} tags are too many.", hint=f"Give {_MOST_TAGS} at most.")
    found: dict[str, TagValue] = {}
    for given, value in tags.items():
        name = given.removeprefix("tag.")
        _check_tag_name(name, account_name=account_name)
        if name in found:
            raise ConfigError(f"The tag {name!r} is given twice.", hint="Give each tag once.")
        found[name] = _valid_tag_value(name, value)
    return found


def _check_tag_name(name: str, *, account_name: bool) -> None:
    if not name or len(name) > _LONGEST_TAG or not name.isprintable() or name != name.strip():
        raise ConfigError(
            f"{name!r} is no name of a tag.",
            hint=f"Use 1 to {_LONGEST_TAG} printable characters without blanks around them, such as Production.",
        )
    if account_name and name == ACCOUNT_NAME:
        raise ConfigError(
            f"The tag {ACCOUNT_NAME} is the integration's name already.",
            hint="Leave it out, or switch tagging with the account name off.",
        )


def _valid_tag_value(name: str, value: TagValue) -> TagValue:
    if isinstance(value, bool):
        return value
    if not value or len(value) > _LONGEST_TAG_VALUE or not value.isprintable():
        raise ConfigError(
            f"The tag {name!r} needs a value of 1 to {_LONGEST_TAG_VALUE} printable characters, or true or false.",
            hint="Write Name=value, for example Production=true.",
        )
    return value


def valid_since(text: str | None) -> str | None:
    """Return a date such as 2026-01-31, or None for none."""
    if text is None or not text.strip():
        return None
    found = _date(text.strip())
    if found is None:
        raise ConfigError(f"{text!r} is no date.", hint="Write year, month and day, such as 2026-01-31.")
    if found > datetime.now(UTC).date():
        raise ConfigError(f"{text} is in the future.", hint="Give a day that is over, such as 2026-01-31.")
    return found.isoformat()


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        return None


def weekday_of(text: str) -> int:
    """Return a weekday's number (0 is Sunday) from its English name, the beginning of it, or the number."""
    wanted = text.strip().lower()
    if wanted.isdecimal() and wanted.isascii():
        return int(wanted)
    shortest = 3
    found = [
        n for n, day in enumerate(WEEKDAYS) if len(wanted) >= shortest and day.lower().startswith(wanted)
    ]
    if not found:
        raise ConfigError(f"{text!r} is no weekday.", hint=f"Write one of {', '.join(WEEKDAYS)}.")
    return found[0]


def named(pairs: Iterable[str], *, flag: str) -> list[tuple[str, str]]:
    """Split texts of the form `name=value`."""
    found: list[tuple[str, str]] = []
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            raise ConfigError(f"{flag} {pair!r} has no value.", hint=f"Write {flag} name=value.")
        found.append((name.strip(), value.strip()))
    return found
