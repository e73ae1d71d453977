"""
Forgetting on SQL: a person's row and the register of acts, written in one transaction.

An erased person's row stays as a key without a person: data key, values and digests are gone. On SQLite what they
stood on is overwritten; on PostgreSQL the old row goes with the next VACUUM (docs/operations.md, Forgetting).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, Engine, select, update

from storage import tables
from storage.engine import reading, speaking, taking_turns, writing
from storage.personal import Personal
from storage.portable import check_portable
from storage.runs import insert_part
from workflow.errors import Unavailable
from workflow.logs import Note
from workflow.nights.ledger import Part
from workflow.persons.forgetting import AFTER, Act, Deed, chained, check_deed

_p, _a = tables.candidate.c, tables.candidate_act.c
_ACT: Final = (
    _a.number, _a.candidate, _a.deed, _a.effective_on, _a.at, _a.actor, _a.reason, _a.authority, _a.previous, _a.hash,
)  # fmt: skip
_GONE: Final = ("document_index", "name_index", "ring_key", "data_key", "sealed")


def forget(
    engine: Engine, personal: Personal, key: str, deed: Deed, on: date, note: Note, part: Part | None = None
) -> Act | None:
    """Do a deed to a person in one transaction with its act: `CandidateRegistry.forget`."""
    check_note(note)
    with writing(engine) as tx:
        _overwrite(tx)
        taking_turns(tx, "candidate_act")
        standing = tx.scalar(select(_p.standing).where(_p.key == key).with_for_update())
        if not check_deed(key, standing, deed):  # type: ignore[arg-type]
            return None
        last = tx.execute(select(_a.number, _a.hash).order_by(_a.number.desc()).limit(1)).one_or_none()
        act = chained((last[0], last[1]) if last else None, key, deed, on, note)
        tx.execute(tables.candidate_act.insert().values(_row(act)))
        gone: dict[str, Any] = dict.fromkeys(_GONE) if deed == "erased" else {}
        tx.execute(update(tables.candidate).where(_p.key == key).values(standing=AFTER[deed], **gone))
        if part is not None:
            insert_part(tx, part)
    if deed == "erased":
        personal.forget()
        _empty_log(engine)
    return act


def check_note(note: Note) -> None:
    """
    Check that an act can be kept by every database.

    Raises:
        Invalid: naming the text that cannot.
        ValueError: the instant has no zone.
    """
    if note.at.utcoffset() is None:
        raise ValueError("an instant without a zone cannot be stored")
    check_portable("act", {"actor": note.actor, "reason": note.reason, "authority": note.authority})


def _overwrite(tx: Connection) -> None:
    if tx.dialect.name == "sqlite":
        tx.exec_driver_sql("PRAGMA secure_delete=ON")  # what a row stood on is filled with zeros


def _empty_log(engine: Engine) -> None:
    """Write the log of an SQLite file into it and cut it off: it holds older pages. A reader may hold it for now."""
    if engine.dialect.name == "sqlite":
        with suppress(Unavailable), speaking(), engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _row(act: Act) -> dict[str, Any]:
    note = act.note
    of = {"number": act.number, "candidate": act.candidate, "deed": act.deed, "effective_on": act.on}
    why = {"at": note.at, "actor": note.actor, "reason": note.reason, "authority": note.authority}
    return {**of, **why, "previous": act.previous, "hash": act.hash}


def acts(engine: Engine, key: str = "") -> Iterator[Act]:
    """Stream the acts of the register, oldest first: of one person, or all of them."""
    wanted = select(*_ACT).order_by(_a.number)
    with reading(engine) as tx:
        rows = tx.execute(wanted.where(_a.candidate == key) if key else wanted).all()
    for number, candidate, deed, on, at, actor, reason, authority, previous, own in rows:
        yield Act(number, candidate, deed, on, Note(at, actor, reason, authority), previous, own)  # type: ignore[arg-type]
