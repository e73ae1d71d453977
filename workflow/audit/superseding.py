"""
Superseding: which facts a later fact took back, corrected or replaced.

Pure; asked of the events of one point of view, since a correction that was not known yet had superseded nothing. What
is superseded stays recorded and visible (design.md, law 4).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from workflow import facts as f
from workflow.events import Event

Topic = tuple[str, ...]


def superseded(events: Iterable[Event]) -> dict[int, tuple[int, ...]]:
    """
    Say which events were superseded, and by which.

    Args:
        events: The events of one application at one point of view, in the order of recording.

    Returns:
        For each number of an event that was superseded, the numbers of those that did it.
    """
    found: dict[int, tuple[int, ...]] = {}
    standing: dict[Topic, list[int]] = {}
    marks: dict[Topic, Decimal] = {}
    for event in events:
        taken = list(_named(event.fact))
        for topic in _takes_back(event.fact, marks):
            for known in [t for t in standing if t[: len(topic)] == topic]:
                taken += standing.pop(known)
        for number in taken:
            found[number] = (*found.get(number, ()), event.sequence)
        for topic in _stands_for(event.fact):
            standing.setdefault(topic, []).append(event.sequence)
            if topic[0] == "marks":
                marks[topic] = getattr(event.fact, "score")  # noqa: B009 - only facts with marks stand for them
    return found


def _named(fact: f.Fact) -> tuple[int, ...]:
    return (fact.supersedes,) if isinstance(fact, f.Reinstated | f.AnnulmentLifted | f.EndorsementWithdrawn) else ()


def _stands_for(fact: f.Fact) -> Iterator[Topic]:
    """Name what a fact settles until something else does."""
    match fact:
        case f.Admitted(part=part, sitting=sitting):
            yield "admission", part, sitting
        case f.AbsenceRecorded(part=part, sitting=sitting) | f.ScoreEntered(part=part, sitting=sitting):
            yield "result", part, sitting
        case (
            f.ScoreRecorded(part=part, sitting=sitting)
            | f.ScoreAmended(part=part, sitting=sitting)
            | f.RecheckDecided(part=part, sitting=sitting)
            | f.PartCarriedOver(part=part, sitting=sitting)
        ):
            yield "marks", part, sitting
        case f.EvidenceChecked(item=item):
            yield "evidence", "check", item
        case f.EvidenceJudged(item=item):
            yield "evidence", "judgement", item
        case f.Resubmitted():
            yield "evidence", "shown"
        case f.EligibilityAccepted() | f.EligibilityRefused():
            yield ("decision",)
        case f.ValidityExtended(part=part):
            yield "validity", part
        case f.DeadlineExtended(deadline=deadline):
            yield "deadline", deadline
        case f.AuthorizationGiven(part=part):
            yield "authorization", part
        case f.ExemptionGranted(exemption=key):
            yield "exemption", key
        case f.PartLapsed(part=part):
            yield "lapse", part
        case f.CertificateSuspended() | f.CertificateRevoked():
            yield ("certificate",)


def _takes_back(fact: f.Fact, marks: dict[Topic, Decimal]) -> Iterator[Topic]:
    """Name what a fact settles anew, or takes back; a topic means all that begin like it."""
    match fact:
        case f.ScoreAmended(part=part, sitting=sitting):
            yield "marks", part, sitting
        case f.RecheckDecided(part=part, sitting=sitting, score=score) if marks.get(("marks", part, sitting)) != score:
            yield "marks", part, sitting
        case f.ScoreRetracted(part=part, sitting=sitting):
            yield "marks", part, sitting
            yield "result", part, sitting
        case f.AdmissionCancelled(part=part, sitting=sitting):
            yield "admission", part, sitting
            yield "result", part, sitting
        case f.EvidenceChecked(item=item):
            yield "evidence", "check", item
        case f.EvidenceJudged(item=item):
            yield "evidence", "judgement", item
        case f.Resubmitted():
            yield ("evidence",)
        case f.ExemptionWithdrawn(exemption=key):
            yield "exemption", key
        case f.EligibilityReopened():
            yield ("decision",)
        case f.ValidityExtended(part=part):  # what of the part had run out can run out once more
            yield "validity", part
            yield "lapse", part
        case f.DeadlineExtended(deadline=deadline):
            yield "deadline", deadline
        case f.AuthorizationGiven(part=part):
            yield "authorization", part
        case f.CertificateRestored():
            yield ("certificate",)
