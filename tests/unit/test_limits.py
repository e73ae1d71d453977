"""Spans: the last day of every length, by every last-day rule, on both sides of every boundary."""

from __future__ import annotations

import textwrap
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from ruamel.yaml import YAML

from tests.timeline import day
from workflow.language.annual import AnnualDay
from workflow.language.durations import Deadline, ExamYears, SetWindow, Validity, exam_year_end, exam_year_of
from workflow.language.limits import ends_of
from workflow.language.workdays import WorkingDays, is_known

BOARD = {"source": "board"}
MARCH = {"month": 3, "day": 31}
WORKING = WorkingDays("CN", {day("2026-07-01")}, {day("2026-07-04")})  # a Wednesday off, a Saturday on
AUTUMN = ExamYears.model_validate({"begins": {"month": 9, "day": 1}, "not_held": [2020], "clause": BOARD})


def last(start: str, years: ExamYears | None = None, **span: Any) -> date:
    """Give the last day of a validity."""
    return ends_of(Validity.model_validate(span), years, WORKING)(day(start))


@pytest.mark.parametrize(
    ("start", "span", "expected"),
    [
        ("2022-05-10", {"length": {"years": 2}}, "2024-05-10"),
        ("2024-02-29", {"length": {"years": 2}}, "2026-02-28"),
        ("2022-02-28", {"length": {"years": 2}}, "2024-02-28"),
        ("2022-05-10", {"length": {"days": 730}}, "2024-05-09"),
        ("2022-05-10", {"length": {"years": 2}, "last_day": "one_less"}, "2024-05-09"),
        ("2022-05-10", {"length": {"months": 24}, "last_day": "end_of_month"}, "2024-05-31"),
        ("2022-02-10", {"length": {"years": 2}, "last_day": "end_of_month"}, "2024-02-29"),
        ("2022-05-31", {"length": {"months": 1}, "last_day": "end_of_month"}, "2022-06-30"),
        ("2022-05-10", {"length": {"years": 2}, "last_day": "end_of_year"}, "2024-12-31"),
        ("2022-08-31", {"length": {"years": 2}, "last_day": "end_of_exam_year"}, "2024-08-31"),
        ("2022-09-01", {"length": {"years": 2}, "last_day": "end_of_exam_year"}, "2025-08-31"),
        ("2024-02-29", {"length": {"years": 1}, "missing_day": "next_month"}, "2025-03-01"),
        ("2024-01-31", {"length": {"months": 1}, "missing_day": "next_month"}, "2024-03-01"),
        ("2024-01-31", {"length": {"months": 2}, "missing_day": "next_month"}, "2024-03-31"),
        ("2024-02-29", {"length": {"years": 1}, "missing_day": "next_month", "last_day": "one_less"}, "2025-02-28"),
        ("2025-03-31", {"length": {"years": 1}, "ends_on": MARCH}, "2026-03-31"),
        ("2025-04-01", {"length": {"years": 1}, "ends_on": MARCH}, "2027-03-31"),
        ("2022-05-10", {"until": day("2027-12-31")}, "2027-12-31"),
        ("2026-06-26", {"length": {"working_days": 3}}, "2026-07-02"),  # Mon, Tue, then over the Wednesday off
        ("2026-06-26", {"length": {"working_days": 5}}, "2026-07-04"),  # a Saturday on which the board works
        ("2026-05-31", {"length": {"days": 31}, "rolls": True}, "2026-07-02"),  # 07-01 is a rest day of the board
        ("2025-07-04", {"length": {"years": 1}, "rolls": True}, "2026-07-04"),  # a working Saturday does not move
        ("2025-07-05", {"length": {"years": 1}, "rolls": True}, "2026-07-06"),  # a Sunday does
    ],
)
def test_the_last_day(start, span, expected):
    """Every rule, on the day itself and on the days around its turn."""
    assert last(start, AUTUMN, **span) == day(expected)


@pytest.mark.parametrize(
    ("start", "number", "expected"),
    [
        ("2018-09-01", 1, "2019-08-31"),
        ("2019-08-31", 1, "2019-08-31"),
        ("2020-05-10", 3, "2023-08-31"),  # 2019, 2021 and 2022: 2020 was not held
        ("2019-08-31", 3, "2022-08-31"),  # 2018, 2019 and 2021
        ("2020-09-01", 1, "2022-08-31"),  # a first year that was not held does not count itself
        ("2021-09-01", 5, "2026-08-31"),
    ],
)
def test_exam_years_that_were_not_held_do_not_count(start, number, expected):
    """The year of the first day is the first; the last day is the end of the last one that counts."""
    assert last(start, AUTUMN, length={"exam_years": number}) == day(expected)


def test_without_a_calendar_of_its_own_an_exam_year_is_a_calendar_year():
    """Two exam years from any day of 2026 end with 2027."""
    assert {last(d, length={"exam_years": 2}) for d in ("2026-01-01", "2026-12-31")} == {day("2027-12-31")}


SPANS = st.one_of(
    st.builds(lambda n, how, roll: {"length": {"years": n}, "last_day": how, "rolls": roll},
              st.integers(1, 6), st.sampled_from(["corresponding", "one_less", "end_of_year", "end_of_exam_year"]),
              st.booleans()),
    st.builds(lambda n, how, miss: {"length": {"months": n}, "last_day": how, "missing_day": miss},
              st.integers(1, 40), st.sampled_from(["corresponding", "one_less", "end_of_month"]),
              st.sampled_from(["month_end", "next_month"])),
    st.builds(lambda n, roll: {"length": {"days": n}, "rolls": roll}, st.integers(1, 800), st.booleans()),
    st.builds(lambda n: {"length": {"working_days": n}}, st.integers(1, 40)),
    st.builds(lambda n: {"length": {"exam_years": n}}, st.integers(1, 6)),
    st.builds(lambda n, on: {"length": {"months": n}, "ends_on": on}, st.integers(1, 30),
              st.sampled_from([MARCH, {"month": 2, "day": 29}, {"month": 12, "day": 31}])),
)  # fmt: skip


@given(SPANS, st.dates(date(2015, 1, 1), date(2027, 12, 31)), st.integers(0, 400))
def test_a_later_start_never_ends_earlier(span, start, later):
    """The last day is monotone in the day that starts it."""
    ends = ends_of(Validity.model_validate(span), AUTUMN, WORKING)
    assert ends(start) <= ends(start + timedelta(later))


@given(SPANS, st.dates(date(2015, 1, 1), date(2027, 12, 31)))
def test_nothing_ends_before_it_starts(span, start):
    """The day that starts a span lies in it; at the least it ends on the day itself, at the end of an exam year."""
    assert ends_of(Validity.model_validate(span), AUTUMN, WORKING)(start) >= start


@given(st.dates(date(2000, 1, 1), date(2040, 12, 31)), st.sampled_from([(1, 1), (2, 29), (9, 1), (12, 31)]))
def test_exam_years_follow_each_other_without_a_gap(on, begins):
    """Every day lies in one exam year, and the day after its end begins the next."""
    begins = AnnualDay(month=begins[0], day=begins[1])
    year = exam_year_of(on, begins)
    assert exam_year_end(year - 1, begins) < on <= exam_year_end(year, begins)
    assert exam_year_of(exam_year_end(year, begins) + timedelta(1), begins) == year + 1


@pytest.mark.parametrize(
    ("model", "document", "says"),
    [
        (Validity, {}, "either length or until"),
        (Validity, {"length": {"years": 2}, "until": day("2027-12-31")}, "either length or until"),
        (Validity, {"length": {"years": 2, "months": 1}}, "exactly one of years, months, days, working_days, exam_"),
        (Validity, {"length": {"years": 2}, "last_day": "one_less", "ends_on": MARCH}, "last_day or ends_on"),
        (Validity, {"length": {"years": 2}, "ends_on": {"month": 4, "day": 31}}, "write day: 30"),
        (Validity, {"until": day("2027-12-31"), "rolls": True}, "leave out rolls"),
        (Validity, {"length": {"exam_years": 2}, "last_day": "one_less"}, "exam years end with the last of them"),
        (SetWindow, {"until": day("2027-12-31"), "clause": BOARD}, "a deadline with until"),
        (
            SetWindow,
            {"length": {"years": 1}, "counted_from": "first_attempt", "on_lapse": "reopen", "clause": BOARD},
            "expire or restart",
        ),
        (Deadline, {"clause": BOARD}, "either within or until"),
        (Deadline, {"until": day("2027-12-31"), "counted_from": "approved", "clause": BOARD}, "leave counted_from"),
        (Deadline, {"within": {"days": 9}, "sittings": 1, "clause": BOARD}, "counted_from: authorized"),
        (Deadline, {"within": {"days": 9}, "effect": "close", "clause": BOARD}, "write counted_from"),
    ],
)
def test_a_span_that_means_nothing_is_told_what_to_write(model, document, says):
    """Each mistake gives a message that names the right words."""
    with pytest.raises(ValidationError, match=says):
        model.model_validate(document)


def test_the_rest_days_of_a_region_are_known_and_of_nowhere_are_not():
    """A region has its own rest days: Epiphany in Bavaria."""
    epiphany = day("2026-01-06")
    assert WorkingDays("DE").is_working(epiphany)
    assert not WorkingDays("DE-BY").is_working(epiphany)
    assert [is_known(place) for place in ("DE-BY", "US", "XX", "DE-XX")] == [True, True, False, False]


def fragments(section: str) -> list[Any]:
    """Read the examples of a section of the guide, one by one."""
    guide = (Path(__file__).parents[2] / "docs" / "scheme-language.md").read_text(encoding="utf-8")
    told = guide.split(f"### {section}", 1)[1].split("\n### ", 1)[0]
    block = textwrap.dedent(told.split("```text\n", 1)[1].split("```", 1)[0])
    whole = block.splitlines() if block.count("\n") > 1 and "deadlines:" not in block else [block]
    return [YAML(typ="safe", pure=True).load(one) for one in whole]


@pytest.mark.parametrize(
    ("section", "key", "model"),
    [
        ("`validity`: how long", "validity", Validity),
        ("`window`: the time", "window", SetWindow),
        ("`deadlines`: the other", "deadlines", Deadline),
        ("`exam_years` and rest days", "exam_years", ExamYears),
    ],
)
def test_the_examples_of_the_guide_are_read(section, key, model):
    """What the guide shows can be copied."""
    shown = [one[key] for one in fragments(section) if key in one]
    documents = list(shown[0].values()) if key == "deadlines" else shown
    assert documents
    for document in documents:
        model.model_validate(document)
