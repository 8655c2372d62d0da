"""What a run saw of a scope, on its way to the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bucketgraph.graph.entity import SealedRecord


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The records seen in one scope (`repositories/{uuid}`, `pullrequests/{uuid}`, …).

    Only a `whole` snapshot deletes what it does not hold; `keep` names records that must stay although
    they were not listed, because asking for them one by one did not confirm that they are gone.
    `only_if_absent` marks stand-ins that must not overwrite what a better source wrote. `children` are the
    kinds of scopes that belong to each record and go with it: a repository's pull requests.
    """

    scope: str
    records: Mapping[str, SealedRecord]
    whole: bool = False
    keep: frozenset[str] = frozenset()
    only_if_absent: bool = False
    children: tuple[str, ...] = ()


def scope_name(kind: str, owner: str) -> str:
    """Return the name of a scope: the kind of listing and the key of what it belongs to."""
    return f"{kind}/{owner}"
