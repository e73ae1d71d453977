"""Readers, batches taken back, members' marks and imports with their digest, from the command line."""

from __future__ import annotations

import hashlib

import pytest

from cli.shelf import packaged

LINE = ("--sitting", "S9", "--part", "theory")


@pytest.fixture
def read_by_two(run, facts, tmp_path):
    """Give a board whose newest scheme has two readers in theory, with R1 admitted to S9 under it."""
    text = packaged()["lrc-2019"]
    entry = "entry: {readers: 2, tolerance: 2, clause: {source: board}}"
    text = text.replace("version: 1", "version: 2", 1).replace("    kind: exam\n", f"    kind: exam\n    {entry}\n", 1)
    (tmp_path / "readers.yaml").write_text(text, encoding="utf-8")
    assert run("scheme", "add", tmp_path / "readers.yaml").code == 0
    person = run("application", "show", "A4", "--json").row["candidate"]
    filed = ("application", "submit", "--candidate", person, "--scheme", "lrc-2019", "--level", "3", "--number", "R1")
    assert run(*filed, "--evidence", facts, "--on", "2026-01-10").code == 0
    assert run("eligibility", "decide", "R1", "--accept", "--on", "2026-01-11").code == 0
    run("sitting", "create", "S9", "--part", "theory", "--part", "skills", "--on", "2026-10-10")
    assert run("sitting", "admit", "S9", "R1", "A4", "--on", "2026-10-01").code == 0
    return run


def test_two_readers_agree_and_are_recorded_at_once(read_by_two):
    """The second entry within the tolerance records the agreed marks in the same command."""
    enter = ("score", "enter", "R1", *LINE)
    said = read_by_two(*enter, "--reader", "1", "--score", "60")
    assert said.out == "R1: ScoreEntered theory S9 on 2026-10-10; now theory_exam\n  waits for the other reader\n"
    again = read_by_two(*enter, "--reader", "1", "--score", "70")
    assert (again.code, "reader 1 has entered 60 marks already" in again.err) == (3, True)
    said = read_by_two("score", "record", "R1", *LINE, "--score", "60")
    assert (said.code, "1 readers have entered marks" in said.err) == (3, True)
    said = read_by_two(*enter, "--reader", "2", "--score", "61.5", "--json").row
    assert [x["type"] for x in said["events"]] == ["ScoreEntered", "ScoreRecorded"]
    assert said["effects"] == ["the readers agree: 60.75 marks are recorded"]
    assert read_by_two(*enter, "--reader", "4", "--score", "1").code == 2


def test_readers_who_differ_ask_for_a_third(read_by_two):
    """Beyond the tolerance the attempt is listed; the third reader's marks are recorded."""
    enter = ("score", "enter", "R1", *LINE)
    read_by_two(*enter, "--reader", "1", "--score", "55")
    assert read_by_two("score", "differences", "S9").out == ""
    said = read_by_two(*enter, "--reader", "2", "--score", "61.5")
    assert (
        "the readers differ beyond the tolerance (reader 1: 55; reader 2: 61.5): a third reader is asked for"
        in said.out
    )
    row = read_by_two("score", "differences", "S9").row
    assert (row["application"], row["difference"], row["tolerance"]) == ("R1", "6.5", "2")
    assert "the readers agree: 58 marks" in read_by_two(*enter, "--reader", "3", "--score", "58").out
    assert read_by_two("score", "differences", "S9").out == ""
    assert read_by_two("score", "differences", "NOPE").code == 4


def test_one_reader_needs_no_entry(read_by_two):
    """Where the scheme has one reader the marks themselves are recorded, and the refusal says so."""
    said = read_by_two("score", "enter", "A4", *LINE, "--reader", "1", "--score", "60")
    assert (said.code, "one reader by the scheme: record the score itself" in said.err) == (3, True)


@pytest.fixture
def marked(run):
    """Give a board on which A4 has held-back marks in theory and was absent from skills at S9."""
    run("sitting", "create", "S9", "--part", "theory", "--part", "skills", "--on", "2026-10-10")
    run("sitting", "admit", "S9", "A4", "--on", "2026-10-01")
    run("score", "record", "A4", *LINE, "--score", "59.5")
    assert run("score", "record", "A4", "--sitting", "S9", "--part", "skills", "--absent").code == 0
    return run


def test_a_batch_is_taken_back_before_announcement(marked):
    """A whole sitting: marks by default, absences on demand; a dry run writes nothing."""
    line = ("score", "retract", "--sitting", "S9", "--reason", "wrong sheet")
    assert marked(*line, "--dry-run").out.endswith("1 done, 0 refused (dry run: nothing was written)\n")
    said = marked(*line)
    assert said.out == "A4: ScoreRetracted theory S9 on 2026-10-10; now theory_exam\n1 done, 0 refused\n"
    assert marked(*line).out == "0 done, 0 refused\n"
    assert "ScoreRetracted skills" in marked(*line, "--absences").out
    assert marked("score", "retract", "--sitting", "NOPE", "--reason", "x").code == 4
    assert marked("score", "retract", "--sitting", "S9", "--part", "dance", "--reason", "x").code == 4
    assert marked("score", "record", "A4", *LINE, "--score", "61").code == 0


def test_one_result_is_taken_back(marked):
    """One application, one part; what was announced is amended instead; who is not there is not found."""
    line = ("score", "retract", "A4", "--sitting", "S9", "--reason", "wrong sheet")
    assert "ScoreRetracted skills S9" in marked(*line, "--part", "skills").out
    marked("score", "announce", "--sitting", "S9", "--on", "2026-11-06")
    said = marked(*line, "--part", "theory")
    assert (said.code, "announced marks are amended" in said.out) == (3, True)
    assert marked("score", "retract", "NOPE", "--sitting", "S9", "--reason", "x").code == 4


def test_an_import_tells_its_digest_and_rejects_who_was_not_admitted(marked, tmp_path):
    """The digest of the very bytes is told; a row of somebody never admitted is rejected with that reason."""
    file = tmp_path / "s.csv"
    rows = (
        "application,part,session,sat_on,announced_on,score\nA4,theory,S9,2026-10-10,,70\nA8,skills,S9,2026-10-10,,66\n"
    )
    file.write_text(rows, encoding="utf-8")
    marked("score", "retract", "--sitting", "S9", "--reason", "wrong sheet")
    said = marked("score", "import", file)
    assert "s.csv:3 A8 score: was never admitted to skills at sitting S9 (66)" in said.out
    assert said.out.endswith(f"s.csv: sha256 {hashlib.sha256(rows.encode()).hexdigest()}\n")
    row = marked("score", "import", file, "--json").row
    assert row["sha256"] == {"s.csv": hashlib.sha256(rows.encode()).hexdigest()}
    assert row["counts"]["events_written"] == 0
    file.write_text(rows.replace(",70", ",71"), encoding="utf-8")
    assert (
        "theory at S9 is recorded already as 70 marks; retract it to change it" in marked("score", "import", file).out
    )
    assert "2 events written" in marked("score", "import", file, "--admit").out


def test_reviews_are_announced_by_their_own_key(run):
    """`score announce` finds a review without naming the application, and refuses a day to come."""
    line = ("review", "record", "A5", "--form", "thesis_defence", "--on", "2026-09-05")
    members = ("--mark", "P1=58", "--mark", "P2=62", "--mark", "P3=61")
    assert run(*line, *members, "--score", "60").code == 2
    assert run(*line).code == 2
    assert run(*line, "--mark", "P1=58", "--mark", "P1=62").code == 2
    said = run(*line, "--mark", "王一=58")
    assert (said.code, "never by name" in said.err) == (2, True)
    said = run(*line, "--mark", "P1=58", "--mark", "P2=62")
    assert (said.code, "at least 3 are needed, an odd number" in said.out) == (3, True)
    assert run(*line, *members).code == 0
    announce = ("score", "announce", "--sitting", "review-2026-09-05", "--part", "综合评审")
    assert run(*announce, "--on", "2026-11-23").code == 3
    said = run(*announce, "--on", "2026-09-18", "--json")
    assert [x["type"] for x in said.row["events"]] == ["ScoreAnnounced"]
    assert said.row["state"] == "awaiting_award"
    recorded = [x for x in run("application", "history", "A5").rows if x["type"] == "ScoreRecorded"]
    assert recorded[-1]["data"]["score"] == "60.33"
    assert recorded[-1]["data"]["panel"][0] == {"assessor": "P1", "score": "58"}
