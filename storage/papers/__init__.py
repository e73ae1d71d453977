"""
Papers: certificates and admission tickets as PDF, the same bytes on every run and every machine.

Owns the look of the papers (the `.typ` templates beside this module); what a paper says is handed in. A paper is the
one place outside the candidate registry where a name stands: its file is made readable for its owner alone.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from workflow.errors import Misconfigured, Unavailable

if TYPE_CHECKING:
    import typst

_TEMPLATES: Final = Path(__file__).parent
_DOCUMENTS: Final = {
    "resident_id": "居民身份证",
    "passport": "护照",
    "residence_permit": "港澳台居民居住证",
    "permanent_residence": "外国人永久居留身份证",
}


@dataclass(frozen=True, slots=True)
class CertificatePaper:
    """
    What a certificate says.

    Attributes:
        title: Title of the paper.
        number: The certificate's number.
        name: The holder's name.
        document_type: Kind of identity document.
        document_number: Its number as it is to be printed: masked, unless the board prints it in full.
        occupation: Title of the occupation.
        occupation_code: Its code.
        level: Title of the level.
        awarded_on: Day of the award.
        board: Name of the board; empty: a blank line under which it is written.
        address: What the QR code holds; it names no person.
        remarks: Remarks of replacements, oldest first.
    """

    title: str
    number: str
    name: str
    document_type: str
    document_number: str
    occupation: str
    occupation_code: str
    level: str
    awarded_on: date
    board: str
    address: str
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TicketLine:
    """One part on an admission ticket: what, when and where, under which number; what is not known is empty."""

    part: str
    day: date
    time: str = ""
    room: str = ""
    seat: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True)
class Ticket:
    """
    What an admission ticket says.

    Attributes:
        title: Title of the qualification.
        application: Number of the application.
        name: The candidate's name.
        document_type: Kind of identity document.
        document_number: Its number as it is to be printed.
        level: Title of the level.
        sitting: The sitting.
        centre: Where; empty if not given.
        lines: The parts, in their order.
        board: Name of the board; may be empty.
        notes: What the candidate must know.
    """

    title: str
    application: str
    name: str
    document_type: str
    document_number: str
    level: str
    sitting: str
    centre: str
    lines: tuple[TicketLine, ...]
    board: str = ""
    notes: tuple[str, ...] = ()


def certificate_pdf(paper: CertificatePaper, *, form: str = "pdf") -> bytes:
    """
    Make a certificate: A4, landscape.

    Args:
        paper: What it says.
        form: `pdf`, or `png` to look at it.

    Raises:
        Misconfigured: what makes papers is not installed.
    """
    data = {**_plain(paper), "document": _DOCUMENTS.get(paper.document_type, paper.document_type)}
    data["day"] = _chinese_day(paper.awarded_on)
    return _made("certificate", {"data": json.dumps(data), "qr": _qr(paper.address)}, paper.awarded_on, form)


def tickets_pdf(tickets: Sequence[Ticket], *, form: str = "pdf") -> bytes:
    """
    Make admission tickets: one document, A5, a page for each.

    Args:
        tickets: What they say; at least one.
        form: `pdf`, or `png` to look at the only page of one ticket.

    Raises:
        Misconfigured: what makes papers is not installed.
    """
    pages = []
    for ticket in tickets:
        lines = [{**_plain(line), "day": _chinese_day(line.day)} for line in ticket.lines]
        document = _DOCUMENTS.get(ticket.document_type, ticket.document_type)
        pages.append({**_plain(ticket), "lines": lines, "document": document})
    first = min(line.day for ticket in tickets for line in ticket.lines)
    return _made("ticket", {"data": json.dumps(pages)}, first, form)


def write_paper(path: Path, content: bytes) -> None:
    """
    Write a paper: as a whole or not at all, readable for its owner alone.

    Raises:
        Unavailable: it cannot be written there.
    """
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(temporary).replace(path)
        temporary = None
    except OSError as error:
        raise Unavailable(f"{path}: cannot be written: {error.strerror}") from error
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)


def _plain(paper: Any) -> dict[str, Any]:
    return {key: str(value) if isinstance(value, date) else value for key, value in asdict(paper).items()}


def _chinese_day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _made(template: str, inputs: Mapping[str, str], day: date, form: str) -> bytes:
    # The day stands for the instant of making: a paper that is made again is the same paper.
    made_at = int(datetime.combine(day, time(), UTC).timestamp())
    compiler = _compiler(template)
    if form == "png":
        made = compiler.compile(format="png", ppi=150, sys_inputs=dict(inputs))
    else:
        made = compiler.compile(format="pdf", sys_inputs=dict(inputs), timestamp=made_at, pdf_standards=["a-2b"])
    assert isinstance(made, bytes)
    return made


@cache
def _compiler(template: str) -> typst.Compiler:
    try:
        import pylopdf_fonts_zh_cn as fonts
        import typst
    except ImportError as error:
        raise _not_installed(error) from error
    file = _TEMPLATES / f"{template}.typ"
    return typst.Compiler(str(file), font_paths=[str(fonts.serif_path().parent)], ignore_system_fonts=True)


def _qr(address: str) -> str:
    try:
        import segno
    except ImportError as error:
        raise _not_installed(error) from error
    drawn = segno.make(address, error="m", micro=False).svg_inline(border=0, dark="#1b2333", omitsize=True)
    return drawn.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)


def _not_installed(error: ImportError) -> Misconfigured:
    return Misconfigured(
        f"papers need {error.name}, which is not installed; run: pip install 'examboard[certificates]'"
    )
