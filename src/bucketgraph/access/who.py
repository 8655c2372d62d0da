"""Who has signed in."""

from __future__ import annotations

from dataclasses import dataclass, field

from bucketgraph.access.roles import Role, allows
from bucketgraph.errors import Forbidden


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who has signed in, with the role that the account has at this moment.

    `session` is the hash that the store knows the session by; what the browser's cookie holds is never kept.
    """

    account_id: str
    name: str
    role: Role
    session: str = field(repr=False)

    def may(self, needed: Role) -> bool:
        """Tell whether the visitor's role suffices where another one is needed."""
        return allows(self.role, needed)

    def require(self, needed: Role) -> None:
        """Raise Forbidden unless the visitor's role suffices."""
        if not self.may(needed):
            raise Forbidden(
                f"{self.name} is {_with_article(self.role)}; this takes {_with_article(needed)}.",
                hint="Ask an admin to do it, or for another role.",
            )


def _with_article(role: Role) -> str:
    return f"a {role}" if role == "viewer" else f"an {role}"
