"""The state of the fake beside its world: consumers, tokens, budgets and the requests it saw."""

from __future__ import annotations

import secrets
from collections import Counter, deque
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from bucketgraph.demo.wire import refuse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bucketgraph.demo.faults import Faults
    from bucketgraph.demo.world import Repository, Workspace, World

HOUR = 3600.0
_REMEMBERED = 100_000
_IMPLIED = {
    "project": {"repository"},
    "pullrequest": {"repository"},
    "pullrequest:write": {"pullrequest", "repository"},
    "repository:write": {"repository"},
    "account:write": {"account"},
}


@dataclass(frozen=True, slots=True)
class FakeConsumer:
    """An OAuth consumer: its credentials, scopes and the workspaces (slugs) it can see.

    ``private`` and ``callback`` are the two settings without which Bitbucket gives no token.
    """

    key: str
    secret: str
    scopes: str = "account pullrequest project"
    private: bool = True
    callback: bool = True
    workspaces: frozenset[str] | None = None

    def granted(self) -> set[str]:
        """Return the scopes with all they imply."""
        own = set(self.scopes.split())
        return own.union(*(_IMPLIED.get(scope, set()) for scope in own))

    def sees(self, workspace: Workspace) -> bool:
        """Tell whether the consumer's tokens work for a workspace."""
        return self.workspaces is None or workspace.slug in self.workspaces


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """A request the fake answered: what was asked and what came of it.

    ``status`` is 0 if the connection ended before an answer; ``scheme`` is the first word of the
    Authorization header, never more of it.
    """

    method: str
    path: str
    query: str
    endpoint: str
    status: int
    authorized: bool
    scheme: str


class FakeBitbucket:
    """Everything a test may look at or turn while the fake is serving."""

    def __init__(
        self,
        world: World,
        consumers: Sequence[FakeConsumer],
        faults: Faults,
    ) -> None:
        """Serve ``world`` to these consumers, with these faults."""
        self.world = world
        self.faults = faults
        self.consumers = {consumer.key: consumer for consumer in consumers}
        self.token_seconds = 7200
        self.hourly_limit: int | None = None
        self.latency_seconds = 0.0
        self.permissions_admin_only = False
        self.q_ignores_state = True
        self.requests: list[RequestRecord] = []
        self._counts: Counter[str] = Counter()
        self._tokens: dict[str, tuple[FakeConsumer, float]] = {}
        self._spent: dict[tuple[str, str], deque[float]] = {}
        self._rng = Random(0)

    def counts(self) -> Counter[str]:
        """Count the requests so far by endpoint name."""
        return Counter(self._counts)

    def reset(self) -> None:
        """Forget the requests seen so far; tokens and budgets stay."""
        self.requests.clear()
        self._counts.clear()

    def record(self, seen: RequestRecord) -> None:
        """Remember a request; of very many only the newest are kept, all are counted."""
        self._counts[seen.endpoint] += 1
        self.requests.append(seen)
        if len(self.requests) > _REMEMBERED:
            del self.requests[: _REMEMBERED // 2]

    def expire_tokens(self) -> None:
        """Make every token given so far worthless."""
        self._tokens.clear()

    def grant(self, consumer: FakeConsumer) -> dict[str, object]:
        """Give a new token: the body of a token answer."""
        token = f"fake-{secrets.token_urlsafe(40)}"
        self._tokens[token] = (consumer, self.world.now() + self.token_seconds)
        scopes = consumer.scopes.split()
        self._rng.shuffle(scopes)
        return {
            "access_token": token,
            "scopes": " ".join(scopes),
            "token_type": "bearer",
            "expires_in": self.token_seconds,
            "state": "client_credentials",
            "refresh_token": f"fake-{secrets.token_urlsafe(12)}",
        }

    def bearer(self, token: str) -> FakeConsumer | None:
        """Return whose living token this is."""
        consumer, until = self._tokens.get(token, (None, 0.0))
        return consumer if self.world.now() < until else None

    def spend(self, consumer: FakeConsumer, group: str) -> bool:
        """Charge a call to the consumer's rolling hour; false when the hour is used up."""
        if self.hourly_limit is None:
            return True
        spent = self._spent.setdefault((consumer.key, group), deque())
        present = self.world.now()
        while spent and spent[0] <= present - HOUR:
            spent.popleft()
        if len(spent) >= self.hourly_limit:
            return False
        spent.append(present)
        return True

    def workspace(self, identifier: str, consumer: FakeConsumer | None) -> Workspace:
        """Find a workspace the consumer sees, or refuse with 404."""
        found = self.world.workspace(identifier)
        if found is None or consumer is None or not consumer.sees(found):
            raise refuse(404, f"No workspace with identifier '{identifier}'.")
        return found

    def repository(self, workspace: str, slug: str, consumer: FakeConsumer | None) -> Repository:
        """Find a repository by slug or uuid, or refuse with 404."""
        if workspace == "{}":
            found = self.world.repository(slug)
        else:
            found = self.workspace(workspace, consumer).repository(slug)
        if found is None or consumer is None or not consumer.sees(found.workspace):
            message = f"Repository {workspace}/{slug} not found"
            raise refuse(404, message)
        return found
