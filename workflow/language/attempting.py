"""
Attempting: the part of the scheme language about how often and how soon a part may be taken, and what must come before.

Owns the models only; `workflow/attempts.py` judges by them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from workflow.document import Marks, Strict
from workflow.language.conditions import Clause
from workflow.language.durations import Length, Span

Number = Annotated[int, Field(ge=1, le=100)]


class Endorsement(Span):
    """
    What an instructor must have confirmed before any sitting of a part.

    Attributes:
        valid_for: How long a confirmation counts, from the day on which it was given; without it, and without `until`,
            it does not run out.
        hours: Class hours that all confirmations of the part must show together; absent: none are asked for.
        clause: Where this comes from.
    """

    length_name: ClassVar[str] = "valid_for"
    may_be_endless: ClassVar[bool] = True

    valid_for: Length | None = None
    hours: Marks | None = None
    clause: Clause


class Remediation(Strict):
    """
    What opens further attempts once the first block is used up, shown by endorsements since the last attempt.

    Attributes:
        hours: Class hours in all; absent: none are asked for.
        endorsement: Whether an instructor must have endorsed the candidate.
        unlocks: How many further attempts it opens; after them the same is asked for again.
        clause: Where this comes from.
    """

    hours: Marks | None = None
    endorsement: bool = False
    unlocks: Number = 1
    clause: Clause

    @model_validator(mode="after")
    def _asks_for_something(self) -> Remediation:
        if not self.endorsement and (self.hours is None or self.hours == Decimal(0)):
            raise ValueError("asks for nothing: give hours, or endorsement: true, or both")
        return self


class Resits(Strict):
    """
    How often and how soon a part may be taken again; absent: without a limit.

    Attributes:
        most: Attempts at most, the first included, in the space that `per` or `within` names.
        per: The space in which they are counted; a course that is completed after them counts anew.
        within: Instead: any period of this length, wherever it begins.
        waiting: Time from the day of the last attempt to the next sitting; its last day is the first allowed.
        waiting_after: Instead: a number of attempts made, and the time to wait after that many or more.
        counts_absence: Whether an absence counts as an attempt.
        counts_void: Whether an attempt made void for misconduct counts as one.
        remediation: What opens further attempts once `most` are used up; absent: nothing does.
        in_all: Attempts at most in the whole application, since the last course that was voided.
        counts_other_applications: Whether attempts in the candidate's other applications for the same occupation and
            level count as well, for all but what `per` counts in an application or a course.
        at_cap: What follows once no attempt is left and the last result is no pass.
        bar: How long the candidate then may not apply anew for the same occupation and level, from the day of the last
            attempt; its last day is the first allowed. Absent: at once.
        clause: Where this comes from.
    """

    most: Number | None = None
    per: Literal["application", "course", "calendar_year", "exam_year"] = "application"
    within: Length | None = None
    waiting: Length | None = None
    waiting_after: dict[Number, Length] = Field(default_factory=dict)
    counts_absence: bool = False
    counts_void: bool = True
    remediation: Remediation | None = None
    in_all: int | None = Field(default=None, ge=1, le=1000)
    counts_other_applications: bool = False
    at_cap: Literal["refuse", "expire", "restart_course"] = "refuse"
    bar: Length | None = None
    clause: Clause

    @property
    def cap(self) -> int | None:
        """Attempts after which none is left in the application; None where there is always another way to one."""
        if self.in_all is not None:
            return self.in_all
        is_final = self.per == "application" and self.within is None and self.remediation is None
        return self.most if is_final else None

    @property
    def is_in_years(self) -> bool:
        """Whether `most` counts in a stretch of time, and not in an application or a course."""
        return self.within is not None or self.per in ("calendar_year", "exam_year")

    def waiting_time(self, attempts: int) -> Length | None:
        """Give the time to wait after a number of attempts; None where there is none."""
        if not self.waiting_after:
            return self.waiting if attempts else None
        reached = [number for number in self.waiting_after if number <= attempts]
        return self.waiting_after[max(reached)] if reached else None

    @model_validator(mode="after")
    def _holds_together(self) -> Resits:
        if self.waiting and self.waiting_after:
            raise ValueError("give either waiting or waiting_after")
        if self.within and self.per != "application":
            raise ValueError("give either per or within: attempts are counted in one space")
        if self.most is None and (self.within or self.remediation or self.per != "application"):
            raise ValueError("give most: per, within and remediation say how it is counted")
        if self.most is not None and self.in_all is not None and self.in_all < self.most:
            raise ValueError(f"in_all, {self.in_all}, lies below most, {self.most}")
        if self.at_cap != "refuse" and self.cap is None:
            raise ValueError(f"at_cap: {self.at_cap} needs a last attempt: give in_all")
        _refuse_exam_years("within", self.within, "per: exam_year")
        _refuse_exam_years("waiting", self.waiting)
        for number, length in self.waiting_after.items():
            _refuse_exam_years(f"waiting_after {number}", length)
        if self.within and self.within.working_days:
            raise ValueError("within is counted in days, months or years")
        return self

    @model_validator(mode="after")
    def _holds_for_the_person(self) -> Resits:
        counts = self.in_all is not None or self.is_in_years or self.waiting or self.waiting_after
        if self.counts_other_applications and not counts:
            raise ValueError(
                "counts_other_applications has nothing to count there: most is counted in one application; write "
                "in_all for attempts in all applications together, or within or per with a year"
            )
        if self.at_cap == "restart_course" and (self.counts_other_applications or self.bar):
            name = "bar" if self.bar else "counts_other_applications"
            raise ValueError(f"after restart_course the application goes on and counts anew; leave {name} out")
        if self.bar and self.cap is None:
            raise ValueError("bar needs a last attempt: give in_all, or most in an application without remediation")
        if self.bar and self.in_all is not None and self.counts_other_applications:
            raise ValueError("in_all over all applications leaves nothing to wait for; leave bar out")
        _refuse_exam_years("bar", self.bar)
        return self


def _refuse_exam_years(field: str, length: Length | None, instead: str = "years") -> None:
    if length and length.exam_years:
        raise ValueError(f"{field} cannot be counted in exam years; write {instead}")
