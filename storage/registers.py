"""The shelf of scheme documents on SQL."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import Engine, func, select

from storage import tables
from storage.engine import reading, taking_turns, writing
from workflow.checking.check import pin, pin_again
from workflow.errors import Corrupt, Invalid
from workflow.scheme import Pinned

_d = tables.scheme_document.c


class SqlSchemes:
    """The shelf of scheme documents on SQLite and PostgreSQL; what it has read it keeps: a digest never changes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._read: dict[str, Pinned] = {}

    def put(self, pinned: Pinned, at: datetime) -> bool:
        """Keep a document; tell whether it was new."""
        table = tables.scheme_document
        with writing(self._engine) as tx:
            taking_turns(tx, "scheme_document")
            if tx.scalar(select(_d.ordinal).where(_d.digest == pinned.digest)) is not None:
                return False
            last = tx.scalar(select(func.max(_d.ordinal))) or 0
            row = {"digest": pinned.digest, "scheme": pinned.scheme.scheme, "version": pinned.scheme.version}
            rest = {"title": pinned.scheme.title, "text": pinned.text, "put_at": at, "ordinal": last + 1}
            tx.execute(table.insert().values(**row, **rest))
        self._read[pinned.digest] = pinned
        return True

    def has(self, digest: str) -> bool:
        """Tell whether a document is kept, without reading it."""
        with reading(self._engine) as tx:
            return tx.scalar(select(_d.ordinal).where(_d.digest == digest)) is not None

    def get(self, digest: str) -> Pinned | None:
        """
        Give the document with a digest.

        Raises:
            Corrupt: the stored text is no longer the one that the digest names, or no longer reads as a scheme.
        """
        if digest not in self._read:
            with reading(self._engine) as tx:
                stored = tx.scalar(select(_d.text).where(_d.digest == digest))
            if stored is None:
                return None
            self._read[digest] = repinned(digest, stored)
        return self._read[digest]

    def current(self) -> tuple[Pinned, ...]:
        """
        Give the newest version of every scheme, in the order of scheme ids; of equal versions, the last put.

        Raises:
            Corrupt: as for `get`.
        """
        with reading(self._engine) as tx:
            rows = tx.execute(select(_d.scheme, _d.digest).order_by(_d.scheme, _d.version, _d.ordinal)).all()
        newest = dict(rows)
        return tuple(found for digest in newest.values() if (found := self.get(digest)) is not None)


def repinned(digest: str, text: str) -> Pinned:
    """
    Read a stored document again.

    Raises:
        Corrupt: it is not the document that the digest names, or today's software no longer accepts it.
    """
    where = f"stored scheme document {digest[:12]}"
    try:
        # What the digest names went through `pin` before it was put there; any other text did not.
        unchanged = hashlib.sha256(text.encode(errors="replace")).hexdigest() == digest
        pinned = pin_again(text, where) if unchanged else pin(text, where)
    except (Invalid, AttributeError) as error:  # SQLite keeps bytes in a column of text
        raise Corrupt(f"{where} can no longer be read: {error}") from error
    if pinned.digest != digest:
        raise Corrupt(f"{where} holds another text than was put there (its digest is {pinned.digest[:12]})")
    return pinned
