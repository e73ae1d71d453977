"""What every store keeps of seats: each is there, each is one candidate's, and a cancelled admission frees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, time
from functools import partial

import pytest

from storage.database import Database
from tests.contract.test_append import at_once
from tests.histories import filed, followed, projected
from tests.seated import SAT_ON, put, seated, sitting
from workflow import facts as f
from workflow.errors import Conflict, ExamboardError, NotFound
from workflow.events import check_chain
from workflow.ports import Append, Stores
from workflow.seating import Room, Seat, Sitting, Staff, ticket_number


def admitted(seat: Seat, on: date = SAT_ON) -> f.Admitted:
    """Give the admission to a seat."""
    return f.Admitted(
        part=seat.part, sitting=seat.sitting, sat_on=on, ticket=ticket_number(seat), room=seat.room, seat=seat.number
    )


def only(append: Append, _free: Sequence[Seat]) -> list[Append]:
    """Make the one append, whatever is free."""
    return [append]


CANCELLED = f.AdmissionCancelled(part="theory", sitting="S", reason="flood")


def seat_all(stores: Stores, one: Sitting, keys: Sequence[str]) -> list[str]:
    """Seat new applications as far as seats go; give those who got one."""
    got: list[str] = []

    def build(free: Sequence[Seat]) -> list[Append]:
        got[:] = keys[: len(free)]
        return [filed(key, admitted(seat)) for key, seat in zip(keys, free, strict=False)]

    assert stores.events.append_seated(one, len(keys), build) == ()
    return got


def test_a_sitting_keeps_its_particulars(stores: Stores) -> None:
    """Hours, close, rooms in their order and staff come back; what was there before is passed over whole."""
    one = Sitting(
        "S", "theory", SAT_ON, "Nanjing", time(9), 90, date(2026, 6, 1),
        (Room("B", 2), Room("A", 3), Room("own", 1, True)),
        (Staff("K2", "assessor", ("A1", "A2")), Staff("K1", "invigilator")),
    )  # fmt: skip
    plain = Sitting("S", "skills", SAT_ON)
    assert stores.sittings.put([one, plain]) == 2
    assert stores.sittings.put([replace(one, rooms=(Room("Z", 9),), staff=()), replace(plain, rooms=one.rooms)]) == 0
    assert stores.sittings.find("S") == (plain, one)
    assert stores.sittings.all() == (plain, one)
    places = [(seat.place, seat.room, seat.number) for seat in stores.sittings.seats("S", "theory")]
    assert places == [(1, "B", 1), (2, "B", 2), (3, "A", 1), (4, "A", 2), (5, "A", 3), (6, "own", 1)]
    assert stores.sittings.seats("S", "skills") == ()


def test_seats_are_offered_in_order_and_never_twice(stores: Stores) -> None:
    """Room by room, no more than are free; what is given is not offered again."""
    (one,) = put(stores, sitting(2, 3, separate=1))
    assert seat_all(stores, one, ["a", "b", "c"]) == ["a", "b", "c"]
    assert seated(stores) == {"a": ("R1", 1), "b": ("R1", 2), "c": ("R2", 1)}
    offered: list[Seat] = []

    def look(free: Sequence[Seat]) -> list[Append]:
        offered[:] = free
        return []

    assert stores.events.append_seated(one, 9, look) == ()
    assert [(seat.room, seat.number, seat.is_separate) for seat in offered] == [
        ("R2", 2, False), ("R2", 3, False), ("own-1", 1, True),
    ]  # fmt: skip
    assert stores.events.append_seated(one, 1, look) == ()
    assert [seat.room for seat in offered] == ["R2", "own-1"]


def test_a_cancelled_admission_frees_its_seat(stores: Stores) -> None:
    """By whatever way it is written; the seat is given again under another ticket."""
    (one,) = put(stores, sitting(1))
    seat_all(stores, one, ["a"])
    history = stores.events.history("a")
    assert stores.events.append([followed(history, CANCELLED)]) == ()
    assert seated(stores) == {}
    assert seat_all(stores, one, ["b", "c"]) == ["b"]
    assert seated(stores) == {"b": ("R1", 1)}
    facts = [event.fact for key in "ab" for event in stores.events.history(key)]
    tickets = [fact.ticket for fact in facts if isinstance(fact, f.Admitted)]
    assert tickets == ["S-theory-260610-0001", "S-theory-260610-0001-2"]


def test_a_seat_that_is_taken_or_missing_is_refused(stores: Stores) -> None:
    """No way of writing gives a seat twice or one that does not exist, and nothing of the batch is kept."""
    (one,) = put(stores, sitting(2))
    seat_all(stores, one, ["a"])
    taken, free = stores.sittings.seats("S")
    missing = replace(free, number=3)
    for bad in (taken, missing, replace(free, part="skills")):
        with pytest.raises(Conflict):
            stores.events.append([filed("b", admitted(free)), filed("c", admitted(bad))])
        with pytest.raises(Conflict):
            stores.events.append_seated(one, 1, partial(only, filed("c", admitted(bad))))
    assert stores.events.history("b") == stores.events.history("c") == ()
    assert seated(stores) == {"a": ("R1", 1)}


def test_one_application_has_one_seat_of_a_part(stores: Stores) -> None:
    """A second seat for the same part of the session is refused by the store itself."""
    (one,) = put(stores, sitting(2))
    seat_all(stores, one, ["a"])
    second = stores.sittings.seats("S")[1]
    with pytest.raises(ExamboardError):
        stores.events.append([followed(stores.events.history("a"), admitted(second))])
    assert seated(stores) == {"a": ("R1", 1)}


def test_a_seat_given_and_freed_in_one_batch_is_free(stores: Stores) -> None:
    """Steps of one application are taken in their order, and it may be seated anew in the same write."""
    (one,) = put(stores, sitting(2))
    first, second = stores.sittings.seats(one.key)
    stores.events.append([filed("a", admitted(first), CANCELLED)])
    assert seated(stores) == {}
    stores.events.append([filed("b", admitted(first), CANCELLED, admitted(second))])
    assert seated(stores) == {"b": ("R1", 2)}
    assert [seat.given for seat in stores.sittings.seats("S")] == [2, 1]


def test_an_application_that_moved_on_is_left_out_with_its_seat(stores: Stores) -> None:
    """The others of the batch are seated, and the seat of the one left out stays free."""
    (one,) = put(stores, sitting(3))
    stores.events.append([filed("a"), filed("b"), filed("c")])
    stale = {key: filed(key) for key in "abc"}
    stores.events.append([followed(stale["b"])])

    def build(free: Sequence[Seat]) -> list[Append]:
        return [followed(stale[key], admitted(seat)) for key, seat in zip("abc", free, strict=True)]

    assert stores.events.append_seated(one, 3, build) == ("b",)
    assert seated(stores) == {"a": ("R1", 1), "c": ("R1", 3)}


def test_a_maker_that_fails_changes_nothing(stores: Stores) -> None:
    """What it raises is passed on; an unknown sitting has no seats to offer."""
    (one,) = put(stores, sitting(1))
    with pytest.raises(ZeroDivisionError):
        stores.events.append_seated(one, 1, lambda free: [filed(f"E-{len(free) // 0}")])
    with pytest.raises(NotFound):
        stores.events.append_seated(replace(one, key="nowhere"), 1, lambda _free: [])
    assert seat_all(stores, one, ["a"]) == ["a"]


def test_rooms_grow_and_shrink_around_given_seats(stores: Stores) -> None:
    """Places stay for ever, new seats come last, and a seat that was given out is never taken away."""
    (one,) = put(stores, sitting(2, 1))
    seat_all(stores, one, ["a"])
    stores.sittings.change(replace(one, centre="Wuxi", rooms=(Room("R1", 3), Room("R3", 1))))
    (changed,) = stores.sittings.find("S")
    assert (changed.centre, changed.rooms) == ("Wuxi", (Room("R1", 3), Room("R3", 1)))
    places = [(seat.place, seat.room, seat.number) for seat in stores.sittings.seats("S")]
    assert places == [(1, "R1", 1), (2, "R1", 2), (4, "R1", 3), (5, "R3", 1)]
    stores.events.append([followed(stores.events.history("a"), CANCELLED)])
    with pytest.raises(Conflict, match="R1 1"):
        stores.sittings.change(replace(one, rooms=()))
    assert stores.sittings.find("S") == (changed,)
    with pytest.raises(NotFound):
        stores.sittings.change(replace(one, part="skills"))


def test_eight_clerks_fill_a_room_to_the_last_seat(stores: Stores) -> None:
    """Eight at once, each with candidates of their own: as many are seated as there are seats, none twice."""
    (one,) = put(stores, sitting(7, 8))
    got: dict[int, list[str]] = {}

    def work(clerk: int) -> int:
        got[clerk] = [key for n in range(5) for key in seat_all(stores, one, [f"E-{clerk}-{n}"])]
        return clerk

    assert at_once(work) == list(range(8))
    assert sum(map(len, got.values())) == 15
    assert sorted(seated(stores)) == sorted(key for keys in got.values() for key in keys)
    for history in stores.events.histories():
        check_chain(history)


def test_seats_are_rebuilt_from_the_events(database: Database) -> None:
    """Who has which seat comes again from the events alone, even where a seat was freed and given again."""
    (one,) = put(database, sitting(2, 2))
    seat_all(database, one, ["z", "y"])
    database.events.append([followed(database.events.history("z"), CANCELLED)])
    seat_all(database, one, ["a"])
    before = database.sittings.seats("S")
    assert seated(database) == {"a": ("R1", 1), "y": ("R1", 2)}
    assert database.rebuild(projected) == 3
    assert database.sittings.seats("S") == before
