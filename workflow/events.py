"""
Events: the envelope in which each fact is kept for ever, and the chain that links them.

The envelope says of which application a fact became true, in which order, effective on which day, recorded when and by
whom, and links it to the event before by hash. Nothing is ever edited: a correction is a further fact (design.md,
law 4).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Final, NamedTuple

from workflow.errors import Corrupt
from workflow.facts import Fact

# For texts, whole numbers, truth values, lists and objects with keys of ASCII the standard library writes what RFC 8785
# asks for, at a twentieth of the time; a fact holds nothing else, and a test holds the two equal.
_canonical = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")).encode

quoted = encode_basestring  # a JSON string exactly as RFC 8785 writes it
GENESIS: Final = "0" * 64


class Event(NamedTuple):  # not a frozen dataclass, which takes seven times as long to make
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
    return _canonical(fact.model_dump(mode="json", by_alias=True, exclude_defaults=True))


@lru_cache(maxsize=4096)  # what is written together is recorded at the same instant
def instant_text(instant: datetime) -> str:
    """Write an instant as `2026-11-22T01:02:03.000004Z`: always six decimals, always UTC."""
    return f"{instant.astimezone(UTC).isoformat(timespec='microseconds')[:-6]}Z"


@lru_cache(maxsize=4096)  # a scheme knows few steps, and every event that is written or checked has one
def step_pieces(type_: str, version: int, step: str, source: str, dest: str) -> tuple[str, str]:
    """Write the two pieces of a canonical event that only its step decides."""
    tail = f'"source":{quoted(source)},"step":{quoted(step)},"type":{quoted(type_)},"version":{version}}}'
    return f'"dest":{quoted(dest)},', tail


def canonical_event(
    application: str,
    sequence: int,
    type_: str,
    version: int,
    step: str,
    source: str,
    dest: str,
    effective_on: str,
    recorded_at: str,
    actor: str,
    command: str,
    data: str,
    previous: str,
) -> str:
    """
    Write an event's canonical form: RFC 8785, all that it holds but its own hash.

    Its few keys stand here in their order, and the stored text of the fact is spliced in as it is: a general writer
    takes ten times as long, and every audit hashes every event.

    Args:
        effective_on: As `2026-11-22`.
        recorded_at: As `instant_text` writes it.
    """
    led, tail = step_pieces(type_, version, step, source, dest)
    return (
        f'{{"actor":{quoted(actor)},"application":{quoted(application)},"command":{quoted(command)},"data":{data},'
        f'{led}"effective_on":"{effective_on}","previous":{quoted(previous)},'
        f'"recorded_at":"{recorded_at}","sequence":{sequence},{tail}'
    )


def event_text(event: Event) -> str:
    """Write an event's canonical form; `data` and `previous` must be set."""
    return canonical_event(
        event.application,
        event.sequence,
        event.type,
        event.version,
        event.fact.step,
        event.source,
        event.dest,
        event.effective_on.isoformat(),
        instant_text(event.recorded_at),
        event.actor,
        event.command,
        event.data,
        event.previous,
    )


def event_hash(event: Event) -> str:
    """Hash an event's canonical form; `data` and `previous` must be set."""
    return hashlib.sha256(event_text(event).encode()).hexdigest()


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
        envelope, fact = event[:9], event.fact  # all before `data`
        told = (canonical_data(fact), fact.version, head)
        head = event_hash(Event(*envelope, *told))
        linked.append(Event(*envelope, *told, head))
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
