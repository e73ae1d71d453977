"""
The clock: what time alone does to an application, and when.

Pure; the day asked about is passed in. The nightly job writes down what this module says, and replay applies it, so an
application is expired the day it is expired, whether or not a job ran (design.md, laws 1 and 2).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from workflow.application import Application
from workflow.attempts import cap_reached
from workflow.calendar import ONE_DAY
from workflow.facts import CertificateExpired, CourseVoided, Expired, Fact, PartLapsed
from workflow.parts import complete_set, lasting_parts, open_attempts, passes, running
from workflow.renewal import next_step
from workflow.scheme import FIXED_STATES, Rules
from workflow.sets import Pass, needed

# Steps after which the clock has nothing more to do, and the state to which they lead ("": the state stays). The
# nightly job can write such a step down without the history; a test holds that both ways give the same rows.
LAST_STEPS: Final[dict[type[Fact], str]] = {Expired: "expired", CertificateExpired: ""}

_LONGEST_ROLL: Final = timedelta(days=31)  # no run of rest days that a calendar may learn of later is longer


@dataclass(frozen=True, slots=True)
class Due:
    """
    A step that the clock will take.

    Attributes:
        on: The day on which it falls due: the day after a last valid day or a deadline.
        fact: What becomes true.
    """

    on: date
    fact: Fact


def next_due(application: Application, rules: Rules) -> Due | None:
    """
    Give the next step that the clock takes if nothing else happens; None if there is none.

    A lapse is held while the result of an attempt that was sat by the last valid day is still to come: the
    application waits for the result instead of expiring under it. A deadline waits in the same way, and both wait
    while the application is suspended. After the award only the certificate can still run out.

    Source: design.md, section 3; the scheme's `lapse`, `window`, `deadlines`, `resits` and `certificate`.
    """
    if application.state == "certified":
        step = next_step(application, rules)
        return Due(*step) if step else None
    if application.suspended or (application.state in FIXED_STATES[2:] and application.state != "awaiting_award"):
        return None
    due = [d for d in (_lapse(application, rules), *_deadlines(application, rules), *_cap(application, rules)) if d]
    return min(due, key=lambda d: d.on, default=None)


def as_it_was_counted(due: Due, fact: Fact, on: date) -> Due:
    """
    Give a step of the clock as it was recorded, where only the calendar of rest days can have moved its day since.

    The calendar of a year is published the year before, and histories must replay under the one of today.

    Args:
        due: The step as it is counted today.
        fact: The step as it was recorded.
        on: Its effective day.
    """
    then, now = getattr(fact, "last_valid_on", None), getattr(due.fact, "last_valid_on", None)
    if then is None or now is None or type(fact) is not type(due.fact) or abs(then - now) > _LONGEST_ROLL:
        return due
    changes = {"last_valid_on": then} | ({"expired_on": then + ONE_DAY} if isinstance(fact, Expired) else {})
    moved = due.fact.model_copy(update=changes)
    return Due(then + ONE_DAY, moved) if moved == fact and on > then else due


def _lapse(application: Application, rules: Rules) -> Due | None:
    if complete_set(application, rules):
        return None
    latest: dict[str, Pass] = {}
    for p in passes(application, rules):
        if p.limit is not None and (p.part, p.sitting) not in application.lapsed:
            before = latest.get(p.part)
            if before is None or p.last_valid_on > before.last_valid_on:
                latest[p.part] = p
    if not rules.is_plain and latest:
        latest = needed(latest, lasting_parts(application, rules), rules)
    if not latest:
        return None
    first = min(latest.values(), key=lambda p: p.last_valid_on)
    last, limit = first.last_valid_on, first.limit
    assert limit is not None
    if open_attempts(application, last):
        return None
    if limit.effect == "expire":
        return _expiry(f"{first.part} lapsed", last, limit.clause)
    parts = (first.part,) if limit.effect == "reopen" else tuple(rules.parts)
    return _part_lapse(first.part, parts, last, limit.clause)


@lru_cache(maxsize=4096)
def _part_lapse(part: str, parts: tuple[str, ...], last: date, clause: str) -> Due:
    return Due(last + ONE_DAY, PartLapsed(part=part, parts=parts, last_valid_on=last, clause=clause))


def _deadlines(application: Application, rules: Rules) -> Iterator[Due]:
    if not rules.countdowns:
        return
    for countdown, last in running(application, rules):
        if countdown.effect == "expire" and not open_attempts(application, last):
            yield _expiry(passed(countdown.name), last, countdown.clause)


def passed(deadline: str) -> str:
    """Give the cause of an expiry by a deadline."""
    return f"deadline of {deadline} passed"


def because(expiry: Expired, rules: Rules) -> str:
    """Give the cause of an expiry for people: a deadline by its title."""
    named = (x for x in rules.countdowns.values() if expiry.cause == passed(x.name))
    return next((passed(x.title) for x in named), expiry.cause)


def _cap(application: Application, rules: Rules) -> Iterator[Due]:
    """Say what follows when no attempt at a part is left; where the course is void, it is void from the day after."""
    if not rules.capped or application.state not in rules.stages:
        return
    if (found := cap_reached(application, rules)) is not None:
        part, attempts, on = found
        resits = rules.parts[part].resits
        assert resits is not None  # only a part with a limit has a cap
        clause = str(resits.clause)
        if resits.at_cap == "expire":
            yield _expiry(f"attempts of {part} used up", on, clause)
        else:
            yield Due(on + ONE_DAY, CourseVoided(part=part, attempts=attempts, last_result_on=on, clause=clause))


@lru_cache(maxsize=4096)  # asked again at every step until it comes, and of many on the same day
def _expiry(cause: str, last: date, clause: str) -> Due:
    expired = Expired(cause=cause, last_valid_on=last, expired_on=last + ONE_DAY, clause=clause)
    return Due(expired.expired_on, expired)
