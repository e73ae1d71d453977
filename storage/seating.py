"""
Seats taken and freed: which steps the events of a batch ask for, and how they are taken in SQL.

Never decides who gets a seat; it only holds that every seat exists, and is one candidate's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import zip_longest
from typing import Any, Final, NoReturn

from sqlalchemy import ColumnElement, Connection, and_, bindparam, false, literal_column, null, select, true, update
from sqlalchemy.sql.dml import UpdateBase

from storage import tables
from storage.bulk import Bulk
from workflow.errors import Conflict, Corrupt, NotFound
from workflow.events import Event
from workflow.facts import AdmissionCancelled, Admitted
from workflow.ports import Sitting
from workflow.seating import Seat, reseated

_t = tables.seat.c
COLUMNS: Final = (
    _t.sitting, _t.part, _t.sat_on, _t.place, _t.room, _t.number, _t.is_separate, _t.given, _t.application,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """
    A seat given to an application or, where no day is named, whatever seat it has in a part of a session freed.

    Attributes:
        application: The application.
        sitting: The session.
        part: The part.
        sat_on: The day; absent where a seat is freed.
        room: The room.
        number: The seat's number in it.
    """

    application: str
    sitting: str
    part: str
    sat_on: date | None = None
    room: str = ""
    number: int = 0

    @property
    def row(self) -> dict[str, Any]:
        """The values for the statements."""
        names = ("application", "sitting", "part", "sat_on", "room", "number")
        return {f"the_{name}": getattr(self, name) for name in names}


def steps_of(events: Sequence[Event]) -> list[Step]:
    """List the steps that events ask for, in order; an admission without a seat asks for none."""
    found = []
    for event in events:
        fact = event.fact
        if isinstance(fact, Admitted) and fact.seat:
            found.append(Step(event.application, fact.sitting, fact.part, fact.sat_on, fact.room, fact.seat))
        elif isinstance(fact, AdmissionCancelled):
            found.append(Step(event.application, fact.sitting, fact.part))
    return found


def turns(histories: Sequence[Sequence[Event]]) -> Iterator[list[Step]]:
    """Give the first steps of all applications, then the second ones, and so on: each turn frees before it gives."""
    for turn in zip_longest(*filter(None, map(steps_of, histories))):
        yield [step for step in turn if step is not None]


def refused(step: Step | None = None) -> NoReturn:
    """
    Say that a seat cannot be given.

    Raises:
        Conflict: always.
    """
    what = f"seat {step.number} of room {step.room} at {step.sitting} ({step.part})" if step else "a seat of the batch"
    raise Conflict(f"{what} is taken, or there is no such seat; nothing was kept")


def _here(sitting: Sitting) -> ColumnElement[bool]:
    return and_(_t.sitting == sitting.key, _t.part == sitting.part, _t.sat_on == sitting.sat_on)


class SqlSeats:
    """The seats on SQLite and PostgreSQL, inside a transaction of the stores."""

    def __init__(self) -> None:
        self._statements: dict[str, Bulk] = {}

    def lock(self, tx: Connection, sitting: Sitting) -> None:
        """
        Keep others from giving out seats of a sitting until the end of the transaction.

        Raises:
            NotFound: there is no such sitting.
        """
        s = tables.sitting.c
        here = (s.key == sitting.key, s.part == sitting.part, s.sat_on == sitting.sat_on)
        # On SQLite the writer is alone anyway, and the words are left out.
        if tx.scalar(select(s.key).where(*here).with_for_update()) is None:
            raise NotFound(f"no sitting {sitting.key} of {sitting.part} on {sitting.sat_on}")

    def free(self, tx: Connection, sitting: Sitting, most: int) -> list[Seat]:
        """Give the first free seats, shared and separate ones, in the order of their places."""
        wanted = select(*COLUMNS).where(_here(sitting), _t.application.is_(None)).order_by(_t.place).limit(most)
        rows = [row for kind in (true(), false()) for row in tx.execute(wanted.where(_t.is_separate == kind))]
        return sorted((Seat(*row) for row in rows), key=lambda seat: seat.place)

    def take(self, tx: Connection, histories: Sequence[Sequence[Event]]) -> None:
        """
        Take and free the seats that events name.

        Raises:
            Conflict: a seat is taken, or there is no such seat.
        """
        for turn in turns(histories):
            self._run(tx, "free", [step for step in turn if step.sat_on is None])
            given = [step for step in turn if step.sat_on is not None]
            if self._run(tx, "take", given) != len(given):
                refused(given[0] if len(given) == 1 else None)

    def clear(self, tx: Connection) -> None:
        """Forget who has which seat, before all is given again from the events."""
        tx.execute(update(tables.seat).values(application=null(), given=0))

    def restore(self, tx: Connection, history: Sequence[Event]) -> None:
        """
        Give an application the seats that it has at the end of its history, and count those that it ever had.

        Raises:
            Corrupt: another application has the seat, or there is no such seat.
        """
        steps = steps_of(history)
        last = {(step.sitting, step.part): step for step in steps}
        held = [step for step in last.values() if step.sat_on is not None]
        self._run(tx, "count", [step for step in steps if step.sat_on is not None])
        if self._run(tx, "hold", held) != len(held):
            raise Corrupt(f"application {history[0].application} was given a seat that is another's or does not exist")

    def _run(self, tx: Connection, name: str, steps: Sequence[Step]) -> int:
        if steps and not self._statements:
            self._statements = {name: Bulk(tx.dialect, statement) for name, statement in _statements()}
        return self._statements[name](tx, (step.row for step in steps)) if steps else 0

    def change(self, tx: Connection, sitting: Sitting) -> None:
        """
        Give a sitting the seats of its rooms.

        Raises:
            Conflict: a seat to be taken away was given out.
        """
        before = [Seat(*row) for row in tx.execute(select(*COLUMNS).where(_here(sitting)))]
        added, gone, kept = reseated(sitting, before)
        refuse_removal(kept)
        for seat in gone:
            tx.execute(tables.seat.delete().where(_here(sitting), _t.place == seat.place))
        self.add(tx, added)

    def add(self, tx: Connection, seats: Sequence[Seat]) -> None:
        """Add new seats."""
        names = [column.name for column in COLUMNS]
        rows = [{name: getattr(seat, name) for name in names} for seat in seats]
        Bulk(tx.dialect, tables.seat.insert())(tx, rows)


def _statements() -> Iterator[tuple[str, UpdateBase]]:
    same = (_t.sitting == bindparam("the_sitting"), _t.part == bindparam("the_part"))
    which = (
        *same,
        _t.sat_on == bindparam("the_sat_on"),
        _t.room == bindparam("the_room"),
        _t.number == bindparam("the_number"),
    )
    taken: dict[str, Any] = {"application": bindparam("the_application")}
    counted: dict[str, Any] = {"given": literal_column("given + 1")}
    seat, is_free = update(tables.seat), _t.application.is_(None)
    yield "take", seat.where(*which, is_free).values(taken | counted)
    yield "hold", seat.where(*which, is_free).values(taken)
    yield "count", seat.where(*which).values(counted)
    yield "free", seat.where(*same, _t.application == bindparam("the_application")).values(application=null())


def refuse_removal(kept: Sequence[Seat]) -> None:
    """
    Say that seats which were given out cannot be taken away.

    Raises:
        Conflict: there are such.
    """
    if kept:
        some = ", ".join(f"{seat.room} {seat.number}" for seat in kept[:5])
        text = f"{len(kept)} seats to be taken away were given out ({some}); their tickets name them"
        raise Conflict(f"{text}. Keep these rooms as large as they are; others may be added")
