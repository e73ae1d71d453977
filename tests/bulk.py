"""Bulk files for tests: a good row of every kind, changed cell by cell, and read or refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workflow.bulk.columns import COLUMNS
from workflow.bulk.intake import Parsed, RowProblem, parse

HEADERS = {kind: tuple(column.titles[0] for column in columns) for kind, columns in COLUMNS.items()}
GOOD: dict[str, tuple[object, ...]] = {
    "applications": (
        *("A1", "陈一", "男", "居民身份证", "110101190206022318", "19900000001", "chen@example.org"),
        *("4-07-03-02", "一级", "2019年版", "2024-03-15"),
    ),
    "education": ("A1", "大专", "技工学校", "高级", "本专业", "毕业", "2018-02-03"),
    "certificates": ("A1", "相关职业", "二级", "职业技能等级证书", "2020-02-04"),
    "work": ("A1", "本职业", "2019-02-03", "至今"),
    "training": ("A1", "二级", "100", "是", "2024-02-24", "申报前"),
    "scores": ("A1", "理论知识", "2024-26/1", "2024-05-18", "2024-06-20", "88.5"),
    "reviews": ("A1", "论文答辩", "2024-09-07", "2024-09-20", "55"),
}


def numbered(rows: Sequence[Sequence[object]]) -> list[tuple[int, Sequence[object]]]:
    """Give rows their lines, from 2."""
    return list(enumerate(rows, 2))


def read(kind: str, *rows: Sequence[object]) -> Parsed:
    """Read rows under the Chinese header of a kind."""
    return parse(kind, f"{kind}.csv", HEADERS[kind], numbered(rows))


def changed(kind: str, /, **changes: object) -> tuple[object, ...]:
    """Give the kind's good row with some cells changed; `from_` stands for the column `from`."""
    row = list(GOOD[kind])
    keys = [column.key for column in COLUMNS[kind]]
    for key, value in changes.items():
        row[keys.index(key.rstrip("_"))] = value
    return tuple(row)


def good(kind: str, /, **changes: object) -> Any:
    """Read the changed row, which must be good."""
    parsed = read(kind, changed(kind, **changes))
    assert not parsed.problems
    (row,) = parsed.rows
    return row


def bad(kind: str, /, **changes: object) -> RowProblem:
    """Read the changed row, which must be refused."""
    parsed = read(kind, changed(kind, **changes))
    assert not parsed.rows
    (row,) = parsed.problems
    return row


def reason(kind: str, /, **changes: object) -> str:
    """Read the changed row, which must be refused for one reason; give it."""
    (problem,) = bad(kind, **changes).problems
    return problem.text
