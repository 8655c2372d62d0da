"""Which Bitbucket user is which person: rules as data, every match a link, doubt told and never resolved. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from bucketgraph.errors import ConfigError
from bucketgraph.store.base import StoredEntity

Transform = Literal["none", "lower"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A user is a person when a property of the one equals a property of the other.

    `transform` is done to both before they are compared. Of a list any element may fit; what is missing or empty
    fits nothing.
    """

    id: str
    source_property: str
    target_property: str
    meaning: str
    transform: Transform = "none"

    def __str__(self) -> str:
        """Write the rule as it is documented."""
        source, target = f"bitbucket_user.{self.source_property}", f"Person.{self.target_property}"
        return (
            f"lower({source}) === lower({target})" if self.transform == "lower" else f"{source} === {target}"
        )


NICKNAME: Final = Rule(
    "nickname", "nickname", "bitbucketNickname", "The nicknames are equal, letter by letter."
)
ACCOUNT_ID: Final = Rule(
    "account-id",
    "accountId",
    "bitbucketAccountId",
    "The Atlassian account ids are equal: unlike nicknames unique.",
)
EMAIL: Final = Rule(
    "email",
    "email",
    "email",
    "An e-mail address is the same. Bitbucket Cloud tells none, so this is for imported users.",
    "lower",
)
RULES: Final[tuple[Rule, ...]] = (NICKNAME, ACCOUNT_ID, EMAIL)
DEFAULT: Final[tuple[str, ...]] = (NICKNAME.id,)

DoubtKind = Literal["user-of-several-people", "person-of-several-users"]


@dataclass(frozen=True, slots=True)
class Match:
    """A user, a person, and the rules by which they fit."""

    user: StoredEntity
    person: StoredEntity
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Doubt:
    """A user who is several active people, or a person who is several users of one workspace. All are linked."""

    kind: DoubtKind
    of: StoredEntity
    others: tuple[StoredEntity, ...]


def rules_named(ids: Iterable[str]) -> tuple[Rule, ...]:
    """Return rules by id in their own order; raises ConfigError for one that is unknown."""
    wanted = set(ids)
    unknown = wanted - {rule.id for rule in RULES}
    if unknown:
        raise ConfigError(
            f"There is no mapping rule {', '.join(map(repr, sorted(unknown)))}.",
            hint=f"There are: {', '.join(rule.id for rule in RULES)}.",
        )
    return tuple(rule for rule in RULES if rule.id in wanted)


def match(
    users: Iterable[StoredEntity], people: Iterable[StoredEntity], rules: Sequence[Rule]
) -> tuple[Match, ...]:
    """Return every pair of a user and a person of another integration that a rule makes one."""
    users, people = list(users), list(people)
    found: dict[tuple[int, int], Match] = {}
    for rule in rules:
        targets: dict[str, list[StoredEntity]] = defaultdict(list)
        for person in people:
            for value in _values(person, rule.target_property, rule.transform):
                targets[value].append(person)
        for user in users:
            for value in _values(user, rule.source_property, rule.transform):
                for person in targets.get(value, ()):
                    if user.integration_id != person.integration_id:
                        _note(found, user, person, rule)
    return tuple(found[pair] for pair in sorted(found))


def doubts(matches: Collection[Match], workspaces: Mapping[int, frozenset[str]]) -> tuple[Doubt, ...]:
    """Return what is ambiguous; `workspaces` are the keys of the workspaces of `contested` users, by user id.

    Two users of one integration of whom one is in no known workspace may well be in the same.
    """
    by_user, by_person = _grouped(matches)
    found: list[Doubt] = []
    for group in by_user.values():
        active = tuple(one.person for one in group if one.person.properties.get("active") is not False)
        if len(active) > 1:
            found.append(Doubt("user-of-several-people", group[0].user, active))
    for group in by_person.values():
        together = _together([one.user for one in group], workspaces)
        if together:
            found.append(Doubt("person-of-several-users", group[0].person, together))
    return tuple(found)


def contested(matches: Collection[Match]) -> tuple[StoredEntity, ...]:
    """Return the users who share a person with another user of their integration."""
    found: dict[int, StoredEntity] = {}
    for group in _grouped(matches)[1].values():
        owners = [one.user.integration_id for one in group]
        found |= {one.user.id: one.user for one in group if owners.count(one.user.integration_id) > 1}
    return tuple(found.values())


def is_somebody(user: StoredEntity) -> bool:
    """Say whether a user may be a person: bots and team accounts are nobody's."""
    return user.properties.get("accountType", "user") == "user"


def _note(found: dict[tuple[int, int], Match], user: StoredEntity, person: StoredEntity, rule: Rule) -> None:
    pair = (user.id, person.id)
    known = found[pair].rules if pair in found else ()
    if rule.id not in known:
        found[pair] = Match(user, person, (*known, rule.id))


def _values(entity: StoredEntity, name: str, transform: Transform) -> Iterator[str]:
    given = entity.properties.get(name)
    for value in given if isinstance(given, list) else (given,):
        if isinstance(value, str) and value:
            yield value.lower() if transform == "lower" else value


def _grouped(matches: Iterable[Match]) -> tuple[dict[int, list[Match]], dict[int, list[Match]]]:
    by_user: dict[int, list[Match]] = defaultdict(list)
    by_person: dict[int, list[Match]] = defaultdict(list)
    for one in matches:
        by_user[one.user.id].append(one)
        by_person[one.person.id].append(one)
    return by_user, by_person


def _together(
    users: Sequence[StoredEntity], workspaces: Mapping[int, frozenset[str]]
) -> tuple[StoredEntity, ...]:
    """Return the users of whom at least two are in one workspace."""
    members: dict[tuple[str, str], set[int]] = defaultdict(set)
    nowhere: dict[str, set[int]] = defaultdict(set)
    for user in users:
        for workspace in workspaces.get(user.id, ()):
            members[user.integration_id, workspace].add(user.id)
        if not workspaces.get(user.id):
            nowhere[user.integration_id].add(user.id)
    found = {of for (_, _), ids in members.items() if len(ids) > 1 for of in ids}
    for owner, ids in nowhere.items():
        others = {user.id for user in users if user.integration_id == owner}
        found |= others if ids and len(others) > 1 else set()
    return tuple(user for user in users if user.id in found)
