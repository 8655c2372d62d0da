"""The first tables: integrations, runs, scopes, records, the graph with its history, the call ledger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "call_ledger",
        sa.Column("consumer", sa.Text(), primary_key=True),
        sa.Column("endpoint_group", sa.Text(), primary_key=True),
        sa.Column("minute", sa.BigInteger(), primary_key=True),
        sa.Column("calls", sa.Integer(), nullable=False),
    )
    op.create_table(
        "entity_history",
        sa.Column("entity_id", _ID, primary_key=True),
        sa.Column("version", sa.Integer(), primary_key=True),
        sa.Column("type_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("begin_on", sa.BigInteger(), nullable=False),
        sa.Column("end_on", sa.BigInteger(), nullable=False),
        sa.Column("publication", _ID, nullable=False),
        sa.Column("end_publication", _ID),
        sa.Column("props", sa.Text(), nullable=False),
    )
    op.create_index("entity_history_end_publication", "entity_history", ["end_publication"])
    op.create_index("entity_history_publication", "entity_history", ["publication"])
    op.create_table(
        "entity_type",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("classes", sa.Text(), nullable=False),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "integration",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("config", sa.Text(), nullable=False),
        sa.Column("credentials", sa.Text(), nullable=False),
        sa.Column("created_on", sa.BigInteger(), nullable=False),
        sa.Column("updated_on", sa.BigInteger(), nullable=False),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "relationship",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("record_id", _ID, nullable=False),
        sa.Column("verb_id", sa.Integer(), nullable=False),
        sa.Column("from_id", _ID, nullable=False),
        sa.Column("from_type_id", sa.Integer(), nullable=False),
        sa.Column("to_id", _ID, nullable=False),
        sa.Column("to_type_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_on", sa.BigInteger(), nullable=False),
        sa.Column("begin_on", sa.BigInteger(), nullable=False),
        sa.Column("end_on", sa.BigInteger()),
        sa.Column("publication", _ID, nullable=False),
        sa.Column("end_publication", _ID),
        sa.Column("props", sa.Text(), nullable=False),
    )
    op.create_index("relationship_end_publication", "relationship", ["end_publication"])
    op.create_index(
        "relationship_from", "relationship", ["from_id", "verb_id", "to_type_id", "to_id"], unique=True
    )
    op.create_index("relationship_publication", "relationship", ["publication"])
    op.create_index("relationship_record", "relationship", ["record_id"])
    op.create_index("relationship_to", "relationship", ["to_id", "verb_id", "from_type_id", "from_id"])
    op.create_table(
        "relationship_history",
        sa.Column("relationship_id", _ID, primary_key=True),
        sa.Column("version", sa.Integer(), primary_key=True),
        sa.Column("begin_on", sa.BigInteger(), nullable=False),
        sa.Column("end_on", sa.BigInteger(), nullable=False),
        sa.Column("publication", _ID, nullable=False),
        sa.Column("end_publication", _ID),
        sa.Column("props", sa.Text(), nullable=False),
    )
    op.create_index("relationship_history_end_publication", "relationship_history", ["end_publication"])
    op.create_index("relationship_history_publication", "relationship_history", ["publication"])
    op.create_table(
        "verb",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "entity",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("integration_id", sa.Text(), sa.ForeignKey("integration.id"), nullable=False),
        sa.Column("type_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_on", sa.BigInteger(), nullable=False),
        sa.Column("begin_on", sa.BigInteger(), nullable=False),
        sa.Column("end_on", sa.BigInteger()),
        sa.Column("publication", _ID, nullable=False),
        sa.Column("end_publication", _ID),
        sa.Column("props", sa.Text(), nullable=False),
        sa.UniqueConstraint("integration_id", "key", name="entity_key"),
    )
    op.create_index("entity_end_publication", "entity", ["end_publication"])
    op.create_index("entity_publication", "entity", ["publication"])
    op.create_index("entity_type_id", "entity", ["type_id", "id"])
    op.create_table(
        "publication",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("integration_id", sa.Text(), nullable=False),
        sa.Column("run_id", _ID, nullable=False),
        sa.Column("published_on", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_publication_integration_id", "publication", ["integration_id"])
    op.create_index("ix_publication_published_on", "publication", ["published_on"])
    op.create_table(
        "record",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("integration_id", sa.Text(), sa.ForeignKey("integration.id"), nullable=False),
        sa.Column("scope_id", _ID, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("digest", sa.LargeBinary()),
        sa.Column("raw", sa.LargeBinary()),
        sa.UniqueConstraint("integration_id", "key", name="record_key"),
    )
    op.create_index("record_scope", "record", ["scope_id", "live"])
    op.create_table(
        "run",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("integration_id", sa.Text(), sa.ForeignKey("integration.id"), nullable=False),
        sa.Column("started_on", sa.BigInteger(), nullable=False),
        sa.Column("finished_on", sa.BigInteger()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
    )
    op.create_index("ix_run_integration_id", "run", ["integration_id"])
    op.create_table(
        "scope",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("integration_id", sa.Text(), sa.ForeignKey("integration.id"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("run_id", _ID),
        sa.Column("whole_on", sa.BigInteger()),
        sa.Column("watermark", sa.BigInteger()),
        sa.Column("floor", sa.BigInteger()),
        sa.Column("empty_since", sa.BigInteger()),
        sa.UniqueConstraint("integration_id", "name", name="scope_name"),
    )
