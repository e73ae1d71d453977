"""Eligibility at its boundaries: lengths of work, days, occupations, and each condition whose wording is peculiar."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from workflow.checking.check import pin
from workflow.eligibility import ConditionAnswer, Eligibility, assess
from workflow.evidence import Certificate, Course, Education, Evidence, Work
from workflow.language.assessed import Level
from workflow.scheme import Pinned

OLD, NEW = "lrc-three-level", "lrc-2019"
ONE_DAY = timedelta(days=1)
FILED = date(2024, 3, 15)


@cache
def shipped(scheme: str) -> Pinned:
    """Give a scheme that ships, read once."""
    path = Path(__file__).parents[2] / "workflow" / "schemes" / f"{scheme}.yaml"
    return pin(path.read_text("utf-8"), path.name)


def judged(scheme: str, level: int, on: date = FILED, **shown: Any) -> Eligibility:
    """Measure what is shown at a level of a scheme that ships."""
    return assess(level, shipped(scheme).scheme.levels[level], Evidence.model_validate(shown), on)


def met(scheme: str, level: int, on: date = FILED, **shown: Any) -> tuple[str, ...]:
    """Name the conditions that are met by what is shown."""
    return judged(scheme, level, on, **shown).conditions_met


def condition(answer: Eligibility, key: str) -> ConditionAnswer:
    """Give the answer for one condition."""
    return next(c for c in answer.conditions if c.id == key)


def work(start: str, to: str | None = None, occupation: str = "same") -> dict[str, Any]:
    """Write a job down, as a file of evidence would."""
    return {"from": start, "to": to, "occupation": occupation}


def certificate(level: int | str, issued_on: str, occupation: str = "same", kind: str = "vq") -> dict[str, Any]:
    """Write a certificate down."""
    return {"level": level, "issued_on": issued_on, "occupation": occupation, "kind": kind}


def education(**properties: str | None) -> dict[str, Any]:
    """Write a course of study down, in this occupation's major unless said otherwise."""
    return {"field": "same", **properties}


def course(level: int, hours: object, on: str = "2024-01-31", *, completed: bool = True) -> dict[str, Any]:
    """Write a training course down."""
    return {"for_level": level, "hours": hours, "completion_certificate": completed, "completed_on": on}


def asking(**asked: object) -> Level:
    """Build a level with one condition that asks for one thing."""
    clause = {"source": "board"}
    return Level.model_validate(
        {
            "title": "Test",
            "training": {"waived": True, "clause": clause},
            "stages": {"exam": "exam"},
            "conditions": {"1": {"clause": clause, "all": [asked]}},
        }
    )


def worked(jobs: list[dict[str, Any]], on: str, **asked: object) -> ConditionAnswer:
    """Answer a condition that asks for four continuous years, or for what is said otherwise."""
    level = asking(work={"years": 4, "counted": "continuous"} | asked)
    return assess(1, level, Evidence.model_validate({"work": jobs}), date.fromisoformat(on)).conditions[0]


# -- lengths of work -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("counted", ["continuous", "cumulative"])
def test_the_anniversary_is_enough(counted: str) -> None:
    """N years are complete on the N-th anniversary of the first day, and not a day before."""
    assert worked([work("2020-03-15")], "2024-03-15", counted=counted).met
    early = worked([work("2020-03-15")], "2024-03-14", counted=counted)
    assert not early.met
    assert early.met_from == date(2024, 3, 15)
    assert early.findings[0].missing.startswith("1 day short of 4 years")


def test_work_from_29_february() -> None:
    """Work that began on 29 February completes a year on the last of February where there is no 29th."""
    job = [work("2020-02-29")]
    assert not worked(job, "2023-02-27", years=3).met
    assert worked(job, "2023-02-28", years=3).met
    assert not worked(job, "2024-02-28").met
    assert worked(job, "2024-02-29").met


def test_the_last_day_of_a_job_belongs_to_it() -> None:
    """A job that ended on the eve of the anniversary has the whole length; one that ended a day before has not."""
    assert worked([work("2019-06-01", "2023-05-31")], "2024-03-15").met
    answer = worked([work("2019-06-01", "2023-05-30")], "2024-03-15")
    assert not answer.met
    assert answer.findings[0].missing.startswith("1 day short of 4 years")


@pytest.mark.parametrize("counted", ["continuous", "cumulative"])
def test_overlapping_jobs_count_once(counted: str) -> None:
    """Days on which two jobs were held at once are counted once."""
    jobs = [work("2020-03-15", "2022-09-30"), work("2021-01-01", "2024-03-13"), work("2021-05-01", "2021-06-01")]
    assert not worked(jobs, "2024-03-15", counted=counted).met
    assert worked([*jobs, work("2023-01-01", "2024-03-14")], "2024-03-15", counted=counted).met


def test_one_day_without_work_breaks_a_continuous_run() -> None:
    """One free day between two jobs breaks the run, unless the scheme tolerates a gap of that length."""
    jobs = [work("2020-03-15", "2021-12-31"), work("2022-01-02")]
    assert not worked(jobs, "2024-03-15").met
    assert worked(jobs, "2024-03-15").met_from == date(2026, 1, 2)
    assert worked(jobs, "2024-03-15", gap_days=1).met
    assert not worked([jobs[0], work("2022-01-03")], "2024-03-15", gap_days=1).met


def test_touching_jobs_are_one_run() -> None:
    """A job that begins on the day after another ended goes on with the same run."""
    assert worked([work("2022-01-01"), work("2020-03-15", "2021-12-31")], "2024-03-15").met


def test_cumulative_work_adds_up_over_gaps() -> None:
    """Cumulative years are complete when the days worked are as many as the years from the first day have."""
    jobs = [work("2015-01-01", "2016-12-31"), work("2020-01-01", "2021-12-31")]  # 731 + 731 days; 4 years have 1461
    assert worked(jobs, "2024-03-15", counted="cumulative").met_from == date(2021, 12, 31)
    shorter = [jobs[0], work("2020-01-01", "2021-12-29")]
    assert not worked(shorter, "2024-03-15", counted="cumulative").met
    assert not worked(jobs, "2024-03-15").met


@pytest.mark.parametrize(
    ("jobs", "first"),
    [
        ([work("2017-03-01", "2019-02-28"), work("2021-03-01", "2023-02-28")], "2023-03-01"),  # 730 + 730 days
        ([work("2021-01-01", "2021-12-31"), work("2017-01-01", "2019-12-31")], "2022-01-01"),
        ([work(f"{year}-01-01", f"{year}-12-31") for year in (2017, 2019, 2021, 2023)], "2024-01-01"),
        ([work("2017-03-01", "2019-06-08"), work("2021-03-01", "2022-11-20")], "2022-11-21"),  # 2 years and 100 days
        ([work("2021-03-01"), work("2017-03-01", "2019-02-28")], "2023-03-01"),
    ],
)
def test_whole_years_add_up_wherever_leap_days_lie(jobs: list[dict[str, Any]], first: str) -> None:
    """Two years and two years are four, also where 29 February lies between them; a day less is not enough."""
    day = date.fromisoformat(first)
    assert worked(jobs, first, counted="cumulative").met_from == day
    eve = worked(jobs, str(day - ONE_DAY), counted="cumulative")
    assert not eve.met
    assert eve.findings[0].missing.startswith("1 day short of 4 years")
    if jobs[0]["to"] is not None:
        last = max(jobs, key=lambda job: job["to"])
        cut = [*(job for job in jobs if job is not last), last | {"to": str(day - 2 * ONE_DAY)}]
        assert not worked(cut, "2024-03-15", counted="cumulative").met


def test_the_days_short_are_those_up_to_the_promised_day() -> None:
    """A year that is begun over a leap day and completed in another stretch is as short as that one makes it."""
    jobs = [work("2010-04-29", "2012-04-26"), work("2016-08-28")]
    early = worked(jobs, "2016-08-28", counted="cumulative", years=2)
    assert early.met_from == date(2016, 8, 29)
    assert early.findings[0].missing.startswith("1 day short of 2 years")
    assert worked(jobs, "2016-08-29", counted="cumulative", years=2).met


def test_work_that_goes_on_has_a_first_day_of_eligibility() -> None:
    """Work that goes on is enough some day; work that has ended never is, and the answer says so."""
    going_on = worked([work("2021-03-15")], "2024-03-15")
    assert going_on.met_from == date(2025, 3, 15)
    assert going_on.findings[0].missing.startswith("365 days (about 1 year) short of 4 years")
    assert going_on.explanation.endswith("It would be met from 2025-03-15 if all goes on as shown.")
    ended = worked([work("2021-03-15", "2024-02-29")], "2024-03-15")
    assert ended.met_from is None
    assert ended.findings[0].missing.endswith("and the work shown has ended")
    assert ended.explanation.endswith("Waiting alone will not meet it.")


def test_the_shortfall_belongs_to_the_day_that_is_promised() -> None:
    """Where a longer run has ended, the days short are those of the run that can still reach the length."""
    answer = worked([work("2015-01-01", "2018-11-30"), work("2021-03-15")], "2024-03-15")
    assert answer.met_from == date(2025, 3, 15)
    assert answer.findings[0].missing.startswith("365 days")


def test_work_need_not_be_current() -> None:
    """A run that ended long ago has its length still."""
    assert met(OLD, 3, work=[work("2000-01-01", "2005-12-31")]) == ("1",)


def test_a_job_shown_with_a_later_last_day_counts_until_the_measuring_day() -> None:
    """Days of work after the measuring day do not count on it."""
    assert not worked([work("2020-03-16", "2030-12-31")], "2024-03-15").met
    assert worked([work("2020-03-15", "2030-12-31")], "2024-03-15").met


# -- work after a certificate or a diploma ---------------------------------------------------------------------------


def test_work_before_the_certificate_does_not_count() -> None:
    """Where work is asked for after the certificate, only the days from its issue on count."""
    shown: dict[str, Any] = {"certificates": [certificate(3, "2019-03-15")], "work": [work("2012-01-01")]}
    assert met(OLD, 2, **shown) == ("2",)
    assert met(OLD, 2, date(2024, 3, 14), **shown) == ()
    ended = judged(OLD, 2, certificates=[certificate(3, "2019-03-15")], work=[work("2012-01-01", "2018-12-31")])
    assert "no work in this occupation after the level-3 certificate of 2019-03-15 shown" in (
        condition(ended, "2").explanation
    )


def test_the_shortfall_is_told_in_words_for_the_candidate() -> None:
    """A candidate who applies 25 days early is told so, what the years are counted from, and the day to come back."""
    answer = judged(OLD, 2, certificates=[certificate(3, "2019-04-09")], work=[work("2015-02-03")])
    second = condition(answer, "2")
    assert second.explanation == (
        "Condition 2 is not met: 25 days short of 5 years after the level-3 certificate of 2019-04-09."
        " It would be met from 2024-04-09 if all goes on as shown."
    )
    assert answer.eligible_from == date(2024, 4, 9)
    assert not answer.is_eligible


def test_the_earliest_certificate_counts() -> None:
    """Of several fitting certificates the earliest is the one from which work counts."""
    both = [certificate(3, "2023-01-01"), certificate(3, "2019-03-15", kind="sl")]
    assert met(OLD, 2, certificates=both, work=[work("2012-01-01")]) == ("2",)


def test_a_certificate_of_the_future_does_not_count_yet() -> None:
    """A certificate issued after the measuring day meets nothing, and its day bounds the first eligible day."""
    shown: dict[str, Any] = {
        "certificates": [certificate(4, "2024-03-16")],
        "education": [education(school="senior_technical")],
    }
    answer = condition(judged(NEW, 3, **shown), "2a")
    assert not answer.met
    assert answer.met_from == date(2024, 3, 16)
    assert "1 day after 2024-03-15, the day that decides" in answer.explanation
    assert met(NEW, 3, date(2024, 3, 16), **shown) == ("2a",)


def test_a_diploma_without_a_day_does_not_hide_one_that_has_a_day() -> None:
    """Work counts from the diploma whose day is known, also when another one is shown without a day."""
    dated = education(degree="bachelor", completed_on="2018-06-30")
    undated = education(degree="bachelor")
    assert met(OLD, 2, education=[undated, dated], work=[work("2018-07-01")]) == ("4",)
    alone = condition(judged(OLD, 2, education=[undated], work=[work("2018-07-01")]), "4")
    assert "the day of the diploma is not known" in alone.explanation


def test_a_diploma_of_the_future_is_not_yet_one() -> None:
    """Who graduates after the measuring day is no graduate on it."""
    shown: dict[str, Any] = {"education": [education(degree="college", completed_on="2024-06-30")]}
    assert met(OLD, 3, **shown) == ()
    assert judged(OLD, 3, **shown).eligible_from == date(2024, 6, 30)


def test_the_major_is_told_only_where_it_is_shown_or_asked_for() -> None:
    """A school that does not fit is not told with a major of which nobody spoke."""

    def told(major: str | None, **asked: object) -> str:
        shown = {"degree": "bachelor", "completed_on": "2020-06-30"} | ({"field": major} if major else {})
        level = asking(education={"degree": ["master"], **asked})
        return assess(1, level, Evidence.model_validate({"education": [shown]}), FILED).conditions[0].explanation

    assert "major" not in told(None)
    assert told("same").count("major") == 1
    assert told(None, field=["same"]).count("major") == 2


def test_the_nearest_condition_is_the_one_met_first_and_for_this_candidate() -> None:
    """Waiting decides; where waiting helps nowhere, the first that is not kept for others."""

    def nearest(**shown: Any) -> str:
        clause = {"source": "board"}
        two = {"clause": clause, "all": [{"work": {"years": 9, "counted": "continuous"}}]}
        conditions = {
            "1": {"clause": clause, "only_for": {"cohorts": ["x"]}, "all": [{"age": {"least": 18}}]},
            "2": {"clause": clause, "all": [{"title": {"any_of": ["Fellow"]}}]},
            "3": two | {"all": [{"work": {"years": 30, "counted": "continuous"}}]},
            "4": two,
        }
        level = asking(age={"least": 18}).model_dump(exclude_unset=True) | {"conditions": conditions}
        return assess(1, Level.model_validate(level), Evidence.model_validate(shown), FILED).nearest

    assert nearest(work=[work("2020-01-01")]) == "4"
    assert nearest() == "2"


# -- the three-level edition -----------------------------------------------------------------------------------------


def test_thirteen_years_for_level_2_by_work_alone() -> None:
    """Condition 1 of level 2 asks for 13 years: the printed "3 years1" has its digits transposed."""
    assert met(OLD, 2, work=[work("2011-03-15")]) == ("1",)
    assert met(OLD, 2, work=[work("2011-03-16")]) == ()
    assert met(OLD, 2, work=[work("2015-01-01")]) == ()


def test_a_related_occupation_does_not_count_in_the_three_level_edition() -> None:
    """At levels 3 and 2 neither related work nor a related certificate counts; both do in the 2019 edition."""
    shown: dict[str, Any] = {
        "certificates": [certificate(3, "2015-01-01", "related")],
        "work": [work("2000-01-01", None, "related")],
    }
    assert met(OLD, 3, work=shown["work"]) == ()
    assert met(OLD, 2, **shown) == ()
    assert met(NEW, 2, **shown) == ("1",)
    answer = judged(OLD, 2, **shown)
    assert "none of the work shown is in this occupation" in condition(answer, "1").explanation
    assert "of a related occupation, issued 2015-01-01, does not fit" in condition(answer, "2").explanation


def test_related_work_counts_for_four_ways_to_level_1() -> None:
    """Conditions 4 to 7 of level 1, those by degree, count related work; condition 1 does not."""
    degrees = [education(degree=d, completed_on="2000-06-30") for d in ("bachelor", "master", "doctor")]
    assert met(OLD, 1, education=degrees, work=[work("2000-07-01", None, "related")]) == ("4", "5", "6", "7")
    assert met(OLD, 1, work=[work("2000-07-01")]) == ("1",)


def test_the_course_needs_its_hours_and_its_certificate() -> None:
    """A course counts with all its hours and a completion certificate, for its own level, by the measuring day."""
    diploma = [education(degree="college", field="other", completed_on="2010-06-30")]

    def third(*courses: dict[str, Any]) -> ConditionAnswer:
        return condition(judged(OLD, 3, education=diploma, training=list(courses)), "3")

    assert third(course(3, 120)).met
    assert "0.5 of 120 class hours are missing" in third(course(3, "119.5")).explanation
    assert "there is no completion certificate" in third(course(3, 200, completed=False)).explanation
    assert "not shown: level-3 course of 120 class hours" in third(course(2, 200)).explanation
    assert third(course(3, 120, "2024-03-15")).met
    assert third(course(3, 120, "2024-03-16")).met_from == date(2024, 3, 16)
    assert third(course(3, 60, "2023-05-01", completed=False), course(3, 60)).met


def test_a_higher_degree_counts_only_where_the_clause_says_so() -> None:
    """A master's degree is no bachelor's degree, but serves where a diploma or above is asked for."""
    master = [education(degree="master", completed_on="2018-06-30")]
    assert met(OLD, 3, education=master) == ("2",)
    assert met(OLD, 2, education=master, work=[work("2018-07-01")]) == ("7",)


def test_both_kinds_of_certificate_count() -> None:
    """A skill level certificate opens the next level of the older edition as a vocational qualification does."""
    for kind in ("vq", "sl"):
        assert met(OLD, 2, certificates=[certificate(3, "2019-03-15", kind=kind)], work=[work("2019-01-01")]) == ("2",)


def test_a_scheme_may_ask_for_one_kind_of_certificate() -> None:
    """Where a scheme names one kind, the other does not fit, and the answer says which one is asked for."""
    level = asking(certificate={"level": 3, "kind": ["vq"]})
    evidence = Evidence.model_validate({"certificates": [certificate(3, "2019-03-15", kind="sl")]})
    answer = assess(2, level, evidence, FILED).conditions[0]
    assert not answer.met
    assert "asked for: level-3 certificate (vocational qualification) of this occupation" in answer.explanation


# -- the 2019 edition ------------------------------------------------------------------------------------------------


def test_final_year_students_count_only_where_the_condition_says_so() -> None:
    """A final-year student stands like a graduate at level 4 and 3 (2) and at level 3 (5), not at level 2 (2)."""
    soon = {"status": "final_year"}
    paper = [certificate(4, "2022-01-01"), certificate(3, "2020-01-01")]
    assert met(NEW, 4, education=[education(school="technical", **soon)]) == ("2a",)
    assert met(NEW, 3, education=[education(degree="master", **soon)]) == ("5",)
    senior = [education(school="senior_technical", **soon)]
    assert "2a" in met(NEW, 3, certificates=paper, education=senior)
    shown: dict[str, Any] = {"certificates": paper, "work": [work("2020-06-01")]}
    assert met(NEW, 2, **shown, education=senior) == ()
    assert met(NEW, 2, **shown, education=[education(school="senior_technical")]) == ("2a",)


def test_level_4_takes_students_of_higher_institutions() -> None:
    """Condition 3 of level 4 takes students of any year, of this or a related major, and no graduates."""
    student = education(school="university", status="enrolled")
    assert met(NEW, 4, education=[student]) == ("3",)
    assert met(NEW, 4, education=[student | {"status": "final_year"}]) == ("3",)
    assert met(NEW, 4, education=[student | {"field": "other"}]) == ()
    assert met(NEW, 4, education=[student | {"status": "graduated"}]) == ()
    assert met(NEW, 4, education=[education(school="technical", status="enrolled")]) == ()
    assert met(NEW, 4, education=[education(degree="bachelor", status="enrolled")]) == ("3",)


@pytest.mark.parametrize(
    ("study", "expected"),
    [
        ({"school": "technical"}, ("2a",)),
        ({"school": "technical", "field": "other"}, ()),
        ({"school": "secondary_vocational", "evaluated_for": "intermediate"}, ("2b",)),
        ({"school": "higher_vocational", "evaluated_for": "intermediate", "field": "related"}, ("2b",)),
        ({"school": "secondary_vocational"}, ()),
        ({"school": "secondary_vocational", "evaluated_for": "intermediate", "field": "other"}, ()),
    ],
)
def test_the_two_halves_of_level_4_condition_2(study: dict[str, str], expected: tuple[str, ...]) -> None:
    """A technical school is enough; a vocational school must have been evaluated for intermediate skills."""
    assert met(NEW, 4, education=[education(**study)]) == expected


@pytest.mark.parametrize(
    ("study", "expected"),
    [
        ({"school": "senior_technical", "field": "other"}, ("2a",)),
        ({"school": "technician_college"}, ("2a",)),
        ({"school": "technical"}, ()),
        ({"school": "higher_vocational", "evaluated_for": "senior"}, ("2b",)),
        ({"school": "higher_vocational", "evaluated_for": "senior", "field": "other"}, ()),
        ({"school": "higher_vocational", "evaluated_for": "intermediate"}, ()),
    ],
)
def test_the_two_halves_of_level_3_condition_2(study: dict[str, str], expected: tuple[str, ...]) -> None:
    """The first half names no major; the second asks for an evaluated school and this or a related major."""
    assert met(NEW, 3, certificates=[certificate(4, "2023-01-01")], education=[education(**study)]) == expected
    assert met(NEW, 3, education=[education(**study)]) == ()


def test_the_two_halves_of_level_2_condition_2() -> None:
    """Graduates with a level-3 certificate need 3 years, preparatory technicians of a technician college 2 years."""
    college = [education(school="technician_college", completed_on="2018-06-30")]
    three, ready = [certificate(3, "2023-12-01")], [certificate("preparatory_technician", "2018-06-30", "related")]
    assert met(NEW, 2, education=college, certificates=three, work=[work("2021-03-15")]) == ("2a",)
    assert met(NEW, 2, education=college, certificates=three, work=[work("2021-03-16")]) == ()
    assert met(NEW, 2, education=college, certificates=ready, work=[work("2022-03-15")]) == ("2b",)
    assert met(NEW, 2, education=college, certificates=ready, work=[work("2022-03-16")]) == ()
    senior = [education(school="senior_technical")]
    assert met(NEW, 2, education=senior, certificates=ready, work=[work("2015-01-01")]) == ()


def test_a_doctor_needs_no_certificate_for_level_2() -> None:
    """A doctorate and two years of work are enough without any certificate; work before the doctorate counts."""
    doctor = [education(degree="doctor", field="related", completed_on="2024-01-15")]
    assert met(NEW, 2, education=doctor, work=[work("2022-03-15", None, "related")]) == ("5",)
    assert met(NEW, 2, education=doctor, work=[work("2022-03-16")]) == ()


def test_level_1_has_one_way() -> None:
    """Only the level-2 certificate and four years after it lead to level 1; no degree and no long work do."""
    doctor = [education(degree="doctor", completed_on="2000-06-30")]
    assert met(NEW, 1, education=doctor, work=[work("1990-01-01")]) == ()
    assert met(NEW, 1, certificates=[certificate(2, "2020-03-15")], work=[work("1990-01-01")]) == ("1",)
    assert met(NEW, 1, certificates=[certificate(2, "2020-03-16")], work=[work("1990-01-01")]) == ()


def test_nothing_shown_meets_nothing_and_promises_nothing() -> None:
    """Without evidence every condition is unmet, and says in words what was not shown."""
    for scheme in (OLD, NEW):
        for level in shipped(scheme).scheme.levels:
            answer = judged(scheme, level)
            assert answer.conditions_met == ()
            assert answer.eligible_from is None
            assert all(f.missing for c in answer.conditions for f in c.findings)


def test_the_answer_as_json() -> None:
    """The plain form has the verdict, the days as text, and each requirement with its evidence."""
    data = judged(OLD, 3, work=[work("2018-03-15")]).as_json()
    assert (data["eligible"], data["conditions_met"], data["eligible_from"]) == (True, ["1"], "2024-03-15")
    first = data["conditions"][0]
    assert first["explanation"] == "Condition 1 is met: work counted from 2018-03-15 on."
    assert first["requirements"][0]["requirement"] == "6 years of continuous work in this occupation"
    assert first["clause"] == "qingdaonews Level 3 (1)"


# -- properties ------------------------------------------------------------------------------------------------------

DAYS = st.dates(date(2004, 1, 1), date(2026, 12, 31))
RELATED = st.sampled_from(["same", "same", "related", "other"])
LEVELS = st.sampled_from([(OLD, 3), (OLD, 2), (OLD, 1), (NEW, 4), (NEW, 3), (NEW, 2), (NEW, 1)])


@st.composite
def jobs(draw: st.DrawFn) -> Work:
    """Draw a job, ended or going on."""
    start = draw(DAYS)
    length = draw(st.none() | st.sampled_from([0, 1, 364, 365, 730, 1460, 1461, 1826]) | st.integers(0, 6000))
    to = None if length is None else start + length * ONE_DAY
    return Work.model_validate({"occupation": draw(RELATED), "from": start, "to": to})


COURSES_OF_STUDY = st.builds(
    Education,
    degree=st.sampled_from(["college", "bachelor", "master", "doctor"]),
    school=st.sampled_from([None, "technical", "senior_technical", "technician_college", "higher_vocational"]),
    evaluated_for=st.sampled_from([None, "intermediate", "senior"]),
    field=RELATED,
    status=st.sampled_from(["graduated", "graduated", "final_year", "enrolled"]),
    completed_on=st.none() | DAYS,
)
CERTIFICATES = st.builds(
    Certificate,
    occupation=RELATED,
    level=st.sampled_from([2, 3, 4, "preparatory_technician"]),
    kind=st.sampled_from(["vq", "sl"]),
    issued_on=DAYS,
)
COURSES = st.builds(
    Course,
    for_level=st.integers(1, 3),
    hours=st.sampled_from(["40", "80", "100", "120"]),
    completion_certificate=st.booleans(),
    completed_on=st.none() | DAYS,
)
EVIDENCE = st.builds(
    Evidence,
    education=st.lists(COURSES_OF_STUDY, max_size=3),
    certificates=st.lists(CERTIFICATES, max_size=3),
    work=st.lists(jobs(), max_size=4),
    training=st.lists(COURSES, max_size=2),
)


def ask(level: tuple[str, int], evidence: Evidence, on: date) -> Eligibility:
    """Measure evidence at a level of a scheme that ships."""
    return assess(level[1], shipped(level[0]).scheme.levels[level[1]], evidence, on)


def together(one: Evidence, other: Evidence) -> Evidence:
    """Show both pieces of evidence at once."""
    return Evidence(
        education=(*one.education, *other.education),
        certificates=(*one.certificates, *other.certificates),
        work=(*one.work, *other.work),
        training=(*one.training, *other.training),
    )


@given(LEVELS, EVIDENCE, EVIDENCE, DAYS)
def test_more_evidence_never_removes_a_met_condition(
    level: tuple[str, int], evidence: Evidence, more: Evidence, on: date
) -> None:
    """Whatever is shown in addition, a condition that was met stays met."""
    before = set(ask(level, evidence, on).conditions_met)
    assert before <= set(ask(level, together(evidence, more), on).conditions_met)


@given(LEVELS, EVIDENCE, DAYS)
def test_met_means_that_the_day_has_come(level: tuple[str, int], evidence: Evidence, on: date) -> None:
    """A condition, and each requirement, is met exactly when its first day is not after the measuring day."""
    for c in ask(level, evidence, on).conditions:
        assert c.met == (c.met_from is not None and c.met_from <= on)
        assert all(f.met == (f.met_from is not None and f.met_from <= on) for f in c.findings)
        assert all(bool(f.missing) != f.met for f in c.findings)


@given(LEVELS, EVIDENCE, DAYS, st.integers(0, 4000))
def test_a_later_measuring_day_never_loses_a_condition(
    level: tuple[str, int], evidence: Evidence, on: date, days: int
) -> None:
    """Who is eligible is still eligible, under the same conditions, when measured later on the same evidence."""
    later = ask(level, evidence, on + days * ONE_DAY)
    assert set(ask(level, evidence, on).conditions_met) <= set(later.conditions_met)


@given(LEVELS, EVIDENCE, DAYS)
def test_a_promised_day_is_kept(level: tuple[str, int], evidence: Evidence, on: date) -> None:
    """A condition promised for a day is unmet the day before and met on it, if all goes on as shown."""
    assume(all(w.to is None or w.to <= on for w in evidence.work))
    for c in ask(level, evidence, on).conditions:
        if c.met_from and c.met_from > on:
            assert c.id not in ask(level, evidence, c.met_from - ONE_DAY).conditions_met
            assert c.id in ask(level, evidence, c.met_from).conditions_met


@given(LEVELS, EVIDENCE, jobs(), st.integers(1, 6000), DAYS)
def test_splitting_a_job_changes_nothing(
    level: tuple[str, int], evidence: Evidence, job: Work, after: int, on: date
) -> None:
    """One job and the same job written as two that touch give the same answer, word for word."""
    start, second = job.from_, job.from_ + after * ONE_DAY
    assume(job.to is None or second <= job.to)
    first_half = Work.model_validate({"occupation": job.occupation, "from": start, "to": second - ONE_DAY})
    second_half = Work.model_validate({"occupation": job.occupation, "from": second, "to": job.to})
    whole = together(evidence, Evidence(work=(job,)))
    split = together(evidence, Evidence(work=(first_half, second_half)))
    assert ask(level, whole, on) == ask(level, split, on)


@given(LEVELS, EVIDENCE, DAYS, st.randoms(use_true_random=False))
def test_the_order_of_evidence_does_not_matter(
    level: tuple[str, int], evidence: Evidence, on: date, chance: Any
) -> None:
    """The same evidence in another order gives the same answer, word for word."""

    def shuffled(items: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(chance.sample(items, len(items)))

    other = Evidence(
        education=shuffled(evidence.education),
        certificates=shuffled(evidence.certificates),
        work=shuffled(evidence.work),
        training=shuffled(evidence.training),
    )
    assert ask(level, evidence, on) == ask(level, other, on)
