"""The syntax tree of a query: frozen nodes that remember where they were written.

Two trees are equal when they mean the same text; spans play no part in that. `None` stands for what the
author left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Final, NamedTuple, TypeAlias
from typing import Literal as OneOf


class Span(NamedTuple):
    """Offsets into the query text: `start` included, `end` not."""

    start: int
    end: int


NOWHERE: Final = Span(0, 0)


@dataclass(frozen=True, slots=True)
class Node:
    """Anything that was written in a query."""

    span: Span = field(default=NOWHERE, compare=False, repr=False, kw_only=True)


# ---------------------------------------------------------------------------------------- expressions


@dataclass(frozen=True, slots=True, eq=False)
class Literal(Node):
    """A string, number or boolean. `1`, `1.0` and `true` are three different literals."""

    value: str | int | float | bool

    def __eq__(self, other: object) -> bool:
        """Compare value and type, because Python takes `1 == True`."""
        if not isinstance(other, Literal):
            return NotImplemented
        return type(self.value) is type(other.value) and self.value == other.value

    def __hash__(self) -> int:
        """Hash what `==` compares."""
        return hash((type(self.value), self.value))


@dataclass(frozen=True, slots=True)
class Undefined(Node):
    """The word `undefined`: no such property."""


@dataclass(frozen=True, slots=True)
class Regex(Node):
    """`/pattern/flags`. The pattern is as written; flags are a sorted choice of `i`, `m` and `s`."""

    pattern: str
    flags: str = ""


@dataclass(frozen=True, slots=True)
class DateNow(Node):
    """`date.now`: the moment of asking, which the caller fixes."""


@dataclass(frozen=True, slots=True)
class DateLiteral(Node):
    """`date(2026-11-23)`: its text, and what it means in epoch milliseconds."""

    text: str
    ms: int


@dataclass(frozen=True, slots=True)
class Duration(Node):
    """`30 days`: always one side of a plus or minus.

    The unit is a key of `dates.FIXED_UNITS` or `dates.CALENDAR_UNITS`; calendar units come in whole numbers.
    """

    amount: int | float
    unit: str


@dataclass(frozen=True, slots=True)
class Path(Node):
    """`alias.property`, `property` or, with `star`, `alias.*`. Which it is depends on the clause.

    A bracketed name is one segment, dots included: a path stands for one flat key.
    """

    segments: tuple[str, ...]
    star: bool = False


@dataclass(frozen=True, slots=True)
class Parameter(Node):
    """`${name}`: a variable of the request or, as `param.name`, a stored parameter."""

    name: str


@dataclass(frozen=True, slots=True)
class Placeholder(Node):
    """`{{name}}`: to be filled before the query can run."""

    name: str


@dataclass(frozen=True, slots=True)
class Negate(Node):
    """A minus in front of anything but a number (that one is a negative `Literal`)."""

    operand: Expression


@dataclass(frozen=True, slots=True)
class Arithmetic(Node):
    """Two operands joined by one of `+ - * / ^`; all five join to the left."""

    op: OneOf["+", "-", "*", "/", "^"]
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A function or aggregate of `functions.FUNCTIONS`, by its name in upper case."""

    name: str
    args: tuple[Expression, ...]


Expression: TypeAlias = (
    Literal
    | Undefined
    | DateNow
    | DateLiteral
    | Duration
    | Path
    | Parameter
    | Placeholder
    | Negate
    | Arithmetic
    | Call
)

# ----------------------------------------------------------------------------------------- conditions


@dataclass(frozen=True, slots=True)
class ValueList(Node):
    """`("a" OR "b")` behind an operator; a comma is an OR, and a list of one is its member alone."""

    op: OneOf["AND", "OR"]
    items: tuple[Value, ...]


Value: TypeAlias = Expression | Regex | ValueList


@dataclass(frozen=True, slots=True)
class Compare(Node):
    """One comparison by an operator of `operators.OPERATORS`."""

    left: Expression
    op: str
    right: Value


@dataclass(frozen=True, slots=True)
class And(Node):
    """Two or more conditions that must all hold."""

    items: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or(Node):
    """Two or more conditions of which one must hold."""

    items: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not(Node):
    """`NOT (…)` or `!(…)`."""

    item: Condition


Condition: TypeAlias = Compare | And | Or | Not

# ------------------------------------------------------------------------------- selectors and hops


@dataclass(frozen=True, slots=True)
class Member(Node):
    """One name of a selector: a class, a type, a smart class (`#Name`) or a placeholder for one."""

    kind: OneOf["class", "type", "smart", "placeholder"]
    name: str


@dataclass(frozen=True, slots=True)
class Selector(Node):
    """What to find: entities of any of the members, or holding the words of `full_text`, or any at all.

    They must belong to all `smart_classes` and meet the condition. At most one of `members` and `full_text`
    is given.
    """

    members: tuple[Member, ...] = ()
    full_text: str | None = None
    smart_classes: tuple[str, ...] = ()
    condition: Condition | None = None
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class Hop(Node):
    """`THAT …`: from the entity at the left over a relationship to the target.

    `verbs` are in upper case; None is `RELATES TO`, any verb. `condition` filters the relationship.
    """

    verbs: tuple[str, ...] | None
    target: Selector
    negated: bool = False
    direction: OneOf["any", "right", "left"] = "any"
    alias: str | None = None
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class Optional(Node):
    """`(THAT …)?`. An alias behind the group names what is at the left and what it reached."""

    steps: tuple[Step, ...]
    alias: str | None = None


Step: TypeAlias = Hop | Optional

# ---------------------------------------------------------------------------------------------- query


@dataclass(frozen=True, slots=True)
class ReturnItem(Node):
    """One column. Without an alias its `text`, as the author wrote it, names it; with one, `text` is empty."""

    expression: Expression
    alias: str | None = None
    text: str = ""

    @property
    def name(self) -> str:
        """The name of the column."""
        return self.text if self.alias is None else self.alias


@dataclass(frozen=True, slots=True)
class Tree(Node):
    """`RETURN TREE`: the graph of all that matched."""


@dataclass(frozen=True, slots=True)
class OrderKey(Node):
    """One key of ORDER BY. A string literal is the name of a column."""

    expression: Expression
    descending: bool = False


Count: TypeAlias = int | Parameter | Placeholder


@dataclass(frozen=True, slots=True)
class Query(Node):
    """A whole query; `returns` None gives the list of what was found."""

    start: Selector
    unique: bool = False
    steps: tuple[Step, ...] = ()
    where: Condition | None = None
    returns: Tree | tuple[ReturnItem, ...] | None = None
    having: Condition | None = None
    order: tuple[OrderKey, ...] = ()
    skip: Count | None = None
    limit: Count | None = None


def walk(node: Node) -> Iterator[Node]:
    """Yield the node and everything below it, parents first."""
    stack = [node]
    while stack:
        one = stack.pop()
        yield one
        stack.extend(reversed(list(_children(one))))


def _children(node: Node) -> Iterator[Node]:
    for one in fields(node):
        value = getattr(node, one.name)
        for inner in value if isinstance(value, tuple) else (value,):
            if isinstance(inner, Node):
                yield inner
