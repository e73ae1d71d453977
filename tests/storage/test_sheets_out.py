"""Sheets written: they open as they were meant, nothing in them runs, and the same rows give the same bytes."""

from __future__ import annotations

import csv
import io
import stat
import subprocess
import sys
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from storage import sheets_out
from storage.sheets import read_sheet
from storage.sheets_out import write_csv, write_xlsx
from workflow.errors import Unavailable

ROOT = Path(__file__).resolve().parents[2]
HEADER = ("姓名", "证件号码", "考试日期", "成绩")
FORMULAS = ["=1+1", "+86", "-1", "@x", "\tx", '=HYPERLINK("http://x")', "＝1+1", "http://example.org", "{=1}"]


def opened(path: Path, sheet: int = 0) -> list[list[object]]:
    """Open a workbook as another program would."""
    return [list(row) for row in CalamineWorkbook.from_path(path).get_sheet_by_index(sheet).to_python()]


def part(path: Path, name: str) -> str:
    """Give a file of a workbook."""
    with zipfile.ZipFile(path) as archive:
        return archive.read(name).decode()


def test_a_workbook_opens_as_it_was_meant(tmp_path):
    """Texts, days, marks and blanks come back as such; an identity number keeps every digit."""
    path = tmp_path / "a.xlsx"
    rows = [["欧阳娜娜", "11010519491231002X", date(2026, 11, 1), Decimal("88.5")], ["王", "0012", None, 60]]
    write_xlsx(path, HEADER, rows)
    assert opened(path) == [
        list(HEADER),
        ["欧阳娜娜", "11010519491231002X", date(2026, 11, 1), 88.5],
        ["王", "0012", "", 60.0],
    ]
    assert next(iter(read_sheet(path).rows))[1][1] == "11010519491231002X"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_the_header_is_frozen_and_columns_are_wide_enough_for_chinese(tmp_path):
    """A Chinese character counts as two, the header stays in sight, and a column of texts takes texts only."""
    path = tmp_path / "a.xlsx"
    write_xlsx(path, ("姓名", "n"), [["欧阳娜娜甲乙", 1]])
    sheet = part(path, "xl/worksheets/sheet1.xml")
    assert 'topLeftCell="A2" activePane="bottomLeft" state="frozen"' in sheet
    assert '<col min="1" max="1" width="14.7109375" style="2"' in sheet
    write_xlsx(path, ("姓名", "n"), [["欧", 1]], widths=[30, 5])
    assert '<col min="1" max="1" width="30.7109375"' in part(path, "xl/worksheets/sheet1.xml")


@pytest.mark.parametrize("text", FORMULAS)
def test_no_formula_and_no_link_in_a_workbook(text, tmp_path):
    """A text stays the text that it is, in the header as well."""
    path = tmp_path / "a.xlsx"
    write_xlsx(path, [f"{text}!"], [[text]], notes=[text])
    assert opened(path) == [[f"{text}!"], [text]]
    assert opened(path, 1) == [[text]]
    sheet = part(path, "xl/worksheets/sheet1.xml")
    assert "<f" not in sheet
    assert "hyperlink" not in sheet


@pytest.mark.parametrize("text", FORMULAS[:7])
def test_no_formula_in_csv(text, tmp_path):
    """What a spreadsheet would run gets an apostrophe before it."""
    path = tmp_path / "a.csv"
    write_csv(path, ["a"], [[text]], keeps_digits=True)
    (_, (cell,)) = csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""))
    assert cell == "'" + text


def test_csv_keeps_digits_where_that_is_asked_for(tmp_path):
    """A long number or one with leading zeros gets a tab behind it; reading takes it away; others stay as they are."""
    path = tmp_path / "a.csv"
    cells = ["110105194912310021", "0012", "2024", "0", "11010519491231002X", "60.5"]
    write_csv(path, "abcdef", [cells], keeps_digits=True)
    assert path.read_bytes() == (
        b"\xef\xbb\xbfa,b,c,d,e,f\r\n110105194912310021\t,0012\t,2024,0,11010519491231002X,60.5\r\n"
    )
    write_csv(path, "abcdef", [cells])
    assert b"\t" not in path.read_bytes()


def test_numbers_that_a_spreadsheet_would_round_are_texts(tmp_path):
    """Beyond fifteen digits a number is written as text; an instant and an old day are texts too."""
    path = tmp_path / "a.xlsx"
    instant = datetime(2026, 11, 1, 4, tzinfo=UTC)
    write_xlsx(path, "abcde", [[110105194912310021, 10**15 - 1, instant, date(1899, 5, 1), True]])
    cells = opened(path)[1]
    assert cells == ["110105194912310021", float(10**15 - 1), "2026-11-01 04:00:00+00:00", "1899-05-01", True]


def test_the_same_rows_give_the_same_bytes(tmp_path):
    """Neither the day nor the place changes a byte."""
    for name in ("a", "b"):
        write_xlsx(tmp_path / f"{name}.xlsx", HEADER, [["王", "1", date(2026, 1, 1), 1]], notes=["n"])
        write_csv(tmp_path / f"{name}.csv", HEADER, [["王", "1", date(2026, 1, 1), 1]])
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    assert "2000-01-01T00:00:00Z" in part(tmp_path / "a.xlsx", "docProps/core.xml")


LONG = """
import resource, sys
from datetime import date
from pathlib import Path
from storage.sheets_out import write_xlsx
rows = (["王", str(n), date(2026, 1, 1), n] for n in range(int(sys.argv[2])))
write_xlsx(Path(sys.argv[1]), "abcd", rows)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
def test_a_long_file_takes_flat_memory(tmp_path):
    """100,000 rows need no more memory than 2,000, and all of them are there."""

    def peak(number: int) -> int:
        line = [sys.executable, "-c", LONG, str(tmp_path / f"{number}.xlsx"), str(number)]
        return int(subprocess.run(line, capture_output=True, text=True, check=True, cwd=ROOT).stdout)

    assert peak(100_000) < peak(2_000) + 6_000  # kilobytes; the sheet itself has 16,000
    last = part(tmp_path / "100000.xlsx", "xl/worksheets/sheet1.xml")[-2000:]
    assert '<row r="100001"' in last


def test_odd_texts_are_written_all_the_same(tmp_path):
    """Half a character is replaced, a control character kept out, and a text longer than a cell is cut with a sign."""
    path = tmp_path / "a.xlsx"
    write_xlsx(path, ["a"], [["\ud800"], ["x" * 40_000], ["a\x01b"], [""], [None]])
    rows = opened(path)
    assert rows[1] == ["?"]
    assert rows[2][0] == "x" * 32_766 + "…"


def test_a_file_appears_as_a_whole_or_not_at_all(tmp_path, monkeypatch):
    """A failure midway leaves the old file and nothing else; too many rows and a missing folder are told."""
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"old")

    def rows():
        yield ["1"]
        raise ValueError("midway")

    with pytest.raises(Unavailable, match="midway"):
        write_xlsx(path, ["a"], rows())
    monkeypatch.setattr(sheets_out, "MOST_ROWS", 3)
    with pytest.raises(Unavailable, match="more than 3 rows; write a CSV file"):
        write_xlsx(path, ["a"], [["1"]] * 4)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(Unavailable, match="cannot be written"):
        write_xlsx(tmp_path / "none" / "a.xlsx", ["a"], [])
    write_xlsx(path, ["a"], [])
    assert opened(path) == [["a"]]
