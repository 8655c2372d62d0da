"""Where people are imported, looked up, edited and removed; after each change the mapping is computed anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bucketgraph.errors import ConfigError, Conflict
from bucketgraph.graph.snapshot import Snapshot
from bucketgraph.graph.values import Value
from bucketgraph.integrations.configuration import Integration
from bucketgraph.integrations.registry import Registry
from bucketgraph.j1ql.results import public_id
from bucketgraph.people import columns, mapper, reading, rows
from bucketgraph.people.mapper import MappingReport
from bucketgraph.people.mapping import Doubt, rules_named
from bucketgraph.people.model import (
    SCOPE,
    TYPE,
    USER,
    Person,
    emails_of,
    facts_of,
    identity_of,
    identity_of_key,
    sealed,
)
from bucketgraph.people.planning import ImportPlan, plan
from bucketgraph.people.suggest import Suggestion, suggest
from bucketgraph.people.table import Table, text_of
from bucketgraph.store.base import Publication, Run, RunReport, RunStatus, StoredEntity
from bucketgraph.store.store import Store

DEFAULT_SOURCE = "people"
BY_HAND = "manual"

_MOST_TOLD = 5


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How a file is read: for which source, what its columns are, and whether unknown ones are kept.

    `told` are `Heading=property`; `dry_run` changes nothing.
    """

    source: str = DEFAULT_SOURCE
    told: tuple[str, ...] = ()
    keep: bool = False
    sheet: str | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did, or with `run` None would do."""

    plan: ImportPlan
    run: Run | None = None
    mapping: MappingReport | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """Somebody with their source and the users they are."""

    person: StoredEntity
    source: str
    users: tuple[StoredEntity, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """A source of people, how many it has, and its last run."""

    integration: Integration
    people: int
    last: Run | None


@dataclass(frozen=True, slots=True)
class Unmapped:
    """Who is nobody known, members first; who has no account; what is ambiguous; and who may be whom."""

    users: tuple[StoredEntity, ...]
    people: tuple[StoredEntity, ...]
    doubts: tuple[Doubt, ...]
    suggestions: tuple[Suggestion, ...]


class People:
    """The people of a store. What changes them runs alone among all processes that change their source."""

    def __init__(self, store: Store, registry: Registry) -> None:
        self._store, self._registry = store, registry

    def sources(self) -> list[Source]:
        """Return the sources by name."""
        return [
            Source(
                one,
                sum(1 for _ in self._store.entities(TYPE, integration_id=one.id)),
                next(iter(self._store.runs(one.id, limit=1)), None),
            )
            for one in self._registry.people_sources()
        ]

    def import_file(
        self, path: Path, options: ImportOptions, agreed: Callable[[ImportPlan], bool] = lambda _: False
    ) -> Imported:
        """Import a file; `agreed` is asked when more than half of the source's people would go.

        Raises ConfigError for a file that cannot be used, or without agreement; then nothing is changed.
        """
        return self.import_table(reading.read_file(path, options.sheet), path.name, options, agreed)

    def import_bytes(
        self, data: bytes, name: str, options: ImportOptions, agreed: Callable[[ImportPlan], bool]
    ) -> Imported:
        """Import the content of a file of the given name, as `import_file` does."""
        return self.import_table(reading.read_bytes(data, name, options.sheet), name, options, agreed)

    def import_table(
        self, table: Table, name: str, options: ImportOptions, agreed: Callable[[ImportPlan], bool]
    ) -> Imported:
        """Import what was read of a file, as `import_file` does."""
        chosen = columns.choose(table.headings, options.told, keep=options.keep)
        checked = rows.check(table, chosen, options.source)
        source = self._source(options.source)
        if source is None:
            return self._import_first(table, name, options, chosen, checked)
        with self._registry.running(source):
            found = plan(options.source, table, chosen, checked, self._stored(source))
            if options.dry_run:
                return Imported(found)
            _check_people(found, name)
            if found.drastic and not agreed(found):
                raise ConfigError(
                    f"{len(found.removed):,} of the {found.had:,} people of {options.source!r} are not in {name} "
                    "and would be removed; nothing was changed.",
                    hint="Look at them with --dry-run. Give --yes if they are to go, or another --source.",
                )
            return self._apply(source, found, name)

    def all(self, source: str | None = None) -> list[Listed]:
        """Return people by name with the users they are; of one source, or of all."""
        names = {one.id: one.name for one in self._chosen(source)}
        users = self._users()
        found = [
            Listed(one, names[one.integration_id], users.get(one.id, ()))
            for one in self._store.entities(TYPE)
            if one.integration_id in names
        ]
        return sorted(found, key=lambda one: (one.person.name.casefold(), one.person.key))

    def find(self, who: str, source: str | None = None) -> Listed:
        """Return a person by `_id`, `_key`, employee id, e-mail address, nickname or name.

        Raises ConfigError when nobody fits, or several do by the most telling of these.
        """
        people = self.all(source)
        for fits in _WAYS:
            found = [one for one in people if fits(one.person, who)]
            if len(found) == 1:
                return found[0]
            if found:
                raise ConfigError(
                    f"{who!r} are several people: {_told(found)}.", hint="Give the _key of the one you mean."
                )
        raise ConfigError(
            f"There is nobody known as {who!r}.",
            hint="`bucketgraph people list` shows who is known, and how.",
        )

    def add(self, facts: Mapping[str, Value], source: str = BY_HAND) -> tuple[Listed, MappingReport]:
        """Add somebody to a source; raises ConfigError for a fact that cannot be, Conflict for a known person."""
        identity = identity_of(facts)
        if identity is None:
            raise ConfigError(
                "An employee id, an e-mail address or a Bitbucket nickname is needed.",
                hint="Give --employee-id, --email or --nickname.",
            )
        person = Person(source, identity, facts)
        owner = self._source(source) or self._registry.add_people_source(source)
        with self._registry.running(owner):
            self._check_free(owner, person.key, facts)
            self._publish(owner, {"add": person.key}, Snapshot(SCOPE, {person.key: person.sealed()}))
        report = mapper.recompute(self._store)
        return self.find(person.key, source), report

    def edit(
        self, who: str, facts: Mapping[str, Value | None], source: str | None = None
    ) -> tuple[Listed, MappingReport]:
        """Change facts of a person (None: forget it); the next import of their source may change them back.

        The person keeps `_key` and history. Raises as `find` and `add` do.
        """
        listed = self.find(who, source)
        owner, key = self._owner(listed), listed.person.key
        with self._registry.running(owner):
            before = self._stored(owner).get(key)
            if before is None:
                raise Conflict(f"{listed.person.name!r} was removed meanwhile.")
            changed = {**facts_of(key, before), **facts}
            after = {name: value for name, value in changed.items() if value not in (None, "", [])}
            if identity_of(after) is None:
                raise ConfigError(
                    f"{listed.person.name!r} would have no employee id, e-mail address or nickname.",
                    hint="Leave one, or remove the person.",
                )
            self._check_free(owner, key, after)
            record = sealed(key, after, identity_of_key(key))
            self._publish(owner, {"edit": key}, Snapshot(SCOPE, {key: record}))
        report = mapper.recompute(self._store)
        return self.find(key, owner.name), report

    def unmapped(self) -> Unmapped:
        """Return users without a person, people without a user, what is ambiguous, and who may be whom."""
        mapped = mapper.mapping_now(self._store)
        users, people = mapped.users_without(), mapped.people_without()
        return Unmapped(
            tuple(
                sorted(users, key=lambda one: (one.properties.get("member") is not True, one.name.casefold()))
            ),
            tuple(sorted(people, key=lambda one: one.name.casefold())),
            mapper.doubts_now(self._store, mapped),
            tuple(suggest(users, people)),
        )

    def rules(self) -> frozenset[str]:
        """Return the ids of the mapping rules that are on."""
        return frozenset(rule.id for rule in mapper.rules(self._store))

    def set_rule(self, rule: str, *, on: bool) -> MappingReport:
        """Switch a mapping rule on or off; raises ConfigError for one that is unknown."""
        (known,) = rules_named([rule])
        before = self.rules()
        mapper.set_rules(self._store, tuple(before | {known.id} if on else before - {known.id}))
        return mapper.recompute(self._store)

    def remove(self, listed: Listed) -> MappingReport:
        """Remove a person; their history stays. The next import of their source may bring them back."""
        owner = self._owner(listed)
        with self._registry.running(owner):
            self._publish(owner, {"remove": listed.person.key}, retire=frozenset({listed.person.key}))
        return mapper.recompute(self._store)

    def _import_first(
        self,
        table: Table,
        name: str,
        options: ImportOptions,
        chosen: columns.Columns,
        checked: rows.Checked,
    ) -> Imported:
        found = plan(options.source, table, chosen, checked, {})
        if options.dry_run:
            return Imported(found)
        _check_people(found, name)
        source = self._registry.add_people_source(options.source)
        with self._registry.running(source):
            return self._apply(source, found, name)

    def _apply(self, source: Integration, found: ImportPlan, name: str) -> Imported:
        run = self._publish(source, {"import": name}, found.snapshot(), plan=found)
        return Imported(found, run, mapper.recompute(self._store))

    def _publish(
        self,
        source: Integration,
        options: dict[str, str | bool | None],
        *snapshots: Snapshot,
        retire: frozenset[str] = frozenset(),
        plan: ImportPlan | None = None,
    ) -> Run:
        """Publish as a run of the source, so that its history says what was done."""
        problems = plan.problems() if plan else []
        run = self._store.start_run(source.id, options)
        status: RunStatus = "FAILED"
        try:
            self._store.publish(Publication(source.id, run.id, snapshots, retire=retire))
            status = "COMPLETED_WITH_ERRORS" if problems else "COMPLETED"
        finally:
            ended = self._store.end_run(run.id, status, RunReport(problems=problems))
        return ended

    def _check_free(self, owner: Integration, key: str, facts: Mapping[str, Value]) -> None:
        """Raise Conflict when somebody else of the source has the key, the employee id or an e-mail address."""
        mine = set(rows.tokens(facts, "employeeId"))
        for other, properties in self._stored(owner).items():
            shared = mine.intersection(rows.tokens(properties, "employeeId"))
            if other != key and shared:
                name, value = min(shared)
                raise Conflict(
                    f"{properties['displayName']!r} ({other}) has the {name} {value!r} already.",
                    hint="Change that person with `bucketgraph people edit`.",
                )

    def _stored(self, source: Integration) -> dict[str, Mapping[str, Value]]:
        return {one.key: one.properties for one in self._store.entities(TYPE, integration_id=source.id)}

    def _users(self) -> dict[int, tuple[StoredEntity, ...]]:
        """Return the users of each person by id, as the graph says."""
        users = {one.id: one for one in self._store.entities(USER)}
        found: dict[int, tuple[StoredEntity, ...]] = {}
        for link in sorted(self._store.links(mapper.ID)):
            if link.from_id in users:
                found[link.to_id] = (*found.get(link.to_id, ()), users[link.from_id])
        return found

    def _source(self, name: str) -> Integration | None:
        return next((one for one in self._registry.people_sources() if one.name == name), None)

    def _chosen(self, source: str | None) -> Sequence[Integration]:
        known = self._registry.people_sources()
        chosen = [one for one in known if source in {None, one.name}]
        if source is not None and not chosen:
            names = ", ".join(one.name for one in known) or "none yet"
            raise ConfigError(
                f"There is no source of people named {source!r} (known: {names}).",
                hint="`bucketgraph people import FILE --source NAME` makes one.",
            )
        return chosen

    def _owner(self, listed: Listed) -> Integration:
        return next(one for one in self._registry.people_sources() if one.id == listed.person.integration_id)


def read_facts(given: Iterable[tuple[str, str]]) -> dict[str, Value | None]:
    """Read properties and their values as a person writes them; an empty value forgets the property.

    Several e-mail addresses may be given. Raises ConfigError for a value that a property cannot have.
    """
    found: dict[str, Value | None] = {}
    for label, text in given:
        name = columns.property_name(label)
        try:
            value = rows.fact(name, plain) if (plain := text_of(text)) else None
        except rows.InvalidFact as error:
            raise ConfigError(f"{error}.", hint=f"Correct the value of {name}.") from None
        before = found.get(name)
        both = isinstance(before, list) and isinstance(value, list)
        found[name] = list(dict.fromkeys([*before, *value])) if both else value  # type: ignore[misc]
    return found


def _check_people(found: ImportPlan, name: str) -> None:
    if not found.records:
        why = f"; the first: row {found.rejected[0].row}, {found.rejected[0].why}" if found.rejected else ""
        raise ConfigError(
            f"{name} holds nobody who can be used ({len(found.rejected):,} of {found.rows:,} rows were rejected"
            f"{why}); nothing was changed.",
            hint="Look at the rows with --dry-run, and say with --map which column is what.",
        )


def _told(found: Iterable[Listed]) -> str:
    listed = list(found)
    more = f" and {len(listed) - _MOST_TOLD:,} more" if len(listed) > _MOST_TOLD else ""
    return ", ".join(f"{one.person.name} ({one.person.key})" for one in listed[:_MOST_TOLD]) + more


_WAYS: tuple[Callable[[StoredEntity, str], bool], ...] = (
    lambda person, who: who in {person.key, public_id(person.id)},
    lambda person, who: person.properties.get("employeeId") == who,
    lambda person, who: who.lower() in emails_of(person.properties),
    lambda person, who: who in {identity_of_key(person.key), person.properties.get("bitbucketNickname")},
    lambda person, who: person.name.casefold() == who.casefold(),
)
"""How somebody may be named, the most telling way first."""
