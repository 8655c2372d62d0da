"""Bearer tokens: made, shown once, kept as hashes, found again.

A token is `bg_` and 43 random characters (256 bits), so its SHA-256 needs neither salt nor slow hashing, and finding
it by the hash compares nothing of the token itself.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
import time
import uuid
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final, cast

from bucketgraph.access.roles import ROLES, Role
from bucketgraph.access.who import Visitor
from bucketgraph.errors import ConfigError, Conflict, Unauthenticated, Unknown
from bucketgraph.graph.values import epoch_ms
from bucketgraph.store.base import TokenRow
from bucketgraph.store.store import Store

PREFIX: Final = "bg_"
_TOKEN: Final = re.compile(r"bg_[A-Za-z0-9_-]{43}")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@ -]{0,99}")
_AHEAD: Final = re.compile(r"([0-9]{1,4})\s*([hdw])")
_UNIT_MS: Final = {"h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_A_MINUTE_MS: Final = 60_000
_MOST_REMEMBERED: Final = 10_000
_HINT: Final = (
    "Make one with `bucketgraph token create NAME --role viewer`, and send `Authorization: Bearer bg_…`."
)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks: a token's name and role, and the one integration it is bound to, if it is to one."""

    token_id: str
    name: str
    role: Role
    integration_id: str | None = None


def create(
    store: Store,
    name: str,
    role: Role,
    *,
    integration_id: str | None = None,
    expires_on: int | None = None,
    account_id: str | None = None,
) -> tuple[str, TokenRow]:
    """Make a token and store its hash; returns the token itself, which nobody can show again.

    `expires_on` is epoch ms. One of an account may never do more than its owner may at the time.
    Raises ConfigError for a name that cannot be used, Conflict for one that is taken.
    """
    if not _NAME.fullmatch(name):
        raise ConfigError(
            "The token's name cannot be used.",
            hint="Use 1 to 100 letters, digits, blanks, _, ., @ and -, beginning with a letter or digit.",
        )
    token = PREFIX + secrets.token_urlsafe(32)
    row = TokenRow(
        str(uuid.uuid4()), name, role, integration_id, digest(token), _now(), expires_on, None, account_id
    )
    if not store.add_token(row):
        raise Conflict(
            f"There is already a token named {name!r}.",
            hint=f"Choose another name, or revoke it with `bucketgraph token revoke {name!r}`.",
        )
    return token, row


def revoke(store: Store, name: str) -> TokenRow:
    """Delete a token by its name; raises Unknown naming those that exist."""
    found = {row.name: row for row in store.tokens()}
    if name not in found or not store.remove_token(found[name].id):
        known = ", ".join(sorted(found)) or "none yet"
        raise Unknown(f"There is no token named {name!r}.", hint=f"Known: {known}.")
    return found[name]


def create_own(
    store: Store, visitor: Visitor, name: str, role: Role, *, expires_on: int | None = None
) -> tuple[str, TokenRow]:
    """Make a token of a visitor's own, of at most the visitor's role; raises as `create` does, and Forbidden."""
    visitor.require(role)
    return create(store, name, role, expires_on=expires_on, account_id=visitor.account_id)


def own(store: Store, visitor: Visitor) -> list[TokenRow]:
    """Return a visitor's own tokens by name."""
    return [row for row in store.tokens() if row.account_id == visitor.account_id]


def revoke_own(store: Store, visitor: Visitor, token_id: str) -> None:
    """Delete one of a visitor's own tokens; raises Unknown for any other."""
    if token_id not in {row.id for row in own(store, visitor)} or not store.remove_token(token_id):
        raise Unknown("This token is not there, or not any more.", hint="See the list of your tokens.")


def find(store: Store, token: str) -> Identity:
    """Return who a token is; raises Unauthenticated for one that is unknown, revoked or expired."""
    row = store.find_token(digest(token)) if _TOKEN.fullmatch(token) else None
    if row is None:
        raise Unauthenticated("The token is not known here; it may have been revoked.", hint=_HINT)
    if expired(row):
        raise Unauthenticated(f"The token {row.name!r} has expired.", hint=_HINT)
    return Identity(row.id, row.name, _role(store, row), row.integration_id)


def _role(store: Store, row: TokenRow) -> Role:
    """Return what a token may do now; raises Unauthenticated when its owner's account is closed or gone."""
    role = cast("Role", row.role)
    if row.account_id is None:
        return role
    owner = store.account(row.account_id)
    if owner is None or owner.disabled_on is not None:
        raise Unauthenticated(f"The account behind the token {row.name!r} is closed.", hint=_HINT)
    return min(role, cast("Role", owner.role), key=ROLES.index)


def expired(row: TokenRow) -> bool:
    """Tell whether a token's time is over."""
    return row.expires_on is not None and row.expires_on <= _now()


def bearer(header: str | None) -> str:
    """Return the token of an Authorization header; raises Unauthenticated when there is none."""
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("No token came with the request.", hint=_HINT)
    return token.strip()


def expiry(text: str | None) -> int | None:
    """Read until when a token is to hold, as epoch ms: `90d`, `12h`, `4w` from now, or a date.

    Raises ConfigError for what is no such thing, or lies in the past.
    """
    if text is None:
        return None
    ahead = _AHEAD.fullmatch(text.strip())
    found = _now() + int(ahead[1]) * _UNIT_MS[ahead[2]] if ahead else epoch_ms(text.strip())
    if found is None:
        raise ConfigError(
            f"{text!r} is no date and no time from now.",
            hint="Write 90d, 12h, 4w, or a date such as 2027-03-01.",
        )
    if found <= _now():
        raise ConfigError(f"{text!r} is over already.", hint="Give a moment to come.")
    return found


def digest(token: str) -> str:
    """Return what is stored of a token: its SHA-256 in hexadecimal digits."""
    return hashlib.sha256(token.encode()).hexdigest()


class Usage:
    """Notes when tokens are used, at most once a minute for each, so that reading does not become writing."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._noted: OrderedDict[str, int] = OrderedDict()

    def due(self, token_id: str) -> bool:
        """Tell whether a token's use is to be noted now; the next minute it is not."""
        now = _now()
        with self._lock:
            if now - self._noted.get(token_id, 0) < _A_MINUTE_MS:
                return False
            self._noted[token_id] = now
            self._noted.move_to_end(token_id)
            while len(self._noted) > _MOST_REMEMBERED:
                self._noted.popitem(last=False)
            return True


def _now() -> int:
    return time.time_ns() // 1_000_000
