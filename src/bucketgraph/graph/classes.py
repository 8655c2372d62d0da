"""JupiterOne's data-model classes we use, and the properties each requires.

Source: the `@jupiterone/data-model` schemas, 0.64. Where a class requires a property that Bitbucket does
not know (an e-mail address), JupiterOne allows null; in our graph a missing fact is a missing key, so
only what can never be null is listed.
"""

from __future__ import annotations

from collections.abc import Mapping

_ENTITY = frozenset({"name", "displayName"})

REQUIRED: Mapping[str, frozenset[str]] = {
    "Account": _ENTITY | {"vendor"},
    "Project": _ENTITY,
    "CodeRepo": _ENTITY,
    "User": _ENTITY,
    "Person": _ENTITY,
    "Review": _ENTITY | {"title"},
    "PR": _ENTITY | {"title", "state", "source", "target", "repository"},
}
