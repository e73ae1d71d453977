"""
The log of verifications, and the amendments of persons with their log, on SQLite and PostgreSQL.

Owns what is written beside the registers and never changed; no log row holds a personal value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Engine, select, update

from storage import tables
from storage.engine import reading, writing
from storage.personal import Personal
from storage.portable import check_portable
from workflow.errors import Conflict, NotFound
from workflow.logs import AMENDABLE, Change, Note, Verification
from workflow.persons.forgetting import PersonStanding
from workflow.ports import Candidate

_p, _v, _x = tables.candidate.c, tables.verification.c, tables.candidate_change.c


class SqlVerifications:
    """The log of verifications on SQLite and PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def put(self, verification: Verification) -> None:
        """Keep a verification."""
        v = verification
        check_portable("verification", {"number": v.number, "asked_by": v.asked_by})
        row = {"at": v.at, "number": v.number, "outcome": v.outcome, "asked_by": v.asked_by}
        with writing(self._engine) as tx:
            tx.execute(tables.verification.insert().values(row))

    def of(self, number: str) -> tuple[Verification, ...]:
        """Give the verifications of a number, oldest first."""
        wanted = select(_v.at, _v.number, _v.outcome, _v.asked_by).where(_v.number == number).order_by(_v.id)
        with reading(self._engine) as tx:
            return tuple(Verification(*row) for row in tx.execute(wanted))


def amend(engine: Engine, personal: Personal, key: str, values: Mapping[str, str], note: Note) -> tuple[str, ...]:
    """Correct values of a person in one transaction with the log of it: `CandidateRegistry.amend`."""
    check_amendment(values, note)
    with writing(engine) as tx:
        row = tx.execute(select(tables.candidate).where(_p.key == key).with_for_update()).one_or_none()
        check_amended(key, None if row is None else row.standing)
        before = personal.open(row)
        changed = tuple(f for f in AMENDABLE if f in values and values[f] != getattr(before, f))
        if not changed:
            return ()
        after = amended(before, {f: values[f] for f in changed})
        sealed = personal.changed(personal.made_index_key(tx), row, after)
        if {"document_type", "document_number"} & set(changed):
            _refuse_taken(tx, key, sealed["document_index"])
        tx.execute(update(tables.candidate).where(_p.key == key).values(sealed))
        logged = {"candidate": key, "at": note.at, "actor": note.actor}
        why = {"reason": note.reason, "authority": note.authority}
        tx.execute(tables.candidate_change.insert(), [{**logged, "field": field, **why} for field in changed])
    return changed


def _refuse_taken(tx: Connection, key: str, index: str) -> None:
    holder = tx.scalar(select(_p.key).where(_p.document_index == index))
    if holder not in (None, key):
        raise taken(key, str(holder))


def amended(person: Candidate, values: Mapping[str, Any]) -> Candidate:
    """Give a person with other values."""
    return replace(person, **values)


def check_amended(key: str, standing: PersonStanding | None) -> None:
    """
    Check that there are values of a person that could be amended.

    Raises:
        NotFound: there is no such person.
        Conflict: the person is erased.
    """
    if standing is None:
        raise NotFound(f"no candidate {key}")
    if standing == "erased":
        raise Conflict(f"candidate {key} is erased: no value is left that could be amended")


def changes(engine: Engine, key: str) -> tuple[Change, ...]:
    """Give what was ever amended of a person, oldest first."""
    wanted = select(_x.candidate, _x.field, _x.at, _x.actor, _x.reason, _x.authority)
    with reading(engine) as tx:
        rows = tx.execute(wanted.where(_x.candidate == key).order_by(_x.id)).all()
    return tuple(Change(person, field, Note(at, actor, why, who)) for person, field, at, actor, why, who in rows)


def check_amendment(values: Mapping[str, str], note: Note) -> None:
    """
    Check that an amendment names fields that there are and texts that every database keeps.

    Raises:
        Invalid: naming each field whose value cannot be kept; never the value.
        ValueError: there is no such field, or the instant has no zone.
    """
    if unknown := set(values) - set(AMENDABLE):
        raise ValueError(f"a person has no value called {', '.join(sorted(unknown))} that could be amended")
    if note.at.utcoffset() is None:
        raise ValueError("an instant without a zone cannot be stored")
    check_portable("amendment", dict(values))
    check_portable("amendment", {"actor": note.actor, "reason": note.reason, "authority": note.authority})


def taken(key: str, holder: str) -> Conflict:
    """Tell that a document is another person's, by keys alone."""
    return Conflict(f"candidate {key}: this document is registered for candidate {holder}; nothing was changed")
