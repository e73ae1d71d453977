"""An event log as OCEL 2.0 in JSON: events of many objects, told in pieces as they come."""

from __future__ import annotations

import json
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final, TextIO

from workflow.events import Event, instant_text
from workflow.facts import FACTS, Submitted
from workflow.mining import logged

# The kinds of objects, and what is told of each.
OBJECT_TYPES: Final = {
    "application": {
        "scheme": "string", "level": "integer", "digest": "string", "cohort": "string", "submitted_on": "string",
        "state": "string",
    },
    "candidate": {},
    "sitting": {},
    "certificate": {"awarded_on": "string"},
    "level": {"scheme": "string", "level": "integer"},
}  # fmt: skip
ALWAYS: Final = "1970-01-01T00:00:00Z"  # the standard's way to say that a value never was another
_BLOCK: Final = 1 << 20
_json: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
Related = list[dict[str, str]]


class Ocel:
    """
    A log in OCEL 2.0 JSON.

    Events go straight to the file; objects wait in the spool, since in the file they stand together. Every value is a
    text, as the standard's JSON Schema asks; its type stands with the type of the event or object.
    """

    def __init__(self, file: TextIO, spool: TextIO) -> None:
        self._file = file
        self._spool = spool
        self._seen = _Seen()
        self._counts: Counter[str] = Counter(dict.fromkeys(OBJECT_TYPES, 0))
        self._is_first = True

    def open(self) -> None:
        """Write the types, all there can be, and begin the events."""
        objects = [_type(name, known) for name, known in OBJECT_TYPES.items()]
        events = [_type(name, logged.EVENT_ATTRIBUTES) for name in FACTS]
        self._file.write(f'{{"objectTypes":{_json(objects)},"eventTypes":{_json(events)},"events":[')

    def add(self, events: Sequence[Event], opening: Submitted) -> None:
        """Write the events of an application, and put by the objects that are met for the first time."""
        self._application(events, opening)
        awarded = logged.certificate(events)
        paper = f"certificate:{awarded[0]}" if awarded else ""
        if awarded:
            of = [_to(f"application:{events[0].application}", "awarded on")]
            self._object("certificate", paper, [("awarded_on", ALWAYS, str(awarded[1]))], of)
        for event in events:
            related = [
                _to(f"application:{event.application}", "subject"),
                _to(f"candidate:{opening.candidate}", "candidate"),
            ]
            if event.fact is opening:
                related.append(_to(_level(opening), "under"))
            sitting, how = logged.session(event.fact)
            if sitting:
                self._once("sitting", f"sitting:{sitting}")
                related.append(_to(f"sitting:{sitting}", how))
            if paper and logged.is_about_paper(event.fact):
                related.append(_to(paper, "paper"))
            self._event(event, related)

    def close(self) -> Mapping[str, int]:
        """Write the objects behind the events."""
        self._file.write('\n],"objects":[')
        self._spool.seek(0)
        while block := self._spool.read(_BLOCK):
            self._file.write(block)
        self._file.write("\n]}\n")
        return self._counts

    def _event(self, event: Event, related: Related) -> None:
        told = {
            "id": f"{event.application}/{event.sequence}",
            "type": event.type,
            "time": instant_text(event.recorded_at),
            "attributes": [{"name": name, "value": str(value)} for name, value in logged.attributes(event)],
            "relationships": related,
        }
        self._file.write(f"{'' if self._is_first else ','}\n{_json(told)}")
        self._is_first = False

    def _application(self, events: Sequence[Event], opening: Submitted) -> None:
        level = _level(opening)
        self._once("candidate", f"candidate:{opening.candidate}")
        self._once("level", level, [("scheme", ALWAYS, opening.scheme), ("level", ALWAYS, str(opening.level))])
        fixed = {
            "scheme": opening.scheme,
            "level": str(opening.level),
            "digest": opening.digest,
            "cohort": opening.cohort,
            "submitted_on": events[0].effective_on.isoformat(),
        }
        values = [(name, ALWAYS, value) for name, value in fixed.items() if value]
        # An attribute has one value at an instant: of what was recorded together, the state after the last of it.
        states = {instant_text(e.recorded_at): e.dest for e in events if e.source != e.dest}
        values += [("state", instant, state) for instant, state in states.items()]
        related = [_to(f"candidate:{opening.candidate}", "of"), _to(level, "under")]
        self._object("application", f"application:{events[0].application}", values, related)

    def _once(self, kind: str, key: str, values: Sequence[tuple[str, str, str]] = ()) -> None:
        if self._seen.is_new(key):
            self._object(kind, key, values, [])

    def _object(self, kind: str, key: str, values: Sequence[tuple[str, str, str]], related: Related) -> None:
        told = {
            "id": key,
            "type": kind,
            "attributes": [{"name": name, "time": time, "value": value} for name, time, value in values],
            "relationships": related,
        }
        self._spool.write(f"{',' if self._counts.total() else ''}\n{_json(told)}")
        self._counts[kind] += 1


def _type(name: str, known: Mapping[str, str]) -> dict[str, Any]:
    return {"name": name, "attributes": [{"name": key, "type": kind} for key, kind in known.items()]}


def _to(key: str, how: str) -> dict[str, str]:
    return {"objectId": key, "qualifier": how}


def _level(opening: Submitted) -> str:
    return f"level:{opening.scheme}/{opening.level}"


class _Seen:
    """
    The keys that were met already, in at most 64 bytes each: candidates are many, and a set takes twice as much.

    Keys are told apart by 127 bits of their hash: two that are alike are not to be expected among a billion.
    """

    def __init__(self) -> None:
        self._slots = array("Q", bytes(16 * 1024))
        self._count = 0

    def is_new(self, key: str) -> bool:
        """Take a key in, and tell whether it is met for the first time."""
        digest = blake2b(key.encode(), digest_size=16).digest()
        high, low = int.from_bytes(digest[:8]), int.from_bytes(digest[8:]) | 1  # a slot with a zero is empty
        if not self._put(high, low):
            return False
        self._count += 1
        if self._count * 4 > len(self._slots):  # two numbers a key: never more than half full
            self._grow()
        return True

    def _put(self, high: int, low: int) -> bool:
        slots, places = self._slots, len(self._slots) // 2
        at = high % places
        while slots[2 * at + 1]:
            if slots[2 * at] == high and slots[2 * at + 1] == low:
                return False
            at = (at + 1) % places
        slots[2 * at], slots[2 * at + 1] = high, low
        return True

    def _grow(self) -> None:
        before, self._slots = self._slots, array("Q", bytes(16 * len(self._slots)))
        for at in range(0, len(before), 2):
            if before[at + 1]:
                self._put(before[at], before[at + 1])
