"""Sessions: who stays signed in, for how long, and how it ends.

The browser's cookie holds a random text, the store its hash. A session ends when it was not used for a while, in any
case after some days, when somebody signs out, when the account is closed or deleted, or its password changes. Its role
is the account's of the moment.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, cast

from bucketgraph.access import opaque
from bucketgraph.access.roles import Role
from bucketgraph.access.who import Visitor
from bucketgraph.errors import SignInRefused, Unauthenticated
from bucketgraph.settings import Settings
from bucketgraph.store.rows import AccountRow, SessionRow
from bucketgraph.store.store import Store

_A_MINUTE_MS: Final = 60_000
_A_DAY_MS: Final = 86_400_000
_NOTED: Final = 60
"""A session's use is noted when a sixtieth of its idle time has gone by, at most once a minute."""
_LONGEST_AGENT: Final = 200


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a session lasts without being used, and at all, in ms."""

    idle_ms: int
    longest_ms: int

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """Return what the settings say."""
        return cls(settings.session_idle_minutes * _A_MINUTE_MS, settings.session_days * _A_DAY_MS)

    @property
    def note_after_ms(self) -> int:
        """Return after how long another use of a session is written down."""
        return min(_A_MINUTE_MS, self.idle_ms // _NOTED)


@dataclass(frozen=True, slots=True)
class Started:
    """A session that begins: what the cookie is to hold, who it is, and when it ends at the latest (epoch ms)."""

    cookie: str = field(repr=False)
    visitor: Visitor
    expires_on: int


def start(
    store: Store, account: AccountRow, limits: Limits, *, user_agent: str = "", old_cookie: str | None = None
) -> Started:
    """Begin a session of an account, in place of the one that the browser may have had.

    Raises SignInRefused for a closed account. Ending all sessions of the account while this one begins ends it too.
    """
    if account.disabled_on is not None:
        raise SignInRefused(f"The account {account.name!r} is closed.", hint="Ask an admin to open it again.")
    cookie = opaque.make(opaque.SESSION)
    digest = opaque.digest(cookie, opaque.SESSION) or ""
    now = store.now()
    agent = "".join(c for c in user_agent if c.isprintable())[:_LONGEST_AGENT]
    row = SessionRow(digest, account.id, account.session_epoch, now, now, now + limits.longest_ms, agent)
    store.add_session(row, idle_ms=limits.idle_ms, instead_of=opaque.digest(old_cookie, opaque.SESSION) or "")
    return Started(cookie, _visitor(row, account), row.expires_on)


def find(store: Store, cookie: str | None, limits: Limits) -> Visitor:
    """Return who a cookie's session is; raises Unauthenticated when there is none, or it is over.

    The use is noted, though not each time: a session may end up to a minute early by its idle time, never late.
    """
    digest = opaque.digest(cookie, opaque.SESSION)
    found = store.find_session(digest) if digest else None
    now = store.now()
    if found is None or not _alive(found[0], limits, now):
        raise Unauthenticated(
            "You are not signed in, or not any more.", hint="Sign in again; nothing was lost."
        )
    row, account = found
    if now - row.last_seen_on >= limits.note_after_ms:
        store.touch_session(row.id)
    return _visitor(row, account)


def sign_out(store: Store, cookie: str | None) -> None:
    """End the session of a cookie, if there is one."""
    if digest := opaque.digest(cookie, opaque.SESSION):
        store.remove_session(digest)


def sign_out_everywhere(store: Store, account_id: str) -> int:
    """End all sessions of an account and return how many there were."""
    return store.end_sessions(account_id)


@dataclass(frozen=True, slots=True)
class Device:
    """A session as its owner sees it among others; times are epoch ms. `id` is fit for a form's field."""

    id: str
    user_agent: str
    created_on: int
    last_seen_on: int
    expires_on: int
    this_one: bool


def devices(store: Store, visitor: Visitor, limits: Limits) -> list[Device]:
    """Return where a visitor is signed in, the last used first."""
    now = store.now()
    return [
        Device(
            row.id,
            row.user_agent,
            row.created_on,
            row.last_seen_on,
            row.expires_on,
            row.id == visitor.session,
        )
        for row in store.sessions_of(visitor.account_id)
        if _alive(row, limits, now)
    ]


def end_device(store: Store, visitor: Visitor, device_id: str) -> bool:
    """End one of a visitor's own sessions; tell whether there was one."""
    mine = {row.id for row in store.sessions_of(visitor.account_id)}
    return device_id in mine and store.remove_session(device_id)


def _alive(row: SessionRow, limits: Limits, now: int) -> bool:
    return now < min(row.expires_on, row.created_on + limits.longest_ms, row.last_seen_on + limits.idle_ms)


def _visitor(row: SessionRow, account: AccountRow) -> Visitor:
    return Visitor(account.id, account.name, cast("Role", account.role), row.id)
