"""Alembic migrations, one file a schema version; `schema.VERSIONS` lists them."""
