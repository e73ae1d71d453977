"""Papers checked and judged, applications returned, decisions reopened, courses recorded."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.desk import WHY, Board
from tests.timeline import EVIDENCE, Timeline, day
from tests.timeline import test_scheme as scheme_with
from tests.unit.test_timelines import objections, trained
from workflow import facts as f
from workflow.board.decisions import accept
from workflow.board.evidence_desk import evidence_of
from workflow.board.reopening import consequences, reopen
from workflow.board.training_record import hours_of, training_of
from workflow.errors import NotFound, Refused
from workflow.evidence import Course, Education, Evidence

CREDITS = "training: {hours: 100, clause->training: {hours: 100, hours_per_credit: 16, clause"
MAJOR = '{"1": {clause: {source: rules, at: "(1)"}, all: [{work: {years: 4, counted: continuous}}]}}'
RELATED = '{"1": {clause: {source: rules, at: "(1)"}, all: [{education: {degree: [bachelor], field: [related]}}]}}'
DEGREE = Evidence(education=(Education(degree="bachelor", field="other", completed_on=day("2018-07-01")),))
FORGED = f.EvidenceChecked(item="work/0", status="rejected", reason="forged")


def course(on: str, hours: str = "100", **said: object) -> f.TrainingRecorded:
    """Give the record of a course with a completion certificate."""
    return f.TrainingRecorded.model_validate(
        {"hours": Decimal(hours), "completion_certificate": True, "completed_on": on, **said}
    )


# -- evidence ----------------------------------------------------------------------------------------------------------


def test_every_piece_is_listed_with_who_looked_at_it_and_when():
    """A piece bears its latest check and judgement with actor and day, and what it counts as now."""
    board = Board().file("A1")
    board.record("A1", f.EvidenceChecked(item="work/0", status="verified", issuer="archive", reference="L-1"))
    board.at("2024-03-20").record("A1", FORGED)
    board.record("A1", f.EvidenceJudged(item="certificates/0", relation="related", **WHY))
    certificate, work = evidence_of(board.service, "A1")
    assert (work.name, work.status, work.counts_as) == ("work/0", "rejected", None)
    assert work.checked is not None
    assert (work.checked.actor, work.checked.effective_on) == ("clerk", day("2024-03-20"))
    assert certificate.status == "unverified"
    assert certificate.counts_as == certificate.shown | {"occupation": "related"}
    assert certificate.as_row("A1")["judged"]["authority"] == "the board"
    (_, before) = evidence_of(board.service, "A1", day("2024-03-19"))
    assert before.status == "verified"
    with pytest.raises(NotFound):
        evidence_of(board.service, "A1", day("2024-03-14"))


def test_an_undone_check_counts_again_and_a_rejection_needs_a_reason():
    """`unverified` takes a check back; whoever rejects says why; a piece that is not there is refused by name."""
    t = Timeline().record(FORGED, "2024-03-16")
    with pytest.raises(Refused, match="is not met"):
        t.accept("2024-03-17")
    t.record(f.EvidenceChecked(item="work/0", status="unverified"), "2024-03-18").accept("2024-03-18")
    with pytest.raises(Refused) as refused:
        t.record(f.EvidenceChecked(item="work/7", status="rejected"), "2024-03-19")
    assert objections(refused) == {"names_evidence", "says_why"}
    assert "there are: certificates/0, work/0" in str(refused.value)


def test_a_judgement_decides_what_a_clause_leaves_open():
    """A major that the board takes as related meets the condition that asks for a related one."""
    board = Board(scheme_with(a=f"{MAJOR}->{RELATED}")).file("A1", evidence=DEGREE)
    with pytest.raises(Refused, match="does not fit"):
        accept(board.service, "A1")
    board.record("A1", f.EvidenceJudged(item="education/0", relation="related", **WHY))
    assert accept(board.service, "A1").state == "submitted"
    assert board.service.history("A1")[-1].type == "EligibilityAccepted"


def test_an_acceptance_of_who_meets_nothing_is_refused_by_the_condition_that_would_be_met_first():
    """Not by the first one of the document, which waiting does not meet."""
    both = '"2": {clause: {source: rules, at: "(2)"}, all: [{work: {years: 40, counted: continuous}}]}}'
    board = Board(scheme_with(a=f"{MAJOR}->{RELATED[:-1]}, {both}")).file("A1")
    with pytest.raises(Refused, match=r"Condition 2 is not met: .* It would be met from 20"):
        accept(board.service, "A1")


@pytest.mark.parametrize(
    "judgement",
    [
        {"item": "training/0", "relation": "same"},
        {"item": "certificates/0", "evaluated_for": "senior"},
        {"item": "certificates/0"},
    ],
)
def test_a_judgement_must_fit_its_piece(judgement):
    """A course has no relation, only a school is evaluated, and an empty judgement says nothing."""
    shown = Evidence(
        certificates=EVIDENCE.certificates, training=(Course(for_level=3, hours=Decimal(100)),), work=EVIDENCE.work
    )
    board = Board().file("A1", evidence=shown)
    with pytest.raises(Refused) as refused:
        board.record("A1", f.EvidenceJudged(**judgement, **WHY))
    assert objections(refused) == {"judges_something"}


def test_a_check_that_takes_the_ground_from_an_acceptance_is_flagged_and_changes_nothing():
    """What turned out false flags the application; its state stays until the board reopens the decision."""
    t = trained().score("theory", "2024-05-18", "60", "2024-06-20").record(FORGED, "2024-07-01")
    assert t.state("2024-07-01") == "skills_exam"
    assert t.standing("2024-06-30").flags == ()
    assert t.standing("2024-07-01").flags == (
        "the evidence as now weighed does not meet condition 1, under which it was accepted: "
        "reopen the decision on eligibility",
    )
    t.record(f.EligibilityReopened(**WHY), "2024-07-02")
    assert t.standing("2024-07-02").flags == ()


def test_a_course_on_which_the_training_rests_is_not_rejected_while_the_application_goes_on():
    """Rejecting it would leave a result without a way to be recorded; the decision is reopened first."""
    shown = Evidence(
        work=EVIDENCE.work, training=(Course(for_level=3, hours=Decimal(100), completion_certificate=True),)
    )
    board = Board().file("A1", evidence=shown)
    accept(board.service, "A1")
    assert board.state("A1", "2024-03-15") == "trained"
    rejected = f.EvidenceChecked(item="training/0", status="rejected", reason="no such course")
    with pytest.raises(Refused, match="reopen the decision on eligibility first"):
        board.record("A1", rejected)
    board.record("A1", f.EligibilityReopened(**WHY))
    board.record("A1", rejected)
    assert accept(board.service, "A1").state == "submitted"
    board.record("A1", course("2024-03-15"))
    assert board.state("A1", "2024-03-15") == "trained"


# -- returned and sent again -------------------------------------------------------------------------------------------


def test_only_what_was_returned_is_sent_again():
    """Data are not changed after submission unless the board asked; measured is still the day of submission."""
    t = Timeline(submitted="2018-12-31")
    with pytest.raises(Refused) as refused:
        t.record(f.Resubmitted(evidence=EVIDENCE), "2019-01-02")
    assert objections(refused) == {"is_returned"}
    t.record(f.InformationRequested(reason="letter"), "2019-01-02").record(
        f.Resubmitted(evidence=EVIDENCE), "2019-02-01"
    )
    with pytest.raises(Refused, match="measured on 2018-12-31"):
        t.accept("2019-02-01")


def test_sent_again_voids_earlier_checks():
    """New papers are unverified, whatever was found about the old ones."""
    board = Board().file("A1")
    board.record("A1", FORGED)
    board.record("A1", f.InformationRequested(reason="a true letter"))
    assert accept_is_refused(board)
    board.record("A1", f.Resubmitted(evidence=EVIDENCE))
    assert [item.status for item in evidence_of(board.service, "A1")] == ["unverified", "unverified"]
    assert accept(board.service, "A1").events


def accept_is_refused(board: Board) -> bool:
    """Tell whether an acceptance is refused now."""
    with pytest.raises(Refused):
        accept(board.service, "A1")
    return True


# -- reopening ---------------------------------------------------------------------------------------------------------


def test_the_consequences_of_reopening_are_shown_before_anything_is_written():
    """State now and after, what the evidence meets, and which parts would count for nothing."""
    board = Board().ready("A1").passed("A1", "theory", "2024-05-18", "2024-06-20")
    fact, on = f.EligibilityReopened(**WHY), day("2024-06-20")
    sound = consequences(board.service, "A1", fact, on)
    assert (sound.state, sound.state_after, sound.state_decided) == ("skills_exam", "submitted", "skills_exam")
    assert (sound.conditions_met, sound.lost) == (("1",), ())
    board.record("A1", FORGED)
    found = consequences(board.service, "A1", fact, on)
    assert (found.state_decided, found.conditions_met, found.lost) == ("refused", (), ("theory",))
    assert found.as_json()["held"] == [{"part": "theory", "last_valid_on": "2026-06-20"}]
    assert board.facts("A1")[-1] == "EvidenceChecked"
    reopen(board.service, "A1", fact, on)
    assert board.state("A1", "2024-06-20") == "submitted"


def test_a_refusal_is_reopened_too():
    """Who was refused on a misjudged paper is decided anew."""
    t = Timeline().record(FORGED, "2024-03-16")
    t.record(f.EligibilityRefused(reason="forged", conditions_met=(), explanation=()), "2024-03-17")
    t.record(f.EligibilityReopened(**WHY), "2024-03-20")
    t.record(f.EvidenceChecked(item="work/0", status="verified"), "2024-03-21")
    assert t.accept("2024-03-21").facts[-1] == "EligibilityAccepted"


def test_a_certified_application_is_flagged_and_not_reopened():
    """The board decides about the certificate; the flag stands until it is revoked."""
    board = Board().ready("A1").passed("A1", "theory", "2024-05-18", "2024-06-20")
    board.passed("A1", "skills", "2024-05-18", "2024-06-20")
    board.record("A1", f.CertificateAwarded(number="T1", series="T", serial=1))
    fact = f.EligibilityReopened(**WHY)
    found = consequences(board.service, "A1", fact, day("2024-06-20"))
    assert (found.state, found.state_after, found.certificate) == ("certified", "certified", "T1")
    with pytest.raises(Refused, match="until the board revokes it"):
        reopen(board.service, "A1", fact, day("2024-06-20"))
    board.record("A1", FORGED)
    assert any("whether to revoke" in flag for flag in board.service.standing("A1").flags)
    board.record("A1", f.CertificateRevoked(**WHY))
    assert board.service.standing("A1").flags == ()


def test_a_part_that_lapses_while_a_decision_is_reopened_lapses():
    """Where a lapse reopens only the part, it takes effect on its day in any state, and the history replays."""
    t = trained(lapse="effect: expire->effect: reopen").score("theory", "2024-05-18", "60", "2024-06-20")
    t.record(f.EligibilityReopened(**WHY), "2026-06-01")
    assert t.state("2026-06-21") == "submitted"
    assert t.as_of("2026-06-21").lapsed == {("theory", "2024-05-18"): day("2026-06-21")}
    t.night("2026-07-01").accept("2026-07-02")
    assert t.state("2026-07-02") == "theory_exam"


def test_a_result_that_comes_while_a_decision_is_reopened_is_recorded():
    """What was sat before is marked and announced all the same, and counts if the application is accepted again."""
    t = trained().admit("theory", "2024-05-18").record(f.EligibilityReopened(**WHY), "2024-05-20")
    t.score("theory", "2024-05-18", "60", "2024-06-20", known="2024-06-20")
    assert t.state("2024-06-20") == "submitted"
    assert t.accept("2024-06-21").state("2024-06-21") == "skills_exam"
    absent = trained().admit("theory", "2024-05-18").record(f.EligibilityReopened(**WHY), "2024-05-18")
    assert absent.absent("theory", "2024-05-18").accept("2024-05-19").state("2024-05-19") == "theory_exam"


# -- training ----------------------------------------------------------------------------------------------------------


def test_a_certificate_for_self_study_alone_does_not_close_the_training():
    """Its hours count, its certificate does not; with any taught course the training is closed."""
    t = Timeline().accept().record(course("2024-04-01", "98", delivery=("self_study",)), "2024-04-01")
    assert t.state("2024-04-01") == "submitted"
    t.record(course("2024-04-02", "2", delivery=("self_study",)), "2024-04-02")
    assert "self-study alone does not count" in t.standing("2024-04-02").awaited[0][0]
    mixed = Timeline().accept().record(course("2024-04-01", delivery=("self_study", "class")), "2024-04-01")
    assert mixed.state("2024-04-01") == "trained"
    t.record(course("2024-04-03", "1", delivery=("class",)), "2024-04-03")
    assert t.state("2024-04-03") == "trained"


def test_a_course_shown_as_evidence_is_read_in_the_same_way():
    """A course by self-study alone, shown before filing, does not pass the gate either."""
    for delivery, state in (((), "trained"), (("self_study",), "submitted"), (("class",), "trained")):
        shown = Course(for_level=3, hours=Decimal(100), completion_certificate=True, delivery=delivery)
        board = Board().file("A1", evidence=Evidence(work=EVIDENCE.work, training=(shown,)))
        assert accept(board.service, "A1").state == state


def test_credits_are_converted_by_the_schemes_rate_and_by_nothing_else():
    """Credits stand beside the hours that they make; a scheme without a rate takes none."""
    t = Timeline(scheme=scheme_with(rate=CREDITS)).accept()
    assert hours_of(t.rules, None, Decimal("6.5")) == 104
    with pytest.raises(Refused, match="make 96, not 100"):
        t.record(course("2024-04-01", "100", credits=Decimal(6)), "2024-04-01")
    assert t.record(course("2024-04-01", "104", credits=Decimal("6.5")), "2024-04-01").state("2024-04-01") == "trained"
    plain = Timeline().accept()
    with pytest.raises(Refused, match="has no rate for credits") as refused:
        plain.record(course("2024-04-01", "100", credits=Decimal(6)), "2024-04-01")
    assert objections(refused) == {"credits_are_converted"}
    with pytest.raises(Refused, match="give --hours"):
        hours_of(plain.rules, None, Decimal(6))


def test_a_course_ends_no_earlier_than_it_starts():
    """Days of a course that are the wrong way round are refused."""
    with pytest.raises(Refused, match="before it starts on 2024-04-02"):
        Timeline().accept().record(course("2024-04-01", started_on="2024-04-02"), "2024-04-01")


def test_the_training_record_shows_every_course_and_the_gate():
    """Courses shown and recorded, the hours of those that count, what is missing, a waiver with its reason."""
    shown = Course(for_level=2, hours=Decimal(80), completion_certificate=True)
    board = Board().file("A1", evidence=Evidence(work=EVIDENCE.work, training=(shown,)))
    accept(board.service, "A1")
    board.record("A1", course("2024-03-15", "60", provider="School", trainer="T-7", delivery=("broadcast",)))
    found = training_of(board.service, "A1")
    assert (found.done, found.hours, found.met) == (60, 100, False)
    assert found.missing == "level-3 course: 40 of 100 class hours are missing"
    assert [(r.source, r.counts) for r in found.records] == [("training/0", False), ("event 3", True)]
    board.at("2024-03-20").record("A1", f.TrainingWaived(**WHY))
    said = training_of(board.service, "A1").as_json()
    assert (said["met"], said["waived"]["authority"], said["courses"][1]["trainer"]) == (True, "the board", "T-7")
    assert not training_of(board.service, "A1", day("2024-03-19")).met


def test_the_stored_text_of_a_course_without_delivery_has_not_changed():
    """A field that grew later is left out where it says nothing, so that digests of evidence stay the same."""
    course = Course(for_level=3, hours=Decimal(80))
    assert "delivery" not in course.model_dump(mode="json")
    earlier = Course.model_validate_json('{"for_level": 3, "hours": "80"}')
    assert (earlier, earlier.is_formal) == (course, True)
