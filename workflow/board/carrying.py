"""
Carrying over: a part that is held in one application counts in another of the same candidate, no longer than before.

The marks, the days and the last valid day come from the old history alone; nobody types them.
Source: domain.md A17; the scheme's `carries_from`.
"""

from __future__ import annotations

from datetime import date

from workflow.application import Application
from workflow.eligibility import measuring_day
from workflow.errors import Objection, Refused
from workflow.facts import PartCarriedOver
from workflow.language.policy import CarriesFrom
from workflow.parts import exempt_parts, held_on
from workflow.replay import replay
from workflow.requirements import all_met
from workflow.scheme import Rules
from workflow.service import Done, Service
from workflow.weighing import weighed


def carry_over(
    service: Service, to: str, origin: str, part: str, reason: str, authority: str, on: date | None = None
) -> Done:
    """
    Carry a part over to an application from an earlier one.

    Args:
        service: The service.
        to: Key of the application to which it is carried.
        origin: Key of the application in which it is held.
        part: The part there, by its key or a name.
        reason: Why.
        authority: Who decided, by which minute.
        on: The day on which it counts from; absent: today.

    Raises:
        NotFound: there is no such application.
        Refused: another candidate, other rules that are not mapped, the part is not held there on that day, or the
            rules of the new application object.
    """
    history = service.history(origin)
    there, here = service.rules_of(history), service.rules_of(service.history(to))
    day = on or service.today(here.scheme.time_zone)
    service.refuse_future(day, here)
    old, new = replay(history, there, day), service.standing(to, day).application
    subject = f"application {to}: PartCarriedOver"
    if old is None:
        raise Refused(subject, [Objection("is_held_there", f"{origin} had not been submitted by {day}")])
    part = there.scheme.parts_by_name.get(part.casefold(), part)
    if found := _objections(old, new, there, here, part, day):
        raise Refused(subject, found)
    source = next(iter(_maps(old, new, there, here, part, day)[0]), None)
    fact = _fact(old, there, here, source, part, day)
    return service.record(to, fact.model_copy(update={"reason": reason, "authority": authority}), day)


def _fact(
    old: Application, there: Rules, here: Rules, source: CarriesFrom | None, part: str, day: date
) -> PartCarriedOver:
    """Take marks and days from the old history; a credit map may say through which day they count here."""
    held = held_on(old, there, day)[part]
    attempt = old.attempt(part, held.sitting)
    assert attempt is not None
    assert attempt.score is not None
    assert attempt.announced_on is not None
    part_here = source.parts[part] if source else part
    passed_with = attempt.pass_mark if attempt.pass_mark is not None else there.parts[part].pass_mark
    return PartCarriedOver(
        part=part_here,
        sitting=held.sitting,
        sat_on=held.sat_on,
        announced_on=attempt.announced_on,
        score=attempt.score,
        pass_mark=None if passed_with == here.parts[part_here].pass_mark else passed_with,
        last_valid_on=(source.valid_until if source else None) or held.last_valid_on,
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
    elif key := exempt_parts(old, there).get(part):
        text = f"{part} is held in {old.key} by exemption {key}, without a pass: ask for an exemption here"
        found.append(Objection("is_held_there", text))
    elif part not in held_on(old, there, day):
        held = ", ".join(f"{p.part} through {p.last_valid_on}" for p in held_on(old, there, day).values())
        found.append(Objection("is_held_there", f"{part} is not held in {old.key} on {day}; held: {held or 'nothing'}"))
    if (there.scheme.scheme, there.number) == (here.scheme.scheme, here.number) and part in here.parts:
        return found
    maps, refused = _maps(old, new, there, here, part, day)
    if not maps and not refused:
        text = (
            f"{part} of {there.scheme.scheme} level {there.number} counts for nothing in {here.scheme.scheme} level "
            f"{here.number}: neither is the level the same, nor does its scheme say that it carries_from there"
        )
        found.append(Objection("is_mapped", text))
    return found if maps else [*found, *refused]


def _maps(
    old: Application, new: Application, there: Rules, here: Rules, part: str, day: date
) -> tuple[list[CarriesFrom], list[Objection]]:
    """Give the credit maps by which a part of other rules counts here, and why others do not help."""
    maps, refused = [], []
    for source in here.level.carries_from:
        if (source.scheme, source.level) == (there.scheme.scheme, there.number) and part in source.parts:
            text = _shut_out(source, old, new, there, here, part, day)
            if text:
                refused.append(Objection("is_mapped", text, str(source.clause)))
            else:
                maps.append(source)
    return maps, refused


def _shut_out(
    source: CarriesFrom, old: Application, new: Application, there: Rules, here: Rules, part: str, day: date
) -> str:
    """Say in words why a credit map does not help; empty where it does."""
    if source.until and day > source.until:
        return f"{part} could be carried over through {source.until}"
    held = held_on(old, there, day).get(part)
    attempt = old.attempt(part, held.sitting) if held else None
    if held is None or attempt is None:
        return ""  # that it is not held is said already
    if source.sat_from and held.sat_on < source.sat_from:
        return f"{part} counts here where it was sat from {source.sat_from} on; it was sat on {held.sat_on}"
    if source.sat_until and held.sat_on > source.sat_until:
        return f"{part} counts here where it was sat until {source.sat_until}; it was sat on {held.sat_on}"
    if source.least is not None and attempt.score is not None and attempt.score < source.least:
        return f"{part} counts here from {source.least} marks on; it has {attempt.score}"
    asked = all_met(source.all, new.level, weighed(new), measuring_day(here.level, new.measured_on), here.scheme.terms)
    return "; ".join(f.missing for f in asked if not f.met)
