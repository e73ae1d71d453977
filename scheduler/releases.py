"""The job `release`: takes back seats that no longer hold, so that others can have them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence, Set
from datetime import date

from scheduler.night import FURTHEST, Ahead, Night, has_gone_beyond, over_buckets
from workflow.board.admissions import propose_release
from workflow.draft import Draft
from workflow.errors import ExamboardError, Unavailable
from workflow.nights.last_steps import change_of
from workflow.nights.ledger import Chunk, RunKey
from workflow.nights.receipts import Change
from workflow.ports import bucket_of
from workflow.reading import each_history


class Release:
    """Seats beyond the validity of a part that is held, or of who is out, are taken back."""

    name = "release"
    title = "Take back seats that no longer hold: beyond a validity, within a bar, of applications that have ended."

    def plan(self, night: Night, runs: Sequence[RunKey], but: Set[str] = frozenset()) -> Iterator[tuple[date, Change]]:
        """Say nothing: whoever has a seat is foreseen one by one."""
        yield from ()

    def foresee(self, night: Night, ahead: Ahead, run: RunKey) -> list[Change]:
        """Say which seats of an application would be taken back, and what would be written with that."""
        before, day = len(ahead.draft.new), ahead.day(night, run)
        if not has_gone_beyond(ahead.history, day):
            propose_release(night.service, ahead.draft, ahead.sittings[run.day], day)
        return [change_of(event) for event in ahead.draft.new[before:]]

    def work(self, night: Night, run: RunKey) -> None:
        """Take back the seats that no longer hold on the day of the run."""
        found: dict[int, list[Draft]] = defaultdict(list)
        for key, draft in _released(night, run.day):
            if isinstance(draft, Exception):
                _park(night, run, key, draft)
            else:
                found[bucket_of(key)].append(draft)
        for bucket in over_buckets(night, sorted(found)):
            _write(night, run, bucket, found[bucket])


def _write(night: Night, run: RunKey, bucket: int, drafts: Sequence[Draft]) -> None:
    appends = [draft.append() for draft in drafts]
    lines = [change_of(event).line for append in appends for event in append.events]
    try:
        night.service.stores.runs.write(Chunk(night.part(run, bucket, sorted(lines)), appends=appends))
    except Unavailable:
        raise
    except Exception as error:  # one of them was overtaken or cannot be written: the others go on
        if len(drafts) > 1:
            for draft in drafts:
                _write(night, run, bucket, [draft])
            return
        key = drafts[0].application.key
        if any(again == key for again, _draft in _released(night, run.day, [key])):
            _park(night, run, key, error)


def _park(night: Night, run: RunKey, key: str, error: Exception) -> None:
    parked = [night.parked(run, key, error)]
    night.service.stores.runs.add(night.part(run, bucket_of(key), ()), parked=parked)


def _released(
    night: Night, day: date, only: Sequence[str] | None = None
) -> Iterator[tuple[str, Draft | ExamboardError]]:
    """
    Draft the cancellation of every admission to a sitting after a day that no longer holds on it.

    An application whose history has gone beyond the day is left to the run of a later one: a cancellation that takes
    effect before its expiry would be a late entry, and take the expiry back.
    """
    service, coming = night.service, sittings_after(night, day)
    keys = seated_at(night, coming)
    for key, history, error in each_history(service.stores.events, sorted(keys if only is None else keys & {*only})):
        try:
            if error is not None:
                raise error
            rules = service.rules_of(history)
            if has_gone_beyond(history, own := night.day_of(rules.digest, rules.number, day)):
                continue
            draft = service.draft(history)
            if propose_release(service, draft, coming, own):
                yield key, draft
        except Unavailable:
            raise
        except ExamboardError as found:
            yield key, found


def sittings_after(night: Night, day: date) -> set[str]:
    """Name the sittings that lie after a business day in any time zone."""
    return {sitting.key for sitting in night.service.stores.sittings.all() if sitting.sat_on > day - FURTHEST}


def seated_at(night: Night, sittings: Set[str]) -> set[str]:
    """Give the applications that were ever admitted to one of some sittings."""
    return {key for sitting in sittings for key in night.service.stores.events.at_sitting(sitting)}
