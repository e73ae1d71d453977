"""Builders: appends to a store and one example of every fact, without any scheme."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final

from workflow import events as e
from workflow.evidence import Certificate, Course, Education, Evidence, Work
from workflow.ports import Append, Projection

DIGEST: Final = "d" * 64
MORNING: Final = datetime(2026, 3, 1, 1, 2, 3, 4, tzinfo=UTC)
FIRST: Final = date(2026, 3, 1)

EVIDENCE: Final = Evidence(
    education=(Education(degree="college", field="related", completed_on=date(2015, 7, 1)),),
    certificates=(Certificate(occupation="same", level=4, kind="vq", issued_on=date(2018, 2, 28)),),
    work=(
        Work.model_validate({"occupation": "same", "from": "2018-03-01", "to": "2020-02-29"}),
        Work.model_validate({"occupation": "other", "from": "2020-03-01"}),
    ),
    training=(Course(for_level=3, hours=Decimal("80.5"), completion_certificate=True),),
)

FACTS: Final[tuple[e.Fact, ...]] = (
    e.Submitted(candidate="c-1", scheme="lrc-2019", digest=DIGEST, level=3, evidence=EVIDENCE),
    e.EligibilityAccepted(condition="(2)", conditions_met=("(2)", "(3)"), evidence_digest="e" * 64),
    e.EligibilityRefused(reason="年限不足", conditions_met=(), explanation=("work: 2 years of 4",)),
    e.TrainingRecorded(hours=Decimal("80"), completion_certificate=True, completed_on=FIRST, certificate_number="T-1"),
    e.TrainingWaived(reason="self-study", authority="board"),
    e.Admitted(part="theory", sitting="2026-10/1", sat_on=FIRST),
    e.AbsenceRecorded(part="theory", sitting="2026-10/1", sat_on=FIRST),
    e.AdmissionCancelled(part="theory", sitting="2026-10/1", reason="power cut"),
    e.ScoreRecorded(part="theory", sitting="2026-10/1", sat_on=FIRST, score=Decimal("59.75"), form="case_analysis"),
    e.ScoreAnnounced(part="theory", sitting="2026-10/1"),
    e.ScoreAmended(part="theory", sitting="2026-10/1", score=Decimal("60"), reason="recheck", authority="panel"),
    e.PartLapsed(part="theory", parts=("theory", "skills"), last_valid_on=date(2028, 2, 29), clause="A4"),
    e.Expired(cause="theory", last_valid_on=date(2028, 2, 29), expired_on=date(2028, 3, 1), clause="A4"),
    e.Reinstated(supersedes=9, reason="late score", authority="board"),
    e.Withdrawn(reason="moved away"),
    e.Annulled(reason="misconduct", authority="board"),
    e.CertificateAwarded(number="2600003000001", series="26-3-*", serial=1, authority="board"),
)


def event(application: str, sequence: int, fact: e.Fact, command: str = "") -> e.Event:
    """Give an event that is not yet linked to the one before; each is recorded a second later."""
    source, dest = ("", "submitted") if sequence == 1 else ("submitted", "submitted")
    at = MORNING + timedelta(seconds=sequence)
    return e.Event(application, sequence, fact, source, dest, FIRST, at, "tester", command or f"command-{sequence}")


def filed(application: str, *facts: e.Fact, next_due_on: date | None = None, command: str = "") -> Append:
    """Give a new application: submitted, and whatever facts follow."""
    submitted = e.Submitted(candidate="c-1", scheme="test", digest=DIGEST, level=3, evidence=EVIDENCE)
    return _append(application, 0, e.GENESIS, (submitted, *facts), next_due_on, command)


def followed(
    before: Append | Sequence[e.Event], *facts: e.Fact, next_due_on: date | None = None, command: str = ""
) -> Append:
    """Give what follows an append or a history: the facts given, or a withdrawal."""
    last = before.events[-1] if isinstance(before, Append) else before[-1]
    facts = facts or (e.Withdrawn(),)
    return _append(last.application, last.sequence, last.hash, facts, next_due_on, command or f"of-{last.hash}")


def _append(
    application: str, expected: int, head: str, facts: Sequence[e.Fact], next_due_on: date | None, command: str
) -> Append:
    events = e.chain(
        [event(application, n, fact, f"{command}-{n}") for n, fact in enumerate(facts, expected + 1)], head
    )
    return Append(application, expected, events, projected(events, next_due_on))


def projected(history: Sequence[e.Event], next_due_on: date | None = None) -> Projection:
    """Give the projection of a history, as far as the builders go."""
    last = history[-1]
    return Projection(
        last.application, "c-1", "test", DIGEST, 3, FIRST, last.dest, last.sequence, last.hash, next_due_on
    )
