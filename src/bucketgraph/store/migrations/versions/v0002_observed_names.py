"""Observed names with live counts; types by their classes; relationships with keys and types of their own.

And the highest ids that removed integrations had.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_KIND = """
    CASE each.type WHEN 'text' THEN 'string' WHEN 'integer' THEN 'number' WHEN 'real' THEN 'number'
    WHEN 'true' THEN 'boolean' WHEN 'false' THEN 'boolean' ELSE 'list' END
"""

_EDGE_HISTORY = """
    (SELECT r.from_type_id, r.verb_id, r.to_type_id, h.props
    FROM relationship r JOIN relationship_history h ON h.relationship_id = r.id)
"""


def upgrade() -> None:
    """Create the tables and fill them with what the present rows and the history show."""
    _entity_types()
    _relationships()
    op.create_table(
        "relationship_kind",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("from_type_id", sa.Integer(), nullable=False),
        sa.Column("verb_id", sa.Integer(), nullable=False),
        sa.Column("to_type_id", sa.Integer(), nullable=False),
        sa.Column("live", sa.Integer(), nullable=False),
        sa.UniqueConstraint("from_type_id", "verb_id", "to_type_id", name="relationship_kind_triple"),
    )
    op.create_table(
        "property_kind",
        sa.Column("owner", sa.Text(), primary_key=True),
        sa.Column("owner_id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("kind", sa.Text(), primary_key=True),
    )
    op.create_table(
        "parameter",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("value", sa.Text(), nullable=False),
    )
    op.create_table(
        "high_water",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("id", _BIG_ID, nullable=False, autoincrement=False),
    )
    _observe_triples()
    _observe_properties()


def _entity_types() -> None:
    op.create_table(
        "entity_type_new",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("classes", sa.Text(), nullable=False),
        sa.Column("declared", sa.Boolean(), nullable=False),
        sa.Column("live", sa.Integer(), nullable=False),
        sa.UniqueConstraint("name", "classes", "declared", name="entity_type_name"),
    )
    op.execute(
        """
        INSERT INTO entity_type_new (id, name, classes, declared, live)
        SELECT id, name, classes, 1,
            (SELECT count(*) FROM entity e WHERE e.type_id = entity_type.id AND e.end_on IS NULL)
        FROM entity_type
        """
    )
    op.drop_table("entity_type")
    op.rename_table("entity_type_new", "entity_type")


def _relationships() -> None:
    op.add_column("relationship", sa.Column("key", sa.Text()))
    op.add_column("relationship", sa.Column("type", sa.Text()))
    op.add_column("relationship_history", sa.Column("type", sa.Text()))
    op.create_index(
        "relationship_identity",
        "relationship",
        ["from_id", "to_id", "verb_id", sa.text("coalesce(key, '')")],
        unique=True,
    )
    for near, far in (("from", "to"), ("to", "from")):
        op.drop_index(f"relationship_{near}", "relationship")
        columns = [f"{near}_id", "verb_id", f"{far}_type_id", f"{far}_id", "end_on"]
        op.create_index(f"relationship_{near}", "relationship", columns)
    op.drop_index("entity_type_id", "entity")
    op.create_index("entity_type_id", "entity", ["type_id", "end_on"])
    for name in _hot_indexes():
        op.drop_index(name, "entity")  # made anew, with when it ended in it, by whoever opens the file


def _hot_indexes() -> list[str]:
    found = op.get_bind().exec_driver_sql(
        "SELECT name FROM sqlite_master WHERE type = 'index' AND substr(name, 1, 4) = 'hot_'"
    )
    return [row[0] for row in found]


def _observe_triples() -> None:
    """Note the triples of today's rows, and of the types that today's ends had before."""
    op.execute(
        """
        INSERT INTO relationship_kind (from_type_id, verb_id, to_type_id, live)
        SELECT from_type_id, verb_id, to_type_id, sum(end_on IS NULL) FROM relationship
        GROUP BY from_type_id, verb_id, to_type_id ORDER BY from_type_id, verb_id, to_type_id
        """
    )
    op.execute(
        """
        WITH retyped(id) AS (
            SELECT e.id FROM entity e JOIN entity_history h ON h.entity_id = e.id
            WHERE h.type_id <> e.type_id
        ), touched(from_id, verb_id, to_id) AS (
            SELECT from_id, verb_id, to_id FROM relationship WHERE from_id IN (SELECT id FROM retyped)
            UNION SELECT from_id, verb_id, to_id FROM relationship WHERE to_id IN (SELECT id FROM retyped)
        ), had(id, type_id) AS (
            SELECT id, type_id FROM entity UNION SELECT entity_id, type_id FROM entity_history
        )
        INSERT OR IGNORE INTO relationship_kind (from_type_id, verb_id, to_type_id, live)
        SELECT DISTINCT f.type_id, x.verb_id, t.type_id, 0
        FROM touched x JOIN had f ON f.id = x.from_id JOIN had t ON t.id = x.to_id
        """
    )


def _observe_properties() -> None:
    for table in ("entity", "entity_history"):
        op.execute(
            f"""
            INSERT OR IGNORE INTO property_kind (owner, owner_id, name, kind)
            SELECT DISTINCT 'entity', x.type_id, each.key, {_KIND} FROM {table} x, json_each(x.props) each
            """  # noqa: S608  # our own names
        )
    for source in ("relationship", _EDGE_HISTORY):
        op.execute(
            f"""
            INSERT OR IGNORE INTO property_kind (owner, owner_id, name, kind)
            SELECT DISTINCT 'relationship', k.id, each.key, {_KIND}
            FROM {source} x
            JOIN relationship_kind k ON k.from_type_id = x.from_type_id AND k.verb_id = x.verb_id
                AND k.to_type_id = x.to_type_id
            JOIN json_each(x.props) each WHERE x.props <> '{{}}'
            """  # noqa: S608  # our own names
        )
    # A kind that no row has any more, because an end was retyped, had what others of its verb have.
    op.execute(
        """
        INSERT OR IGNORE INTO property_kind (owner, owner_id, name, kind)
        SELECT DISTINCT 'relationship', k.id, p.name, p.kind
        FROM relationship_kind k JOIN relationship_kind o ON o.verb_id = k.verb_id
        JOIN property_kind p ON p.owner = 'relationship' AND p.owner_id = o.id
        WHERE k.live = 0
        """
    )
