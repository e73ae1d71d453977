"""Whatever changes under a seal is found, and named as far as it can be; and what is new is found by indexes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.event import listen, remove

from storage.database import Database
from storage.keys import KeyFile, verify
from tests import guards
from tests.histories import filed, followed
from tests.sealed import KEYS, found, keys_in, sealed
from tests.statements import plan_by_indexes
from workflow.audit.seals import SealFinding, check_seals, checker
from workflow.errors import Corrupt, NotFound
from workflow.events import chain
from workflow.facts import Withdrawn
from workflow.ports import bucket_of
from workflow.sealing.proofs import prove


@pytest.fixture
def ring(tmp_path: Path) -> KeyFile:
    """Give a board's keys."""
    return keys_in(tmp_path)


def tampered(database: Database, *statements: str) -> None:
    """Change rows past the guards, as the owner of the database can."""
    with database.engine.begin() as tx:
        guards.take_down(tx)
        for statement in statements:
            tx.exec_driver_sql(statement.replace("%", "%%") if tx.dialect.name == "postgresql" else statement)


@pytest.fixture
def board(database: Database, ring: KeyFile) -> Database:
    """Give a board with three seals over twelve applications of two events each, and one with three."""
    old = [filed(key) for key in KEYS]
    database.events.append(old)
    sealed(database, ring)
    new = [followed(one) for one in old]
    database.events.append(new)
    sealed(database, ring)
    database.events.append([followed(new[4], Withdrawn(reason="again"))])
    sealed(database, ring)
    assert found(database, ring) == []
    return database


def places(findings: list[SealFinding]) -> set[tuple[int, str, int]]:
    """Give what findings are about."""
    return {(finding.seal, finding.application, finding.sequence) for finding in findings}


def row(key: str, sequence: int = 2) -> str:
    """Write the condition for an event."""
    return f"WHERE bucket = {bucket_of(key)} AND application = '{key}' AND sequence = {sequence}"


def test_a_changed_event_is_named(board: Database, ring: KeyFile) -> None:
    """An event whose data were changed under its hash is named, and nothing else is."""
    tampered(board, f"UPDATE event SET actor = 'nobody' {row(KEYS[2])}")
    assert places(found(board, ring)) == {(2, KEYS[2], 2)}
    (told,) = checker(ring.keys, verify)(board)
    assert (told.kind, told.application, told.sequence, told.table) == ("seal", KEYS[2], 2, "")
    assert "(seal 2)" in told.text
    with pytest.raises(NotFound, match="E-none"):
        prove(board.seals, "E-none", ring.keys)


def test_an_event_with_another_hash_is_named(board: Database, ring: KeyFile) -> None:
    """A hash that was exchanged is named by its event; later seals are not drawn in."""
    tampered(board, f"UPDATE event SET hash = '{'f' * 64}' {row(KEYS[4], 3)}")
    assert places(found(board, ring)) == {(3, KEYS[4], 3)}
    with pytest.raises(Corrupt, match="does not fit"):
        prove(board.seals, KEYS[0], ring.keys)
    prove(board.seals, KEYS[0], ring.keys, 2)


def test_a_missing_event_is_named(board: Database, ring: KeyFile) -> None:
    """One event that is gone, and a whole range that is gone, are named."""
    tampered(board, f"DELETE FROM event {row(KEYS[2])}", f"DELETE FROM event {row(KEYS[6], 1)}")
    assert places(found(board, ring)) == {(2, KEYS[2], 2), (1, KEYS[6], 1)}
    with pytest.raises(Corrupt, match=r"missing|no hash"):
        prove(board.seals, KEYS[0], ring.keys)


def test_a_history_that_was_rewritten_and_chained_anew_is_named(board: Database, ring: KeyFile) -> None:
    """Whoever computes all hashes anew makes a history that holds by itself, and is found by its seal."""
    first, second = board.events.history(KEYS[1])
    one, two = chain([first._replace(actor="forger"), second])
    tampered(
        board,
        *(
            f"UPDATE event SET actor = '{e.actor}', previous = '{e.previous}', hash = '{e.hash}' {row(KEYS[1], number)}"
            for number, e in enumerate((one, two), 1)
        ),
    )
    assert places(found(board, ring)) == {(1, KEYS[1], 1), (2, KEYS[1], 2)}


def test_whoever_rewrites_the_ranges_too_is_found_by_the_root(board: Database, ring: KeyFile) -> None:
    """Then only the seal is known, and who is in it is told as the candidates."""
    (first, second) = board.events.history(KEYS[1])
    (one,) = chain([second._replace(actor="forger")], first.hash)
    of = f"WHERE bucket = {bucket_of(KEYS[1])} AND application = '{KEYS[1]}' AND seal = 2"
    tampered(
        board,
        f"UPDATE event SET actor = 'forger', hash = '{one.hash}' {row(KEYS[1])}",
        f"UPDATE seal_range SET head = '{one.hash}' {of}",
    )
    (finding,) = found(board, ring)
    assert (finding.seal, finding.application) == (2, "")
    assert "root" in finding.text
    assert KEYS[1] in finding.text


@pytest.mark.parametrize(
    ("statement", "seals", "words"),
    [
        ("UPDATE seal SET size = 23 WHERE number = 2", {2, 3}, "its note"),
        ("UPDATE seal SET note = replace(note, 'examboard/test', 'examboard/other') WHERE number = 2", {2}, "its note"),
        ("UPDATE seal SET note = 'x' WHERE number = 3", {3}, "no signed note"),
        (f"UPDATE seal SET root = '{'0' * 64}' WHERE number = 1", {1, 2}, "its note"),
        (f"UPDATE seal SET frontier = '{'0' * 64}' WHERE number = 2", {2}, "frontier"),
        ("DELETE FROM seal WHERE number = 3", {3}, "the seal itself is gone"),
        ("DELETE FROM seal WHERE number = 2", {2, 3}, "missing"),
        ("UPDATE seal_range SET last_sequence = 3 WHERE seal = 1 AND bucket = {b}", {1, 2}, "end at 3"),
        ("DELETE FROM seal_range WHERE seal = 1 AND bucket = {b}", {1, 2}, "end at 0"),
        ("UPDATE seal_range SET last_sequence = 2000000000 WHERE seal = 3", {3}, "2000000000"),
    ],
)
def test_a_seal_that_was_changed_is_found(
    board: Database, ring: KeyFile, statement: str, seals: set[int], words: str
) -> None:
    """Rows of the seals are held against their own signatures and against each other."""
    tampered(board, statement.format(b=bucket_of(KEYS[0])))
    findings = found(board, ring)
    assert {finding.seal for finding in findings} <= seals
    assert words in " ".join(finding.text for finding in findings)


def test_a_seal_with_a_forged_signature_is_neither_believed_nor_continued(board: Database, ring: KeyFile) -> None:
    """A note whose text does not fit its signature is found, and no seal is put on it."""
    last = board.seals.last()
    coded = last.note.rstrip("\n").rpartition(" ")[2]
    wrong = coded[:20] + ("A" if coded[20] != "A" else "B") + coded[21:]
    tampered(board, f"UPDATE seal SET note = replace(note, '{coded}', '{wrong}') WHERE number = 3")
    (finding,) = found(board, ring)
    assert finding.seal == 3
    assert "does not hold" in finding.text
    board.events.append([filed("E-new")])
    with pytest.raises(Corrupt, match="seal 3"):
        sealed(board, ring)
    assert list(check_seals(board.seals, (), verify)) == []  # without keys the signature is not looked at


def test_events_that_do_not_hold_together_are_sealed_up_to_there(board: Database, ring: KeyFile) -> None:
    """A gap or a hash that is none is told, and all others are sealed."""
    board.events.append([followed(board.events.history(key), Withdrawn(reason="x")) for key in KEYS[:4]])
    tampered(
        board,
        f"DELETE FROM event {row(KEYS[0], 3)}",
        f"UPDATE event SET hash = 'none' {row(KEYS[1], 3)}",
    )
    board.events.append([followed(board.events.history(KEYS[2]), Withdrawn(reason="y"))])
    made = sealed(board, ring)
    assert (made.events, made.left_out) == (3, (KEYS[0], KEYS[1]))
    assert found(board, ring) == []
    again = sealed(board, ring)
    assert (again.is_new, again.left_out) == (False, (KEYS[0], KEYS[1]))


def test_what_cannot_be_read_as_a_fact_is_a_leaf_all_the_same(board: Database, ring: KeyFile) -> None:
    """An event of an unknown kind, written by a newer version, is sealed, checked and proved like any other."""
    tampered(board, f"UPDATE event SET type = 'FromTheFuture', data = '{{\"x\":1}}' {row(KEYS[3])}")
    (finding,) = found(board, ring)
    assert finding == SealFinding("its data are not what was sealed: its hash does not follow from them", 2, KEYS[3], 2)


def test_what_is_new_and_what_is_in_a_seal_are_found_by_indexes(board: Database) -> None:
    """A night reads no table from end to end, however many applications there are."""
    asked: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if "seal_range" in statement:
            asked.append((statement, parameters))

    board.events.append([filed("E-new")])
    listen(board.engine, "before_cursor_execute", note)
    assert len(list(board.seals.unsealed())) == 1
    assert len(list(board.seals.log(3))) == len(list(board.seals.hashes(3))) == 1
    board.seals.places(KEYS[0])
    remove(board.engine, "before_cursor_execute", note)
    is_sqlite = board.engine.dialect.name == "sqlite"
    with board.engine.begin() as tx:
        if not is_sqlite:
            plan_by_indexes(tx)
        for statement, parameters in dict(asked).items():
            explain = f"EXPLAIN {'QUERY PLAN ' if is_sqlite else ''}{statement}"
            plan = [str(row[3] if is_sqlite else row[0]) for row in tx.exec_driver_sql(explain, parameters)]
            assert not [line for line in plan if "SCAN" in line or "Seq Scan" in line], plan
