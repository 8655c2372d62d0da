"""What the store keeps of people who sign in, as plain values. All times are epoch ms; secrets are hashes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Purpose = Literal["setup", "demo", "invite", "reset", "oidc"]
"""What a one-time link is for. `oidc` marks a sign-in through an identity provider as used up."""


@dataclass(frozen=True, slots=True)
class AccountRow:
    """Somebody who may sign in.

    Without `password_hash` and `oidc_subject` it waits for its invitation to be taken up.
    """

    id: str
    name: str
    email: str
    role: str
    password_hash: str | None = field(repr=False)
    oidc_issuer: str | None
    oidc_subject: str | None = field(repr=False)
    created_on: int
    updated_on: int
    signed_in_on: int | None = None
    disabled_on: int | None = None
    session_epoch: int = 0

    @property
    def usable(self) -> bool:
        """Tell whether somebody can sign in with it."""
        return self.disabled_on is None and (self.password_hash is not None or self.oidc_subject is not None)


@dataclass(frozen=True, slots=True)
class SessionRow:
    """Somebody's browser that is signed in; `id` is the hash of its cookie."""

    id: str = field(repr=False)
    account_id: str
    epoch: int
    created_on: int
    last_seen_on: int
    expires_on: int
    user_agent: str


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A link that works once."""

    hash: str = field(repr=False)
    purpose: Purpose
    role: str
    account_id: str | None
    created_on: int
    expires_on: int
    used_on: int | None = None


@dataclass(frozen=True, slots=True)
class SavedQuestion:
    """A question that somebody keeps; without `account_id` its account is gone, and it was shared."""

    id: str
    name: str
    description: str
    query: str
    account_id: str | None
    shared: bool
    created_on: int
    updated_on: int


@dataclass(frozen=True, slots=True)
class AskedQuery:
    """A query that an account asked; `rows` is None where no answer came."""

    id: int
    account_id: str
    on: int
    query: str
    rows: int | None
    took_ms: int
