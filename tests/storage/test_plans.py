"""The questions that are asked of many rows go by an index."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, text

from storage import citus
from storage.database import Database, init, open_database
from tests.claims import AT, DAY, RUN, notice, part
from tests.histories import filed
from tests.statements import plan_by_indexes
from workflow.nights.ledger import Chunk, Window
from workflow.ports import bucket_of

KEY = "E-0007"
BUCKET = bucket_of(KEY)


@pytest.fixture
def database(current_url: str) -> Iterator[Database]:
    """Give a database with a thousand applications, of which a few have something due, and as many notices."""
    with open_database(current_url) as opened:
        batch = [filed(f"E-{n:04}", next_due_on=DAY if n % 40 == 7 else None) for n in range(1000)]
        opened.events.append(batch)
        waiting = [notice(append.application) for append in batch if bucket_of(append.application) == BUCKET]
        sent = [replace(one, reason=f"r{n}", next_try_at=None, sent_at=AT) for one in waiting for n in range(2, 60)]
        opened.runs.add(part(BUCKET, *(one.reason for one in [*waiting[:3], *sent])), [*waiting[:3], *sent])
        with opened.engine.begin() as tx:
            tx.execute(text("ANALYZE"))
        yield opened


@pytest.mark.parametrize(
    ("question", "index"),
    [
        (lambda d: d.due.buckets(DAY), "ix_application_due"),
        (lambda d: d.due.buckets(DAY, DAY), "ix_application_due"),
        (lambda d: d.due.rows(Window(BUCKET, DAY)), "ix_application_due"),
        (lambda d: d.due.rows(Window(BUCKET, DAY, DAY, "E-0", run=RUN)), "ix_application_due"),
        (lambda d: d.due.claim(Window(BUCKET, DAY), lambda rows: Chunk(part(BUCKET))), "ix_application_due"),
        (lambda d: d.due.claim(Window(BUCKET, DAY, run=RUN), lambda rows: Chunk(part(BUCKET))), "ix_application_due"),
        (lambda d: d.outbox.claim(AT - timedelta(days=9), [AT], 9), "ix_outbox_waiting"),
        (lambda d: d.outbox.claim(AT, [AT], 9), "ix_outbox_waiting"),
        (lambda d: d.outbox.queued(BUCKET, [(KEY, "r1")]), "outbox"),
        (lambda d: list(d.runs.parts(RUN, BUCKET)), "run_part"),
        (lambda d: d.events.at_sitting("x"), "ix_admission_sitting_part_application"),
        (lambda d: d.events.history("E-0001"), "event"),
        (lambda d: list(d.events.histories(["E-0001", "E-0002"])), "application"),
    ],
    ids=[
        *("buckets", "buckets-since", "rows", "rows-of-a-run", "claim", "claim-of-a-run", "outbox-buckets", "outbox"),
        *("queued", "parts", "at_sitting", "history", "histories"),
    ],
)
def test_a_question_goes_by_its_index(database: Database, question: Any, index: str) -> None:
    """No table is read from end to end to answer it."""
    asked: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if statement.lstrip().startswith("SELECT"):
            asked.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    question(database)
    event.remove(database.engine, "before_cursor_execute", note)
    with database.engine.begin() as tx:
        if tx.dialect.name == "postgresql":
            plan_by_indexes(tx)
            plan = "\n".join(tx.exec_driver_sql(f"EXPLAIN {asked[-1][0]}", asked[-1][1]).scalars())
            assert "Seq Scan" not in plan, plan
        else:
            plan = "\n".join(row[3] for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked[-1][0]}", asked[-1][1]))
            assert "SCAN" not in plan.replace("SCAN CONSTANT ROW", ""), plan  # that is the list of values asked for
    assert index in plan


def test_the_stream_of_all_histories_sorts_nothing_on_sqlite(sqlite_url: str) -> None:
    """A single file has nowhere to sort ten million events: the keys' own order is used."""
    init(sqlite_url)
    with open_database(sqlite_url) as opened:
        opened.events.append([filed(f"E-{n}") for n in range(100)])
        from storage.event_queries import IN_KEY_ORDER

        with opened.engine.begin() as tx:
            tx.execute(text("ANALYZE"))
            plan = [row[3] for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {IN_KEY_ORDER}")]
    assert not [line for line in plan if "B-TREE" in line], plan


def test_a_claim_is_planned_well_whatever_its_values(database_url: str) -> None:
    """
    A claim goes by what is due also where the database plans it once for all days and limits.

    PostgreSQL does so from the sixth time on, and SQLite always: both would go through all applications in key order.
    """
    init(database_url)
    with open_database(database_url) as opened:
        opened.events.append([filed(f"E-{n:04}", next_due_on=DAY if n % 9 == 7 else None) for n in range(3000)])
        asked: list[tuple[str, Any]] = []

        def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
            asked.append((statement, parameters))

        event.listen(opened.engine, "before_cursor_execute", note)
        opened.due.claim(Window(BUCKET, DAY, run=RUN), lambda rows: Chunk(part(BUCKET)))
        event.remove(opened.engine, "before_cursor_execute", note)
        statement, values = next(found for found in asked if found[0].startswith("SELECT application."))
        with opened.engine.begin() as tx:
            if citus.has_citus(tx):
                pytest.skip("Citus makes no plan that holds for all values")
            if tx.dialect.name == "postgresql":
                tx.execute(text("ANALYZE"))
                tx.execute(text("SET LOCAL plan_cache_mode = force_generic_plan"))
                places = iter(range(1, len(values) + 1))
                tx.exec_driver_sql(f"PREPARE claim AS {re.sub('%s', lambda _: f'${next(places)}', statement)}")
                told = ", ".join(str(v) if isinstance(v, int) else f"'{v}'" for v in values)
                plan = "\n".join(tx.exec_driver_sql(f"EXPLAIN EXECUTE claim({told})").scalars())
            else:
                plan = "\n".join(row[3] for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values))
    assert "ix_application_due" in plan, plan
