"""Worked cases, policies, lint, diff and new documents from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.shelf import packaged

FIRST_AID = (Path(__file__).parents[2] / "examples" / "schemes" / "first-aid.yaml").read_text("utf-8")
CASES = """\
cases:
  - case: a year of work is enough
    level: 1
    submitted_on: 2026-03-02
    evidence: {work: [{occupation: same, from: 2025-03-02, to: null}]}
    eligible: true
  - case: a day less is enough
    clause: 1 (a)
    level: 1
    submitted_on: 2026-03-01
    evidence: {work: [{occupation: same, from: 2025-03-02, to: null}]}
    eligible: true
"""
POLICY = """\
extends: lrc-2019
scheme: riverside
version: 1
title: Riverside
parts:
  theory:
    forms: [computer]
"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Give a folder with a scheme, its cases and a policy."""
    (tmp_path / "mine.yaml").write_text(FIRST_AID, encoding="utf-8")
    (tmp_path / "mine.cases.yaml").write_text(CASES, encoding="utf-8")
    (tmp_path / "policy.yaml").write_text(POLICY, encoding="utf-8")
    return tmp_path


def test_cases_that_do_not_hold_are_told_and_end_with_code_3(alone, files):
    """The sentence and its line, what was expected, what the rules say, and why; then the sum."""
    said = alone("scheme", "test", files / "mine.yaml")
    assert said.code == 3
    assert said.out.startswith(
        f"{files}/mine.cases.yaml:7: a day less is enough [1 (a)]\n  line 12: expected  eligible\n"
    )
    assert "the rules say  on 2026-03-01: not eligible" in said.out
    assert "1 day short of 1 year of cumulative work" in said.out
    assert said.out.endswith("2 cases: 1 holds, 1 does not\n")
    rows = alone("scheme", "test", files / "mine.cases.yaml", "--json").rows
    assert [(row["line"], row["holds"]) for row in rows] == [(2, True), (7, False)]
    assert rows[1]["misses"][0]["expected"] == "eligible"


def test_cases_that_hold_and_other_rules_for_them(alone, files):
    """Code 0 if all hold; the same cases may be tried on another document, and the shipped ones by the scheme's id."""
    (files / "mine.cases.yaml").write_text(CASES[: CASES.index("  - case: a day")], encoding="utf-8")
    said = alone("scheme", "test", files / "mine.yaml")
    assert (said.code, said.out) == (0, "1 case: all hold\n")
    longer = files / "longer.yaml"
    longer.write_text(FIRST_AID.replace("              years: 1\n", "              years: 2\n"), encoding="utf-8")
    assert alone("scheme", "test", files / "mine.cases.yaml", "--scheme", longer).code == 3
    assert alone("scheme", "test", "lrc-three-level").out == "116 cases: all hold\n"


def test_cases_that_are_not_there_or_not_as_they_must_be(alone, files):
    """A missing file is not found; a wrong one is refused with every problem, and the others still run."""
    (files / "alone.yaml").write_text(FIRST_AID, encoding="utf-8")
    said = alone("scheme", "test", files / "alone.yaml")
    assert said.code == 4
    assert f"write them in {files}/alone.cases.yaml" in said.err
    wrong = files / "wrong.cases.yaml"
    wrong.write_text("scheme: mine.yaml\ncases: [{case: a, levle: 1}]\n", encoding="utf-8")
    said = alone("scheme", "test", wrong, files / "mine.yaml")
    assert said.code == 2
    assert "wrong.cases.yaml:2: cases.0.levle: no such field; did you mean 'level'?" in said.err
    assert "2 cases: 1 holds, 1 does not" in said.out
    wrong.write_text(
        "scheme: nix.yaml\ncases: [{case: a, level: 1, submitted_on: 2026-01-01, eligible: true}]\n", "utf-8"
    )
    said = alone("scheme", "test", wrong)
    assert (said.code, "wrong.cases.yaml:1: scheme: " in said.err) == (2, True)


def test_a_policy_is_checked_shown_and_put_on_the_shelf(run, files):
    """The effective document is what is pinned: an application never needs the standard's file again."""
    policy = files / "policy.yaml"
    assert run("scheme", "check", policy).out.endswith("riverside version 1 is sound (4 levels)\n")
    shown = run("scheme", "show", policy, "--effective").out.splitlines()
    assert any(line.startswith(f"{policy}:7 *") and line.endswith("|     forms: [computer]") for line in shown)
    assert any(line.startswith("lrc-2019:") and line.endswith("|     pass_mark: 60") for line in shown)
    rows = run("scheme", "show", policy, "--effective", "--json").rows
    assert len(rows) == len(shown) - 1
    digest = rows[0]["digest"]
    assert f"sha256 {digest}" in run("scheme", "add", policy).out
    policy.unlink()
    kept = run("scheme", "show", "riverside", "--json").row
    assert (kept["digest"], kept["extends"]["scheme"], kept["parts"]["theory"]["forms"]) == (
        digest,
        "lrc-2019",
        ["computer"],
    )
    text = "\n".join(row["text"] for row in run("scheme", "show", "riverside", "--effective", "--json").rows)
    assert text == "\n".join(row["text"] for row in rows)


def test_a_policy_that_goes_too_far_is_refused_where_it_stands(alone, files):
    """What is the standard's, and what is wrong in what may be set, each at its line in the board's own file."""
    policy = files / "policy.yaml"
    policy.write_text(f"{POLICY}    pass_mark: 50\n", encoding="utf-8")
    said = alone("scheme", "check", policy)
    assert said.code == 2
    assert (
        f"{policy}:8: parts.theory.pass_mark: is for the standard to say; a board may set here: names, forms"
        in said.err
    )
    policy.write_text(f"{POLICY}    resits: {{most: none, clause: {{source: board}}}}\n", encoding="utf-8")
    assert f"{policy}:8: parts.theory.resits.most: must be a whole number" in alone("scheme", "check", policy).err
    policy.write_text(POLICY.replace("lrc-2019", "lrc-2020"), encoding="utf-8")
    assert alone("scheme", "check", policy).code == 4


def test_lint(alone, files):
    """A warning leaves the code 0, an error makes it 3; a policy's findings are told at its own lines."""
    said = alone("scheme", "lint", files / "mine.yaml")
    assert (said.code, said.out) == (0, "0 errors, 0 warnings\n")
    said = alone("scheme", "lint", "lrc-2019", "lrc-three-level")
    assert said.code == 0
    assert "lrc-three-level is offered beside it from 2019-03-26 on" in said.out
    text = FIRST_AID.replace(
        "    stages:", "    deadlines: {submitted: {within: {days: 1}, clause: {source: rules}}}\n    stages:"
    )
    (files / "mine.yaml").write_text(text, encoding="utf-8")
    row = alone("scheme", "lint", files / "mine.yaml", "--json")
    assert row.code == 3
    assert (row.row["rule"], row.row["severity"], row.row["line"]) == ("deadline_before_sitting", "error", 71)
    policy = files / "policy.yaml"
    policy.write_text(
        POLICY + "    staffing: {least_assessors: 2, odd_assessors: true, clause: {source: board}}\n", "utf-8"
    )
    said = alone("scheme", "lint", policy)
    assert said.out.startswith(f"{policy}:8: warning: parts.theory.staffing.least_assessors: ")
    (files / "mine.yaml").write_text("scheme: [", encoding="utf-8")
    assert alone("scheme", "lint", files / "mine.yaml").code == 2


def test_diff(alone, files):
    """What changes for candidates, area by area; the rest is counted, or told with --all."""
    said = alone("scheme", "diff", "lrc-2019", files / "policy.yaml")
    assert (
        "what is assessed\n  theory: the forms that it may take: computer instead of closed_book, computer" in said.out
    )
    assert said.out.endswith("and 3 changes in the board's own work, names, sources and readings (--all)\n")
    assert "title: Riverside instead of" in alone("scheme", "diff", "lrc-2019", files / "policy.yaml", "--all").out
    same = alone("scheme", "diff", "lrc-2019", "lrc-2019")
    assert same.out.endswith("nothing changes for candidates\n")
    assert (
        alone("scheme", "diff", "lrc-2019", files / "policy.yaml", "--json").rows[0]["before"]
        == "closed_book, computer"
    )


def test_a_new_scheme_is_sound_and_its_cases_hold(alone, tmp_path):
    """What is written passes check, lint and test; nothing is written over unless it is said."""
    folder = tmp_path / "new"
    folder.mkdir()
    assert alone("scheme", "new", "my-board", "--into", folder).code == 0
    assert sorted(p.name for p in folder.iterdir()) == [
        "cases.schema.json",
        "my-board.cases.yaml",
        "my-board.yaml",
        "scheme.schema.json",
    ]
    assert alone("scheme", "check", folder / "my-board.yaml").code == 0
    assert alone("scheme", "lint", folder / "my-board.yaml").out == "0 errors, 0 warnings\n"
    assert alone("scheme", "test", folder / "my-board.yaml").out == "4 cases: all hold\n"
    assert json.loads((folder / "scheme.schema.json").read_text()) == json.loads(alone("scheme", "schema").out)
    assert json.loads((folder / "cases.schema.json").read_text()) == json.loads(
        alone("scheme", "schema", "--cases").out
    )
    again = alone("scheme", "new", "my-board", "--into", folder)
    assert (again.code, "--force writes over it" in again.err) == (3, True)
    assert alone("scheme", "new", "my-board", "--into", folder, "--force").code == 0
    assert alone("scheme", "new", "My Board", "--into", folder).code == 2


def test_a_new_policy_is_sound(alone, tmp_path):
    """A policy is written over a scheme that is known, and is sound as it stands."""
    assert alone("scheme", "new", "riverside", "--extends", "lrc-2019", "--into", tmp_path).code == 0
    assert alone("scheme", "check", tmp_path / "riverside.yaml").code == 0
    assert alone("scheme", "new", "other", "--extends", "nix", "--into", tmp_path).code == 4


def test_the_cases_are_no_schemes():
    """The worked cases that come with Examboard are not taken for schemes."""
    assert list(packaged()) == ["lrc-2019", "lrc-three-level"]
