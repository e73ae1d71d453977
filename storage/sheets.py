"""
Sheets: bulk files read from disk, CSV and XLSX, as a header and numbered rows of cells.

Tells what a file is and where its rows stand, never what they mean (`workflow/bulk/intake.py` does); writing is the
business of `storage/sheets_out.py`. Memory is bounded by the limits below: the file's bytes are held, its rows are
decoded one after the other.
"""

from __future__ import annotations

import csv
import hashlib
import io
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NoReturn

from storage.xlsx import WorkbookRows
from workflow.cells import cell_text
from workflow.errors import Invalid, NotFound, Problem

MOST_BYTES: Final = 100_000_000
MOST_ROWS: Final = 1_048_576  # as many as a spreadsheet has
MOST_COLUMNS: Final = 100
SUFFIXES: Final = (".csv", ".xlsx")

_UTF8_MARK: Final = b"\xef\xbb\xbf"
_FOREIGN: Final = {
    b"PK\x03\x04": "is a workbook or an archive by its content; give it the ending .xlsx if it is a workbook",
    b"\xd0\xcf\x11\xe0": "is an old .xls workbook by its content; save it as .xlsx or as CSV",
    b"\xff\xfe": "is UTF-16 text; save it as CSV UTF-8",
    b"\xfe\xff": "is UTF-16 text; save it as CSV UTF-8",
}

Record = tuple[int, Sequence[object]]


@dataclass(frozen=True, slots=True)
class Sheet:
    """
    A bulk file.

    Attributes:
        name: The file's name, without its folder.
        header: The titles of the columns as they stand.
        rows: Line in the file and cells of each row that is not blank, in order; can be gone through repeatedly. A
            CSV row may have fewer cells than the header, or more.
        sha256: Digest of the file's bytes, in hexadecimal.
    """

    name: str
    header: tuple[str, ...]
    rows: Iterable[tuple[int, tuple[object, ...]]] = field(repr=False)
    sha256: str


def read_sheet(path: Path) -> Sheet:
    """
    Read a bulk file: CSV as UTF-8 (with or without byte order mark) or GB18030, or the first sheet of an XLSX workbook.

    The first row that is not blank is the header; blank columns at its end are left out.

    Raises:
        NotFound: there is no such file.
        Invalid: it is not such a file, damaged, empty or too large; with line and reason.
    """
    raw = _read_bytes(path)
    where = str(path)
    if not raw.strip():
        _refuse(where, "is empty")
    records: Iterable[Record] = WorkbookRows(raw, where) if path.suffix.lower() == ".xlsx" else _CsvRecords(raw, where)
    header = _header(records, where)
    _check_rows(records, where)
    return Sheet(path.name, header, _Rows(records, len(header)), hashlib.sha256(raw).hexdigest())


def find_sheet(folder: Path, stem: str) -> Path | None:
    """
    Find a bulk file in a folder by its name without ending, in capital or small letters: `scores.csv`, `Scores.XLSX`.

    Returns:
        Its path; None where there is none.

    Raises:
        NotFound: there is no such folder.
        Invalid: there are several, and no telling which one counts; or the folder is none or cannot be read.
    """
    names = {(stem + suffix).casefold() for suffix in SUFFIXES}
    try:
        found = sorted(entry for entry in folder.iterdir() if entry.name.casefold() in names)
    except (FileNotFoundError, ValueError):
        raise NotFound(f"{folder}: there is no such folder") from None
    except OSError as error:
        _refuse(str(folder), f"cannot be read as a folder: {error.strerror or error}")
    if len(found) > 1:
        _refuse(str(folder), f"holds {' and '.join(entry.name for entry in found)}; leave only the one that counts")
    return found[0] if found else None


def _refuse(where: str, text: str, line: int = 0) -> NoReturn:
    raise Invalid([Problem(where, line, "", text)])


def _read_bytes(path: Path) -> bytes:
    where = str(path)
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            _refuse(where, "is a folder; name a file in it")
        if not stat.S_ISREG(status.st_mode):
            _refuse(where, "is not a file on disk")
        if path.suffix.lower() not in SUFFIXES:
            _refuse(where, f"ends in {path.suffix or 'nothing'}; a bulk file ends in {' or '.join(SUFFIXES)}")
        if status.st_size > MOST_BYTES:
            _refuse(where, f"has {status.st_size:,} bytes; at most {MOST_BYTES:,} are read; split it")
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise NotFound(f"{where}: there is no such file") from None
    except OSError as error:
        _refuse(where, f"cannot be read: {error.strerror or error}")
    if len(raw) > MOST_BYTES:
        _refuse(where, f"is growing beyond {MOST_BYTES:,} bytes, of which at most so many are read")
    return raw


class _CsvRecords:
    """The records of a CSV file, each with the line on which it begins; can be gone through repeatedly."""

    def __init__(self, raw: bytes, where: str) -> None:
        for mark, reason in _FOREIGN.items():
            if raw.startswith(mark):
                _refuse(where, reason)
        if (place := raw.find(b"\x00")) >= 0:
            _refuse(where, "holds a NUL byte: it is damaged or not a text", raw.count(b"\n", 0, place) + 1)
        self._raw, self._where, self._encoding = raw, where, _encoding(raw, where)

    def __iter__(self) -> Iterator[Record]:
        text = io.TextIOWrapper(io.BytesIO(self._raw), encoding=self._encoding, newline="")
        reader = csv.reader(text, strict=True)
        line = 1
        while True:
            try:
                record = next(reader, None)
            except csv.Error as error:
                _refuse(self._where, f"is not CSV: {_reason(error)} in the row that begins here", line)
            if record is None:
                return
            yield line, record
            line = reader.line_num + 1


def _reason(error: csv.Error) -> str:
    if "field limit" in str(error):
        return f"a quotation mark is not closed, or a cell is longer than {csv.field_size_limit():,} characters,"
    return "a quotation mark is not closed" if "end of data" in str(error) else str(error)


def _encoding(raw: bytes, where: str) -> str:
    """
    Find out how a text is encoded.

    GB18030 decodes nearly anything, so UTF-8 is tried first; and a text whose first line is UTF-8 beyond ASCII is
    damaged UTF-8 rather than GB18030, which would turn all of its names into other names.
    """
    bad = _first_line_not_in(raw, "utf-8")
    if bad is None:
        return "utf-8-sig"
    first = raw[: raw.find(b"\n") + 1 or len(raw)]
    if raw.startswith(_UTF8_MARK) or (bad > 1 and not first.isascii()):
        _refuse(where, "is UTF-8 text, but this line is not: it is damaged; save it again as CSV UTF-8", bad)
    bad_too = _first_line_not_in(raw, "gb18030")
    if bad_too is not None:
        _refuse(where, f"is neither UTF-8 (line {bad}) nor GB18030 (line {bad_too}); save it as CSV UTF-8", bad)
    return "gb18030"


def _first_line_not_in(raw: bytes, encoding: str) -> int | None:
    for line, text in enumerate(io.BytesIO(raw), 1):  # in both encodings no other character holds the byte of \n
        try:
            text.decode(encoding)
        except UnicodeDecodeError:
            return line
    return None


def _is_blank(cell: object) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _header(records: Iterable[Record], where: str) -> tuple[str, ...]:
    for line, cells in records:
        titles = [cell_text(cell).removeprefix("\ufeff") for cell in cells]
        while titles and _is_blank(titles[-1]):
            titles.pop()
        if len(titles) > MOST_COLUMNS:
            _refuse(where, f"has {len(titles)} columns; at most {MOST_COLUMNS} are read", line)
        if len(titles) == 1 and (sign := next((s for s in ";\t" if s in titles[0]), "")):
            _refuse(where, f"has its cells divided by {'tabs' if sign == chr(9) else sign}; save it with commas", line)
        if titles:
            return tuple(titles)
    _refuse(where, "is empty")


def _check_rows(records: Iterable[Record], where: str) -> None:
    """Go through the file once, so that all that is wrong with it as a file is told before a row is used."""
    for count, (line, _cells) in enumerate(records):
        if count > MOST_ROWS:
            _refuse(where, f"has more than {MOST_ROWS:,} rows; split it", line)


class _Rows:
    """
    The rows below the header that are not blank, cut to its width.

    A row that says something beyond the header keeps its cells, so that it is rejected alone and spares the others.
    """

    def __init__(self, records: Iterable[Record], width: int) -> None:
        self._records, self._width = records, width

    def __iter__(self) -> Iterator[tuple[int, tuple[object, ...]]]:
        filled = ((line, cells) for line, cells in self._records if not all(map(_is_blank, cells)))
        next(filled, None)  # the header
        for line, cells in filled:
            is_cut = all(map(_is_blank, cells[self._width :]))
            yield line, tuple(cells[: self._width] if is_cut else cells)
