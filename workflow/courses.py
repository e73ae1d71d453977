"""
Courses: from which day on the training shown is enough, for the gate of a level and for a condition.

Pure. Source: domain.md A10 and section 3.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from workflow.calendar import count
from workflow.document import FIRST_DAY
from workflow.evidence import Course
from workflow.findings import Finding, first_day
from workflow.language.conditions import TrainingRequirement


def _courses(level: int, shown: Iterable[Course]) -> list[Course]:
    courses = [c for c in shown if c.for_level == level]
    return _in_order(courses)


def _in_order(courses: list[Course]) -> list[Course]:
    courses.sort(key=lambda c: (c.completed_on or FIRST_DAY, c.hours, c.completion_certificate))
    return courses


def trained_from(hours: Decimal, level: int, shown: Iterable[Course], on: date) -> date | None:
    """Give the day from which `training_finding` is met; None where there is none."""
    return _enough_from(hours, _courses(level, shown), on)


def _enough_from(hours: Decimal, courses: Iterable[Course], on: date) -> date | None:
    done, certified = Decimal(), False
    for course in courses:
        done, certified = done + course.hours, certified or (course.completion_certificate and course.is_formal)
        if done >= hours and certified:
            return course.completed_on or on
    return None


def training_finding(hours: Decimal, level: int, shown: Sequence[Course], on: date) -> Finding:
    """
    Tell from when the courses shown for a level reach its hours with a completion certificate.

    The same rule closes the training gate and answers a condition that asks for the course (domain.md A10). Hours of
    self-study count, but the certificate of a course by self-study alone does not: formal training is asked for
    (domain.md, section 3).

    Args:
        hours: Standard class hours asked for.
        level: The level that the course must be for.
        shown: The courses; one without a day counts as done before `on`.
        on: The day asked about.
    """
    name, courses = f"level-{level} course", _courses(level, shown)
    return _answer(name, hours, courses, _enough_from(hours, courses, on), on, "")


def course_finding(asked: TrainingRequirement, level: int, shown: Sequence[Course], on: date) -> Finding:
    """
    Answer a condition that asks for a course, by its name or for the level, at any time or lately.

    Args:
        asked: What is asked for.
        level: The level applied for.
        shown: The courses.
        on: The day asked about.
    """
    hours, within = asked.hours or Decimal(), asked.within
    if asked.course is None:
        name, courses = f"level-{level} course", _courses(level, shown)
    else:
        wanted = asked.course.casefold()
        name, courses = f"course {asked.course}", _in_order([c for c in shown if c.course.casefold() == wanted])
    if within is None:
        return _answer(name, hours, courses, _enough_from(hours, courses, on), on, "")
    dated = [(c, c.completed_on, within.after(c.completed_on)) for c in courses if c.completed_on]

    def is_met(day: date) -> bool:
        counted = [c for c, done_on, until in dated if done_on <= day <= until]
        return _enough_from(hours, counted, day) is not None

    day = first_day([done_on for _, done_on, _ in dated], is_met, on)
    counted = [c for c, _, until in dated if until >= on]
    return _answer(name, hours, counted, day, on, f", completed within {within}")


def _answer(name: str, hours: Decimal, courses: Sequence[Course], day: date | None, on: date, lately: str) -> Finding:
    of_hours = f" of {hours} class hours" if hours else ""
    text = f"{name}{of_hours} with a completion certificate{lately}"
    if not courses:
        return Finding(text, False, None, (), f"not shown: {text}")
    used = tuple(
        f"course of {c.hours} class hours{' with a completion certificate' if c.completion_certificate else ''}"
        + (f", completed {c.completed_on}" if c.completed_on else "")
        + ("" if c.is_formal else ", by self-study alone")
        for c in courses
    )
    if day is not None:
        late = f"{name}: completed {count((day - on).days, 'day')} after {on}, the day that decides"
        done_on = day if any(c.completed_on == day for c in courses) else None
        return Finding(text, day <= on, day, used, late if day > on else "", done_on, name)
    done = sum(c.hours for c in courses)
    certified = any(c.completion_certificate and c.is_formal for c in courses)
    short = f"{hours - done} of {hours} class hours are missing" if done < hours else ""
    alone = any(c.completion_certificate for c in courses)
    none = "the certificate of a course by self-study alone does not count" if alone else "there is no certificate"
    lacking = [short, "" if certified else none.replace("there is no", "there is no completion")]
    return Finding(text, False, None, used, f"{name}: {' and '.join(w for w in lacking if w)}")
