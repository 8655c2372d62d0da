"""A page, and one visit to it: who comes, what was asked or sent, and the makers of answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias
from urllib.parse import urlsplit

from starlette.requests import Request

from bucketgraph.access import csrf
from bucketgraph.access.paths import local_path
from bucketgraph.access.roles import Role
from bucketgraph.access.who import Visitor
from bucketgraph.app import App
from bucketgraph.errors import BucketgraphError, Unauthenticated
from bucketgraph.web.answers import Answer, Fragment, Html, Kind, Redirect
from bucketgraph.web.cookies import Cookies
from bucketgraph.web.routing import Site

if TYPE_CHECKING:
    from bucketgraph.web.frame import Frame

CONTENT: Final = "content"
"""The id of the element that holds a page's content inside the frame."""


@dataclass(frozen=True, slots=True)
class Page:
    """One method of one address of the console.

    `role` is the least that a visitor needs; None lets strangers in. Pages that `asks` run queries, which wait for
    each other in a queue of their own. `uploads` raises the limit of a body to that of imports.
    """

    method: Literal["GET", "POST"]
    path: str
    role: Role | None
    handler: Callable[[Visit], Answer]
    asks: bool = False
    uploads: bool = False


class Fields(dict[str, str]):
    """Fields by name, each with its first value; `all` has every value of one that comes several times."""

    def __init__(self, pairs: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__()
        self._pairs = tuple(pairs)
        for name, value in self._pairs:
            self.setdefault(name, value)

    def all(self, name: str) -> list[str]:
        """Return every value of a field, in the order sent."""
        return [value for one, value in self._pairs if one == name]


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was sent with a form."""

    filename: str
    content: bytes = field(repr=False)


Files: TypeAlias = Mapping[str, Upload]


@dataclass
class Visit:
    """One request to a page.

    `path` holds the parameters of the address, `query` what was asked, `form` and `files` what was sent (POST only,
    its form token checked already). `somebody` is None for strangers, whom only pages without a role let in.
    """

    site: Site
    frame: Frame
    request: Request
    cookies: Cookies
    somebody: Visitor | None = None
    query: Fields = field(default_factory=Fields)
    form: Fields = field(default_factory=Fields)
    files: Files = field(default_factory=dict)

    @property
    def app(self) -> App:
        """Return the app."""
        return self.site.app

    @property
    def visitor(self) -> Visitor:
        """Return who has signed in; raises Unauthenticated for a stranger."""
        if self.somebody is None:
            raise Unauthenticated(
                "You are not signed in, or not any more.", hint="Sign in; nothing was lost."
            )
        return self.somebody

    @property
    def path(self) -> Mapping[str, Any]:
        """Return the parameters of the address."""
        return self.request.path_params

    @property
    def htmx(self) -> bool:
        """Tell whether a script of the page asks, which wants a part and not a page."""
        return self.request.headers.get("hx-request") == "true"

    @property
    def wants_json(self) -> bool:
        """Tell whether a script asks that reads JSON alone."""
        accepted = self.request.headers.get("accept", "")
        return "application/json" in accepted and "text/html" not in accepted

    @property
    def request_id(self) -> str:
        """Return the id by which the log knows the request."""
        return str(self.request.state.request_id)

    @property
    def address(self) -> str:
        """Return the visitor's network address, empty where it is not known."""
        return self.request.client.host if self.request.client else ""

    @property
    def csrf(self) -> str:
        """Return a token for a form on the answer."""
        return csrf.token(self.cookies.form_cookie())

    @property
    def here(self) -> str:
        """Return where the visitor is: the path and query of the page, also when a part of it is asked for."""
        shown = self.request.headers.get("hx-current-url", "") if self.htmx else ""
        if not shown and self.request.method != "GET":
            shown = self.request.headers.get("referer", "")
        if not shown:
            url = self.request.url
            return local_path(url.path + (f"?{url.query}" if url.query else ""))
        parts = urlsplit(shown)
        return local_path(parts.path + (f"?{parts.query}" if parts.query else ""))

    def asked(self, name: str, default: str = "") -> str:
        """Return a field of the query, without blanks at its ends, or a default where it is missing or empty."""
        return self.query.get(name, "").strip() or default

    def may(self, role: Role) -> bool:
        """Tell whether the visitor's role suffices where another one is needed."""
        return self.somebody is not None and self.somebody.may(role)

    def page(self, template: str, *, title: str, here: str = "", status: int = 200, **facts: Any) -> Html:
        """Return a page in the frame, or its content alone where that is what a script asks for.

        `here` names the item of the rail that the page belongs to.
        """
        target = self.request.headers.get("hx-target", "")
        if self.htmx and target.rpartition("#")[2] == CONTENT:
            return Html(self.frame.block(self, template, CONTENT, title=title, here=here, **facts), status)
        return Html(self.frame.page(self, template, title=title, here=here, **facts), status)

    def fragment(
        self, template: str, *, status: int = 200, toast: str = "", kind: Kind = "ok", **facts: Any
    ) -> Fragment:
        """Return a template as a part of a page."""
        return Fragment(self.frame.part(self, template, **facts), status, toast, kind)

    def redirect(self, to: str, *, toast: str = "", kind: Kind = "ok") -> Redirect:
        """Lead on to another address of this server, where a message is said."""
        return Redirect(to, toast, kind)

    def problem(self, error: BucketgraphError, *, status: int | None = None) -> Answer:
        """Return an error as page, part or JSON, whichever was asked for."""
        return self.frame.problem(self, error, status or error.http_status)
