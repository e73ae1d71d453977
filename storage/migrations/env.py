"""Alembic's entrance: runs the migrations on the connection that it is handed; there is no ini file."""

from __future__ import annotations

from alembic import context

from storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter a table otherwise
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
