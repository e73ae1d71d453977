"""Databases of older versions, made by going down from this one."""

from __future__ import annotations

from sqlalchemy import Connection, delete

from storage import tables
from storage.migrations.run import downgrade_to


def set_back(connection: Connection, revision: str) -> None:
    """Make of a database one of an older version, without its persons: sealed, they could not be written down again."""
    connection.execute(delete(tables.candidate))
    downgrade_to(connection, revision)
