"""
The night: what the clock has made true of an application, as events ready to be written.

Pure. A step after which the clock has nothing more to do needs no history where the last event bears the projection
out, which says what the step is (engines.md, section 7). Whatever else is due is found by replaying the history, as for
any command; nothing is written of an application whose projection does not agree with it.
"""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Final

from pydantic import ValidationError

from workflow.calendar import ONE_DAY
from workflow.clock import LAST_STEPS
from workflow.document import LAST_DAY
from workflow.draft import CLOCK
from workflow.errors import Corrupt
from workflow.events import Event, canonical_data, canonical_event, instant_text
from workflow.facts import (
    FACTS,
    AdmissionCancelled,
    CertificateExpired,
    CourseVoided,
    Expired,
    Fact,
    PartLapsed,
    RenewalMissed,
)
from workflow.nights.ledger import ClockStep, DueRow
from workflow.nights.receipts import Change
from workflow.scheme import FIXED_STATES

_ENDS: Final = frozenset(FIXED_STATES[FIXED_STATES.index("certified") :])


def last_step(row: DueRow, at: datetime) -> ClockStep | None:
    """
    Make the last step of the clock from the projection alone; None where the history must be asked.

    Args:
        row: The application; its step has fallen due.
        at: The instant of recording.

    Raises:
        Corrupt: what the projection says of the step cannot be read.
    """
    if row.recorded_at is None or not is_last(row):
        return None
    fact = due_fact(row.next_due_type, row.next_due_data)
    dest = LAST_STEPS[type(fact)]
    at, sequence = max(at, row.recorded_at), row.sequence + 1
    command = f"{CLOCK}:{sequence}"
    envelope = (row.application, sequence, row.next_due_type, fact.version, fact.step, row.state, dest or row.state)
    text = canonical_event(
        *envelope, _iso(row.next_due_on), instant_text(at), CLOCK, command, row.next_due_data, row.head
    )
    own = hashlib.sha256(text.encode()).hexdigest()
    return ClockStep(*envelope, row.next_due_on, at, CLOCK, command, row.next_due_data, row.head, own)


def is_last(row: DueRow) -> bool:
    """
    Tell whether a row names a last step of the clock that it may be believed.

    Its last event must bear it out, and the step be one that can follow on it and fall due on that day. That it is the
    right one only the history could tell, which takes five times as long as the night.

    Raises:
        Corrupt: what it says of the step cannot be read.
    """
    if not row.next_due_type:
        return False
    match due_fact(row.next_due_type, row.next_due_data):
        case Expired(last_valid_on=last, expired_on=on):
            can_be = row.state not in _ENDS and on == row.next_due_on
        case CertificateExpired() as fact:
            can_be, last = row.state == "certified", last_day(fact)
        case _:
            return False
    # One that was held up falls due on the day on which it was released: rare, and left to the history.
    return row.is_borne_out and can_be and (row.next_due_on - last).days == 1


def check_row(row: DueRow, last: Event) -> None:
    """
    Check that a row agrees with the last event of its history; what a row of an older version does not say is left out.

    Raises:
        Corrupt: it does not.
    """
    found = {"sequence": (row.sequence, last.sequence), "state": (row.state, last.dest), "head": (row.head, last.hash)}
    if row.recorded_at is not None:
        found["recorded_at"] = instant_text(row.recorded_at), instant_text(last.recorded_at)
    if wrong := [f"{name} {said}, its history {is_so}" for name, (said, is_so) in found.items() if said != is_so]:
        raise Corrupt(
            f"its row does not agree with its history, so that nothing was written: the row says {'; '.join(wrong)}. "
            "Run: examboard audit verify; if that names no event, run: examboard db rebuild"
        )


def line_of(step: ClockStep) -> str:
    """Give the line of a receipt for a last step; the same that `change_of` gives for its event."""
    return (
        f'{{"application":{encode_basestring(step.application)},"what":"{step.type}","on":"{_iso(step.effective_on)}",'
        f'"why":{_quoted_why(step.type, step.data)},"sequence":{step.sequence}}}'
    )


def step_change(row: DueRow) -> Change:
    """Say for a plan what a last step will change."""
    fact = due_fact(row.next_due_type, row.next_due_data)
    return Change(row.application, row.next_due_type, row.next_due_on, why(fact), row.sequence + 1)


def change_of(event: Event) -> Change:
    """Say for a receipt what an event of the clock changed."""
    return Change(event.application, event.type, event.effective_on, why(event.fact), event.sequence)


def why(fact: Fact) -> str:
    """Say what ran out."""
    match fact:
        case Expired(cause=cause, last_valid_on=last):
            return f"{cause}, its last valid day was {last}"
        case PartLapsed(part=part, parts=parts, last_valid_on=last):
            return f"{part} lapsed, its last valid day was {last}; to be taken again: {', '.join(parts)}"
        case CourseVoided(part=part, attempts=attempts):
            return f"{attempts} attempts at {part} are used up: the course is void and must be taken again"
        case RenewalMissed(last_valid_on=last, renewable_until=until):
            return f"the certificate was not renewed by its last valid day, {last}; it still can be through {until}"
        case CertificateExpired(last_valid_on=last, renewable_until=date() as until):
            return f"the certificate was not renewed by {until}; its last valid day was {last}"
        case CertificateExpired(last_valid_on=last):
            return f"the certificate's validity ended, its last valid day was {last}"
        case AdmissionCancelled(part=part, sitting=sitting, reason=reason):
            return f"the seat for {part} at {sitting} was taken back: {reason}"
        case _:
            return type(fact).__name__


def notice_kind(fact: Fact) -> str:
    """Name the notice that tells of a step of the clock: `lapse`, `deadline` or `certificate`."""
    if isinstance(fact, CertificateExpired | RenewalMissed):
        return "certificate"
    return "deadline" if isinstance(fact, Expired) and fact.cause.startswith("deadline") else "lapse"


def last_day(fact: Fact, on: date = LAST_DAY) -> date:
    """
    Give the last day on which something can still be done about a step of the clock.

    Args:
        fact: The step.
        on: The day on which it falls due, for a step that names no last day itself.
    """
    if isinstance(fact, CertificateExpired) and fact.renewable_until:
        return fact.renewable_until
    if isinstance(fact, CourseVoided):
        return fact.last_result_on
    last: date = getattr(fact, "last_valid_on", on - ONE_DAY)
    return last


@lru_cache(maxsize=4096)  # a night writes few different facts, each of very many applications
def due_fact(type_: str, data: str) -> Fact:
    """
    Read the step of the clock that a projection names.

    Raises:
        Corrupt: it cannot be read.
    """
    known = FACTS.get(type_)
    try:
        if known is None:
            raise ValueError(f"no fact is called {type_!r}")
        fact = known.model_validate_json(data)
        if canonical_data(fact) != data:
            raise ValueError("it is not canonical")
    except ValidationError as error:
        raise Corrupt(
            f"what its row says of the clock's next step cannot be read: {error.errors()[0]['msg']}"
        ) from None
    except ValueError as error:
        raise Corrupt(f"what its row says of the clock's next step cannot be read: {error}") from None
    return fact


@lru_cache(maxsize=4096)
def _quoted_why(type_: str, data: str) -> str:
    return encode_basestring(why(due_fact(type_, data)))


_iso = lru_cache(maxsize=4096)(date.isoformat)
