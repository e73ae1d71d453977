"""
What an event log tells of an application: attributes, sessions, certificates, the same in every format.

No personal value is told, and no free text: a candidate is an opaque key, and reasons are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from workflow.events import Event
from workflow.facts import CertificateAwarded, Fact, PartCarriedOver
from workflow.rules.renewal import STANDINGS

# What is told of every event beside its type and the instant at which it was recorded, and of which kind it is.
EVENT_ATTRIBUTES: Final = {
    "sequence": "integer",
    "step": "string",
    "source": "string",
    "dest": "string",
    "effective_on": "string",  # a day of the board's calendar is no instant
    "actor": "string",
    "part": "string",
}
_ON_PAPER: Final = (
    *("award", *STANDINGS, "expire_certificate"),
    *("record_credit", "reject_credit", "renew_certificate", "miss_renewal"),
)


def attributes(event: Event) -> Iterator[tuple[str, str | int]]:
    """Give what is told of an event, by the names of `EVENT_ATTRIBUTES`; a part only where the fact names one."""
    yield "sequence", event.sequence
    yield "step", event.fact.step
    yield "source", event.source
    yield "dest", event.dest
    yield "effective_on", event.effective_on.isoformat()
    yield "actor", event.actor
    if part := getattr(event.fact, "part", ""):
        yield "part", part


def session(fact: Fact) -> tuple[str, str]:
    """Give the session that a fact names, and how it has to do with it; both empty where it names none."""
    sitting = getattr(fact, "sitting", "")
    return (sitting, "passed at" if isinstance(fact, PartCarriedOver) else "at") if sitting else ("", "")


def certificate(events: Sequence[Event]) -> tuple[str, date] | None:
    """Give the number of the certificate that was awarded in a history, and the day; None where none was."""
    return next(
        ((e.fact.number, e.effective_on) for e in events if isinstance(e.fact, CertificateAwarded)),
        None,
    )


def is_about_paper(fact: Fact) -> bool:
    """Tell whether a fact is about the certificate of its application."""
    return fact.step in _ON_PAPER
