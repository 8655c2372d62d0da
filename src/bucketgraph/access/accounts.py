"""Accounts: who may sign in, as what, and with which password."""

from __future__ import annotations

import re
import uuid
from typing import Final

from bucketgraph.access import throttle
from bucketgraph.access.passwords import Passwords, check_strength
from bucketgraph.access.roles import Role
from bucketgraph.errors import ConfigError, Conflict, Forbidden, SignInRefused, Unknown
from bucketgraph.store.rows import AccountRow
from bucketgraph.store.store import Store

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@+-]{0,99}")
_EMAIL: Final = re.compile(r"[^\s@<>\"\x00-\x1f\x7f]{1,64}@[^\s@<>\"\x00-\x1f\x7f]{1,189}")


def create(
    store: Store, name: str, role: Role, *, email: str = "", password: str | None = None, passwords: Passwords
) -> AccountRow:
    """Add an account; without a password it waits for its invitation to be taken up.

    Raises ConfigError for a name, address or password that cannot be used, Conflict for a name that is taken.
    """
    row = new_row(store, name, role, email=email, password=password, passwords=passwords)
    store.add_account(row)
    return row


def new_row(
    store: Store, name: str, role: Role, *, email: str = "", password: str | None = None, passwords: Passwords
) -> AccountRow:
    """Return an account as it would be stored, checked; raises ConfigError as `create` does."""
    check_name(name)
    check_email(email)
    digest = None
    if password is not None:
        check_strength(password, about=(name, *filter(None, [email])))
        digest = passwords.hash(password)
    now = store.now()
    return AccountRow(str(uuid.uuid4()), name, email, role, digest, None, None, now, now)


def check_name(name: str) -> None:
    """Raise ConfigError for what cannot be an account's name."""
    if not _NAME.fullmatch(name):
        raise ConfigError(
            "The account's name cannot be used.",
            hint="Use 1 to 100 letters, digits, _, ., @, + and -, beginning with a letter or digit.",
        )


def check_email(email: str) -> None:
    """Raise ConfigError for what cannot be an e-mail address; none at all is fine."""
    if email and not _EMAIL.fullmatch(email):
        raise ConfigError(
            "The e-mail address cannot be one.", hint="Write it as ada@example.com, or leave it out."
        )


def find(store: Store, name: str) -> AccountRow:
    """Return the account of a name, in whatever case; raises Unknown naming those that exist."""
    found = store.account_named(name)
    if found is None:
        known = ", ".join(row.name for row in store.accounts()) or "none yet"
        raise Unknown(f"There is no account named {name!r}.", hint=f"Known: {known}.")
    return found


def by_id(store: Store, account_id: str) -> AccountRow:
    """Return an account; raises Unknown when it is gone."""
    return _there(store.account(account_id))


def set_role(store: Store, account_id: str, role: Role) -> AccountRow:
    """Give an account another role, which its sessions have at once. Raises Conflict for the last admin, Unknown."""
    return _there(store.set_role(account_id, role))


def set_email(store: Store, account_id: str, email: str) -> AccountRow:
    """Give an account another e-mail address; raises ConfigError, Unknown."""
    check_email(email)
    return _there(store.set_email(account_id, email))


def set_password(
    store: Store, account_id: str, password: str, *, passwords: Passwords, keep_session: str = ""
) -> AccountRow:
    """Give an account another password; all its sessions but one end, and its links too.

    `keep_session` is `Visitor.session` of who changes its own. Raises ConfigError for a password that is not good
    enough, Unknown when the account is gone, Conflict for one whose identity provider keeps its password.
    """
    row = by_id(store, account_id)
    if row.oidc_subject is not None:
        raise Conflict(
            f"{row.name} signs in through the identity provider.", hint="Its password is changed there."
        )
    check_strength(password, about=(row.name, *filter(None, [row.email])))
    return _there(store.set_password(account_id, passwords.hash(password), but=keep_session))


def change_own_password(
    store: Store,
    account_id: str,
    *,
    old: str,
    new: str,
    passwords: Passwords,
    keep_session: str,
    address: str,
) -> AccountRow:
    """Give an account another password, for somebody who knows the present one.

    Raises SignInRefused when the old one is wrong, TooManyTries, ConfigError for a new one not good enough, and
    Forbidden for an account that signs in through an identity provider.
    """
    row = by_id(store, account_id)
    if row.password_hash is None:
        raise Forbidden(
            f"{row.name} has no password here.",
            hint="Change it where you sign in: at your identity provider.",
        )
    with throttle.attempt(store, row.name, address):
        if not passwords.matches(row.password_hash, old):
            raise SignInRefused("The present password is wrong.", hint="Try again.")
    return set_password(store, account_id, new, passwords=passwords, keep_session=keep_session)


def check_password(
    store: Store, name: str, password: str, *, address: str, passwords: Passwords
) -> AccountRow:
    """Return the account that a name and password are those of.

    A hash is computed whether there is such an account or not, and the answer is the same: SignInRefused.
    Raises TooManyTries after many failures of this name or from this network address.
    """
    name = name.strip()
    with throttle.attempt(store, name, address):
        row = store.account_named(name)
        stored = row.password_hash if row is not None and row.disabled_on is None else None
        good = passwords.matches(stored, password)
        if row is None or stored is None or not good:
            raise SignInRefused(
                "The name or the password is wrong.",
                hint="Try again; an admin can make a one-time link with `bucketgraph user reset NAME`.",
            )
    if passwords.outdated(stored):
        store.renew_password(row.id, stored, passwords.hash(password))
    return row


def disable(store: Store, account_id: str) -> AccountRow:
    """Close an account: its sessions and links end at once. Raises Conflict for the last admin, Unknown."""
    return _there(store.set_disabled(account_id, disabled=True))


def enable(store: Store, account_id: str) -> AccountRow:
    """Open a closed account again; raises Unknown."""
    return _there(store.set_disabled(account_id, disabled=False))


def remove(store: Store, account_id: str) -> None:
    """Delete an account with all it kept for itself; what it shared stays. Raises Conflict for the last admin."""
    if not store.remove_account(account_id):
        raise _gone()


def state(row: AccountRow) -> str:
    """Return in one word whether somebody can sign in: active, disabled or invited."""
    if row.disabled_on is not None:
        return "disabled"
    return "active" if row.usable else "invited"


def plain(row: AccountRow) -> dict[str, object]:
    """Return an account as programs get it, without anything secret."""
    return {
        "id": row.id,
        "name": row.name,
        "email": row.email,
        "role": row.role,
        "state": state(row),
        "signsInWith": "provider" if row.oidc_subject else "password" if row.password_hash else None,
        "createdOn": row.created_on,
        "updatedOn": row.updated_on,
        "signedInOn": row.signed_in_on,
        "disabledOn": row.disabled_on,
    }


def _there(row: AccountRow | None) -> AccountRow:
    if row is None:
        raise _gone()
    return row


def _gone() -> Unknown:
    return Unknown("This account is gone.", hint="Load the list again.")
