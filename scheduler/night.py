"""
Nights: what every job works with, and how a run goes over the buckets so that any number of nodes can share it.

Nothing is true because a job ran (design.md, law 1): a job only writes down what the clock has made true already. There
is no leader: whoever comes takes what nobody holds, and stays until nothing is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from workflow.calendar import board_day
from workflow.draft import Draft
from workflow.errors import ExamboardError, Unavailable
from workflow.events import Event
from workflow.nights.ledger import Chunk, DueRow, Parked, Part, RunKey, Window
from workflow.nights.receipts import Change
from workflow.ports import BUCKETS
from workflow.service import Service

CHUNK: Final = 2_000
FURTHEST: Final = timedelta(2)  # no time zone's day lies further behind another's
PAUSE: Final = 0.2  # seconds until a look at what other nodes still hold

Tell = Callable[[int, int], None]


class Stopped(Exception):
    """The node was told to stop; what was written stands, and the run is still owed."""


@dataclass(frozen=True)
class Night:
    """
    What a job works with.

    Attributes:
        service: The service; its clock is the node's.
        by: The node or person that runs it, as the ledger names it.
        remind: Days before a last valid day or a deadline on which the candidate is reminded.
        wait: Waits for some seconds.
        is_stopping: Tells whether the node was told to stop; asked between chunks.
        tell: Told of progress: buckets done, and their number.
        erases_by_default: Whether `retention` erases by the default too, where a scheme does not say how long.
    """

    service: Service
    by: str
    remind: tuple[int, ...] = (30, 7)
    wait: Callable[[float], None] = lambda seconds: None
    is_stopping: Callable[[], bool] = lambda: False
    tell: Tell = lambda done, total: None
    erases_by_default: bool = False

    def now(self) -> datetime:
        """Give the present instant."""
        return self.service.now()

    def day_of(self, digest: str, level: int, day: date) -> date:
        """
        Give the day that it is for the applications of a scheme when a business day of the board begins.

        In a time zone further west that is the day before: what becomes true there later on is left to the next night,
        so that a night does the same at whatever hour, and however late, it is run. It is never a later day.

        Raises:
            Corrupt: the document is not on the shelf.
        """
        begins = datetime.combine(day, time(), ZoneInfo(self.service.zone))
        return min(day, board_day(begins, self.service.rules(digest, level).scheme.time_zone))

    def part(self, run: RunKey, bucket: int, changes: Sequence[str]) -> Part:
        """Make the record of what a transaction does."""
        return Part(run, bucket, self.service.new_key(), self.now(), self.by, tuple(changes))

    def parked(self, run: RunKey, application: str, error: Exception) -> Parked:
        """Set an application aside. An error that is not ours is named by its type: its text may hold anything."""
        reason = str(error) if isinstance(error, ExamboardError) else f"internal error: {type(error).__name__}"
        return Parked(run, application, self.now(), reason)

    def stop_if_told(self) -> None:
        """
        Stop here if the node was told to.

        Raises:
            Stopped: it was.
        """
        if self.is_stopping():
            raise Stopped


@dataclass(frozen=True, slots=True)
class Ahead:
    """
    One application on its way through runs to come.

    Attributes:
        draft: The application after the runs so far.
        sittings: The sittings that lie after each business day, by their keys.
        reasons: For what it was reminded so far.
    """

    draft: Draft
    sittings: Mapping[date, set[str]]
    reasons: set[str] = field(default_factory=set)

    def day(self, night: Night, run: RunKey) -> date:
        """Give the day that a run is for, by the application's scheme."""
        return night.day_of(self.draft.rules.digest, self.draft.rules.number, run.day)

    @property
    def history(self) -> tuple[Event, ...]:
        """All events, recorded and to come."""
        return (*self.draft.recorded_events, *self.draft.new)


class Job(Protocol):
    """A job: what it would do, and doing it."""

    name: str
    title: str

    def foresee(self, night: Night, ahead: Ahead, run: RunKey) -> Iterable[Change]:
        """
        Say what a run would do to one application, and take its draft on to that.

        Raises:
            ExamboardError: it cannot be judged, and the run will park it.
        """

    def plan(self, night: Night, runs: Sequence[RunKey], but: Set[str] = frozenset()) -> Iterator[tuple[date, Change]]:
        """
        Say what this job would do in some runs, if nothing else happened; writes nothing.

        Args:
            night: The night.
            runs: All runs that will be, in their order; of this job at least one.
            but: Applications that are foreseen one by one instead (`foresight`).

        Returns:
            The changes, each with the business day of its run.
        """

    def work(self, night: Night, run: RunKey) -> None:
        """
        Do what is owed for a business day, until nothing is left or held by others.

        Raises:
            Stopped: the node was told to stop.
            Unavailable: the database cannot be written; what was written stands, and the run is still owed.
        """


Build = Callable[[Sequence[DueRow]], Chunk]


def over_buckets(night: Night, buckets: Sequence[int]) -> Iterator[int]:
    """Give buckets, each node from another one on, so that nodes meet late."""
    first = sum(night.by.encode()) % BUCKETS
    for done, bucket in enumerate(sorted(buckets, key=lambda b: (b - first) % BUCKETS)):
        night.stop_if_told()
        night.tell(done, len(buckets))
        yield bucket


def claim_bucket(night: Night, run: RunKey, bucket: int, build: Build) -> None:
    """
    Claim what is due in a bucket chunk by chunk, and write what a job makes of it.

    A chunk that cannot be written is tried one by one, so that the one at fault is parked and the others go on.
    """
    claim = night.service.stores.due.claim
    last = ""

    def built(rows: Sequence[DueRow]) -> Chunk:
        nonlocal last
        last = rows[-1].application
        return build(rows)

    while True:
        night.stop_if_told()
        window = Window(bucket, run.day, after=last, most=CHUNK, run=run)
        try:
            if claim(window, built) < CHUNK:
                return
        except Unavailable:
            raise
        except Exception:  # whatever one application does must not stop the others
            _one_by_one(night, run, window, build)


def _one_by_one(night: Night, run: RunKey, window: Window, build: Build) -> None:
    stores = night.service.stores
    for row in stores.due.rows(window):
        try:
            stores.due.claim(window._replace(only=row.application), build)
        except Unavailable:
            raise
        except Exception as error:
            stores.runs.add(night.part(run, window.bucket, ()), parked=[night.parked(run, row.application, error)])


def has_gone_beyond(history: Sequence[Event], day: date) -> bool:
    """Tell whether a history holds what took effect after a business day: a later night has been at it, or a clerk."""
    return any(event.effective_on > day for event in history)


def days_of(runs: Sequence[RunKey], job: str) -> list[date]:
    """Give the business days of the runs of a job, in order."""
    return sorted(run.day for run in runs if run.job == job)


def each_due(night: Night, until: date, since: date | None = None) -> Iterator[DueRow]:
    """Stream the applications whose next step of the clock takes effect between two days, without holding them."""
    due = night.service.stores.due
    for bucket in due.buckets(until, since):
        window = Window(bucket, until, since, most=CHUNK)
        while rows := due.rows(window):
            yield from rows
            window = window._replace(after=rows[-1].application)
