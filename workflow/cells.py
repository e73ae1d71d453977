"""
Cells: what one cell of a bulk file says, once the traces of spreadsheets are cleaned away.

Pure. Knows texts, codes, days and marks, but no column: `workflow/bulk/columns.py` says which cell is read how. Every
reader takes the cell's text and raises `ValueError` with a reason that a clerk understands.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Final

from workflow.document import parse_day, parse_marks

ROUNDED: Final = "a spreadsheet rounded it; format the column as text and enter the number again"
_EXACT_BELOW: Final = 10**15  # a spreadsheet keeps 15 digits of a number
_MOST_LABEL: Final = 100

_INVISIBLE: Final = re.compile(r"[\u00ad\u180e\u200b-\u200f\u2060-\u2064\ufeff]")
_BIDI: Final = r"\u202a-\u202e\u2066-\u2069"
_DIRECTIONS: Final = re.compile(f"[{_BIDI}]")
_HARMFUL: Final = re.compile(rf"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff{_BIDI}]")
_BLANKS: Final = re.compile(r"\s+")
_CJK: Final = r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]"
_BLANK_IN_CHINESE: Final = re.compile(rf"(?<={_CJK}) | (?={_CJK})")
_UNQUOTED: Final = re.compile(r"'(?=[=+\-@\t\r\n])")  # what storage.sheets_out.write_csv puts before a formula
_FORCED_TEXT: Final = re.compile(r'="(.*)"', re.DOTALL)
_DASHES: Final = str.maketrans(dict.fromkeys("\u2010\u2012\u2013\u2014\u2015\u2212", "-"))
_SCIENTIFIC: Final = re.compile(r"[0-9](\.[0-9]*)?[eE]\+?[0-9]{1,3}")
_DAY: Final = re.compile(
    r"(?P<y>[0-9]{4})(?:(?P<sign>[-/.])(?P<m>[0-9]{1,2})(?P=sign)(?P<d>[0-9]{1,2})"
    r"|年(?P<m2>[0-9]{1,2})月(?P<d2>[0-9]{1,2})日|(?P<m3>[0-9]{2})(?P<d3>[0-9]{2}))"
)
_MIDNIGHT: Final = re.compile(r"[ T]0?0:00(:00(\.0+)?)?$")


def cell_text(cell: object) -> str:
    """
    Write a cell as text, the same for a CSV file and a workbook.

    Whole numbers lose their `.0`; a number beyond the 15 digits that a spreadsheet keeps is written in scientific
    notation, so that it is recognised as rounded; an instant at midnight is a day.
    """
    if isinstance(cell, str):
        return cell
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int | float):
        return _number_text(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ")
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell)


def _number_text(number: int | float) -> str:
    if isinstance(number, float) and not number.is_integer():  # nan and the infinities as well
        return repr(number)
    return str(int(number)) if abs(number) < _EXACT_BELOW else f"{Decimal(number):.14E}"


def clean(text: str) -> str:
    """Clean a text: full-width forms (NFKC), invisible characters, outer blanks, the apostrophe before a formula."""
    if not text.isascii():
        text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    text = text.strip()
    return _UNQUOTED.sub("", text, count=1).strip() if text.startswith("'") else text


def compact(text: str) -> str:
    """Clean a number, a code or a day: as `clean`, and no inner blanks, text markers or typographic dashes."""
    text = clean(text)
    if forced := _FORCED_TEXT.fullmatch(text):
        text = forced[1]
    if not text.isascii():
        text = _DIRECTIONS.sub("", text).translate(_DASHES)
    return _BLANKS.sub("", text).lstrip("'")


def spaced(text: str) -> str:
    """Clean a label: as `clean`, blanks single, and none beside a Chinese character (`三 级` is `三级`)."""
    return _BLANK_IN_CHINESE.sub("", _BLANKS.sub(" ", clean(text)))


def refuse_harmful(text: str) -> None:
    """
    Refuse a text with control characters, overrides of the writing direction or half characters.

    Raises:
        ValueError: it has one.
    """
    if found := _HARMFUL.search(text):
        raise ValueError(f"holds a character that must not stand in a text (U+{ord(found[0]):04X})")
    if "\ufffd" in text:
        raise ValueError("holds the sign � for a character that an earlier conversion lost; enter it again")


def is_scientific(text: str) -> bool:
    """Tell whether a compact text is a number in scientific notation, as a spreadsheet shows a long one."""
    return _SCIENTIFIC.fullmatch(text) is not None


def label(text: str) -> str:
    """
    Read a short text, such as a level or a session.

    Raises:
        ValueError: longer than 100 characters, or holds harmful characters.
    """
    text = spaced(text)
    if len(text) > _MOST_LABEL:
        raise ValueError(f"is longer than {_MOST_LABEL} characters")
    refuse_harmful(text)
    return text


def code(text: str) -> str:
    """
    Read a code, such as an occupation's.

    Raises:
        ValueError: longer than 100 characters, in scientific notation, or holds harmful characters.
    """
    text = compact(text)
    if is_scientific(text):
        raise ValueError(ROUNDED)
    return label(text)


@lru_cache(maxsize=4096)
def day(text: str) -> date:
    """
    Read a day: 2024-03-15, 2024/3/15, 2024.3.15, 2024年3月15日 or 20240315.

    A time of day is allowed only at midnight, as spreadsheets write it behind a day.

    Raises:
        ValueError: not a day, not in the calendar, or outside 1900-01-01 to 2999-12-31.
    """
    text = compact(_MIDNIGHT.sub("", clean(text)))
    found = _DAY.fullmatch(text)
    if found is None:
        if re.fullmatch(r"[0-9]{5}", text):
            raise ValueError("is a spreadsheet's number of a day; format the column as a date and write YYYY-MM-DD")
        raise ValueError("must be a day written YYYY-MM-DD, without a time of day")
    month, day_of_month = (found[n] or found[f"{n}2"] or found[f"{n}3"] for n in ("m", "d"))
    return parse_day(f"{found['y']}-{month:0>2}-{day_of_month:0>2}")


@lru_cache(maxsize=4096)
def marks(text: str) -> Decimal:
    """
    Read marks or class hours: a plain decimal number from 0 to 100000 with at most two decimals.

    Raises:
        ValueError: not that.
    """
    text = compact(text)
    # Decimal() also takes 1_000, other scripts' digits and texts so long that reading them takes minutes.
    if len(text) > 40 or not text.isascii() or "_" in text:
        raise ValueError("is not a number")
    return parse_marks(text)


def result(text: str) -> Decimal | tuple[tuple[str, Decimal], ...]:
    """
    Read the marks of a part, or those of its components: `60`, or `listening=30; speaking=25`.

    A component's name is followed by `=` or `:`; components are parted by semicolons, of either width.

    Raises:
        ValueError: not that.
    """
    if not re.search(r"[=:：＝]", text):
        return marks(text)
    found = []
    for piece in re.split(r"[;；]", text):
        name, sign, score = re.sub(r"[：＝=]", ":", piece).partition(":")
        if not sign or not clean(name):
            raise ValueError("write the marks, or each component with its marks: listening=30; speaking=25")
        found.append((label(name), marks(score)))
    return tuple(found)
