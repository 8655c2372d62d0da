"""Links that work once: the first admin's, the demo's, invitations and resets.

A link is a path with 256 random bits; the store keeps its hash, for an hour unless told otherwise. Looking at one
(a mail program may, before its reader does) uses nothing up; what it allows and its being used up are one transaction.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, cast

from bucketgraph.access import accounts, opaque, throttle
from bucketgraph.access.passwords import Passwords, check_strength
from bucketgraph.access.roles import Role
from bucketgraph.errors import ConfigError, Conflict, SpentLink
from bucketgraph.store.accounts import spent
from bucketgraph.store.rows import AccountRow, LinkRow, Purpose
from bucketgraph.store.store import Store

PATH: Final = "/setup/"
"""What a link's path begins with; the secret follows."""
DEMO_ACCOUNT: Final = "demo"
_A_MINUTE_MS: Final = 60_000
MINUTES: Final = 60
LONGEST_MINUTES: Final = 14 * 24 * 60


@dataclass(frozen=True, slots=True)
class Link:
    """A link that was made just now and cannot be shown again; it ends at `expires_on` (epoch ms)."""

    secret: str = field(repr=False)
    purpose: Purpose
    expires_on: int

    @property
    def path(self) -> str:
        """Return the link's path on the server."""
        return PATH + self.secret


@dataclass(frozen=True, slots=True)
class Offer:
    """What a link that still works offers. `account` is whom it invites or resets."""

    purpose: Purpose
    role: Role
    account: AccountRow | None
    expires_on: int


def first_run(store: Store, *, minutes: int = MINUTES) -> Link | None:
    """Make the link that sets the first admin up; None when there is an account already."""
    return None if store.has_accounts() else _make(store, "setup", "admin", None, minutes)


def demo(store: Store, role: Role = "admin", *, minutes: int = MINUTES) -> Link:
    """Make the link that signs in to a demo as the account `demo`, which has no password."""
    return _make(store, "demo", role, None, minutes)


def invite(store: Store, account: AccountRow, *, minutes: int = MINUTES) -> Link:
    """Make the link by which somebody gives a new account its first password; raises Conflict for a closed one."""
    return _make_for(store, "invite", account, minutes)


def reset(store: Store, account: AccountRow, *, minutes: int = MINUTES) -> Link:
    """Make the link by which somebody gives an account another password, and forget its failed tries.

    The present password works until then. Raises Conflict for an account that is closed, or whose identity provider
    keeps its password.
    """
    if account.oidc_subject is not None:
        raise Conflict(
            f"{account.name} signs in through the identity provider.", hint="Its password is changed there."
        )
    throttle.forgive(store, account.name)
    return _make_for(store, "reset", account, minutes)


def look(store: Store, secret: str) -> Offer:
    """Return what a link offers, using nothing up; raises SpentLink that says why it does not work."""
    found = store.find_link(_digest(secret))
    if (
        found is None
        or found.used_on is not None
        or found.expires_on <= store.now()
        or found.purpose == "oidc"
    ):
        raise spent(found, store.now())
    account = store.account(found.account_id) if found.account_id else None
    return Offer(found.purpose, cast("Role", found.role), account, found.expires_on)


def create_first_admin(
    store: Store, secret: str, *, name: str, password: str, email: str = "", passwords: Passwords
) -> AccountRow:
    """Use the first-run link up and return the admin it made, ready to begin a session.

    Raises SpentLink, Conflict when somebody else was quicker, ConfigError for a name or password that cannot be
    used: then the link still works.
    """
    _check_offer(store, secret, "setup")
    row = accounts.new_row(store, name, "admin", email=email, password=password, passwords=passwords)
    store.add_first_account(row, link=_digest(secret))
    return row


def choose_password(store: Store, secret: str, password: str, *, passwords: Passwords) -> AccountRow:
    """Use an invitation or reset up and return the account with its new password, ready to begin a session.

    Its other sessions end. Raises SpentLink, and ConfigError for a password not good enough: then the link still works.
    """
    account = _check_offer(store, secret, "invite", "reset").account
    if account is None:
        raise SpentLink("The account of this link is gone.", hint="Ask an admin to invite you again.")
    check_strength(password, about=(account.name, *filter(None, [account.email])))
    found = store.set_password_by_link(_digest(secret), passwords.hash(password))
    if found is None:
        raise SpentLink("The account of this link is gone.", hint="Ask an admin to invite you again.")
    return found


def enter_demo(store: Store, secret: str) -> AccountRow:
    """Use the demo's link up and return the account `demo`, ready to begin a session; raises SpentLink."""
    link = store.spend_link(_digest(secret), "demo")
    role = cast("Role", link.role)
    found = store.account_named(DEMO_ACCOUNT)
    if found is None:
        return accounts.create(store, DEMO_ACCOUNT, role, passwords=Passwords())
    return found if found.role == role else accounts.set_role(store, found.id, role)


def _check_offer(store: Store, secret: str, *purposes: Purpose) -> Offer:
    offer = look(store, secret)
    if offer.purpose not in purposes:
        raise SpentLink("This link is for something else.", hint="Open it in the browser's address bar.")
    return offer


def _make_for(store: Store, purpose: Purpose, account: AccountRow, minutes: int) -> Link:
    if account.disabled_on is not None:
        raise Conflict(f"The account {account.name!r} is closed.", hint="Open it again first.")
    return _make(store, purpose, cast("Role", account.role), account.id, minutes)


def _make(store: Store, purpose: Purpose, role: Role, account_id: str | None, minutes: int) -> Link:
    check_minutes(minutes)
    secret, now = opaque.make(opaque.LINK), store.now()
    expires_on = now + minutes * _A_MINUTE_MS
    store.add_link(LinkRow(_digest(secret), purpose, role, account_id, now, expires_on))
    return Link(secret, purpose, expires_on)


def check_minutes(minutes: int) -> None:
    """Raise ConfigError for a time that no link may last."""
    if not 1 <= minutes <= LONGEST_MINUTES:
        raise ConfigError(
            "A link cannot last that long.", hint=f"Give it 1 to {LONGEST_MINUTES} minutes (14 days)."
        )


def _digest(secret: str) -> str:
    return opaque.digest(secret, opaque.LINK) or ""
