"""What resolving a query needs to know and gathers: the graph's names, the caller's values, slots, messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from bucketgraph.errors import QueryError
from bucketgraph.j1ql import diagnostics
from bucketgraph.j1ql.known import NOTHING, Kinds, KnownGraph
from bucketgraph.j1ql.names import Names
from bucketgraph.j1ql.plan import Slot
from bucketgraph.j1ql.results import Parameter
from bucketgraph.j1ql.syntax import Parameter as ParameterNode
from bucketgraph.j1ql.syntax import Placeholder, Span

_STORED: Final = "param."


@dataclass(slots=True)
class Context:
    """One resolution. `now` is what `date.now` means, in epoch ms; `messages` are warnings for a person."""

    text: str
    known: KnownGraph
    variables: Mapping[str, Parameter]
    parameters: Mapping[str, Parameter]
    now: int
    slots: list[Slot] = field(default_factory=list)
    names: Names = field(default_factory=Names)
    messages: list[str] = field(default_factory=list)

    def add(self, slot: Slot) -> int:
        """Take in a slot and return its number."""
        self.slots.append(slot)
        return len(self.slots) - 1

    def warn(self, message: str) -> None:
        """Keep a warning, once."""
        if message not in self.messages:
            self.messages.append(message)

    def warn_unknown(self, what: str, name: str, known: Iterable[str]) -> None:
        """Warn of a name that nothing in the graph bears, and offer those that look like it."""
        near = diagnostics.closest(name, sorted(known))
        meant = f' Did you mean "{near[0]}"?' if near else ""
        self.warn(f'Nothing in the graph has the {what} "{name}".{meant}')

    def kinds(self, slot: int, name: str) -> Kinds:
        """Return the kinds that a property of what a slot holds was seen with."""
        one = self.slots[slot]
        if one.kind == "edge":
            return self.known.edge_kinds(one.verbs, name)
        if one.kind == "either":
            return frozenset(kind for inner in one.of for kind in self.kinds(inner, name))
        return self.known.kinds(one.types, name)

    def warn_property(self, slot: int, name: str) -> None:
        """Warn when nothing that the slot can hold was ever seen with the property."""
        one = self.slots[slot]
        if one.types == frozenset() or self.kinds(slot, name) != NOTHING:
            return
        if one.kind == "edge":
            edges = self.known.between(None, one.verbs, None)
            seen = {name for edge in edges for name in edge.properties}
        else:
            seen = {name for known in self.known.chosen(one.types) for name in known.properties}
        if self.known.types:
            self.warn_unknown("property", name, seen)

    def value(self, node: ParameterNode) -> Parameter:
        """Return what the caller gave for a `${name}`. Raises `QueryError`, which repeats no value."""
        stored = node.name.startswith(_STORED)
        given = self.parameters if stored else self.variables
        name = node.name.removeprefix(_STORED) if stored else node.name
        if name in given:
            return given[name]
        what = "stored parameter" if stored else "variable"
        near = diagnostics.closest(name, given)
        hint = (
            "Stored parameters are written ${param.name}." if not stored and name in self.parameters else ""
        )
        return self._refuse(node.span, f'There is no {what} "{name}"', near, hint)

    def unfilled(self, node: Placeholder, span: Span) -> QueryError:
        """Return the error for a `{{name}}` that nobody filled."""
        return diagnostics.placed(
            self.text,
            span,
            f'The placeholder "{{{{{node.name}}}}}" is not filled',
            hint="Placeholders are filled when a saved question is run; in a query use ${name}.",
        )

    def fail(self, span: Span, message: str, *, hint: str = "") -> QueryError:
        """Return an error about some span."""
        return diagnostics.placed(self.text, span, message, hint=hint)

    def _refuse(self, span: Span, message: str, near: tuple[str, ...], hint: str) -> Parameter:
        if near:
            message += f'. Did you mean "{near[0]}"?'
        raise diagnostics.placed(self.text, span, message, suggestions=near, hint=hint)
