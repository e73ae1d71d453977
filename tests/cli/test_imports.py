"""Bulk files from the command line: what is told, what is kept, what is written."""

from __future__ import annotations

import csv

import pytest

from tests.cli.conftest import FILES, document

LATER = """application,part,session,sat_on,announced_on,score
A4,theory,S3,2026-10-10,2026-11-01,60
A4,skills,S3,2026-10-10,2026-11-01,六十"""


def test_round_import_makes_the_database_and_tells_all(alone, round_folder, tmp_path):
    """A round is taken into a database that is made for it; every rejected row is named and kept."""
    (round_folder / "notes.txt").write_text("x", encoding="utf-8")
    said = alone("--database", tmp_path / "new.db", "round", "import", round_folder)
    assert said.code == 0
    reason = "no such application: it is not in the database, nor was its own row taken"
    assert f"scores.csv:9 Z9 application: {reason} (Z9)\n" in said.out
    assert "26 rows: 25 taken, 0 taken before, 1 rejected\n" in said.out
    assert "applications: 7 new, 0 continued, 0 unchanged; " in said.out
    assert "note: not part of a round and left alone: notes.txt" in said.err
    (kept,) = tmp_path.glob("here/*-rejects.csv")
    assert kept.name == f"{round_folder.name}-rejects.csv"
    assert kept.stat().st_mode & 0o777 == 0o600
    with kept.open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row == {
        "file": "scores.csv", "line": "9", "application": "Z9", "field": "application", "value": "Z9", "reason": reason,
    }  # fmt: skip
    again = alone("--database", tmp_path / "new.db", "round", "import", round_folder, "--json").row
    assert again["counts"]["events_written"] == 0
    assert again["counts"]["applications_unchanged"] == 7


def test_a_dry_run_writes_nothing_at_all(alone, round_folder, tmp_path):
    """A dry run judges every row, and makes neither a database nor a file of rejects."""
    said = alone("--database", tmp_path / "new.db", "round", "import", round_folder, "--dry-run")
    assert said.code == 0
    assert "applications: 7 new" in said.out
    assert "dry run: nothing was written" in said.out
    assert not (tmp_path / "new.db").exists()
    assert not list(tmp_path.glob("here/*"))


def test_a_person_who_is_filed_twice_is_noted(run, tmp_path):
    """A second application at a level is taken in, with a note of each other one there, filed before or beside it."""
    titles = "application,name,sex,document_type,document_number,phone,occupation,level,edition,submitted_on\n"
    person = f"王A1,male,resident_id,{document(1)},19900000001,4-07-03-02"
    other = f"赵七,male,resident_id,{document(70)},19900000009,4-07-03-02"
    rows = [f"B1,{person},2,,2026-11-01", f"B2,{other},3,,2026-11-01", f"B3,{other},3,,2026-11-02"]
    file = tmp_path / "applications.csv"
    file.write_text(titles + "\n".join(rows), encoding="utf-8")
    (tmp_path / "certificates.csv").write_text(
        "application,occupation,level,kind,issued_on\nB2,same,4,vq,2015-01-10\nB3,same,4,vq,2015-01-10\n", "utf-8"
    )
    (tmp_path / "work.csv").write_text(
        "application,occupation,from,to\nB2,same,2015-02-01,至今\nB3,same,2015-02-01,至今\n", "utf-8"
    )
    files = [file, tmp_path / "certificates.csv", tmp_path / "work.csv"]
    for how in (["--dry-run"], []):
        said = run("application", "import", *files, "--json", *how).row
        assert said["counts"]["applications_new"] == 3
        assert [note.partition(" (")[0] for note in said["notes"]] == [
            "B2: the candidate has an application at this level that has not ended: B3",
            "B3: the candidate has an application at this level that has not ended: B2",
        ]
    file.write_text(titles + f"B4,{other},3,,2026-11-03", encoding="utf-8")
    said = run("application", "import", *files)
    assert "\nnote: B4: the candidate has an application at this level that has not ended: B2 (" in said.out
    assert said.out.count("note: ") == 2
    assert run("application", "import", *files, "--json").row["notes"] == []


def test_strict_ends_with_a_refusal(run, round_folder):
    """With --strict a rejected row ends the command with code 3, and the file of rejects is where it was asked for."""
    said = run("round", "import", round_folder, "--strict", "--rejects", "mine.csv", "--json")
    assert said.code == 3
    assert said.row["rejects_file"] == "mine.csv"
    assert said.row["rejects"][0]["application"] == "Z9"
    assert run("application", "list").rows


def test_one_file_is_imported_by_its_noun(run, tmp_path):
    """Scores of a later session are taken in from a file of any name; the same file again changes nothing."""
    file = tmp_path / "session-3.csv"
    file.write_text(LATER, encoding="utf-8")
    dry = run("score", "import", file, "--admit", "--dry-run", "--json").row
    assert (dry["dry_run"], dry["counts"]["rows_taken"], dry["counts"]["rows_rejected"]) == (True, 1, 1)
    said = run("score", "import", file, "--admit")
    assert "session-3.csv:3 A4 score: is not a number (六十)" in said.out
    assert "rejected rows are in session-3-rejects.csv" in said.out
    assert run("application", "show", "A4", "--json").row["parts_held"] == ["theory"]
    assert run("score", "import", file, "--admit", "--json").row["counts"]["events_written"] == 0


def test_training_and_reviews_are_imported(run, tmp_path):
    """Training closes a gate and a review completes a set, from files."""
    training, reviews = tmp_path / "t.csv", tmp_path / "r.csv"
    training.write_text(
        "application,level,hours,completion_certificate,completed_on,phase\nA6,3,120,yes,2024-06-01,after\n", "utf-8"
    )
    reviews.write_text(
        "application,form,reviewed_on,announced_on,score\nA5,thesis_defence,2026-09-05,2026-09-18,60\n", "utf-8"
    )
    assert run("training", "import", training).code == 0
    assert run("review", "import", reviews).code == 0
    states = {row["application"]: row["state"] for row in run("application", "list").rows}
    assert (states["A6"], states["A5"]) == ("trained", "awaiting_award")


def test_applications_are_imported_with_what_they_show(alone, tmp_path):
    """Applications and their evidence come as files named after their kinds."""
    for kind in ("applications", "certificates", "work"):
        (tmp_path / f"{kind}.csv").write_text(FILES[kind], encoding="utf-8")
    files = [tmp_path / f"{kind}.csv" for kind in ("work", "applications", "certificates")]
    said = alone("--database", tmp_path / "new.db", "application", "import", *files)
    assert "18 rows: 18 taken" in said.out
    said = alone("--database", tmp_path / "new.db", "application", "import", files[0], files[0])
    assert (said.code, "holds work already" in said.err) == (2, True)
    strange = tmp_path / "strange.csv"
    strange.write_text("a\n1\n", encoding="utf-8")
    said = alone("application", "import", strange)
    assert (said.code, "its name must say its kind" in said.err) == (2, True)


def test_wrong_columns_are_all_named_and_nothing_is_taken(run, tmp_path):
    """Files whose columns are not those of their kind are refused whole, with every problem of every file."""
    folder = tmp_path / "round"
    folder.mkdir()
    (folder / "scores.csv").write_text("application,prat\nA1,theory\n", encoding="utf-8")
    (folder / "work.csv").write_text("application\nA1\n", encoding="utf-8")
    said = run("round", "import", folder)
    assert said.code == 2
    assert "scores.csv:1: prat: no such column; did you mean part?" in said.err
    assert "work.csv:1: 开始日期: the column (from) is missing" in said.err


@pytest.mark.parametrize("number", [document(5)])
def test_no_personal_value_is_told(alone, tmp_path, number):
    """A rejected row with a mistaken identity number shows it masked, on the terminal and in the file of rejects."""
    wrong = number[:-1] + ("0" if number[-1] != "0" else "1")
    (tmp_path / "applications.csv").write_text(FILES["applications"].replace(number, wrong), encoding="utf-8")
    said = alone("--database", tmp_path / "new.db", "application", "import", tmp_path / "applications.csv")
    assert "its check character is wrong" in said.out
    kept = (tmp_path / "here" / "applications-rejects.csv").read_text(encoding="utf-8-sig")
    for text in (said.out, said.err, kept):
        assert wrong not in text
        assert "王A5" not in text
