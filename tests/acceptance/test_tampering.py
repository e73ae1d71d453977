"""Whatever is done to a database behind the service's back: the audit names the row, on both databases."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, Executable, delete, insert, literal, select, text, update

from storage import citus, tables
from storage.engine import open_engine, writing
from tests import postgres
from tests.cli.conftest import run_on
from tests.tampering import Row, a, board_at, e, edited, erase, retell, rows_of, verified

ROUND = Path(__file__).resolve().parents[2] / "examples" / "round-2024"
Edit = Callable[[Connection], None]
LONG_AGO = datetime(2024, 6, 21, tzinfo=UTC)
A1, A5 = "S000000000000263000001", "S000000000000262000001"


@pytest.fixture(scope="module")
def sqlite_board(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the board in a file."""
    folder = tmp_path_factory.mktemp("board")
    board_at(str(folder / "board.db"), folder)
    return folder / "board.db"


@pytest.fixture(scope="module")
def postgres_board(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Make the board on the server."""
    with ExitStack() as stack:
        url = stack.enter_context(postgres.database(postgres_server))
        board_at(url, tmp_path_factory.mktemp("board"))
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def board(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give a copy of the board, once on each kind of database."""
    if request.param == "sqlite":
        return str(shutil.copy(request.getfixturevalue("sqlite_board"), tmp_path / "board.db"))
    server, make = request.getfixturevalue("postgres_server"), request.getfixturevalue("postgres_database")
    if postgres.copies(server):
        return str(make(request.getfixturevalue("postgres_board")))
    url = str(make())
    board_at(url, tmp_path)
    return url


def do(statement: Executable) -> Edit:
    """Run a statement."""

    def edit(tx: Connection) -> None:
        tx.execute(statement)

    return edit


def change_event(application: str, number: int, **values: object) -> Edit:
    """Change an event and nothing else."""

    def edit(tx: Connection) -> None:
        tx.execute(update(e).where(e.c.application == application, e.c.sequence == number).values(**values))

    return edit


def change_row(application: str, **values: object) -> Edit:
    """Change the row of an application."""
    return do(update(a).where(a.c.application == application).values(**values))


def change_score(application: str, sequence: int, old: str, new: str) -> Edit:
    """Change a score and make all hashes anew."""

    def retold(rows: list[Row]) -> list[Row]:
        rows[sequence - 1]["data"] = rows[sequence - 1]["data"].replace(f'"{old}"', f'"{new}"')
        return rows

    return lambda tx: retell(tx, application, retold)


def insert_before(application: str, sequence: int, **values: object) -> Edit:
    """Put a suspension into a history and make all numbers and hashes anew."""

    def retold(rows: list[Row]) -> list[Row]:
        before = rows[sequence - 2]
        new = {**before, "type": "ApplicationSuspended", "step": "suspend", "source": before["dest"], "command": "late",
               "data": '{"authority":"x","reason":"y"}', **values}  # fmt: skip
        return [*rows[: sequence - 1], new, *rows[sequence - 1 :]]

    return lambda tx: retell(tx, application, retold)


def forge_type(application: str, sequence: int, **values: object) -> Edit:
    """Change an event and make all hashes anew."""

    def retold(rows: list[Row]) -> list[Row]:
        rows[sequence - 1].update(values)
        return rows

    return lambda tx: retell(tx, application, retold)


def delete_last(application: str) -> Edit:
    """Delete the last event."""

    def edit(tx: Connection) -> None:
        last = rows_of(tx, application)[-1]["sequence"]
        tx.execute(delete(e).where(e.c.application == application, e.c.sequence == last))

    return edit


def swap(tx: Connection) -> None:
    """Let two events change places."""
    for old, new in ((4, 99), (6, 4), (99, 6)):
        change_event("A1", old, sequence=new)(tx)


def erase_with_certificate(tx: Connection) -> None:
    """Delete an application and its certificate from every table."""
    tx.execute(delete(tables.certificate_code).where(tables.certificate_code.c.number == A1))
    erase(tx, "A1")


def forge_certificate(tx: Connection) -> None:
    """Enter a certificate that nobody awarded."""
    row = {"number": "F1", "series": "F", "serial": 1, "bucket": 1, "application": "A4"}
    on = rows_of(tx, "A1")[-1]["effective_on"]
    tx.execute(insert(tables.certificate).values(**row, awarded_on=on))


def change_part(tx: Connection) -> None:
    """Change what a night says it did, in place."""
    p = tables.run_part.c
    (part,) = tx.execute(tables.run_part.select().where(p.job == "expire")).mappings()
    lines = part["changes"].replace('"Expired"', '"PartLapsed"')
    tx.execute(update(tables.run_part).where(p.key == part["key"]).values(changes=lines))


def delete_night(tx: Connection) -> None:
    """Delete all that the ledger knows of a night."""
    for table in (tables.run_part, tables.run):
        tx.execute(delete(table).where(table.c.job == "expire"))


def hide(tx: Connection) -> None:
    """Put an application into a bucket where nobody looks."""
    moved = (tables.application, tables.event, tables.admission)
    for table in moved:  # as copies, since Citus changes no row's bucket
        columns = [literal(99) if column.name == "bucket" else column for column in table.columns]
        wanted = select(*columns).where(table.c.application == "A4", table.c.bucket != 99)
        tx.execute(insert(table).from_select([column.name for column in table.columns], wanted))
    for table in reversed(moved):
        tx.execute(delete(table).where(table.c.application == "A4", table.c.bucket != 99))


def award_of_another(tx: Connection) -> None:
    """Tell a history anew with the certificate of another application, so that as many are awarded as before."""

    def retold(rows: list[Row]) -> list[Row]:
        rows[-1]["data"] = rows[-1]["data"].replace(A5, A1)
        return rows

    retell(tx, "A5", retold)


DOCUMENT = "UPDATE scheme_document SET text = text || '# x' WHERE scheme = 'lrc-2019'"
CASES: dict[str, tuple[Edit, tuple[str, ...], Row]] = {
    "a changed score": (
        change_event("A1", 4, data='{"part":"theory","sat_on":"2024-05-18","score":"90","sitting":"S1"}'),
        (),
        {"application": "A1", "sequence": 4, "kind": "event"},
    ),
    "a deleted event": (
        do(delete(e).where(e.c.application == "A1", e.c.sequence == 4)),
        (),
        {"application": "A1", "sequence": 5, "finding": "event 4 is missing"},
    ),
    "a deleted last event": (delete_last("A8"), (), {"application": "A8", "table": "application", "kind": "row"}),
    "a deleted expiry": (delete_last("A3"), (), {"application": "A3", "sequence": 8, "table": "run_part"}),
    "a deleted award": (delete_last("A1"), (), {"application": "A1", "table": "certificate", "key": A1}),
    "a history without its row": (
        do(delete(a).where(a.c.application == "A4")),
        (),
        {"application": "A4", "kind": "row"},
    ),
    "a row without its history": (
        do(delete(e).where(e.c.application == "A4")),
        (),
        {"application": "A4", "kind": "row"},
    ),
    "a deleted application with a certificate": (
        lambda tx: erase(tx, "A1", "certificate"),
        (),
        {"application": "A1", "table": "certificate", "key": A1},
    ),
    "a deleted application and its certificate": (
        erase_with_certificate,
        (),
        {"table": "number_series", "key": "S000000000000263*"},
    ),
    "a deleted application of which a night tells": (
        lambda tx: erase(tx, "A3", "run_part"),
        (),
        {"application": "A3", "table": "run_part"},
    ),
    "a deleted application that was admitted": (
        lambda tx: erase(tx, "A8", "admission"),
        (),
        {"application": "A8", "table": "admission", "kind": "trace"},
    ),
    "swapped rows": (swap, (), {"application": "A1", "sequence": 4, "kind": "event"}),
    "a changed projection": (change_row("A4", state="certified"), (), {"application": "A4", "key": "state"}),
    "a changed day of what is due": (
        do(text("UPDATE application SET next_due_on = '2030-01-01' WHERE application = 'A4'")),
        ("--redecide",),
        {"application": "A4", "key": "next_due_on"},
    ),
    "a certified history told anew": (
        change_score("A1", 4, "60", "90"),
        (),
        {"application": "A1", "table": "certificate_code", "key": A1},
    ),
    "a history told anew against the rules": (
        change_score("A8", 4, "70", "170"),
        ("--redecide",),
        {"application": "A8", "sequence": 4, "kind": "rules"},
    ),
    "a failed candidate told anew as certified": (
        change_score("A5", 9, "60", "59"),
        ("--redecide",),
        {"application": "A5", "sequence": 10, "kind": "rules"},
    ),
    "a forged certificate": (forge_certificate, (), {"application": "A4", "table": "certificate", "key": "F1"}),
    "a certificate given to someone else": (
        do(update(tables.certificate).where(tables.certificate.c.number == A1).values(
            application="A4")),
        (),
        {"application": "A1", "table": "certificate", "key": A1},
    ),
    "a changed code": (
        do(update(tables.certificate_code).where(tables.certificate_code.c.number == A5).values(
            code="0" * 16)),
        (),
        {"application": "A5", "table": "certificate_code", "key": A5},
    ),
    "a forged code": (
        do(insert(tables.certificate_code).values(code="f" * 16, number="F1")),
        (),
        {"table": "certificate_code", "key": "f" * 16},
    ),
    "a back-dated insertion": (
        insert_before("A3", 8, recorded_at=LONG_AGO),
        (),
        {"application": "A3", "sequence": 8, "finding": "before the event that it follows"},
    ),
    "an insertion before what a night wrote": (
        insert_before("A3", 8),
        (),
        {"application": "A3", "sequence": 8, "table": "run_part"},
    ),
    "an edited document": (do(text(DOCUMENT)), (), {"table": "scheme_document"}),
    "a deleted document": (
        do(text("DELETE FROM scheme_document WHERE scheme = 'lrc-2019'")),
        (),
        {"table": "scheme_document"},
    ),
    "a changed receipt": (
        do(update(tables.run).where(tables.run.c.job == "expire").values(digest="0" * 64)),
        (),
        {"table": "run", "key": "expire/2026-11-22"},
    ),
    "a changed part": (change_part, (), {"application": "A3", "sequence": 8, "table": "run_part"}),
    "a deleted part": (
        do(delete(tables.run_part).where(tables.run_part.c.job == "expire")),
        (),
        {"application": "A3", "sequence": 8, "table": "run_part"},
    ),
    "a deleted night": (delete_night, (), {"application": "A3", "sequence": 8, "table": "run_part"}),
    "a night opened again": (
        do(update(tables.run).where(tables.run.c.job == "expire").values(finished_at=None)),
        (),
        {"table": "run", "key": "expire/2026-11-22"},
    ),
    "an application out of sight": (hide, (), {"application": "A4", "table": "event"}),
    "a deleted number series": (
        do(delete(tables.number_series).where(tables.number_series.c.series == "S000000000000263*")),
        (),
        {"table": "number_series", "key": "S000000000000263*"},
    ),
    "a certificate behind an award of another's": (
        award_of_another,
        (),
        {"application": "A5", "table": "certificate", "key": A5, "finding": "no award of the application"},
    ),
    "a deleted admission": (
        do(delete(tables.admission).where(tables.admission.c.application == "A8")),
        ("--redecide",),
        {"application": "A8", "table": "admission", "key": "S3/theory"},
    ),
    "an admission on another day": (
        do(text("UPDATE admission SET sat_on = '2026-10-11' WHERE application = 'A8'")),
        ("--redecide",),
        {"application": "A8", "table": "admission", "key": "S3/theory"},
    ),
    "a document under another version": (
        do(text("UPDATE scheme_document SET version = 9 WHERE scheme = 'lrc-2019'")),
        (),
        {"table": "scheme_document", "finding": "its row says"},
    ),
    "a deleted person": (
        do(text("DELETE FROM candidate WHERE key = (SELECT candidate FROM application WHERE application = 'A4')")),
        (),
        {"table": "candidate", "finding": "is not in the registry"},
    ),
    "a fact of an unknown type": (
        forge_type("A8", 4, type="Foreseen"),
        (),
        {"application": "A8", "sequence": 4, "finding": "Foreseen"},
    ),
    "a step that is not lawful": (
        forge_type("A8", 4, dest="certified"),
        (),
        {"application": "A8", "sequence": 4, "finding": "to certified"},
    ),
    "garbage for a fact": (
        forge_type("A8", 4, data="garbage"),
        ("--redecide",),
        {"application": "A8", "sequence": 4, "finding": "cannot be read"},
    ),
    "garbage for a submission": (
        forge_type("A8", 1, data="garbage"),
        (),
        {"application": "A8", "sequence": 1, "finding": "cannot be read"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_verify_names_the_row(board, case):
    """Whatever is changed, deleted, swapped or forged: there is a finding, it names the row, and says what to do."""
    edit, options, wanted = CASES[case]
    with edited(board) as tx:
        edit(tx)
    found = verified(board, *options)
    fitting = [
        row for row in found if all(v in row[k] if k == "finding" else row.get(k) == v for k, v in wanted.items())
    ]
    assert fitting, found
    assert all(row["remedy"] and row["finding"] for row in found)
    assert {row.get("application") for row in found} <= {wanted.get("application"), None, "A4"}


def test_a_guard_that_was_taken_down_is_named(board):
    """Who forgets to put a trigger back is found by that alone, though no row was changed; once all stand, not."""
    with edited(board):
        pass
    assert verified(board) == []
    name, on = ("event_no_delete", "") if board.endswith(".db") else ("event_no_truncate", " ON event")
    engine = open_engine(board)
    with writing(engine) as tx:
        if on:
            citus.allow(tx)
        tx.execute(text(f"DROP TRIGGER {name}{on}"))
    engine.dispose()
    (row,) = verified(board)
    assert (row["kind"], row["table"], row["key"]) == ("guard", "event", name)


def test_only_a_seal_shows_a_history_told_anew_within_the_rules(board):
    """A score changed within the rules, all hashes made anew, before any award: nothing in the database shows it."""
    with edited(board) as tx:
        change_score("A8", 4, "70", "95")(tx)
    assert verified(board, "--redecide") == []


def test_an_edited_document_spares_the_others(board):
    """The applications under an edited document are not judged by it; that is said once, and the others are judged."""
    with edited(board) as tx:
        tx.execute(text(DOCUMENT))
        change_row("A6", state="certified")(tx)
    found = verified(board, "--redecide")
    assert sorted(row["kind"] for row in found) == ["document", "row"]


MEMBERS = {
    "a member with other roles": ("UPDATE member SET roles = 'auditor,administrator' WHERE name = 'au'", "au"),
    "a member who may sign in again": ("UPDATE member SET disabled_at = NULL WHERE name = 'wu'", "wu"),
    "a member whom nobody added": (
        "INSERT INTO member SELECT 'mallory', roles, added_at, token_hash, token_at, disabled_at FROM member"
        " WHERE name = 'chen'",
        "mallory",
    ),
    "a deleted member": ("DELETE FROM member WHERE name = 'chen'", "chen"),
}


@pytest.fixture
def staffed(current_url, monkeypatch):
    """Make a board of which the auditor asks: chen administers, au audits, wu was disabled."""

    def token(*line: str) -> str:
        said = run_on(current_url, "staff", *line)
        assert said.code == 0, said.err
        return said.out.strip()

    monkeypatch.setenv("EXAMBOARD_TOKEN", token("add", "chen", "--role", "administrator"))
    auditor = token("add", "au", "--role", "trainer")
    token("roles", "au", "--role", "auditor")
    token("add", "wu", "--role", "announcer")
    token("disable", "wu", "--reason", "left the board")
    token("roles", "wu", "--role", "trainer", "--role", "registrar")
    monkeypatch.setenv("EXAMBOARD_TOKEN", auditor)
    return current_url


@pytest.mark.parametrize("case", MEMBERS)
def test_verify_names_the_member(staffed, case):
    """The staff must be as the access log tells: whoever gives themselves a right in the database is named."""
    assert verified(staffed) == []
    edit, name = MEMBERS[case]
    with edited(staffed) as tx:
        tx.execute(text(edit))
    (row,) = verified(staffed)
    assert (row["table"], row["key"]) == ("member", name)


def test_a_sound_round_has_no_finding(database_url, tmp_path):
    """A whole round, imported, awarded and expired by a night, is found sound, fast and re-decided."""
    for line in (("round", "import", ROUND, "--rejects", tmp_path / "rejects.csv"),
                 ("certificate", "award", "--all"), ("jobs", "run", "expire")):  # fmt: skip
        assert run_on(database_url, *line).code == 0
    for options in ((), ("--redecide",)):
        said = run_on(database_url, "audit", "verify", *options)
        assert (said.code, said.out) == (0, "600 applications checked, 0 findings\n")
