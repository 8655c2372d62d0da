"""The frame that all pages stand in, and the templates: rendered with autoescape on, each template's words its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bucketgraph.access.csrf import FIELD
from bucketgraph.errors import BucketgraphError
from bucketgraph.web.answers import Answer, Fragment, Html, Json
from bucketgraph.web.bundle import Bundle
from bucketgraph.web.routing import Site
from bucketgraph.web.trends import Trends

if TYPE_CHECKING:
    from bucketgraph.web.visit import Visit

_SHARED: Final = "parts/ui.html"
_SECONDS: Final = 1000
_OLD_MS: Final = 2 * 86_400_000


@dataclass(frozen=True, slots=True)
class RailItem:
    """A place in the rail; it is shown when its page is registered. `ruled` draws a line above it."""

    name: str
    path: str
    label: str
    icon: str
    ruled: bool = False


RAIL: Final = (
    RailItem("home", "/", "Home", "home"),
    RailItem("query", "/query", "Query", "query"),
    RailItem("graph", "/graph", "Graph", "graph"),
    RailItem("assets", "/assets", "Assets", "assets"),
    RailItem("changes", "/changes", "Changes", "changes"),
    RailItem("people", "/people", "People", "people"),
    RailItem("integrations", "/integrations", "Integrations", "integrations", ruled=True),
    RailItem("settings", "/settings", "Settings", "settings"),
)


@dataclass(frozen=True, slots=True)
class Freshness:
    """When the newest complete run ended (epoch ms; None for never), and which state that is."""

    on: int | None
    state: str


class Frame:
    """Renders templates."""

    def __init__(self, site: Site, bundle: Bundle, paths: Collection[str]) -> None:
        """Take the site, the built files, and the addresses that there are pages at."""
        self._site, self.paths = site, frozenset(paths)
        self.trends = Trends(site.app.store)
        self._rail = tuple(item for item in RAIL if item.path in self.paths)
        self._env = Environment(
            loader=PackageLoader("bucketgraph.web", "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._env.globals.update(
            asset=bundle.asset,
            icon_address=bundle.icon,
            type_icon=bundle.type_icon,
            look=bundle.look,
            leads=self.paths.__contains__,
            iso=iso,
        )
        self._env.filters["number"] = _number
        self._env.filters["cut"] = cut
        self._env.globals.update(_macros(self._env))

    def page(self, visit: Visit, template: str, **facts: Any) -> str:
        """Return a page with everything around it."""
        return self._env.get_template(template).render(self._facts(visit) | facts)

    def block(self, visit: Visit, template: str, block: str, **facts: Any) -> str:
        """Return one block of a page's template."""
        found = self._env.get_template(template)
        context = found.new_context(self._facts(visit) | facts)
        return "".join(found.blocks[block](context))

    def part(self, visit: Visit, template: str, **facts: Any) -> str:
        """Return a template that is no page."""
        return self._env.get_template(template).render(self._common(visit) | facts)

    def problem(self, visit: Visit, error: BucketgraphError, status: int) -> Answer:
        """Return an error in the form that was asked for, with the request's id where that helps."""
        if visit.wants_json:
            return Json({"error": error.facts() | {"requestId": visit.request_id}}, status)
        facts = {"error": error, "status": status, "request_id": visit.request_id}
        if visit.htmx:
            return Fragment(self.part(visit, "parts/problem.html", **facts), status)
        template = "problem.html" if visit.somebody else "problem_outside.html"
        title = _TITLES.get(status, "That did not work")
        try:
            text = self.page(visit, template, title=title, here="", **facts)
        except BucketgraphError:
            text = self.part(visit, "problem_outside.html", title=title, said=None, **facts)
        return Html(text, status)

    def _common(self, visit: Visit) -> dict[str, Any]:
        """Return what every template may use."""
        return {"visit": visit, "visitor": visit.somebody, "csrf": _csrf(visit), "may": visit.may}

    def _facts(self, visit: Visit) -> dict[str, Any]:
        around: dict[str, Any] = {"rail": (), "fresh": None}
        if visit.somebody is not None:
            around = {"rail": self._rail, "fresh": freshness(self._site)}
        return self._common(visit) | around | {"said": visit.cookies.said()}


_TITLES: Final = {
    403: "Not allowed",
    404: "Nothing is here",
    409: "That is in the way",
    410: "This link does not work any more",
    429: "Too many tries",
    500: "The server failed",
    503: "Not at the moment",
}


def freshness(site: Site) -> Freshness:
    """Return how fresh what is collected is, judged by the integration that was collected last."""
    ended = [
        total.last_finished_on
        for total in site.app.store.run_totals()
        if total.status == "COMPLETED" and total.last_finished_on is not None
    ]
    if not ended:
        return Freshness(None, "unknown")
    newest = max(ended)
    return Freshness(newest, "ok" if time.time() * _SECONDS - newest < _OLD_MS else "warn")


def iso(moment: int) -> str:
    """Return a moment (epoch ms) as ISO 8601 in UTC; empty for one that no calendar knows."""
    try:
        return datetime.fromtimestamp(moment / _SECONDS, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, OSError, ValueError):
        return ""


def cut(text: object, length: int = 300) -> str:
    """Return a text that is not longer than its place, for titles: names may have thousands of characters."""
    shown = str(text)
    return shown if len(shown) <= length else shown[: length - 1] + "…"


def _number(value: object) -> str:
    """Return a number as people read it; what is no number as it is."""
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def _csrf(visit: Visit) -> Callable[[], Markup]:
    """Return the maker of the hidden field that every form with method POST needs."""
    return lambda: Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, visit.csrf)


def _macros(env: Environment) -> dict[str, Any]:
    """Return the shared macros, which every template may call without importing them."""
    module = env.get_template(_SHARED).module
    return {name: value for name, value in vars(module).items() if not name.startswith("_")}


def encoded(content: Any) -> bytes:
    """Return an answer for a script."""
    return msgspec.json.encode(content)
