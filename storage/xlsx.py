"""
Workbooks: the rows of an XLSX file's first sheet, once the file is known to be harmless.

The reader (calamine) lays a sheet out as a full rectangle and takes a formula's error for a blank cell. So the archive
is looked through first: a few kilobytes with a cell at the far corner would otherwise end the process, and an `#N/A`
would silently become "not given".
"""

from __future__ import annotations

import copy
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Final, NoReturn
from xml.etree import ElementTree

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from workflow.errors import Invalid, Problem

MOST_UNPACKED: Final = 500_000_000
MOST_CELLS: Final = 20_000_000
MOST_RATIO: Final = 200
_RATIO_MATTERS_FROM: Final = 10_000_000  # small files of equal rows pack a thousandfold and harm nobody
_MOST_DIRECTORY: Final = 5_000_000
_CHUNK: Final = 1_000_000
_OVERLAP: Final = 4096  # longer than any tag of a cell
_MOST_NAMED: Final = 20
_PACKINGS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BOOK: Final = "xl/workbook.xml"
_OTHER_FORMATS: Final = {"mimetype", "content.xml", "xl/workbook.bin"}  # .ods and .xlsb, which the reader would take

_OLD_OFFICE: Final = b"\xd0\xcf\x11\xe0"
_REFERENCE: Final = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{0,3})([0-9]{1,7})["']""")
_ERROR_CELL: Final = re.compile(rb"""<(?:\w+:)?c(?=[^<>]*\st=["']e["'])[^<>]*\sr=["']([A-Z]{1,3}[0-9]{1,7})["']""")
_NOT_COMPUTED: Final = re.compile(
    rb"""<(?:\w+:)?c\s[^<>]*\br=["']([A-Z]{1,3}[0-9]{1,7})["'][^<>]*>"""
    rb"""<(?:\w+:)?f(?:\s[^<>]*)?(?:/>|>[^<]*</(?:\w+:)?f>)\s*</(?:\w+:)?c>"""
)


class WorkbookRows:
    """The rows of a workbook's first sheet, each with its number in the spreadsheet; can be gone through repeatedly."""

    def __init__(self, raw: bytes, where: str) -> None:
        """
        Open a workbook.

        Args:
            raw: The file.
            where: Its name in messages.

        Raises:
            Invalid: not an XLSX workbook, damaged, locked by a password, too large when unpacked, or with formulas that
                have no value.
        """
        if raw.startswith(_OLD_OFFICE):
            _refuse(where, "is an old .xls workbook or locked by a password; save it as .xlsx without a password")
        _inspect(raw, where)
        self._sheet = _first_sheet(raw, where)

    def __iter__(self) -> Iterator[tuple[int, list[object]]]:
        """Give the number, from 1, and the cells of each row, blank ones as well."""
        for line, cells in enumerate(self._sheet.iter_rows(), 1):
            yield line, list(cells)


def _refuse(where: str, text: str) -> NoReturn:
    raise Invalid([Problem(where, 0, "", text)])


def _first_sheet(raw: bytes, where: str) -> CalamineSheet:
    try:
        return CalamineWorkbook.from_filelike(io.BytesIO(raw)).get_sheet_by_index(0)
    except (CalamineError, OSError, ValueError, IndexError) as error:
        reason = (str(error).splitlines() or ["no reason given"])[0][:200]
        _refuse(where, f"is not an XLSX workbook that can be read: {reason}")
    except BaseException as error:
        # The reader is written in Rust; where it gives up in panic, it raises what is no Exception.
        if type(error).__name__ != "PanicException":
            raise
        _refuse(where, "is not an XLSX workbook that can be read: it is damaged")


def _inspect(raw: bytes, where: str) -> None:
    """Look through the archive: its size unpacked, the rectangle that the sheets span, formulas without a value."""
    end = raw.rfind(b"PK\x05\x06")
    if not raw.startswith(b"PK") or end < 0:
        _refuse(where, "is not an XLSX workbook; save it as .xlsx or as CSV")
    if int.from_bytes(raw[end + 12 : end + 16], "little") > _MOST_DIRECTORY:
        _refuse(where, "is not an XLSX workbook: its archive lists too many files")
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            _check_members(archive, where)
            first = _name_of_first_sheet(archive)
            for member in archive.infolist():
                _look_through(archive, member, member.filename == first, where)
    # What zipfile raises for a damaged, an encrypted or an unknown kind of archive.
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        RuntimeError,
        ValueError,
        OverflowError,
        KeyError,
    ) as error:
        _refuse(where, f"is not an XLSX workbook that can be read: its archive is damaged or locked ({error})")


def _check_members(archive: zipfile.ZipFile, where: str) -> None:
    names = {member.filename.lower() for member in archive.infolist()}
    if _BOOK not in names or names & _OTHER_FORMATS:
        _refuse(where, "is an archive, but no XLSX workbook; save it as .xlsx or as CSV")
    if any(member.compress_type not in _PACKINGS for member in archive.infolist()):
        _refuse(where, "is not an XLSX workbook: its archive is packed in another way")
    unpacked = sum(member.file_size for member in archive.infolist())
    packed = sum(member.compress_size for member in archive.infolist())
    if unpacked > MOST_UNPACKED:
        _refuse(where, f"has {unpacked:,} bytes when unpacked; at most {MOST_UNPACKED:,} are read")
    if unpacked > _RATIO_MATTERS_FROM and unpacked > MOST_RATIO * packed:
        _refuse(where, f"unpacks to {unpacked // max(packed, 1):,} times its size; at most {MOST_RATIO} times are read")


def _name_of_first_sheet(archive: zipfile.ZipFile) -> str:
    """Find the file in the archive that holds the first sheet; empty where the workbook does not say it plainly."""
    try:
        parts = [archive.getinfo(name) for name in (_BOOK, "xl/_rels/workbook.xml.rels")]
        if any(part.file_size > _CHUNK for part in parts):
            return ""
        book, relations = (ElementTree.fromstring(archive.read(part)) for part in parts)
    except (LookupError, ValueError, ElementTree.ParseError):  # an encoding that does not exist is a LookupError
        return ""
    sheet = next((node for node in book.iter() if node.tag.rpartition("}")[2] == "sheet"), None)
    key = next((value for name, value in sheet.items() if name.endswith("}id")), "") if sheet is not None else ""
    target = next((node.get("Target", "") for node in relations if node.get("Id") == key), "")
    return target[1:] if target.startswith("/") else f"xl/{target}"


def _look_through(archive: zipfile.ZipFile, member: zipfile.ZipInfo, is_first: bool, where: str) -> None:
    """Unpack a file of the archive piece by piece; of the first sheet, name the cells whose formula has no value."""
    open_ended = copy.copy(member)
    open_ended.file_size += 1  # zipfile stops at the size in the directory, the workbook's reader does not
    unpacked = columns = rows = 0
    before = b""
    failed: dict[str, str] = {}
    with archive.open(open_ended) as file:
        while piece := file.read(_CHUNK):
            unpacked += len(piece)
            if unpacked > member.file_size:
                _refuse(where, f"is not an XLSX workbook: {member.filename} is larger than its archive says")
            text = before + piece
            references = _REFERENCE.findall(text)
            columns = max([columns, *map(_column, {letters for letters, _ in references})])
            rows = max([rows, *map(int, {digits for _, digits in references})])
            if columns * rows > MOST_CELLS:
                _refuse(
                    where,
                    f"uses cells as far as row {rows:,} and column {columns:,} ({member.filename}): {rows * columns:,} "
                    f"cells, at most {MOST_CELLS:,} are read; delete the rows and columns beyond the data",
                )
            if is_first:
                failed |= _without_value(text)
            before = text[-_OVERLAP:]
    if failed:
        raise Invalid(
            Problem(where, int(cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")), cell, reason)
            for cell, reason in list(failed.items())[:_MOST_NAMED]
        )


def _without_value(text: bytes) -> dict[str, str]:
    """Find the cells of a piece of a sheet whose formula has no value, with the reason."""
    found: dict[bytes, str] = {}
    if b'"e"' in text or b"'e'" in text:  # spares most sheets the slower search
        found |= dict.fromkeys(_ERROR_CELL.findall(text), "holds the error of a formula, such as #N/A")
    if b"<f" in text or b":f" in text:
        reason = "holds a formula that was never computed; open the file in a spreadsheet and save it"
        found |= dict.fromkeys(_NOT_COMPUTED.findall(text), reason)
    return {cell.decode(): reason for cell, reason in found.items()}


def _column(letters: bytes) -> int:
    """Give the number, from 1, of a column named in letters; 0 for none."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
