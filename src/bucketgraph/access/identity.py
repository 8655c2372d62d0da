"""Who an identity provider says somebody is, what that means here, and the account it becomes."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from bucketgraph.access.roles import ROLES, Role, role_of
from bucketgraph.errors import ConfigError, Conflict, SignInRefused
from bucketgraph.settings import Settings
from bucketgraph.store.rows import AccountRow
from bucketgraph.store.store import Store

_UNFIT: Final = re.compile(r"[^A-Za-z0-9_.@+-]+")
_LONGEST_NAME: Final = 90


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody by issuer and subject, which alone say who it is, and what they are here."""

    issuer: str
    subject: str = field(repr=False)
    name: str
    email: str
    role: Role
    mapped: bool
    """Whether the provider's groups gave the role, which then holds at each sign-in."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Who of a provider's people may come in, and as what."""

    roles_claim: str
    role_map: Mapping[str, Role]
    allowed_domains: frozenset[str]
    default_role: Role | None

    @classmethod
    def of(cls, settings: Settings) -> Policy:
        """Read the settings; raises ConfigError for a map that cannot be read."""
        domains = (one.strip().lower().lstrip("@") for one in settings.oidc_allowed_domains.split(","))
        default = settings.oidc_default_role
        return cls(
            settings.oidc_roles_claim,
            read_map(settings.oidc_role_map),
            frozenset(one for one in domains if one),
            None if default == "none" else role_of(default),
        )

    def identity(self, issuer: str, claims: Mapping[str, Any]) -> Identity:
        """Return who claims speak of; raises SignInRefused for whom this policy does not let in."""
        subject = claims.get("sub")
        if not isinstance(subject, str) or not subject:
            raise SignInRefused("The identity provider does not say who you are.", hint=_ASK)
        email = self._email(claims)
        mapped = self._mapped(claims)
        role = mapped or self.default_role
        if role is None:
            raise SignInRefused("You are known, but none of your groups may come in here.", hint=_ASK)
        return Identity(issuer, subject, _name(claims, email), email, role, mapped is not None)

    def _email(self, claims: Mapping[str, Any]) -> str:
        """Return the verified address, or none; raises SignInRefused where it must be of certain domains."""
        told = claims.get("email")
        verified = claims.get("email_verified") in {True, "true"}
        email = told if isinstance(told, str) and verified else ""
        if self.allowed_domains and email.rpartition("@")[2].lower() not in self.allowed_domains:
            raise SignInRefused(
                "Your e-mail address is not verified, or not of a domain that may come in.", hint=_ASK
            )
        return email

    def _mapped(self, claims: Mapping[str, Any]) -> Role | None:
        """Return the highest role that the claim's groups give."""
        told = _claim(claims, self.roles_claim) if self.roles_claim else None
        groups = [told] if isinstance(told, str) else told if isinstance(told, list) else []
        roles = [self.role_map[one] for one in groups if isinstance(one, str) and one in self.role_map]
        return max(roles, key=ROLES.index, default=None)


def read_map(text: str) -> dict[str, Role]:
    """Read `group=role; group=role`; a group's name may hold anything but semicolons. Raises ConfigError."""
    found: dict[str, Role] = {}
    for entry in filter(None, (one.strip() for one in text.split(";"))):
        group, equals, role = entry.rpartition("=")
        if not equals or not group.strip():
            raise ConfigError(
                "BUCKETGRAPH_OIDC_ROLE_MAP cannot be read.",
                hint="Write it as security=admin; developers=viewer.",
            )
        found[group.strip()] = role_of(role.strip())
    return found


def account_of(store: Store, identity: Identity) -> AccountRow:
    """Return the account of an identity, made at its first sign-in, with its groups' role of now.

    An account is found by issuer and subject alone: a name or address that looks like another's opens nothing. The
    last admin stays one. Raises SignInRefused for a closed account.
    """
    found = store.account_of_identity(identity.issuer, identity.subject)
    if found is None:
        return _created(store, identity)
    if found.disabled_on is not None:
        raise SignInRefused(f"The account {found.name!r} is closed.", hint=_ASK)
    if identity.mapped and identity.role != found.role:
        found = _with_role(store, found, identity.role)
    if identity.email and identity.email != found.email:
        found = store.set_email(found.id, identity.email) or found
    return found


def _with_role(store: Store, found: AccountRow, role: Role) -> AccountRow:
    try:
        return store.set_role(found.id, role) or found
    except Conflict:
        return found


def _created(store: Store, identity: Identity) -> AccountRow:
    """Add an account under the first free name, unless another request is doing the same."""
    number, now = 1, store.now()
    while True:
        name = identity.name if number == 1 else f"{identity.name}-{number}"
        row = AccountRow(
            str(uuid.uuid4()), name, identity.email, identity.role, None, identity.issuer, identity.subject, now, now
        )  # fmt: skip
        try:
            store.add_account(row)
        except Conflict:
            if found := store.account_of_identity(identity.issuer, identity.subject):
                return found
            number += 1
        else:
            return row


def _name(claims: Mapping[str, Any], email: str) -> str:
    """Return a name for an account, from what the provider calls somebody."""
    for told in (claims.get("preferred_username"), email.partition("@")[0], claims.get("name"), "user"):
        fit = _UNFIT.sub(".", told).strip("_.@+-")[:_LONGEST_NAME] if isinstance(told, str) else ""
        if fit:
            return fit
    return "user"


def _claim(claims: Mapping[str, Any], path: str) -> Any:
    """Return a claim by its whole name, or by a path of names with dots between."""
    if path in claims:
        return claims[path]
    here: Any = claims
    for name in path.split("."):
        here = here.get(name) if isinstance(here, Mapping) else None
    return here


_ASK: Final = "Ask whoever runs bucketgraph for access."
