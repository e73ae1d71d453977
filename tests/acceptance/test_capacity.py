"""Eight processes admit into one sitting at the same time: never one more than there are seats, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from typing import Any

import pytest

from storage.database import init, open_database
from tests.seated import board, names, put, seated, sitting, trained
from workflow.board.admissions import cancel, release_all
from workflow.board.sittings import admit_all
from workflow.errors import Refused
from workflow.events import check_chain

PROCESSES = 8
_start: Barrier | None = None


def _begin(start: Barrier) -> None:
    """Keep the barrier of the processes, in each of them."""
    global _start
    _start = start


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPoolExecutor]:
    """Give eight processes that begin their work at the same moment."""
    context = get_context("forkserver")  # each begins without any connection, and what they import is imported once
    context.set_forkserver_preload([__name__])
    start = context.Barrier(PROCESSES)
    with ProcessPoolExecutor(PROCESSES, context, _begin, (start,)) as pool:
        yield pool


def _work(job: tuple[int, str, int, int, str]) -> dict[str, int]:
    """Admit candidates in small groups, beginning elsewhere in the list than the other processes do."""
    number, url, candidates, group, what = job
    keys = names(candidates)
    keys = keys[number * candidates // PROCESSES :] + keys[: number * candidates // PROCESSES]
    said: dict[str, int] = {}
    with open_database(url) as stores:
        clerk = board(stores, f"clerk-{number}")
        (one,) = stores.sittings.find("S")
        assert _start is not None
        _start.wait(120)
        for at in range(0, candidates, group):
            some = keys[at : at + group]
            outcomes = list(admit_all(clerk, one, some))
            if what == "churn" and number % 2:
                outcomes += list(cancel(clerk, "S", {"theory"}, some[:2], "changed their mind"))
            for outcome in outcomes:
                words = [no.rule for no in outcome.error.objections] if isinstance(outcome.error, Refused) else []
                for word in words or [type(outcome.error).__name__ if outcome.error else "done"]:
                    said[word] = said.get(word, 0) + 1
    return said


def _prepared(url: str, candidates: int, rooms: tuple[int, ...]) -> None:
    init(url)
    with open_database(url) as stores:
        trained(stores, names(candidates))
        put(stores, sitting(*rooms))


def _check(url: str) -> int:
    """Hold the seats against the histories: every seat is one candidate's, and every chain is whole."""
    with open_database(url) as stores:
        service = board(stores)
        by_events: dict[str, Any] = {}
        for history in stores.events.histories():
            check_chain(history)
            application = service.draft(history).application  # replays
            attempt = application.attempt("theory", "S")
            if attempt is not None:
                last = [event.fact for event in history if event.type == "Admitted"][-1]
                by_events[application.key] = (last.room, last.seat)  # type: ignore[attr-defined]
        assert by_events == seated(stores)
        assert len(set(by_events.values())) == len(by_events)
        return len(by_events)


@pytest.mark.parametrize(
    ("candidates", "rooms", "group"), [(64, (20, 13), 16), (24, (1, 1, 1), 6), (40, (60,), 7), (250, (30, 69), 250)]
)
def test_eight_processes_fill_a_sitting_exactly(
    database_url: str, pool: ProcessPoolExecutor, candidates: int, rooms: tuple[int, ...], group: int
) -> None:
    """Of more candidates than seats exactly as many are seated as there are seats, no seat twice, no history harmed."""
    _prepared(database_url, candidates, rooms)
    jobs = [(n, database_url, candidates, group, "fill") for n in range(PROCESSES)]
    said = list(pool.map(_work, jobs))
    number = _check(database_url)
    assert number == min(candidates, sum(rooms))
    assert sum(one.get("done", 0) for one in said) == number
    assert {word for one in said for word in one} <= {"done", "has_a_free_seat", "is_not_admitted"}


def test_seats_that_come_free_are_given_again_and_never_twice(database_url: str, pool: ProcessPoolExecutor) -> None:
    """While half of the processes cancel what was admitted, the others admit: the seats stay one candidate's each."""
    _prepared(database_url, 48, (9, 8))
    said = list(pool.map(_work, [(n, database_url, 48, 8, "churn") for n in range(PROCESSES)]))
    assert _check(database_url) <= 17
    assert {word for one in said for word in one} <= {"done", "has_a_free_seat", "is_not_admitted", "is_open"}
    with open_database(database_url) as stores:
        clerk = board(stores, "last")
        (one,) = stores.sittings.find("S")
        list(admit_all(clerk, one))
        assert list(release_all(clerk, [one])) == []
    assert _check(database_url) == 17
