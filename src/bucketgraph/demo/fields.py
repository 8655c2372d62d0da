"""Partial responses: which properties of an answer are wanted, and the making of only those.

A *shape* lists the properties of a kind of object: those it shows by default and those shown
only on demand. A *selection* is the parsed ``fields`` parameter. Projecting builds nothing that
the selection drops, which is what keeps restricted pages cheap.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Build = Callable[[Any], object]

OMIT: Final = object()
"""What a property answers when it is missing from this object altogether."""


class Shape:
    """The properties of a kind of object, in order of appearance."""

    def __init__(
        self,
        default: Mapping[str, Build],
        on_demand: Mapping[str, Build] | None = None,
        *,
        shared: bool = False,
    ) -> None:
        """Show ``default`` always and ``on_demand`` only when asked for by name or ``*``.

        ``shared``: the same object usually occurs many times in one answer, so that its data is
        worth remembering while the answer is made.
        """
        self.default = dict(default)
        self.every = {**default, **(on_demand or {})}
        self.shared = shared


@dataclass(slots=True, frozen=True)
class Thing:
    """An object of the model seen through a shape."""

    shape: Shape
    subject: Any


@dataclass(slots=True, eq=False)
class Selection:
    """A node of the parsed ``fields``: what is wanted of the object reached by some path.

    ``whole``: all its default properties. ``inherits``: so only if the object itself is there by
    default (the path of an addition or of a removal). ``dropped``: not at all.
    """

    whole: bool = False
    inherits: bool = False
    dropped: bool = False
    children: dict[str, Selection] = field(default_factory=dict)
    plans: dict[tuple[Shape, bool], list[tuple[str, Build, Selection, bool]]] = field(
        default_factory=dict,
    )

    def child(self, name: str) -> Selection:
        """Return the child of this name, made if there is none."""
        return self.children.setdefault(name, Selection())


_DEFAULT: Final = Selection(inherits=True)


@lru_cache(maxsize=512)
def parse_fields(text: str) -> Selection:
    """Parse the ``fields`` parameter; an empty one selects the defaults."""
    items = [item.strip() for item in text.split(",") if item.strip()]
    root = Selection(inherits=True)
    root.whole = not any(item[0] not in "+-" for item in items)
    for item in items:
        _add(root, item[0] if item[0] in "+-" else "", item.lstrip("+-").split("."))
    return root


def _add(root: Selection, sign: str, path: list[str]) -> None:
    node = root
    for name in path:
        node = node.child(name)
        node.inherits = node.inherits or bool(sign)
    if sign == "-":
        node.dropped = True
    else:
        node.whole = True


class Projector:
    """Turns things into plain data for one answer, sharing what occurs in it several times."""

    def __init__(self) -> None:
        """Start with nothing made."""
        self._made: dict[tuple[Shape, Any, Selection, bool], object] = {}

    def project(self, value: object, selection: Selection, *, whole: bool) -> object:
        """Build the wanted parts of a value; ``whole`` when its defaults are wanted too."""
        if type(value) is Thing:
            return self._thing(value, selection, whole)
        if isinstance(value, list):
            return [self.project(item, selection, whole=whole) for item in value]
        if isinstance(value, dict) and (selection.children or not whole):
            return self._mapping(value, selection, whole)
        return value

    def _thing(self, thing: Thing, selection: Selection, whole: bool) -> object:  # noqa: FBT001
        if not thing.shape.shared:
            return self._build(thing, selection, whole)
        key = (thing.shape, thing.subject, selection, whole)
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = self._build(thing, selection, whole)
        return made

    def _build(self, thing: Thing, selection: Selection, whole: bool) -> object:  # noqa: FBT001
        plan = selection.plans.get((thing.shape, whole))
        if plan is None:
            plan = selection.plans[thing.shape, whole] = _plan(thing.shape, selection, whole)
        subject = thing.subject
        built: dict[str, object] = {}
        for name, build, chosen, full in plan:
            value = build(subject)
            if type(value) is Thing:
                built[name] = self._thing(value, chosen, full)
            elif isinstance(value, (list, dict)):
                built[name] = self.project(value, chosen, whole=full)
            elif value is None or (full and value is not OMIT):
                built[name] = value
        return built

    def _mapping(
        self,
        value: dict[str, object],
        selection: Selection,
        whole: bool,  # noqa: FBT001
    ) -> dict[str, object]:
        chosen = ((name, _choose(selection, name, by_default=whole)) for name in value)
        return {
            name: self.project(value[name], pair[0], whole=pair[1])
            for name, pair in chosen
            if pair is not None
        }


def _plan(
    shape: Shape,
    selection: Selection,
    whole: bool,  # noqa: FBT001
) -> list[tuple[str, Build, Selection, bool]]:
    planned: list[tuple[str, Build, Selection, bool]] = []
    for name, build in shape.every.items():
        pair = _choose(selection, name, by_default=whole and name in shape.default)
        if pair is not None:
            planned.append((name, build, *pair))
    return planned


def _choose(
    selection: Selection,
    name: str,
    *,
    by_default: bool,
) -> tuple[Selection, bool] | None:
    node = selection.children.get(name) or selection.children.get("*")
    if node is None:
        return (_DEFAULT, True) if by_default else None
    if node.dropped:
        return None
    whole = node.whole or (node.inherits and by_default)
    if not whole and not _asks(node):
        return None
    return node, whole


def _asks(node: Selection) -> bool:
    return node.whole or any(_asks(child) for child in node.children.values())


def select(thing: Thing, fields: str) -> object:
    """Build what the ``fields`` parameter leaves of a thing."""
    selection = parse_fields(fields)
    return Projector().project(thing, selection, whole=selection.whole)
