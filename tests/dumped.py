"""All that a database holds, as bytes in which a value can be looked for."""

from __future__ import annotations

from sqlalchemy import select

from storage import tables
from storage.database import Database
from storage.engine import sqlite_file


def dumped(database: Database) -> bytes:
    """Give all that the database holds: every value of every table and, of SQLite, the bytes of its files."""
    found = bytearray()
    with database.engine.connect() as connection:
        for table in tables.metadata.sorted_tables:
            for row in connection.execute(select(table)):
                for value in row:
                    found += value if isinstance(value, bytes) else str(value).encode()
                    found += b"\x00"
    file = sqlite_file(database.engine.url)
    for path in (file, file.with_name(f"{file.name}-wal")) if file else ():
        found += path.read_bytes() if path.exists() else b""
    return bytes(found)
