"""What an entry of another day takes back, what it does not, and from when time runs on then."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.timeline import Timeline, day
from tests.timeline import test_scheme as scheme_with
from tests.unit.board import DEGREES, RECHECK, WHY, Board, write_clock
from tests.unit.test_deadlines import deadlines, refused_by
from tests.unit.test_timelines import trained
from workflow import facts as f
from workflow.board.certificates import award
from workflow.board.extensions import Extension, extend
from workflow.board.selection import Selection
from workflow.errors import Refused

WITH_DEGREES = {"degrees": f"levels:->{DEGREES}"}
STAGES = "stages: {theory_exam: theory, skills_exam: skills, comprehensive_review: review}"
REVIEW_BY = {
    "by": f"{STAGES}->deadlines: {{comprehensive_review: {{within: {{months: 6}}, clause: {{source: rules}}}}}}\n"
    f"    {STAGES}"
}


def waiting_for_skills() -> Timeline:
    """Give theory, valid through 2026-06-20, and skills sat before that day, which are announced as failed after it."""
    t = trained().score("theory", "2024-05-18", "60", "2024-06-20")
    return t.score("skills", "2026-06-15", "59").announce("skills", "2026-06-15", "2026-07-20")


def in_review(**changes: str) -> Timeline:
    """Give an application that came into the stage of the review on 2024-02-01, which it may stay in for six months."""
    t = Timeline(2, "2024-01-01", scheme_with(**(changes or REVIEW_BY))).accept()
    for part in ("theory", "skills"):
        t.score(part, "2024-01-10", "60", "2024-02-01")
    return t


def extended(board: Board, extension: Extension, on: str) -> str:
    """Extend for A1 with effect from a day; give the state afterwards, or why it is refused."""
    (outcome,) = extend(board.service, Selection(applications=("A1",)), extension, day(on))
    return outcome.done.state if outcome.done else str(outcome.error)


@pytest.mark.parametrize("night", ["", "2026-08-01"])
def test_what_is_entered_late_for_a_day_of_waiting_counts_whether_or_not_the_night_came(night):
    """Until the result that held it up was out, the application had not expired, whatever its last valid day was."""
    t = waiting_for_skills()
    if night:
        t.night(night)
    t.record(f.Withdrawn(), "2026-07-01", "2026-08-02")
    assert t.state("2026-06-30") == "skills_exam"
    assert t.state("2026-07-01") == t.state("2026-08-02") == "withdrawn"


@pytest.mark.parametrize(("late", "held"), [("theory", "skills"), ("skills", "theory")])
def test_a_pass_that_has_run_out_moves_nothing_before_the_clock_is_asked(late, held):
    """A result that is out only after another pass ran out brings nobody into the review, and sends nobody back."""
    t = Timeline(2, "2024-03-15", scheme_with()).accept().score(held, "2024-05-18", "60", "2024-06-20")
    t.score(late, "2026-06-15", "60").announce(late, "2026-06-15", "2026-07-20").night("2026-08-01")
    *_, announced, expired = t.history
    assert (announced.dest, expired.source, expired.dest) == ("skills_exam", "skills_exam", "expired")
    assert expired.effective_on == day("2026-07-20")


def test_a_seat_while_a_result_holds_the_lapse_lies_beyond_the_last_valid_day_all_the_same():
    """It is a last chance, also where something else has been recorded since the last valid day."""
    t = trained().score("theory", "2024-05-18", "60", "2024-06-20").score("skills", "2026-06-15", "59")
    t.record(f.IncidentReported(sitting="2026-06-15", what="a phone rang"), "2026-06-25")
    admitted = f.Admitted(part="skills", sitting="S9", sat_on=day("2026-07-30"))
    assert refused_by(lambda: t.record(admitted, "2026-07-01")) == ["is_within_validity"]


@pytest.mark.parametrize(
    ("fixed", "fact"),
    [
        ("2028-12-31", f.ScoreAmended(part="theory", sitting="2024-05-18", score=Decimal(61), **WHY)),
        ("2026-12-31", f.DeadlineExtended(deadline="fixed", until=day("2027-12-31"), **WHY)),
    ],
)
def test_a_finding_after_the_expiry_lets_no_later_correction_take_it_back(fixed, fact):
    """Misconduct makes void what had lapsed, and an amendment that still passes is no reason to go on."""
    scheme = scheme_with(**WITH_DEGREES, **deadlines(fixed=f"until: {fixed}"))
    t = Timeline(scheme=scheme).accept().train("2024-04-01")
    t.score("theory", "2024-05-18", "60", "2024-06-20")
    t.night("2026-06-21")
    t.record(f.MisconductFound(degree="minor", sitting="2024-05-18", part="theory", **WHY), "2027-02-01")
    t.record(fact, "2027-02-02")
    assert t.state("2027-02-03") == "expired"
    assert "Reinstated" not in t.facts


def test_a_finding_after_the_expiry_lets_nothing_that_is_entered_late_take_it_back():
    """The request was received in time, but it is no reason why the application should not have expired."""
    t = Timeline(scheme=scheme_with(**WITH_DEGREES, theory=f"title: Theory, ->title: Theory, {RECHECK}, "))
    t.accept().train("2024-04-01").score("theory", "2024-05-18", "60", "2024-06-20").night("2026-06-21")
    t.record(f.MisconductFound(degree="minor", sitting="2024-05-18", part="theory", **WHY), "2027-02-01")
    request = f.RecheckRequested(part="theory", sitting="2024-05-18")
    t.record(request, "2024-06-25", "2027-02-02")
    assert t.state("2024-06-25") == "skills_exam"
    assert t.state("2027-02-03") == "expired"
    t.record(f.Withdrawn(), "2026-06-01", "2027-02-03")  # but who had withdrawn by then cannot have expired
    assert t.state("2027-02-03") == "withdrawn"


def test_what_would_have_run_out_before_a_finding_is_not_saved_by_it():
    """Theory turns out not to have been passed; but skills had run out as well by the day on which they were voided."""
    t = Timeline(2, scheme=scheme_with(**WITH_DEGREES)).accept()
    t.score("theory", "2024-05-18", "60", "2024-06-20").score("skills", "2024-05-18", "60", "2024-06-25")
    t.night("2026-06-21")
    found = f.MisconductFound(degree="minor", sitting="2024-05-18", part="skills", **WHY)
    t.record(found, "2027-02-01").amend("theory", "2024-05-18", "55", "2027-02-02")
    assert t.state("2027-02-03") == "expired"


def test_an_expiry_is_taken_back_from_its_own_day():
    """Something else that was recorded of the expired application in between does not put the reinstatement off."""
    t = trained().score("theory", "2024-05-18", "60", "2024-06-20").night("2026-06-21")
    t.amend("theory", "2024-05-18", "61", "2026-07-15")
    extension = f.ValidityExtended(part="theory", until=day("2026-12-31"), **WHY)
    t.record(extension, "2026-06-01", "2026-08-01")
    assert {t.state(on) for on in ("2026-06-20", "2026-06-21", "2026-07-14", "2026-07-15")} == {"skills_exam"}


# -- deadlines of a stage ----------------------------------------------------------------------------------------------


def test_more_time_for_a_stage_is_the_time_that_was_granted():
    """Who was reinstated by an extension has not come into the stage anew."""
    t = in_review().night("2024-08-02")
    t.record(f.DeadlineExtended(deadline="comprehensive_review", until=day("2024-09-15"), **WHY), "2024-09-01")
    assert t.state("2024-09-15") == "comprehensive_review"
    assert t.state("2024-09-16") == "expired"


@pytest.mark.parametrize("night", ["", "2024-08-03"])
def test_a_withdrawal_that_is_taken_back_was_none_and_its_time_has_run(night):
    """A reinstatement gives no time: where it has run out since, an extension is what is wanted."""
    t = in_review().record(f.Withdrawn(), "2024-07-01")
    t.record(f.Reinstated(supersedes=t.as_of("2024-07-01").ending, **WHY), "2024-07-20")
    if night:
        t.night(night)
    assert str(t.as_of("2024-07-21").entered_on) == "2024-02-01"
    assert (t.state("2024-08-01"), t.state("2024-08-02")) == ("comprehensive_review", "expired")


def test_a_finding_that_is_lifted_restores_the_time_of_the_stage():
    """Lifting restores exactly what would have been without it."""
    t = in_review(**WITH_DEGREES, **REVIEW_BY)
    t.record(f.MisconductFound(degree="minor", sitting="2024-01-10", part="theory", **WHY), "2024-03-01")
    assert t.state("2024-03-01") == "theory_exam"
    t.record(f.AnnulmentLifted(supersedes=len(t.history), **WHY), "2024-05-01")
    assert str(t.as_of("2024-05-01").entered_on) == "2024-02-01"
    assert (t.state("2024-08-01"), t.state("2024-08-02")) == ("comprehensive_review", "expired")


@pytest.mark.parametrize("night", ["", "2024-09-01"])
def test_a_late_review_is_awarded_in_its_own_time_whether_or_not_the_night_came(night):
    """The time for the award runs from the day on which the set was complete, not from a lapse that never was one."""
    stays = deadlines(awaiting_award="within: {days: 200}")
    short = "validity: {length: {years: 2}}, clause: {source: rules, at: theory}->"
    short += "validity: {length: {months: 6}}, clause: {source: rules, at: theory}"
    t = in_review(short=short, lapse="effect: expire->effect: reopen", **stays)
    if night:
        t.night(night)
    t.score("review", "2024-03-01", "60", "2024-03-01", known="2024-09-02")
    assert t.standing("2024-09-02").clock_on == day("2024-09-18")


# -- what was passed again since ---------------------------------------------------------------------------------------


def passed_again() -> Timeline:
    """Give theory that ran out on 2025-02-01 and was passed again on 2025-03-10, and skills that last on."""
    short = "validity: {length: {years: 2}}, clause: {source: rules, at: theory}->"
    short += "validity: {length: {years: 1}}, clause: {source: rules, at: theory}"
    t = in_review(short=short, lapse="effect: expire->effect: reopen")
    return t.score("theory", "2025-03-10", "60", "2025-04-01")


def test_a_late_review_rests_on_what_was_held_on_its_day():
    """That a part was taken again since takes nothing from a review that was held while the first pass was valid."""
    t = passed_again().score("review", "2025-02-01", "60", "2025-02-20", known="2025-05-01")
    assert t.state("2025-02-20") == t.state("2025-05-01") == "awaiting_award"


def test_a_late_review_of_a_day_between_two_passes_is_refused():
    """The first pass had run out, and the second was still to be taken."""
    review = f.ScoreRecorded(
        part="review", sitting="R", sat_on=day("2025-02-02"), score=Decimal(60), form="case_analysis"
    )
    assert refused_by(lambda: passed_again().record(review, "2025-02-02", "2025-05-01")) == ["prerequisites_are_held"]


def test_a_sitting_entered_late_is_not_refused_for_a_pass_of_a_later_day():
    """On its day the part was not held."""
    t = trained().score("theory", "2024-11-16", "60", "2024-12-18")
    t.score("theory", "2024-05-18", "59", "2024-06-20", known="2025-01-10")
    assert [x.sat_on for x in t.as_of("2024-11-01").attempts] == [day("2024-05-18")]
    again = f.Admitted(part="theory", sitting="S9", sat_on=day("2024-11-17"))
    assert refused_by(lambda: t.record(again, "2024-11-17", "2025-01-11")) == ["is_not_held"]


# -- decisions to extend -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("night", [False, True])
def test_an_extension_of_an_earlier_day_that_leaves_the_expiry_as_it_is_changes_nothing(night):
    """What it changes is judged by today, so that a night that came or did not come decides nothing."""
    board = Board(**deadlines(fixed="until: 2026-06-28")).file("A1")
    board.score("A1", "theory", "S1", "2024-05-18", "60", "2024-06-20")
    board.at("2026-08-01")
    if night:
        write_clock(board.service, ["A1"], day("2026-08-01"))
    assert "all the same" in extended(board, Extension("", "r", "b", day("2026-12-31"), 0, "fixed"), "2026-06-01")
    extended(board, Extension("theory", "r", "b", day("2026-06-25")), "2026-06-01")
    assert board.standing("A1").application.expiry.last_valid_on == day("2026-06-25")


@pytest.mark.parametrize("night", [False, True])
def test_a_deadline_that_ran_on_the_day_of_the_decision_is_extended_whatever_lapsed_since(night):
    """The stage of that day is asked, and not the one into which a lapse has moved the application meanwhile."""
    board = Board(lapse="effect: expire->effect: reopen", **deadlines(skills_exam="within: {years: 3}")).file("A1")
    board.score("A1", "theory", "S1", "2024-05-18", "60", "2024-06-20").at("2026-08-01")
    if night:
        write_clock(board.service, ["A1"], day("2026-08-01"))
    extension = Extension("", "r", "b", day("2027-12-31"), 0, "skills_exam")
    assert extended(board, extension, "2026-06-01") == ("theory_exam" if night else "skills_exam")
    assert board.state("A1", "2026-08-01") == "theory_exam"


def test_an_outer_deadline_can_be_extended_after_it_has_ended_the_application_by_cutting_another():
    """Both have ended it: neither would help alone if only the one that is named could be extended."""
    board = Board(
        **deadlines(
            idle="within: {years: 3}, counted_from: submitted, not_after: transition", transition="until: 2026-06-28"
        )
    ).file("A1")
    board.at("2026-07-01")
    assert board.standing("A1").application.expiry.cause == "deadline of idle passed"
    extension = Extension("", "r", "b", day("2026-12-31"), 0, "transition")
    assert extended(board, extension, "2026-07-01") == "trained"
    assert (board.state("A1", "2026-12-31"), board.state("A1", "2027-01-01")) == ("trained", "expired")


def theory_passed() -> Timeline:
    """Give theory, valid through 2026-06-20, which is then to be taken again."""
    return trained(lapse="effect: expire->effect: reopen").score("theory", "2024-05-18", "60", "2024-06-20")


def suspended(t: Timeline, night: str, on: str, known: str) -> Timeline:
    """Suspend for a day as it is known only later, after a night where one is named."""
    return (t.night(night) if night else t).record(f.ApplicationSuspended(**WHY), on, known)


@pytest.mark.parametrize("night", ["", "2026-06-25"])
def test_a_suspension_entered_late_holds_a_lapse_that_was_written_down(night):
    """Theory, valid through 2026-06-20, cannot run out under a suspension of that day, and runs out at its end."""
    t = suspended(theory_passed(), night, "2026-06-20", "2026-07-01")
    assert t.state("2026-06-20") == t.state("2026-06-21") == t.state("2026-07-01") == "skills_exam"
    t.record(f.ApplicationResumed(**WHY), "2026-07-10", "2026-07-10")
    assert t.state("2026-07-09") == "skills_exam"
    assert t.state("2026-07-10") == "theory_exam"


@pytest.mark.parametrize("night", ["", "2026-06-25"])
def test_a_suspension_of_the_day_after_holds_nothing(night):
    """What had run out the day before had run out."""
    t = suspended(theory_passed(), night, "2026-06-21", "2026-07-01")
    assert t.state("2026-06-21") == t.state("2026-07-01") == "theory_exam"


@pytest.mark.parametrize("night", ["", "2026-07-21"])
def test_a_suspension_of_a_day_of_waiting_holds_the_lapse_that_waited(night):
    """A result held the lapse of theory up until it was out: on the day of the suspension it had not come."""
    t = theory_passed().score("skills", "2026-06-15", "59").announce("skills", "2026-06-15", "2026-07-20")
    suspended(t, night, "2026-07-01", "2026-08-01")
    assert t.state("2026-07-01") == t.state("2026-07-20") == t.state("2026-08-01") == "skills_exam"
    t.record(f.ApplicationResumed(**WHY), "2026-08-02", "2026-08-02")
    assert t.state("2026-08-02") == "theory_exam"


# -- certificates ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("night", [False, True])
@pytest.mark.parametrize(
    ("fact", "after"),
    [
        (f.CertificateRevoked(**WHY), "revoked"),
        (f.CertificateSuspended(**WHY), "expired"),
        (f.CertificateReplaced(remark="lost", **WHY), "expired"),
    ],
)
def test_a_decision_on_a_certificate_holds_from_its_day_also_where_the_end_was_written_down_since(fact, after, night):
    """The night only writes down what is true: it is revoked from the last day on, and not refused as expired."""
    board = Board(valid="title: Paper, ->title: Paper, valid_for: {years: 1}, ").file("A1")
    for part in ("theory", "skills"):
        board.score("A1", part, "S1", "2024-05-18", "60", "2024-06-20")
    award(board.at("2024-07-01").service, "A1")
    board.at("2025-08-01")
    if night:
        write_clock(board.service, ["A1"], day("2025-08-01"))
    board.service.record("A1", fact, day("2025-07-01"))
    assert board.standing("A1", "2025-07-02").certificate_standing == after
    with pytest.raises(Refused, match=f"the certificate is {after}"):
        board.service.record("A1", f.CertificateReplaced(remark="lost", **WHY), day("2025-07-02"))
