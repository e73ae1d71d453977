"""What a round import makes of rows that fit, repeat, contradict or come too late; on the in-memory store."""

from __future__ import annotations

import gc
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from pathlib import Path

import pytest

from storage.memory import MemoryStores
from tests.unit.board import write_clock
from workflow import facts as f
from workflow.bulk.intake import parse
from workflow.bulk.round import import_round
from workflow.checking.check import pin
from workflow.draft import Draft
from workflow.service import Service

SCHEMES = Path(__file__).resolve().parents[2] / "workflow" / "schemes"
TITLES = {
    "applications": "application,name,document_type,document_number,occupation,level,edition,submitted_on",
    "education": "application,degree,field,status,completed_on",
    "certificates": "application,occupation,level,kind,issued_on",
    "work": "application,occupation,from,to",
    "training": "application,level,hours,completion_certificate,completed_on,phase",
    "scores": "application,part,session,sat_on,announced_on,score",
    "reviews": "application,form,reviewed_on,announced_on,score",
}
ONE = "A1,王一,resident_id,11010119020602231X,4-07-03-02,4,{edition},2024-03-15"


@pytest.fixture
def service():
    """Give a service on an empty store that offers both editions, on a day in November 2026."""
    stores = MemoryStores()
    for path in sorted(p for p in SCHEMES.glob("*.yaml") if ".cases." not in p.name):
        stores.schemes.put(pin(path.read_text(encoding="utf-8"), path.name), datetime(2026, 1, 1, tzinfo=UTC))
    keys = count(1)
    return Service(stores, lambda: datetime(2026, 11, 20, 4, tzinfo=UTC), lambda: f"k{next(keys)}", "test")


def load(service, **files):
    """Import files given as lines of text."""
    parsed = {}
    for kind, lines in files.items():
        header = TITLES[kind].split(",")
        rows = [(n, line.split(",")) for n, line in enumerate(lines, 2)]
        parsed[kind] = parse(kind, f"{kind}.csv", header, rows)
    return import_round(service, parsed)


@pytest.fixture
def base():
    """Give an eligible application of level 4 under the newest edition, with four years of work."""
    from stdnum.cn import ric

    stem = "11010119020602231"
    row = ONE.format(edition="").replace("11010119020602231X", stem + ric.calc_check_digit(stem + "0"))
    return {"applications": [row], "work": ["A1,same,2020-03-15,至今"]}


def test_the_day_of_submission_picks_the_edition_where_none_is_named(service, base):
    """An application that names no edition gets the one in force on its day."""
    load(service, **base)
    assert service.standing("A1").application.scheme == "lrc-2019"
    assert service.standing("A1").as_row()["conditions_met"] == ["1"]
    assert service.standing("A1").application.state == "trained"


def test_results_in_any_order_of_rows_are_taken_in_the_order_of_days(service, base):
    """The order of the rows in a file does not matter."""
    scores = [
        "A1,skills,S2,2026-06-06,2026-07-08,60",
        "A1,theory,S1,2024-05-18,2024-06-20,60",
        "A1,skills,S1,2024-05-18,2024-06-20,59.5",
    ]
    report = load(service, **base, scores=scores)
    assert report.rejects == ()
    assert service.standing("A1").application.state == "awaiting_award"


def test_results_announced_on_the_day_of_the_sitting_are_taken(service, base):
    """A sitting comes before its own announcement, and a review after the announcements of its day."""
    base |= {
        "applications": [base["applications"][0].replace(",4,,", ",2,,")],
        "certificates": ["A1,same,3,vq,2020-03-15"],
        "scores": ["A1,skills,S2,2024-06-20,2024-06-20,60", "A1,theory,S1,2024-05-18,2024-05-18,60"],
        "reviews": ["A1,thesis_defence,2024-06-20,2024-06-20,59", "A1,case_analysis,2026-05-18,2026-05-18,60"],
    }
    assert load(service, **base).rejects == ()
    assert service.standing("A1").application.state == "awaiting_award"
    assert [a.announced_on for a in service.standing("A1").application.attempts] == [
        date(2024, 5, 18),
        date(2024, 6, 20),
        date(2024, 6, 20),
        date(2026, 5, 18),
    ]
    assert load(service, **base).counts["events_written"] == 0


def test_a_second_result_for_the_same_attempt_is_rejected(service, base):
    """Two different marks for one attempt: the first stands, the second is rejected and says what is recorded."""
    scores = ["A1,theory,S1,2024-05-18,2024-06-20,60", "A1,theory,S1,2024-05-18,2024-06-20,70"]
    report = load(service, **base, scores=scores)
    assert [(r.line, r.field, r.value) for r in report.rejects] == [(3, "score", "70")]
    assert "recorded already as 60 marks" in report.rejects[0].reason


def test_a_row_that_says_what_was_recorded_by_hand_changes_nothing(service, base):
    """A score sheet that was filled in and typed, too, is no contradiction; other marks are."""
    load(service, **base)
    day = date(2024, 5, 18)
    for part in ("theory", "skills"):
        service.record("A1", f.Admitted(part=part, sitting="S1", sat_on=day), day)
    service.record("A1", f.ScoreRecorded(part="theory", sitting="S1", sat_on=day, score=Decimal(60)), day)
    service.record("A1", f.AbsenceRecorded(part="skills", sitting="S1", sat_on=day), day)
    written = service.history("A1")
    report = load(service, scores=["A1,theory,S1,2024-05-18,,60", "A1,skills,S1,2024-05-18,,absent"])
    assert (report.rejects, report.counts["rows_unchanged"]) == ((), 2)
    report = load(service, scores=["A1,theory,S1,2024-05-18,,61", "A1,skills,S1,2024-05-18,,70"])
    assert [r.line for r in report.rejects] == [2, 3]
    assert service.history("A1") == written


def test_a_rejected_score_leaves_no_admission_behind(service, base):
    """A row is taken whole or not at all."""
    report = load(service, **base, scores=["A1,theory,S1,2024-05-18,2024-06-20,101"])
    assert report.rejects[0].field == "score"
    assert service.standing("A1").application.attempts == ()
    assert service.standing("A1").application.state == "trained"


def test_a_sitting_after_the_application_expired_is_rejected(service, base):
    """Who passed theory and let it run out cannot sit skills the day after."""
    scores = ["A1,theory,S1,2024-05-18,2024-06-20,60", "A1,skills,S2,2026-06-21,2026-07-20,60"]
    report = load(service, **base, scores=scores)
    assert [(r.line, r.field) for r in report.rejects] == [(3, "sat_on")]
    assert str(service.standing("A1").application.expiry.expired_on) == "2026-06-21"


def test_a_result_without_an_announcement_is_held_back_and_holds_the_clock(service, base):
    """A score with no announcement day is recorded, not shown, and the application waits for it."""
    scores = ["A1,theory,S1,2024-05-18,2024-06-20,60", "A1,skills,S2,2026-06-06,,60"]
    load(service, **base, scores=scores)
    standing = service.standing("A1")
    assert standing.application.state == "skills_exam"
    assert standing.as_json()["attempts"][-1]["score"] is None
    load(service, **base, scores=[scores[0], "A1,skills,S2,2026-06-06,2026-07-08,60"])


def test_later_files_continue_the_application(service, base):
    """A second import with further rows adds them, and says that the application was continued."""
    load(service, **base)
    report = load(service, scores=["A1,theory,S1,2024-05-18,2024-06-20,60"])
    assert report.counts["applications_continued"] == 1
    assert service.standing("A1", date(2024, 6, 20)).application.state == "skills_exam"


def test_late_results_after_a_recorded_expiry_reinstate(service, base):
    """A file with a score sat in time, after the expiry was recorded, takes the expiry back."""
    load(service, **base, scores=["A1,theory,S1,2024-05-18,2024-06-20,60"])
    write_clock(service, ["A1"], date(2026, 11, 19))
    assert service.standing("A1").application.state == "expired"
    report = load(service, scores=["A1,skills,S2,2026-06-06,2026-07-08,60"])
    assert report.rejects == ()
    assert service.standing("A1").application.state == "awaiting_award"
    assert "Reinstated" in [x.type for x in service.history("A1")]


def test_rows_of_no_application_a_taken_number_and_days_to_come(service, base):
    """Rows that belong nowhere or lie in the future are rejected, each with its column."""
    other = base["applications"][0].replace("2024-03-15", "2024-03-16")
    load(service, **base)
    report = load(service, applications=[other], scores=["A1,theory,S1,2024-05-18,2024-06-20,60"])
    assert [(r.file, r.field) for r in report.rejects] == [
        ("applications.csv", "application"),
        ("scores.csv", "application"),
    ]
    assert service.standing("A1").application.attempts == ()
    report = load(service, scores=["Z9,theory,S1,2024-05-18,2024-06-20,60", "A1,theory,S9,2027-05-18,,60"])
    assert [(r.line, r.field) for r in report.rejects] == [(2, "application"), (3, "sat_on")]


def test_new_evidence_for_a_decided_application_is_rejected_not_swallowed(service, base):
    """Evidence that comes after the decision is named, never silently dropped."""
    load(service, **base)
    report = load(service, **{**base, "work": [*base["work"], "A1,related,2010-01-01,2012-01-01"]})
    assert [(r.file, r.line) for r in report.rejects] == [("work.csv", 3)]


def test_nobody_is_refused_for_want_of_a_row_that_was_rejected(service, base):
    """Where evidence was rejected and the rest meets no condition the board decides; what is mended finds its way."""
    report = load(service, **{**base, "work": ["A1,same,2020-03-15,"]})
    assert report.undecided == ("A1",)
    assert service.standing("A1").application.state == "submitted"
    again = load(service, **base)  # with the row as it should have been
    assert (again.undecided, service.standing("A1").application.state) == (("A1",), "submitted")
    assert "application return, then examboard application resubmit" in again.rejects[0].reason
    load(service, applications=base["applications"])  # its own file alone decides it no more
    assert service.standing("A1").application.state == "submitted"


def test_a_rejected_row_that_decides_nothing_leaves_the_decision_to_the_rules(service, base):
    """Where a condition is met without the rejected row the application is accepted."""
    report = load(service, **{**base, "work": [*base["work"], "A1,same,2024-06-15,2023-01-01"]})
    assert (report.undecided, service.standing("A1").application.state) == ((), "trained")


def test_evidence_after_a_refusal_says_by_what_it_is_taken_in(service, base):
    """Who showed nothing, and had no row rejected, is refused; what is shown then needs the decision to be reopened."""
    assert load(service, applications=base["applications"]).undecided == ()
    assert service.standing("A1").application.state == "refused"
    assert "examboard eligibility reopen" in load(service, work=base["work"]).rejects[0].reason


@pytest.mark.parametrize("is_draft", [False, True])
def test_rows_of_an_undecided_application_decide_nothing_and_spare_the_others(service, base, is_draft):
    """Courses and scores decide nobody's eligibility: their row is rejected, whatever waits for the board or not."""
    load(service, **base)
    first = service.history("A1")[0].fact
    pinned = service.scheme_for(date(2024, 4, 1), "4-07-03-02")
    service.submit(first.candidate, pinned, 4, first.evidence, date(2024, 4, 1), "A2", "", is_draft=is_draft)
    scores = [f"{key},theory,S1,2024-05-18,2024-06-20,60" for key in ("A1", "A2")]
    report = load(service, scores=scores)
    assert [(r.line, r.application) for r in report.rejects] == [(3, "A2")]
    assert len(service.history("A2")) == 1
    assert [a.score for a in service.standing("A1").application.attempts] == [60]


def test_one_person_under_two_names_is_rejected(service, base):
    """The same identity document with another name is refused."""
    load(service, **base)
    again = base["applications"][0].replace("A1", "A2", 1).replace("王一", "王二")
    report = load(service, applications=[again])
    assert report.rejects[0].field == "document_number"
    assert "王" not in report.rejects[0].reason


def test_an_import_leaves_nothing_for_the_collector(service, base):
    """What was judged is let go at once: a circle through the drafts would hold every history of the file."""
    base["scores"] = ["A1,theory,S1,2024-05-18,2024-06-20,60"]
    gc.disable()
    try:
        others = drafts()
        load(service, **base)
        load(service, scores=["A1,skills,S1,2024-05-18,2024-06-20,60"])
        assert len(drafts()) == len(others)
    finally:
        gc.enable()


def drafts():
    """Find the drafts that are still held by something."""
    return [x for x in gc.get_objects() if isinstance(x, Draft)]
