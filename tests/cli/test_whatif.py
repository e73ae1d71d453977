"""`examboard audit what-if`: the caseload under a changed document, and nothing written."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from cli.shelf import packaged
from tests.cli.conftest import run_on

ROUND = Path(__file__).resolve().parents[2] / "examples" / "round-2024"
EDITION = "lrc-2019"
TWO_YEARS = "length:\n        years: 2"
FIVE_YEARS = "work:\n              years: 5\n"


@pytest.fixture
def changed(tmp_path):
    """Give a maker of changed documents: `changed("old->new")`, the version raised by one."""

    def make(*edits: str, edition: str = EDITION) -> Path:
        text = packaged()[edition]
        for edit in edits:
            old, new = edit.split("->")
            assert old in text
            text = text.replace(old, new)
        file: Path = tmp_path / "changed.yaml"
        file.write_text(text, encoding="utf-8")
        return file

    return make


def effects(said) -> dict[str, dict]:
    """Give the effects by application."""
    assert said.code == 0, said.err
    return {row["application"]: row for row in said.rows[:-1]}


def test_the_same_document_changes_nothing(run, changed):
    """Under the very document that all were judged by, everyone is looked at and nobody affected."""
    said = run("audit", "what-if", "--scheme", changed(), "--json")
    assert said.row["totals"]["looked_at"] == 6
    assert (said.row["totals"]["affected"], said.row["totals"]["changes"]) == (0, {})
    assert "6 applications looked at, 0 affected" in run("audit", "what-if", "--scheme", changed()).out
    older = run("audit", "what-if", "--scheme", changed(edition="lrc-three-level"), "--json")
    assert (older.row["totals"]["looked_at"], older.row["totals"]["affected"]) == (1, 0)


@pytest.mark.slow
def test_the_example_round_is_what_it_is(tmp_path, changed):
    """Nobody of the whole example round is affected by the document of either edition as it stands."""
    board = str(tmp_path / "round.db")
    assert run_on(board, "round", "import", ROUND, "--rejects", tmp_path / "rejects.csv").code == 0
    for edition in (EDITION, "lrc-three-level"):
        totals = run_on(board, "audit", "what-if", "--scheme", changed(edition=edition), "--json").row["totals"]
        assert totals["looked_at"] > 100
        assert (totals["affected"], totals["changes"], totals["left_out"]) == (0, {}, 0)


def test_a_raised_pass_mark_is_told_one_by_one_and_in_total(run, changed):
    """Of 61, A1 and A3 lose theory: each with both states and the day of the clock, and the totals as the last line."""
    said = run(
        "audit", "what-if", "--scheme", changed("pass_mark: 60->pass_mark: 61"), "--as-of", "2025-06-01", "--json"
    )
    found = effects(said)
    assert sorted(found) == ["A1", "A3"]
    a1 = found["A1"]
    assert (a1["state_before"], a1["state_after"]) == ("awaiting_award", "theory_exam")
    assert (a1["held_before"], a1["held_after"]) == ({"theory": None, "skills": None}, {"skills": "2026-06-20"})
    assert {"loses theory", "loses an award"} <= set(a1["changes"])
    assert (a1["next_on_before"], a1["next_on_after"]) == (None, "2026-06-21")
    totals = said.rows[-1]["totals"]
    assert (totals["scheme"], totals["as_of"], totals["affected"]) == (EDITION, "2025-06-01", 2)
    assert (totals["changes"]["loses theory"], totals["changes"]["loses an award"]) == (2, 1)


def test_text_is_for_people(run, changed):
    """Totals first, then everyone affected with what moves and what is not lawful."""
    file = changed(f"{TWO_YEARS}->{TWO_YEARS[:-1]}3")
    out = run("audit", "what-if", "--scheme", file, "--as-of", "2026-07-01").out.splitlines()
    assert out[0].startswith(f"under {file} ({EDITION}, version 1, sha256 ")
    assert out[0].endswith("as of 2026-07-01")
    assert any(line.startswith("A3 ") and "expired -> skills_exam" in line for line in out)
    assert "    clock: nothing -> Expired on 2027-06-21" in out


def test_a_condition_that_is_gone_is_told_with_the_reason(run, changed):
    """Whoever was accepted under a harder condition loses eligibility: the decision is named, with what is missing."""
    file = changed(f"{FIVE_YEARS}->{FIVE_YEARS.replace('5', '50')}")
    found = effects(run("audit", "what-if", "--scheme", file, "--json"))
    first, *later = found["A1"]["divergences"]
    assert "loses eligibility" in found["A1"]["changes"]
    assert (first["type"], first["follows"]) == ("EligibilityAccepted", False)
    assert "Condition 1 is not met" in first["why"]
    assert later
    assert all(x["follows"] for x in later)
    assert "later facts would not be lawful either" in run("audit", "what-if", "--scheme", file).out


@pytest.mark.parametrize(
    ("scope", "looked_at"),
    [
        (("--level", "3"), 5),
        (("--level", "2"), 1),
        (("--state", "awaiting_award"), 1),
        (("--state", "awaiting_award", "--state", "expired"), 2),
        (("--submitted-from", "2024-03-15", "--submitted-until", "2024-03-15"), 6),
        (("--submitted-from", "2024-03-16"), 0),
        (("--application", "A1", "--application", "A3"), 2),
    ],
)
def test_a_scope_narrows_the_choice(run, changed, scope, looked_at):
    """Each option leaves those that it names, states as they are on the day asked about."""
    said = run("audit", "what-if", "--scheme", changed(), *scope, "--json")
    assert said.row["totals"]["looked_at"] == looked_at


def test_what_is_not_there_is_said(run, changed, tmp_path):
    """An unknown application, one of another scheme, a misspelt state or level, a scheme that nobody has."""
    file = changed()

    def said(*scope):
        found = run("audit", "what-if", "--scheme", file, *scope)
        return found.code, found.err

    assert said("--application", "NOPE") == (4, "not found: no application NOPE\n")
    assert "is judged by scheme lrc-three-level, not by lrc-2019" in said("--application", "A6")[1]
    assert (
        said("--state", "awaiting")[0],
        "there are: annulled, awaiting_award" in said("--state", "awaiting")[1],
    ) == (2, True)
    assert said("--level", "expert")[0] == 4
    other = changed(f"scheme: {EDITION}->scheme: other")
    assert "there are applications of: lrc-2019, lrc-three-level" in run("audit", "what-if", "--scheme", other).err
    file = changed("pass_mark: 60->pass_mark: 600")
    assert (said()[0], "changed.yaml:" in said()[1]) == (2, True)
    assert run("audit", "what-if", "--scheme", tmp_path / "none.yaml").code == 2


def test_a_workbook_holds_what_json_says(run, changed, tmp_path):
    """The workbook has a row for each effect, and the totals with what they mean on a second sheet."""
    file = changed("pass_mark: 60->pass_mark: 61")
    said = run("audit", "what-if", "--scheme", file, "--xlsx", "w.xlsx", "--json")
    assert "2 rows written to w.xlsx" in said.err
    book = CalamineWorkbook.from_path(tmp_path / "here/w.xlsx")
    head, *rows = book.get_sheet_by_index(0).to_python()
    filed = {row[0]: dict(zip(head, row, strict=True)) for row in rows}
    assert {key: row["state_after"] for key, row in filed.items()} == {
        key: row["state_after"] for key, row in effects(said).items()
    }
    notes = [str(line[0]) for line in book.get_sheet_by_index(1).to_python()]
    assert notes[0].startswith("6 applications looked at")
    assert any("nothing was written" in note for note in notes)


def test_many_processes_say_what_one_says(run, changed, monkeypatch):
    """Shared out over two processes, each with its own read-only database, the lines are the same in the same order."""
    monkeypatch.setattr("cli.whatif_work.CHUNK", 2)
    file = changed("pass_mark: 60->pass_mark: 61")
    alone = run("audit", "what-if", "--scheme", file, "--jobs", "1", "--json")
    assert run("audit", "what-if", "--scheme", file, "--jobs", "2", "--json").out == alone.out


def test_nothing_is_written(run, changed, database):
    """What the database holds is the same afterwards; the changed document is not on the shelf."""

    def dump():
        with closing(sqlite3.connect(database)) as connection:
            return list(connection.iterdump())

    before = dump()
    assert run("audit", "what-if", "--scheme", changed(f"{TWO_YEARS}->{TWO_YEARS[:-1]}1")).code == 0
    assert dump() == before


def test_a_history_that_does_not_hold_stops_nobody_else(run, changed, database):
    """An application whose events cannot be read is named at the end, with code 6; the others are told."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("DROP TRIGGER IF EXISTS event_no_update")
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type='trigger'").fetchall():
            connection.execute(f'DROP TRIGGER "{name}"')
        connection.execute("UPDATE event SET data = '{}' WHERE application = 'A1' AND type = 'ScoreRecorded'")
    said = run("audit", "what-if", "--scheme", changed("pass_mark: 60->pass_mark: 61"), "--json")
    assert (said.code, said.rows[-1]["totals"]["left_out"]) == (6, 1)
    assert "1 application left out: A1: event" in said.err
    assert "A3" in {row.get("application") for row in said.rows}
