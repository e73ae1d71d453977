"""
Seating: what a sitting is beside its day - where, when, with which rooms and staff - and the seats in its rooms.

Owns the shapes and the order in which seats are given out; which seats are free is known to the stores alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Literal

Role = Literal["invigilator", "assessor"]


@dataclass(frozen=True, slots=True)
class Room:
    """
    A room of a sitting.

    Attributes:
        name: Its name at the centre.
        capacity: Candidates that it seats.
        is_separate: Whether it is kept for candidates who were granted a separate room.
    """

    name: str
    capacity: int
    is_separate: bool = False


@dataclass(frozen=True, slots=True)
class Staff:
    """
    Someone who works at a sitting.

    Attributes:
        name: The opaque name under which the board knows them, the same as of a trainer; never a person's own name.
        role: What they do there.
        recused: Applications that they have declared not to examine, as of relatives and friends.
    """

    name: str
    role: Role
    recused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sitting:
    """
    A dated session of a part.

    Attributes:
        key: The board's name of the session, such as 2024-26/1; shared by the parts of the session.
        part: The part.
        sat_on: Its day.
        centre: Where; empty if not given.
        starts: Time of day at which it begins, on the clock of the place; absent if not given.
        minutes: How long it takes; 0 if not given.
        closes_on: Last day of admission, which itself counts; absent: none but the day of the sitting.
        rooms: Its rooms in the order in which they are filled; none: seats are not given out, without a limit.
        staff: Who works there.
    """

    key: str
    part: str
    sat_on: date
    centre: str = ""
    starts: time | None = None
    minutes: int = 0
    closes_on: date | None = None
    rooms: tuple[Room, ...] = ()
    staff: tuple[Staff, ...] = ()

    @property
    def capacity(self) -> int:
        """Seats in all its rooms."""
        return sum(room.capacity for room in self.rooms)

    def named(self, role: Role) -> tuple[str, ...]:
        """Give the names of the staff in a role."""
        return tuple(one.name for one in self.staff if one.role == role)


@dataclass(frozen=True, slots=True)
class Seat:
    """
    One seat of a sitting.

    Attributes:
        sitting: The session.
        part: The part.
        sat_on: The day.
        place: Its number through all rooms of the sitting, by which seats are given out.
        room: The room.
        number: Its number in the room, from 1.
        is_separate: Whether it stands in a room kept for candidates who were granted a separate one.
        given: How often it has been given out; a seat that was freed is given again under another ticket.
        application: Who has it now; None while it is free.
    """

    sitting: str
    part: str
    sat_on: date
    place: int
    room: str
    number: int
    is_separate: bool = False
    given: int = 0
    application: str | None = None


def seats_of(sitting: Sitting) -> Iterator[Seat]:
    """List the seats of a new sitting, room by room."""
    place = 0
    for room in sitting.rooms:
        for number in range(1, room.capacity + 1):
            place += 1
            yield Seat(sitting.key, sitting.part, sitting.sat_on, place, room.name, number, room.is_separate)


def rooms_of(seats: Sequence[Seat]) -> tuple[Room, ...]:
    """Give the rooms that seats make up, in the order of their first seat."""
    counted: dict[tuple[str, bool], int] = {}
    for seat in sorted(seats, key=lambda seat: seat.place):
        counted[seat.room, seat.is_separate] = counted.get((seat.room, seat.is_separate), 0) + 1
    return tuple(Room(name, capacity, is_separate) for (name, is_separate), capacity in counted.items())


def reseated(sitting: Sitting, before: Sequence[Seat]) -> tuple[tuple[Seat, ...], tuple[Seat, ...], tuple[Seat, ...]]:
    """
    Compare the seats of a sitting with the rooms that it is to have.

    A seat keeps its place for ever; new ones come after all others, so that no ticket is ever given twice.

    Returns:
        Seats to be added, seats to be taken away, and those of the latter that cannot be since they were given out.
    """
    wanted = {(seat.room, seat.number, seat.is_separate): seat for seat in seats_of(sitting)}
    there = {(seat.room, seat.number, seat.is_separate): seat for seat in before}
    place = max((seat.place for seat in before), default=0)
    added = tuple(
        Seat(seat.sitting, seat.part, seat.sat_on, place + n, seat.room, seat.number, seat.is_separate)
        for n, seat in enumerate((seat for key, seat in wanted.items() if key not in there), 1)
    )
    gone = tuple(seat for key, seat in there.items() if key not in wanted)
    return added, gone, tuple(seat for seat in gone if seat.given)


def ticket_number(seat: Seat) -> str:
    """
    Give the number of the admission ticket for the next candidate on a seat: session, part, day and place.

    It says nothing of the candidate. A seat that is given again bears a letter more, so that no number occurs twice.
    """
    number = f"{seat.sitting}-{seat.part}-{seat.sat_on:%y%m%d}-{seat.place:04}"
    return number if not seat.given else f"{number}-{seat.given + 1}"
