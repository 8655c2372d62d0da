"""Plans in words, for people who want to know how a query is answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bucketgraph.graph.values import encode_json
from bucketgraph.j1ql import plan
from bucketgraph.j1ql.known import KnownGraph
from bucketgraph.j1ql.rules.point_hops import ways

_ARROWS: Final = {"any": "—", "right": "→", "left": "←"}
_LONGEST: Final = 4
_OPERATORS: Final = {
    "=": "is",
    "~=": "contains",
    "^=": "starts with",
    "$=": "ends with",
    ">": "is greater than",
    "<": "is less than",
    ">=": "is at least",
    "<=": "is at most",
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a query is answered: read as, planned as, run as.

    `steps` are the plan's lines; `sql` is one statement with `?` for each of `values`; `database` is how the
    database says that it goes about it; `rows` counts the rows of the whole answer.
    """

    query: str
    steps: tuple[str, ...]
    sql: str
    values: tuple[Any, ...]
    database: tuple[str, ...]
    rows: int
    messages: tuple[str, ...] = ()

    def text(self) -> str:
        """Return all of it as a person reads it."""
        values = ", ".join(map(str, map(_shown, self.values)))
        parts = [
            ("Read as", [self.query]),
            ("Plan", self.steps),
            ("SQL", self.sql.splitlines()),
            ("Values", [values] if values else []),
            ("Database", self.database),
            ("Answer", [_counted(self.rows, "row")]),
            ("Warnings", self.messages),
        ]
        return "\n\n".join(
            "\n".join([title, *(f"  {line}" for line in lines)]) for title, lines in parts if lines
        )

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as a program gets it."""
        return {
            "query": self.query,
            "plan": list(self.steps),
            "sql": self.sql,
            "values": list(self.values),
            "database": list(self.database),
            "rows": self.rows,
            "messages": list(self.messages),
        }


def steps_of(branches: Sequence[plan.Plan], known: KnownGraph) -> tuple[str, ...]:
    """Return the lines that tell of the branches of a plan."""
    lines: list[str] = []
    for number, one in enumerate(branches, 1):
        if len(branches) > 1:
            lines.append(f"way {number} of {len(branches)}:")
        lines += _Teller(one, known).lines()
    return tuple(lines)


@dataclass(frozen=True, slots=True)
class _Teller:
    made: plan.Plan
    known: KnownGraph

    def lines(self) -> Iterator[str]:
        """Tell a branch."""
        start = self.made.start
        size = self.known.count(self.made.slots[start.slot].types)
        yield f"look at {self._entity(start.slot)} (about {size:,}){self._where(start.filter)}"
        for step in self.made.steps:
            yield from self._step(step, "")
        if self.made.where != plan.TRUE:
            yield f"keep rows where {self.predicate(self.made.where)}"
        yield from self._output()

    def _step(self, step: plan.Step, indent: str) -> Iterator[str]:
        if isinstance(step, plan.Expand):
            yield f"{indent}{self._hop(step)}"
            return
        yield f"{indent}{self._head(step)}:"
        for inner in step.steps:
            yield from self._step(inner, f"{indent}  ")

    def _head(self, step: plan.Absent | plan.Present | plan.Maybe) -> str:
        match step:
            case plan.Absent(_, _, int(back_to)):
                return f"keep rows without a way back to {self._name(back_to)}"
            case plan.Absent():
                return "keep rows without"
            case plan.Present():
                return "keep rows with"
            case plan.Maybe():
                return "if there is any, add"

    def _hop(self, step: plan.Expand) -> str:
        along, against = ways(step, self.made.slots, self.known)
        count = sum(one.count for one in (*along, *against))
        verbs = sorted({one.verb for one in (*along, *against)}) or ["no such relationship"]
        arrow = _ARROWS[step.direction]
        source, target = self._name(step.source), self._entity(step.target)
        return f"{source} {arrow} {_some(verbs)} {arrow} {target} (about {count:,}){self._where(step.filter)}"

    def _output(self) -> Iterator[str]:
        output = self.made.output
        if isinstance(output, plan.TableOutput):
            verb = "group into" if output.grouped else "return"
            once = ", each row once" if self.made.unique else ""
            yield f"{verb} {', '.join(one.name for one in output.columns)}{self._having(output)}{once}"
        elif isinstance(output, plan.TreeOutput):
            yield "return everything on the way as a tree"
        else:
            yield f"list {', '.join(self._name(slot) for slot in output.slots)}, each once"
        if self.made.order:
            yield "sort by " + ", ".join(
                self.expression(one.expression) + (" descending" if one.descending else "")
                for one in self.made.order
            )
        if self.made.skip:
            yield f"leave out the first {self.made.skip:,}"
        if self.made.limit is not None:
            yield f"stop after {self.made.limit:,}"

    def _having(self, output: plan.TableOutput) -> str:
        return "" if output.having == plan.TRUE else f", keep those where {self.predicate(output.having)}"

    def _where(self, wanted: plan.Predicate) -> str:
        return "" if wanted == plan.TRUE else f" where {self.predicate(wanted)}"

    def _name(self, slot: int) -> str:
        one = self.made.slots[slot]
        return one.name or f"{one.kind} {slot}"

    def _entity(self, slot: int) -> str:
        one = self.made.slots[slot]
        names = sorted({kind.name for kind in self.known.chosen(one.types)})
        kinds = "anything" if one.types is None else _some(names) or "nothing"
        return kinds if one.name in {"", kinds} else f"{kinds} as {one.name}"

    def predicate(self, node: plan.Predicate) -> str:
        """Return a predicate in words."""
        match node:
            case plan.And(items):
                return " and ".join(self._nested(one) for one in items)
            case plan.Or(items):
                return " or ".join(self._nested(one) for one in items)
            case plan.Not(item):
                return f"not ({self.predicate(item)})"
            case plan.Compare(left, op, right):
                return f"{self.expression(left)} {_OPERATORS[op]} {self.expression(right)}"
            case _:
                return self._leaf(node)

    def _leaf(self, node: plan.Predicate) -> str:
        match node:
            case plan.Defined(item):
                return f"{self.expression(item)} is there"
            case plan.Matches(item, pattern, flags):
                return f"{self.expression(item)} matches /{pattern}/{flags}"
            case plan.HasWords(slot, words):
                return f"{self._name(slot)} holds the words {', '.join(words)}"
            case plan.OfType(slot, types):
                names = sorted({one.name for one in self.known.chosen(types)})
                return f"{self._name(slot)} is a {_some(names) or 'nothing'}"
        return "always" if node == plan.TRUE else "never"

    def _nested(self, node: plan.Predicate) -> str:
        told = self.predicate(node)
        return f"({told})" if isinstance(node, plan.And | plan.Or) else told

    def expression(self, node: plan.Expression) -> str:
        """Return an expression in words."""
        match node:
            case plan.Const(value):
                return encode_json(value)
            case plan.Prop(slot, name):
                return f"{self._name(slot)}.{name}"
            case plan.Whole(slot):
                return self._name(slot)
            case plan.Arithmetic(op, left, right):
                return f"({self.expression(left)} {op} {self.expression(right)})"
            case _:
                return self._call(node)

    def _call(self, node: plan.Expression) -> str:
        match node:
            case plan.Function(name, args):
                return f"{name}({', '.join(map(self.expression, args))})"
            case plan.Aggregate(name, argument):
                return f"{name}({self.expression(argument)})"
            case plan.Column(index) if isinstance(self.made.output, plan.TableOutput):
                return self.made.output.columns[index].name
        return "nothing"


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_LONGEST])
    return shown if len(names) <= _LONGEST else f"{shown} and {len(names) - _LONGEST} more"


def _shown(value: Any) -> Any:
    return encode_json(value) if isinstance(value, str) else value


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
