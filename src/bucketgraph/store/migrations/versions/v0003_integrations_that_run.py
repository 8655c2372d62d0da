"""Integrations that run by themselves, with their jobs and event log; tokens of the API; accounts and sessions."""

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
        sa.Column("account_id", sa.Text(), index=True),
    )
    _add_accounts()


def _add_accounts() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text()),
        sa.Column("oidc_issuer", sa.Text()),
        sa.Column("oidc_subject", sa.Text()),
        sa.Column("created_on", sa.BigInteger(), nullable=False),
        sa.Column("updated_on", sa.BigInteger(), nullable=False),
        sa.Column("signed_in_on", sa.BigInteger()),
        sa.Column("disabled_on", sa.BigInteger()),
        sa.Column("session_epoch", sa.Integer(), nullable=False, server_default="0"),
    )
    op.create_index("account_name", "account", [sa.text("lower(name)")], unique=True)
    op.create_index("account_oidc", "account", ["oidc_issuer", "oidc_subject"], unique=True)
    op.create_table(
        "session",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("account_id", sa.Text(), nullable=False, index=True),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("created_on", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_on", sa.BigInteger(), nullable=False),
        sa.Column("expires_on", sa.BigInteger(), nullable=False, index=True),
        sa.Column("user_agent", sa.Text(), nullable=False),
    )
    op.create_table(
        "login_attempt",
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column("minute", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_on", sa.BigInteger(), nullable=False),
    )
    op.create_index("login_attempt_minute", "login_attempt", ["minute"])
    op.create_table(
        "setup_link",
        sa.Column("hash", sa.Text(), primary_key=True),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), index=True),
        sa.Column("created_on", sa.BigInteger(), nullable=False),
        sa.Column("expires_on", sa.BigInteger(), nullable=False, index=True),
        sa.Column("used_on", sa.BigInteger()),
    )
    op.create_table(
        "saved_question",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), index=True),
        sa.Column("shared", sa.Boolean(), nullable=False, server_default="0"),
        sa.Column("created_on", sa.BigInteger(), nullable=False),
        sa.Column("updated_on", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "query_history",
        sa.Column("id", _BIG_ID, primary_key=True),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("on", sa.BigInteger(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("rows", sa.Integer()),
        sa.Column("took_ms", sa.Integer(), nullable=False),
    )
    op.create_index("query_history_account", "query_history", ["account_id", "id"])
