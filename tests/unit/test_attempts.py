"""Attempts: how many, in which space, how soon again, what opens further ones, and what the last one brings."""

from __future__ import annotations

import pytest

from tests.timeline import day
from tests.unit.assessing import Assessed, C, faults, scheme
from workflow import facts as f
from workflow.application import Attempt
from workflow.errors import Refused
from workflow.machine import machine_of

WHY = {"reason": "a reason", "authority": "the board"}


def one(resits: str, training: str = "waived: true", top: str = "", more: str = "") -> Assessed:
    """Give an accepted application under a level of one part with such limits."""
    pinned = scheme("{one: far}", training=training, top=top, far=f"resits: {{{resits}, {C}}}{more}")
    t = Assessed(pinned)
    if training != "waived: true":
        t.train("2024-01-10", hours=10)
    return t


def fail(t: Assessed, *days: str) -> Assessed:
    """Fail the part on some days."""
    for on in days:
        t.sit("far", on, "59")
    return t


def absent(t: Assessed, on: str) -> Assessed:
    """Stay away from a sitting."""
    t.record(f.Admitted(part="far", sitting=on, sat_on=day(on)), on)
    t.absent("far", on)
    return t


def test_the_limit_counts_every_attempt_in_the_application():
    """Two are allowed, the third is refused with its clause; a cancelled admission is no attempt."""
    t = fail(one("most: 2"), "2024-02-01")
    t.record(f.Admitted(part="far", sitting="x", sat_on=day("2024-02-20")), "2024-02-10")
    t.record(f.AdmissionCancelled(part="far", sitting="x", reason="ill"), "2024-02-15")
    assert t.refused("far", "2024-03-01") == ""
    fail(t, "2024-03-01")
    assert t.refused("far", "2034-03-01") == "2 attempts of at most 2 are used up [rules x]"
    assert t.standing("2024-03-02").awaited == (("far: 2 attempts of at most 2 are used up", "board"),)


def test_a_rolling_period_forgets_an_attempt_on_its_corresponding_day():
    """Two in any twelve months: the first of 2024-02-01 no longer counts on 2025-02-01."""
    t = fail(one("most: 2, within: {months: 12}"), "2024-02-01", "2024-05-01")
    assert "used up within 12 months" in t.refused("far", "2025-01-31")
    assert t.refused("far", "2025-02-01") == ""
    assert t.standing("2024-06-01").awaited == (("admission to a sitting of far (far not before 2025-02-01)", "board"),)


def late(t: Assessed, on: str, known: str = "2029-01-01") -> str:
    """Try to enter an attempt years later; give the objections. Nothing is kept."""
    before = t.history
    try:
        t.record(f.Admitted(part="far", sitting=f"late-{on}", sat_on=day(on)), on, known)
    except Refused as refused:
        return "; ".join(map(str, refused.objections))
    finally:
        t.history = before
    return ""


def test_an_attempt_entered_late_is_counted_in_the_periods_around_its_own_day():
    """Two in any year, made in February and May 2026: one of 2025-05-01 shares a year with one of them alone."""
    t = fail(one("most: 2, within: {years: 1}"), "2026-02-01", "2026-05-01")
    for on in ("2024-03-01", "2025-02-01", "2025-05-01", "2027-02-01"):
        assert late(t, on) == ""
    for on in ("2025-05-02", "2026-03-01", "2027-01-31"):
        assert "2 attempts of at most 2 are used up within 1 year" in late(t, on)


def test_an_attempt_entered_late_waits_for_the_one_before_and_leaves_time_to_the_one_after():
    """Two months, around the sittings of June 2024 and June 2025."""
    t = fail(one("waiting: {months: 2}"), "2024-06-01", "2025-06-01")
    for on in ("2024-04-01", "2024-08-01", "2025-04-01", "2025-08-01"):
        assert late(t, on) == ""
    assert late(t, "2024-04-02").startswith("sat again on 2024-06-01; after this sitting that might be on 2024-06-02")
    assert late(t, "2024-07-31").startswith("sat last on 2024-06-01; the next sitting may be on 2024-08-01")


def test_calendar_and_exam_years_begin_anew():
    """One in a calendar year; one in an exam year, which here begins on 1 September."""
    t = fail(one("most: 1, per: calendar_year"), "2024-02-01")
    assert "in this calendar year" in t.refused("far", "2024-12-31")
    assert t.refused("far", "2025-01-01") == ""
    top = f"exam_years: {{begins: {{month: 9, day: 1}}, {C}}}"
    t = fail(one("most: 1, per: exam_year", top=top), "2024-02-01")
    assert "in this exam year" in t.refused("far", "2024-08-31")
    assert t.refused("far", "2024-09-01") == ""
    assert t.standing("2024-03-01").awaited == (("admission to a sitting of far (far not before 2024-09-01)", "board"),)


def test_a_further_course_counts_anew():
    """Two for each course: after a second one with a certificate, two more; without, none."""
    t = fail(one("most: 2, per: course", "hours: 10"), "2024-02-01", "2024-03-01")
    assert "in this course" in t.refused("far", "2024-06-01")
    t.train("2024-05-01", hours=10, certificate=False)
    assert "in this course" in t.refused("far", "2024-06-01")
    t.train("2024-05-20", hours=10)
    assert t.refused("far", "2024-06-01") == ""
    fail(t, "2024-06-01", "2024-07-01")
    assert "in this course" in t.refused("far", "2024-08-01")


@pytest.mark.parametrize(
    ("waiting", "refused", "first"),
    [
        ("waiting: {days: 45}", "2024-03-16", "2024-03-17"),
        ("waiting: {months: 1}", "2024-02-29", "2024-03-01"),
        ("waiting: {years: 1}", "2025-01-31", "2025-02-01"),
        ("waiting: {working_days: 6}", "2024-02-07", "2024-02-08"),
        ("waiting_after: {1: {days: 14}, 2: {months: 12}}", "2024-02-14", "2024-02-15"),
    ],
)
def test_the_last_day_of_the_waiting_is_the_first_allowed(waiting, refused, first):
    """Days, months, years and working days (in 2024, 4 February is a Sunday on which one works in China)."""
    t = fail(one(waiting), "2024-02-01")
    assert f"may be on {first} at the earliest" in t.refused("far", refused)
    assert t.refused("far", first) == ""
    words = f"admission to a sitting of far (far not before {first})"
    assert t.standing("2024-02-02").awaited == ((words, "board"),)


def test_the_waiting_may_grow_with_the_attempts():
    """None after the first, two weeks after the second and third, a year from the fourth on."""
    t = fail(one("waiting_after: {2: {days: 14}, 4: {months: 12}}"), "2024-02-01")
    assert t.refused("far", "2024-02-02") == ""
    fail(t, "2024-02-02")
    assert t.refused("far", "2024-02-15") != ""
    fail(t, "2024-02-16", "2024-03-01")
    assert t.refused("far", "2025-02-28") != ""
    assert t.refused("far", "2025-03-01") == ""


def test_absences_and_void_results_count_as_the_scheme_says():
    """An absence counts where it is said; a void result counts unless it is said that it does not."""
    assert absent(one("most: 1"), "2024-02-01").refused("far", "2024-03-01") == ""
    assert absent(one("most: 1, counts_absence: true"), "2024-02-01").refused("far", "2024-03-01") != ""
    top = f"misconduct: {{minor: {{title: Minor, voids: part, {C}}}}}"
    for more, is_refused in (("most: 1", True), ("most: 1, counts_void: false", False)):
        t = fail(one(more, top=top), "2024-02-01")
        t.record(f.MisconductFound(degree="minor", part="far", sitting="2024-02-01", **WHY), "2024-02-10")
        assert bool(t.refused("far", "2024-03-01")) == is_refused


REMEDY = "most: 1, remediation: {hours: 3, endorsement: true, unlocks: 2, %s}".replace("%s", C)


def test_remediation_unlocks_a_further_block_and_is_asked_for_again_after_it():
    """Three hours and an endorsement since the last attempt open two more; those from before open nothing."""
    t = one(REMEDY).endorse("far", "2024-01-20", "5")
    fail(t, "2024-02-01")
    asked = "before a further one: 3 of 3 class hours are missing and an endorsement by an instructor is missing"
    assert asked in t.refused("far", "2024-03-01")
    assert [who for _, who in t.standing("2024-02-02").awaited] == ["candidate"]
    t.endorse("far", "2024-02-02", "2", endorsed=False)
    assert "1 of 3 class hours are missing and an endorsement" in t.refused("far", "2024-03-01")
    t.endorse("far", "2024-02-03", "1")
    assert t.refused("far", "2024-02-03") == ""
    assert "is missing" in t.refused("far", "2024-02-02")
    fail(t, "2024-03-01", "2024-03-02")
    assert "3 attempts of at most 1" in t.refused("far", "2024-04-01")
    assert t.endorse("far", "2024-03-05", "3").refused("far", "2024-04-01") == ""


def test_an_endorsement_taken_back_opens_nothing():
    """It is refused again, and taking back what is not there is refused."""
    t = fail(one(REMEDY), "2024-02-01").endorse("far", "2024-02-03", "3")
    t.record(f.EndorsementWithdrawn(supersedes=len(t.history), **WHY), "2024-02-04")
    assert "is missing" in t.refused("far", "2024-03-01")
    with pytest.raises(Refused, match="is no endorsement in force; there are: none"):
        t.record(f.EndorsementWithdrawn(supersedes=3, **WHY), "2024-02-05")


def test_a_part_may_need_an_endorsement_before_every_sitting():
    """Given two months ahead at most: the last valid day still counts, and the day after a new one is needed."""
    t = Assessed(scheme("{one: far}", far=f"endorsement: {{valid_for: {{months: 2}}, {C}}}"))
    assert "an endorsement by an instructor is missing" in t.refused("far", "2024-02-01")
    assert ("far: an endorsement by an instructor is missing", "candidate") in t.standing("2024-02-01").awaited
    t.endorse("far", "2024-02-10")
    assert "is missing" in t.refused("far", "2024-02-09")
    assert t.refused("far", "2024-04-10") == ""
    assert "that of 2024-02-10 counted through 2024-04-10" in t.refused("far", "2024-04-11")


def test_hours_of_a_part_add_up_and_do_not_run_out_with_the_endorsement():
    """Ten hours in all: those of an endorsement that has run out count, a new endorsement is needed all the same."""
    t = Assessed(scheme("{one: far}", far=f"endorsement: {{valid_for: {{months: 2}}, hours: 10, {C}}}"))
    t.endorse("far", "2024-02-10", "6")
    assert t.refused("far", "2024-03-01") == "far: 4 of 10 class hours are missing [rules x]"
    t.endorse("far", "2024-06-01", "4", endorsed=False)
    assert "an endorsement by an instructor is missing" in t.refused("far", "2024-06-02")
    assert "class hours" not in t.refused("far", "2024-06-02")
    assert t.endorse("far", "2024-06-03").refused("far", "2024-06-04") == ""


def test_the_cap_may_end_the_application():
    """The application expires on the day after the last result that is no pass; a pass or an open result holds it."""
    t = fail(one("most: 2, at_cap: expire"), "2024-02-01")
    t.record(f.Admitted(part="far", sitting="s", sat_on=day("2024-03-01")), "2024-03-01")
    t.record(f.ScoreRecorded(part="far", sitting="s", sat_on=day("2024-03-01"), score=59), "2024-03-01")
    assert t.state("2024-06-01") == "one"
    t.announce("far", "s", "2024-03-20")
    assert t.state("2024-03-20") == "one"
    assert t.standing("2024-03-20").clock == "attempts of far used up: the application expires"
    assert t.state("2024-03-21") == "expired"
    t.night("2024-03-21")
    assert t.as_of("2024-03-21").expiry.clause == "rules x"
    t.amend("far", "s", "60", "2024-03-25")
    assert t.state("2024-03-25") == "awaiting_award"
    assert fail(one("most: 2, at_cap: expire"), "2024-02-01").sit("far", "2024-03-01").state("2024-03-02") == (
        "awaiting_award"
    )


def test_the_cap_of_a_part_of_a_choice_ends_nothing_while_another_is_open():
    """Bar can no longer be passed, isc can; when that is over as well, the application is."""
    spent = f"resits: {{most: 1, at_cap: expire, {C}}}"
    t = Assessed(scheme(f"{{one: {{choose: 1, of: [bar, isc], {C}}}}}", bar=spent, isc=spent))
    t.sit("bar", "2024-02-01", "59")
    assert t.state("2025-01-01") == "one"
    assert t.sit("isc", "2024-03-01", "59").state("2024-03-02") == "expired"


VOID = "most: 1, remediation: {hours: 2, %s}, in_all: 2, at_cap: restart_course".replace("%s", C)


def test_the_cap_may_void_the_course():
    """Back to the training: only a course completed afterwards counts, and then attempts are counted anew."""
    t = fail(one(VOID, "hours: 10"), "2024-02-01").endorse("far", "2024-02-10", "2")
    fail(t, "2024-03-01")
    assert t.state("2024-03-01") == "one"
    assert t.state("2024-03-02") == "submitted"
    assert t.standing("2024-03-02").awaited[0][0].startswith("training: ")
    t.night("2024-03-05").train("2024-04-01", hours=10)
    assert t.state("2024-04-01") == "one"
    assert t.refused("far", "2024-04-02") == ""
    assert "before a further one" in fail(t, "2024-04-02").refused("far", "2024-04-03")


def test_a_pass_that_comes_to_light_gives_the_void_course_back():
    """The last attempt is amended to a pass after the course was void: nothing has to be taken again."""
    t = fail(one(VOID, "hours: 10"), "2024-02-01").endorse("far", "2024-02-10", "2")
    fail(t, "2024-03-01").night("2024-03-02")
    assert t.state("2024-03-09") == "submitted"
    t.amend("far", "2024-03-01", "60", "2024-03-10")
    assert t.state("2024-03-10") == "awaiting_award"


def test_a_void_course_closes_the_training_no_more_even_where_it_had_been_waived():
    """A waiver is void with the course; a new one opens the exams again, and attempts are counted anew."""
    t = one(VOID, "hours: 10")
    waived = Assessed(t.scheme)
    waived.record(f.TrainingWaived(**WHY), "2024-01-11")
    fail(waived, "2024-02-01").endorse("far", "2024-02-10", "2")
    assert fail(waived, "2024-03-01").state("2024-03-02") == "submitted"
    waived.night("2024-03-02").record(f.TrainingWaived(**WHY), "2024-03-05")
    assert waived.state("2024-03-05") == "one"
    assert waived.refused("far", "2024-03-06") == ""


def voidable():
    """Give a level of two parts, of which the first has one attempt; then the course is void."""
    return scheme(
        "{one: far, two: bar}", training="hours: 10", far=f"resits: {{most: 1, at_cap: restart_course, {C}}}", bar=""
    )


@pytest.mark.parametrize("night", ["", "2024-03-02"])
def test_a_sitting_of_a_day_before_the_course_was_void_is_entered_late(night):
    """Whether or not the night has come: who sat two parts on the day of the last attempt has a result in both."""
    t = fail(Assessed(voidable()).train("2024-01-20", hours=10), "2024-02-01")
    if night:
        t.night(night)
    t.score("bar", "2024-02-01", "70", known="2024-03-03").announce("bar", "2024-02-01", "2024-03-03")
    assert (t.state("2024-02-01"), t.state("2024-02-02")) == ("one", "submitted")
    assert t.train("2024-04-01", hours=10).held("2024-04-01") == ["bar"]


def test_nobody_is_admitted_while_a_course_is_awaited():
    """Neither before the first one, nor from the day on which it is void."""
    untrained = Assessed(voidable())
    assert "the application is submitted; the training comes first" in untrained.refused("bar", "2024-02-02")
    t = fail(Assessed(voidable()).train("2024-01-20", hours=10), "2024-02-01")
    assert t.refused("bar", "2024-02-01") == ""
    assert "the course is void since 2024-02-02; the training comes first" in t.refused("bar", "2024-02-02")


def test_the_machine_has_the_steps_that_the_level_needs_and_no_others():
    """A level without endorsements, exemptions and courses that count attempts has none of their steps."""
    steps = {"record_endorsement", "withdraw_endorsement", "void_course", "grant_exemption", "withdraw_exemption"}
    known = {step.name for step in machine_of(one("most: 2").rules).steps}
    assert not steps & known
    known = {step.name for step in machine_of(one(VOID, "hours: 10").rules).steps}
    assert steps & known == {"record_endorsement", "withdraw_endorsement", "void_course"}


@pytest.mark.parametrize(
    ("resits", "wrong"),
    [
        ("most: 2, per: course, within: {months: 3}", "give either per or within"),
        ("within: {months: 3}", "give most"),
        ("most: 3, in_all: 2", "in_all, 2, lies below most, 3"),
        ("most: 3, within: {days: 9}, at_cap: expire", "needs a last attempt: give in_all"),
        ("most: 3, remediation: {unlocks: 2, %s}".replace("%s", C), "asks for nothing"),
        ("waiting: {days: 1}, waiting_after: {1: {days: 1}}", "give either waiting or waiting_after"),
        ("most: 3, per: course", "counts courses, but level 1, which assesses it, asks for none"),
        ("most: 3, per: exam_year", "counts exam years, but the document does not say when they begin"),
        ("waiting: {exam_years: 1}", "cannot be counted in exam years"),
    ],
)
def test_limits_that_make_no_sense_are_refused_with_what_to_write(resits, wrong):
    """The message says what is wrong or what to write instead."""
    assert wrong in faults("{one: far}", far=f"resits: {{{resits}, {C}}}")


def test_a_field_that_an_attempt_does_not_have_is_refused():
    """Neither a new attempt nor a changed one takes a name that is none of its fields."""
    known = {"part": "theory", "sitting": "s1", "sat_on": day("2026-01-01"), "outcome": "admitted"}
    attempt = Attempt.of(known)
    assert attempt == Attempt("theory", "s1", day("2026-01-01"), "admitted")
    with pytest.raises(TypeError, match="Attempt has no scores"):
        Attempt.of({**known, "scores": 1})
    with pytest.raises(TypeError, match="Attempt has no scores"):
        attempt.but(scores=1)
