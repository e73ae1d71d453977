"""
Parts: what has been passed, until when each pass is valid, and what is still to come.

Pure; every answer is computed from the attempts and the pinned rules. Nothing here is stored.
Source: design.md, sections 3 and 4; domain.md A16-A21.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import product
from typing import Final

from workflow.application import Application, Attempt
from workflow.courses import trained_from, training_finding
from workflow.document import LAST_DAY
from workflow.evidence import Course
from workflow.findings import Finding
from workflow.language.assessed import Part
from workflow.language.limits import Countdown
from workflow.scheme import Rules
from workflow.sets import Pass, complete_sets, counting, is_complete
from workflow.validity import countdown_ends_on, last_valid_on
from workflow.weighing import weighed


def is_pass(attempt: Attempt, rules: Rules) -> bool:
    """Tell whether an attempt's result is announced and reaches the pass mark; the mark itself passes."""
    if attempt.outcome != "announced" or attempt.score is None or attempt.part not in rules.parts:
        return False
    part = rules.parts[attempt.part]
    pass_mark = part.pass_mark if attempt.pass_mark is None else attempt.pass_mark
    return attempt.score >= pass_mark and (not part.components or _components_pass(attempt, part))


def _components_pass(attempt: Attempt, part: Part) -> bool:
    """Tell whether the components of an attempt do not fail it; a part that was carried over had been passed."""
    if attempt.carried_from:
        return True
    marks, missed = dict(attempt.components), 0
    for key, component in part.components_that_decide.items():
        reached = marks.get(key, Decimal(0))
        if component.floor is not None and reached < component.floor:
            return False
        missed += component.pass_mark is not None and reached < component.pass_mark
    return missed <= part.may_fail


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
    """Every pass of an application, what stands for exempt parts, and those that make up a complete set."""

    passes: tuple[Pass, ...]
    complete: tuple[Pass, ...]
    exempt: tuple[Pass, ...] = ()


_NOTHING_PASSED: Final = _Passed((), ())


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
        if rules.is_plain:
            known = _Passed(found, _complete_set(found, rules)) if found else _NOTHING_PASSED
        else:
            exempt = tuple(_exempt(application))
            found = counting(found, exempt, rules)
            known = _Passed(found, next(complete_sets(found, exempt, rules), ()), exempt)
        application.remembered[rules] = known
    return known


def _exempt(application: Application) -> Iterable[Pass]:
    """Say what stands in the place of passes for the parts of which the candidate is exempt, each once."""
    parts: dict[str, str] = {}
    for key, granted in application.exemptions.items():
        for part in granted:
            parts.setdefault(part, key)
    day = application.measured_on
    return (Pass(part, "", day, day, LAST_DAY, exemption=key) for part, key in parts.items())


def _passes(application: Application, rules: Rules) -> tuple[Pass, ...]:
    found = []
    for attempt in application.attempts:
        if attempt.announced_on is None or not is_pass(attempt, rules):
            continue
        if application.findings and is_void(attempt, application, rules):
            continue
        last, limit = last_valid_on(attempt, attempt.announced_on, application, rules)
        if application.extensions:
            last = max([last, *(until for part, until in application.extensions if part == attempt.part)])
        judged = attempt.sat_on if rules.scheme.completion.judged_on == "sat" else attempt.announced_on
        found.append(Pass(attempt.part, attempt.sitting, attempt.sat_on, judged, last, limit, attempt.score))
    if application.restarted:  # what was passed before a restart no longer helps
        found = [p for p in found if (p.part, p.sitting) not in application.restarted]
    return tuple(found)


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
    return _held(_passed(application, rules), rules, day)


def _held(passed: _Passed, rules: Rules, day: date) -> dict[str, Pass]:
    if passed.complete:
        return {p.part: p for p in passed.complete}
    if not passed.passes and not passed.exempt:
        return {}
    held: dict[str, Pass] = {p.part: p for p in passed.exempt}
    for p in passed.passes:
        if p.last_valid_on >= day and (p.part not in held or p.last_valid_on > held[p.part].last_valid_on):
            held[p.part] = p
    return {part: held[part] for part in rules.parts if part in held}


def open_attempts(application: Application, by: date) -> list[Attempt]:
    """List the attempts at sittings up to a day whose result is still to come; such an attempt holds the clock."""
    return [a for a in application.attempts if a.is_open and a.sat_on <= by]


def running(application: Application, rules: Rules) -> list[tuple[Countdown, date]]:
    """
    List the countdowns that run now, each with its last day.

    Where all parts are passed, those that limit the time until then have been kept, also while a decision is reopened.
    So has that of a stage which is complete, and is not left only because a pass of an earlier one has run out.
    """
    found = ((x, countdown_ends_on(x, application, rules)) for x in rules.countdowns.values())
    runs = [(countdown, last) for countdown, last in found if last is not None]
    if not runs:
        return runs
    if complete_set(application, rules):
        return [(countdown, last) for countdown, last in runs if countdown.is_of_a_wait]
    held = held_on(application, rules, application.on)
    if application.state in rules.stages and is_stage_complete(application.state, held, application, rules):
        return [(countdown, last) for countdown, last in runs if countdown.name != application.state]
    return runs


def exempt_parts(application: Application, rules: Rules) -> dict[str, str]:
    """Give the parts of which the candidate is exempt, each with the key of the exemption."""
    return {p.part: p.exemption for p in _passed(application, rules).exempt}


def lasting_parts(application: Application, rules: Rules) -> set[str]:
    """Give the parts that are held and do not run out."""
    passed = _passed(application, rules)
    return {p.part for p in (*passed.passes, *passed.exempt) if p.limit is None}


def is_stage_complete(stage: str, held: Collection[str], application: Application, rules: Rules) -> bool:
    """Tell whether a stage is complete by the parts that are held."""
    passed = _passed(application, rules)
    return is_complete(rules.stages[stage], held, passed.passes, passed.exempt)


def lacks_marks(stage: str, held: Collection[str], application: Application, rules: Rules) -> bool:
    """Tell whether every part of a stage that it needs is held, and yet the marks that its group must have are not."""
    known = rules.stages[stage]
    if not known.has_marks or not any(all(part in held for part in way) for way in known.ways):
        return False
    return not is_stage_complete(stage, held, application, rules)


def _courses(application: Application, void: date | None) -> tuple[Course, ...]:
    """List the courses that count: none of those that were done when the course was made void."""
    shown = (*weighed(application).training, *application.training)
    return tuple(course for course in shown if course.completed_on and course.completed_on > void) if void else shown


def _is_course_open(application: Application, rules: Rules) -> bool:
    """Tell whether a course is asked for: no waiver, and no pass come to light that the void course had led to."""
    if rules.level.training.hours is None or application.is_training_waived:
        return False
    if (void := application.course_voided_on) is None:
        return True
    part = application.course_voided_for
    return not any(p.part == part and p.sat_on <= void <= p.last_valid_on for p in passes(application, rules))


def training_gate(application: Application, rules: Rules) -> Finding | None:
    """Answer whether the training gate is passed; None where it is waived, by the scheme or by a decision."""
    hours = rules.level.training.hours
    if hours is None or not _is_course_open(application, rules):
        return None
    courses = _courses(application, application.course_voided_on)
    return training_finding(hours, application.level, courses, application.on)


def is_trained(application: Application, rules: Rules) -> bool:
    """Tell whether the training gate is passed or waived, as `training_gate` does, without the words."""
    void = application.course_voided_on
    if not void and rules in application.trained_by:
        return True
    training = rules.level.training
    if training.hours is None or application.is_training_waived:
        return True
    if void and not _is_course_open(application, rules):
        return True
    met_from = trained_from(training.hours, application.level, _courses(application, void), application.on)
    is_met = met_from is not None and met_from <= application.on
    if is_met and not void:  # and no later day can change that, until other courses or another reading of them come
        application.trained_by.add(rules)
    return is_met


def stage_of(application: Application, rules: Rules) -> str:
    """
    Give the stage in which the facts put an application that has not ended.

    The first part not yet held names the stage, so who passes skills first stays in the theory stage (design.md,
    section 3; domain.md A23).
    """
    if application.findings and any(rules.scheme.misconduct[x.degree].ends for _, _, x in application.findings):
        return "annulled"
    if not application.condition or not is_trained(application, rules):
        return "submitted"
    for attempt in application.attempts:
        if attempt.outcome != "cancelled":
            break
    else:
        return "awaiting_award" if application.exemptions and complete_set(application, rules) else "trained"
    passed = _passed(application, rules)
    if passed.complete:
        return "awaiting_award"
    held = set(_held(passed, rules, application.on))
    # A lapse that waits for a result has not happened yet: whoever waits stays in the stage where the wait began.
    if passed.passes and (awaited := [a.sat_on for a in application.attempts if a.is_open]):
        since = min(awaited)
        held.update(p.part for p in passed.passes if since <= p.last_valid_on)
    unlapsed = [p.part for p in passed.passes if (p.part, p.sitting) not in application.lapsed]
    if (on := application.suspended_on) is not None:  # nor has one that waits for the end of a suspension
        held.update(p.part for p in passed.passes if application.lapsed.get((p.part, p.sitting), LAST_DAY) > on)
    stages = list(rules.stages)
    first = _first_open(held, application, rules)
    # A pass that has run out, of which the clock has not been asked yet, moves nothing: not back, and not forward.
    was = application.state if application.state in stages or not application.left else application.left.state
    where = len(stages) if was == "awaiting_award" else stages.index(was) if was in stages else first
    if first < where:
        first = min(_first_open(held.union(unlapsed), application, rules), where)
    # All held and yet no complete set: a part was passed before one that it requires, so the last must be taken again.
    return stages[min(first, len(stages) - 1)]


def _first_open(held: Collection[str], application: Application, rules: Rules) -> int:
    """Give the place of the first stage that is not complete; behind them all where every one is."""
    for place, (name, stage) in enumerate(rules.stages.items()):
        if (stage.parts[0] not in held) if stage.is_plain else not is_stage_complete(name, held, application, rules):
            return place
    return len(rules.stages)
