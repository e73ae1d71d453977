"""Facts of what comes before an attempt or in its place: endorsements, exemptions, a course made void."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from pydantic import Field

from workflow.document import Day, Marks, Text
from workflow.facts.base import Changes, Fact, Reason

if TYPE_CHECKING:
    from workflow.application import Application


class EndorsementRecorded(Fact):
    """
    An instructor confirmed that the candidate was prepared for a part.

    Attributes:
        part: The part.
        given_on: The day on which it was confirmed.
        hours: Class hours that were taught for it; absent: none are shown.
        endorsed: Whether the instructor endorses the candidate; else it shows hours alone.
        instructor: The instructor's opaque key or number, never a name.
        reference: Number of the paper.
    """

    step = "record_endorsement"
    part: Text
    given_on: Day
    hours: Marks | None = None
    endorsed: bool = True
    instructor: Text = ""
    reference: Text = ""

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """It counts for admissions from now on."""
        return {"endorsements": (*application.endorsements, (sequence, self))}


class EndorsementWithdrawn(Fact):
    """An endorsement was taken back: it was not given, or not for this candidate."""

    step = "withdraw_endorsement"
    supersedes: int
    reason: Reason
    authority: Reason

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """It counts for no further admission; those that rest on it are for the board to look at."""
        return {"endorsements": tuple(x for x in application.endorsements if x[0] != self.supersedes)}


class ExemptionGranted(Fact):
    """
    The board granted an exemption of the scheme: its parts count as held without an exam.

    Attributes:
        exemption: Its key in the scheme.
        parts: The parts, as the scheme names them, or those of them that were chosen.
    """

    step = "grant_exemption"
    exemption: Text
    parts: tuple[Text, ...] = Field(strict=False)
    reason: Text = ""
    authority: Text = ""

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """The parts are held for good in this application."""
        return {"exemptions": {**application.exemptions, self.exemption: self.parts}}


class ExemptionWithdrawn(Fact):
    """An exemption was taken back, because facts turned out false or a question was judged anew."""

    step = "withdraw_exemption"
    exemption: Text
    reason: Reason
    authority: Reason

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """Its parts are to be passed, unless another exemption covers them."""
        return {"exemptions": {key: x for key, x in application.exemptions.items() if key != self.exemption}}


class CourseVoided(Fact):
    """
    The clock made the course void: no attempt at a part was left, and the course must be taken again.

    Attributes:
        part: The part.
        attempts: How many attempts at it were made.
        last_result_on: The day on which the last of them was known to be no pass.
        clause: Where this comes from.
    """

    step = "void_course"
    part: Text
    attempts: int
    last_result_on: Day
    clause: Text

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """Only a course completed after this day closes the training; attempts until now count no more."""
        return {"course_voided_on": on, "course_voided_for": self.part, "is_training_waived": False}
