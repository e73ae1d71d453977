"""
Rotation of the key ring on SQL: every data key wrapped anew by the ring's newest key, values and digests untouched.

Some at a time, each batch in a transaction of its own, so that it may be stopped and taken up again, and done by two
processes at once: whatever is wrapped by the newest key is passed over.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import Connection, Engine, and_, bindparam, func, select, update

from storage import tables
from storage.bulk import Bulk
from storage.engine import reading, writing
from storage.keyring import Ring

AT_ONCE: Final = 500
_p, _k = tables.candidate.c, tables.wrapped_key.c


def wrapped_by(engine: Engine) -> dict[str, int]:
    """Count what each key of the ring has wrapped, by the key's name."""
    counts: dict[str, int] = {}
    with reading(engine) as tx:
        for column in (_p.ring_key, _k.ring_key):
            wanted = select(column, func.count()).where(column.is_not(None)).group_by(column)
            for id_, number in tx.execute(wanted):
                counts[str(id_)] = counts.get(str(id_), 0) + number
    return counts


def rewrap(engine: Engine, ring: Ring, tell: Callable[[int, int | None], None] = lambda done, total: None) -> int:
    """
    Wrap by the ring's newest key whatever is not yet.

    Args:
        engine: The database.
        ring: The ring; it must have the keys of before.
        tell: Told how many are done, and of how many.

    Returns:
        How many keys were wrapped anew.

    Raises:
        Misconfigured: the ring lacks a key by which something is wrapped; what was done before stands.
    """
    ring.refresh()
    newest = ring.keys[0].id
    total = sum(number for id_, number in wrapped_by(engine).items() if id_ != newest)
    with writing(engine) as tx:
        done = _rewrap_own(tx, ring, newest)
    after = ""
    while True:
        tell(done, total)
        with writing(engine) as tx:
            keys = _rewrap_some(tx, ring, newest, after)
        if not keys:
            return done
        done, after = done + len(keys), keys[-1]


def _rewrap_own(tx: Connection, ring: Ring, newest: str) -> int:
    rows = tx.execute(select(_k.name, _k.ring_key, _k.wrapped).where(_k.ring_key != newest).with_for_update()).all()
    for name, id_, wrapped in rows:
        fresh_id, fresh = ring.rewrap(id_, wrapped)
        tx.execute(update(tables.wrapped_key).where(_k.name == name).values(ring_key=fresh_id, wrapped=fresh))
    return len(rows)


def _rewrap_some(tx: Connection, ring: Ring, newest: str, after: str) -> list[str]:
    """Wrap the next keys anew; a row that another process holds is waited for, and passed over if it was done."""
    old = and_(_p.key > after, _p.ring_key != newest)
    wanted = select(_p.key, _p.ring_key, _p.data_key).where(old).order_by(_p.key).limit(AT_ONCE).with_for_update()
    rows: list[dict[str, Any]] = []
    for key, id_, wrapped in tx.execute(wanted):
        fresh_id, fresh = ring.rewrap(str(id_), str(wrapped))
        rows.append({"the_key": key, "the_ring_key": fresh_id, "the_data_key": fresh})
    changed: dict[str, Any] = {"ring_key": bindparam("the_ring_key"), "data_key": bindparam("the_data_key")}
    Bulk(tx.dialect, update(tables.candidate).where(_p.key == bindparam("the_key")).values(changed))(tx, rows)
    return [row["the_key"] for row in rows]
