"""
The application as its facts make it: one immutable snapshot, and what each fact changes in it.

Pure. Nothing here judges whether a fact is allowed (`rules`), where it leads (`machine`) or what the clock does
(`clock`); this module only takes a fact in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final, Literal

from workflow import events as e
from workflow.evidence import Course, Evidence

Outcome = Literal["admitted", "absent", "cancelled", "recorded", "announced"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """
    A candidate's way through one sitting of one part.

    Attributes:
        part: The part.
        sitting: The sitting, or the review's key.
        sat_on: The day of the sitting.
        outcome: How far it has come; `admitted` and `recorded` are still open.
        score: The marks that count now.
        earlier_scores: Marks that were amended, oldest first; they stay visible.
        announced_on: Day of the first announcement, from which validity runs even if the marks are raised later.
        form: The form that a review took.
    """

    part: str
    sitting: str
    sat_on: date
    outcome: Outcome
    score: Decimal | None = None
    earlier_scores: tuple[Decimal, ...] = ()
    announced_on: date | None = None
    form: str = ""

    @property
    def is_open(self) -> bool:
        """Whether its result is still to come."""
        return self.outcome in ("admitted", "recorded")


@dataclass(frozen=True, slots=True)
class Application:
    """
    One candidate's passage through one level, as known and as of some day.

    Attributes:
        key: The board's own number.
        candidate: Opaque key of the candidate.
        scheme: Scheme id.
        digest: Digest of the pinned document.
        level: The level.
        submitted_on: Day of submission, on which eligibility is measured.
        evidence: What was shown.
        state: The stage that it is in.
        on: The latest effective day that has been taken in.
        entered_on: The day on which it came into its state.
        sequence: Number of the last event taken in.
        condition: The condition under which it was accepted.
        conditions_met: All conditions met at the decision.
        refusal: Reason of a refusal.
        training: Courses recorded after submission.
        is_training_waived: Whether training was waived by a decision.
        attempts: Every attempt, in the order of recording.
        lapsed: (part, sitting) of passes that have run out.
        expiry: The fact that ended it by the clock.
        expiry_sequence: The number of that event; 0 where it is derived but not yet written down.
        certificate: The award.
        ended: The reason of a withdrawal or annulment.
    """

    key: str
    candidate: str
    scheme: str
    digest: str
    level: int
    submitted_on: date
    evidence: Evidence
    state: str
    on: date
    entered_on: date
    sequence: int = 1
    condition: str = ""
    conditions_met: tuple[str, ...] = ()
    refusal: str = ""
    training: tuple[Course, ...] = ()
    is_training_waived: bool = False
    attempts: tuple[Attempt, ...] = ()
    lapsed: tuple[tuple[str, str], ...] = ()
    expiry: e.Expired | None = None
    expiry_sequence: int = 0
    certificate: e.CertificateAwarded | None = None
    ended: str = ""

    def attempt(self, part: str, sitting: str) -> Attempt | None:
        """Find the attempt at a part in a sitting; a cancelled one no longer counts."""
        for attempt in reversed(self.attempts):
            if attempt.part == part and attempt.sitting == sitting and attempt.outcome != "cancelled":
                return attempt
        return None


def opened(key: str, fact: e.Submitted, on: date) -> Application:
    """Open an application by its submission."""
    return Application(
        key, fact.candidate, fact.scheme, fact.digest, fact.level, on, fact.evidence, "submitted", on, on
    )


def taking(application: Application, fact: e.Fact, on: date, sequence: int) -> Application:
    """
    Take a fact in, leaving the state as it is.

    Args:
        application: The application before.
        fact: A fact that the machine has allowed.
        on: Its effective day.
        sequence: Its number; 0 for a step of the clock that is not written down.
    """
    changes = _CHANGES[type(fact)](application, fact, on, sequence)
    return replace(application, on=max(application.on, on), sequence=sequence or application.sequence, **changes)


Changes = dict[str, Any]


def _accepted(_a: Application, fact: e.EligibilityAccepted, _on: date, _seq: int) -> Changes:
    return {"condition": fact.condition, "conditions_met": fact.conditions_met}


def _refused(_a: Application, fact: e.EligibilityRefused, _on: date, _seq: int) -> Changes:
    return {"refusal": fact.reason, "conditions_met": fact.conditions_met}


def _trained(a: Application, fact: e.TrainingRecorded, _on: date, _seq: int) -> Changes:
    course = Course(
        for_level=a.level,
        hours=fact.hours,
        completion_certificate=fact.completion_certificate,
        completed_on=fact.completed_on,
    )
    return {"training": (*a.training, course)}


def _waived(_a: Application, _fact: e.TrainingWaived, _on: date, _seq: int) -> Changes:
    return {"is_training_waived": True}


def _admitted(a: Application, fact: e.Admitted, _on: date, _seq: int) -> Changes:
    return {"attempts": (*a.attempts, Attempt(fact.part, fact.sitting, fact.sat_on, "admitted"))}


def _with(a: Application, part: str, sitting: str, **changes: object) -> Changes:
    old = a.attempt(part, sitting)
    return {"attempts": tuple(replace(x, **changes) if x is old else x for x in a.attempts)}  # type: ignore[arg-type]


def _absent(a: Application, fact: e.AbsenceRecorded, _on: date, _seq: int) -> Changes:
    return _with(a, fact.part, fact.sitting, outcome="absent")


def _cancelled(a: Application, fact: e.AdmissionCancelled, _on: date, _seq: int) -> Changes:
    return _with(a, fact.part, fact.sitting, outcome="cancelled")


def _scored(a: Application, fact: e.ScoreRecorded, _on: date, _seq: int) -> Changes:
    if a.attempt(fact.part, fact.sitting) is None:  # a review is held by a panel, without an admission
        attempt = Attempt(fact.part, fact.sitting, fact.sat_on, "recorded", fact.score, form=fact.form)
        return {"attempts": (*a.attempts, attempt)}
    return _with(a, fact.part, fact.sitting, outcome="recorded", score=fact.score, form=fact.form)


def _announced(a: Application, fact: e.ScoreAnnounced, on: date, _seq: int) -> Changes:
    return _with(a, fact.part, fact.sitting, outcome="announced", announced_on=on)


def _amended(a: Application, fact: e.ScoreAmended, _on: date, _seq: int) -> Changes:
    old = a.attempt(fact.part, fact.sitting)
    earlier = (*old.earlier_scores, old.score) if old else ()
    return _with(a, fact.part, fact.sitting, score=fact.score, earlier_scores=earlier)


def _lapsed(a: Application, fact: e.PartLapsed, _on: date, _seq: int) -> Changes:
    run_out = tuple((x.part, x.sitting) for x in a.attempts if x.outcome == "announced" and x.part in fact.parts)
    return {"lapsed": (*a.lapsed, *(x for x in run_out if x not in a.lapsed))}


def _expired(_a: Application, fact: e.Expired, _on: date, seq: int) -> Changes:
    return {"expiry": fact, "expiry_sequence": seq}


def _reinstated(_a: Application, _fact: e.Reinstated, _on: date, _seq: int) -> Changes:
    return {"expiry": None, "expiry_sequence": 0}


def _ended(_a: Application, fact: e.Withdrawn | e.Annulled, _on: date, _seq: int) -> Changes:
    return {"ended": fact.reason}


def _awarded(_a: Application, fact: e.CertificateAwarded, _on: date, _seq: int) -> Changes:
    return {"certificate": fact}


_CHANGES: Final[dict[type[e.Fact], Callable[[Application, Any, date, int], Changes]]] = {
    e.EligibilityAccepted: _accepted,
    e.EligibilityRefused: _refused,
    e.TrainingRecorded: _trained,
    e.TrainingWaived: _waived,
    e.Admitted: _admitted,
    e.AbsenceRecorded: _absent,
    e.AdmissionCancelled: _cancelled,
    e.ScoreRecorded: _scored,
    e.ScoreAnnounced: _announced,
    e.ScoreAmended: _amended,
    e.PartLapsed: _lapsed,
    e.Expired: _expired,
    e.Reinstated: _reinstated,
    e.Withdrawn: _ended,
    e.Annulled: _ended,
    e.CertificateAwarded: _awarded,
}
