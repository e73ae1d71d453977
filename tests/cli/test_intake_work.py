"""Papers at the desk, from the command line: drafts, evidence, returned applications, reopened decisions, training."""

from __future__ import annotations

import pytest

WHY = ("--reason", "curriculum compared", "--authority", "panel minute 3")
FORGED = ("--status", "rejected", "--reason", "the employer knows of no letter")


@pytest.fixture
def key(run):
    """Give the key of the candidate of A6."""
    return run("candidate", "find", "--name", "王A6").row["candidate"]


def test_the_template_is_a_draft_that_can_be_tried_and_filed(run, key, tmp_path):
    """The form as printed is empty evidence; with its examples filled in it can be tried, and files nothing yet."""
    text = run("application", "template").out
    file = tmp_path / "draft.yaml"
    file.write_text(text, encoding="utf-8")
    line = ("application", "submit", "--candidate", key, "--scheme", "lrc-2019", "--level", "3", "--on", "2026-01-10")
    said = run(*line, "--evidence", file, "--dry-run")
    assert said.code == 0, said.err
    assert said.out.startswith("not eligible for level 3 of lrc-2019")
    _, _, body = text.partition("\n\n")
    lines = [row[1:] if row.startswith("#  ") else row for row in body.splitlines()]
    file.write_text("\n".join(lines), encoding="utf-8")
    said = run(*line, "--evidence", file, "--number", "D1", "--cohort", "union-2024", "--dry-run")
    assert "eligible for level 3 of lrc-2019 (version 1) on 2026-01-10, under condition 1" in said.out
    counts = "1 education, 1 certificates, 1 work, 1 training, 1 titles, 1 credits, 1 statements"
    assert f"would be filed as D1 on 2026-01-10: {counts}, cohort union-2024" in said.out
    assert said.out.endswith("dry run: nothing was written\n")
    assert run("application", "show", "D1").code == 4
    row = run(*line, "--evidence", file, "--dry-run", "--json").row
    assert (row["eligibility"]["eligible"], row["would_file"]["level"]) == (True, 3)
    assert run(*line, "--evidence", file, "--number", "D1", "--cohort", "union-2024").code == 0
    assert [r["application"] for r in run("application", "list", "--cohort", "union-2024", "--json").rows] == ["D1"]
    assert "cohort union-2024" in run("application", "show", "D1").out
    assert "but the number D1 is taken" in run(*line, "--evidence", file, "--number", "D1", "--dry-run").out


def test_a_dry_run_refuses_what_filing_would_refuse(run, facts):
    """An unknown candidate or a day to come is told before anything is filed."""
    line = ("application", "submit", "--scheme", "lrc-2019", "--level", "3", "--evidence", facts, "--dry-run")
    assert run(*line, "--candidate", "nobody").code == 4
    assert run(*line, "--candidate", "nobody", "--on", "2026-11-23").code == 3


def test_returned_and_sent_again(run, key, facts):
    """An undecided application is returned with what is missing, and takes in what is sent again, once."""
    line = ("application", "submit", "--candidate", key, "--scheme", "lrc-2019", "--level", "3", "--number", "D2")
    assert run(*line, "--evidence", "-", stdin="work:\n").code == 0
    assert run("application", "resubmit", "D2", "--evidence", facts).code == 3
    assert run("application", "return", "D2", "--reason", "diploma is missing").code == 0
    shown = run("application", "show", "D2").out
    assert "information: diploma is missing (from the candidate)" in shown
    assert "2026-11-22 returned for information by local:" in shown
    assert run("application", "resubmit", "D2", "--evidence", facts).code == 0
    assert [row["item"] for row in run("evidence", "list", "D2").rows] == ["certificates/0", "work/0"]
    assert run("application", "return", "A4", "--reason", "too late").code == 3


def test_evidence_is_checked_and_judged_and_says_by_whom(run, monkeypatch):
    """Each piece has a name; what was found about it bears who, when, and why, in the list and in the standing."""
    said = run("--actor", "clerk 7", "evidence", "check", "A6", "work/0", "--status", "verified", "--issuer", "archive")
    assert said.code == 0
    assert run("evidence", "judge", "A6", "work/0", "--relation", "related", *WHY).code == 0
    (row,) = run("evidence", "list", "A6", "--json").rows
    assert (row["status"], row["checked"]["by"], row["checked"]["on"]) == ("verified", "clerk 7", "2026-11-22")
    assert (row["shown"]["occupation"], row["counts_as"]["occupation"]) == ("same", "related")
    assert row["judged"]["authority"] == "panel minute 3"
    shown = run("application", "show", "A6").out
    assert "verified by clerk 7 on 2026-11-22; issuer archive" in shown
    assert "judged relation related by local:" in shown
    assert "curriculum compared; authority panel minute 3" in shown
    assert "evidence" not in run("application", "show", "A6", "--known-at", "2026-11-21").out.split("eligibility")[0]
    monkeypatch.setattr("cli.evidence.is_terminal", lambda: True)
    text = run("evidence", "list", "A6").out
    assert text.startswith("work/0: occupation same, from 2015-02-01\n  verified by clerk 7")
    assert "  counts as occupation related, from 2015-02-01\n" in text
    assert run("evidence", "list", "A6", "--as-of", "2024-03-15").out.count("unverified") == 1
    history = run("application", "history", "A6").rows
    assert history[-1]["data"]["authority"] == "panel minute 3"


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        (("check", "A6", "work/9", "--status", "verified"), 3, "there is no piece 'work/9'; there are: work/0"),
        (("check", "A6", "work/0", "--status", "rejected"), 3, "needs a reason"),
        (("check", "A6", "work/0", "--status", "maybe"), 2, "is not one of"),
        (("judge", "A6", "work/0", "--relation", "same", "--reason", "x"), 2, "--authority"),
        (("judge", "A6", "work/0", *WHY), 3, "say what the piece is to be taken as"),
        (("judge", "A6", "work/0", "--evaluated-for", "senior", *WHY), 3, "only a school is evaluated"),
        (("list", "Z9"), 4, "no application Z9"),
    ],
)
def test_evidence_refuses_clearly(run, line, code, words):
    """What cannot be checked or judged is told with what can."""
    said = run("evidence", *line)
    assert said.code == code
    assert words in said.err


def test_reopening_shows_its_consequences_and_asks(run, monkeypatch):
    """Off a terminal it needs --yes; on one it asks; a no changes nothing."""
    line = ("eligibility", "reopen", "A4", "--reason", "letter was forged", "--authority", "minute 31")
    said = run("evidence", "check", "A4", "work/0", *FORGED)
    assert "note: the evidence as now weighed does not meet condition 1" in said.err
    assert "reopen the decision on eligibility" in run("application", "show", "A4").out
    said = run(*line)
    assert said.code == 2
    assert "then say --yes" in said.err
    assert "no condition is met" in said.out
    assert "once reopened it would be submitted; decided anew by the rules alone it would be refused" in said.out
    assert run(*line, "--dry-run").out.endswith("dry run: nothing was written\n")
    monkeypatch.setattr("cli.eligibility._can_ask", lambda: True)
    assert run(*line, stdin="n\n").code == 130
    assert run("application", "show", "A4").out.startswith("application A4: trained")
    assert run(*line, stdin="y\n").out.endswith("now submitted\n")
    assert "eligibility reopened by local:" in run("application", "show", "A4").out
    assert run("eligibility", "decide", "A4", "--accept").code == 3
    assert run("eligibility", "decide", "A4", "--refuse").code == 0
    rows = run(*line, "--yes", "--json").rows
    assert rows[0]["consequences"]["state"] == "refused"
    assert rows[1]["state"] == "submitted"


def test_reopening_names_the_parts_that_would_count_for_nothing(run):
    """Whoever holds a part is shown what becomes of it."""
    assert run("evidence", "check", "A5", "certificates/0", "--status", "rejected", "--reason", "not issued").code == 0
    said = run("eligibility", "reopen", "A5", "--reason", "x", "--authority", "y", "--yes")
    assert "held: theory, valid through 2027-06-20; would count for nothing" in said.out
    assert said.out.endswith("now submitted\n")


def test_a_certified_application_is_flagged_instead(run):
    """The certificate stands, the command says what to do, and the flag is shown."""
    assert run("certificate", "award", "A1").code == 0
    said = run("eligibility", "reopen", "A1", "--reason", "x", "--authority", "y", "--yes")
    assert said.code == 3
    assert "would be flagged; it stands until it is revoked" in said.out
    assert "then revoke the certificate" in said.err
    assert run("evidence", "check", "A1", "work/0", *FORGED).code == 0
    assert "the board decides whether to revoke the certificate" in run("application", "show", "A1").out


def test_a_course_is_recorded_with_all_that_is_known_of_it(run):
    """Provider, strand, system, delivery, trainer and certificate are kept; self-study alone closes nothing."""
    line = (
        "training",
        "complete",
        "A6",
        "--certificate-number",
        "T-1",
        "--provider",
        "City School",
        "--on",
        "2026-06-01",
    )
    said = run(*line, "--hours", "120", "--delivery", "self_study", "--strand", "vocational_skills")
    assert said.out.endswith("now submitted\n")
    assert "self-study alone does not close the training" in said.err
    more = ("--hours", "2", "--delivery", "class", "--delivery", "broadcast", "--trainer", "T-0042")
    assert run(*line, *more, "--teaching-system", "part_time", "--started-on", "2026-05-01").out.endswith("trained\n")
    row = run("training", "show", "A6", "--json").row
    assert (row["met"], row["hours_done"], row["hours_needed"]) == (True, "122", "120")
    assert [(c["formal"], c["certificate_number"]) for c in row["courses"]] == [(False, "T-1"), (True, "T-1")]
    assert row["courses"][1]["delivery"] == ["class", "broadcast"]
    text = run("training", "show", "A6").out
    assert text.startswith("application A6: training closed, 122 of 120 class hours [")
    assert "by self-study alone: the certificate does not count" in text
    assert "trainer T-0042" in text
    assert "training open" in run("training", "show", "A6", "--as-of", "2026-05-31").out


def test_credits_are_refused_where_the_scheme_has_no_rate(run):
    """Hours or credits, not both; a scheme without a rate says so with its clause."""
    assert run("training", "record", "A6", "--hours", "1", "--credits", "1").code == 2
    assert run("training", "record", "A6").code == 2
    said = run("training", "record", "A6", "--credits", "2")
    assert said.code == 3
    assert "has no rate for credits; give --hours" in said.err
