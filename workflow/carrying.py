"""
Carrying over: a part that is held in one application counts in another of the same candidate, no longer than before.

The marks, the days and the last valid day come from the old history alone; nobody types them.
Source: domain.md A17; the scheme's `carries_from`.
"""

from __future__ import annotations

from datetime import date

from workflow.application import Application
from workflow.errors import Objection, Refused
from workflow.facts import PartCarriedOver
from workflow.parts import held_on
from workflow.replay import replay
from workflow.scheme import Rules
from workflow.service import Done, Service


def carry_over(
    service: Service, to: str, source: str, part: str, reason: str, authority: str, on: date | None = None
) -> Done:
    """
    Carry a part over to an application from an earlier one.

    Args:
        service: The service.
        to: Key of the application to which it is carried.
        source: Key of the application in which it is held.
        part: The part there, by its key or a name.
        reason: Why.
        authority: Who decided, by which minute.
        on: The day on which it counts from; absent: today.

    Raises:
        NotFound: there is no such application.
        Refused: another candidate, other rules that are not mapped, the part is not held there on that day, or the
            rules of the new application object.
    """
    history = service.history(source)
    there, here = service.rules_of(history), service.rules_of(service.history(to))
    day = on or service.today(here.scheme.time_zone)
    service.refuse_future(day, here)
    old, new = replay(history, there, day), service.standing(to, day).application
    subject = f"application {to}: PartCarriedOver"
    if old is None:
        raise Refused(subject, [Objection("is_held_there", f"{source} had not been submitted by {day}")])
    part = there.scheme.parts_by_name.get(part.casefold(), part)
    if found := _objections(old, new, there, here, part, day):
        raise Refused(subject, found)
    fact = _fact(old, there, here, part, day)
    return service.record(to, fact.model_copy(update={"reason": reason, "authority": authority}), day)


def _fact(old: Application, there: Rules, here: Rules, part: str, day: date) -> PartCarriedOver:
    """Take marks and days from the old history."""
    held = held_on(old, there, day)[part]
    attempt = old.attempt(part, held.sitting)
    assert attempt is not None
    assert attempt.score is not None
    assert attempt.announced_on is not None
    return PartCarriedOver(
        part=_part_here(there, here, part),
        sitting=held.sitting,
        sat_on=held.sat_on,
        announced_on=attempt.announced_on,
        score=attempt.score,
        last_valid_on=held.last_valid_on,
        from_application=old.key,
    )


def _objections(old: Application, new: Application, there: Rules, here: Rules, part: str, day: date) -> list[Objection]:
    found = []
    if old.key == new.key:
        found.append(Objection("is_another_application", "a part is carried over from another application"))
    if old.candidate != new.candidate:
        found.append(Objection("is_the_same_candidate", f"{old.key} is the application of another candidate"))
    if old.state in ("refused", "annulled", "submitted"):
        text = f"{old.key} is {old.state}: what was passed in it does not count"
        found.append(Objection("is_held_there", text))
    elif old.state in ("awaiting_award", "certified"):
        text = f"{old.key} is {old.state}: its parts make up a complete set of their own"
        found.append(Objection("is_held_there", text))
    elif part not in held_on(old, there, day):
        held = ", ".join(f"{p.part} through {p.last_valid_on}" for p in held_on(old, there, day).values())
        found.append(Objection("is_held_there", f"{part} is not held in {old.key} on {day}; held: {held or 'nothing'}"))
    if not _part_here(there, here, part):
        text = (
            f"{part} of {there.scheme.scheme} level {there.number} counts for nothing in {here.scheme.scheme} level "
            f"{here.number}: neither is the level the same, nor does its scheme say that it carries_from there"
        )
        found.append(Objection("is_mapped", text))
    return found


def _part_here(there: Rules, here: Rules, part: str) -> str:
    """Give the part as which a part of other rules counts here; empty where it does not."""
    if (there.scheme.scheme, there.number) == (here.scheme.scheme, here.number):
        return part if part in here.parts else ""
    for source in here.level.carries_from:
        if (source.scheme, source.level) == (there.scheme.scheme, there.number):
            return source.parts.get(part, "")
    return ""
