"""
Columns: what stands in each column of each kind of bulk file, and which column of a given file is which.

Pure. One table for each kind, in the canonical order in which rows are digested; a column knows its titles and how its
cells are read. `workflow/bulk/intake.py` puts the cells of a row together.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from workflow import cells, identity
from workflow.bulk import vocabulary
from workflow.errors import Invalid, Problem
from workflow.identity import shown

Reader = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Column:
    """
    One column.

    Attributes:
        key: Its name in the program and its English title.
        titles: Chinese titles under which it may stand; the first is the one that messages show.
        read: Gives the meaning of a cell that is not blank; raises ValueError with the reason where it has none.
        needed: Whether the file must have the column.
        blank: Why a blank cell is refused; empty where a blank cell means None.
        as_text: Whether a number cell is refused, since a spreadsheet rounds long numbers and drops leading zeros.
        repeats: Whether few different values are expected, so that what was read is worth remembering.
        show: Writes a cell into a message; personal values are hidden there.
    """

    key: str
    titles: tuple[str, ...]
    read: Reader
    needed: bool = True
    blank: str = "is blank"
    as_text: bool = False
    repeats: bool = True
    show: Callable[[str], str] = shown


def _ended(text: str) -> Any:
    return None if vocabulary.STILL_THERE.find(text) else cells.day(text)


def _part(text: str) -> str:
    name = cells.label(text)
    return vocabulary.PART.find(name) or name


def _score(text: str) -> Any:
    return None if vocabulary.ABSENT.find(text) else cells.result(text)


def _optional(column: Column) -> Column:
    return replace(column, needed=False, blank="")


_APPLICATION: Final = Column("application", ("申报号", "申报编号"), identity.application_number, repeats=False)
_SCORE: Final = Column("score", ("成绩", "分数", "得分"), _score, blank="is blank; write the marks, or 缺考 (absent)")
_ANNOUNCED: Final = _optional(Column("announced_on", ("公布日期",), cells.day))

COLUMNS: Final[Mapping[str, tuple[Column, ...]]] = {
    "applications": (
        _APPLICATION,
        Column("name", ("姓名",), identity.name, repeats=False, show=identity.shown_name),
        _optional(Column("sex", ("性别",), vocabulary.SEX.read)),
        Column("document_type", ("证件类型",), vocabulary.DOCUMENT_TYPE.read),
        Column(
            "document_number",
            ("证件号码", "证件号"),
            identity.document_number,
            as_text=True,
            repeats=False,
            show=identity.shown_number,
        ),
        _optional(
            Column(
                "phone",
                ("手机号码", "手机号", "手机", "联系电话", "电话"),
                identity.phone,
                repeats=False,
                show=identity.shown_number,
            )
        ),
        _optional(
            Column(
                "email",
                ("邮箱", "电子邮箱", "电子邮件", "邮箱地址"),
                identity.email,
                repeats=False,
                show=identity.shown_email,
            )
        ),
        Column("occupation", ("职业代码", "职业编码"), cells.code),
        Column("level", ("申报级别", "申报等级"), cells.label),
        _optional(Column("edition", ("标准版本",), cells.label)),
        Column("submitted_on", ("申报日期",), cells.day),
    ),
    "education": (
        _APPLICATION,
        Column("degree", ("学历",), vocabulary.DEGREE.read, blank=""),
        _optional(Column("school", ("学校类别", "学校类型"), vocabulary.SCHOOL.read)),
        _optional(Column("evaluated_for", ("评估等级",), vocabulary.SKILLS.read)),
        Column("field", ("专业类别",), vocabulary.FIELD.read),
        Column("status", ("状态",), vocabulary.STUDY_STATUS.read),
        Column("completed_on", ("毕业日期",), cells.day, blank=""),
    ),
    "certificates": (
        _APPLICATION,
        Column("occupation", ("职业类别",), vocabulary.OCCUPATION.read),
        Column("level", ("级别", "等级"), vocabulary.CERTIFICATE_LEVEL.read),
        Column("kind", ("证书类型", "证书类别"), vocabulary.CERTIFICATE_KIND.read),
        Column("issued_on", ("发证日期",), cells.day),
    ),
    "work": (
        _APPLICATION,
        Column("occupation", ("职业类别",), vocabulary.OCCUPATION.read),
        Column("from", ("开始日期",), cells.day),
        Column("to", ("结束日期",), _ended, blank="is blank; write 至今 (now) if the work goes on"),
    ),
    "training": (
        _APPLICATION,
        Column("level", ("培训级别", "培训等级"), vocabulary.COURSE_LEVEL.read),
        Column("hours", ("学时",), cells.marks),
        Column("completion_certificate", ("结业证书",), vocabulary.YES_NO.read),
        Column("completed_on", ("结业日期",), cells.day, blank=""),
        _optional(Column("phase", ("阶段",), vocabulary.PHASE.read)),
    ),
    "scores": (
        _APPLICATION,
        Column("part", ("科目",), _part),
        Column("session", ("考次", "考试批次"), cells.label),
        Column("sat_on", ("考试日期",), cells.day),
        _ANNOUNCED,
        _SCORE,
    ),
    "reviews": (
        _APPLICATION,
        Column("form", ("评审形式",), vocabulary.REVIEW_FORM.read),
        Column("reviewed_on", ("评审日期",), cells.day),
        _ANNOUNCED,
        _SCORE,
    ),
}


def columns_of(kind: str) -> tuple[Column, ...]:
    """
    Give the columns of a kind of file.

    Raises:
        ValueError: there is no such kind.
    """
    if kind not in COLUMNS:
        raise ValueError(f"{kind!r} is no kind of bulk file; allowed: {', '.join(COLUMNS)}")
    return COLUMNS[kind]


def _folded(title: str) -> str:
    return vocabulary.folded(title).rstrip("*")  # forms mark with a star what must be filled in


def locate(kind: str, where: str, header: Sequence[str]) -> dict[str, int]:
    """
    Find the place of every column in a file's header.

    Args:
        kind: Kind of file, a key of `COLUMNS`.
        where: The file's name, for messages.
        header: The titles as they stand in the file.

    Returns:
        Place of each column that the file has, counted from 0, by the column's key.

    Raises:
        Invalid: a column that must be there is missing, one is not known, has no title or is given twice; every such
            problem at once, each naming the allowed columns and the nearest.
    """
    columns = columns_of(kind)
    keys = {_folded(title): column.key for column in columns for title in (column.key, *column.titles)}
    allowed = ", ".join(f"{column.titles[0]} ({column.key})" for column in columns)
    places: dict[str, int] = {}
    problems = []
    for place, title in enumerate(header):
        key = keys.get(_folded(title))
        if key is None:
            text = "has no title" if not _folded(title) else "no such column" + _nearest(title, columns)
            problems.append(_problem(where, title or f"column {place + 1}", f"{text}; allowed: {allowed}"))
        elif key in places:
            first = shown(header[places[key]].strip())
            problems.append(_problem(where, title, f"the column is given twice, first as {first}"))
        else:
            places[key] = place
    problems += [
        _problem(where, column.titles[0], f"the column ({column.key}) is missing; allowed: {allowed}")
        for column in columns
        if column.needed and column.key not in places
    ]
    if problems:
        raise Invalid(problems)
    return places


def _problem(where: str, title: str, text: str) -> Problem:
    return Problem(where, 1, shown(title.strip()), text)


def _nearest(title: str, columns: Sequence[Column]) -> str:
    titles = {_folded(known): known for column in columns for known in (column.key, *column.titles)}
    near = difflib.get_close_matches(_folded(title[:100]), titles, n=1, cutoff=0.5)
    return f"; did you mean {titles[near[0]]}?" if near else ""
