"""Which column is which property: by its heading, or as it was told."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bucketgraph.errors import ConfigError
from bucketgraph.people.model import EMPLOYEE

USUAL: Final[Mapping[str, tuple[str, ...]]] = {
    "employeeId": (
        *("employeeId", "Employee number", "Employee no", "Staff ID", "Staff number", "Worker ID"),
        *("Personnel number", "Personnel no", "Person number"),
    ),
    "email": (
        *("email", "emails", "E-Mail address", "Mail", "Work e-mail", "Work e-mail address"),
        *("Primary e-mail", "Business e-mail", "Company e-mail"),
    ),
    "firstName": ("firstName", "Given name", "Forename", "First"),
    "lastName": ("lastName", "Family name", "Surname", "Last"),
    "displayName": ("displayName", "Name", "Full name", "Employee name", "Employee"),
    "title": ("title", "Job title", "Position", "Job role"),
    "manager": ("manager", "Manager name", "Line manager", "Supervisor", "Reports to"),
    "active": ("active", "Is active", "Status", "Employment status", "Employed", "Enabled"),
    "bitbucketNickname": (
        *("bitbucketNickname", "Bitbucket nick", "Nickname", "Bitbucket username", "Bitbucket user"),
        *("Bitbucket login", "Bitbucket"),
    ),
    "bitbucketAccountId": ("bitbucketAccountId", "Atlassian account ID", "Account ID", "Atlassian ID"),
}
"""Headings that are understood; letter case, blanks and signs do not matter."""

TELLING: Final = ("employeeId", "email", "bitbucketNickname")
"""Properties that say who somebody is."""

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}")
_OWN: Final = frozenset(one.name for one in EMPLOYEE.properties) - {"name"}


def _plain(heading: str) -> str:
    return "".join(sign for sign in heading.casefold() if sign.isalnum())


_KNOWN: Final = {_plain(heading): name for name, headings in USUAL.items() for heading in headings}


@dataclass(frozen=True, slots=True)
class Columns:
    """The property of each heading that is read, and the headings that are ignored."""

    properties: Mapping[str, str]
    ignored: tuple[str, ...] = ()

    def of(self, name: str) -> list[str]:
        """Return the headings of a property."""
        return [heading for heading, one in self.properties.items() if one == name]


def choose(headings: Sequence[str], told: Iterable[str] = (), *, keep: bool = False) -> Columns:
    """Say what each column is; `told` are `Heading=property`, and `keep` keeps unknown columns, too.

    Raises ConfigError when no column says who somebody is, when two are the same property (but e-mail, which may
    have several), or when what was told does not fit.
    """
    by_hand = _told(headings, told)
    taken = set(by_hand.values())
    found = dict(by_hand)
    for heading in headings:
        name = _KNOWN.get(_plain(heading), "")
        if heading not in found and name and name not in taken:
            found[heading] = name
    if keep:
        found |= _kept([heading for heading in headings if heading not in found], set(found.values()))
    columns = Columns(
        {heading: name for heading, name in found.items() if name},
        tuple(heading for heading in headings if not found.get(heading)),
    )
    _check(columns, headings)
    return columns


def property_name(text: str) -> str:
    """Return the property that is meant; raises ConfigError for what can be none."""
    name = "displayName" if text == "name" else _KNOWN.get(_plain(text), text)
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{text!r} is no name for a property.",
            hint=f"Use one of {', '.join(USUAL)}, or letters and digits that begin with a letter.",
        )
    return name


def _told(headings: Sequence[str], told: Iterable[str]) -> dict[str, str]:
    by_plain = {_plain(heading): heading for heading in reversed(headings)}
    found: dict[str, str] = {}
    for one in told:
        given, equals, name = one.rpartition("=")
        heading = given.strip() if given.strip() in headings else by_plain.get(_plain(given))
        if not equals or heading is None:
            raise ConfigError(
                f"--map {one!r} does not name a column of the file.",
                hint=f"Write Heading=property. The headings are: {', '.join(headings) or 'none'}.",
            )
        found[heading] = property_name(name.strip()) if name.strip() else ""
    return found


def _kept(unknown: Iterable[str], taken: set[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for heading in unknown:
        name = _camel(heading)
        if _NAME.fullmatch(name) and name not in taken | _OWN | {"name"}:
            found[heading] = name
            taken.add(name)
    return found


def _camel(heading: str) -> str:
    """Return a heading as the name of a property: `Cost centre` is `costCentre`."""
    first, *others = re.findall(r"[A-Za-z0-9]+", heading) or [""]
    first, others = str(first), [str(one) for one in others]
    return first[:1].lower() + first[1:] + "".join(one[:1].upper() + one[1:] for one in others)


def _check(columns: Columns, headings: Sequence[str]) -> None:
    for name in dict.fromkeys(columns.properties.values()):
        of = columns.of(name)
        if len(of) > 1 and name != "email":
            raise ConfigError(
                f"The columns {' and '.join(map(repr, of))} are both read as {name}; nothing was changed.",
                hint=f'Choose one: --map "{of[0]}={name}" ignores the others.',
            )
    if not any(columns.of(name) for name in TELLING):
        raise ConfigError(
            f"No column says who somebody is (found: {', '.join(headings) or 'no heading'}); nothing was changed.",
            hint='Name a column "Employee ID", "E-mail" or "Bitbucket nickname", or say which it is: '
            '--map "Heading=email".',
        )
