"""
The application as its facts make it: one immutable snapshot.

Pure. What a fact changes stands with the fact (`workflow/facts`), whether it is allowed in `rules`, where it leads in
`machine`, what time does in `clock`; this module only holds what is known and takes a fact in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, Final, Literal, NamedTuple, Self

from workflow import facts as f
from workflow.evidence import Course, Evidence

Components = tuple[tuple[str, Decimal], ...]
Outcome = Literal["admitted", "absent", "cancelled", "recorded", "announced"]


class Snapshot:
    """
    An immutable value that gives changed copies of itself: every step of a replay takes several.

    What has its default lies with the class, so that a copy is as small as what is known. A field whose default is made
    anew for each value has no place there and must be given.
    """

    fields: ClassVar[frozenset[str]]

    @classmethod
    def of(cls, known: dict[str, Any]) -> Self:
        """Make a value of what is known; the dictionary becomes the value's own."""
        return cls._with(known, known)

    def but(self, **changes: Any) -> Self:
        """Give the same value with some fields changed."""
        return self.changed(changes)

    def changed(self, changes: dict[str, Any]) -> Self:
        """Give the same value with the fields changed that a new dictionary names."""
        return self._with({**self.__dict__, **changes}, changes)

    @classmethod
    def _with(cls, known: dict[str, Any], named: dict[str, Any]) -> Self:
        """Make a value of what is known, of which somebody has named a part just now."""
        if not cls.fields.issuperset(named):
            raise TypeError(f"{cls.__name__} has no {', '.join(sorted(named.keys() - cls.fields))}")
        value = object.__new__(cls)
        object.__setattr__(value, "__dict__", known)  # field by field takes seven times as long
        return value


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
        released_on: Day on which the result was released to the candidate, where that is another.
        assessed_on: Day on which it was assessed, where that is not the day of the sitting.
        registration_closed_on: Last day of admission to the sitting, where it had one.
        components: The marks of its components, by name, where it has any.
        form: The form that a review took.
        entries: Single readers' marks, not compared yet: (reader, marks).
        component_entries: The marks of components of which a reader's are made: (reader, marks by component).
        retractions: How often a result was taken back before it was announced.
        recheck_on: Day on which a recheck was asked for.
        recheck_due_on: Last day for its decision, where that was counted at the request.
        recheck_decided_on: Day on which it was decided.
        last_valid_on: Last valid day of a pass that was carried over; else it is computed.
        carried_from: The application from which it was carried over.
        pass_mark: The marks that passed there, where they are not those that pass here.
    """

    part: str
    sitting: str
    sat_on: date
    outcome: Outcome
    score: Decimal | None = None
    earlier_scores: tuple[Decimal, ...] = ()
    announced_on: date | None = None
    released_on: date | None = None
    assessed_on: date | None = None
    registration_closed_on: date | None = None
    components: Components = ()
    form: str = ""
    entries: tuple[tuple[int, Decimal], ...] = ()
    component_entries: tuple[tuple[int, Components], ...] = ()
    retractions: int = 0
    recheck_on: date | None = None
    recheck_due_on: date | None = None
    recheck_decided_on: date | None = None
    last_valid_on: date | None = None
    carried_from: str = ""
    pass_mark: Decimal | None = None

    @property
    def is_open(self) -> bool:
        """Whether its result is still to come."""
        return self.outcome in ("admitted", "recorded")


# All that says what was passed, and until when.
_RESULTS: Final = frozenset(
    {"attempts", "findings", "extensions", "lapsed", "restarted", "exemptions"}
    | {"accepted_on", "completed_on", "training", "is_training_waived", "evidence", "checks", "judgements"}
)
# All that says whether the training gate is passed, once it is; a part of the above.
_GATE: Final = frozenset({"training", "evidence", "checks", "judgements"})


class Stay(NamedTuple):
    """
    A stay in a state that is over.

    Attributes:
        state: The state.
        since: The day on which the application came into it.
        by_clock: Whether the lapse of a part ended it.
        finding: The number of the finding of misconduct that ended it; 0 where none did.
    """

    state: str
    since: date
    by_clock: bool = False
    finding: int = 0


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
        left: The stay before, in another state; None where there was none.
        sequence: Number of the last event taken in.
        cohort: Programme under which it was filed; empty if none.
        is_draft: Whether it was filed as a draft and the candidate has not completed it.
        completed_on: The day on which a draft was completed; None for an application that was none.
        returned: What the board asked the candidate for; empty if it waits for nothing.
        returned_on: The day on which it did so last.
        checks: The latest check of each piece of evidence.
        judgements: The latest judgement on each piece of evidence.
        condition: The condition under which it was accepted.
        conditions_met: All conditions met at the decision.
        accepted_on: The day of the latest acceptance; it stays when the decision is reopened.
        refusal: Reason of a refusal.
        training: Courses recorded after submission.
        is_training_waived: Whether training was waived by a decision.
        course_voided_on: The day on which the course was made void, for want of another attempt.
        course_voided_for: The part of which none was left.
        exemptions: The exemptions that were granted, by their keys in the scheme, each with its parts.
        endorsements: (sequence, endorsement) of what instructors have confirmed and nobody has taken back.
        attempts: Every attempt, in the order of recording.
        authorizations: (day, last day given by the board, attempts before, part or empty) of each permit to test.
        lapsed: The day on which each pass, named by (part, sitting), was found to have run out.
        restarted: Those of them, with all other attempts until then, after which every part starts again.
        extensions: (part, last valid day) granted by the board.
        deadline_extensions: (deadline, last day) granted by the board.
        findings: (sequence, day, finding) of misconduct in force.
        suspended: Reason of a suspension; empty if it is not suspended.
        suspended_on: Its day.
        expiry: The fact that ended it by the clock.
        expiry_sequence: The number of that event; 0 where it is derived but not yet written down.
        certificate: The award.
        awarded_on: Its day.
        certificate_standing: Standing of the certificate; empty if there is none.
        certificate_remarks: Remarks of replacements, oldest first.
        certificate_before: Standing of the certificate when the clock ended it; empty where it has not.
        credits: Those recorded toward renewals, oldest first, also the rejected ones.
        renewals: (day, renewal), oldest first.
        is_renewal_missed: Whether it is written down that the last valid day passed without a renewal.
        ended: The reason of a withdrawal or annulment.
        ended_sequence: The number of that event; 0 if there is none in force.
        remembered: What `parts` has found to be passed, by the rules that it asked; no part of the value.
        trained_by: The rules whose training gate `parts` has found to be passed; no part of the value either.
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
    left: Stay | None = None
    sequence: int = 1
    cohort: str = ""
    is_draft: bool = False
    completed_on: date | None = None
    returned: str = ""
    returned_on: date | None = None
    checks: tuple[f.EvidenceChecked, ...] = ()
    judgements: tuple[f.EvidenceJudged, ...] = ()
    condition: str = ""
    conditions_met: tuple[str, ...] = ()
    accepted_on: date | None = None
    refusal: str = ""
    training: tuple[Course, ...] = ()
    is_training_waived: bool = False
    course_voided_on: date | None = None
    course_voided_for: str = ""
    exemptions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    endorsements: tuple[tuple[int, f.EndorsementRecorded], ...] = ()
    attempts: tuple[Attempt, ...] = ()
    authorizations: tuple[tuple[date, date | None, int, str], ...] = ()
    lapsed: Mapping[tuple[str, str], date] = field(default_factory=dict)
    restarted: tuple[tuple[str, str], ...] = ()
    extensions: tuple[tuple[str, date], ...] = ()
    deadline_extensions: tuple[tuple[str, date], ...] = ()
    findings: tuple[tuple[int, date, f.MisconductFound], ...] = ()
    suspended: str = ""
    suspended_on: date | None = None
    expiry: f.Expired | None = None
    expiry_sequence: int = 0
    certificate: f.CertificateAwarded | None = None
    awarded_on: date | None = None
    certificate_standing: str = ""
    certificate_remarks: tuple[str, ...] = ()
    certificate_before: str = ""
    credits: tuple[f.KnownCredit, ...] = ()
    renewals: tuple[tuple[date, f.CertificateRenewed], ...] = ()
    is_renewal_missed: bool = False
    ended: str = ""
    ended_sequence: int = 0
    remembered: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    trained_by: set[Any] = field(default_factory=set, init=False, repr=False, compare=False)

    @property
    def measured_on(self) -> date:
        """The day on which eligibility is measured: that of the submission, or of a draft's completion."""
        return self.completed_on or self.submitted_on

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
            if not _GATE.isdisjoint(changes):
                changes["trained_by"] = set()
        return self._with({**self.__dict__, **changes}, changes)

    def with_new_attempt(
        self, part: str, sitting: str, sat_on: date, outcome: Outcome, **known: Any
    ) -> dict[str, tuple[Attempt, ...]]:
        """Give the attempts with one more."""
        told = {"part": part, "sitting": sitting, "sat_on": sat_on, "outcome": outcome, **known}
        return {"attempts": (*self.attempts, Attempt.of(told))}

    def with_attempt(self, part: str, sitting: str, **changes: Any) -> dict[str, tuple[Attempt, ...]]:
        """Give the attempts with one of them changed."""
        old = self.attempt(part, sitting)
        return {"attempts": tuple([x.changed(changes) if x is old else x for x in self.attempts])}

    def with_marks(
        self, part: str, sitting: str, score: Decimal, components: Components = ()
    ) -> dict[str, tuple[Attempt, ...]]:
        """Give the attempts with the marks of one of them corrected; the marks before stay visible."""
        old = self.attempt(part, sitting)
        if old is None or (old.score == score and old.components == components):
            return {"attempts": self.attempts}
        earlier = old.earlier_scores if old.score in (None, score) else (*old.earlier_scores, old.score)
        return self.with_attempt(part, sitting, score=score, components=components, earlier_scores=earlier)


for _kind in (Attempt, Application):
    _kind.fields = frozenset(x.name for x in fields(_kind))


def opened(key: str, fact: f.Submitted, on: date) -> Application:
    """Open an application by its submission."""
    return Application.of(
        {
            "key": key,
            "candidate": fact.candidate,
            "scheme": fact.scheme,
            "digest": fact.digest,
            "level": fact.level,
            "submitted_on": on,
            "evidence": fact.evidence,
            "state": "submitted",
            "on": on,
            "entered_on": on,
            "cohort": fact.cohort,
            "is_draft": fact.draft,
            "exemptions": {},
            "lapsed": {},
            "remembered": {},
            "trained_by": set(),
        }
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
    if on > application.on:
        changes["on"] = on
    if sequence:
        changes["sequence"] = sequence
    return application.changed(changes)
