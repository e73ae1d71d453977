"""
The job `expire`: writes down what has run out by a business day.

Passes that lapse, applications that expire with them or by the deadline of a stage, and certificates whose time is
over: whatever the clock does, one step after the other, each effective on its own day however late it is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import suppress
from datetime import date
from functools import cache, partial
from typing import Final

from scheduler.night import PAUSE, Ahead, Night, claim_bucket, days_of, each_due, over_buckets
from workflow.clock import LAST_STEPS
from workflow.errors import Corrupt, NotFound
from workflow.nights.last_steps import change_of, check_row, is_last, last_step, line_of, step_change
from workflow.nights.ledger import Chunk, ClockStep, DueRow, Parked, RunKey
from workflow.nights.receipts import Change
from workflow.ports import Append, bucket_of
from workflow.reading import each_history

LAST: Final = frozenset(fact.__name__ for fact in LAST_STEPS)


class Expire:
    """What has run out is written down."""

    name = "expire"
    title = "Write down what has run out: passes, applications past a deadline, certificates."

    def plan(self, night: Night, runs: Sequence[RunKey], but: Set[str] = frozenset()) -> Iterator[tuple[date, Change]]:
        """Say what would be written, each by the first of the runs by which it is true."""
        days = days_of(runs, self.name)
        own = cache(partial(_own_days, night, tuple(days)))
        asked: list[DueRow] = []
        for row in each_due(night, days[-1]):
            if row.application in but:
                continue
            with suppress(Corrupt, NotFound):  # the run will park it
                by = own(row.digest, row.level)
                if row.next_due_on > by[-1][0]:
                    continue
                if is_last(row):
                    yield _night_of(row.next_due_on, by), step_change(row)
                else:
                    asked.append(row)
        rows = {row.application: row for row in asked}
        zones = {row.application: own(row.digest, row.level) for row in asked}
        for key, history, error in each_history(night.service.stores.events, list(zones)):
            with suppress(Corrupt):
                if error is None:
                    check_row(rows[key], history[-1])
                    draft = night.service.draft(history)
                    draft.write_down(zones[key][-1][0])
                    yield from ((_night_of(event.effective_on, zones[key]), change_of(event)) for event in draft.new)

    def foresee(self, night: Night, ahead: Ahead, run: RunKey) -> list[Change]:
        """Say what would be written of one application."""
        before = len(ahead.draft.new)
        ahead.draft.write_down(ahead.day(night, run))
        return [change_of(event) for event in ahead.draft.new[before:]]

    def work(self, night: Night, run: RunKey) -> None:
        """Write down what has run out by the day of the run, until nothing is left."""
        due = night.service.stores.due
        while True:
            for bucket in over_buckets(night, due.buckets(run.day)):
                claim_bucket(night, run, bucket, lambda rows: build(night, run, rows))
            if not _is_held(night, run):
                return
            due.end_hung()
            night.wait(PAUSE)


def _own_days(night: Night, days: Sequence[date], digest: str, level: int) -> list[tuple[date, date]]:
    """Give the day that it is for a scheme on each business day, with that day."""
    return [(night.day_of(digest, level, day), day) for day in days]


def _night_of(on: date, days: Sequence[tuple[date, date]]) -> date:
    return next(day for own, day in days if own >= on)


def _is_held(night: Night, run: RunKey) -> bool:
    """Tell whether other nodes still hold something that is owed."""
    parked = {one.application for one in night.service.stores.runs.parked(run)}
    own = cache(night.day_of)
    due = (row for row in each_due(night, run.day) if row.application not in parked)
    return any(row.next_due_on <= own(row.digest, row.level, run.day) for row in due)


def build(night: Night, run: RunKey, rows: Sequence[DueRow]) -> Chunk:
    """Say what to write for applications that were claimed."""
    at, own = night.now(), cache(night.day_of)
    steps: list[ClockStep] = []
    asked: dict[str, tuple[DueRow, date]] = {}
    parked: list[Parked] = []
    for row in rows:
        try:
            if row.next_due_on > (until := own(row.digest, row.level, run.day)):
                continue  # left to the next night
            step = last_step(row, at)
        except Exception as error:
            parked.append(night.parked(run, row.application, error))
            continue
        if step is None:
            asked[row.application] = row, until
        else:
            steps.append(step)
    lines = [line_of(step) for step in steps]
    appends = list(_replayed(night, run, asked, lines, parked))
    bucket = bucket_of(rows[0].application)
    return Chunk(night.part(run, bucket, sorted(lines)), steps, appends, parked)


def _replayed(
    night: Night, run: RunKey, asked: Mapping[str, tuple[DueRow, date]], lines: list[str], parked: list[Parked]
) -> Iterator[Append]:
    """Judge applications by their histories, each row until its day; adds to the lines, and to what is parked."""
    for key, history, error in each_history(night.service.stores.events, list(asked)) if asked else ():
        try:
            if error is not None:
                raise error
            row, until = asked[key]
            check_row(row, history[-1])
            draft = night.service.draft(history)
            if not draft.write_down(until):
                text = (
                    "its row says that the clock has something to do, its history does not; run: examboard db rebuild"
                )
                raise Corrupt(text)
            append = draft.append()
        except Exception as found:
            parked.append(night.parked(run, key, found))
            continue
        lines += [change_of(event).line for event in append.events]
        yield append
