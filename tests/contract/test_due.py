"""What every queue of due applications gives and writes: windows in key order, and claims that are whole or nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from storage import tables
from storage.database import Database
from tests.claims import AT, DAY, RUN, ended, keys_of, parked, part, parts_of
from tests.histories import FACTS, filed, followed
from workflow.errors import Conflict, Corrupt
from workflow.events import check_chain
from workflow.nights.last_steps import last_step
from workflow.nights.ledger import Chunk, DueRow, RunKey, Window
from workflow.ports import Append, Stores, bucket_of

NEXT = DAY + timedelta(days=1)
STEMS = ("A", "Z", "a", "é", "中文", "\uffee", "😀")  # in the order of code points, on every database
KEYS = keys_of(5, *STEMS)
ALL = Window(5, DAY)
ELSEWHERE = keys_of(9, "A", "中文")


def keep(stores: Stores, *batch: Append) -> None:
    """Append, and be sure that nothing was left out."""
    assert stores.events.append(batch) == ()


def keys(rows: Sequence[DueRow]) -> tuple[str, ...]:
    """Name the applications of rows."""
    return tuple(row.application for row in rows)


def state_of(stores: Stores) -> list[object]:
    """Give all that a claim could change."""
    runs = stores.runs
    return [*stores.events.histories(), *stores.events.projections(), *parts_of(stores), *runs.parked(RUN)]


def test_buckets_are_those_with_something_due(stores: Stores) -> None:
    """The day itself counts at both ends, a later day and none do not, and what has moved on falls away."""
    moved = filed(KEYS[0], next_due_on=DAY)
    keep(stores, moved, filed(KEYS[1], next_due_on=NEXT), filed(ELSEWHERE[0], next_due_on=DAY))
    keep(stores, *(filed(key, next_due_on=DAY) for key in keys_of(0, "x")), *map(filed, keys_of(7, "x")))
    assert stores.due.buckets(DAY) == (0, 5, 9)
    assert stores.due.buckets(DAY - timedelta(days=1)) == ()
    assert stores.due.buckets(NEXT, NEXT) == (5,)
    assert stores.due.buckets(DAY, DAY) == (0, 5, 9)
    keep(stores, followed(moved))
    assert stores.due.buckets(DAY) == (0, 9)
    assert stores.due.buckets(date(2020, 1, 1)) == ()


def test_rows_of_a_window(stores: Stores) -> None:
    """Rows come in code-point order of keys, of one bucket, by their day, after a key, and no more than asked."""
    days = [DAY, NEXT, DAY, None, date(1999, 12, 31), DAY, DAY]
    keep(stores, *[filed(key, next_due_on=on) for key, on in zip(KEYS, days, strict=True)][::-1])
    keep(stores, *(filed(key, next_due_on=DAY) for key in ELSEWHERE))
    due = tuple(key for key, on in zip(KEYS, days, strict=True) if on and on <= DAY)
    assert due == tuple(sorted(due))
    assert keys(stores.due.rows(ALL)) == due
    assert keys(stores.due.rows(ALL._replace(since=DAY))) == tuple(key for key in due if key != KEYS[4])
    assert keys(stores.due.rows(ALL._replace(until=NEXT))) == tuple(sorted((*due, KEYS[1])))
    assert keys(stores.due.rows(ALL._replace(until=NEXT, since=NEXT))) == (KEYS[1],)
    assert keys(stores.due.rows(ALL._replace(most=2))) == due[:2]
    assert keys(stores.due.rows(ALL._replace(most=2, after=due[1]))) == due[2:4]
    assert keys(stores.due.rows(ALL._replace(after=due[-1]))) == ()
    assert keys(stores.due.rows(ALL._replace(only=due[3]))) == (due[3],)
    for other in (KEYS[1], KEYS[3], ELSEWHERE[0], "nobody"):
        assert stores.due.rows(ALL._replace(only=other)) == ()
    assert keys(stores.due.rows(ALL._replace(bucket=9))) == ELSEWHERE


def test_a_row_says_what_the_projection_says(stores: Stores) -> None:
    """Every field of a row is that of the projection, one of an older version included, which no event bears out."""
    known, old = filed(KEYS[0], FACTS[1], next_due_on=DAY), filed(KEYS[1], next_due_on=DAY)
    old = old._replace(projection=old.projection._replace(recorded_at=None, next_due_type="", next_due_data=""))
    keep(stores, known, old)
    for row, append in zip(stores.due.rows(ALL), (known, old), strict=True):
        told = {field: getattr(append.projection, field) for field in DueRow._fields if field != "is_borne_out"}
        assert row == DueRow(**told, is_borne_out=append is known)
        assert (last_step(row, AT) is None) == (append is old)


@pytest.mark.parametrize(
    "wrong", [{"sequence": 1}, {"sequence": 3}, {"head": "f" * 64}, {"state": "trained"}, {"recorded_at": AT}]
)
def test_a_row_is_borne_out_by_its_last_event(stores: Stores, wrong: dict[str, Any]) -> None:
    """One that says anything else than the last event is told to whoever claims it, and makes no step by itself."""
    first = filed(KEYS[0])
    after = followed(first, next_due_on=DAY)
    keep(stores, first, filed(KEYS[1], next_due_on=DAY))
    keep(stores, after)
    if isinstance(stores, Database):
        a = tables.application
        with stores.engine.begin() as tx:
            tx.execute(update(a).where(a.c.application == KEYS[0]).values(wrong))
    else:
        stores.events._projections[KEYS[0]] = after.projection._replace(**wrong)  # type: ignore[attr-defined]
    seen: list[DueRow] = []

    def build(rows: Sequence[DueRow]) -> Chunk:
        seen.extend(rows)
        return Chunk(part(5))

    assert stores.due.claim(ALL, build) == 2
    assert [row.is_borne_out for row in seen] == [False, True]
    assert [last_step(row, AT) is None for row in seen] == [True, False]


def test_what_a_run_has_parked_is_left_out_for_it(stores: Stores) -> None:
    """Parked applications come neither as rows nor in a claim of that run; for others, and once released, they do."""
    keep(stores, *(filed(key, next_due_on=DAY) for key in KEYS))
    other = RunKey("expire", NEXT)
    stores.runs.add(part(5), parked=[parked(KEYS[2]), parked(KEYS[4]), parked(KEYS[0], other)])
    left = tuple(key for key in KEYS if key not in (KEYS[2], KEYS[4]))
    assert keys(stores.due.rows(ALL._replace(run=RUN))) == left
    assert keys(stores.due.rows(ALL._replace(run=RUN, most=2, after=KEYS[1]))) == (KEYS[3], KEYS[5])
    assert stores.due.rows(ALL._replace(run=RUN, only=KEYS[2])) == ()
    assert keys(stores.due.rows(ALL)) == KEYS
    assert keys(stores.due.rows(ALL._replace(run=other))) == KEYS[1:]
    seen: list[str] = []

    def build(rows: Sequence[DueRow]) -> Chunk:
        seen.extend(keys(rows))
        return Chunk(part(5))

    assert stores.due.claim(ALL._replace(run=RUN), build) == 5
    assert tuple(seen) == left
    assert stores.runs.release(RUN) == 2
    assert keys(stores.due.rows(ALL._replace(run=RUN))) == KEYS


def test_a_last_step_ends_an_application(stores: Stores) -> None:
    """The event reads and follows from the one before; the row has its state, number, hash, instant, and no due day."""
    written = [filed(key, next_due_on=DAY) for key in KEYS]
    keep(stores, *written)
    rows = stores.due.rows(ALL)
    assert stores.due.claim(ALL, ended) == len(KEYS)
    for append, row in zip(written, rows, strict=True):
        history = stores.events.history(append.application)
        check_chain(history)
        assert history[:-1] == append.events
        last = history[-1]
        assert (last.type, last.source, last.dest) == ("Expired", "submitted", "expired")
        assert (last.effective_on, last.recorded_at, last.actor) == (DAY, AT, "clock")
        assert (last.data, last.hash) == (row.next_due_data, ended([row]).steps[0].hash)
        ends = {"state": "expired", "sequence": 2, "head": last.hash, "recorded_at": AT}
        nothing_due = {"next_due_on": None, "next_due_type": "", "next_due_data": ""}
        assert stores.events.projection(append.application) == append.projection._replace(**ends, **nothing_due)
    assert stores.due.rows(ALL) == ()
    assert stores.due.buckets(DAY) == ()
    assert parts_of(stores) == [ended(rows).part]
    assert stores.due.claim(ALL, ended) == 0


def test_a_claim_of_nothing_asks_for_nothing(stores: Stores) -> None:
    """Where nothing is due, nothing is built."""
    keep(stores, filed(KEYS[0], next_due_on=NEXT), filed(ELSEWHERE[0], next_due_on=DAY))
    assert stores.due.claim(ALL, lambda rows: ended([rows[99]])) == 0


def test_a_chunk_is_written_together(stores: Stores) -> None:
    """Last steps, appends, what was parked and the part: all of it stands after the claim, on top of what was there."""
    batch = [filed(key, next_due_on=DAY) for key in KEYS[:4]]
    keep(stores, *batch)

    def build(rows: Sequence[DueRow]) -> Chunk:
        assert stores.events.history(KEYS[2]) == batch[2].events  # reading is allowed meanwhile
        chunk = ended(rows[:2])
        return chunk._replace(appends=[followed(batch[2], next_due_on=NEXT)], parked=[parked(KEYS[3], reason="x\x00y")])

    assert stores.due.claim(ALL._replace(run=RUN), build) == 4
    assert [len(stores.events.history(key)) for key in KEYS[:4]] == [2, 2, 2, 1]
    assert stores.events.projection(KEYS[2]) == followed(batch[2], next_due_on=NEXT).projection
    (set_aside,) = stores.runs.parked(RUN)
    assert (set_aside.application, set_aside.reason, set_aside.at) == (KEYS[3], "x\ufffdy", AT)
    assert len(parts_of(stores)) == 1
    assert stores.due.rows(ALL._replace(run=RUN)) == ()


def test_an_empty_part_is_not_written(stores: Stores) -> None:
    """Where nothing was changed, no part is kept; what was parked is."""
    keep(stores, filed(KEYS[0], next_due_on=DAY))
    assert stores.due.claim(ALL, lambda rows: Chunk(part(5), parked=[parked(KEYS[0])])) == 1
    assert parts_of(stores) == []
    assert stores.runs.parked(RUN) == (parked(KEYS[0]),)


def test_a_build_that_fails_keeps_nothing(stores: Stores) -> None:
    """What the maker raises is passed on as it is, and the applications may be claimed again at once."""
    keep(stores, *(filed(key, next_due_on=DAY) for key in KEYS))
    before = state_of(stores)
    with pytest.raises(ZeroDivisionError):
        stores.due.claim(ALL, lambda rows: ended(rows[: 1 // 0]))
    assert state_of(stores) == before
    assert stores.due.claim(ALL, ended) == len(KEYS)


def _stale_step(rows: Sequence[DueRow]) -> Chunk:
    chunk = ended(rows)
    return chunk._replace(steps=[*chunk.steps[:-1], ended([rows[-1]._replace(sequence=7)]).steps[0]])


def _stale_append(rows: Sequence[DueRow]) -> Chunk:
    return ended(rows[:-1])._replace(appends=[followed(followed(filed(rows[-1].application)))])


def _of_another_bucket(rows: Sequence[DueRow]) -> Chunk:
    chunk = ended(rows)
    return chunk._replace(steps=[*chunk.steps, ended([rows[0]._replace(application=ELSEWHERE[1])]).steps[0]])


def _new_to_the_record(rows: Sequence[DueRow]) -> Chunk:
    return ended(rows)._replace(appends=[filed(ELSEWHERE[0])])


@pytest.mark.parametrize("stale", [_stale_step, _stale_append, _of_another_bucket, _new_to_the_record])
def test_a_claim_that_was_overtaken_keeps_nothing(stores: Stores, stale: Callable[[Sequence[DueRow]], Chunk]) -> None:
    """Where one application is not where the maker saw it, nothing is kept: no event, no part, nothing parked."""
    keep(stores, *(filed(key, next_due_on=DAY) for key in KEYS), filed(ELSEWHERE[0]))
    before = state_of(stores)
    with pytest.raises(Conflict):
        stores.due.claim(ALL, lambda rows: stale(rows)._replace(parked=[parked(KEYS[0])]))
    assert state_of(stores) == before


def test_the_key_of_a_part_is_used_once(stores: Stores) -> None:
    """A part under the key of another takes its whole chunk with it, and never overwrites."""
    keep(stores, *(filed(key, next_due_on=DAY) for key in KEYS))
    assert stores.due.claim(ALL._replace(most=1), ended) == 1
    before = state_of(stores)
    with pytest.raises(Corrupt):
        stores.due.claim(ALL, ended)
    assert state_of(stores) == before


def test_chunk_by_chunk_all_are_taken_once(stores: Stores) -> None:
    """Claims that go on after the last key take each application once, whether it stays due or not."""
    keep(stores, *(filed(key, next_due_on=DAY) for key in KEYS))
    taken: list[str] = []

    def build(rows: Sequence[DueRow]) -> Chunk:
        taken.extend(keys(rows))
        return ended(rows[:1], key=str(len(taken)))

    while stores.due.claim(ALL._replace(most=3, after=taken[-1] if taken else ""), build):
        pass
    assert tuple(taken) == KEYS
    assert keys(stores.due.rows(ALL)) == tuple(key for n, key in enumerate(KEYS) if n % 3)
    assert all(bucket_of(key) == 5 for key in taken)


def test_only_who_hangs_is_ended(stores: Stores) -> None:
    """Whoever holds applications and goes on is spared by those who end what hangs."""
    keep(stores, filed(KEYS[0], next_due_on=DAY))
    ended_meanwhile = []

    def build(rows: Sequence[DueRow]) -> Chunk:
        ended_meanwhile.append(stores.due.end_hung())
        return ended(rows)

    assert stores.due.claim(ALL, build) == 1
    assert ended_meanwhile == [0]
