"""
Findings about a session: too few staff, an assessor who may not examine a candidate, seats that should not stand.

A finding stops nothing and changes nothing; the board decides. The numbers are the scheme's (`parts.<name>.staffing`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil

from workflow.board.decisions import Outcome
from workflow.board.sittings import SEPARATE_ROOM
from workflow.board.tickets import Ticket, tickets
from workflow.errors import Objection
from workflow.language.policy import Staffing
from workflow.seating import Sitting
from workflow.service import Service


@dataclass(frozen=True, slots=True)
class SittingFinding:
    """
    Something that the board should look at.

    Attributes:
        part: The part of the session; empty where it concerns an application as a whole.
        finding: What it is, by the name of its rule, with the clause where there is one.
        application: The application concerned; empty where it is the sitting.
    """

    part: str
    finding: Objection
    application: str = ""


def findings(service: Service, sittings: Sequence[Sitting], on: date) -> list[SittingFinding]:
    """List what there is to look at in the sittings of a session on a day, by part, then application."""
    admitted, stuck = tickets(service, sittings, on)
    found = [_stuck(outcome) for outcome in stuck]
    for sitting in sittings:
        here = [t for t in admitted if (t.admitted.part, t.admitted.sat_on) == (sitting.part, sitting.sat_on)]
        holding = [t for t in here if not t.release]
        for policy in dict.fromkeys(t.staffing for t in holding if t.staffing):
            found += [SittingFinding(sitting.part, no) for no in _of_staff(sitting, holding, policy)]
        for ticket in here:
            found += [SittingFinding(sitting.part, no, ticket.application) for no in _of_candidate(sitting, ticket)]
    return found


def _stuck(outcome: Outcome) -> SittingFinding:
    return SittingFinding("", Objection("can_be_read", str(outcome.error)), outcome.application)


def _of_staff(sitting: Sitting, here: Sequence[Ticket], policy: Staffing) -> Iterator[Objection]:
    number, clause = len(here), str(policy.clause)
    invigilators, assessors = set(sitting.named("invigilator")), set(sitting.named("assessor"))
    rooms = len({t.admitted.room for t in here})
    if policy.candidates_per_invigilator:
        needed = ceil(number / policy.candidates_per_invigilator)
        if len(invigilators) < needed:
            text = f"{len(invigilators)} invigilators for {number} candidates; at least {needed} are needed, one for "
            yield Objection("has_invigilators", f"{text}each {policy.candidates_per_invigilator}", clause)
    if policy.invigilators_per_room and len(invigilators) < rooms * policy.invigilators_per_room:
        text = f"{len(invigilators)} invigilators for {rooms} rooms; at least {policy.invigilators_per_room} a room"
        yield Objection("has_invigilators_per_room", text, clause)
    if policy.candidates_per_assessor:
        needed = ceil(number / policy.candidates_per_assessor)
        if len(assessors) < needed:
            text = f"{len(assessors)} assessors for {number} candidates; at least {needed} are needed, one for "
            yield Objection("has_assessors", f"{text}each {policy.candidates_per_assessor}", clause)
    if policy.least_assessors and len(assessors) < policy.least_assessors:
        text = f"{len(assessors)} assessors; at least {policy.least_assessors} are needed"
        yield Objection("has_least_assessors", text, clause)
    if policy.odd_assessors and len(assessors) % 2 == 0:
        yield Objection("has_odd_assessors", f"{len(assessors)} assessors; their number must be odd", clause)


def _of_candidate(sitting: Sitting, ticket: Ticket) -> Iterator[Objection]:
    if ticket.release:
        yield Objection("holds", f"{ticket.release}; release it with: examboard sitting release {sitting.key}")
        return
    if ticket.suspended and ticket.outcome == "admitted":
        yield Objection("is_not_suspended", f"the application is suspended: {ticket.suspended}")
    for name in sitting.named("assessor"):
        if name in ticket.trainers:
            yield Objection("is_not_examined_by_trainer", f"assessor {name} trained this candidate")
    for one in sitting.staff:
        if ticket.application in one.recused:
            text = f"{one.role} {one.name} declared not to examine this candidate, and is staff of this sitting"
            yield Objection("is_not_examined_by_recused", text)
    separate = {room.name for room in sitting.rooms if room.is_separate}
    if SEPARATE_ROOM in ticket.admitted.accommodations and ticket.admitted.room not in separate:
        seat = f"room {ticket.admitted.room}" if ticket.admitted.room else "no room of their own"
        yield Objection("has_a_separate_room", f"was granted a separate room and is seated in {seat}")
