"""
The audit of the seats: who has which seat in the table of seats, beside who has it by the histories.

Pure. By each history the seat is looked up, bucket by bucket; if the table then has more seats taken than were found,
every seat that is taken is looked up in the histories, some at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, Final

from workflow.audit.findings import (
    APPLICATION,
    DATA,
    REBUILD,
    RESTORE,
    TYPE,
    VERSION,
    EventRow,
    Finding,
    RawRows,
    ReadRow,
)
from workflow.errors import Corrupt
from workflow.facts import AdmissionCancelled, Admitted

LOOKED_UP: Final = 500  # seats looked up at a time
_TYPES: Final = (Admitted.__name__, AdmissionCancelled.__name__)
Place = tuple[str, str, str]  # session, part, application
Given = tuple[str, str, int]  # day, room, number of the seat


def _held(history: Sequence[EventRow], read: ReadRow) -> dict[tuple[str, str], Given]:
    """
    Give the seats that a history leaves its application, by session and part; none where an admission cannot be read.

    A seat stays taken whatever comes of the attempt, until the admission is cancelled; an admission to a sitting
    without rooms names none.
    """
    held: dict[tuple[str, str], Given] = {}
    for row in history:
        if row[TYPE] not in _TYPES:
            continue
        try:
            fact = read(row[TYPE], row[VERSION], row[DATA])
        except (Corrupt, ValueError, TypeError):  # told where the history is audited
            return {}
        if isinstance(fact, Admitted) and fact.seat:
            held[fact.sitting, fact.part] = (fact.sat_on.isoformat(), fact.room, fact.seat)
        elif isinstance(fact, AdmissionCancelled):
            held.pop((fact.sitting, fact.part), None)
    return held


class SeatsByHistories:
    """
    The seats that histories give, looked up in the table of seats some at a time.

    Attributes:
        found: How many are there as their histories give them.
    """

    def __init__(self, raw: RawRows, read: ReadRow) -> None:
        self._raw, self._read = raw, read
        self._wanted: dict[Place, Given] = {}
        self.found = 0

    def take(self, history: Sequence[EventRow]) -> Iterator[Finding]:
        """Take up a history."""
        for (sitting, part), given in _held(history, self._read).items():
            self._wanted[sitting, part, history[0][APPLICATION]] = given
        if len(self._wanted) >= LOOKED_UP:
            yield from self.look_up()

    def look_up(self) -> Iterator[Finding]:
        """Say which seats are not in the table as their histories give them."""
        if not self._wanted:
            return
        kept = {(row[0], row[1], row[2]): (row[3], row[4], row[5]) for row in self._raw.seats([*self._wanted])}
        for place, given in self._wanted.items():
            there = kept.get(place)
            if there == given:
                self.found += 1
                continue
            text = f"{_at(place)}: its history gives it {_seat(given)}, table seat {_seat(there) if there else 'none'}"
            yield _finding(place, text, REBUILD)
        self._wanted = {}


def seats_taken(raw: RawRows, read: ReadRow | None) -> Iterator[Finding]:
    """
    Say which seats are taken by an application that has no history, or of which no admission holds.

    Args:
        raw: The rows.
        read: Reads a fact; None: the admissions are not asked.
    """
    taken = raw.seated()
    while some := list(islice(taken, LOOKED_UP)):
        applications = sorted({str(application) for application, _sitting, _part in some})
        missing = raw.missing(applications)
        held: dict[str, dict[tuple[str, str], Given]] = {}
        if read:
            for key, rows in groupby(raw.seatings(applications), itemgetter(APPLICATION)):
                held[key] = _held(list(rows), read)
        for application, sitting, part in some:
            place = (sitting, part, str(application))
            if place[2] in missing:
                text = f"has a seat for {part} at {sitting}, but no history: it is deleted, or was never there"
                yield _finding(place, text, RESTORE)
            elif read and (sitting, part) not in held.get(place[2], {}):
                text = f"{_at(place)}: table seat gives it a seat, by its history no admission with a seat holds there"
                yield _finding(place, text, REBUILD)


def _at(place: Place) -> str:
    return f"{place[1]} at {place[0]}"


def _seat(given: Any) -> str:
    on, room, number = given
    return f"seat {number} of room {room} on {on}"


def _finding(place: Place, text: str, remedy: str) -> Finding:
    return Finding("seat", text, remedy, place[2], 0, "seat", f"{place[0]}/{place[1]}")
