"""The run ledger, the outbox and what is due, in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from threading import RLock
from typing import Any

from storage.batch import check_notices, check_unclaimed, in_key_order, news
from storage.codec import read_fact, where_of
from storage.memory_events import MemoryEvents
from storage.portable import kept
from workflow.errors import Conflict, Corrupt
from workflow.events import Event
from workflow.nights.ledger import Chunk, ClockStep, DueRow, Notice, Parked, Part, Run, RunKey, Window
from workflow.ports import Append, Projection, bucket_of


class MemoryRuns:
    """The run ledger in memory."""

    def __init__(self, events: MemoryEvents) -> None:
        self.lock = RLock()
        self._events = events
        self.waiting: dict[tuple[str, str], Notice] = {}
        self._runs: dict[RunKey, Run] = {}
        self._parts: dict[tuple[RunKey, int, str], Part] = {}
        self._parked: dict[tuple[RunKey, str], Parked] = {}

    def open(self, key: RunKey, at: datetime, by: str) -> Run:
        """Begin a run, or give the one that was begun before."""
        with self.lock:
            return self._runs.setdefault(key, Run(key, at, by))

    def find(self, key: RunKey) -> Run | None:
        """Give a run."""
        return self._runs.get(key)

    def history(self, job: str = "", most: int = 100) -> tuple[Run, ...]:
        """Give the newest runs, of one job or of all, newest business day first, then in the order of jobs."""
        found = sorted((run for run in self._runs.values() if job in ("", run.key.job)), key=lambda run: run.key.job)
        return tuple(sorted(found, key=lambda run: run.key.day, reverse=True)[:most])

    def last_finished(self, job: str) -> date | None:
        """Give the latest business day for which a job was finished; None if it never was."""
        return max((r.key.day for r in self._runs.values() if r.key.job == job and r.finished_at), default=None)

    def first_unfinished(self, job: str) -> date | None:
        """Give the earliest business day for which a job was begun and not finished."""
        return min((r.key.day for r in self._runs.values() if r.key.job == job and not r.finished_at), default=None)

    def add(self, part: Part, notices: Sequence[Notice] = (), parked: Sequence[Parked] = ()) -> int:
        """Write what a transaction of a run did, with the notices that it queues; see `ledger.RunLedger`."""
        check_notices(part, notices)
        with self.lock:
            new = news(part, notices, self.waiting.keys()) if notices else []
            changes = tuple(change for _, change in new) if notices else part.changes
            self._put(replace(part, changes=changes))
            self.waiting |= {(notice.application, notice.reason): notice for notice, _ in new}
            self._park(parked)
            return len(changes)

    def write(self, chunk: Chunk) -> None:
        """
        Write what a job made of applications that nobody held.

        Raises:
            ValueError: a last step of the clock is among it, which is only written where it was claimed.
            Conflict: one of them had moved on; nothing was kept.
        """
        check_unclaimed(chunk)
        self.keep(chunk.appends, chunk)

    def keep(self, appends: Sequence[Append], chunk: Chunk) -> None:
        """
        Write appends with the part of a chunk and what it parked, or nothing.

        Raises:
            Conflict: an application had moved on.
            Corrupt: the key of the part is taken, or see `EventStore.append`.
        """
        ordered = in_key_order(appends)
        with self._events.lock, self.lock:
            if any(len(self._events.history(append.application)) != append.expected for append in ordered):
                raise Conflict("an application of the chunk had moved on; nothing was kept")
            self._check_key(chunk.part)
            self._events.append(ordered)
            self.add(chunk.part, parked=chunk.parked)

    def _check_key(self, part: Part) -> None:
        if part.changes and (part.run, part.bucket, part.key) in self._parts:
            raise Corrupt(f"the key of a part of {part.run} is used twice; nothing was kept")

    def _put(self, part: Part) -> None:
        self._check_key(part)
        if part.changes:
            self._reopen(part.run)
            self._parts[part.run, part.bucket, part.key] = part

    def _reopen(self, key: RunKey) -> None:
        if run := self._runs.get(key):
            self._runs[key] = Run(key, run.opened_at, run.opened_by)

    def _park(self, parked: Sequence[Parked]) -> None:
        for one in parked:
            self._reopen(one.run)
            self._parked.setdefault((one.run, one.application), replace(one, reason=kept(one.reason)))

    def parts(self, key: RunKey, bucket: int | None = None) -> Iterator[Part]:
        """Stream what a run did, in the order of buckets and keys of parts."""
        with self.lock:
            found = [part for at, part in sorted(self._parts.items()) if at[0] == key and bucket in (None, at[1])]
        yield from found

    def parked(self, key: RunKey) -> tuple[Parked, ...]:
        """Give what a run has parked, in key order."""
        with self.lock:
            return tuple(one for (run, _), one in sorted(self._parked.items()) if run == key)

    def release(self, key: RunKey) -> int:
        """Take up again what a run has parked, which is owed then; give the number."""
        with self.lock:
            gone = [at for at in self._parked if at[0] == key]
            if gone:
                self._reopen(key)
            for at in gone:
                del self._parked[at]
            return len(gone)

    def finish(self, run: Run) -> bool:
        """Close a run with its outcome; false if it was closed with the same digest and outcome already."""
        with self.lock:
            before = self._runs.get(run.key)
            if before is None or (before.finished_at and (before.outcome, before.digest) == (run.outcome, run.digest)):
                return False
            self._runs[run.key] = replace(run, opened_at=before.opened_at, opened_by=before.opened_by)
            return True


class MemoryOutbox:
    """The outbox in memory."""

    def __init__(self, runs: MemoryRuns) -> None:
        self._runs = runs

    def queued(self, bucket: int, reasons: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        """Tell for which of (application, reason) there ever was a notice; all of one bucket."""
        return {reason for reason in reasons if reason in self._runs.waiting}

    def claim(self, now: datetime, again_at: Sequence[datetime], most: int) -> tuple[Notice, ...]:
        """Take notices whose time has come, each with its next try set ahead."""
        with self._runs.lock:
            ready = [
                n
                for n in self._runs.waiting.values()
                if n.next_try_at and n.next_try_at <= now and n.tries < len(again_at)
            ]
            ready.sort(key=lambda n: (bucket_of(n.application), n.next_try_at, n.application, n.reason))
            taken = [replace(n, tries=n.tries + 1, next_try_at=again_at[n.tries]) for n in ready[:most]]
            self._runs.waiting |= {(n.application, n.reason): n for n in taken}
        return tuple(taken)

    def sent(self, notice: Notice, at: datetime) -> None:
        """Note that a notice was delivered."""
        self._note(notice, sent_at=at, next_try_at=None, error="")

    def failed(self, notice: Notice, error: str, is_over: bool = False) -> None:
        """Note why a notice could not be delivered, and whether it is given up."""
        self._note(notice, error=kept(error), **({"next_try_at": None} if is_over else {}))

    def notices(self, application: str = "", waiting: bool = False, most: int = 1000) -> tuple[Notice, ...]:
        """Give notices in the order of queueing."""
        with self._runs.lock:
            found = sorted(self._runs.waiting.values(), key=lambda n: (n.queued_at, n.application, n.reason))
        of = [n for n in found if application in ("", n.application) and (n.next_try_at is not None or not waiting)]
        return tuple(of[:most])

    def _note(self, notice: Notice, **values: Any) -> None:
        with self._runs.lock:
            key = (notice.application, notice.reason)
            before = self._runs.waiting.get(key)  # not the one given: it may be older
            if before is not None and before.sent_at is None:
                self._runs.waiting[key] = replace(before, **values)


class MemoryDue:
    """What is due, in memory."""

    def __init__(self, events: MemoryEvents, runs: MemoryRuns) -> None:
        self._events = events
        self._runs = runs

    def buckets(self, until: date, since: date | None = None) -> tuple[int, ...]:
        """Give the buckets with applications whose next step of the clock takes effect by a day, in order."""
        return tuple(sorted({bucket_of(p.application) for p in self._due(until, since)}))

    def rows(self, window: Window) -> tuple[DueRow, ...]:
        """Read applications of a window, in key order."""
        parked = {one.application for one in self._runs.parked(window.run)} if window.run else set()
        found = [
            p
            for p in self._due(window.until, window.since)
            if bucket_of(p.application) == window.bucket
            and p.application > window.after
            and p.application not in parked
            and window.only in ("", p.application)
        ]
        return tuple(_due_row(p, self._events.history(p.application)) for p in found[: window.most])

    def end_hung(self) -> int:
        """End nothing: a thread that holds the lock goes on."""
        return 0

    def claim(self, window: Window, build: Callable[[Sequence[DueRow]], Chunk]) -> int:
        """Take applications of a window, and write what a job makes of them."""
        with self._events.lock, self._runs.lock:
            if not (rows := self.rows(window)):
                return 0
            chunk = build(rows)
            self._runs.keep([*chunk.appends, *map(self._append, chunk.steps)], chunk)
            return len(rows)

    def _due(self, until: date, since: date | None) -> list[Projection]:
        return [
            p
            for p in self._events.projections()
            if p.next_due_on is not None and (since or date.min) <= p.next_due_on <= until
        ]

    def _append(self, step: ClockStep) -> Append:
        s = step
        fact = read_fact(s.type, s.version, s.data, where_of(s.sequence, s.application))
        envelope = (s.source, s.dest, s.effective_on, s.recorded_at, s.actor, s.command)
        event = Event(s.application, s.sequence, fact, *envelope, s.data, s.version, s.previous, s.hash)
        before = self._events.projection(s.application)
        if before is None:
            raise Conflict(f"there is no application {s.application}; nothing was kept")
        after = before._replace(state=s.dest, sequence=s.sequence, head=s.hash, recorded_at=s.recorded_at)
        nothing_due = after._replace(next_due_on=None, next_due_type="", next_due_data="")
        return Append(s.application, s.sequence - 1, (event,), nothing_due)


def _due_row(p: Projection, history: Sequence[Event]) -> DueRow:
    assert p.next_due_on is not None
    last = [(e.sequence, e.hash, e.dest, e.recorded_at) for e in history[-1:]]
    return DueRow(
        p.application, p.candidate, p.digest, p.level, p.state, p.sequence, p.head, p.recorded_at, p.next_due_on,
        p.next_due_type, p.next_due_data, [(p.sequence, p.head, p.state, p.recorded_at)] == last,
    )  # fmt: skip
