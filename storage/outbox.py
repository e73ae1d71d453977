"""
The outbox on SQLite and PostgreSQL: notices are taken with their next try set ahead, so that no lock is held while one
is being sent, and a node that dies with a notice in its hands loses nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, and_, select, update

from storage import tables
from storage.engine import reading, writing
from storage.portable import kept
from storage.runs import queued
from workflow.nights.ledger import Notice
from workflow.ports import BUCKETS, bucket_of

_o = tables.outbox.c
_NOTICE: Final = (
    _o.application, _o.reason, _o.candidate, _o.kind, _o.about, _o.queued_on, _o.useful_until, _o.queued_at, _o.tries,
    _o.next_try_at, _o.sent_at, _o.error,
)  # fmt: skip


class SqlOutbox:
    """The outbox."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def queued(self, bucket: int, reasons: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        """Tell for which of (application, reason) there ever was a notice; all of one bucket."""
        with reading(self._engine) as tx:
            return queued(tx, bucket, reasons)

    def claim(self, now: datetime, again_at: Sequence[datetime], most: int) -> tuple[Notice, ...]:
        """Take notices whose time has come, each with its next try set ahead; see `ledger.Outbox`."""
        waiting = and_(_o.bucket.in_(range(BUCKETS)), _o.next_try_at <= now, _o.tries < len(again_at))
        with reading(self._engine) as tx:
            first = select(_o.bucket).where(waiting).order_by(_o.bucket).limit(most)
            buckets = sorted(set(tx.scalars(first)))
        taken: list[Notice] = []
        for bucket in buckets:  # Citus locks rows of one bucket only
            with writing(self._engine) as tx:
                taken += _claim(tx, bucket, now, again_at, most - len(taken))
            if len(taken) == most:
                break
        return tuple(taken)

    def sent(self, notice: Notice, at: datetime) -> None:
        """Note that a notice was delivered."""
        self._note(notice, sent_at=at, next_try_at=None, error="")

    def failed(self, notice: Notice, error: str, is_over: bool = False) -> None:
        """Note why a notice could not be delivered, and whether it is given up."""
        self._note(notice, error=kept(error), **({"next_try_at": None} if is_over else {}))

    def notices(self, application: str = "", waiting: bool = False, most: int = 1000) -> tuple[Notice, ...]:
        """Give notices in the order of queueing: of one application or of all; only those that wait still, or all."""
        wanted = select(*_NOTICE).order_by(_o.queued_at, _o.application, _o.reason).limit(most)
        if application:
            wanted = wanted.where(_o.bucket == bucket_of(application), _o.application == application)
        if waiting:
            wanted = wanted.where(_o.next_try_at.is_not(None))
        with reading(self._engine) as tx:
            return tuple(Notice(*row) for row in tx.execute(wanted))

    def _note(self, notice: Notice, **values: Any) -> None:
        with writing(self._engine) as tx:
            tx.execute(update(tables.outbox).where(_is(notice)).values(values))


def _is(notice: Notice) -> ColumnElement[bool]:
    of = and_(_o.bucket == bucket_of(notice.application), _o.application == notice.application)
    return and_(of, _o.reason == notice.reason, _o.sent_at.is_(None))


def _claim(tx: Connection, bucket: int, now: datetime, again_at: Sequence[datetime], most: int) -> list[Notice]:
    wanted = (
        select(*_NOTICE)
        .where(_o.bucket == bucket, _o.next_try_at <= now, _o.tries < len(again_at))
        .order_by(_o.next_try_at, _o.application, _o.reason)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    found = [Notice(*row) for row in tx.execute(wanted)]
    for notice in found:
        ahead = {"tries": notice.tries + 1, "next_try_at": again_at[notice.tries]}
        tx.execute(update(tables.outbox).where(_is(notice)).values(ahead))
    return [replace(n, tries=n.tries + 1, next_try_at=again_at[n.tries]) for n in found]
