"""
Rechecks: asked for, decided and looked over, as use cases of the board.

The last days are counted here, with the calendar of rest days and the board's own overrides, and kept in the fact.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from workflow import facts as f
from workflow.board.marks import Given, made_of
from workflow.board.results import written
from workflow.draft import Draft
from workflow.language.workdays import WorkingDays
from workflow.replay import replay
from workflow.scheme import Rules
from workflow.service import Done, Service


@dataclass(frozen=True, slots=True)
class OpenRecheck:
    """
    A recheck that awaits its decision.

    Attributes:
        decide_by: Last day for the decision.
        is_overdue: Whether that day has passed on the day asked about.
    """

    application: str
    part: str
    sitting: str
    requested_on: date
    decide_by: date
    is_overdue: bool


@dataclass(frozen=True, slots=True)
class Overrides:
    """
    The board's own working days, beside the statutory ones.

    Attributes:
        rest: Further rest days.
        work: Rest days on which the board works all the same.
    """

    rest: Collection[date] = ()
    work: Collection[date] = ()

    def calendar(self, rules: Rules) -> WorkingDays:
        """Give the working days by which an application's windows are counted."""
        known = rules.scheme.working_days
        return WorkingDays(known.country, {*known.rest, *self.rest}, {*known.work, *self.work})


def request_recheck(
    service: Service,
    application: str,
    part: str,
    sitting: str,
    reason: str = "",
    on: date | None = None,
    overrides: Overrides | None = None,
) -> Done:
    """
    Record that a candidate asked for a result to be looked at again.

    Args:
        service: The service.
        application: Key of the application.
        part: The part.
        sitting: The sitting.
        reason: What the candidate says.
        on: The day on which it was asked for; absent: today.
        overrides: The board's own working days.

    Raises:
        NotFound, Refused, Conflict: see errors.

    Source: scheme clause `parts.<name>.recheck`.
    """

    def propose(draft: Draft) -> None:
        day = on or service.today(draft.rules.scheme.time_zone)
        service.refuse_future(day, draft.rules)
        attempt = draft.application.attempt(part, sitting)
        recheck = draft.rules.parts[part].recheck if part in draft.rules.parts else None
        last_day = decide_by = None
        if attempt and attempt.announced_on and recheck:
            days = (overrides or Overrides()).calendar(draft.rules)
            last_day = days.last_day(attempt.announced_on, recheck.request_within)
            decide_by = days.last_day(day, recheck.decide_within)
        fact = f.RecheckRequested(part=part, sitting=sitting, reason=reason, last_day=last_day, decide_by=decide_by)
        draft.propose(fact, day, f"recheck:{service.new_key()}")

    return written(service, application, propose)[0]


def decide_recheck(
    service: Service,
    application: str,
    part: str,
    sitting: str,
    score: Given | None,
    reason: str,
    authority: str,
    on: date | None = None,
) -> Done:
    """
    Decide a recheck: the marks go up, down, or stay; all of them stay visible.

    Late is better than never: a decision after its last day is recorded all the same.

    Args:
        service: The service.
        application: Key of the application.
        part: The part.
        sitting: The sitting.
        score: The marks decided on, or those of the components that change; absent: unchanged.
        reason: Why.
        authority: Who decided, by which minute.
        on: The day on which it takes effect; absent: today.

    Raises:
        NotFound, Refused, Conflict: see errors.
    """

    def propose(draft: Draft) -> None:
        day = on or service.today(draft.rules.scheme.time_zone)
        service.refuse_future(day, draft.rules)
        attempt = draft.application.attempt(part, sitting)
        before = attempt.components if attempt else ()
        unchanged = before or (attempt and attempt.score) or Decimal(0)
        marks, components = made_of(draft.rules, part, unchanged if score is None else score, before)
        said = {"part": part, "sitting": sitting, "reason": reason, "authority": authority}
        fact = f.RecheckDecided(**said, score=marks, components=components)
        draft.propose(fact, day, f"decide:{service.new_key()}")

    return written(service, application, propose)[0]


def open_rechecks(service: Service, as_of: date | None = None) -> Iterator[OpenRecheck]:
    """List the rechecks that were open on a day, in the order of the applications, each with its last day."""
    for history in service.stores.events.histories():
        if not any(isinstance(event.fact, f.RecheckRequested) for event in history):
            continue
        rules = service.rules_of(history)
        day = as_of or service.today(rules.scheme.time_zone)
        application = replay(history, rules, day)
        for x in application.attempts if application else ():
            recheck = rules.parts[x.part].recheck if x.part in rules.parts else None
            if x.recheck_on is None or x.recheck_decided_on or recheck is None:
                continue
            by = x.recheck_due_on or Overrides().calendar(rules).last_day(x.recheck_on, recheck.decide_within)
            yield OpenRecheck(history[0].application, x.part, x.sitting, x.recheck_on, by, day > by)
