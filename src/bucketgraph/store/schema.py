"""The version of the tables: checked cheaply at every start, migrated with Alembic only when needed.

Alembic is the slowest import of the program, so a database that is up to date never loads it.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from bucketgraph.errors import StoreNewer, StoreUnreadable
from bucketgraph.store.tables import metadata

VERSIONS = ("0001", "0002", "0003")
"""All schema versions in order; the last is what this program works with."""

HEAD = VERSIONS[-1]


def version_of(connection: Connection) -> str | None:
    """Return the schema version of a database, None for an empty one.

    Raises StoreNewer for a version this program does not know, StoreUnreadable for foreign tables.
    """
    tables = set(inspect(connection).get_table_names())
    if not tables:
        return None
    if not tables >= {"alembic_version", "publication", "entity"}:
        raise StoreUnreadable(
            "The file is a database, but not one of bucketgraph.",
            hint="Point BUCKETGRAPH_HOME or BUCKETGRAPH_DATABASE_URL elsewhere; the file was not touched.",
        )
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if found is not None and found not in VERSIONS:
        raise StoreNewer(
            f"The graph file has schema version {found}; this bucketgraph knows up to {HEAD}.",
            hint="Install the newer bucketgraph that wrote it; the file was not touched.",
        )
    return str(found) if found else None


def create(connection: Connection) -> None:
    """Make all tables of HEAD in an empty database, without loading Alembic.

    A test holds that this and all migrations together give the same tables.
    """
    metadata.create_all(connection)
    connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
    connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": HEAD})


def migrate(connection: Connection) -> None:
    """Bring the tables of an older database to HEAD inside the given transaction."""
    from alembic import command  # noqa: PLC0415  # loaded only when there is something to migrate
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
