"""What an import would change, decided before anything is written. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bucketgraph.graph.entity import SealedRecord
from bucketgraph.graph.snapshot import Snapshot
from bucketgraph.graph.values import Value, parse_properties
from bucketgraph.people.columns import Columns
from bucketgraph.people.model import SCOPE
from bucketgraph.people.rows import Checked, Rejected, protected
from bucketgraph.people.table import Table
from bucketgraph.store.base import Problem

Properties = Mapping[str, Value]

_MOST_PROBLEMS = 100


@dataclass(frozen=True, slots=True)
class PersonChange:
    """Somebody who comes, changes or goes; `before` and `after` hold the properties that differ, or all."""

    key: str
    name: str
    before: Properties
    after: Properties


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What an import of a source does, or would do.

    `kept` are people who are not in the file, but whom a rejected row stands for. `had` is how many people the
    source has before.
    """

    source: str
    rows: int
    had: int
    columns: Columns
    records: Mapping[str, SealedRecord]
    created: tuple[PersonChange, ...]
    updated: tuple[PersonChange, ...]
    removed: tuple[PersonChange, ...]
    kept: tuple[PersonChange, ...]
    unchanged: int
    rejected: tuple[Rejected, ...]
    warnings: tuple[str, ...]

    @property
    def drastic(self) -> bool:
        """Say whether more than half of the source's people would go."""
        return 2 * len(self.removed) > self.had

    @property
    def changes(self) -> bool:
        """Say whether anything would change."""
        return bool(self.created or self.updated or self.removed)

    def snapshot(self) -> Snapshot:
        """Return what is to be published."""
        return Snapshot(SCOPE, self.records, whole=True, keep=frozenset(one.key for one in self.kept))

    def problems(self) -> list[Problem]:
        """Return what the run's report keeps of the rejected rows."""
        found = [
            Problem(
                f"row {one.row}",
                "invalid-object",
                f"It was left out: {one.why}.",
                "Correct it and import again.",
            )
            for one in self.rejected[:_MOST_PROBLEMS]
        ]
        if len(self.rejected) > _MOST_PROBLEMS:
            found.append(
                Problem("rows", "more", f"And {len(self.rejected) - _MOST_PROBLEMS:,} more like these.")
            )
        return found


def plan(
    source: str, table: Table, columns: Columns, checked: Checked, stored: Mapping[str, Properties]
) -> ImportPlan:
    """Compare the people of a table with those that a source has, by key."""
    records = {key: person.sealed() for key, person in checked.people.items()}
    after = {key: parse_properties(record.properties) for key, record in records.items()}
    gone = stored.keys() - after.keys()
    kept = protected(checked.rejected, stored, source) & gone
    differing = {key for key in after.keys() & stored.keys() if dict(stored[key]) != after[key]}
    return ImportPlan(
        source=source,
        rows=len(table.rows),
        had=len(stored),
        columns=columns,
        records=records,
        created=tuple(_change(key, {}, one) for key, one in after.items() if key not in stored),
        updated=tuple(_change(key, stored[key], after[key]) for key in after if key in differing),
        removed=tuple(_change(key, stored[key], {}) for key in sorted(gone - kept)),
        kept=tuple(_change(key, stored[key], stored[key]) for key in sorted(kept)),
        unchanged=len(after.keys() & stored.keys()) - len(differing),
        rejected=checked.rejected,
        warnings=(*table.warnings, *checked.warnings),
    )


def _change(key: str, before: Properties, after: Properties) -> PersonChange:
    """Return a change with the properties that differ."""
    name = str((after or before).get("displayName", key))
    same = {of for of in before.keys() & after.keys() if before[of] == after[of]}
    return PersonChange(
        key,
        name,
        {of: value for of, value in before.items() if of not in same},
        {of: value for of, value in after.items() if of not in same},
    )
