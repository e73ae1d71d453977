"""
Attempts: how many of a part were made, whether a further one is allowed and from which day, and when none is left.

Pure; the same answers refuse an admission, tell the candidate what is awaited, and move the clock.
Source: domain.md, section 5.6; the scheme's `resits` and `endorsement`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date
from decimal import Decimal

from workflow.application import Application, Attempt
from workflow.calendar import ONE_DAY
from workflow.document import FIRST_DAY
from workflow.errors import Objection
from workflow.facts import EndorsementRecorded
from workflow.language.attempting import Endorsement, Remediation, Resits
from workflow.language.durations import NEW_YEAR, Length, exam_year_end, exam_year_of
from workflow.language.limits import ends_of
from workflow.parts import complete_set, held_on, is_stage_complete, is_void
from workflow.scheme import Rules
from workflow.weighing import weighed


def counted(application: Application, rules: Rules, part: str, resits: Resits | None = None) -> list[Attempt]:
    """
    List the attempts at a part that count, in the order of their days; one whose result is to come counts.

    None counts that was carried over, or made before the course was void; an absence or a void result as `resits` say.

    Args:
        application: The application.
        rules: Its rules.
        part: The part.
        resits: The limits for which they are counted, where they are another application's; absent: its own.
    """
    resits = resits or rules.parts[part].resits
    outcomes = ("admitted", "recorded", "announced", *(("absent",) if resits and resits.counts_absence else ()))
    since = application.course_voided_on
    found = [
        x
        for x in application.attempts
        if x.part == part
        and x.outcome in outcomes
        and not x.carried_from
        and (since is None or x.sat_on > since)
        and (resits is None or resits.counts_void or not is_void(x, application, rules))
    ]
    return sorted(found, key=lambda x: x.sat_on)


def objections(
    application: Application, rules: Rules, part: str, sat_on: date, elsewhere: Sequence[Attempt] = ()
) -> Iterator[Objection]:
    """
    Say why an attempt at a part may not be made on a day by the limits on attempts; nothing where it may.

    Args:
        application: The application.
        rules: Its rules.
        part: The part.
        sat_on: The day.
        elsewhere: Attempts in other applications that its limits count as well.
    """
    resits = rules.parts[part].resits
    if resits is None:
        return
    own = counted(application, rules, part)
    made = sorted([*own, *elsewhere], key=lambda x: x.sat_on) if elsewhere else own
    if resits.in_all is not None and len(made) >= resits.in_all:
        follows = " in all applications; no attempt is left" if elsewhere else f"; {_AT_CAP[resits.at_cap]}"
        yield Objection("may_resit", f"{_used_up(made, resits.in_all)}{follows}", str(resits.clause))
        return
    if resits.most is not None:
        yield from _in_space(application, rules, part, resits, made if resits.is_in_years else own, sat_on)
    before = [x for x in made if x.sat_on <= sat_on]  # all of them, but where the attempt is entered late
    first = first_day(rules, part, before)
    if first and sat_on < first:
        text = f"sat last on {before[-1].sat_on}; the next sitting may be on {first} at the earliest"
        yield Objection("may_resit", text, str(resits.clause))
    elif len(before) < len(made) and (wait := resits.waiting_time(len(before) + 1)):
        again, first = made[len(before)].sat_on, wait.after(sat_on, rules.scheme.working_days)
        if again < first:
            text = f"sat again on {again}; after this sitting that might be on {first} at the earliest"
            yield Objection("may_resit", text, str(resits.clause))


def why_not(application: Application, rules: Rules, part: str, sat_on: date) -> Objection | None:
    """Give the first objection to an attempt at a part on a day; None where there is none."""
    return next(objections(application, rules, part, sat_on), None)


def next_day(application: Application, rules: Rules, part: str, on: date) -> date | None:
    """
    Give the first day, from a day on, on which a further attempt at a part is allowed if nothing else happens.

    None where waiting alone will not do it: something must come before, or no attempt is left.
    """
    resits = rules.parts[part].resits
    if resits is None or why_not(application, rules, part, on) is None:
        return on
    made, working = counted(application, rules, part), rules.scheme.working_days
    days = [date(on.year + 1, 1, 1), first_day(rules, part, made) or on]
    if resits.within is not None:
        days += [resits.within.after(x.sat_on, working) for x in made]
    if rules.scheme.exam_years:
        begins = rules.scheme.exam_years.begins
        days.append(exam_year_end(exam_year_of(on, begins), begins) + ONE_DAY)
    # A year alone is not enough where a longer wait follows it: each day is asked for itself.
    return min((day for day in days if day > on and why_not(application, rules, part, day) is None), default=None)


_AT_CAP = {
    "refuse": "no attempt is left",
    "expire": "the application expires once the last result is out",
    "restart_course": "the course must be taken again once the last result is out",
}


def _used_up(made: Sequence[Attempt], most: int) -> str:
    return f"{len(made)} attempts of at most {most} are used up"


def first_day(rules: Rules, part: str, made: Sequence[Attempt]) -> date | None:
    """Give the first day on which a part may be sat again after some attempts; None where there is no wait."""
    resits = rules.parts[part].resits
    waiting = resits.waiting_time(len(made)) if resits else None
    return waiting.after(made[-1].sat_on, rules.scheme.working_days) if waiting and made else None


def _in_space(
    application: Application, rules: Rules, part: str, resits: Resits, made: Sequence[Attempt], sat_on: date
) -> Iterator[Objection]:
    assert resits.most is not None
    if resits.within is not None:
        here = _fullest(made, resits.within, rules, sat_on)
    else:
        here = [x for x in made if _shares_space(x, application, rules, resits, sat_on)]
    if len(here) < resits.most:
        return
    used = f"{_used_up(here, resits.most)}{_space(resits)}"
    if resits.remediation is None:
        yield Objection("may_resit", used, str(resits.clause))
    elif (len(here) - resits.most) % resits.remediation.unlocks == 0:
        shown = endorsements(application, part, here[-1].sat_on, sat_on)
        if missing := unremedied(resits.remediation, shown):
            yield Objection("may_resit", f"{used}; before a further one: {missing}", str(resits.remediation.clause))


def _fullest(made: Sequence[Attempt], within: Length, rules: Rules, sat_on: date) -> list[Attempt]:
    """List the attempts in that period of a length around a day, wherever it begins, in which there are most."""

    def since(start: date) -> list[Attempt]:
        end = within.after(start, rules.scheme.working_days)
        return [x for x in made if start <= x.sat_on < end] if sat_on < end else []

    return max((since(start) for start in [*(x.sat_on for x in made if x.sat_on <= sat_on), sat_on]), key=len)


def _shares_space(x: Attempt, application: Application, rules: Rules, resits: Resits, sat_on: date) -> bool:
    """Tell whether an attempt is counted together with one on a day."""
    match resits.per:
        case "calendar_year":
            return x.sat_on.year == sat_on.year
        case "exam_year":
            begins = rules.scheme.exam_years.begins if rules.scheme.exam_years else NEW_YEAR
            return exam_year_of(x.sat_on, begins) == exam_year_of(sat_on, begins)
        case "course":
            return x.sat_on > _last_course(application, sat_on)
    return True


def _last_course(application: Application, by: date) -> date:
    """Give the day on which a course of the level was last completed with a certificate, by a day."""
    courses = (*weighed(application).training, *application.training)
    days = [
        c.completed_on
        for c in courses
        if c.for_level == application.level and c.completion_certificate and c.is_formal and c.completed_on
    ]
    return max((day for day in days if day <= by), default=FIRST_DAY)


def _space(resits: Resits) -> str:
    if resits.within is not None:
        return f" within {resits.within}"
    return "" if resits.per == "application" else f" in this {resits.per.replace('_', ' ')}"


def endorsements(application: Application, part: str, since: date, until: date) -> list[EndorsementRecorded]:
    """List the endorsements for a part given from one day to another, both included."""
    return [x for _, x in application.endorsements if x.part == part and since <= x.given_on <= until]


def unremedied(remediation: Remediation, shown: Sequence[EndorsementRecorded]) -> str:
    """Say what of a remediation the endorsements do not show; empty where it is done."""
    missing = []
    done = sum((x.hours or Decimal(0) for x in shown), Decimal(0))
    if remediation.hours is not None and done < remediation.hours:
        missing.append(f"{remediation.hours - done} of {remediation.hours} class hours are missing")
    if remediation.endorsement and not any(x.endorsed for x in shown):
        missing.append("an endorsement by an instructor is missing")
    return " and ".join(missing)


def unendorsed(application: Application, rules: Rules, part: str, sat_on: date) -> str:
    """Say what a part's endorsement asks for that is not shown for a sitting on a day; empty where nothing lacks."""
    asked = rules.parts[part].endorsement
    if asked is None:
        return ""
    given = endorsements(application, part, FIRST_DAY, sat_on)
    valid = [x for x in given if _is_valid(asked, x, rules, sat_on)]
    done = sum((x.hours or Decimal(0) for x in given), Decimal(0))  # hours that were taught do not run out
    missing = []
    if not any(x.endorsed for x in valid):
        ran_out = max((x.given_on for x in given if x.endorsed), default=None)
        was = f"; that of {ran_out} counted through {_last_day(asked, ran_out, rules)}" if ran_out else ""
        missing.append(f"an endorsement by an instructor is missing{was}")
    if asked.hours is not None and done < asked.hours:
        missing.append(f"{asked.hours - done} of {asked.hours} class hours are missing")
    return " and ".join(missing)


def _is_valid(asked: Endorsement, x: EndorsementRecorded, rules: Rules, day: date) -> bool:
    is_endless = asked.lasts is None and asked.until is None
    return is_endless or day <= _last_day(asked, x.given_on, rules)


def _last_day(asked: Endorsement, given_on: date, rules: Rules) -> date:
    return ends_of(asked, rules.scheme.exam_years, rules.scheme.working_days)(given_on)


def used_up(application: Application, rules: Rules, part: str) -> tuple[int, date] | None:
    """
    Tell whether no attempt at a part is left and the last result is out.

    Returns:
        The number of attempts, and the day on which the last result was known; None where there may be another attempt,
        or a result is still to come.
    """
    resits = rules.parts[part].resits
    if resits is None or resits.cap is None:
        return None
    made = counted(application, rules, part)
    if len(made) < resits.cap or any(x.is_open for x in made):
        return None
    return len(made), max(x.announced_on or x.sat_on for x in made)


def cap_reached(application: Application, rules: Rules) -> tuple[str, int, date] | None:
    """
    Find the part of which no attempt is left, so that what the scheme's `at_cap` says follows.

    A part that is held, or without which its stage can still be completed, brings nothing.

    Returns:
        The part, the number of attempts, the day on which the last result was known; None where there is none.
    """
    return next(without_a_way(application, rules, rules.capped, application.on), None)


def without_a_way(
    application: Application, rules: Rules, parts: Collection[str], day: date
) -> Iterator[tuple[str, int, date]]:
    """
    Find for each stage that can no longer be completed the part of which no attempt is left, as `cap_reached` does.

    Args:
        application: The application.
        rules: Its rules.
        parts: The parts that are asked about.
        day: The day on which a part that is held brings nothing.
    """
    held = held_on(application, rules, day)
    spent = {
        part: found for part in parts if part not in held and (found := used_up(application, rules, part)) is not None
    }
    if not spent or complete_set(application, rules):
        return
    for name, stage in rules.stages.items():
        if any(part in spent for part in stage.parts) and not is_stage_complete(name, held, application, rules):
            gone = [[part for part in way if part in spent] for way in stage.ways]
            if all(gone):
                part = max((part for parts in gone for part in parts), key=lambda part: spent[part][1])
                yield part, *spent[part]
