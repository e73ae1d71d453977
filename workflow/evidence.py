"""
Evidence: what a candidate shows about education, certificates, work and training.

The same models serve the facts file of `eligibility check`, the bulk files and the `Submitted` event. They hold no
name, number or employer: personal values stay in the candidate registry (design.md, section 5).
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from workflow.document import Day, Marks, Strict

Degree = Literal["college", "bachelor", "master", "doctor"]
School = Literal[
    "technical",
    "senior_technical",
    "technician_college",
    "secondary_vocational",
    "higher_vocational",
    "college",
    "university",
]
Occupation = Literal["same", "related", "other"]
StudyStatus = Literal["graduated", "final_year", "enrolled"]
Skills = Literal["intermediate", "senior"]
Delivery = Literal["class", "joint_class", "broadcast", "correspondence", "self_study"]
CertificateLevel = Literal[1, 2, 3, 4, 5, "preparatory_technician"]


class Education(Strict):
    """
    A course of study, finished or under way.

    Attributes:
        degree: The degree, where there is one: college is the three-year diploma (dazhuan).
        school: Kind of school; a degree holder's may be left out.
        evaluated_for: The skill level for which a vocational school has been evaluated.
        field: Whether the major is this one, a related one or another.
        status: graduated, final_year (diploma pending) or enrolled.
        completed_on: Day of the diploma; absent while studying.
    """

    degree: Degree | None = None
    school: School | None = None
    evaluated_for: Skills | None = None
    field: Occupation = "other"
    status: StudyStatus = "graduated"
    completed_on: Day | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Education:
        if self.degree is None and self.school is None:
            raise ValueError("give a degree, a school or both")
        return self


class Certificate(Strict):
    """
    A certificate earned earlier.

    Attributes:
        occupation: Whether it is of this occupation, a related one or another.
        level: 1 (highest) to 5, or preparatory_technician.
        kind: vq (vocational qualification) or sl (skill level).
        issued_on: Day of issue.
    """

    occupation: Occupation
    level: CertificateLevel
    kind: Literal["vq", "sl"]
    issued_on: Day


class Work(Strict):
    """
    A stretch of work; both days belong to it.

    Attributes:
        occupation: Whether it is this occupation, a related one or another.
        from_: First day (written `from`).
        to: Last day, or null where the work still goes on.
    """

    occupation: Occupation
    from_: Day = Field(alias="from")
    to: Day | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Work:
        if self.to is not None and self.to < self.from_:
            raise ValueError(f"ends on {self.to}, before it begins on {self.from_}")
        return self


class Course(Strict):
    """
    A training course.

    Attributes:
        for_level: The level that it prepares for.
        hours: Standard class hours done.
        completion_certificate: Whether a completion certificate was given.
        completed_on: Day on which it was completed; absent where unknown.
        delivery: How it was taught, where that is known; left out of the text that is hashed where it is not.
    """

    for_level: int = Field(ge=1, le=9)
    hours: Marks
    completion_certificate: bool = False
    completed_on: Day | None = None
    delivery: tuple[Delivery, ...] = Field(default=(), strict=False, exclude_if=lambda modes: not modes)

    @property
    def is_formal(self) -> bool:
        """
        Whether it was taught, and not by self-study alone: only then does its completion certificate count.

        Source: domain.md, section 3 (正规培训, formal training).
        """
        return set(self.delivery) != {"self_study"}


class Evidence(Strict):
    """All that is shown for one application; each list may be empty."""

    education: tuple[Education, ...] = Field(default=(), strict=False)
    certificates: tuple[Certificate, ...] = Field(default=(), strict=False)
    work: tuple[Work, ...] = Field(default=(), strict=False)
    training: tuple[Course, ...] = Field(default=(), strict=False)
