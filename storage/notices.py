"""
The outbox by hand: what was not delivered, and queueing it again once its cause is mended.

What was sent is never sent again from here; what is past its last day stays where it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Final

from sqlalchemy import ColumnElement, Engine, and_, func, or_, select, update

from storage import tables
from storage.engine import reading, writing
from workflow.nights.ledger import Notice
from workflow.ports import BUCKETS, bucket_of

_o = tables.outbox.c
_NOTICE: Final = (
    _o.application, _o.reason, _o.candidate, _o.kind, _o.about, _o.queued_on, _o.useful_until, _o.queued_at, _o.tries,
    _o.next_try_at, _o.sent_at, _o.error,
)  # fmt: skip
_PAGE: Final = 500


def undelivered(engine: Engine, application: str = "") -> Iterator[Notice]:
    """Stream what was given up or dropped, of one application or of all, in the order of their keys."""
    after = ("", "")
    while True:
        beyond = or_(_o.application > after[0], and_(_o.application == after[0], _o.reason > after[1]))
        wanted = select(*_NOTICE).where(_is_over(application), beyond).order_by(_o.application, _o.reason).limit(_PAGE)
        with reading(engine) as tx:
            found = [Notice(*row) for row in tx.execute(wanted)]
        yield from found
        if len(found) < _PAGE:
            return
        after = (found[-1].application, found[-1].reason)


def queue_again(
    engine: Engine, at: datetime, today: date, application: str = "", is_waiting: bool = False, dry_run: bool = False
) -> int:
    """
    Queue notices again that were not delivered, as if for the first time.

    Args:
        engine: The database.
        at: From when on they may be tried.
        today: The board's day; what helps nobody any more is left.
        application: Of this application only; empty: of all.
        is_waiting: Those that wait for their next try after one that failed, too.
        dry_run: Only count them.

    Returns:
        How many.
    """
    which = _is_over(application)
    if is_waiting:
        which = or_(which, and_(_of(application), _o.sent_at.is_(None), _o.error != "", _o.next_try_at > at))
    which = and_(which, _o.useful_until >= today)
    if dry_run:
        with reading(engine) as tx:
            return tx.scalar(select(func.count()).select_from(tables.outbox).where(which)) or 0
    with writing(engine) as tx:
        return tx.execute(update(tables.outbox).where(which).values(tries=0, next_try_at=at, error="")).rowcount


def _of(application: str) -> ColumnElement[bool]:
    if application:
        return and_(_o.bucket == bucket_of(application), _o.application == application)
    return _o.bucket.in_(range(BUCKETS))


def _is_over(application: str) -> ColumnElement[bool]:
    return and_(_of(application), _o.sent_at.is_(None), _o.next_try_at.is_(None))
