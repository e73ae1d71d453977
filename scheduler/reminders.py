"""
The job `remind`: queues a notice some days before something runs out, one for each reason ever.

The notices and the record of the run are one transaction. What a notice says is the clock's next step; to whom it goes
is looked up when it is sent, so that the outbox holds no personal value.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Final

from scheduler.night import CHUNK, Night, each_due, has_gone_beyond, over_buckets
from workflow.calendar import ONE_DAY, count
from workflow.clock import LAST_STEPS, next_due
from workflow.errors import ExamboardError, Unavailable
from workflow.events import canonical_data
from workflow.facts import Fact
from workflow.ledger import DueRow, Notice, Parked, RunKey, Window
from workflow.night import due_fact, last_day, notice_kind
from workflow.ports import bucket_of
from workflow.reading import each_history
from workflow.receipts import Change
from workflow.replay import run_clock

LAST: Final = frozenset(fact.__name__ for fact in LAST_STEPS)


class Remind:
    """Candidates are told in time of what will run out."""

    name = "remind"
    title = "Queue reminders ahead of a lapse, a deadline or the end of a certificate."

    def plan(self, night: Night, days: Sequence[date]) -> Iterator[tuple[date, Change]]:
        """Say which reminders would be queued."""
        said: set[tuple[str, str]] = set()
        for row in each_due(night, days[-1] + timedelta(max(night.remind, default=-1) + 1)):
            for day, notice in _noticed(night, row, days):
                if (key := (row.application, notice.reason)) in said:
                    continue
                said.add(key)
                if not night.service.stores.outbox.queued(bucket_of(row.application), [key]):
                    yield day, change_of(notice)

    def work(self, night: Night, run: RunKey) -> None:
        """Queue the reminders of a business day."""
        if not night.remind:
            return
        due, tomorrow = night.service.stores.due, run.day + ONE_DAY
        horizon = run.day + timedelta(max(night.remind) + 1)
        for bucket in over_buckets(night, due.buckets(horizon, tomorrow)):
            window = Window(bucket, horizon, tomorrow, most=CHUNK)
            while rows := due.rows(window):
                night.stop_if_told()
                _queue(night, run, bucket, rows)
                window = window._replace(after=rows[-1].application)


def _queue(night: Night, run: RunKey, bucket: int, rows: Sequence[DueRow]) -> None:
    runs = night.service.stores.runs
    notices: list[Notice] = []
    parked: list[Parked] = []
    for row in rows:
        try:
            notice = notice_of(night, row, _fact(night, row), row.next_due_on, run.day)
        except Unavailable:
            raise
        except Exception as error:
            parked.append(night.parked(run, row.application, error))
            continue
        if notice is not None:
            notices.append(notice)
    if run.day < night.service.today():
        notices = _of_that_day(night, run, notices, parked)
    if notices or parked:
        part = night.part(run, bucket, [change_of(notice).line for notice in notices])
        runs.add(part, notices, parked)


def _of_that_day(night: Night, run: RunKey, notices: Sequence[Notice], parked: list[Parked]) -> list[Notice]:
    """
    Leave out, on a night that is made up for, applications of which later days have been written; adds to the parked.

    What their rows say is what a later night will remind of, and the runs of a day say the same however many nodes
    share it, and however late one of them comes.
    """
    found = []
    histories = each_history(night.service.stores.events, [notice.application for notice in notices])
    for notice, (key, history, error) in zip(notices, histories, strict=True):
        if error is not None:
            parked.append(night.parked(run, key, error))
        elif not has_gone_beyond(history, run.day):
            found.append(notice)
    return found


def notice_of(night: Night, row: DueRow, fact: Fact, on: date, day: date) -> Notice | None:
    """
    Make the reminder that is due on a day; None if there is none.

    Of several horizons that have been entered the nearest is meant, so that whoever learns late is told once.

    Args:
        night: The night, which says how many days before.
        row: The application.
        fact: What the clock will do.
        on: The day on which that takes effect.
        day: The business day.
    """
    last = last_day(fact, on)
    left = (last - day).days
    entered = [days for days in night.remind if 0 <= left <= days]
    if not entered:
        return None
    at = night.now()
    return Notice(
        row.application,
        f"{type(fact).__name__}:{last}:{min(entered)}",
        row.candidate,
        notice_kind(fact),
        canonical_data(fact),
        day,
        last,
        at,
        next_try_at=at,
    )


def change_of(notice: Notice) -> Change:
    """Say for a receipt what was queued."""
    left = (notice.useful_until - notice.queued_on).days
    text = f"{notice.kind}: {count(left, 'day')} to the last day, {notice.useful_until}"
    return Change(notice.application, "Notice", notice.queued_on, text)


def _fact(night: Night, row: DueRow) -> Fact:
    if row.next_due_type:
        return due_fact(row.next_due_type, row.next_due_data)
    draft = night.service.draft(night.service.history(row.application))
    due = next_due(draft.application, draft.rules)
    if due is None:
        raise ExamboardError("its row says that the clock has something to do, its history does not")
    return due.fact


def _noticed(night: Night, row: DueRow, days: Sequence[date]) -> list[tuple[date, Notice]]:
    """Make the reminders of an application on some days; none where it cannot be judged: the run will park it."""
    try:
        coming = ((day, notice_of(night, row, fact, on, day)) for day, fact, on in _coming(night, row, days))
        return [(day, notice) for day, notice in coming if notice is not None]
    except Unavailable:
        raise
    except ExamboardError:
        return []


def _coming(night: Night, row: DueRow, days: Sequence[date]) -> Iterator[tuple[date, Fact, date]]:
    """Give for each day the step of the clock that lies ahead on it, as far as the history so far tells."""
    if row.next_due_type in LAST or row.next_due_on > days[-1]:
        fact = _fact(night, row)
        yield from ((day, fact, row.next_due_on) for day in days if day < row.next_due_on)
        return
    for _key, history, error in each_history(night.service.stores.events, [row.application]):
        if error is not None:
            return
        draft = night.service.draft(history)
        for day in days:
            application, _ = run_clock(draft.application, draft.rules, day)
            if due := next_due(application, draft.rules):
                yield day, due.fact, max(due.on, application.on)
