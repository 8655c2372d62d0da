"""From rows to people: what cannot be trusted is rejected with its row number, and changes nobody. Pure."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from bucketgraph.graph.values import Value, canonical_json
from bucketgraph.people.columns import Columns
from bucketgraph.people.model import Person, emails_of, identity_of, key_of
from bucketgraph.people.table import Cell, Row, Table, Unusable

EMAIL: Final = re.compile(r"[^@\s,;<>()\"]{1,64}@[^@\s,;<>()\"]{1,255}")
LONGEST: Final = 2_000
_LONGEST_IDENTITY: Final = 300
_BETWEEN: Final = re.compile(r"[\s,;|]+")
_YES: Final = frozenset({"true", "yes", "y", "1", "x", "active", "enabled", "employed", "current"})
_NO: Final = frozenset(
    {"false", "no", "n", "0", "inactive", "disabled", "terminated", "left", "former", "deactivated"}
)

Facts = dict[str, Value]
Token = tuple[str, str]
"""A property that says who somebody is, and its value."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that is not used: its number, why, and what it says of who it stands for."""

    row: int
    why: str
    claims: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Checked:
    """The people of a table by key, and what was not used."""

    people: Mapping[str, Person]
    rejected: tuple[Rejected, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Candidate:
    row: int
    facts: Facts
    identity: str
    content: bytes


class InvalidFact(ValueError):
    """A value that a property cannot have; its text says why."""


def check(table: Table, columns: Columns, source: str) -> Checked:
    """Return the people that a table tells of without any doubt, for a source."""
    rejected: list[Rejected] = []
    unread: Counter[str] = Counter()
    candidates: list[_Candidate] = []
    for row in table.rows:
        facts, why = _facts(row, columns, unread)
        identity = identity_of(facts)
        if not (why := row.broken or why):
            why = _why_not(identity)
        if why or identity is None:
            rejected.append(Rejected(row.number, why, facts))
        else:
            candidates.append(_Candidate(row.number, facts, identity, canonical_json(facts)))
    doubtful = _doubtful(candidates)
    rejected += [Rejected(one.row, doubtful[one.row], one.facts) for one in candidates if one.row in doubtful]
    people = [Person(source, one.identity, one.facts) for one in candidates if one.row not in doubtful]
    return Checked(
        {one.key: one for one in people}, tuple(sorted(rejected, key=lambda one: one.row)), _said(unread)
    )


def tokens(facts: Mapping[str, Value], *names: str) -> list[Token]:
    """Return what says who somebody is: employee id, e-mail addresses, nickname; or other properties."""
    found = [("email", one) for one in emails_of(facts)]
    wanted = names or ("employeeId", "bitbucketNickname")
    return found + [(name, str(facts[name])) for name in wanted if facts.get(name)]


def fact(name: str, text: str) -> Value:
    """Return a property's value from a text; raises InvalidFact for one that it cannot have."""
    if name == "email":
        return _emails([text])
    if name == "active":
        found = _active(text)
        if found is None:
            raise InvalidFact(f"active must be true or false, not {text[:40]!r}")
        return found
    if len(text) > LONGEST:
        raise InvalidFact(f"{name} has more than {LONGEST:,} characters")
    return text


def _facts(row: Row, columns: Columns, unread: Counter[str]) -> tuple[Facts, str]:
    """Return all that can be read of a row, and why it is to be rejected or nothing."""
    facts: Facts = {}
    problems: list[str] = []
    for name in dict.fromkeys(columns.properties.values()):
        given = [cell for of in columns.of(name) if (cell := row.cells.get(of, ""))]
        try:
            value = _value(name, given, unread)
        except InvalidFact as error:
            problems.append(str(error))
        else:
            if value not in (None, "", []):
                facts[name] = value
    return facts, "; ".join(problems)


def _value(name: str, given: Sequence[Cell], unread: Counter[str]) -> Value | None:
    unusable = next((cell for cell in given if isinstance(cell, Unusable)), None)
    if unusable:
        raise InvalidFact(f"{name} is {unusable.what}")
    texts = [text for cell in given if not isinstance(cell, Unusable) for text in _texts(cell)]
    if name == "email":
        return _emails(texts)
    if name == "active" and texts and _active(texts[0]) is None:
        unread[texts[0]] += 1
        return None
    if not texts:
        return None
    return fact(name, ", ".join(texts))


def _texts(cell: str | tuple[str, ...]) -> tuple[str, ...]:
    return (cell,) if isinstance(cell, str) else cell


def _emails(texts: Iterable[str]) -> list[str]:
    found = dict.fromkeys(one.lower() for text in texts for one in _BETWEEN.split(text) if one)
    for one in found:
        if not EMAIL.fullmatch(one):
            raise InvalidFact(f"{one[:80]!r} is no e-mail address")
    return list(found)


def _active(text: str) -> bool | None:
    plain = text.strip().lower()
    return True if plain in _YES else False if plain in _NO else None


def _why_not(identity: str | None) -> str:
    if identity is None:
        return "it has no employee id, e-mail address or nickname"
    if len(identity) > _LONGEST_IDENTITY:
        return f"what identifies it has more than {_LONGEST_IDENTITY} characters"
    return ""


def _doubtful(candidates: Sequence[_Candidate]) -> dict[int, str]:
    """Return why rows are rejected that share an identity, employee id or e-mail address with others.

    Where they say the same the first one is used; where they differ, nobody knows which is right, and none is.
    """
    sharing: dict[Token, list[_Candidate]] = defaultdict(list)
    for one in candidates:
        for token in dict.fromkeys([("", one.identity), *tokens(one.facts, "employeeId")]):
            sharing[token].append(one)
    found: dict[int, str] = {}
    for (name, value), group in sharing.items():
        first, last = group[0], group[-1]
        if len(group) == 1:
            continue
        what = f"{name or 'identity'} {value!r}"
        if any(one.content != first.content for one in group):
            for one in group:
                other = first if one is not first else last
                found[one.row] = f"it and row {other.row} have the same {what}, and differ"
        else:
            for one in group[1:]:
                found.setdefault(one.row, f"it says the same as row {first.row}")
    return found


def _said(unread: Counter[str]) -> tuple[str, ...]:
    if not unread:
        return ()
    examples = ", ".join(repr(text[:40]) for text, _ in unread.most_common(3))
    said = f"{unread.total():,} rows have a status that says neither active nor inactive, such as {examples}"
    return (f"{said}: `active` is left out there.",)


def protected(
    rejected: Iterable[Rejected], stored: Mapping[str, Mapping[str, Value]], source: str
) -> frozenset[str]:
    """Return the keys of stored people that rejected rows stand for: they stay as they are.

    Whoever cannot be told by id, e-mail address or nickname is told by the name.
    """
    doubtful = tuple(rejected)
    by_token: dict[Token, set[str]] = defaultdict(set)
    for key, properties in stored.items() if doubtful else ():
        for token in (*tokens(properties), *_names(properties)):
            by_token[token].add(key)
    found: set[str] = set()
    for one in doubtful:
        identities = {key_of(source, value) for _, value in tokens(one.claims)} & stored.keys()
        told = identities.union(*(by_token.get(token, ()) for token in tokens(one.claims)))
        found |= told or set().union(*(by_token.get(token, ()) for token in _names(one.claims)))
    return frozenset(found)


def _names(facts: Mapping[str, Value]) -> list[Token]:
    whole = " ".join(str(facts[part]) for part in ("firstName", "lastName") if facts.get(part))
    return [("name", name.casefold()) for name in (str(facts.get("displayName") or ""), whole) if name]
