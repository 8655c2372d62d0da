"""A home with a small collected graph, its site, and tokens of every kind."""

from __future__ import annotations

import contextlib
import shutil
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient
from support.workbench import add, settings_for, workbench

from bucketgraph.access import tokens
from bucketgraph.access.roles import ROLES
from bucketgraph.app import App, open_app
from bucketgraph.demo import generate_world
from bucketgraph.errors import Conflict
from bucketgraph.integrations.configuration import Integration
from bucketgraph.web.site import create

NOWHERE = "http://127.0.0.1:9"


@dataclass
class Jobs:
    """Somebody who would carry out runs: keeps what was asked for."""

    asked: list[tuple[str, str, Mapping[str, Any]]] = field(default_factory=list)
    broken: threading.Event = field(default_factory=threading.Event)

    def request_run(self, integration_id: str, trigger: str = "manual", **options: Any) -> str:
        """Queue one run of an integration."""
        if any(one[0] == integration_id for one in self.asked):
            raise Conflict("A run is queued.")
        self.asked.append((integration_id, trigger, options))
        return f"workflow-{len(self.asked)}"


@dataclass
class Visitor:
    """The site as one token sees it."""

    client: TestClient
    token: str | None

    def ask(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """Send a request and return its response."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers |= more.pop("headers", {})
        if body is not None:
            more["json"] = body
        return self.client.request(method, path, headers=headers, **more)

    def get(self, path: str, **query: Any) -> Any:
        """Return the JSON of an answer that must be fine."""
        found = self.ask("GET", f"/api/v1{path}", params=query)
        assert found.status_code == 200, found.text
        return found.json()

    def post(self, path: str, body: Any = None, *, status: int = 200) -> Any:
        """Return the JSON of an answer that must have a status."""
        found = self.ask("POST", f"/api/v1{path}", {} if body is None else body)
        assert found.status_code == status, found.text
        return found.json()


@dataclass
class House:
    """A home, its site, its two integrations and its jobs."""

    app: App
    client: TestClient
    jobs: Jobs
    acme: Integration
    other: Integration
    tokens: dict[str, str]

    def as_(self, who: str | None) -> Visitor:
        """Return the site as the bearer of a token sees it: a role, `bound-…`, `expired`, `wrong`, or nobody."""
        return Visitor(self.client, None if who is None else self.tokens[who])

    @property
    def admin(self) -> Visitor:
        """Return the site as an admin sees it."""
        return self.as_("admin")


def collect(home: Path) -> None:
    """Collect a small world twice into one home: as `acme`, and without credentials that work as `other`."""
    world = generate_world(repositories=2, pull_requests=12, members=5, projects=1)
    with workbench(world, home) as bench:
        bench.sync()
        add(bench.app, NOWHERE, ["elsewhere"], name="other")


@contextlib.contextmanager
def house(collected: Path, home: Path, *, jobs: bool = True, **settings: Any) -> Iterator[House]:
    """Open a copy of a collected home with its site."""
    shutil.copytree(collected, home)
    engine = Jobs()
    with open_app(settings_for(home, **settings)) as app:
        acme, other = app.registry.find("test"), app.registry.find("other")
        site = create(app, jobs=engine if jobs else None)
        with TestClient(site, base_url="http://localhost:8321", raise_server_exceptions=False) as client:
            yield House(app, client, engine, acme, other, make_tokens(app, acme))


def make_tokens(app: App, acme: Integration) -> dict[str, str]:
    """Make a token of every kind."""
    made = {role: tokens.create(app.store, role, role)[0] for role in ROLES}
    for role in ROLES:
        made[f"bound-{role}"] = tokens.create(app.store, f"bound-{role}", role, integration_id=acme.id)[0]
    past = int(time.time() * 1000) - 1
    made["expired"] = tokens.create(app.store, "expired", "admin", expires_on=past)[0]
    made["wrong"] = tokens.PREFIX + "A" * 43
    return made
