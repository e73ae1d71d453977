"""
The run ledger on SQLite and PostgreSQL: runs, what they did, and what they parked.

Parts are only ever added, by the transaction that did the work; a run row is touched twice, when it is begun and when
it is done.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, and_, delete, func, or_, select, text, tuple_, update

from storage import tables
from storage.batch import check_notices, check_unclaimed, in_key_order, news
from storage.bulk import Bulk, chunks, insert
from storage.engine import reading, writing
from storage.events import Overtaken, SqlEvents
from storage.portable import kept
from workflow.errors import Conflict
from workflow.nights.ledger import Chunk, Notice, Parked, Part, Run, RunKey
from workflow.ports import bucket_of

_r, _p, _x, _o = tables.run.c, tables.run_part.c, tables.parked.c, tables.outbox.c
_KEYS_AT_ONCE: Final = 200
_RUN: Final = (
    _r.job, _r.day, _r.opened_at, _r.opened_by, _r.finished_at, _r.finished_by, _r.outcome, _r.digest,
)  # fmt: skip


class _Raced(Exception):
    """Another node has queued one of the notices meanwhile."""


class SqlRuns:
    """The run ledger."""

    def __init__(self, engine: Engine, events: SqlEvents) -> None:
        self._engine = engine
        self._events = events

    def open(self, key: RunKey, at: datetime, by: str) -> Run:
        """Begin a run, or give the one that was begun before."""
        row = {"opened_at": at, "opened_by": by, "finished_at": None, "finished_by": "", "outcome": "", "digest": ""}
        with writing(self._engine) as tx:
            fresh = insert(tx.dialect, tables.run).values(job=key.job, day=key.day, **row)
            tx.execute(fresh.on_conflict_do_nothing())
            return _run(tx.execute(select(*_RUN).where(_of_run(_r, key))).one())

    def find(self, key: RunKey) -> Run | None:
        """Give a run."""
        with reading(self._engine) as tx:
            row = tx.execute(select(*_RUN).where(_of_run(_r, key))).one_or_none()
        return None if row is None else _run(row)

    def history(self, job: str = "", most: int = 100) -> tuple[Run, ...]:
        """Give the newest runs, of one job or of all, newest business day first, then in the order of jobs."""
        wanted = select(*_RUN).order_by(_r.day.desc(), _r.job).limit(most)
        with reading(self._engine) as tx:
            return tuple(_run(row) for row in tx.execute(wanted.where(_r.job == job) if job else wanted))

    def last_finished(self, job: str) -> date | None:
        """Give the latest business day for which a job was finished; None if it never was."""
        with reading(self._engine) as tx:
            return tx.scalar(select(func.max(_r.day)).where(_r.job == job, _r.finished_at.is_not(None)))

    def first_unfinished(self, job: str) -> date | None:
        """Give the earliest business day for which a job was begun and not finished."""
        with reading(self._engine) as tx:
            return tx.scalar(select(func.min(_r.day)).where(_r.job == job, _r.finished_at.is_(None)))

    def add(self, part: Part, notices: Sequence[Notice] = (), parked: Sequence[Parked] = ()) -> int:
        """
        Write what a transaction of a run did, with the notices that it queues.

        Args:
            part: The part; with notices, its changes are in their order, one for each.
            notices: Those whose application has had one for the same reason are left out, with their changes.
            parked: What could not be judged.

        Returns:
            The number of changes that were kept.

        Raises:
            ValueError: a notice lies in another bucket than the part.
        """
        check_notices(part, notices)
        while True:
            try:
                with writing(self._engine) as tx:
                    return _add(tx, part, notices, parked)
            except _Raced:  # the other's notices are there now, and will be left out
                continue

    def write(self, chunk: Chunk) -> None:
        """
        Write what a job made of applications that nobody held, in one transaction.

        Raises:
            ValueError: a last step of the clock is among it, which is only written where it was claimed.
            Conflict: one of them had moved on; nothing was kept.
        """
        check_unclaimed(chunk)
        try:
            with writing(self._engine) as tx:
                self._events.write(tx, in_key_order(chunk.appends))
                insert_part(tx, chunk.part)
                insert_parked(tx, chunk.parked)
        except Overtaken:
            raise Conflict("an application of the chunk had moved on; nothing was kept") from None

    def parts(self, key: RunKey, bucket: int | None = None) -> Iterator[Part]:
        """Stream what a run did, in the order of buckets and keys of parts."""
        wanted = select(_p.bucket, _p.key, _p.at, _p.by, _p.changes).where(_of_run(_p, key)).order_by(_p.bucket, _p.key)
        wanted = wanted if bucket is None else wanted.where(_p.bucket == bucket)
        with reading(self._engine) as tx:
            if tx.dialect.name == "postgresql":
                # A reader that takes its time (a list piped into a pager) holds no row that anyone waits for.
                tx.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
            with tx.execute(wanted.execution_options(yield_per=10)) as rows:
                for in_bucket, name, at, by, changes in rows:
                    # Not by `splitlines`: a line of JSON may hold U+2028 and other ends of line as they are.
                    yield Part(key, in_bucket, name, at, by, tuple(changes.split("\n")))

    def parked(self, key: RunKey) -> tuple[Parked, ...]:
        """Give what a run has parked, in key order."""
        wanted = select(_x.application, _x.at, _x.reason).where(_of_run(_x, key)).order_by(_x.application)
        with reading(self._engine) as tx:
            return tuple(Parked(key, *row) for row in tx.execute(wanted))

    def release(self, key: RunKey) -> int:
        """Take up again what a run has parked, which is owed then; give the number."""
        with writing(self._engine) as tx:
            if released := tx.execute(delete(tables.parked).where(_of_run(_x, key))).rowcount:
                _reopen(tx, key)
            return released

    def finish(self, run: Run) -> bool:
        """Close a run with its outcome; false if it was closed with the same digest and outcome already."""
        is_news = or_(_r.finished_at.is_(None), _r.outcome != run.outcome, _r.digest != run.digest)
        values = {"finished_at": run.finished_at, "finished_by": run.finished_by, "outcome": run.outcome}
        closing = update(tables.run).where(_of_run(_r, run.key), is_news).values(digest=run.digest, **values)
        with writing(self._engine) as tx:
            return tx.execute(closing).rowcount == 1


def _run(row: Any) -> Run:
    job, day, *rest = row
    return Run(RunKey(job, day), *rest)


def _of_run(c: Any, key: RunKey) -> ColumnElement[bool]:
    return and_(c.job == key.job, c.day == key.day)


def _add(tx: Connection, part: Part, notices: Sequence[Notice], parked: Sequence[Parked]) -> int:
    changes: Sequence[str] = part.changes
    if notices:
        had = queued(tx, part.bucket, [(n.application, n.reason) for n in notices])
        new = news(part, notices, had)
        _insert_notices(tx, [notice for notice, _ in new])
        changes = [change for _, change in new]
    insert_part(tx, replace(part, changes=tuple(changes)))
    insert_parked(tx, parked)
    return len(changes)


def queued(tx: Connection, bucket: int, reasons: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Tell for which of (application, reason) there ever was a notice; all of one bucket."""
    had: set[tuple[str, str]] = set()
    for some in chunks(reasons, _KEYS_AT_ONCE):
        there = tuple_(_o.application, _o.reason).in_(some)
        had |= {(a, r) for a, r in tx.execute(select(_o.application, _o.reason).where(_o.bucket == bucket, there))}
    return had


def _insert_notices(tx: Connection, notices: Sequence[Notice]) -> None:
    names = [c.name for c in _o if c.name != "bucket"]
    # In the order of the key, so that two writers meet at the same row first and never wait for each other.
    ordered = sorted(notices, key=lambda n: (n.application, n.reason))
    rows = [{"bucket": bucket_of(n.application), **{name: getattr(n, name) for name in names}} for n in ordered]
    # By the driver itself: Core does not tell how many of many rows it has inserted.
    if Bulk(tx.dialect, insert(tx.dialect, tables.outbox).on_conflict_do_nothing())(tx, rows) != len(rows):
        raise _Raced


def _reopen(tx: Connection, key: RunKey) -> None:
    """Let a run that was closed be owed again: what is kept with it is no more what it did."""
    owed = {"finished_at": None, "finished_by": "", "outcome": "", "digest": ""}
    tx.execute(update(tables.run).where(_of_run(_r, key), _r.finished_at.is_not(None)).values(owed))


def insert_part(tx: Connection, part: Part) -> None:
    """Insert a part of a run, which is owed again if it was closed; a part without changes is left out."""
    if not part.changes:
        return
    _reopen(tx, part.run)
    tx.execute(
        tables.run_part.insert().values(
            bucket=part.bucket,
            job=part.run.job,
            day=part.run.day,
            key=part.key,
            at=part.at,
            by=part.by,
            changes="\n".join(part.changes),
        )
    )


def insert_parked(tx: Connection, parked: Sequence[Parked]) -> None:
    """
    Insert what a run could not judge; an application that it has parked already stays parked once.

    A run that was closed is owed until it is closed again.
    """
    for run in {one.run for one in parked}:
        _reopen(tx, run)
    for one in sorted(parked, key=lambda one: (bucket_of(one.application), one.application)):
        row: dict[str, Any] = {"bucket": bucket_of(one.application), "application": one.application, "at": one.at}
        row |= {"job": one.run.job, "day": one.run.day, "reason": kept(one.reason)}
        fresh = insert(tx.dialect, tables.parked).values(row)
        tx.execute(fresh.on_conflict_do_nothing())
