"""
Events: the envelope in which each fact is kept for ever, and the chain that links them.

The envelope says of which application a fact became true, in which order, effective on which day, recorded when and by
whom, and links it to the event before by hash. Nothing is ever edited: a correction is a further fact (design.md,
law 4).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

import rfc8785

from workflow.errors import Corrupt
from workflow.facts import Fact

GENESIS: Final = "0" * 64


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
    """
    Write a fact as canonical JSON (RFC 8785): the text that is stored and hashed.

    What has its default is left out, so that a form can grow a field without touching what is written already; a
    default, once released, never changes.
    """
    return rfc8785.dumps(fact.model_dump(mode="json", by_alias=True, exclude_defaults=True)).decode()


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


def certificate_code(award: Event) -> str:
    """
    Give the code under which a certificate is verified without a name: 16 hexadecimal characters.

    Derived from the number and the hash of the event that awarded it: the same for ever, and not to be guessed from
    the number, since the hash stands nowhere outside the board.
    """
    number = getattr(award.fact, "number", "")
    return hashlib.sha256(f"{number}\n{award.hash}".encode()).hexdigest()[:16]


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
