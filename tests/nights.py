"""
Builders: a caseload of which much falls due in the same few nights, and what the clock must write of each application.

An application of each kind is made once with its history, and then copied under other numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import count, islice
from typing import Final

from scheduler.jobs import catch_up
from scheduler.night import Night
from tests.timeline import Timeline, day
from tests.timeline import test_scheme as scheme_with
from workflow import facts as f
from workflow.draft import CLOCK, project
from workflow.events import Event, chain
from workflow.nights.receipts import Receipt
from workflow.ports import Append, Projection, Stores, bucket_of
from workflow.replay import fold
from workflow.service import Service

LAST_NIGHT: Final = day("2026-06-16")  # the last one that was run
MISSED: Final = tuple(LAST_NIGHT + timedelta(n) for n in range(1, 6))
DEADLINE: Final = "deadlines: {trained: {within: {months: 24}, clause: {source: rules, at: dl}}}"
EXPIRE: Final = scheme_with()
REOPEN: Final = scheme_with(lapse="effect: expire->effect: reopen")
RESTART: Final = scheme_with(lapse="effect: expire->effect: restart")
IN_TIME: Final = scheme_with(level="training: {waived: true, clause: {source: board}}\n->training: {waived: true, "
                             f"clause: {{source: board}}}}\n    {DEADLINE}\n")  # fmt: skip
ENDING: Final = scheme_with(paper="{title: Paper, ->{title: Paper, valid_for: {years: 2}, ")
SCHEMES: Final = (EXPIRE, REOPEN, RESTART, IN_TIME, ENDING)

SPREAD: Final = 4  # every fourth bucket is used

Steps = list[tuple[str, date]]
# How many of each kind fall due on each of the missed days.
WEIGHTS: Final = {
    "lapse": 200, "reopen": 40, "both": 40, "restart": 20, "deadline": 40, "certificate": 40, "waiting": 10,
    "later": 10, "withdrawn": 10,
}  # fmt: skip


def two_years_before(on: date) -> str:
    """Give the day of announcement of a pass that lapses with effect from a day."""
    last_valid_on = on - timedelta(1)
    return str(last_valid_on.replace(year=last_valid_on.year - 2))


def made(kind: str, on: date) -> tuple[Timeline, Steps]:
    """Make an application of a kind for which something falls due on a day, and say what the clock must write of it."""
    told, later = two_years_before(on), two_years_before(on + timedelta(1))
    if kind == "deadline":
        return Timeline(2, told, IN_TIME).accept(), [("Expired", on)]
    scheme = {"reopen": REOPEN, "both": REOPEN, "restart": RESTART, "certificate": ENDING}.get(kind, EXPIRE)
    t = Timeline(2, scheme=scheme).accept()
    t.score("theory", "2024-05-18", "60", told if kind != "later" else "2024-09-01")
    lapsed = [("PartLapsed", on)]
    match kind:
        case "lapse":
            return t, [("Expired", on)]
        case "restart":
            return t, lapsed
        case "reopen":
            return t.score("skills", "2024-05-19", "60", "2024-07-10"), lapsed
        case "both":
            return t.score("skills", "2024-05-19", "60", later), [*lapsed, ("PartLapsed", on + timedelta(1))]
        case "certificate":
            t.score("skills", "2024-05-19", "60", told).score("review", told, "60", told)
            t.record(f.CertificateAwarded(number="T0", series="T*", serial=1), told)
            return t, [("CertificateExpired", on)]
        case "waiting":
            return t.score("skills", str(on - timedelta(1)), "60"), []
        case "withdrawn":
            return t.record(f.Withdrawn(), str(on - timedelta(30))), []
    return t, []


_made = cache(made)


def copied(kind: str, on: date, key: str, serial: int) -> Append:
    """Give an application like the one that was made, under another number."""
    t, _steps = _made(kind, on)
    number = f"T{serial:06}"
    events = chain([event._replace(application=key, fact=_numbered(event.fact, number, serial)) for event in t.history])
    return Append(key, 0, events, _projected(kind, on)._replace(application=key, head=events[-1].hash))


@cache
def _projected(kind: str, on: date) -> Projection:
    t, _steps = _made(kind, on)
    application = fold(t.history, t.rules)
    assert application is not None
    return project(application, t.rules, t.history[-1])


def _numbered(fact: f.Fact, number: str, serial: int) -> f.Fact:
    if isinstance(fact, f.CertificateAwarded):
        return fact.model_copy(update={"number": number, "serial": serial})
    return fact


def _keys(kind: str, on: date) -> Iterator[str]:
    """Make application numbers, all in a few buckets: few and large chunks keep the tests short."""
    return (key for n in count() if bucket_of(key := f"{kind}-{on}-{n:04}") % SPREAD == 0)


def caseload(share: float = 1, days: Sequence[date] = MISSED) -> tuple[list[Append], dict[str, Steps]]:
    """Make a caseload, and say of each application what the clock must write by the last of the days."""
    batch, expected, serials = [], {}, count(1)
    for on in days:
        for kind, weight in WEIGHTS.items():
            steps = [step for step in _made(kind, on)[1] if step[1] <= days[-1]]
            for key in islice(_keys(kind, on), max(1, round(weight * share))):
                batch.append(copied(kind, on, key, next(serials)))
                expected[key] = steps
    return batch, expected


def filled(stores: Stores, batch: Sequence[Append]) -> None:
    """Put a caseload into stores, and run the night before the missed ones."""
    at = datetime(2024, 1, 1, tzinfo=UTC)
    for scheme in SCHEMES:
        stores.schemes.put(scheme, at)
    for start in range(0, len(batch), 500):
        assert stores.events.append(batch[start : start + 500]) == ()
    list(catch_up(night(stores, LAST_NIGHT, "before")))


def night(stores: Stores, on: date, by: str = "node") -> Night:
    """Give a node's night at noon of a day in the board's time zone; every night has a service of its own."""
    keys = count(1)
    instant = datetime.combine(on, time(4), UTC)
    service = Service(stores, lambda: instant, lambda: f"{by}-{on}-{next(keys)}", by)
    return Night(service, by)


def receipts(stores: Stores, on: date) -> dict[str, Receipt]:
    """Catch up with whatever is owed on a day; give the receipts by their runs."""
    return {str(receipt.run): receipt for receipt in catch_up(night(stores, on))}


def by_the_clock(history: Sequence[Event]) -> Iterator[Event]:
    """Give what the clock wrote."""
    return (event for event in history if event.actor == CLOCK)


def projecting(stores: Stores) -> Callable[[tuple[Event, ...]], Projection]:
    """Give what makes the row of an application from its history alone."""
    service = night(stores, LAST_NIGHT).service

    def projected(history: tuple[Event, ...]) -> Projection:
        rules = service.rules_of(history)
        application = fold(history, rules)
        assert application is not None
        return project(application, rules, history[-1])

    return projected
