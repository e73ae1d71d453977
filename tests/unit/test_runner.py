"""The runner without signals, sleep or timer: beats on a clock that is set by hand."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import count, pairwise
from typing import Any

import pytest

from scheduler import runner
from scheduler.jobs import JOBS, owed, receipt_for
from scheduler.runner import Beat, Every, Runner, Stop, is_set_back, run_beats
from storage.database import Database, init, open_database
from storage.memory import MemoryStores
from tests.nights import LAST_NIGHT, MISSED, by_the_clock, caseload, filled, receipts
from tests.node import NOON, Node, missed
from workflow.errors import Corrupt, Misconfigured, Unavailable
from workflow.nights.ledger import COMPLETE, RunKey
from workflow.ports import Stores

BATCH, EXPECTED = caseload(share=0.02)
PERSONAL = "陈一 110101190206022318"


@pytest.fixture
def stores() -> MemoryStores:
    """Give a caseload of which the last nights were missed."""
    stores = MemoryStores()
    filled(stores, BATCH)
    return stores


def written(stores: Stores) -> dict[str, list[tuple[str, date]]]:
    """Give what the clock wrote of every application."""
    return {
        key: [(event.type, event.effective_on) for event in by_the_clock(stores.events.history(key))]
        for key in EXPECTED
    }


def stop_at(asked: int) -> Callable[[], bool]:
    """Give what tells a node to stop when it asks for the so-manieth time, and from then on."""
    number = count(1)
    return lambda: next(number) >= asked


def test_a_beat_does_whatever_is_owed_night_by_night(stores):
    """The first beat makes up for every missed night, oldest first, in the order of the jobs; another does nothing."""
    node = Node(stores)
    assert node.beat() == Beat(runs=missed())
    assert written(stores) == EXPECTED
    told = [fields["run"] for fields in node.log.of("run finished")]
    assert told == [str(key) for key in missed()]
    assert sum(fields["counts"].get("Expired", 0) for fields in node.log.of("run finished")) > 0
    lines = len(node.log.lines)
    assert node.beat() == Beat()
    assert len(node.log.lines) == lines


def test_what_it_writes_bears_its_name(stores):
    """The ledger says by which node a run was done."""
    Node(stores, "n7").beat()
    assert {run.finished_by for run in stores.runs.history("expire", len(MISSED))} == {"clerk@n7"}


@pytest.mark.parametrize("asked", [2, 5, 9, 14])
def test_a_run_that_was_broken_off_is_taken_up_by_the_next_beat(stores, asked):
    """Told to stop, a node leaves whole chunks and an owed run; whoever beats next ends it with the same receipt."""
    undisturbed = MemoryStores()
    filled(undisturbed, BATCH)
    said = receipts(undisturbed, MISSED[-1])
    first = Node(stores, is_stopping=stop_at(asked))
    beat = first.beat()
    assert (beat.is_stopped, beat.error) == (True, None)
    assert len(beat.runs) < len(missed())
    rows = {p.application: p.sequence for p in stores.events.projections()}
    assert rows == {key: len(stores.events.history(key)) for key in rows}
    assert len(Node(stores, "n2").beat().runs) == len(missed()) - len(beat.runs)
    assert written(stores) == EXPECTED
    assert {str(key): receipt_for(first.night, key) for key in missed()} == said


def test_a_long_delivery_gives_signs_of_life_and_gives_way_to_the_next_night(stores):
    """A slow mail server makes a node look neither dead nor miss a night: it leaves the rest when a new day begins."""

    def slow() -> int:
        sent = 0
        while not node.runner.is_called():
            node.at += timedelta(minutes=10)
            sent += 1
        return sent

    node = Node(stores, deliver=slow)
    assert node.beat().delivered == 12 * 6  # from noon to midnight
    seen = sorted({report.beat_at for report in node.reports})
    assert max(later - earlier for earlier, later in pairwise(seen)) == timedelta(minutes=10)
    assert [key.day for key in node.beat().runs] == [MISSED[-1] + timedelta(1)] * len(JOBS)


def test_it_stops_before_delivery_too(stores):
    """A node that was told to stop begins nothing any more."""
    calls = count()
    node = Node(stores, deliver=lambda: next(calls))
    node.stop.set()
    assert node.beat() == Beat(is_stopped=True)
    assert (node.log.events, next(calls)) == ([], 0)
    node.runner.stopped()
    assert node.health.failing == "stopped"


def test_a_beat_that_fails_is_tried_again(stores, monkeypatch):
    """While the database is away the node says so and lives; the first beat after it makes up for everything."""
    delivered = count()
    node = Node(stores, deliver=lambda: next(delivered))
    with monkeypatch.context() as away:
        away.setattr(stores.due, "claim", _fail(Unavailable("the database cannot be reached")))
        for _ in range(2):
            beat = node.beat()
            assert (type(beat.error), beat.runs) == (Unavailable, [])
            assert node.health.failing == "the database cannot be reached"
    assert node.log.of("beat failed")[0] == {"reason": "the database cannot be reached", "run": str(missed()[0])}
    assert next(delivered) == 0
    assert node.beat().runs == missed()
    assert node.log.events[-2:] == ["delivered", "recovered"]
    assert (node.health.failing, node.health.owed, next(delivered)) == ("", 0, 2)
    assert written(stores) == EXPECTED


def test_a_database_that_is_away_altogether_is_told(stores, monkeypatch):
    """Where nothing can be asked, health says why, and what was known last."""
    node = Node(stores)
    node.beat()
    monkeypatch.setattr(stores.runs, "last_finished", _fail(Unavailable("gone")))
    assert isinstance(node.beat().error, Unavailable)
    assert (node.health.failing, len(node.health.jobs)) == ("gone", 4)


def test_an_error_of_our_own_making_kills_no_node_and_tells_no_value(stores, monkeypatch):
    """Whatever breaks is named by its type and place, never by its text; notices are delivered all the same."""
    node = Node(stores, deliver=lambda: 3)
    monkeypatch.setattr(stores.runs, "open", _fail(ValueError(PERSONAL)))
    beat = node.beat()
    assert (type(beat.error), beat.delivered) == (ValueError, 3)
    assert node.health.failing == "internal error: ValueError"
    assert "陈" not in str(node.log.lines)
    assert "_run_owed" in node.log.of("beat failed")[0]["frames"]
    assert node.log.of("delivered") == [{"notices": 3}]


def test_an_outbox_that_fails_holds_up_no_night(stores):
    """Delivery that fails is told; the runs before it stand."""
    node = Node(stores, deliver=_fail(Corrupt("the notice cannot be read")))
    beat = node.beat()
    assert (beat.runs, beat.failing) == (missed(), "the notice cannot be read")
    assert node.log.of("beat failed") == [{"reason": "the notice cannot be read"}]


def test_a_report_that_cannot_be_written_is_told(stores):
    """A full disk under the health file stops nothing."""
    node = Node(stores)
    node.runner = Runner(node.night, node.log, _fail(OSError(28, "No space left on device")), "n1")
    assert node.beat().runs == missed()
    told = node.log.of("the health or metrics file cannot be written")
    assert told[0] == {"reason": "No space left on device"}


def _fail(error: Exception) -> Any:
    def fail(*_args: Any, **_more: Any) -> Any:
        raise error

    return fail


def test_exceptions_are_told(stores, monkeypatch):
    """A run that had to park applications is told of, counted, and owed no more."""
    poisoned = next(key for key, steps in EXPECTED.items() if steps and key.startswith("lapse"))
    before = stores.events.projection(poisoned)
    monkeypatch.setitem(stores.events._projections, poisoned, _spoilt(before))
    node = Node(stores)
    beat = node.beat()
    assert poisoned not in str(beat)
    assert {key.job for key in beat.excepted} >= {"expire"}
    assert node.health.parked > 0
    assert (node.health.owed, node.health.failing) == (0, "")
    assert {fields["outcome"] for fields in node.log.of("run finished")} == {COMPLETE, "with exceptions"}


def _spoilt(projection: Any) -> Any:

    return projection._replace(next_due_data="{}")


def test_a_clock_that_is_set_back_undoes_nothing(stores):
    """On a day that was done already nothing is owed, and nothing is taken back; the day goes on where it had been."""
    node = Node(stores)
    node.beat()
    before = stores.events._histories.copy()
    assert node.beat(NOON - timedelta(days=3)).runs == []
    assert (node.health.day, node.health.owed) == (MISSED[-1] - timedelta(3), 0)
    assert stores.events._histories == before
    assert node.beat(NOON) == Beat()
    assert [key.day for key in node.beat(NOON + timedelta(days=1)).runs] == [MISSED[-1] + timedelta(1)] * 4


def test_nights_of_days_to_come_are_an_alarm_and_no_silence(stores):
    """Where a clock ran ahead no night is owed for as long: every beat says so; of the day after today it may be."""
    node, today = Node(stores), NOON
    node.beat(today + timedelta(days=1))
    assert node.beat(today).failing == ""
    node.beat(today + timedelta(days=2))
    beat = node.beat(today)
    assert (type(beat.error), beat.runs) == (Misconfigured, [])
    assert "examboard jobs run all" in node.health.failing
    assert node.beat(today + timedelta(days=1)).failing == ""
    assert node.log.events[-1] == "recovered"


def test_more_than_a_year_is_not_made_up_for_unasked(stores, monkeypatch):
    """Where a clock is years ahead nothing expires and nobody is erased by it: the node says so."""
    assert runner.MOST_NIGHTS > 366
    monkeypatch.setattr(runner, "MOST_NIGHTS", 6)  # the same, sooner
    node = Node(stores)
    node.beat()
    assert len(node.beat(NOON + timedelta(days=6)).runs) == 6 * len(JOBS)
    beat = node.beat(NOON + timedelta(days=13))
    assert (type(beat.error), beat.runs) == (Misconfigured, [])
    assert "If the clock is right: examboard jobs run all" in node.health.failing
    assert node.beat(NOON + timedelta(days=6)) == Beat()
    assert len(node.beat(NOON + timedelta(days=12)).runs) == 6 * len(JOBS)


def test_the_day_changes_at_the_boards_midnight(stores):
    """At 15:59 UTC it is still today in Shanghai; at 16:00 UTC the next day's runs are owed."""
    node = Node(stores)
    node.beat()
    assert node.beat(datetime(2026, 6, 21, 15, 59, 59, tzinfo=UTC)) == Beat()
    beat = node.beat(datetime(2026, 6, 21, 16, tzinfo=UTC))
    assert beat.runs == [RunKey(job, date(2026, 6, 22)) for job in ("expire", "release", "remind", "retention")]
    assert node.health.day == date(2026, 6, 22)


def test_two_nodes_share_the_nights_and_write_everything_once(database_url):
    """Two nodes that beat at the same time on one database write each step once, and both end well."""
    init(database_url)
    with open_database(database_url) as one, open_database(database_url) as two:
        filled(one, BATCH)
        nodes = [Node(one, "n1"), Node(two, "n2")]
        beats: list[Beat] = []
        threads = [threading.Thread(target=lambda node=node: beats.append(node.beat())) for node in nodes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [beat.error for beat in beats] == [None, None]
        assert written(one) == EXPECTED
        assert all(owed(nodes[0].night, job) == [] for job in ("expire", "release", "remind", "retention"))
        undisturbed = MemoryStores()
        filled(undisturbed, BATCH)
        said = receipts(undisturbed, MISSED[-1])
        assert {str(key): receipt_for(nodes[0].night, key) for key in missed()} == said
        _same_as_kept(one, said)


def _same_as_kept(database: Database, said: dict[str, Any]) -> None:
    kept = {str(run.key): (run.outcome, run.digest) for run in database.runs.history(most=20)}
    assert kept == {run: (receipt.outcome, receipt.digest) for run, receipt in said.items()}


def test_the_timer_beats_at_once_and_ends_the_beat_that_is_under_way():
    """The first beat comes without waiting; told to stop in the middle of one, the runner returns after its end."""
    stop, ended = Stop(), threading.Event()
    ends: list[str] = []

    def beat() -> None:
        stop.set()
        ended.wait(0.05)
        ends.append("end")

    run_beats(beat, stop, 3600, lambda: datetime.now(UTC))
    assert ends == ["end"]


def test_the_timer_beats_again_and_again():
    """One beat follows the other, never two at a time, also after one that raised."""
    stop, beats = Stop(), count(1)
    at_once = threading.Semaphore(1)

    def beat() -> None:
        assert at_once.acquire(blocking=False)
        at_once.release()
        if (number := next(beats)) == 3:
            stop.set()
        if number == 1:
            raise ValueError("the first one")

    run_beats(beat, stop, 0.01, lambda: datetime.now(UTC))
    assert next(beats) >= 4


def test_a_clock_set_back_holds_up_no_beat():
    """Where the next beat lies further ahead than beats are apart, the clock was set back, and it is moved up."""
    assert not is_set_back(NOON + timedelta(seconds=30), NOON, 30)
    assert is_set_back(NOON + timedelta(hours=1), NOON, 30)


def test_a_clock_that_jumped_ahead_holds_up_no_beat():
    """However many beats the clock has passed over, the next one lies an interval ahead: none of them is counted."""
    every, ahead = Every(30), NOON + timedelta(days=365 * 50, seconds=1)
    assert every.get_next_fire_time(NOON, NOON) == NOON + timedelta(seconds=30)
    assert every.get_next_fire_time(NOON, NOON + timedelta(seconds=29)) == NOON + timedelta(seconds=30)
    assert every.get_next_fire_time(NOON, ahead) == ahead + timedelta(seconds=30)


def test_stop_is_heard_before_and_while_it_is_waited_for():
    """Who waits is woken; who comes later does not wait; nobody is stopped unasked."""
    stop = Stop()
    assert (stop.wait(0.001), stop.is_set()) == (False, False)
    thread = threading.Thread(target=stop.set)
    thread.start()
    assert stop.wait(60)
    thread.join()
    assert stop.wait(60)


def test_the_last_night_was_run():
    """The caseload of these tests starts with one finished night, so that exactly the missed ones are owed."""
    stores = MemoryStores()
    filled(stores, BATCH)
    assert owed(Node(stores).night, "expire") == list(MISSED)
    assert stores.runs.last_finished("expire") == LAST_NIGHT
