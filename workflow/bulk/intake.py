"""
Intake: reads the rows of a bulk file, and tells of each its meaning or everything that is wrong with it.

Pure. A row is judged by itself and beside the other rows of its file; whether an application, an occupation, a level
or a maximum exists is asked later, by those who know. The columns are in `workflow/bulk/columns.py`, the row types in
`workflow/bulk/rows.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from workflow.bulk.columns import COLUMNS, Column, columns_of, locate
from workflow.bulk.rows import ApplicationRow, EvidenceRow, Parsed, ReviewRow, Row, RowProblem, ScoreRow, TrainingRow
from workflow.cells import ROUNDED, cell_text, clean
from workflow.errors import Problem
from workflow.evidence import Certificate, Course, Education, Work
from workflow.identity import application_number, document_fault, mask, shown

__all__ = [
    "KINDS",
    "ApplicationRow",
    "EvidenceRow",
    "Parsed",
    "ReviewRow",
    "Row",
    "RowProblem",
    "ScoreRow",
    "TrainingRow",
    "parse",
]

KINDS: Final = tuple(COLUMNS)
_MOST_REMEMBERED: Final = 4096
_LONGEST_REMEMBERED: Final = 100
_LONGEST_READ: Final = 2000  # far above any cell that means something; keeps hostile ones from costing time
_FAULTY: Final = "\x1e"  # stands in a digest before what could not be read; no cell that could be read holds it

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Reading:
    """What was made of a cell: its value, the text that stands for it in the digest, and why it was refused."""

    value: Any
    canonical: str
    fault: str = ""


_NOTHING: Final = _Reading(None, "")


class _Place(dict[object, _Reading]):
    """
    A column in one file: where it stands, under which title, and what was made of the cells that keep coming back.

    A dict that reads what it does not hold: most cells of a large file are repeats, and cost one look-up.
    """

    def __init__(self, column: Column, index: int | None, title: str) -> None:
        super().__init__()
        self.column, self.index, self.title = column, index, title

    def __missing__(self, cell: object) -> _Reading:
        reading = _read(self.column, cell)
        # Only texts are kept: as keys of a dict the cells 1, 1.0 and TRUE would be the same.
        short = isinstance(cell, str) and len(cell) <= _LONGEST_REMEMBERED
        if short and self.column.repeats and len(self) < _MOST_REMEMBERED:
            self[cell] = reading
        return reading


def _read(column: Column, cell: object) -> _Reading:
    text = cell_text(cell)
    if len(text) > _LONGEST_READ:
        return _Reading(None, _FAULTY + repr(text), f"is longer than {_LONGEST_READ} characters")
    cleaned = clean(text)
    if not cleaned:
        return _Reading(None, "", column.blank)
    fault = ""
    value = None
    if column.as_text and isinstance(cell, int | float) and not isinstance(cell, bool):
        fault = "came as a number: a spreadsheet rounded it or dropped its zeros; format the column as text"
    else:
        try:
            value = column.read(text)
        except ValueError as error:
            fault = str(error)
        if value == "":  # nothing but marks of a spreadsheet, such as a lone apostrophe
            return _Reading(None, "", column.blank)
    if fault:
        return _Reading(None, _FAULTY + repr(cleaned), fault)
    return _Reading(value, "" if value is None else str(value))


def _texts(cells: Sequence[object]) -> tuple[str, ...]:
    return tuple([cell if isinstance(cell, str) else cell_text(cell) for cell in cells])


def parse(kind: str, sheet_name: str, header: Sequence[str], rows: Iterable[tuple[int, Sequence[object]]]) -> Parsed:
    """
    Read the rows of a bulk file.

    Args:
        kind: Kind of file, one of `KINDS`.
        sheet_name: The file's name, for messages.
        header: The titles of the columns as they stand.
        rows: Line and cells of each row that is not blank.

    Returns:
        The good and the bad rows; what a bad row says is never used to refuse another one, but for being the same.

    Raises:
        Invalid: the columns are not those of the kind.
        ValueError: there is no such kind.
    """
    indexes = locate(kind, sheet_name, header)
    places = [
        _Place(column, index, shown(header[index].strip()) if index is not None else column.titles[0])
        for column in columns_of(kind)
        for index in (indexes.get(column.key),)
    ]
    titles = {place.column.key: place.title for place in places}
    sheet = _SheetReader(kind, sheet_name, places, titles, len(header))
    good: list[Row] = []
    bad: list[RowProblem] = []
    for line, cells in rows:
        found = sheet.read(line, cells)
        if isinstance(found, Row):
            good.append(found)
        else:
            bad.append(found)
    return _without_rounded(Parsed(kind, sheet_name, titles, tuple(good), tuple(bad)))


def _without_rounded(parsed: Parsed) -> Parsed:
    """Refuse good numbers that end in 000 beside rounded ones: of those, one in eleven is right by chance."""
    numbers = parsed.titles.get("document_number")
    if not any(p.field == numbers and ROUNDED in p.text for row in parsed.problems for p in row.problems):
        return parsed
    text = f"may be rounded as others in this file are: {ROUNDED}"
    found = [
        parsed.reject(row, "document_number", text, mask(row.document_number))
        for row in parsed.rows
        if isinstance(row, ApplicationRow) and row.document_type != "passport" and row.document_number[15:] == "000"
    ]
    lines = {row.line for row in found}
    rows = tuple(row for row in parsed.rows if row.line not in lines)
    return replace(parsed, rows=rows, problems=tuple(sorted((*parsed.problems, *found), key=lambda row: row.line)))


@dataclass(slots=True)
class _SheetReader:
    """Reads one file row by row, remembering what the rows before it said."""

    kind: str
    where: str
    places: Sequence[_Place]
    titles: Mapping[str, str]
    width: int
    lines: dict[str, int] = field(default_factory=dict)  # first line of each digest
    filed: dict[str, int] = field(default_factory=dict)  # line of each application's good row

    def read(self, line: int, cells: Sequence[object]) -> Row | RowProblem:
        """Read a row."""
        if len(cells) != self.width:
            return self._misshapen(line, cells)
        values: Values = {}
        problems: list[Problem] = []
        texts = [self.kind]
        for place in self.places:
            reading = place[cells[place.index]] if place.index is not None else _NOTHING
            texts.append(reading.canonical)
            if reading.fault:
                value = place.column.show(cell_text(cells[place.index or 0]))
                problems.append(Problem(self.where, line, place.title, reading.fault, value))
            else:
                values[place.column.key] = reading.value
        for key, text, shown_value in _CHECKS[self.kind](values):
            problems.append(Problem(self.where, line, self.titles[key], text, shown_value))
        digest = hashlib.sha256("\x1f".join(texts).encode("utf-8", "backslashreplace")).hexdigest()[:32]
        problems += self._repetition(line, digest, values.get("application", ""))
        raw = _texts(cells)
        if problems:
            return RowProblem(self.kind, line, values.get("application", ""), tuple(problems), raw)
        application = values.pop("application")
        self.filed.setdefault(application, line)
        return _BUILDERS[self.kind](values, {"line": line, "application": application, "digest": digest, "cells": raw})

    def _repetition(self, line: int, digest: str, application: str) -> list[Problem]:
        first = self.lines.setdefault(digest, line)
        if first != line:
            text = f"the same row stands in line {first}"
        elif self.kind == "applications" and application in self.filed:
            text = f"line {self.filed[application]} has another application of this number"
        else:
            return []
        return [Problem(self.where, line, self.titles["application"], text, shown(application))]

    def _misshapen(self, line: int, cells: Sequence[object]) -> RowProblem:
        text = f"has {len(cells)} cells where the header has {self.width}"
        text += "; the row is cut short" if len(cells) < self.width else "; a comma inside a cell needs quotes"
        index = next(place.index for place in self.places if place.column.key == "application")
        try:
            application = application_number(cell_text(cells[index or 0])) if (index or 0) < len(cells) else ""
        except ValueError:
            application = ""
        return RowProblem(self.kind, line, application, (Problem(self.where, line, "", text),), _texts(cells))


Faults = Iterator[tuple[str, str, str]]  # key of the column, what is wrong, the value found


def _no_faults(values: Values) -> Faults:
    yield from ()


def _application_faults(values: Values) -> Faults:
    if "document_type" in values and "document_number" in values:
        number = values["document_number"]
        if fault := document_fault(values["document_type"], number, values.get("submitted_on")):
            yield "document_number", fault, shown(mask(number))


def _education_faults(values: Values) -> Faults:
    if values.get("degree", "?") is None and values.get("school", "?") is None:
        yield "degree", "give a degree (学历), a kind of school (学校类别) or both", ""
    if values.get("status") == "graduated" and values.get("completed_on", "?") is None:
        yield "completed_on", "is blank; a graduate needs the day of the diploma", ""


def _work_faults(values: Values) -> Faults:
    start, end = values.get("from"), values.get("to")
    if start is not None and end is not None and end < start:
        yield "to", f"ends on {end}, before it begins on {start}", str(end)


def _result_faults(values: Values) -> Faults:
    held, announced = values.get("sat_on") or values.get("reviewed_on"), values.get("announced_on")
    if held is not None and announced is not None and announced < held:
        yield "announced_on", f"lies before {held}, the day on which it was held", str(announced)


_CHECKS: Final[Mapping[str, Callable[[Values], Faults]]] = {
    "applications": _application_faults,
    "education": _education_faults,
    "certificates": _no_faults,
    "work": _work_faults,
    "training": _no_faults,
    "scores": _result_faults,
    "reviews": _result_faults,
}


def _training(values: Values, common: Values) -> Row:
    phase = values.pop("phase")
    return TrainingRow(course=Course(for_level=values.pop("level"), **values), phase=phase, **common)


_BUILDERS: Final[Mapping[str, Callable[[Values, Values], Row]]] = {
    "applications": lambda values, common: ApplicationRow(**values, **common),
    "education": lambda values, common: EvidenceRow(item=Education(**values), **common),
    "certificates": lambda values, common: EvidenceRow(item=Certificate(**values), **common),
    "work": lambda values, common: EvidenceRow(item=Work(**values), **common),
    "training": _training,
    "scores": lambda values, common: ScoreRow(absent=values["score"] is None, **values, **common),
    "reviews": lambda values, common: ReviewRow(absent=values["score"] is None, **values, **common),
}
