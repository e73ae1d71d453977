"""
Extensions: the board lengthens the validity of a part or a deadline, for one application or all that it names.

Each application gets its own event with its own last valid day; the same decision again changes nothing.
Source: design.md, law 4; domain.md, sections 2.2 and 5.10.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from workflow.application import Application
from workflow.board.decisions import Outcome
from workflow.board.selection import Selection, for_selected
from workflow.calendar import Period
from workflow.document import LAST_DAY
from workflow.draft import Draft
from workflow.errors import Conflict, Objection, Refused
from workflow.facts import DeadlineExtended, Reinstated, ValidityExtended
from workflow.parts import complete_set, passes
from workflow.replay import advance, replay, run_clock
from workflow.scheme import Rules
from workflow.service import TRIES, Done, Service
from workflow.validity import countdown_ends_on


@dataclass(frozen=True, slots=True)
class Extension:
    """
    A decision to extend.

    Attributes:
        part: The part, by its key or a name; empty where a deadline is extended.
        deadline: The deadline, by its name in the scheme; empty where a part is extended.
        until: The new last valid day, the same for all; None where months are given.
        months: Months added to each one's own last valid day; 0 where a day is given.
        reason: Why.
        authority: Who decided, by which minute.
    """

    part: str
    reason: str
    authority: str
    until: date | None = None
    months: int = 0
    deadline: str = ""

    @property
    def command(self) -> str:
        """The key by which the same decision is known again: counted in months, twice would be twice as long."""
        what = (self.part, *([f"deadline {self.deadline}"] if self.deadline else []))
        said = "\n".join((*what, str(self.until), str(self.months), self.reason, self.authority))
        return f"extend:{hashlib.sha256(said.encode()).hexdigest()[:32]}"


def extend(
    service: Service, selection: Selection, extension: Extension, on: date | None = None, dry_run: bool = False
) -> Iterator[Outcome]:
    """
    Extend a part or a deadline for every application of a selection to which it applies.

    For a part it applies where that was passed, or a result is still to come, the set is not complete, and the new last
    valid day is later than the old one; for a deadline where that runs, or has ended the application, and the new last
    day is later. Whoever it does not apply to is named with the reason.

    Args:
        service: The service.
        selection: For whom.
        extension: The decision.
        on: The day from which it counts; absent: today.
        dry_run: Judge only; write nothing.
    """

    def propose(draft: Draft) -> None:
        if draft.recorded(extension.command) is not None:
            return
        today = service.today(draft.rules.scheme.time_zone)
        day = on or today
        now, before = (run_clock(draft.application, draft.rules, until)[0] for until in (day, max(day, today)))
        if extension.deadline and day < now.on:  # what ran on that day, whatever the clock has made of it since
            now = replay((*draft.recorded_events, *draft.new), draft.rules, day) or now
        fact = _fact(now, draft.rules, extension)
        draft.propose(fact, day, extension.command)
        after = run_clock(draft.application, draft.rules, max(day, today))[0]
        if before.state == after.state == "expired" and after.entered_on <= before.entered_on:
            what = f"{fact.part} valid" if isinstance(fact, ValidityExtended) else f"{fact.deadline} extended"
            text = f"with {what} through {fact.until} it would be expired on {max(day, after.entered_on)} all the same"
            raise _no(now, text)

    yield from for_selected(service, selection, propose, dry_run)


def _fact(now: Application, rules: Rules, extension: Extension) -> ValidityExtended | DeadlineExtended:
    reason, authority = extension.reason, extension.authority
    if extension.deadline:
        until = _deadline_until(now, rules, extension)
        return DeadlineExtended(deadline=extension.deadline, until=until, reason=reason, authority=authority)
    part = rules.scheme.parts_by_name.get(extension.part.casefold(), extension.part)
    return ValidityExtended(part=part, until=_until(now, rules, part, extension), reason=reason, authority=authority)


def _deadline_until(now: Application, rules: Rules, extension: Extension) -> date:
    """Give the new last day of a deadline, if the extension applies."""
    name = extension.deadline
    if (countdown := rules.countdowns.get(name)) is None:
        raise _no(
            now, f"level {rules.number} has no deadline {name!r}; it has: {', '.join(rules.countdowns) or 'none'}"
        )
    running = now
    if now.expiry:  # what ran when it expired: a deadline that another one cuts ends with that
        back = Reinstated(supersedes=now.ending, reason=extension.reason, authority=extension.authority)
        running = advance(now, back, now.entered_on, rules)
    last = countdown_ends_on(countdown, running, rules)
    if last is None:
        raise _no(now, f"the deadline of {countdown.title} does not run")
    until = extension.until or Period(months=extension.months).after(last)
    if until <= last:
        raise _no(now, f"the deadline of {countdown.title} lasts through {last} already")
    return until


def _until(now: Application, rules: Rules, part: str, extension: Extension) -> date:
    """Give the new last valid day of a part, if the extension applies."""
    if part not in rules.parts:
        raise _no(now, f"level {rules.number} has no part {part!r}; it has: {', '.join(rules.parts)}")
    if complete_set(now, rules):
        raise _no(now, "its set is complete and does not lapse any more")
    last = max((p.last_valid_on for p in passes(now, rules) if p.part == part), default=None)
    if last is None and not any(x.is_open and x.part == part for x in now.attempts):
        raise _no(now, f"{part} was not passed, and no result of it is to come")
    if last == LAST_DAY:
        raise _no(now, f"{part} does not lapse")
    if extension.until is None and last is None:
        raise _no(now, f"{part} has no last valid day yet from which to count months; give a day instead")
    until = extension.until or Period(months=extension.months).after(last or LAST_DAY)
    if last is not None and until <= last:
        raise _no(now, f"{part} is valid through {last} already")
    return until


def _no(application: Application, text: str) -> Refused:
    return Refused(f"application {application.key}: extension", [Objection("extension_applies", text)])


def reinstate(service: Service, application: str, reason: str, authority: str, on: date | None = None) -> Done:
    """
    Take back what ended an application, by a decision of the board: a withdrawal, an annulment, an expiry.

    Args:
        service: The service.
        application: Key of the application.
        reason: Why.
        authority: On whose decision.
        on: The day on which it takes effect; absent: today.

    Raises:
        Refused: nothing ended it, misconduct still does, or the clock would strike again at once: then the validity
            has to be extended, which reinstates by itself.
        NotFound, Conflict: see errors.
    """
    for _ in range(TRIES):
        draft = service.draft(service.history(application))
        day = on or service.today(draft.rules.scheme.time_zone)
        service.refuse_future(day, draft.rules)
        draft.write_down(day)
        fact = Reinstated(supersedes=draft.application.ending, reason=reason, authority=authority)
        draft.propose(fact, day, f"reinstate:{service.new_key()}")
        again, _taken = run_clock(draft.application, draft.rules, day)
        if again.state == "expired" and again.expiry:
            cause = f"{again.expiry.cause} on {again.expiry.expired_on}"
            text = f"it would expire again at once: {cause}; extend the part instead"
            raise Refused(f"application {application}", [Objection("clock", text, again.expiry.clause)])
        if not service.stores.events.append([draft.append()]):
            return Done(application, tuple(draft.new), draft.application.state)
    raise Conflict(f"application {application} is being written by others; try again")
