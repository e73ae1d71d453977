"""
The record as an event log for process mining: which applications go into it, and how it is written.

In one pass over the histories, so that all of it is of one moment, and in flat memory but for some sixty bytes for each
candidate. What is told of an application is said in `logged`; `ocel` and `xes` own the two formats.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal, Protocol, TextIO

from workflow.errors import Corrupt
from workflow.events import Event
from workflow.facts import Submitted
from workflow.mining.ocel import Ocel
from workflow.mining.xes import Xes
from workflow.ports import Stores
from workflow.replay import known

_EVERY: Final = 200  # applications between two reports of progress


@dataclass(frozen=True, slots=True)
class Choice:
    """
    Which applications go into a log, each whole or not at all: half a history would show ways that were never taken.

    Attributes:
        levels: The levels wanted, by the id of the scheme; None: all of all schemes.
        since: First day of submission; None: from the beginning.
        until: Last day of submission; None: no end.
        as_of: What had taken effect by this day, as replay takes it; None: all that is recorded.
    """

    levels: Mapping[str, frozenset[int]] | None = None
    since: date | None = None
    until: date | None = None
    as_of: date | None = None

    def of(self, history: Sequence[Event], opening: Submitted) -> Sequence[Event]:
        """Give the events of a history that go into the log: none where the application is not wanted."""
        submitted_on = history[0].effective_on
        if self.levels is not None and opening.level not in self.levels.get(opening.scheme, ()):
            return ()
        if (self.since and submitted_on < self.since) or (self.until and submitted_on > self.until):
            return ()
        return history if self.as_of is None else known(history, self.as_of)


EVERYTHING: Final = Choice()


@dataclass(slots=True)
class Written:
    """
    What a log holds, counted.

    Attributes:
        applications: Applications, each a trace in XES.
        events: Their events.
        objects: Objects by kind; empty in XES, which knows none.
    """

    applications: int = 0
    events: int = 0
    objects: dict[str, int] = field(default_factory=dict)


class Log(Protocol):
    """A log being written, in one format."""

    def open(self) -> None:
        """Write what stands before the first event."""

    def add(self, events: Sequence[Event], opening: Submitted) -> None:
        """Write an application: its events, at least one, and the fact with which it was filed."""

    def close(self) -> Mapping[str, int]:
        """Write what stands behind the last event, and count the objects by kind."""


def write(
    form: Literal["ocel", "xes"],
    stores: Stores,
    file: TextIO,
    spool: TextIO,
    choice: Choice = EVERYTHING,
    tell: Callable[[int], None] = lambda _done: None,
) -> Written:
    """
    Write the record as a log for process mining.

    Args:
        form: `ocel` (OCEL 2.0 as JSON) or `xes` (IEEE 1849).
        stores: Where the histories are.
        file: The file, in UTF-8.
        spool: An empty scratch file to write and to read: what stands last in a format waits in it.
        choice: Which applications.
        tell: Is told from time to time how many applications are done.

    Raises:
        Corrupt: a history cannot be read; the file is then of no use.
    """
    log: Log = Ocel(file, spool) if form == "ocel" else Xes(file)
    written = Written()
    log.open()
    for done, history in enumerate(stores.events.histories(), 1):
        opening = history[0].fact
        if not isinstance(opening, Submitted):
            raise Corrupt(f"application {history[0].application}: its history does not open with a submission")
        if events := choice.of(history, opening):
            log.add(events, opening)
            written.applications += 1
            written.events += len(events)
        if done % _EVERY == 0:
            tell(done)
    written.objects = dict(log.close())
    return written
