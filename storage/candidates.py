"""
The candidate registry on SQL: adding, finding, amending and forgetting persons.

Owns the only reading and writing of personal values; no error and no log line repeats one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, bindparam, select

from storage import forgetting, tables, verifications
from storage.bulk import Bulk, chunks, insert
from storage.engine import reading, writing
from storage.personal import Personal, document_index, name_index
from storage.portable import check_candidates
from storage.single import Single
from workflow.logs import Change, Note
from workflow.nights.ledger import Part
from workflow.persons.forgetting import Act, Deed, PersonStanding
from workflow.ports import Candidate

KEYS_AT_ONCE: Final = 500

_c = tables.candidate.c
COLUMNS: Final = (_c.key, _c.standing, _c.ring_key, _c.data_key, _c.sealed)
_ONE: Final = select(*COLUMNS).where(_c.key == bindparam("who"))
_ONE_STANDING: Final = select(_c.key, _c.standing).where(_c.key == bindparam("who"))


class SqlCandidates:
    """The candidate registry on SQLite and PostgreSQL."""

    def __init__(self, engine: Engine, personal: Personal, single: Single) -> None:
        self._engine = engine
        self._personal = personal
        self._single = single
        self._one_standing = str(_ONE_STANDING.compile(dialect=engine.dialect))

    def add(self, candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
        """
        Add persons; one whose document is registered already is not added again.

        Returns:
            For each, in order, the person as registered: the one given, or the one that was there before.

        Raises:
            Invalid: a value cannot be stored on every database.
            Corrupt: the key of a new person belongs to another person.
            Misconfigured: the key ring is lost, or is not that of this database.
        """
        check_candidates(candidates)
        if not candidates:
            return ()
        with writing(self._engine) as tx:
            key = self._personal.made_index_key(tx)
            indexes = [document_index(key, c.document_type, c.document_number) for c in candidates]
            first: dict[str, Candidate] = {}
            for index, candidate in zip(indexes, candidates, strict=True):
                first.setdefault(index, candidate)
            found = self._by_indexes(tx, first)
            # In one order, so that two who add the same persons never wait for each other.
            new = {index: first[index] for index in sorted(first.keys() - found.keys())}
            fresh = insert(tx.dialect, tables.candidate).on_conflict_do_nothing(index_elements=[_c.document_index])
            added = Bulk(tx.dialect, fresh)(tx, (self._personal.row(key, candidate) for candidate in new.values()))
            found |= new
            if added != len(new):  # someone else added one of them since we looked
                found = self._by_indexes(tx, first)
        return tuple(found[index] for index in indexes)

    def _by_indexes(self, tx: Connection, indexes: Iterable[str]) -> dict[str, Candidate]:
        return {
            row.document_index: self._personal.open(row)
            for some in chunks(indexes, KEYS_AT_ONCE)
            for row in tx.execute(select(*COLUMNS, _c.document_index).where(_c.document_index.in_(some)))
        }

    def get(self, key: str) -> Candidate | None:
        """Give a person by key, restricted or not; None for one who is erased."""
        with reading(self._engine) as tx:
            row = tx.execute(_ONE, {"who": key}).one_or_none()
            return None if row is None or row.standing == "erased" else self._personal.open(row)

    def many(self, keys: Sequence[str]) -> dict[str, Candidate]:
        """Give persons by their keys, for lists; who is not registered, restricted or erased is left out."""
        with reading(self._engine) as tx:
            found = [
                person
                for some in chunks(sorted(set(keys)), KEYS_AT_ONCE)
                for person in self._persons(tx, _c.key.in_(some), _c.standing == "active")
            ]
        return {person.key: person for person in found}

    def by_documents(self, *documents: tuple[str, str]) -> tuple[Candidate | None, ...]:
        """Find persons by identity papers (type, number), whatever their width, case or blanks, in the order given."""
        with reading(self._engine) as tx:
            if (key := self._personal.index_key(tx)) is None:
                return (None,) * len(documents)
            indexes = [document_index(key, *document) for document in documents]
            found = self._by_indexes(tx, indexes)
        return tuple(map(found.get, indexes))

    def by_name(self, name: str) -> tuple[Candidate, ...]:
        """Find persons by their whole name, whatever its width, case or blanks, in key order."""
        with reading(self._engine) as tx:
            if (key := self._personal.index_key(tx)) is None:
                return ()
            return tuple(self._persons(tx, _c.name_index == name_index(key, name)))

    def _persons(self, tx: Connection, *where: ColumnElement[bool]) -> list[Candidate]:
        rows = tx.execute(select(*COLUMNS).where(*where).order_by(_c.key))
        return [self._personal.open(row) for row in rows]

    def amend(self, key: str, values: Mapping[str, str], note: Note) -> tuple[str, ...]:
        """
        Correct values of a person, and log which of them: never what they were or are.

        Raises:
            NotFound: there is no such person.
            Conflict: the document is registered for another person, or the person is erased; nothing was changed.
            Invalid: a value cannot be stored on every database.
        """
        return verifications.amend(self._engine, self._personal, key, values, note)

    def changes(self, key: str) -> tuple[Change, ...]:
        """Give what was ever amended of a person, oldest first."""
        return verifications.changes(self._engine, key)

    def standings(self, keys: Sequence[str]) -> dict[str, PersonStanding]:
        """Tell of persons whether they are active, restricted or erased; who never was registered is left out."""
        found: Iterable[Any] | None = None
        if len(keys) == 1:  # asked of everybody who submits
            found = self._single.rows(self._one_standing, keys)
        if found is None:
            with reading(self._engine) as tx:
                wanted = (
                    select(_c.key, _c.standing).where(_c.key.in_(some))
                    for some in chunks(sorted(set(keys)), KEYS_AT_ONCE)
                )
                found = [row for rows in map(tx.execute, wanted) for row in rows]
        return dict(found)

    def forget(self, key: str, deed: Deed, on: date, note: Note, part: Part | None = None) -> Act | None:
        """Restrict, free or erase a person, with the act of it: `CandidateRegistry.forget`."""
        return forgetting.forget(self._engine, self._personal, key, deed, on, note, part)

    def acts(self, key: str = "") -> Iterator[Act]:
        """Stream the acts of the register, oldest first: of one person, or all of them."""
        return forgetting.acts(self._engine, key)
