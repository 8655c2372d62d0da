"""What a route is: declared once, for the server, the document and the table of roles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

import msgspec

from bucketgraph.access.roles import Role
from bucketgraph.access.tokens import Identity
from bucketgraph.app import App
from bucketgraph.errors import BucketgraphError
from bucketgraph.observe.metrics import Metrics
from bucketgraph.web.bodies import Nothing
from bucketgraph.web.engine import Engine

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
GivenT = TypeVar("GivenT", bound=msgspec.Struct)
BodyT = TypeVar("BodyT")


@dataclass(frozen=True, slots=True)
class Site:
    """What all requests share."""

    app: App
    metrics: Metrics
    jobs: Engine | None = None


@dataclass(frozen=True, slots=True)
class Call(Generic[GivenT, BodyT]):
    """One request that may be served: who asks, and what was given, checked.

    `given` holds the parameters of path and query, `body` what was sent.
    """

    site: Site
    identity: Identity
    given: GivenT
    body: BodyT

    @property
    def app(self) -> App:
        """Return the app."""
        return self.site.app


@dataclass(frozen=True, slots=True)
class Plain:
    """An answer that is no JSON."""

    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one address.

    `given` declares the parameters of path and query, `body` what is sent (a struct, or bytes as they come), `answer`
    what is returned. `role` is what a token needs. `bound` says what a token that is bound to an integration gets:
    what is that one's `own`, the same as `all` get, or `none`, because an answer cannot be restricted to one.
    `errors` are those beside what every route may answer. `asks` routes run queries, which wait for each other in a
    queue of their own. `shown` names the answer's media type.
    """

    method: Method
    path: str
    summary: str
    role: Role
    handler: Callable[[Call[Any, Any]], Any]
    answer: Any
    given: type[msgspec.Struct] = Nothing
    body: Any = None
    status: int = 200
    errors: tuple[type[BucketgraphError], ...] = ()
    bound: Literal["own", "all", "none"] = "none"
    asks: bool = False
    shown: str = field(default="application/json")

    @property
    def tag(self) -> str:
        """Return the resource that the route is about."""
        resource = self.path.removeprefix("/api/v1/").split("/", 1)[0]
        return resource if resource.isalpha() else "server"
