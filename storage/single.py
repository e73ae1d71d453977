"""
One step of one application on the bare driver: the way that a clerk's command takes, many times a day.

The statements are those of the long way, compiled by SQLAlchemy; only its own bookkeeping for a transaction is left
out, which costs as much as all else together (benchmarks/RESULTS.md). Whatever does not go well is rolled back and left
to the long way, which tells why.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Engine

from storage.bulk import Bulk

Statement = tuple[Bulk, Any]


class Single:
    """Writes a few rows in one transaction on a connection of the pool."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        # The driver does not know of it where SQLAlchemy makes a connection read only.
        self.is_possible: Final = not engine.get_execution_options().get("postgresql_readonly", False)

    def write(self, statements: Sequence[Statement]) -> bool | None:
        """
        Run statements with one row each; the first must touch a row.

        Returns:
            Whether it did; if not, nothing was kept. None where the driver raised, and nothing was kept.
        """
        connection = self._engine.raw_connection()
        try:
            run = _one_by_one if self._engine.dialect.name == "sqlite" else _together
            is_there = run(connection.driver_connection, statements)
            if is_there:
                connection.commit()
            else:
                connection.rollback()
            return is_there
        except self._engine.dialect.loaded_dbapi.Error:
            connection.rollback()
            return None
        finally:
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
