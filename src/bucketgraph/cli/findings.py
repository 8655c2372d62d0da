"""What stands out in a collected graph, for the demo: plain counts over entities.

Judging reviews for an auditor is the evidence room's work; this only shows that the facts are there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from bucketgraph.graph.values import Value

Facts = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Finding:
    """A sentence, how many it is true of, and one example's name."""

    sentence: str
    number: int
    example: str


def findings(
    pulls: Iterable[Facts], users: Mapping[str, Facts], repositories: Iterable[Facts]
) -> list[Finding]:
    """Count what an auditor would look at first; `users` by key, the others as properties."""
    merged = [pull for pull in pulls if pull.get("merged")]
    left = {
        key for key, user in users.items() if not user.get("member") and user.get("accountType") == "user"
    }
    bots = {key for key, user in users.items() if user.get("accountType") == "app_user"}
    checks: tuple[tuple[str, Callable[[Facts], bool]], ...] = (
        ("pull requests were merged without any approval", lambda p: not _keys(p, "approverIds")),
        (
            "were approved by nobody but their author",
            lambda p: _keys(p, "approverIds") == {p.get("authorId")},
        ),
        ("were approved only by people who have left", lambda p: _only(_keys(p, "approverIds"), left)),
        ("were merged while somebody asked for changes", lambda p: bool(_keys(p, "changesRequestedByIds"))),
        ("were merged by a bot", lambda p: p.get("mergedById") in bots),
    )
    found = [_count(sentence, merged, test) for sentence, test in checks]
    found.append(_count("public repositories", list(repositories), lambda r: r.get("public") is True))
    return found


def _keys(facts: Facts, name: str) -> set[str]:
    value = facts.get(name)
    return set(value) if isinstance(value, list) else set()


def _only(keys: set[str], among: set[str]) -> bool:
    return bool(keys) and keys <= among


def _count(sentence: str, items: list[Facts], test: Callable[[Facts], bool]) -> Finding:
    hits = [item for item in items if test(item)]
    return Finding(sentence, len(hits), str(hits[0]["displayName"]) if hits else "")
