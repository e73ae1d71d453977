"""
Triggers by which a table refuses UPDATE and DELETE on both databases.

A later migration that rebuilds such a table on SQLite (batch mode) drops its triggers: call `guard` again after it.
"""

from __future__ import annotations

from alembic import op

from storage.append_only import FUNCTION, MAKE_FUNCTION, triggers_of


def guard(table: str) -> None:
    """Make a table append-only."""
    dialect = op.get_bind().dialect.name
    if dialect == "postgresql":
        op.execute(MAKE_FUNCTION)
    for statement in triggers_of(table, dialect).values():
        op.execute(statement)


def unguard_all() -> None:
    """Drop what the triggers share; the triggers themselves go with their tables."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP FUNCTION IF EXISTS {FUNCTION}()")
