"""
Jobs: the board's recurring work as plain functions that can be run at any hour, twice or late, with the same result.

A run is plan, apply, receipt. What is owed is told by the ledger, never by a timer: every business day after the last
one that was finished, oldest first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from scheduler import foresight
from scheduler.expiry import Expire
from scheduler.night import Job, Night
from scheduler.releases import Release
from scheduler.reminders import Remind
from scheduler.retention import Retain
from workflow.errors import NotFound, Objection, Refused
from workflow.nights.ledger import Parked, Run, RunKey
from workflow.nights.receipts import Change, Receipt, changes_of, receipt_of

# In the order of a night: what has run out is written first, so that seats and reminders follow from it. Who has run
# out of all is erased at the end.
JOBS: Final[dict[str, Job]] = {job.name: job for job in (Expire(), Release(), Remind(), Retain())}


@dataclass(frozen=True, slots=True)
class JobState:
    """
    Where a job stands.

    Attributes:
        job: Its name.
        last: The run of the newest business day that was finished; None if it never was.
        owed: The business days for which it is owed, oldest first.
        parked: What that run has parked.
    """

    job: str
    last: Run | None
    owed: tuple[date, ...]
    parked: tuple[Parked, ...]


def job_named(name: str) -> Job:
    """
    Find a job.

    Raises:
        NotFound: there is no such job.
    """
    if name not in JOBS:
        raise NotFound(f"no job {name}; there are: {', '.join(JOBS)}")
    return JOBS[name]


def owed(night: Night, job: str, until: date | None = None) -> list[date]:
    """
    List the business days for which a job is owed, oldest first.

    A database on which it never ran owes the last day alone: one run writes whatever is due by then, and each event
    bears its own day.

    Args:
        night: The night.
        job: Its name.
        until: The last day; absent: the board's today.
    """
    runs, last = night.service.stores.runs, until or night.service.today()
    finished, begun = runs.last_finished(job), runs.first_unfinished(job)
    firsts = [day for day in (finished + timedelta(1) if finished else None, begun) if day]
    first = min(firsts, default=last)
    return [first + timedelta(n) for n in range((last - first).days + 1)]


def run(night: Night, job: str, day: date, again: bool = True) -> Receipt:
    """
    Run a job for one business day.

    Args:
        night: The night.
        job: Its name.
        day: The business day.
        again: Whether to run it although it was finished already, by another node say: what was parked is then tried
            again. Else its receipt is given as it stands.

    Raises:
        NotFound: there is no such job.
        Refused: the day has not come yet.
        Stopped: the node was told to stop; the run is still owed.
        Unavailable: the database cannot be written; what was written stands, and the run is still owed.
    """
    found, key, runs = job_named(job), RunKey(job, day), night.service.stores.runs
    refuse_future(night, day)
    if runs.open(key, night.now(), night.by).finished_at is not None:
        if not again:
            return receipt_for(night, key)
        runs.release(key)
    night.service.stores.due.end_hung()  # before this one waits for what a frozen node holds
    found.work(night, key)
    receipt = receipt_for(night, key)
    done = Run(key, night.now(), night.by, night.now(), night.by, receipt.outcome, receipt.digest)
    runs.finish(done)
    return receipt


def refuse_future(night: Night, day: date) -> None:
    """
    Refuse a business day that has not come yet.

    Raises:
        Refused: it has not.
    """
    if day > (today := night.service.today()):
        raise Refused(f"day {day}", [Objection("not_in_future", f"lies in the future; the board's day is {today}")])


def owed_runs(night: Night, jobs: Sequence[str] = tuple(JOBS), until: date | None = None) -> list[RunKey]:
    """
    List every run that is owed: night by night, oldest first, and within a night in the order of the jobs.

    Today is asked for once: were it to change in between, a job would be run for a day before those that it follows on.
    """
    last = until or night.service.today()
    found = [RunKey(job, day) for job in jobs for day in owed(night, job, last)]
    return sorted(found, key=_in_order)


def runs_by_hand(night: Night, jobs: Sequence[str], day: date) -> list[RunKey]:
    """
    List what is run when someone asks for a business day: what is owed before it, and it itself, owed or not.

    What lies between today and a day to come is left out: of that day only a plan can be made, `forecast` has them all.
    """
    found = {*owed_runs(night, jobs, min(day, night.service.today())), *(RunKey(job, day) for job in jobs)}
    return sorted(found, key=_in_order)


def states(night: Night) -> list[JobState]:
    """Say where every job stands."""
    runs, today = night.service.stores.runs, night.service.today()
    found = []
    for job in JOBS:
        day = runs.last_finished(job)
        last = runs.find(RunKey(job, day)) if day else None
        found.append(JobState(job, last, tuple(owed(night, job, today)), runs.parked(last.key) if last else ()))
    return found


def catch_up(night: Night, jobs: Sequence[str] = tuple(JOBS), until: date | None = None) -> Iterator[Receipt]:
    """Run whatever is owed, one run after the other, to the same rows as if no night had been missed."""
    for key in owed_runs(night, jobs, until):
        yield run(night, key.job, key.day, again=False)


def receipt_for(night: Night, key: RunKey) -> Receipt:
    """Compute the receipt of a run from what it wrote."""
    runs = night.service.stores.runs
    return receipt_of(key, changes_of(runs.parts(key)), runs.parked(key))


def planned_runs(night: Night, keys: Sequence[RunKey]) -> Iterator[tuple[RunKey, Change]]:
    """Say what runs would do now, job by job, if nothing else happened; writes nothing."""
    for key in keys:
        job_named(key.job)
    return foresight.planned(night, JOBS, keys)


def planned(night: Night, job: str, day: date) -> tuple[Receipt, list[Change]]:
    """Say what a run would do now, and write nothing; the day may lie ahead."""
    changes = [change for _run, change in planned_runs(night, [RunKey(job, day)])]
    lines = sorted(change.line for change in changes)
    return replace(receipt_of(RunKey(job, day), [lines], is_dry_run=True), digest=""), changes


def forecast(night: Night, nights: int, jobs: Sequence[str] = tuple(JOBS)) -> dict[RunKey, list[Change]]:
    """
    Say what the coming nights will do if nothing else happens.

    Args:
        night: The night.
        nights: How many, from the first one that is owed.
        jobs: Names of the jobs of which it is said; the others are taken to do their work, too.

    Returns:
        The changes of each run, in the order of nights and then of jobs.
    """
    today = night.service.today()
    first = {job: (owed(night, job, today) or [today + timedelta(1)])[0] for job in JOBS}
    begin = min(first[job] for job in jobs)
    last = begin + timedelta(nights - 1)
    runs = [RunKey(job, first[job] + timedelta(n)) for job in JOBS for n in range((last - first[job]).days + 1)]
    runs = sorted(runs, key=_in_order)
    found: dict[RunKey, list[Change]] = {run: [] for run in runs if run.job in jobs and run.day >= begin}
    for run, change in planned_runs(night, runs):
        if run in found:
            found[run].append(change)
    return found


def _in_order(run: RunKey) -> tuple[date, int]:
    """Order runs by their nights, and within a night by the jobs."""
    return run.day, list(JOBS).index(run.job)
