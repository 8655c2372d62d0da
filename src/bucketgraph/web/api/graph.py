"""Looking at the graph: entities, relationships, counts, changes, and what can be asked about."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from bucketgraph.errors import ConfigError, Unknown
from bucketgraph.graph.written import filters, moment
from bucketgraph.j1ql.described import Example, of_name, overview
from bucketgraph.j1ql.results import private_id, public_id
from bucketgraph.j1ql.vocabulary import Vocabulary
from bucketgraph.store.base import Change, StoredEntity, StoredRelationship
from bucketgraph.web.bodies import Given, Limit, Moment, Name, Properties, Shown, Text, When
from bucketgraph.web.owning import owner, visible
from bucketgraph.web.routing import Call, Route

Cursor = Annotated[str, Meta(max_length=100, description="Goes on where the page before ended.")]
Owner = Annotated[Name, Meta(description="Only what this integration brought: its id or name.")]


class EntityQuery(Given):
    """Which entities are wanted."""

    type: Annotated[Name, Meta(description="A type (bitbucket_repo) or a class (CodeRepo).")] | None = None
    where: tuple[Annotated[Text, Meta(description="name=value, as in `bucketgraph entities`.")], ...] = ()
    integration: Owner | None = None
    cursor: Cursor | None = None
    limit: Limit = 100


class EntityShown(Shown):
    """An entity as it is now."""

    id: str = msgspec.field(name="_id")
    key: str = msgspec.field(name="_key")
    type: str = msgspec.field(name="_type")
    classes: tuple[str, ...] = msgspec.field(name="_class")
    version: int = msgspec.field(name="_version")
    created_on: Moment = msgspec.field(name="_createdOn")
    begin_on: Moment = msgspec.field(name="_beginOn")
    integration_id: str = msgspec.field(name="_integrationInstanceId")
    display_name: str
    properties: Properties


class EntityPage(Shown):
    """Some entities, and where to go on; no cursor: these were the last."""

    items: list[EntityShown]
    cursor: str | None


class RelationshipQuery(Given):
    """Which relationships are wanted."""

    verb: Name | None = None
    from_type: Annotated[Name, Meta(description="The type at the beginning.")] | None = msgspec.field(
        default=None, name="from"
    )
    to_type: Annotated[Name, Meta(description="The type at the end.")] | None = msgspec.field(
        default=None, name="to"
    )
    of: Annotated[Text, Meta(description="Only those of the entity with this key.")] | None = None
    integration: Owner | None = None
    cursor: Cursor | None = None
    limit: Limit = 100


class RelationshipShown(Shown):
    """A relationship as it is now."""

    id: str = msgspec.field(name="_id")
    key: str = msgspec.field(name="_key")
    type: str = msgspec.field(name="_type")
    verb: str = msgspec.field(name="_class")
    version: int = msgspec.field(name="_version")
    begin_on: Moment = msgspec.field(name="_beginOn")
    from_key: str = msgspec.field(name="_fromEntityKey")
    to_key: str = msgspec.field(name="_toEntityKey")
    from_type: str
    from_name: str
    to_type: str
    to_name: str
    properties: Properties


class RelationshipPage(Shown):
    """Some relationships, and where to go on; no cursor: these were the last."""

    items: list[RelationshipShown]
    cursor: str | None


class StatsQuery(Given):
    """Whose counts are wanted."""

    integration: Owner | None = None


class LastRun(Shown):
    """The newest run of an integration."""

    integration: str
    status: str
    started_on: Moment
    finished_on: Moment | None


class Stats(Shown):
    """What is in the graph: entities by type, relationships by `type VERB type`."""

    entities: dict[str, int]
    relationships: dict[str, int]
    last_runs: list[LastRun]


class ChangeQuery(Given):
    """From where on changes are wanted: from a cursor, a moment, or the beginning."""

    since: When | None = None
    integration: Owner | None = None
    cursor: Cursor | None = None
    limit: Limit = 100


class ChangeShown(Shown):
    """Something that was created, updated or deleted; `before` and `after` hold only what differs."""

    publication: int
    on: Moment
    change: Literal["created", "updated", "deleted"]
    element: Literal["entity", "relationship"]
    type: str = msgspec.field(name="_type")
    key: str = msgspec.field(name="_key")
    name: str
    before: Properties
    after: Properties


class ChangePage(Shown):
    """Changes, oldest first. The cursor goes on behind them, now (`more`) or when something has happened."""

    items: list[ChangeShown]
    cursor: str
    more: bool


class SchemaName(Given):
    """A class, a type or a verb."""

    name: Name


class PropertyWord(Shown):
    """A property: what kind its values are of, and what it means."""

    name: str
    kind: str
    meaning: str
    example: Any = None


class TypeWord(Shown):
    """A type with its classes and how many there are."""

    name: str
    classes: tuple[str, ...]
    count: int
    meaning: str
    properties: list[PropertyWord] = msgspec.field(default_factory=list)


class ClassWord(Shown):
    """A class with its types."""

    name: str
    count: int
    types: list[str]


class EdgeWord(Shown):
    """A kind of relationship."""

    from_: str = msgspec.field(name="from")
    verb: str
    to: str
    count: int
    meaning: str
    properties: list[PropertyWord] = msgspec.field(default_factory=list)


class SchemaShown(Shown):
    """All classes, types and relationships with their counts."""

    classes: list[ClassWord]
    types: list[TypeWord]
    relationships: list[EdgeWord]


class NamedSchema(Shown):
    """What is behind a name."""

    name: str
    types: list[TypeWord]
    relationships: list[EdgeWord]


def entities(call: Call[EntityQuery, None]) -> EntityPage:
    """List entities in the order they were first seen."""
    given, store = call.given, call.app.store
    if given.type is not None and call.identity.integration_id is None:
        graph = store.known()
        if given.type not in (*graph.type_names, *graph.class_names):
            raise ConfigError(
                f"There is no type or class {given.type!r}.", hint="GET /api/v1/schema lists them."
            )
    found = list(
        store.entities(
            given.type,
            integration_id=owner(call, given.integration),
            where=filters(given.where),
            after=_after(given.cursor),
            limit=given.limit + 1,
        )
    )
    shown = [_entity(one) for one in found[: given.limit]]
    return EntityPage(items=shown, cursor=shown[-1].id if len(found) > given.limit else None)


def relationships(call: Call[RelationshipQuery, None]) -> RelationshipPage:
    """List relationships in the order they were first seen."""
    given = call.given
    found = list(
        call.app.store.relationships(
            integration_id=owner(call, given.integration),
            verb=given.verb,
            from_type=given.from_type,
            to_type=given.to_type,
            end_key=given.of,
            after=_after(given.cursor),
            limit=given.limit + 1,
        )
    )
    shown = [_relationship(one) for one in found[: given.limit]]
    return RelationshipPage(items=shown, cursor=shown[-1].id if len(found) > given.limit else None)


def stats(call: Call[StatsQuery, None]) -> Stats:
    """Count what is in the graph, and say when it was collected."""
    wanted = owner(call, call.given.integration)
    entity_counts, edge_counts = call.app.store.counts(wanted)
    chosen = [one for one in visible(call) if wanted in {None, one.id}]
    runs = [(one.name, run) for one in chosen for run in call.app.store.runs(one.id, limit=1)]
    last = [
        LastRun(integration=name, status=run.status, started_on=run.started_on, finished_on=run.finished_on)
        for name, run in runs
    ]
    return Stats(entities=dict(entity_counts), relationships=dict(edge_counts), last_runs=last)


def changes(call: Call[ChangeQuery, None]) -> ChangePage:
    """Tell what changed in the graph, oldest first."""
    given = call.given
    page = call.app.store.change_page(
        given.cursor,
        since=moment(given.since, flag="since"),
        integration_id=owner(call, given.integration),
        limit=given.limit,
    )
    return ChangePage(items=[_change(one) for one in page.changes], cursor=page.cursor, more=page.more)


def schema(call: Call[Any, None]) -> SchemaShown:
    """Return all classes, types and relationships."""
    return msgspec.convert(overview(_words(call)), SchemaShown)


def named_schema(call: Call[SchemaName, None]) -> NamedSchema:
    """Return what is behind a class, type or verb, with properties and examples."""

    def example(type_name: str) -> Example:
        return next((dict(one.properties) for one in call.app.store.entities(type_name, limit=1)), {})

    return msgspec.convert(of_name(_words(call), call.given.name, example), NamedSchema)


def _words(call: Call[Any, Any]) -> Vocabulary:
    return Vocabulary.of(call.app.store.known(), call.app.store.catalogue)


def _after(cursor: str | None) -> int:
    number = 0 if cursor is None else private_id(cursor)
    if number is None or not 0 <= number < 2**63:
        raise ConfigError("The cursor is none of this list.", hint="Give it as the page before did.")
    return number


def _entity(one: StoredEntity) -> EntityShown:
    return EntityShown(
        id=public_id(one.id),
        key=one.key,
        type=one.type,
        classes=one.classes,
        version=one.version,
        created_on=one.created_on,
        begin_on=one.begin_on,
        integration_id=one.integration_id,
        display_name=one.name,
        properties=dict(one.properties),
    )


def _relationship(one: StoredRelationship) -> RelationshipShown:
    return RelationshipShown(
        id=public_id(one.id),
        key=one.key,
        type=one.type,
        verb=one.verb,
        version=one.version,
        begin_on=one.begin_on,
        from_key=one.from_key,
        to_key=one.to_key,
        from_type=one.from_type,
        from_name=one.from_name,
        to_type=one.to_type,
        to_name=one.to_name,
        properties=dict(one.properties),
    )


def _change(one: Change) -> ChangeShown:
    return ChangeShown(
        publication=one.publication,
        on=one.on,
        change=one.kind,
        element=one.element,
        type=one.type,
        key=one.key,
        name=one.name,
        before=dict(one.before),
        after=dict(one.after),
    )


ROUTES = (
    Route(
        "GET",
        "/api/v1/entities",
        "List entities.",
        "viewer",
        entities,
        EntityPage,
        EntityQuery,
        errors=(Unknown,),
        bound="own",
    ),
    Route(
        "GET",
        "/api/v1/relationships",
        "List relationships.",
        "viewer",
        relationships,
        RelationshipPage,
        RelationshipQuery,
        errors=(Unknown,),
        bound="own",
    ),
    Route(
        "GET",
        "/api/v1/stats",
        "Count what is in the graph, and say when it was collected.",
        "viewer",
        stats,
        Stats,
        StatsQuery,
        errors=(Unknown,),
        bound="own",
    ),
    Route(
        "GET",
        "/api/v1/changes",
        "Read the change feed, oldest first; the cursor goes on later.",
        "viewer",
        changes,
        ChangePage,
        ChangeQuery,
        errors=(Unknown,),
        bound="own",
    ),
    Route(
        "GET",
        "/api/v1/schema",
        "List classes, types and relationships with their counts.",
        "viewer",
        schema,
        SchemaShown,
    ),
    Route(
        "GET",
        "/api/v1/schema/{name}",
        "Describe a class, type or verb, with properties and examples.",
        "viewer",
        named_schema,
        NamedSchema,
        SchemaName,
        errors=(Unknown,),
    ),
)
