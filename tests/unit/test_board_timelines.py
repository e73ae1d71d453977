"""Dated timelines of what boards do besides the straight path."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.timeline import Timeline, day
from tests.unit.test_timelines import objections, trained
from workflow import facts as f
from workflow.errors import Refused
from workflow.renewal import certificate_standing

WHY = {"reason": "a reason", "authority": "the board"}
DEGREES = """misconduct:
  minor: {title: Minor, voids: part, clause: {source: rules, at: art. 6}}
  serious: {title: Serious, voids: session, bar: {years: 1}, clause: {source: rules, at: art. 7}}
  gravest: {title: Gravest, voids: all, ends: true, clause: {source: rules, at: art. 8}}
levels:"""
RECHECK = (
    "pass_mark: 60, validity: {length: {years: 2}}, clause: {source: rules, at: theory}->pass_mark: 60, validity: "
    "{length: {years: 2}}, recheck: {request_within: {working_days: 5}, decide_within: {days: 30}, clause: "
    "{source: rules, at: recheck}}, clause: {source: rules, at: theory}"
)


def with_degrees(**changes: str) -> Timeline:
    """Give a trained application under a scheme that knows three degrees of misconduct."""
    return trained(levels=f"levels:->{DEGREES}", **changes)


def found(t: Timeline, degree: str, on: str, sitting: str = "", part: str = "", bar: str = "") -> Timeline:
    """Record a finding of misconduct."""
    until = day(bar) if bar else None
    return t.record(f.MisconductFound(degree=degree, sitting=sitting, part=part, barred_until=until, **WHY), on)


def test_voiding_a_part_takes_only_that_result_away_and_its_marks_stay_visible():
    """A minor degree voids the part of that session; the other part stays held."""
    t = (
        with_degrees()
        .score("theory", "2024-05-18", "70", "2024-06-20")
        .score("skills", "2024-05-18", "70", "2024-06-20")
    )
    assert t.state("2024-06-20") == "awaiting_award"
    found(t, "minor", "2024-07-01", "2024-05-18", "skills")
    assert t.state("2024-07-01") == "skills_exam"
    assert list(t.standing("2024-07-01").held) == ["theory"]
    assert [a.score for a in t.as_of("2024-07-01").attempts] == [70, 70]


def test_voiding_a_session_bars_through_the_last_day_and_lifting_restores():
    """A serious degree voids the session and bars; lifting it restores exactly what would have been."""
    t = (
        with_degrees()
        .score("theory", "2024-05-18", "70", "2024-06-20")
        .score("skills", "2024-05-18", "70", "2024-06-20")
    )
    found(t, "serious", "2024-07-01", "2024-05-18", bar="2025-07-01")
    assert t.state("2024-07-01") == "theory_exam"
    with pytest.raises(Refused) as refused:
        t.admit("theory", "2025-07-01", known="2025-06-01")
    assert objections(refused) == {"is_not_barred"}
    t.record(f.AnnulmentLifted(supersedes=t.history[-1].sequence, **WHY), "2025-07-15")
    assert t.state("2025-07-14") == "theory_exam"
    assert t.state("2025-07-15") == "awaiting_award"


def test_the_gravest_degree_ends_and_lifting_it_undoes_what_the_clock_would_have_done():
    """After lifting, the application stands where it would without the finding, an expiry included."""
    t = with_degrees().score("theory", "2024-05-18", "70", "2024-06-20")
    found(t, "gravest", "2024-07-01")
    assert t.state("2024-07-01") == "annulled"
    lifted = f.AnnulmentLifted(supersedes=t.history[-1].sequence, **WHY)
    late = Timeline.__new__(Timeline)
    late.__dict__ = {**t.__dict__}
    assert t.record(lifted, "2024-08-01").state("2024-08-01") == "skills_exam"
    assert late.record(lifted, "2026-08-01").state("2026-08-01") == "expired"
    assert late.as_of("2026-08-01").expiry.expired_on == day("2026-06-21")


def test_a_voided_part_cannot_lapse():
    """What a finding has taken away does not run out later as if it were held."""
    t = with_degrees().score("theory", "2024-05-18", "70", "2024-06-20")
    found(t, "minor", "2024-07-01", "2024-05-18", "theory")
    assert t.state("2026-06-21") == "theory_exam"


def test_recheck_inside_the_window_in_working_days_changes_nothing_or_takes_a_part_back():
    """Five working days after Thursday 2024-06-20 end on 2024-06-27; the last day counts, the next is too late."""
    t = trained(recheck=RECHECK).score("theory", "2024-05-18", "61", "2024-06-20")
    t.score("skills", "2024-05-18", "61", "2024-06-20")
    request = f.RecheckRequested(part="theory", sitting="2024-05-18")
    with pytest.raises(Refused, match="through 2024-06-27"):
        t.record(request, "2024-06-28")
    t.record(request, "2024-06-27")
    t.record(f.RecheckDecided(part="theory", sitting="2024-05-18", score=Decimal(59), **WHY), "2024-07-10")
    assert t.state("2024-07-09") == "awaiting_award"
    assert t.state("2024-07-10") == "theory_exam"
    assert [str(x) for x in t.as_of("2024-07-10").attempts[0].earlier_scores] == ["61"]
    with pytest.raises(Refused):
        t.record(f.RecheckDecided(part="theory", sitting="2024-05-18", score=Decimal(80), **WHY), "2024-07-11")


def test_recheck_unchanged_is_visible_and_changes_nothing():
    """A recheck may leave the score as it is."""
    t = trained(recheck=RECHECK).score("theory", "2024-05-18", "61", "2024-06-20")
    t.record(f.RecheckRequested(part="theory", sitting="2024-05-18"), "2024-06-21")
    t.record(f.RecheckDecided(part="theory", sitting="2024-05-18", score=Decimal(61), **WHY), "2024-07-10")
    attempt = t.as_of("2024-07-10").attempts[0]
    assert (attempt.earlier_scores, attempt.recheck_decided_on) == ((), day("2024-07-10"))
    assert t.state("2024-07-10") == "skills_exam"


def test_a_lowered_score_under_a_certificate_is_flagged_and_changes_nothing_by_itself():
    """An award that rested on a lowered score stays, and the standing says that its set is no longer complete."""
    t = trained().score("theory", "2024-05-18", "60", "2024-06-20").score("skills", "2024-05-18", "60", "2024-06-20")
    t.record(f.CertificateAwarded(number="T1", series="T", serial=1), "2024-08-01")
    t.amend("theory", "2024-05-18", "59", "2024-09-01")
    assert t.state("2024-09-01") == "certified"
    assert t.standing("2024-08-31").flags == ()
    assert t.standing("2024-09-01").flags == ("the certificate rests on a set of parts that is no longer complete",)


def test_an_extension_moves_the_last_valid_day():
    """A granted extension counts through its last day; granted after the expiry was recorded, it takes it back."""
    t = trained().score("theory", "2024-05-18", "60", "2024-06-20")
    t.record(f.ValidityExtended(part="theory", until=day("2026-12-20"), **WHY), "2026-05-01")
    assert t.state("2026-12-20") == "skills_exam"
    assert t.state("2026-12-21") == "expired"
    late = trained().score("theory", "2024-05-18", "60", "2024-06-20").night("2026-06-21")
    late.record(f.ValidityExtended(part="theory", until=day("2026-12-20"), **WHY), "2026-07-01")
    assert late.facts[-2:] == ["Reinstated", "ValidityExtended"]
    assert (late.state("2026-06-30"), late.state("2026-07-01"), late.state("2026-12-21")) == (
        "expired",
        "skills_exam",
        "expired",
    )


def test_a_part_carried_over_keeps_its_old_last_valid_day():
    """A carried part counts with the validity that it had where it was earned."""
    t = trained()
    carried = {"part": "skills", "sitting": "S0", "sat_on": day("2023-01-10"), "announced_on": day("2023-02-01")}
    until = day("2025-02-01")
    t.record(f.PartCarriedOver(**carried, score=Decimal(70), last_valid_on=until, from_application="A0"), "2024-04-02")
    assert t.state("2024-04-02") == "theory_exam"
    assert t.state("2025-02-01") == "theory_exam"
    assert t.state("2025-02-02") == "expired"
    other = trained()
    with pytest.raises(Refused):
        other.record(
            f.PartCarriedOver(**carried, score=Decimal(70), last_valid_on=until, from_application="A0"), "2025-02-02"
        )


def test_a_suspension_holds_the_clock_and_admits_nobody():
    """While an application is suspended nothing runs out and nobody is admitted; afterwards the clock goes on."""
    t = trained().score("theory", "2024-05-18", "60", "2024-06-20")
    t.record(f.ApplicationSuspended(**WHY), "2026-06-01")
    assert t.state("2026-07-01") == "skills_exam"
    with pytest.raises(Refused, match="suspended"):
        t.admit("skills", "2026-06-10")
    t.record(f.ApplicationResumed(**WHY), "2026-07-10")
    assert t.state("2026-07-10") == "expired"


def test_a_pass_that_runs_out_under_a_suspension_is_lost_at_its_end_and_by_no_other_fact():
    """The lapse waits for the end of the suspension: marks amended meanwhile move nobody back to a part passed."""
    t = Timeline().accept().train("2024-03-15")
    t.score("theory", "2024-05-18", "60", "2024-06-20").score("skills", "2024-05-18", "50", "2024-06-20")
    t.record(f.ApplicationSuspended(**WHY), "2026-06-01")
    assert t.state("2026-06-21") == "skills_exam"
    t.amend("skills", "2024-05-18", "55", "2026-06-21")
    assert t.state("2026-06-21") == "skills_exam"
    t.record(f.ApplicationResumed(**WHY), "2026-07-01")
    assert (t.state("2026-06-30"), t.state("2026-07-01")) == ("skills_exam", "expired")


def test_marks_taken_back_before_the_announcement_can_be_recorded_again():
    """A wrong entry is taken back, stays visible, and the right one is recorded."""
    t = trained().score("theory", "2024-05-18", "60")
    retracted = f.ScoreRetracted(part="theory", sitting="2024-05-18", reason="wrong sheet")
    t.record(retracted, "2024-05-18", known="2024-05-20")
    t.score("theory", "2024-05-18", "50", "2024-06-20", known="2024-06-20")
    attempt = t.as_of("2024-06-20").attempts[0]
    assert (attempt.score, attempt.earlier_scores) == (50, (60,))
    with pytest.raises(Refused):
        t.record(f.ScoreRetracted(part="theory", sitting="2024-05-18", reason="too late"), "2024-06-21")


def test_two_readers_within_the_tolerance_and_a_third_beyond_it():
    """Two readers within the tolerance give their mean; beyond it nothing counts until a third has read."""
    entry = "title: Theory, ->title: Theory, entry: {readers: 2, tolerance: 2, clause: {source: rules}}, "
    t = trained(entry=entry).admit("theory", "2024-05-18")

    def enter(reader: int, marks: int) -> None:
        t.record(
            f.ScoreEntered(part="theory", sitting="2024-05-18", reader=reader, score=Decimal(marks)),
            "2024-05-18",
            "2024-05-20",
        )

    enter(1, 60)
    with pytest.raises(Refused) as refused:
        t.score("theory", "2024-05-18", "60", known="2024-05-21")
    assert objections(refused) == {"readers_agree"}
    with pytest.raises(Refused):
        enter(1, 61)
    enter(2, 64)
    with pytest.raises(Refused):
        t.score("theory", "2024-05-18", "62", known="2024-05-21")
    enter(3, 61)
    t.score("theory", "2024-05-18", "61", known="2024-05-21")
    near = trained(entry=entry).admit("theory", "2024-05-18")
    t = near
    enter(1, 60)
    enter(2, 62)
    assert t.score("theory", "2024-05-18", "61", known="2024-05-21").facts[-1] == "ScoreRecorded"


def test_resits_are_limited_and_wait():
    """Attempts in all and the waiting time are the scheme's; an absence counts only where it says so."""
    resits = "title: Theory, ->title: Theory, resits: {most: 2, waiting: {months: 2}, clause: {source: rules}}, "
    t = trained(resits=resits).score("theory", "2024-05-18", "50", "2024-06-20")
    with pytest.raises(Refused, match="2024-07-18 at the earliest"):
        t.admit("theory", "2024-07-17", known="2024-07-01")
    t.admit("theory", "2024-07-18", known="2024-07-01").absent("theory", "2024-07-18")
    t.score("theory", "2024-09-18", "50", "2024-10-20")
    with pytest.raises(Refused, match="2 attempts of at most 2"):
        t.admit("theory", "2025-01-18", known="2025-01-01")


def test_eligibility_is_reopened_and_what_was_passed_counts_again_if_accepted_again():
    """A reopened decision takes the application back; a new acceptance puts it where its facts lead."""
    t = trained().score("theory", "2024-05-18", "60", "2024-06-20")
    t.record(f.EligibilityReopened(**WHY), "2024-07-01")
    assert t.state("2024-07-01") == "submitted"
    t.record(f.EvidenceChecked(item="work/0", status="rejected", reason="forged"), "2024-07-02")
    with pytest.raises(Refused, match="is not met"):
        t.accept("2024-07-03")
    t.record(f.EvidenceChecked(item="work/0", status="verified"), "2024-07-04")
    assert t.accept("2024-07-05").state("2024-07-05") == "skills_exam"


def test_returned_for_information_and_resubmitted():
    """A returned application waits for the candidate; what is sent again takes the place of the evidence."""
    t = Timeline()
    t.record(f.InformationRequested(reason="employer's letter"), "2024-03-20")
    assert t.standing("2024-03-20").awaited == (("information: employer's letter", "candidate"),)
    t.record(f.Resubmitted(evidence=t.as_of("2024-03-20").evidence), "2024-03-25")
    assert t.standing("2024-03-25").awaited == (("the decision on eligibility", "board"),)


def test_the_certificate_stands_by_its_own_small_machine():
    """Valid, suspended, restored, revoked; what was true before a revocation stays true of those days."""
    t = trained().score("theory", "2024-05-18", "60", "2024-06-20").score("skills", "2024-05-18", "60", "2024-06-20")
    with pytest.raises(Refused):
        t.record(f.CertificateRevoked(**WHY), "2024-08-01")
    t.record(f.CertificateAwarded(number="T1", series="T", serial=1), "2024-08-01")
    t.record(f.CertificateSuspended(**WHY), "2024-09-01")
    with pytest.raises(Refused, match="is suspended"):
        t.record(f.CertificateReplaced(remark="lost", **WHY), "2024-09-02")
    t.record(f.CertificateRestored(**WHY), "2024-10-01").record(f.CertificateRevoked(**WHY), "2024-11-01")
    assert [t.as_of(on).certificate_standing for on in ("2024-08-01", "2024-09-01", "2024-10-31", "2024-11-01")] == [
        "valid",
        "suspended",
        "valid",
        "revoked",
    ]


def test_a_certificate_expires_after_its_last_valid_day_though_no_job_ran():
    """Where the scheme ends certificates, the last valid day counts and the day after is expired."""
    ends = "certificate: {title: Paper, ->certificate: {title: Paper, valid_for: {years: 3}, "
    t = trained(ends=ends).score("theory", "2024-05-18", "60", "2024-06-20")
    t.score("skills", "2024-05-18", "60", "2024-06-20")
    t.record(f.CertificateAwarded(number="T1", series="T", serial=1), "2025-02-28")

    def stands(on: str) -> str:
        return certificate_standing(t.as_of(on), t.rules, day(on))[0]

    assert [stands(on) for on in ("2025-02-27", "2028-02-28", "2028-02-29")] == ["", "valid", "expired"]
    with pytest.raises(Refused, match="is expired"):
        t.record(f.CertificateSuspended(**WHY), "2028-02-29")
    assert t.record(f.CertificateRevoked(**WHY), "2026-01-01").as_of("2030-01-01").certificate_standing == "revoked"
    assert stands("2030-01-01") == "revoked"
