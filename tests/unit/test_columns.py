"""Columns and cells of bulk files: titles, words, days and marks, as boards write them and as they do not."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bulk import GOOD, HEADERS, bad, good, numbered, read, reason
from workflow.bulk.columns import COLUMNS
from workflow.bulk.intake import KINDS, ScoreRow, TrainingRow, parse
from workflow.errors import Invalid


@pytest.mark.parametrize("kind", KINDS)
def test_english_titles_mean_the_same(kind):
    """A file with English titles, however they are spaced or capitalised, gives the same rows as the Chinese one."""
    titles = [f" {column.key.replace('_', ' ').title()} * " for column in COLUMNS[kind]]
    rows = numbered([GOOD[kind]])
    assert parse(kind, "f", titles, rows).rows == parse(kind, "f", HEADERS[kind], rows).rows


def test_columns_may_stand_in_any_order():
    """The order of the columns changes neither the rows nor their digests."""
    backwards = parse("scores", "f", HEADERS["scores"][::-1], [(2, GOOD["scores"][::-1])])
    assert backwards.rows == read("scores", GOOD["scores"]).rows


def test_blank_optional_column_is_the_same_as_none():
    """A file without an optional column gives the digest of one whose cell there is blank."""
    short = parse("training", "f", HEADERS["training"][:-1], [(2, GOOD["training"][:-1])])
    assert short.rows == (good("training", phase=" "),)
    assert isinstance(short.rows[0], TrainingRow)
    assert short.rows[0].phase is None


def test_header_is_cleaned():
    """Full-width forms, blanks inside and invisible characters do not hide a column."""
    header = ("\ufeff申 报 号", "　科目", "考\u200b次", "ＳＡＴ＿ＯＮ", "公布日期 ", "成绩*")
    assert len(parse("scores", "f", header, [(2, GOOD["scores"])]).rows) == 1


def test_every_problem_of_a_header_is_told_at_once():
    """Unknown, missing, untitled and repeated columns are all named, with what is allowed and the nearest."""
    with pytest.raises(Invalid) as caught:
        parse("scores", "s.csv", ("申报号", "申报编号", "", "科木", "session", "sat_on"), [])
    problems = {p.field: p.text for p in caught.value.problems}
    assert all(p.where == "s.csv" and p.line == 1 for p in caught.value.problems)
    assert problems["申报编号"] == "the column is given twice, first as 申报号"
    assert problems["column 3"].startswith("has no title")
    assert "did you mean 科目?" in problems["科木"]
    assert "allowed: 申报号 (application), 科目 (part), " in problems["科木"]
    assert "is missing" in problems["科目"]
    assert "is missing" in problems["成绩"]
    assert "公布日期" not in problems  # optional


def test_unknown_kind_is_a_mistake_of_the_caller():
    """A kind of file that does not exist is refused by name."""
    with pytest.raises(ValueError, match="'marks' is no kind of bulk file"):
        parse("marks", "f", (), [])


@pytest.mark.parametrize(
    "cell",
    [
        "2024-03-05",
        " 2024/3/5 ",
        "2024.03.5",
        "2024年3月5日",
        "2024 年 03 月 05 日",
        "20240305",
        "２０２４－０３－０５",
        "2024–03–05",
        "2024/3/5 0:00",
        "2024-03-05 00:00:00",
        "2024-\u200b03-05",
        "\u202d2024-03-05\u202c",
        20240305.0,
        date(2024, 3, 5),
        datetime(2024, 3, 5),  # noqa: DTZ001 - as the workbook reader gives it
    ],
)
def test_day_is_read_in_every_usual_form(cell):
    """However a spreadsheet writes a day, it is that day, and the row's digest is the same."""
    assert good("work", from_=cell) == good("work", from_="2024-03-05")


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("2024-02-30", "no such day in the calendar"),
        ("2024-13-01", "no such day in the calendar"),
        ("2024/3-5", "must be a day"),
        ("05/03/2024", "must be a day"),
        ("2024-3", "must be a day"),
        ("1899-12-31", "between 1900-01-01"),
        ("2024-03-05 09:30", "without a time of day"),
        (datetime(2024, 3, 5, 9, 30), "without a time of day"),  # noqa: DTZ001 - as the workbook reader gives it
        ("45356", "format the column as a date"),
        (45356.0, "format the column as a date"),
        ("至今", "must be a day"),
        ("", "is blank"),
    ],
)
def test_what_is_no_day_is_told(cell, text):
    """A day that does not exist, is ambiguous or came as a number is refused with its reason."""
    assert text in reason("work", from_=cell)


@pytest.mark.parametrize(
    ("kind", "column", "cell", "same_as"),
    [
        ("applications", "sex", "Female", "女"),
        ("education", "degree", "专科", "大专"),
        ("education", "degree", "学士", "本科"),
        ("education", "degree", "Doctor", "博士"),
        ("education", "school", "senior technical", "高级技工学校"),
        ("education", "school", "大学", "高等学校"),
        ("education", "evaluated_for", "intermediate", "中级"),
        ("education", "field", "本职业", "same"),
        ("education", "status", "应届毕业生", "应 届"),
        ("education", "status", "final_year", "应届"),
        ("certificates", "occupation", "相关专业", "related"),
        ("certificates", "level", "Ⅲ", "三级"),
        ("certificates", "level", "高级工", "３"),
        ("certificates", "level", 3.0, "三 级"),
        ("certificates", "level", "preparatory technician", "预备技师"),
        ("certificates", "kind", "vq", "职业资格证书"),
        ("work", "to", "Present", "至今"),
        ("training", "level", "II级", "二级"),
        ("training", "completion_certificate", False, "否"),
        ("training", "completion_certificate", 1.0, "yes"),
        ("training", "hours", "100.0", "100"),
        ("training", "phase", "after", "申报后"),
        ("scores", "part", "Skills", "专业技能"),
        ("scores", "score", "Absent", "缺考"),
        ("scores", "score", 60.0, "60"),
        ("scores", "score", "６０．５０", "60.5"),
        ("scores", "session", " 2024-26/1", "２０２４-26/1"),
        ("reviews", "form", "case analysis", "案例分析"),
    ],
)
def test_words_of_both_languages_mean_the_same(kind, column, cell, same_as):
    """A meaning has one digest, whichever of its words stands in the file."""
    assert good(kind, **{column: cell}) == good(kind, **{column: same_as})


def test_unknown_word_is_told_with_the_nearest():
    """A word that is not known is refused with what is allowed and what it may have been."""
    problem = bad("certificates", kind="职业资格证").problems[0]
    assert problem.text == (
        "is not a word known here; did you mean 职业资格证书?; allowed: 职业资格证书 (vq), 职业技能等级证书 (sl)"
    )
    assert (problem.field, problem.value) == ("证书类型", "职业资格证")


def test_part_that_is_not_known_here_is_left_to_the_scheme():
    """A part of another qualification keeps its cleaned name, since only its scheme knows it."""
    row = good("scores", part=" 口 语  Oral ")
    assert isinstance(row, ScoreRow)
    assert row.part == "口语Oral"


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("六十", "is not a number"),
        ("", "write the marks, or 缺考"),
        ("-5", "must lie between"),
        ("1e2", "is not a plain number"),
        ("NaN", "is not a plain number"),
        ("60.555", "more than two decimals"),
        ("1_000", "is not a number"),
        ("٦٠", "is not a number"),
        ("9" * 50, "is not a number"),
        (True, "is not a number"),
        (date(2024, 1, 1), "is not a number"),
    ],
)
def test_score_that_is_no_number_is_told(cell, text):
    """Marks are a plain decimal number or the word for absence, never a guess."""
    assert text in reason("scores", score=cell)


def test_score_above_any_maximum_is_left_to_the_scheme():
    """How many marks can be had is the scheme's matter: 101 is read."""
    row = good("scores", score="101")
    assert isinstance(row, ScoreRow)
    assert row.score == 101


@given(st.sampled_from(KINDS), st.lists(st.text(max_size=12), max_size=12))
def test_no_header_makes_reading_fail(kind, header):
    """Whatever stands in the header, it is read or refused with a line for each problem."""
    try:
        parse(kind, "f", header, [])
    except Invalid as invalid:
        assert str(invalid).count("\n") == len(invalid.problems) - 1  # noqa: PT017 - it may also be a right header
