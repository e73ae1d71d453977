"""
Ports: what the service needs from outside, as Protocols that every store fulfils and the contract tests hold.

Owns the shapes that cross the border. `storage/` implements them on SQLite, PostgreSQL and in memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final, Protocol

from workflow.events import Event
from workflow.logs import VerificationLog
from workflow.nights.ledger import DueQueue, Outbox, RunLedger
from workflow.persons.registry import Candidate as Candidate
from workflow.persons.registry import CandidateRegistry as CandidateRegistry
from workflow.projection import Append as Append
from workflow.projection import Projection as Projection
from workflow.roles.access import AccessLog
from workflow.roles.staff import StaffRegister
from workflow.scheme import Pinned
from workflow.sealing.seals import SealLedger
from workflow.seating import Seat
from workflow.seating import Sitting as Sitting

BUCKETS: Final = 64


@lru_cache(maxsize=65_536)  # asked for with every row that names an application
def bucket_of(application: str) -> int:
    """Derive the bucket of an application from its key: 0 to 63, the same on every database and for ever."""
    return hashlib.sha256(application.encode()).digest()[0] % BUCKETS


class EventStore(Protocol):
    """The append-only histories and their projection."""

    def history(self, application: str) -> tuple[Event, ...]:
        """Give all events of an application in order; empty if there is no such application."""

    def histories(self, applications: Sequence[str] | None = None) -> Iterator[tuple[Event, ...]]:
        """
        Stream whole histories in the order of application keys (plain code-point order), in flat memory.

        Args:
            applications: Only these, where given; keys that do not exist are passed over.
        """

    def append(self, batch: Sequence[Append]) -> tuple[str, ...]:
        """
        Write the events of many applications in one transaction.

        An application whose last sequence is no longer the one expected is left out whole and spares the rest.

        Args:
            batch: At most one append for each application; recorded instants in UTC.

        Returns:
            Keys of the applications that were left out, in the order given.

        Raises:
            Unavailable: the database cannot be written; nothing of the batch was kept.
            Corrupt: a command of the application or a certificate number is used twice; nothing of the batch was kept.
        """

    def append_numbered(self, series: str, build: Callable[[int], Append]) -> None:
        """
        Draw the next number of a series and write the events that bear it, in one transaction.

        Numbers of a series start at 1 and have no gap: a number drawn in vain is drawn again.

        Args:
            build: Makes the append; may read from the stores, must not write to them. What it raises is passed on.

        Raises:
            Conflict: the application changed meanwhile; nothing was kept and no number is lost.
        """

    def append_seated(
        self, sitting: Sitting, most: int, build: Callable[[Sequence[Seat]], Sequence[Append]]
    ) -> tuple[str, ...]:
        """
        Offer the free seats of a sitting and write the events that take some of them, in one transaction.

        Meanwhile nobody else is offered a seat of this sitting. An admission that names a seat takes it, and the
        cancellation of that admission frees it, by whatever way they are written: no seat is ever taken twice.

        Args:
            sitting: The sitting, by its key, part and day.
            most: How many free seats to offer at the most, of shared and of separate rooms each.
            build: Makes the appends from the free seats in the order of their places; may read from the stores, must
                not write to them, and may be asked twice. What it raises is passed on.

        Returns:
            Keys of the applications that had moved on and were left out, as `append`.

        Raises:
            NotFound: there is no such sitting.
            Conflict: an admission names a seat that is taken or does not exist; nothing was kept.
        """

    def projection(self, application: str) -> Projection | None:
        """Give the projection of an application."""

    def projections(self) -> Iterator[Projection]:
        """Stream all projections in the order of application keys."""

    def at_sitting(self, sitting: str, part: str | None = None) -> tuple[str, ...]:
        """Give the keys of applications that were ever admitted to a sitting (of a part), in key order."""

    def alongside(self, applications: Sequence[str]) -> dict[str, str]:
        """Give the candidate of each of some applications, and of all others of the same candidates, by their keys."""

    def of_candidates(self, *candidates: str) -> tuple[str, ...]:
        """Give the keys of the applications of a candidate, or of some, in key order."""

    def certificate_holder(self, number: str) -> str | None:
        """Give the application whose certificate bears a number."""

    def certificate_with_code(self, code: str) -> str | None:
        """Give the number of the certificate whose paper bears a code (`events.certificate_code`)."""


class SchemeShelf(Protocol):
    """The scheme documents, each kept for ever under its digest."""

    def put(self, pinned: Pinned, at: datetime) -> bool:
        """Keep a document; tell whether it was new."""

    def has(self, digest: str) -> bool:
        """Tell whether a document is kept, without reading it."""

    def get(self, digest: str) -> Pinned | None:
        """Give the document with a digest."""

    def current(self) -> tuple[Pinned, ...]:
        """Give the newest version of every scheme, in the order of scheme ids; of equal versions, the last put."""


class SittingRegister(Protocol):
    """The register of sittings."""

    def put(self, sittings: Sequence[Sitting]) -> int:
        """Add sittings; one that is there already (key, part and day) is passed over. Gives the number added."""

    def change(self, sitting: Sitting) -> None:
        """
        Give a sitting other particulars: everything but its key, part and day.

        Rooms may be added and seats taken away, as long as these were never given out.

        Raises:
            NotFound: there is no such sitting.
            Conflict: a seat to be taken away was given out; nothing was changed.
        """

    def seats(self, key: str, part: str | None = None) -> tuple[Seat, ...]:
        """Give the seats of a session, in the order of part, day and place; none where it has no rooms."""

    def find(self, key: str, part: str | None = None) -> tuple[Sitting, ...]:
        """Give the sittings of a session, in the order of part and day."""

    def all(self) -> tuple[Sitting, ...]:
        """Give every sitting in the order of day, key and part."""


class Stores(Protocol):
    """One database: all stores on it."""

    @property
    def events(self) -> EventStore:
        """The histories."""

    @property
    def candidates(self) -> CandidateRegistry:
        """The persons."""

    @property
    def schemes(self) -> SchemeShelf:
        """The scheme documents."""

    @property
    def sittings(self) -> SittingRegister:
        """The sittings."""

    @property
    def verifications(self) -> VerificationLog:
        """Who asked after which certificate."""

    @property
    def due(self) -> DueQueue:
        """The applications for which the clock has something to do."""

    @property
    def runs(self) -> RunLedger:
        """What the jobs have run, and what they did."""

    @property
    def outbox(self) -> Outbox:
        """Notices that wait to be delivered."""

    @property
    def staff(self) -> StaffRegister:
        """The members of the board's staff."""

    @property
    def access(self) -> AccessLog:
        """Who saw and exported what."""

    @property
    def seals(self) -> SealLedger:
        """The seals over all histories."""
