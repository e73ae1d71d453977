"""Builders: runs, what they write, and applications that lie in one bucket; without any scheme."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from itertools import count
from typing import Final

from workflow.nights.last_steps import last_step, line_of
from workflow.nights.ledger import Chunk, DueRow, Notice, Parked, Part, RunKey
from workflow.ports import Stores, bucket_of

DAY: Final = date(2026, 5, 1)
RUN: Final = RunKey("expire", DAY)
AT: Final = datetime(2026, 5, 2, 1, 2, 3, 4, tzinfo=UTC)


def keys_of(bucket: int, *stems: str) -> tuple[str, ...]:
    """Give a key in a bucket for each stem, in the order of stems."""
    return tuple(next(k for n in count() if bucket_of(k := f"{stem}-{n}") == bucket) for stem in stems)


def part(bucket: int, *changes: str, key: str = "k1", run: RunKey = RUN) -> Part:
    """Give the record of a transaction."""
    return Part(run, bucket, key, AT, "node-1", changes)


def parked(application: str, run: RunKey = RUN, reason: str = "no rules") -> Parked:
    """Set an application aside."""
    return Parked(run, application, AT, reason)


def ended(rows: Sequence[DueRow], key: str = "k1") -> Chunk:
    """Write down the last step of the clock for every row."""
    steps = [step for row in rows if (step := last_step(row, AT)) is not None]
    assert len(steps) == len(rows)
    return Chunk(part(bucket_of(rows[0].application), *map(line_of, steps), key=key), steps)


def notice(application: str, reason: str = "r1", at: datetime = AT) -> Notice:
    """Give a notice that may be sent from an instant on."""
    return Notice(application, reason, "c-1", "lapse", '{"part":"理论"}', DAY, date(2026, 6, 1), at, next_try_at=at)


def parts_of(stores: Stores, run: RunKey = RUN) -> list[Part]:
    """Give all parts of a run."""
    return list(stores.runs.parts(run))
