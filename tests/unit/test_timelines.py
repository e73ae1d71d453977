"""Dated timelines: what an application is on each day that matters."""

from __future__ import annotations

import pytest

from tests.timeline import Timeline, day
from tests.timeline import test_scheme as scheme_with
from workflow import facts as f
from workflow.errors import Refused


def trained(level: int = 3, **changes: str) -> Timeline:
    """Give a trained application."""
    timeline = Timeline(level, scheme=scheme_with(**changes)).accept()
    return timeline.train("2024-04-01") if level == 3 else timeline


def objections(refused: pytest.ExceptionInfo[Refused]) -> set[str]:
    """Name the rules that objected."""
    return {o.rule for o in refused.value.objections}


def test_straight_path_ends_certified():
    """Who is accepted, trained, passes both parts and is awarded is certified."""
    t = trained()
    assert t.state("2024-03-31") == "submitted"
    assert t.state("2024-04-01") == "trained"
    t.score("theory", "2024-05-18", "60", "2024-06-20")
    assert t.state("2024-05-18") == "theory_exam"
    assert t.state("2024-06-20") == "skills_exam"
    t.score("skills", "2024-11-16", "60", "2024-12-18")
    assert t.state("2024-12-17") == "skills_exam"
    assert t.state("2024-12-18") == "awaiting_award"
    t.record(f.CertificateAwarded(number="T1", series="T", serial=1), "2025-01-10")
    assert t.state("2025-01-09") == "awaiting_award"
    assert t.state("2030-01-10") == "certified"


def test_skills_first_stays_in_the_theory_stage():
    """Who passes skills first stays in theory_exam, and on passing theory goes straight past skills_exam."""
    t = trained().score("skills", "2024-05-18", "75", "2024-06-20")
    assert t.state("2024-06-20") == "theory_exam"
    t.score("theory", "2024-11-16", "75", "2024-12-18")
    assert t.state("2024-12-18") == "awaiting_award"
    assert [x.dest for x in t.history][-1] == "awaiting_award"


@pytest.mark.parametrize(
    ("announced", "last"),
    [
        ("2024-06-20", "2026-06-20"),
        ("2024-02-29", "2026-02-28"),
        ("2022-02-28", "2024-02-28"),
        ("2022-05-10", "2024-05-10"),
    ],
)
def test_last_valid_day_counts_and_the_day_after_expires(announced, last):
    """The last valid day is the corresponding day; it counts, and the application expires on the day after."""
    t = Timeline(submitted="2021-01-04").accept().train("2021-02-01")
    t.score("theory", "2021-12-01", "60", announced)
    assert t.state(last) == "skills_exam"
    after = str(day(last).fromordinal(day(last).toordinal() + 1))
    assert t.state(after) == "expired"
    assert str(t.as_of("2029-01-01").expiry.expired_on) == after


def test_pass_mark_itself_passes_and_half_a_mark_less_does_not():
    """60 passes, 59.5 does not."""
    assert trained().score("theory", "2024-05-18", "60", "2024-06-20").state("2024-07-01") == "skills_exam"
    assert trained().score("theory", "2024-05-18", "59.5", "2024-06-20").state("2024-07-01") == "theory_exam"


def test_a_pending_result_holds_the_clock_and_a_pass_completes():
    """Sat on the last valid day, announced after it: the application waits, and the pass completes the set."""
    t = trained().score("theory", "2024-05-18", "60", "2024-06-20").score("skills", "2026-06-20", "60")
    assert t.state("2026-07-01") == "skills_exam"
    assert t.standing("2026-07-01").awaited == (("the result of skills sat on 2026-06-20 (2026-06-20)", "board"),)
    t.announce("skills", "2026-06-20", "2026-07-25")
    assert t.state("2026-07-25") == "awaiting_award"
    assert t.state("2040-01-01") == "awaiting_award"


def test_a_pending_result_that_fails_lets_the_expiry_through_with_its_own_day():
    """A fail announced after the last valid day expires the application as of the day after that last valid day."""
    t = trained().score("theory", "2024-05-18", "60", "2024-06-20").score("skills", "2026-06-06", "59.5", "2026-07-08")
    assert t.state("2026-07-07") == "skills_exam"
    assert t.state("2026-07-08") == "expired"
    assert t.as_of("2026-07-08").expiry.expired_on == day("2026-06-21")


def test_the_night_writes_down_only_what_the_clock_had_made_true():
    """A night that comes late, or twice, or never, changes no answer on any day."""
    never = (
        trained().score("theory", "2024-05-18", "60", "2024-06-20").score("skills", "2026-06-06", "50", "2026-07-08")
    )
    late = trained().score("theory", "2024-05-18", "60", "2024-06-20").score("skills", "2026-06-06", "50", "2026-07-08")
    late.night("2026-07-09").night("2026-07-09").night("2026-08-01")
    assert late.facts.count("Expired") == 1
    for on in ("2024-06-20", "2026-06-20", "2026-06-21", "2026-07-07", "2026-07-08", "2026-07-09", "2027-01-01"):
        assert never.state(on) == late.state(on)


def test_an_open_admission_holds_the_clock_until_absence_is_recorded():
    """Who may have sat in time is not expired before the board knows; an absence lets the expiry through."""
    t = trained().score("theory", "2024-05-18", "60", "2024-06-20").admit("skills", "2026-06-06")
    assert t.state("2026-06-21") == "skills_exam"
    t.absent("skills", "2026-06-06")
    assert t.state("2026-06-21") == "expired"
    assert [x.part for x in t.standing("2026-06-20").held.values()] == ["theory"]


def test_both_scores_must_be_valid_on_the_day_of_the_review():
    """A review on the last valid day completes the set; the day after it is too late."""
    base = [("theory", "2024-05-18", "60", "2024-06-20"), ("skills", "2024-05-18", "60", "2024-06-20")]
    t = trained(2)
    for row in base:
        t.score(*row)
    assert t.state("2024-06-20") == "comprehensive_review"
    t.score("review", "2026-06-20", "60", "2026-07-01")
    assert t.state("2026-06-30") == "comprehensive_review"
    assert t.state("2026-07-01") == "awaiting_award"
    late = trained(2)
    for row in base:
        late.score(*row)
    with pytest.raises(Refused) as refused:
        late.score("review", "2026-06-21", "60")
    assert "2026-06-21" in str(refused.value)


def test_a_review_before_a_result_is_out_is_refused_with_that_result():
    """The officer learns what the review has to wait for; of a result that is held back, not what it is."""
    t = trained(2).score("theory", "2024-05-18", "60", "2024-06-20").score("skills", "2024-05-19", "60")
    with pytest.raises(Refused, match="skills held on 2024-06-21; skills sat on 2024-05-19 was not announced by then"):
        t.score("review", "2024-06-21", "60")
    t.announce("skills", "2024-05-19", "2024-06-23")
    with pytest.raises(Refused, match="skills sat on 2024-05-19 was not announced by then"):
        t.score("review", "2024-06-22", "60")  # entered late: on that day it was not out
    assert t.score("review", "2024-06-23", "60", "2024-06-24").state("2024-06-24") == "awaiting_award"


def test_a_failed_review_leaves_the_review_open():
    """After a failed review the application waits for another one."""
    t = trained(2).score("theory", "2024-05-18", "60", "2024-06-20").score("skills", "2024-05-18", "60", "2024-06-20")
    t.score("review", "2024-09-07", "55", "2024-09-20")
    assert t.state("2024-09-20") == "comprehensive_review"
    assert t.score("review", "2025-09-06", "60", "2025-09-19").state("2025-09-19") == "awaiting_award"


def test_part_held_after_expiry_can_be_seen():
    """An expired application still shows a part whose own validity goes on."""
    t = trained().score("theory", "2024-05-18", "60", "2024-06-20").score("skills", "2026-06-06", "61", "2026-07-08")
    assert t.state("2026-07-08") == "awaiting_award"
    t = trained(2).score("theory", "2024-05-18", "60", "2024-06-20").score("skills", "2026-06-06", "61", "2026-07-08")
    assert t.state("2026-07-08") == "expired"
    assert list(t.standing("2026-11-20").held) == ["skills"]


def test_no_seat_beyond_the_last_valid_day():
    """Admission to a sitting after a held part's last valid day is refused, with the clause."""
    t = trained().score("theory", "2024-05-18", "60", "2024-06-20")
    with pytest.raises(Refused) as refused:
        t.admit("skills", "2026-06-21", known="2026-05-01")
    assert objections(refused) == {"is_within_validity"}
    assert "rules lapse" in str(refused.value)


def test_every_objection_is_listed():
    """A refusal names all reasons at once."""
    t = trained().score("theory", "2024-05-18", "60", "2024-06-20")
    with pytest.raises(Refused) as refused:
        t.record(f.ScoreRecorded(part="skills", sitting="x", sat_on=day("2024-07-01"), score="101"), "2024-07-01")
    assert objections(refused) == {"is_open", "is_in_scale"}


def test_a_command_on_an_application_whose_time_ran_out_is_refused_though_no_night_came_by():
    """The day after the last valid day a seat is refused, whether or not a job ran."""
    t = trained().score("theory", "2024-05-18", "60", "2024-06-20")
    with pytest.raises(Refused, match="expired since 2026-06-21"):
        t.admit("skills", "2026-06-21")


def test_late_entry_after_a_recorded_expiry_reinstates():
    """A score sat in time and entered after the expiry was recorded takes the expiry back; both stay visible."""
    t = trained().score("theory", "2024-05-18", "60", "2024-06-20").night("2026-06-22")
    assert t.state("2026-06-22") == "expired"
    t.score("skills", "2026-06-06", "70", known="2026-07-10")
    assert t.facts[-4:] == ["Expired", "Reinstated", "Admitted", "ScoreRecorded"]
    assert t.state("2026-07-09") == "skills_exam"
    assert t.state("2026-07-09", known="2026-07-09") == "expired"
    t.announce("skills", "2026-06-06", "2026-07-12")
    assert t.state("2026-07-12") == "awaiting_award"
    assert t.state("2026-06-10") == "skills_exam"


def test_a_late_fail_expires_again_with_the_same_day():
    """A late score that fails is kept, and the clock strikes again."""
    t = trained().score("theory", "2024-05-18", "60", "2024-06-20").night("2026-06-22")
    t.score("skills", "2026-06-06", "50", "2026-07-12", known="2026-07-12").night("2026-07-12")
    assert t.facts.count("Expired") == 2
    assert t.as_of("2026-07-12").expiry.expired_on == day("2026-06-21")


def test_a_fact_dated_after_the_expiry_does_not_reinstate():
    """A score sat after the expiry is refused."""
    t = trained().score("theory", "2024-05-18", "60", "2024-06-20").night("2026-06-22")
    with pytest.raises(Refused):
        t.score("skills", "2026-06-21", "70", known="2026-07-10")


def test_a_raised_score_counts_from_the_first_announcement():
    """A score raised by a recheck passes with the validity of its first announcement, and both marks stay."""
    t = trained().score("theory", "2024-05-18", "59", "2024-06-20").amend("theory", "2024-05-18", "60", "2024-07-10")
    assert t.state("2024-07-09") == "theory_exam"
    assert t.state("2024-07-10") == "skills_exam"
    assert t.standing("2024-07-10").held["theory"].last_valid_on == day("2026-06-20")
    attempt = t.as_of("2024-07-10").attempts[0]
    assert (str(attempt.score), [str(s) for s in attempt.earlier_scores]) == ("60", ["59"])


def test_a_lowered_score_takes_back_a_complete_set():
    """A score lowered below the pass mark makes a complete set incomplete again."""
    t = trained().score("theory", "2024-05-18", "60", "2024-06-20").score("skills", "2024-05-18", "60", "2024-06-20")
    t.amend("theory", "2024-05-18", "59", "2024-07-10")
    assert t.state("2024-07-09") == "awaiting_award"
    assert t.state("2024-07-10") == "theory_exam"
    assert t.state("2026-06-21") == "expired"


def test_a_raised_score_undoes_an_expiry_and_a_raise_that_does_not_suffice_leaves_it():
    """An amended score reinstates only where the clock would not strike again."""
    t = trained().score("theory", "2024-05-18", "60", "2024-06-20").score("skills", "2026-06-06", "58", "2026-07-08")
    t.night("2026-07-08")
    t.amend("skills", "2026-06-06", "59", "2026-07-20")
    assert t.facts[-1] == "ScoreAmended"
    assert t.state("2026-07-20") == "expired"
    t.amend("skills", "2026-06-06", "60", "2026-07-25")
    assert t.facts[-2:] == ["Reinstated", "ScoreAmended"]
    assert t.state("2026-07-25") == "awaiting_award"
    assert t.state("2026-07-24") == "expired"


def test_lapse_that_reopens_only_the_part():
    """Where a lapse reopens the part, the application goes on and the other part stays held."""
    t = trained(lapse="effect: expire->effect: reopen")
    t.score("theory", "2024-05-18", "60", "2024-06-20").score("skills", "2026-06-30", "60", "2026-07-20")
    assert t.state("2026-06-21") == "theory_exam"
    assert t.state("2026-07-20") == "theory_exam"
    assert list(t.standing("2026-07-20").held) == ["skills"]
    assert t.facts.count("PartLapsed") == 1
    t.score("theory", "2026-09-01", "60", "2026-09-20")
    assert t.state("2026-09-20") == "awaiting_award"


def test_lapse_that_restarts_everything():
    """Where a lapse restarts all parts, what was passed before no longer helps."""
    t = trained(lapse="effect: expire->effect: restart")
    t.score("theory", "2024-05-18", "60", "2024-06-20").score("skills", "2026-06-30", "60", "2026-07-20")
    t.score("theory", "2026-09-01", "60", "2026-09-20")
    assert t.state("2026-09-20") == "awaiting_award"
    t = trained(lapse="effect: expire->effect: restart")
    t.score("skills", "2024-05-18", "60", "2024-06-20")
    t.night("2026-06-21")
    t.score("theory", "2026-09-01", "60", "2026-09-20")
    assert t.state("2026-09-20") == "skills_exam"


def test_completion_judged_on_the_announcement():
    """Where the announcement decides, a part sat in time but announced too late does not complete the set."""
    t = trained(judged="judged_on: sat->judged_on: announced")
    t.score("theory", "2024-05-18", "60", "2024-06-20").score("skills", "2026-06-06", "60", "2026-07-08")
    assert t.state("2026-07-08") == "expired"


def test_a_stage_deadline_expires():
    """A stage deadline's last day counts; the day after it the application expires."""
    t = Timeline(
        scheme=scheme_with(
            d='conditions: {"1": {clause: {source: rules, at: "(1)"}, all: [{work->'
            "deadlines: {submitted: {within: {months: 6}, clause: {source: board}}}\n"
            '    conditions: {"1": {clause: {source: rules, at: "(1)"}, all: [{work'
        )
    )
    assert t.state("2024-09-15") == "submitted"
    assert t.state("2024-09-16") == "expired"


def test_midnight_in_shanghai_changes_the_day():
    """The board's day begins at local midnight, 16:00 UTC of the day before."""
    from datetime import UTC, datetime

    from workflow.calendar import board_day

    assert board_day(datetime(2026, 6, 20, 15, 59, 59, tzinfo=UTC), "Asia/Shanghai") == day("2026-06-20")
    assert board_day(datetime(2026, 6, 20, 16, 0, tzinfo=UTC), "Asia/Shanghai") == day("2026-06-21")


def test_nothing_takes_effect_before_the_submission():
    """A fact dated before the submission is refused by its day, whatever it is; it never breaks the history."""
    t = trained()
    for fact in (f.Withdrawn(), f.ApplicationSuspended(reason="r", authority="a")):
        with pytest.raises(Refused, match="before the application was submitted on 2024-03-15") as refused:
            t.record(fact, "2024-03-14", known="2024-04-02")
        assert objections(refused) == {"not_before_submission"}
