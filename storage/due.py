"""
What is due, in SQL: read, and claimed bucket by bucket so that any number of nodes share a night without meeting.

No leader and no lock that outlives its transaction: row locks say who works on what, and the sequence of each
application makes a second expiry impossible.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import cached_property
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    and_,
    bindparam,
    exists,
    false,
    func,
    literal_column,
    null,
    select,
    text,
    update,
)

from storage import tables
from storage.batch import in_key_order
from storage.bulk import Bulk
from storage.column_types import Instant
from storage.engine import reading, writing
from storage.events import Overtaken, SqlEvents
from storage.runs import insert_parked, insert_part
from workflow.errors import Conflict
from workflow.nights.ledger import Chunk, ClockStep, DueRow, Window
from workflow.ports import BUCKETS

_a, _p, _e = tables.application.c, tables.parked.c, tables.event.c
_COLUMNS: Final = (
    _a.application, _a.candidate, _a.digest, _a.level, _a.state, _a.sequence, _a.head, _a.recorded_at, _a.next_due_on,
    _a.next_due_type, _a.next_due_data,
)  # fmt: skip

# The server's own limit looks at a session between two requests, not at one that is frozen in the middle of a batch of
# rows, of which it waits for the rest. Whoever only reads has no transaction's number and holds nothing. On Citus the
# coordinator gives none for what is written on a node: there it is enough that a batch was begun and is awaited, which
# no reader leaves undone.
_END_HUNG: Final = text(
    "SELECT count(pg_terminate_backend(s.pid)) FROM pg_stat_activity AS s, pg_settings AS own "
    "WHERE own.name = 'idle_in_transaction_session_timeout' AND own.setting <> '0' "
    "AND s.datname = current_database() AND s.usename = current_user AND s.pid <> pg_backend_pid() "
    "AND s.wait_event_type = 'Client' "
    "AND (s.backend_xid IS NOT NULL OR s.state = 'active' AND s.wait_event = 'ClientRead') "
    "AND s.state_change < clock_timestamp() - own.setting::int * interval '1 millisecond'"
)


class SqlDue:
    """The applications for which the clock has something to do, on SQLite and PostgreSQL."""

    def __init__(self, engine: Engine, events: SqlEvents) -> None:
        self._engine = engine
        self._events = events

    def buckets(self, until: date, since: date | None = None) -> tuple[int, ...]:
        """Give the buckets with applications whose next step of the clock takes effect by a day, in order."""
        # All buckets are named, so that the index is entered once for each and read no further than the day.
        wanted = select(_a.bucket).distinct().where(_a.bucket.in_(range(BUCKETS)), _a.next_due_on <= until)
        if since is not None:
            wanted = wanted.where(_a.next_due_on >= since)
        with reading(self._engine) as tx:
            return tuple(sorted(tx.scalars(wanted)))

    def rows(self, window: Window) -> tuple[DueRow, ...]:
        """Read applications of a window, in key order, whoever holds them."""
        with reading(self._engine) as tx:
            return _fetched(tx, _in(window))

    def claim(self, window: Window, build: Callable[[Sequence[DueRow]], Chunk]) -> int:
        """
        Take applications of a window, and write what a job makes of them, in one transaction.

        Raises:
            Conflict: an application had moved on although it was held; nothing was kept.
        """
        try:
            with writing(self._engine) as tx:
                # On SQLite the writer is alone anyway, and the words are left out.
                rows = _fetched(tx, _in(window).with_for_update(skip_locked=True))
                if rows:
                    self._write(tx, window.bucket, build(rows))
                return len(rows)
        except Overtaken:
            raise Conflict(f"an application of bucket {window.bucket} had moved on; nothing was kept") from None

    def end_hung(self) -> int:
        """End sessions of our own that hold rows and have waited for their client too long; give their number."""
        if self._engine.dialect.name != "postgresql":
            return 0  # there the one writer holds the whole file, and no other process can take it from him
        with reading(self._engine) as tx:
            return int(tx.scalar(_END_HUNG) or 0)

    def _write(self, tx: Connection, bucket: int, chunk: Chunk) -> None:
        if chunk.steps:
            if self._end(tx, [_ended(bucket, step) for step in chunk.steps]) != len(chunk.steps):
                raise Overtaken
            self._events.insert_steps(tx, [(bucket, *step) for step in chunk.steps])
        if chunk.appends:
            self._events.write(tx, in_key_order(chunk.appends))
        insert_part(tx, chunk.part)
        insert_parked(tx, chunk.parked)

    @cached_property
    def _end(self) -> Bulk:
        here = and_(_a.bucket == bindparam("in_bucket"), _a.application == bindparam("key"))
        values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in ("state", "sequence", "head")}
        values |= {"recorded_at": bindparam("at", type_=Instant())}
        nothing: ColumnElement[str] = literal_column("''")
        nothing_due = {"next_due_on": null(), "next_due_type": nothing, "next_due_data": nothing}
        statement = update(tables.application).where(here, _a.sequence == bindparam("expected"))
        return Bulk(self._engine.dialect, statement.values(values | nothing_due))


def _ended(bucket: int, step: ClockStep) -> dict[str, Any]:
    return {
        "in_bucket": bucket,
        "key": step.application,
        "expected": step.sequence - 1,
        "new_state": step.dest,
        "new_sequence": step.sequence,
        "new_head": step.hash,
        "at": step.recorded_at,
    }


def _is_borne_out(bucket: int) -> ColumnElement[bool]:
    """
    Compare a row with the last event of its history, which is found at the end of its place in the primary key.

    A row that somebody has moved on since the statement began is read as it is now, but events as of the beginning
    (PostgreSQL): such a row is not borne out either.
    """
    is_so = and_(_e.sequence == _a.sequence, _e.hash == _a.head, _e.dest == _a.state, _e.recorded_at == _a.recorded_at)
    own = and_(_e.bucket == bucket, _e.application == _a.application)
    last = select(is_so).where(own).order_by(_e.sequence.desc()).limit(literal_column("1"))
    return func.coalesce(last.scalar_subquery(), false())


def _in(window: Window) -> Select[*tuple[Any, ...]]:
    wanted = (
        select(*_COLUMNS, _is_borne_out(window.bucket))
        .where(_a.bucket == window.bucket, _a.next_due_on <= window.until, _a.application > window.after)
        .order_by(_a.application.concat(""))  # or both databases go through every application, in order
        .limit(window.most)
    )
    if window.since is not None:
        wanted = wanted.where(_a.next_due_on >= window.since)
    if window.only:
        wanted = wanted.where(_a.application == window.only)
    if window.run is not None:
        of_run = and_(_p.job == window.run.job, _p.day == window.run.day)
        wanted = wanted.where(~exists().where(_p.bucket == window.bucket, _p.application == _a.application, of_run))
    return wanted


def _fetched(tx: Connection, wanted: Select[*tuple[Any, ...]]) -> tuple[DueRow, ...]:
    return tuple(DueRow(*row) for row in tx.execute(wanted))
