"""
Re-deciding: every decision of a history put through the rules of its day again, and what they say today.

Pure. The machine itself judges, not the compiled table. Where it refuses, or leads elsewhere, that is a finding, and
the audit goes on from what was decided. What another application of the candidate brings (a bar, attempts that count as
well) is not asked for: replay knows one history alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final

from workflow.application import Application, opened, taking
from workflow.audit.findings import AT, DEST, HASH, ON, RESTORE, SEQUENCE, STEP, TYPE, Bench, EventRow, Finding
from workflow.draft import project
from workflow.errors import Corrupt, Refused
from workflow.events import Event
from workflow.facts import Fact, Submitted
from workflow.ports import Projection
from workflow.replay import advance
from workflow.scheme import Rules

DECIDE: Final = "let the board decide it anew: a correction is a new fact, nothing is edited"

_day = lru_cache(maxsize=4096)(date.fromisoformat)
_instant = lru_cache(maxsize=4096)(datetime.fromisoformat)


def redecided(history: Sequence[EventRow], rules: Rules, bench: Bench) -> tuple[list[Finding], Projection | None]:
    """
    Put a history whose chain holds through the rules again, event by event.

    Returns:
        The divergences; and the projection that follows from what was decided, None where it cannot be told.
    """
    application: Application | None = None
    found: list[Finding] = []
    fact: Fact | None = None
    for row in history:
        # Unpacked, as in the fast audit: after the machine this is where deciding again spends its time.
        key, sequence, kind, version, _, _, dest, day, at, _, _, data, _, _ = row
        try:
            fact = bench.fact(kind, version, data)
            on = _day(day)
            _instant(at)
        except (Corrupt, ValueError, TypeError) as error:
            found.append(Finding("event", _unread(row, error), RESTORE, key, sequence))
            application = application and application.but(state=dest, sequence=sequence)
            continue
        if application is None:
            if not isinstance(fact, Submitted):
                return found, None
            application = opened(key, fact, on)
            continue
        try:
            after = advance(application, fact, on, rules, sequence)
        except Exception as error:
            found.append(_refusal(application, row, error))
            application = _forced(application, fact, on, row)
            continue
        if after.state != dest:
            clause = str(rules.scheme.completion.clause)
            found.append(_divergence(application, row, f"leads to {after.state}", clause))
            after = after.but(state=dest)
        application = after
    if application is None or fact is None or found:
        return found, None
    return found, _projected(application, rules, history[-1], fact)


def _refusal(application: Application, row: EventRow, error: Exception) -> Finding:
    """Say why the rules do not let an event be; a fact that makes no sense may break a rule, which is told as well."""
    if not isinstance(error, Refused):
        return _divergence(application, row, f"cannot judge it: internal error {type(error).__name__}", "")
    said = "; ".join(objection.text for objection in error.objections)
    clause = ", ".join(dict.fromkeys(o.clause for o in error.objections if o.clause))
    return _divergence(application, row, f"refused: {said}", clause)


def _divergence(application: Application, row: EventRow, said: str, clause: str) -> Finding:
    decided = f"{row[TYPE]} on {row[ON]}: from {application.state} to {row[DEST]}"
    text = f"event {row[SEQUENCE]} says that it led to {row[DEST]}; the rules say {said}"
    return Finding("rules", text, DECIDE, row[0], row[SEQUENCE], "", "", decided, said, clause)


def _forced(application: Application, fact: Fact, on: date, row: EventRow) -> Application:
    try:
        application = taking(application, fact, on, row[SEQUENCE])
    except Exception:  # it cannot even be taken in; what it led to is all that is known
        application = application.but(sequence=row[SEQUENCE])
    return application.but(state=row[DEST], entered_on=max(on, application.entered_on))


def _projected(application: Application, rules: Rules, row: EventRow, fact: Fact) -> Projection:
    last = Event(row[0], row[SEQUENCE], fact, "", row[DEST], _day(row[ON]), _instant(row[AT]), "", "", hash=row[HASH])
    return project(application, rules, last)


def due_of(projection: Projection) -> tuple[Any, ...]:
    """Give what a row must say of the clock's next step: day, type and fact."""
    on = projection.next_due_on
    return (on.isoformat() if on else None, projection.next_due_type, projection.next_due_data)


def _unread(row: EventRow, error: Exception) -> str:
    return f"its {row[TYPE]} ({row[STEP]}) cannot be read: {str(error).removeprefix(': ')}"
