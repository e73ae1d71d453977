"""Validity on timelines: which day starts it, what a lapse does part by part, and the window of the whole set."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.timeline import Timeline, day
from tests.timeline import test_scheme as scheme_with
from workflow import facts as f
from workflow.draft import Draft
from workflow.errors import Objection, Refused

PLAIN = "validity: {length: {years: 2}}"


def begun(submitted: str = "2024-03-15", accepted: str = "", trained: str = "2024-04-01", **changes: str) -> Timeline:
    """Give an accepted and trained application at level 3 under a changed scheme."""
    return Timeline(3, submitted, scheme_with(**changes)).accept(accepted).train(trained)


def valid_for(**span: str) -> dict[str, str]:
    """Give both parts a validity of two years that is written otherwise."""
    return {"validity": f"{PLAIN}->validity: {{{', '.join(f'{k}: {v}' for k, v in span.items())}}}"}


def window(**span: str) -> dict[str, str]:
    """Give level 3 and 2 a window of the whole set, and the parts no validity of their own."""
    said = ", ".join(f"{k}: {v}" for k, v in span.items())
    said = (
        f"stages: {{theory_exam->window: {{{said}, clause: {{source: rules, at: window}}}}\n    stages: {{theory_exam"
    )
    return {"window": said, "validity": f", {PLAIN}->"}


def refusal(act: Callable[[], Any]) -> Objection:
    """Give the first objection to an act."""
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.objections[0]


def last_of(t: Timeline, on: str, part: str = "theory") -> Any:
    """Give the last valid day of the pass that is held on a day."""
    return t.standing(on).held[part].last_valid_on


@pytest.mark.parametrize(
    ("anchor", "expected"),
    [
        ("announced", "2026-06-20"),
        ("sat", "2026-05-18"),
        ("released", "2026-06-27"),
        ("assessed", "2026-05-25"),
        ("registration_closed", "2026-05-10"),
        ("submitted", "2026-03-15"),
        ("approved", "2026-03-20"),
        ("course_completed", "2026-04-01"),
    ],
)
def test_each_day_that_can_start_a_validity(anchor, expected):
    """The pass counts through the day two years after it, and the application has expired the day after."""
    t = begun(accepted="2024-03-20", **valid_for(length="{years: 2}", counted_from=anchor))
    sat = day("2024-05-18")
    what = {"part": "theory", "sitting": "S"}
    t.record(f.Admitted(**what, sat_on=sat, registration_closed_on=day("2024-05-10")), "2024-05-01")
    t.record(f.ScoreRecorded(**what, sat_on=sat, score="60", assessed_on=day("2024-05-25")), "2024-05-18", "2024-05-26")
    t.record(f.ScoreAnnounced(**what, released_on=day("2024-06-27")), "2024-06-20")
    last = day(expected)
    assert last_of(t, "2024-07-01") == last
    assert t.state(expected) == "skills_exam"
    assert t.state(str(last.replace(day=last.day + 1))) == "expired"


@pytest.mark.parametrize(
    ("anchor", "expected"),
    [("released", "2026-06-20"), ("assessed", "2026-05-18"), ("registration_closed", "2026-05-18")],
)
def test_a_day_that_was_not_given_is_that_of_the_announcement_or_of_the_sitting(anchor, expected):
    """Who gives no day of its own has said that there is none."""
    t = begun(**valid_for(length="{years: 2}", counted_from=anchor)).score("theory", "2024-05-18", "60", "2024-06-20")
    assert last_of(t, "2024-07-01") == day(expected)


def test_a_waived_course_counts_from_the_acceptance():
    """Level 2 asks for no course: what is counted from its completion is counted from the decision."""
    changes = valid_for(length="{years: 2}", counted_from="course_completed")
    t = Timeline(2, "2024-03-15", scheme_with(**changes)).accept("2024-03-20")
    t.score("theory", "2024-05-18", "60", "2024-06-20")
    assert last_of(t, "2024-07-01") == day("2026-03-20")


def test_a_fixed_last_day_is_the_same_for_all():
    """A pass of the first day and one of the last run out together."""
    for sat in ("2024-05-18", "2027-12-31"):
        t = begun(**valid_for(until="2027-12-31")).score("theory", sat, "60", sat)
        assert t.state("2027-12-31") == "skills_exam"
        assert t.state("2028-01-01") == "expired"


def test_exam_years_not_held_keep_a_pass_longer():
    """A pass of 2024 is kept for three exam years: 2024, 2026 and 2027, since 2025 was not held."""
    years = {"years": "parts:\n->exam_years: {not_held: [2025], clause: {source: rules}}\nparts:\n"}
    t = begun(**valid_for(length="{exam_years: 3}", counted_from="sat") | years)
    t.score("theory", "2024-05-18", "60", "2024-06-20")
    assert t.state("2027-12-31") == "skills_exam"
    assert t.state("2028-01-01") == "expired"


def test_each_part_may_say_what_its_lapse_does():
    """Theory is taken again where it runs out; skills end the application, and no seat is given beyond them."""
    each = {"each": f"title: Theory, maximum: 100, pass_mark: 60, {PLAIN}->title: Theory, maximum: 100, "}
    each["each"] += "pass_mark: 60, validity: {length: {years: 2}, on_lapse: reopen}"
    t = begun(**each).score("theory", "2024-05-18", "60", "2024-06-20")
    assert t.state("2026-06-21") == "theory_exam"
    assert not t.as_of("2026-06-21").expiry
    lapse = t.as_of("2026-06-21").lapsed
    assert lapse == {("theory", "2024-05-18"): day("2026-06-21")}
    t = begun(**each).score("skills", "2024-05-18", "60", "2024-06-20")
    assert t.state("2026-06-20") == "theory_exam"
    assert t.state("2026-06-21") == "expired"
    no = refusal(lambda: t.admit("theory", "2026-06-21", known="2026-05-01"))
    assert (no.rule, no.clause) == ("is_within_validity", "rules lapse")


def test_a_lapse_bears_the_clause_of_the_part_that_says_so():
    """What is said for one part alone rests on its clause; what the scheme says for all on that of the scheme."""
    t = begun(**valid_for(length="{years: 2}", on_lapse="expire")).score("theory", "2024-05-18", "60", "2024-06-20")
    assert t.as_of("2026-06-21").expiry.clause == "rules theory"
    t = begun().score("theory", "2024-05-18", "60", "2024-06-20")
    assert t.as_of("2026-06-21").expiry.clause == "rules lapse"


SPELLED = [
    {"length": "{years: 2}", "missing_day": "next_month"},
    {"length": "{months: 24}", "last_day": "end_of_month", "counted_from": "sat"},
    {"length": "{days: 300}", "rolls": "true"},
    {"length": "{months: 7}", "ends_on": "{month: 3, day: 31}"},
    {"length": "{exam_years: 2}", "counted_from": "assessed"},
]


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(SPELLED), st.dates(date(2024, 4, 1), date(2026, 12, 31)), st.integers(0, 60))
def test_the_last_valid_day_counts_and_the_day_after_does_not(span, sat, told_after):
    """However the span is written: held and going on through its last day, expired with the next."""
    told = sat + timedelta(told_after)
    t = begun(**valid_for(**span)).score("theory", str(sat), "60", str(told))
    last = max(last_of(t, str(told)), told)
    assert t.state(str(last)) == "skills_exam"
    assert list(t.standing(str(last)).held) == ["theory"]
    after = t.as_of(str(last + timedelta(1)))
    assert after.state == "expired"
    assert after.expiry.expired_on == last + timedelta(1)


# -- the window of the whole set ---------------------------------------------------------------------------------------

ROLLING = window(length="{months: 30}", counted_from="sat", on_lapse="reopen")


def test_a_rolling_window_restarts_at_the_oldest_surviving_pass():
    """The oldest pass alone is lost; the next one has a window of its own, and the set is complete inside it."""
    t = Timeline(2, scheme=scheme_with(**ROLLING)).accept()
    t.score("theory", "2024-05-18", "60", "2024-06-20").score("skills", "2025-05-18", "60", "2025-06-20")
    assert t.state("2026-11-18") == "comprehensive_review"
    assert t.state("2026-11-19") == "theory_exam"
    t.night("2026-11-19").score("theory", "2027-11-18", "60", "2027-12-20")
    assert list(t.standing("2027-12-20").held) == ["theory"]  # skills ran out with that very day, before the review
    assert t.facts.count("PartLapsed") == 1


def test_the_last_part_sat_on_the_last_day_of_the_window_completes_the_set():
    """The day of the sitting decides: announced later it still counts; sat a day later it does not."""
    t = begun(**ROLLING).score("theory", "2024-05-18", "60", "2024-06-20")
    t.admit("skills", "2026-11-18", known="2026-11-01")
    assert t.state("2026-12-01") == "skills_exam"
    t.score("skills", "2026-11-18", "60", "2026-12-20")
    assert t.state("2026-12-20") == "awaiting_award"
    t = (
        begun(**ROLLING)
        .score("theory", "2024-05-18", "60", "2024-06-20")
        .score("skills", "2026-11-19", "60", "2026-12-20")
    )
    assert t.state("2026-12-20") == "theory_exam"


def test_what_ends_first_counts_of_window_and_validity():
    """A part with a year of its own runs out before the window does, and by its own clause."""
    both = window(length="{months: 30}", counted_from="sat", on_lapse="restart")
    both["validity"] = f"{PLAIN}->validity: {{length: {{years: 1}}, counted_from: sat, on_lapse: reopen}}"
    t = begun(**both).score("theory", "2024-05-18", "60", "2024-06-20")
    assert last_of(t, "2024-07-01") == day("2025-05-18")
    lapse = begun(**both).score("theory", "2024-05-18", "60", "2024-06-20").night("2025-05-19").history[-1].fact
    assert isinstance(lapse, f.PartLapsed)
    assert (lapse.parts, lapse.clause) == (("theory",), "rules theory")


FIRST = window(length="{years: 1}", counted_from="first_attempt", on_lapse="restart")


def test_a_window_from_the_first_attempt_closes_on_all_parts():
    """A failed first attempt opens it; at its end every pass is lost, and the next attempt opens another."""
    t = (
        begun(**FIRST)
        .score("theory", "2024-05-18", "59", "2024-06-20")
        .score("theory", "2024-11-16", "60", "2024-12-18")
    )
    assert last_of(t, "2025-01-01") == day("2025-05-18")
    assert t.state("2025-05-18") == "skills_exam"
    assert t.state("2025-05-19") == "theory_exam"
    t.score("skills", "2025-11-15", "60", "2025-12-17")
    assert t.standing("2025-12-17").held["skills"].last_valid_on == day("2026-11-15")
    t.score("theory", "2026-11-15", "60", "2026-12-17")
    assert t.state("2026-12-17") == "awaiting_award"


def test_a_window_without_any_pass_opens_again_with_the_next_attempt():
    """Nothing was lost when it closed, since nothing was held; the next attempt counts from its own day."""
    t = (
        begun(**FIRST)
        .score("theory", "2024-05-18", "59", "2024-06-20")
        .score("theory", "2025-05-19", "60", "2025-06-20")
    )
    assert last_of(t, "2025-07-01") == day("2026-05-19")


def test_an_absence_opens_no_window():
    """Who did not come has not attempted it."""
    t = begun(**FIRST).admit("theory", "2024-05-18").absent("theory", "2024-05-18")
    t.score("theory", "2024-11-16", "60", "2024-12-18")
    assert last_of(t, "2025-01-01") == day("2025-11-16")


@pytest.mark.parametrize("marks", ["59", "60"])
def test_a_window_from_the_first_attempt_may_end_the_application(marks):
    """Passed or not: a year after the first attempt it is over, by the clause of the window."""
    t = begun(**window(length="{years: 1}", counted_from="first_attempt", on_lapse="expire"))
    t.score("theory", "2024-05-18", marks, "2024-06-20")
    assert t.as_of("2025-05-18").expiry is None
    expiry = t.as_of("2025-05-19").expiry
    assert (expiry.last_valid_on, expiry.clause) == (day("2025-05-18"), "rules window")
    no = refusal(lambda: t.admit("skills", "2025-05-19", known="2025-05-01"))
    assert no.clause == "rules window"


def test_two_consecutive_exam_years_or_all_again():
    """Papers within two exam years from the oldest pass; after them everything starts again."""
    t = begun(**window(length="{exam_years: 2}", counted_from="sat", on_lapse="restart"))
    t.score("theory", "2024-05-18", "60", "2024-06-20")
    assert t.state("2025-12-31") == "skills_exam"
    t.score("skills", "2025-12-31", "59", "2026-01-20")
    assert t.state("2026-01-20") == "theory_exam"
    assert t.standing("2026-01-20").held == {}


def test_an_extension_lengthens_what_the_window_leaves():
    """The board may let one part stay valid longer than the window."""
    t = begun(**ROLLING).score("theory", "2024-05-18", "60", "2024-06-20")
    t.record(f.ValidityExtended(part="theory", until=day("2027-03-31"), reason="r", authority="a"), "2026-11-01")
    assert t.state("2027-03-31") == "skills_exam"
    assert t.state("2027-04-01") == "theory_exam"


def test_a_step_that_an_older_calendar_counted_still_replays():
    """A year's rest days may be published after a step was written; a day that did not roll by them cannot be moved."""
    rolled = valid_for(length="{days: 700}", counted_from="sat", rolls="true")
    t = begun(**rolled).score("theory", "2024-05-18", "60", "2024-06-20")  # 2026-04-18, a Saturday: rolls to the 20th
    assert t.state("2026-04-20") == "skills_exam"
    assert t.state("2026-04-21") == "expired"
    t.night("2026-04-21")
    later = rolled | {"own": "sources:->board_rest_days: [2026-04-20, 2026-04-21]\nsources:"}
    t.rules = scheme_with(**later).rules(3)
    object.__setattr__(t.rules, "digest", t.scheme.digest)
    assert t.as_of("2026-05-01").expiry.expired_on == day("2026-04-21")
    assert Draft(t.history, t.rules, t.history[-1].recorded_at, "n").write_down(day("2026-05-01")) == 0
