"""
The stores in memory: the same contract without a database, for tests and for trying things out.

Thread-safe by one lock. Everything is gone with the object.
"""

from __future__ import annotations

from datetime import datetime
from threading import RLock

from storage.memory_candidates import MemoryCandidates
from storage.memory_events import MemoryEvents
from storage.memory_runs import MemoryDue, MemoryOutbox, MemoryRuns
from storage.memory_seals import MemorySeals
from storage.memory_sittings import MemorySeats, MemorySittings
from storage.memory_staff import MemoryAccess, MemoryStaff
from storage.portable import check_portable
from workflow.logs import Verification
from workflow.scheme import Pinned


class MemorySchemes:
    """The shelf of scheme documents in memory."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._documents: dict[str, Pinned] = {}

    def put(self, pinned: Pinned, at: datetime) -> bool:
        """Keep a document; tell whether it was new."""
        if at.utcoffset() is None:
            raise ValueError("an instant without a zone cannot be stored")
        with self._lock:
            is_new = pinned.digest not in self._documents
            self._documents.setdefault(pinned.digest, pinned)
            return is_new

    def has(self, digest: str) -> bool:
        """Tell whether a document is kept, without reading it."""
        return digest in self._documents

    def get(self, digest: str) -> Pinned | None:
        """Give the document with a digest."""
        return self._documents.get(digest)

    def current(self) -> tuple[Pinned, ...]:
        """Give the newest version of every scheme, in the order of scheme ids; of equal versions, the last put."""
        with self._lock:
            documents = sorted(self._documents.values(), key=lambda pinned: pinned.scheme.version)  # stable
        newest = {pinned.scheme.scheme: pinned for pinned in documents}
        return tuple(newest[scheme] for scheme in sorted(newest))


class MemoryVerifications:
    """The log of verifications in memory."""

    def __init__(self) -> None:
        self._log: list[Verification] = []

    def put(self, verification: Verification) -> None:
        """Keep a verification."""
        check_portable("verification", {"number": verification.number, "asked_by": verification.asked_by})
        if verification.at.utcoffset() is None:
            raise ValueError("an instant without a zone cannot be stored")
        self._log.append(verification)

    def of(self, number: str) -> tuple[Verification, ...]:
        """Give the verifications of a number, oldest first."""
        return tuple(verification for verification in self._log if verification.number == number)


class MemoryStores:
    """All stores in memory."""

    def __init__(self) -> None:
        seats = MemorySeats()
        self.events = MemoryEvents(seats)
        self.runs = MemoryRuns(self.events)
        self.due = MemoryDue(self.events, self.runs)
        self.outbox = MemoryOutbox(self.runs)
        self.candidates = MemoryCandidates(self.runs)
        self.schemes = MemorySchemes()
        self.sittings = MemorySittings(seats)
        self.verifications = MemoryVerifications()
        self.seals = MemorySeals(self.events)
        self.access = MemoryAccess()
        self.staff = MemoryStaff(self.access)
