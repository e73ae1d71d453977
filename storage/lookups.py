"""
Looking applications up in the event store: by sitting, by candidate, by certificate.

Only reads; gives keys and never a history.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import ARRAY, Dialect, Engine, Select, Text, any_, literal, select

from storage import tables
from storage.bulk import chunks
from storage.engine import reading
from storage.event_queries import OF_ONE, OWNED, OWNER, OWNER_OF_WANTED
from storage.single import Single
from workflow.ports import bucket_of

KEYS_AT_ONCE: Final = 1_000

_a = tables.application.c


class SqlLookups:
    """Look-ups on SQLite and PostgreSQL; each is one transaction for every 1,000 keys, and safe from any thread."""

    def __init__(self, engine: Engine, single: Single) -> None:
        self._engine = engine
        self._single = single
        self._of_one = str(OF_ONE.compile(dialect=engine.dialect))

    def at_sitting(self, sitting: str, part: str | None = None) -> tuple[str, ...]:
        """Give the keys of applications that were ever admitted to a sitting (of a part), in key order."""
        c = tables.admission.c
        wanted = select(c.application).distinct().where(c.sitting == sitting).order_by(c.application)
        return self._keys(wanted if part is None else wanted.where(c.part == part))

    def alongside(self, applications: Sequence[str]) -> dict[str, str]:
        """Give the candidate of each of some applications, and of all others of the same candidates, by their keys."""
        found: dict[str, str] = {}
        for some in chunks(applications, KEYS_AT_ONCE):
            with reading(self._engine) as tx:
                if tx.dialect.name == "postgresql":
                    owners = tx.scalars(OWNER_OF_WANTED, {"buckets": [*map(bucket_of, some)], "keys": some}).all()
                else:
                    owners = tx.scalars(OWNER.where(_a.application.in_(some))).all()
                found |= dict(tx.execute(_owned(tx.dialect, owners)).all())
        return found

    def of_candidates(self, *candidates: str) -> tuple[str, ...]:
        """Give the keys of the applications of a candidate, or of some, in key order."""
        if len(candidates) == 1 and (rows := self._single.rows(self._of_one, candidates)) is not None:
            return tuple(row[0] for row in rows)
        found: list[str] = []
        for some in chunks(candidates, KEYS_AT_ONCE):
            with reading(self._engine) as tx:
                found += tx.scalars(_owned(tx.dialect, some))
        return tuple(sorted(found))

    def certificate_holder(self, number: str) -> str | None:
        """Give the application whose certificate bears a number."""
        c = tables.certificate.c
        return next(iter(self._keys(select(c.application).where(c.number == number))), None)

    def certificate_with_code(self, code: str) -> str | None:
        """Give the number of the certificate whose paper bears a code."""
        c = tables.certificate_code.c
        return next(iter(self._keys(select(c.number).where(c.code == code))), None)

    def _keys(self, wanted: Select[str]) -> tuple[str, ...]:
        with reading(self._engine) as tx:
            return tuple(tx.scalars(wanted))


def _owned(dialect: Dialect, candidates: Sequence[str]) -> Select[str, str]:
    """Select the applications of some candidates; PostgreSQL plans a long IN for longer than it looks it up."""
    if dialect.name == "postgresql":
        return OWNED.where(_a.candidate == any_(literal([*candidates], ARRAY(Text))))
    return OWNED.where(_a.candidate.in_(candidates))
