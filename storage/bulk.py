"""
Many rows at once: SQLAlchemy owns the statement's text, the driver gets plain tuples.

A row through Core's own executemany costs three times as much (engines.md, section 7).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, Dialect, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import UpdateBase


def insert(dialect: Dialect, table: Table[Any]) -> sqlite.Insert | postgresql.Insert:
    """Give an INSERT that can be told what to do on a conflict; both databases have the same words for it."""
    return postgresql.insert(table) if dialect.name == "postgresql" else sqlite.insert(table)


class Bulk:
    """A statement, compiled once, for any number of rows."""

    def __init__(self, dialect: Dialect, statement: UpdateBase) -> None:
        compiled = statement.compile(dialect=dialect)
        self.text: Final = str(compiled)
        self.names: Final = tuple(compiled.positiontup or ())
        self._writers: Final[tuple[tuple[int, Callable[[Any], Any]], ...]] = tuple(
            (place, lru_cache(maxsize=1024)(write))  # one batch names few days and instants, many times
            for place, name in enumerate(self.names)
            if (write := compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect)) is not None
        )

    def __call__(self, connection: Connection, rows: Iterable[Mapping[str, Any]]) -> int:
        """Run the statement for rows, in order, and tell how many rows of the table it touched in all."""
        return self.tuples(connection, ([row[name] for name in self.names] for row in rows))

    def tuples(self, connection: Connection, rows: Iterable[Sequence[Any]]) -> int:
        """Do the same for rows whose values stand in the order of `names`."""
        ready = [self._ready(row) for row in rows]
        return connection.exec_driver_sql(self.text, ready).rowcount if ready else 0

    def ready(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        """Give the values of a row as the driver takes them."""
        return self._ready([row[name] for name in self.names])

    def _ready(self, row: Sequence[Any]) -> tuple[Any, ...]:
        values = [*row]
        for place, write in self._writers:
            values[place] = write(values[place])
        return tuple(values)
