"""Sheets: bulk files of every encoding and format are read alike, and what is no sheet is refused with its reason."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import stat
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from xlsxwriter.worksheet import Worksheet

from storage import sheets
from storage.sheets import find_sheet, read_sheet
from storage.sheets_out import write_csv
from workflow.bulk.intake import KINDS, parse
from workflow.errors import Invalid, NotFound, Unavailable

ROUND = Path(__file__).resolve().parents[2] / "examples" / "round-2024"


def saved(path: Path, content: bytes | str) -> Path:
    """Write a file."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def refusal(path: Path) -> str:
    """Read a file that must be refused; give the message."""
    with pytest.raises(Invalid) as caught:
        read_sheet(path)
    assert path.name in caught.value.problems[0].where
    return str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
def test_same_content_gives_same_digests_in_every_form(kind, tmp_path):
    """The round as GB18030, as UTF-8 with and without mark, and as a workbook gives equal rows and digests."""
    original = (ROUND / f"{kind}.csv").read_bytes().decode("gb18030")
    records = list(csv.reader(io.StringIO(original)))

    def fill(sheet: Worksheet) -> None:
        day = workbook.add_format({"num_format": "yyyy/m/d"})
        for line, record in enumerate(records):
            for place, cell in enumerate(record):
                title = records[0][place]
                if line and title in ("成绩", "学时") and cell.replace(".", "").isdigit():
                    sheet.write_number(line, place, float(cell))
                elif line and title.endswith("日期") and cell not in ("", "至今", "2024-02-30"):
                    sheet.write_datetime(line, place, date.fromisoformat(cell), day)
                else:
                    sheet.write_string(line, place, cell)

    with xlsxwriter.Workbook(tmp_path / "b.xlsx") as workbook:
        fill(workbook.add_worksheet())
    paths = [
        ROUND / f"{kind}.csv",
        saved(tmp_path / "plain.csv", original),
        saved(tmp_path / "marked.csv", "\ufeff" + original),
        tmp_path / "b.xlsx",
    ]
    read = [parse(kind, "f", sheet.header, sheet.rows) for sheet in map(read_sheet, paths)]
    assert len(read[0].rows) > 100
    for other in read[1:]:
        assert other.rows == read[0].rows
        assert [(bad.line, bad.problems) for bad in other.problems] == [
            (bad.line, bad.problems) for bad in read[0].problems
        ]


def test_sheet_names_its_file_and_digest(tmp_path):
    """A sheet bears its file's name and the sha256 of its bytes, and its rows can be gone through again."""
    sheet = read_sheet(saved(tmp_path / "Scores.CSV", "a,b\r\n1,2\r\n"))
    assert (sheet.name, sheet.header) == ("Scores.CSV", ("a", "b"))
    assert sheet.sha256 == hashlib.sha256(b"a,b\r\n1,2\r\n").hexdigest()
    assert list(sheet.rows) == list(sheet.rows) == [(2, ("1", "2"))]


def test_csv_lines_are_those_of_an_editor(tmp_path):
    """Blank lines and line ends inside quotation marks count as lines; blank rows are left out."""
    path = saved(tmp_path / "a.csv", '\n申报号,名\n\nA1,"x\ny\n"\n , \nA2,z\r\nA3\n')
    sheet = read_sheet(path)
    assert sheet.header == ("申报号", "名")
    assert list(sheet.rows) == [(4, ("A1", "x\ny\n")), (8, ("A2", "z")), (9, ("A3",))]


def test_blank_columns_at_the_end_are_left_out(tmp_path):
    """Columns that a spreadsheet adds behind the last title are no columns, as long as they are blank."""
    sheet = read_sheet(saved(tmp_path / "a.csv", "a,b,,\n1,2,,\n"))
    assert (sheet.header, list(sheet.rows)) == (("a", "b"), [(2, ("1", "2"))])


def test_rows_with_too_many_cells_keep_them(tmp_path):
    """A row with an unquoted comma keeps all its cells, so that it is rejected alone; blank ones beyond are cut off."""
    sheet = read_sheet(saved(tmp_path / "a.csv", "a,b\n1,2,3\n1,2,,\n"))
    assert list(sheet.rows) == [(2, ("1", "2", "3")), (3, ("1", "2"))]


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b" \r\n\r\n", "is empty"),
        ("a.csv", b"\xef\xbb\xbf\r\n", "is empty"),
        ("a.csv", b"a,b\n1,\x002\n", "a.csv:2: holds a NUL byte"),
        ("a.csv", b'a,b\n1,2\n3,"4\n5,6\n', "a.csv:3: is not CSV: a quotation mark is not closed"),
        ("a.csv", b'a,b\n1,"2"x\n', "a.csv:2: is not CSV"),
        (
            "a.csv",
            b"a,b\n1," + b"x" * 131_073 + b"\n",
            "a.csv:2: is not CSV: a quotation mark is not closed, or a cell",
        ),
        ("a.csv", b"a;b\n1;2\n", "divided by ;"),
        ("a.csv", b"a\tb\n1\t2\n", "divided by tabs"),
        ("a.csv", "a,b\n".encode("utf-16"), "UTF-16"),
        ("a.csv", b"PK\x03\x04....", "give it the ending .xlsx"),
        ("a.csv", b"\xd0\xcf\x11\xe0....", "old .xls"),
        ("a.csv", ",".join("abc" * 40).encode(), "has 120 columns; at most 100"),
        ("a.csv", b"\xef\xbb\xbfa,b\n1,\xd6\xd0\n", "a.csv:2: is UTF-8 text, but this line is not"),
        ("a.csv", "申报号\n一\n".encode() + "中文".encode("gb18030"), "a.csv:3: is UTF-8 text, but this line is not"),
        ("a.csv", b"a,b\n1,\xff\n", "neither UTF-8 (line 2) nor GB18030 (line 2)"),
        ("a.xlsx", b"", "is empty"),
        ("a.xlsx", b"a,b\n1,2\n", "is not an XLSX workbook"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0....", "locked by a password"),
        ("a.xlsx", b"PK\x03\x04....", "is not an XLSX workbook"),
        ("a.xlsx", b"PK\x05\x06" + bytes(18), "no XLSX workbook"),
        ("a.xlsx", b"PK\x05\x06" + b"\xff" * 18, "too many files"),
        ("a.xls", b"\xd0\xcf\x11\xe0....", "ends in .xls; a bulk file ends in .csv or .xlsx"),
        ("a.zip", b"PK", "ends in .zip"),
        ("scores", b"a,b", "ends in nothing"),
    ],
)
def test_what_is_no_sheet_is_refused_with_its_reason(name, content, text, tmp_path):
    """A file that cannot be read as a sheet is refused with what it is, and the line where there is one."""
    assert text in refusal(saved(tmp_path / name, content))


def test_missing_file_is_not_found(tmp_path):
    """A file that is not there is not found; neither is one with an impossible name."""
    saved(tmp_path / "a.csv", "a")
    for path in (tmp_path / "none.csv", tmp_path / "a.csv" / "b.csv", tmp_path / "a\0.csv"):
        with pytest.raises(NotFound, match="there is no such file"):
            read_sheet(path)


def test_folder_and_pipe_are_refused(tmp_path):
    """A folder is no sheet, and a pipe is not waited for."""
    assert "is a folder" in refusal(tmp_path)
    os.mkfifo(tmp_path / "pipe.csv")
    assert "is not a file on disk" in refusal(tmp_path / "pipe.csv")


def test_unreadable_file_is_refused(tmp_path, monkeypatch):
    """What the operating system does not let us read is refused in its words."""
    path = saved(tmp_path / "a.csv", "a")

    def forbidden(*_args: object, **_options: object) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", forbidden)
    assert "cannot be read: Permission denied" in refusal(path)


def test_large_file_is_refused_unread(tmp_path, monkeypatch):
    """A file above the limit is refused with its size and the limit, before a byte is read."""
    path = tmp_path / "a.csv"
    with path.open("wb") as file:
        file.truncate(sheets.MOST_BYTES + 1)
    assert "has 100,000,001 bytes; at most 100,000,000 are read" in refusal(path)
    monkeypatch.setattr(sheets, "MOST_ROWS", 2)
    assert "a.csv:4: has more than 2 rows" in refusal(saved(path, "a\n1\n2\n3\n"))


@given(st.binary(max_size=200))
def test_damaged_text_never_ends_in_a_traceback(tmp_path_factory, content):
    """Whatever bytes a CSV file has, it is read or refused."""
    path = saved(tmp_path_factory.mktemp("bytes") / "a.csv", content)
    try:
        list(read_sheet(path).rows)
    except Invalid as refused:
        assert refused.problems  # noqa: PT017 - it may also be read


@pytest.mark.parametrize("name", ["scores.csv", "Scores.XLSX"])
def test_sheet_is_found_in_any_spelling(name, tmp_path):
    """A bulk file is found by its stem, whatever its ending and its capitals; others are not."""
    assert find_sheet(tmp_path, "scores") is None
    saved(tmp_path / "scores.csv.bak", "")
    saved(tmp_path / f"~${name}", "")
    assert find_sheet(tmp_path, "scores") is None
    saved(tmp_path / name, "")
    assert find_sheet(tmp_path, "scores") == tmp_path / name


def test_two_sheets_of_a_kind_are_refused(tmp_path):
    """Where both a CSV file and a workbook lie, nobody guesses which one counts."""
    saved(tmp_path / "scores.csv", "")
    saved(tmp_path / "scores.xlsx", "")
    with pytest.raises(Invalid, match=r"holds scores\.csv and scores\.xlsx"):
        find_sheet(tmp_path, "scores")


def test_sheet_is_looked_for_in_a_folder(tmp_path):
    """A folder that is missing is not found, and a file is no folder."""
    with pytest.raises(NotFound, match="no such folder"):
        find_sheet(tmp_path / "none", "scores")
    with pytest.raises(Invalid, match="cannot be read as a folder"):
        find_sheet(saved(tmp_path / "a.csv", ""), "scores")


def test_reject_file_runs_no_formula(tmp_path):
    """Texts that a spreadsheet would run get an apostrophe; numbers and days are written as they are."""
    path = tmp_path / "rejects.csv"
    write_csv(path, ["申报号", "=原因"], [["=1+1", "+86"], ["-1", "@x"], ["\tx", "\rx"], [-5, date(2024, 3, 15)]])
    assert path.read_bytes().decode("utf-8-sig").split("\r\n")[:3] == ["申报号,'=原因", "'=1+1,'+86", "'-1,'@x"]
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    rows = [cells for _, cells in read_sheet(path).rows]
    assert rows[2:] == [("'\tx", "'\rx"), ("-5", "2024-03-15")]


def test_reject_file_can_be_corrected_and_read_again(tmp_path):
    """The apostrophe that writing put before a text is taken away when the cell is read."""
    header = ("申报号", "科目", "考次", "考试日期", "成绩")
    write_csv(tmp_path / "a.csv", header, [["-1", "理论知识", "+2", "2024-05-18", "60"]])
    sheet = read_sheet(tmp_path / "a.csv")
    (row,) = parse("scores", sheet.name, sheet.header, sheet.rows).rows
    assert row.application == "-1"


def test_reject_file_appears_as_a_whole_or_not_at_all(tmp_path):
    """A failure midway leaves the old file and no other; the file is its owner's alone."""
    path = saved(tmp_path / "a.csv", "old")

    def rows():
        yield ["1"]
        raise ValueError("midway")

    with pytest.raises(Unavailable, match="midway"):
        write_csv(path, ["a"], rows())
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
    write_csv(path, ["a"], [["1"], ["\ud800"]])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(Unavailable, match="cannot be written"):
        write_csv(tmp_path / "none" / "a.csv", ["a"], [])
