"""
Many rows at once: SQLAlchemy owns the statement's text, the driver gets plain tuples.

A row through Core's own executemany costs three times as much (engines.md, section 7).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Dialect, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import UpdateBase

T = TypeVar("T")
MOVED: Final = "moved"  # the name of the row that a step has moved on, where one statement does all


def insert(dialect: Dialect, table: Table[Any]) -> sqlite.Insert | postgresql.Insert:
    """Give an INSERT that can be told what to do on a conflict; both databases have the same words for it."""
    return postgresql.insert(table) if dialect.name == "postgresql" else sqlite.insert(table)


def chunks(values: Iterable[T], most: int) -> Iterator[list[T]]:
    """Cut values into lists that fit into one statement."""
    rest = iter(values)
    while some := [*islice(rest, most)]:
        yield some


class Bulk:
    """
    A statement, compiled once, for any number of rows.

    Attributes:
        text: The statement, with a place for each value.
        names: The names of the values, in the order of their places.
    """

    def __init__(self, dialect: Dialect, statement: UpdateBase) -> None:
        compiled = statement.compile(dialect=dialect)
        self.text: Final = str(compiled)
        self.names: Final = tuple(compiled.positiontup or ())
        self._writers: Final[tuple[tuple[int, Callable[[Any], Any]], ...]] = tuple(
            (place, lru_cache(maxsize=1024)(write))  # one batch names few days and instants, many times
            for place, name in enumerate(self.names)
            if (write := compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect)) is not None
        )

    @property
    def after_move(self) -> str:
        """The statement of an insertion as one that inserts its row for the row that another has moved, or none."""
        head, _, rest = self.text.partition(" VALUES (")
        values, _, tail = rest.rpartition(")")
        return f"{head} SELECT {values} FROM {MOVED}{tail}"

    def __call__(self, connection: Connection, rows: Iterable[Mapping[str, Any]]) -> int:
        """Run the statement for rows, in order, and tell how many rows of the table it touched in all."""
        return self.tuples(connection, map(self.ordered, rows))

    def tuples(self, connection: Connection, rows: Iterable[Sequence[Any]]) -> int:
        """Do the same for rows whose values stand in the order of `names`."""
        ready = [self.ready(row) for row in rows]
        return connection.exec_driver_sql(self.text, ready).rowcount if ready else 0

    def ordered(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        """Give the values of a row in the order of `names`."""
        return tuple(map(row.__getitem__, self.names))

    def ready(self, row: Sequence[Any]) -> tuple[Any, ...]:
        """Give the values of a row, in the order of `names`, as the driver takes them."""
        values = [*row]
        for place, write in self._writers:
            values[place] = write(values[place])
        return tuple(values)
