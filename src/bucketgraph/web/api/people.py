"""Employees: list, show, add, edit, remove, import; and which Bitbucket users they are."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from bucketgraph.errors import ConfigError, Conflict, Unknown
from bucketgraph.j1ql.results import public_id
from bucketgraph.people.desk import BY_HAND, DEFAULT_SOURCE, Imported, ImportOptions, Listed, read_facts
from bucketgraph.people.mapper import MappingReport
from bucketgraph.people.mapping import RULES, Doubt
from bucketgraph.people.planning import PersonChange
from bucketgraph.store.base import StoredEntity
from bucketgraph.web.bodies import Given, Limit, Name, Number, Properties, Shown, Text
from bucketgraph.web.routing import Call, Route

Source = Annotated[Name, Meta(description="A source of people.")]
Facts = Annotated[
    dict[Name, str | int | float | bool | list[str] | None],
    Meta(
        min_length=1,
        max_length=200,
        description="Properties by name; null or an empty text forgets a property.",
    ),
]


class PeopleQuery(Given):
    """Which people are wanted: of one source, behind so many others."""

    source: Source | None = None
    offset: Number = 0
    limit: Limit = 100


class PersonName(Given):
    """A person: employee id, e-mail address, nickname, name, `_key` or `_id`."""

    who: Name
    source: Source | None = None


class PersonBody(Given):
    """A person to be added; an employee id, an e-mail address or a nickname is needed."""

    facts: Facts
    source: Source = BY_HAND


class PersonEdit(Given):
    """What is changed of a person."""

    facts: Facts


class ImportQuery(Given):
    """How a file is read; see `bucketgraph people import`.

    `name` tells its kind (CSV, JSON, XLSX) by its ending. `map` says what a column is (Login=bitbucketNickname).
    Without `yes` an import that would remove more than half of the source's people is refused.
    """

    name: Name
    source: Source = DEFAULT_SOURCE
    map: tuple[Text, ...] = ()
    keep: bool = False
    sheet: Name | None = None
    dry_run: bool = False
    yes: bool = False


class RuleName(Given):
    """A mapping rule's id."""

    rule: Name


class RuleBody(Given):
    """Whether a mapping rule is on."""

    enabled: bool


class Brief(Shown):
    """A person or a user."""

    id: str = msgspec.field(name="_id")
    key: str = msgspec.field(name="_key")
    name: str


class PersonShown(Brief):
    """A person with their source and the users they are."""

    source: str
    properties: Properties
    users: list[Brief]


class PersonPage(Shown):
    """People by name; `total` counts all of them."""

    items: list[PersonShown]
    total: int


class DoubtShown(Shown):
    """A user who is several people, or a person who is several users of one workspace; all are linked."""

    kind: str
    of: Brief
    candidates: list[Brief]


class MappingShown(Shown):
    """What mapping found and wrote."""

    links: int
    created: int
    deleted: int
    ambiguous: list[DoubtShown]
    users_without_person: int
    people_without_user: int


class PersonChanged(Shown):
    """A person after a change, and what it did to the mapping."""

    person: PersonShown
    mapping: MappingShown


class ChangeShown(Shown):
    """Somebody who comes, changes or goes."""

    key: str
    name: str
    before: Properties
    after: Properties


class Rejected(Shown):
    """A row that changed nobody, and why."""

    row: int
    why: str


class ImportShown(Shown):
    """What an import did, or would do (`dryRun`); `needsYes`: most people of the source would go."""

    source: str
    dry_run: bool
    run: int | None
    status: str | None
    rows: int
    columns: dict[str, str]
    ignored_columns: list[str]
    unchanged: int
    created: list[ChangeShown]
    updated: list[ChangeShown]
    removed: list[ChangeShown]
    kept: list[str]
    rejected: list[Rejected]
    warnings: list[str]
    needs_yes: bool
    mapping: MappingShown | None


class SourceShown(Shown):
    """A source of people."""

    id: str
    name: str
    people: int
    last_run: int | None


class SourceList(Shown):
    """Sources of people by name."""

    items: list[SourceShown]


class SuggestionShown(Shown):
    """A user who may be a person, how likely that looks (0 to 1), and why. None is ever applied by itself."""

    user: Brief
    person: Brief
    score: float
    reason: str


class UnmappedShown(Shown):
    """Users who are nobody known, people without a user, what is ambiguous, and who may be whom."""

    users: list[Brief]
    people: list[Brief]
    ambiguous: list[DoubtShown]
    suggestions: list[SuggestionShown]


class RuleShown(Shown):
    """A mapping rule."""

    id: str
    enabled: bool
    rule: str
    meaning: str


class RuleList(Shown):
    """Mapping rules."""

    items: list[RuleShown]


def list_all(call: Call[PeopleQuery, None]) -> PersonPage:
    """List people."""
    given = call.given
    found = call.app.people.all(given.source)
    shown = [_person(one) for one in found[given.offset : given.offset + given.limit]]
    return PersonPage(items=shown, total=len(found))


def show(call: Call[PersonName, None]) -> PersonShown:
    """Show a person."""
    return _person(_found(call))


def add(call: Call[Given, PersonBody]) -> PersonChanged:
    """Add a person by hand."""
    facts = {name: value for name, value in _facts(call.body.facts).items() if value is not None}
    listed, report = call.app.people.add(facts, call.body.source)
    return PersonChanged(person=_person(listed), mapping=_mapping(report))


def edit(call: Call[PersonName, PersonEdit]) -> PersonChanged:
    """Change properties of a person."""
    listed = _found(call)
    changed, report = call.app.people.edit(listed.person.key, _facts(call.body.facts), listed.source)
    return PersonChanged(person=_person(changed), mapping=_mapping(report))


def remove(call: Call[PersonName, None]) -> PersonChanged:
    """Remove a person; the history stays."""
    listed = _found(call)
    return PersonChanged(person=_person(listed), mapping=_mapping(call.app.people.remove(listed)))


def import_(call: Call[ImportQuery, bytes]) -> ImportShown:
    """Import a list of people."""
    given = call.given
    options = ImportOptions(given.source, given.map, given.keep, given.sheet, given.dry_run)
    done = call.app.people.import_bytes(call.body, given.name, options, lambda _plan: given.yes)
    return _import(done)


def sources(call: Call[Given, None]) -> SourceList:
    """List where people come from."""
    return SourceList(
        items=[
            SourceShown(
                id=one.integration.id,
                name=one.integration.name,
                people=one.people,
                last_run=None if one.last is None else one.last.id,
            )
            for one in call.app.people.sources()
        ]
    )


def unmapped(call: Call[Given, None]) -> UnmappedShown:
    """List who is not mapped, and who may be whom."""
    found = call.app.people.unmapped()
    return UnmappedShown(
        users=[_brief(one) for one in found.users],
        people=[_brief(one) for one in found.people],
        ambiguous=[_doubt(one) for one in found.doubts],
        suggestions=[
            SuggestionShown(
                user=_brief(one.user), person=_brief(one.person), score=one.score, reason=one.reason
            )
            for one in found.suggestions
        ],
    )


def rules(call: Call[Given, None]) -> RuleList:
    """List the mapping rules."""
    on = call.app.people.rules()
    return RuleList(
        items=[RuleShown(id=r.id, enabled=r.id in on, rule=str(r), meaning=r.meaning) for r in RULES]
    )


def set_rule(call: Call[RuleName, RuleBody]) -> MappingShown:
    """Switch a rule on or off, and map anew."""
    if call.given.rule not in {one.id for one in RULES}:
        raise Unknown(
            f"There is no mapping rule {call.given.rule!r}.", hint="GET /api/v1/mapping/rules lists them."
        )
    return _mapping(call.app.people.set_rule(call.given.rule, on=call.body.enabled))


def _found(call: Call[PersonName, Any]) -> Listed:
    """Return the person of an address; raises Unknown also where several are meant."""
    try:
        return call.app.people.find(call.given.who, call.given.source)
    except ConfigError as error:
        raise Unknown(error.message, hint=error.hint) from None


def _facts(given: dict[str, Any]) -> dict[str, Any]:
    """Read facts as they are read from the command line, where everything is a text."""
    pairs = [
        (name, one)
        for name, value in given.items()
        for one in (value if isinstance(value, list) else [value])
    ]
    return read_facts([(name, _text(one)) for name, one in pairs])


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _brief(one: StoredEntity) -> Brief:
    return Brief(id=public_id(one.id), key=one.key, name=one.name)


def _person(one: Listed) -> PersonShown:
    return PersonShown(
        id=public_id(one.person.id),
        key=one.person.key,
        name=one.person.name,
        source=one.source,
        properties=dict(one.person.properties),
        users=[_brief(user) for user in one.users],
    )


def _doubt(one: Doubt) -> DoubtShown:
    return DoubtShown(kind=one.kind, of=_brief(one.of), candidates=[_brief(other) for other in one.others])


def _mapping(report: MappingReport) -> MappingShown:
    return MappingShown(
        links=report.links,
        created=report.created,
        deleted=report.deleted,
        ambiguous=[_doubt(one) for one in report.ambiguous],
        users_without_person=report.users_without_person,
        people_without_user=report.people_without_user,
    )


def _change(one: PersonChange) -> ChangeShown:
    return ChangeShown(key=one.key, name=one.name, before=dict(one.before), after=dict(one.after))


def _import(done: Imported) -> ImportShown:
    found = done.plan
    return ImportShown(
        source=found.source,
        dry_run=done.run is None,
        run=None if done.run is None else done.run.id,
        status=None if done.run is None else done.run.status,
        rows=found.rows,
        columns=dict(found.columns.properties),
        ignored_columns=list(found.columns.ignored),
        unchanged=found.unchanged,
        created=[_change(one) for one in found.created],
        updated=[_change(one) for one in found.updated],
        removed=[_change(one) for one in found.removed],
        kept=[one.key for one in found.kept],
        rejected=[Rejected(row=one.row, why=one.why) for one in found.rejected],
        warnings=list(found.warnings),
        needs_yes=found.drastic,
        mapping=None if done.mapping is None else _mapping(done.mapping),
    )


ROUTES = (
    Route("GET", "/api/v1/people", "List people by name.", "viewer", list_all, PersonPage, PeopleQuery),
    Route(
        "POST",
        "/api/v1/people",
        "Add a person by hand.",
        "editor",
        add,
        PersonChanged,
        body=PersonBody,
        status=201,
        errors=(Conflict,),
    ),
    Route(
        "POST",
        "/api/v1/people/import",
        "Import a list of people (CSV, JSON, XLSX), sent as it is.",
        "editor",
        import_,
        ImportShown,
        ImportQuery,
        bytes,
        errors=(Conflict,),
    ),
    Route("GET", "/api/v1/people/sources", "List where people come from.", "viewer", sources, SourceList),
    Route(
        "GET",
        "/api/v1/people/{who}",
        "Show a person with the Bitbucket users they are.",
        "viewer",
        show,
        PersonShown,
        PersonName,
        errors=(Unknown,),
    ),
    Route(
        "PATCH",
        "/api/v1/people/{who}",
        "Change properties of a person.",
        "editor",
        edit,
        PersonChanged,
        PersonName,
        PersonEdit,
        errors=(Unknown, Conflict),
    ),
    Route(
        "DELETE",
        "/api/v1/people/{who}",
        "Remove a person; the history stays.",
        "editor",
        remove,
        PersonChanged,
        PersonName,
        errors=(Unknown, Conflict),
    ),
    Route(
        "GET",
        "/api/v1/mapping/unmapped",
        "List users who are nobody known, people without a user, and who may be whom.",
        "viewer",
        unmapped,
        UnmappedShown,
    ),
    Route(
        "GET", "/api/v1/mapping/rules", "List the rules by which users are people.", "viewer", rules, RuleList
    ),
    Route(
        "PUT",
        "/api/v1/mapping/rules/{rule}",
        "Switch a mapping rule on or off, and map anew.",
        "editor",
        set_rule,
        MappingShown,
        RuleName,
        RuleBody,
        errors=(Unknown,),
    ),
)
