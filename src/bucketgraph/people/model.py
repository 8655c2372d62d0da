"""`employee`, class `Person`, and the relationship that says which Bitbucket user somebody is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bucketgraph.collect.steps import members
from bucketgraph.graph.entity import Entity, SealedRecord, seal
from bucketgraph.graph.entity import Record as GraphRecord
from bucketgraph.graph.schema import EntityType, Property, RelationshipType
from bucketgraph.graph.values import Value

TYPE: Final = "employee"
CLASS: Final = "Person"
USER: Final = members.TYPE
VERB: Final = "IS"
SCOPE: Final = "people/all"

EMPLOYEE = EntityType(
    TYPE,
    (CLASS,),
    "Somebody who works for us, from a list that was imported or by hand. Further columns that an import keeps "
    "become further properties.",
    (
        Property(
            "name",
            "string",
            "The whole name, else the first e-mail address, else what identifies the person.",
        ),
        Property("displayName", "string", "The same."),
        Property("firstName", "string", "The given name."),
        Property("lastName", "string", "The family name."),
        Property("email", "list", "All e-mail addresses, in lower case."),
        Property("employeeId", "string", "The number or code that the list gives.", indexed=True),
        Property("title", "string", "What the person does."),
        Property("manager", "string", "Who leads the person, as the list says it."),
        Property(
            "active", "boolean", "Whether the person works for us now; missing where the list does not say."
        ),
        Property(
            "bitbucketNickname",
            "string",
            "The nickname in Bitbucket; equal to `nickname` of a `bitbucket_user` it makes the two one.",
            indexed=True,
        ),
        Property(
            "bitbucketAccountId", "string", "The Atlassian account id, for the mapping rule `account-id`."
        ),
    ),
)

IS_EMPLOYEE = RelationshipType(USER, VERB, TYPE, "The Bitbucket user is this person, by a mapping rule.")

DERIVED: Final = frozenset({"name", "displayName"})
TEXTS: Final = tuple(
    one.name for one in EMPLOYEE.properties if one.kind == "string" and one.name not in DERIVED
)
"""The declared properties that hold a text and are given, not derived."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in one source, with all properties but the derived names."""

    source: str
    identity: str
    facts: Mapping[str, Value]

    @property
    def key(self) -> str:
        """Return the `_key`: it names the source, so that no source touches the people of another."""
        return key_of(self.source, self.identity)

    def sealed(self) -> SealedRecord:
        """Return the record to publish."""
        return sealed(self.key, self.facts, self.identity)


def key_of(source: str, identity: str) -> str:
    """Return the `_key` of a person of a source."""
    return f"{TYPE}:{source}:{identity}"


def identity_of_key(key: str) -> str:
    """Return what identifies a person in their source."""
    return key.split(":", 2)[-1]


def sealed(key: str, facts: Mapping[str, Value], identity: str) -> SealedRecord:
    """Return the record of a person, the names derived from what is known."""
    label = name_of(facts, identity)
    properties = {**facts, "name": label, "displayName": label}
    return seal(GraphRecord(key, Entity(key, TYPE, properties)))


def facts_of(key: str, properties: Mapping[str, Value]) -> dict[str, Value]:
    """Return a stored person's properties as facts: a name that is derived anyway is left out."""
    facts = {name: value for name, value in properties.items() if name not in DERIVED}
    given = properties.get("displayName")
    if given is not None and given != name_of(facts, identity_of_key(key)):
        facts["displayName"] = given
    return facts


def name_of(facts: Mapping[str, Value], identity: str) -> str:
    """Return the name to show: the one given, first and last name, an e-mail address, or the identity."""
    whole = " ".join(str(facts[part]) for part in ("firstName", "lastName") if facts.get(part))
    return str(facts.get("displayName") or whole or next(iter(emails_of(facts)), "") or identity)


def emails_of(facts: Mapping[str, Value]) -> tuple[str, ...]:
    """Return the e-mail addresses."""
    given = facts.get("email", ())
    return tuple(str(one) for one in given) if isinstance(given, list | tuple) else (str(given),)


def identity_of(facts: Mapping[str, Value]) -> str | None:
    """Return what identifies a person: the employee id, else the first e-mail address, else the nickname."""
    candidates = (facts.get("employeeId"), *emails_of(facts)[:1], facts.get("bitbucketNickname"))
    return next((str(one) for one in candidates if one), None)
