"""Files out: what is in them, in which order, and that a score sheet goes back in."""

from __future__ import annotations

import csv
from datetime import date

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from cli.export import _place
from tests.cli.conftest import document
from workflow.bulk.columns import COLUMNS


@pytest.fixture
def sitting(run):
    """Give a sitting of both parts on 2026-10-10, to which A4 and A1 are admitted, A1 to nothing yet held."""
    assert run("sitting", "create", "S9", "--part", "theory", "--part", "skills", "--on", "2026-10-10").code == 0
    assert run("sitting", "admit", "S9", "A4", "--on", "2026-10-01").code == 0
    return "S9"


def rows_of(path):
    """Read a CSV file by its titles."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_a_score_sheet_goes_back_in(run, sitting, tmp_path):
    """Exported, filled in as CSV or XLSX, and imported: the marks are recorded, and the sheet is empty afterwards."""
    assert run("export", "score-sheet", "--sitting", sitting, "--out", "s.csv").out == "2 rows written to s.csv\n"
    path = tmp_path / "here/s.csv"
    rows = rows_of(path)
    assert list(rows[0]) == [column.titles[0] for column in COLUMNS["scores"]]
    assert [(row["申报号"], row["科目"], row["成绩"]) for row in rows] == [("A4", "skills", ""), ("A4", "theory", "")]
    assert run("score", "import", path, "--dry-run", "--json").row["counts"]["rows_rejected"] == 2
    rows[0]["成绩"], rows[1]["成绩"] = "缺考", "61.5"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    said = run("score", "import", path, "--json").row
    assert (said["counts"]["rows_taken"], said["counts"]["rows_rejected"]) == (2, 0)
    kept = run("export", "results", "--sitting", sitting, "--held-back", "--json").rows
    assert [(row["part"], row["result"], row["score"]) for row in kept] == [
        ("skills", "absent", None),
        ("theory", "held back", "61.5"),
    ]
    assert run("export", "score-sheet", "--sitting", sitting, "--json").rows == []


def test_a_score_sheet_goes_back_in_as_a_workbook(run, sitting, tmp_path):
    """The workbook's blank column takes numbers, and days come back as days."""
    assert (
        run("export", "score-sheet", "--sitting", sitting, "--part", "理论", "--out", "s.xlsx", "--english").code == 0
    )
    (head, row) = CalamineWorkbook.from_path(tmp_path / "here/s.xlsx").get_sheet_by_index(0).to_python()
    assert row[head.index("sat_on")] == date(2026, 10, 10)
    with xlsxwriter.Workbook(tmp_path / "filled.xlsx") as book:
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, head)
        for place, cell in enumerate([*row, *[""] * (len(head) - len(row))]):
            if head[place] == "score":
                sheet.write_number(1, place, 70)
            elif isinstance(cell, date):
                sheet.write_datetime(1, place, cell, day)
            else:
                sheet.write(1, place, cell)
    assert run("score", "import", tmp_path / "filled.xlsx", "--json").row["counts"]["rows_taken"] == 1


def test_candidates_are_masked_until_they_are_revealed(run, tmp_path):
    """Names and numbers are masked in files too; revealed, a number keeps every digit."""
    assert run("export", "candidates", "--level", "3", "--scheme", "lrc-2019", "--out", "c.xlsx").code == 0
    text = str(CalamineWorkbook.from_path(tmp_path / "here/c.xlsx").get_sheet_by_index(0).to_python())
    assert document(1) not in text
    assert "王A1" not in text
    assert run("export", "candidates", "--out", "c.csv", "--reveal", "--reason", "asked").code == 0
    rows = rows_of(tmp_path / "here/c.csv")
    assert (rows[0]["姓名"], rows[0]["证件号码"].strip()) == ("王A1", document(1))
    assert (tmp_path / "here/c.csv").stat().st_mode & 0o777 == 0o600
    row = run("export", "candidates", "--json").rows[0]
    assert (row["application"], row["state"], row["submitted_on"]) == ("A1", "awaiting_award", "2024-03-15")


def test_candidates_of_a_sitting_and_of_a_level(run, sitting):
    """Only those admitted, only that level; a misspelt scheme, level or sitting is no empty list."""
    assert [row["application"] for row in run("export", "candidates", "--sitting", sitting, "--json").rows] == ["A4"]
    assert [row["application"] for row in run("export", "candidates", "--level", "2", "--json").rows] == ["A5"]
    assert run("export", "candidates", "--scheme", "三级制", "--json").row["application"] == "A6"
    for wrong in (("--scheme", "lrc"), ("--level", "17"), ("--sitting", "NOPE")):
        assert run("export", "candidates", *wrong).code == 4
    assert run("export", "candidates", "--part", "theory").code == 2
    assert run("export", "candidates", "--out", "c.txt").code == 2


def test_a_seat_plan_is_in_the_order_of_seats(run, sitting):
    """Who is admitted is on the plan with room, seat, ticket and accommodations; who withdrew is not."""
    rows = run("export", "seat-plan", "--sitting", sitting, "--json").rows
    assert [(row["part"], row["application"], row["name"]) for row in rows] == [
        ("skills", "A4", "王**"),
        ("theory", "A4", "王**"),
    ]
    assert set(rows[0]) >= {"room", "seat", "ticket", "accommodations", "session", "sat_on"}
    assert run("application", "withdraw", "A4").code == 0
    assert run("export", "seat-plan", "--sitting", sitting, "--json").rows == []
    assert run("export", "score-sheet", "--sitting", sitting, "--json").rows == []


def test_seats_are_in_the_order_in_which_people_count():
    """Room 2 comes before room 10, and seat 9 before seat 10; who has no seat comes first."""
    rooms = [("A10", 1), ("A2", 10), ("", 0), ("A2", 9), ("B1", 1)]
    rows = [
        {"sat_on": date(2026, 10, 10), "part": "theory", "room": room or None, "seat": seat or None, "application": "A"}
        for room, seat in rooms
    ]
    order = [(row["room"], row["seat"]) for row in sorted(rows, key=_place)]
    assert order == [(None, None), ("A2", 9), ("A2", 10), ("A10", 1), ("B1", 1)]


def test_results_are_those_announced(run):
    """Marks that are held back are not in the file, unless that is asked for."""
    rows = run("export", "results", "--sitting", "S1", "--json").rows
    assert [(row["application"], row["part"], row["result"], row["score"]) for row in rows] == [
        ("A1", "skills", "pass", "88.5"),
        ("A3", "skills", "absent", None),
        ("A1", "theory", "pass", "60"),
        ("A3", "theory", "pass", "60"),
    ]
    assert run("export", "results", "--sitting", "S3", "--json").rows == []
    held = run("export", "results", "--sitting", "S3", "--held-back", "--json").row
    assert (held["application"], held["result"], held["announced_on"]) == ("A8", "held back", None)
    assert run("export", "results", "--sitting", "S1", "--level", "2", "--json").rows == []


def test_results_of_reviews_are_listed_by_their_day(run):
    """A review has no sitting in the register; its results are found by the key under which they are announced."""
    assert run("export", "results", "--sitting", "review-2026-09-05").code == 4
    panel = ("--form", "thesis_defence", "--score", "60", "--announced", "2026-09-18")
    assert run("review", "record", "A5", "--on", "2026-09-05", *panel).code == 0
    row = run("export", "results", "--sitting", "review-2026-09-05", "--json").row
    assert (row["application"], row["part"], row["result"], row["score"]) == ("A5", "review", "pass", "60")
    assert run("export", "results", "--sitting", "review-2026-09-05", "--part", "theory", "--json").rows == []
    assert run("export", "results", "--sitting", "review-2026-09-05", "--part", "nix").code == 4


def test_certificates_are_listed_with_their_standing(run, tmp_path):
    """A certificate is listed with number, title, day and standing, its holder masked."""
    assert run("export", "certificates", "--json").rows == []
    number = run("certificate", "award", "A1", "--on", "2026-11-20", "--authority", "minute 7", "--json").row
    row = run("export", "certificates", "--json").row
    assert row["certificate"] == number["events"][-1]["number"]
    assert (row["standing"], row["awarded_on"], row["authority"], row["name"]) == (
        "valid",
        "2026-11-20",
        "minute 7",
        "王**",
    )
    said = run("export", "certificates", "--out", "c.xlsx", "--json").row
    assert said == {"file": "c.xlsx", "rows": 1}
    cells = CalamineWorkbook.from_path(tmp_path / "here/c.xlsx").get_sheet_by_index(0).to_python()[1]
    assert (cells[0], cells[8]) == (row["certificate"], date(2026, 11, 20))
