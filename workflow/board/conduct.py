"""
Conduct: incidents, findings of misconduct and their lifting, as use cases of the board.

What a finding brings is the degree's, and the degrees are the scheme's; nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from workflow import facts as f
from workflow.bars import bars_of
from workflow.board.results import attempts_within, written
from workflow.draft import Draft
from workflow.events import Event
from workflow.replay import replay
from workflow.service import Done, Service

Kind = Literal["reported", "in force", "lifted"]


@dataclass(frozen=True, slots=True)
class Case:
    """
    A report or a finding of misconduct.

    Attributes:
        application: The application.
        event: Number of the event; a finding is lifted by it.
        kind: `reported` (nothing decided by it), `in force` or `lifted`.
        on: Its day.
        degree: Key of the degree; empty for a report.
        barred_until: Last day of the bar.
        what: What was observed, or the reason of the finding.
    """

    application: str
    event: int
    kind: Kind
    on: date
    degree: str
    sitting: str
    part: str
    barred_until: date | None
    what: str


def find_misconduct(
    service: Service,
    application: str,
    degree: str,
    *,
    reason: str,
    authority: str,
    sitting: str = "",
    part: str = "",
    heard_on: date | None = None,
    on: date | None = None,
) -> Done:
    """
    Record a finding of misconduct; the last day of the bar is counted from its day by the degree.

    Args:
        service: The service.
        application: Key of the application.
        degree: Key of the degree in the scheme.
        reason: Why.
        authority: Who decided, by which minute.
        sitting: The session in which it happened; empty where it was not at one.
        part: The part in which it happened.
        heard_on: Day on which the candidate was heard.
        on: The day of the finding; absent: today.

    Raises:
        NotFound, Refused, Conflict: see errors.

    Source: scheme clause `misconduct.<degree>`.
    """

    def propose(draft: Draft) -> None:
        day = on or service.today(draft.rules.scheme.time_zone)
        service.refuse_future(day, draft.rules)
        known = draft.rules.scheme.misconduct.get(degree)
        fact = f.MisconductFound(
            degree=degree,
            sitting=sitting,
            part=part,
            barred_until=known.bar.after(day) if known and known.bar else None,
            heard_on=heard_on,
            reason=reason,
            authority=authority,
        )
        draft.propose(fact, day, f"misconduct:{service.new_key()}")

    return written(service, application, propose)[0]


def seats_inside_bars(service: Service, application: str) -> tuple[str, ...]:
    """Say which admissions of the candidate, in any application, lie inside a bar: the board has to cancel them."""
    history = service.history(application)
    draft = service.draft(history)
    bars = bars_of(draft.application, draft.rules)
    keys = service.stores.events.of_candidates(draft.application.candidate) if bars else ()
    found = []
    for other in service.stores.events.histories(keys) if keys else ():
        there = service.draft(other).application
        found += [
            f"{there.key} is admitted to {x.part} at {x.sitting} on {x.sat_on}, inside the bar: cancel the admission"
            for bar in bars
            for x in attempts_within(there, bar.since, bar.until)
        ]
    return tuple(dict.fromkeys(found))


def cases(service: Service, as_of: date | None = None) -> Iterator[Case]:
    """List reports and findings as they stood on a day, in the order of the applications and of recording."""
    for history in service.stores.events.histories():
        told = [event for event in history if isinstance(event.fact, f.IncidentReported | f.MisconductFound)]
        if not told:
            continue
        rules = service.rules_of(history)
        day = as_of or service.today(rules.scheme.time_zone)
        application = replay(history, rules, day)
        if application is not None:
            in_force = {sequence for sequence, _on, _finding in application.findings}
            yield from (_case(event, in_force) for event in told if event.effective_on <= day)


def _case(event: Event, in_force: set[int]) -> Case:
    fact, key, number, on = event.fact, event.application, event.sequence, event.effective_on
    if isinstance(fact, f.MisconductFound):
        kind: Kind = "in force" if number in in_force else "lifted"
        return Case(key, number, kind, on, fact.degree, fact.sitting, fact.part, fact.barred_until, fact.reason)
    assert isinstance(fact, f.IncidentReported)
    return Case(key, number, "reported", on, "", fact.sitting, fact.part, None, fact.what)
