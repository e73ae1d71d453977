"""Sittings and their seats in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from threading import RLock

from storage.portable import check_sittings
from storage.seating import Step, refuse_removal, refused, turns
from workflow.errors import NotFound
from workflow.events import Event
from workflow.ports import Sitting
from workflow.seating import Seat, reseated, rooms_of, seats_of

Key = tuple[str, str, date]


class MemorySeats:
    """The seats in memory."""

    def __init__(self) -> None:
        self.by_sitting: dict[Key, list[Seat]] = {}

    def change(self, sitting: Sitting) -> None:
        """Give a sitting the seats of its rooms, refusing as `SqlSeats.change` does."""
        key = (sitting.key, sitting.part, sitting.sat_on)
        before = self.by_sitting.get(key, [])
        added, gone, kept = reseated(sitting, before)
        refuse_removal(kept)
        self.by_sitting[key] = [seat for seat in before if seat not in gone] + list(added)

    def open(self, sitting: Sitting) -> None:
        """Give a new sitting its seats."""
        self.by_sitting[sitting.key, sitting.part, sitting.sat_on] = list(seats_of(sitting))

    def free(self, sitting: Sitting, most: int) -> list[Seat]:
        """Give the first free seats, as `SqlSeats.free` does."""
        seats = self.by_sitting.get((sitting.key, sitting.part, sitting.sat_on), [])
        free = [seat for seat in seats if seat.application is None]
        chosen = [[seat for seat in free if seat.is_separate is kind][:most] for kind in (True, False)]
        return sorted((seat for seats in chosen for seat in seats), key=lambda seat: seat.place)

    def after(self, histories: Sequence[Sequence[Event]]) -> dict[Key, list[Seat]]:
        """Give the seats as they are after the steps of events; nothing is changed yet."""
        touched: dict[Key, list[Seat]] = {}
        for turn in turns(histories):
            for step in sorted(turn, key=lambda step: step.sat_on is not None):
                for key in self._keys(step):
                    seats = touched.setdefault(key, list(self.by_sitting[key]))
                    if not _stepped(seats, step) and step.sat_on is not None:
                        refused(step)
                if step.sat_on is not None and not self._keys(step):
                    refused(step)
        return touched

    def _keys(self, step: Step) -> list[Key]:
        days = (
            [step.sat_on] if step.sat_on else [d for s, p, d in self.by_sitting if (s, p) == (step.sitting, step.part)]
        )
        return [key for day in days if (key := (step.sitting, step.part, day)) in self.by_sitting]


def _stepped(seats: list[Seat], step: Step) -> bool:
    """Take one step among the seats of a sitting; tell whether a seat was found for it."""
    has_one = any(seat.application == step.application for seat in seats)
    for n, seat in enumerate(seats):
        if step.sat_on is None and seat.application == step.application:
            seats[n] = replace(seat, application=None)
            return True
        is_it = (seat.room, seat.number, seat.application) == (step.room, step.number, None)
        if step.sat_on is not None and is_it and not has_one:
            seats[n] = replace(seat, application=step.application, given=seat.given + 1)
            return True
    return False


class MemorySittings:
    """The register of sittings in memory."""

    def __init__(self, seats: MemorySeats | None = None) -> None:
        self._lock = RLock()
        self._seats = seats or MemorySeats()
        self._sittings: dict[tuple[str, str, date], Sitting] = {}

    def put(self, sittings: Sequence[Sitting]) -> int:
        """Add sittings; one that is there already (key, part and day) is passed over. Gives the number added."""
        check_sittings(sittings)
        with self._lock:
            before = len(self._sittings)
            for sitting in sittings:
                key = (sitting.key, sitting.part, sitting.sat_on)
                if key not in self._sittings:
                    self._sittings[key] = _in_order(sitting)
                    self._seats.open(sitting)
            return len(self._sittings) - before

    def change(self, sitting: Sitting) -> None:
        """
        Give a sitting other particulars.

        Raises:
            NotFound: there is no such sitting.
            Conflict: a seat to be taken away was given out; nothing was changed.
        """
        check_sittings([sitting])
        key = (sitting.key, sitting.part, sitting.sat_on)
        with self._lock:
            if key not in self._sittings:
                raise NotFound(f"no sitting {sitting.key} of {sitting.part} on {sitting.sat_on}")
            self._seats.change(sitting)
            rooms = rooms_of(self._seats.by_sitting[key])
            self._sittings[key] = _in_order(replace(sitting, rooms=rooms))

    def seats(self, key: str, part: str | None = None) -> tuple[Seat, ...]:
        """Give the seats of a session, in the order of part, day and place."""
        found = [seat for (s, p, _), seats in self._seats.by_sitting.items() for seat in seats if s == key]
        chosen = [seat for seat in found if part in (None, seat.part)]
        return tuple(sorted(chosen, key=lambda seat: (seat.part, seat.sat_on, seat.place)))

    def find(self, key: str, part: str | None = None) -> tuple[Sitting, ...]:
        """Give the sittings of a session, in the order of part and day."""
        with self._lock:
            found = [s for s in self._sittings.values() if s.key == key and part in (None, s.part)]
        return tuple(sorted(found, key=lambda s: (s.part, s.sat_on)))

    def all(self) -> tuple[Sitting, ...]:
        """Give every sitting in the order of day, key and part."""
        with self._lock:
            return tuple(sorted(self._sittings.values(), key=lambda s: (s.sat_on, s.key, s.part)))


def _in_order(sitting: Sitting) -> Sitting:
    return replace(sitting, staff=tuple(sorted(sitting.staff, key=lambda one: (one.role, one.name))))
