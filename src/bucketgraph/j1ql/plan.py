"""The logical plan of a query: what to match, in terms of numbered slots, and what to make of the matches.

`resolve` writes it from a syntax tree, the rules rewrite it, the store lowers it to SQL, and the oracle runs
it as it stands. A plan holds no names that need looking up and no text that needs reading: parameters and
dates are values, negated operators are `Not`, value lists are `And` and `Or`.

**Rows.** A row binds slots: an entity or a relationship to each, or nothing. Two rows that bind the same are
one. A row never holds the same relationship in two slots. Rows come in the order of their slots: by the ids
of the first slot, then of the second; an unbound slot comes last.

**Optional groups** are tried both ways, skipped and taken. A row that skips is dropped when another row
agrees with it in every slot that it binds, and binds more; only then `where` is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from bucketgraph.graph.values import Scalar

Direction: TypeAlias = Literal["any", "right", "left"]
Sign: TypeAlias = Literal["+", "-", "*", "/", "^"]
Comparison: TypeAlias = Literal["=", "~=", "^=", "$=", ">", "<", ">=", "<="]
FunctionName: TypeAlias = Literal[
    "CONCAT", "MERGE", "COALESCE", "ABS", "SQRT", "CEIL", "FLOOR", "ROUND", "SHIFT"
]
AggregateName: TypeAlias = Literal["COUNT", "MIN", "MAX", "AVG", "SUM"]

# ---------------------------------------------------------------------------------------- expressions


@dataclass(frozen=True, slots=True, eq=False)
class Const:
    """A value that the query gives. `1` and `true` are two."""

    value: Scalar

    def __eq__(self, other: object) -> bool:
        """Compare value and type, because Python takes `1 == True`."""
        if not isinstance(other, Const):
            return NotImplemented
        return type(self.value) is type(other.value) and self.value == other.value

    def __hash__(self) -> int:
        """Hash what `==` compares."""
        return hash((type(self.value), self.value))


@dataclass(frozen=True, slots=True)
class Nothing:
    """No value: what is missing everywhere."""


@dataclass(frozen=True, slots=True)
class Prop:
    """A property of what a slot holds, by its flat key; metadata (`_type`, `_createdOn`, …) included."""

    slot: int
    name: str


@dataclass(frozen=True, slots=True)
class Whole:
    """What a slot holds: an entity or relationship as a value. It is equal to itself only."""

    slot: int


@dataclass(frozen=True, slots=True)
class Column:
    """A finished column of the result, by its number: in HAVING, and in ORDER BY of grouped rows."""

    index: int


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Two numbers joined; missing where an operand is no number, or the result is none."""

    op: Sign
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Function:
    """A function of one row. `SHIFT` moves a date (epoch ms) by an amount of a calendar unit."""

    name: FunctionName
    args: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A value of a whole group of rows.

    `over` are the slots that the argument reads, ascending. COUNT of a `Whole` counts the different things
    bound; COUNT of anything else the different values, a list's elements one by one. The others take each
    different binding of `over` once, and pass over what is no number.
    """

    name: AggregateName
    argument: Expression
    over: tuple[int, ...]


Expression: TypeAlias = Const | Nothing | Prop | Whole | Column | Arithmetic | Function | Aggregate

# ----------------------------------------------------------------------------------------- predicates


@dataclass(frozen=True, slots=True)
class Always:
    """True or false whatever the row."""

    truth: bool


@dataclass(frozen=True, slots=True)
class And:
    """All of several."""

    items: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of several."""

    items: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite. Every predicate is true or false, never a third, so this is plain negation."""

    item: Predicate


@dataclass(frozen=True, slots=True)
class Compare:
    """True when any element of the left and any of the right compare so; false when either is missing.

    Only values of one kind compare: strings, numbers or booleans; `~= ^= $=` are for strings, and order is
    for strings and numbers. Two `Whole`s are equal when they are the same thing.
    """

    left: Expression
    op: Comparison
    right: Expression


@dataclass(frozen=True, slots=True)
class Defined:
    """True when there is a value, be it an empty text or list."""

    item: Expression


@dataclass(frozen=True, slots=True)
class Matches:
    """True when the regular expression is found in the string, or in any string of the list."""

    item: Expression
    pattern: str
    flags: str


@dataclass(frozen=True, slots=True)
class HasWords:
    """True when all the words (see `values.words`) are among those of the entity's values and `_type`."""

    slot: int
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OfType:
    """True when the entity's type has one of the ids."""

    slot: int
    types: frozenset[int]


Predicate: TypeAlias = Always | And | Or | Not | Compare | Defined | Matches | HasWords | OfType

TRUE: Final = Always(truth=True)
FALSE: Final = Always(truth=False)

# ---------------------------------------------------------------------------------------------- slots


@dataclass(frozen=True, slots=True)
class Slot:
    """A place of the row.

    An `entity` has one of `types`, an `edge` one of `verbs` (None: any). An `either` holds whatever the first
    bound slot of `of` holds. `bound` is false inside a negation: there it helps to match, but no row binds it.
    `name` is what the query calls it, empty for nothing.
    """

    kind: Literal["entity", "edge", "either"]
    name: str = ""
    types: frozenset[int] | None = None
    verbs: frozenset[str] | None = None
    of: tuple[int, ...] = ()
    bound: bool = True


# ---------------------------------------------------------------------------------------------- steps


@dataclass(frozen=True, slots=True)
class Scan:
    """Begin with every entity that fits the slot and the filter."""

    slot: int
    filter: Predicate = TRUE


@dataclass(frozen=True, slots=True)
class Expand:
    """Go from what `source` holds over a relationship to an entity.

    `right` is along the relationship, `left` against it. The filter speaks of `edge` and `target` only.
    """

    source: int
    edge: int
    target: int
    direction: Direction = "any"
    filter: Predicate = TRUE


@dataclass(frozen=True, slots=True)
class Absent:
    """Keep the row when the steps lead nowhere. They may use relationships that the row already holds.

    `branches` also writes it otherwise: `apart`, they may not use these; `back_to`, only a path that ends at
    what that slot holds counts.
    """

    steps: tuple[Step, ...]
    apart: bool = False
    back_to: int | None = None


@dataclass(frozen=True, slots=True)
class Present:
    """Keep the row when the steps lead somewhere; what they use, no row binds. Only rules write it."""

    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Maybe:
    """An optional group."""

    steps: tuple[Step, ...]


Step: TypeAlias = Expand | Absent | Present | Maybe

# --------------------------------------------------------------------------------------------- output


@dataclass(frozen=True, slots=True)
class ListOutput:
    """The different entities that the slots hold, in the order of their ids or, sorted, of their first row."""

    slots: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TreeOutput:
    """Everything that the rows hold. SKIP and LIMIT count the different entities of the first slot."""


@dataclass(frozen=True, slots=True)
class ColumnOutput:
    """One column. With `star`, whose expression is a `Whole`: a cell for every property, `<name>.<property>`."""

    name: str
    expression: Expression
    star: bool = False


@dataclass(frozen=True, slots=True)
class TableOutput:
    """Columns. When `grouped`, those without an aggregate are the keys of the groups.

    Groups come in the order of their keys (see `values.order_key`). Without any key there is one group, even
    of no rows. `having` speaks of columns.
    """

    columns: tuple[ColumnOutput, ...]
    grouped: bool = False
    having: Predicate = TRUE


Output: TypeAlias = ListOutput | TreeOutput | TableOutput


@dataclass(frozen=True, slots=True)
class SortKey:
    """One key; what is missing comes last in both directions."""

    expression: Expression
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole: match from `start` along `steps`, ask `where`, make the output, sort and cut it.

    With `unique`, rows of a table that are equal in all columns are one, at the place of the first.
    """

    slots: tuple[Slot, ...]
    start: Scan
    steps: tuple[Step, ...] = ()
    where: Predicate = TRUE
    output: Output = ListOutput((0,))
    order: tuple[SortKey, ...] = ()
    unique: bool = False
    skip: int = 0
    limit: int | None = None
