"""Mistakes of other systems that must be impossible here, one named test for each."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import date, datetime
from decimal import Decimal

import pytest

from storage.database import init, open_database, upgrade
from storage.memory import MemoryStores
from tests import desk
from tests.bulk import read
from tests.contract.test_append import at_once
from tests.older import set_back
from tests.timeline import EVIDENCE, day
from tests.unit.board import FULL, WHY, Board, write_clock
from workflow import facts as f
from workflow.board import certificates, conduct, decisions, extensions, rechecks, results, selection
from workflow.board.issued import issued
from workflow.bulk.round import import_round
from workflow.checking.check import pin
from workflow.errors import Refused
from workflow.events import certificate_code, check_chain
from workflow.ports import Stores
from workflow.service import Done, Service

# -- results -----------------------------------------------------------------------------------------------------------

S1 = {"part": "skills", "sitting": "S1"}
SAT = day("2024-05-18")


def board_with_a_score(marks: str = "59", announced: str = "2024-06-20") -> Board:
    """Give a board on which A1 sat skills on 2024-05-18; it is 2024-07-01."""
    return Board().file("A1").score("A1", "skills", "S1", "2024-05-18", marks, announced)


def test_rescoring_by_todays_rules_instead_of_those_of_the_day():
    """A scheme that asks for more came later: what is amended, rechecked or late is judged by the pinned one."""
    board = board_with_a_score()
    text = board.scheme.text.replace("version: 1", "version: 2").replace("pass_mark: 60", "pass_mark: 70")
    board.stores.schemes.put(pin(text, "later.yaml"), board.now)
    amended = f.ScoreAmended(**S1, score=Decimal(60), **WHY)
    assert board.service.record("A1", amended).state == "theory_exam"
    assert list(board.standing("A1").held) == ["skills"]
    rechecks.request_recheck(board.service, "A1", "skills", "S1")
    rechecks.decide_recheck(board.service, "A1", "skills", "S1", Decimal("60.5"), **WHY)
    assert list(board.standing("A1").held) == ["skills"]
    newer = board.service.scheme_for(day("2024-07-01"))
    assert newer.scheme.parts["skills"].pass_mark == 70
    assert board.service.rules_of(board.service.history("A1")).scheme.parts["skills"].pass_mark == 60


@pytest.mark.parametrize("entered", ["before the night", "after the night"])
def test_a_result_pending_at_the_expiry_day_and_lost(entered):
    """A part sat on another's last valid day counts, announced or even entered after the expiry was recorded."""
    board = board_with_a_score("60")  # held through 2026-06-20
    board.at("2026-06-19")
    if entered == "before the night":
        board.admit("A1", "theory", "S2", "2026-06-20", "2026-06-19")
    board.at("2026-08-01")
    write_clock(board.service, ["A1"], day("2026-08-01"))
    assert board.state("A1") == ("theory_exam" if entered == "before the night" else "expired")
    if entered == "after the night":
        board.admit("A1", "theory", "S2", "2026-06-20", "2026-06-19")
    for reader in (1, 2):
        results.enter_score(board.service, "A1", "theory", "S2", reader, Decimal(60))
    board.service.record("A1", f.ScoreAnnounced(part="theory", sitting="S2"), day("2026-07-20"))
    assert board.state("A1") == "awaiting_award"
    assert ("Reinstated" in board.types("A1")) == (entered == "after the night")


@pytest.mark.parametrize("degree", ["minor", "serious", "papers"])
@pytest.mark.parametrize("on", ["2024-08-01", "2026-06-20", "2026-06-21", "2026-09-01"])
def test_lifting_an_annulment_restores_the_wrong_state(degree, on):
    """On every day after the lifting all stands as if the finding had never been, an expiry meanwhile included."""
    with_finding, without = board_with_a_score("60"), board_with_a_score("60")
    done = conduct.find_misconduct(with_finding.service, "A1", degree, **WHY, **S1, on=day("2024-07-01"))
    write_clock(with_finding.at(on).service, ["A1"], day(on))
    lifted = f.AnnulmentLifted(supersedes=done.events[-1].sequence, **WHY)
    with_finding.service.record("A1", lifted, day(on))
    for later in (on, "2026-06-20", "2026-06-21", "2027-01-01"):
        if later >= on:
            here, there = with_finding.standing("A1", later), without.standing("A1", later)
            assert here.application.state == there.application.state
            assert here.held == there.held
            assert (here.application.expiry is None) == (there.application.expiry is None)
    assert with_finding.state("A1", "2024-07-01") == ("annulled" if degree == "papers" else "theory_exam")


WRITER = """
import sys, json
from datetime import UTC, date, datetime
from decimal import Decimal
from storage.database import open_database
from workflow import facts as f
from workflow.errors import ExamboardError
from workflow.service import Service
url, marks = sys.argv[1:]
database = open_database(url)
keys = iter(range(1000))
service = Service(database, lambda: datetime(2024, 7, 1, tzinfo=UTC), lambda: f"{marks}-{next(keys)}", marks)
print("ready", flush=True)
sys.stdin.readline()
said = {}
for n in range(12):
    fact = f.ScoreRecorded(part="skills", sitting="S1", sat_on=date(2024, 5, 18), score=Decimal(marks))
    try:
        service.record(f"A{n}", fact, date(2024, 5, 18))
        said[f"A{n}"] = "kept"
    except ExamboardError as error:
        said[f"A{n}"] = str(error)
print(json.dumps(said))
"""


def test_scores_entered_on_two_machines_overwrite_each_other(database_url):
    """Two processes type other marks for the same attempts: of each one is kept, and the second told which it is."""
    init(database_url)
    database = open_database(database_url)
    board = Board(database)
    for n in range(12):
        board.file(f"A{n}", f"p{n}").admit(f"A{n}", "skills", "S1", "2024-05-18")
    writers = {
        marks: subprocess.Popen(
            [sys.executable, "-c", WRITER, database_url, marks],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for marks in ("61", "88.5")
    }
    for writer in writers.values():
        assert writer.stdout.readline() == "ready\n"
    for writer in writers.values():
        writer.stdin.write("go\n")
        writer.stdin.flush()
    said = {marks: json.loads(writer.communicate(timeout=60)[0]) for marks, writer in writers.items()}
    for n in range(12):
        history = database.events.history(f"A{n}")
        check_chain(history)
        (kept,) = [str(event.fact.score) for event in history if isinstance(event.fact, f.ScoreRecorded)]
        (other,) = {"61", "88.5"} - {kept}
        assert said[kept][f"A{n}"] == "kept"
        assert f"is recorded already as {kept} marks" in said[other][f"A{n}"]
    database.close()


@pytest.mark.parametrize("is_admitted_elsewhere", [True, False])
@pytest.mark.parametrize("route", ["record", "enter", "import", "amend", "cancelled"])
def test_a_score_typed_for_a_person_who_was_never_admitted(route, is_admitted_elsewhere):
    """No route takes marks for somebody who was not admitted to that sitting, or whose admission was cancelled."""
    board = Board().file("A1").file("B1", "p2").admit("B1", "skills", "S1", "2024-05-18")
    board.admit("B1", "theory", "S1", "2024-05-18")
    if is_admitted_elsewhere:
        board.admit("A1", "skills", "S0", "2024-04-20")
    if route == "cancelled":
        board.admit("A1", "skills", "S1", "2024-05-18")
        board.service.record("A1", f.AdmissionCancelled(**S1, reason="power cut"), SAT)
    before, why = (
        board.types("A1"),
        "never admitted|no marks to amend|no such attempt" if is_admitted_elsewhere else "is possible in",
    )
    facts = {
        "record": f.ScoreRecorded(**S1, sat_on=SAT, score=Decimal(60)),
        "cancelled": f.ScoreRecorded(**S1, sat_on=SAT, score=Decimal(60)),
        "enter": f.ScoreEntered(part="theory", sitting="S1", reader=1, score=Decimal(60)),
        "amend": f.ScoreAmended(**S1, score=Decimal(60), **WHY),
    }
    if route == "import":
        parsed = read("scores", ("A1", "skills", "S1", "2024-05-18", "", "60"))
        (reject,) = import_round(board.service, {"scores": parsed}, admits=False).rejects
        assert re.search(why, reject.reason)
    else:
        with pytest.raises(Refused, match=why):
            board.service.record("A1", facts[route], SAT)
    assert board.types("A1") == before


@pytest.mark.parametrize("marks", ["0", "59.99", "60", "100"])
@pytest.mark.parametrize("route", ["record", "readers", "third reader", "import", "panel", "recheck", "amend"])
def test_fail_that_cannot_be_recorded_by_the_route_by_which_pass_can(route, marks):
    """Every route takes every mark of the scale: nothing in it asks for a pass."""
    score = Decimal(marks)
    board = Board(at="2024-10-01").file("A1", level=2 if route == "panel" else 3)
    service = board.service
    if route == "panel":
        for part in ("theory", "skills"):
            board.score("A1", part, "S1", "2024-05-18", "60", "2024-06-20")
        members = {"P1": score, "P2": score, "P3": score}
        (outcome,) = results.record_review(service, "A1", day("2024-09-07"), "case_analysis", None, members)
        assert outcome.error is None
    elif route in ("recheck", "amend"):
        board.score("A1", "skills", "S1", "2024-05-18", "70", "2024-09-25")
        if route == "amend":
            service.record("A1", f.ScoreAmended(**S1, score=score, **WHY))
        else:
            rechecks.request_recheck(service, "A1", "skills", "S1")
            rechecks.decide_recheck(service, "A1", "skills", "S1", score, **WHY)
    elif "reader" in route:
        board.admit("A1", "theory", "S1", "2024-05-18")
        typed = [score, score] if route == "readers" else [Decimal(20), Decimal(40), score]
        for reader, x in enumerate(typed, 1):
            results.enter_score(service, "A1", "theory", "S1", reader, x)
    else:
        board.admit("A1", "skills", "S1", "2024-05-18")
        if route == "import":
            parsed = read("scores", ("A1", "skills", "S1", "2024-05-18", "2024-06-20", marks))
            assert import_round(service, {"scores": parsed}, admits=False).counts["rows_taken"] == 1
        else:
            service.record("A1", f.ScoreRecorded(**S1, sat_on=SAT, score=score), SAT)
    assert score in [x.score for x in board.standing("A1").application.attempts]


def test_an_undo_that_deletes_history():
    """Retracting, amending, rechecking, lifting and reinstating add events; everything before stays as it was."""
    board = board_with_a_score("70", announced="")
    service = board.service
    seen = service.history("A1")

    def added(act, kind):
        nonlocal seen
        done = act()
        if not isinstance(done, Done):
            assert [x.error for x in done] == [None]
        after = service.history("A1")
        assert after[: len(seen)] == seen
        assert kind in {event.type for event in after[len(seen) :]}
        check_chain(after)
        seen = after

    added(lambda: results.retract(service, ["A1"], "S1", "wrong sheet", is_named=True), "ScoreRetracted")
    service.record("A1", f.ScoreRecorded(**S1, sat_on=SAT, score=Decimal(62)), SAT)
    service.record("A1", f.ScoreAnnounced(**S1), day("2024-06-25"))
    seen = service.history("A1")
    added(lambda: service.record("A1", f.ScoreAmended(**S1, score=Decimal(61), **WHY)), "ScoreAmended")
    added(lambda: rechecks.request_recheck(service, "A1", "skills", "S1"), "RecheckRequested")
    added(lambda: rechecks.decide_recheck(service, "A1", "skills", "S1", Decimal(60), **WHY), "RecheckDecided")
    found = conduct.find_misconduct(service, "A1", "papers", **WHY).events[-1].sequence
    seen = service.history("A1")
    added(lambda: service.record("A1", f.AnnulmentLifted(supersedes=found, **WHY)), "AnnulmentLifted")
    write_clock(board.at("2026-07-01").service, ["A1"], day("2026-07-01"))
    assert board.types("A1")[-1] == "Expired"
    seen = service.history("A1")
    extended = f.ValidityExtended(part="skills", until=day("2026-12-31"), **WHY)
    added(lambda: service.record("A1", extended), "Reinstated")
    attempt = board.standing("A1").application.attempts[0]
    assert [attempt.score, *attempt.earlier_scores] == [60, 70, 62, 61]


def test_a_batch_taken_back_and_imported_again_loses_the_rows_that_were_right():
    """Rows that stand alike in the wrong and in the corrected file are recorded again, and once only."""
    board = Board(**FULL).file("A1").admit("A1", "skills", "S1", "2024-05-18")
    parsed = read("scores", ("A1", "skills", "S1", "2024-05-18", "", "66"))
    for _ in range(2):
        import_round(board.service, {"scores": parsed}, admits=False)
    assert board.types("A1").count("ScoreRecorded") == 1
    list(results.retract(board.service, ["A1"], "S1", "marks of another session"))
    for _ in range(2):
        import_round(board.service, {"scores": parsed}, admits=False)
    assert board.types("A1").count("ScoreRecorded") == 2
    assert board.standing("A1").application.attempts[0].score == 66


# -- decisions for a cohort --------------------------------------------------------------------------------------------


def cohort_of_three() -> desk.Board:
    """Give three applications of cohort C1 that hold theory through 2026-06-20; it is 2026-05-01."""
    board = desk.Board()
    for key in ("A1", "A2", "A3"):
        board.ready(key, cohort="C1", candidate=key).passed(key, "theory", "2024-05-18", "2024-06-20")
    return board.at("2026-05-01")


def test_a_bulk_action_without_an_event_per_case():
    """Every decision for a cohort is an event in each history, with its own chain, reason, authority and actor."""
    board = cohort_of_three()
    everyone = selection.Selection(cohort="C1")
    list(extensions.extend(board.service, everyone, extensions.Extension("theory", "flood", "notice 7", months=6)))
    list(selection.decide_for(board.service, everyone, f.ApplicationSuspended(reason="flood", authority="notice 7")))
    list(selection.decide_for(board.service, everyone, f.ApplicationResumed(reason="over", authority="notice 9")))
    for key in ("A1", "A2", "A3"):
        history = board.service.history(key)
        check_chain(history)
        added = history[-3:]
        assert [x.type for x in added] == ["ValidityExtended", "ApplicationSuspended", "ApplicationResumed"]
        assert {(x.actor, x.application) for x in added} == {("clerk", key)}
        assert [getattr(x.fact, "authority", "") for x in added] == ["notice 7", "notice 7", "notice 9"]


def test_eligibility_and_scoring_with_different_reference_dates():
    """Whenever it is decided, sent again or decided anew, eligibility is measured on the day of submission alone."""
    board = desk.Board().file("A1", on="2018-12-31").file("A2", on="2019-01-01", candidate="d")
    board.at("2024-12-01")  # four years of work since 2015-01-01 are complete on 2019-01-01, one day too late for A1
    assert desk.told(list(decisions.decide_all(board.service, lambda _: True))) == {"A1": "refused", "A2": "submitted"}
    board.record("A1", f.EligibilityReopened(**desk.WHY))
    board.record("A1", f.InformationRequested(reason="papers"))
    board.record("A1", f.Resubmitted(evidence=EVIDENCE))
    with pytest.raises(Refused, match="measured on 2018-12-31"):
        decisions.accept(board.service, "A1")
    board.record("A2", f.EligibilityReopened(**desk.WHY))
    done = decisions.accept(board.service, "A2")
    assert getattr(done.events[-1].fact, "conditions_met", ()) == ("1",)


def test_removed_on_the_last_valid_day():
    """On the last valid day, the old one or an extended one, nobody is removed; on the day after everyone is."""
    board = cohort_of_three()
    board.at("2026-06-20")
    assert write_clock(board.service, ["A1", "A2", "A3"], day("2026-06-20")) == ()
    decided = extensions.Extension("theory", "flood", "notice 7", day("2026-12-31"))
    list(extensions.extend(board.service, selection.Selection(("A1", "A2")), decided))
    board.at("2026-06-21")
    assert write_clock(board.service, ["A1", "A2", "A3"], day("2026-06-21")) == ("A3",)
    board.at("2026-12-31")
    assert write_clock(board.service, ["A1", "A2"], day("2026-12-31")) == ()
    seat = f.Admitted(part="skills", sitting="S9", sat_on=day("2026-12-31"))
    assert board.service.record("A1", seat, day("2026-12-31")).state == "skills_exam"
    board.at("2027-01-01")
    assert write_clock(board.service, ["A1", "A2"], day("2027-01-01")) == ("A2",)


def test_one_stuck_case_blocks_its_whole_session():
    """A history that no longer replays is named with what is wrong; every other case of the cohort is decided."""
    board = cohort_of_three()
    histories = board.stores.events._histories
    broken = histories["A2"]
    wrong = f.CertificateRevoked(**desk.WHY)
    histories["A2"] = (*broken[:-1], broken[-1]._replace(fact=wrong))
    decided = extensions.Extension("theory", "flood", "notice 7", months=6)
    told = desk.told(list(extensions.extend(board.service, selection.Selection(cohort="C1"), decided)))
    assert (told["A1"], told["A3"]) == ("skills_exam", "skills_exam")
    assert "does not replay" in told["A2"]
    assert board.facts("A1")[-1] == board.facts("A3")[-1] == "ValidityExtended"


# -- certificates ------------------------------------------------------------------------------------------------------


def board_awaiting_award(stores: Stores, *keys: str) -> Board:
    """Give a board on which these applications, each of another person, await the award; it is 2024-07-01."""
    board = Board(stores)
    for key in keys:
        board.file(key, f"p-{key}")
        for part in ("theory", "skills"):
            board.score(key, part, "S1", "2024-05-18", "60", "2024-06-20")
    return board


def awards_of(board: Board, *keys: str) -> list[str]:
    """Give the numbers of every award in the histories of applications."""
    events = [event for key in keys for event in board.service.history(key)]
    return [event.fact.number for event in events if isinstance(event.fact, f.CertificateAwarded)]


def test_two_certificates_for_one_award(sqlite_url):
    """Eight at once certify the same candidates, one by one and all in a sweep: one award and one number for each."""
    init(sqlite_url)
    keys = tuple(f"A{n}" for n in range(1, 6))
    with open_database(sqlite_url) as stores:
        board = board_awaiting_award(stores, *keys)

        def run(number: int) -> list[str]:
            with open_database(sqlite_url) as own:
                service = Service(own, lambda: board.now, lambda: f"r{number}", f"clerk {number}")
                outcomes = list(certificates.award_all(service, keys, day("2024-07-01"), "minute 7"))
                try:
                    certificates.award(service, "A1")
                except Refused:
                    return [str(outcome.error or outcome.note) for outcome in outcomes if not outcome.done.events]
                raise AssertionError("A1 was certified twice")

        told = at_once(run)
        assert all(isinstance(answer, list) for answer in told), told
        numbers = awards_of(board, *keys)
        assert sorted(numbers) == [f"T243{n:04}" for n in range(1, 6)]
        assert [stores.events.certificate_holder(number) for number in sorted(numbers)]
        losers = [text for answer in told if isinstance(answer, list) for text in answer]
        assert len(losers) == 7 * 5
        assert all(text.startswith("awarded already by another run: T243") for text in losers)
        for key in keys:
            check_chain(board.service.history(key))


def test_certificates_issued_again_after_an_upgrade_or_a_second_run(sqlite_url):
    """A second run and one after an upgrade of the database award nothing; the next candidate gets the next number."""
    init(sqlite_url)
    with open_database(sqlite_url) as stores:
        board = board_awaiting_award(stores, "A1", "A2")
        outcomes = list(certificates.award_all(board.service, ["A1", "A2"]))
        assert [outcome.done.state for outcome in outcomes] == ["certified", "certified"]
        codes = [certificate_code(board.service.history(key)[-1]) for key in ("A1", "A2")]
        again = list(certificates.award_all(board.service, ["A1", "A2"]))
        assert [(outcome.done.events, outcome.error) for outcome in again] == [((), None)] * 2
        with stores.engine.begin() as tx:
            set_back(tx, "0001")
    assert upgrade(sqlite_url).condition == "current"
    with open_database(sqlite_url) as stores:
        board = Board(stores)
        again = list(certificates.award_all(board.service, ["A1", "A2"]))
        assert {outcome.note for outcome in again} == {
            "awarded already by another run: T2430001",
            "awarded already by another run: T2430002",
        }
        assert awards_of(board, "A1", "A2") == ["T2430001", "T2430002"]
        assert [stores.events.certificate_with_code(code) for code in codes] == ["T2430001", "T2430002"]
        board_awaiting_award(stores, "A3")
        certificates.award(board.service, "A3")
        assert awards_of(board, "A3") == ["T2430003"]


def test_a_revocation_that_rewrites_what_was_true_before_it():
    """Revoked from a day on, recorded later: before that day it was valid, and was known to be valid until recorded."""
    board = board_awaiting_award(MemoryStores(), "A1")
    certificates.award(board.service, "A1", day("2024-07-01"))
    before = board.at("2024-09-05").now
    board.at("2024-09-10").service.record("A1", f.CertificateRevoked(**WHY), day("2024-09-01"))
    board.at("2024-10-01").service.record("A1", f.CertificateRestored(**WHY))

    def standing(on: str, known_at: datetime | None = None) -> tuple[str, date]:
        found = issued(board.service, "T2430001", day(on), known_at)
        return found.standing, found.since

    assert standing("2024-08-31") == ("valid", day("2024-07-01"))
    assert standing("2024-09-01") == ("revoked", day("2024-09-01"))
    assert standing("2024-09-30") == ("revoked", day("2024-09-01"))
    assert standing("2024-10-01") == ("valid", day("2024-10-01"))
    assert standing("2024-09-05", before) == ("valid", day("2024-07-01"))
    assert board.state("A1", "2024-09-15") == "certified"
    assert awards_of(board, "A1") == ["T2430001"]
