"""The register of sittings on SQL: their particulars, seats and staff."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date, time
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, and_, func, select

from storage import tables
from storage.bulk import Bulk, insert
from storage.engine import reading, writing
from storage.portable import check_sittings
from storage.seating import COLUMNS, SqlSeats
from workflow.ports import Sitting
from workflow.seating import Room, Seat, Staff, seats_of

_s, _t, _w = tables.sitting.c, tables.seat.c, tables.staff.c
Key = tuple[str, str, date]
_KEY: Final = ("key", "part", "sat_on")


class SqlSittings:
    """The register of sittings on SQLite and PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._seats = SqlSeats()

    def put(self, sittings: Sequence[Sitting]) -> int:
        """Add sittings; one that is there already (key, part and day) is passed over. Gives the number added."""
        check_sittings(sittings)
        ordered = sorted(sittings, key=_key)  # two writers never wait for each other
        with writing(self._engine) as tx:
            statement = insert(tx.dialect, tables.sitting).on_conflict_do_nothing()
            if not any(sitting.rooms or sitting.staff for sitting in ordered):  # as bulk files have them
                return Bulk(tx.dialect, statement)(tx, map(_row, ordered))
            added = 0
            for sitting in ordered:
                if tx.scalar(statement.values(_row(sitting)).returning(_s.key)) is not None:
                    added += 1
                    self._seats.add(tx, list(seats_of(sitting)))
                    _add_staff(tx, sitting)
            return added

    def change(self, sitting: Sitting) -> None:
        """
        Give a sitting other particulars: everything but its key, part and day.

        Raises:
            NotFound: there is no such sitting.
            Conflict: a seat to be taken away was given out; nothing was changed.
        """
        check_sittings([sitting])
        rest = {name: value for name, value in _row(sitting).items() if name not in _KEY}
        with writing(self._engine) as tx:
            self._seats.lock(tx, sitting)
            here = (_s.key == sitting.key, _s.part == sitting.part, _s.sat_on == sitting.sat_on)
            tx.execute(tables.sitting.update().where(*here).values(rest))
            self._seats.change(tx, sitting)
            there = (_w.sitting == sitting.key, _w.part == sitting.part, _w.sat_on == sitting.sat_on)
            tx.execute(tables.staff.delete().where(*there))
            _add_staff(tx, sitting)

    def seats(self, key: str, part: str | None = None) -> tuple[Seat, ...]:
        """Give the seats of a session, in the order of part, day and place; none where it has no rooms."""
        wanted = select(*COLUMNS).where(_t.sitting == key).order_by(_t.part, _t.sat_on, _t.place)
        with reading(self._engine) as tx:
            return tuple(Seat(*row) for row in tx.execute(wanted if part is None else wanted.where(_t.part == part)))

    def find(self, key: str, part: str | None = None) -> tuple[Sitting, ...]:
        """Give the sittings of a session, in the order of part and day."""
        wanted = _s.key == key if part is None else and_(_s.key == key, _s.part == part)
        return self._give(wanted, _s.part, _s.sat_on)

    def all(self) -> tuple[Sitting, ...]:
        """Give every sitting in the order of day, key and part."""
        return self._give(None, _s.sat_on, _s.key, _s.part)

    def _give(self, where: ColumnElement[bool] | None, *order: ColumnElement[Any]) -> tuple[Sitting, ...]:
        columns = (_s.key, _s.part, _s.sat_on, _s.centre, _s.starts, _s.minutes, _s.closes_on)
        wanted = select(*columns).order_by(*order)
        with reading(self._engine) as tx:
            rows = tx.execute(wanted if where is None else wanted.where(where)).all()
            keys = None if where is None else {row[0] for row in rows}
            rooms, staff = _rooms(tx, keys), _staff(tx, keys)
        return tuple(
            Sitting(
                key, part, sat_on, centre, time.fromisoformat(starts) if starts else None, minutes or 0, closes_on,
                tuple(rooms.get((key, part, sat_on), ())), tuple(staff.get((key, part, sat_on), ())),
            )
            for key, part, sat_on, centre, starts, minutes, closes_on in rows
        )  # fmt: skip


def _key(sitting: Sitting) -> Key:
    return sitting.key, sitting.part, sitting.sat_on


def _row(sitting: Sitting) -> dict[str, Any]:
    return {
        "key": sitting.key,
        "part": sitting.part,
        "sat_on": sitting.sat_on,
        "centre": sitting.centre,
        "starts": f"{sitting.starts:%H:%M}" if sitting.starts else None,
        "minutes": sitting.minutes or None,
        "closes_on": sitting.closes_on,
    }


def _add_staff(tx: Connection, sitting: Sitting) -> None:
    place = {"sitting": sitting.key, "part": sitting.part, "sat_on": sitting.sat_on}
    for one in sitting.staff:
        recused = json.dumps(one.recused, ensure_ascii=False)
        tx.execute(tables.staff.insert().values(**place, role=one.role, name=one.name, recused=recused))


def _rooms(tx: Connection, keys: Iterable[str] | None) -> dict[Key, list[Room]]:
    """Count the rooms from their seats: what the seats are is what the rooms are."""
    of = (_t.sitting, _t.part, _t.sat_on, _t.room, _t.is_separate)
    wanted = select(*of, func.count()).group_by(*of).order_by(func.min(_t.place))
    found: dict[Key, list[Room]] = {}
    for key, part, sat_on, room, is_separate, capacity in tx.execute(_among(wanted, _t.sitting, keys)):
        found.setdefault((key, part, sat_on), []).append(Room(room, capacity, is_separate))
    return found


def _staff(tx: Connection, keys: Iterable[str] | None) -> dict[Key, list[Staff]]:
    wanted = select(_w.sitting, _w.part, _w.sat_on, _w.name, _w.role, _w.recused).order_by(_w.role, _w.name)
    found: dict[Key, list[Staff]] = {}
    for key, part, sat_on, name, role, recused in tx.execute(_among(wanted, _w.sitting, keys)):
        found.setdefault((key, part, sat_on), []).append(Staff(name, role, tuple(json.loads(recused))))
    return found


def _among(wanted: Any, column: ColumnElement[str], keys: Iterable[str] | None) -> Any:
    return wanted if keys is None else wanted.where(column.in_(list(keys)))
