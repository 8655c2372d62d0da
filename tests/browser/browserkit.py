"""A real Chromium, tabs in it that notice what goes wrong, and a console to look at."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright
from support.workbench import settings_for
from web.sitekit import collect

from bucketgraph.access import accounts, sessions
from bucketgraph.access.roles import Role
from bucketgraph.app import App, open_app
from bucketgraph.demo import serve
from bucketgraph.web.site import create

_USUAL = "/usr/bin/chromium"
CHROMIUM = os.environ.get("BUCKETGRAPH_CHROMIUM") or (_USUAL if Path(_USUAL).exists() else "")
SHOTS = os.environ.get("BUCKETGRAPH_SHOTS", "")
"""A folder for screenshots of what the tests see; empty: none are made."""
PASSWORD = "violet teapot sings quietly"
Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")
WIDTHS = {"wide": 1280, "phone": 360}
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_LISTEN = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
"""
_STATUS = re.compile(r"Failed to load resource: the server responded with a status of (\d+)")


@dataclass
class Tab:
    """A tab of the browser. What its console, its policy and its scripts complain about is kept and fails the test."""

    page: Page
    url: str
    problems: list[str] = field(default_factory=list)
    expected: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Listen to everything that may go wrong."""
        self.page.set_default_timeout(15_000)
        self.page.add_init_script(_LISTEN)
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.problems.append(f"script: {error}"))

    def open(self, path: str, *, status: int = 200) -> None:
        """Open a page, which answers with a status."""
        if status >= 400:
            self.expected.add(status)
        answer = self.page.goto(path if path.startswith("http") else self.url + path)
        assert answer is not None
        assert answer.status == status, (path, answer.status)

    def fill(self, **fields: str) -> None:
        """Fill fields by their names."""
        for name, value in fields.items():
            self.page.fill(f'main [name="{name}"]', value)

    def press(self, words: str) -> None:
        """Press the button that says something, and wait for the page after it."""
        self.page.get_by_role("button", name=words, exact=True).click()
        self.page.wait_for_load_state("load")

    def says(self) -> str:
        """Return what the page says."""
        return self.page.inner_text("body")

    def shot(self, name: str) -> None:
        """Keep a picture of the whole page, where pictures are wanted."""
        if SHOTS:
            self.page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)

    def assert_fits(self) -> None:
        """Fail when the page is wider than the window."""
        wide = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert wide <= 0, f"{self.page.url} is {wide} px too wide"

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type not in {"error", "warning"}:
            return
        status = _STATUS.match(message.text)
        if status is None or int(status[1]) not in self.expected:
            self.problems.append(f"{message.type}: {message.text} ({message.location})")


@dataclass
class Chromium:
    """The browser."""

    browser: Browser

    @contextlib.contextmanager
    def tab(self, url: str, *, theme: Theme = "light", width: int = 1280, **more: Any) -> Iterator[Tab]:
        """Open a tab with cookies of its own; afterwards nothing may have gone wrong in it."""
        context = self.browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme, reduced_motion="reduce", **more
        )
        try:
            tab = Tab(context.new_page(), url)
            yield tab
            assert tab.problems == []
        finally:
            context.close()


@contextlib.contextmanager
def chromium() -> Iterator[Chromium]:
    """Start the browser. While it runs, this thread can run no event loop of its own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_FLAGS)
        try:
            yield Chromium(browser)
        finally:
            browser.close()


def collected(home: Path) -> None:
    """Collect a small world into a home, in a thread, because of the browser's event loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(collect, home).result()


@dataclass
class Served:
    """A console on a collected graph, served over HTTP from a thread; it carries out no runs."""

    app: App
    url: str

    def sign_in(self, tab: Tab, role: Role = "admin") -> None:
        """Sign a tab in as somebody with a role, past the form; the account bears the role's name."""
        store = self.app.store
        row = store.account_named(role) or accounts.create(
            store, role, role, password=PASSWORD, passwords=self.app.passwords
        )
        started = sessions.start(store, row, self.app.session_limits)
        port = self.url.rpartition(":")[2]
        tab.page.context.add_cookies(
            [{"name": f"bucketgraph-session-{port}", "value": started.cookie, "url": self.url}]
        )


@contextlib.contextmanager
def served(source: Path | None, home: Path, **settings: Any) -> Iterator[Served]:
    """Serve the console of a copy of a home, or of a new one."""
    if source is not None:
        shutil.copytree(source, home)
    with (
        open_app(settings_for(home, **{"password_memory_mib": 19, **settings})) as app,
        serve(create(app)) as url,
    ):
        yield Served(app, url)
