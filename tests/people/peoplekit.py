"""A home with people, and Bitbucket users that come and go, without any Bitbucket."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from support.workbench import settings_for

from bucketgraph.app import App
from bucketgraph.graph.entity import Entity, Record, Relationship, seal
from bucketgraph.graph.snapshot import Snapshot
from bucketgraph.j1ql.results import Request
from bucketgraph.people.catalogue import CATALOGUE
from bucketgraph.people.desk import Imported, ImportOptions, Listed
from bucketgraph.store.base import Change, IntegrationRow, Publication, RunReport, StoredEntity
from bucketgraph.store.store import Store

USER, WORKSPACE = "bitbucket_user", "bitbucket_workspace"
HEAD = "Employee ID,Name,E-Mail,Bitbucket nickname\n"


@dataclass
class Home:
    """An app on a home of its own."""

    app: App

    @property
    def store(self) -> Store:
        """Return the store."""
        return self.app.store

    def users(self, integration: str, **users: Any) -> None:
        """Let an integration have exactly these users (key → nickname or properties), and map people anew.

        All are members of the workspace `w`, unless their properties say another, or None.
        """
        if all(row.id != integration for row in self.store.integrations()):
            config = '{"workspaces": [], "consumer_keys": []}'
            self.store.add_integration(IntegrationRow(integration, integration, "", config, "", 1, 1))
        run = self.store.start_run(integration, {})
        told = {
            key: given if isinstance(given, dict) else {"nickname": given} for key, given in users.items()
        }
        records = [*(_user(key, one) for key, one in told.items()), *_workspaces(told)]
        snapshot = Snapshot("users/all", {one.key: seal(one) for one in records}, whole=True)
        self.store.publish(Publication(integration, run.id, (snapshot,)))
        self.store.end_run(run.id, "COMPLETED", RunReport())
        self.app.recompute_people()

    def load(self, text: str, source: str = "people", *, yes: bool = False, **options: Any) -> Imported:
        """Import a CSV text."""
        chosen = ImportOptions(source, **options)
        return self.app.people.import_bytes(text.encode(), "staff.csv", chosen, lambda _: yes)

    def pairs(self) -> set[tuple[str, str]]:
        """Return who is who, as a question answers it: names of user and person."""
        query = f"FIND {USER} AS u THAT IS Person AS p RETURN u.displayName AS user, p.displayName AS person"
        return {(row["user"], row["person"]) for row in self.store.ask(Request(query)).data}

    def names(self, source: str | None = None) -> list[str]:
        """Return the names of all people."""
        return [one.person.name for one in self.app.people.all(source)]

    def changes(self, after: int) -> list[tuple[str, str, str]]:
        """Return what the feed tells of the mapped relationships and of people after a publication."""
        return [_told(one) for one in self.store.changes(after=after) if "employee" in one.type]

    def listed(self, who: str) -> Listed:
        """Return a person."""
        return self.app.people.find(who)


def home(folder: Path) -> App:
    """Return an app on a new home; whoever asks closes its store."""
    return App(settings_for(folder), Store.open(f"sqlite:///{folder / 'graph.db'}", CATALOGUE))


def entity(number: int, type_name: str, owner: str = "one", **properties: Any) -> StoredEntity:
    """Return an entity as the store would, for what is pure."""
    name = str(properties.get("displayName", f"{type_name} {number}"))
    key = f"{owner}:{number}"
    return StoredEntity(number, owner, key, type_name, (), name, 1, 1, 1, None, properties)


def csv(*people: Iterable[object]) -> str:
    """Return a CSV text of id, name, e-mail and nickname of each person."""
    return HEAD + "".join(",".join(map(str, one)) + "\n" for one in people)


class Stopwatch:
    """Measures the processor's seconds of what is done inside, whatever else the computer does."""

    def __enter__(self) -> Self:
        """Begin."""
        self.begun = time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self.seconds = time.process_time() - self.begun


def _told(one: Change) -> tuple[str, str, str]:
    return one.kind, one.type, one.name


def _user(key: str, given: dict[str, Any]) -> Record:
    name = given.get("displayName", key.title())
    facts = {name: value for name, value in given.items() if name != "workspace" and value is not None}
    return Record(key, Entity(key, USER, {"name": name, "displayName": name, "accountType": "user", **facts}))


def _workspaces(users: dict[str, dict[str, Any]]) -> list[Record]:
    found: dict[str, Record] = {}
    for key, given in users.items():
        workspace = given.get("workspace", "w")
        if workspace is not None:
            found[workspace] = Record(workspace, Entity(workspace, WORKSPACE, {"displayName": workspace}))
            edge = Relationship("HAS", WORKSPACE, workspace, USER, key)
            found[edge.key] = Record(edge.key, None, (edge,))
    return list(found.values())
