"""
The registers on SQL: candidates, scheme documents and sittings.

Owns the only reading and writing of personal values; no error and no log line repeats one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, Connection, Engine, bindparam, func, select, text, tuple_

from storage import tables, verifications
from storage.bulk import Bulk, insert
from storage.engine import reading, writing
from storage.personal import PERSONAL
from storage.portable import check_candidates
from workflow.check import pin, pin_again
from workflow.errors import Corrupt, Invalid
from workflow.logs import Change, Note
from workflow.ports import Candidate
from workflow.scheme import Pinned

KEYS_AT_ONCE: Final = 500

_c, _d, _s = tables.candidate.c, tables.scheme_document.c, tables.sitting.c
_CANDIDATE: Final = (_c.key, _c.name, _c.document_type, _c.document_number, _c.sex, _c.phone, _c.email)
_ONE: Final = select(*_CANDIDATE).where(_c.key == bindparam("who"))
Document = tuple[str, str]
T = TypeVar("T")


class SqlCandidates:
    """The candidate registry on SQLite and PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
        """
        Add persons; one whose document is registered already is not added again.

        Returns:
            For each, in order, the person as registered: the one given, or the one that was there before.

        Raises:
            Invalid: a value cannot be stored on every database.
            Corrupt: the key of a new person belongs to another person.
        """
        check_candidates(candidates)
        # In one order, so that two who add the same persons never wait for each other.
        first: dict[Document, Candidate] = {}
        for candidate in sorted(candidates, key=_document):
            first.setdefault(_document(candidate), candidate)
        with writing(self._engine) as tx:
            found = self._by_documents(tx, first)
            new = [candidate for document, candidate in first.items() if document not in found]
            statement = insert(tx.dialect, tables.candidate).on_conflict_do_nothing(
                index_elements=[_c.document_type, _c.document_index]
            )
            added = Bulk(tx.dialect, statement)(tx, map(_candidate_row, new))
            found |= {_document(candidate): candidate for candidate in new}
            if added != len(new):  # someone else added one of them since we looked
                found = self._by_documents(tx, first)
        return tuple(found[_document(candidate)] for candidate in candidates)

    def _by_documents(self, tx: Connection, documents: Iterable[Document]) -> dict[Document, Candidate]:
        pairs = [(type_, PERSONAL.index(number)) for type_, number in documents]
        pair = tuple_(_c.document_type, _c.document_index)
        return {_document(person): person for keys in _chunks(pairs) for person in _persons(tx, pair.in_(keys))}

    def get(self, key: str) -> Candidate | None:
        """Give a person by key."""
        with reading(self._engine) as tx:
            return next(iter(_read(tx.execute(_ONE, {"who": key}))), None)

    def many(self, keys: Sequence[str]) -> dict[str, Candidate]:
        """Give persons by their keys; a key that is not registered is left out."""
        with reading(self._engine) as tx:
            return {p.key: p for some in _chunks(sorted(set(keys))) for p in _persons(tx, _c.key.in_(some))}

    def by_document(self, document_type: str, document_number: str) -> Candidate | None:
        """Find a person by identity paper."""
        index = PERSONAL.index(document_number)
        with reading(self._engine) as tx:
            found = _persons(tx, _c.document_type == document_type, _c.document_index == index)
        return found[0] if found else None

    def by_name(self, name: str) -> tuple[Candidate, ...]:
        """Find persons by exact name, in key order."""
        with reading(self._engine) as tx:
            return tuple(_persons(tx, _c.name_index == PERSONAL.index(name)))

    def amend(self, key: str, values: Mapping[str, str], note: Note) -> tuple[str, ...]:
        """
        Correct values of a person, and log which of them: never what they were or are.

        Raises:
            NotFound: there is no such person.
            Conflict: the document is registered for another person; nothing was changed.
            Invalid: a value cannot be stored on every database.
        """
        return verifications.amend(self._engine, key, values, note)

    def changes(self, key: str) -> tuple[Change, ...]:
        """Give what was ever amended of a person, oldest first."""
        return verifications.changes(self._engine, key)


def _persons(tx: Connection, *where: ColumnElement[bool]) -> list[Candidate]:
    return _read(tx.execute(select(*_CANDIDATE).where(*where).order_by(_c.key)))


def _read(rows: Iterable[Any]) -> list[Candidate]:
    return [
        Candidate(key, PERSONAL.open(name), type_, *map(PERSONAL.open, (number, sex, phone, email)))
        for key, name, type_, number, sex, phone, email in rows
    ]


def _candidate_row(candidate: Candidate) -> dict[str, Any]:
    return {
        "key": candidate.key,
        "name": PERSONAL.seal(candidate.name),
        "name_index": PERSONAL.index(candidate.name),
        "document_type": candidate.document_type,
        "document_number": PERSONAL.seal(candidate.document_number),
        "document_index": PERSONAL.index(candidate.document_number),
        "sex": PERSONAL.seal(candidate.sex),
        "phone": PERSONAL.seal(candidate.phone),
        "email": PERSONAL.seal(candidate.email),
    }


def _document(candidate: Candidate) -> Document:
    return candidate.document_type, candidate.document_number


class SqlSchemes:
    """The shelf of scheme documents on SQLite and PostgreSQL; what it has read it keeps: a digest never changes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._read: dict[str, Pinned] = {}

    def put(self, pinned: Pinned, at: datetime) -> bool:
        """Keep a document; tell whether it was new."""
        table = tables.scheme_document
        with writing(self._engine) as tx:
            if tx.dialect.name == "postgresql":  # SQLite has one writer at a time anyway
                tx.execute(text("LOCK TABLE scheme_document IN SHARE ROW EXCLUSIVE MODE"))
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
    except Invalid as error:
        raise Corrupt(f"{where} can no longer be read: {error}") from error
    if pinned.digest != digest:
        raise Corrupt(f"{where} holds another text than was put there (its digest is {pinned.digest[:12]})")
    return pinned


def _chunks(values: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(values)
    while some := list(islice(rest, KEYS_AT_ONCE)):
        yield some
