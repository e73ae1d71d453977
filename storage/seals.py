"""
The seals in SQL: finding what is in none, adding one, and streaming the log that they sealed.

Rows are only ever added. Events are read as they are stored, without understanding them: a row that no software can
read any more is still a leaf of the tree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Engine, Select, and_, bindparam, exists, func, or_, select, text, type_coerce
from sqlalchemy.types import NullType

from storage import tables
from storage.bulk import Bulk, chunks, insert
from storage.engine import reading, taking_turns, writing
from storage.events import PAGE
from storage.spool import Spool
from workflow.errors import Conflict, Corrupt
from workflow.events import canonical_event, instant_text
from workflow.ports import BUCKETS, bucket_of
from workflow.sealing.seals import Entry, Seal, SealRange

KEYS_AT_ONCE: Final = 500
_RAW: Final = NullType()  # what a day or an instant was changed into may be no day: it is taken as it is stored
_e, _a, _s, _r = tables.event.c, tables.application.c, tables.seal.c, tables.seal_range.c
_SEAL: Final = (_s.number, _s.size, _s.root, _s.note, _s.at, _s.by, _s.frontier, _s.key)
_RANGE: Final = (_r.application, _r.seal, _r.first_sequence, _r.last_sequence, _r.head)
_EVENT: Final = (
    _e.application, _e.sequence, _e.type, _e.version, _e.step, _e.source, _e.dest,
    type_coerce(_e.effective_on, _RAW), type_coerce(_e.recorded_at, _RAW), _e.actor, _e.command, _e.data, _e.previous,
    _e.hash,
)  # fmt: skip
_ITS_EVENTS: Final = and_(
    _e.bucket == _r.bucket,
    _e.application == _r.application,
    _e.sequence >= _r.first_sequence,
    _e.sequence <= _r.last_sequence,
)
_IN_BUCKET: Final[Any] = bindparam("in_bucket")
# Of a million rows a night changes few: each is asked for in an index, and only what changed is read further.
_CHANGED: Final = (
    select(
        _a.application,
        _a.sequence,
        select(func.coalesce(func.max(_r.last_sequence), 0))
        .where(_r.bucket == _IN_BUCKET, _r.application == _a.application)
        .scalar_subquery(),
    )
    .where(
        _a.bucket == _IN_BUCKET,
        ~exists().where(
            _r.bucket == _IN_BUCKET, _r.application == _a.application, _r.last_sequence >= _a.sequence
        ),
    )
    .order_by(_a.application)
)  # fmt: skip


class _Changed(NamedTuple):
    """An application with events that are in no seal: how far its row goes, and how far the seals do."""

    application: str
    sequence: int
    sealed: int


class SqlSeals:
    """The seals on SQLite and PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def last(self) -> Seal | None:
        """Give the newest seal."""
        with reading(self._engine) as tx:
            return _last(tx)

    def seals(self) -> tuple[Seal, ...]:
        """Give every seal in order."""
        with reading(self._engine) as tx:
            return tuple(map(_seal, tx.execute(select(*_SEAL).order_by(_s.number))))

    def extend(self, last: Seal | None, build: Callable[[Iterator[bytes]], Seal | None]) -> tuple[str, ...]:
        """
        Make a seal of all events that are in none.

        First all is read and noted in a file, so that no writer waits on SQLite either; then all is written at once.

        Args:
            last: The newest seal as the caller saw it.
            build: Takes the hashes of the new events to their end, and gives the seal, or None.

        Returns:
            Keys of applications with an event missing or a hash that is none.

        Raises:
            Conflict: someone else has sealed meanwhile; nothing was kept.
        """
        left_out: list[str] = []
        number = last.number + 1 if last else 1
        with Spool() as spool:
            with reading(self._engine) as tx:
                made = build(_noted(_new(tx, (_e.application, _e.sequence, _e.hash)), number, spool, left_out))
            if made is not None:
                self._write(last, made, spool)
        return tuple(left_out)

    def _write(self, last: Seal | None, made: Seal, spool: Spool) -> None:
        insert_range = Bulk(self._engine.dialect, insert(self._engine.dialect, tables.seal_range))
        with writing(self._engine) as tx:
            taking_turns(tx, "seal")  # who seals at the same time waits here, and then finds it done
            if _last(tx) != last:
                raise Conflict("someone else has sealed meanwhile; nothing was kept")
            for rows in spool.chunks(PAGE):
                insert_range(tx, ({"bucket": bucket_of(row.application), **row._asdict()} for row in rows))
            row = {c.name: getattr(made, c.name) for c in _SEAL} | {"frontier": "\n".join(made.frontier)}
            tx.execute(tables.seal.insert().values(row))

    def ranges(self) -> Iterator[SealRange]:
        """Stream what is in which seal, in the order of bucket, application and seal."""
        for row in self._stream(select(*_RANGE).order_by(_r.bucket, _r.application, _r.seal)):
            yield SealRange(*row)

    def log(self, seal: int, application: str = "") -> Iterator[Entry]:
        """Stream what came into a seal (of one application), in the order of the log, as it is stored now."""
        wanted = _in_log_order(select(*_RANGE, *_EVENT), seal)
        if application:
            wanted = wanted.where(_r.bucket == bucket_of(application), _r.application == application)
        for row in self._stream(wanted):
            of, own = SealRange(*row[:5]), row[5:]
            yield Entry(of, 0, "", "") if own[1] is None else Entry(of, own[1], own[-1], _line(own))

    def unsealed(self) -> Iterator[Entry]:
        """Stream the events that are in no seal, in the order in which the next one will take them."""
        with reading(self._engine) as tx:
            for changed, rows in _new(tx, _EVENT):
                for row in rows:
                    of = SealRange(changed.application, 0, changed.sealed + 1, changed.sequence, "")
                    yield Entry(of, row[1], row[-1], _line(row))

    def hashes(self, seal: int) -> Iterator[bytes]:
        """
        Stream the hashes of the events that came into a seal, in the order of the log.

        Raises:
            Corrupt: one is missing, or is none.
        """
        for application, own in self._stream(_in_log_order(select(_r.application, _e.hash), seal)):
            if (found := hash_bytes(own)) is None:
                raise Corrupt(f"an event of application {application} has no hash; run: examboard audit verify")
            yield found

    def places(self, application: str) -> tuple[tuple[SealRange, int], ...]:
        """Give the ranges of an application, in order, and how many events stand before each in the log."""
        bucket = bucket_of(application)
        own = select(*_RANGE).where(_r.bucket == bucket, _r.application == application).order_by(_r.seal)
        before = or_(_r.bucket < bucket, and_(_r.bucket == bucket, _r.application < application))
        events = func.coalesce(func.sum(_r.last_sequence - _r.first_sequence + 1), 0)
        found = []
        with reading(self._engine) as tx:
            for of in [SealRange(*row) for row in tx.execute(own)]:
                sealed = tx.scalar(select(_s.size).where(_s.number == of.seal - 1)) or 0
                found.append((of, sealed + int(tx.scalar(select(events).where(_r.seal == of.seal, before)) or 0)))
        return tuple(found)

    def _stream(self, wanted: Select[*tuple[Any, ...]]) -> Iterator[Any]:
        with reading(self._engine) as tx:
            if tx.dialect.name == "postgresql":
                # A reader that takes its time holds no row that anyone waits for.
                tx.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
            with tx.execute(wanted.execution_options(yield_per=PAGE)) as rows:
                yield from rows


def _in_log_order(wanted: Select[*tuple[Any, ...]], seal: int) -> Select[*tuple[Any, ...]]:
    # An outer join: a range whose events are all gone must still be told of.
    return (
        wanted.select_from(tables.seal_range.outerjoin(tables.event, _ITS_EVENTS))
        .where(_r.seal == seal)
        .order_by(_r.bucket, _r.application, _e.sequence)
    )


def _last(tx: Connection) -> Seal | None:
    row = tx.execute(select(*_SEAL).order_by(_s.number.desc()).limit(1)).one_or_none()
    return None if row is None else _seal(row)


def _seal(row: Any) -> Seal:
    number, size, root, note, at, by, frontier, key = row
    return Seal(number, size, root, note, at, by, tuple(frontier.split("\n")), key)


def _new(tx: Connection, columns: Sequence[Any]) -> Iterator[tuple[_Changed, list[Any]]]:
    """Give the events that are in no seal, by application, in the order of the log; keys and numbers come first."""
    if tx.dialect.name == "postgresql":
        tx.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
    for bucket in range(BUCKETS):
        changed = [_Changed(*row) for row in tx.execute(_CHANGED, {"in_bucket": bucket})]
        for some in chunks(changed, KEYS_AT_ONCE):
            keys = [one.application for one in some]
            least = min(one.sealed for one in some)
            wanted = select(*columns).where(_e.bucket == bucket, _e.application.in_(keys), _e.sequence > least)
            rows = tx.execute(wanted.order_by(_e.application, _e.sequence)).all()
            own = {key: [*found] for key, found in groupby(rows, key=lambda row: row[0])}
            for one in some:
                yield one, [row for row in own.get(one.application, ()) if row[1] > one.sealed]


def _noted(
    new: Iterator[tuple[_Changed, list[Any]]], number: int, spool: Spool, left_out: list[str]
) -> Iterator[bytes]:
    for changed, rows in new:
        last, head = changed.sealed, ""
        for _, sequence, own in rows:
            if sequence != last + 1 or (found := hash_bytes(own)) is None:
                break
            last, head = sequence, own
            yield found
        if last > changed.sealed:
            spool.put(SealRange(changed.application, number, changed.sealed + 1, last, head))
        if last < max(changed.sequence, rows[-1][1] if rows else 0):
            left_out.append(changed.application)


def hash_bytes(own: str | None) -> bytes | None:
    """Read a stored hash; None where it is none."""
    try:
        found = bytes.fromhex(own or "")
    except ValueError:
        return None
    return found if len(found) == 32 and found.hex() == own else None


def _line(row: Sequence[Any]) -> str:
    """Write the canonical form of an event from its row, whatever it holds."""
    key, sequence, type_, version, step, source, dest, effective_on, recorded_at, actor, command, data, before, _ = row
    on, at = _day(effective_on), _instant(recorded_at)
    try:
        return canonical_event(
            key, sequence, type_, version, step, source, dest, on, at, actor, command, data, before
        )  # fmt: skip
    except TypeError:  # SQLite keeps bytes in a column of text
        return ""


def _day(stored: object) -> str:
    return stored.isoformat() if isinstance(stored, date) else str(stored)


def _instant(stored: object) -> str:
    if isinstance(stored, datetime):
        return instant_text(stored)
    return str(stored).replace(" ", "T", 1) + "Z"
