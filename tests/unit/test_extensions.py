"""Decisions for one application or a whole cohort: extensions, suspensions, waivers; parts carried over."""

from __future__ import annotations

from typing import Any

import pytest

from tests.desk import WHY, Board, told
from tests.timeline import day
from tests.timeline import test_scheme as scheme_with
from tests.unit.board import write_clock
from tests.unit.test_timelines import objections, trained
from workflow import facts as f
from workflow.board.carrying import carry_over
from workflow.board.extensions import Extension, extend, reinstate
from workflow.board.selection import Selection, decide_for
from workflow.checking.check import pin
from workflow.errors import Invalid, NotFound, Refused

EPIDEMIC = Extension("theory", "epidemic", "notice 8", months=6)
MAPPED = (
    'conditions: {"1": {clause: {source: rules, at: "(1)"}, all: [{certificate: {level: 3}}]}}->carries_from: '
    "[{scheme: test, level: 3, parts: {theory: theory}, clause: {source: board}}]\n"
    '    conditions: {"1": {clause: {source: rules, at: "(1)"}, all: [{certificate: {level: 3}}]}}'
)


def until(on: str) -> Extension:
    """Give an extension of theory until a day."""
    return Extension("theory", "illness", "minute 4", day(on))


def cohort() -> Board:
    """Give a cohort of four: theory held, theory held longer, nothing passed, a complete set; and an outsider."""
    board = Board()
    for key, tag in (("A1", "C1"), ("A2", "C1"), ("A3", "C1"), ("A4", "C1"), ("B1", "")):
        board.ready(key, cohort=tag, candidate=key)
    for key in ("A1", "A4", "B1"):
        board.passed(key, "theory", "2024-05-18", "2024-06-20")
    board.passed("A2", "theory", "2024-11-16", "2024-12-18")
    board.passed("A4", "skills", "2024-11-16", "2024-12-18")
    return board.at("2026-05-01")


def test_a_cohort_is_extended_each_by_its_own_event_and_its_own_day():
    """Months are added to each one's last valid day; those it does not apply to are named and stop nobody."""
    board = cohort()
    outcomes = told(list(extend(board.service, Selection(cohort="C1"), EPIDEMIC)))
    assert outcomes.keys() == {"A1", "A2", "A3", "A4"}
    assert (outcomes["A1"], outcomes["A2"]) == ("skills_exam", "skills_exam")
    assert "theory was not passed" in outcomes["A3"]
    assert "complete" in outcomes["A4"]
    assert board.last_valid_on("A1", "theory", "2026-05-01") == day("2026-12-20")
    assert board.last_valid_on("A2", "theory", "2026-05-01") == day("2027-06-18")
    assert board.last_valid_on("B1", "theory", "2026-05-01") == day("2026-06-20")
    event = board.service.history("A1")[-1]
    assert isinstance(event.fact, f.ValidityExtended)
    assert (event.fact.reason, event.fact.authority) == ("epidemic", "notice 8")


def test_the_same_decision_again_changes_nothing():
    """Counted in months, a decision that was run twice would last twice as long; it is known again instead."""
    board = cohort()
    list(extend(board.service, Selection(cohort="C1"), EPIDEMIC))
    before = board.facts("A1")
    again = list(extend(board.at("2026-05-09").service, Selection(cohort="C1"), EPIDEMIC))
    assert [x.done.events for x in again if x.done] == [(), ()]
    assert board.facts("A1") == before
    other = Extension("theory", "epidemic goes on", "notice 9", months=6)
    list(extend(board.service, Selection(("A1",)), other))
    assert board.last_valid_on("A1", "theory", "2026-05-09") == day("2027-06-20")


def test_a_dry_run_says_the_same_and_writes_nothing():
    """What would be done is judged in full, and no event is written."""
    board = cohort()
    dry = told(list(extend(board.service, Selection(cohort="C1"), EPIDEMIC, dry_run=True)))
    assert "ValidityExtended" not in board.facts("A1")
    assert dry == told(list(extend(board.service, Selection(cohort="C1"), EPIDEMIC)))


def test_an_extension_after_the_expiry_reinstates_only_if_it_helps():
    """Through the new last valid day the application goes on; one too short, or of another part, is refused."""
    board = Board().ready("A1").passed("A1", "theory", "2024-05-18", "2024-06-20").at("2026-07-01")
    write_clock(board.service, ["A1"], day("2026-07-01"))
    short = told(list(extend(board.service, Selection(("A1",)), until("2026-06-25"))))
    assert "with theory valid through 2026-06-25 it would be expired on 2026-07-01 all the same" in short["A1"]
    assert board.facts("A1")[-1] == "Expired"
    assert told(list(extend(board.service, Selection(("A1",)), until("2026-07-01")))) == {"A1": "skills_exam"}
    assert board.facts("A1")[-2:] == ["Reinstated", "ValidityExtended"]
    assert [board.state("A1", on) for on in ("2026-06-21", "2026-07-01", "2026-07-02")] == [
        "expired",
        "skills_exam",
        "expired",
    ]


def test_effective_day_and_recorded_day_are_apart():
    """An extension that counts from an earlier day says on which day the board knew of it."""
    board = Board().ready("A1").passed("A1", "theory", "2024-05-18", "2024-06-20").at("2026-07-01")
    list(extend(board.service, Selection(("A1",)), until("2026-12-31"), day("2026-06-20")))
    event = board.service.history("A1")[-1]
    assert (event.effective_on, event.recorded_at.date()) == (day("2026-06-20"), day("2026-07-01"))
    assert board.state("A1", "2026-06-21") == "skills_exam"


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        (until("2026-06-20"), "is valid through 2026-06-20 already"),
        (Extension("skills", "x", "y", months=3), "was not passed, and no result of it is to come"),
        (Extension("nix", "x", "y", months=3), "has no part 'nix'"),
    ],
)
def test_an_extension_that_would_change_nothing_is_refused(wanted, why):
    """A day that is not later, a part that was not passed, a part that is not there."""
    board = Board().ready("A1").passed("A1", "theory", "2024-05-18", "2024-06-20")
    (outcome,) = extend(board.service, Selection(("A1",)), wanted)
    assert why in str(outcome.error)


def test_a_pending_result_may_be_extended_by_day_but_not_by_months():
    """A pass still to come has no last valid day from which to count."""
    board = Board().ready("A1")
    board.record("A1", f.Admitted(part="theory", sitting="S", sat_on=day("2024-05-18")), "2024-05-18")
    (outcome,) = extend(board.service, Selection(("A1",)), EPIDEMIC)
    assert "has no last valid day yet" in str(outcome.error)
    (outcome,) = extend(board.service, Selection(("A1",)), until("2027-01-01"))
    assert outcome.done is not None


def test_what_had_lapsed_and_was_extended_lapses_again_on_its_new_day():
    """Where a lapse reopens the part, an extension after it holds the part through its new last day, no longer."""
    t = trained(lapse="effect: expire->effect: reopen").score("theory", "2024-05-18", "60", "2024-06-20")
    t.night("2026-06-21")
    t.record(f.ValidityExtended(part="theory", until=day("2026-12-20"), **WHY), "2026-07-01")
    assert [t.state(on) for on in ("2026-06-30", "2026-07-01", "2026-12-20", "2026-12-21")] == [
        "theory_exam",
        "skills_exam",
        "skills_exam",
        "theory_exam",
    ]
    assert t.night("2027-01-01").facts[-1] == "PartLapsed"


# -- selections --------------------------------------------------------------------------------------------------------


def test_selections_by_scheme_level_sitting_and_number_narrow_each_other():
    """All that is said must fit; numbers that do not exist are named, and a tag that nobody has is an error."""
    board = cohort().ready("L2", level=2, candidate="L2").at("2026-05-01")
    fact = f.ApplicationSuspended(**WHY)

    def chosen(**said: Any) -> set[str]:
        return set(told(list(decide_for(board.service, Selection(**said), fact, dry_run=True))))

    assert chosen(scheme="test", level="2") == {"L2"}
    assert chosen(level="Lower", cohort="C1") == {"A1", "A2", "A3", "A4"}
    assert chosen(sitting="2024-11-16") == {"A2", "A4"}
    assert chosen(sitting="2024-11-16", applications=("A1", "A2")) == {"A2"}
    assert chosen(applications=("A1", "Z9")) == {"A1", "Z9"}
    for wrong in ({"cohort": "C9"}, {"sitting": "nix"}, {"scheme": "nix"}, {"sitting": "nix", "cohort": "C1"}):
        with pytest.raises(NotFound, match="no application fits"):
            chosen(**wrong)


def test_a_number_that_does_not_exist_stops_nobody():
    """The others of the list are decided."""
    board = cohort()
    outcomes = told(list(decide_for(board.service, Selection(("Z9", "A1")), f.ApplicationSuspended(**WHY))))
    assert outcomes == {"Z9": "no application Z9", "A1": "skills_exam"}
    assert board.service.standing("A1").application.suspended


def test_a_cohort_is_suspended_and_resumed_and_extended_in_between():
    """While suspended nothing runs out; an extension before the end keeps what would have run out."""
    board = cohort()
    everyone = Selection(cohort="C1")
    list(decide_for(board.service, everyone, f.ApplicationSuspended(**WHY)))
    board.at("2026-08-01")
    assert board.state("A1", "2026-08-01") == "skills_exam"
    list(extend(board.service, everyone, until("2026-12-31")))
    list(decide_for(board.service, everyone, f.ApplicationResumed(**WHY)))
    assert board.state("A1", "2026-08-01") == "skills_exam"
    again = told(list(decide_for(board.service, everyone, f.ApplicationResumed(**WHY))))
    assert all("is not suspended" in text for text in again.values())


def test_training_is_waived_for_a_cohort():
    """Each undecided gate opens by its own event; who is past it already is named."""
    board = Board().ready("A1", cohort="C1").file("A2", cohort="C1").file("A3", cohort="C1", candidate="d")
    board.record("A3", f.EligibilityAccepted(condition="1", conditions_met=("1",), evidence_digest=""))
    outcomes = told(list(decide_for(board.service, Selection(cohort="C1"), f.TrainingWaived(**WHY))))
    assert "the application is trained" in outcomes["A1"]
    assert "eligibility has not been decided yet" in outcomes["A2"]
    assert outcomes["A3"] == "trained"


# -- carrying over -----------------------------------------------------------------------------------------------------


def expired_with_skills() -> Board:
    """Give A1, expired by theory while skills is valid until 2027-01-10, and a new application N1 of its candidate."""
    board = Board().ready("A1", level=2).passed("A1", "theory", "2024-05-18", "2024-06-20")
    return board.passed("A1", "skills", "2024-12-01", "2025-01-10", "77.5").ready("N1", "2026-07-01", 2)


def test_a_part_is_carried_over_with_its_marks_days_and_old_last_valid_day():
    """Everything comes from the old history, and the part runs out on the day on which it would have run out there."""
    board = expired_with_skills()
    done = carry_over(board.service, "N1", "A1", "Skills", "still valid", "rule 12")
    fact = done.events[-1].fact
    assert isinstance(fact, f.PartCarriedOver)
    assert (fact.sat_on, fact.announced_on, fact.score) == (day("2024-12-01"), day("2025-01-10"), 77.5)
    assert (fact.last_valid_on, fact.reason, fact.authority) == (day("2027-01-10"), "still valid", "rule 12")
    assert [board.state("N1", on) for on in ("2026-07-01", "2027-01-10", "2027-01-11")] == [
        "theory_exam",
        "theory_exam",
        "expired",
    ]
    with pytest.raises(Refused, match="is here already"):
        carry_over(board.service, "N1", "A1", "skills", "again", "rule 12")


def test_an_extension_is_carried_over_with_the_part():
    """The last valid day that is carried is the one that holds there, an extension included."""
    board = Board().ready("A1").passed("A1", "skills", "2024-12-01", "2025-01-10").ready("N1", "2026-07-01")
    list(extend(board.service, Selection(("A1",)), Extension("skills", "x", "y", day("2027-06-30"))))
    carry_over(board.service, "N1", "A1", "skills", "still valid", "rule 12")
    assert board.last_valid_on("N1", "skills", "2026-07-01") == day("2027-06-30")


def test_what_is_not_held_there_is_not_carried_over():
    """A part that was failed or has run out, an application of another person, or one that never counted."""
    board = expired_with_skills().ready("X1", "2026-07-01", 2, candidate="other")
    with pytest.raises(Refused, match="theory is not held in A1 on 2026-07-01; held: skills through 2027-01-10"):
        carry_over(board.service, "N1", "A1", "theory", "x", "y")
    with pytest.raises(Refused) as refused:
        carry_over(board.service, "X1", "A1", "skills", "x", "y")
    assert objections(refused) == {"is_the_same_candidate"}
    with pytest.raises(Refused) as refused:
        carry_over(board.service, "N1", "N1", "skills", "x", "y")
    assert "is_another_application" in objections(refused)
    board.ready("N2", "2027-01-11", 2)
    with pytest.raises(Refused, match="skills is not held in A1 on 2027-01-11"):
        carry_over(board.service, "N2", "A1", "skills", "x", "y")


def test_what_was_passed_without_a_standing_acceptance_is_not_carried_over():
    """While a decision on eligibility is reopened, or after a refusal, nothing of that application counts."""
    board = Board().ready("A1").passed("A1", "theory", "2024-05-18", "2024-06-20").ready("N1", "2024-07-01")
    board.record("A1", f.EligibilityReopened(**WHY))
    with pytest.raises(Refused, match="A1 is submitted: what was passed in it does not count"):
        carry_over(board.service, "N1", "A1", "theory", "x", "y")


def test_a_complete_set_is_not_carried_over():
    """What makes up an award of its own is not used twice."""
    board = Board().ready("A1").passed("A1", "theory", "2024-05-18", "2024-06-20")
    board.passed("A1", "skills", "2024-05-18", "2024-06-20").ready("N1", "2024-07-01")
    with pytest.raises(Refused, match="is awaiting_award"):
        carry_over(board.service, "N1", "A1", "skills", "x", "y")


def test_another_level_counts_only_where_the_scheme_says_so():
    """Level 3's theory counts at level 2 under the scheme that carries it from there, and its skills do not."""
    board = Board().ready("A1").passed("A1", "theory", "2024-05-18", "2024-06-20").ready("N1", "2024-07-01", 2)
    with pytest.raises(Refused) as refused:
        carry_over(board.service, "N1", "A1", "theory", "x", "y")
    assert objections(refused) == {"is_mapped"}
    mapped = Board(scheme_with(m=MAPPED)).ready("A1").passed("A1", "theory", "2024-05-18", "2024-06-20")
    mapped.ready("N1", "2024-07-01", 2)
    assert carry_over(mapped.service, "N1", "A1", "theory", "x", "y").state == "skills_exam"


def test_a_scheme_that_carries_from_to_a_part_it_does_not_have_is_refused():
    """The part as which another counts must be one of the level's."""
    text = scheme_with(m=MAPPED).text.replace("{theory: theory}", "{theory: nix}")
    with pytest.raises(Invalid, match="this level has no part 'nix'"):
        pin(text, "x.yaml")


def test_a_withdrawal_is_taken_back_by_the_board_and_both_stay_visible():
    """A withdrawal by mistake is taken back with reason and authority; the application goes on where it stood."""
    board = Board().ready("A1").passed("A1", "theory", "2024-05-18", "2024-06-20")
    board.record("A1", f.Withdrawn(reason="mistake"), "2024-07-01")
    board.at("2024-07-10")
    done = reinstate(board.service, "A1", **WHY)
    assert done.state == "skills_exam"
    assert [e.type for e in board.service.history("A1")][-2:] == ["Withdrawn", "Reinstated"]
    assert board.service.standing("A1", day("2024-07-09")).application.state == "withdrawn"
    with pytest.raises(Refused, match="reinstate is possible in"):
        reinstate(board.service, "A1", **WHY)


def test_an_expiry_that_would_strike_again_is_not_taken_back_but_asks_for_an_extension():
    """Time that has run out is not undone by a word: the board extends the part, and that reinstates."""
    board = Board().ready("A1").passed("A1", "theory", "2024-05-18", "2024-06-20").at("2026-07-01")
    before = board.service.history("A1")
    with pytest.raises(Refused, match="extend the part instead"):
        reinstate(board.service, "A1", **WHY)
    assert board.service.history("A1") == before
    withdrawn = Board().ready("A1").passed("A1", "theory", "2024-05-18", "2024-06-20")
    withdrawn.record("A1", f.Withdrawn(), "2024-07-01")
    with pytest.raises(Refused, match="extend the part instead"):
        reinstate(withdrawn.at("2026-07-01").service, "A1", **WHY)
