"""Worked timelines of results, rechecks, misconduct and reviews, dated and followed through to the end."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.timeline import Timeline, day
from tests.unit.board import ENTRY, FULL, WHY
from tests.unit.test_timelines import objections, trained
from workflow import facts as f
from workflow.errors import Refused

WITHOUT_READERS = FULL | {"theory": FULL["theory"].replace(f"{ENTRY}, ", "")}


def timeline(level: int = 3) -> Timeline:
    """Give a trained application under a scheme with rechecks, degrees of misconduct and a panel."""
    return trained(level, **WITHOUT_READERS)


def decide(t: Timeline, part: str, sitting: str, marks: str, on: str) -> Timeline:
    """Decide a recheck."""
    return t.record(f.RecheckDecided(part=part, sitting=sitting, score=Decimal(marks), **WHY), on)


def test_recheck_up_counts_from_the_first_announcement():
    """59.5 of 20 June is raised to 60 on 12 July: held through 20 June two years on, not 12 July."""
    t = timeline().score("theory", "2024-05-18", "59.5", "2024-06-20")
    t.record(f.RecheckRequested(part="theory", sitting="2024-05-18"), "2024-07-01")  # the tenth day is a Sunday
    decide(t, "theory", "2024-05-18", "60", "2024-07-12")
    assert [t.state(x) for x in ("2024-06-20", "2024-07-11", "2024-07-12")] == ["theory_exam"] * 2 + ["skills_exam"]
    assert t.standing("2024-07-12").held["theory"].last_valid_on == day("2026-06-20")
    assert [t.state(x) for x in ("2026-06-20", "2026-06-21")] == ["skills_exam", "expired"]
    attempt = t.as_of("2024-07-12").attempts[0]
    assert (attempt.score, attempt.earlier_scores, attempt.announced_on) == (60, (Decimal("59.5"),), day("2024-06-20"))


def test_recheck_up_after_the_other_part_ran_out_reinstates():
    """A failed resit, sat in time, is raised after the recorded expiry: the set is complete, and both stay visible."""
    t = timeline().score("theory", "2024-05-18", "60", "2024-06-20")
    t.score("skills", "2026-06-13", "59", "2026-06-18").night("2026-06-21")
    assert t.state("2026-06-21") == "expired"
    t.record(f.RecheckRequested(part="skills", sitting="2026-06-13"), "2026-06-25")
    decide(t, "skills", "2026-06-13", "60", "2026-07-06")
    assert t.facts[-2:] == ["Reinstated", "RecheckDecided"]
    assert [t.state(x) for x in ("2026-06-20", "2026-06-21", "2026-07-05", "2026-07-06")] == [
        "skills_exam",
        "expired",
        "expired",
        "awaiting_award",
    ]


def test_recheck_down_takes_back_a_part_and_the_clock_follows():
    """A complete set does not lapse; made incomplete by a recheck after the other part ran out, it expires at once."""
    t = timeline().score("theory", "2024-05-18", "60", "2024-06-20").score("skills", "2026-06-13", "60", "2026-06-18")
    t.record(f.RecheckRequested(part="skills", sitting="2026-06-13"), "2026-06-25")
    assert t.state("2026-06-30") == "awaiting_award"
    decide(t, "skills", "2026-06-13", "59", "2026-07-06")
    assert t.state("2026-07-05") == "awaiting_award"
    assert t.state("2026-07-06") == "expired"
    assert t.as_of("2026-07-06").expiry.expired_on == day("2026-06-21")
    early = (
        timeline().score("theory", "2024-05-18", "60", "2024-06-20").score("skills", "2024-05-18", "60", "2024-06-20")
    )
    early.record(f.RecheckRequested(part="skills", sitting="2024-05-18"), "2024-06-25")
    decide(early, "skills", "2024-05-18", "59", "2024-07-06")
    assert early.state("2024-07-06") == "skills_exam"
    early.score("skills", "2024-11-16", "60", "2024-12-18")
    assert early.state("2024-12-18") == "awaiting_award"


def test_serious_misconduct_from_the_incident_to_the_lifting():
    """Reported in May, found in July, barred for a year, lifted on appeal: each day tells what was true of it."""
    t = timeline().score("theory", "2024-05-18", "70", "2024-06-20").score("skills", "2024-05-18", "70", "2024-06-20")
    t.record(f.IncidentReported(sitting="2024-05-18", part="theory", what="notes"), "2024-05-18", "2024-06-25")
    assert t.state("2024-06-25") == "awaiting_award"
    fact = f.MisconductFound(
        degree="serious", sitting="2024-05-18", barred_until=day("2025-07-01"), heard_on=day("2024-06-28"), **WHY
    )
    t.record(fact, "2024-07-01")
    finding = t.history[-1].sequence
    assert t.state("2024-07-01") == "theory_exam"
    with pytest.raises(Refused) as refused:
        t.record(f.CertificateAwarded(number="T1", series="T", serial=1), "2024-07-02")
    assert objections(refused) == {"state"}
    with pytest.raises(Refused, match="barred through 2025-07-01"):
        t.admit("theory", "2024-11-16", known="2024-10-01")
    t.night("2026-06-21")
    assert t.state("2026-06-21") == "theory_exam"  # what is void cannot lapse
    t.record(f.AnnulmentLifted(supersedes=finding, **WHY), "2026-07-01")
    assert t.state("2026-07-01") == "awaiting_award"
    assert [t.state(x) for x in ("2024-06-30", "2024-07-01", "2026-06-30")] == ["awaiting_award", *["theory_exam"] * 2]
    assert t.state("2026-07-02", known="2026-06-25") == "theory_exam"
    assert [x.score for x in t.as_of("2024-07-01").attempts] == [70, 70]


def test_a_late_entry_after_a_recorded_expiry():
    """Sat on the last valid day, typed in weeks after the night expired it: reinstated, and both stay visible."""
    t = timeline().score("theory", "2024-05-18", "60", "2024-06-20").night("2026-06-21")
    t.score("skills", "2026-06-20", "60", known="2026-07-10")
    assert t.facts[-4:] == ["Expired", "Reinstated", "Admitted", "ScoreRecorded"]
    assert t.state("2026-07-10") == "skills_exam"
    assert t.state("2026-07-09", known="2026-07-09") == "expired"
    t.announce("skills", "2026-06-20", "2026-07-20")
    assert t.state("2026-07-20") == "awaiting_award"
    failed = timeline().score("theory", "2024-05-18", "60", "2024-06-20").night("2026-06-21")
    failed.score("skills", "2026-06-20", "59", known="2026-07-10").announce("skills", "2026-06-20", "2026-07-20")
    assert failed.state("2026-07-19") == "skills_exam"
    assert failed.state("2026-07-20") == "expired"
    assert failed.as_of("2026-07-20").expiry.expired_on == day("2026-06-21")


def panel(t: Timeline, on: str, *marks: str) -> Timeline:
    """Record a review by members' marks, all alike in sum."""
    members = tuple(f.PanelMark(assessor=f"P{n}", score=Decimal(x)) for n, x in enumerate(marks, 1))
    score = sum(map(Decimal, marks)) / len(marks)
    fact = f.ScoreRecorded(
        part="review", sitting=f"review-{on}", sat_on=day(on), score=score, form="case_analysis", panel=members
    )
    return t.record(fact, on)


@pytest.mark.parametrize(("level", "when"), [(3, "if that is no pass"), (2, "even if that is a pass")])
def test_whether_a_result_to_come_can_still_help_is_said(level, when):
    """The last part, sat in time, saves the application by a pass; where the review is still missing, nothing does."""
    t = timeline(level).score("theory", "2024-05-18", "60", "2024-06-20").score("skills", "2026-06-20", "60")
    assert t.standing("2026-06-21").clock == (
        f"held by a result that is still to come; {when}, as of 2026-06-21: theory lapsed: the application expires"
    )
    t.announce("skills", "2026-06-20", "2026-07-01")
    assert t.state("2026-07-01") == ("awaiting_award" if level == 3 else "expired")


@pytest.mark.parametrize(("mark", "then"), [("60", "awaiting_award"), ("59", "expired")])
def test_a_review_pending_at_a_lapse(mark, then):
    """Held on the day before theory ran out, announced after: the application waits; a failed one expires then."""
    t = timeline(2).score("theory", "2024-05-18", "60", "2024-06-20").score("skills", "2024-05-18", "60", "2024-06-20")
    panel(t, "2026-06-19", mark, mark, mark).night("2026-06-30")
    assert t.state("2026-06-30") == "comprehensive_review"
    assert "held by a result that is still to come" in t.standing("2026-06-30").clock
    t.announce("review", "review-2026-06-19", "2026-07-03").night("2026-07-03")
    assert [t.state("2026-07-02"), t.state("2026-07-03")] == ["comprehensive_review", then]
    late = (
        timeline(2).score("theory", "2024-05-18", "60", "2024-06-20").score("skills", "2024-05-18", "60", "2024-06-20")
    )
    with pytest.raises(Refused):
        panel(late, "2026-06-21", mark, mark, mark)


def test_a_failed_review_and_a_second_one():
    """A failed review takes nothing away; a second one may follow while both exams are valid."""
    t = timeline(2).score("theory", "2024-05-18", "60", "2024-06-20").score("skills", "2024-05-18", "60", "2024-06-20")
    panel(t, "2024-09-07", "50", "50", "50").announce("review", "review-2024-09-07", "2024-09-20")
    assert t.state("2024-09-20") == "comprehensive_review"
    assert sorted(t.standing("2024-09-20").held) == ["skills", "theory"]
    panel(t, "2026-06-20", "60", "61", "62").announce("review", "review-2026-06-20", "2026-07-20")
    assert t.state("2026-07-20") == "awaiting_award"


def test_a_revocation_and_what_was_true_before_it():
    """False papers under a certificate: flagged, revoked by a decision, and true before it all the same."""
    t = timeline().score("theory", "2024-05-18", "60", "2024-06-20").score("skills", "2024-05-18", "60", "2024-06-20")
    t.record(f.CertificateAwarded(number="T1", series="T", serial=1), "2024-08-01")
    t.record(f.MisconductFound(degree="papers", **WHY), "2025-03-01")
    assert "calls for the certificate to be revoked" in " ".join(t.standing("2025-03-01").flags)
    assert (t.state("2025-03-01"), t.as_of("2025-03-01").certificate_standing) == ("certified", "valid")
    t.record(f.CertificateRevoked(**WHY), "2025-03-10")
    assert t.standing("2025-03-10").flags == ()
    stood = [t.as_of(x).certificate_standing for x in ("2024-07-31", "2024-08-01", "2025-03-09", "2025-03-10")]
    assert stood == ["", "valid", "valid", "revoked"]
    assert t.as_of("2025-04-01", known="2025-03-09").certificate_standing == "valid"
    lifted = f.AnnulmentLifted(supersedes=t.history[-2].sequence, **WHY)
    t.record(lifted, "2025-06-01").record(f.CertificateRestored(**WHY), "2025-06-02")
    assert t.as_of("2025-06-02").certificate_standing == "valid"
    assert t.standing("2025-06-02").flags == ()
