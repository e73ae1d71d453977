"""
Histories and their projection on SQL: the event store.

Only appends. The projection is written in the transaction that writes the events, and nothing here judges a fact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Connection, Engine, Result, Select, bindparam, select, text, update

from storage import tables
from storage.batch import in_key_order, moved_on
from storage.bulk import Bulk, chunks, insert
from storage.codec import admission_rows, certificate_rows, code_rows, from_row, projection_row, to_row
from storage.engine import reading, writing
from storage.event_queries import HISTORY, IN_KEY_ORDER, MOVES, OF_WANTED, ONE_PROJECTION, PROJECTION
from storage.lookups import KEYS_AT_ONCE, SqlLookups
from storage.seating import SqlSeats, steps_of
from storage.single import Single, Statement
from workflow.events import Event
from workflow.ports import Append, Projection, Sitting, bucket_of
from workflow.seating import Seat

PAGE: Final = 2_000  # rows fetched at a time: flat memory, and few round trips
Wanted = Select[*tuple[Any, ...]]

_a = tables.application.c


class Overtaken(Exception):
    """At least one application of a batch has moved on."""


class SqlEvents(SqlLookups):
    """The event store on SQLite and PostgreSQL; every method is one transaction, and safe from any thread."""

    def __init__(self, engine: Engine, single: Single) -> None:
        super().__init__(engine, single)
        self._seats = SqlSeats()

    def history(self, application: str) -> tuple[Event, ...]:
        """
        Give all events of an application in order; empty if there is no such application.

        Raises:
            Corrupt: a stored event cannot be read.
        """
        with reading(self._engine) as tx:
            rows = tx.execute(HISTORY, _place(application)).all()
        return tuple(map(from_row, rows))

    def histories(self, applications: Sequence[str] | None = None) -> Iterator[tuple[Event, ...]]:
        """
        Stream whole histories in the order of application keys, as of one moment and in flat memory.

        Writers are not held up meanwhile, and a reader that takes its time is not cut off.

        Args:
            applications: Only these, where given (then as of one moment for each 1,000); unknown keys are passed over.

        Raises:
            Corrupt: a stored event cannot be read.
        """
        if applications is None:
            with reading(self._engine) as tx, _rows(tx, IN_KEY_ORDER) as rows:
                yield from _each_history(rows)
            return
        for some in chunks(sorted(set(applications)), KEYS_AT_ONCE):
            with reading(self._engine) as tx:
                if tx.dialect.name == "postgresql":
                    found = tx.execute(OF_WANTED, {"buckets": [*map(bucket_of, some)], "keys": some}).all()
                else:
                    found = tx.execute(IN_KEY_ORDER.where(_a.application.in_(some))).all()
            yield from _each_history(found)

    def append(self, batch: Sequence[Append]) -> tuple[str, ...]:
        """
        Write the events of many applications in one transaction.

        Args:
            batch: At most one append for each application.

        Returns:
            Keys of the applications that were left out since they had moved on, in the order given.

        Raises:
            Unavailable: the database cannot be written; nothing of the batch was kept.
            Conflict: the number of an event is taken although its application had not moved on; nothing was kept.
            Corrupt: a row breaks the rules of the database (a command or certificate number used twice).
        """
        ordered = in_key_order(batch)
        if not ordered:
            return ()
        if len(ordered) == 1 and (kept := self._append_one(ordered[0])) is not None:
            return () if kept else (ordered[0].application,)
        try:
            with writing(self._engine) as tx:
                self.write(tx, ordered)
        except Overtaken:
            if len(ordered) == 1:
                return (ordered[0].application,)
        else:
            return ()
        # Many rows at once only tell how many moved on; row by row tells which.
        with writing(self._engine) as tx:
            return self._record_what_holds(tx, batch)

    def _append_one(self, append: Append) -> bool | None:
        """Write one application the short way; None where the long way must be taken."""
        if not self._single.is_possible or steps_of(append.events):  # seats are taken in the long way
            return None
        claim = self._update_application if append.expected else self._insert_application
        row = {**projection_row(append.projection), "expected": append.expected}
        statements: list[Statement] = [(claim, claim.ordered(row))]
        statements += [(self._insert_event, to_row(event)) for event in append.events]
        for bulk, rows in (
            (self._insert_admission, admission_rows),
            (self._insert_certificate, certificate_rows),
            (self._insert_code, code_rows),
        ):
            statements += [(bulk, bulk.ordered(row)) for row in rows(append.events)]
        return self._single.write(statements)

    def write(self, tx: Connection, ordered: Sequence[Append]) -> None:
        """
        Write appends, in key order, in a transaction of the caller's.

        Raises:
            Overtaken: at least one application has moved on; the transaction must be rolled back.
        """
        if not self._claim(tx, ordered):
            raise Overtaken
        self._record(tx, ordered)

    def insert_steps(self, tx: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert events given as rows of the table, bucket first."""
        self._insert_event.tuples(tx, rows)

    def _record_what_holds(self, tx: Connection, batch: Sequence[Append]) -> tuple[str, ...]:
        kept = [append for append in in_key_order(batch) if self._claim(tx, [append])]
        self._record(tx, kept)
        keys = {append.application for append in kept}
        return tuple(append.application for append in batch if append.application not in keys)

    def append_seated(
        self, sitting: Sitting, most: int, build: Callable[[Sequence[Seat]], Sequence[Append]]
    ) -> tuple[str, ...]:
        """
        Offer the free seats of a sitting and write the events that take some of them, in one transaction.

        Args:
            sitting: The sitting; who asks for its seats meanwhile waits.
            most: How many free seats to offer at the most, of shared and of separate rooms each.
            build: Makes the appends; may read from the stores, and is asked again if an application has moved on.

        Returns:
            Keys of the applications that were left out since they had moved on.

        Raises:
            NotFound: there is no such sitting.
            Conflict: an admission names a seat that is taken or does not exist; nothing was kept.
        """
        try:
            with writing(self._engine) as tx:
                self._seats.lock(tx, sitting)
                ordered = in_key_order(build(self._seats.free(tx, sitting, most)))
                self.write(tx, ordered)
                return ()
        except Overtaken:
            with writing(self._engine) as tx:
                self._seats.lock(tx, sitting)
                return self._record_what_holds(tx, build(self._seats.free(tx, sitting, most)))

    def append_numbered(self, series: str, build: Callable[[int], Append]) -> None:
        """
        Draw the next number of a series and write the events that bear it, in one transaction.

        Args:
            build: Makes the append; may read from the store, must not write to it. What it raises is passed on, and the
                number is not used up.

        Raises:
            Conflict: the application changed meanwhile; nothing was kept and no number is lost.
        """
        with writing(self._engine) as tx:
            ordered = in_key_order([build(self._draw(tx, series))])
            if not self._claim(tx, ordered):
                raise moved_on(ordered[0].application)
            self._record(tx, ordered)

    def projection(self, application: str) -> Projection | None:
        """Give the projection of an application."""
        with reading(self._engine) as tx:
            row = tx.execute(ONE_PROJECTION, _place(application)).one_or_none()
        return None if row is None else Projection(*row)

    def projections(self) -> Iterator[Projection]:
        """Stream all projections in the order of application keys."""
        with reading(self._engine) as tx, _rows(tx, select(*PROJECTION).order_by(_a.application)) as rows:
            for row in rows:
                yield Projection(*row)

    def _claim(self, tx: Connection, ordered: Sequence[Append]) -> bool:
        """Move applications on to their new projections; false if any was not where its writer saw it."""
        new = [projection_row(append.projection) for append in ordered if append.expected == 0]
        known = [
            {**projection_row(append.projection), "expected": append.expected} for append in ordered if append.expected
        ]
        return self._insert_application(tx, new) == len(new) and self._update_application(tx, known) == len(known)

    def _record(self, tx: Connection, ordered: Sequence[Append]) -> None:
        self._insert_event.tuples(tx, (to_row(event) for append in ordered for event in append.events))
        self._insert_admission(tx, (row for append in ordered for row in admission_rows(append.events)))
        self._insert_certificate(tx, (row for append in ordered for row in certificate_rows(append.events)))
        self._seats.take(tx, [append.events for append in ordered])
        self._insert_code(tx, (row for append in ordered for row in code_rows(append.events)))

    def _draw(self, tx: Connection, series: str) -> int:
        # The row stays locked until the end of the transaction: the next drawer waits, and no number is lost.
        table = tables.number_series
        first = insert(tx.dialect, table).values(series=series, last=1)
        drawn = first.on_conflict_do_update(index_elements=[table.c.series], set_={"last": table.c.last + 1})
        return int(tx.execute(drawn.returning(table.c.last)).scalar_one())

    @cached_property
    def _insert_application(self) -> Bulk:
        dialect = self._engine.dialect
        return Bulk(dialect, insert(dialect, tables.application).on_conflict_do_nothing())

    @cached_property
    def _update_application(self) -> Bulk:
        seen = (_a.bucket == bindparam("bucket"), _a.application == bindparam("application"))
        values = {c.name: bindparam(c.name, type_=c.type) for c in MOVES}
        guarded = update(tables.application).where(*seen, _a.sequence == bindparam("expected")).values(values)
        return Bulk(self._engine.dialect, guarded)

    @cached_property
    def _insert_event(self) -> Bulk:
        return Bulk(self._engine.dialect, insert(self._engine.dialect, tables.event))

    @cached_property
    def _insert_admission(self) -> Bulk:
        dialect = self._engine.dialect
        return Bulk(dialect, insert(dialect, tables.admission).on_conflict_do_nothing())

    @cached_property
    def _insert_certificate(self) -> Bulk:
        return Bulk(self._engine.dialect, insert(self._engine.dialect, tables.certificate))

    @cached_property
    def _insert_code(self) -> Bulk:
        return Bulk(self._engine.dialect, insert(self._engine.dialect, tables.certificate_code))


def _each_history(rows: Iterable[Any]) -> Iterator[tuple[Event, ...]]:
    for _, history in groupby(rows, key=itemgetter(0)):
        yield tuple(map(from_row, history))


def _place(application: str) -> dict[str, Any]:
    return {"in_bucket": bucket_of(application), "key": application}


def _rows(tx: Connection, wanted: Wanted) -> Result[*tuple[Any, ...]]:
    """Open a stream of rows; to be closed, since a stream left half-way keeps its place on the server."""
    if tx.dialect.name == "postgresql":
        # A reader that takes its time (an audit piped into a pager) holds no row that anyone waits for.
        tx.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
    return tx.execute(wanted.execution_options(yield_per=PAGE))
