"""
Foresight: what runs to come will do to whoever has a seat, application by application.

What one night does to a seat another one finds done: a seat is taken back once, events have their numbers in the order
of the nights, and what holds the clock holds it no longer. Whoever has no seat is foreseen by each job on its own, in
a fraction of the time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from scheduler.night import Ahead, Job, Night
from scheduler.releases import Release, seated_at, sittings_after
from workflow.errors import ExamboardError, Unavailable
from workflow.events import Event
from workflow.nights.ledger import RunKey
from workflow.nights.receipts import Change
from workflow.reading import each_history


def planned(night: Night, jobs: Mapping[str, Job], runs: Sequence[RunKey]) -> Iterator[tuple[RunKey, Change]]:
    """
    Say what runs would do, job by job, if nothing else happened; writes nothing.

    Args:
        night: The night.
        jobs: The jobs, by their names.
        runs: The runs, in their order.
    """
    sittings = {run.day: sittings_after(night, run.day) for run in runs if run.job == Release.name}
    seated = seated_at(night, {key for keys in sittings.values() for key in keys})
    foreseen: dict[str, list[tuple[RunKey, Change]]] = defaultdict(list)
    for _key, history, error in each_history(night.service.stores.events, sorted(seated)):
        if error is None:  # else the run will park it
            for run, change in _foreseen(night, jobs, runs, sittings, history):
                foreseen[run.job].append((run, change))
    for job in dict.fromkeys(run.job for run in runs):
        yield from foreseen.pop(job, ())
        yield from ((RunKey(job, day), change) for day, change in jobs[job].plan(night, runs, seated))


def _foreseen(
    night: Night,
    jobs: Mapping[str, Job],
    runs: Sequence[RunKey],
    sittings: Mapping[date, set[str]],
    history: Sequence[Event],
) -> Iterator[tuple[RunKey, Change]]:
    try:
        ahead = Ahead(night.service.draft(history), sittings)
    except Unavailable:
        raise
    except ExamboardError:
        return
    for run in runs:
        try:
            yield from ((run, change) for change in jobs[run.job].foresee(night, ahead, run))
        except Unavailable:
            raise
        except ExamboardError:  # the run will park it, and the next one goes on from there
            continue
