"""
Raw rows for audits: what the database holds, handed on as the driver gives it, as of one moment and in flat memory.

Days and instants come as the texts that are hashed, written by the database itself; nothing is turned into facts here,
so that whatever was put into a row from outside is seen as it is. Only reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import chain, count
from typing import Any, Final, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Dialect,
    Engine,
    Integer,
    Select,
    Table,
    Text,
    bindparam,
    exc,
    exists,
    func,
    or_,
    select,
    text,
    tuple_,
    type_coerce,
)

from storage import tables
from storage.engine import reading
from workflow.ports import BUCKETS, bucket_of

PAGE: Final = 5_000
PARTS: Final = 10  # parts of runs fetched at a time: each holds up to a thousand lines
_KEYS_AT_ONCE: Final = 400
T = TypeVar("T")
Wanted = Select[*tuple[Any, ...]]
Row = tuple[Any, ...]
Statement = tuple[str, tuple[str, ...], dict[str, Any]]  # its text, its parameters in order, and what they are

_e, _a, _p, _c, _k = (
    tables.event.c, tables.application.c, tables.run_part.c, tables.certificate.c, tables.certificate_code.c,
)  # fmt: skip
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


class Snapshot:
    """The rows as of one moment; see `workflow.audit.RawRows`."""

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
        if self._is_server:
            cursor.itersize = page
        cursor.execute(sql, [bucket if place == "in_bucket" else values[place] for place in places])
        return iter(cursor)  # the driver's own iterator: a generator around it would be asked for each row

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

        return chain.from_iterable(map(some, _chunks(only)))

    def events(self, bucket: int, only: Sequence[str] | None = None) -> Iterator[Row]:
        """Stream the events of a bucket, or of some of its applications."""

        def wanted() -> Wanted:
            return self._events().where(_e.bucket == _BUCKET).order_by(_e.application, _e.sequence)

        return self._each(wanted, _e.application, only, "events", bucket)

    def rows(self, bucket: int, only: Sequence[str] | None = None, with_due: bool = False) -> Iterator[Row]:
        """Stream the projections of a bucket, or of some of its applications."""
        d = self._dialect

        def wanted() -> Wanted:
            due = (_day(d, _a.next_due_on), _a.next_due_type, _a.next_due_data) if with_due else ()
            columns = (
                _a.application, _a.candidate, _a.scheme, _a.digest, _a.level, _day(d, _a.submitted_on), _a.state,
                _a.sequence, _a.head, _instant(d, _a.recorded_at), *due,
            )  # fmt: skip
            return select(*columns).where(_a.bucket == _BUCKET).order_by(_a.application)

        return self._each(wanted, _a.application, only, f"rows, due: {with_due}", bucket)

    def parts(self, bucket: int | None = None) -> Iterator[Row]:
        """Stream the parts of runs, of a bucket or of all."""

        def wanted() -> Wanted:
            found = select(_p.bucket, _p.job, _day(self._dialect, _p.day), _p.key, _p.changes)
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
            lambda: select(o.application, _day(d, o.queued_on)).where(o.bucket == _BUCKET), "notices", bucket
        )
        return ((application, on) for application, on in rows)

    def admissions(self, bucket: int, only: Sequence[str] | None = None) -> Iterator[Row]:
        """Stream the admissions of a bucket, or of some of its applications."""
        m = tables.admission.c

        def wanted() -> Wanted:
            found = select(m.application, m.part, m.sitting, _day(self._dialect, m.sat_on)).where(m.bucket == _BUCKET)
            return found.order_by(m.application, m.part, m.sitting)

        return self._each(wanted, m.application, only, "admissions", bucket)

    def certificates(self, numbers: Sequence[str] | None = None) -> Iterator[Row]:
        """Stream rows of the certificate register with their codes."""
        on = _day(self._dialect, _c.awarded_on)
        wanted = select(_c.number, _c.series, _c.serial, _c.bucket, _c.application, on, _k.code)
        wanted = wanted.select_from(tables.certificate.outerjoin(tables.certificate_code, _k.number == _c.number))
        return self._each(lambda: wanted.order_by(_c.number), _c.number, numbers)

    def counts(self) -> tuple[int, int]:
        """Count the rows of `certificate` and of `certificate_code`."""
        return self._count(tables.certificate), self._count(tables.certificate_code)

    def stray_codes(self) -> Iterator[tuple[str, str]]:
        """Stream the codes whose number no certificate bears."""
        wanted = select(_k.code, _k.number).where(~exists().where(_c.number == _k.number)).order_by(_k.code)
        return ((code, number) for code, number in self._stream(lambda: wanted))

    def awards(self, applications: Sequence[str]) -> Iterator[Row]:
        """Stream the awards of some applications."""
        wanted = self._events().where(_e.type == "CertificateAwarded")
        for keys in _chunks(applications):
            there = tuple_(_e.bucket, _e.application).in_([(bucket_of(key), key) for key in keys])
            yield from self._stream(partial(wanted.where, there))

    def missing(self, applications: Sequence[str]) -> set[str]:
        """Tell which of some applications have no first event."""
        found: set[str] = set()
        for keys in _chunks(applications):
            first = tuple_(_e.bucket, _e.application, _e.sequence).in_([(bucket_of(key), key, 1) for key in keys])
            found.update(key for (key,) in self._stream(partial(select(_e.application).where, first)))
        return set(applications) - found

    def series(self) -> Iterator[Row]:
        """Stream the number series, each with the last number drawn."""
        n = tables.number_series.c
        return self._stream(lambda: select(n.series, n.last).order_by(n.series))

    def serials(self) -> Iterator[Row]:
        """Stream how many certificates of each series there are, and the highest number."""
        wanted = select(_c.series, func.count(), func.max(_c.serial)).group_by(_c.series)
        return self._stream(lambda: wanted.order_by(_c.series))

    def documents(self) -> Iterator[Row]:
        """Stream the scheme documents."""
        d = tables.scheme_document.c
        wanted = select(d.digest, d.text, d.scheme, d.version, d.title)
        return self._stream(lambda: wanted.order_by(d.ordinal), page=1)

    def runs(self) -> Iterator[tuple[str, str, bool, str]]:
        """Stream the runs."""
        r = tables.run.c
        wanted = select(r.job, _day(self._dialect, r.day), r.finished_at.is_not(None), r.digest)
        rows = self._stream(lambda: wanted.order_by(r.day, r.job))
        return ((job, day, bool(is_finished), digest) for job, day, is_finished, digest in rows)

    def astray(self) -> Iterator[tuple[str, str]]:
        """Stream what lies in no bucket that there is."""
        for table in tables.metadata.sorted_tables:
            bucket, *keys = table.primary_key.columns
            if bucket.name == "bucket":
                wanted = select(keys[0]).where(or_(bucket < 0, bucket >= BUCKETS)).order_by(keys[0])
                yield from ((table.name, key) for (key,) in self._stream(wanted.distinct))

    def seated(self) -> Iterator[tuple[str, str, str]]:
        """Stream the seats that are taken."""
        s = tables.seat.c
        wanted = select(s.application, s.sitting, s.part).where(s.application.is_not(None))
        rows = self._stream(lambda: wanted.order_by(s.sitting, s.part, s.sat_on, s.place))
        return ((application, sitting, part) for application, sitting, part in rows)

    def size(self) -> int:
        """Count the applications."""
        return self._count(tables.application)

    def _count(self, table: Table[Any]) -> int:
        return int(next(self._stream(lambda: select(func.count()).select_from(table)))[0])

    def _events(self) -> Wanted:
        on, at = _day(self._dialect, _e.effective_on), _instant(self._dialect, _e.recorded_at)
        return select(
            _e.application, _e.sequence, _e.type, _e.version, _e.step, _e.source, _e.dest, on, at, _e.actor,
            _e.command, _e.data, _e.previous, _e.hash,
        )  # fmt: skip


def _day(dialect: Dialect, column: Any) -> ColumnElement[Any]:
    """Write a day as `2026-11-22`, whatever the server's own style."""
    return func.to_char(column, "YYYY-MM-DD") if dialect.name == "postgresql" else type_coerce(column, Text)


def _instant(dialect: Dialect, column: Any) -> ColumnElement[Any]:
    """Write an instant as `events.instant_text` does."""
    if dialect.name == "postgresql":
        return func.to_char(func.timezone("UTC", column), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    plain: Any = type_coerce(column, Text)
    return func.replace(plain, " ", "T").op("||")("Z")


def _chunks(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    ordered = sorted(set(keys))
    return (ordered[start : start + _KEYS_AT_ONCE] for start in range(0, len(ordered), _KEYS_AT_ONCE))
