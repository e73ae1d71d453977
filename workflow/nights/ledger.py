"""
The run ledger and the outbox, as ports: which job ran for which business day, what it did, and what is to be sent.

A run is named by its job and its business day, so that no night is ever run twice and a missed one is seen to be owed.
What a run did is written in the transaction that did it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple, Protocol

from workflow.projection import Append

COMPLETE = "complete"
WITH_EXCEPTIONS = "with exceptions"
BEFORE_THE_LEDGER = "before-the-ledger"  # the run that stands for all that was done before there was a ledger


class RunKey(NamedTuple):
    """The name of a run: the job, and the business day that it is for."""

    job: str
    day: date

    def __str__(self) -> str:
        return f"{self.job}/{self.day}"


@dataclass(frozen=True, slots=True)
class Run:
    """
    A run of a job.

    Attributes:
        key: The job and the business day.
        opened_at: When it was first begun.
        opened_by: By which node or person.
        finished_at: When it was done; None while it is owed.
        finished_by: By which node or person.
        outcome: `complete`, or `with exceptions` where applications were parked; empty while it is owed.
        digest: sha256 over what it changed (`receipts`); empty while it is owed.
    """

    key: RunKey
    opened_at: datetime
    opened_by: str
    finished_at: datetime | None = None
    finished_by: str = ""
    outcome: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """
    What one transaction of a run did.

    Attributes:
        run: The run.
        bucket: The bucket that it worked on.
        key: A key that no other part has.
        at: When.
        by: By which node or person.
        changes: A line of JSON for each change, in the order of application keys (`receipts.Change`).
    """

    run: RunKey
    bucket: int
    key: str
    at: datetime
    by: str
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Parked:
    """
    An application that a run set aside, since it could not be judged; the next night tries it again.

    Attributes:
        run: The run.
        application: Key of the application.
        at: When.
        reason: Why.
    """

    run: RunKey
    application: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Notice:
    """
    A message that waits in the outbox; it holds no personal value, and its reader is looked up when it is sent.

    Attributes:
        application: Key of the application that it is about.
        reason: What it is for; an application never gets two notices for the same reason.
        candidate: Key of the person to whom it goes.
        kind: Which message: `lapse`, `deadline` or `certificate`.
        about: What it says, as canonical JSON.
        queued_on: The business day on which it was due.
        useful_until: The last day on which it helps the reader; after it, it is not sent any more.
        queued_at: When it was written.
        tries: How often delivery was tried.
        next_try_at: When it may be tried next; None once it is over.
        sent_at: When it was delivered.
        error: Why the last try failed, or why it was given up.
    """

    application: str
    reason: str
    candidate: str
    kind: str
    about: str
    queued_on: date
    useful_until: date
    queued_at: datetime
    tries: int = 0
    next_try_at: datetime | None = None
    sent_at: datetime | None = None
    error: str = ""


class Window(NamedTuple):
    """
    What to take of one bucket.

    Attributes:
        bucket: The bucket.
        until: The latest day on which the clock's next step takes effect.
        since: The earliest such day; absent: any.
        after: Only applications after this key.
        most: How many at the most.
        run: Leave out what this run has parked; absent: nothing is left out.
        only: Only this application; empty: any.
    """

    bucket: int
    until: date
    since: date | None = None
    after: str = ""
    most: int = 500
    run: RunKey | None = None
    only: str = ""


class DueRow(NamedTuple):
    """
    An application for which the clock has something to do: what its `Projection` says of that.

    Attributes:
        is_borne_out: Whether `sequence`, `head`, `state` and `recorded_at` are those of the last event that is stored.
            False means that the history must be asked: it may have moved on since this was read. What is due cannot be
            compared with one event.
    """

    application: str
    candidate: str
    digest: str
    level: int
    state: str
    sequence: int
    head: str
    recorded_at: datetime | None
    next_due_on: date
    next_due_type: str
    next_due_data: str
    is_borne_out: bool


class ClockStep(NamedTuple):
    """
    The last step of the clock on an application, made from its `DueRow` alone: an event, field by field.

    After it the clock has nothing more to do, so that the projection follows from it: the state is `dest`, the head is
    `hash`, and nothing is due.
    """

    application: str
    sequence: int
    type: str
    version: int
    step: str
    source: str
    dest: str
    effective_on: date
    recorded_at: datetime
    actor: str
    command: str
    data: str
    previous: str
    hash: str


class Chunk(NamedTuple):
    """
    What a job makes of claimed applications, to be written in the transaction that claimed them.

    Attributes:
        part: The record of it; nothing of it is kept where it has no changes.
        steps: Last steps of the clock, in key order.
        appends: Whatever needed the history.
        parked: Applications that could not be judged.
    """

    part: Part
    steps: Sequence[ClockStep] = ()
    appends: Sequence[Append] = ()
    parked: Sequence[Parked] = ()


class DueQueue(Protocol):
    """The applications for which the clock has something to do, bucket by bucket."""

    def buckets(self, until: date, since: date | None = None) -> tuple[int, ...]:
        """Give the buckets with applications whose next step of the clock takes effect by a day, in order."""

    def rows(self, window: Window) -> tuple[DueRow, ...]:
        """Read applications of a window, in key order, whoever holds them."""

    def claim(self, window: Window, build: Callable[[Sequence[DueRow]], Chunk]) -> int:
        """
        Take applications of a window, and write what a job makes of them, in one transaction.

        Nobody else can write to them meanwhile; whoever else claims gets others (PostgreSQL) or waits (SQLite).

        Args:
            window: What to take.
            build: Says what to write; may read from the stores, must not write to them. What it raises is passed on,
                and nothing is kept.

        Returns:
            How many applications were claimed.

        Raises:
            Conflict: an application had moved on although it was held; nothing was kept.
            Unavailable, Corrupt: see errors; nothing was kept.
        """

    def end_hung(self) -> int:
        """
        End the sessions of this database user that hold rows and have waited for their client too long.

        A node that is frozen in the middle of a batch loses what it holds, and fails cleanly when it is thawed.

        Returns:
            How many were ended; always 0 where a store has no sessions that others could end.
        """


class RunLedger(Protocol):
    """
    Which runs there were, and what they did. Parts are only ever added.

    A closed run to which something is added, or parked, is owed again in the same transaction: whoever does so and dies
    before closing it anew leaves no run whose digest is not that of its parts.
    """

    def open(self, key: RunKey, at: datetime, by: str) -> Run:
        """Begin a run, or give the one that was begun before."""

    def find(self, key: RunKey) -> Run | None:
        """Give a run."""

    def history(self, job: str = "", most: int = 100) -> tuple[Run, ...]:
        """Give the newest runs, of one job or of all, newest business day first, then in the order of jobs."""

    def last_finished(self, job: str) -> date | None:
        """Give the latest business day for which a job was finished; None if it never was."""

    def first_unfinished(self, job: str) -> date | None:
        """Give the earliest business day for which a job was begun and not finished."""

    def add(self, part: Part, notices: Sequence[Notice] = (), parked: Sequence[Parked] = ()) -> int:
        """
        Write what a transaction of a run did, with the notices that it queues.

        A notice whose application has had one for the same reason is left out, and so is its line in the part.

        Args:
            part: The part; with notices, its changes are in their order, one for each.

        Returns:
            The number of changes that were kept.
        """

    def write(self, chunk: Chunk) -> None:
        """
        Write what a job made of applications that nobody held, in one transaction.

        Raises:
            ValueError: it has last steps of the clock, which are safe only where the application was claimed.
            Conflict: one of them had moved on; nothing was kept.
        """

    def parts(self, key: RunKey, bucket: int | None = None) -> Iterator[Part]:
        """Stream what a run did, in the order of buckets and keys of parts."""

    def parked(self, key: RunKey) -> tuple[Parked, ...]:
        """Give what a run has parked, in key order."""

    def release(self, key: RunKey) -> int:
        """Take up again what a run has parked, which is owed then; give the number."""

    def finish(self, run: Run) -> bool:
        """Close a run with its outcome; false if it was closed with the same digest and outcome already."""


class Outbox(Protocol):
    """Notices, from queueing to delivery."""

    def queued(self, bucket: int, reasons: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        """Tell for which of (application, reason) there ever was a notice; all of one bucket."""

    def claim(self, now: datetime, again_at: Sequence[datetime], most: int) -> tuple[Notice, ...]:
        """
        Take notices whose time has come, each with its next try set ahead, so that no other node takes them now.

        Whoever claims must say what became of them; if the node dies, they come up again when that time has come.

        Args:
            now: The present instant.
            again_at: When to try again after the first, second ... try; a notice tried that often is not taken.
            most: How many at the most.
        """

    def sent(self, notice: Notice, at: datetime) -> None:
        """Note that a notice was delivered."""

    def failed(self, notice: Notice, error: str, is_over: bool = False) -> None:
        """Note why a notice could not be delivered, and whether it is given up."""

    def notices(self, application: str = "", waiting: bool = False, most: int = 1000) -> tuple[Notice, ...]:
        """Give notices in the order of queueing: of one application or of all; only those that wait still, or all."""
