"""Readers, batches taken back, rechecks, misconduct and panels, as the board's use cases."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.timeline import day
from tests.unit.board import WHY, Board
from workflow import facts as f
from workflow.bars import bars_of
from workflow.board import conduct, rechecks, results
from workflow.board.decisions import announce_sitting
from workflow.errors import Refused
from workflow.ports import Candidate

S = {"part": "theory", "sitting": "S1"}


def rules_of(refused: pytest.ExceptionInfo[Refused]) -> set[str]:
    """Name the rules that objected."""
    return {o.rule for o in refused.value.objections}


@pytest.fixture
def board() -> Board:
    """Give a board with A1, admitted to theory at S1 on 2024-05-18; it is 2024-07-01."""
    return Board().file("A1").admit("A1", "theory", "S1", "2024-05-18")


def enter(board: Board, reader: int, marks: str, key: str = "A1") -> results.Entered:
    """Enter a reader's marks."""
    return results.enter_score(board.service, key, "theory", "S1", reader, Decimal(marks))


def test_readers_within_the_tolerance_record_their_mean_at_once(board):
    """The second entry and the agreed marks are one transaction, of the day of the sitting; a half rounds up."""
    first = enter(board, 1, "60.25")
    assert (first.agreed, first.needs_third) == (None, False)
    second = enter(board, 2, "60.5")
    assert second.agreed == Decimal("60.38")
    assert [(x.type, x.effective_on) for x in second.done.events] == [
        ("ScoreEntered", day("2024-05-18")),
        ("ScoreRecorded", day("2024-05-18")),
    ]
    with pytest.raises(Refused, match=r"recorded already as 60\.38 marks; retract it"):
        enter(board, 1, "61")


def test_readers_who_differ_are_listed_until_a_third_has_read(board):
    """Beyond the tolerance nothing is recorded, the attempt is listed, and the third reader's marks count."""
    enter(board, 1, "58")
    with pytest.raises(Refused, match="reader 1 has entered 58 marks already"):
        enter(board, 1, "60")
    with pytest.raises(Refused, match="third reader decides only"):
        enter(board, 3, "60")
    assert list(results.differences(board.service, "S1")) == []
    assert enter(board, 2, "62").needs_third
    assert [(x.application, x.first, x.second) for x in results.differences(board.service, "S1")] == [("A1", 58, 62)]
    third = enter(board, 3, "59.5")
    assert (third.agreed, third.needs_third) == (Decimal("59.5"), False)
    assert list(results.differences(board.service, "S1")) == []


def test_single_marks_can_be_taken_back_and_rule_out_an_absence(board):
    """Nobody was absent whose paper is marked; a reader's mistake is taken back and entered again."""
    enter(board, 1, "6")
    absent = f.AbsenceRecorded(**S, sat_on=day("2024-05-18"))
    with pytest.raises(Refused) as refused:
        board.service.record("A1", absent, day("2024-05-18"))
    assert rules_of(refused) == {"has_no_marks"}
    (done,) = results.retract(board.service, ["A1"], "S1", "a digit was lost", is_named=True)
    assert done.error is None
    board.service.record("A1", absent, day("2024-05-18"))


def test_an_absence_recorded_by_mistake_is_taken_back(board):
    """An absence is no dead end: it is taken back, and the marks recorded."""
    board.service.record("A1", f.AbsenceRecorded(**S, sat_on=day("2024-05-18")), day("2024-05-18"))
    with pytest.raises(Refused, match="recorded already as absent; retract it"):
        enter(board, 1, "60")
    (done,) = results.retract(board.service, ["A1"], "S1", "was in room 2", is_named=True)
    assert [x.type for x in done.done.events] == ["ScoreRetracted"]
    enter(board, 1, "60")
    assert enter(board, 2, "60").agreed == 60


def test_a_wrong_batch_is_taken_back_and_recorded_again():
    """A whole sitting is taken back before announcement, each by its own event; what was announced is not touched."""
    board = Board()
    for n in (1, 2, 3):
        board.file(f"A{n}", f"p{n}")
    board.score("A1", "theory", "S1", "2024-05-18", "60").score("A2", "theory", "S1", "2024-05-18", "70")
    board.score("A3", "theory", "S1", "2024-05-18", "80", "2024-06-20")
    keys = board.stores.events.at_sitting("S1")
    dry = list(results.retract(board.service, keys, "S1", "wrong sheet", dry_run=True))
    assert len(dry) == 2
    assert "ScoreRetracted" not in board.types("A1")
    done = list(results.retract(board.service, keys, "S1", "wrong sheet"))
    assert [x.application for x in done] == ["A1", "A2"]
    assert list(results.retract(board.service, keys, "S1", "wrong sheet")) == []
    (named,) = results.retract(board.service, ["A3"], "S1", "wrong sheet", is_named=True)
    assert "was announced on 2024-06-20; announced marks are amended" in str(named.error)
    assert enter(board, 1, "50").agreed is None
    assert enter(board, 2, "50").agreed == 50
    attempt = board.standing("A1").application.attempts[0]
    assert (attempt.score, attempt.earlier_scores, attempt.retractions) == (50, (60,), 1)


def test_nothing_is_announced_of_a_day_to_come(board):
    """An announcement of a day to come is refused by the use case itself."""
    enter(board, 1, "60")
    enter(board, 2, "60")
    (outcome,) = announce_sitting(board.service, "S1", on=day("2024-07-02"))
    assert "not_in_future" in str([o.rule for o in outcome.error.objections])


@pytest.fixture
def announced() -> Board:
    """Give a board on which A1 has 61 in theory and 60 in skills, announced on 2024-06-20; it is 2024-07-01."""
    board = Board().file("A1").score("A1", "theory", "S1", "2024-05-18", "61", "2024-06-20")
    return board.score("A1", "skills", "S1", "2024-05-18", "60", "2024-06-20")


def test_the_last_day_of_a_window_moves_off_a_rest_day_and_obeys_the_board(announced):
    """Ten days end on Sunday 30 June and move to Monday; a rest day of the board's own moves it on."""
    service = announced.service
    announced.at("2024-07-03")
    with pytest.raises(Refused, match="through 2024-07-01"):
        rechecks.request_recheck(service, "A1", "theory", "S1", on=day("2024-07-02"))
    own = rechecks.Overrides(rest=[day("2024-07-01")])
    done = rechecks.request_recheck(service, "A1", "theory", "S1", on=day("2024-07-02"), overrides=own)
    fact = done.events[0].fact
    assert isinstance(fact, f.RecheckRequested)
    assert (fact.last_day, fact.decide_by) == (day("2024-07-02"), day("2024-07-16"))
    assert announced.state("A1") == "awaiting_award"  # replays without the board's calendar
    other = rechecks.Overrides(work=[day("2024-06-30")])
    with pytest.raises(Refused, match="through 2024-06-30"):
        rechecks.request_recheck(service, "A1", "skills", "S1", on=day("2024-07-01"), overrides=other)


def test_open_rechecks_are_listed_and_overdue_after_their_last_day(announced):
    """The last day for the decision still counts; afterwards it is overdue, and a decision counts all the same."""
    service = announced.service
    rechecks.request_recheck(service, "A1", "theory", "S1", "sum", day("2024-07-01"))
    announced.at("2024-07-20")
    (due,) = rechecks.open_rechecks(service, day("2024-07-15"))
    assert (due.decide_by, due.is_overdue) == (day("2024-07-15"), False)
    (late,) = rechecks.open_rechecks(service)
    assert late.is_overdue
    with pytest.raises(Refused, match="asked for on 2024-07-01, after 2024-06-30"):
        rechecks.decide_recheck(service, "A1", "theory", "S1", Decimal(59), **WHY, on=day("2024-06-30"))
    done = rechecks.decide_recheck(service, "A1", "theory", "S1", Decimal(59), **WHY)
    assert results.effects(service, done, day("2024-07-20")) == (
        "theory is no longer held",
        "the set of parts is no longer complete",
        "the application moves from awaiting_award to theory_exam",
    )
    assert list(rechecks.open_rechecks(service)) == []
    assert len(list(rechecks.open_rechecks(service, day("2024-07-15")))) == 1
    with pytest.raises(Refused, match="was decided on 2024-07-20"):
        rechecks.decide_recheck(service, "A1", "theory", "S1", None, **WHY)


def test_a_recheck_that_changes_nothing_says_so(announced):
    """Unchanged keeps the marks, is visible, and has no effect."""
    service = announced.service
    rechecks.request_recheck(service, "A1", "skills", "S1")
    done = rechecks.decide_recheck(service, "A1", "skills", "S1", None, **WHY)
    assert done.events[0].fact == f.RecheckDecided(part="skills", sitting="S1", score=Decimal(60), **WHY)
    assert results.effects(service, done, day("2024-07-01")) == ()
    with pytest.raises(Refused, match="no recheck of theory at S1 has been asked for"):
        rechecks.decide_recheck(service, "A1", "theory", "S1", None, **WHY)
    with pytest.raises(Refused):
        rechecks.request_recheck(service, "A1", "theory", "NOPE")


def test_a_bar_is_counted_from_the_finding_and_holds_for_the_person(announced):
    """A bar keeps the person from sittings and submissions in every application, through its last day."""
    announced.file("B1").admit("B1", "theory", "S9", "2024-09-07", "2024-07-01")
    announced.file("C1", "p2")
    service = announced.service
    done = conduct.find_misconduct(service, "A1", "serious", **WHY, sitting="S1", heard_on=day("2024-06-28"))
    assert conduct.seats_inside_bars(service, "A1") == (
        "B1 is admitted to theory at S9 on 2024-09-07, inside the bar: cancel the admission",
    )
    with pytest.raises(Refused, match="barred through 2025-07-01 for misconduct found in A1") as refused:
        announced.admit("B1", "skills", "S8", "2025-07-01", "2024-07-01")
    assert rules_of(refused) == {"is_not_barred"}
    announced.admit("B1", "skills", "S10", "2025-07-02", "2024-07-01")
    announced.admit("C1", "skills", "S8", "2024-09-07", "2024-07-01")
    with pytest.raises(Refused, match="the submission is on 2024-07-01"):
        announced.file("B2", on="2024-07-01")
    announced.file("B3", on="2024-06-30")  # a late entry of before the finding
    lifted = f.AnnulmentLifted(supersedes=done.events[0].sequence, **WHY)
    service.record("A1", lifted)
    announced.admit("B1", "skills", "S8", "2024-10-07", "2024-07-01")
    announced.file("B2", on="2024-07-01")


def test_a_bar_does_not_reach_back_before_its_finding(announced):
    """A sitting before the finding, entered late, was not barred then: in the same application and in another."""
    service = announced.service
    announced.file("B1")
    announced.score("B1", "theory", "S1", "2024-05-18", "40", "2024-06-20")
    conduct.find_misconduct(service, "B1", "serious", **WHY, on=day("2024-07-01"))
    announced.file("B2", on="2024-06-01")
    for key in ("B1", "B2"):
        announced.admit(key, "skills", "S2", "2024-06-29")
        with pytest.raises(Refused, match="barred through 2025-07-01"):
            announced.admit(key, "skills", "S3", "2024-07-02", "2024-07-01")


def test_a_finding_names_what_is_there(announced):
    """A degree that is not known, a session never sat, and a hearing after the finding are all refused."""
    service = announced.service
    with pytest.raises(Refused, match="it has: minor, serious, papers"):
        conduct.find_misconduct(service, "A1", "gravest", **WHY)
    with pytest.raises(Refused) as refused:
        conduct.find_misconduct(
            service, "A1", "minor", **WHY, sitting="S7", part="theory", heard_on=day("2024-07-02"), on=day("2024-07-01")
        )
    assert rules_of(refused) == {"names_an_attempt", "is_heard_first"}
    with pytest.raises(Refused, match="was never admitted to sitting S7"):
        service.record("A1", f.IncidentReported(sitting="S7", what="notes"))
    with pytest.raises(Refused, match="name the sitting"):
        conduct.find_misconduct(service, "A1", "minor", **WHY)


def test_cases_are_listed_as_they_stood(announced):
    """Reports and findings are listed with their events; a lifted one was in force on the days before."""
    service = announced.service
    service.record("A1", f.IncidentReported(**S, what="notes"), day("2024-05-18"))
    found = conduct.find_misconduct(service, "A1", "minor", **WHY, **S, on=day("2024-06-25"))
    service.record("A1", f.AnnulmentLifted(supersedes=found.events[0].sequence, **WHY), day("2024-06-28"))
    assert [(x.kind, x.degree) for x in conduct.cases(service)] == [("reported", ""), ("lifted", "minor")]
    assert [x.kind for x in conduct.cases(service, day("2024-06-27"))] == ["reported", "in force"]
    assert [x.kind for x in conduct.cases(service, day("2024-06-01"))] == ["reported"]


def test_false_papers_under_a_certificate_are_flagged():
    """The certificate is the board's to revoke: the finding flags it and changes nothing by itself."""
    board = Board().file("A1").score("A1", "theory", "S1", "2024-05-18", "61", "2024-06-20")
    board.score("A1", "skills", "S1", "2024-05-18", "60", "2024-06-20")
    board.service.record("A1", f.CertificateAwarded(number="T1", series="T", serial=1))
    done = conduct.find_misconduct(board.service, "A1", "papers", **WHY)
    said = results.effects(board.service, done, day("2024-07-01"))
    assert "misconduct (papers) calls for the certificate to be revoked" in said
    assert board.state("A1") == "certified"


def test_bars_are_asked_of_the_persons_own_applications_only(announced):
    """Somebody else of the same name is not barred."""
    announced.stores.candidates.add([Candidate("p9", "Person p1", "passport", "XX")])
    conduct.find_misconduct(announced.service, "A1", "serious", **WHY)
    assert announced.service.others("p9", "") == ()
    ((application, rules),) = announced.service.others("p1", "")
    assert [bar.until for bar in bars_of(application, rules)] == [day("2025-07-01")]
    assert announced.service.others("p1", "A1") == ()
