"""
Events to rows and back, and older forms of facts brought up to date.

The stored text of a fact is never written anew: an old form is lifted while it is read, and its hash still holds over
the text as it was stored.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from pydantic import ValidationError

from storage.portable import check_portable
from workflow.errors import Corrupt, Invalid, Problem
from workflow.events import Event, certificate_code
from workflow.facts import ATTEMPTING, FACTS, CertificateAwarded, Fact
from workflow.ports import Projection, bucket_of

# (type, version) of a stored form: how to make the next version's out of it. None is ever taken out again.
UPCASTERS: Final[dict[tuple[str, int], Callable[[dict[str, Any]], dict[str, Any]]]] = {}

EventRow = tuple[str, int, str, int, str, str, str, date, datetime, str, str, str, str, str]
_NO_TIME: Final = timedelta(0)


def to_row(event: Event) -> tuple[Any, ...]:
    """
    Write an event as a row: the values of its table's columns in their order, the bucket first.

    Raises:
        Invalid: its envelope holds what one of the databases could not give back.
    """
    # The hash was taken over the text of the instant: another zone would come back with another text.
    if event.recorded_at.utcoffset() != _NO_TIME:
        raise Invalid([Problem(where_of(event.sequence), 0, "recorded_at", "must be an instant in UTC")])
    envelope = {"application": event.application, "actor": event.actor, "command": event.command}
    check_portable(where_of(event.sequence), envelope)
    key, sequence, fact, source, dest, effective_on, recorded_at, actor, command, data, version, before, own = event
    return (
        bucket_of(key), key, sequence, event.type, version, fact.step, source, dest, effective_on, recorded_at, actor,
        command, data, before, own,
    )  # fmt: skip


def from_row(r: EventRow) -> Event:
    """
    Read an event from a row without its bucket.

    Raises:
        Corrupt: the fact is of an unknown type or cannot be read; names the row.
    """
    key, sequence, type_, version, step, source, dest, effective_on, recorded_at, actor, command, data, before, own = r
    where = where_of(sequence, key)
    fact = read_fact(type_, version, data, where)
    if fact.step != step:
        raise Corrupt(f"{where}: a {type_} is judged by the step {fact.step!r}, but {step!r} is stored")
    return Event(
        key, sequence, fact, source, dest, effective_on, recorded_at, actor, command, data, version, before, own
    )


def read_fact(type_: str, version: int, data: str, where: str) -> Fact:
    """
    Read the stored text of a fact, lifting an older form to today's.

    Args:
        where: The row, for the message.

    Raises:
        Corrupt: an unknown type, a version that no upcaster lifts, or unreadable text.
    """
    known = FACTS.get(type_)
    if known is None:
        raise Corrupt(f"{where}: no fact is called {type_!r}; a newer version wrote it, or it was changed from outside")
    try:
        if version == known.version:
            return _read(known, data)
        return known.model_validate_json(json.dumps(_lifted(type_, version, known.version, json.loads(data), where)))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(map(str, first["loc"]))
        raise Corrupt(f"{where}: its {type_} cannot be read: {field or 'data'}: {first['msg']}") from None
    except ValueError:
        raise Corrupt(f"{where}: its {type_} cannot be read: the data is not JSON") from None


@lru_cache(maxsize=8192)  # a sitting's hundreds of admissions and announcements say the same
def _read(known: type[Fact], data: str) -> Fact:
    return known.model_validate_json(data)


def _lifted(type_: str, version: int, target: int, data: dict[str, Any], where: str) -> dict[str, Any]:
    while version < target and (lift := UPCASTERS.get((type_, version))):
        data, version = lift(data), version + 1
    if version != target:
        raise Corrupt(f"{where}: version {version} of {type_} is unknown here; this software reads up to {target}")
    return data


def where_of(sequence: int, application: str = "") -> str:
    """Name the row of an event."""
    return f"event {sequence} of application {application}" if application else f"event {sequence}"


def projection_row(projection: Projection) -> dict[str, Any]:
    """Write a projection as a row of `application`."""
    return {"bucket": bucket_of(projection.application), **projection._asdict()}


def admission_rows(events: Sequence[Event]) -> Iterator[Mapping[str, Any]]:
    """Give a row of `admission` for each seat given and each score recorded (a review has no admission)."""
    for event in events:
        if isinstance(event.fact, ATTEMPTING):
            yield {
                "bucket": bucket_of(event.application),
                "application": event.application,
                "part": event.fact.part,
                "sitting": event.fact.sitting,
                "sat_on": event.fact.sat_on,
            }


def certificate_rows(events: Sequence[Event]) -> Iterator[Mapping[str, Any]]:
    """Give a row of `certificate` for each award."""
    for event in events:
        if isinstance(event.fact, CertificateAwarded):
            yield {
                "number": event.fact.number,
                "series": event.fact.series,
                "serial": event.fact.serial,
                "bucket": bucket_of(event.application),
                "application": event.application,
                "awarded_on": event.effective_on,
            }


def code_rows(events: Sequence[Event]) -> Iterator[Mapping[str, Any]]:
    """Give a row of `certificate_code` for each award."""
    for event in events:
        if isinstance(event.fact, CertificateAwarded):
            yield {"code": certificate_code(event), "number": event.fact.number}
