"""What a token may do: three roles, each of which may do all that the one before may."""

from __future__ import annotations

from typing import Final, Literal, get_args

from bucketgraph.errors import ConfigError

Role = Literal["viewer", "editor", "admin"]
"""A viewer reads and asks. An editor also runs, cancels, and changes people and parameters. An admin does everything
else: integrations with their credentials, tokens, secrets, backups, removal."""

ROLES: Final[tuple[Role, ...]] = get_args(Role)


def allows(has: Role, needed: Role) -> bool:
    """Tell whether a role suffices where another one is needed."""
    return ROLES.index(has) >= ROLES.index(needed)


def role_of(text: str) -> Role:
    """Read a role; raises ConfigError for what is none."""
    for role in ROLES:
        if role == text:
            return role
    raise ConfigError(f"{text!r} is no role.", hint=f"The roles are {', '.join(ROLES)}.")
