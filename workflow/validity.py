"""
Validity: until which day a pass counts, and when the other clocks of an application run out.

Pure; every day is computed from the facts and the pinned rules, nothing is stored. What follows is said in `clock`.
Source: design.md, section 4; domain.md, sections 2.1, 5.3, 5.4 and 5.7.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from workflow.application import Application, Attempt
from workflow.courses import trained_from
from workflow.document import LAST_DAY
from workflow.language.limits import Countdown, Limit
from workflow.scheme import Rules
from workflow.weighing import weighed

_ATTENDED = ("recorded", "announced")


def last_valid_on(
    attempt: Attempt, announced_on: date, application: Application, rules: Rules
) -> tuple[date, Limit | None]:
    """
    Give the last day on which a pass counts, extensions aside, and the limit that sets it.

    Args:
        attempt: The attempt that was passed.
        announced_on: The day on which its result was announced.
        application: The application.
        rules: Its rules.

    Returns:
        `LAST_DAY` and None where it does not run out. A pass that was carried over keeps the day that it came with.
    """
    limits = rules.limits.get(attempt.part)
    if limits is None:
        return attempt.last_valid_on or LAST_DAY, None
    if attempt.last_valid_on is not None:
        return attempt.last_valid_on, limits[0]
    if len(limits) == 1:
        limit = limits[0]
        return _last_day(limit, attempt, announced_on, application, rules), limit
    days = [(_last_day(limit, attempt, announced_on, application, rules), limit) for limit in limits]
    return min(days, key=lambda found: found[0])


def _last_day(limit: Limit, attempt: Attempt, announced_on: date, application: Application, rules: Rules) -> date:
    match limit.counted_from:
        case "announced":
            start: date | None = announced_on
        case "sat":
            start = attempt.sat_on
        case "released":
            start = attempt.released_on or announced_on
        case "assessed":
            start = attempt.assessed_on or attempt.sat_on
        case "registration_closed":
            start = attempt.registration_closed_on or attempt.sat_on
        case "first_attempt":
            return _window_of(attempt, limit, application)
        case day:
            start = application_day(day, application, rules)
    return limit.ends(start or application.measured_on)


def _window_of(attempt: Attempt, limit: Limit, application: Application) -> date:
    """Give the last day of the window in which an attempt was sat; the first attempt after one has closed opens one."""
    last = None
    for day in sorted(x.sat_on for x in application.attempts if _opens_a_window(x, application)):
        if last is None or day > last:
            last = limit.ends(day)
        if attempt.sat_on <= last:
            return last
    return limit.ends(attempt.sat_on)


def _opens_a_window(attempt: Attempt, application: Application) -> bool:
    return attempt.outcome in _ATTENDED and (attempt.part, attempt.sitting) not in application.restarted


def application_day(name: str, application: Application, rules: Rules) -> date | None:
    """
    Give a day of an application from which something is counted; None while it has not come.

    Args:
        name: `submitted` (of a draft: completed), `approved` (the latest acceptance), `course_completed` (where it was
            waived: `approved`), `first_attempt` (the first sitting attended since all parts started again) or
            `last_attempt` (the latest attended).
        application: The application.
        rules: Its rules.
    """
    match name:
        case "submitted":
            return None if application.is_draft else application.measured_on
        case "approved":
            return application.accepted_on
        case "course_completed":
            hours = rules.level.training.hours
            if hours is None or application.is_training_waived:
                return application.accepted_on
            courses = (*weighed(application).training, *application.training)
            return trained_from(hours, application.level, courses, application.measured_on)
        case "first_attempt":
            return min((x.sat_on for x in application.attempts if _opens_a_window(x, application)), default=None)
        case "last_attempt":
            return max((x.sat_on for x in application.attempts if x.outcome in _ATTENDED), default=None)
    raise ValueError(f"no day of an application is called {name!r}")


def authorization(application: Application, part: str = "") -> tuple[date, date | None, int, str] | None:
    """Give the latest authorization that is for a part, or for any where none is named; None if there is none."""
    given = (x for x in reversed(application.authorizations) if not part or x[3] in ("", part))
    return next(given, None)


def countdown_started_on(countdown: Countdown, application: Application, rules: Rules, part: str = "") -> date | None:
    """Give the day from which a countdown runs now, for a part where one is named; None while it does not run."""
    if application.state not in countdown.states:
        return None
    match countdown.counted_from:
        case "":
            return application.submitted_on
        case "entered":
            return application.entered_on
        case "drafted":
            return application.submitted_on if application.is_draft else None
        case "returned":
            return application.returned_on if application.returned else None
        case "approved" | "course_completed" if not application.condition:
            return None  # the decision is reopened: its time counts anew from the next one
        case "authorized":
            given = authorization(application, part)
            return given[0] if given else None
        case day:
            return application_day(day, application, rules)


def countdown_ends_on(countdown: Countdown, application: Application, rules: Rules, part: str = "") -> date | None:
    """
    Give the last day of a countdown that runs now: by its own length, lengthened by the board, cut by the outer one.

    Where a part is named, by the authorization for that part. None while it does not run.
    """
    start = countdown_started_on(countdown, application, rules, part)
    if start is None:
        return None
    last = countdown.ends(start)
    given = authorization(application, part) if countdown.counted_from == "authorized" else None
    if given is not None and given[1] is not None:
        last = min(last, given[1])
    for name, until in application.deadline_extensions:
        if name == countdown.name:
            last = max(last, until)
    outer = rules.countdowns.get(countdown.not_after)
    cut = countdown_ends_on(outer, application, rules) if outer else None
    return last if cut is None else min(last, cut)


def sittings_left(countdown: Countdown, application: Application, part: str = "") -> int | None:
    """Give how many sittings the latest authorization for a part still serves; None where it serves any number."""
    if countdown.sittings is None:
        return None
    if (given := authorization(application, part)) is None:
        return 0
    _on, _until, before, only = given
    served = sum(x.outcome != "cancelled" and only in ("", x.part) for x in application.attempts[before:])
    return max(0, countdown.sittings - served)


def is_authorization_awaited(application: Application, rules: Rules, day: date, parts: Collection[str]) -> bool:
    """
    Tell whether the scheme asks for an authorization to test and none is in force on a day, or it has been used.

    Args:
        application: The application.
        rules: Its rules.
        day: The day.
        parts: The parts that are still to be passed: one that may be sat is enough.
    """
    return any(
        all(_is_shut(countdown, application, rules, day, part) for part in parts)
        for countdown in rules.countdowns.values()
        if countdown.counted_from == "authorized" and countdown.effect == "close"
    )


def _is_shut(countdown: Countdown, application: Application, rules: Rules, day: date, part: str) -> bool:
    last = countdown_ends_on(countdown, application, rules, part)
    return last is None or day > last or sittings_left(countdown, application, part) == 0
