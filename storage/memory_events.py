"""
The event store in memory: the same contract without a database.

Thread-safe by one lock, which the other stores in memory share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from threading import RLock

from storage.batch import in_key_order, moved_on
from storage.codec import admission_rows, certificate_rows, code_rows, to_row
from storage.memory_sittings import MemorySeats
from workflow.errors import Corrupt, NotFound
from workflow.events import Event
from workflow.ports import Append, Projection, Sitting
from workflow.seating import Seat


class MemoryEvents:
    """The event store in memory."""

    def __init__(self, seats: MemorySeats | None = None) -> None:
        self.lock = RLock()
        self._seats = seats or MemorySeats()
        self._histories: dict[str, tuple[Event, ...]] = {}
        self._projections: dict[str, Projection] = {}
        self._admitted: dict[tuple[str, str], set[str]] = {}
        self._holders: dict[str, str] = {}
        self._codes: dict[str, str] = {}
        self._serials: set[tuple[str, int]] = set()
        self._series: dict[str, int] = {}

    def history(self, application: str) -> tuple[Event, ...]:
        """Give all events of an application in order; empty if there is no such application."""
        return self._histories.get(application, ())

    def histories(self, applications: Sequence[str] | None = None) -> Iterator[tuple[Event, ...]]:
        """Stream whole histories in the order of application keys, as of one moment."""
        with self.lock:
            chosen = self._histories if applications is None else set(applications) & self._histories.keys()
            found = [self._histories[key] for key in sorted(chosen)]
        yield from found

    def append(self, batch: Sequence[Append]) -> tuple[str, ...]:
        """
        Write the events of many applications; keys of those that had moved on are given back, in the order given.

        Raises:
            Corrupt: a command or a certificate number is used twice; nothing was kept.
        """
        ordered = in_key_order(batch)
        with self.lock:
            kept = [append for append in ordered if len(self.history(append.application)) == append.expected]
            self._record(kept)
        keys = {append.application for append in kept}
        return tuple(append.application for append in batch if append.application not in keys)

    def append_numbered(self, series: str, build: Callable[[int], Append]) -> None:
        """
        Draw the next number of a series and write the events that bear it.

        Raises:
            Conflict: the application changed meanwhile; nothing was kept and no number is lost.
        """
        with self.lock:
            serial = self._series.get(series, 0) + 1
            ordered = in_key_order([build(serial)])
            if len(self.history(ordered[0].application)) != ordered[0].expected:
                raise moved_on(ordered[0].application)
            self._record(ordered)
            self._series[series] = serial

    def append_seated(
        self, sitting: Sitting, most: int, build: Callable[[Sequence[Seat]], Sequence[Append]]
    ) -> tuple[str, ...]:
        """
        Offer the free seats of a sitting and write the events that take some of them.

        Raises:
            NotFound: there is no such sitting.
            Conflict: an admission names a seat that is taken or does not exist; nothing was kept.
        """
        with self.lock:
            if (sitting.key, sitting.part, sitting.sat_on) not in self._seats.by_sitting:
                raise NotFound(f"no sitting {sitting.key} of {sitting.part} on {sitting.sat_on}")
            return self.append(build(self._seats.free(sitting, most)))

    def _record(self, ordered: Sequence[Append]) -> None:
        certificates = [row for append in ordered for row in certificate_rows(append.events)]
        numbers = [*self._holders, *(row["number"] for row in certificates)]
        serials = [*self._serials, *((row["series"], row["serial"]) for row in certificates)]
        if len(set(numbers)) != len(numbers) or len(set(serials)) != len(serials):
            raise Corrupt("the number of a certificate is used twice; nothing was kept")
        for append in ordered:
            commands = [event.command for event in (*self.history(append.application), *append.events)]
            if len(set(commands)) != len(commands):
                raise Corrupt(f"application {append.application}: a command is used twice; nothing was kept")
            for event in append.events:
                to_row(event)  # refuses what a database would refuse
        self._seats.by_sitting |= self._seats.after([append.events for append in ordered])
        for append in ordered:
            key = append.application
            self._histories[key] = (*self.history(key), *append.events)
            self._projections[key] = append.projection
            for row in admission_rows(append.events):
                self._admitted.setdefault((row["sitting"], row["part"]), set()).add(key)
        self._codes |= {row["code"]: row["number"] for append in ordered for row in code_rows(append.events)}
        self._holders |= {row["number"]: row["application"] for row in certificates}
        self._serials = set(serials)

    def projection(self, application: str) -> Projection | None:
        """Give the projection of an application."""
        return self._projections.get(application)

    def projections(self) -> Iterator[Projection]:
        """Stream all projections in the order of application keys."""
        with self.lock:
            found = [self._projections[key] for key in sorted(self._projections)]
        yield from found

    def at_sitting(self, sitting: str, part: str | None = None) -> tuple[str, ...]:
        """Give the keys of applications that were ever admitted to a sitting (of a part), in key order."""
        with self.lock:
            chosen = [keys for (s, p), keys in self._admitted.items() if s == sitting and part in (None, p)]
        return tuple(sorted(set().union(*chosen)))

    def alongside(self, applications: Sequence[str]) -> dict[str, str]:
        """Give the candidate of each of some applications, and of all others of the same candidates, by their keys."""
        with self.lock:
            theirs = {self._projections[key].candidate for key in applications if key in self._projections}
            return {key: row.candidate for key, row in self._projections.items() if row.candidate in theirs}

    def of_candidates(self, *candidates: str) -> tuple[str, ...]:
        """Give the keys of the applications of a candidate, or of some, in key order."""
        theirs = frozenset(candidates)
        with self.lock:
            return tuple(sorted(key for key, row in self._projections.items() if row.candidate in theirs))

    def certificate_holder(self, number: str) -> str | None:
        """Give the application whose certificate bears a number."""
        return self._holders.get(number)

    def certificate_with_code(self, code: str) -> str | None:
        """Give the number of the certificate whose paper bears a code."""
        return self._codes.get(code)
