"""
The law of the night's short way (engines.md, section 7): a last step of the clock made from the row alone leaves the
very rows that replaying the history would have left.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from storage import tables
from storage.codec import projection_row, to_row
from storage.database import Database
from storage.engine import reading
from storage.memory import MemoryStores
from tests.claims import RUN, ended, part
from tests.timeline import Timeline, day
from tests.timeline import test_scheme as scheme_with
from workflow import facts as f
from workflow.draft import Draft, project
from workflow.events import Event, chain, check_chain
from workflow.nights.last_steps import change_of, last_step, line_of
from workflow.nights.ledger import Chunk, DueRow, Window
from workflow.ports import Append, Stores, bucket_of
from workflow.replay import fold

KEY = "2024/中文-\u2028“é”-1"
CLAUSE = 'at: lapse->at: "第A4条 \\u2028 “é”"'
ENDS = "certificate: {title: Paper, ->certificate: {title: Paper, valid_for: {years: 3}, "
LIMIT = (
    'conditions: {"1": {clause: {source: rules, at: "(1)"}, all: [{work->'
    "deadlines: {submitted: {within: {months: 6}, clause: {source: board, at: 第七条}}}\n"
    '    conditions: {"1": {clause: {source: rules, at: "(1)"}, all: [{work'
)


def trained(**changes: str) -> Timeline:
    """Give an application that may sit its parts, under the test scheme with changes."""
    return Timeline(scheme=scheme_with(**changes)).accept().train("2024-04-01")


def lapsing() -> Timeline:
    """A held part runs out."""
    return trained(clause=CLAUSE).score("theory", "2024-05-18", "60", "2024-06-20")


def held_up() -> Timeline:
    """A result came after the last valid day of the held part, and released its lapse only then."""
    return lapsing().score("skills", "2026-06-06", "59", "2026-07-08")


def idle() -> Timeline:
    """The deadline of a stage passes."""
    return Timeline(scheme=scheme_with(limit=LIMIT))


def unclaimed() -> Timeline:
    """A complete set is not turned into a certificate in time."""
    t = trained(limit=LIMIT.replace("submitted", "awaiting_award")).score("theory", "2024-05-18", "60", "2024-06-20")
    return t.score("skills", "2024-05-18", "60", "2024-06-20")


def certified() -> Timeline:
    """A certificate ends."""
    t = trained(ends=ENDS).score("theory", "2024-05-18", "60", "2024-06-20")
    t.score("skills", "2024-05-18", "60", "2024-06-20")
    return t.record(f.CertificateAwarded(number="T1", series="T", serial=1), "2025-02-28")


def suspended() -> Timeline:
    """A suspended certificate ends."""
    return certified().record(f.CertificateSuspended(reason="inquiry", authority="board"), "2026-01-01")


CASES = {
    "lapse": (lapsing, "Expired", "expired", "2026-06-21"),
    "deadline": (idle, "Expired", "expired", "2024-09-16"),
    "complete set": (unclaimed, "Expired", "expired", "2024-12-21"),
    "certificate": (certified, "CertificateExpired", "certified", "2028-02-29"),
    "suspended": (suspended, "CertificateExpired", "certified", "2028-02-29"),
}


def stored(stores: Stores) -> dict[str, list[Any]]:
    """Give every row of events and applications, as the database holds it or as it would be written."""
    if isinstance(stores, Database):
        with reading(stores.engine) as tx:
            of = (tables.event, tables.application)
            return {t.name: [row._asdict() for row in tx.execute(select(t).order_by(*t.primary_key))] for t in of}
    names = [column.name for column in tables.event.c]
    events = [dict(zip(names, to_row(x), strict=True)) for history in stores.events.histories() for x in history]
    return {"event": events, "application": [projection_row(p) for p in stores.events.projections()]}


def renamed(t: Timeline) -> tuple[Event, ...]:
    """Give a history under a key that is hard to write."""
    return chain([event._replace(application=KEY) for event in t.history])


def filed(t: Timeline, history: tuple[Event, ...]) -> Append:
    """Give a whole history, to be stored."""
    application = fold(history, t.rules)
    assert application is not None
    return Append(KEY, 0, history, project(application, t.rules, history[-1]))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("late", [timedelta(days=400), timedelta(days=-4000)], ids=["late", "clock set back"])
def test_both_ways_leave_the_same_rows(twins: tuple[Stores, Stores], case: str, late: timedelta) -> None:
    """Every field of every event and of the row is the same, and so is the line of the receipt."""
    make, name, state, on = CASES[case]
    t = make()
    history = renamed(t)
    at = datetime.combine(day(on), history[-1].recorded_at.timetz()) + late
    short, long = twins
    for stores in twins:
        assert stores.events.append([filed(t, history)]) == ()
    window = Window(bucket_of(KEY), day(on), since=day(on))
    lines: list[str] = []

    def build(rows: Any) -> Chunk:
        (step,) = [last_step(row, at) for row in rows]
        assert step is not None
        lines.append(line_of(step))
        return Chunk(part(window.bucket, *lines), [step])

    assert short.due.claim(window, build) == 1
    draft = Draft(history, t.rules, at, "nightly")
    assert draft.write_down(day(on)) == 1
    assert long.events.append([draft.append()]) == ()

    assert stored(short) == stored(long)
    last = short.events.history(KEY)[-1]
    assert (last.type, last.dest, last.effective_on) == (name, state, day(on))
    assert last.recorded_at == max(at, history[-1].recorded_at)
    check_chain(short.events.history(KEY))
    assert [change_of(last).line] == lines == [line for one in short.runs.parts(RUN) for line in one.changes]
    after = fold(short.events.history(KEY), t.rules)
    assert after is not None
    assert short.events.projection(KEY) == project(after, t.rules, last)
    assert short.due.buckets(day("2100-01-01")) == ()


@pytest.mark.parametrize("case", CASES)
def test_nothing_falls_due_before_its_day(stores: Stores, case: str) -> None:
    """Through the last valid day there is nothing to claim."""
    make, _, _, on = CASES[case]
    t = make()
    assert stores.events.append([filed(t, renamed(t))]) == ()
    assert stores.due.claim(Window(bucket_of(KEY), day(on) - timedelta(days=1)), ended) == 0


def test_a_lapse_that_only_reopens_a_part_asks_the_history(stores: Stores) -> None:
    """A step after which the clock goes on is not a last one: the row names it, and the short way declines."""
    t = trained(lapse="effect: expire->effect: reopen").score("theory", "2024-05-18", "60", "2024-06-20")
    assert stores.events.append([filed(t, renamed(t))]) == ()
    (row,) = stores.due.rows(Window(bucket_of(KEY), day("2026-06-21")))
    assert isinstance(row, DueRow)
    assert row.next_due_type == "PartLapsed"
    assert last_step(row, t.history[-1].recorded_at) is None


def test_a_lapse_that_was_held_up_asks_the_history(stores: Stores) -> None:
    """Only the history tells that it falls due on the day that released it, and not on the day after its last valid."""
    t = held_up()
    assert stores.events.append([filed(t, renamed(t))]) == ()
    (row,) = stores.due.rows(Window(bucket_of(KEY), day("2026-07-08")))
    assert (row.next_due_type, row.next_due_on) == ("Expired", day("2026-07-08"))
    assert last_step(row, t.history[-1].recorded_at) is None


@pytest.mark.parametrize(
    ("make", "changed"),
    [
        (lapsing, {"next_due_on": day("2026-06-20")}),
        (lapsing, {"next_due_on": day("2026-06-22")}),
        (lapsing, {"next_due_on": date.min}),
        (lapsing, {"state": "certified"}),
        (lapsing, {"state": "withdrawn"}),
        (lapsing, {"is_borne_out": False}),
        (lapsing, {"recorded_at": None}),
        (certified, {"next_due_on": day("2028-02-28")}),
        (certified, {"state": "awaiting_award"}),
    ],
)
def test_a_row_that_cannot_be_right_asks_the_history(make: Callable[[], Timeline], changed: dict[str, Any]) -> None:
    """A step is made of the row alone only where it can follow, and falls due on its own day."""
    stores, t = MemoryStores(), make()
    assert stores.events.append([filed(t, renamed(t))]) == ()
    (row,) = stores.due.rows(Window(bucket_of(KEY), day("2029-01-01")))
    assert last_step(row, t.history[-1].recorded_at) is not None
    assert last_step(row._replace(**changed), t.history[-1].recorded_at) is None
