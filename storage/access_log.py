"""The access log on SQLite and PostgreSQL: entries are added one behind the other, and never changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Connection, Engine, select

from storage import tables
from storage.engine import reading, taking_turns, writing
from storage.events import PAGE
from storage.portable import check_portable
from workflow.roles.access import Access, chained

_l = tables.access.c
_ENTRY: Final = (
    _l.at, _l.actor, _l.what, _l.subject, _l.reason, _l.persons, _l.detail, _l.number, _l.previous, _l.hash,
)  # fmt: skip


class SqlAccess:
    """The access log on SQLite and PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, entry: Access) -> Access:
        """Add an entry behind the last one; gives it with its number and hash."""
        check_entry(entry)
        with writing(self._engine) as tx:
            return add_to(tx, entry)

    def entries(self, what: str = "", subject: str = "") -> Iterator[Access]:
        """Stream the entries in order."""
        wanted = select(*_ENTRY).order_by(_l.number)
        for column, value in ((_l.what, what), (_l.subject, subject)):
            wanted = wanted.where(column == value) if value else wanted
        with reading(self._engine) as tx, tx.execute(wanted.execution_options(yield_per=PAGE)) as rows:
            for row in rows:
                yield _entry(row)


def add_to(tx: Connection, entry: Access) -> Access:
    """Add an entry in a transaction of the caller's; whoever adds at the same time waits for its end."""
    taking_turns(tx, "access")
    last = tx.execute(select(_l.number, _l.hash).order_by(_l.number.desc()).limit(1)).one_or_none()
    made = chained(entry, None if last is None else (last.number, last.hash))
    tx.execute(tables.access.insert().values({c.name: getattr(made, c.name) for c in _ENTRY}))
    return made


def check_entry(entry: Access) -> None:
    """
    Check that every database can keep an entry.

    Raises:
        Invalid: a text cannot be kept.
        ValueError: the instant has no zone.
    """
    if entry.at.utcoffset() is None:
        raise ValueError("an instant without a zone cannot be stored")
    texts = {name: getattr(entry, name) for name in ("actor", "what", "subject", "reason", "detail")}
    check_portable("entry of the access log", texts)


def _entry(row: Any) -> Access:
    return Access(*row)
