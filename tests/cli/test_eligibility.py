"""Eligibility from the command line: asked of evidence without a database, decided for applications with one."""

from __future__ import annotations

import json

import pytest

LINE = ("--scheme", "lrc-2019", "--level", "3")


def test_check_needs_no_database(alone, facts):
    """Evidence is checked against a packaged scheme without any database; the first eligible day is told."""
    said = alone("eligibility", "check", facts, *LINE, "--as-of", "2025-05-31")
    assert said.code == 0
    assert said.out.startswith("not eligible for level 3 of lrc-2019 (version 1) on 2025-05-31\n")
    assert "would be from 2025-06-01" in said.out
    assert "1 day short of 5 years" in said.out
    said = alone("eligibility", "check", facts, *LINE, "--as-of", "2025-06-01")
    assert said.out.startswith("eligible for level 3 of lrc-2019 (version 1) on 2025-06-01, under condition 1\n")
    assert "condition 1: met [seed-001 Level 3 (1)]" in said.out


def test_check_as_json(alone, facts):
    """The JSON has the verdict, the conditions met, the first day and the whole explanation."""
    row = alone("eligibility", "check", facts, *LINE, "--as-of", "2025-05-31", "--json").row
    assert (row["eligible"], row["conditions_met"], row["eligible_from"]) == (False, [], "2025-06-01")
    assert (row["scheme"], row["version"], row["level"], row["measured_on"]) == ("lrc-2019", 1, 3, "2025-05-31")
    assert [c["id"] for c in row["conditions"]] == ["1", "2a", "2b", "3", "4", "5"]
    assert row["conditions"][0]["requirements"][1]["missing"].startswith("1 day short")
    assert alone("eligibility", "check", facts, *LINE, "--json").row["measured_on"] == "2026-11-22"


@pytest.mark.parametrize("level", ["3", "三级", "level 3", "高级工"])
def test_check_takes_stdin_json_and_names_of_levels(alone, level):
    """Facts may come as JSON on stdin, the scheme by a name of its edition, the level by any of its names."""
    facts = json.dumps({"work": [{"occupation": "same", "from": "2001-01-01"}]})
    said = alone("eligibility", "check", "-", "--scheme", "2019年版", "--level", level, "--json", stdin=facts)
    assert said.row["level"] == 3


def test_check_takes_a_scheme_file(alone, facts, tmp_path):
    """A scheme can be tried out before it is put on the shelf."""
    from cli.shelf import packaged

    file = tmp_path / "mine.yaml"
    file.write_text(packaged()["lrc-2019"].replace("years: 5", "years: 50", 1), encoding="utf-8")
    row = alone("eligibility", "check", facts, "--scheme", file, "--level", "3", "--as-of", "2025-06-01", "--json").row
    assert row["eligible"] is False


def test_check_uses_the_boards_own_version(run, facts, tmp_path):
    """Where the board has a newer version of a scheme on its shelf, that one answers."""
    from cli.shelf import packaged

    file = tmp_path / "mine.yaml"
    file.write_text(packaged()["lrc-2019"].replace("version: 1", "version: 2", 1), encoding="utf-8")
    assert run("scheme", "add", file).code == 0
    assert run("eligibility", "check", facts, *LINE, "--json").row["version"] == 2


def test_check_names_every_problem_of_the_facts(alone, tmp_path):
    """Every problem of a facts file is named with its line and field."""
    file = tmp_path / "bad.yaml"
    file.write_text("work: [{occupation: same, from: 2020-02-30}]\neducatoin: []\n", encoding="utf-8")
    said = alone("eligibility", "check", file, *LINE)
    assert said.code == 2
    assert "invalid: 2 problems" in said.err
    assert f"{file}:1: work.0.from: no such day in the calendar" in said.err
    assert f"{file}:2: educatoin: no such field; did you mean 'education'?" in said.err


@pytest.fixture
def undecided(run, facts):
    """Give a board with two undecided applications: T1 is eligible, T2 is not."""
    key = run("candidate", "find", "--name", "王A1").row["candidate"]
    line = ("application", "submit", "--candidate", key, "--level", "3", "--on", "2026-01-10", "--scheme", "lrc-2019")
    assert run(*line, "--evidence", facts, "--number", "T1").code == 0
    assert run(*line, "--evidence", "-", "--number", "T2", stdin="work: []").code == 0
    return run


def test_decide_one(undecided):
    """One application is accepted under a condition that is met, or refused with the explanation kept."""
    no = undecided("eligibility", "decide", "T1", "--accept", "--condition", "4")
    assert no.code == 3
    assert no.err.startswith("refused: application T1: EligibilityAccepted\n  ")
    assert "ondition 4 is not met" in no.err
    said = undecided("eligibility", "decide", "T1", "--accept", "--on", "2026-01-12", "--json")
    assert said.row["state"] == "trained"
    assert undecided("eligibility", "decide", "T1", "--accept").code == 3
    no = undecided("eligibility", "decide", "T2", "--accept")
    assert (no.code, "Condition 1 is not met" in no.err) == (3, True)
    said = undecided("eligibility", "decide", "T2", "--refuse", "--on", "2026-01-12")
    assert said.out == "T2: EligibilityRefused on 2026-01-12; now refused\n"
    assert "Condition 1 is not met" in undecided("application", "show", "T2").out


def test_refusing_who_is_eligible_needs_a_reason(undecided):
    """Whoever meets a condition is refused for a reason of its own only."""
    said = undecided("eligibility", "decide", "T1", "--refuse")
    assert (said.code, "a refusal needs a reason of its own" in said.err) == (3, True)
    assert undecided("eligibility", "decide", "T1", "--refuse", "--reason", "papers not genuine").code == 0
    assert "papers not genuine" in undecided("application", "show", "T1").out


@pytest.mark.parametrize(
    "options", [[], ["--accept", "--refuse"], ["--accept", "--reason", "x"], ["--refuse", "--condition", "1"]]
)
def test_decide_is_asked_one_thing(undecided, options):
    """Neither, both or mixed-up options are usage errors."""
    assert undecided("eligibility", "decide", "T1", *options).code == 2


def test_decide_all_decides_each_by_its_own_evidence(undecided):
    """Accept-all accepts whom a condition admits, refuse-all refuses the rest; a dry run writes nothing."""
    dry = undecided("eligibility", "accept-all", "--dry-run")
    assert dry.out == (
        "T1: EligibilityAccepted on 2026-11-22; now trained\n1 done, 0 refused (dry run: nothing was written)\n"
    )
    assert undecided("application", "show", "T1", "--json").row["state"] == "submitted"
    assert [r["application"] for r in undecided("eligibility", "accept-all", "--json").rows] == ["T1"]
    said = undecided("eligibility", "refuse-all", "--on", "2026-02-01")
    assert said.out == "T2: EligibilityRefused on 2026-02-01; now refused\n1 done, 0 refused\n"
    assert undecided("eligibility", "accept-all").out == "0 done, 0 refused\n"
    assert undecided("eligibility", "accept-all", "--on", "2026-11-23").code == 3
