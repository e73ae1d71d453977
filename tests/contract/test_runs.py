"""What every run ledger keeps: runs by job and business day, their parts, and what they parked."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from tests.claims import AT, DAY, RUN, ended, keys_of, parked, part, parts_of
from tests.contract.test_append import WRITERS, at_once
from tests.histories import filed, followed
from workflow.errors import Conflict, Corrupt
from workflow.nights.ledger import COMPLETE, WITH_EXCEPTIONS, Chunk, Run, RunKey, Window
from workflow.ports import Stores, bucket_of

KEYS = keys_of(5, "A", "a", "中文", "😀")


def opened(stores: Stores, job: str, day: date, outcome: str = "") -> Run:
    """Begin a run, and close it where an outcome is given."""
    run = stores.runs.open(RunKey(job, day), AT, "node-1")
    if outcome:
        run = replace(run, finished_at=AT, finished_by="node-2", outcome=outcome, digest="d" * 64)
        assert stores.runs.finish(run)
    return run


def test_a_run_is_begun_once(stores: Stores) -> None:
    """Whoever opens it later gets the run as it was begun."""
    assert stores.runs.find(RUN) is None
    first = stores.runs.open(RUN, AT, "node-1")
    assert first == Run(RUN, AT, "node-1")
    assert stores.runs.open(RUN, AT + timedelta(hours=1), "node-2") == first
    assert stores.runs.find(RUN) == first
    assert stores.runs.find(RunKey("remind", DAY)) is None
    assert stores.runs.find(RunKey("expire", DAY + timedelta(days=1))) is None


def test_eight_nodes_begin_one_run(stores: Stores) -> None:
    """Eight nodes that open at once all get the run of the first."""
    runs = at_once(lambda node: stores.runs.open(RUN, AT + timedelta(seconds=node), f"node-{node}"))
    assert len({str(run) for run in runs}) == 1
    assert runs[0] == stores.runs.find(RUN)


def test_a_run_is_closed_with_its_outcome(stores: Stores) -> None:
    """Closed again with the same it stays as it was; taken up again it is closed anew, and begun only once."""
    run = opened(stores, *RUN, WITH_EXCEPTIONS)
    assert stores.runs.find(RUN) == run
    later = replace(run, finished_at=AT + timedelta(hours=1), finished_by="node-3", opened_by="x")
    assert not stores.runs.finish(later)
    assert stores.runs.find(RUN) == run
    again = replace(later, outcome=COMPLETE)
    assert stores.runs.finish(again)
    assert stores.runs.find(RUN) == replace(again, opened_by="node-1")
    assert stores.runs.finish(replace(again, digest="e" * 64))
    assert not stores.runs.finish(replace(again, key=RunKey("remind", DAY)))
    assert stores.runs.find(RunKey("remind", DAY)) is None


def test_one_of_eight_nodes_closes_a_run(stores: Stores) -> None:
    """Eight nodes that close it at once with the same outcome: one did."""
    run = stores.runs.open(RUN, AT, "node-1")
    closing = replace(run, finished_at=AT, outcome=COMPLETE, digest="d" * 64)
    outcomes = at_once(lambda node: stores.runs.finish(replace(closing, finished_by=f"node-{node}")))
    assert sorted(map(str, outcomes)) == ["False"] * (WRITERS - 1) + ["True"]
    found = stores.runs.find(RUN)
    assert found is not None
    assert found.finished_by == f"node-{outcomes.index(True)}"


def test_the_days_of_a_job(stores: Stores) -> None:
    """The last day that was finished and the first that is owed are each job's own; with exceptions is finished."""
    days = [DAY + timedelta(days=n) for n in range(5)]
    assert stores.runs.last_finished("expire") is None
    assert stores.runs.first_unfinished("expire") is None
    for day, outcome in zip(days, ("complete", "", "with exceptions", "", ""), strict=True):
        opened(stores, "expire", day, outcome)
    opened(stores, "remind", days[4], "complete")
    assert (stores.runs.last_finished("expire"), stores.runs.first_unfinished("expire")) == (days[2], days[1])
    assert (stores.runs.last_finished("remind"), stores.runs.first_unfinished("remind")) == (days[4], None)
    assert stores.runs.last_finished("release") is None


def test_the_history_of_runs(stores: Stores) -> None:
    """Newest day first, then by job; of one job or of all, no more than asked."""
    days = [DAY + timedelta(days=n) for n in range(3)]
    for day in (days[1], days[0], days[2]):
        for job in ("remind", "expire"):
            opened(stores, job, day, "complete" if day == days[0] else "")
    names = [str(run.key) for run in stores.runs.history()]
    assert names == [f"{job}/{day}" for day in days[::-1] for job in ("expire", "remind")]
    assert [run.key.day for run in stores.runs.history("remind")] == days[::-1]
    assert [str(run.key) for run in stores.runs.history(most=3)] == names[:3]
    assert stores.runs.history("release") == ()
    assert stores.runs.history("expire", 9)[-1].outcome == "complete"


def test_parts_come_in_order(stores: Stores) -> None:
    """By bucket, then by key; of one run, or of one bucket of it; every line as it was written."""
    lines = ('{"why":"第A4条\u2028\x85 x"}', '{"why":"é"}')
    written = [part(bucket, *lines, key=key) for bucket in (0, 5, 63) for key in ("A", "a", "中", "😀")]
    for one in written[::-1]:
        assert stores.runs.add(one) == 2
    other = RunKey("expire", DAY + timedelta(days=1))
    assert stores.runs.add(part(5, "x", key="A", run=other)) == 1
    assert parts_of(stores) == written
    assert list(stores.runs.parts(RUN, 5)) == written[4:8]
    assert parts_of(stores, other) == [part(5, "x", key="A", run=other)]
    assert list(stores.runs.parts(RUN, 1)) == parts_of(stores, RunKey("remind", DAY)) == []


def test_a_stream_of_parts_may_be_left(stores: Stores) -> None:
    """Reading half of them holds nobody up."""
    for n in range(50):
        stores.runs.add(part(5, "x", key=f"{n:02}"))
    stream = stores.runs.parts(RUN)
    assert next(stream).key == "00"
    assert stores.runs.add(part(4, "x")) == 1
    close = getattr(stream, "close", None)
    assert close is not None
    close()
    assert stores.runs.add(part(3, "x")) == 1


def test_an_empty_part_is_not_kept(stores: Stores) -> None:
    """A transaction that changed nothing leaves no part, only what it parked."""
    assert stores.runs.add(part(5), parked=[parked(KEYS[1]), parked(KEYS[0])]) == 0
    stores.runs.write(Chunk(part(5), parked=[parked(KEYS[2])]))
    assert parts_of(stores) == []
    assert stores.runs.parked(RUN) == tuple(parked(key) for key in KEYS[:3])


def test_a_part_is_never_overwritten(stores: Stores) -> None:
    """A second part under the same key is refused with all that came with it."""
    stores.runs.add(part(5, "x"))
    with pytest.raises(Corrupt):
        stores.runs.add(part(5, "y"), parked=[parked(KEYS[0])])
    with pytest.raises(Corrupt):
        stores.runs.write(Chunk(part(5, "y"), appends=[filed(KEYS[0])]))
    assert [one.changes for one in parts_of(stores)] == [("x",)]
    assert stores.runs.parked(RUN) == ()
    assert stores.events.history(KEYS[0]) == ()


def test_what_is_parked_stays_parked_once(stores: Stores) -> None:
    """The first reason stands until it is released, each run for itself; in the order of keys."""
    other = RunKey("remind", DAY)
    stores.runs.add(part(5), parked=[parked(key) for key in KEYS[::-1]])
    stores.runs.add(part(5), parked=[parked(KEYS[0], reason="again"), parked(KEYS[0], other)])
    (elsewhere,) = keys_of(0, "zz")
    stores.runs.add(part(0), parked=[parked(elsewhere)])
    in_order = tuple(parked(key) for key in sorted((*KEYS, elsewhere)))
    assert stores.runs.parked(RUN) == in_order
    assert stores.runs.release(RUN) == 5
    assert stores.runs.release(RUN) == 0
    assert stores.runs.parked(RUN) == ()
    assert stores.runs.parked(other) == (parked(KEYS[0], other),)
    stores.runs.add(part(5), parked=[parked(KEYS[0], reason="again")])
    assert stores.runs.parked(RUN) == (parked(KEYS[0], reason="again"),)


def test_appends_are_written_with_their_part(stores: Stores) -> None:
    """Applications that nobody held, new ones too, are written together with the part and what was parked."""
    first = filed(KEYS[0])
    assert stores.events.append([first]) == ()
    chunk = Chunk(part(5, "x"), appends=[followed(first), filed(KEYS[1])], parked=[parked(KEYS[2])])
    stores.runs.write(chunk)
    assert [len(stores.events.history(key)) for key in KEYS] == [2, 1, 0, 0]
    assert stores.events.projection(KEYS[0]) == followed(first).projection
    assert parts_of(stores) == [part(5, "x")]
    assert stores.runs.parked(RUN) == (parked(KEYS[2]),)


@pytest.mark.parametrize("key", [KEYS[0], KEYS[3]])
def test_a_chunk_that_was_overtaken_is_not_kept(stores: Stores, key: str) -> None:
    """If one application has moved on, or is there already, nothing of the chunk stands."""
    first = filed(KEYS[0])
    assert stores.events.append([first, filed(KEYS[3])]) == ()
    assert stores.events.append([followed(first)]) == ()
    stale = followed(first, command="late") if key == KEYS[0] else filed(key)
    with pytest.raises(Conflict):
        stores.runs.write(Chunk(part(5, "x"), appends=[filed(KEYS[1]), stale], parked=[parked(KEYS[2])]))
    assert stores.events.history(KEYS[1]) == ()
    assert len(stores.events.history(KEYS[0])) == 2
    assert (parts_of(stores), stores.runs.parked(RUN)) == ([], ())


def test_a_last_step_is_only_written_where_it_was_claimed(stores: Stores) -> None:
    """Made from a row that nobody held, it is a fault of the caller, not silently left out."""
    assert stores.events.append([filed(KEYS[0], next_due_on=DAY)]) == ()
    with pytest.raises(ValueError, match="claimed"):
        stores.runs.write(ended(stores.due.rows(Window(5, DAY))))
    assert len(stores.events.history(KEYS[0])) == 1
    assert parts_of(stores) == []


def test_a_closed_run_to_which_something_is_added_is_owed(stores: Stores) -> None:
    """Who adds to a run, parks, or takes up again what it parked, and then dies, leaves it owed, not wrongly closed."""
    owed = replace(opened(stores, *RUN, COMPLETE), finished_at=None, finished_by="", outcome="", digest="")
    closed, bucket = stores.runs.find(RUN), bucket_of(KEYS[0])
    stores.runs.add(part(bucket, key="empty"))
    assert stores.runs.release(RUN) == 0
    assert stores.runs.find(RUN) == closed
    other = opened(stores, "remind", DAY, COMPLETE)
    for add in (
        lambda: stores.runs.add(part(bucket, "{}", key="late")),
        lambda: stores.runs.add(part(bucket, key="empty"), parked=[parked(KEYS[0])]),
        lambda: stores.runs.release(RUN),
    ):
        add()
        assert stores.runs.find(RUN) == owed
        assert stores.runs.first_unfinished("expire") == DAY
        assert closed is not None
        assert stores.runs.finish(closed)
        assert stores.runs.find(RUN) == closed
    assert stores.runs.find(other.key) == other
