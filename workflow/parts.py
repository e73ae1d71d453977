"""
Parts: what has been passed, until when each pass is valid, and what is still to come.

Pure; every answer is computed from the attempts and the pinned rules. Nothing here is stored.
Source: design.md, sections 3 and 4; domain.md A16-A21.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import product

from workflow.application import Application, Attempt
from workflow.calendar import last_valid_day
from workflow.document import LAST_DAY
from workflow.requirements import Finding, trained_from, training_finding
from workflow.scheme import Rules
from workflow.weighing import weighed


@dataclass(frozen=True, slots=True)
class Pass:
    """
    A passed attempt.

    Attributes:
        part: The part.
        sitting: The sitting at which it was passed.
        sat_on: Day of the sitting.
        judged_on: The day that decides completion: sat or announced, by the scheme.
        last_valid_on: Last day on which it counts; `LAST_DAY` where the part does not lapse.
    """

    part: str
    sitting: str
    sat_on: date
    judged_on: date
    last_valid_on: date


def is_pass(attempt: Attempt, rules: Rules) -> bool:
    """Tell whether an attempt's result is announced and reaches the pass mark; the mark itself passes."""
    return (
        attempt.outcome == "announced"
        and attempt.score is not None
        and attempt.part in rules.parts
        and attempt.score >= rules.parts[attempt.part].pass_mark
    )


def is_void(attempt: Attempt, application: Application, rules: Rules) -> bool:
    """Tell whether a finding of misconduct in force takes an attempt's result away; its marks stay visible."""
    for _sequence, on, finding in application.findings:
        match rules.scheme.misconduct[finding.degree].voids:
            case "part" if (attempt.part, attempt.sitting) == (finding.part, finding.sitting):
                return True
            case "session" if attempt.sitting == finding.sitting:
                return True
            case "all" if attempt.sat_on <= on:
                return True
    return False


@dataclass(frozen=True, slots=True)
class _Passed:
    """Every pass of an application, and those that make up a complete set."""

    passes: tuple[Pass, ...]
    complete: tuple[Pass, ...]


def passes(application: Application, rules: Rules) -> tuple[Pass, ...]:
    """List every pass, valid or not, in the order of recording."""
    return _passed(application, rules).passes


def complete_set(application: Application, rules: Rules) -> tuple[Pass, ...]:
    """
    Find one pass of every part such that all were valid together; empty if there is none.

    All were valid together if the last of them was taken (or announced, by the scheme) no later than the first of
    them ran out, and each was taken while the parts that it requires were held. A complete set does not lapse any
    more (design.md, section 3; domain.md A18 and A21).
    """
    return _passed(application, rules).complete


def _passed(application: Application, rules: Rules) -> _Passed:
    """Say what is passed; found once, since neither the snapshot nor the rules change and every rule asks again."""
    known: _Passed | None = application.remembered.get(rules)
    if known is None:
        found = _passes(application, rules)
        known = application.remembered[rules] = _Passed(found, _complete_set(found, rules))
    return known


def _passes(application: Application, rules: Rules) -> tuple[Pass, ...]:
    found = []
    for attempt in application.attempts:
        if not is_pass(attempt, rules) or attempt.announced_on is None or is_void(attempt, application, rules):
            continue
        last = attempt.last_valid_on or _last_valid_on(attempt, attempt.announced_on, rules)
        if application.extensions:
            last = max([last, *(until for part, until in application.extensions if part == attempt.part)])
        judged = attempt.sat_on if rules.scheme.completion.judged_on == "sat" else attempt.announced_on
        found.append(Pass(attempt.part, attempt.sitting, attempt.sat_on, judged, last))
    if rules.scheme.lapse.effect == "restart":  # what was passed before a restart no longer helps
        found = [p for p in found if (p.part, p.sitting) not in application.lapsed]
    return tuple(found)


def _last_valid_on(attempt: Attempt, announced_on: date, rules: Rules) -> date:
    validity = rules.parts[attempt.part].validity
    if validity is None:
        return LAST_DAY
    anchor = announced_on if validity.counted_from == "announced" else attempt.sat_on
    return last_valid_day(anchor, validity.length, validity.last_day)


def _complete_set(found: tuple[Pass, ...], rules: Rules) -> tuple[Pass, ...]:
    if len(found) < len(rules.parts):
        return ()
    by_part: dict[str, list[Pass]] = {part: [] for part in rules.parts}
    for p in found:
        by_part[p.part].append(p)
    for choice in product(*by_part.values()):
        if max(p.judged_on for p in choice) <= min(p.last_valid_on for p in choice) and _prerequisites_hold(
            choice, rules
        ):
            return choice
    return ()


def _prerequisites_hold(choice: Iterable[Pass], rules: Rules) -> bool:
    by_part = {p.part: p for p in choice}
    return all(
        by_part[needed].sat_on <= p.sat_on <= by_part[needed].last_valid_on
        for p in by_part.values()
        for needed in rules.parts[p.part].requires
    )


def held_on(application: Application, rules: Rules, day: date) -> dict[str, Pass]:
    """
    Give the parts held on a day, each with its longest-lasting pass, in the order of the stages.

    All parts of a complete set are held for good.
    """
    passed = _passed(application, rules)
    if passed.complete:
        return {p.part: p for p in passed.complete}
    if not passed.passes:
        return {}
    held: dict[str, Pass] = {}
    for p in passed.passes:
        if p.last_valid_on >= day and (p.part not in held or p.last_valid_on > held[p.part].last_valid_on):
            held[p.part] = p
    return {part: held[part] for part in rules.parts if part in held}


def certificate_standing(application: Application, rules: Rules, day: date) -> tuple[str, date | None]:
    """
    Give where a certificate stands on a day, and its last valid day.

    Returns:
        `valid`, `suspended`, `revoked`, or `expired` where its time has run out, whether or not anybody wrote it down;
        empty without a certificate. The last valid day counts; None where it does not end.
    """
    period = rules.scheme.certificate.valid_for
    last = period.after(application.awarded_on) if period and application.awarded_on else None
    stored = application.certificate_standing
    is_over = last is not None and day > last
    return ("expired" if is_over and stored in ("valid", "suspended") else stored), last


def open_attempts(application: Application, by: date) -> list[Attempt]:
    """List the attempts at sittings up to a day whose result is still to come; such an attempt holds the clock."""
    return [a for a in application.attempts if a.is_open and a.sat_on <= by]


def training_gate(application: Application, rules: Rules) -> Finding | None:
    """Answer whether the training gate is passed; None where it is waived, by the scheme or by a decision."""
    training = rules.level.training
    if training.hours is None or application.is_training_waived:
        return None
    courses = (*weighed(application).training, *application.training)
    return training_finding(training.hours, application.level, courses, application.on)


def is_trained(application: Application, rules: Rules) -> bool:
    """Tell whether the training gate is passed or waived, as `training_gate` does, without the words."""
    training = rules.level.training
    if training.hours is None or application.is_training_waived:
        return True
    courses = (*weighed(application).training, *application.training)
    met_from = trained_from(training.hours, application.level, courses, application.on)
    return met_from is not None and met_from <= application.on


def stage_of(application: Application, rules: Rules) -> str:
    """
    Give the stage in which the facts put an application that has not ended.

    The first part not yet held names the stage, so who passes skills first stays in the theory stage (design.md,
    section 3; domain.md A23).
    """
    if application.findings and any(rules.scheme.misconduct[x.degree].ends for _, _, x in application.findings):
        return "annulled"
    if not application.condition:
        return "submitted"
    if not is_trained(application, rules):
        return "submitted"
    if all(a.outcome == "cancelled" for a in application.attempts):
        return "trained"
    if complete_set(application, rules):
        return "awaiting_award"
    held = set(held_on(application, rules, application.on))
    # A lapse that waits for a result has not happened yet: whoever waits stays in the stage where the wait began.
    if found := passes(application, rules):
        awaited = [a.sat_on for a in application.attempts if a.is_open]
        held.update(p.part for p in found if awaited and min(awaited) <= p.last_valid_on)
    for stage, part in rules.stages.items():
        if part not in held:
            return stage
    # All held and yet no complete set: a part was passed before one that it requires, so the last must be taken again.
    return list(rules.stages)[-1]
