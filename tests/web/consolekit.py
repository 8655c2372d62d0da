"""The console as a person's browser without scripts sees it: pages, forms with their tokens, redirects followed."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient
from web.sitekit import House, house

from bucketgraph.access import accounts
from bucketgraph.access.roles import Role

PASSWORD = "violet teapot sings quietly"
_TOKEN = re.compile(r'<meta name="csrf-token" content="([^"]+)">')
_TAG = re.compile(r"<[^>]*>")
HTMX = {"HX-Request": "true"}


@dataclass
class Browser:
    """Somebody's browser: keeps cookies and the form token of the page seen last."""

    client: TestClient
    token: str = ""

    def get(self, path: str, *, status: int = 200, **more: Any) -> str:
        """Open a page, follow redirects and return its HTML."""
        return self._seen(self.client.get(path, follow_redirects=True, **more), status)

    def post(
        self, path: str, form: Mapping[str, Any] | None = None, *, status: int = 200, **more: Any
    ) -> str:
        """Send a form with the token of the page seen last, follow redirects and return the HTML."""
        data = {"csrf": self.token} | dict(form or {})
        return self._seen(self.client.post(path, data=data, follow_redirects=True, **more), status)

    def part(self, path: str, *, status: int = 200, target: str = "") -> str:
        """Ask for a part of a page as htmx does."""
        return self._seen(self.client.get(path, headers=HTMX | {"HX-Target": f"div#{target}"}), status)

    def sign_in(self, name: str, password: str = PASSWORD, *, status: int = 200) -> str:
        """Sign in by the form."""
        self.get("/signin")
        return self.post("/signin", {"name": name, "password": password}, status=status)

    def _seen(self, answer: Any, status: int) -> str:
        assert answer.status_code == status, (answer.status_code, words(answer.text))
        found = _TOKEN.search(answer.text)
        if found:
            self.token = unescape(found[1])
        return str(answer.text)


def words(html: str) -> str:
    """Return what a page says, without its markup."""
    return " ".join(unescape(_TAG.sub(" ", html)).split())


@dataclass
class Console:
    """A house, and browsers of people with every role."""

    house: House

    def stranger(self) -> Browser:
        """Return the browser of somebody who has not signed in."""
        client = TestClient(
            self.house.client.app, base_url="http://localhost:8321", raise_server_exceptions=False
        )
        return Browser(client)

    def as_(self, role: Role) -> Browser:
        """Return the browser of somebody with a role, signed in; the account bears the role's name."""
        app = self.house.app
        if app.store.account_named(role) is None:
            accounts.create(app.store, role, role, password=PASSWORD, passwords=app.passwords)
        browser = self.stranger()
        browser.sign_in(role)
        return browser


@contextlib.contextmanager
def console(collected: Path, home: Path, **settings: Any) -> Iterator[Console]:
    """Open a copy of a collected home with its console; passwords are cheap to check there."""
    with house(collected, home, **{"password_memory_mib": 19, **settings}) as opened:
        yield Console(opened)
