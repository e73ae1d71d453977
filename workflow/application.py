"""
The application as its facts make it: one immutable snapshot.

Pure. What a fact changes stands with the fact (`workflow/facts`), whether it is allowed in `rules`, where it leads in
`machine`, what time does in `clock`; this module only holds what is known and takes a fact in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final, Literal, Self

from workflow import facts as f
from workflow.evidence import Course, Evidence

Outcome = Literal["admitted", "absent", "cancelled", "recorded", "announced"]


class Snapshot:
    """An immutable value that gives changed copies of itself: every step of a replay takes several."""

    def but(self, **changes: Any) -> Self:
        """Give the same value with some fields changed."""
        return self.changed(changes)

    def changed(self, changes: dict[str, Any]) -> Self:
        """Give the same value with the fields changed that a new dictionary names."""
        if not changes.keys() <= self.__dict__.keys():
            raise TypeError(f"{type(self).__name__} has no {', '.join(sorted(changes.keys() - self.__dict__.keys()))}")
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__)  # `dataclasses.replace` sets field by field: seven times the time
        copy.__dict__.update(changes)
        return copy


@dataclass(frozen=True)
class Attempt(Snapshot):
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
        entries: Single readers' marks, not compared yet: (reader, marks).
        retractions: How often a result was taken back before it was announced.
        recheck_on: Day on which a recheck was asked for.
        recheck_due_on: Last day for its decision, where that was counted at the request.
        recheck_decided_on: Day on which it was decided.
        last_valid_on: Last valid day of a pass that was carried over; else it is computed.
        carried_from: The application from which it was carried over.
    """

    part: str
    sitting: str
    sat_on: date
    outcome: Outcome
    score: Decimal | None = None
    earlier_scores: tuple[Decimal, ...] = ()
    announced_on: date | None = None
    form: str = ""
    entries: tuple[tuple[int, Decimal], ...] = ()
    retractions: int = 0
    recheck_on: date | None = None
    recheck_due_on: date | None = None
    recheck_decided_on: date | None = None
    last_valid_on: date | None = None
    carried_from: str = ""

    @property
    def is_open(self) -> bool:
        """Whether its result is still to come."""
        return self.outcome in ("admitted", "recorded")


# All that says what was passed, and until when.
_RESULTS: Final = frozenset({"attempts", "findings", "extensions", "lapsed"})


@dataclass(frozen=True)
class Application(Snapshot):
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
        cohort: Programme under which it was filed; empty if none.
        returned: What the board asked the candidate for; empty if it waits for nothing.
        checks: The latest check of each piece of evidence.
        judgements: The latest judgement on each piece of evidence.
        condition: The condition under which it was accepted.
        conditions_met: All conditions met at the decision.
        refusal: Reason of a refusal.
        training: Courses recorded after submission.
        is_training_waived: Whether training was waived by a decision.
        attempts: Every attempt, in the order of recording.
        lapsed: (part, sitting) of passes that have run out.
        extensions: (part, last valid day) granted by the board.
        findings: (sequence, day, finding) of misconduct in force.
        suspended: Reason of a suspension; empty if it is not suspended.
        expiry: The fact that ended it by the clock.
        expiry_sequence: The number of that event; 0 where it is derived but not yet written down.
        certificate: The award.
        awarded_on: Its day.
        certificate_standing: Standing of the certificate; empty if there is none.
        certificate_remarks: Remarks of replacements, oldest first.
        ended: The reason of a withdrawal or annulment.
        ended_sequence: The number of that event; 0 if there is none in force.
        remembered: What `parts` has found to be passed, by the rules that it asked; no part of the value.
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
    cohort: str = ""
    returned: str = ""
    checks: tuple[f.EvidenceChecked, ...] = ()
    judgements: tuple[f.EvidenceJudged, ...] = ()
    condition: str = ""
    conditions_met: tuple[str, ...] = ()
    refusal: str = ""
    training: tuple[Course, ...] = ()
    is_training_waived: bool = False
    attempts: tuple[Attempt, ...] = ()
    lapsed: tuple[tuple[str, str], ...] = ()
    extensions: tuple[tuple[str, date], ...] = ()
    findings: tuple[tuple[int, date, f.MisconductFound], ...] = ()
    suspended: str = ""
    expiry: f.Expired | None = None
    expiry_sequence: int = 0
    certificate: f.CertificateAwarded | None = None
    awarded_on: date | None = None
    certificate_standing: str = ""
    certificate_remarks: tuple[str, ...] = ()
    ended: str = ""
    ended_sequence: int = 0
    remembered: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def ending(self) -> int:
        """The number of the event that ended it and can be taken back by a reinstatement; 0 if there is none."""
        return self.expiry_sequence if self.expiry else self.ended_sequence

    def attempt(self, part: str, sitting: str) -> Attempt | None:
        """Find the attempt at a part in a sitting; a cancelled one no longer counts."""
        for attempt in reversed(self.attempts):
            if attempt.part == part and attempt.sitting == sitting and attempt.outcome != "cancelled":
                return attempt
        return None

    def changed(self, changes: dict[str, Any]) -> Self:
        """Give the same application with some fields changed; what is passed is found anew if it may be another."""
        if not _RESULTS.isdisjoint(changes):
            changes["remembered"] = {}
        return super().changed(changes)

    def with_new_attempt(
        self, part: str, sitting: str, sat_on: date, outcome: Outcome, **known: Any
    ) -> dict[str, tuple[Attempt, ...]]:
        """Give the attempts with one more."""
        return {"attempts": (*self.attempts, Attempt(part, sitting, sat_on, outcome, **known))}

    def with_attempt(self, part: str, sitting: str, **changes: Any) -> dict[str, tuple[Attempt, ...]]:
        """Give the attempts with one of them changed."""
        old = self.attempt(part, sitting)
        return {"attempts": tuple([x.changed(changes) if x is old else x for x in self.attempts])}

    def with_marks(self, part: str, sitting: str, score: Decimal) -> dict[str, tuple[Attempt, ...]]:
        """Give the attempts with the marks of one of them corrected; the marks before stay visible."""
        old = self.attempt(part, sitting)
        if old is None or old.score == score:
            return {"attempts": self.attempts}
        earlier = old.earlier_scores if old.score is None else (*old.earlier_scores, old.score)
        return self.with_attempt(part, sitting, score=score, earlier_scores=earlier)


def opened(key: str, fact: f.Submitted, on: date) -> Application:
    """Open an application by its submission."""
    return Application(
        key,
        fact.candidate,
        fact.scheme,
        fact.digest,
        fact.level,
        on,
        fact.evidence,
        "submitted",
        on,
        on,
        cohort=fact.cohort,
    )


def taking(application: Application, fact: f.Fact, on: date, sequence: int) -> Application:
    """
    Take a fact in, leaving the state as it is.

    Args:
        application: The application before.
        fact: A fact that the machine has allowed.
        on: Its effective day.
        sequence: Its number; 0 for a step of the clock that is not written down.
    """
    changes = fact.changes(application, on, sequence)
    seen = {"on": max(application.on, on), "sequence": sequence or application.sequence}
    return application.changed({**seen, **changes})
