"""An import meets an application whose record does not hold: it is left as it is, and the others are taken in."""

from __future__ import annotations

import pytest

from storage.database import Database
from tests import guards
from tests.contract.test_filed_together import OTHER, TITLES, TWO_IN_ALL, Desk, failed
from workflow.bulk import round as rounds
from workflow.bulk.intake import parse
from workflow.bulk.report import Report

SPOILT = {"cannot be read": "data = '{'", "does not replay": "dest = 'certified'"}


def report_of(desk: Desk, files: dict[str, list[str]]) -> Report:
    """Import files; give the whole report."""
    parsed = {}
    for kind, lines in files.items():
        rows = [(n, line.split(",")) for n, line in enumerate(lines, 2)]
        parsed[kind] = parse(kind, f"{kind}.csv", TITLES[kind].split(","), rows)
    return rounds.import_round(desk.service, parsed)


@pytest.mark.parametrize("reason", SPOILT)
@pytest.mark.parametrize("chunk", [1, 1_000])
def test_a_record_that_does_not_hold_spares_the_others(
    database: Database, reason: str, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every row of it is rejected, and of what asks for it; the rows of others are taken, and it is named."""
    monkeypatch.setattr(rounds, "CHUNK", chunk)
    desk = Desk(database, TWO_IN_ALL)
    desk.load(desk.file(("A1", "2024-01-10")))
    with database.engine.begin() as tx:
        guards.take_down(tx)
        tx.exec_driver_sql(f"UPDATE event SET {SPOILT[reason]} WHERE application = 'A1' AND sequence = 2")
    before = [*database.events.projections()]
    here, there = desk.file(("A2", "2024-01-11")), desk.file(("B1", "2024-01-10"), number=OTHER)
    files = {kind: here[kind] + there[kind] for kind in ("applications", "certificates")}
    files["scores"] = [failed(key, "2024-02-01") for key in ("A1", "A2", "B1")]
    found = report_of(desk, files)
    assert found.stuck == ("A1", "A2")
    assert {reject.application for reject in found.rejects} == {"A1", "A2"}
    assert len(found.rejects) == 4  # a score of each, and what A2 is filed with
    assert all(reason in x.reason and x.reason.endswith("see: examboard audit verify") for x in found.rejects)
    assert len(database.events.history("B1")) == 5
    assert [row for row in database.events.projections() if row.application != "B1"] == before
    again = report_of(desk, files)
    assert (again.stuck, again.counts["events_written"]) == (("A1", "A2"), 0)
