"""The candidate registry in memory: the same contract, without sealing; everything is gone with the object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from threading import RLock

from storage.forgetting import check_note
from storage.memory_runs import MemoryRuns
from storage.portable import check_candidates
from storage.verifications import amended, check_amended, check_amendment, taken
from workflow.errors import Corrupt
from workflow.identity import document_key, name_key
from workflow.logs import AMENDABLE, Change, Note
from workflow.nights.ledger import Part
from workflow.persons.forgetting import AFTER, Act, Deed, PersonStanding, chained, check_deed
from workflow.ports import Candidate

Document = tuple[str, str]


class MemoryCandidates:
    """The candidate registry in memory."""

    def __init__(self, runs: MemoryRuns) -> None:
        self._lock = RLock()
        self._runs = runs
        self._by_key: dict[str, Candidate] = {}
        self._by_document: dict[Document, Candidate] = {}
        self._erased: set[str] = set()
        self._changes: list[Change] = []
        self._acts: list[Act] = []

    def add(self, candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
        """
        Add persons, or give those who are there already under the same document.

        Raises:
            Corrupt: the key of a new person belongs to another person; nothing was kept.
        """
        check_candidates(candidates)
        with self._lock:
            by_document = dict(self._by_document)
            for candidate in candidates:
                by_document.setdefault(_document(candidate), candidate)
            by_key = {candidate.key: candidate for candidate in by_document.values()}
            if len(by_key) != len(by_document) or by_key.keys() & self._erased:
                raise Corrupt("the key of a new person belongs to another person; nothing was kept")
            self._by_key, self._by_document = by_key, by_document
            return tuple(by_document[_document(c)] for c in candidates)

    def get(self, key: str) -> Candidate | None:
        """Give a person by key, restricted or not; None for one who is erased."""
        return self._by_key.get(key)

    def many(self, keys: Sequence[str]) -> dict[str, Candidate]:
        """Give persons by their keys, for lists; who is not registered, restricted or erased is left out."""
        by_key = self._by_key
        return {key: by_key[key] for key in sorted(set(keys)) if key in by_key and not by_key[key].is_restricted}

    def by_documents(self, *documents: tuple[str, str]) -> tuple[Candidate | None, ...]:
        """Find persons by identity papers (type, number), whatever their writing, in the order given."""
        return tuple(self._by_document.get(document_key(*document)) for document in documents)

    def by_name(self, name: str) -> tuple[Candidate, ...]:
        """Find persons by their whole name, whatever its width, case or blanks, in key order."""
        wanted = name_key(name)
        return tuple(person for _, person in sorted(self._by_key.items()) if name_key(person.name) == wanted)

    def amend(self, key: str, values: Mapping[str, str], note: Note) -> tuple[str, ...]:
        """Correct values of a person, and log which of them: never what they were or are."""
        check_amendment(values, note)
        with self._lock:
            check_amended(key, self.standings([key]).get(key))
            before = self._by_key[key]
            changed = tuple(f for f in AMENDABLE if f in values and values[f] != getattr(before, f))
            after = amended(before, {f: values[f] for f in changed})
            holder = self._by_document.get(_document(after))
            if holder not in (None, before):
                raise taken(key, holder.key)
            self._put({**self._by_key, key: after})
            self._changes += [Change(key, field, note) for field in changed]
        return changed

    def changes(self, key: str) -> tuple[Change, ...]:
        """Give what was ever amended of a person, oldest first."""
        return tuple(change for change in self._changes if change.candidate == key)

    def standings(self, keys: Sequence[str]) -> dict[str, PersonStanding]:
        """Tell of persons whether they are active, restricted or erased; who never was registered is left out."""
        found: dict[str, PersonStanding] = {}
        for key in sorted(set(keys)):
            if key in self._erased:
                found[key] = "erased"
            elif key in self._by_key:
                found[key] = "restricted" if self._by_key[key].is_restricted else "active"
        return found

    def forget(self, key: str, deed: Deed, on: date, note: Note, part: Part | None = None) -> Act | None:
        """Restrict, free or erase a person, with the act of it: `CandidateRegistry.forget`."""
        check_note(note)
        with self._lock:
            if not check_deed(key, self.standings([key]).get(key), deed):
                return None
            last = self._acts[-1] if self._acts else None
            act = chained((last.number, last.hash) if last else None, key, deed, on, note)
            if part is not None:
                self._runs.add(part)
            others = {one: person for one, person in self._by_key.items() if one != key}
            if AFTER[deed] == "erased":
                self._erased.add(key)
                self._put(others)
            else:
                kept = replace(self._by_key[key], is_restricted=AFTER[deed] == "restricted")
                self._put({**others, key: kept})
            self._acts.append(act)
            return act

    def acts(self, key: str = "") -> Iterator[Act]:
        """Stream the acts of the register, oldest first: of one person, or all of them."""
        yield from [act for act in self._acts if key in ("", act.candidate)]

    def _put(self, by_key: dict[str, Candidate]) -> None:
        self._by_key = by_key
        self._by_document = {_document(person): person for person in by_key.values()}


def _document(candidate: Candidate) -> Document:
    return document_key(candidate.document_type, candidate.document_number)
