"""
Events: the facts of an application and the envelope in which each is kept for ever.

A fact is what became true, in the past tense; the envelope says of which application, in which order, effective on
which day, recorded when and by whom, and links it to the event before by hash. Nothing is ever edited: a correction is
a further fact (design.md, law 4). No fact holds a personal value.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Final

import rfc8785
from pydantic import Field, StringConstraints

from workflow.document import Day, Marks, Strict, Text
from workflow.errors import Corrupt
from workflow.evidence import Evidence

Reason = Annotated[Text, StringConstraints(min_length=1)]
GENESIS: Final = "0" * 64


class Fact(Strict):
    """
    Something that became true of an application.

    Attributes:
        step: The step of the machine by which it is judged; `submit` opens a history.
        version: Version of the fact's form; older forms are brought up to date by `storage.codec`.
    """

    step: ClassVar[str]
    version: ClassVar[int] = 1


class Submitted(Fact):
    """An application was filed. Its scheme digest and level hold for life."""

    step = "submit"
    candidate: Text
    scheme: Text
    digest: Text
    level: int
    evidence: Evidence


class EligibilityAccepted(Fact):
    """The board accepted the application under one named condition; `conditions_met` are all that were met."""

    step = "accept"
    condition: Text
    conditions_met: tuple[Text, ...] = Field(strict=False)
    evidence_digest: Text


class EligibilityRefused(Fact):
    """The board refused the application; the explanation is kept as it was given."""

    step = "refuse"
    reason: Reason
    conditions_met: tuple[Text, ...] = Field(strict=False)
    explanation: tuple[Text, ...] = Field(strict=False)


class TrainingRecorded(Fact):
    """Hours of the level's course were done, with or without the completion certificate."""

    step = "record_training"
    hours: Marks
    completion_certificate: bool
    completed_on: Day
    certificate_number: Text = ""


class TrainingWaived(Fact):
    """The board waived the training by a decision."""

    step = "waive_training"
    reason: Reason
    authority: Reason


class Admitted(Fact):
    """The candidate was admitted to a sitting of a part."""

    step = "admit"
    part: Text
    sitting: Text
    sat_on: Day


class AbsenceRecorded(Fact):
    """The candidate did not come to a sitting; no attempt was made and nothing held is touched."""

    step = "record_absence"
    part: Text
    sitting: Text
    sat_on: Day


class AdmissionCancelled(Fact):
    """An admission was taken back before the result was known: the sitting fell out, or the seat was released."""

    step = "cancel_admission"
    part: Text
    sitting: Text
    reason: Reason


class ScoreRecorded(Fact):
    """Marks were entered for an attempt; they are held back until announced."""

    step = "record_score"
    part: Text
    sitting: Text
    sat_on: Day
    score: Marks
    form: Text = ""


class ScoreAnnounced(Fact):
    """The result of an attempt was announced to the candidate."""

    step = "announce_score"
    part: Text
    sitting: Text


class ScoreAmended(Fact):
    """The marks of an attempt were corrected; the marks before stay visible."""

    step = "amend_score"
    part: Text
    sitting: Text
    score: Marks
    reason: Reason
    authority: Reason


class PartLapsed(Fact):
    """A held part ran out before the set was complete; `parts` are all that must be taken again for it."""

    step = "lapse"
    part: Text
    parts: tuple[Text, ...] = Field(strict=False)
    last_valid_on: Day
    clause: Text


class Expired(Fact):
    """The clock ended the application: `expired_on` is the day after the last day on which it could still succeed."""

    step = "expire"
    cause: Text
    last_valid_on: Day
    expired_on: Day
    clause: Text


class Reinstated(Fact):
    """An expiry that had been recorded is taken back, because a fact that was not known then undoes it."""

    step = "reinstate"
    supersedes: int
    reason: Reason
    authority: Reason


class Withdrawn(Fact):
    """The candidate took the application back."""

    step = "withdraw"
    reason: Text = ""


class Annulled(Fact):
    """The board ended the application for misconduct."""

    step = "annul"
    reason: Reason
    authority: Reason


class CertificateAwarded(Fact):
    """The board certified the candidate under a number that no other certificate ever bears."""

    step = "award"
    number: Text
    series: Text
    serial: int
    authority: Text = ""


FACTS: Final[dict[str, type[Fact]]] = {
    fact.__name__: fact
    for fact in (
        Submitted,
        EligibilityAccepted,
        EligibilityRefused,
        TrainingRecorded,
        TrainingWaived,
        Admitted,
        AbsenceRecorded,
        AdmissionCancelled,
        ScoreRecorded,
        ScoreAnnounced,
        ScoreAmended,
        PartLapsed,
        Expired,
        Reinstated,
        Withdrawn,
        Annulled,
        CertificateAwarded,
    )
}


@dataclass(frozen=True, slots=True)
class Event:
    """
    A fact in its envelope.

    Attributes:
        application: Key of the application (the board's own number).
        sequence: 1, 2, 3 ... within the application, without a gap.
        fact: What became true.
        source: State before, by the machine of the day; empty for the first event.
        dest: State after.
        effective_on: The board's calendar day from which it counts.
        recorded_at: The instant at which the board knew it; aware, UTC.
        actor: Who recorded it.
        command: Key of the command, unique within the application: a retry is recognised by it.
        data: The fact as canonical JSON, exactly as stored; empty until `chain` sets it.
        version: Version of the form in which `data` was written.
        previous: Hash of the event before; 64 zeros for the first.
        hash: sha256 over the canonical form of all the above; empty until `chain` sets it.
    """

    application: str
    sequence: int
    fact: Fact
    source: str
    dest: str
    effective_on: date
    recorded_at: datetime
    actor: str
    command: str
    data: str = ""
    version: int = 1
    previous: str = ""
    hash: str = ""

    @property
    def type(self) -> str:
        """Name of the fact."""
        return type(self.fact).__name__


def canonical_data(fact: Fact) -> str:
    """Write a fact as canonical JSON (RFC 8785): the text that is stored and hashed."""
    return rfc8785.dumps(fact.model_dump(mode="json", by_alias=True, exclude_none=True)).decode()


def instant_text(instant: datetime) -> str:
    """Write an instant as `2026-11-22T01:02:03.000004Z`: always six decimals, always UTC."""
    return instant.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def event_hash(event: Event) -> str:
    """Hash an event's canonical form: all that it holds but the hash itself; `data` and `previous` must be set."""
    envelope: dict[str, Any] = {
        "actor": event.actor,
        "application": event.application,
        "command": event.command,
    }
    rest: dict[str, Any] = {
        "dest": event.dest,
        "effective_on": event.effective_on.isoformat(),
        "previous": event.previous,
        "recorded_at": instant_text(event.recorded_at),
        "sequence": event.sequence,
        "source": event.source,
        "step": event.fact.step,
        "type": event.type,
        "version": event.version,
    }
    # RFC 8785 orders keys; "data" falls between "command" and "dest", so the stored text is spliced in between.
    head, tail = rfc8785.dumps(envelope)[:-1], rfc8785.dumps(rest)[1:]
    return hashlib.sha256(head + b',"data":' + event.data.encode() + b"," + tail).hexdigest()


def chain(events: Sequence[Event], head: str = GENESIS) -> tuple[Event, ...]:
    """Link new events to the last one before them and to each other."""
    linked = []
    for event in events:
        event = replace(event, previous=head, data=canonical_data(event.fact), version=event.fact.version)
        event = replace(event, hash=event_hash(event))
        linked.append(event)
        head = event.hash
    return tuple(linked)


def check_chain(events: Sequence[Event]) -> None:
    """
    Check that a whole history is complete and unbroken.

    Raises:
        Corrupt: naming the first event that does not follow from the one before.
    """
    head = GENESIS
    for number, event in enumerate(events, 1):
        where = f"event {event.sequence} of application {event.application}"
        if event.sequence != number:
            raise Corrupt(f"{where}: event {number} is missing")
        if event.previous != head or event.hash != event_hash(event):
            raise Corrupt(f"{where}: its hash does not follow from its content and the event before")
        head = event.hash
