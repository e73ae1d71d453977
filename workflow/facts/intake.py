"""Facts of intake: submission, evidence, eligibility, training."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from workflow.document import Day, Marks, Text
from workflow.evidence import Course, Delivery, Evidence, Occupation, Skills
from workflow.facts.base import Changes, Fact, Reason

if TYPE_CHECKING:
    from workflow.application import Application


class Submitted(Fact):
    """
    An application was filed. Its scheme digest and level hold for life.

    Attributes:
        draft: Whether it was filed as a draft that the candidate still has to complete.
    """

    step = "submit"
    candidate: Text
    scheme: Text
    digest: Text
    level: int
    evidence: Evidence
    cohort: Text = ""
    draft: bool = False


class InformationRequested(Fact):
    """The board returned the application: something is missing before it can decide."""

    step = "request_information"
    reason: Reason

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """The application waits for the candidate."""
        return {"returned": self.reason, "returned_on": on}


class Resubmitted(Fact):
    """The candidate sent the application again; this evidence takes the place of what was shown before."""

    step = "resubmit"
    evidence: Evidence

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """Checks and judgements of the earlier evidence are void; only a draft's measuring day becomes this one."""
        completed = {"is_draft": False, "completed_on": on} if application.is_draft else {}
        return {"evidence": self.evidence, "returned": "", "checks": (), "judgements": (), **completed}


class EvidenceAdded(Fact):
    """
    The candidate showed more after the application was accepted, for what a part, the award or an exemption asks for.

    Attributes:
        evidence: What is added; it stands beside what was shown before, whose pieces keep their names.
    """

    step = "add_evidence"
    evidence: Evidence

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """It counts from now on; what was decided by the earlier evidence stays decided."""
        return {"evidence": application.evidence.with_more(self.evidence)}


class EvidenceChecked(Fact):
    """
    A piece of evidence was verified with its issuer, or rejected; a rejected one no longer counts.

    Attributes:
        item: Which piece: `education/0`, `certificates/1`, in the order shown.
    """

    step = "check_evidence"
    item: Text
    status: Literal["unverified", "verified", "rejected"]
    issuer: Text = ""
    reference: Text = ""
    reason: Text = ""

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """The latest check of a piece is the one that counts."""
        return {"checks": (*(c for c in application.checks if c.item != self.item), self)}


class EvidenceJudged(Fact):
    """
    The board decided a question that the words of a clause leave open, such as whether a major is related.

    Attributes:
        item: Which piece of evidence, as in `EvidenceChecked`.
        relation: What its major or occupation is to be taken as.
        evaluated_for: What its school is to be taken as evaluated for.
    """

    step = "judge_evidence"
    item: Text
    relation: Occupation | None = None
    evaluated_for: Skills | None = None
    reason: Reason
    authority: Reason

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """The latest judgement on a piece is the one that counts."""
        return {"judgements": (*(j for j in application.judgements if j.item != self.item), self)}


class EligibilityAccepted(Fact):
    """The board accepted the application under one named condition; `conditions_met` are all that were met."""

    step = "accept"
    condition: Text
    conditions_met: tuple[Text, ...] = Field(strict=False)
    evidence_digest: Text

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """The application is decided."""
        return {
            "condition": self.condition,
            "conditions_met": self.conditions_met,
            "accepted_on": on,
            "returned": "",
        }


class EligibilityRefused(Fact):
    """The board refused the application; the explanation is kept as it was given."""

    step = "refuse"
    reason: Reason
    conditions_met: tuple[Text, ...] = Field(strict=False)
    explanation: tuple[Text, ...] = Field(strict=False)

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """The application is decided."""
        return {"refusal": self.reason, "conditions_met": self.conditions_met}


class EligibilityReopened(Fact):
    """
    The decision on eligibility was taken back, because facts turned out false or a question was judged anew.

    What was passed meanwhile stays recorded, and counts again if the application is accepted again.
    """

    step = "reopen_eligibility"
    reason: Reason
    authority: Reason

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """The application is undecided again."""
        return {"condition": "", "conditions_met": (), "refusal": ""}


class TrainingRecorded(Fact):
    """
    Hours of the level's course were done, with or without the completion certificate.

    Attributes:
        hours: Standard class hours; credits are converted by the scheme's rate before they are recorded.
        credits: The credits that the hours were converted from; absent where hours were counted.
        certificate_number: Number of the completion certificate.
        delivery: How it was taught; the certificate of a course by self-study alone does not close the gate.
        trainer: The trainer's opaque key or number, never a name.
    """

    step = "record_training"
    hours: Marks
    completion_certificate: bool
    completed_on: Day
    certificate_number: Text = ""
    provider: Text = ""
    strand: Literal["", "career_guidance", "vocational_skills", "entrepreneurship"] = ""
    teaching_system: Literal["", "full_time", "part_time", "class_hour", "credit"] = ""
    delivery: tuple[Delivery, ...] = Field(default=(), strict=False)
    trainer: Text = ""
    credits: Marks | None = None
    started_on: Day | None = None

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """The course counts toward the training gate of the level."""
        course = _course(application.level, self.hours, self.completion_certificate, self.completed_on, self.delivery)
        return {"training": (*application.training, course)}


@lru_cache(maxsize=1024)  # those who were taught together have done the same
def _course(level: int, hours: Decimal, certified: bool, on: date, delivery: tuple[Delivery, ...]) -> Course:
    return Course(for_level=level, hours=hours, completion_certificate=certified, completed_on=on, delivery=delivery)


class TrainingWaived(Fact):
    """The board waived the training by a decision."""

    step = "waive_training"
    reason: Reason
    authority: Reason

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """The training gate is open."""
        return {"is_training_waived": True}
