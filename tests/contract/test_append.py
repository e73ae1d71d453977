"""What every event store keeps when it is written to: order, atomicity, and the first of many writers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta, timezone
from threading import Barrier

import pytest

from tests.histories import FACTS, event, filed, followed
from workflow import facts as f
from workflow.errors import Conflict, Corrupt, Invalid
from workflow.events import chain, check_chain
from workflow.ports import Append, Stores

WRITERS = 8


def at_once(work: Callable[[int], object]) -> list[object]:
    """Let eight threads begin at the same moment; give what each returned or raised."""
    start = Barrier(WRITERS)

    def run(number: int) -> object:
        start.wait()
        try:
            return work(number)
        except Exception as error:
            return error

    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(run, range(WRITERS)))


def keep(stores: Stores, *batch: Append) -> None:
    """Append, and be sure that nothing was left out."""
    assert stores.events.append(batch) == ()


def test_a_history_comes_back_as_it_was_written(stores: Stores) -> None:
    """Every fact comes back equal, in order, and its hash still holds."""
    written = filed("E-1", *FACTS[1:])
    keep(stores, written)
    assert stores.events.history("E-1") == written.events
    check_chain(stores.events.history("E-1"))
    assert stores.events.projection("E-1") == written.projection


def test_what_is_not_there_is_empty(stores: Stores) -> None:
    """An unknown application has no events and no projection, and nothing appended is nothing written."""
    assert stores.events.history("E-1") == ()
    assert stores.events.projection("E-1") is None
    assert stores.events.append([]) == ()
    assert list(stores.events.histories()) == []
    assert list(stores.events.projections()) == []


def test_later_events_follow(stores: Stores) -> None:
    """A second append continues the history and replaces the projection, down to a day that falls away."""
    first = filed("E-1", next_due_on=date(2026, 5, 1))
    second = followed(first)
    keep(stores, first)
    keep(stores, second)
    assert stores.events.history("E-1") == first.events + second.events
    assert stores.events.projection("E-1") == second.projection
    assert second.projection.next_due_on is None


def test_a_retried_append_changes_nothing(stores: Stores) -> None:
    """The same append again, to the last byte, is left out, whether it opens a history or continues one."""
    first = filed("E-1", *FACTS[5:7])
    second = followed(first)
    keep(stores, first)
    assert stores.events.append([first]) == ("E-1",)
    keep(stores, second)
    assert stores.events.append([second]) == ("E-1",)
    assert stores.events.append([first, filed("E-2")]) == ("E-1",)
    assert stores.events.history("E-1") == first.events + second.events


def test_a_conflict_spares_the_rest_of_the_batch(stores: Stores) -> None:
    """Of many in one batch only those that moved on are left out, with the keys given in the order asked."""
    first = [filed(f"E-{n:03}") for n in range(100)]
    keep(stores, *first)
    keep(stores, followed(first[30]), followed(first[70]))
    second = [followed(append) for append in reversed(first)] + [filed("F-1"), filed("F-2")]
    assert stores.events.append(second) == ("E-070", "E-030")
    assert stores.events.append([filed("F-3"), filed("F-2")]) == ("F-2",)
    lengths = [len(history) for history in stores.events.histories()]
    assert lengths == [2] * 100 + [1] * 3
    for history in stores.events.histories():
        check_chain(history)


def test_a_batch_is_kept_whole_or_not_at_all(stores: Stores) -> None:
    """An event that breaks a rule of the record takes the whole batch with it."""
    first = filed("E-1")
    keep(stores, first)
    twice = followed(first, f.Withdrawn(), f.Withdrawn())
    bad = twice._replace(events=chain([x._replace(command="same") for x in twice.events], first.projection.head))
    bad = bad._replace(projection=bad.projection._replace(head=bad.events[-1].hash))
    with pytest.raises(Corrupt):
        stores.events.append([filed("E-0", *FACTS[5:9]), bad, filed("E-2")])
    assert [history[0].application for history in stores.events.histories()] == ["E-1"]
    assert stores.events.history("E-1") == first.events
    assert stores.events.projection("E-1") == first.projection
    assert stores.events.at_sitting("2026-10/1") == ()


def test_a_command_is_kept_once(stores: Stores) -> None:
    """A command that the history holds already is refused even by a writer who has seen all of it."""
    first = filed("E-1", command="a")
    keep(stores, first)
    again = followed(first)
    events = chain([again.events[0]._replace(command="a-1")], first.projection.head)
    with pytest.raises(Corrupt):
        stores.events.append([again._replace(events=events, projection=again.projection._replace(head=events[0].hash))])
    keep(stores, filed("E-2", command="a"))


def test_a_certificate_number_is_borne_once(stores: Stores) -> None:
    """A second certificate with the number of another takes its whole batch with it."""
    award = f.CertificateAwarded(number="N-1", series="N", serial=1)
    keep(stores, filed("E-1", award))
    for other in (award, award.model_copy(update={"serial": 2}), award.model_copy(update={"number": "N-2"})):
        with pytest.raises(Corrupt):
            stores.events.append([filed("E-2", other)])
    assert stores.events.certificate_holder("N-1") == "E-1"
    assert stores.events.certificate_holder("N-2") is None
    assert stores.events.history("E-2") == ()


def test_events_that_do_not_fit_each_other_are_a_fault_of_the_caller(stores: Stores) -> None:
    """An application twice in a batch, a gap in the numbers or a foreign projection is refused before any write."""
    first = filed("E-1", f.Withdrawn())
    gap = first._replace(events=first.events[1:])
    nothing = first._replace(events=())
    foreign = first._replace(projection=filed("E-2").projection)
    unlinked = first._replace(events=(filed("E-1", command="x").events[0], first.events[1]))
    for batch in ([first, first], [gap], [nothing], [foreign], [unlinked]):
        with pytest.raises(ValueError, match="E-1"):
            stores.events.append(batch)
    assert stores.events.history("E-1") == ()


def test_what_the_databases_cannot_give_back_is_refused(stores: Stores) -> None:
    """A NUL, or an instant of another zone, over which the hash would not hold, is refused with the field's name."""
    for bad, field in (
        (event("E-1", 1, FACTS[0])._replace(actor="a\x00b"), "actor"),
        (event("E-1", 1, FACTS[0])._replace(recorded_at=event("E-1", 1, FACTS[0]).recorded_at.astimezone(EAST)), "rec"),
    ):
        events = chain([bad])
        append = filed("E-1")
        append = append._replace(events=events, projection=append.projection._replace(head=events[0].hash))
        with pytest.raises(Invalid, match=field):
            stores.events.append([append])
    assert stores.events.history("E-1") == ()


EAST = timezone(timedelta(hours=8))


@pytest.mark.parametrize("is_new", [True, False])
def test_of_many_writers_one_wins(stores: Stores, is_new: bool) -> None:
    """Eight writers who saw the same history: one is kept, seven are told, and nothing of theirs remains."""
    first = filed("E-1")
    if not is_new:
        keep(stores, first)

    def write(number: int) -> Sequence[str]:
        if is_new:
            return stores.events.append([filed("E-1", command=f"writer-{number}")])
        return stores.events.append([followed(first, command=f"writer-{number}")])

    outcomes = at_once(write)
    assert sorted(map(str, outcomes)) == sorted(["()"] + ["('E-1',)"] * (WRITERS - 1))
    history = stores.events.history("E-1")
    check_chain(history)
    assert len(history) == (1 if is_new else 2)
    assert history[-1].command.startswith(f"writer-{outcomes.index(())}-")
    projection = stores.events.projection("E-1")
    assert projection is not None
    assert projection.head == history[-1].hash


def test_many_writers_lose_nothing(stores: Stores) -> None:
    """Eight writers over the same twenty applications, each repeating what was left out, all get their event in."""
    keys = [f"E-{n:02}" for n in range(20)]
    keep(stores, *map(filed, keys))

    def write(number: int) -> int:
        left, rounds = tuple(keys[number:] + keys[:number]), 0
        while left:
            batch = [followed(stores.events.history(key), command=f"w{number}") for key in left]
            left = stores.events.append(batch)
            rounds += 1
        return rounds

    rounds = at_once(write)
    assert all(isinstance(r, int) for r in rounds), rounds
    for history in stores.events.histories():
        check_chain(history)
        assert sorted(x.command.split("-")[0] for x in history[1:]) == [f"w{n}" for n in range(WRITERS)]


def award(stores: Stores, key: str, is_wanted: bool = True) -> Callable[[int], Append]:
    """Make the award of an application that has only been filed, or fail."""

    def build(serial: int) -> Append:
        if not is_wanted:
            raise Conflict(f"{key} does not want number {serial}")
        history = stores.events.history(key)  # reading is allowed while a number is drawn
        seen = filed(key)
        assert history == seen.events
        return followed(seen, f.CertificateAwarded(number=f"N-{serial:04}", series="N", serial=serial))

    return build


def test_numbers_have_no_gap(stores: Stores) -> None:
    """Eight threads draw forty numbers while every third attempt fails: 1 to 40 are borne, none twice."""
    keys = [f"E-{n:02}" for n in range(40)]
    keep(stores, *map(filed, keys))

    def draw(number: int) -> int:
        for key in keys[number::WRITERS]:
            for is_wanted in (False, True):
                try:
                    stores.events.append_numbered("N", award(stores, key, is_wanted))
                except Conflict:
                    assert not is_wanted
        return number

    assert at_once(draw) == list(range(WRITERS))
    holders = [stores.events.certificate_holder(f"N-{serial:04}") for serial in range(1, 41)]
    assert sorted(filter(None, holders)) == keys
    assert stores.events.certificate_holder("N-0041") is None


def test_a_number_drawn_in_vain_is_drawn_again(stores: Stores) -> None:
    """Whether the application changed or the maker refused: nothing is kept, and the next drawer gets the number."""
    keep(stores, filed("E-1"), filed("E-2"))
    stale = followed(filed("E-3"), f.CertificateAwarded(number="N-0001", series="N", serial=1))
    with pytest.raises(Conflict, match="E-3"):
        stores.events.append_numbered("N", lambda serial: stale)
    with pytest.raises(ZeroDivisionError):
        stores.events.append_numbered("N", lambda serial: filed(f"E-{serial // 0}"))
    stores.events.append_numbered("N", award(stores, "E-1"))
    stores.events.append_numbered("N", award(stores, "E-2"))
    assert stores.events.certificate_holder("N-0001") == "E-1"
    assert stores.events.certificate_holder("N-0002") == "E-2"
    assert stores.events.history("E-3") == ()


def test_series_are_counted_apart(stores: Stores) -> None:
    """Each series begins at 1."""
    drawn: list[tuple[str, int]] = []

    def build(series: str, key: str) -> Callable[[int], Append]:
        def make(serial: int) -> Append:
            drawn.append((series, serial))
            return filed(key)

        return make

    for n, series in enumerate(["A", "B", "A"]):
        stores.events.append_numbered(series, build(series, f"E-{n}"))
    assert drawn == [("A", 1), ("B", 1), ("A", 2)]
