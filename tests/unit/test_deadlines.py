"""The other clocks of an application: drafts, audits, eligibility, authorizations, fixed ends, and more time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scheduler.messages import words_of
from tests.timeline import EVIDENCE, SCHEME, Timeline, day
from tests.timeline import test_scheme as scheme_with
from tests.unit.assessing import Assessed, C
from tests.unit.assessing import scheme as assessed
from tests.unit.board import Board
from workflow import facts as f
from workflow.board import decisions
from workflow.board.admissions import reason_to_release
from workflow.board.extensions import Extension, extend
from workflow.board.selection import Selection
from workflow.checking.check import pin
from workflow.draft import Draft
from workflow.errors import Invalid, Refused
from workflow.nights.last_steps import notice_kind
from workflow.ports import Candidate
from workflow.standing import standing_of

WHY = {"reason": "r", "authority": "a"}
SOURCE = "clause: {source: rules, at: clock}"


def deadlines(**named: str) -> dict[str, str]:
    """Give every level these deadlines, each by its fields."""
    said = "".join(f"      {name}: {{{fields}, {SOURCE}}}\n" for name, fields in named.items())
    return {"deadlines": f"stages: {{theory_exam->deadlines:\n{said}    stages: {{theory_exam"}


def scheme(closes_on: str = "", **named: str) -> Any:
    """Give the test scheme with deadlines, and perhaps a last day of the edition."""
    end = {"end": f"offered_from: 2000-01-01->offered_from: 2000-01-01\n  closes_on: {closes_on}"} if closes_on else {}
    return scheme_with(**end, **(deadlines(**named) if named else {}))


def refused_by(act: Callable[[], Any]) -> list[str]:
    """Name the rules that object to an act."""
    with pytest.raises(Refused) as refused:
        act()
    return [no.rule for no in refused.value.objections]


def ends(t: Timeline, last: str, after: str, name: str) -> None:
    """Hold that an application goes on through a day and has expired the day after, by the deadline of that name."""
    assert t.as_of(last).expiry is None
    expiry = t.as_of(after).expiry
    assert expiry is not None
    assert (expiry.cause, str(expiry.last_valid_on), str(expiry.expired_on)) == (
        f"deadline of {name} passed",
        last,
        after,
    )
    assert t.standing(last).clock == f"deadline of {name} passed: the application expires"
    assert str(t.standing(last).clock_on) == after


def test_a_deadline_is_told_by_its_title_and_recorded_by_its_name():
    """The clock, the reason of the expiry, a refusal and a denied extension say its title; the event says its name."""
    t = Timeline(3, "2024-03-15", scheme(information="title: audit, within: {days: 90}"))
    t.record(f.InformationRequested(reason="diploma"), "2024-04-01")
    assert t.standing("2024-06-30").clock == "deadline of audit passed: the application expires"
    late = t.standing("2024-07-01")
    assert late.expired_because == late.as_json()["expired_because"] == "deadline of audit passed"
    assert late.application.expiry is not None
    assert late.application.expiry.cause == "deadline of information passed"
    with pytest.raises(Refused, match=r"the application is expired since 2024-07-01 \(deadline of audit passed\)"):
        t.record(f.InformationRequested(reason="diploma"), "2024-07-02")
    closed = scheme(eligibility="title: year of eligibility, within: {days: 9}, counted_from: submitted, effect: close")
    with pytest.raises(Refused, match="year of eligibility lasts through 2024-03-24; the sitting is on 2024-03-25"):
        Timeline(3, "2024-03-15", closed).accept().train("2024-03-15").admit("theory", "2024-03-25")


# -- drafts and audits -------------------------------------------------------------------------------------------------


def drafted(on: str = "2024-03-15") -> Timeline:
    """Give an application that was filed as a draft."""
    pinned = scheme(draft="within: {days: 90}")
    t = Timeline(3, on, pinned)
    fact = f.Submitted(candidate="c", scheme="test", digest=pinned.digest, level=3, evidence=EVIDENCE, draft=True)
    t.history = Draft.opening("A1", fact, day(on), t.rules, t._instant(on), "clerk", "submit").append().events
    return t


def test_a_draft_is_completed_in_time_or_expires():
    """Ninety days from the filing; the last of them still counts."""
    ends(drafted(), "2024-06-13", "2024-06-14", "draft")
    t = drafted().record(f.Resubmitted(evidence=EVIDENCE), "2024-06-13")
    assert t.as_of("2024-12-31").state == "submitted"
    assert t.standing("2024-12-31").clock == ""


def test_a_draft_waits_for_the_candidate_and_is_not_decided():
    """Nobody accepts or refuses what is not complete; its eligibility is measured on the day of completion."""
    t = drafted()
    assert t.standing("2024-04-01").awaited == (("the completion of the draft", "candidate"),)
    assert refused_by(lambda: t.accept("2024-04-01")) == ["is_no_draft"]
    t.record(f.Resubmitted(evidence=EVIDENCE), "2024-04-02").accept("2024-04-05")
    assert t.as_of("2024-04-05").measured_on == day("2024-04-02")
    assert t.as_of("2024-04-05").submitted_on == day("2024-03-15")


def test_an_audit_runs_from_the_request_to_the_resubmission():
    """Every request opens its own time; without one there is none."""
    t = Timeline(3, "2024-03-15", scheme(information="within: {days: 90}"))
    assert t.standing("2025-01-01").clock == ""
    t.record(f.InformationRequested(reason="letters"), "2024-04-01")
    ends(t, "2024-06-30", "2024-07-01", "information")
    t.record(f.Resubmitted(evidence=EVIDENCE), "2024-06-30")
    assert t.state("2025-01-01") == "submitted"
    t.record(f.InformationRequested(reason="more"), "2025-01-01")
    ends(t, "2025-04-01", "2025-04-02", "information")


def test_papers_that_came_in_time_and_were_entered_late_bring_the_application_back():
    """The expiry was recorded by a night that did not know of them."""
    t = Timeline(3, "2024-03-15", scheme(information="within: {days: 90}"))
    t.record(f.InformationRequested(reason="letters"), "2024-04-01").night("2024-07-01")
    t.record(f.Resubmitted(evidence=EVIDENCE), "2024-06-30", "2024-07-05")
    assert t.state("2024-07-05") == "submitted"
    assert t.facts[-3:] == ["Expired", "Reinstated", "Resubmitted"]


# -- eligibility and other times of their own --------------------------------------------------------------------------


def test_a_year_of_eligibility_counts_from_the_acceptance_and_anew_from_the_next():
    """Taken back by an audit and decided again, it begins again; meanwhile it does not run."""
    t = Timeline(3, "2024-03-15", scheme(eligibility="within: {years: 1}, counted_from: approved")).accept("2024-04-01")
    t.train("2024-04-10")
    ends(t, "2025-04-01", "2025-04-02", "eligibility")
    t.record(f.EligibilityReopened(**WHY), "2025-03-01")
    assert t.state("2025-12-31") == "submitted"
    t.accept("2025-06-01")
    ends(t, "2026-06-01", "2026-06-02", "eligibility")


def test_a_complete_set_ends_every_such_time():
    """The last part was sat on the last day; a result that is still to come holds the clock."""
    t = (
        Timeline(3, "2024-03-15", scheme(eligibility="within: {years: 1}, counted_from: approved"))
        .accept()
        .train("2024-04-10")
    )
    t.score("theory", "2024-05-18", "60", "2024-06-20").admit("skills", "2025-03-15", known="2025-03-01")
    assert t.state("2025-03-20") == "skills_exam"
    assert "held by a result" in t.standing("2025-03-20").clock
    t.score("skills", "2025-03-15", "60", "2025-04-20")
    assert t.state("2030-01-01") == "awaiting_award"


def test_no_seat_beyond_the_time():
    """The last day may be sat; the day after is refused, with the clause."""
    t = (
        Timeline(3, "2024-03-15", scheme(eligibility="within: {years: 1}, counted_from: approved"))
        .accept()
        .train("2024-04-10")
    )
    t.admit("theory", "2025-03-15", known="2024-05-01")
    assert refused_by(lambda: t.admit("skills", "2025-03-16", known="2024-05-01")) == ["outlasts_deadlines"]


@pytest.mark.parametrize(
    ("start", "last", "after"),
    [
        ("submitted", "2025-03-15", "2025-03-16"),
        ("course_completed", "2025-04-10", "2025-04-11"),
        ("first_attempt", "2025-05-18", "2025-05-19"),
        ("last_attempt", "2025-11-16", "2025-11-17"),
    ],
)
def test_each_day_from_which_such_a_time_counts(start, last, after):
    """It runs once that day has come."""
    t = Timeline(3, "2024-03-15", scheme(time=f"within: {{years: 1}}, counted_from: {start}")).accept("2024-04-01")
    t.train("2024-04-10").score("theory", "2024-05-18", "59", "2024-06-20")
    t.score("theory", "2024-11-16", "59", "2024-12-18")
    ends(t, last, after, "time")


@pytest.mark.parametrize(("start", "last", "after"), [
    ("first_attempt", "2025-05-18", "2025-05-19"), ("last_attempt", "2025-11-16", "2025-11-17"),
])  # fmt: skip
def test_a_time_that_closes_and_is_counted_from_an_attempt_begins_with_one(start, last, after):
    """Nobody is barred from the first sitting, nor from one that is entered late; it closes beyond the last day."""
    pinned = scheme(resits=f"within: {{years: 1}}, counted_from: {start}, effect: close")
    t = Timeline(3, "2024-03-15", pinned).accept().train("2024-04-10")
    t.score("theory", "2024-05-18", "59", "2024-06-20").score("theory", "2024-11-16", "59", "2024-12-18")
    t.admit("skills", "2024-05-17", known="2024-12-19").admit("theory", last, known="2024-12-19")
    assert refused_by(lambda: t.admit("theory", after, known="2024-12-19")) == ["outlasts_deadlines"]
    assert t.state(after) == "theory_exam"


def test_a_complete_set_may_have_to_be_turned_into_a_certificate():
    """Three years in awaiting_award; then the application expires, unless the board awards before."""
    t = Timeline(3, "2024-03-15", scheme(awaiting_award="within: {years: 3}")).accept().train("2024-04-10")
    t.score("theory", "2024-05-18", "60", "2024-06-20").score("skills", "2024-05-18", "60", "2024-06-20")
    ends(t, "2027-06-20", "2027-06-21", "awaiting_award")
    assert t.night("2027-06-21").history[-1].dest == "expired"


def test_a_stay_may_be_counted_from_the_last_sitting():
    """Nine months from the day of the exam, not from that of the result; a seat is never refused for a stay."""
    pinned = scheme(
        awaiting_award="within: {months: 9}, counted_from: last_attempt",
        trained="within: {months: 6}, counted_from: approved",
    )
    t = Timeline(3, "2024-03-15", pinned).accept().train("2024-04-10").admit("theory", "2024-12-01", known="2024-05-01")
    t.score("theory", "2024-12-01", "60", "2025-01-10").score("skills", "2024-12-02", "60", "2025-01-10")
    ends(t, "2025-09-02", "2025-09-03", "awaiting_award")


def test_an_edition_ends_for_all_on_its_day():
    """Whatever the state: through the last day it can be completed, and a complete set stays."""
    t = Timeline(3, "2024-03-15", scheme("2025-06-30")).accept().train("2024-04-10")
    ends(t, "2025-06-30", "2025-07-01", "edition")
    ends(Timeline(3, "2025-06-01", scheme("2025-06-30")), "2025-06-30", "2025-07-01", "edition")
    t.score("theory", "2024-05-18", "60", "2024-06-20").score("skills", "2025-06-30", "60", "2025-07-30")
    assert t.state("2026-01-01") == "awaiting_award"


def test_a_deadline_of_a_state_may_roll_over_rest_days():
    """2024-10-01 to 07 are rest days; the next working day counts as the last."""
    t = Timeline(3, "2024-09-01", scheme(submitted="within: {months: 1}, rolls: true"))
    ends(t, "2024-10-08", "2024-10-09", "submitted")


# -- authorizations ----------------------------------------------------------------------------------------------------

ATT = {
    "eligibility": "within: {years: 1}, counted_from: approved",
    "authorization": "within: {days: 90}, counted_from: authorized, not_after: eligibility, effect: close, sittings: 1",
}


def eligible() -> Timeline:
    """Give an application that was accepted on 2024-04-01 and needs an authorization for each sitting."""
    return Timeline(3, "2024-03-15", scheme(**ATT)).accept("2024-04-01").train("2024-04-10")


def authorize(t: Timeline, on: str, until: str = "", part: str = "") -> Timeline:
    """Authorize on a day, for every part or for one."""
    return t.record(f.AuthorizationGiven(until=day(until) if until else None, part=part), on)


def test_nobody_sits_without_an_authorization_and_its_last_day_counts():
    """It begins on its day and ends after 90; nothing expires by its end."""
    t = eligible()
    assert t.standing("2024-05-01").awaited == (("an authorization to test", "board"),)
    assert refused_by(lambda: t.admit("theory", "2024-05-18", known="2024-05-01")) == ["outlasts_deadlines"]
    authorize(t, "2024-05-10")
    assert t.standing("2024-05-10").deadlines["authorization"] == day("2024-08-08")
    assert "admission to a sitting" in t.standing("2024-08-08").awaited[0][0]
    assert t.standing("2024-08-09").awaited == (("an authorization to test", "board"),)
    assert refused_by(lambda: t.admit("theory", "2024-08-09", known="2024-06-01")) == ["outlasts_deadlines"]
    t.admit("theory", "2024-08-08", known="2024-06-01")
    assert t.state("2024-12-01") == "theory_exam"


def test_the_outer_window_cuts_an_authorization():
    """Given a month before the eligibility ends, it ends with that."""
    t = authorize(eligible(), "2025-03-01")
    assert t.standing("2025-03-01").deadlines == {
        "eligibility": day("2025-04-01"),
        "authorization": day("2025-04-01"),
    }
    assert set(refused_by(lambda: t.admit("theory", "2025-04-02", known="2025-03-01"))) == {"outlasts_deadlines"}
    t.admit("theory", "2025-04-01", known="2025-03-01")


def test_an_authorization_may_name_an_earlier_last_day_but_not_a_later_one():
    """What the scheme counts is the most."""
    assert authorize(eligible(), "2024-05-10", "2024-06-01").standing("2024-05-11").deadlines["authorization"] == day(
        "2024-06-01"
    )
    assert authorize(eligible(), "2024-05-10", "2024-12-01").standing("2024-05-11").deadlines["authorization"] == day(
        "2024-08-08"
    )
    assert refused_by(lambda: authorize(eligible(), "2024-05-10", "2024-05-09")) == ["has_a_last_day_to_come"]


def test_each_sitting_needs_an_authorization_of_its_own():
    """It is used by an admission, given back by a cancelled one, and renewed by the next authorization."""
    t = authorize(eligible(), "2024-05-10").admit("theory", "2024-05-18")
    assert refused_by(lambda: t.admit("skills", "2024-05-19", known="2024-05-18")) == ["is_authorized"]
    t.record(f.AdmissionCancelled(part="theory", sitting="2024-05-18", reason="power cut"), "2024-05-18")
    t.score("theory", "2024-05-25", "60", "2024-06-20")
    assert t.standing("2024-06-20").awaited == (("an authorization to test", "board"),)
    authorize(t, "2024-06-21").admit("skills", "2024-06-25")


def test_an_authorization_may_be_for_one_part():
    """Each part has days of its own; the latest that is for it counts, be it for that part or for all."""
    t = authorize(authorize(eligible(), "2024-05-10", part="theory"), "2024-06-10", part="skills")
    assert t.standing("2024-06-10").deadlines == {
        "eligibility": day("2025-04-01"),
        "authorization theory": day("2024-08-08"),
        "authorization skills": day("2024-09-08"),
    }
    assert refused_by(lambda: t.admit("theory", "2024-08-09", known="2024-06-11")) == ["outlasts_deadlines"]
    assert refused_by(lambda: t.admit("skills", "2024-09-09", known="2024-06-11")) == ["outlasts_deadlines"]
    t.admit("theory", "2024-08-08", known="2024-06-11").admit("skills", "2024-09-08", known="2024-06-11")
    authorize(t, "2024-09-10")
    assert t.standing("2024-09-10").deadlines["authorization theory"] == day("2024-12-09")


def test_an_authorization_of_one_part_serves_sittings_of_it_alone():
    """It is used by an admission to that part; the other part has not begun; what may be sat is not awaited."""
    t = authorize(eligible(), "2024-05-10", part="theory")
    assert "admission to a sitting" in t.standing("2024-05-10").awaited[0][0]
    with pytest.raises(Refused, match="authorization has not begun for skills"):
        t.admit("skills", "2024-05-18", known="2024-05-11")
    t.score("theory", "2024-05-18", "59", "2024-05-20")
    assert refused_by(lambda: t.admit("theory", "2024-05-25", known="2024-05-20")) == ["is_authorized"]
    assert t.standing("2024-05-20").awaited == (("an authorization to test", "board"),)
    authorize(t, "2024-05-21", part="skills").admit("skills", "2024-05-25")
    assert refused_by(lambda: authorize(t, "2024-05-26", part="thoery")) == ["part_is_assessed"]


def test_a_seat_beyond_a_newer_and_shorter_authorization_is_taken_back():
    """The nightly job releases it with the reason; one that still holds is left alone."""
    t = authorize(eligible(), "2024-05-10").admit("theory", "2024-08-08", known="2024-06-01")
    attempt = t.as_of("2024-06-02").attempts[0]

    def reason(on: str) -> str:
        return reason_to_release(Draft(t.history, t.rules, t.history[-1].recorded_at, "n"), attempt, day(on))

    assert reason("2024-06-02") == ""
    authorize(t, "2024-06-03", "2024-08-07")
    assert "lasts through 2024-08-07; the sitting is on 2024-08-08" in reason("2024-06-03")


def test_only_an_accepted_candidate_is_authorized():
    """And only where the scheme has a time that is counted from it."""
    t = Timeline(3, "2024-03-15", scheme(**ATT))
    assert refused_by(lambda: authorize(t, "2024-04-01")) == ["is_accepted"]
    assert refused_by(lambda: authorize(Timeline(3).accept(), "2024-04-01")) == ["state"]


# -- more time ---------------------------------------------------------------------------------------------------------


def more(t: Timeline, until: str, on: str, name: str = "eligibility") -> Timeline:
    """Grant more time for a deadline."""
    return t.record(f.DeadlineExtended(deadline=name, until=day(until), **WHY), on)


def test_more_time_through_a_later_day():
    """Before the end, or after it: then the expiry that was recorded is taken back."""
    ends(more(eligible(), "2025-06-30", "2025-01-10"), "2025-06-30", "2025-07-01", "eligibility")
    t = more(eligible().night("2025-04-02"), "2025-06-30", "2025-05-01")
    assert t.facts[-3:] == ["Expired", "Reinstated", "DeadlineExtended"]
    ends(t, "2025-06-30", "2025-07-01", "eligibility")


def test_more_time_lifts_the_inner_window_only_to_the_outer_one():
    """An authorization that is extended still ends with the eligibility."""
    t = more(authorize(eligible(), "2025-01-01"), "2025-12-31", "2025-01-02", "authorization")
    assert t.standing("2025-01-02").deadlines["authorization"] == day("2025-04-01")


def test_more_time_names_a_deadline_and_a_later_day():
    """Each objection says what there is."""
    assert refused_by(lambda: more(eligible(), "2025-12-31", "2025-01-01", "draft")) == ["deadline_ends_later"]
    t = more(eligible(), "2025-12-31", "2025-01-01")
    assert refused_by(lambda: more(t, "2025-12-31", "2025-01-02")) == ["deadline_ends_later"]


def test_more_time_for_a_cohort_each_by_its_own_day():
    """Months are added to each one's own last day; whoever has no such time running is named."""
    board = Board(**deadlines(**ATT))
    board.at("2025-01-10").file("A1", on="2024-03-15").file("A2", "p2", on="2024-05-31")
    board.stores.candidates.add([Candidate("p3", "Person p3", "passport", "Xp3")])
    board.service.submit("p3", board.scheme, 3, EVIDENCE, day("2024-06-01"), "A3")
    extension = Extension("", "illness", "minute 4", None, 3, "eligibility")
    outcomes = {o.application: o for o in extend(board.service, Selection(("A1", "A2", "A3")), extension)}
    facts = [outcomes[key].done.events[-1].fact.until for key in ("A1", "A2")]
    assert facts == [day("2025-06-15"), day("2025-08-31")]
    assert "does not run" in str(outcomes["A3"].error)


# -- the night and the words -------------------------------------------------------------------------------------------


def test_a_notice_of_such_a_time_says_what_to_do():
    """By its title where it has one; the kind is that of a deadline."""
    named = {"eligibility": 'within: {years: 1}, counted_from: approved, title: "the eligibility year"'}
    t = Timeline(3, "2024-03-15", scheme(**named)).accept("2024-04-01")
    fact = t.as_of("2025-04-02").expiry
    words = words_of("A1", fact, t.rules)
    assert notice_kind(fact) == "deadline"
    assert "the time for the eligibility year" in words.text
    assert "sit the missing parts by that day" in words.text
    t = drafted()
    assert "complete the draft by that day" in words_of("A1", t.as_of("2024-06-14").expiry, t.rules).text


def test_a_board_decides_no_draft_with_all_others():
    """The bulk decision passes over it, and takes it up once it is completed."""
    board = Board(**deadlines(draft="within: {days: 90}")).at("2024-04-01")
    board.stores.candidates.add([Candidate("p1", "Person p1", "passport", "Xp1")])
    board.service.submit("p1", board.scheme, 3, EVIDENCE, day("2024-03-15"), "A1", is_draft=True)
    assert list(decisions.decide_all(board.service, lambda _answer: True)) == []
    board.service.record("A1", f.Resubmitted(evidence=EVIDENCE), day("2024-03-20"))
    (outcome,) = decisions.decide_all(board.service, lambda _answer: True)
    assert outcome.application == "A1"
    assert outcome.error is None


@pytest.mark.parametrize(
    ("named", "says"),
    [
        ({"traind": "within: {days: 9}"}, "did you mean 'trained'"),
        ({"eligibility": "within: {days: 9}"}, "needs counted_from or until"),
        ({"draft": "within: {days: 9}, counted_from: approved"}, "counted from when that began"),
        ({"edition": "until: 2027-12-31"}, "choose another"),
        ({"x": "until: 2027-12-31, not_after: y"}, "no other deadline of this level is called 'y'"),
        ({"x": "until: 2027-12-31, not_after: y", "y": "until: 2027-01-01, not_after: x"}, "is itself cut by"),
        ({"draft": "until: 2027-12-31, effect: close"}, "only a time of its own can close"),
    ],
)
def test_a_deadline_that_means_nothing_is_told_what_to_write(named, says):
    """Every mistake names its field and the right words."""
    with pytest.raises(Invalid, match=says):
        scheme(**named)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            "offered_from: 2000-01-01",
            "offered_from: 2000-01-01\n  closes_on: 1999-12-31",
            "would end before it is filed",
        ),
        ("sources:", "rest_days: XX\nsources:", "rest days of XX are not known"),
        ("sources:", "board_rest_days: [2026-01-05]\nboard_working_days: [2026-01-05]\nsources:", "board_rest_days as"),
        ("{years: 2}}", "{years: 2}, last_day: end_of_exam_year}", "add exam_years"),
    ],
)
def test_a_calendar_that_does_not_hold_together_is_told(old, new, says):
    """Across the fields of a document."""
    with pytest.raises(Invalid, match=says):
        pin(SCHEME.replace(old, new), "test.yaml")


def test_the_standing_lists_every_clock_that_runs():
    """By name, each with its last day, as JSON as well."""
    t = authorize(eligible(), "2024-05-10")
    standing = standing_of(t.as_of("2024-05-10"), t.rules, day("2024-05-10"))
    assert standing.as_json()["deadlines"] == {"eligibility": "2025-04-01", "authorization": "2024-08-08"}


@pytest.mark.parametrize("by", ["transition", "edition"])
def test_a_deadline_that_was_kept_is_not_missed_while_the_decision_is_reopened(by):
    """Whoever has passed every part has kept the time until then: the board decides anew, and the clock does not."""
    last = "2024-07-31"
    t = Timeline(scheme=scheme(closes_on=last) if by == "edition" else scheme(transition=f"until: {last}")).accept()
    t.train("2024-04-01")
    for part in ("theory", "skills"):
        t.score(part, "2024-05-18", "60", "2024-06-20")
    t.record(f.EligibilityReopened(**WHY), "2024-09-01", "2024-09-01")
    assert (t.state("2024-09-01"), t.state("2030-01-01")) == ("submitted", "submitted")
    assert (t.standing("2024-09-02").clock, t.standing("2024-09-02").deadlines) == ("", {})
    t.accept("2024-09-10")
    assert t.state("2024-09-10") == "awaiting_award"


def test_a_deadline_runs_on_while_the_decision_is_reopened_and_a_part_is_missing():
    """A reopened decision gives no more time to pass what is still to be passed."""
    t = Timeline(scheme=scheme(transition="until: 2024-12-31")).accept().train("2024-04-01")
    t.score("theory", "2024-05-18", "60", "2024-06-20")
    t.record(f.EligibilityReopened(**WHY), "2024-09-01", "2024-09-01")
    ends(t, "2024-12-31", "2025-01-01", "transition")


@pytest.mark.parametrize(("out", "before"), [("2024-08-01", "three"), ("2024-08-07", "three"), ("2024-08-10", "two")])
def test_a_stage_that_was_passed_in_time_is_not_missed_since_an_earlier_part_ran_out_before_the_result(out, before):
    """Sat in time for its stage, and out after the first part ran out: that is taken again, and nothing ends."""
    level = f"    deadlines: {{two: {{within: {{days: 45}}, {C}}}}}"
    pinned = assessed("{one: far, two: aud, three: tcp}", "reopen", level=level, far="", aud="", tcp="")
    short = pinned.text.replace("length: {years: 2}", "length: {days: 200}, counted_from: sat", 1)
    t = Assessed(pin(short, "test.yaml"))
    t.sit("far", "2024-01-20", announced="2024-06-20")  # valid through 2024-08-07; in stage two through 2024-08-04
    t.sit("aud", "2024-07-01", announced=out)
    assert t.state("2024-08-07") == before
    assert t.state("2024-08-10") == t.state("2030-01-01") == "one"
    assert t.held("2024-08-10") == ["aud"]
