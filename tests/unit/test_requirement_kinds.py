"""Who may apply: ages, titles, credits, statements, named courses, lengths and windows of work, kinds of education."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.timeline import day
from tests.timeline import test_scheme as scheme_with
from workflow.document import read_document
from workflow.eligibility import ConditionAnswer, assess
from workflow.errors import Invalid
from workflow.evidence import Course, Evidence, Work
from workflow.language.assessed import Level
from workflow.language.conditions import Condition, Requirement
from workflow.language.editions import Edition, EducationKinds
from workflow.language.terms import BUILT_IN, Terms

CLAUSE = {"source": "board"}
ONE_DAY = timedelta(days=1)
Shown = dict[str, Any]


def level_asking(*asked: dict[str, Any], **more: Any) -> Level:
    """Build a level with one condition that asks for some things."""
    condition = {"clause": CLAUSE, "all": list(asked), **more.pop("condition", {})}
    return Level.model_validate(
        {
            "title": "Test",
            "training": {"waived": True, "clause": CLAUSE},
            "stages": {"exam": "exam"},
            "conditions": {"1": condition},
            **more,
        }
    )


def ask(on: str | date, shown: Shown, *asked: dict[str, Any], terms: Terms = BUILT_IN, **more: Any) -> ConditionAnswer:
    """Answer a condition that asks for some things, of an application filed on a day."""
    filed_on = day(on) if isinstance(on, str) else on
    evidence = Evidence.model_validate(shown)
    return assess(1, level_asking(*asked, **more), evidence, filed_on, terms).conditions[0]


def from_day(answer: ConditionAnswer) -> str:
    """Give the first day as text."""
    return str(answer.met_from)


# -- age ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("born", "on", "met", "met_from"),
    [
        ("2006-03-15", "2024-03-15", True, "2024-03-15"),
        ("2006-03-16", "2024-03-15", False, "2024-03-16"),
        ("2004-02-29", "2022-02-27", False, "2022-02-28"),
        ("2004-02-29", "2022-02-28", True, "2022-02-28"),
        ("2004-02-29", "2024-02-28", True, "2022-02-28"),
    ],
)
def test_an_age_is_reached_on_the_birthday(born, on, met, met_from):
    """The birthday itself counts, and 29 February has one in every year."""
    answer = ask(on, {"born_on": born}, {"age": {"least": 18}})
    assert (answer.met, from_day(answer)) == (met, met_from)


def test_an_age_at_most_ends_on_the_eve_of_the_next_birthday():
    """Who is 65 is so until the day before the 66th birthday; later no waiting helps."""
    asked = {"age": {"least": 18, "most": 65}}
    assert ask("2024-03-14", {"born_on": "1958-03-15"}, asked).met
    late = ask("2024-03-15", {"born_on": "1958-03-15"}, asked)
    assert (late.met, late.met_from) == (False, None)
    assert "it was passed on 2024-03-14" in late.explanation
    assert "the birthday (born_on)" in ask("2024-03-15", {}, asked).explanation


# -- titles and statements ---------------------------------------------------------------------------------------------


def title(name: str, held_from: str, until: str | None = None) -> Shown:
    """Show a title."""
    return {"titles": [{"title": name, "held_from": held_from, "until": until}]}


def test_a_title_is_held_for_its_time():
    """Four years are complete on the corresponding day; the name is compared however its letters are set."""
    asked = {"title": {"any_of": ["assistant engineer", "engineer"], "held_for": {"years": 4}}}
    early = ask("2024-05-31", title("Assistant  Engineer", "2020-06-01"), asked)
    assert (early.met, from_day(early)) == (False, "2024-06-01")
    assert "1 day short of 4 years since: Assistant  Engineer" in early.explanation
    assert ask("2024-06-01", title("ENGINEER", "2020-06-01"), asked).met
    assert (
        "technician, does not fit (asked for: title assistant"
        in ask("2024-06-01", title("technician", "2010-01-01"), asked).explanation
    )


def test_a_title_that_ends_counts_through_its_last_day():
    """After it no waiting helps; one that will have ended before its time is complete never will."""
    asked = {"title": {"any_of": ["pilot"]}}
    assert ask("2024-05-31", title("pilot", "2020-01-01", "2024-05-31"), asked).met
    late = ask("2024-06-01", title("pilot", "2020-01-01", "2024-05-31"), asked)
    assert (late.met, late.met_from) == (False, None)
    assert "counted through 2024-05-31, not on 2024-06-01" in late.explanation
    never = ask(
        "2022-01-01",
        title("pilot", "2020-01-01", "2023-12-31"),
        {"title": {"any_of": ["pilot"], "held_for": {"years": 4}}},
    )
    assert never.met_from is None


def test_a_statement_is_fresh_through_the_corresponding_day():
    """A medical of 24 months counts through the corresponding day; one without a day only where none is asked for."""
    asked = {"statement": {"any_of": ["medical"], "within": {"months": 24}}}
    shown = {"statements": [{"statement": "Medical", "made_on": "2022-03-15"}]}
    assert ask("2024-03-15", shown, asked).met
    assert not ask("2024-03-16", shown, asked).met
    assert ask("2022-03-14", shown, asked).met_from == day("2022-03-15")
    undated = {"statements": [{"statement": "medical"}]}
    assert "its day is not known" in ask("2024-03-15", undated, asked).explanation
    assert ask("2024-03-15", undated, {"statement": {"any_of": ["medical"]}}).met


def test_what_ends_before_another_thing_begins_is_never_met_together():
    """The promised day is one on which everything holds: not the day on which the last of them begins."""
    asked = ({"age": {"least": 18}}, {"statement": {"any_of": ["member"]}})
    shown: Shown = {"born_on": "2006-06-01", "statements": [{"statement": "member", "until": "2024-05-31"}]}
    assert ask("2024-03-15", shown, *asked).met_from is None
    shown["statements"] = [{"statement": "member", "until": "2024-06-01"}]
    assert ask("2024-03-15", shown, *asked).met_from == day("2024-06-01")


# -- credits and courses -----------------------------------------------------------------------------------------------


def credits_of(*earned: tuple[str, str, str]) -> Shown:
    """Show credits: number, day, field."""
    return {"credits": [{"credits": n, "earned_on": on, "field": of} for n, on, of in earned]}


def test_credits_are_added_up_by_field_and_level():
    """Only those count that fit, and the day is that on which the last one needed was earned."""
    asked = {"credits": {"least": 24, "field": ["accounting"]}}
    shown = credits_of(
        ("12", "2023-01-31", "Accounting"), ("12", "2024-03-16", "accounting"), ("9", "2020-01-01", "law")
    )
    answer = ask("2024-03-15", shown, asked)
    assert (answer.met, from_day(answer)) == (False, "2024-03-16")
    assert "12 of 24 credits in accounting are missing; enough are earned by 2024-03-16" in answer.explanation
    assert ask("2024-03-16", shown, asked).met
    assert (
        "level are missing"
        in ask(
            "2024-03-16", {"credits": [{"credits": 3, "level": "upper"}]}, {"credits": {"least": 4, "level": ["upper"]}}
        ).explanation
    )


def test_credits_within_a_time_run_out():
    """Earned within five years: the corresponding day still counts, the next one does not."""
    asked = {"credits": {"least": 10, "within": {"years": 5}}}
    shown = credits_of(("10", "2019-03-15", ""))
    assert ask("2024-03-15", shown, asked).met
    assert not ask("2024-03-16", shown, asked).met


def test_a_named_course_counts_for_any_level_and_for_its_time():
    """The name decides, not the level; hours may be left out; a course within two years counts on that day still."""
    done = {"course": "Project Management", "hours": 35, "completion_certificate": True, "completed_on": "2022-03-15"}
    shown = {"training": [done]}
    asked = {"training": {"course": "project management", "hours": 35, "within": {"years": 2}}}
    assert ask("2024-03-15", shown, asked).met
    assert not ask("2024-03-16", shown, asked).met
    assert ask("2030-01-01", shown, {"training": {"course": "project management"}}).met
    assert (
        "1 of 36 class hours are missing"
        in ask("2024-03-15", shown, {"training": {"course": "project management", "hours": 36}}).explanation
    )
    assert "not shown: course first aid" in ask("2024-03-15", shown, {"training": {"course": "first aid"}}).explanation


def test_a_course_needs_a_level_or_a_name():
    """Else nobody knows what it is for."""
    with pytest.raises(ValueError, match="for_level"):
        Course(hours=Decimal(10))


# -- work --------------------------------------------------------------------------------------------------------------


def jobs(*spans: tuple[str, str | None], **more: Any) -> Shown:
    """Show jobs in this occupation."""
    return {"work": [{"occupation": "same", "from": start, "to": end, **more} for start, end in spans]}


def test_months_of_work():
    """Thirty-six months are complete on the corresponding day."""
    asked = {"work": {"months": 36, "counted": "cumulative"}}
    assert ask("2024-03-15", jobs(("2021-03-15", None)), asked).met
    assert from_day(ask("2024-03-14", jobs(("2021-03-15", None)), asked)) == "2024-03-15"


def test_work_within_a_time():
    """Only the days of the last years before the measuring day count; older work falls out day by day."""
    asked = {"work": {"years": 3, "counted": "cumulative", "within": {"years": 8}}}
    old = jobs(("2013-03-15", "2016-03-14"), ("2018-01-01", "2019-12-31"))
    assert not ask("2024-03-15", old, asked).met
    assert ask("2021-03-15", jobs(("2013-03-15", "2016-03-14")), asked).met
    gone = ask("2021-03-16", jobs(("2013-03-15", "2016-03-14")), asked)
    assert (gone.met, gone.met_from) == (False, None)
    assert "1 day short of 3 years of cumulative work" in gone.explanation
    assert "has ended" in gone.explanation
    again = ask("2024-03-15", jobs(("2013-03-15", "2016-03-14"), ("2023-03-15", None)), asked)
    assert (again.met, from_day(again)) == (False, "2026-03-15")


def test_continuous_work_within_a_time():
    """An unbroken stretch is cut where the time begins."""
    asked = {"work": {"years": 2, "counted": "continuous", "within": {"years": 2}}}
    assert ask("2024-03-15", jobs(("2020-01-01", None)), asked).met
    assert from_day(ask("2024-03-15", jobs(("2022-06-01", None)), asked)) == "2024-06-01"


def test_hours_of_work():
    """Hours of two jobs at once add up; those in all are spread over the days; going on, the first day is computed."""
    asked = {"work": {"hours": 4000}}
    assert ask("2024-01-01", jobs(("2020-01-01", "2021-12-31"), hours=4000), asked).met
    assert not ask("2021-12-31", jobs(("2020-01-01", "2022-12-31"), hours=4000), asked).met
    weekly = jobs(("2023-01-02", None), hours_per_week=35)
    answer = ask("2024-01-01", weekly, asked)  # 52 weeks: 1820 hours, and 2180 more take 436 days
    assert (answer.met, from_day(answer)) == (False, str(day("2024-01-01") + 436 * ONE_DAY))
    assert "2180 hours short of 4000 hours of work" in answer.explanation
    twice = {"work": weekly["work"] * 2}  # ten hours a day
    assert from_day(ask("2024-01-01", twice, asked)) == str(day("2023-01-02") + 400 * ONE_DAY)
    assert "shows no hours" in ask("2024-01-01", jobs(("2020-01-01", None)), asked).explanation


def test_hours_that_will_never_be_enough():
    """At ten hours a week nobody works 4000 hours within five years."""
    answer = ask(
        "2024-01-01", jobs(("2020-01-01", None), hours_per_week=10), {"work": {"hours": 4000, "within": {"years": 5}}}
    )
    assert answer.met_from is None
    assert "it will never be enough" in answer.explanation


@pytest.mark.parametrize("counted", ["cumulative", "continuous"])
@given(
    st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 2500), st.booleans()), min_size=1, max_size=4),
    st.integers(1, 8),
    st.integers(1, 5),
    st.integers(0, 7000),
)
def test_a_promised_day_of_work_within_a_time_is_kept(counted, spans, within, years, on):
    """A promised day is the first: unmet on the eve, met on it; and met means that the day has come."""
    start = day("2005-01-01")
    today = start + on * ONE_DAY
    shown: list[Work] = []
    for first, length, goes_on in spans:
        end = start + (first + length) * ONE_DAY
        to = None if goes_on else min(end, today)
        if to is None or start + first * ONE_DAY <= to:
            shown.append(Work.model_validate({"occupation": "same", "from": start + first * ONE_DAY, "to": to}))
    evidence = Evidence(work=tuple(shown))
    level = level_asking({"work": {"years": years, "counted": counted, "within": {"years": within}}})

    def answer(filed_on: date) -> ConditionAnswer:
        return assess(1, level, evidence, filed_on).conditions[0]

    found = answer(today)
    assert found.met == (found.met_from is not None and found.met_from <= today)
    if found.met_from and found.met_from > today:
        assert not answer(found.met_from - ONE_DAY).met
        assert answer(found.met_from).met


def test_work_after_a_title_or_a_course():
    """Work may count from whatever the same condition asks for."""
    shown = jobs(("2018-01-01", None)) | title("licence", "2021-03-15")
    asked = ({"title": {"any_of": ["licence"]}}, {"work": {"years": 3, "counted": "continuous", "after": "title"}})
    assert ask("2024-03-15", shown, *asked).met
    assert from_day(ask("2024-03-14", shown, *asked)) == "2024-03-15"
    done = {"course": "basic", "hours": 8, "completion_certificate": True, "completed_on": "2021-03-15"}
    shown = jobs(("2018-01-01", None)) | {"training": [done]}
    course = {"training": {"course": "basic"}}
    work = {"work": {"years": 3, "counted": "continuous", "after": "training"}}
    assert from_day(ask("2024-03-14", shown, course, work)) == "2024-03-15"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"work": {"years": 1, "months": 2, "counted": "cumulative"}}, "exactly one of years, months, hours"),
        ({"work": {"years": 1}}, "continuous or cumulative"),
        ({"work": {"hours": 100, "counted": "cumulative"}}, "leave counted out"),
        ({"training": {"within": {"years": 1}}}, "the name of the course"),
        ({"age": {}}, "at least"),
        ({"age": {"least": 20, "most": 19}}, "nobody is"),
        ({"education": {"degree": ["bachelor"], "degree_at_least": "college"}}, "not both"),
        (
            {"age": {"least": 18}, "title": {"any_of": ["x"]}},
            "exactly one of education, certificate, work",
        ),
    ],
)
def test_a_requirement_that_makes_no_sense_is_refused(asked, said):
    """What to write instead is said."""
    with pytest.raises(ValueError, match=said):
        Requirement.model_validate(asked)


# -- education, certificates -------------------------------------------------------------------------------------------

KINDS = EducationKinds.model_validate(
    {
        "degrees": {"high_school": "high school diploma", "associate": "associate degree", "bachelor": "bachelor's"},
        "schools": {"academy": "academy"},
    }
)


@pytest.mark.parametrize(("degree", "met"), [("high_school", False), ("associate", True), ("bachelor", True)])
def test_a_degree_at_least_counts_in_the_order_of_the_document(degree, met):
    """The kinds that the document declares take the place of those built in."""
    shown = {"education": [{"degree": degree, "completed_on": "2020-01-01"}]}
    asked = {"education": {"degree_at_least": "associate"}}
    assert ask("2024-03-15", shown, asked, terms=Terms(KINDS)).met == met


def test_a_diploma_held_for_its_time():
    """One year since the diploma is complete on the corresponding day."""
    shown = {"education": [{"degree": "bachelor", "completed_on": "2023-03-16"}]}
    asked = {"education": {"degree_at_least": "college", "held_for": {"years": 1}}}
    assert from_day(ask("2024-03-15", shown, asked)) == "2024-03-16"


def test_words_that_the_scheme_does_not_know_are_named():
    """In a document with its line and the nearest word, in evidence with its place."""
    with pytest.raises(Invalid) as wrong:
        scheme_with(x="all: [{work: {years: 4, counted: continuous}}]->all: [{education: {degree: [bachelr]}}]")
    (problem,) = wrong.value.problems
    assert problem.field.endswith("all.0.education.degree.0")
    assert "did you mean 'bachelor'?" in problem.text
    evidence = read_document(Evidence, "education: [{degree: bachelr}, {school: academy}]", "x")
    assert [path for path, _ in BUILT_IN.faults(evidence)] == [("education", 0, "degree"), ("education", 1, "school")]


def test_a_level_of_another_edition_counts_as_its_map_says():
    """A mapped level counts as another, one that is not listed as none, and without an edition its own number."""
    mapped = {"edition": ["old"], "levels": {1: 2}, "clause": CLAUSE}
    edition = Edition.model_validate(
        {
            "names": ["new"],
            "in_force_from": "2020-01-01",
            "offered_from": "2020-01-01",
            "clause": CLAUSE,
            "counts_as": [mapped],
        }
    )
    terms = Terms(edition=edition)

    def held(level: int, of: str = "") -> Shown:
        paper = {"occupation": "same", "level": level, "kind": "sl", "issued_on": "2018-01-01"}
        return {"certificates": [paper | ({"edition": of} if of else {})]}

    asked = {"certificate": {"level": 2}}
    assert ask("2024-03-15", held(1, "OLD"), asked, terms=terms).met
    assert ask("2024-03-15", held(2), asked, terms=terms).met
    assert ask("2024-03-15", held(2, "unmapped"), asked, terms=terms).met
    unlisted = ask("2024-03-15", held(2, "old"), asked, terms=terms)
    assert not unlisted.met
    assert "level-2 of edition old counts as no level here" in unlisted.explanation


def test_a_certificate_shown_with_an_end_counts_through_it():
    """The day itself counts."""
    paper = {"occupation": "same", "level": 3, "kind": "sl", "issued_on": "2020-01-01", "valid_until": "2024-03-15"}
    asked = {"certificate": {"level": 3, "held_for": {"years": 2}}}
    assert ask("2024-03-15", {"certificates": [paper]}, asked).met
    assert not ask("2024-03-16", {"certificates": [paper]}, asked).met
    assert from_day(ask("2021-12-31", {"certificates": [paper]}, asked)) == "2022-01-01"


# -- for whom, and measured when ---------------------------------------------------------------------------------------


def test_a_condition_for_some_only():
    """By cohort and by the day of submission, both ends counting; the answer says why it is not for the others."""
    only = {"only_for": {"cohorts": ["C1"], "filed_from": "2024-01-01", "filed_until": "2024-12-31"}}
    level = level_asking({"age": {"least": 0}}, condition=only)
    evidence = Evidence(born_on=day("2000-01-01"))

    def answer(on: str, cohort: str) -> ConditionAnswer:
        return assess(1, level, evidence, day(on), cohort=cohort).conditions[0]

    assert [answer(on, "C1").met for on in ("2023-12-31", "2024-01-01", "2024-12-31", "2025-01-01")] == [
        False, True, True, False,
    ]  # fmt: skip
    assert "this one is filed under no programme" in answer("2024-06-01", "").explanation
    assert "filed until 2024-12-31; this one is filed on 2025-01-01" in answer("2025-01-01", "C1").explanation
    with pytest.raises(ValueError, match="leave only_for out"):
        Condition.model_validate({"clause": CLAUSE, "only_for": {}, "all": [{"age": {"least": 1}}]})


def test_eligibility_measured_on_a_day_of_the_year():
    """Whoever completes the years by 31 December may apply in March; that day itself counts."""
    asked = {"work": {"years": 4, "counted": "continuous"}}
    december = {"measured_on": {"month": 12, "day": 31}}
    assert ask("2024-03-15", jobs(("2020-12-31", None)), asked, **december).met
    assert not ask("2024-03-15", jobs(("2021-01-01", None)), asked, **december).met
    assert ask("2025-01-01", jobs(("2021-01-01", None)), asked, **december).met
