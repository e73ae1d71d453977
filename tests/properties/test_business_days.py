"""Business days: in every zone of the world they follow one another, and on which of them something runs out."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest

from scheduler.jobs import owed, run
from scheduler.night import Night
from storage.memory import MemoryStores
from tests.desk import Board
from tests.timeline import day
from tests.timeline import test_scheme as scheme_with
from workflow import facts as f
from workflow.calendar import board_day
from workflow.service import Service

YEARS = (date(1990, 1, 1), date(2030, 1, 1))
STEP = timedelta(days=28)  # no zone changes its clocks and back again sooner
# Days that a zone has left out, by crossing the date line.
LEFT_OUT = {
    date(1993, 8, 21): {"Kwajalein", "Pacific/Kwajalein"},
    date(1994, 12, 31): {"Pacific/Enderbury", "Pacific/Kanton", "Pacific/Kiritimati"},
    date(2011, 12, 30): {"Pacific/Apia", "Pacific/Fakaofo"},
}


def begins(on: date, zone: ZoneInfo) -> datetime:
    """Give the instant at which a day begins in a zone."""
    return datetime.combine(on, time(), zone).astimezone(UTC)


def days_to_try(zone: ZoneInfo) -> list[date]:
    """Give a day in every year, and the days around every change of the clocks."""
    regular = [YEARS[0] + n * STEP for n in range((YEARS[1] - YEARS[0]) // STEP)]
    found = set(regular[::13])
    for before, after in pairwise(regular):
        low, high = datetime.combine(before, time(), zone), datetime.combine(after, time(), zone)
        if (old := low.utcoffset()) == high.utcoffset():
            continue
        while high - low > timedelta(days=1):
            middle = datetime.combine(low.date() + (high - low) // 2, time(), zone)
            low, high = (middle, high) if middle.utcoffset() == old else (low, middle)
        found |= {low.date() + timedelta(days=n) for n in range(-2, 4)}
    return sorted(found)


def test_every_day_of_every_zone_begins_after_the_one_before():
    """In each zone, over forty years, each day begins later than the one before, but for days that were left out."""
    left_out: dict[date, set[str]] = {}
    for name in sorted(available_timezones()):
        zone = ZoneInfo(name)
        for on in days_to_try(zone):
            start, end = begins(on, zone), begins(on + timedelta(days=1), zone)
            assert start <= end
            if start == end:
                left_out.setdefault(on, set()).add(name)
                continue
            assert board_day(start, name) == on, name
            assert board_day(end - timedelta(microseconds=1), name) <= on, name
            assert board_day(end, name) > on, name
    assert left_out == LEFT_OUT


@pytest.mark.parametrize(
    ("instant", "zone", "on"),
    [
        ("2026-06-20T15:59:59.999999+00:00", "Asia/Shanghai", "2026-06-20"),
        ("2026-06-20T16:00:00+00:00", "Asia/Shanghai", "2026-06-21"),
        ("2026-06-20T16:00:00+00:00", "UTC", "2026-06-20"),
        ("2026-06-21T00:00:00+08:00", "UTC", "2026-06-20"),
        ("2026-03-29T00:59:59+00:00", "Europe/Berlin", "2026-03-29"),  # the night of the missing hour
        ("2026-03-29T22:00:00+00:00", "Europe/Berlin", "2026-03-30"),
        ("2026-10-24T22:00:00+00:00", "Europe/Berlin", "2026-10-25"),  # the night of the double hour
        ("2026-10-25T22:59:59+00:00", "Europe/Berlin", "2026-10-25"),
        ("2026-10-25T23:00:00+00:00", "Europe/Berlin", "2026-10-26"),
        ("2011-12-30T09:59:59+00:00", "Pacific/Apia", "2011-12-29"),
        ("2011-12-30T10:00:00+00:00", "Pacific/Apia", "2011-12-31"),
    ],
)
def test_the_day_changes_at_local_midnight(instant, zone, on):
    """An instant belongs to the day on the wall of the board's zone, whatever the day is elsewhere."""
    assert board_day(datetime.fromisoformat(instant), zone) == day(on)


DEADLINE = "deadlines: {trained: {within: {months: %s}, clause: {source: rules, at: dl}}}"
WAIVED = "training: {waived: true, clause: {source: board}}\n"
# What starts to count on a day, for how long, and the last day on which it holds.
BOUNDARIES = [
    ("lapse", "2024-02-29", "2026-02-28"),
    ("lapse", "2022-02-28", "2024-02-28"),
    ("lapse", "2024-06-30", "2026-06-30"),
    ("lapse", "2024-12-31", "2026-12-31"),
    ("lapse", "2026-03-01", "2028-03-01"),
    ("deadline", "2024-08-31", "2024-09-30"),
    ("deadline", "2024-01-31", "2024-02-29"),
    ("deadline", "2025-01-31", "2025-02-28"),
    ("deadline", "2024-12-31", "2025-01-31"),
    ("certificate", "2024-02-29", "2026-02-28"),
    ("certificate", "2024-05-31", "2026-05-31"),
]


def filed(kind: str, start: str, zone: str = "Asia/Shanghai") -> Board:
    """Give a board with one application for which something starts to count on a day."""
    level = f"{WAIVED}->{WAIVED}    {DEADLINE % 1}\n" if kind == "deadline" else "version: 1->version: 1"
    paper = "{title: Paper, ->{title: Paper, valid_for: {years: 2}, "
    time_zone = f"occupation:->time_zone: {zone}\noccupation:"
    board = Board(scheme_with(level=level, paper=paper, zone=time_zone)).ready(
        "A1", start if kind == "deadline" else "2021-03-15", level=2
    )
    board.at(start)
    if kind == "deadline":
        return board
    board.passed("A1", "theory", "2022-01-10" if kind == "lapse" else start, start)
    if kind == "certificate":
        board.passed("A1", "skills", start, start)
        review = f.ScoreRecorded(part="review", sitting="r", sat_on=day(start), score="60", form="case_analysis")
        board.record("A1", review, start)
        board.record("A1", f.ScoreAnnounced(part="review", sitting="r"), start)
        board.record("A1", f.CertificateAwarded(number="T1", series="T*", serial=1), start)
    return board


def expire(board: Board, on: date) -> list[tuple[str, date]]:
    """Run the night of a day, and give all that the clock has written by then."""
    run(Night(board.service, "node"), "expire", on)
    return [(x.type, x.effective_on) for x in board.service.history("A1") if x.actor == "clock"]


@pytest.mark.parametrize(("kind", "start", "last"), BOUNDARIES)
def test_the_last_valid_day_counts(kind, start, last):
    """A run on the last valid day writes nothing, and the run of the day after writes it, with that day."""
    board, after = filed(kind, start), day(last) + timedelta(days=1)
    board.at(last)
    assert expire(board, day(last)) == []
    board.at(str(after))
    written = [("CertificateExpired" if kind == "certificate" else "Expired", after)]
    assert expire(board, after) == written
    assert expire(board, after) == written


@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "America/New_York", "Pacific/Auckland", "Africa/Cairo", "Asia/Beirut"]
)
def test_a_board_whose_clocks_change_misses_no_day(zone):
    """At each local midnight one day more is owed, through both nights on which the clocks are changed."""
    stores = MemoryStores()
    first, zone_info = date(2026, 1, 1), ZoneInfo(zone)
    for n in range(365):
        on = first + timedelta(days=n)
        for instant in (begins(on, zone_info), begins(on + timedelta(days=1), zone_info) - timedelta(seconds=1)):
            service = Service(stores, lambda instant=instant: instant, lambda: "k", "node", zone)  # type: ignore[misc]
            night = Night(service, "node")
            assert owed(night, "expire") == ([on] if instant == begins(on, zone_info) else [])
            run(night, "expire", on)
    assert len(stores.runs.history("expire", 1000)) == 365


def test_a_scheme_of_another_zone_keeps_its_own_day():
    """What runs out in New York is written by the first night that begins on the day after there, at any hour of it."""
    board = filed("lapse", "2024-06-20", "America/New_York")
    board.instant = datetime(2026, 6, 21, 3, 59, tzinfo=UTC)  # noon of the 21st in Shanghai, still the 20th over there
    assert expire(board, day("2026-06-21")) == []
    board.instant = datetime(2026, 6, 21, 4, 0, tzinfo=UTC)
    assert expire(board, day("2026-06-21")) == []  # two runs of a day do the same, whenever each is begun
    assert board.service.standing("A1").application.state == "expired"  # which needs no night to be true
    board.at("2026-06-22")
    assert expire(board, day("2026-06-22")) == [("Expired", day("2026-06-21"))]


def test_a_clock_that_jumps_back_undoes_nothing():
    """Set back by days, the clock owes no night twice, and what is recorded then is never before what was recorded."""
    board = filed("lapse", "2024-06-20").at("2026-06-21")
    assert expire(board, day("2026-06-21")) == [("Expired", day("2026-06-21"))]
    recorded = board.service.history("A1")[-1].recorded_at
    board.at("2026-06-18")
    night = Night(board.service, "node")
    assert owed(night, "expire") == []
    assert run(night, "expire", day("2026-06-18")).counts == {}
    assert expire(board, day("2026-06-17")) == [("Expired", day("2026-06-21"))]
    board.record("A1", f.ScoreAmended(part="theory", sitting="2022-01-10", score="70", reason="r", authority="b"))
    instants = [x.recorded_at for x in board.service.history("A1")]
    assert instants == sorted(instants)
    assert instants[-1] == recorded
    board.at("2026-06-22")
    assert owed(night, "expire") == [day("2026-06-22")]
