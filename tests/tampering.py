"""Builders: a small board with certificates, an expiry and a night, and a hand that edits its database unseen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, delete, insert, select, update

from storage import tables
from storage.engine import open_engine, writing
from tests import guards
from tests.cli.conftest import FILES, Said, run_on
from workflow.events import GENESIS, canonical_event, instant_text

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
e, a = tables.event, tables.application
Row = dict[str, Any]


def board_at(url: str, folder: Path) -> None:
    """Make the board: A1 and A5 certified, A3 expired by a night, the others on their way."""
    for kind, rows in FILES.items():
        (folder / f"{kind}.csv").write_text(rows, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("cli.wiring.now", lambda: datetime(2026, 11, 21, 4, tzinfo=UTC))
        done = [run_on(url, "round", "import", folder, "--rejects", folder / "rejects.csv")]
        patched.setattr("cli.wiring.now", lambda: NOW)
        done.append(run_on(url, "review", "record", "A5", "--on", "2026-09-05", "--form", "thesis_defence",
                           "--score", "60", "--announced", "2026-09-18"))  # fmt: skip
        done.append(run_on(url, "certificate", "award", "--all", "--on", "2026-11-20"))
        done.append(run_on(url, "jobs", "run", "expire"))
    assert [said.code for said in done] == [0] * 4, [said.err for said in done]


@contextmanager
def edited(url: str) -> Iterator[Connection]:
    """Open a database for edits from outside: no trigger and no foreign key holds; the triggers stand again then."""
    engine = open_engine(url)
    try:
        with writing(engine) as connection:
            guards.take_down(connection)
        if engine.dialect.name == "sqlite":
            with engine.connect() as connection:
                connection.exec_driver_sql("COMMIT")
                connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
                yield connection
        else:
            with writing(engine) as connection:
                yield connection
        with writing(engine) as connection:
            guards.put_up_again(connection)
    finally:
        engine.dispose()


def rows_of(tx: Connection, application: str) -> list[Row]:
    """Give the events of an application as rows."""
    wanted = select(e).where(e.c.application == application).order_by(e.c.sequence)
    return [dict(row) for row in tx.execute(wanted).mappings()]


def retell(tx: Connection, application: str, change: Callable[[list[Row]], list[Row]]) -> None:
    """Tell a history anew as someone would who knows how it is chained: numbers, links, hashes and the row all fit."""
    rows = change(rows_of(tx, application))
    head = GENESIS
    for number, row in enumerate(rows, 1):
        row["sequence"], row["previous"] = number, head
        told = canonical_event(
            application, number, row["type"], row["version"], row["step"], row["source"], row["dest"],
            row["effective_on"].isoformat(), instant_text(row["recorded_at"]), row["actor"], row["command"],
            row["data"], head,
        )  # fmt: skip
        head = row["hash"] = _sha(told)
    tx.execute(delete(e).where(e.c.application == application))
    tx.execute(insert(e), rows)
    last = {"sequence": len(rows), "head": head, "recorded_at": rows[-1]["recorded_at"], "state": rows[-1]["dest"]}
    tx.execute(update(a).where(a.c.application == application).values(last))


def _sha(told: str) -> str:
    from hashlib import sha256

    return sha256(told.encode()).hexdigest()


def erase(tx: Connection, application: str, *but: str) -> None:
    """Delete an application from every table that names it, but some."""
    for table in tables.metadata.sorted_tables[::-1]:
        if "application" in table.c and table.name not in but and table.name != "seat":
            tx.execute(delete(table).where(table.c.application == application))


def verified(url: str, *options: object) -> list[Row]:
    """Verify; give the findings, but those about the foreign keys of a server, which the hand took down."""
    said: Said = run_on(url, "audit", "verify", "--json", "--jobs", "1", *options)
    assert said.code == (6 if said.out else 0), said.err
    return [row for row in said.rows if not (row["kind"] == "guard" and row["key"].startswith("fk_"))]


def by_application(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Group findings by their application."""
    ordered = sorted(rows, key=lambda row: row.get("application", ""))
    return {key: list(some) for key, some in groupby(ordered, key=lambda row: row.get("application", ""))}
