"""Bulk files: each row comes out good with its meaning, or bad with all of its reasons."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.sheets import read_sheet
from tests.bulk import GOOD, HEADERS, bad, changed, good, read, reason
from workflow.bulk.columns import COLUMNS
from workflow.bulk.intake import KINDS, ApplicationRow, EvidenceRow, ReviewRow, ScoreRow, TrainingRow, parse
from workflow.evidence import Certificate, Course, Education, Work

ROUND = Path(__file__).resolve().parents[2] / "examples" / "round-2024"


@pytest.mark.parametrize(
    ("kind", "rejects"),
    [
        (
            "applications",
            [
                (28, "B00000", "证件号码", "check character"),
                (176, "B00001", "证件号码", "15 digits"),
                (322, "B00005", "姓名", "blank"),
                (532, "A00060", "申报号", "same row stands in line 62"),
                (583, "B00004", "申报日期", "no such day"),
            ],
        ),
        ("education", []),
        ("certificates", []),
        ("work", [(326, "A00001", "结束日期", "before it begins")]),
        ("training", []),
        ("scores", [(35, "A00320", "成绩", "is not a number")]),
        ("reviews", []),
    ],
)
def test_round_has_exactly_these_bad_rows(kind, rejects):
    """Of the whole round exactly the rows that are bad in themselves are refused, with line, field and reason."""
    sheet = read_sheet(ROUND / f"{kind}.csv")
    rows = list(sheet.rows)
    parsed = parse(kind, sheet.name, sheet.header, rows)
    assert len(parsed.rows) == len(rows) - len(rejects)
    assert len(parsed.problems) == len(rejects)
    for row, (line, application, column, text) in zip(parsed.problems, rejects, strict=True):
        (problem,) = row.problems
        assert (row.line, row.application, problem.field, problem.where) == (line, application, column, sheet.name)
        assert problem.line == line
        assert text in problem.text
        assert row.cells == dict(rows)[line]


def test_every_kind_is_read_with_its_meaning():
    """The good row of each kind gives exactly what it says."""
    assert good("education") == EvidenceRow(
        line=2,
        application="A1",
        digest=good("education").digest,
        item=Education(
            degree="college",
            school="technical",
            evaluated_for="senior",
            field="same",
            status="graduated",
            completed_on=date(2018, 2, 3),
        ),
    )
    application = good("applications")
    assert isinstance(application, ApplicationRow)
    assert (application.name, application.sex, application.phone) == ("陈一", "male", "19900000001")
    assert (application.document_type, application.document_number) == ("resident_id", "110101190206022318")
    assert (application.occupation, application.level, application.edition) == ("4-07-03-02", "一级", "2019年版")
    assert application.submitted_on == date(2024, 3, 15)
    certificate = good("certificates")
    assert isinstance(certificate, EvidenceRow)
    assert certificate.item == Certificate(occupation="related", level=2, kind="sl", issued_on=date(2020, 2, 4))
    work = good("work")
    assert isinstance(work, EvidenceRow)
    assert work.item == Work.model_validate({"occupation": "same", "from": date(2019, 2, 3), "to": None})
    training = good("training")
    assert isinstance(training, TrainingRow)
    assert training.phase == "before"
    assert training.course == Course(
        for_level=2, hours=Decimal(100), completion_certificate=True, completed_on=date(2024, 2, 24)
    )
    score = good("scores")
    assert isinstance(score, ScoreRow)
    assert (score.part, score.session, score.score, score.absent) == ("theory", "2024-26/1", Decimal("88.5"), False)
    assert (score.sat_on, score.announced_on) == (date(2024, 5, 18), date(2024, 6, 20))
    review = good("reviews", score="缺考")
    assert isinstance(review, ReviewRow)
    assert (review.form, review.score, review.absent) == ("thesis_defence", None, True)


def test_all_problems_of_a_row_are_told():
    """A row that is wrong in several cells and between them names each."""
    row = bad("work", occupation="那个", from_="2024-05-01", to="2020-05-01")
    assert [p.field for p in row.problems] == ["职业类别", "结束日期"]
    row = bad("applications", name="", document_number="1", level="", submitted_on="2024-02-30")
    assert [p.field for p in row.problems] == ["姓名", "申报级别", "申报日期", "证件号码"]
    assert row.cells[0] == "A1"


@pytest.mark.parametrize(
    ("kind", "changes", "text"),
    [
        ("work", {"to": ""}, "write 至今 (now) if the work goes on"),
        ("work", {"to": "2019-02-02"}, "ends on 2019-02-02, before it begins on 2019-02-03"),
        ("education", {"degree": "", "school": ""}, "give a degree"),
        ("education", {"completed_on": ""}, "a graduate needs the day of the diploma"),
        ("scores", {"announced_on": "2024-05-17"}, "lies before 2024-05-18"),
        ("reviews", {"announced_on": "2024-09-06"}, "lies before 2024-09-07"),
    ],
)
def test_cells_that_contradict_each_other_are_told(kind, changes, text):
    """What is wrong between two cells of a row is told at the one to be changed."""
    assert text in reason(kind, **changes)


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("work", {"to": "2019-02-03"}),
        ("education", {"degree": ""}),
        ("education", {"school": "", "evaluated_for": ""}),
        ("education", {"status": "应届", "completed_on": ""}),
        ("scores", {"announced_on": ""}),
        ("scores", {"announced_on": "2024-05-18"}),
        ("training", {"completed_on": ""}),
        ("applications", {"edition": "", "sex": "", "phone": ""}),
    ],
)
def test_cells_that_may_be_blank_or_equal_are_taken(kind, changes):
    """A single day of work, study without a diploma yet and a result not yet announced are good rows."""
    assert good(kind, **changes)


def test_same_row_twice_is_told():
    """A row that says the same as an earlier one is refused, however it is written."""
    parsed = read("work", GOOD["work"], changed("work", application="A2"), changed("work", from_="2019年2月3日"))
    assert [row.application for row in parsed.rows] == ["A1", "A2"]
    assert [str(p) for p in parsed.problems[0].problems] == [
        "work.csv:4: 申报号: the same row stands in line 2 (found A1)"
    ]


def test_application_number_with_other_content_is_told():
    """A second application of a number is refused, unless the first was itself refused."""
    parsed = read("applications", GOOD["applications"], changed("applications", level="二级"))
    assert [row.line for row in parsed.rows] == [2]
    assert parsed.problems[0].problems[0].text == "line 2 has another application of this number"
    parsed = read("applications", changed("applications", name=""), GOOD["applications"])
    assert [row.line for row in parsed.rows] == [3]


def test_row_can_be_refused_later():
    """A later stage refuses a good row in the file's own words."""
    parsed = parse("scores", "s.csv", [column.key for column in COLUMNS["scores"]], [(7, GOOD["scores"])])
    refused = parsed.reject(parsed.rows[0], "score", "lies above the maximum 80", "88.5")
    assert str(refused.problems[0]) == "s.csv:7: score: lies above the maximum 80 (found 88.5)"
    assert refused.cells == GOOD["scores"]


@pytest.mark.parametrize("cells", [GOOD["scores"][:-1], (*GOOD["scores"], "1"), ()])
def test_row_of_another_length_is_told(cells):
    """A row that is cut short or has a cell too many is refused as a whole."""
    parsed = read("scores", cells)
    assert parsed.problems[0].application == ("A1" if cells else "")
    assert f"has {len(cells)} cells where the header has 6" in parsed.problems[0].problems[0].text


CELLS = st.one_of(
    st.text(max_size=30),
    st.text(alphabet="0123456789.-/年月日eE+X 至今缺考是一二三级\u200b\u202e\ud800\x00'=\"", max_size=20),
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.sampled_from([cell for row in GOOD.values() for cell in row]),
)


@given(st.data())
def test_no_cell_makes_reading_fail(data):
    """Whatever stands in the cells, every row comes out as good or bad, and its messages can be printed."""
    kind = data.draw(st.sampled_from(KINDS))
    width = len(HEADERS[kind])
    rows = data.draw(st.lists(st.lists(CELLS, min_size=width, max_size=width).map(tuple), max_size=4))
    parsed = read(kind, *rows)
    lines = [row.line for row in parsed.rows] + [row.line for row in parsed.problems]
    assert sorted(lines) == list(range(2, 2 + len(rows)))
    assert all(row.problems for row in parsed.problems)
    for problem in (p for row in parsed.problems for p in row.problems):
        assert str(problem).isprintable()
