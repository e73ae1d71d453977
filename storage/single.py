"""
One step of one application on the bare driver: the way that a clerk's command takes, many times a day.

The statements are those of the long way, compiled by SQLAlchemy; only its own bookkeeping for a transaction is left
out, which costs as much as all else together (benchmarks/RESULTS.md). Whatever does not go well is rolled back and left
to the long way, which tells why; but not a wait for what others hold, which would begin anew there.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from functools import lru_cache
from time import monotonic
from typing import Any, Final, TypeVar

from sqlalchemy import Engine, PoolProxiedConnection, exc

from storage.bulk import MOVED, Bulk
from storage.engine import LOCK_NOT_AVAILABLE, speaking

KEPT_SECONDS: Final = 1.0  # one that has idled longer is looked at by the pool first
Statement = tuple[Bulk, Sequence[Any]]  # its values in its order
T = TypeVar("T")


class Single:
    """
    Writes a few rows in one transaction, or asks one question, on a connection that it keeps at hand.

    On SQLite one statement after the other; on PostgreSQL one statement that is a transaction by itself, so that a step
    is one journey to the server: even the driver's pipeline costs as much again.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._kept: list[tuple[PoolProxiedConnection, float]] = []  # one at most, but for two threads at once
        # The driver does not know of it where SQLAlchemy makes a connection read only.
        self.is_possible: Final = not engine.get_execution_options().get("postgresql_readonly", False)
        self._is_file: Final = engine.dialect.name == "sqlite"
        self._run: Final = _one_by_one if self._is_file else _at_once

    def close(self) -> None:
        """Give the connection back to the pool."""
        while self._kept:
            self._give_back(self._kept.pop()[0])

    def write(self, statements: Sequence[Statement]) -> bool | None:
        """
        Run statements with one row each; the first must touch a row. The others insert `after_move`.

        Returns:
            Whether it did; if not, nothing was kept. None where the driver raised, and nothing was kept.

        Raises:
            Unavailable: someone else held for too long what is to be written; nothing was kept.
        """
        return self._on_kept(lambda driver: self._run(driver, statements))

    def rows(self, text: str, values: Sequence[Any]) -> Sequence[Any] | None:
        """Run a query of plain texts and numbers and give its rows; None where the driver raised."""
        return self._on_kept(lambda driver: list(driver.execute(text, values)))

    def _on_kept(self, work: Callable[[Any], T]) -> T | None:
        """Do something on the connection at hand; None where the driver raised, and nothing was kept."""
        errors: Any = self._engine.dialect.loaded_dbapi
        try:
            connection = self._taken()
        except errors.Error:
            return None
        try:
            done = work(connection.driver_connection)
        except BaseException as error:
            self._return_broken(connection)
            if not isinstance(error, errors.Error):
                raise
            if _has_waited(error):
                with speaking():
                    raise exc.DBAPIError.instance("", None, error, errors.Error) from error
            return None
        self._keep(connection)
        return done

    def _taken(self) -> PoolProxiedConnection:
        try:
            connection, used = self._kept.pop()
        except IndexError:
            return self._fresh()
        if monotonic() - used < KEPT_SECONDS:
            return connection
        self._give_back(connection)  # the pool asks whether it still stands
        return self._fresh()

    def _fresh(self) -> PoolProxiedConnection:
        with speaking():
            connection = self._engine.raw_connection()
        try:
            self._commit_by_itself(connection, True)
        except self._engine.dialect.loaded_dbapi.Error:
            connection.invalidate()
            raise
        return connection

    def _commit_by_itself(self, connection: PoolProxiedConnection, does: bool) -> None:
        if not self._is_file:  # there the driver never opens a transaction of its own
            connection.driver_connection.autocommit = does  # type: ignore[union-attr]

    def _keep(self, connection: PoolProxiedConnection) -> None:
        if self._kept:
            self._give_back(connection)
        else:
            self._kept.append((connection, monotonic()))

    def _give_back(self, connection: PoolProxiedConnection) -> None:
        try:
            self._commit_by_itself(connection, False)
        except self._engine.dialect.loaded_dbapi.Error:
            connection.invalidate()
        connection.close()

    def _return_broken(self, connection: PoolProxiedConnection) -> None:
        try:
            connection.rollback()
        except self._engine.dialect.loaded_dbapi.Error:
            connection.invalidate()
            connection.close()
        else:
            self._give_back(connection)


def _has_waited(error: Exception) -> bool:
    """Tell whether the driver gave up waiting for what somebody else holds."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK)
    return code == sqlite3.SQLITE_BUSY or getattr(error, "sqlstate", "") == LOCK_NOT_AVAILABLE


def _one_by_one(driver: Any, statements: Sequence[Statement]) -> bool:
    cursor = driver.cursor()
    cursor.execute("BEGIN IMMEDIATE")
    for place, (bulk, row) in enumerate(statements):
        touched = cursor.execute(bulk.text, bulk.ready(row)).rowcount
        if place == 0 and touched != 1:
            cursor.execute("ROLLBACK")
            return False
    cursor.execute("COMMIT")
    return True


def _at_once(driver: Any, statements: Sequence[Statement]) -> bool:
    values = [value for bulk, row in statements for value in bulk.ready(row)]
    found = driver.execute(_one_statement(*(bulk for bulk, _row in statements)), values).fetchone()
    return bool(found[0] == 1)


@lru_cache(maxsize=64)  # a step brings one event or a few
def _one_statement(claim: Bulk, *inserts: Bulk) -> str:
    """Put statements into one: what is inserted comes from the row that was claimed, or not at all."""
    parts = [f"{MOVED} AS ({claim.text} RETURNING 1)"]
    parts += [f"w{number} AS ({insert.after_move})" for number, insert in enumerate(inserts)]
    return f"WITH {', '.join(parts)} SELECT count(*) FROM {MOVED}"
