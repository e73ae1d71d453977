"""
Raw rows for audits: what the database holds, handed on as the driver gives it, as of one moment and in flat memory.

Days and instants come as the texts that are hashed, written by the database itself; nothing is turned into facts here,
so that whatever was put into a row from outside is seen as it is. Only reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, Engine, Integer, bindparam, exc, select, text

from storage import tables
from storage.engine import reading
from storage.raw_registers import RegisterRows
from storage.raw_stream import Row, Statement, Wanted, day_text, instant_text

PARTS: Final = 10  # parts of runs fetched at a time: each holds up to a thousand lines
T = TypeVar("T")

_e, _a, _p = tables.event.c, tables.application.c, tables.run_part.c
_BUCKET: Final[ColumnElement[Any]] = bindparam("in_bucket", None, Integer)


class SqlRaw:
    """The rows of a database for audits."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._statements: dict[str, Statement] = {}

    def read(self, look: Callable[[Snapshot], T]) -> T:
        """
        Look at the rows as of one moment.

        Text that is none (SQLite keeps any bytes) is replaced, where there is some, by signs that no hash agrees with.

        Args:
            look: May be called a second time, from the start.

        Raises:
            Unavailable: the database cannot be read.
        """
        try:
            return self._read(look, is_lenient=False)
        except UnicodeError:
            return self._read(look, is_lenient=True)

    def _read(self, look: Callable[[Snapshot], T], is_lenient: bool) -> T:
        errors: Any = self._engine.dialect.loaded_dbapi
        with reading(self._engine) as tx:
            if tx.dialect.name == "postgresql":
                tx.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
                tx.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
            driver: Any = tx.connection.driver_connection
            if is_lenient:
                driver.text_factory = lambda raw: raw.decode("utf-8", "replace")
            try:
                with ExitStack() as cursors:
                    return look(Snapshot(tx, driver, cursors, self._statements))
            except errors.Error as error:
                if "decode to UTF-8" in str(error):
                    raise UnicodeError("a text is none") from error
                raise exc.DBAPIError.instance("", None, error, errors.Error) from error
            finally:
                if is_lenient:
                    driver.text_factory = str


class Snapshot(RegisterRows):
    """The rows as of one moment; see `workflow.audit.findings.RawRows`."""

    def events(self, bucket: int, only: Sequence[str] | None = None) -> Iterator[Row]:
        """Stream the events of a bucket, or of some of its applications."""

        def wanted() -> Wanted:
            return self._events().where(_e.bucket == _BUCKET).order_by(_e.application, _e.sequence)

        return self._each(wanted, _e.application, only, "events", bucket)

    def rows(self, bucket: int, only: Sequence[str] | None = None, with_due: bool = False) -> Iterator[Row]:
        """Stream the projections of a bucket, or of some of its applications."""
        d = self._dialect

        def wanted() -> Wanted:
            due = (day_text(d, _a.next_due_on), _a.next_due_type, _a.next_due_data) if with_due else ()
            columns = (
                _a.application, _a.candidate, _a.scheme, _a.digest, _a.level, day_text(d, _a.submitted_on), _a.state,
                _a.sequence, _a.head, instant_text(d, _a.recorded_at), *due,
            )  # fmt: skip
            return select(*columns).where(_a.bucket == _BUCKET).order_by(_a.application)

        return self._each(wanted, _a.application, only, f"rows, due: {with_due}", bucket)

    def parts(self, bucket: int | None = None) -> Iterator[Row]:
        """Stream the parts of runs, of a bucket or of all."""

        def wanted() -> Wanted:
            found = select(_p.bucket, _p.job, day_text(self._dialect, _p.day), _p.key, _p.changes)
            found = found.order_by(_p.bucket, _p.job, _p.day, _p.key)
            return found if bucket is None else found.where(_p.bucket == _BUCKET)

        return self._stream(wanted, "" if bucket is None else "parts", bucket, PARTS)

    def traces(self, table: str, bucket: int) -> Iterator[str]:
        """Stream the applications that a table of a bucket names."""
        c = tables.metadata.tables[table].c
        rows = self._stream(lambda: select(c.application).distinct().where(c.bucket == _BUCKET), table, bucket)
        return (key for (key,) in rows)

    def notices(self, bucket: int) -> Iterator[tuple[str, str]]:
        """Stream the notices of a bucket, each with the day on which it was queued."""
        o, d = tables.outbox.c, self._dialect
        rows = self._stream(
            lambda: select(o.application, day_text(d, o.queued_on)).where(o.bucket == _BUCKET), "notices", bucket
        )
        return ((application, on) for application, on in rows)

    def admissions(self, bucket: int, only: Sequence[str] | None = None) -> Iterator[Row]:
        """Stream the admissions of a bucket, or of some of its applications."""
        m = tables.admission.c

        def wanted() -> Wanted:
            found = select(m.application, m.part, m.sitting, day_text(self._dialect, m.sat_on)).where(
                m.bucket == _BUCKET
            )
            return found.order_by(m.application, m.part, m.sitting)

        return self._each(wanted, m.application, only, "admissions", bucket)

    def size(self) -> int:
        """Count the applications."""
        return self._count(tables.application)
