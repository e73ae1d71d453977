"""
Sittings: admission of many, with seats.

Each application is judged on its own and gets its own event; one that is refused or stuck never touches the others.
Seats are given out in the order of application numbers, room by room, inside the transaction that records them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from workflow import facts as f
from workflow.board.admissions import release_all
from workflow.board.decisions import Outcome
from workflow.draft import Draft
from workflow.errors import Conflict, ExamboardError, Objection, Refused
from workflow.events import Event
from workflow.parts import held_on, is_stage_complete
from workflow.ports import Append
from workflow.reading import each_history
from workflow.replay import run_clock
from workflow.scheme import FIXED_STATES
from workflow.seating import Seat, Sitting, ticket_number
from workflow.service import TRIES, Done, Service
from workflow.steps import ENDED

CHUNK: Final = 50  # small: while it is judged, nobody else is given a seat of the sitting, and SQLite has one writer
SEPARATE_ROOM: Final = "separate_room"
_FULL: Final = "has_a_free_seat"


def admit_all(
    service: Service,
    sitting: Sitting,
    applications: Sequence[str] | None = None,
    *,
    on: date | None = None,
    accommodations: tuple[str, ...] = (),
    dry_run: bool = False,
) -> Iterator[Outcome]:
    """
    Admit applications to a sitting, in chunks, each chunk in one transaction.

    Where the seats run out, those of admissions that no longer hold are released first, and given out again.

    Args:
        service: The service.
        sitting: The sitting, with its rooms.
        applications: Their keys; absent: every application that still has to sit this part and is not admitted to it.
        on: The day on which it takes effect; absent: today, or the day of the sitting if that is past.
        accommodations: What is granted to each of them.
        dry_run: Judge only; write nothing.

    Returns:
        What became of each, in the order of keys, and of each admission that was released meanwhile.
    """
    day = on or min(service.today(), sitting.sat_on)
    admission = _Admission(service, sitting, day, accommodations, applications is None, dry_run)
    keys = waiting_for(service, sitting) if applications is None else sorted(set(applications))
    without_seat: list[Outcome] = []
    for outcome in admission.run(keys):
        if _is_full(outcome):
            without_seat.append(outcome)
        else:
            yield outcome
    if without_seat and not dry_run:
        released = list(release_all(service, (sitting,)))
        yield from released
        if any(outcome.done for outcome in released):
            without_seat = list(admission.run([outcome.application for outcome in without_seat]))
    yield from without_seat


def waiting_for(service: Service, sitting: Sitting) -> list[str]:
    """Give the keys of applications in an exam stage of whose level the part of a sitting is one."""
    found = []
    for row in service.stores.events.projections():
        if row.state == "trained" or row.state not in FIXED_STATES:
            try:
                if sitting.part in service.rules(row.digest, row.level).parts:
                    found.append(row.application)
            except ExamboardError:
                found.append(row.application)  # stuck: to be reported with its reason
    return found


@dataclass
class _Admission:
    service: Service
    sitting: Sitting
    day: date
    accommodations: tuple[str, ...]
    only_waiting: bool
    dry_run: bool
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    free: list[Seat] | None = None
    admitted: dict[str, dict[str, Draft]] = field(default_factory=dict)  # by candidate: what is not in the record yet

    def run(self, keys: Sequence[str]) -> Iterator[Outcome]:
        for start in range(0, len(keys), CHUNK):
            yield from self._chunk(keys[start : start + CHUNK])

    def _chunk(self, keys: Sequence[str]) -> Iterator[Outcome]:
        done: dict[str, Outcome] = {}
        left: Sequence[str] = keys
        for _ in range(TRIES):
            left = self._write(left)
            done |= {key: outcome for key, outcome in self.outcomes.items() if key not in left}
            if not left:
                break
        for key in left:
            done[key] = Outcome(key, None, Conflict(f"application {key} is being written by others; try again"))
        yield from (done[key] for key in sorted(done))

    def _write(self, keys: Sequence[str]) -> tuple[str, ...]:
        events = self.service.stores.events
        if self.dry_run:
            self.free = self._free_now() if self.free is None else self.free
            self._build(keys, self.free)
            return ()
        if self.sitting.rooms:
            return events.append_seated(self.sitting, len(keys), lambda free: self._build(keys, list(free)))
        return events.append(self._build(keys, []))

    def _free_now(self) -> list[Seat]:
        seats = self.service.stores.sittings.seats(self.sitting.key, self.sitting.part)
        return [seat for seat in seats if seat.sat_on == self.sitting.sat_on and seat.application is None]

    def _build(self, keys: Sequence[str], free: list[Seat]) -> list[Append]:
        """Draft the admissions of a chunk; a seat is used up by an admission that the rules allow."""
        self.outcomes = {}
        self.admitted = self.admitted if self.dry_run else {}
        appends = []
        for key, history, stuck in each_history(self.service.stores.events, keys):
            try:
                if stuck:
                    raise stuck
                draft = self._draft(history)
                if self.only_waiting and not self._is_waiting(draft):
                    continue
                seat = self._seat(free)
                self._propose(draft, seat)
                if self.sitting.rooms and not seat:  # the last thing to say: who may not be admitted needs no seat
                    raise self._full(key)
            except ExamboardError as error:
                self.outcomes[key] = Outcome(key, None, error)
                continue
            if seat:
                free.remove(seat)
            appends.append(draft.append())
            self._remember(draft)
            self.outcomes[key] = Outcome(key, Done(key, tuple(draft.new), draft.application.state))
        return appends

    def _draft(self, history: Sequence[Event]) -> Draft:
        """Take an application up, beside those of the same candidate that are admitted here."""
        candidate = history[0].fact.candidate if isinstance(history[0].fact, f.Submitted) else ""
        return self.service.draft(history, beside=self.admitted.get(candidate, {}))

    def _remember(self, draft: Draft) -> None:
        """Keep an admission that may use up an attempt of the candidate's other applications."""
        resits = draft.rules.parts[self.sitting.part].resits
        if resits and resits.counts_other_applications:
            self.admitted.setdefault(draft.application.candidate, {})[draft.application.key] = draft

    def _is_waiting(self, draft: Draft) -> bool:
        application, rules = run_clock(draft.application, draft.rules, self.day)[0], draft.rules
        if application.state in ENDED or any(x.is_open and x.part == self.sitting.part for x in application.attempts):
            return False
        part, held = self.sitting.part, held_on(application, rules, self.sitting.sat_on)
        if part in held or rules.is_plain:
            return part not in held
        # Of a choice that is open nobody knows what the candidate takes, until a sitting of it has been taken once.
        stage = rules.stage_by_part[part]
        has_chosen = rules.stages[stage].of is None or any(x.part == part for x in application.attempts)
        return has_chosen and not is_stage_complete(stage, held, application, rules)

    def _seat(self, free: Sequence[Seat]) -> Seat | None:
        wants_own = SEPARATE_ROOM in self.accommodations
        fitting = [seat for seat in free if seat.is_separate] if wants_own else []
        fitting = fitting or [seat for seat in free if not seat.is_separate]
        return fitting[0] if fitting else None

    def _full(self, key: str) -> Refused:
        what = f"no seat is free for {self.sitting.part} at {self.sitting.key}: {self.sitting.capacity} in all rooms"
        return Refused(f"application {key}: Admitted", [Objection(_FULL, what)])

    def _propose(self, draft: Draft, seat: Seat | None) -> None:
        one, key = self.sitting, draft.application.key
        self.service.refuse_future(self.day, draft.rules)
        if one.closes_on and self.day > one.closes_on:
            what = f"admission to {one.part} at {one.key} closed with {one.closes_on}; this one is of {self.day}"
            raise Refused(f"application {key}: Admitted", [Objection("is_before_the_close", what)])
        fact = f.Admitted(
            part=one.part,
            sitting=one.key,
            sat_on=one.sat_on,
            ticket=ticket_number(seat) if seat else "",
            room=seat.room if seat else "",
            seat=seat.number if seat else 0,
            accommodations=self.accommodations,
            registration_closed_on=one.closes_on,
        )
        draft.propose(fact, self.day, f"admit:{one.part}:{one.key}:{self.service.new_key()}")


def _is_full(outcome: Outcome) -> bool:
    return isinstance(outcome.error, Refused) and any(no.rule == _FULL for no in outcome.error.objections)
