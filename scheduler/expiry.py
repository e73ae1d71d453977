"""
The job `expire`: writes down what has run out by a business day.

Passes that lapse, applications that expire with them or by the deadline of a stage, and certificates whose time is
over: whatever the clock does, one step after the other, each effective on its own day however late it is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date
from functools import cache
from typing import Final

from scheduler.night import PAUSE, Night, claim_bucket, each_due, over_buckets
from workflow.clock import LAST_STEPS
from workflow.errors import Corrupt
from workflow.ledger import Chunk, ClockStep, DueRow, Parked, RunKey
from workflow.night import change_of, last_step, line_of, step_change
from workflow.ports import Append, bucket_of
from workflow.reading import each_history
from workflow.receipts import Change

LAST: Final = frozenset(fact.__name__ for fact in LAST_STEPS)


class Expire:
    """What has run out is written down."""

    name = "expire"
    title = "Write down what has run out: passes, applications past a deadline, certificates."

    def plan(self, night: Night, days: Sequence[date]) -> Iterator[tuple[date, Change]]:
        """Say what would be written, by the first of the days on which it can be."""
        asked: list[DueRow] = []
        for row in each_due(night, days[-1]):
            if row.next_due_type in LAST:
                with suppress(Corrupt):  # the run will park it
                    yield _night_of(row.next_due_on, days), step_change(row)
            else:
                asked.append(row)
        keys = [row.application for row in asked]
        for _key, history, error in each_history(night.service.stores.events, keys):
            with suppress(Corrupt):
                if error is None:
                    draft = night.service.draft(history)
                    draft.write_down(days[-1])
                    yield from ((_night_of(event.effective_on, days), change_of(event)) for event in draft.new)

    def work(self, night: Night, run: RunKey) -> None:
        """Write down what has run out by the day of the run, until nothing is left."""
        due = night.service.stores.due
        while True:
            for bucket in over_buckets(night, due.buckets(run.day)):
                claim_bucket(night, run, bucket, lambda rows: build(night, run, rows))
            if not _is_held(night, run):
                return
            night.wait(PAUSE)


def _night_of(on: date, days: Sequence[date]) -> date:
    return next(day for day in days if day >= on)


def _is_held(night: Night, run: RunKey) -> bool:
    """Tell whether other nodes still hold something that is owed."""
    parked = {one.application for one in night.service.stores.runs.parked(run)}
    today = cache(night.today)
    due = (row for row in each_due(night, run.day) if row.application not in parked)
    return any(row.next_due_on <= today(row.digest, row.level) for row in due)


def build(night: Night, run: RunKey, rows: Sequence[DueRow]) -> Chunk:
    """Say what to write for applications that were claimed."""
    at, today = night.now(), cache(night.today)
    steps: list[ClockStep] = []
    asked: list[str] = []
    parked: list[Parked] = []
    for row in rows:
        try:
            if row.next_due_on > today(row.digest, row.level):
                continue  # in its scheme's time zone that day has not come yet
            step = last_step(row, at)
        except Exception as error:
            parked.append(night.parked(run, row.application, error))
            continue
        if step is None:
            asked.append(row.application)
        else:
            steps.append(step)
    lines = [line_of(step) for step in steps]
    appends = list(_replayed(night, run, asked, lines, parked))
    bucket = bucket_of(rows[0].application)
    return Chunk(night.part(run, bucket, sorted(lines)), steps, appends, parked)


def _replayed(
    night: Night, run: RunKey, keys: Sequence[str], lines: list[str], parked: list[Parked]
) -> Iterator[Append]:
    """Judge applications by their histories; adds to the lines, and to what is parked."""
    for key, history, error in each_history(night.service.stores.events, keys) if keys else ():
        try:
            if error is not None:
                raise error
            draft = night.service.draft(history)
            if not draft.write_down(run.day):
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
