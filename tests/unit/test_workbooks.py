"""Workbooks: rows where the spreadsheet shows them, and no file that harms, deceives or ends in a traceback."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from xlsxwriter.worksheet import Worksheet

from storage import xlsx
from storage.sheets import read_sheet
from workflow.errors import Invalid

FIRST_SHEET = "xl/worksheets/sheet1.xml"


def book(path: Path, fill: Callable[[Worksheet], object]) -> Path:
    """Write a workbook of one sheet."""
    with xlsxwriter.Workbook(path) as workbook:
        fill(workbook.add_worksheet())
    return path


def edited(path: Path, name: str, change: Callable[[bytes], bytes]) -> Path:
    """Change one file inside a workbook."""
    with zipfile.ZipFile(path) as archive:
        files = {item.filename: archive.read(item) for item in archive.infolist()}
    files[name] = change(files[name])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for item, content in files.items():
            archive.writestr(item, content)
    return path


def small(sheet: Worksheet) -> None:
    """Fill a sheet with a header and a row."""
    sheet.write_row(0, 0, ["申报号", "成绩"])
    sheet.write_row(1, 0, ["A1", 60])


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


def test_workbook_lines_are_those_of_the_spreadsheet(tmp_path):
    """Blank rows above and between count in a row's number, and blank columns do not shift cells."""

    def fill(sheet: Worksheet) -> None:
        sheet.write_row(2, 1, ["申报号", "成绩"])
        sheet.write_row(5, 1, ["A1", 60])
        sheet.write_row(7, 1, ["A2", 61.5])

    sheet = read_sheet(book(tmp_path / "a.xlsx", fill))
    assert sheet.header == ("申报号", "成绩")
    assert list(sheet.rows) == list(sheet.rows) == [(6, ("A1", 60.0)), (8, ("A2", 61.5))]


def test_cell_at_the_far_corner_is_refused(tmp_path):
    """A workbook that spans more cells than memory holds is refused before its reader lays it out."""

    def fill(sheet: Worksheet) -> None:
        small(sheet)
        sheet.write(1_048_575, 200, "x")

    message = refusal(book(tmp_path / "a.xlsx", fill))
    assert "row 1,048,576 and column 201" in message


@pytest.mark.parametrize(("size", "text"), [(30_000_000, "times its size"), (0, "")])
def test_tightly_packed_workbook_is_refused(size, text, tmp_path):
    """A workbook that unpacks to a large multiple of its size is a bomb; a small one is not."""
    path = edited(book(tmp_path / "a.xlsx", small), "docProps/app.xml", lambda old: old + b" " * size)
    if size:
        assert text in refusal(path)
    else:
        assert read_sheet(path).header == ("申报号", "成绩")


def test_large_workbook_is_refused_unpacked(tmp_path, monkeypatch):
    """The sum of the unpacked sizes is held to its limit, whatever the ratio."""
    monkeypatch.setattr(xlsx, "MOST_UNPACKED", 1000)
    assert "at most 1,000 are read" in refusal(book(tmp_path / "a.xlsx", small))


@pytest.mark.parametrize(("checksum_of", "text"), [(70_000, "damaged or locked"), (11, "larger than its archive says")])
def test_archive_that_hides_its_size_is_refused(checksum_of, text, tmp_path):
    """A file in the archive that is larger than the directory says is refused, even with a checksum to match."""
    content = b"x" * 70_000
    raw = edited(book(tmp_path / "a.xlsx", small), "docProps/app.xml", lambda _old: content).read_bytes()
    for true, false in ((len(content), 10), (zlib.crc32(content), zlib.crc32(content[:checksum_of]))):
        raw = raw.replace(true.to_bytes(4, "little"), false.to_bytes(4, "little"))
    assert text in refusal(saved(tmp_path / "a.xlsx", raw))


def test_other_formats_in_disguise_are_refused(tmp_path):
    """An archive of another office format named .xlsx is refused, since the reader would take it unchecked."""
    path = book(tmp_path / "a.xlsx", small)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("content.xml", "<x/>")
    assert "no XLSX workbook" in refusal(path)


def test_error_of_a_formula_is_not_taken_for_blank(tmp_path):
    """A cell that shows #N/A is named, rather than read as not given."""

    def fill(sheet: Worksheet) -> None:
        small(sheet)
        sheet.write_formula(2, 1, "=NA()", None, "#N/A")
        sheet.write_formula(3, 1, "=1+1", None, 2)

    message = refusal(book(tmp_path / "a.xlsx", fill))
    assert message.endswith("a.xlsx:3: B3: holds the error of a formula, such as #N/A")


def test_formula_that_was_never_computed_is_not_taken_for_blank(tmp_path):
    """A formula that a program wrote without its value is named; a computed one is read."""

    def fill(sheet: Worksheet) -> None:
        small(sheet)
        sheet.write_formula(2, 1, "=1+1", None, 2)

    path = book(tmp_path / "a.xlsx", fill)
    assert list(read_sheet(path).rows)[-1] == (3, ("", 2.0))
    assert "a.xlsx:3: B3: holds a formula that was never computed" in refusal(
        edited(path, FIRST_SHEET, lambda old: old.replace(b"<v>2</v>", b""))
    )


@given(st.sampled_from([FIRST_SHEET, "xl/workbook.xml", "xl/_rels/workbook.xml.rels"]), st.data())
def test_damaged_workbook_never_ends_in_a_traceback(tmp_path_factory, name, data):
    """Whatever bytes of a workbook are damaged, it is read or refused."""
    path = book(tmp_path_factory.mktemp("damaged") / "a.xlsx", small)

    def damage(content: bytes) -> bytes:
        for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=8)):
            content = content[:place] + bytes([data.draw(st.integers(0, 255))]) + content[place + 1 :]
        return content

    try:
        list(read_sheet(edited(path, name, damage)).rows)
    except Invalid as refused:
        assert refused.problems  # noqa: PT017 - it may also be read
