"""
The job `retention`: erases the persons whose time of keeping is over.

By itself it acts only where every scheme of a person says in its own document how long data is kept. Where the default
holds, it acts when somebody runs it by hand and says so, and that person's name stands in the act.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from datetime import date

from scheduler.night import Ahead, Night, days_of
from workflow.draft import CLOCK
from workflow.errors import ExamboardError, Unavailable
from workflow.logs import Note
from workflow.nights.ledger import RunKey
from workflow.nights.receipts import Change
from workflow.persons.forgetting import ERASED
from workflow.persons.retention import Kept, due
from workflow.ports import bucket_of


class Retain:
    """Persons whose data need not be kept any more are erased."""

    name = "retention"
    title = "Erase the persons whose data need not be kept any more, by the scheme's own words."

    def foresee(self, night: Night, ahead: Ahead, run: RunKey) -> tuple[Change, ...]:
        """Say nothing: persons are erased, not applications."""
        return ()

    def plan(self, night: Night, runs: Sequence[RunKey], but: Set[str] = frozenset()) -> Iterator[tuple[date, Change]]:
        """Say who would be erased, each by the first of the days on which that would be."""
        said: set[str] = set()
        for day in days_of(runs, self.name):
            for found in _over(night, day):
                if isinstance(found, Kept) and found.candidate not in said:
                    said.add(found.candidate)
                    yield day, change_of(found, day)

    def work(self, night: Night, run: RunKey) -> None:
        """Erase who is over on the day of the run, each in a transaction with the act and the line of the receipt."""
        for found in _over(night, run.day):
            night.stop_if_told()
            if isinstance(found, Kept):
                try:
                    _erase(night, run, found)
                except Unavailable:
                    raise
                except ExamboardError as error:
                    _park(night, run, found.candidate, error)
            else:
                _park(night, run, *found)


def _over(night: Night, day: date) -> Iterator[Kept | tuple[str, ExamboardError]]:
    for found in due(night.service, day):
        if not isinstance(found, Kept) or found.is_declared or night.erases_by_default:
            yield found


def _erase(night: Night, run: RunKey, found: Kept) -> None:
    actor = night.by if night.erases_by_default else CLOCK
    note = Note(night.now(), actor, _why(found), found.clause)
    part = night.part(run, bucket_of(found.candidate), [change_of(found, run.day).line])
    night.service.stores.candidates.forget(found.candidate, "erased", night.service.today(), note, part)


def _park(night: Night, run: RunKey, candidate: str, error: Exception) -> None:
    """Set a person aside by one of the applications: it is there that something must be mended."""
    application = night.service.stores.events.of_candidates(candidate)[0]
    part = night.part(run, bucket_of(application), ())
    night.service.stores.runs.add(part, parked=[night.parked(run, application, error)])


def change_of(found: Kept, day: date) -> Change:
    """Say for a receipt what is done; the line names the person's key, and no application."""
    return Change(found.candidate, ERASED, day, f"{_why(found)} [{found.clause}]")


def _why(found: Kept) -> str:
    return f"kept through {found.until}"
