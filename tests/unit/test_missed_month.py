"""A month of nights: run one by one, missed and made up for at once, or only foreseen; all three say the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from functools import cache, partial
from typing import Any

import pytest
from sqlalchemy import select

from scheduler.jobs import JOBS, catch_up, forecast, receipt_for
from storage import tables
from storage.database import Database, init, open_database
from storage.memory import MemoryStores
from tests.nights import LAST_NIGHT, caseload, filled
from tests.node import Node
from tests.timeline import EVIDENCE, day
from tests.timeline import test_scheme as scheme_with
from workflow.board.decisions import accept
from workflow.nights.ledger import RunKey
from workflow.nights.receipts import changes_of
from workflow.ports import Append, Candidate, Sitting, Stores
from workflow.service import Service

MONTH = [LAST_NIGHT + timedelta(n) for n in range(1, 31)]
RUNS = [RunKey(job, on) for on in MONTH for job in JOBS]
WAIVED = "training: {waived: true, clause: {source: board}}\n"
DEADLINE = "deadlines: {theory_exam: {within: {months: 1}, clause: {source: rules, at: dl}}}"
SEATED = scheme_with(level=f"{WAIVED}->{WAIVED}    {DEADLINE}\n")


@cache
def _caseload() -> list[Append]:
    return caseload(share=0.005, days=MONTH[::2])[0]


def _fill(stores: Stores) -> None:
    """Put in what falls due in a month, and some seats that will be taken back after their applications expired."""
    filled(stores, _caseload())
    stores.schemes.put(SEATED, datetime(2024, 1, 1, tzinfo=UTC))
    stores.candidates.add([Candidate("p", "p", "passport", "Pp")])
    sitting = Sitting("late", "theory", MONTH[-1] + timedelta(10))
    stores.sittings.put([sitting])
    for number in range(4):
        on = LAST_NIGHT - timedelta(25 - 5 * number)
        service = Service(stores, _noon(on), partial(str, f"seat-{number}"), "clerk")
        service.submit("p", SEATED, 2, EVIDENCE, on, f"S{number}")
        accept(service, f"S{number}")
        service.admit(f"S{number}", sitting, on)


def _noon(on: Any) -> Any:
    return lambda: datetime.combine(on, time(4), UTC)


@pytest.fixture
def boards(tmp_path) -> Iterator[tuple[Database, Database]]:
    """Give two databases with the same rows, of which the last night was run."""
    urls = [f"sqlite:///{tmp_path / name}.db" for name in ("nightly", "missed")]
    for url in urls:
        init(url)
    with open_database(urls[0]) as one, open_database(urls[1]) as two:
        for database in (one, two):
            _fill(database)
        yield one, two


def _rows(database: Database, table: Any, *without: str) -> list[tuple[Any, ...]]:
    """Give the rows of a table, but for what tells when they were written."""
    columns = [column for column in table.c if column.name not in without]
    with database.engine.connect() as tx:
        return sorted((tuple(row) for row in tx.execute(select(*columns))), key=repr)


def test_a_month_that_was_missed_leaves_what_thirty_nights_leave(boards):
    """One start after a month writes the same events, rows, notices and receipts, night by night, as thirty nights."""
    nightly, missed = boards
    for on in MONTH:
        beat = Node(nightly, "n1", _noon(on)()).beat()
        assert (beat.error, [key.day for key in beat.runs]) == (None, [on] * len(JOBS))
    late = Node(missed, "n2", _noon(MONTH[-1])())
    assert late.beat().runs == RUNS
    when = ("recorded_at", "hash", "previous", "head", "command")  # the command of a release has a key of its own
    for table in (tables.event, tables.application):
        assert _rows(nightly, table, *when) == _rows(missed, table, *when)
    assert _rows(nightly, tables.admission) == _rows(missed, tables.admission)
    assert _rows(nightly, tables.outbox, "queued_at", "next_try_at") == _rows(
        missed, tables.outbox, "queued_at", "next_try_at"
    )
    done = [{run.key: (run.outcome, run.digest) for run in board.runs.history(most=1000)} for board in boards]
    assert done[0] == done[1]
    said = [receipt_for(late.night, key).counts for key in RUNS]
    assert {what for counts in said for what in counts} == {
        "Expired", "PartLapsed", "CertificateExpired", "AdmissionCancelled", "Notice",
    }  # fmt: skip


def test_thirty_nights_do_what_was_foreseen():
    """What a forecast says of thirty nights is what these nights do, each on its own, if nothing else happens."""
    stores = MemoryStores()
    _fill(stores)
    foreseen = forecast(Node(stores, at=_noon(LAST_NIGHT)()).night, len(MONTH))
    assert list(foreseen) == RUNS
    for on in MONTH:
        list(catch_up(Node(stores, at=_noon(on)()).night))
        for job in JOBS:
            did = [line for lines in changes_of(stores.runs.parts(RunKey(job, on))) for line in lines]
            assert sorted(did) == sorted(change.line for change in foreseen[RunKey(job, on)]), (job, on)


def test_a_forecast_writes_nothing():
    """However far it looks, a forecast leaves every history and the ledger as they were."""
    stores = MemoryStores()
    _fill(stores)
    before = (dict(stores.events._histories), stores.runs.history(), stores.outbox.notices())
    assert any(forecast(Node(stores, at=_noon(day("2026-06-16"))()).night, 60).values())
    assert (stores.events._histories, stores.runs.history(), stores.outbox.notices()) == before
