"""The one small graph that the case files ask, with fixed ids, times and past.

Three moments were published. What only some of them hold says so beside it; everything else was there from the
first to the last.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Final

from bucketgraph.graph.entity import Entity, Record, Relationship, seal
from bucketgraph.graph.schema import Catalogue, EntityType, Property, catalogue
from bucketgraph.graph.snapshot import Snapshot
from bucketgraph.graph.values import Properties, Value
from bucketgraph.store.base import IntegrationRow, Publication
from bucketgraph.store.store import Store


def at(text: str) -> int:
    """Return an ISO date, with or without a time, in epoch ms; UTC."""
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


MOMENTS: Final = ("2026-09-01", "2026-09-15", "2026-09-30T12:00")
NOW: Final = at("2026-10-01")


def _type(name: str, classes: str, **indexed: str) -> EntityType:
    properties = tuple(Property(one, kind, "", indexed=True) for one, kind in indexed.items())  # type: ignore[arg-type]
    return EntityType(name, tuple(classes.split()), "", properties)


CATALOGUE: Final[Catalogue] = catalogue(
    [
        _type("bitbucket_workspace", "Account"),
        _type("bitbucket_project", "Project"),
        _type("bitbucket_repo", "CodeRepo", slug="string", public="boolean"),
        _type("bitbucket_user", "User", username="string", active="boolean"),
        _type("bitbucket_pull_request", "Review PR", state="string", createdOn="time", updatedOn="time"),
    ],
    [],
)

IMPORTED: Final = {
    "bitbucket_group": ("UserGroup",),
    "bitbucket_branch_restriction": ("Rule",),
    "employee": ("Person",),
    "web_application": ("Application",),
    "scan_finding": ("Finding",),
}
"""Types that bring their classes with them."""

TYPES: Final = {
    "ws": "bitbucket_workspace",
    "project": "bitbucket_project",
    "repo": "bitbucket_repo",
    "user": "bitbucket_user",
    "pr": "bitbucket_pull_request",
    "group": "bitbucket_group",
    "rule": "bitbucket_branch_restriction",
    "person": "employee",
    "app": "web_application",
    "finding": "scan_finding",
}
"""The type of an entity, by the beginning of its key."""

ENTITIES: Final[dict[str, Properties]] = {
    "ws:acme": {"name": "Acme", "slug": "acme"},
    "project:PAY": {"name": "Payments", "key": "PAY"},
    "project:WEB": {"name": "Web site", "key": "WEB"},
    "project:OLD": {"name": "Attic", "key": "OLD"},
    # repositories
    "repo:pay-api": {
        "name": "pay-api", "slug": "pay-api", "fullName": "acme/pay-api", "public": False, "size": 4200,
        "language": "python", "topics": ["payments", "api"], "classification": "critical",
        "forkPolicy": "no_forks", "tag.Production": True, "tag.cost-center": "4711",
        "tag.data-owner": "Alice", "settings.mergeChecks.enabled": True, "createdOn": at("2024-02-01"),
    },
    "repo:pay-ui": {
        "name": "pay-ui", "slug": "pay-ui", "fullName": "acme/pay-ui", "public": False, "size": 900,
        "language": "typescript", "topics": ["payments", "archived"], "classification": "low",
        "forkPolicy": "allow_forks", "tag.Production": "true", "settings.mergeChecks.enabled": False,
        "createdOn": at("2024-02-29"),
    },
    "repo:shop": {  # its size was 2400 at first
        "name": "Shop", "slug": "shop", "fullName": "acme/shop", "public": True, "size": 2500,
        "language": "python", "topics": ["web"], "classification": "restricted",
        "forkPolicy": "no_public_forks", "tag.Production": False, "createdOn": at("2025-06-30"),
    },
    "repo:lib-common": {
        "name": "lib-common", "slug": "lib-common", "fullName": "acme/lib-common", "public": False,
        "size": 120, "language": "go", "topics": [], "tag.Production": True, "createdOn": at("2023-01-01"),
    },
    "repo:docs": {  # new at the last moment
        "name": "docs", "slug": "docs", "fullName": "acme/docs", "language": "", "size": 10.5,
        "createdOn": at("2026-09-30T08:00"),
    },
    "repo:legacy": {  # deleted at the last moment
        "name": "legacy", "slug": "legacy", "fullName": "acme/legacy", "public": False, "size": 77,
        "language": "perl", "topics": ["archived"], "createdOn": at("2015-05-05"),
    },
    # users
    "user:alice": {
        "username": "alice", "displayName": "Alice Adams", "email": "alice@example.com", "active": True,
        "tags": ["Gold", "Maintainer"], "lastLoginOn": at("2026-09-29"),
    },
    "user:bob": {
        "username": "bob", "displayName": "Bob Brown", "email": "bob@example.com", "active": True,
        "tags": ["Silver"], "lastLoginOn": at("2026-06-01"),
    },
    "user:carol": {  # left: she was active and a member at the first moment
        "username": "carol", "displayName": "Carol Clark", "email": "carol@partner.example", "active": False,
    },
    "user:robot": {"username": "robot", "displayName": "Build Bot", "active": True, "bot": True},
    # pull requests
    "pr:pay-api/1": {
        "name": "Add refunds", "state": "MERGED", "merged": True, "number": 1, "author": "alice",
        "createdOn": at("2026-09-01"), "updatedOn": at("2026-09-03"), "reviewers": ["bob"], "taskCount": 0,
    },
    "pr:pay-api/2": {
        "name": "Fix rounding", "state": "MERGED", "merged": True, "number": 2, "author": "bob",
        "createdOn": at("2026-09-10"), "updatedOn": at("2026-09-10T12:00"), "reviewers": [], "taskCount": 3,
    },
    "pr:pay-api/3": {
        "name": "Refactor HTTPServer", "state": "OPEN", "merged": False, "number": 3, "author": "alice",
        "createdOn": at("2026-09-20"), "updatedOn": at("2026-09-29"), "reviewers": ["bob", "carol"],
    },
    "pr:pay-ui/1": {
        "name": "New colours", "state": "DECLINED", "merged": False, "number": 1, "author": "carol",
        "createdOn": at("2026-08-01"), "updatedOn": at("2026-08-20"), "reviewers": ["alice"], "reason": "",
    },
    "pr:shop/1": {
        "name": "Bump versions", "state": "MERGED", "merged": True, "number": 1, "author": "robot",
        "createdOn": at("2026-08-30"), "updatedOn": at("2026-08-31"), "reviewers": ["alice", "bob"],
        "taskCount": 1,
    },
    "pr:shop/2": {  # new at the last moment
        "name": "Cart", "state": "OPEN", "merged": False, "number": 2, "author": "bob", "draft": True,
        "createdOn": at("2026-09-30T10:00"), "updatedOn": at("2026-09-30T11:00"), "reviewers": [],
    },
    "pr:lib-common/1": {
        "name": "Old idea", "state": "SUPERSEDED", "merged": False, "number": 1, "author": "bob",
        "createdOn": at("2025-12-31"), "updatedOn": at("2026-01-01"), "reviewers": ["bob"],
    },
    # what was imported from elsewhere
    "group:developers": {"name": "developers", "permission": "write"},
    "group:admins": {"name": "admins", "permission": "admin"},
    "rule:pay-api/push": {"kind": "push", "pattern": "main"},
    "rule:pay-api/force": {"kind": "force", "pattern": "release/*"},
    "rule:shop/push": {"kind": "push", "pattern": "Release/*"},
    "rule:pay-ui/delete": {"kind": "delete", "pattern": "*"},
    "person:alice": {
        "displayName": "Alice Adams", "email": ["alice@example.com", "a.adams@example.com"],
        "employeeType": "employee",
    },
    "person:bob": {"displayName": "Bob Brown", "email": ["bob@example.com"], "employeeType": "contractor"},
    "person:dora": {"displayName": "Dora Dean", "email": [], "employeeType": "employee"},
    "app:checkout": {"name": "Checkout", "tag.CriticalAsset": True, "owner": "alice"},
    "finding:1": {"name": "Weak cipher", "severity": "high", "open": True},
    "finding:2": {"name": "Old licence", "severity": "low", "open": False},
}  # fmt: skip

RELATIONSHIPS: Final[dict[str, Properties]] = {
    "ws:acme OWNS project:PAY": {},
    "ws:acme OWNS project:WEB": {},
    "ws:acme OWNS project:OLD": {},
    "project:PAY HAS repo:pay-api": {},
    "project:PAY HAS repo:pay-ui": {},
    "project:WEB HAS repo:shop": {},
    "project:WEB HAS repo:docs": {},
    "project:OLD HAS repo:legacy": {},
    "ws:acme HAS user:alice": {},
    "ws:acme HAS user:bob": {},
    "ws:acme HAS user:carol": {},  # at the first moment only
    "ws:acme HAS user:robot": {},
    "group:developers HAS user:alice": {},
    "group:developers HAS user:bob": {},
    "group:admins HAS user:alice": {},
    "repo:pay-api ALLOWS group:developers": {"level": "write", "permissions": ["read", "write"]},
    "repo:pay-api ALLOWS group:admins": {"level": "admin", "permissions": ["read", "write", "admin"]},
    "repo:pay-ui ALLOWS group:developers": {"level": "write", "permissions": ["read", "write"]},
    "repo:docs ALLOWS user:carol": {"level": "read", "permissions": ["read"]},
    "repo:pay-api USES repo:lib-common": {"version": "1.2"},
    "repo:shop USES repo:lib-common": {"version": "1.1"},
    "repo:pay-ui USES repo:pay-api": {},
    "app:checkout USES repo:pay-api": {},
    "repo:pay-api HAS rule:pay-api/push": {},
    "repo:pay-api HAS rule:pay-api/force": {},
    "repo:shop HAS rule:shop/push": {},
    "repo:pay-ui HAS rule:pay-ui/delete": {},
    "repo:pay-api HAS finding:1": {},
    "repo:lib-common HAS finding:2": {},
    "repo:pay-api HAS pr:pay-api/1": {},
    "repo:pay-api HAS pr:pay-api/2": {},
    "repo:pay-api HAS pr:pay-api/3": {},
    "repo:pay-ui HAS pr:pay-ui/1": {},
    "repo:shop HAS pr:shop/1": {},
    "repo:shop HAS pr:shop/2": {},
    "repo:lib-common HAS pr:lib-common/1": {},
    "user:alice OPENED pr:pay-api/1": {"createdOn": at("2026-09-01")},
    "user:bob OPENED pr:pay-api/2": {"createdOn": at("2026-09-10")},
    "user:alice OPENED pr:pay-api/3": {"createdOn": at("2026-09-20")},
    "user:carol OPENED pr:pay-ui/1": {"createdOn": at("2026-08-01")},
    "user:robot OPENED pr:shop/1": {"createdOn": at("2026-08-30")},
    "user:bob OPENED pr:shop/2": {"createdOn": at("2026-09-30T10:00")},
    "user:bob OPENED pr:lib-common/1": {"createdOn": at("2025-12-31")},
    "user:bob REVIEWED pr:pay-api/1": {"requested": True, "state": "approved"},
    "user:bob REVIEWED pr:pay-api/3": {"requested": True},
    "user:carol REVIEWED pr:pay-api/3": {"requested": True, "state": "changes_requested"},
    "user:alice REVIEWED pr:pay-ui/1": {"requested": False},
    "user:bob APPROVED pr:pay-api/1": {"approvedOn": at("2026-09-02")},
    "user:alice APPROVED pr:shop/1": {"approvedOn": at("2026-08-31")},
    "user:bob APPROVED pr:shop/1": {"approvedOn": at("2026-08-30T12:00")},
    "user:bob APPROVED pr:lib-common/1": {},
    "person:alice IS user:alice": {},
    "person:bob IS user:bob": {},
}

_NOT_AT: Final = {
    "repo:docs": (0, 1),
    "repo:legacy": (2,),
    "pr:shop/2": (0, 1),
    "ws:acme HAS user:carol": (1, 2),
}
"""What some moments do not hold, with these; relationships of a missing entity are missing too."""

_OTHERWISE_AT_FIRST: Final[dict[str, dict[str, Value]]] = {
    "repo:shop": {"size": 2400},
    "user:carol": {"active": True},
    "repo:pay-api USES repo:lib-common": {"version": "1.0"},
}


@cache
def case_store() -> Store:
    """Return the graph in a store of this process, to be read only."""
    folder = Path(tempfile.mkdtemp(prefix="casegraph-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    clock = iter([at("2026-08-31"), *map(at, MOMENTS)])
    store = Store.open(f"sqlite:///{folder / 'graph.db'}", CATALOGUE, clock=lambda: next(clock, NOW))
    atexit.register(store.close)
    store.add_integration(IntegrationRow("acme-1", "Acme", "", "{}", "", 1, 1))
    run = store.start_run("acme-1", {})
    for moment in range(len(MOMENTS)):
        records = {one.key: seal(one) for one in _records(moment)}
        store.publish(Publication("acme-1", run.id, (Snapshot("all", records, whole=True),)))
    return store


def _records(moment: int) -> Iterator[Record]:
    there = [key for key in ENTITIES if moment not in _NOT_AT.get(key, ())]
    for key in there:
        kind = TYPES[key.partition(":")[0]]
        yield Record(key, Entity(key, kind, _said(key, ENTITIES[key], moment), IMPORTED.get(kind)))
    for name, said in RELATIONSHIPS.items():
        start, verb, end = name.split()
        if start in there and end in there and moment not in _NOT_AT.get(name, ()):
            ends = (TYPES[start.partition(":")[0]], start, TYPES[end.partition(":")[0]], end)
            edge = Relationship(verb, *ends, _said(name, said, moment))
            yield Record(edge.key, None, (edge,))


def _said(name: str, said: Properties, moment: int) -> Properties:
    return said if moment else {**said, **_OTHERWISE_AT_FIRST.get(name, {})}
