"""
Rows: what comes out of a bulk file, good and bad, and what may still be found against a good one later.

Pure data; `workflow/bulk/intake.py` makes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from workflow.application import Components
from workflow.errors import Problem
from workflow.evidence import Certificate, Course, Education, Work
from workflow.identity import DocumentType, shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """
    What every good row has.

    Attributes:
        line: Line in the file.
        application: The board's own number of the application.
        digest: Names the row's meaning: 32 hexadecimal digits, the same whatever the file's format, encoding, titles
            and way of writing days. It covers personal values, so it must not leave the registry unkeyed.
        cells: The cells as they stand, for a reject file; they take no part in comparing rows.
    """

    line: int
    application: str
    digest: str
    cells: tuple[str, ...] = field(default=(), repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationRow(Row):
    """
    An application; the personal values never show in its `repr`.

    Attributes:
        name: Name of the candidate.
        sex: male, female or None where not given.
        document_type: Type of the identity document.
        document_number: Its number, checked, in capitals.
        phone: Telephone number, or None.
        email: E-mail address, or None.
        occupation: Code of the occupation.
        level: The level as written; its meaning depends on the scheme.
        edition: The edition as written, or None.
        submitted_on: Day of filing.
    """

    name: str = field(repr=False)
    sex: Literal["male", "female"] | None
    document_type: DocumentType
    document_number: str = field(repr=False)
    phone: str | None = field(repr=False)
    email: str | None = field(repr=False)
    occupation: str
    level: str
    edition: str | None
    submitted_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRow(Row):
    """A piece of evidence: education, a certificate or work."""

    item: Education | Certificate | Work


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRow(Row):
    """
    A training course.

    Attributes:
        course: The course.
        phase: `before` filing (evidence), `after` acceptance (the training gate), or None where not given.
    """

    course: Course
    phase: Literal["before", "after"] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRow(Row):
    """
    The result of one attempt at a part.

    Attributes:
        part: theory, skills, or the part as written, whose meaning depends on the scheme.
        session: The session.
        sat_on: Day of the sitting.
        announced_on: Day of the announcement, or None where there was none yet.
        score: Marks, or those of components by their names as written; None where absent. The maximum is the scheme's
            matter.
        absent: Whether the candidate did not come.
    """

    part: str
    session: str
    sat_on: date
    announced_on: date | None
    score: Decimal | Components | None
    absent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRow(Row):
    """
    The result of one review.

    Attributes:
        form: Form that the review took.
        reviewed_on: Day of the review.
        announced_on: Day of the announcement, or None where there was none yet.
        score: Marks, or those of components by their names as written; None where absent. The maximum is the scheme's
            matter.
        absent: Whether the candidate did not come.
    """

    form: Literal["case_analysis", "thesis_defence", "performance_evaluation"]
    reviewed_on: date
    announced_on: date | None
    score: Decimal | Components | None
    absent: bool


@dataclass(frozen=True, slots=True)
class RowProblem:
    """
    A row that is refused, with all that is wrong with it.

    Attributes:
        kind: Kind of file.
        line: Line in the file.
        application: Number of the application; empty where it could not be read.
        problems: Everything found, at least one; personal values are hidden in them.
        cells: The cells as they stand, for a reject file; they hold personal values.
    """

    kind: str
    line: int
    application: str
    problems: tuple[Problem, ...]
    cells: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Parsed:
    """
    A bulk file, read.

    Attributes:
        kind: Kind of file.
        where: The file's name, for messages.
        titles: The title under which each column stands in this file, by the column's key.
        rows: The good rows, in the file's order.
        problems: The bad rows, in the file's order.
    """

    kind: str
    where: str
    titles: Mapping[str, str]
    rows: tuple[Row, ...]
    problems: tuple[RowProblem, ...]

    def reject(self, row: Row, column: str, text: str, value: str = "") -> RowProblem:
        """
        Refuse a row that was good by itself, for a reason found later, such as a level that the scheme does not have.

        Args:
            row: One of `rows`.
            column: Key of the column at fault; empty for the row as a whole.
            text: What is wrong and what is allowed.
            value: The value found; never a personal one.
        """
        problem = Problem(self.where, row.line, self.titles.get(column, column), text, shown(value))
        return RowProblem(self.kind, row.line, row.application, (problem,), row.cells)
