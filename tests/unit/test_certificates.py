"""Certificates in the core: the award, where each stands on a day, and what anybody may be told."""

from __future__ import annotations

import pytest

from storage.memory import MemoryVerifications
from tests.timeline import day
from tests.unit.board import WHY, Board
from workflow import facts as f
from workflow.board import certificates
from workflow.board.certificates import award, award_all, holder_of, number_of
from workflow.board.issued import all_issued, issued
from workflow.board.verification import verify, verify_code
from workflow.errors import Conflict, NotFound, Refused
from workflow.events import certificate_code
from workflow.logs import Verification

FIRST = "T2430001"


def board_with(*keys: str, is_awarded: bool = True) -> Board:
    """Give a board on 2024-07-01 on which applications of different persons are certified, or wait for it."""
    board = Board()
    for key in keys:
        board.file(key, f"p-{key}")
        for part in ("theory", "skills"):
            board.score(key, part, "S1", "2024-05-18", "60", "2024-06-20")
        if is_awarded:
            award(board.service, key, authority="minute 1")
    return board


def logged(board: Board) -> list[Verification]:
    """Give every verification that was logged, whatever number it was about."""
    log = board.stores.verifications
    assert isinstance(log, MemoryVerifications)
    return log._log


def test_a_certificate_stands_as_its_facts_say():
    """From the award on it is valid, and each decision holds from its own day, that day included."""
    board = board_with("A1")
    board.at("2024-08-01").service.record("A1", f.CertificateSuspended(**WHY))
    board.at("2024-09-01").service.record("A1", f.CertificateRestored(**WHY))
    board.at("2024-10-01").service.record("A1", f.CertificateReplaced(remark="again", stationery="P1", **WHY))
    board.at("2024-11-01").service.record("A1", f.CertificateRevoked(**WHY))
    standings = {
        "2024-07-01": "valid",
        "2024-07-31": "valid",
        "2024-08-01": "suspended",
        "2024-08-31": "suspended",
        "2024-09-01": "valid",
        "2024-10-31": "valid",
        "2024-11-01": "revoked",
    }
    assert {on: issued(board.service, FIRST, day(on)).standing for on in standings} == standings
    now = issued(board.service, FIRST)
    assert [turn.what.removeprefix("Certificate") for turn in now.turns] == [
        "Suspended", "Restored", "Replaced", "Revoked",
    ]  # fmt: skip
    assert (now.since, now.replaced_on, now.counts) == (day("2024-11-01"), day("2024-10-01"), False)
    assert now.as_json()["remarks"] == ["again"]
    with pytest.raises(NotFound, match="had not been awarded"):
        issued(board.service, FIRST, day("2024-06-30"))


@pytest.mark.parametrize(
    ("taken", "next_", "is_allowed"),
    [
        ((), f.CertificateRestored(**WHY), False),
        ((f.CertificateSuspended(**WHY),), f.CertificateSuspended(**WHY), False),
        ((f.CertificateSuspended(**WHY),), f.CertificateRevoked(**WHY), True),
        ((f.CertificateSuspended(**WHY),), f.CertificateReplaced(remark="x", **WHY), False),
        ((f.CertificateRevoked(**WHY),), f.CertificateSuspended(**WHY), False),
        ((f.CertificateRevoked(**WHY),), f.CertificateReplaced(remark="x", **WHY), False),
        ((f.CertificateRevoked(**WHY),), f.CertificateRestored(**WHY), True),
        ((f.CertificateReplaced(remark="x", **WHY),), f.CertificateReplaced(remark="y", **WHY), True),
    ],
)
def test_the_certificates_own_machine(taken, next_, is_allowed):
    """A step is taken only from the standings that allow it; one that is refused leaves no trace."""
    board = board_with("A1")
    for fact in taken:
        board.service.record("A1", fact)
    before = board.types("A1")
    if is_allowed:
        assert board.service.record("A1", next_).state == "certified"
    else:
        with pytest.raises(Refused, match="the certificate is"):
            board.service.record("A1", next_)
        assert board.types("A1") == before


def test_misconduct_and_a_lowered_score_flag_a_certificate_and_change_nothing():
    """What an award rested on is gone: the board is told on the certificate, which stands until the board decides."""
    board = board_with("A1", "A2")
    assert issued(board.service, FIRST).flags == ()
    papers = f.MisconductFound(degree="papers", **WHY)
    board.service.record("A1", papers)
    board.service.record("A2", f.ScoreAmended(part="theory", sitting="S1", score=59, **WHY))
    first, second = all_issued(board.service)
    assert (first.standing, second.standing) == ("valid", "valid")
    assert any("calls for the certificate to be revoked" in flag for flag in first.flags)
    assert any("no longer complete" in flag for flag in second.flags)


def test_a_certificate_is_found_by_its_number_or_its_applications():
    """Both name it; who has none is told so, and what is not there is not found."""
    board = board_with("A1")
    board.file("A2", "p-A2")
    assert holder_of(board.service, FIRST) == holder_of(board.service, "A1") == "A1"
    assert (number_of(board.service, "A1"), number_of(board.service, "A2")) == (FIRST, None)
    with pytest.raises(Refused, match="it has led to no certificate; it is trained"):
        holder_of(board.service, "A2")
    with pytest.raises(NotFound, match="no certificate T9"):
        holder_of(board.service, "T9")


def test_all_certificates_are_listed_in_order():
    """In the order of the applications' numbers, and only those that were there on the day."""
    board = board_with("A2", "A1")
    board.file("A3", "p-A3")
    assert [one.award.number for one in all_issued(board.service)] == ["T2430002", "T2430001"]
    assert list(all_issued(board.service, day("2024-06-30"))) == []
    assert [one.application.key for one in all_issued(board.service, keys=["A1", "A3"])] == ["A1"]


def test_an_award_overtaken_by_another_run_is_no_failure(monkeypatch):
    """The loser of a race says who won; a refusal of another kind stays one, and named applications are refused."""
    board = board_with("A1", "A2", is_awarded=False)
    board.file("A3", "p-A3")
    real = certificates._award

    def overtaken(service, history, on, authority):
        if history[0].application == "A1" and number_of(service, "A1") is None:
            monkeypatch.setattr(certificates, "_award", real)
            award(service, "A1", on, "the other run")
            raise Conflict("A1 has moved on")
        return real(service, history, on, authority)

    monkeypatch.setattr(certificates, "_award", overtaken)
    one, two, three = award_all(board.service, ["A1", "A2", "A3"], None, "minute 1")
    assert (one.error, one.note, one.done.events) == (None, f"awarded already by another run: {FIRST}", ())
    assert [event.fact.number for event in two.done.events] == ["T2430002"]
    assert isinstance(three.error, Refused)
    (named,) = award_all(board.service, ["A1"], is_sweep=False)
    assert isinstance(named.error, Refused)


def test_the_code_of_a_certificate_never_changes():
    """It comes from the number and the award alone, whatever becomes of the certificate, and differs for each."""
    board = board_with("A1", "A2")
    code = issued(board.service, FIRST).code
    board.service.record("A1", f.CertificateReplaced(remark="x", **WHY))
    board.service.record("A1", f.CertificateSuspended(**WHY))
    assert issued(board.service, FIRST).code == code == certificate_code(board.service.history("A1")[-3])
    assert code != issued(board.service, "A2").code
    assert len(code) == 16
    assert code not in FIRST


@pytest.mark.parametrize("name", ["Person p-A1", " person  P-A1 ", "Ｐｅｒｓｏｎ p-A1"])
def test_the_right_name_is_answered(name):
    """Blanks, case and full-width letters do not make a name another one; the answer holds nothing of the person."""
    board = board_with("A1")
    answer = verify(board.service, " t2430001 ".upper(), name, "web")
    assert answer.as_json() == {
        "answer": "valid",
        "counts": True,
        "certificate": FIRST,
        "title": "Paper",
        "occupation": "Tester",
        "level": 3,
        "level_title": "Lower",
        "awarded_on": "2024-07-01",
        "since": "2024-07-01",
        "last_valid_on": None,
    }


@pytest.mark.parametrize(
    ("number", "name", "outcome"),
    [
        (FIRST, "Person p-A2", "wrong_name"),
        (FIRST, "Person", "wrong_name"),
        (FIRST, "", "wrong_name"),
        (FIRST, "\x00", "wrong_name"),
        (FIRST, "x" * 5000, "wrong_name"),
        ("T2430009", "Person p-A1", "not_found"),
        ("", "Person p-A1", "not_found"),
        ("T\x002430001", "Person p-A1", "not_found"),
        ("x" * 5000, "Person p-A1", "not_found"),
    ],
)
def test_a_wrong_name_and_a_wrong_number_get_one_answer(number, name, outcome):
    """Nothing in the answer tells the two apart; the board's log does."""
    board = board_with("A1", "A2")
    answer = verify(board.service, number, name, "web")
    assert answer.as_json() == {"answer": "not_found", "counts": False}
    log = logged(board)
    assert [(entry.outcome, entry.asked_by) for entry in log] == [(outcome, "web")]
    assert name not in str(log) or not name
    assert len(log[0].number) <= 80


def test_the_answer_follows_the_standing():
    """Suspended and revoked do not count; replaced counts, with the day from which only the new paper does."""
    board = board_with("A1")
    code = issued(board.service, FIRST).code

    def answered() -> tuple[str, bool, str]:
        answer = verify_code(board.service, f"https://exam.example.org/v/{code.upper()}", "web")
        return answer.outcome, answer.counts, str(answer.since)

    assert answered() == ("valid", True, "2024-07-01")
    board.at("2024-08-01").service.record("A1", f.CertificateReplaced(remark="x", **WHY))
    assert answered() == ("replaced", True, "2024-08-01")
    board.at("2024-09-01").service.record("A1", f.CertificateSuspended(**WHY))
    assert answered() == ("suspended", False, "2024-09-01")
    board.service.record("A1", f.CertificateRevoked(**WHY))
    assert answered() == ("revoked", False, "2024-09-01")
    assert [entry.outcome for entry in board.stores.verifications.of(FIRST)] == [
        "valid", "replaced", "suspended", "revoked",
    ]  # fmt: skip
    assert verify_code(board.service, code[:15], "web").outcome == "not_found"


@pytest.mark.parametrize("code", ["", "/", "\x00", "0" * 16, "%", "\ud800", "https://exam.example.org/v/", "x" * 5000])
def test_what_is_no_code_finds_nothing(code):
    """Anything may be asked by anybody: the answer is that there is no such certificate, and the log can keep it."""
    board = board_with("A1")
    assert verify_code(board.service, code, "web").outcome == "not_found"
    assert len(logged(board)[0].number) <= 90
