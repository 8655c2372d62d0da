"""Makes accounts: people, bots and old teams, complete or with pieces missing."""

from __future__ import annotations

import unicodedata
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bucketgraph.demo import words
from bucketgraph.demo.world import Account

if TYPE_CHECKING:
    from random import Random

    from bucketgraph.demo.world import AccountType

_UNDECOMPOSED = str.maketrans("ØøŁłı", "OoLli")
_HISTORY = 4 * 365 * 86_400.0


def new_uuid(rng: Random) -> str:
    """Draw a version-4 uuid in braces."""
    return f"{{{uuid.UUID(int=rng.getrandbits(128), version=4)}}}"


def new_hash(rng: Random) -> str:
    """Draw an abbreviated (12 hex) commit hash."""
    return f"{rng.getrandbits(48):012x}"


def slugify(name: str) -> str:
    """Fold a name to lower-case ASCII words joined by hyphens; never empty."""
    decomposed = unicodedata.normalize("NFKD", name.translate(_UNDECOMPOSED))
    ascii_name = decomposed.encode("ascii", "ignore").decode()
    letters = "".join(c if c.isalnum() else " " for c in ascii_name.lower())
    return "-".join(letters.split()) or "unnamed"


def new_person(rng: Random, name: str, *, before: float) -> Account:
    """Make a complete person whose account was created within four years before ``before``."""
    return Account(
        uuid=new_uuid(rng),
        display_name=name,
        created_on=round(before - rng.uniform(0.5, 1.0) * _HISTORY, 6),
        account_id=_account_id(rng),
        nickname=name.split(maxsplit=1)[0].lower(),
    )


def new_robot(rng: Random, name: str, *, before: float, kind: AccountType = "app_user") -> Account:
    """Make a bot or a team: neither has a nickname, only teams have a username."""
    return Account(
        uuid=new_uuid(rng),
        display_name=name,
        created_on=round(before - _HISTORY, 6),
        account_id=_account_id(rng) if kind == "app_user" else None,
        type=kind,
        username=slugify(name) if kind == "team" else None,
    )


def _account_id(rng: Random) -> str:
    if rng.random() < 0.5:
        return f"557058:{new_uuid(rng)[1:-1]}"
    return f"{rng.getrandbits(96):024x}"


def person_name(rng: Random, number: int) -> str:
    """Draw a name; names repeat once in a while as they do among colleagues."""
    suffix = " Jr." if number % 37 == 36 else ""
    return f"{rng.choice(words.GIVEN)} {rng.choice(words.FAMILY)}{suffix}"


@dataclass(slots=True)
class Crowd:
    """Who acts in a workspace: members, people who left, bots and teams."""

    members: list[Account]
    leavers: list[Account]
    bots: list[Account]
    teams: list[Account]

    def everybody(self) -> list[Account]:
        """Return all of them, members first."""
        return [*self.members, *self.leavers, *self.bots, *self.teams]


def new_crowd(rng: Random, members: int, *, before: float, clean: bool) -> Crowd:
    """Make the people of a workspace; a clean one has members only, all of them complete."""
    people = [new_person(rng, person_name(rng, i), before=before) for i in range(members)]
    if clean:
        return Crowd(people, [], [], [])
    for person in people[5::11]:
        person.account_id = None
    for person in people[3::13]:
        person.nickname = None
    leavers = [new_person(rng, person_name(rng, i), before=before) for i in range(max(2, members // 10))]
    leavers[0].display_name, leavers[0].nickname = "Former user", None
    leavers[-1].account_status = "inactive"
    bots = [new_robot(rng, name, before=before) for name in words.BOTS[:2]]
    teams = [new_robot(rng, words.TEAMS[0], before=before, kind="team")]
    return Crowd(people, leavers, bots, teams)
