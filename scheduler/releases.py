"""The job `release`: takes back seats that no longer hold, so that others can have them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date

from scheduler.night import Night, has_gone_beyond, over_buckets
from workflow.draft import Draft
from workflow.errors import ExamboardError, Unavailable
from workflow.ledger import Chunk, RunKey
from workflow.night import change_of
from workflow.ports import bucket_of
from workflow.reading import each_history
from workflow.receipts import Change
from workflow.sittings import propose_release


class Release:
    """Seats beyond the validity of a part that is held, or of who is out, are taken back."""

    name = "release"
    title = "Take back seats that no longer hold: beyond a validity, within a bar, of applications that have ended."

    def plan(self, night: Night, days: Sequence[date]) -> Iterator[tuple[date, Change]]:
        """Say which seats would be taken back, each by the first of the days on which it would be."""
        said: set[tuple[str, str]] = set()
        for day in days:
            for _key, draft in _released(night, day):
                for event in [] if isinstance(draft, Exception) else draft.new:
                    change = change_of(event)
                    if event.type == "AdmissionCancelled" and (change.application, change.why) not in said:
                        said.add((change.application, change.why))
                        yield day, change

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
    service = night.service
    keys: set[str] = set()
    coming = [sitting for sitting in service.stores.sittings.all() if sitting.sat_on > day]
    for key in {sitting.key for sitting in coming}:
        keys |= set(service.stores.events.at_sitting(key))
    for key, history, error in each_history(service.stores.events, sorted(keys if only is None else keys & {*only})):
        try:
            if error is not None:
                raise error
            if has_gone_beyond(history, day):
                continue
            draft = service.draft(history)
            if propose_release(service, draft, {sitting.key for sitting in coming}, day):
                yield key, draft
        except Unavailable:
            raise
        except ExamboardError as found:
            yield key, found
