"""Builders: appends to a store and one example of every fact, without any scheme."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final

from workflow import facts as f
from workflow.events import GENESIS, Event, canonical_data, chain
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

FACTS: Final[tuple[f.Fact, ...]] = (
    f.Submitted(candidate="c-1", scheme="lrc-2019", digest=DIGEST, level=3, evidence=EVIDENCE),
    f.EligibilityAccepted(condition="(2)", conditions_met=("(2)", "(3)"), evidence_digest="e" * 64),
    f.EligibilityRefused(reason="年限不足", conditions_met=(), explanation=("work: 2 years of 4",)),
    f.TrainingRecorded(hours=Decimal("80"), completion_certificate=True, completed_on=FIRST, certificate_number="T-1"),
    f.TrainingWaived(reason="self-study", authority="board"),
    f.Admitted(part="theory", sitting="2026-10/1", sat_on=FIRST),
    f.AbsenceRecorded(part="theory", sitting="2026-10/1", sat_on=FIRST),
    f.AdmissionCancelled(part="theory", sitting="2026-10/1", reason="power cut"),
    f.ScoreRecorded(part="theory", sitting="2026-10/1", sat_on=FIRST, score=Decimal("59.75"), form="case_analysis"),
    f.ScoreAnnounced(part="theory", sitting="2026-10/1"),
    f.ScoreAmended(part="theory", sitting="2026-10/1", score=Decimal("60"), reason="recheck", authority="panel"),
    f.PartLapsed(part="theory", parts=("theory", "skills"), last_valid_on=date(2028, 2, 29), clause="A4"),
    f.Expired(cause="theory", last_valid_on=date(2028, 2, 29), expired_on=date(2028, 3, 1), clause="A4"),
    f.Reinstated(supersedes=9, reason="late score", authority="board"),
    f.Withdrawn(reason="moved away"),
    f.Annulled(reason="misconduct", authority="board"),
    f.InformationRequested(reason="employer's letter"),
    f.Resubmitted(evidence=EVIDENCE),
    f.EvidenceAdded(evidence=Evidence(born_on=date(1990, 2, 28))),
    f.EvidenceChecked(item="work/0", status="rejected", issuer="employer", reference="L-1", reason="forged"),
    f.EvidenceJudged(item="education/0", relation="same", reason="like it", authority="board"),
    f.EligibilityReopened(reason="forged letter", authority="board"),
    f.ScoreEntered(part="theory", sitting="2026-10/1", reader=1, score=Decimal("59.5")),
    f.ScoreRetracted(part="theory", sitting="2026-10/1", reason="wrong sheet"),
    f.RecheckRequested(part="theory", sitting="2026-10/1", reason="sum"),
    f.RecheckDecided(part="theory", sitting="2026-10/1", score=Decimal("60"), reason="sum", authority="panel"),
    f.ValidityExtended(part="theory", until=date(2028, 12, 31), reason="epidemic", authority="board"),
    f.DeadlineExtended(deadline="eligibility", until=date(2028, 12, 31), reason="illness", authority="board"),
    f.AuthorizationGiven(until=date(2026, 9, 30), reference="ATT-1"),
    f.PartCarriedOver(
        part="theory",
        sitting="2024-10/1",
        sat_on=FIRST,
        announced_on=FIRST,
        score=Decimal("70"),
        last_valid_on=date(2028, 3, 1),
        from_application="E-0",
    ),
    f.ApplicationSuspended(reason="inquiry", authority="board"),
    f.ApplicationResumed(reason="inquiry ended", authority="board"),
    f.IncidentReported(sitting="2026-10/1", part="theory", what="notes found"),
    f.MisconductFound(degree="minor", sitting="2026-10/1", part="theory", reason="notes", authority="board"),
    f.AnnulmentLifted(supersedes=29, reason="appeal", authority="board"),
    f.CertificateSuspended(reason="inquiry", authority="board"),
    f.CertificateRestored(reason="inquiry ended", authority="board"),
    f.CertificateRevoked(reason="false papers", authority="board"),
    f.CertificateReplaced(remark="replaces a lost paper", stationery="S-9", reason="lost", authority="board"),
    f.CertificateAwarded(number="2600003000001", series="26-3-*", serial=1, authority="board"),
    f.CertificateExpired(last_valid_on=date(2029, 2, 28), clause="A7"),
)


def event(application: str, sequence: int, fact: f.Fact, command: str = "") -> Event:
    """Give an event that is not yet linked to the one before; each is recorded a second later."""
    source, dest = ("", "submitted") if sequence == 1 else ("submitted", "submitted")
    at = MORNING + timedelta(seconds=sequence)
    return Event(application, sequence, fact, source, dest, FIRST, at, "tester", command or f"command-{sequence}")


def filed(application: str, *facts: f.Fact, next_due_on: date | None = None, command: str = "") -> Append:
    """Give a new application: submitted, and whatever facts follow."""
    submitted = f.Submitted(candidate="c-1", scheme="test", digest=DIGEST, level=3, evidence=EVIDENCE)
    return _append(application, 0, GENESIS, (submitted, *facts), next_due_on, command)


def followed(
    before: Append | Sequence[Event], *facts: f.Fact, next_due_on: date | None = None, command: str = ""
) -> Append:
    """Give what follows an append or a history: the facts given, or a withdrawal."""
    last = before.events[-1] if isinstance(before, Append) else before[-1]
    facts = facts or (f.Withdrawn(),)
    return _append(last.application, last.sequence, last.hash, facts, next_due_on, command or f"of-{last.hash}")


def _append(
    application: str, expected: int, head: str, facts: Sequence[f.Fact], next_due_on: date | None, command: str
) -> Append:
    events = chain([event(application, n, fact, f"{command}-{n}") for n, fact in enumerate(facts, expected + 1)], head)
    return Append(application, expected, events, projected(events, next_due_on))


def projected(history: Sequence[Event], next_due_on: date | None = None) -> Projection:
    """Give the projection of a history, as far as the builders go."""
    last = history[-1]
    return Projection(
        last.application, "c-1", "test", DIGEST, 3, FIRST, last.dest, last.sequence, last.hash, next_due_on,
        last.recorded_at, "Expired" if next_due_on else "", due_data(next_due_on) if next_due_on else "",
    )  # fmt: skip


def due_data(on: date) -> str:
    """Give the step of the clock that the builders let fall due on a day, as canonical JSON."""
    last = on - timedelta(days=1)
    return canonical_data(f.Expired(cause="theory lapsed", last_valid_on=last, expired_on=on, clause="A4"))
