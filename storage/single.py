"""
One step of one application on the bare driver: the way that a clerk's command takes, many times a day.

The statements are those of the long way, compiled by SQLAlchemy; only its own bookkeeping for a transaction is left
out, which costs as much as all else together (benchmarks/RESULTS.md). Whatever does not go well is rolled back and left
to the long way, which tells why.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any, Final, TypeVar

from sqlalchemy import Engine, PoolProxiedConnection

from storage.bulk import Bulk

KEPT_SECONDS: Final = 1.0  # one that has idled longer is looked at by the pool first
Statement = tuple[Bulk, Any]
T = TypeVar("T")


class Single:
    """Writes a few rows in one transaction, or asks one question, on a connection that it keeps at hand."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._kept: list[tuple[PoolProxiedConnection, float]] = []  # one at most, but for two threads at once
        # The driver does not know of it where SQLAlchemy makes a connection read only.
        self.is_possible: Final = not engine.get_execution_options().get("postgresql_readonly", False)
        self._run: Final = _one_by_one if engine.dialect.name == "sqlite" else _together
        self._ask: Final = _asked if engine.dialect.name == "sqlite" else _asked_at_once

    def close(self) -> None:
        """Give the connection back to the pool."""
        while self._kept:
            self._kept.pop()[0].close()

    def write(self, statements: Sequence[Statement]) -> bool | None:
        """
        Run statements with one row each; the first must touch a row.

        Returns:
            Whether it did; if not, nothing was kept. None where the driver raised, and nothing was kept.
        """
        return self._on_kept(lambda connection: self._written(connection, statements))

    def rows(self, text: str, values: Sequence[Any]) -> Sequence[Any] | None:
        """Run a query of plain texts and numbers and give its rows; None where the driver raised."""
        return self._on_kept(lambda connection: self._ask(connection.driver_connection, text, values))

    def _written(self, connection: PoolProxiedConnection, statements: Sequence[Statement]) -> bool:
        is_there = self._run(connection.driver_connection, statements)
        if is_there:
            connection.commit()
        else:
            connection.rollback()
        return is_there

    def _on_kept(self, work: Callable[[PoolProxiedConnection], T]) -> T | None:
        """Do something on the connection at hand; None where the driver raised, and nothing was kept."""
        connection = self._taken()
        try:
            done = work(connection)
        except BaseException as error:
            self._return_broken(connection)
            if isinstance(error, self._engine.dialect.loaded_dbapi.Error):
                return None
            raise
        self._keep(connection)
        return done

    def _taken(self) -> PoolProxiedConnection:
        try:
            connection, used = self._kept.pop()
        except IndexError:
            return self._engine.raw_connection()
        if monotonic() - used < KEPT_SECONDS:
            return connection
        connection.close()  # the pool asks whether it still stands
        return self._engine.raw_connection()

    def _keep(self, connection: PoolProxiedConnection) -> None:
        if self._kept:
            connection.close()
        else:
            self._kept.append((connection, monotonic()))

    def _return_broken(self, connection: PoolProxiedConnection) -> None:
        try:
            connection.rollback()
        except self._engine.dialect.loaded_dbapi.Error:
            connection.invalidate()
        connection.close()


def _one_by_one(driver: Any, statements: Sequence[Statement]) -> bool:
    cursor = driver.cursor()
    cursor.execute("BEGIN IMMEDIATE")
    for place, (bulk, row) in enumerate(statements):
        touched = cursor.execute(bulk.text, bulk.ready(row)).rowcount
        if place == 0 and touched != 1:
            return False
    return True


def _together(driver: Any, statements: Sequence[Statement]) -> bool:
    cursors = [driver.cursor() for _ in statements]
    with driver.pipeline():  # all in one journey to the server
        for cursor, (bulk, row) in zip(cursors, statements, strict=True):
            cursor.execute(bulk.text, bulk.ready(row))
    return bool(cursors[0].rowcount == 1)


def _asked(driver: Any, text: str, values: Sequence[Any]) -> Sequence[Any]:
    return list(driver.execute(text, values))


def _asked_at_once(driver: Any, text: str, values: Sequence[Any]) -> Sequence[Any]:
    with driver.pipeline():  # the end of the transaction travels with the question
        cursor = driver.execute(text, values)
        driver.rollback()
    return list(cursor)
