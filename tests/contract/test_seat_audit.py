"""Whatever is done by hand to the table of seats: the audit that decides anew names the application and the sitting."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import text

from cli.db import projected
from cli.integrity import Asked, Verification
from storage.database import Database
from storage.raw import Snapshot, SqlRaw
from tests.seated import board, names, put, sitting, trained
from tests.statements import plan_by_indexes
from tests.unit.test_sittings import TODAY
from workflow.audit import seats as audit_seats
from workflow.audit.findings import Finding
from workflow.board.admissions import cancel
from workflow.board.sittings import admit_all


@pytest.fixture
def seated(database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """Give a board of nine applications: A0001 to A0004 are seated, A0005 was and is not, A0006 sits without a seat."""
    monkeypatch.setattr(audit_seats, "LOOKED_UP", 2)
    trained(database, names(9))
    (one, other) = put(database, sitting(3, 4), sitting(key="T"))
    service = board(database)
    assert all(outcome.done for outcome in admit_all(service, one, names(5)))
    assert all(outcome.done for outcome in admit_all(service, other, ["A0006"]))
    assert all(outcome.done for outcome in cancel(service, "S", {"theory"}, ["A0005"], "flood", TODAY))
    return database


def audited(database: Database, redecides: bool = True) -> list[Finding]:
    """Audit all histories and registers."""
    asked = Asked(database.engine.url.render_as_string(hide_password=False), redecides=redecides, jobs=1)
    return [finding for done in Verification(database, asked).run() for finding in done.findings]


EMPTY = "UPDATE seat SET application = NULL WHERE application = 'A0002'"
CASES: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "emptied": ((EMPTY,), {"A0002": "table seat none"}),
    "moved": (
        (
            EMPTY,
            "UPDATE seat SET application = 'A0002' WHERE room = 'R2' AND number = 4",
        ),
        {"A0002": "seat 2 of room R1 on 2026-06-10, table seat seat 4 of room R2"},
    ),
    "given to another": (
        ("UPDATE seat SET application = 'A0008' WHERE application = 'A0002'",),
        {"A0002": "table seat none", "A0008": "no admission with a seat holds"},
    ),
    "given to whom it was taken from": (
        ("UPDATE seat SET application = 'A0005' WHERE room = 'R2' AND number = 4",),
        {"A0005": "no admission with a seat holds"},
    ),
    "given to one without a seat": (
        ("UPDATE seat SET application = 'A0006' WHERE room = 'R2' AND number = 4",),
        {"A0006": "no admission with a seat holds"},
    ),
    "two that changed places": (
        (
            "UPDATE seat SET application = 'x' WHERE application = 'A0001'",
            "UPDATE seat SET application = 'A0001' WHERE application = 'A0003'",
            "UPDATE seat SET application = 'A0003' WHERE application = 'x'",
        ),
        {"A0001": "seat 3 of room R1", "A0003": "seat 1 of room R1"},
    ),
    "a seat that is gone": (("DELETE FROM seat WHERE application = 'A0001'",), {"A0001": "table seat none"}),
}


def test_seats_as_they_were_given_out_have_no_finding(seated: Database) -> None:
    """What admissions and a cancellation have left is what the histories say."""
    assert audited(seated) == audited(seated, redecides=False) == []


@pytest.mark.parametrize("case", CASES)
def test_a_seat_that_was_changed_by_hand_is_named(seated: Database, case: str) -> None:
    """Who has lost, changed or got a seat is named, with the sitting; `db rebuild` gives the seats out as they were."""
    statements, wanted = CASES[case]
    with seated.engine.begin() as tx:
        for statement in statements:
            tx.execute(text(statement))
    found = audited(seated)
    assert {x.application for x in found} == set(wanted)
    assert all(wanted[x.application] in x.text for x in found), found
    assert {(x.kind, x.table, x.key) for x in found} == {("seat", "seat", "S/theory")}
    assert all("db rebuild" in x.remedy for x in found)
    assert audited(seated, redecides=False) == []
    if "gone" in case:
        return
    service = board(seated)
    seated.rebuild(lambda history: projected(service, history))
    assert audited(seated) == []


def test_a_seat_of_nobody_is_named_in_any_audit(seated: Database) -> None:
    """A seat that an application has which was never there needs no rules to be found."""
    with seated.engine.begin() as tx:
        tx.execute(text("UPDATE seat SET application = 'Z' WHERE room = 'R2' AND number = 4"))
    for redecides in (False, True):
        (finding,) = audited(seated, redecides)
        assert (finding.application, "but no history" in finding.text) == ("Z", True)


def test_what_is_looked_up_goes_by_keys(seated: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The seats and histories of some applications are found by an index, however many there are."""
    keys = names(3)
    places = [("S", "theory", key) for key in keys]
    raw = SqlRaw(seated.engine)
    assert len(raw.read(lambda rows: list(rows.seats(places)))) == 3
    assert [row[1] for row in raw.read(lambda rows: list(rows.seatings(keys)))] == [4, 4, 4]
    assert raw.read(lambda rows: rows.missing([*keys, "Z"])) == {"Z"}
    asked: list[Any] = []

    def ask(_snapshot: Snapshot, wanted: Callable[[], Any]) -> Iterator[Any]:
        asked.append(wanted())
        return iter(())

    monkeypatch.setattr(Snapshot, "_stream", ask)
    raw.read(lambda rows: [*rows.seats(places), *rows.seatings(keys), *rows.awards(keys), *rows.missing(keys)])
    assert len(asked) == 4
    with seated.engine.begin() as tx:
        if tx.dialect.name == "postgresql":
            plan_by_indexes(tx)
        for statement in asked:
            literal = statement.compile(dialect=tx.dialect, compile_kwargs={"literal_binds": True})
            explain = "EXPLAIN" if tx.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
            plan = "\n".join(map(str, tx.exec_driver_sql(f"{explain} {literal}")))
            assert "Seq Scan" not in plan, plan
            assert not re.search("SCAN (seat|event)", plan), plan
