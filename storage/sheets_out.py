"""
Sheets written: CSV files and XLSX workbooks that a spreadsheet opens rightly, and that nothing in them can run.

Both appear as a whole or not at all, and are readable for their owner alone: they hold personal values. The same rows
give the same bytes on every day and every machine. Reading is the business of `storage/sheets.py`.
"""

from __future__ import annotations

import csv
import os
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final

import xlsxwriter
from xlsxwriter.exceptions import XlsxWriterException

from workflow.cells import cell_text
from workflow.errors import Unavailable

MOST_ROWS: Final = 1_048_575  # of a sheet, below its header
MOST_CHARACTERS: Final = 32_767  # of a cell
_EXACT_BELOW: Final = 10**15  # a spreadsheet keeps 15 digits of a number
_SHOWN_DIGITS: Final = 11  # of longer whole numbers a spreadsheet that opens a CSV file shows 1.1E+17
_FORMULA_SIGNS: Final = tuple("=+-@\t\r\n＝＋－＠")
_SAMPLE: Final = 200  # rows from which the columns' widths and kinds are taken
_WIDEST: Final = 60
_CREATED: Final = datetime(2000, 1, 1)  # noqa: DTZ001 - an XLSX file's own time has no zone
_FIRST_DAY: Final = date(1900, 3, 1)  # before it a spreadsheet's calendar is wrong by a day


def write_csv(
    path: Path, header: Sequence[str], rows: Iterable[Sequence[object]], *, keeps_digits: bool = False
) -> None:
    """
    Write a CSV file that spreadsheets open rightly: UTF-8 with byte order mark, and no text that runs as a formula.

    A text beginning with = + - @, a tab or a line end gets an apostrophe before it, which reading takes away again.

    Args:
        path: The file; the folder must be there.
        header: The titles.
        rows: The rows.
        keeps_digits: Whether a text of digits that a spreadsheet would take for a number and round, or rob of its
            leading zeros, gets a tab behind it, so that it stays a text; reading takes the tab away again.

    Raises:
        Unavailable: it cannot be written there.
    """
    with _appearing(path) as temporary, _opened(temporary) as file:
        text = os.fdopen(os.dup(file.fileno()), "w", encoding="utf-8-sig", errors="replace", newline="")
        with text:
            writer = csv.writer(text, lineterminator="\r\n")
            writer.writerow([_harmless(title, False) for title in header])
            writer.writerows([_harmless(cell, keeps_digits) for cell in row] for row in rows)


def write_xlsx(
    path: Path,
    header: Sequence[str],
    rows: Iterable[Sequence[object]],
    widths: Sequence[int] | None = None,
    *,
    notes: Sequence[str] = (),
) -> None:
    """
    Write a workbook: the rows on its first sheet below a frozen header, in flat memory however many they are.

    A text stays a text (no formula, no link, no digit lost), also where a person types into its column later; a number
    is a number and a day a date.

    Args:
        path: The file; the folder must be there.
        header: The titles.
        rows: The rows.
        widths: Width of each column in Latin letters; None: from the first rows, a Chinese character counting as two.
        notes: What a reader must know of the numbers, on a second sheet.

    Raises:
        Unavailable: it cannot be written there, or has more rows than a sheet.
    """
    with _appearing(path) as temporary, _opened(temporary) as file:
        settings = {
            "constant_memory": True,
            "tmpdir": str(temporary.parent),
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        with xlsxwriter.Workbook(file, settings) as book:
            book.set_properties({"created": _CREATED})
            _fill(book, header, rows, widths)
            if notes:
                sheet = book.add_worksheet("notes")
                sheet.set_column(0, 0, 100)
                for line, note in enumerate(notes):
                    sheet.write_string(line, 0, _fitting(note))


def _fill(book: Any, header: Sequence[str], rows: Iterable[Sequence[object]], widths: Sequence[int] | None) -> None:
    remaining = iter(rows)
    sample = list(islice(remaining, _SAMPLE))
    text, day, bold = (book.add_format(form) for form in ({"num_format": "@"}, {"num_format": "yyyy-mm-dd"}, _BOLD))
    sheet = book.add_worksheet("data")
    sheet.freeze_panes(1, 0)
    for place, title in enumerate(header):
        column = [row[place] for row in sample if place < len(row)]
        width = widths[place] if widths else _width([title, *column])
        sheet.set_column(place, place, width, text if _is_text(column) else None)
        sheet.write_string(0, place, _fitting(title), bold)
    last = 0
    for last, row in enumerate(chain(sample, remaining), 1):
        if last > MOST_ROWS:
            raise ValueError(f"it has more than {MOST_ROWS:,} rows; write a CSV file")
        for place, cell in enumerate(row):
            _put(sheet, last, place, cell, text, day)
    if header and last:
        sheet.autofilter(0, 0, last, len(header) - 1)


_BOLD: Final = {"bold": True, "bg_color": "#E8EDF5", "num_format": "@"}


def _put(sheet: Any, line: int, place: int, cell: object, text: Any, day: Any) -> None:
    """Write one cell as what it is; what a spreadsheet could not keep exactly is written as text."""
    if cell is None or cell == "":
        return
    if isinstance(cell, bool):
        sheet.write_boolean(line, place, cell)
    elif isinstance(cell, int | float | Decimal) and -_EXACT_BELOW < cell < _EXACT_BELOW:
        sheet.write_number(line, place, cell)
    elif isinstance(cell, date) and not isinstance(cell, datetime) and cell >= _FIRST_DAY:
        sheet.write_datetime(line, place, cell, day)
    else:
        whole = isinstance(cell, int | Decimal)
        sheet.write_string(line, place, _fitting(str(cell) if whole else cell_text(cell)), text)


def _is_text(column: Sequence[object]) -> bool:
    """Tell whether a column holds texts and nothing else, so that what is typed into it must stay text as well."""
    filled = [cell for cell in column if cell is not None and cell != ""]
    return bool(filled) and all(isinstance(cell, str) for cell in filled)


def _width(cells: Iterable[object]) -> int:
    return min(max(map(_cell_width, cells), default=0) + 2, _WIDEST)


def _cell_width(cell: object) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in cell_text(cell)[:_WIDEST])


def _fitting(text: str) -> str:
    """Give a text as a cell can hold it: no half characters, and at most as long as a cell."""
    text = text.encode("utf-8", "replace").decode()
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"


def _harmless(cell: object, keeps_digits: bool) -> str:
    text = cell_text(cell)
    if not isinstance(cell, str):
        return text
    if text.startswith(_FORMULA_SIGNS):
        return "'" + text
    is_number_like = text.isdigit() and (len(text) > _SHOWN_DIGITS or (text[0] == "0" and len(text) > 1))
    return f"{text}\t" if keeps_digits and is_number_like else text


@contextmanager
def _appearing(path: Path) -> Iterator[Path]:
    """Give a place to write to; what lies there moves to its name at the end, and only if nothing went wrong."""
    try:
        # Beside its goal, since a rename is atomic only within one file system; the folder is its owner's alone.
        with tempfile.TemporaryDirectory(prefix=".", suffix=".part", dir=path.parent) as folder:
            temporary = Path(folder) / "file"
            yield temporary
            temporary.replace(path)
    except (OSError, ValueError, XlsxWriterException) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise Unavailable(f"{path}: cannot be written: {reason or error}") from error


@contextmanager
def _opened(temporary: Path) -> Iterator[Any]:
    """Open a file for its owner alone; at the end its content is on the disk."""
    handle = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    with os.fdopen(handle, "w+b") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
