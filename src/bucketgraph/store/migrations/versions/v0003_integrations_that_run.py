"""Integrations that run by themselves: tags, kept history, jobs of runs, their event log, tokens of the API."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add columns and tables; what is there stays as it is."""
    for column in (
        sa.Column("removed_on", sa.BigInteger()),
        sa.Column("tags", sa.Text(), nullable=False, server_default="{}"),
        sa.Column("retag", sa.Boolean(), nullable=False, server_default="0"),
        sa.Column("former_name", sa.Text()),
    ):
        op.add_column("integration", column)
    op.add_column("scope", sa.Column("seen_on", sa.BigInteger()))
    for column in (
        sa.Column("trigger", sa.Text(), nullable=False, server_default="cli"),
        sa.Column("workflow_id", sa.Text()),
        sa.Column("cancel_on", sa.BigInteger()),
    ):
        op.add_column("run", column)
    op.create_index("run_workflow", "run", ["workflow_id"], unique=True)
    op.create_index("entity_name", "entity", ["type_id", sa.text("name COLLATE NOCASE"), "end_on"])
    op.create_table(
        "run_event",
        sa.Column("id", _BIG_ID, primary_key=True),
        sa.Column("run_id", _BIG_ID, nullable=False),
        sa.Column("integration_id", sa.Text(), nullable=False, index=True),
        sa.Column("on", sa.BigInteger(), nullable=False, index=True),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
    )
    op.create_index("run_event_run", "run_event", ["run_id", "id"])
    op.create_table(
        "api_token",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False, unique=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("integration_id", sa.Text()),
        sa.Column("hash", sa.Text(), nullable=False, unique=True),
        sa.Column("created_on", sa.BigInteger(), nullable=False),
        sa.Column("expires_on", sa.BigInteger()),
        sa.Column("last_used_on", sa.BigInteger()),
    )
