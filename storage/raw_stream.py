"""
Rows streamed as the driver gives them, as of one moment and in flat memory; days and instants as the texts hashed.

What `raw` and `raw_registers` read for audits goes through here. Only reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import chain, count
from typing import Any, Final, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Dialect,
    Select,
    Table,
    Text,
    column,
    func,
    select,
    tuple_,
    type_coerce,
    values,
)

from storage import bulk, tables

PAGE: Final = 2_000
_KEYS_AT_ONCE: Final = 400
K = TypeVar("K", str, tuple[str, ...])
Wanted = Select[*tuple[Any, ...]]
Row = tuple[Any, ...]
Statement = tuple[str, tuple[str, ...], dict[str, Any]]  # its text, its parameters in order, and what they are

_e = tables.event.c


class Streams:
    """Statements put to a database in one transaction, each answered by a stream of the driver's own rows."""

    def __init__(self, tx: Connection, driver: Any, cursors: ExitStack, statements: dict[str, Statement]) -> None:
        self._driver, self._cursors, self._statements = driver, cursors, statements
        self._dialect = tx.dialect
        self._is_server = tx.dialect.name == "postgresql"
        self._names = count(1)

    def _stream(
        self, wanted: Callable[[], Wanted], name: str = "", bucket: int | None = None, page: int = PAGE
    ) -> Iterator[Row]:
        """
        Hand on the driver's own rows: a `Row` of SQLAlchemy for each would cost a third of the time of an audit.

        Args:
            wanted: Makes the statement.
            name: Under which its text is kept, so that it is made once for all buckets; empty: it is not kept.
            bucket: The bucket for which it is.
            page: How many rows the server hands over at a time.
        """
        known = self._statements.get(name)
        if known is None:
            compiled = wanted().compile(dialect=self._dialect, compile_kwargs={"render_postcompile": True})
            known = (compiled.string, tuple(compiled.positiontup or ()), dict(compiled.params))
            if name:
                self._statements[name] = known
        sql, places, values = known
        cursor = self._driver.cursor(f"audit_{next(self._names)}") if self._is_server else self._driver.cursor()
        self._cursors.callback(cursor.close)
        cursor.execute(sql, [bucket if place == "in_bucket" else values[place] for place in places])
        # No generator around single rows, which would be asked for each.
        return chain.from_iterable(_pages(cursor, page)) if self._is_server else iter(cursor)

    def _each(
        self,
        wanted: Callable[[], Wanted],
        column: Any,
        only: Sequence[str] | None,
        name: str = "",
        bucket: int | None = None,
    ) -> Iterator[Row]:
        """Stream rows: all, or those with some keys in a column."""
        if only is None:
            return self._stream(wanted, name, bucket)

        def some(keys: Sequence[str]) -> Iterator[Row]:
            return self._stream(lambda: wanted().where(column.in_(keys)), bucket=bucket)

        return chain.from_iterable(map(some, chunks(only)))

    def _count(self, table: Table[Any]) -> int:
        return int(next(self._stream(lambda: select(func.count()).select_from(table)))[0])

    def _among(self, wanted: Wanted, columns: Sequence[ColumnElement[Any]], keys: Sequence[Row]) -> Wanted:
        """
        Narrow a statement to the rows with some keys of several columns.

        SQLite looks for a list of them in an index only where the list stands as a table.
        """
        if self._is_server:
            return wanted.where(tuple_(*columns).in_(keys))
        listed = values(*(column(f"key_{n}", one.type) for n, one in enumerate(columns))).data(list(keys)).cte("listed")
        return wanted.where(*(one == key for one, key in zip(columns, listed.c, strict=True)))

    def _events(self) -> Wanted:
        on, at = day_text(self._dialect, _e.effective_on), instant_text(self._dialect, _e.recorded_at)
        return select(
            _e.application, _e.sequence, _e.type, _e.version, _e.step, _e.source, _e.dest, on, at, _e.actor,
            _e.command, _e.data, _e.previous, _e.hash,
        )  # fmt: skip


def _pages(cursor: Any, page: int) -> Iterator[list[Row]]:
    """Fetch the pages of a server's cursor, each while the one before is worked on."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(cursor.fetchmany, page)
        while rows := coming.result():
            coming = pool.submit(cursor.fetchmany, page)
            yield rows


def day_text(dialect: Dialect, column: Any) -> ColumnElement[Any]:
    """Write a day as `2026-11-22`, whatever the server's own style."""
    return func.to_char(column, "YYYY-MM-DD") if dialect.name == "postgresql" else type_coerce(column, Text)


def instant_text(dialect: Dialect, column: Any) -> ColumnElement[Any]:
    """Write an instant as `events.instant_text` does."""
    if dialect.name == "postgresql":
        return func.to_char(func.timezone("UTC", column), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    plain: Any = type_coerce(column, Text)
    return func.replace(plain, " ", "T").op("||")("Z")


def chunks(keys: Sequence[K]) -> Iterator[Sequence[K]]:
    """Cut keys into as many as are asked for at a time, in their order and each once."""
    return bulk.chunks(sorted(set(keys)), _KEYS_AT_ONCE)
