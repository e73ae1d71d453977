"""The guards of rows that nobody may change, and how the owner of a database takes them down."""

from __future__ import annotations

from sqlalchemy import Connection, text

from storage import citus, tables
from storage.append_only import triggers_of


def take_down(tx: Connection) -> None:
    """Let rows be changed from here on as the software never does: no trigger holds, and on a server no foreign key."""
    if tx.dialect.name == "sqlite":
        for table in tables.APPEND_ONLY:
            for verb in ("update", "delete"):
                tx.execute(text(f"DROP TRIGGER IF EXISTS {table}_no_{verb}"))
        return
    citus.allow(tx)
    for table in tables.APPEND_ONLY:
        tx.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
    for described in tables.metadata.tables.values():
        for key in described.foreign_key_constraints:
            tx.execute(text(f"ALTER TABLE {described.name} DROP CONSTRAINT IF EXISTS {key.name}"))


def put_up_again(tx: Connection) -> None:
    """Let the triggers refuse changes as before; a foreign key that was dropped stays so: its rows may be gone."""
    dialect = tx.dialect.name
    if dialect == "postgresql":
        citus.allow(tx)
    for table in tables.APPEND_ONLY:
        if dialect == "sqlite":
            for statement in triggers_of(table, dialect).values():
                tx.execute(text(statement))
        else:
            tx.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))
