"""Rules of time: sittings inside the clocks of an application, authorizations to test, deadlines lengthened."""

from __future__ import annotations

from workflow.calendar import count
from workflow.errors import Objection
from workflow.language.limits import Countdown
from workflow.rules.move import Move, only_where
from workflow.rules.results import part_is_assessed
from workflow.validity import authorization, countdown_ends_on, countdown_started_on, sittings_left


@only_where(lambda rules: any(not countdown.is_of_a_wait for countdown in rules.countdowns.values()))
def outlasts_deadlines(move: Move) -> Objection | None:
    """No seat beyond the last day of a time that is counted from a day of its own, nor where it has not begun."""
    for countdown in move.rules.countdowns.values():
        if not countdown.is_of_a_wait and (no := _outside(countdown, move)):
            return no
    return None


@only_where(lambda rules: any(countdown.sittings is not None for countdown in rules.countdowns.values()))
def is_authorized(move: Move) -> Objection | None:
    """An authorization serves as many sittings as the scheme says; a further one needs a new authorization."""
    for countdown in move.rules.countdowns.values():
        given = authorization(move.application, move.fact.part) if countdown.sittings is not None else None
        if given and countdown.sittings and sittings_left(countdown, move.application, move.fact.part) == 0:
            text = f"the authorization of {given[0]} has been used: it serves {count(countdown.sittings, 'sitting')}"
            return Objection("is_authorized", text, countdown.clause)
    return None


def _outside(countdown: Countdown, move: Move) -> Objection | None:
    asked = (countdown, move.application, move.rules, move.fact.part)
    start, last = countdown_started_on(*asked), countdown_ends_on(*asked)
    sat_on = move.fact.sat_on
    # What a sitting itself begins bars none before it, or nobody would ever come to the first.
    must_begin = countdown.effect == "close" and countdown.counted_from not in ("first_attempt", "last_attempt")
    text = ""
    if start is None or last is None:
        if must_begin:
            whose = f" for {move.fact.part}" if move.application.authorizations else ""
            text = f"{countdown.title} has not begun{whose}: it is counted from the day {countdown.counted_from}"
    elif sat_on > last:
        text = f"{countdown.title} lasts through {last}; the sitting is on {sat_on}, after that"
    elif must_begin and countdown.counted_from and sat_on < start:
        text = f"{countdown.title} begins on {start}; the sitting is on {sat_on}, before that"
    return Objection("outlasts_deadlines", text, countdown.clause) if text else None


def is_of_a_part(move: Move) -> Objection | None:
    """An authorization of one part names a part of the level."""
    return part_is_assessed(move) if move.fact.part else None


def has_a_last_day_to_come(move: Move) -> Objection | None:
    """An authorization that names its own last day does not end before it begins."""
    until = move.fact.until
    if until is None or until >= move.on:
        return None
    return Objection("has_a_last_day_to_come", f"the authorization of {move.on} ends on {until}, before that")


def deadline_ends_later(move: Move) -> Objection | None:
    """More time is granted for a deadline of the level, each time through a later day."""
    known, fact = move.rules.countdowns, move.fact
    if fact.deadline not in known:
        text = f"level {move.rules.number} has no deadline {fact.deadline!r}; it has: {', '.join(known) or 'none'}"
        return Objection("deadline_ends_later", text)
    granted = dict(move.application.deadline_extensions).get(fact.deadline)
    if granted and fact.until <= granted:
        text = f"{known[fact.deadline].title} is extended through {granted} already"
        return Objection("deadline_ends_later", text, known[fact.deadline].clause)
    return None


def is_no_draft(move: Move) -> Objection | None:
    """A draft is completed by the candidate before the board decides on it."""
    if not move.application.is_draft:
        return None
    return Objection("is_no_draft", "the application is a draft that the candidate has not completed")
