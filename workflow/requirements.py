"""
Requirements: from which day on one thing that a condition asks for is met, and in words what is missing.

Pure. Every judgement answers one question, *from which day on is it met, if all goes on as shown*; met means that this
day has come, so the verdict, the first day and the explanation cannot disagree.
Source: design.md, section 4; domain.md, readings A5-A9 and A31-A35.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Final

from workflow.calendar import ONE_DAY, count, years_after
from workflow.courses import course_finding
from workflow.evidence import Certificate, Credit, Education, Evidence, Statement, Title
from workflow.findings import RELATIONS, Finding, Piece, first_day, from_first
from workflow.language.conditions import (
    AgeRequirement,
    CertificateRequirement,
    CreditsRequirement,
    EducationRequirement,
    Requirement,
    StatementRequirement,
    TitleRequirement,
    TrainingRequirement,
    WorkRequirement,
)
from workflow.language.terms import Terms, one_of, one_of_named
from workflow.work_length import work_finding


def judge(
    requirement: Requirement, level: int, evidence: Evidence, on: date, anchors: Mapping[str, Finding], terms: Terms
) -> Finding:
    """
    Answer one requirement.

    Args:
        requirement: What is asked for.
        level: The level applied for; courses count for this level only.
        evidence: What is shown.
        on: The day asked about.
        anchors: The answers for the other pieces of the same condition, from which work may count.
        terms: What the words of the evidence mean.
    """
    match requirement.asked:
        case EducationRequirement() as asked:
            return _education(asked, evidence.education, on, terms)
        case CertificateRequirement() as asked:
            return certificate_finding(asked, evidence.certificates, on, terms)
        case TrainingRequirement() as asked:
            return course_finding(asked, level, evidence.training, on)
        case WorkRequirement() as asked:
            return work_finding(asked, evidence.work, on, anchors)
        case AgeRequirement() as asked:
            return _age(asked, evidence.born_on, on)
        case TitleRequirement() as asked:
            return _title(asked, evidence.titles, on)
        case CreditsRequirement() as asked:
            return _credits(asked, evidence.credits, on)
        case StatementRequirement() as asked:
            return _statement(asked, evidence.statements, on)


def all_met(
    requirements: Sequence[Requirement], level: int, evidence: Evidence, on: date, terms: Terms
) -> list[Finding]:
    """Answer requirements that stand together, those first from which work may count."""
    anchors: dict[str, Finding] = {}
    findings: list[Finding] = []
    # Whatever work may count from comes first, whatever the order in the document.
    for requirement in sorted(requirements, key=lambda r: r.work is not None):
        finding = judge(requirement, level, evidence, on, anchors, terms)
        findings.append(finding)
        anchors.setdefault(requirement.kind, finding)
    return findings


_STATUSES: Final = {"graduated": "finished", "final_year": "in the final year", "enrolled": "under way"}
_VOWELS: Final = frozenset("aeio")  # a university
_KINDS: Final = {"vq": "vocational qualification", "sl": "skill level"}


@lru_cache(maxsize=1_000)  # schemes hold few requirements, and each is asked of every application
def _wanted(
    asked: EducationRequirement, terms: Terms
) -> tuple[str, tuple[tuple[str, Callable[[Education], bool]], ...]]:
    """Give what is asked of an education in words, and each piece of it in words and as a question."""
    lowest = asked.degree_at_least
    degrees = asked.degree or (terms.degrees_from(lowest) if lowest else ())
    degree_words = f"{terms.degree_words(lowest)} or higher" if lowest else one_of(map(terms.degree_words, degrees))
    schools, fields = asked.school or (), asked.field or ()
    school_words = one_of(map(terms.school_words, schools))
    article = "an" if school_words[:1] in _VOWELS else "a"
    checks: tuple[tuple[object, str, Callable[[Education], bool]], ...] = (
        (degrees, degree_words, lambda e: e.degree in degrees),
        (schools, f"from {article} {school_words}", lambda e: terms.school_of(e) in schools),
        (
            asked.evaluated_for,
            f"evaluated for {asked.evaluated_for} skills",
            lambda e: e.evaluated_for == asked.evaluated_for,
        ),
        (fields, f"in {one_of_named(RELATIONS, fields)} major", lambda e: e.field in fields),
        (asked.status, one_of_named(_STATUSES, asked.status), lambda e: e.status in asked.status),
    )
    wanted = tuple((words, is_so) for is_asked, words, is_so in checks if is_asked)
    held = f", for {asked.held_for}" if asked.held_for else ""
    return ("" if degrees else "education ") + ", ".join(words for words, _ in wanted) + held, wanted


def _education(asked: EducationRequirement, shown: Sequence[Education], on: date, terms: Terms) -> Finding:
    text, wanted = _wanted(asked, terms)

    def piece(e: Education) -> Piece:
        name = terms.degree_words(e.degree) if e.degree else f"{terms.school_words(terms.school_of(e))} diploma"
        day = f" {e.completed_on}" if e.completed_on else ""
        major = f" in {RELATIONS[e.field]} major" if asked.field or e.field != "other" else ""
        words = f"{name}{major}, {_STATUSES[e.status]}{day}"
        return Piece(e.completed_on if e.status == "graduated" else None, name, words)

    lacking = {e: [words for words, is_so in wanted if not is_so(e)] for e in shown}
    fitting = [piece(e) for e in shown if not lacking[e]]
    if fitting:
        return from_first(fitting, on, text, "", asked.held_for)
    near = min(((len(words), piece(e).words, words) for e, words in lacking.items()), default=None)
    missing = f"{near[1]}, does not fit (asked for: {', '.join(near[2])})" if near else f"not shown: {text}"
    return from_first(fitting, on, text, missing)


def certificate_finding(asked: CertificateRequirement, shown: Sequence[Certificate], on: date, terms: Terms) -> Finding:
    """Answer a requirement that asks for a certificate; its level counts as the edition's level maps say."""
    name = f"{_level_name(asked.level)} certificate"
    kinds = "" if len(set(asked.kind)) == len(_KINDS) else f" ({one_of_named(_KINDS, asked.kind)})"
    held = f", for {asked.held_for}" if asked.held_for else ""
    text = f"{name}{kinds} of {one_of_named(RELATIONS, asked.occupation)} occupation{held}"

    def described(c: Certificate) -> str:
        edition = f" under edition {c.edition} (its {_level_name(c.level)})" if c.edition else ""
        return f"{name} ({_KINDS[c.kind]}) of {RELATIONS[c.occupation]} occupation, issued {c.issued_on}{edition}"

    same_level = [c for c in shown if terms.level_of(c.edition, c.level) == asked.level]
    fitting = [
        Piece(c.issued_on, name, described(c), c.valid_until)
        for c in same_level
        if c.occupation in asked.occupation and c.kind in asked.kind
    ]
    if fitting:
        return from_first(fitting, on, text, "", asked.held_for)
    near = min(map(described, same_level), default="")
    if near:
        return from_first(fitting, on, text, f"{near}, does not fit (asked for: {text})")
    unmapped = [c for c in shown if c.level == asked.level and terms.level_of(c.edition, c.level) != c.level]
    if unmapped:
        c = unmapped[0]
        here = terms.level_of(c.edition, c.level)
        counts = f"counts as {_level_name(here)} here" if here else "counts as no level here"
        return from_first((), on, text, f"{_level_name(c.level)} of edition {c.edition} {counts}")
    return from_first((), on, text, f"not shown: {text}")


def _level_name(level: int | str) -> str:
    return f"level-{level}" if isinstance(level, int) else level.replace("_", " ")


def _age(asked: AgeRequirement, born_on: date | None, on: date) -> Finding:
    wanted = [f"at least {asked.least}"] if asked.least is not None else []
    wanted += [f"at most {asked.most}"] if asked.most is not None else []
    text = f"age of {' and '.join(wanted)} years"
    if born_on is None:
        return Finding(text, False, None, (), f"not shown: the birthday (born_on), for {text}")
    reached = years_after(born_on, asked.least or 0)
    until = years_after(born_on, asked.most + 1) - ONE_DAY if asked.most is not None else None
    if until is not None and until < on:
        return Finding(text, False, None, (), f"{text}: it was passed on {until}")
    if reached <= on:
        return Finding(text, True, reached, (f"age of {asked.least or 0} years reached on {reached}",))
    late = f"age of {asked.least} years is reached on {reached}, {count((reached - on).days, 'day')} after {on}"
    return Finding(text, False, reached, (), late)


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


def _title(asked: TitleRequirement, shown: Sequence[Title], on: date) -> Finding:
    held = f", held for {asked.held_for}" if asked.held_for else ""
    text = f"title {one_of(asked.any_of)}{held}"
    wanted = {_folded(name) for name in asked.any_of}
    fitting = [
        Piece(t.held_from, t.title, f"{t.title}, held from {t.held_from}", t.until)
        for t in shown
        if _folded(t.title) in wanted
    ]
    others = ", ".join(sorted(t.title for t in shown))
    missing = f"{others}, does not fit (asked for: {text})" if others else f"not shown: {text}"
    return from_first(fitting, on, text, missing, asked.held_for)


def _statement(asked: StatementRequirement, shown: Sequence[Statement], on: date) -> Finding:
    within = asked.within
    text = one_of(asked.any_of) + (f", made within {within}" if within else "")
    wanted = {_folded(name) for name in asked.any_of}
    fitting, missing = [], f"not shown: {text}"
    for s in shown:
        if _folded(s.statement) not in wanted:
            continue
        words = s.statement + (f" of {s.made_on}" if s.made_on else "")
        if within and s.made_on is None:
            missing = f"{words}: its day is not known, and it must be made within {within}"
            continue
        ends = [day for day in (s.until, within.after(s.made_on) if within and s.made_on else None) if day]
        fitting.append(Piece(s.made_on, s.statement, words, min(ends, default=None)))
    return from_first(fitting, on, text, missing)


def _credits(asked: CreditsRequirement, shown: Sequence[Credit], on: date) -> Finding:
    of = f" of {one_of(asked.level)} level" if asked.level else ""
    text = f"{asked.least} credits{f' in {one_of(asked.field)}' if asked.field else ''}{of}"
    text += f", earned within {asked.within}" if asked.within else ""
    fields, levels = {_folded(x) for x in asked.field}, {_folded(x) for x in asked.level}
    fitting = [
        c for c in shown if (not fields or _folded(c.field) in fields) and (not levels or _folded(c.level) in levels)
    ]

    def earned(day: date) -> Decimal:
        return sum((c.credits for c in fitting if _counts(c, day, asked)), Decimal())

    day = first_day([c.earned_on for c in fitting if c.earned_on], lambda day: earned(day) >= asked.least, on)
    have = earned(on)
    used = (f"{have} credits that count",) if have else ()
    if day is not None and day <= on:
        return Finding(text, True, day, used)
    lacking = f"{asked.least - have} of {text} are missing" if have else f"not shown: {text}"
    late = f"; enough are earned by {day}, {count((day - on).days, 'day')} after {on}" if day else ""
    return Finding(text, False, day, used, lacking + late)


def _counts(c: Credit, on: date, asked: CreditsRequirement) -> bool:
    if c.earned_on is None:
        return asked.within is None
    return c.earned_on <= on and (asked.within is None or on <= asked.within.after(c.earned_on))
