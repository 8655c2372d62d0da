"""The tables, the same on every engine. Ids are integers; keys stand only at the edges.

All times are epoch milliseconds. A version of an entity or relationship is valid from `begin_on` until
`end_on` (null: it is the present one); older versions stand in the `_history` tables. `publication` numbers
the transaction that began a version and `end_publication` the one that deleted it, so the change feed is a
range of these numbers and needs no table of its own.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData()

_BIG_ID = BigInteger().with_variant(Integer, "sqlite")

integration = Table(
    "integration",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("description", Text, nullable=False),
    Column("config", Text, nullable=False),
    Column("credentials", Text, nullable=False),
    Column("created_on", BigInteger, nullable=False),
    Column("updated_on", BigInteger, nullable=False),
    Column("removed_on", BigInteger),
    Column("tags", Text, nullable=False, server_default="{}"),
    Column("retag", Boolean, nullable=False, server_default="0"),
    Column("former_name", Text),
)
"""A removed integration whose history was kept stays as a row with `removed_on`, without credentials, its name
free again and kept in `former_name`: its history goes on to speak of it.
`tags` is a JSON object of properties that every entity of it gets when it is written (`tag.Name`);
`retag` says that entities written before may still have others."""

run = Table(
    "run",
    metadata,
    Column("id", _BIG_ID, primary_key=True),
    Column("integration_id", ForeignKey("integration.id"), nullable=False, index=True),
    Column("started_on", BigInteger, nullable=False),
    Column("finished_on", BigInteger),
    Column("status", Text, nullable=False),
    Column("options", Text, nullable=False),
    Column("report", Text, nullable=False),
    Column("trigger", Text, nullable=False, server_default="cli"),
    Column("workflow_id", Text),
    Column("cancel_on", BigInteger),
    Index("run_workflow", "workflow_id", unique=True),
)
"""`workflow_id` names the durable job that does the run, so that a recovered job finds its own run again;
`cancel_on` is when somebody asked it to stop."""

run_event = Table(
    "run_event",
    metadata,
    Column("id", _BIG_ID, primary_key=True),
    Column("run_id", _BIG_ID, nullable=False),
    Column("integration_id", Text, nullable=False, index=True),
    Column("on", BigInteger, nullable=False, index=True),
    Column("level", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("details", Text, nullable=False),
    Index("run_event_run", "run_id", "id"),
)
"""The event log of runs; `details` is a JSON object of counts."""

api_token = Table(
    "api_token",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("role", Text, nullable=False),
    Column("integration_id", Text),
    Column("hash", Text, nullable=False, unique=True),
    Column("created_on", BigInteger, nullable=False),
    Column("expires_on", BigInteger),
    Column("last_used_on", BigInteger),
    Column("account_id", Text, index=True),
)
"""Bearer tokens of the API: only a hash is kept. One with an `integration_id` sees and changes that one alone; one with
an `account_id` is somebody's own, may never do more than its owner, and ends with the account."""

account = Table(
    "account",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("password_hash", Text),
    Column("oidc_issuer", Text),
    Column("oidc_subject", Text),
    Column("created_on", BigInteger, nullable=False),
    Column("updated_on", BigInteger, nullable=False),
    Column("signed_in_on", BigInteger),
    Column("disabled_on", BigInteger),
    Column("session_epoch", Integer, nullable=False, server_default="0"),
    Index("account_name", text("lower(name)"), unique=True),
    Index("account_oidc", "oidc_issuer", "oidc_subject", unique=True),
)
"""Who may sign in: with a password, of which the Argon2 hash is kept, or as who an identity provider says they are.
Sessions of an older `session_epoch` are over."""

session = Table(
    "session",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account_id", Text, nullable=False, index=True),
    Column("epoch", Integer, nullable=False),
    Column("created_on", BigInteger, nullable=False),
    Column("last_seen_on", BigInteger, nullable=False),
    Column("expires_on", BigInteger, nullable=False, index=True),
    Column("user_agent", Text, nullable=False),
)
"""Who is signed in; `id` is the hash of what the browser's cookie holds."""

login_attempt = Table(
    "login_attempt",
    metadata,
    Column("key", Text, primary_key=True),
    Column("minute", BigInteger, primary_key=True, autoincrement=False),
    Column("failures", Integer, nullable=False),
    Column("last_on", BigInteger, nullable=False),
    Index("login_attempt_minute", "minute"),
)
"""Failed sign-ins by minute since the epoch; `key` is the hash of an account's name or of an address."""

setup_link = Table(
    "setup_link",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("purpose", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("account_id", Text, index=True),
    Column("created_on", BigInteger, nullable=False),
    Column("expires_on", BigInteger, nullable=False, index=True),
    Column("used_on", BigInteger),
)
"""Links that work once: only their hashes are kept."""

saved_question = Table(
    "saved_question",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("query", Text, nullable=False),
    Column("account_id", Text, index=True),
    Column("shared", Boolean, nullable=False, server_default="0"),
    Column("created_on", BigInteger, nullable=False),
    Column("updated_on", BigInteger, nullable=False),
)
"""Questions that people keep; a shared one outlives its account, and has none then."""

query_history = Table(
    "query_history",
    metadata,
    Column("id", _BIG_ID, primary_key=True),
    Column("account_id", Text, nullable=False),
    Column("on", BigInteger, nullable=False),
    Column("query", Text, nullable=False),
    Column("rows", Integer),
    Column("took_ms", Integer, nullable=False),
    Index("query_history_account", "account_id", "id"),
)
"""What an account asked last; `rows` is null where no answer came."""

publication = Table(
    "publication",
    metadata,
    Column("id", _BIG_ID, primary_key=True),
    Column("integration_id", Text, nullable=False, index=True),
    Column("run_id", _BIG_ID, nullable=False),
    Column("published_on", BigInteger, nullable=False, index=True),
)
"""A row with run 0 is the removal of an integration; a purged one's publications keep their numbers and moments
alone."""

entity_type = Table(
    "entity_type",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("classes", Text, nullable=False),
    Column("declared", Boolean, nullable=False),
    Column("live", Integer, nullable=False),
    UniqueConstraint("name", "classes", "declared", name="entity_type_name"),
)
"""A `declared` type is the catalogue's and has one row, whose classes follow the catalogue; imported entities
that bring their own classes have a row for each list. `live` counts the entities that are alive."""

verb = Table(
    "verb",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
)

scope = Table(
    "scope",
    metadata,
    Column("id", _BIG_ID, primary_key=True),
    Column("integration_id", ForeignKey("integration.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("run_id", _BIG_ID),
    Column("whole_on", BigInteger),
    Column("watermark", BigInteger),
    Column("floor", BigInteger),
    Column("empty_since", BigInteger),
    Column("seen_on", BigInteger),
    UniqueConstraint("integration_id", "name", name="scope_name"),
)
"""`seen_on` is when its state was published last; older files have it from the next run on."""

record = Table(
    "record",
    metadata,
    Column("id", _BIG_ID, primary_key=True),
    Column("integration_id", ForeignKey("integration.id"), nullable=False),
    Column("scope_id", _BIG_ID, nullable=False),
    Column("key", Text, nullable=False),
    Column("live", Boolean, nullable=False),
    Column("digest", LargeBinary),
    Column("raw", LargeBinary),
    UniqueConstraint("integration_id", "key", name="record_key"),
    Index("record_scope", "scope_id", "live"),
)

entity = Table(
    "entity",
    metadata,
    Column("id", _BIG_ID, primary_key=True),
    Column("integration_id", ForeignKey("integration.id"), nullable=False),
    Column("type_id", Integer, nullable=False),
    Column("key", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_on", BigInteger, nullable=False),
    Column("begin_on", BigInteger, nullable=False),
    Column("end_on", BigInteger),
    Column("publication", _BIG_ID, nullable=False),
    Column("end_publication", _BIG_ID),
    Column("props", Text, nullable=False),
    UniqueConstraint("integration_id", "key", name="entity_key"),
    Index("entity_type_id", "type_id", "end_on"),
    Index("entity_publication", "publication"),
    Index("entity_end_publication", "end_publication"),
)

entity_history = Table(
    "entity_history",
    metadata,
    Column("entity_id", _BIG_ID, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("type_id", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("begin_on", BigInteger, nullable=False),
    Column("end_on", BigInteger, nullable=False),
    Column("publication", _BIG_ID, nullable=False),
    Column("end_publication", _BIG_ID),
    Column("props", Text, nullable=False),
    Index("entity_history_publication", "publication"),
    Index("entity_history_end_publication", "end_publication"),
)

relationship = Table(
    "relationship",
    metadata,
    Column("id", _BIG_ID, primary_key=True),
    Column("record_id", _BIG_ID, nullable=False),
    Column("verb_id", Integer, nullable=False),
    Column("from_id", _BIG_ID, nullable=False),
    Column("from_type_id", Integer, nullable=False),
    Column("to_id", _BIG_ID, nullable=False),
    Column("to_type_id", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_on", BigInteger, nullable=False),
    Column("begin_on", BigInteger, nullable=False),
    Column("end_on", BigInteger),
    Column("publication", _BIG_ID, nullable=False),
    Column("end_publication", _BIG_ID),
    Column("props", Text, nullable=False),
    Column("key", Text),
    Column("type", Text),
    Index("relationship_identity", "from_id", "to_id", "verb_id", text("coalesce(key, '')"), unique=True),
    Index("relationship_from", "from_id", "verb_id", "to_type_id", "to_id", "end_on"),
    Index("relationship_to", "to_id", "verb_id", "from_type_id", "from_id", "end_on"),
    Index("relationship_record", "record_id"),
    Index("relationship_publication", "publication"),
    Index("relationship_end_publication", "end_publication"),
)

"""`key` and `type` are null where they are derived: `<from key>|<verb in lower case>|<to key>` and
`relationship_type_name`. Verb, ends and key are a relationship's identity. The indexes by either end hold all that
a hop reads, so that it never touches the row."""

relationship_history = Table(
    "relationship_history",
    metadata,
    Column("relationship_id", _BIG_ID, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("begin_on", BigInteger, nullable=False),
    Column("end_on", BigInteger, nullable=False),
    Column("publication", _BIG_ID, nullable=False),
    Column("end_publication", _BIG_ID),
    Column("props", Text, nullable=False),
    Column("type", Text),
    Index("relationship_history_publication", "publication"),
    Index("relationship_history_end_publication", "end_publication"),
)

relationship_kind = Table(
    "relationship_kind",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("from_type_id", Integer, nullable=False),
    Column("verb_id", Integer, nullable=False),
    Column("to_type_id", Integer, nullable=False),
    Column("live", Integer, nullable=False),
    UniqueConstraint("from_type_id", "verb_id", "to_type_id", name="relationship_kind_triple"),
)
"""Every kind of relationship that was ever seen; a row is never removed and its id never given again. `live`
counts the relationships that are alive."""

property_kind = Table(
    "property_kind",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("owner_id", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
)
"""Every property that was ever seen, with its JSON kinds. `owner` is `entity` (then `owner_id` is a type's) or
`relationship` (a relationship kind's). Never removed."""

parameter = Table(
    "parameter",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
"""What `${param.name}` stands for in queries; the value is JSON."""

high_water = Table(
    "high_water",
    metadata,
    Column("name", Text, primary_key=True),
    Column("id", _BIG_ID, nullable=False, autoincrement=False),
)
"""The highest id that a table ever gave, written when an integration's rows are removed from it: no id is ever
given again, so an `_id` means one thing for all time."""

call_ledger = Table(
    "call_ledger",
    metadata,
    Column("consumer", Text, primary_key=True),
    Column("endpoint_group", Text, primary_key=True),
    Column("minute", BigInteger, primary_key=True),
    Column("calls", Integer, nullable=False),
)
