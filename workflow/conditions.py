"""
Conditions: the part of the scheme language that says who is eligible, and the clause that every rule stands beside.

Owns the models only; `workflow/requirements.py` judges by them.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from workflow.document import Marks, Strict, Text
from workflow.evidence import CertificateLevel, Degree, Occupation, School, Skills, StudyStatus


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
        school: Any one of these kinds of school.
        evaluated_for: The school has been evaluated for these skills.
        field: Any one of these relations of the major to the occupation.
        status: Any one of these; graduated alone is the default.
    """

    degree: tuple[Degree, ...] | None = Field(default=None, strict=False)
    school: tuple[School, ...] | None = Field(default=None, strict=False)
    evaluated_for: Skills | None = None
    field: tuple[Occupation, ...] | None = Field(default=None, strict=False)
    status: tuple[StudyStatus, ...] = Field(default=("graduated",), strict=False)


class CertificateRequirement(Strict):
    """
    A certificate earned earlier.

    Attributes:
        level: Its level, exactly.
        occupation: Any one of these; this occupation alone is the default.
        kind: Any one of these kinds; both are the default.
    """

    level: CertificateLevel
    occupation: tuple[Occupation, ...] = Field(default=("same",), strict=False)
    kind: tuple[Literal["vq", "sl"], ...] = Field(default=("vq", "sl"), strict=False)


class WorkRequirement(Strict):
    """
    A length of work, of calendar years: N years are complete on the N-th anniversary; N itself is enough.

    Attributes:
        years: The length, 1 to 60.
        counted: `continuous` (one unbroken run) or `cumulative` (all runs together; overlapping days count once).
        occupation: Any one of these; this occupation alone is the default.
        after: Count only days from this on: the day of the `certificate` or the diploma (`education`) of the same
            condition; absent: all days count.
        gap_days: Longest gap, in days, that does not break a continuous run; 0 is the default.
    """

    years: int = Field(ge=1, le=60)
    counted: Literal["continuous", "cumulative"]
    occupation: tuple[Occupation, ...] = Field(default=("same",), strict=False)
    after: Literal["certificate", "education"] | None = None
    gap_days: int = Field(default=0, ge=0, le=366)


class TrainingRequirement(Strict):
    """
    The course of the level applied for, done with a completion certificate.

    Attributes:
        hours: Standard class hours at least.
    """

    hours: Marks


class Requirement(Strict):
    """One thing asked for by a condition: exactly one of the four kinds."""

    education: EducationRequirement | None = None
    certificate: CertificateRequirement | None = None
    work: WorkRequirement | None = None
    training: TrainingRequirement | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Requirement:
        if len(self.model_fields_set) != 1 or self.asked is None:
            raise ValueError("give exactly one of education, certificate, work, training")
        return self

    @property
    def asked(self) -> EducationRequirement | CertificateRequirement | WorkRequirement | TrainingRequirement | None:
        """The one requirement that is given."""
        return self.education or self.certificate or self.work or self.training


class Condition(Strict):
    """
    One way to be eligible: everything under `all` must hold.

    Attributes:
        clause: The clause that grants it.
        all: The requirements, at least one.
    """

    clause: Clause
    all: tuple[Requirement, ...] = Field(min_length=1, strict=False)

    @model_validator(mode="after")
    def _anchors_exist(self) -> Condition:
        for requirement in self.all:
            anchor = requirement.work.after if requirement.work else None
            if anchor and not any(getattr(other, anchor) for other in self.all):
                raise ValueError(f"work counts after the {anchor}, but the condition asks for no {anchor}")
        return self
