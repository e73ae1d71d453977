"""
Evidence: what a candidate shows about education, certificates, work, training and whatever else a rule asks for.

The same models serve the facts file of `eligibility check`, the bulk files and the `Submitted` event. They hold no
name, number or employer: personal values stay in the candidate registry (design.md, section 5). What an older form did
not have is left out of the text that is hashed where it is not shown.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints, model_validator

from workflow.document import Day, Marks, Strict, Text

# Kinds of degrees, lowest first, and of schools, where a document does not declare its own; and how they are called.
DEGREES: Final = {
    "college": "college diploma",
    "bachelor": "bachelor's degree",
    "master": "master's degree",
    "doctor": "doctorate",
}
SCHOOLS: Final = {
    "technical": "technical school",
    "senior_technical": "senior technical school",
    "technician_college": "technician college",
    "secondary_vocational": "secondary vocational school",
    "higher_vocational": "higher vocational school",
    "college": "college",
    "university": "university",
}

KindName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
Name = Annotated[Text, StringConstraints(min_length=1, max_length=100, strip_whitespace=True)]
Occupation = Literal["same", "related", "other"]
StudyStatus = Literal["graduated", "final_year", "enrolled"]
Skills = Literal["intermediate", "senior"]
Delivery = Literal["class", "joint_class", "broadcast", "correspondence", "self_study"]
CertificateLevel = Literal[1, 2, 3, 4, 5, 6, 7, 8, 9, "preparatory_technician"]


class Education(Strict):
    """
    A course of study, finished or under way.

    Attributes:
        degree: The degree, where there is one, of the kinds that the scheme knows: of those built in, college is the
            three-year diploma (dazhuan).
        school: Kind of school; a degree holder's may be left out.
        evaluated_for: The skill level for which a vocational school has been evaluated.
        field: Whether the major is this one, a related one or another.
        status: graduated, final_year (diploma pending) or enrolled.
        completed_on: Day of the diploma; absent while studying.
    """

    degree: KindName | None = None
    school: KindName | None = None
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
        level: 1 (highest) to 9, or preparatory_technician.
        kind: vq (vocational qualification) or sl (skill level).
        issued_on: Day of issue.
        edition: The edition under which it was issued, where its levels are not those of the scheme.
        valid_until: Last day on which it counts; absent: it does not end.
    """

    occupation: Occupation
    level: CertificateLevel
    kind: Literal["vq", "sl"]
    issued_on: Day
    edition: Text = Field(default="", exclude_if=lambda name: not name)
    valid_until: Day | None = None


class Work(Strict):
    """
    A stretch of work; both days belong to it.

    Attributes:
        occupation: Whether it is this occupation, a related one or another.
        from_: First day (written `from`).
        to: Last day, or null where the work still goes on.
        hours: Hours worked in all, spread evenly over its days, where a rule counts hours.
        hours_per_week: Hours worked in a week, where a rule counts hours.
    """

    occupation: Occupation
    from_: Day = Field(alias="from")
    to: Day | None = None
    hours: Marks | None = None
    hours_per_week: Marks | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Work:
        if self.to is not None and self.to < self.from_:
            raise ValueError(f"ends on {self.to}, before it begins on {self.from_}")
        if self.hours is not None and self.hours_per_week is not None:
            raise ValueError("give hours in all or hours_per_week, not both")
        if self.hours is not None and self.to is None:
            raise ValueError("hours in all need the last day of the work; where it goes on, give hours_per_week")
        if self.hours_per_week is not None and self.hours_per_week > 168:
            raise ValueError("a week has 168 hours")
        return self


class Course(Strict):
    """
    A training course.

    Attributes:
        for_level: The level that it prepares for; may be left out of one that has a name.
        course: Its name, where a rule asks for a course by name.
        hours: Standard class hours done.
        completion_certificate: Whether a completion certificate was given.
        completed_on: Day on which it was completed; absent where unknown.
        delivery: How it was taught, where that is known; left out of the text that is hashed where it is not.
    """

    for_level: int | None = Field(default=None, ge=1, le=9)
    course: Text = Field(default="", exclude_if=lambda name: not name)
    hours: Marks
    completion_certificate: bool = False
    completed_on: Day | None = None
    delivery: tuple[Delivery, ...] = Field(default=(), strict=False, exclude_if=lambda modes: not modes)

    @model_validator(mode="after")
    def _is_for_something(self) -> Course:
        if self.for_level is None and not self.course:
            raise ValueError("give the level that it prepares for (for_level), its name (course) or both")
        return self

    @property
    def is_formal(self) -> bool:
        """
        Whether it was taught, and not by self-study alone: only then does its completion certificate count.

        Source: domain.md, section 3 (正规培训, formal training).
        """
        return set(self.delivery) != {"self_study"}


class Title(Strict):
    """
    A professional title, licence or certificate known by its name.

    Attributes:
        title: Its name.
        held_from: Day on which it was given.
        until: Last day on which it counts; absent: it does not end.
    """

    title: Name
    held_from: Day
    until: Day | None = None


class Credit(Strict):
    """
    Credits of study.

    Attributes:
        credits: How many.
        field: Their field, where a rule asks for it.
        level: Their level, such as upper, where a rule asks for it.
        earned_on: Day on which they were earned; absent where unknown.
    """

    credits: Marks
    field: Text = ""
    level: Text = ""
    earned_on: Day | None = None


class Statement(Strict):
    """
    A membership, an endorsement, a medical or another declaration known by its name.

    Attributes:
        statement: Its name.
        made_on: Day from which it counts; absent: it is not known, and it counts.
        until: Last day on which it counts; absent: it does not end.
    """

    statement: Name
    made_on: Day | None = None
    until: Day | None = None


class Evidence(Strict):
    """
    All that is shown for one application; each list may be empty.

    Attributes:
        born_on: The birthday; shown only where a rule asks for an age.
    """

    education: tuple[Education, ...] = Field(default=(), strict=False)
    certificates: tuple[Certificate, ...] = Field(default=(), strict=False)
    work: tuple[Work, ...] = Field(default=(), strict=False)
    training: tuple[Course, ...] = Field(default=(), strict=False)
    titles: tuple[Title, ...] = Field(default=(), strict=False, exclude_if=lambda shown: not shown)
    credits: tuple[Credit, ...] = Field(default=(), strict=False, exclude_if=lambda shown: not shown)
    statements: tuple[Statement, ...] = Field(default=(), strict=False, exclude_if=lambda shown: not shown)
    born_on: Day | None = None

    def with_more(self, more: Evidence) -> Evidence:
        """Give the evidence with more of it after each list; what was shown keeps its place."""
        lists = [kind for kind in Evidence.model_fields if kind != "born_on"]
        both = {kind: (*getattr(self, kind), *getattr(more, kind)) for kind in lists}
        return self.model_copy(update={**both, "born_on": self.born_on or more.born_on})

    @property
    def prose(self) -> tuple[str, ...]:
        """What it says in words of somebody's choice: names of courses, titles and statements, fields of credits."""
        return (
            *(course.course for course in self.training),
            *(paper.edition for paper in self.certificates),
            *(title.title for title in self.titles),
            *(word for credit in self.credits for word in (credit.field, credit.level)),
            *(statement.statement for statement in self.statements),
        )
