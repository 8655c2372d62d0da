"""The names of a query: which slot an alias, a class, a type or a verb stands for in WHERE, RETURN, ORDER BY.

A declared alias beats a default name. By default an entity is named by its one class or type and a
relationship by its one verb, in any letter case. Of several things with one name the first keeps it.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Names:
    """Names with the numbers of their slots, in the order of the query."""

    _declared: dict[str, int] = field(default_factory=dict)
    _default: dict[str, int] = field(default_factory=dict)
    _verbs: dict[str, int] = field(default_factory=dict)
    _negated: dict[str, int] = field(default_factory=dict)
    _negated_verbs: dict[str, int] = field(default_factory=dict)

    def declare(self, alias: str, slot: int) -> bool:
        """Give a slot the name that the author chose; tell whether it was free."""
        return self._declared.setdefault(alias, slot) == slot

    def entity(self, name: str, slot: int, *, bound: bool) -> None:
        """Give a slot the name of its class or type; one in a negation has it only if no other wants it."""
        (self._default if bound else self._negated).setdefault(name, slot)

    def verb(self, name: str, slot: int, *, bound: bool) -> None:
        """Give a relationship the name of its verb, which is in upper case; a negated one only if no other wants it."""
        (self._verbs if bound else self._negated_verbs).setdefault(name, slot)

    def find(self, name: str) -> int | None:
        """Return the slot that a name stands for."""
        for names, wanted in (
            (self._declared, name),
            (self._default, name),
            (self._verbs, name.upper()),
            (self._negated, name),
            (self._negated_verbs, name.upper()),
        ):
            if wanted in names:
                return names[wanted]
        return None

    def valid(self) -> tuple[str, ...]:
        """Return the names that can be used, as they are offered after a wrong one."""
        shown = {**self._verbs, **self._default, **self._declared}
        return tuple(sorted(shown, key=lambda name: (shown[name], name)))
