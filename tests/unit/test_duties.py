"""Separated duties: what one member may not do after another act, what takes two, and the audit that proves it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.desk import WHY
from tests.staffed import OUT, SAT, StaffedBoard, actor, changed
from tests.timeline import day
from tests.unit.board import FULL
from workflow import facts as f
from workflow.audit.duties import DutyException, audited, done_without_right, erased_alone
from workflow.audit.roles import RolesHeld
from workflow.board.certificates import award
from workflow.board.extensions import reinstate
from workflow.bulk import round as rounds
from workflow.bulk.intake import parse
from workflow.errors import Conflict, Refused
from workflow.events import chain
from workflow.facts import Fact
from workflow.logs import Note
from workflow.roles.access import Access
from workflow.roles.proposals import ERASE, command_of, proposal_of, step_text, withdraw, withdrawals
from workflow.service import Service

SCORE = {"part": "skills", "sitting": "S1"}
LETS_GO = "levels:->duties: {let_go: [score_and_announce, correction], clause: {source: board, at: minute 12}}\nlevels:"


@pytest.fixture
def board() -> StaffedBoard:
    """Give a board with staff."""
    return StaffedBoard()


def found(board: StaffedBoard) -> list[DutyException]:
    """Audit the duties of a board."""
    stores = board.stores
    proposals = {entry.number: entry for entry in stores.access.entries("proposal")}
    withdrawn = withdrawals(stores.access.entries("withdrawal"))
    members = {member.name for member in stores.staff.all()}
    rules_of = board.of["auditor"].rules_of
    return [
        *audited(stores.events.histories, rules_of, proposals, members, RolesHeld(stores.access.entries()), withdrawn),
        *erased_alone(stores.candidates.acts(), proposals.values(), withdrawn),
        *done_without_right(stores.candidates.acts(), stores.access.entries),
    ]


def rules(refused: pytest.ExceptionInfo[Refused]) -> set[str]:
    """Name the rules by which a step was refused."""
    return {no.rule for no in refused.value.objections}


def test_who_entered_a_score_may_not_announce_it(board: StaffedBoard) -> None:
    """Neither the reader of a part with readers, nor who recorded the marks; another member may."""
    both = board.member("both", "examiner", "announcer")
    board.go("A1", "Admitted theory")
    entry = f.ScoreEntered(part="theory", sitting="S1", reader=1, score=Decimal(60))
    both.record("A1", entry, day(SAT))
    board.of["examiner"].record("A1", entry.model_copy(update={"reader": 2}), day(SAT))
    recorded = f.ScoreRecorded(part="theory", sitting="S1", sat_on=day(SAT), score=Decimal(60))
    board.of["examiner"].record("A1", recorded, day(SAT))
    announced = f.ScoreAnnounced(part="theory", sitting="S1")
    with pytest.raises(Refused, match="staff:both entered this score \\(event 5\\)") as refused:
        both.record("A1", announced, day(OUT))
    assert rules(refused) == {"score_and_announce"}
    assert "none duties score_and_announce" in str(refused.value)
    board.of["announcer"].record("A1", announced, day(OUT))
    assert found(board) == []


def test_marks_that_were_taken_back_bind_nobody(board: StaffedBoard) -> None:
    """Who entered marks that were retracted may announce what another entered afterwards."""
    both = board.member("both", "examiner", "announcer")
    board.go("A1", "Admitted skills")
    recorded = f.ScoreRecorded(**SCORE, sat_on=day(SAT), score=Decimal(60))
    both.record("A1", recorded, day(SAT))
    both.record("A1", f.ScoreRetracted(**SCORE, reason="wrong sheet"), day(SAT))
    board.of["examiner"].record("A1", recorded.model_copy(update={"score": Decimal(70)}), day(SAT))
    both.record("A1", f.ScoreAnnounced(**SCORE), day(OUT))
    assert found(board) == []


def test_who_trained_may_not_examine(board: StaffedBoard) -> None:
    """Neither who recorded the course nor who is named as its trainer; not as a member of the panel either."""
    both = board.member("both", "trainer", "examiner")
    named = board.member("named", "examiner")
    board.go("A1", "EligibilityAccepted")
    course = f.TrainingRecorded(
        hours=Decimal(100), completion_certificate=True, completed_on=day("2024-03-20"), trainer="named"
    )
    both.record("A1", course, day("2024-03-20"))
    board.of["registrar"].record("A1", f.Admitted(**SCORE, sat_on=day(SAT)), day(SAT))
    recorded = f.ScoreRecorded(**SCORE, sat_on=day(SAT), score=Decimal(60))
    for who in (both, named):
        with pytest.raises(Refused, match=f"{who.actor} trained this candidate \\(event 3\\)") as refused:
            who.record("A1", recorded, day(SAT))
        assert rules(refused) == {"train_and_examine"}
    panel = (f.PanelMark(assessor="named", score=Decimal(60)),)
    with pytest.raises(Refused, match="staff:named trained this candidate"):
        board.of["examiner"].record("A1", recorded.model_copy(update={"panel": panel}), day(SAT))
    board.of["examiner"].record("A1", recorded, day(SAT))
    assert found(board) == []


def test_who_trained_for_another_application_may_not_examine_either(board: StaffedBoard) -> None:
    """The duty is about the candidate: a course of an earlier application counts, another candidate's does not."""
    both = board.member("both", "trainer", "examiner")
    board.go("A1", "EligibilityAccepted")
    course = f.TrainingRecorded(hours=Decimal(100), completion_certificate=True, completed_on=day("2024-03-20"))
    both.record("A1", course, day("2024-03-20"))
    board.go("A2", "Admitted skills").go("A3", "Admitted skills", candidate="p2")
    recorded = f.ScoreRecorded(**SCORE, sat_on=day(SAT), score=Decimal(60))
    with pytest.raises(Refused, match="for another application"):
        both.record("A2", recorded, day(SAT))
    both.record("A3", recorded, day(SAT))
    assert found(board) == []


@pytest.mark.parametrize("size", [1, 1_000])
@pytest.mark.parametrize("names", [("A1", "A2"), ("A2", "A1")])
def test_who_imports_a_course_may_not_import_the_marks_of_another_application(
    board: StaffedBoard, monkeypatch: pytest.MonkeyPatch, size: int, names: tuple[str, str]
) -> None:
    """The same files, the same member, the same candidate: the numbers and the chunks do not matter."""
    monkeypatch.setattr(rounds, "CHUNK", size)
    trained, examined = names
    board.go(trained, "EligibilityAccepted").go(examined, "Admitted skills")
    course = ("application,level,hours,completion_certificate,completed_on,phase", f"{trained},3,100,yes,2024-03-20,")
    marks = ("application,part,session,sat_on,announced_on,score", f"{examined},skills,S1,{SAT},,60")
    parsed = {
        kind: parse(kind, f"{kind}.csv", titles.split(","), [(2, row.split(","))])
        for kind, (titles, row) in {"training": course, "scores": marks}.items()
    }
    both = board.member("both", "trainer", "examiner")
    (rejected,) = rounds.import_round(both, parsed, admits=False).rejects
    assert (rejected.application, "for another application" in rejected.reason) == (examined, True)
    assert found(board) == []


def test_who_decided_eligibility_may_not_award(board: StaffedBoard) -> None:
    """The number of the series is not lost by the refusal."""
    board.go("A1", "ScoreAnnounced skills")
    both = board.member("registrar", "registrar", "awarding_officer")
    with pytest.raises(Refused, match="decided eligibility \\(event 2\\)") as refused:
        award(both, "A1", day("2024-07-01"))
    assert rules(refused) == {"decide_and_award"}
    done = award(board.of["awarding_officer"], "A1", day("2024-07-01"))
    assert getattr(done.events[-1].fact, "serial", 0) == 1
    assert found(board) == []


def amendment(marks: str = "61") -> f.ScoreAmended:
    """Give a correction of the skills marks."""
    return f.ScoreAmended(**SCORE, score=Decimal(marks), **WHY)


def case(board: StaffedBoard, name: str) -> tuple[str, list[Service], Fact | None]:
    """Give a step that takes two people: the duty, two members who may take it, and the fact; None: `reinstate`."""
    if name == "correction":
        board.go("A1", "ScoreAnnounced skills")
        return name, [board.of["examiner"], board.of["announcer"]], amendment()
    if name == "revocation":
        board.go("A1")
        other = board.member("other", "awarding_officer")
        return name, [board.of["awarding_officer"], other], f.CertificateRevoked(**WHY)
    board.go("A1", "TrainingRecorded")
    board.of["registrar"].record("A1", f.Withdrawn(reason="ill"), day("2024-06-01"))
    return name, [board.of["registrar"], board.of["awarding_officer"]], None


@pytest.mark.parametrize("name", ["correction", "revocation", "reinstatement"])
def test_what_takes_two_people(name: str, board: StaffedBoard) -> None:
    """The first puts it forward, once; the second records it by the same step; the event names the proposal."""
    duty, (first, second), fact = case(board, name)

    def act(service: Service) -> object:
        if fact is None:
            return reinstate(service, "A1", **WHY)
        return service.record("A1", fact, day("2024-07-01"))

    before = board.stores.events.history("A1")
    for _ in range(2):
        with pytest.raises(Refused, match=r"put forward as proposal (\d+); another member confirms it") as refused:
            act(first)
        assert rules(refused) == {duty}
    (entry,) = board.stores.access.entries("proposal")
    assert (entry.actor, entry.subject) == (first.actor, "A1")
    assert board.stores.events.history("A1") == before
    act(second)
    last = board.stores.events.history("A1")[-1]
    assert (last.actor, proposal_of(last.command)) == (second.actor, (entry.number, entry.hash))
    assert found(board) == []


def test_a_proposal_is_used_once(board: StaffedBoard) -> None:
    """The same step a second time, after it was taken back, needs a second person anew."""
    _, (first, second), fact = case(board, "revocation")
    with pytest.raises(Refused):
        first.record("A1", fact, day("2024-07-01"))
    second.record("A1", fact, day("2024-07-01"))
    first.record("A1", f.CertificateRestored(**WHY), day("2024-07-01"))
    with pytest.raises(Refused, match="put forward as proposal"):
        second.record("A1", fact, day("2024-07-01"))
    first.record("A1", fact, day("2024-07-01"))
    assert found(board) == []


def test_a_proposal_that_was_withdrawn_is_confirmed_by_nobody(board: StaffedBoard) -> None:
    """The same step then starts anew; whoever might confirm it may withdraw it, once, and says why."""
    _, (first, second), fact = case(board, "revocation")
    log = board.stores.access
    with pytest.raises(Refused):
        first.record("A1", fact, day("2024-07-01"))
    (entry,) = log.entries("proposal")
    with pytest.raises(Refused, match="no right to record CertificateRevoked"):
        withdraw(log, board.of["examiner"].acts_as, entry, "mistaken", board.now)
    with pytest.raises(Refused, match="a reason is missing"):
        withdraw(log, first.acts_as, entry, " ", board.now)
    withdraw(log, second.acts_as, entry, "mistaken", board.now)
    with pytest.raises(Conflict, match=f"withdrawn already by {second.actor}: mistaken"):
        withdraw(log, first.acts_as, entry, "mistaken", board.now)
    with pytest.raises(Refused, match="put forward as proposal"):
        second.record("A1", fact, day("2024-07-01"))
    assert len([*log.entries("proposal")]) == 2
    first.record("A1", fact, day("2024-07-01"))
    assert proposal_of(board.stores.events.history("A1")[-1].command) != (entry.number, entry.hash)
    assert found(board) == []


def test_an_erasure_that_was_withdrawn_erases_nobody(board: StaffedBoard) -> None:
    """The second member's command then puts it forward anew; an act against that is a breach."""
    board.go("A1", "registered")
    first, second = board.of["registrar"], board.of["awarding_officer"]
    note = Note(board.now, second.actor, "asked for it", "request 3")
    with pytest.raises(Refused):
        first.stores.candidates.forget("p1", "erased", day("2024-07-01"), replace(note, actor=first.actor))
    (entry,) = board.stores.access.entries("proposal")
    withdraw(board.stores.access, first.acts_as, entry, "the wrong person", board.now)
    with pytest.raises(Refused, match="put forward as proposal"):
        second.stores.candidates.forget("p1", "erased", day("2024-07-01"), note)
    later = replace(note, at=board.now + timedelta(1))
    board.stores.candidates.forget("p1", "erased", day("2024-07-01"), later)  # past the service
    assert [(x.kind, x.duty, x.actor) for x in found(board)] == [("breach", "erasure", second.actor)]


def test_a_step_that_names_a_withdrawn_proposal_is_a_breach(board: StaffedBoard) -> None:
    """Whoever confirms around the service what had been withdrawn did it alone."""
    _, (first, second), fact = case(board, "revocation")
    with pytest.raises(Refused):
        first.record("A1", fact, day("2024-07-01"))
    (entry,) = board.stores.access.entries("proposal")
    second.record("A1", fact, day("2024-07-01"))
    withdrawal = Access(board.now - timedelta(1), first.actor, "withdrawal", "A1", "x", detail=command_of(entry))
    board.stores.access.add(withdrawal)
    assert [(x.kind, x.duty) for x in found(board)] == [("breach", "revocation")]


def test_only_the_very_step_is_confirmed(board: StaffedBoard) -> None:
    """Other marks, another day or another reason is another step, and is put forward on its own."""
    board.go("A1", "ScoreAnnounced skills")
    first, second = board.of["examiner"], board.of["announcer"]
    with pytest.raises(Refused):
        first.record("A1", amendment("61"), day("2024-07-01"))
    for fact, on in [
        (amendment("62"), "2024-07-01"),
        (amendment("61"), "2024-06-30"),
        (amendment("61").model_copy(update={"reason": "another"}), "2024-07-01"),
    ]:
        with pytest.raises(Refused, match="put forward as proposal"):
            second.record("A1", fact, day(on))
    assert len([*board.stores.access.entries("proposal")]) == 4
    second.record("A1", amendment("61"), day("2024-07-01"))
    with pytest.raises(Refused, match="has 61 marks already"):
        second.record("A1", amendment("61"), day("2024-07-01"))
    assert found(board) == []


def test_who_has_not_the_right_confirms_nothing(board: StaffedBoard) -> None:
    """A second person needs the right to the step; one who has not puts nothing forward either."""
    board.go("A1", "ScoreAnnounced skills")
    with pytest.raises(Refused):
        board.of["examiner"].record("A1", amendment(), day("2024-07-01"))
    for role in ("registrar", "auditor", "administrator"):
        with pytest.raises(Refused, match="no right to record ScoreAmended"):
            board.of[role].record("A1", amendment(), day("2024-07-01"))
    assert len([*board.stores.access.entries("proposal")]) == 1


def test_what_the_rules_refuse_is_not_put_forward(board: StaffedBoard) -> None:
    """A step that the machine does not allow is refused by its own rule, and no proposal stands."""
    board.go("A1", "ScoreAnnounced skills")
    with pytest.raises(Refused) as refused:
        board.of["examiner"].record("A1", amendment("1000"), day("2024-07-01"))
    assert "correction" not in rules(refused)
    assert [*board.stores.access.entries("proposal")] == []


def test_marks_that_are_not_out_are_corrected_by_one(board: StaffedBoard) -> None:
    """Before the announcement nobody else is needed."""
    board.go("A1", "ScoreRecorded skills")
    board.of["examiner"].record("A1", amendment("70"), day(SAT))
    board.of["announcer"].record("A1", f.ScoreAnnounced(**SCORE), day(OUT))
    assert found(board) == []


def test_an_erasure_takes_two(board: StaffedBoard) -> None:
    """The first puts it forward by the same act; a restriction is one member's; the night's own is the clock's."""
    board.go("A1", "registered")
    first, second = board.of["registrar"], board.of["awarding_officer"]

    def forget(service: Service, deed: str) -> object:
        note = Note(board.now, service.actor, "asked for it", "request 3")
        return service.stores.candidates.forget("p1", deed, day("2024-07-01"), note)

    forget(first, "restricted")
    for _ in range(2):
        with pytest.raises(Refused, match="an erasure takes two people"):
            forget(first, "erased")
    with pytest.raises(Refused, match="no right to"):
        forget(board.of["auditor"], "erased")
    assert [entry.detail for entry in board.stores.access.entries("proposal", "p1")] == [ERASE]
    assert forget(second, "erased")
    assert found(board) == []


def test_a_scheme_lets_a_duty_go(board: StaffedBoard) -> None:
    """What the document lets go is one person's work, and the audit lists it with the document's clause."""
    lax = StaffedBoard(**{**FULL, "levels": f"{FULL['levels'].removesuffix('levels:')}{LETS_GO.partition('->')[2]}"})
    both = lax.member("both", "examiner", "announcer")
    lax.go("A1", "Admitted skills")
    both.record("A1", f.ScoreRecorded(**SCORE, sat_on=day(SAT), score=Decimal(60)), day(SAT))
    both.record("A1", f.ScoreAnnounced(**SCORE), day(OUT))
    both.record("A1", amendment(), day("2024-07-01"))
    assert [(x.kind, x.duty, x.actor, x.clause) for x in found(lax)] == [
        ("let_go", "score_and_announce", "staff:both", "board minute 12"),
        ("let_go", "correction", "staff:both", "board minute 12"),
    ]


def test_a_local_operator_works_alone_and_the_audit_says_so() -> None:
    """Without staff nothing is refused; every act that two should have done is listed with its reason."""
    from tests.unit.board import Board

    alone = Board()
    alone.file("A1").score("A1", "skills", "S1", SAT, "60", OUT)
    alone.score("A1", "theory", "S1", SAT, "60", OUT)
    alone.service.record("A1", amendment(), day("2024-07-01"))
    award(alone.service, "A1", day("2024-07-01"))
    alone.service.record("A1", f.CertificateRevoked(**WHY), day("2024-07-01"))
    told = [*audited(alone.stores.events.histories, alone.service.rules_of, {}, set(), RolesHeld())]
    assert {x.kind for x in told} == {"local_operator"}
    assert {x.duty for x in told} == {
        "score_and_announce", "train_and_examine", "decide_and_award", "correction", "revocation",
    }  # fmt: skip
    assert all("no duty is separated" in x.reason and x.actor == "clerk" for x in told)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"command": "revoke:1"}, "recorded it alone"),
        ({"actor": "staff:awarding-officer"}, "not put forward before by another member"),
        ({"actor": "staff:ghost"}, "there is no member"),
        ({"fact": f.CertificateRevoked(reason="another", authority="x")}, "put forward another step"),
    ],
)
def test_the_audit_finds_what_was_written_past_the_service(change, text, board: StaffedBoard) -> None:
    """A revocation that was put into the database by other ways is a breach, however well it is chained."""
    _, (first, second), fact = case(board, "revocation")
    with pytest.raises(Refused):
        first.record("A1", fact, day("2024-07-01"))
    second.record("A1", fact, day("2024-07-01"))
    *before, last = board.stores.events.history("A1")
    forged = (*before, *chain([changed(last, **change)], before[-1].hash))
    vars(board.stores.events)["_histories"]["A1"] = forged
    (breach,) = found(board)
    assert (breach.kind, breach.sequence) == ("breach", last.sequence)
    assert text in breach.text


def test_a_proposal_that_is_not_the_one_named_proves_nothing(board: StaffedBoard) -> None:
    """The event names the proposal's hash: one that was written afterwards in its place does not fit."""
    _, (first, second), fact = case(board, "revocation")
    with pytest.raises(Refused):
        first.record("A1", fact, day("2024-07-01"))
    second.record("A1", fact, day("2024-07-01"))
    (entry,) = board.stores.access.entries("proposal")
    members = {member.name for member in board.stores.staff.all()}
    for there in ({}, {entry.number: replace(entry, hash="0" * 64)}):
        held = RolesHeld(board.stores.access.entries())
        told = [*audited(board.stores.events.histories, first.rules_of, there, members, held)]
        assert ["not in the access log as it was then" in x.text for x in told] == [True]


def test_what_a_proposal_says_is_the_step(board: StaffedBoard) -> None:
    """Its text is canonical, holds the fact as it would be stored, and its command names number and hash."""
    entry = Access(board.now, "staff:li", "proposal", "A1", detail=step_text(amendment(), day(OUT)), number=7)
    assert '"type":"ScoreAmended"' in entry.detail
    assert proposal_of(command_of(replace(entry, hash="a" * 64))) == (7, "a" * 64)
    assert [proposal_of(x) for x in ("", "amend:7", "proposal:7:x", "proposal::" + "a" * 64)] == [None] * 4
    assert actor("li", "auditor").kind == "member"
