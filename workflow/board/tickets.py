"""
Admission tickets and seat plans: who is admitted to a session, where they sit, and what was granted to them.

Pure reading. An admission that no longer holds is told as such and has no ticket, whether or not it was released.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from workflow.board.admissions import reason_to_release
from workflow.board.decisions import Outcome
from workflow.errors import ExamboardError
from workflow.events import Event
from workflow.facts import Admitted, TrainingRecorded
from workflow.language.policy import Staffing
from workflow.reading import each_history
from workflow.seating import Sitting
from workflow.service import Service


@dataclass(frozen=True, slots=True)
class Ticket:
    """
    An admission to a sitting.

    Attributes:
        application: The application.
        candidate: Opaque key of the candidate.
        level: The level.
        admitted: The fact, with ticket, room, seat and accommodations.
        outcome: How far it has come: admitted, absent, recorded, announced.
        release: Why it no longer holds; empty while it does.
        suspended: Why the application is suspended; empty if it is not.
        trainers: Who trained the candidate for this level.
        staffing: How the part is to be staffed by the scheme; absent where the scheme does not say.
    """

    application: str
    candidate: str
    level: int
    admitted: Admitted
    outcome: str
    release: str
    suspended: str
    trainers: tuple[str, ...]
    staffing: Staffing | None

    def as_row(self) -> dict[str, Any]:
        """Give it as plain JSON values."""
        fact = self.admitted
        return {
            "ticket": fact.ticket or None,
            "application": self.application,
            "part": fact.part,
            "sat_on": fact.sat_on.isoformat(),
            "room": fact.room or None,
            "seat": fact.seat or None,
            "accommodations": list(fact.accommodations),
            "outcome": self.outcome,
        }


def tickets(service: Service, sittings: Sequence[Sitting], on: date) -> tuple[list[Ticket], list[Outcome]]:
    """
    List the admissions to sittings of one session.

    Args:
        service: The service.
        sittings: Sittings of one session.
        on: The day, for whether an admission still holds.

    Returns:
        The admissions in the order of part, day, room and seat as they were given out; and the applications that are
        stuck, each with its error.
    """
    wanted = {(sitting.part, sitting.sat_on): n for n, sitting in enumerate(sittings)}
    places = {
        (seat.part, seat.sat_on, seat.room, seat.number): seat.place
        for key in {sitting.key for sitting in sittings}
        for seat in service.stores.sittings.seats(key)
    }
    found: list[Ticket] = []
    stuck: list[Outcome] = []
    for key in dict.fromkeys(sitting.key for sitting in sittings):
        for application, history, error in each_history(service.stores.events, service.stores.events.at_sitting(key)):
            try:
                if error:
                    raise error
                found += [t for t in _of(service, history, key, on) if (t.admitted.part, t.admitted.sat_on) in wanted]
            except ExamboardError as why:
                stuck.append(Outcome(application, None, why))

    def order(ticket: Ticket) -> tuple[int, int, str]:
        fact = ticket.admitted
        place = places.get((fact.part, fact.sat_on, fact.room, fact.seat), 0)
        return wanted[fact.part, fact.sat_on], place, ticket.application

    return sorted(found, key=order), stuck


def _of(service: Service, history: Sequence[Event], key: str, on: date) -> list[Ticket]:
    draft = service.draft(history)
    application = draft.application
    last = {
        (event.fact.part, event.fact.sat_on): event.fact
        for event in history
        if isinstance(event.fact, Admitted) and event.fact.sitting == key
    }
    trainers = {event.fact.trainer: None for event in history if isinstance(event.fact, TrainingRecorded)}
    found = []
    for attempt in application.attempts:
        fact = last.get((attempt.part, attempt.sat_on))
        if attempt.sitting != key or fact is None or attempt.outcome == "cancelled":
            continue
        release = reason_to_release(draft, attempt, on) if attempt.outcome == "admitted" else ""
        part = draft.rules.parts.get(attempt.part)
        found.append(
            Ticket(
                application.key,
                application.candidate,
                application.level,
                fact,
                attempt.outcome,
                release,
                application.suspended,
                tuple(filter(None, trainers)),
                part.staffing if part else None,
            )
        )
    return found
