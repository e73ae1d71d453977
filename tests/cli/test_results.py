"""Sittings, scores, reviews, training and certificates, from the command line."""

from __future__ import annotations

import pytest


@pytest.fixture
def sitting(run):
    """Give a sitting of both parts on 2026-10-10, to which A4 is admitted."""
    assert run("sitting", "create", "S9", "--part", "理论", "--part", "skills", "--on", "2026-10-10").code == 0
    assert run("sitting", "admit", "S9", "A4", "--on", "2026-10-01").code == 0
    return "S9"


def test_create_and_list_sittings(run):
    """A sitting is set once, found by the part's name too, and listed by its day."""
    said = run(
        "sitting", "create", "S9", "--part", "理论", "--part", "skills", "--on", "2026-10-10", "--centre", "Nanjing"
    )
    assert said.out == "sitting S9 on 2026-10-10: 2 added, 0 were there before\n"
    again = run("sitting", "create", "S9", "--part", "theory", "--on", "2026-10-10", "--json")
    assert again.row == {"sitting": "S9", "part": "theory", "sat_on": "2026-10-10", "centre": None}
    rows = run("sitting", "list").rows
    assert [r["sitting"] for r in rows] == sorted(r["sitting"] for r in rows)
    assert rows[-1] == {"sitting": "S9", "part": "theory", "sat_on": "2026-10-10", "centre": "Nanjing"}
    said = run("sitting", "create", "S9", "--part", "review", "--on", "2026-10-10")
    assert said.code == 4
    assert "there are: skills, theory" in said.err


def test_admit_tells_of_each_and_spares_the_others(run):
    """Each application is admitted by an event of its own; the refused ones are named with the reason, and code 3."""
    run("sitting", "create", "S9", "--part", "theory", "--on", "2026-10-10")
    said = run("sitting", "admit", "S9", "A4", "A2", "A3", "NOPE", "--on", "2026-10-01", "--json")
    assert said.code == 3
    rows = {row["application"]: row for row in said.rows}
    assert rows["A4"]["state"] == "theory_exam"
    assert [x["type"] for x in rows["A4"]["events"]] == ["Admitted"]
    assert rows["A2"]["objections"][0]["rule"] == "state"
    assert "since 2026-06-21 (theory lapsed)" in rows["A3"]["objections"][0]["text"]
    assert rows["NOPE"]["error"] == "NotFound"
    assert run("sitting", "admit", "S9", "NOPE").code == 4
    again = run("sitting", "admit", "S9", "A4", "--on", "2026-10-01")
    assert again.code == 3
    assert "already admitted to theory at sitting S9" in again.out
    assert "0 done, 1 refused" in again.out


def test_show_a_sitting(run, sitting):
    """A sitting shows who is admitted and the results so far; marks only once they are announced."""
    run("score", "record", "A4", "--sitting", sitting, "--part", "theory", "--score", "61.5")
    said = run("sitting", "show", sitting)
    assert "1 skills admitted; 1 theory recorded" in said.out
    assert "61.5" not in said.out
    run("score", "announce", "--sitting", sitting, "--on", "2026-11-01")
    row = run("sitting", "show", sitting, "--part", "theory", "--json").row
    assert row["outcomes"] == {"announced": 1}
    assert row["admitted"][0]["score"] == "61.5"
    assert run("sitting", "show", "S8").code == 4
    said = run("sitting", "show", "S3", "--part", "skills")
    assert (said.code, "it has: theory" in said.err) == (4, True)


def test_scores_are_recorded_announced_and_amended(run, sitting):
    """A result is held back until announced, announced once, and corrected by a reasoned event."""
    line = ("--sitting", sitting, "--part", "理论知识")
    said = run("score", "record", "A4", *line, "--score", "59.5")
    assert said.out == "A4: ScoreRecorded theory S9 on 2026-10-10; now theory_exam\n"
    assert run("score", "record", "A4", *line, "--score", "60").code == 3
    assert run("score", "record", "A4", "--sitting", sitting, "--part", "skills", "--absent", "--json").code == 0
    dry = run("score", "announce", "--sitting", sitting, "--on", "2026-11-01", "--dry-run")
    assert "1 done, 0 refused (dry run: nothing was written)" in dry.out
    said = run("score", "announce", "--sitting", sitting, "--on", "2026-11-01", "--json")
    assert [x["type"] for x in said.row["events"]] == ["ScoreAnnounced"]
    again = run("score", "announce", "--sitting", sitting, "--part", "理论")
    assert "0 done, 0 refused" in again.out
    assert again.err == f"no result of {sitting} is recorded and not yet out\n"
    assert run("score", "announce", "--sitting", sitting, "--part", "dance").code == 4
    amended = ("score", "amend", "A4", *line, "--score", "60", "--authority", "recheck 12")
    assert run(*amended).code == 2
    said = run(*amended, "--reason", "sheet 3 was not added", "--on", "2026-11-10")
    assert said.out == "A4: ScoreAmended theory S9 on 2026-11-10; now skills_exam\n"
    assert "60 marks (before: 59.5), passed" in run("application", "show", "A4").out


def test_one_result_is_announced_alone(run):
    """One application's result can be announced by itself; that needs its part, and a result."""
    line = ("score", "announce", "--sitting", "S3", "--application", "A8")
    assert run(*line).code == 2
    assert run(*line, "--part", "skills").code == 3
    assert run(*line, "--part", "theory", "--dry-run").code == 0
    assert "ScoreAnnounced theory S3 on 2026-11-22; now skills_exam" in run(*line, "--part", "theory").out
    assert run("score", "announce", "--sitting", "S3", "--application", "NOPE", "--part", "theory").code == 4
    assert run("score", "announce", "--sitting", "NOPE").code == 4
    assert run("score", "announce", "--sitting", "S3", "--on", "2026-11-23").code == 3


def test_a_score_says_what_is_wrong_with_it(run, sitting):
    """Marks that are none, out of scale, or for a sitting that is not there get one clear message each."""
    line = ("score", "record", "A4", "--part", "theory")
    assert "is not a number" in run(*line, "--sitting", sitting, "--score", "six").err
    said = run(*line, "--sitting", sitting, "--score", "101")
    assert (said.code, "101 marks lie outside 0 to 100" in said.err) == (3, True)
    assert run(*line, "--sitting", "NOPE", "--score", "1").code == 4
    assert run(*line, "--sitting", sitting).code == 2
    assert run(*line, "--sitting", sitting, "--score", "1", "--absent").code == 2
    assert run("score", "record", "NOPE", "--part", "theory", "--sitting", sitting, "--absent").code == 4


def test_a_review_is_recorded_and_announced_together(run):
    """A passed review completes the set; both its facts are written, or neither."""
    line = ("review", "record", "A5", "--form", "case-analysis", "--on", "2026-09-05")
    early = run(*line, "--score", "60", "--announced", "2026-09-04")
    assert early.code == 3
    assert run("application", "show", "A5", "--json").row["events"] == 8
    said = run(*line, "--score", "60", "--announced", "2026-09-18", "--json")
    assert [x["type"] for x in said.row["events"]] == ["ScoreRecorded", "ScoreAnnounced"]
    assert said.row["state"] == "awaiting_award"


def test_a_review_can_be_announced_later(run):
    """A review without a day of announcement is held back until it is announced by itself."""
    assert run("review", "record", "A5", "--form", "thesis_defence", "--on", "2026-09-05", "--score", "60").code == 0
    assert run("application", "show", "A5", "--json").row["state"] == "comprehensive_review"
    line = ("score", "announce", "--application", "A5", "--sitting", "review-2026-09-05", "--part", "综合评审")
    assert run(*line, "--on", "2026-09-18").out.startswith("A5: ScoreAnnounced review review-2026-09-05 on 2026-09-18")
    assert run("application", "show", "A5", "--json").row["state"] == "awaiting_award"


def test_a_review_that_cannot_be(run):
    """A level without a review, a form that is not allowed and a day to come are refused."""
    line = ("review", "record", "--score", "60", "--on", "2026-09-05")
    assert run(*line, "A1", "--form", "case_analysis").code == 4
    said = run(*line, "A5", "--form", "dance")
    assert (said.code, "allowed: case_analysis, thesis_defence" in said.out) == (3, True)
    assert run("review", "record", "A5", "--score", "60", "--form", "case_analysis", "--on", "2026-12-01").code == 3
    assert run(*line, "NOPE", "--form", "case_analysis").code == 4


def test_training_closes_by_hours_and_certificate(run):
    """Hours add up; with the completion certificate the gate is passed."""
    said = run("training", "record", "A6", "--hours", "40", "--on", "2026-05-06")
    assert said.out == "A6: TrainingRecorded on 2026-05-06; now submitted\n"
    line = ("training", "complete", "A6", "--hours", "80", "--on", "2026-06-01")
    assert run(*line).code == 2
    assert run(*line, "--certificate-number", "T-118", "--done-on", "2026-06-02").code == 3
    said = run(*line, "--certificate-number", "T-118", "--json")
    assert said.row["state"] == "trained"
    data = run("application", "history", "A6").rows[-1]["data"]
    assert data["certificate_number"] == "T-118"
    assert data["completed_on"] == "2026-06-01"


def test_training_is_waived_by_a_decision(run):
    """A waiver needs a reason and an authority."""
    assert run("training", "waive", "A6", "--reason", "taught it").code == 2
    said = run("training", "waive", "A6", "--reason", "taught it", "--authority", "board minute 9")
    assert said.out.endswith("now trained\n")


def test_award_numbers_without_a_gap(run):
    """Those who await the award are certified in order, the others refused, and a dry run writes nothing."""
    dry = run("certificate", "award", "--all", "--dry-run")
    assert dry.out == "A1: would be certified\n1 of 1 (dry run: nothing was written)\n"
    assert run("certificate", "award", "A1", "A2", "--dry-run").code == 3
    said = run("certificate", "award", "A2", "A1", "--on", "2026-11-20", "--authority", "minute 11", "--json")
    assert said.code == 3
    refused, done = said.rows
    assert refused["objections"][0]["text"] == "the application is refused; award is possible in: awaiting_award"
    number = done["events"][0]["number"]
    assert number == "S000000000000263000001"
    none = run("certificate", "award", "--all")
    assert (none.out, none.err) == ("0 done, 0 refused\n", "no application awaits the award\n")
    assert run("certificate", "list").row["certificate"] == number
    shown = run("certificate", "show", number)
    assert "holder       王** (resident_id 110101********" in shown.out
    assert "minute 11" in shown.out
    row = run("certificate", "show", number, "--json").row
    assert (row["application"], row["awarded_on"], row["level"]) == ("A1", "2026-11-20", 3)
    assert "A1: certified" not in run("application", "show", "A1", "--as-of", "2026-11-19").out
    assert f"职业技能等级证书 {number}, awarded 2026-11-20, by minute 11" in run("application", "show", "A1").out


def test_award_asks_for_someone(run):
    """Awarding nobody, or someone and everyone, is a usage error; an unknown certificate is not found."""
    assert run("certificate", "award").code == 2
    assert run("certificate", "award", "A1", "--all").code == 2
    assert run("certificate", "award", "A1", "--on", "2027-01-01").code == 3
    assert run("certificate", "show", "S1").code == 4


def test_a_certified_application_is_not_awarded_twice(run):
    """A second award is refused, says so, and draws no number."""
    assert run("certificate", "award", "A1").code == 0
    again = run("certificate", "award", "A1")
    assert again.code == 3
    assert "certified" in again.out
    assert len(run("certificate", "list").rows) == 1
