"""
Persons: what the candidate registry keeps of each, and the port behind which it lies.

The only shape in which personal values go about; `storage/` seals them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from workflow.logs import Change, Note
from workflow.nights.ledger import Part
from workflow.persons.forgetting import Act, Deed, PersonStanding


@dataclass(frozen=True, slots=True)
class Candidate:
    """
    A person in the candidate registry: the only place where personal values are kept.

    Attributes:
        key: Opaque key, used everywhere else.
        name: Full name.
        document_type: Kind of identity paper.
        document_number: Its number; unique together with the type.
        sex: As shown on the paper; empty if not given.
        phone: Empty if not given.
        email: The address to which notices go; empty if not given.
        is_restricted: Whether the person's data is only kept: no lists, exports or notices (`forgetting`).
    """

    key: str
    name: str
    document_type: str
    document_number: str
    sex: str = ""
    phone: str = ""
    email: str = ""
    is_restricted: bool = False


class CandidateRegistry(Protocol):
    """The register of persons."""

    def add(self, candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
        """
        Add persons; one whose document is registered already is not added again.

        Returns:
            For each, in order, the person as registered: the one given, or the one that was there before.
        """

    def get(self, key: str) -> Candidate | None:
        """Give a person by key, restricted or not; None for one who is erased."""

    def many(self, keys: Sequence[str]) -> dict[str, Candidate]:
        """Give persons by their keys, for lists; who is not registered, restricted or erased is left out."""

    def by_documents(self, *documents: tuple[str, str]) -> tuple[Candidate | None, ...]:
        """Find persons by identity papers (type, number), whatever their width, case or blanks, in the order given."""

    def by_name(self, name: str) -> tuple[Candidate, ...]:
        """Find persons by their whole name, whatever its width, case or blanks, in key order."""

    def amend(self, key: str, values: Mapping[str, str], note: Note) -> tuple[str, ...]:
        """
        Correct values of a person, and log which of them: never what they were or are.

        Args:
            key: Key of the person; it never changes.
            values: New values by field of `Candidate`; one that is the same is passed over.
            note: When, by whom and why.

        Returns:
            The names of the fields that changed, in the order of `Candidate`.

        Raises:
            NotFound: there is no such person.
            Conflict: the document is registered for another person, or the person is erased; nothing was changed.
            Invalid: a value cannot be stored on every database.
        """

    def changes(self, key: str) -> tuple[Change, ...]:
        """Give what was ever amended of a person, oldest first."""

    def standings(self, keys: Sequence[str]) -> dict[str, PersonStanding]:
        """Tell of persons whether they are active, restricted or erased; who never was registered is left out."""

    def forget(self, key: str, deed: Deed, on: date, note: Note, part: Part | None = None) -> Act | None:
        """
        Restrict, free or erase a person, and enter the act in the register of acts, in one transaction.

        Erasing destroys the person's data key, values and digests; key, histories, logs and acts stay.

        Args:
            key: Key of the person.
            deed: What is done.
            on: The board's day.
            note: When, by whom and why; it must hold no personal value.
            part: What a run of a job did by it.

        Returns:
            The act; None where the person's data was so already, and nothing was written.

        Raises:
            NotFound: there is no such person.
            Conflict: the person is erased, which cannot be undone.
        """

    def acts(self, key: str = "") -> Iterator[Act]:
        """Stream the acts of the register, oldest first: of one person, or all of them."""
