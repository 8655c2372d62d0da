"""Who may be whom: names, nicknames and e-mail addresses that look alike. Only told, never applied. Pure.

The cost is bounded: each user is compared with few people, found by an index of three-letter pieces of names.
"""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from bucketgraph.people.model import emails_of
from bucketgraph.store.base import StoredEntity

_MOST_FOR_ONE: Final = 3
_MOST_COMPARED: Final = 10
_MOST_SHARING: Final = 200
"""A piece of a name that more people share tells nothing, and would cost most of the time."""

_LIKE: Final = 0.8
_LONGEST: Final = 80
_SHORTEST_LOCAL: Final = 3
_LETTERS: Final = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "\u0131": "i", "ð": "d", "þ": "th"}
)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A user who may be a person, how likely that looks (0 to 1), and why."""

    user: StoredEntity
    person: StoredEntity
    score: float
    reason: str


def suggest(users: Sequence[StoredEntity], people: Sequence[StoredEntity]) -> list[Suggestion]:
    """Return the few likeliest people for each user, the likeliest first."""
    index = _Index(people)
    found = [one for user in users for one in _best(user, index)]
    return sorted(found, key=lambda one: (-one.score, one.user.name, one.person.name, one.person.key))


def normal(text: str) -> str:
    """Return a name without accents, letter case, blanks and signs."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    return "".join(sign for sign in plain if sign.isalnum())[:_LONGEST]


class _Index:
    """People by what may give them away."""

    def __init__(self, people: Sequence[StoredEntity]) -> None:
        self.people = people
        self.names = [normal(one.name) for one in people]
        self.by_name: dict[str, list[int]] = defaultdict(list)
        self.by_local: dict[str, list[int]] = defaultdict(list)
        self.by_nickname: dict[str, list[int]] = defaultdict(list)
        self._pieces: dict[str, list[int]] = defaultdict(list)
        for number, person in enumerate(people):
            self._add(number, person)

    def _add(self, number: int, person: StoredEntity) -> None:
        for name in _names(person):
            self.by_name[name].append(number)
        for local in _locals(person):
            self.by_local[local].append(number)
        nickname = normal(str(person.properties.get("bitbucketNickname", "")))
        if nickname:
            self.by_nickname[nickname].append(number)
        for piece in _pieces(self.names[number]):
            self._pieces[piece].append(number)

    def near(self, name: str) -> list[int]:
        """Return the few people whose names share most pieces with a name."""
        shared: Counter[int] = Counter()
        for piece in _pieces(name):
            sharing = self._pieces.get(piece, ())
            if len(sharing) <= _MOST_SHARING:
                shared.update(sharing)
        return [number for number, _ in shared.most_common(_MOST_COMPARED)]


def _best(user: StoredEntity, index: _Index) -> list[Suggestion]:
    found: dict[int, tuple[float, str]] = {}
    nickname, name = str(user.properties.get("nickname", "")), normal(user.name)
    short = normal(nickname)
    for local in _locals(user):
        _note(found, index.by_local.get(local, ()), 0.99, "the e-mail addresses begin alike")
    if name:
        _note(found, index.by_name.get(name, ()), 0.95, "the same name")
    if short:
        _note(
            found,
            index.by_nickname.get(short, ()),
            0.9,
            f"the nickname {nickname!r} but for letter case or signs",
        )
        _note(
            found, index.by_local.get(short, ()), 0.85, f"the nickname {nickname!r} begins the e-mail address"
        )
        _note(found, index.by_name.get(short, ()), 0.8, f"the nickname {nickname!r} is the name")
    for number in index.near(name):
        ratio = SequenceMatcher(None, name, index.names[number], autojunk=False).ratio()
        if ratio >= _LIKE:
            _note(found, [number], ratio * 0.9, f"a similar name ({ratio:.0%})")
    best = sorted(found.items(), key=lambda one: (-one[1][0], one[0]))[:_MOST_FOR_ONE]
    return [Suggestion(user, index.people[number], score, reason) for number, (score, reason) in best]


def _note(found: dict[int, tuple[float, str]], numbers: Sequence[int], score: float, reason: str) -> None:
    """Keep the best reason for each; many who share one are as good as none of them."""
    for number in numbers[:_MOST_COMPARED]:
        if score > found.get(number, (0.0, ""))[0]:
            found[number] = (score, reason)


def _names(person: StoredEntity) -> Iterable[str]:
    """Return the ways a name is written: whole, turned round, and as initial and last name."""
    first, last = (normal(str(person.properties.get(part, ""))) for part in ("firstName", "lastName"))
    turned = (last + first, first[:1] + last) if first and last else ()
    return {one for one in (normal(person.name), *turned) if one}


def _locals(entity: StoredEntity) -> Iterable[str]:
    """Return what stands before the @, where it is long enough to tell somebody."""
    found = (normal(address.partition("@")[0]) for address in emails_of(entity.properties))
    return {one for one in found if len(one) >= _SHORTEST_LOCAL}


def _pieces(name: str) -> set[str]:
    return {name[at : at + 3] for at in range(len(name) - 2)}
