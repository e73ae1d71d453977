"""What is said of runs to come is what they do, where one of them changes what the next one finds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import pytest

from scheduler.jobs import JOBS, catch_up, forecast, owed_runs, planned_runs
from scheduler.night import Night
from tests.desk import WHY, Board
from tests.timeline import day
from tests.timeline import test_scheme as scheme_with
from workflow import facts as f
from workflow.nights.ledger import RunKey
from workflow.nights.receipts import changes_of
from workflow.ports import Sitting

TONIGHT = day("2026-06-16")
NIGHTS = [TONIGHT + timedelta(n) for n in range(1, 31)]
LAPSES = TONIGHT + timedelta(10)  # the day after the last valid day of what was announced two years before


def node(board: Board) -> Night:
    """Give a node's night."""
    return Night(board.service, "node")


def did(board: Board, runs: Iterable[RunKey]) -> dict[RunKey, list[str]]:
    """Give what runs have done."""
    parts = board.stores.runs.parts
    return {run: sorted(line for lines in changes_of(parts(run)) for line in lines) for run in runs}


def seated(effect: str) -> Board:
    """
    Give a board with seats beyond the validity of a pass that was entered after they were given.

    They are taken back by the next night, and would be so again by the lapse ten nights later.
    """
    board = Board(scheme_with(lapse=f"effect: expire->effect: {effect}")).at(str(TONIGHT - timedelta(3)))
    late = [Sitting(f"s{n}", "skills", TONIGHT + timedelta(n)) for n in (20, 40)]
    board.stores.sittings.put(late)
    for key in ("A1", "A2"):
        board.ready(key, level=2)
        board.at(str(TONIGHT - timedelta(3)))
        for sitting in late:
            board.service.admit(key, sitting, TONIGHT - timedelta(3))
        announced = str(LAPSES.replace(year=2024) - timedelta(1))
        board.passed(key, "theory", "2024-05-18", announced)
    list(catch_up(node(board.at(str(TONIGHT - timedelta(1)))), ["retention"]))
    return board.at(str(TONIGHT))


@pytest.mark.parametrize("jobs", [tuple(JOBS), ("expire",), ("release",), ("remind",)])
@pytest.mark.parametrize("effect", ["expire", "reopen", "restart"])
def test_a_seat_is_foreseen_to_be_taken_back_once(effect, jobs):
    """A forecast of some jobs or all counts each seat once, and numbers events as thirty nights will."""
    board = seated(effect)
    foreseen = {
        run: sorted(change.line for change in changes) for run, changes in forecast(node(board), 31, jobs).items()
    }
    for on in [TONIGHT, *NIGHTS]:
        list(catch_up(node(board.at(str(on)))))
    assert foreseen == did(board, foreseen)
    cancelled = [line for lines in foreseen.values() for line in lines if "AdmissionCancelled" in line]
    assert len(cancelled) == (4 if effect == "expire" and "release" in jobs else 0)


@pytest.mark.parametrize("effect", ["expire", "reopen"])
def test_missed_nights_do_what_a_dry_run_says_after_a_clerk_has_gone_on(effect):
    """What was done by hand since a missed night is known to the plan, as it is to the runs that make up for it."""
    board = seated(effect)
    for key in ("B1", "B2", "B3"):
        board.ready(key, "2024-03-15", level=2).passed(key, "theory", "2024-05-18", "2024-06-30")
    list(catch_up(node(board.at(str(TONIGHT - timedelta(5))))))
    board.at(str(TONIGHT))
    board.record("B1", f.ValidityExtended(part="theory", until=TONIGHT + timedelta(29), **WHY))
    board.record("B2", f.ApplicationSuspended(**WHY))
    board.at(str(TONIGHT + timedelta(2)))
    board.record("B2", f.ApplicationResumed(**WHY))
    board.at(str(TONIGHT + timedelta(4)))
    runs = owed_runs(node(board))
    said: dict[RunKey, list[str]] = {run: [] for run in runs}
    for run, change in planned_runs(node(board), runs):
        said[run].append(change.line)
    list(catch_up(node(board)))
    assert {run: sorted(lines) for run, lines in said.items()} == did(board, runs)
    assert any("Notice" in line for lines in said.values() for line in lines)
