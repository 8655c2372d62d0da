"""Structs embedded in many answers: links and accounts."""

from __future__ import annotations

import msgspec


class Href(msgspec.Struct, frozen=True):
    """One link."""

    href: str | None = None


class Links(msgspec.Struct, frozen=True):
    """The links we read; the rest is dropped."""

    html: Href | None = None

    @property
    def web(self) -> str | None:
        """Return the address a person opens."""
        return self.html.href if self.html else None


class Account(msgspec.Struct, frozen=True):
    """A person, bot (`app_user`) or workspace in old clothes (`team`), as embedded everywhere.

    Deleted accounts come as null, bots have no nickname, a tenth of recorded accounts has no account id.
    """

    uuid: str | None = None
    account_id: str | None = None
    display_name: str | None = None
    nickname: str | None = None
    username: str | None = None
    type: str | None = None
    account_status: str | None = None
    links: Links | None = None

    @property
    def key(self) -> str | None:
        """Return the identity: uuid, or the account id where the uuid is missing, or None.

        A team account is a workspace in old clothes and has the workspace's own uuid, so its key says which of
        the two is meant.
        """
        identity = self.uuid or self.account_id
        return f"team:{identity}" if identity and self.type == "team" else identity

    @property
    def label(self) -> str:
        """Return the best name for a person to read."""
        return self.name or self.key or "unknown"

    @property
    def name(self) -> str | None:
        """Return the name the answer gives; None where it gives none."""
        return self.display_name or self.nickname or self.username


ACCOUNT_FIELDS = (
    "uuid",
    "account_id",
    "display_name",
    "nickname",
    "username",
    "type",
    "account_status",
    "links.html.href",
)


def under(prefix: str, fields: tuple[str, ...]) -> tuple[str, ...]:
    """Return the field paths moved below a prefix, for a `fields` list."""
    return tuple(f"{prefix}.{field}" for field in fields)
