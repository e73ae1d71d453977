"""The guards of rows that nobody may change, and how the owner of a database takes them down."""

from __future__ import annotations

from sqlalchemy import Connection, text

from storage import citus, tables


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
