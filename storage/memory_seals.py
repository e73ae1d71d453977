"""The seals in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from threading import RLock

from storage.memory_events import MemoryEvents
from workflow.errors import Conflict
from workflow.events import Event, event_text
from workflow.ports import bucket_of
from workflow.sealing.seals import Entry, Seal, SealRange


class MemorySeals:
    """The seals in memory."""

    def __init__(self, events: MemoryEvents) -> None:
        self._lock = RLock()
        self._events = events
        self._seals: list[Seal] = []
        self._ranges: list[SealRange] = []

    def last(self) -> Seal | None:
        """Give the newest seal."""
        return self._seals[-1] if self._seals else None

    def seals(self) -> tuple[Seal, ...]:
        """Give every seal in order."""
        return tuple(self._seals)

    def extend(self, last: Seal | None, build: Callable[[Iterator[bytes]], Seal | None]) -> tuple[str, ...]:
        """
        Make a seal of all events that are in none.

        Raises:
            Conflict: someone else has sealed meanwhile; nothing was kept.
        """
        new = [*self._new()]
        made = build(bytes.fromhex(event.hash) for _, own in new for event in own)
        with self._lock:
            if self.last() != last:
                raise Conflict("someone else has sealed meanwhile; nothing was kept")
            if made is not None:
                self._seals.append(replace(made))
                self._ranges += [of._replace(seal=made.number) for of, _ in new]
        return ()

    def ranges(self) -> Iterator[SealRange]:
        """Stream what is in which seal, in the order of bucket, application and seal."""
        yield from sorted(self._ranges, key=lambda of: (bucket_of(of.application), of.application, of.seal))

    def log(self, seal: int, application: str = "") -> Iterator[Entry]:
        """Stream what came into a seal (of one application), in the order of the log."""
        for of in self.ranges():
            if of.seal == seal and application in ("", of.application):
                for event in self._events.history(of.application)[of.first_sequence - 1 : of.last_sequence]:
                    yield Entry(of, event.sequence, event.hash, event_text(event))

    def unsealed(self) -> Iterator[Entry]:
        """Stream the events that are in no seal, in the order in which the next one will take them."""
        for of, own in self._new():
            for event in own:
                yield Entry(of, event.sequence, event.hash, event_text(event))

    def hashes(self, seal: int) -> Iterator[bytes]:
        """Stream the hashes of the events that came into a seal, in the order of the log."""
        for entry in self.log(seal):
            yield bytes.fromhex(entry.hash)

    def places(self, application: str) -> tuple[tuple[SealRange, int], ...]:
        """Give the ranges of an application, in order, and how many events stand before each in the log."""
        found, before = [], 0
        for of in sorted(self.ranges(), key=lambda of: of.seal):  # stable: within a seal in the order of the log
            if of.application == application:
                found.append((of, before))
            before += of.last_sequence - of.first_sequence + 1
        return tuple(found)

    def _new(self) -> Iterator[tuple[SealRange, tuple[Event, ...]]]:
        sealed: dict[str, int] = {}
        for of in self._ranges:
            sealed[of.application] = max(of.last_sequence, sealed.get(of.application, 0))
        histories = {history[0].application: history for history in self._events.histories()}
        for key in sorted(histories, key=lambda key: (bucket_of(key), key)):
            if own := histories[key][sealed.get(key, 0) :]:
                yield SealRange(key, 0, own[0].sequence, own[-1].sequence, own[-1].hash), own
