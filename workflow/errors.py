"""
The error tree: what can go wrong, told so that the reader knows what to do next.

Owns the classes and their exit codes (design.md, section 6). Never formats for a terminal: `cli/errors.py` does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Objection:
    """
    One reason why a rule says no.

    Attributes:
        rule: Name of the rule that objects, as it stands in docs/glossary.md or the machine's diagram.
        text: What was found and what would be allowed, in a sentence.
        clause: The clause of the scheme or of the design that the rule comes from; empty where there is none.
    """

    rule: str
    text: str
    clause: str = ""

    def __str__(self) -> str:
        return f"{self.text} [{self.clause}]" if self.clause else self.text


@dataclass(frozen=True, slots=True)
class Problem:
    """
    One thing wrong with a document or a file, and where.

    Attributes:
        where: File or document, as the user named it.
        line: Line in it, counted from 1; 0 where no line is known.
        field: Dotted path or column name.
        text: What is wrong and what is allowed.
        value: The value found, as text.
    """

    where: str
    line: int
    field: str
    text: str
    value: str = ""

    def __str__(self) -> str:
        place = f"{self.where}:{self.line}" if self.line else self.where
        found = f" (found {self.value})" if self.value else ""
        return f"{place}: {self.field}: {self.text}{found}" if self.field else f"{place}: {self.text}{found}"


class ExamboardError(Exception):
    """Root of everything that Examboard raises on purpose."""

    exit_code = 1


class Invalid(ExamboardError):
    """A document or a file does not have the required form; every problem found is listed."""

    exit_code = 2

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class Refused(ExamboardError):
    """The rules say no. Carries every objection, never only the first."""

    exit_code = 3

    def __init__(self, subject: str, objections: Iterable[Objection]) -> None:
        self.subject = subject
        self.objections = tuple(objections)
        super().__init__(f"{subject}: " + "; ".join(map(str, self.objections)))


class NotFound(ExamboardError):
    """What was asked for is not there."""

    exit_code = 4


class Conflict(ExamboardError):
    """Someone else wrote first; nothing of this write was kept. Look again and repeat it if it still holds."""

    exit_code = 5


class Corrupt(ExamboardError):
    """The record does not hold together: it was changed from outside, or software wrote nonsense."""

    exit_code = 6


class Misconfigured(ExamboardError):
    """The settings, the database version or the installation do not fit."""

    exit_code = 7


class Unavailable(ExamboardError):
    """Something that is needed cannot be reached now: the database, the disk, a lock held too long."""

    exit_code = 8
