"""
Jobs: the board's recurring work as plain functions that can be run at any hour, twice or late, with the same result.

Nothing is true because a job ran (design.md, law 1): a job only writes down what the clock has made true already.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final

from workflow.errors import Objection, Refused
from workflow.events import Event
from workflow.facts import Expired, PartLapsed
from workflow.service import TRIES, Service

CHUNK: Final = 500


@dataclass(frozen=True, slots=True)
class Written:
    """
    A step of the clock that was written down.

    Attributes:
        application: The application.
        type: Name of the event.
        effective_on: The day on which it took effect, however late it is recorded.
        why: What ran out.
    """

    application: str
    type: str
    effective_on: date
    why: str


@dataclass(frozen=True)
class Receipt:
    """
    What a run of a job did.

    Attributes:
        day: The day for which it ran.
        counts: Events written, by type.
        written: Every one of them.
        left: Applications that others kept writing to; the next run takes them up.
        is_dry_run: Whether nothing was written.
    """

    day: date
    counts: dict[str, int]
    written: tuple[Written, ...]
    left: tuple[str, ...] = ()
    is_dry_run: bool = False

    def as_json(self) -> dict[str, Any]:
        """Give the receipt as plain JSON values."""
        written = [{**asdict(w), "effective_on": w.effective_on.isoformat()} for w in self.written]
        return {
            "day": self.day.isoformat(),
            "dry_run": self.is_dry_run,
            "counts": self.counts,
            "written": written,
            "left": list(self.left),
        }


def expire(
    service: Service, day: date, dry_run: bool = False, progress: Callable[[int, int], None] | None = None
) -> Receipt:
    """
    Write down what the clock has made true by a day: expiries and lapses, each effective on its own day.

    Args:
        service: The service.
        day: The day; only a dry run may ask about one to come.
        dry_run: List what would be written, and write nothing.
        progress: Called with the number of applications done and their total.

    Returns:
        The receipt. An application that someone else writes to meanwhile is tried again a few times.

    Raises:
        Refused: the day has not come yet.
        Unavailable: the database cannot be written; the chunks before are whole, and the same call goes on.
    """
    today = service.today()
    if day > today and not dry_run:
        raise Refused(f"day {day}", [Objection("not_in_future", f"lies in the future; the board's day is {today}")])
    keys = service.stores.events.due(day)
    written: list[Written] = []
    left: list[str] = []
    for start in range(0, len(keys), CHUNK):
        chunk = keys[start : start + CHUNK]
        if dry_run:
            written += _would_write(service, chunk, day)
        else:
            done, missed = _write(service, chunk, day)
            written += done
            left += missed
        if progress:
            progress(min(start + CHUNK, len(keys)), len(keys))
    return Receipt(day, dict(Counter(w.type for w in written)), tuple(written), tuple(left), dry_run)


def _write(service: Service, chunk: Sequence[str], day: date) -> tuple[list[Written], list[str]]:
    written: list[Written] = []
    for _ in range(TRIES):
        done = service.write_clock(chunk, day)
        written += [_written(event) for one in done for event in one.events]
        chunk = _still_due(service, [key for key in chunk if key not in {one.application for one in done}], day)
        if not chunk:
            break
    return written, list(chunk)


def _still_due(service: Service, keys: Sequence[str], day: date) -> list[str]:
    """Tell which applications still owe a step: not those that wait for a result which came out after the day."""
    return list(dict.fromkeys(w.application for w in _would_write(service, keys, day))) if keys else []


def _would_write(service: Service, keys: Sequence[str], day: date) -> list[Written]:
    found = []
    for history in service.stores.events.histories(keys):
        draft = service.draft(history)
        draft.write_down(day)
        found += [_written(event) for event in draft.new]
    return found


def _written(event: Event) -> Written:
    match event.fact:
        case Expired(cause=cause, last_valid_on=last):
            why = f"{cause}, its last valid day was {last}"
        case PartLapsed(part=part, parts=parts, last_valid_on=last):
            why = f"{part} lapsed, its last valid day was {last}; to be taken again: {', '.join(parts)}"
        case _:
            why = ""
    return Written(event.application, event.type, event.effective_on, why)
