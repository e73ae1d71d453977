"""Sittings as boards run them: seats, release, attendance, tickets, findings; one stuck case stops nobody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from storage.memory import MemoryStores
from storage.memory_events import MemoryEvents
from tests.seated import NOW, SAT_ON, board, names, put, seated, sitting, trained
from tests.timeline import test_scheme as scheme_with
from workflow import facts as f
from workflow.board.admissions import cancel, record_absences, release_all
from workflow.board.decisions import Outcome
from workflow.board.sittings import admit_all
from workflow.board.staffing import findings
from workflow.board.tickets import tickets
from workflow.errors import Corrupt, Refused
from workflow.events import Event
from workflow.seating import Room, Staff
from workflow.service import Service

TODAY = NOW.date()


@pytest.fixture
def stores() -> MemoryStores:
    """Give empty stores."""
    return MemoryStores()


def rules_against(outcomes: Sequence[Outcome]) -> dict[str, list[str]]:
    """Give the rules that objected, by application."""
    return {
        x.application: [no.rule for no in x.error.objections] for x in outcomes if isinstance(x.error, Refused)
    }  # fmt: skip


def test_seats_are_given_in_the_order_of_numbers(stores: MemoryStores) -> None:
    """Whatever order was asked, the same seats come out; who comes too late is told that all are taken."""
    trained(stores, names(4))
    (one,) = put(stores, sitting(2, 1))
    outcomes = list(admit_all(board(stores), one, ["A0004", "A0002", "A0003", "A0001"]))
    assert seated(stores) == {"A0001": ("R1", 1), "A0002": ("R1", 2), "A0003": ("R2", 1)}
    assert rules_against(outcomes) == {"A0004": ["has_a_free_seat"]}
    fact = stores.events.history("A0002")[-1].fact
    assert isinstance(fact, f.Admitted)
    assert (fact.ticket, fact.room, fact.seat) == ("S-theory-260610-0002", "R1", 2)


def test_without_rooms_there_is_no_limit(stores: MemoryStores) -> None:
    """A sitting without rooms, as bulk files have it, admits everyone and gives no tickets."""
    trained(stores, names(3))
    (one,) = put(stores, sitting())
    assert all(x.done for x in admit_all(board(stores), one, names(3)))
    assert stores.sittings.seats("S") == ()


def test_nobody_is_admitted_after_the_close(stores: MemoryStores) -> None:
    """The last day of admission counts; the day after it is refused with the reason."""
    trained(stores, names(2))
    (one,) = put(stores, replace(sitting(5), closes_on=TODAY))
    assert [x.error for x in admit_all(board(stores), one, ["A0001"])] == [None]
    late = list(admit_all(board(stores, now=NOW + timedelta(days=1)), one, ["A0002"]))
    assert rules_against(late) == {"A0002": ["is_before_the_close"]}
    assert "closed with 2026-05-01" in str(late[0].error)


def test_a_dry_run_says_the_same_and_writes_nothing(stores: MemoryStores) -> None:
    """The same seats and the same refusals, and no seat is taken."""
    trained(stores, names(3))
    (one,) = put(stores, sitting(2))
    dry = list(admit_all(board(stores), one, dry_run=True))
    assert seated(stores) == {}
    wet = list(admit_all(board(stores), one))
    assert rules_against(dry) == rules_against(wet) == {"A0003": ["has_a_free_seat"]}
    assert [x.done and x.done.events[-1].fact for x in dry] == [x.done and x.done.events[-1].fact for x in wet]


def test_all_eligible_are_those_who_still_have_to_sit(stores: MemoryStores) -> None:
    """Who is admitted, holds the part or has ended is passed over; the same call again changes nothing."""
    trained(stores, names(4))
    clerk = board(stores)
    clerk.record("A0002", f.Withdrawn(reason="moved"))
    (first, one) = put(stores, sitting(on=date(2026, 4, 1), key="S0"), sitting(9))
    list(admit_all(clerk, first, ["A0003"]))
    scored = f.ScoreRecorded(part="theory", sitting="S0", sat_on=first.sat_on, score=Decimal(60))
    clerk.record("A0003", scored, first.sat_on)
    clerk.record("A0003", f.ScoreAnnounced(part="theory", sitting="S0"), date(2026, 4, 20))
    assert [x.application for x in admit_all(clerk, one)] == ["A0001", "A0004"]
    assert list(admit_all(clerk, one)) == []


def test_one_stuck_case_stops_nobody(stores: MemoryStores, monkeypatch: pytest.MonkeyPatch) -> None:
    """An application whose record cannot be read is reported; all others are admitted, released and marked."""
    trained(stores, names(5))
    (one,) = put(stores, sitting(5))
    whole, history = MemoryEvents.histories, MemoryEvents.history

    def broken(self: MemoryEvents, keys: Sequence[str] | None = None) -> Iterator[tuple[Event, ...]]:
        for found in whole(self, keys):
            if found[0].application == "A0003":
                raise Corrupt("event 2 of application A0003: cannot be read")
            yield found

    def broken_one(self: MemoryEvents, key: str) -> tuple[Event, ...]:
        if key == "A0003":
            raise Corrupt("event 2 of application A0003: cannot be read")
        return history(self, key)

    monkeypatch.setattr(MemoryEvents, "histories", broken)
    monkeypatch.setattr(MemoryEvents, "history", broken_one)
    outcomes = {x.application: x for x in admit_all(board(stores), one)}
    assert [key for key, x in outcomes.items() if x.done] == ["A0001", "A0002", "A0004", "A0005"]
    assert isinstance(outcomes["A0003"].error, Corrupt)
    assert sorted(seated(stores)) == ["A0001", "A0002", "A0004", "A0005"]
    after = board(stores, now=NOW + timedelta(days=60))
    absent = {x.application: x.error for x in record_absences(after, "S", {"theory"}, names(5))}
    assert [key for key, error in absent.items() if error] == ["A0003"]
    assert [x.application for x in tickets(after, [one], TODAY)[0]] == ["A0001", "A0002", "A0004", "A0005"]


def carried(last_valid_on: date) -> f.PartCarriedOver:
    """Give a pass of skills from elsewhere that runs out on a day."""
    return f.PartCarriedOver(
        part="skills", sitting="old", sat_on=date(2024, 5, 1), announced_on=date(2024, 6, 1), score=Decimal(70),
        last_valid_on=last_valid_on, from_application="E-0",
    )  # fmt: skip


def beyond_validity(stores: MemoryStores, clerk: Service) -> None:
    """Admit A0001 and A0002; A0001 then turns out to hold skills only until the day before the sitting."""
    trained(stores, names(3))
    (one,) = put(stores, sitting(2))
    list(admit_all(clerk, one, names(2)))
    day = carried(SAT_ON - timedelta(days=1))
    clerk.record("A0001", day)
    clerk.record("A0002", day.model_copy(update={"last_valid_on": SAT_ON}))


def test_a_seat_beyond_validity_is_not_kept(stores: MemoryStores) -> None:
    """It has no ticket at once; releasing frees it and tells why; the last valid day itself keeps its seat."""
    clerk = board(stores)
    beyond_validity(stores, clerk)
    (one,) = stores.sittings.find("S")
    assert {t.application: bool(t.release) for t in tickets(clerk, [one], TODAY)[0]} == {"A0001": True, "A0002": False}
    assert [x.done is not None for x in release_all(clerk, [one], dry_run=True)] == [True]
    assert len(seated(stores)) == 2
    (released,) = release_all(clerk, [one])
    assert released.done
    fact = released.done.events[-1].fact
    assert isinstance(fact, f.AdmissionCancelled)
    assert "skills is valid through 2026-06-09; the sitting is on 2026-06-10" in fact.reason
    assert list(seated(stores)) == ["A0002"]
    assert list(release_all(clerk, [one])) == []


def test_a_seat_that_should_not_be_kept_is_given_to_who_comes_next(stores: MemoryStores) -> None:
    """Though no release was run: where the seats run out, those beyond validity are released and given out."""
    clerk = board(stores)
    beyond_validity(stores, clerk)
    (one,) = stores.sittings.find("S")
    outcomes = [(x.application, x.error) for x in admit_all(clerk, one, ["A0003"])]
    assert outcomes == [("A0001", None), ("A0003", None)]
    assert seated(stores) == {"A0003": ("R1", 1), "A0002": ("R1", 2)}
    fact = stores.events.history("A0003")[-1].fact
    assert isinstance(fact, f.Admitted)
    assert fact.ticket.endswith("0001-2")


@pytest.mark.parametrize("ending", [f.Withdrawn(reason="moved"), f.Annulled(reason="forged", authority="board")])
def test_who_has_ended_loses_the_seat(stores: MemoryStores, ending: f.Fact) -> None:
    """An application that ended before the sitting is released with the reason; one that ended after it is not."""
    trained(stores, names(1))
    clerk = board(stores)
    (one, past) = put(stores, sitting(2), sitting(on=date(2026, 4, 1), key="S0"))
    for each in (one, past):
        list(admit_all(clerk, each, names(1)))
    clerk.record("A0001", ending)
    (released,) = release_all(clerk, [one, past])
    assert released.done
    assert released.done.state in ("withdrawn", "annulled")
    assert released.done.events[-1].fact.reason.startswith(f"the application is {released.done.state}")  # type: ignore[attr-defined]
    assert seated(stores) == {}


def test_an_expired_application_loses_its_seat(stores: MemoryStores) -> None:
    """Expired by the clock, whether or not a night has written it down."""
    clerk = board(stores)
    beyond_validity(stores, clerk)
    (one,) = stores.sittings.find("S")
    later = board(stores, "later", NOW + timedelta(days=40))  # the sitting's own day
    (released,) = release_all(later, [one])
    assert released.done
    assert [event.type for event in released.done.events] == ["Expired", "AdmissionCancelled"]
    assert list(seated(stores)) == ["A0002"]


def test_an_admission_is_cancelled_with_its_reason(stores: MemoryStores) -> None:
    """The candidate may be admitted again; who is not admitted is told so."""
    trained(stores, names(2))
    (one,) = put(stores, sitting(1))
    clerk = board(stores)
    list(admit_all(clerk, one, ["A0001"]))
    outcomes = list(cancel(clerk, "S", {"theory"}, ["A0001", "A0002", "A9"], "hospital"))
    assert [type(x.error).__name__ for x in sorted(outcomes, key=lambda x: x.application)] == [
        "NoneType", "Refused", "NotFound",
    ]  # fmt: skip
    assert seated(stores) == {}
    assert all(x.done for x in admit_all(clerk, one, ["A0001"]))


def test_absence_is_recorded_in_bulk_and_takes_nothing(stores: MemoryStores) -> None:
    """On the day of the sitting; again it changes nothing; before the day it is refused; what is held stays held."""
    trained(stores, names(3))
    (one,) = put(stores, sitting(3))
    clerk = board(stores)
    list(admit_all(clerk, one))
    early = list(record_absences(clerk, "S", {"theory"}, ["A0001"]))
    assert rules_against(early) == {"A0001": ["not_in_future"]}
    clerk.record("A0001", carried(date(2027, 1, 1)))
    after = board(stores, "after", NOW + timedelta(days=50))
    assert [x.error for x in record_absences(after, "S", {"theory"}, ["A0001", "A0002"])] == [None, None]
    again = list(record_absences(after, "S", {"theory"}, ["A0001"]))
    assert [x.done and x.done.events for x in again] == [()]
    assert list(after.standing("A0001").held) == ["skills"]
    outcomes = {t.application: t.outcome for t in tickets(after, [one], SAT_ON)[0]}
    assert outcomes == {"A0001": "absent", "A0002": "absent", "A0003": "admitted"}


def test_who_was_granted_a_separate_room_gets_one(stores: MemoryStores) -> None:
    """Separate rooms are kept for them; where there is none left they sit with the others, and that is a finding."""
    trained(stores, names(4))
    (one,) = put(stores, sitting(2, separate=1))
    clerk = board(stores)
    list(admit_all(clerk, one, ["A0001", "A0002"], accommodations=("separate_room", "extra_time")))
    outcomes = list(admit_all(clerk, one, ["A0003", "A0004"]))
    assert seated(stores) == {"A0001": ("own-1", 1), "A0002": ("R1", 1), "A0003": ("R1", 2)}
    assert rules_against(outcomes) == {"A0004": ["has_a_free_seat"]}
    assert [(x.finding.rule, x.application) for x in findings(clerk, [one], TODAY)] == [
        ("has_a_separate_room", "A0002")
    ]  # fmt: skip
    granted = {t.application: t.as_row()["accommodations"] for t in tickets(clerk, [one], TODAY)[0]}
    assert granted["A0001"] == ["separate_room", "extra_time"]


STAFFED = scheme_with(
    a="clause: {source: rules, at: theory}->staffing: {candidates_per_invigilator: 15, invigilators_per_room: 2, "
    "clause: {source: board}}, clause: {source: rules, at: theory}",
    b="clause: {source: rules, at: skills}->staffing: {candidates_per_assessor: 5, least_assessors: 3, "
    "odd_assessors: true, clause: {source: board}}, clause: {source: rules, at: skills}",
)


def invigilators(number: int) -> tuple[Staff, ...]:
    """Give so many invigilators."""
    return tuple(Staff(f"I{n}", "invigilator") for n in range(number))


@pytest.mark.parametrize(
    ("candidates", "rooms", "staff", "rules"),
    [
        (15, (15,), 2, []),
        (15, (15,), 1, ["has_invigilators_per_room"]),
        (30, (40,), 2, []),
        (31, (40,), 2, ["has_invigilators"]),
        (16, (10, 10), 3, ["has_invigilators_per_room"]),
        (10, (10, 10), 2, []),
    ],
)
def test_invigilators_are_a_finding(
    stores: MemoryStores, candidates: int, rooms: tuple[int, ...], staff: int, rules: list[str]
) -> None:
    """One for each fifteen candidates and two for each room in use, as the scheme says; nothing is stopped."""
    trained(stores, names(candidates), STAFFED)
    (one,) = put(stores, sitting(*rooms, staff=invigilators(staff)))
    clerk = board(stores)
    assert all(x.done for x in admit_all(clerk, one))
    assert [x.finding.rule for x in findings(clerk, [one], TODAY)] == rules


@pytest.mark.parametrize(
    ("candidates", "assessors", "rules"),
    [
        (5, 3, []),
        (15, 3, []),
        (16, 3, ["has_assessors"]),
        (5, 1, ["has_least_assessors"]),
        (5, 4, ["has_odd_assessors"]),
        (0, 0, []),
    ],
)
def test_assessors_are_a_finding(stores: MemoryStores, candidates: int, assessors: int, rules: list[str]) -> None:
    """One for each five candidates, at least three, an odd number."""
    trained(stores, names(candidates), STAFFED)
    staff = tuple(Staff(f"K{n}", "assessor") for n in range(assessors))
    (one,) = put(stores, sitting(20, part="skills", staff=staff))
    clerk = board(stores)
    list(admit_all(clerk, one))
    assert [x.finding.rule for x in findings(clerk, [one], TODAY)] == rules


def test_an_assessor_does_not_examine_whom_they_trained(stores: MemoryStores) -> None:
    """The trainer of a candidate, and who declared not to examine them, are findings with the candidate's number."""
    trained(stores, ["A0001"], trainer="K1")
    trained(stores, ["A0002", "A0003"], trainer="K9")
    staff = (Staff("K1", "assessor"), Staff("K2", "assessor", ("A0002", "A0008")), Staff("K9", "invigilator"))
    (one,) = put(stores, sitting(9, part="skills", staff=staff))
    clerk = board(stores)
    list(admit_all(clerk, one))
    clerk.record("A0003", f.ApplicationSuspended(reason="inquiry", authority="board"))
    assert [(x.finding.rule, x.application) for x in findings(clerk, [one], TODAY)] == [
        ("is_not_examined_by_trainer", "A0001"),
        ("is_not_examined_by_recused", "A0002"),
        ("is_not_suspended", "A0003"),
    ]


def test_a_sitting_knows_its_rooms() -> None:
    """Its capacity is that of all its rooms."""
    assert replace(sitting(2), rooms=(Room("a", 2), Room("b", 1, True))).capacity == 3
