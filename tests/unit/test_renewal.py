"""Renewal of certificates: ends, windows, credits, the late time, the suspension; boundary days on both sides."""

from __future__ import annotations

from decimal import Decimal

import pytest

from scheduler.delivery import outcome_of
from scheduler.jobs import run
from scheduler.night import Night
from tests.timeline import day
from tests.unit.board import WHY, Board, write_clock
from workflow import facts as f
from workflow.board.certificates import award
from workflow.board.issued import issued
from workflow.board.renewing import renew
from workflow.board.verification import verify
from workflow.errors import Refused
from workflow.evidence import Evidence
from workflow.language.awarding import CertificateNumber, Cycle
from workflow.renewal import first_end, next_end
from workflow.replay import replay

CLAUSE = "clause: {source: rules, at: renewal}"
PMP = (
    "credits: 60, least: {power: 8}, most: {giving: 25}, carries_over: 20, credits_until: renewed, "
    f"suspended: {{years: 1}}, {CLAUSE}"
)


def board_with(renewal: str = PMP, time: str = "valid_for: {years: 3}") -> Board:
    """Give a board with a certificate, awarded on 2024-07-01 and so valid through 2027-07-01."""
    renewed = f"renewal: {{{renewal}}}, " if renewal else ""
    board = Board(renewal=f"title: Paper, ->title: Paper, {time}, {renewed}")
    board.file("A1")
    for part in ("theory", "skills"):
        board.score("A1", part, "S1", "2024-05-18", "60", "2024-06-20")
    award(board.service, "A1", authority="minute 1")
    return board


def credit(board: Board, number: str, earned_on: str, category: str = "", on: str = "") -> None:
    """Record credits on the day on which they are earned, or on another."""
    fact = f.CreditRecorded(credits=Decimal(number), earned_on=day(earned_on), category=category)
    board.at(max(on or earned_on, str(board.now.date()))).service.record("A1", fact, day(on or earned_on))


def stands(board: Board, on: str) -> tuple[str, str]:
    """Give the standing of the certificate on a day, and its last valid day."""
    found = issued(board.service, "A1", day(on))
    return found.standing, str(found.last_valid_on)


def refused(board: Board, on: str, **more: object) -> str:
    """Give why a renewal on a day is refused."""
    with pytest.raises(Refused) as no:
        renew(board.at(on).service, "A1", **more)
    return str(no.value)


# -- when it ends ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("awarded", "cycle", "first", "second"),
    [
        ("2024-05-10", {"month": 12, "day": 31}, "2024-12-31", "2025-12-31"),
        ("2024-12-31", {"month": 12, "day": 31}, "2024-12-31", "2025-12-31"),
        ("2024-05-10", {"month": 12, "day": 31, "number": 3}, "2026-12-31", "2029-12-31"),
        ("2025-03-31", {"month": 3, "day": 31, "every": 2, "counted_from": 2025}, "2025-03-31", "2027-03-31"),
        ("2025-04-01", {"month": 3, "day": 31, "every": 2, "counted_from": 2025}, "2027-03-31", "2029-03-31"),
        ("2024-04-01", {"month": 3, "day": 31, "every": 2, "counted_from": 2031}, "2025-03-31", "2027-03-31"),
        ("2024-10-01", {"month": 3, "day": 31, "at_least": {"months": 6}}, "2026-03-31", "2027-03-31"),
        ("2024-09-30", {"month": 3, "day": 31, "at_least": {"months": 6}}, "2025-03-31", "2026-03-31"),
        ("2023-03-01", {"month": 2, "day": 29}, "2024-02-29", "2025-02-28"),
    ],
)
def test_a_cycle_ends_for_everybody_on_the_same_day(awarded, cycle, first, second):
    """The N-th such day from the award on is the last that counts, and the day of the award may be one."""
    found = Cycle.model_validate(cycle)
    assert str(found.first_end(day(awarded))) == first
    assert str(found.next_end(day(first))) == second


@pytest.mark.parametrize(
    ("rule", "first", "second"),
    [
        ("corresponding", "2026-05-10", "2028-05-10"),
        ("one_less", "2026-05-09", "2028-05-09"),
        ("end_of_month", "2026-05-31", "2028-05-31"),
        ("end_of_year", "2026-12-31", "2028-12-31"),
    ],
)
def test_each_last_day_rule_gives_the_same_time_again(rule, first, second):
    """Renewed time follows the old one without a gap or a drift."""
    certificate = CertificateNumber.model_validate(
        {"title": "C", "number": "{serial:4}", "valid_for": {"years": 2}, "last_day": rule, "clause": {"source": "x"}}
    )
    assert str(first_end(certificate, day("2024-05-10"))) == first
    assert str(next_end(certificate, day(first), day("2026-01-01"))) == second


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"valid_for": {"years": 1}, "cycle": {"month": 1, "day": 1}}, "not both"),
        ({"last_day": "end_of_month"}, "give valid_for"),
        ({"renewal": {"clause": {"source": "x"}}}, "does not end needs no renewal"),
        ({"cycle": {"month": 4, "day": 31}}, "write day: 30"),
        ({"cycle": {"month": 4, "day": 30, "every": 2}}, "needs counted_from"),
        ({"renewal": {"credits": 5, "least": {"a": 4, "b": 2}, "clause": {"source": "x"}}}, "come to more than the 5"),
        ({"renewal": {"credits": 5, "least": {"a": 4}, "most": {"a": 3}, "clause": {"source": "x"}}}, "at least 4"),
        ({"renewal": {"carries_over": 3, "clause": {"source": "x"}}}, "say how many are asked for"),
    ],
)
def test_a_certificate_that_makes_no_sense_is_refused(document, said):
    """What contradicts itself is told with what to write instead."""
    with pytest.raises(ValueError, match=said):
        CertificateNumber.model_validate(
            {"title": "C", "number": "{serial:4}", "clause": {"source": "x"}} | document, strict=False
        )


def test_a_certificate_without_a_renewal_ends_after_its_last_valid_day():
    """As ever: the last valid day counts, and nothing can be renewed."""
    board = board_with("")
    assert stands(board, "2027-07-01") == ("valid", "2027-07-01")
    assert stands(board, "2027-07-02") == ("expired", "2027-07-01")
    assert "cannot be renewed" in refused(board, "2027-06-01")


# -- renewal by credits ------------------------------------------------------------------------------------------------


def test_a_certificate_is_renewed_by_its_credits():
    """Enough in all and in each category renews for the same time; categories are capped; the surplus is carried."""
    board = board_with()
    credit(board, "30", "2024-07-01")
    credit(board, "40", "2025-01-01", "giving")  # of which 25 count
    assert "8 of 8 credits in power are missing" in refused(board, "2026-01-01")
    assert "5 of 60 credits are missing" in refused(board, "2026-01-01")
    credit(board, "30", "2026-02-01", "power")
    renew(board.at("2026-03-01").service, "A1")
    fact = board.service.history("A1")[-1].fact
    assert isinstance(fact, f.CertificateRenewed)
    assert (str(fact.last_valid_on), fact.credits, fact.carried) == ("2030-07-01", 85, 20)
    assert stands(board, "2026-02-28") == ("valid", "2027-07-01")
    assert stands(board, "2026-03-01") == ("valid", "2030-07-01")
    assert stands(board, "2030-07-01") == ("valid", "2030-07-01")
    assert stands(board, "2030-07-02") == ("suspended", "2030-07-01")
    assert "40 of 60 credits are missing" in board.standing("A1", "2026-03-02").awaited[0][0]


def test_credits_count_once_and_from_the_award_on():
    """A credit of the day of renewal belongs to the old time, one of the next day to the new one."""
    board = board_with(f"credits: 10, credits_until: renewed, {CLAUSE}")
    with pytest.raises(Refused, match="before the certificate was awarded"):
        credit(board, "5", "2024-06-30", on="2024-07-01")
    with pytest.raises(Refused, match="earned on 2024-07-03, after 2024-07-02"):
        credit(board, "5", "2024-07-03", on="2024-07-02")
    credit(board, "10", "2026-03-01")
    renew(board.at("2026-03-01").service, "A1")
    assert "10 of 10 credits are missing" in refused(board, "2026-03-01")
    credit(board, "10", "2026-03-02")
    renew(board.at("2026-03-02").service, "A1")
    assert stands(board, "2026-03-02") == ("valid", "2033-07-01")


def test_credits_of_the_time_itself_and_those_earned_until_renewed():
    """By default what is earned after the last valid day counts for the next time only."""
    strict = board_with(f"credits: 10, late: {{months: 3}}, {CLAUSE}")
    credit(strict, "9", "2027-07-01")
    credit(strict, "5", "2027-07-02")
    assert "1 of 10 credits are missing" in refused(strict, "2027-07-10")
    credit(strict, "1", "2027-07-01", on="2027-07-10")
    renew(strict.at("2027-07-11").service, "A1")
    assert "5 of 10 credits are missing" in refused(strict, "2027-07-12")


def test_a_category_that_is_not_named_and_a_scheme_without_credits():
    """A mistyped category would count for nothing: it is refused, with those that there are."""
    board = board_with()
    with pytest.raises(Refused, match="no category 'powr'; there are: giving, power"):
        credit(board, "5", "2024-08-01", "powr")
    with pytest.raises(Refused, match="asks for no credits"):
        credit(board_with(f"opens: {{months: 6}}, {CLAUSE}"), "5", "2024-08-01")


def test_rejected_credits_are_flagged_and_change_nothing_by_themselves():
    """The renewal stands until the board decides; the flag says what is missing."""
    board = board_with(f"credits: 10, {CLAUSE}")
    credit(board, "10", "2025-01-01")
    sequence = board.service.history("A1")[-1].sequence
    renew(board.at("2027-01-01").service, "A1")
    with pytest.raises(Refused, match="recorded no credits"):
        board.service.record("A1", f.CreditRejected(supersedes=1, **WHY))
    board.service.record("A1", f.CreditRejected(supersedes=sequence, **WHY))
    assert stands(board, "2027-07-02") == ("valid", "2030-07-01")
    assert "rests on credits that no longer count: 10 of 10 credits are missing" in board.standing("A1").flags[0]


def test_credits_recorded_after_a_renewal_that_is_entered_late_do_not_count_and_are_named():
    """What the board received by the day of the renewal counts for it; entered in whatever order."""
    board = board_with(f"credits: 10, {CLAUSE}")
    credit(board, "10", "2026-01-01", on="2027-07-01")
    sequence = board.service.history("A1")[-1].sequence
    with pytest.raises(Refused) as no:
        renew(board.service, "A1", day("2027-06-30"))
    assert "10 of 10 credits are missing; credits earned in time are on record only after 2027-06-30" in str(no.value)
    assert f"by event {sequence} (from 2027-07-01 on)" in str(no.value)
    board.service.record("A1", f.CreditRejected(supersedes=sequence, **WHY))
    assert "on record only" not in refused(board, "2027-07-01")
    credit(board, "10", "2026-01-01", on="2027-06-30")
    renew(board.service, "A1", day("2027-06-30"))
    assert stands(board, "2027-07-02") == ("valid", "2030-07-01")


def test_credits_recorded_later_neither_count_nor_are_carried_over_by_an_earlier_renewal():
    """The fact of a late renewal and the rule that judges it count the same credits."""
    board = board_with(f"credits: 10, carries_over: 5, {CLAUSE}")
    credit(board, "10", "2026-01-01")
    credit(board, "5", "2026-01-02", on="2027-07-01")
    renew(board.service, "A1", day("2027-06-30"))
    fact = board.service.history("A1")[-1].fact
    assert isinstance(fact, f.CertificateRenewed)
    assert (fact.credits, fact.carried) == (10, 0)


def test_a_renewal_entered_after_the_rejection_of_its_credits_stands_as_if_entered_before_it():
    """The order of entering changes nothing: the renewal stands, and is flagged."""
    board = board_with(f"credits: 10, carries_over: 5, {CLAUSE}")
    credit(board, "10", "2026-01-01")
    credit(board, "5", "2026-01-02")
    for rejected in board.service.history("A1")[-2:]:
        board.at("2026-03-01").service.record("A1", f.CreditRejected(supersedes=rejected.sequence, **WHY))
    with pytest.raises(Refused, match="10 of 10 credits are missing"):
        renew(board.service, "A1", day("2026-03-01"))
    renew(board.service, "A1", day("2026-02-28"))
    fact = board.service.history("A1")[-1].fact
    assert isinstance(fact, f.CertificateRenewed)
    assert (fact.credits, fact.carried) == (15, 5)
    assert "rests on credits that no longer count: 10 of 10 credits are missing" in board.standing("A1").flags[0]
    with pytest.raises(Refused, match="those that did: none"):
        board.service.record("A1", f.CreditRejected(supersedes=rejected.sequence, **WHY))


def test_credits_that_were_carried_over_and_rejected_since_are_flagged():
    """The renewal is covered without them; what it took into the next time is not, and the board is told."""
    board = board_with(f"credits: 10, carries_over: 5, {CLAUSE}")
    credit(board, "10", "2026-01-01")
    credit(board, "4", "2026-01-02")
    sequence = board.service.history("A1")[-1].sequence
    renew(board.at("2026-02-28").service, "A1")
    assert board.standing("A1").flags == ()
    board.service.record("A1", f.CreditRejected(supersedes=sequence, **WHY))
    assert board.standing("A1").flags == ("the renewal of 2026-02-28 carried 4 credits over, of which 0 still count",)


# -- windows -----------------------------------------------------------------------------------------------------------


def test_the_window_opens_and_closes_on_its_days():
    """Renewed from the first day of the window through the last day of the late time, both included."""
    board = board_with(f"opens: {{months: 6}}, late: {{days: 30}}, suspended: {{months: 2}}, {CLAUSE}")
    assert "can be renewed from 2027-01-01 on" in refused(board, "2026-12-31")
    for on in ("2027-01-01", "2027-07-01", "2027-07-02", "2027-07-31", "2027-08-01", "2027-09-30"):
        again = board_with(f"opens: {{months: 6}}, late: {{days: 30}}, suspended: {{months: 2}}, {CLAUSE}")
        renew(again.at(on).service, "A1")
        assert stands(again, on) == ("valid", "2030-07-01")
    assert "could be renewed through 2027-09-30" in refused(board, "2027-10-01")
    write_clock(board.service, ["A1"], day("2027-10-01"))
    assert "could be renewed through 2027-09-30" in refused(board, "2027-10-01")


def test_the_late_time_counts_and_the_suspension_does_not():
    """Late: still valid. Then suspended, then expired; whether or not a night has run."""
    board = board_with(f"late: {{days: 30}}, suspended: {{months: 2}}, {CLAUSE}")
    expected = {
        "2027-07-01": "valid",
        "2027-07-02": "valid",
        "2027-07-31": "valid",
        "2027-08-01": "suspended",
        "2027-09-30": "suspended",
        "2027-10-01": "expired",
    }
    assert {on: stands(board, on)[0] for on in expected} == expected
    board.at("2027-10-01")
    for on in expected:
        write_clock(board.service, ["A1"], day(on))
    assert {on: stands(board, on)[0] for on in expected} == expected
    assert board.types("A1")[-2:] == ["RenewalMissed", "CertificateExpired"]
    assert str(issued(board.service, "A1", day("2027-08-15")).since) == "2027-08-01"
    assert str(issued(board.service, "A1", day("2027-10-15")).since) == "2027-10-01"
    assert board.standing("A1", "2027-10-01").certificate_standing == "expired"


def test_a_renewal_during_the_suspension_counts_from_that_day():
    """Renewed late, the new time follows the old one; where the scheme says so, it is counted from the renewal."""
    board = board_with(f"suspended: {{years: 1}}, {CLAUSE}")
    write_clock(board.at("2028-01-01").service, ["A1"], day("2028-01-01"))
    renew(board.service, "A1")
    assert [stands(board, on) for on in ("2027-12-31", "2028-01-01")] == [
        ("suspended", "2027-07-01"),
        ("valid", "2030-07-01"),
    ]
    assert str(issued(board.service, "A1").since) == "2028-01-01"
    other = board_with(f"suspended: {{years: 1}}, counted_from: renewed, {CLAUSE}")
    renew(other.at("2028-01-01").service, "A1")
    assert stands(other, "2028-01-01") == ("valid", "2031-01-01")
    early = board_with(f"counted_from: renewed, {CLAUSE}")
    renew(early.at("2026-01-01").service, "A1")
    assert stands(early, "2026-01-01") == ("valid", "2030-07-01")


def test_a_renewal_entered_late_takes_back_what_the_clock_had_written():
    """Renewed in time, entered after the expiry was written down: it counts, and the days between are put right."""
    board = board_with(f"credits: 10, {CLAUSE}")
    write_clock(board.at("2027-08-01").service, ["A1"], day("2027-08-01"))
    assert board.types("A1")[-1] == "CertificateExpired"
    credit(board, "10", "2027-06-01", on="2027-06-01")
    renew(board.at("2027-08-02").service, "A1", day("2027-06-30"))
    assert stands(board, "2027-08-02") == ("valid", "2030-07-01")
    assert stands(board, "2027-07-02") == ("valid", "2030-07-01")
    history = board.service.history("A1")
    before = replay(history, board.scheme.rules(3), day("2027-07-02"), board.now.replace(day=1))
    assert before is not None
    assert before.certificate_standing == "expired"
    write_clock(board.at("2030-07-02").service, ["A1"], day("2030-07-02"))
    assert stands(board, "2030-07-02") == ("expired", "2030-07-01")


def test_a_suspension_by_decision_is_not_lifted_by_a_renewal():
    """Restore first; and what the clock suspended is renewed, not restored."""
    board = board_with(f"suspended: {{years: 1}}, {CLAUSE}")
    board.at("2027-01-01").service.record("A1", f.CertificateSuspended(**WHY))
    assert "suspended; restore it first" in refused(board, "2027-02-01")
    board.service.record("A1", f.CertificateRestored(**WHY))
    with pytest.raises(Refused, match=r"not renewed by 2027-07-01.*through 2028-07-01"):
        board.at("2027-07-02").service.record("A1", f.CertificateRestored(**WHY))
    board.service.record("A1", f.CertificateRevoked(**WHY))
    assert "revoked; restore it first" in refused(board, "2027-07-03")


def test_the_most_renewals_there_are():
    """After the last one the certificate ends with its time: there is no late time for what cannot be renewed."""
    board = board_with(f"most_renewals: 1, suspended: {{years: 1}}, {CLAUSE}")
    renew(board.at("2027-01-01").service, "A1")
    assert "1 are the most" in refused(board, "2029-01-01")
    assert stands(board, "2030-07-02") == ("expired", "2030-07-01")
    assert board.standing("A1", "2029-01-01").awaited == ()


def test_a_renewal_may_ask_for_more_than_credits():
    """Requirements are measured on the day of renewal, by what is shown for it; the board may waive them."""
    refresher = "all: [{training: {course: refresher, within: {years: 2}}}]"
    board = board_with(f"{refresher}, {CLAUSE}")
    assert "not shown: course refresher with a completion certificate" in refused(board, "2027-06-01")
    done = {"course": "Refresher", "hours": 8, "completion_certificate": True, "completed_on": "2025-06-01"}
    shown = Evidence.model_validate({"training": [done]})
    renew(board.at("2027-06-01").service, "A1", evidence=shown)
    assert stands(board, "2027-06-01") == ("valid", "2030-07-01")
    late = board_with(f"{refresher}, {CLAUSE}")
    assert "not shown" in refused(late, "2027-06-02", evidence=shown)
    assert "a waiver needs its reason" in refused(late, "2027-06-02", waived=True)
    renew(late.service, "A1", waived=True, **WHY)
    assert stands(late, "2027-06-02") == ("valid", "2030-07-01")


def test_verification_answers_by_the_renewed_day():
    """Anybody is told through which day the certificate is valid now."""
    board = board_with(f"suspended: {{years: 1}}, {CLAUSE}")
    number = issued(board.service, "A1").award.number
    board.at("2027-07-02")
    assert verify(board.service, number, "Person p1", "test").outcome == "suspended"
    renew(board.service, "A1")
    answer = verify(board.service, number, "Person p1", "test")
    assert (answer.outcome, str(answer.last_valid_on)) == ("valid", "2030-07-01")


def test_what_the_standing_says():
    """Who is certified reads when to renew, what is missing, and what the clock will do."""
    board = board_with()
    said = board.standing("A1", "2026-01-01")
    assert said.awaited[0][1] == "candidate"
    assert "through 2027-07-01, or late through 2028-07-01: 60 of 60 credits are missing" in said.awaited[0][0]
    assert said.clock == (
        "the certificate is no longer renewed in time after 2027-07-01, and can still be renewed through 2028-07-01"
    )
    assert str(said.clock_on) == "2027-07-02"
    late = board.standing("A1", "2027-07-02")
    assert late.clock == "the certificate expires; it can be renewed through 2028-07-01"
    assert late.as_json()["certificate_until"] == "2027-07-01"


def test_the_night_reminds_suspends_and_expires():
    """A reminder ahead of the last valid day, one ahead of the last day for a late renewal; both ends are written."""
    board = board_with(f"suspended: {{years: 1}}, {CLAUSE}")
    node = Night(board.service, "node", remind=(30,))
    board.at("2027-06-01")
    run(node, "remind", day("2027-06-01"))
    board.at("2027-07-02")
    run(node, "expire", day("2027-07-02"))
    assert board.types("A1")[-1] == "RenewalMissed"
    board.at("2028-06-01")
    run(node, "remind", day("2028-06-01"))
    board.at("2028-07-02")
    assert run(node, "expire", day("2028-07-02")).counts == {"CertificateExpired": 1}
    notices = board.stores.outbox.notices(waiting=True, most=10)
    assert [(n.kind, str(n.useful_until)) for n in notices] == [
        ("certificate", "2027-07-01"),
        ("certificate", "2028-07-01"),
    ]
    assert stands(board, "2028-07-02") == ("expired", "2027-07-01")


def test_a_renewed_certificate_is_reminded_of_its_new_day():
    """What was queued for the old day is dropped once it is renewed."""
    board = board_with(f"{CLAUSE}")
    node = Night(board.service, "node", remind=(30,))
    board.at("2027-06-01")
    run(node, "remind", day("2027-06-01"))
    (notice,) = board.stores.outbox.notices(waiting=True, most=10)
    assert "nothing runs out" not in outcome_of(board.service, notice).error
    renew(board.service, "A1")
    assert "nothing runs out on 2027-07-01 any more" in outcome_of(board.service, notice).error
    projection = board.stores.events.projection("A1")
    assert projection is not None
    assert str(projection.next_due_on) == "2030-07-02"
