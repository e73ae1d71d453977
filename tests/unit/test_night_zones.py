"""Nights of a board whose schemes keep other time zones: nothing is written before its day has come there."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Self
from zoneinfo import ZoneInfo

import pytest

from scheduler.jobs import JOBS, catch_up, forecast, planned_runs, run
from scheduler.night import Night
from tests.desk import Board
from tests.timeline import day
from tests.timeline import test_scheme as scheme_with
from workflow.nights.ledger import RunKey
from workflow.nights.receipts import Change, changes_of
from workflow.ports import Sitting

HOME = ZoneInfo("Asia/Shanghai")
ZONES = ["America/New_York", "Pacific/Auckland", "Etc/GMT+12", "Asia/Shanghai"]
WEST = ZONES[0]
WAIVED = "training: {waived: true, clause: {source: board}}\n"
DEADLINE = "deadlines: {theory_exam: {within: {months: 1}, clause: {source: rules, at: dl}}}"
RAN_OUT = day("2026-06-21")
NIGHTS = [RAN_OUT + timedelta(n) for n in range(-12, 6)]


class Evening(Board):
    """A board on which all is done late in the evening, when it is the same day in zones further west."""

    def at(self, on: str) -> Self:
        """Let it be a minute before midnight."""
        self.instant = datetime.combine(day(on), time(23, 59), HOME).astimezone(UTC)
        return self


def of_zone(zone: str, effect: str = "expire") -> Board:
    """Give a board under a scheme of a zone, of which something runs out in the same few nights."""
    zoned = f"occupation:->time_zone: {zone}\noccupation:"
    lapsing = scheme_with(zone=zoned, lapse=f"effect: expire->effect: {effect}")
    board = Evening(lapsing, scheme_with(zone=zoned, level=f"{WAIVED}->{WAIVED}    {DEADLINE}\n"))
    for number, announced in enumerate(("2024-06-20", "2024-06-21", "2024-06-22")):
        key = f"P{number}"
        board.ready(key, level=2).passed(key, "theory", "2024-05-18", announced)
        if effect == "reopen":
            board.passed(key, "skills", "2024-05-19", "2024-06-21")
    board.schemes = board.schemes[1:]
    board.ready("S", "2026-05-19", level=2)
    sitting = Sitting("S", "theory", RAN_OUT + timedelta(1))
    board.stores.sittings.put([sitting, Sitting("far", "theory", RAN_OUT + timedelta(40))])
    board.at("2026-05-20").service.admit("S", sitting, day("2026-05-20"))
    return board


def night(board: Board, on: date, at: time) -> Night:
    """Give the night of a board's day, at an hour of the board."""
    board.instant = datetime.combine(on, at, HOME).astimezone(UTC)
    return Night(board.service, "node")


def done(board: Board) -> dict[RunKey, list[str]]:
    """Give what each run has done."""
    runs = [RunKey(job, on) for on in NIGHTS for job in JOBS]
    return {run: [line for lines in changes_of(board.stores.runs.parts(run)) for line in lines] for run in runs}


@pytest.mark.parametrize("effect", ["expire", "reopen"])
@pytest.mark.parametrize("zone", ZONES)
def test_a_night_does_the_same_at_every_hour_and_late(zone, effect):
    """The runs of a night write what was foreseen just after midnight, just before the next one, and days late."""
    found = []
    for hour in (time(0, 0, 1), time(12), time(23, 59, 59)):
        board = of_zone(zone, effect)
        list(catch_up(night(board, NIGHTS[0] - timedelta(1), hour)))
        foreseen = forecast(night(board, NIGHTS[0] - timedelta(1), hour), len(NIGHTS))
        for on in NIGHTS:
            list(catch_up(night(board, on, hour)))
        found.append(done(board))
        assert {run: sorted(change.line for change in changes) for run, changes in foreseen.items()} == {
            run: sorted(lines) for run, lines in found[-1].items()
        }
    late = of_zone(zone, effect)
    list(catch_up(night(late, NIGHTS[0] - timedelta(1), time(1))))
    list(catch_up(night(late, NIGHTS[-1], time(5))))
    assert [done(late)] * 3 == found
    assert {"Expired", "Notice", "AdmissionCancelled"} <= {
        Change.read(line).what for lines in found[0].values() for line in lines
    }


@pytest.mark.parametrize("job", JOBS)
@pytest.mark.parametrize("zone", ZONES)
def test_nothing_is_written_before_its_day_has_come_there(zone, job):
    """Whatever a job writes by itself, it writes on no day that has not come yet in the zone of the scheme."""
    board = of_zone(zone)
    keys, hours = ("P0", "P1", "P2", "S"), count()
    for on in NIGHTS:
        run(night(board, on, time(next(hours) % 24, 0, 1)), job, on)
        for key in keys:
            assert all(x.effective_on <= board.service.today(zone) for x in board.service.history(key)), (key, on)


def test_the_last_valid_day_counts_to_its_end_in_the_west():
    """At the board's midnight it is still the last valid day there: no job ends it; the next night does."""
    board = of_zone(WEST)
    for job in JOBS:
        run(night(board, RAN_OUT, time(0, 0, 1)), job, RAN_OUT)
    assert [board.service.standing(key).application.state for key in ("P0", "S")] == ["skills_exam", "theory_exam"]
    tomorrow = RAN_OUT + timedelta(1)
    for job in JOBS:
        run(night(board, tomorrow, time(0, 0, 1)), job, tomorrow)
    last = board.service.history("P0")[-1]
    assert (last.type, last.effective_on) == ("Expired", RAN_OUT)
    assert [(x.type, x.effective_on) for x in board.service.history("S")[-2:]] == [
        ("Expired", day("2026-06-21")), ("AdmissionCancelled", day("2026-06-21")),
    ]  # fmt: skip


@pytest.mark.parametrize("job", JOBS)
@pytest.mark.parametrize("zone", ZONES)
def test_a_plan_of_one_job_says_what_that_job_alone_will_do(zone, job):
    """Run by hand before any other job of the night, a job does what its plan says, no more and no less."""
    for on in (RAN_OUT, RAN_OUT + timedelta(1)):
        board = of_zone(zone, "reopen")
        alone = night(board, on, time(1))
        said = sorted(change.line for _run, change in planned_runs(alone, [RunKey(job, on)]))
        run(alone, job, on)
        assert said == sorted(done(board)[RunKey(job, on)])
