"""Nights that come late or out of order, and what counts while no night has come by."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import count

import pytest

from scheduler.jobs import JOBS, catch_up, forecast, owed, owed_runs, planned, run, states
from scheduler.night import Night, Stopped
from tests.desk import WHY, Board
from tests.timeline import day
from tests.timeline import test_scheme as scheme_with
from workflow import facts as f
from workflow.errors import Refused
from workflow.nights.ledger import COMPLETE, RunKey
from workflow.ports import Sitting

WAIVED = "training: {waived: true, clause: {source: board}}\n"
DEADLINE = "deadlines: {theory_exam: {within: {months: 1}, clause: {source: rules, at: dl}}}"
RAN_OUT = day("2026-06-21")  # the day after the last valid day of what was announced two years before
YESTERDAY, DAY_AFTER = RAN_OUT - timedelta(1), RAN_OUT + timedelta(1)


def node(board: Board) -> Night:
    """Give a node's night."""
    return Night(board.service, "node")


def held(effect: str = "expire") -> Board:
    """Give a board with an application of which theory was announced two years before, and skills a week later."""
    board = Board(scheme_with(lapse=f"effect: expire->effect: {effect}")).ready("A1", level=2)
    board.passed("A1", "theory", "2024-05-18", "2024-06-20")
    if effect == "reopen":
        board.passed("A1", "skills", "2024-05-19", "2024-06-27")
    return board


def seated() -> Board:
    """Give a board with an application that expires before the day of the sitting to which it is admitted."""
    board = Board(scheme_with(level=f"{WAIVED}->{WAIVED}    {DEADLINE}\n")).ready("A1", "2026-05-20", level=2)
    sitting = Sitting("S", "theory", day("2026-07-10"))
    board.stores.sittings.put([sitting])
    board.service.admit("A1", sitting, day("2026-05-20"))
    return board


def test_a_seat_is_taken_back_by_the_night_of_its_own_day():
    """A night of an earlier day that comes late takes back no seat of what expired later, nor the expiry itself."""
    board = seated().at(str(RAN_OUT))
    run(node(board), "expire", RAN_OUT)
    assert run(node(board), "release", YESTERDAY).counts == {}
    assert board.facts("A1")[-1] == "Expired"
    assert planned(node(board), "release", YESTERDAY)[1] == []
    assert [change.on for change in planned(node(board), "release", RAN_OUT)[1]] == [RAN_OUT]
    assert run(node(board), "release", RAN_OUT).counts == {"AdmissionCancelled": 1}
    assert board.facts("A1")[-2:] == ["Expired", "AdmissionCancelled"]
    assert run(node(board), "release", RAN_OUT).counts == {"AdmissionCancelled": 1}
    assert board.facts("A1").count("AdmissionCancelled") == 1
    assert board.state("A1", str(RAN_OUT)) == "expired"


def test_a_reminder_belongs_to_the_night_that_knew_of_it():
    """A night of an earlier day that comes late reminds of nothing that only a later night has brought about."""
    board = held("reopen").at(str(YESTERDAY))
    list(catch_up(node(board)))
    board.at(str(RAN_OUT))
    first = run(node(board), "remind", YESTERDAY)
    run(node(board), "expire", RAN_OUT)
    assert run(node(board), "remind", YESTERDAY) == first
    assert run(node(board), "remind", RAN_OUT).counts == {"Notice": 1}
    assert [notice.queued_on for notice in board.stores.outbox.notices("A1")] == [YESTERDAY, RAN_OUT]


def test_a_clock_ahead_brings_no_reminder_forward():
    """A node whose clock is behind another's reminds of nothing that the other's later night has brought about."""
    board = held("reopen").at(str(YESTERDAY))
    list(catch_up(node(board)))
    first = run(node(board), "remind", YESTERDAY)
    run(node(board.at(str(RAN_OUT))), "expire", RAN_OUT)
    board.at(str(YESTERDAY))
    assert planned(node(board), "remind", YESTERDAY)[1] == []
    assert run(node(board), "remind", YESTERDAY) == first
    assert [notice.queued_on for notice in board.stores.outbox.notices("A1")] == [YESTERDAY]


def test_the_jobs_of_a_night_are_owed_together():
    """At whatever moment midnight passes, no job is owed for a day for which the jobs before it are not."""
    board = held().at(str(YESTERDAY))
    list(catch_up(node(board)))
    evening = datetime.combine(YESTERDAY, time(15, 59, 59), UTC)

    def midnight_passes(asked: int) -> Night:
        readings = count()
        board.service.now = lambda: evening + timedelta(next(readings) >= asked)
        return node(board)

    for asked in range(8):
        assert owed_runs(midnight_passes(asked)) in ([], [RunKey(job, RAN_OUT) for job in JOBS])
        assert len({state.owed for state in states(midnight_passes(asked))}) == 1
        assert {run.day for run in forecast(midnight_passes(asked), 1)} == {RAN_OUT}


def test_only_a_run_by_hand_takes_up_again_what_was_parked():
    """A node that comes to a finished run leaves it and what it parked alone; by hand it is tried again."""
    board = held().at(str(RAN_OUT))
    events, row = board.stores.events, board.stores.events.projection("A1")
    assert row is not None
    events._projections["A1"] = row._replace(next_due_data="{}")
    first = run(node(board), "expire", RAN_OUT)
    assert [one.application for one in first.parked] == ["A1"]
    assert run(node(board), "expire", RAN_OUT, again=False) == first
    events._projections["A1"] = row
    assert run(node(board), "expire", RAN_OUT, again=False) == first
    assert run(node(board), "expire", RAN_OUT).counts == {"Expired": 1}


def test_what_a_plan_says_the_missed_nights_do():
    """Nights that were missed do, each as of its own day, what their plans had said before the first of them."""
    board = held("reopen").at(str(YESTERDAY))
    list(catch_up(node(board), ["expire"]))
    board.at("2026-06-30")
    days = owed(node(board), "expire")
    assert days[0] == RAN_OUT
    said = planned(node(board), "expire", days[-1])[1]
    list(catch_up(node(board), ["expire"]))
    assert [(change.what, change.on) for change in said] == [
        (x.type, x.effective_on) for x in board.service.history("A1") if x.actor == "clock"
    ]
    assert [change.on for change in said] == [RAN_OUT, day("2026-06-28")]


@pytest.mark.parametrize(
    "fact",
    [
        f.Admitted(part="skills", sitting="late", sat_on=RAN_OUT),
        f.ScoreRecorded(part="skills", sitting="late", sat_on=RAN_OUT, score="60"),
        f.Withdrawn(),
        f.ApplicationSuspended(**WHY),
    ],
    ids=lambda fact: type(fact).__name__,
)
def test_whose_time_ran_out_yesterday_is_refused_though_no_night_has_come_by(fact):
    """No job is needed to make an expiry true: the day after, the board refuses what it would have done on the last."""
    board = held().at(str(RAN_OUT))
    before = board.facts("A1")
    with pytest.raises(Refused, match="expired"):
        board.service.record("A1", fact, RAN_OUT)
    assert board.facts("A1") == before
    assert board.state("A1", str(YESTERDAY)) == "skills_exam"
    assert board.stores.events.projection("A1").state != "expired"


def test_on_the_last_valid_day_the_same_is_done():
    """The last valid day counts: on it the candidate is admitted to a sitting of that day."""
    board = held().at(str(YESTERDAY))
    board.record("A1", f.Admitted(part="skills", sitting="late", sat_on=YESTERDAY))
    assert board.facts("A1")[-1] == "Admitted"


def test_lists_count_it_as_expired_though_no_night_has_come_by():
    """Whoever lists or counts applications as of today finds it expired, and as of yesterday not."""
    board = held().at(str(RAN_OUT))
    (today,) = board.service.standings()
    assert (today.application.state, today.application.expiry.expired_on) == ("expired", RAN_OUT)
    assert today.held == {}
    (yesterday,) = board.service.standings(YESTERDAY)
    assert yesterday.application.state == "skills_exam"
    assert "theory" in yesterday.held


def test_a_late_fact_after_the_night_is_followed_by_no_second_expiry_that_night():
    """A result of the last valid day entered after the expiry takes it back, and the next nights leave it so."""
    board = held().at(str(DAY_AFTER))
    list(catch_up(node(board)))
    assert board.facts("A1")[-1] == "Expired"
    board.record("A1", f.Admitted(part="skills", sitting="late", sat_on=YESTERDAY), str(YESTERDAY))
    score = f.ScoreRecorded(part="skills", sitting="late", sat_on=YESTERDAY, score="60")
    board.service.record("A1", score, YESTERDAY)
    facts = board.facts("A1")
    assert "Reinstated" in facts
    for on in (DAY_AFTER, DAY_AFTER + timedelta(30)):
        board.at(str(on))
        list(catch_up(node(board), ["expire"]))
        run(node(board), "expire", on)
        assert board.facts("A1") == facts


def test_a_run_by_hand_that_is_broken_off_is_owed_until_it_is_done():
    """A finished run that is taken up again and dies half-way is done by the next node, with the digest of it all."""
    board = held().ready("A2", level=2).passed("A2", "theory", "2024-05-18", "2024-06-20").at(str(RAN_OUT))
    events = board.stores.events
    rows = {key: events.projection(key) for key in ("A1", "A2")}
    for key, row in rows.items():
        assert row is not None
        events._projections[key] = row._replace(next_due_data="{}")
    assert len(run(node(board), "expire", RAN_OUT).parked) == 2
    events._projections.update(rows)
    asked = iter([False, False, False])
    with pytest.raises(Stopped):
        run(Night(board.service, "hand", is_stopping=lambda: next(asked, True)), "expire", RAN_OUT)
    assert sum(board.facts(key)[-1] == "Expired" for key in rows) == 1
    (receipt,) = catch_up(node(board), ["expire"])
    assert (receipt.counts, receipt.outcome) == ({"Expired": 2}, COMPLETE)
    found = board.stores.runs.find(receipt.run)
    assert (found.digest, found.outcome) == (receipt.digest, COMPLETE)
    assert owed(node(board), "expire") == []
