"""
What is asked of histories and their projection, as statements that are made once.

Putting one together costs as much as running it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ARRAY, ColumnElement, SmallInteger, Text, and_, bindparam, func, select

from storage import tables

_e, _a = tables.event.c, tables.application.c
EVENT: Final[Sequence[ColumnElement[Any]]] = (
    _e.application, _e.sequence, _e.type, _e.version, _e.step, _e.source, _e.dest, _e.effective_on, _e.recorded_at,
    _e.actor, _e.command, _e.data, _e.previous, _e.hash,
)  # fmt: skip
PROJECTION: Final[Sequence[ColumnElement[Any]]] = (
    _a.application, _a.candidate, _a.scheme, _a.digest, _a.level, _a.submitted_on, _a.state, _a.sequence, _a.head,
    _a.next_due_on, _a.recorded_at, _a.next_due_type, _a.next_due_data,
)  # fmt: skip
# What a step changes; to set the others to what they are would have their indexes written anew (SQLite).
MOVES: Final[Sequence[ColumnElement[Any]]] = (
    _a.state, _a.sequence, _a.head, _a.next_due_on, _a.recorded_at, _a.next_due_type, _a.next_due_data,
)  # fmt: skip
HISTORY: Final = (
    select(*EVENT).where(_e.bucket == bindparam("in_bucket"), _e.application == bindparam("key")).order_by(_e.sequence)
)
ONE_PROJECTION: Final = select(*PROJECTION).where(
    _a.bucket == bindparam("in_bucket"), _a.application == bindparam("key")
)
OF_ONE: Final = select(_a.application).where(_a.candidate == bindparam("who")).order_by(_a.application)
# Through the unique key (application, bucket) and then the events' own, so that neither database sorts events.
IN_KEY_ORDER: Final = (
    select(*EVENT)
    .select_from(tables.application)
    .join(tables.event, and_(_e.bucket == _a.bucket, _e.application == _a.application))
    .order_by(_a.application, _a.bucket, _e.sequence)
)
# The same for keys that are given. PostgreSQL reads the whole table for a long IN where it has no statistics yet; for a
# table of keys it looks each of them up.
_wanted: Final = (
    func.unnest(bindparam("buckets", type_=ARRAY(SmallInteger)), bindparam("keys", type_=ARRAY(Text)))
    .table_valued("bucket", "application")
    .render_derived(name="wanted")
)
OF_WANTED: Final = (
    select(*EVENT)
    .select_from(_wanted)
    .join(tables.event, and_(_e.bucket == _wanted.c.bucket, _e.application == _wanted.c.application))
    .order_by(_e.application, _e.sequence)
)
OWNER: Final = select(_a.candidate)
OWNER_OF_WANTED: Final = OWNER.select_from(_wanted).join(
    tables.application, and_(_a.bucket == _wanted.c.bucket, _a.application == _wanted.c.application)
)
OWNED: Final = select(_a.application, _a.candidate)
