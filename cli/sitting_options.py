"""The options that say what a sitting is: hours, close of admission, rooms and staff; and how they are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import time
from typing import Any, Final, TypeVar

import click

from cli import options
from workflow.seating import Role, Room, Sitting, Staff

F = TypeVar("F", bound=Callable[..., Any])
_MOST_SEATS: Final = 10_000


class _TimeOfDay(click.ParamType[time]):
    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> time:
        """Read HH:MM."""
        try:
            hours, minutes = str(value).strip().replace("：", ":").split(":")
            return time(int(hours), int(minutes))
        except ValueError:
            self.fail(f"{value!r} must be a time of day such as 09:00", param, ctx)


class _RoomSize(click.ParamType[Room]):
    name = "room"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Room:
        """Read NAME:CAPACITY."""
        if isinstance(value, Room):
            return value
        name, _, capacity = str(value).replace("：", ":").rpartition(":")
        if not name.strip() or not capacity.strip().isdecimal() or not 1 <= int(capacity) <= _MOST_SEATS:
            self.fail(f"{value!r} must be a room and its seats, such as 101:30, at most {_MOST_SEATS}", param, ctx)
        return Room(options.LABEL.convert(name, param, ctx), int(capacity))


class _Recusal(click.ParamType[tuple[str, str]]):
    name = "recusal"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Read NAME=APPLICATION."""
        if isinstance(value, tuple):
            return value
        name, sign, application = str(value).partition("=")
        if not sign or not name.strip() or not application.strip():
            self.fail(f"{value!r} must be a member of the staff and an application, such as K7=A00001", param, ctx)
        return name.strip(), application.strip()


_ROOM: Final[dict[str, Any]] = {"type": _RoomSize(), "metavar": "NAME:SEATS"}
_RECUSAL: Final[dict[str, Any]] = {"type": _Recusal(), "metavar": "NAME=APPLICATION"}


def particulars(f: F) -> F:
    """Add what a sitting is beside its key, parts and day."""
    many: dict[str, Any] = {"multiple": True, "metavar": "NAME", "type": options.LABEL}
    for option in (
        click.option("--recused", help="Who declared not to examine whom.", **many | _RECUSAL),
        click.option("--assessor", "assessors", help="An assessor, by the board's opaque name.", **many),
        click.option("--invigilator", "invigilators", help="An invigilator, by the board's opaque name.", **many),
        click.option("--separate-room", "separate", help="A room for one candidate who was granted it.", **many),
        click.option("--room", "rooms", help="A room; the first is filled first.", **many | _ROOM),
        click.option("--closes-on", type=options.DAY, metavar="DAY", help="Last day of admission."),
        click.option("--minutes", type=click.IntRange(1, 1440), metavar="N", help="How long it takes."),
        click.option("--starts", type=_TimeOfDay(), metavar="HH:MM", help="When it begins, on the clock of the place."),
    ):  # fmt: skip
        f = option(f)
    return f


def with_particulars(sitting: Sitting, given: Mapping[str, Any]) -> Sitting:
    """
    Give a sitting what the options say; what they leave out stays as it is.

    Rooms and staff are added to those that are there; a room that is there gets the capacity that is named.
    """
    changes: dict[str, Any] = {k: given[k] for k in ("starts", "minutes", "closes_on") if given[k] is not None}
    rooms = {room.name: room for room in sitting.rooms if room.name not in given.get("without_rooms", ())}
    rooms |= {room.name: room for room in given["rooms"]}
    rooms |= {name: Room(name, 1, True) for name in given["separate"]}
    changed = replace(sitting, **changes, rooms=tuple(rooms.values()), staff=_staff(sitting, given))
    if changed.closes_on and changed.closes_on > changed.sat_on:
        raise click.UsageError(f"--closes-on {changed.closes_on} lies after the day of the sitting, {changed.sat_on}")
    return changed


def _staff(sitting: Sitting, given: Mapping[str, Any]) -> tuple[Staff, ...]:
    staff = {(x.role, x.name): x for x in sitting.staff if x.name not in given.get("without_staff", ())}
    roles: tuple[tuple[Role, str], ...] = (("invigilator", "invigilators"), ("assessor", "assessors"))
    for role, names in roles:
        for name in given[names]:
            staff.setdefault((role, name), Staff(name, role))
    for name, application in given["recused"]:
        places = [place for place in staff if place[1] == name]
        if not places:
            raise click.UsageError(f"--recused {name}={application}: {name} is not staff of this sitting; add them too")
        for place in places:
            recused = dict.fromkeys((*staff[place].recused, application))
            staff[place] = replace(staff[place], recused=tuple(recused))
    return tuple(staff.values())
