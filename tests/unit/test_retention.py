"""How long a person's data is kept, to the day; what restricting and erasing leave, and the night that does it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from scheduler.delivery import judged
from scheduler.jobs import planned, run
from scheduler.night import Night
from tests.timeline import day
from tests.unit.board import WHY, Board, write_clock
from workflow import facts as f
from workflow.audit.persons import audit_persons
from workflow.board.certificates import award
from workflow.board.verification import verify, verify_code
from workflow.errors import Conflict, Invalid, NotFound, Refused
from workflow.events import certificate_code
from workflow.nights.ledger import Notice
from workflow.persons.forgetting import ERASED, broken
from workflow.persons.held import held, readable
from workflow.persons.retention import Kept, due, erase, kept, restrict, unrestrict
from workflow.ports import Candidate

KEPT = "retention: {certified: {years: 10}, ended: {years: 3}, clause: {source: rules, at: art. 20}}\nlevels:"
DECLARED = {"retention": f"levels:->{KEPT}"}
SERIOUS = (
    "misconduct: {serious: {title: S, voids: all, ends: true, bar: {years: 5}, clause: {source: rules, at: art. 8}}}"
)
BARRED = {"retention": f"levels:->{SERIOUS}\n{KEPT}"}
ASKED = {"reason": "asked for", "authority": "minute 7"}


def withdrawn(on: str = "2024-04-01", **changes: str) -> Board:
    """Give a board on which the one application of p1 was withdrawn on a day."""
    board = Board(**(changes or DECLARED)).file("A1")
    board.service.record("A1", f.Withdrawn(), day(on))
    return board


def certified(**changes: str) -> Board:
    """Give a board on which p1 was certified on 2024-06-25."""
    board = Board(at="2024-06-25", **(changes or DECLARED)).file("A1")
    for part in ("theory", "skills"):
        board.score("A1", part, "S1", "2024-05-18", "80", "2024-06-20")
    award(board.service, "A1")
    return board


def over(board: Board, on: str) -> list[str]:
    """Name who need not be kept any more on a day."""
    return [found.candidate for found in due(board.service, day(on)) if isinstance(found, Kept)]


def test_the_last_day_of_keeping_counts() -> None:
    """Three years from the day of the withdrawal: kept through the corresponding day, over on the day after."""
    board = withdrawn("2024-04-01")
    found = kept(board.service, "p1", day("2026-01-01"))
    assert (found.until, found.clause, found.is_declared) == (day("2027-04-01"), "test: rules art. 20", True)
    assert over(board, "2027-04-01") == []
    assert over(board, "2027-04-02") == ["p1"]
    with pytest.raises(Refused, match=r"kept through 2027-04-01.*\[test: rules art. 20\]"):
        erase(board.at("2027-04-01").service, "p1", **ASKED)
    assert board.service.candidate("p1").name == "Person p1"
    act = erase(board.at("2027-04-02").service, "p1", **ASKED)
    assert act is not None
    assert (act.deed, act.on, act.note.actor) == ("erased", day("2027-04-02"), "clerk")
    assert over(board, "2040-01-01") == []


@pytest.mark.parametrize(("on", "last"), [("2024-02-29", "2027-02-28"), ("2024-02-28", "2027-02-28")])
def test_a_month_that_has_no_such_day(on: str, last: str) -> None:
    """Where the corresponding day does not exist, the month's last day is the last."""
    board = Board(**DECLARED).file("A1", on="2024-01-10")
    board.service.record("A1", f.Withdrawn(), day(on))
    assert kept(board.service, "p1", day("2026-01-01")).until == day(last)


def test_a_certificate_is_kept_from_its_award_or_its_end() -> None:
    """Ten years from the award; where it has a last valid day, from that."""
    assert kept(certified().service, "p1", day("2026-01-01")).until == day("2034-06-25")
    ends = {**DECLARED, "valid": 'number: "T{yy}->valid_for: {years: 2}, number: "T{yy}'}
    found = kept(certified(**ends).service, "p1", day("2026-01-01"))
    assert found.until == day("2036-06-25")


def test_all_applications_count_and_one_that_runs_keeps_all() -> None:
    """The longest time holds; and while any application runs there is no last day."""
    board = certified().file("A2", on="2024-06-25")
    assert kept(board.service, "p1", day("2024-06-25")).running == ("A2",)
    for act in (erase, restrict):
        with pytest.raises(Refused, match="A2 still runs"):
            act(board.at("2050-01-01").service, "p1", **ASKED)
    board.at("2024-07-01").service.record("A2", f.Withdrawn(), day("2024-07-01"))
    found = kept(board.service, "p1", day("2024-07-01"))
    assert (found.until, set(found.applications), found.running) == (day("2034-06-25"), {"A1", "A2"}, ())


def test_what_the_clock_has_ended_has_ended() -> None:
    """An application that expired counts from its own day, though no night has written it down."""
    board = Board(**DECLARED).file("A1").score("A1", "theory", "S1", "2024-05-18", "80", "2024-06-20")
    assert kept(board.service, "p1", day("2026-06-20")).running == ("A1",)
    assert kept(board.service, "p1", day("2026-06-21")).until == day("2029-06-21")
    assert over(board, "2029-06-21") == []
    assert over(board, "2029-06-22") == ["p1"]
    write_clock(board.at("2029-06-22").service, ["A1"], day("2029-06-22"))
    assert over(board, "2029-06-22") == ["p1"]


def test_a_bar_outlasts_the_time_of_keeping() -> None:
    """Who is barred is known until the last day of the bar: else the bar would end with the name."""
    board = Board(**BARRED).file("A1")
    found = f.MisconductFound(degree="serious", barred_until=day("2029-04-01"), **WHY)
    board.service.record("A1", found, day("2024-04-01"))
    assert board.state("A1", "2024-04-01") == "annulled"
    assert kept(board.service, "p1", day("2024-05-01")).until == day("2029-04-01")


def test_the_default_holds_where_the_scheme_says_nothing() -> None:
    """Five years after an end, thirty after a certification, marked as a default; for ever where a scheme says so."""
    plain = {"title": "title: Test qualification->title: Test"}
    found = kept(withdrawn("2024-04-01", **plain).service, "p1", day("2026-01-01"))
    assert (found.until, found.clause, found.is_declared) == (day("2029-04-01"), "test: none retention", False)
    assert kept(certified(**plain).service, "p1", day("2026-01-01")).until == day("2054-06-25")
    for_ever = {"retention": DECLARED["retention"].replace("certified: {years: 10}, ", "")}
    board = certified(**for_ever)
    assert kept(board.service, "p1", day("2026-01-01")).until is None
    with pytest.raises(Refused, match="kept for ever"):
        erase(board.at("2090-01-01").service, "p1", **ASKED)
    assert over(board, "2090-01-01") == []


def test_who_never_applied_is_erased_at_once() -> None:
    """Nothing asks for the data of a person without an application."""
    board = Board(**DECLARED)
    board.stores.candidates.add([Candidate("p2", "Person p2", "passport", "Xp2")])
    assert erase(board.service, "p2", **ASKED) is not None
    with pytest.raises(NotFound, match="is erased"):
        board.service.candidate("p2")


def test_a_restricted_person_gets_nothing_new_and_no_notice() -> None:
    """No application is filed and no notice is sent; a certificate is verified all the same; freeing ends it."""
    board = certified()
    number = board.standing("A1").application.certificate.number
    restrict(board.service, "p1", **ASKED)
    assert restrict(board.service, "p1", **ASKED) is None
    with pytest.raises(Refused, match="restricted"):
        board.file("A2", on="2024-06-25")
    due_on = day("2024-07-01")
    notice = Notice("A1", "x", "p1", "lapse", "{}", due_on, due_on + timedelta(9), board.now)
    assert "restricted" in judged(board.service, notice).error or "dropped" in judged(board.service, notice).error
    assert verify(board.service, number, "Person p1", "web").outcome == "valid"
    assert verify(board.service, number, "Person p2", "web").outcome == "not_found"
    unrestrict(board.service, "p1", **ASKED)
    board.file("A2", on="2024-06-25")


def test_a_certificate_is_answered_for_after_the_erasure() -> None:
    """By its number and by its code, and the answer says that the name could not be compared; nothing else changes."""
    board = certified()
    history, awarded = board.service.history("A1"), board.standing("A1").application.certificate
    before = verify(board.service, awarded.number, "Person p1", "web")
    erase(board.at("2034-06-26").service, "p1", **ASKED)
    for name in ("Person p1", "anybody", ""):
        answer = verify(board.service, awarded.number, name, "web")
        assert (answer, answer.is_erased) == (replace(before, is_erased=True), True)
    assert verify_code(board.service, certificate_code(history[-1]), "web").is_erased
    assert board.service.history("A1") == history
    assert list(broken(board.stores.candidates.acts())) == list(audit_persons(board.stores)) == []


@pytest.mark.parametrize("said", ["Person p1", "her passport XP1", "person P1 asked"])
def test_no_reason_repeats_a_value(said: str) -> None:
    """The register of acts outlives the person: a name or number in it is refused, and not repeated by the refusal."""
    board = withdrawn()
    for texts in ({"reason": said, "authority": "x"}, {"reason": "x", "authority": said}):
        with pytest.raises(Invalid) as error:
            restrict(board.service, "p1", **texts)
        assert said.casefold() not in str(error.value).casefold()
    assert list(board.stores.candidates.acts()) == []


def test_the_night_erases_what_the_scheme_says() -> None:
    """Planned, done once, with a receipt whose line names the act; run again it does nothing more."""
    board = withdrawn("2024-04-01").at("2027-04-02")
    night, last = Night(board.service, "node"), day("2027-04-02")
    receipt, changes = planned(night, "retention", last)
    assert (receipt.counts, [(x.application, x.what, x.on) for x in changes]) == ({ERASED: 1}, [("p1", ERASED, last)])
    assert planned(night, "retention", day("2027-04-01"))[1] == []
    assert board.service.candidate("p1").name == "Person p1"
    done = run(night, "retention", last)
    assert done.counts == {ERASED: 1}
    (act,) = board.stores.candidates.acts()
    assert (act.note.actor, act.note.authority) == ("clock", "test: rules art. 20")
    again = run(night, "retention", last)
    assert (again.counts, again.digest) == (done.counts, done.digest)
    assert len(list(board.stores.candidates.acts())) == 1
    assert board.types("A1")[-1] == "Withdrawn"


def test_the_night_leaves_to_people_what_the_default_says() -> None:
    """A scheme that says nothing is not acted upon by itself; by hand it is, and whoever did so is named."""
    board = withdrawn("2024-04-01", title="title: Test qualification->title: Test").at("2029-04-02")
    night, last = Night(board.service, "node"), day("2029-04-02")
    assert run(night, "retention", last).counts == {}
    assert over(board, "2029-04-02") == ["p1"]
    assert run(replace(night, erases_by_default=True), "retention", last).counts == {ERASED: 1}
    assert [act.note.actor for act in board.stores.candidates.acts()] == ["node"]


def test_an_export_holds_all_and_an_erased_person_has_none() -> None:
    """Values, amendments, acts, the whole history and the questions after the certificate, also as plain lines."""
    board = certified()
    number = board.standing("A1").application.certificate.number
    verify(board.service, number, "Person p1", "web")
    restrict(board.service, "p1", **ASKED)
    found = held(board.service, "p1")
    assert (found["values"]["name"], found["standing"]) == ("Person p1", "restricted")
    (application,) = found["applications"]
    assert [line["what"] for line in application["history"]] == board.types("A1")
    assert [line["by"] for line in application["verifications"]] == ["web"]
    assert [act["deed"] for act in found["acts"]] == ["restricted"]
    lines = "\n".join(readable(found, "All"))
    assert lines.startswith("All\n")
    for text in ("name: Person p1", "document number: Xp1", "what: CertificateAwarded", number, "deed: restricted"):
        assert text in lines
    erase(board.at("2034-06-26").service, "p1", **ASKED)
    with pytest.raises(NotFound, match="is erased"):
        held(board.service, "p1")
    with pytest.raises(Conflict):
        restrict(board.service, "p1", **ASKED)
