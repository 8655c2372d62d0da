"""What lowering needs to know besides the plan: names' numbers, and which state of the graph is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    CompoundSelect,
    FromClause,
    Table,
    and_,
    case,
    exists,
    literal_column,
    null,
    or_,
    select,
    union_all,
)

from bucketgraph.graph.schema import Catalogue
from bucketgraph.j1ql.known import KnownGraph
from bucketgraph.store import tables as t


@dataclass(frozen=True, slots=True)
class Setting:
    """The numbers of verbs, the known graph, and the state: the present, or as of a moment (epoch ms).

    With `include_deleted` what was deleted is there too, in its last version. `look` looks at the clock while
    much is lowered, and raises when it is time to stop.
    """

    known: KnownGraph
    catalogue: Catalogue
    verbs: Mapping[str, int]
    as_of: int | None = None
    include_deleted: bool = False
    look: Callable[[], None] = lambda: None

    @property
    def is_present(self) -> bool:
        """Say whether only what lives now is asked: then a living relationship has living ends."""
        return self.as_of is None and not self.include_deleted

    def entities(self, name: str) -> FromClause:
        """Return entities in the state that is asked, under a name."""
        if self.as_of is None:
            return t.entity.alias(name)
        return self._versions(t.entity, t.entity_history, "entity_id").alias(name)

    def relationships(self, name: str) -> FromClause:
        """Return relationships in the state that is asked, under a name."""
        if self.as_of is None:
            return t.relationship.alias(name)
        return self._versions(t.relationship, t.relationship_history, "relationship_id").alias(name)

    def visible(self, source: FromClause) -> list[ColumnElement[bool]]:
        """Return what must hold of a row of `entities` or `relationships`, besides what is built in."""
        return [source.c.end_on.is_(None)] if self.is_present else []

    def _versions(self, present: Table, history: Table, of: str) -> CompoundSelect[Any]:
        """Return the versions of a moment, present ones and older ones, with the same columns."""
        moment = number(self.as_of or 0)
        columns = [_ended(one, moment) if one.name == "end_on" else one for one in present.c]
        now = select(*columns).where(present.c.begin_on <= moment)
        columns = [_older(one, history, moment) for one in present.c]
        older = select(*columns).where(history.c[of] == present.c.id, history.c.begin_on <= moment)
        if self.include_deleted:
            return union_all(now, older.where(_is_latest(present, history, of, moment)))
        alive = or_(present.c.end_on.is_(None), present.c.end_on > moment)
        return union_all(now.where(alive), older.where(history.c.end_on > moment))


def _ended(end_on: ColumnElement[Any], moment: ColumnElement[int]) -> ColumnElement[Any]:
    return case((end_on <= moment, end_on), else_=null()).label("end_on")


def _older(column: Column[Any], history: Table, moment: ColumnElement[int]) -> ColumnElement[Any]:
    """Return a column of the present table as a row of its history has it."""
    if column.name == "end_on":  # of a version that only another followed, it says when that began
        gone = and_(history.c.end_publication.is_not(None), history.c.end_on <= moment)
        return case((gone, history.c.end_on), else_=null()).label("end_on")
    return history.c.get(column.name, column)


def _is_latest(present: Table, history: Table, of: str, moment: ColumnElement[int]) -> ColumnElement[bool]:
    """Say that no later version had begun by the moment."""
    later = history.alias()
    between = exists().where(
        later.c[of] == history.c[of], later.c.version > history.c.version, later.c.begin_on <= moment
    )
    return and_(~between, present.c.begin_on > moment)


def number(value: int) -> ColumnElement[int]:
    """Return one of the store's own numbers, to stand in the statement's text."""
    return literal_column(str(int(value)))


def among(column: ColumnElement[Any], values: frozenset[int]) -> ColumnElement[bool]:
    """Compare with one or several of the store's own numbers; SQLite does not see that `IN (4)` is `= 4`."""
    listed = [number(one) for one in sorted(values)]
    return column == listed[0] if len(listed) == 1 else column.in_(listed)


def looked_up(
    value: ColumnElement[Any], source: FromClause, where: ColumnElement[bool]
) -> ColumnElement[Any]:
    """Return a value from another table, found by what any statement around it holds."""
    return select(value).where(where).correlate_except(source).scalar_subquery()


ONE = number(1)
"""What is true."""
