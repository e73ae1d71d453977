"""What a database does beyond the contract: it refuses changes from outside, and its projections can be rebuilt."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import Row, select, text
from sqlalchemy.exc import IntegrityError

from storage import tables
from storage.database import Database
from storage.engine import reading, writing
from tests.histories import FACTS, filed, followed, projected
from tests.sealed import keys_in, sealed
from tests.timeline import test_scheme as scheme_with
from workflow import facts as f
from workflow.errors import Conflict, Corrupt
from workflow.logs import Note, Verification
from workflow.nights.ledger import Part, RunKey
from workflow.ports import Candidate, bucket_of
from workflow.roles.access import Access

AWARD = next(fact for fact in FACTS if isinstance(fact, f.CertificateAwarded))


def rows_of(database: Database, name: str) -> list[Row[*tuple[object, ...]]]:
    """Give all rows of a table in the order of its key."""
    table = tables.metadata.tables[name]
    with reading(database.engine) as tx:
        return list(tx.execute(select(table).order_by(*table.primary_key.columns)))


def execute(database: Database, statement: str) -> None:
    """Change the database as someone would from outside."""
    with writing(database.engine) as tx:
        tx.execute(text(statement))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE event SET actor = 'nobody'",
        "UPDATE event SET data = data WHERE sequence = 1",
        "DELETE FROM event WHERE sequence = 2",
        "UPDATE scheme_document SET title = 'x'",
        "DELETE FROM scheme_document",
        "UPDATE certificate SET number = 'x'",
        "DELETE FROM certificate",
        "UPDATE certificate_code SET number = 'x'",
        "DELETE FROM verification",
        "UPDATE candidate_change SET reason = 'x'",
        "UPDATE candidate_act SET deed = 'unrestricted'",
        "DELETE FROM candidate_act",
        "UPDATE access SET actor = 'x'",
        "DELETE FROM access",
        "UPDATE run_part SET changes = 'x'",
        "DELETE FROM run_part",
        "UPDATE seal SET root = 'x'",
        "DELETE FROM seal",
        "UPDATE seal_range SET head = 'x'",
        "DELETE FROM seal_range",
    ],
)
def test_the_record_cannot_be_changed(database: Database, statement: str, tmp_path: Path) -> None:
    """The database itself refuses to change or remove an event, a document, a certificate, a log, a run or a seal."""
    database.events.append([filed("E-1", AWARD)])
    at = datetime(2026, 3, 1, tzinfo=UTC)
    database.schemes.put(scheme_with(), at)
    database.verifications.put(Verification(at, "2600003000001", "valid", "web"))
    database.candidates.add([Candidate("c-1", "张三", "passport", "E12345678")])
    database.candidates.amend("c-1", {"name": "张叁"}, Note(at, "clerk", "misspelt", "minute 1"))
    database.candidates.forget("c-1", "restricted", at.date(), Note(at, "clerk", "asked for", "minute 2"))
    database.access.add(Access(at, "clerk", "reveal", "c-1", "asked for", 1))
    database.runs.add(Part(RunKey("expire", date(2026, 3, 1)), 3, "k1", at, "node-1", ('{"application":"E-1"}',)))
    sealed(database, keys_in(tmp_path))
    before = {name: rows_of(database, name) for name in tables.APPEND_ONLY}
    with pytest.raises(Corrupt, match="append-only"):
        execute(database, statement)
    with pytest.raises(IntegrityError, match="append-only"), database.engine.begin() as raw:
        raw.execute(text(statement))
    assert {name: rows_of(database, name) for name in tables.APPEND_ONLY} == before
    assert all(before.values())


def test_the_record_cannot_be_truncated(database: Database) -> None:
    """PostgreSQL's TRUNCATE, which passes by the rows, is refused as well."""
    if database.engine.dialect.name == "sqlite":
        with pytest.raises(Exception, match="TRUNCATE"):
            execute(database, "TRUNCATE event")
        return
    database.events.append([filed("E-1")])
    with pytest.raises(Corrupt, match="append-only"):
        execute(database, "TRUNCATE event CASCADE")
    assert len(rows_of(database, "event")) == 1


def test_the_key_of_an_event_is_the_last_line(database: Database) -> None:
    """Where a projection was set back from outside, the number that is taken still stops the second writer."""
    first = filed("E-1", f.Withdrawn())
    database.events.append([first])
    execute(database, "UPDATE application SET sequence = 1")
    opening = filed("E-1")
    with pytest.raises(Conflict):
        database.events.append([filed("E-0"), followed(opening)])
    assert database.events.history("E-1") == first.events
    assert database.events.history("E-0") == ()


def test_projections_are_rebuilt_to_the_same_rows(database: Database) -> None:
    """Whatever happened to the rows, rebuilding gives again what the events say, over many pages."""
    database.events.append([filed(f"E-{n:04}", *FACTS[1:10]) for n in range(600)])
    database.events.append([filed("é", *FACTS[4:9]), filed("Z")])
    before = {name: rows_of(database, name) for name in ("application", "admission")}
    assert len(before["admission"]) == 601
    execute(
        database,
        "UPDATE application SET state = 'certified', head = '', next_due_on = '2000-01-01', sequence = 99, "
        "recorded_at = NULL, next_due_type = 'x', next_due_data = '{}'",
    )
    execute(database, "DELETE FROM admission WHERE application <> 'E-0000'")
    execute(database, "UPDATE admission SET part = 'x'")
    execute(
        database,
        "INSERT INTO application SELECT bucket, 'ghost', candidate, scheme, digest, level, submitted_on, state, 0, '', "
        "next_due_on, NULL, '', '' FROM application WHERE application = 'Z'",
    )
    assert database.rebuild(projected) == 602
    assert {name: rows_of(database, name) for name in ("application", "admission")} == before


def test_a_rebuild_that_fails_changes_nothing(database: Database) -> None:
    """If one history cannot be projected, every row stays as it was."""
    database.events.append([filed(f"E-{n}", *FACTS[5:6]) for n in range(3)])
    before = {name: rows_of(database, name) for name in ("application", "admission")}
    with pytest.raises(ZeroDivisionError):
        database.rebuild(lambda history: projected(history, date(2000, 1, 1 // (history[0].application != "E-2"))))
    assert {name: rows_of(database, name) for name in ("application", "admission")} == before


def test_a_stored_event_that_cannot_be_read_names_its_row(database: Database) -> None:
    """An unknown fact, a foreign step, a version to come or broken data is Corrupt, and says which event."""
    database.events.append([filed("E-1")])
    columns = (
        "bucket, application, {0}, {1}, {2}, {3}, source, dest, effective_on, recorded_at, actor, {4}, {5}, hash, hash"
    )
    for key, changed, message in (
        ("a", {1: "'Foreseen'"}, "no fact is called 'Foreseen'"),
        ("b", {2: "7"}, "version 7 of Submitted is unknown here"),
        ("c", {3: "'accept'"}, "judged by the step 'submit', but 'accept'"),
        ("d", {5: "'{}'"}, "its Submitted cannot be read: candidate: Field required"),
        ("e", {5: "'{'"}, "its Submitted cannot be read"),
    ):
        application = f"E-{key}"
        values = {0: "sequence", 1: "type", 2: "version", 3: "step", 4: "command", 5: "data"} | changed
        row = columns.format(*(values[n] for n in range(6)))
        place = f"{bucket_of(application)}, '{application}'"
        execute(
            database,
            f"INSERT INTO application SELECT {place}, candidate, scheme, digest, level, submitted_on, state, sequence, "
            "head, next_due_on, NULL, '', '' FROM application WHERE application = 'E-1'",
        )
        execute(
            database,
            f"INSERT INTO event SELECT {row.replace('bucket, application', place, 1)} FROM event "
            "WHERE application = 'E-1'",
        )
        with pytest.raises(Corrupt, match=f"event 1 of application {application}: .*{message}"):
            database.events.history(application)


def test_a_document_changed_from_outside_is_found_out(database: Database) -> None:
    """A stored text that is not what its digest names is Corrupt, not a rule."""
    pinned = scheme_with()
    values = f"'{'0' * 64}', 'test', 1, 'x', :text, '2026-03-01 00:00:00.000000+00', 1"
    with writing(database.engine) as tx:
        tx.execute(text(f"INSERT INTO scheme_document VALUES ({values})"), {"text": pinned.text})
    with pytest.raises(Corrupt, match="another text"):
        database.schemes.get("0" * 64)
    with pytest.raises(Corrupt, match="another text"):
        database.schemes.current()
