"""Questions about a story's graph, for Hypothesis: J1QL texts that use the whole language and mostly find something.

A question follows a walk through the graph as it is at last, and takes its values from the things it meets.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from hypothesis import strategies as st
from j1ql.graphs import DAY, ENTITY_PROPERTIES, FIRST_MOMENT, TYPES, VERBS, Link, Moment, Story
from j1ql.question_conditions import ENTITY_NAMES, Choose, condition, property_path
from j1ql.question_returns import output

from bucketgraph.graph.values import Properties

_CLASSES: Final = sorted({one for classes in TYPES.values() for one in classes})
_HOPS: Final = 4


@dataclass
class Named:
    """Something of the question that WHERE and RETURN can name, and a thing of the graph like it."""

    name: str
    kind: str
    sample: Properties


@dataclass
class _Writer:
    """Writes one question. `names` gathers what can be named; `hops` is how many more may be walked."""

    choose: Choose
    moment: Moment
    names: list[Named] = field(default_factory=list)
    hops: int = _HOPS
    used: set[str] = field(default_factory=set)
    walked: set[Link] = field(default_factory=set)

    # selectors -----------------------------------------------------------------------------------

    def selector(self, key: str, *, bound: bool = True) -> str:
        """Write a selector that mostly fits an entity."""
        kind, properties = self.moment.nodes[key]
        text, default = self._core(kind, properties)
        if self.choose.chance(4):
            text += f" WITH {condition(self.choose, [('', 'entity', self._sample(key))])}"
        alias = self._alias() if self.choose.chance(2) or not default else None
        if alias:
            text += f" AS {alias}"
        name = alias or default
        if bound and name and name not in self.used:
            self.names.append(Named(name, "entity", self._sample(key)))
        if name:
            self.used.add(name)
        return text

    def _core(self, kind: str, properties: Properties) -> tuple[str, str]:
        """Return the core of a selector, and its default name."""
        fits = [kind, *TYPES[kind]]
        one, other = self.choose.one(fits), self.choose.one([*TYPES, *_CLASSES])
        smart = self.choose.one(["#Gold", "#Silver", "#Production", "#CriticalAsset"])
        plain = [(one, one)] * 6 + [("*", ""), ("*", ""), (other, other), (f"({one})", one)]
        unions = [(f"({one}|{other})", ""), (f"({other} | {one})", ""), (f"({smart}|{one})", "")]
        rare = [(smart, ""), (f"{smart} {one}", one), (self._full_text(kind, properties), "")]
        return self.choose.one([*plain, *unions, *rare])

    def _full_text(self, kind: str, properties: Properties) -> str:
        texts = [value for value in properties.values() if isinstance(value, str)]
        words = [kind, *kind.split("_"), "api", "bob", "HTTP", "nobody"]
        found = self.choose.one([*texts, *words]).replace("\n", " ").replace("\\", " ").replace('"', " ")
        return f'"{found}"'

    def _sample(self, key: str) -> Properties:
        kind, properties = self.moment.nodes[key]
        times = {"_createdOn": FIRST_MOMENT, "_beginOn": FIRST_MOMENT + DAY, "_version": 1, "_deleted": False}
        return {"_type": kind, "_class": list(TYPES[kind]), "_key": key, **times, **properties}

    def _alias(self) -> str:
        free = [
            name
            for name in ("a", "b", "c", "d", "e", "one", "Two", "user", "r1", "r2")
            if name not in self.used
        ]
        return self.choose.one(free[:4]) if free else f"x{len(self.used)}"

    # hops ----------------------------------------------------------------------------------------

    def steps(self, key: str, *, bound: bool = True, depth: int = 0) -> Iterator[str]:
        """Write hops and groups from an entity onwards."""
        while self._can_go_on(key) and (self.choose.chance(4) if depth else not self.choose.chance(3)):
            if self.choose.chance(3) and depth < 2:
                text, key = self._group(key, bound=bound, depth=depth)
                yield text
            else:
                negated = self.choose.chance(6)
                bound = bound and not negated
                text, key = self._hop(key, negated=negated, bound=bound)
                yield text

    def _can_go_on(self, key: str) -> bool:
        return self.hops > 0 and (bool(self._open(key)) or self.choose.chance(10))

    def _open(self, key: str) -> list[Link]:
        return [link for link in self.moment.links if key in link[1:] and link not in self.walked]

    def _group(self, key: str, *, bound: bool, depth: int) -> tuple[str, str]:
        before = self._sample(key)
        first, reached = self._hop(key, negated=self.choose.chance(10), bound=bound)
        inside = " ".join(
            [first, *self.steps(reached, bound=bound and "THAT !" not in first, depth=depth + 1)]
        )
        text = f"({inside})?"
        if self.choose.chance(3):
            alias = self._alias()
            self.used.add(alias)
            text += f" AS {alias}"
            if bound:
                self.names.append(Named(alias, "entity", self.choose.one([before, self._sample(reached)])))
        return text, self.choose.one([key, reached])

    def _hop(self, key: str, *, negated: bool, bound: bool) -> tuple[str, str]:
        self.hops -= 1
        link, reached = self._edge(key)
        verb, direction = self._verbs(link), ""
        if self.choose.chance(3):
            along = link is None or link[1] == key
            direction = (
                (">>" if along else "<<") if not self.choose.chance(6) else self.choose.one([">>", "<<"])
            )
        said = {} if link is None else self.moment.links[link]
        sample = {
            "_class": link[0] if link else "HAS",
            "displayName": link[0] if link else "HAS",
            "_version": 1,
            **said,
        }
        words = ["THAT", f"{'!' if negated else ''}{verb}", direction]
        words.append(self._edge_alias(verb, sample, bound=bound))
        if self.choose.chance(8):
            words.append(f"WITH ({condition(self.choose, [('', 'edge', sample)])})")
        words.append(self.selector(reached, bound=bound))
        return " ".join(filter(None, words)), reached

    def _edge(self, key: str) -> tuple[Link | None, str]:
        """Choose an edge of an entity, and the entity at its other end."""
        links = self._open(key)
        if not links or self.choose.chance(12):
            return None, self.choose.one(sorted(self.moment.nodes))
        link = self.choose.one(links)
        self.walked.add(link)
        return link, link[2] if link[1] == key else link[1]

    def _verbs(self, link: Link | None) -> str:
        verb = link[0] if link else self.choose.one(VERBS)
        how = self.choose.number(0, 7)
        if how < 4:
            return self.choose.one([verb, verb.lower()])
        if how == 4:
            return f"({verb}|{self.choose.one(VERBS)})"
        return "RELATES TO" if how < 7 else f"{verb} TO"

    def _edge_alias(self, verb: str, sample: Properties, *, bound: bool) -> str:
        default = (
            verb.removesuffix(" TO").upper() if verb[0] != "(" and not verb.startswith("RELATES") else ""
        )
        if not self.choose.chance(3):
            if bound and default and default not in self.used:
                self.names.append(Named(self.choose.one([default, default.lower()]), "edge", sample))
            self.used.add(default)
            return ""
        alias = self._alias()
        self.used.add(alias)
        if bound:
            self.names.append(Named(alias, "edge", sample))
        return f"AS {alias}"


@st.composite
def queries(draw: st.DrawFn, story: Story) -> str:
    """Draw a question about a story's graph."""
    moment = next(one for one in reversed(story.moments) if one.nodes or one is story.moments[0])
    writer = _Writer(Choose(draw), moment)
    key = writer.choose.one(sorted(moment.nodes))
    first = writer.selector(key)
    body = " ".join(["FIND", *(["UNIQUE"] if writer.choose.chance(4) else []), first, *writer.steps(key)])
    things = [(one.name, one.kind, one.sample) for one in writer.names]
    if things and writer.choose.chance(3):
        body += f" WHERE {condition(writer.choose, things)}"
    return body + output(writer.choose, things)


@st.composite
def moments(draw: st.DrawFn, story: Story) -> tuple[int | None, bool]:
    """Draw when to ask (None: now), and whether deleted things count."""
    times: list[Any] = [None, None, None, *story.times, story.times[0] - 1, story.times[-1] + DAY // 2]
    return draw(st.sampled_from(times)), draw(st.booleans())


__all__ = ["ENTITY_NAMES", "ENTITY_PROPERTIES", "moments", "property_path", "queries"]
