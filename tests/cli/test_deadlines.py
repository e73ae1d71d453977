"""The clocks of an application from the command line: drafts, authorizations, more time, and the days results bear."""

from __future__ import annotations

import pytest

from tests.timeline import SCHEME

CLOCKS = """deadlines:
      draft: {within: {days: 90}, clause: {source: rules, at: draft}}
      eligibility: {within: {years: 1}, counted_from: approved, clause: {source: rules, at: year}}
      authorization:
        {within: {days: 90}, counted_from: authorized, not_after: eligibility, effect: close, sittings: 1,
         clause: {source: rules, at: letter}}
    stages: {theory_exam"""
WHY = ("--reason", "illness", "--authority", "minute 4")


@pytest.fixture
def clocked(run, tmp_path, facts):
    """Put a scheme with clocks of its own on the shelf; give the command that files an application under it."""
    file = tmp_path / "clocked.yaml"
    text = SCHEME.replace("scheme: test", "scheme: clocked").replace("stages: {theory_exam", CLOCKS)
    text = text.replace("validity: {length: {years: 2}}", "validity: {length: {years: 2}, counted_from: released}")
    text = text.replace(
        "training: {hours: 100, clause: {source: rules}}", "training: {waived: true, clause: {source: board}}"
    )
    file.write_text(text, encoding="utf-8")
    assert run("scheme", "add", file).code == 0
    key = run("candidate", "find", "--name", "王A6").row["candidate"]
    return ("application", "submit", "--candidate", key, "--scheme", "clocked", "--level", "3", "--evidence", facts)


def test_a_scheme_shows_its_clocks(run, clocked):
    """Each with how long it lasts, from which day, and its clause."""
    shown = run("scheme", "show", "clocked").out
    assert "deadline of authorization: 90 days from the day authorized" in shown
    assert "valid 2 years from the day released" in shown


def test_a_draft_is_filed_completed_and_reminded_of(run, clocked):
    """It waits for the candidate; the forecast names its expiry, and completing it ends the wait."""
    assert run(*clocked, "--number", "D1", "--on", "2026-11-20", "--draft").code == 0
    shown = run("application", "show", "D1", "--json").row
    assert (shown["awaited"][0]["what"], shown["next_on"]) == ("the completion of the draft", "2027-02-19")
    rows = run("jobs", "forecast", "--nights", "120", "--list", "--json").rows
    said = [(r["on"], r["why"]) for r in rows if r["application"] == "D1" and r["what"] == "Expired"]
    assert said == [("2027-02-19", "deadline of draft passed, its last valid day was 2027-02-18")]
    said = run("eligibility", "decide", "D1", "--accept")
    assert (said.code, "is a draft" in said.err) == (3, True)
    assert run("application", "resubmit", "D1", "--evidence", clocked[-1]).code == 0
    assert run("application", "show", "D1", "--json").row["next_on"] is None


@pytest.fixture
def eligible(run, clocked):
    """Give an application that was accepted on 2026-03-02."""
    assert run(*clocked, "--number", "D2", "--on", "2026-03-01").code == 0
    said = run("eligibility", "decide", "D2", "--accept", "--on", "2026-03-02")
    assert said.code == 0, said.err
    return "D2"


def test_an_authorization_opens_one_sitting(run, eligible):
    """Without one nobody is admitted; the refusal names the clause, the standing the days."""
    assert (
        run("sitting", "create", "L1", "--part", "theory", "--on", "2026-12-05", "--closes-on", "2026-11-30").code == 0
    )
    said = run("sitting", "admit", "L1", "--part", "theory", eligible)
    assert said.code == 3
    assert "authorization has not begun" in said.err + said.out
    assert run("application", "authorize", eligible, "--reference", "ATT-1", "--dry-run").code == 0
    said = run("application", "authorize", eligible, "--reference", "ATT-1")
    assert said.code == 0, said.err
    row = run("application", "show", eligible, "--json").row
    assert row["deadlines"] == {"eligibility": "2027-03-02", "authorization": "2027-02-20"}
    assert "authorized to test ATT-1 by local:" in run("application", "show", eligible).out
    assert run("sitting", "admit", "L1", "--part", "theory", eligible).code == 0
    run("sitting", "create", "L2", "--part", "skills", "--on", "2026-12-06")
    said = run("sitting", "admit", "L2", "--part", "skills", eligible)
    assert "it serves 1 sitting" in said.err + said.out
    assert run("application", "authorize", eligible, "--part", "thoery").code == 3
    assert run("application", "authorize", eligible, "--part", "skills", "--reference", "ATT-2").code == 0
    assert "authorized to test for skills ATT-2 by local:" in run("application", "show", eligible).out
    row = run("application", "show", eligible, "--json").row
    assert set(row["deadlines"]) == {"eligibility", "authorization theory", "authorization skills"}
    assert run("sitting", "admit", "L2", "--part", "skills", eligible).code == 0


def test_more_time_is_granted_listed_and_refused_clearly(run, eligible):
    """By a day or by months; either a part or a deadline is named."""
    said = run("extension", "grant", eligible, "--deadline", "eligibility", "--by-months", "3", *WHY)
    assert said.code == 0, said.err
    assert run("application", "show", eligible, "--json").row["next_on"] == "2027-06-03"
    (row,) = run("extension", "list", "--json").rows
    assert (row["part"], row["deadline"], row["until"]) == (None, "eligibility", "2027-06-02")
    assert "deadline of eligibility extended through 2027-06-02" in run("application", "show", eligible).out
    for line, code, words in (
        (("--deadline", "draft", "--until", "2027-09-01"), 3, "does not run"),
        (("--deadline", "nix", "--until", "2027-09-01"), 3, "it has: draft, eligibility, authorization"),
        (("--deadline", "eligibility", "--until", "2027-06-02"), 3, "lasts through 2027-06-02 already"),
        (("--deadline", "eligibility", "--part", "theory", "--until", "2027-09-01"), 2, "either --part or --deadline"),
        (("--until", "2027-09-01"), 2, "either --part or --deadline"),
    ):
        said = run("extension", "grant", eligible, *line, *WHY)
        assert (said.code, words in said.err) == (code, True), said.err


def test_results_bear_the_days_of_their_assessment_and_release(run, eligible):
    """The validity counts from the release, not from the announcement; an absence is not assessed."""
    assert run("application", "authorize", eligible, "--on", "2026-10-01").code == 0
    run("sitting", "create", "L3", "--part", "theory", "--on", "2026-10-10", "--closes-on", "2026-10-05")
    assert run("sitting", "admit", "L3", "--part", "theory", eligible, "--on", "2026-10-04").code == 0
    line = ("score", "record", eligible, "--sitting", "L3", "--part", "theory")
    assert run(*line, "--absent", "--assessed-on", "2026-10-12").code == 2
    assert run(*line, "--score", "60", "--assessed-on", "2026-10-12").code == 0
    said = run("score", "announce", "--sitting", "L3", "--on", "2026-11-01", "--released-on", "2026-11-20")
    assert said.code == 0, said.err
    (held,) = run("application", "show", eligible, "--json").row["held"]
    assert held["last_valid_on"] == "2028-11-20"
    told = run("application", "history", eligible, "--json").rows
    admitted = next(row for row in told if row["type"] == "Admitted")
    assert admitted["data"]["registration_closed_on"] == "2026-10-05"
    audited = run("audit", "verify", "--redecide", "--jobs", "1")
    assert audited.code == 0, audited.out
