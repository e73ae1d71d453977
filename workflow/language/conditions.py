"""
Conditions: the part of the scheme language that says who is eligible, and the clause that every rule stands beside.

Owns the models only; `workflow/requirements.py` judges by them.
"""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import Literal

from pydantic import Field, model_validator

from workflow.calendar import Period
from workflow.document import Day, Marks, Strict, Text
from workflow.evidence import CertificateLevel, KindName, Name, Occupation, Skills, StudyStatus


class Clause(Strict):
    """
    Where a rule comes from.

    Attributes:
        source: Key of the document's `sources`, or `board` (own policy), or `none` (not in the edition; a default).
        at: The place in the source, such as `Level 2 (3)`.
        text: The literal words, garbled or not, where they matter.
        reading: How the board reads them, where the words allow more than one reading.
    """

    source: Text
    at: Text = ""
    text: Text = ""
    reading: Text = ""

    def __str__(self) -> str:
        return f"{self.source} {self.at}".strip()


class EducationRequirement(Strict):
    """
    One course of study that has every property listed; a property left out is not asked for.

    Attributes:
        degree: Any one of these degrees, exactly (a higher one counts only where it is listed).
        degree_at_least: This degree or a higher one, in the order in which the document knows them.
        school: Any one of these kinds of school.
        evaluated_for: The school has been evaluated for these skills.
        field: Any one of these relations of the major to the occupation.
        status: Any one of these; graduated alone is the default.
        held_for: Time since the day of the diploma.
    """

    degree: tuple[KindName, ...] | None = Field(default=None, strict=False)
    degree_at_least: KindName | None = None
    school: tuple[KindName, ...] | None = Field(default=None, strict=False)
    evaluated_for: Skills | None = None
    field: tuple[Occupation, ...] | None = Field(default=None, strict=False)
    status: tuple[StudyStatus, ...] = Field(default=("graduated",), strict=False)
    held_for: Period | None = None

    @model_validator(mode="after")
    def _one_way(self) -> EducationRequirement:
        if self.degree and self.degree_at_least:
            raise ValueError("give the degrees that count (degree) or the lowest of them (degree_at_least), not both")
        return self


class CertificateRequirement(Strict):
    """
    A certificate earned earlier.

    Attributes:
        level: Its level, exactly.
        occupation: Any one of these; this occupation alone is the default.
        kind: Any one of these kinds; both are the default.
        held_for: Time since its issue.
    """

    level: CertificateLevel
    occupation: tuple[Occupation, ...] = Field(default=("same",), strict=False)
    kind: tuple[Literal["vq", "sl"], ...] = Field(default=("vq", "sl"), strict=False)
    held_for: Period | None = None


class WorkRequirement(Strict):
    """
    A length of work: exactly one of `years`, `months` and `hours`; the length itself is enough.

    Attributes:
        years: Calendar years, 1 to 60: N years are complete on the N-th anniversary.
        months: Calendar months, 1 to 720.
        hours: Hours of work, of stretches that show hours.
        counted: `continuous` (one unbroken run) or `cumulative` (all runs together; overlapping days count once);
            absent for hours, which are added up.
        occupation: Any one of these; this occupation alone is the default.
        after: Count only days from this on: the day of the `certificate`, the diploma (`education`), the `title` or the
            `training` of the same condition; absent: all days count.
        within: Count only the days that lie this long before the measuring day at most; absent: all days count.
        gap_days: Longest gap, in days, that does not break a continuous run; 0 is the default.
    """

    years: int | None = Field(default=None, ge=1, le=60)
    months: int | None = Field(default=None, ge=1, le=720)
    hours: Marks | None = Field(default=None, ge=1)
    counted: Literal["continuous", "cumulative"] | None = None
    occupation: tuple[Occupation, ...] = Field(default=("same",), strict=False)
    after: Literal["certificate", "education", "title", "training"] | None = None
    within: Period | None = None
    gap_days: int = Field(default=0, ge=0, le=366)

    @model_validator(mode="after")
    def _one_length(self) -> WorkRequirement:
        if sum(unit is not None for unit in (self.years, self.months, self.hours)) != 1:
            raise ValueError("give the length in exactly one of years, months, hours")
        if self.hours is not None and self.counted is not None:
            raise ValueError("hours are always added up; leave counted out")
        if self.hours is None and self.counted is None:
            raise ValueError("say how the work is counted: continuous or cumulative")
        return self

    @cached_property
    def length(self) -> Period | None:
        """The length in calendar time; None where hours are asked for."""
        return None if self.hours is not None else Period(years=self.years, months=self.months)


class TrainingRequirement(Strict):
    """
    A course done with a completion certificate.

    Attributes:
        hours: Standard class hours at least; may be left out where the course is named.
        course: The course of this name, for whatever level; absent: courses for the level applied for.
        within: How long before the measuring day it was completed at most.
    """

    hours: Marks | None = None
    course: Name | None = None
    within: Period | None = None

    @model_validator(mode="after")
    def _says_which(self) -> TrainingRequirement:
        if self.hours is None and self.course is None:
            raise ValueError("give the class hours (hours), the name of the course (course) or both")
        return self


class AgeRequirement(Strict):
    """
    An age in years; who was born on 29 February has it on 28 February where there is no other.

    Attributes:
        least: The age must be reached.
        most: The next birthday after this age must not be reached.
    """

    least: int | None = Field(default=None, ge=0, le=120)
    most: int | None = Field(default=None, ge=0, le=120)

    @model_validator(mode="after")
    def _asks_something(self) -> AgeRequirement:
        if self.least is None and self.most is None:
            raise ValueError("give the age at least (least), at most (most) or both")
        if self.least is not None and self.most is not None and self.least > self.most:
            raise ValueError(f"nobody is at least {self.least} and at most {self.most} years old")
        return self


class TitleRequirement(Strict):
    """
    A professional title, licence or certificate known by its name.

    Attributes:
        any_of: Any one of these names, however their letters are set.
        held_for: Time since it was given.
    """

    any_of: tuple[Name, ...] = Field(min_length=1, strict=False)
    held_for: Period | None = None


class CreditsRequirement(Strict):
    """
    Credits of study, added up.

    Attributes:
        least: How many.
        field: Only those in any of these fields; absent: in any.
        level: Only those of any of these levels; absent: of any.
        within: Only those earned this long before the measuring day at most.
    """

    least: Marks
    field: tuple[Name, ...] = Field(default=(), strict=False)
    level: tuple[Name, ...] = Field(default=(), strict=False)
    within: Period | None = None


class StatementRequirement(Strict):
    """
    A membership, an endorsement, a medical or another declaration known by its name.

    Attributes:
        any_of: Any one of these names, however their letters are set.
        within: How long before the measuring day it was made at most.
    """

    any_of: tuple[Name, ...] = Field(min_length=1, strict=False)
    within: Period | None = None


Asked = (
    EducationRequirement
    | CertificateRequirement
    | WorkRequirement
    | TrainingRequirement
    | AgeRequirement
    | TitleRequirement
    | CreditsRequirement
    | StatementRequirement
)


class Requirement(Strict):
    """One thing asked for by a condition: exactly one of the kinds."""

    education: EducationRequirement | None = None
    certificate: CertificateRequirement | None = None
    work: WorkRequirement | None = None
    training: TrainingRequirement | None = None
    age: AgeRequirement | None = None
    title: TitleRequirement | None = None
    credits: CreditsRequirement | None = None
    statement: StatementRequirement | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Requirement:
        if len(self.model_fields_set) != 1 or getattr(self, self.kind) is None:
            raise ValueError(f"give exactly one of {', '.join(Requirement.model_fields)}")
        return self

    @cached_property
    def kind(self) -> str:
        """Name of the kind that is given."""
        return next(iter(self.model_fields_set), "education")

    @cached_property
    def asked(self) -> Asked:
        """The one requirement that is given."""
        asked: Asked = getattr(self, self.kind)
        return asked


class OnlyFor(Strict):
    """
    Whom a condition is for; everything listed must hold.

    Attributes:
        cohorts: Applications filed under one of these programmes.
        filed_from: Applications filed on this day or later.
        filed_until: Applications filed on this day or sooner.
    """

    cohorts: tuple[Text, ...] = Field(default=(), strict=False)
    filed_from: Day | None = None
    filed_until: Day | None = None

    @model_validator(mode="after")
    def _is_for_somebody(self) -> OnlyFor:
        if not (self.cohorts or self.filed_from or self.filed_until):
            raise ValueError("say for whom: cohorts, filed_from or filed_until; leave only_for out for everybody")
        if self.filed_from and self.filed_until and self.filed_until < self.filed_from:
            raise ValueError(f"filed_until lies before filed_from, {self.filed_from}")
        return self

    def shuts_out(self, cohort: str, filed_on: date) -> str:
        """Say in words why the condition is not for an application; empty where it is."""
        if self.cohorts and cohort not in self.cohorts:
            filed = f"under {cohort}" if cohort else "under no programme"
            return f"it is for applications under {' or '.join(self.cohorts)}; this one is filed {filed}"
        if self.filed_from and filed_on < self.filed_from:
            return f"it is for applications filed from {self.filed_from} on; this one is filed on {filed_on}"
        if self.filed_until and filed_on > self.filed_until:
            return f"it is for applications filed until {self.filed_until}; this one is filed on {filed_on}"
        return ""


class Condition(Strict):
    """
    One way to be eligible: everything under `all` must hold.

    Attributes:
        clause: The clause that grants it.
        only_for: Whom it is for; absent: everybody.
        all: The requirements, at least one.
    """

    clause: Clause
    only_for: OnlyFor | None = None
    all: tuple[Requirement, ...] = Field(min_length=1, strict=False)

    @model_validator(mode="after")
    def _anchors_exist(self) -> Condition:
        for requirement in self.all:
            anchor = requirement.work.after if requirement.work else None
            if anchor and not any(getattr(other, anchor) for other in self.all):
                raise ValueError(f"work counts after the {anchor}, but the condition asks for no {anchor}")
        return self

    @cached_property
    def can_end(self) -> bool:
        """Whether something that it asks for can cease to hold by time alone, certificates aside."""
        return any(
            requirement.kind in ("title", "statement")
            or getattr(requirement.asked, "within", None) is not None
            or getattr(requirement.asked, "most", None) is not None
            for requirement in self.all
        )
