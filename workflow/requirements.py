"""
Requirements: from which day on one thing that a condition asks for is met, and in words what is missing.

Pure. Every judgement answers one question, *from which day on is it met, if work goes on*; met means that this day has
come, so the verdict, the first day and the explanation cannot disagree.
Source: design.md, section 4; domain.md, readings A5-A9 and A31-A35.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Final, get_args

from dateutil.relativedelta import relativedelta

from workflow.calendar import ONE_DAY, count, years_after
from workflow.conditions import (
    CertificateRequirement,
    EducationRequirement,
    Requirement,
    TrainingRequirement,
    WorkRequirement,
)
from workflow.document import FIRST_DAY, LAST_DAY
from workflow.evidence import Certificate, Course, Education, Evidence, School, Work


@dataclass(frozen=True, slots=True)
class Finding:
    """
    The answer for one requirement.

    Attributes:
        requirement: What is asked for, in words.
        met: Whether it is met on the day asked about.
        met_from: First day on which it is met if work goes on; None where time alone will not do it.
        used: The evidence that counts, in words.
        missing: What is lacking, in words that can be handed to the candidate; empty where met.
        anchor: Day of the certificate or diploma used, from which work may count; None where no day is known.
        anchor_name: That certificate or diploma, in words.
    """

    requirement: str
    met: bool
    met_from: date | None
    used: tuple[str, ...] = ()
    missing: str = ""
    anchor: date | None = None
    anchor_name: str = ""


def judge(
    requirement: Requirement, level: int, evidence: Evidence, on: date, anchors: Mapping[str, Finding]
) -> Finding:
    """
    Answer one requirement.

    Args:
        requirement: What is asked for.
        level: The level applied for; courses count for this level only.
        evidence: What is shown.
        on: The day asked about.
        anchors: The answers for the certificate and the diploma of the same condition, from which work may count.
    """
    match requirement.asked:
        case EducationRequirement() as asked:
            return _education(asked, evidence.education, on)
        case CertificateRequirement() as asked:
            return _certificate(asked, evidence.certificates, on)
        case TrainingRequirement() as asked:
            return training_finding(asked.hours, level, evidence.training, on)
        case WorkRequirement() as asked:
            return _work(asked, evidence.work, on, anchors)
    raise AssertionError("a requirement has exactly one kind")  # the model refuses any other


_DEGREES: Final = {
    "college": "college diploma",
    "bachelor": "bachelor's degree",
    "master": "master's degree",
    "doctor": "doctorate",
}
_SCHOOLS: Final = {
    school: school.replace("_", " ") + ("" if school.endswith(("college", "university")) else " school")
    for school in get_args(School)
}
_STATUSES: Final = {"graduated": "finished", "final_year": "in the final year", "enrolled": "under way"}
_RELATIONS: Final = {"same": "this", "related": "a related", "other": "another"}
_KINDS: Final = {"vq": "vocational qualification", "sl": "skill level"}
_ANCHORS: Final = {"certificate": "certificate", "education": "diploma"}


def _one_of(names: Mapping[str, str], keys: Iterable[str]) -> str:
    words = [names[key] for key in keys]
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _from_first(fitting: Sequence[tuple[date | None, str, str]], on: date, asked: str, missing: str) -> Finding:
    """
    Answer a requirement that one piece of evidence meets: the earliest counts, since most work follows it.

    Args:
        fitting: The pieces that fit: day (None: not known, taken as past), name, description.
        on: The day asked about.
        asked: The requirement, in words.
        missing: What to say where nothing fits.
    """
    if not fitting:
        return Finding(asked, False, None, (), missing)
    # Work can be counted only from a piece that has a day, even where another one without a day fits as well.
    anchor, name, used = min(fitting, key=lambda piece: (piece[0] or LAST_DAY, *piece[1:]))
    undated = [description for day, _, description in fitting if day is None]
    if anchor is not None and anchor <= on:
        return Finding(asked, True, anchor, (used,), "", anchor, name)
    if undated:
        return Finding(asked, True, on, (min(undated),), "", anchor, name)
    late = f"{used}: {count((anchor - on).days, 'day')} after {on}, the day that decides" if anchor else ""
    return Finding(asked, False, anchor, (used,), late, anchor, name)


@lru_cache(maxsize=1_000)  # schemes hold few requirements, and each is asked of every application
def _wanted(asked: EducationRequirement) -> tuple[str, tuple[tuple[str, Callable[[Education], bool]], ...]]:
    """Give what is asked of an education in words, and each piece of it in words and as a question."""
    degrees, schools, fields = asked.degree or (), asked.school or (), asked.field or ()
    checks: tuple[tuple[object, str, Callable[[Education], bool]], ...] = (
        (degrees, _one_of(_DEGREES, degrees), lambda e: e.degree in degrees),
        (schools, f"from a {_one_of(_SCHOOLS, schools)}", lambda e: _school_of(e) in schools),
        (
            asked.evaluated_for,
            f"evaluated for {asked.evaluated_for} skills",
            lambda e: e.evaluated_for == asked.evaluated_for,
        ),
        (fields, f"in {_one_of(_RELATIONS, fields)} major", lambda e: e.field in fields),
        (asked.status, _one_of(_STATUSES, asked.status), lambda e: e.status in asked.status),
    )
    wanted = tuple((words, is_so) for is_asked, words, is_so in checks if is_asked)
    return ("" if degrees else "education ") + ", ".join(words for words, _ in wanted), wanted


def _education(asked: EducationRequirement, shown: Sequence[Education], on: date) -> Finding:
    text, wanted = _wanted(asked)

    def named(e: Education) -> tuple[str, str]:
        name = _DEGREES[e.degree] if e.degree else f"{_SCHOOLS[_school_of(e)]} diploma"
        day = f" {e.completed_on}" if e.completed_on else ""
        return name, f"{name} in {_RELATIONS[e.field]} major, {_STATUSES[e.status]}{day}"

    lacking = {e: [words for words, is_so in wanted if not is_so(e)] for e in shown}
    fitting = [(e.completed_on if e.status == "graduated" else None, *named(e)) for e in shown if not lacking[e]]
    if fitting:
        return _from_first(fitting, on, text, "")
    near = min(((len(words), named(e)[1], words) for e, words in lacking.items()), default=None)
    missing = f"{near[1]}, does not fit (asked for: {', '.join(near[2])})" if near else f"not shown: {text}"
    return _from_first(fitting, on, text, missing)


def _school_of(e: Education) -> str:
    """Give the kind of school; a degree tells it where it is left out."""
    return e.school or ("college" if e.degree == "college" else "university")


def _certificate(asked: CertificateRequirement, shown: Sequence[Certificate], on: date) -> Finding:
    name = f"{_level_name(asked.level)} certificate"
    kinds = "" if len(set(asked.kind)) == len(_KINDS) else f" ({_one_of(_KINDS, asked.kind)})"
    text = f"{name}{kinds} of {_one_of(_RELATIONS, asked.occupation)} occupation"

    def described(c: Certificate) -> str:
        return f"{name} ({_KINDS[c.kind]}) of {_RELATIONS[c.occupation]} occupation, issued {c.issued_on}"

    same_level = [c for c in shown if c.level == asked.level]
    fitting = [
        (c.issued_on, name, described(c))
        for c in same_level
        if c.occupation in asked.occupation and c.kind in asked.kind
    ]
    if fitting:
        return _from_first(fitting, on, text, "")
    near = min(map(described, same_level), default="")
    return _from_first(fitting, on, text, f"{near}, does not fit (asked for: {text})" if near else f"not shown: {text}")


def _level_name(level: int | str) -> str:
    return f"level-{level}" if isinstance(level, int) else level.replace("_", " ")


def _courses(level: int, shown: Iterable[Course]) -> list[Course]:
    courses = [c for c in shown if c.for_level == level]
    courses.sort(key=lambda c: (c.completed_on or FIRST_DAY, c.hours, c.completion_certificate))
    return courses


def trained_from(hours: Decimal, level: int, shown: Iterable[Course], on: date) -> date | None:
    """Give the day from which `training_finding` is met; None where there is none."""
    done, certified = Decimal(), False
    for course in _courses(level, shown):
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
    needed = hours
    text = f"level-{level} course of {needed} class hours with a completion certificate"
    courses = _courses(level, shown)
    if not courses:
        return Finding(text, False, None, (), f"not shown: {text}")
    used = tuple(
        f"course of {c.hours} class hours{' with a completion certificate' if c.completion_certificate else ''}"
        + (f", completed {c.completed_on}" if c.completed_on else "")
        + ("" if c.is_formal else ", by self-study alone")
        for c in courses
    )
    day = trained_from(hours, level, courses, on)
    if day is not None:
        late = f"level-{level} course: completed {count((day - on).days, 'day')} after {on}, the day that decides"
        return Finding(text, day <= on, day, used, late if day > on else "")
    done = sum(c.hours for c in courses)
    certified = any(c.completion_certificate and c.is_formal for c in courses)
    short = f"{needed - done} of {needed} class hours are missing" if done < needed else ""
    alone = any(c.completion_certificate for c in courses)
    none = "the certificate of a course by self-study alone does not count" if alone else "there is no certificate"
    lacking = [short, "" if certified else none.replace("there is no", "there is no completion")]
    return Finding(text, False, None, used, f"level-{level} course: {' and '.join(w for w in lacking if w)}")


@dataclass(frozen=True, slots=True)
class _Run:
    """Unbroken work from `start` until before `end`; `end` None: it goes on."""

    start: date
    end: date | None

    def days_by(self, on: date) -> int:
        return max(0, (min(self.end or on, on) - self.start).days)


def _runs(asked: WorkRequirement, shown: Sequence[Work], after: date | None, on: date) -> list[_Run]:
    """Merge the fitting work into runs that neither overlap nor touch, cut to what follows the anchor."""
    spans: list[tuple[date, date | None]] = []
    for w in shown:
        if w.occupation in asked.occupation:
            start, end = max(w.from_, after or FIRST_DAY), None if w.to is None or w.to > on else w.to + ONE_DAY
            if end is None or start < end:
                spans.append((start, end))
    spans.sort(key=lambda span: (span[0], span[1] or LAST_DAY))
    tolerance = asked.gap_days if asked.counted == "continuous" else 0
    runs: list[_Run] = []
    for start, end in spans:
        last = runs[-1] if runs else None
        if last and (last.end is None or (start - last.end).days <= tolerance):
            runs[-1] = _Run(last.start, None if last.end is None or end is None else max(last.end, end))
        else:
            runs.append(_Run(start, end))
    return runs


def _work(asked: WorkRequirement, shown: Sequence[Work], on: date, anchors: Mapping[str, Finding]) -> Finding:
    anchor = anchors.get(asked.after or "")
    kind = _ANCHORS[asked.after or "certificate"]
    length, occupation = count(asked.years, "year"), f"{_one_of(_RELATIONS, asked.occupation)} occupation"
    text = f"{length} of {asked.counted} work in {occupation}" + (f" after the {kind}" if asked.after else "")
    if anchor and anchor.anchor is None:
        why = f"the day of the {kind} is not known" if anchor.met else f"there is no {kind} to count it from"
        return Finding(text, False, None, (), f"work: {why}")
    after = f" after the {anchor.anchor_name} of {anchor.anchor}" if anchor else ""
    runs = _runs(asked, shown, anchor.anchor if anchor else None, on)
    if not runs:
        is_other = shown and not any(w.occupation in asked.occupation for w in shown)
        none = f"none of the work shown is in {occupation}" if is_other else f"no work in {occupation}{after} shown"
        return Finding(text, False, None, (), f"{none} ({length} asked for)")
    used = tuple(
        f"work counted from {r.start} {f'to {r.end - ONE_DAY}' if r.end else 'on'}" for r in runs if r.start <= on
    )
    first, short = (_cumulative if asked.counted == "cumulative" else _continuous)(runs, asked.years, on)
    if first is not None and first <= on:
        return Finding(text, True, first, used)
    ended = "" if first else ", and the work shown has ended"
    return Finding(
        text, False, first, used, f"{_in_days(short, on)} short of {length + after if after else text}{ended}"
    )


def _in_days(days: int, on: date) -> str:
    """Write a number of days, and about how many years and months a long one is."""
    long = relativedelta(on + days * ONE_DAY, on)
    units = [count(n, unit) for n, unit in ((long.years, "year"), (long.months, "month")) if n]
    return count(days, "day") + (f" (about {' and '.join(units)})" if days > 60 else "")


def _cumulative(runs: Sequence[_Run], years: int, on: date) -> tuple[date | None, int]:
    """
    Add the runs up, as if each followed the one before without a gap from the first day worked.

    Returns:
        The day on which the years are complete (None: not by work that is going on), and the days short on `on`.
    """
    needed = (years_after(runs[0].start, years) - runs[0].start).days
    done = 0
    first = None
    for run in runs:
        length = (run.end - run.start).days if run.end else None
        if length is None or done + length >= needed:
            first = run.start + (needed - done) * ONE_DAY
            break
        done += length
    return first, needed - min(needed, sum(run.days_by(on) for run in runs))


def _continuous(runs: Sequence[_Run], years: int, on: date) -> tuple[date | None, int]:
    """Find the first run that has, or will have, the length; where there is none, how short the longest one is."""
    goals = [(years_after(run.start, years), run) for run in runs]
    reached = [(goal, run) for goal, run in goals if run.end is None or run.end >= goal]
    short = {goal: (goal - run.start).days - run.days_by(on) for goal, run in goals}
    if not reached:
        return None, min(short.values())
    first = min(goal for goal, _ in reached)
    return first, short[first]
