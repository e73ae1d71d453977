"""
The job `remind`: queues a notice some days before something runs out, one for each reason ever.

The notices and the record of the run are one transaction. What a notice says is the clock's next step; to whom it goes
is looked up when it is sent, so that the outbox holds no personal value.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import replace
from datetime import date, timedelta
from functools import cache, partial

from scheduler.expiry import LAST, Expire
from scheduler.night import CHUNK, FURTHEST, Ahead, Night, days_of, each_due, has_gone_beyond, over_buckets
from workflow.calendar import count
from workflow.clock import Due, next_due
from workflow.draft import Draft
from workflow.errors import ExamboardError, Unavailable
from workflow.events import canonical_data
from workflow.facts import Fact
from workflow.nights.last_steps import due_fact, last_day, notice_kind
from workflow.nights.ledger import DueRow, Notice, Parked, RunKey, Window
from workflow.nights.receipts import Change
from workflow.ports import bucket_of
from workflow.reading import each_history


class Remind:
    """Candidates are told in time of what will run out."""

    name = "remind"
    title = "Queue reminders ahead of a lapse, a deadline or the end of a certificate."

    def foresee(self, night: Night, ahead: Ahead, run: RunKey) -> list[Change]:
        """Say of what an application would be reminded."""
        day, due = ahead.day(night, run), _ahead(ahead.draft)
        if due is None or due.on <= day or (has_gone_beyond(ahead.history, day) and run.day < _newest(night)):
            return []
        notice = notice_of(night, ahead.draft.application.key, ahead.draft.application.candidate, due, day)
        if notice is None or notice.reason in ahead.reasons or _was_queued(night, notice):
            return []
        ahead.reasons.add(notice.reason)
        return [change_of(notice)]

    def plan(self, night: Night, runs: Sequence[RunKey], but: Set[str] = frozenset()) -> Iterator[tuple[date, Change]]:
        """Say which reminders would be queued."""
        days, newest = days_of(runs, self.name), _newest(night)
        for row in each_due(night, days[-1] + timedelta(max(night.remind, default=-1) + 1)):
            said: set[str] = set()
            for day, notice in () if row.application in but else _noticed(night, row, runs, newest):
                if notice.reason not in said and not _was_queued(night, notice):
                    yield day, change_of(notice)
                said.add(notice.reason)

    def work(self, night: Night, run: RunKey) -> None:
        """Queue the reminders of a business day."""
        if not night.remind:
            return
        due, since = night.service.stores.due, run.day - FURTHEST
        horizon = run.day + timedelta(max(night.remind) + 1)
        for bucket in over_buckets(night, due.buckets(horizon, since)):
            window = Window(bucket, horizon, since, most=CHUNK)
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
            notice = _notice_now(night, row, run)
        except Unavailable:
            raise
        except Exception as error:
            parked.append(night.parked(run, row.application, error))
            continue
        if notice is not None:
            notices.append(notice)
    if run.day < _newest(night):  # asked after the rows were read, which a later night may have changed by then
        notices = _of_that_day(night, run, notices, parked)
    if notices or parked:
        part = night.part(run, bucket, [change_of(notice).line for notice in notices])
        runs.add(part, notices, parked)


def _notice_now(night: Night, row: DueRow, run: RunKey) -> Notice | None:
    if row.next_due_on <= (day := night.day_of(row.digest, row.level, run.day)):
        return None
    return notice_of(night, row.application, row.candidate, Due(row.next_due_on, _fact(night, row)), day)


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
        elif not has_gone_beyond(history, notice.queued_on):
            found.append(notice)
    return found


def notice_of(night: Night, application: str, candidate: str, due: Due, day: date) -> Notice | None:
    """
    Make the reminder that is due on a day; None if there is none.

    Of several horizons that have been entered the nearest is meant, so that whoever learns late is told once.

    Args:
        night: The night, which says how many days before.
        application: Key of the application.
        candidate: Key of the person.
        due: What the clock will do.
        day: The business day, by the application's scheme.
    """
    fact, last = due.fact, last_day(due.fact, due.on)
    left = (last - day).days
    entered = [days for days in night.remind if 0 <= left <= days]
    if not entered:
        return None
    at = night.now()
    return Notice(
        application,
        f"{type(fact).__name__}:{last}:{min(entered)}",
        candidate,
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


def _was_queued(night: Night, notice: Notice) -> bool:
    key = (notice.application, notice.reason)
    return bool(night.service.stores.outbox.queued(bucket_of(notice.application), [key]))


def _newest(night: Night) -> date:
    """
    Give the newest night that there is; an earlier one is made up for, and leaves who has gone on to a later one.

    That is the night of today, or one that was begun under a clock that is, or was, ahead of this node's.
    """
    today = night.service.today()
    return max([today, *(run.key.day for run in night.service.stores.runs.history(most=1))])


def _ahead(draft: Draft) -> Due | None:
    """Give the clock's next step, as the row of the application will name it."""
    due = next_due(draft.application, draft.rules)
    return replace(due, on=max(due.on, draft.application.on)) if due else None


def _noticed(night: Night, row: DueRow, runs: Sequence[RunKey], newest: date) -> list[tuple[date, Notice]]:
    """Make the reminders of an application in some runs; none where it cannot be judged: the run will park it."""
    try:
        return list(_coming(night, row, runs, newest))
    except Unavailable:
        raise
    except ExamboardError:
        return []


def _coming(night: Night, row: DueRow, runs: Sequence[RunKey], newest: date) -> Iterator[tuple[date, Notice]]:
    """Remind, in each run, of the step of the clock that lies ahead after what was written before it."""
    own = partial(night.day_of, row.digest, row.level)
    draft = cache(lambda: night.service.draft(night.service.history(row.application)))
    stays = row.next_due_type in LAST or row.next_due_on > runs[-1].day
    due = Due(row.next_due_on, _fact(night, row)) if stays else None
    for run in runs:
        if run.job == Expire.name and not stays:
            draft().write_down(own(run.day))
        if run.job != Remind.name:
            continue
        day = own(run.day)
        ahead = due or _ahead(draft())
        notice = notice_of(night, row.application, row.candidate, ahead, day) if ahead and ahead.on > day else None
        if notice and not (run.day < newest and has_gone_beyond(draft().recorded_events, day)):
            yield run.day, notice
