"""Exemptions, endorsements and the marks of components, from the command line."""

from __future__ import annotations

import pytest

from tests.cli.conftest import filed_under

WHY = ("--reason", "a reason", "--authority", "minute 9")
COMPONENTS = """components:
      calculation: {title: 计算, maximum: 60}
      writing: {title: 写作, maximum: 40, floor: 10}
"""
EXEMPT = """exemptions:
      "6a":
        parts: [skills]
        all: [{certificate: {level: 4, kind: [sl]}}]
        clause: {source: board, at: 6 (a)}
      "6b":
        parts: [theory]
        all: [{work: {years: 40, counted: cumulative}}]
        clause: {source: board, at: 6 (b)}
    conditions:"""
RESITS = """resits:
      most: 1
      remediation: {hours: 3, endorsement: true, clause: {source: board}}
      clause: {source: board}
    """


@pytest.fixture
def board(run, facts, tmp_path):
    """Give a board whose newest scheme has components, exemptions and remediation, with R1 admitted to S9 under it."""
    filed_under(run, facts, tmp_path, f"{COMPONENTS}    {RESITS}", EXEMPT)
    assert run("sitting", "admit", "S9", "R1", "--part", "theory", "--on", "2026-10-01").code == 0
    return run


def test_an_exemption_is_listed_granted_shown_and_withdrawn(board):
    """The list says what is met; what is not met is refused with what is missing."""
    rows = {row["exemption"]: row for row in board("exemption", "list", "R1", "--json").rows}
    assert (rows["6a"]["met"], rows["6a"]["granted"], rows["6a"]["parts"]) == (True, False, ["skills"])
    assert rows["6b"]["explanation"].startswith("Exemption 6b is not met: ")
    refused = board("exemption", "grant", "R1", "--exemption", "6b")
    assert (refused.code, "Exemption 6b is not met" in refused.err) == (3, True)
    said = board("exemption", "grant", "R1", "--exemption", "6a", "--authority", "minute 4", "--on", "2026-10-05")
    assert said.out.startswith("R1: ExemptionGranted")
    shown = board("application", "show", "R1").out
    assert "skills, by exemption 6a [the board's own policy" in shown
    assert board("application", "show", "R1", "--json").row["parts_held"] == ["skills"]
    assert board("exemption", "withdraw", "R1", "--exemption", "6a", *WHY).code == 0
    assert board("application", "show", "R1", "--json").row["parts_held"] == []
    assert board("exemption", "withdraw", "R1", "--exemption", "6a", *WHY).code == 3


def test_marks_of_components_are_recorded_shown_and_amended(board):
    """The part's marks are made of them; amending names those that change."""
    at = ("R1", "--sitting", "S9", "--part", "theory")
    refused = board("score", "record", *at, "--score", "计算=50")
    assert refused.code == 3
    assert "the marks of writing are missing; its components are: calculation, writing" in refused.err
    assert board("score", "record", *at, "--score", "计算=50; writing=9.5").code == 0
    board("score", "announce", "--sitting", "S9", "--on", "2026-10-20")
    shown = board("application", "show", "R1")
    assert "59.5 marks (calculation 50, writing 9.5), failed" in shown.out
    assert board("score", "amend", *at, "--score", "writing=10", *WHY, "--on", "2026-10-21").code == 0
    row = board("application", "show", "R1", "--json").row
    assert row["attempts"][0]["components"] == {"calculation": "50", "writing": "10"}
    assert row["attempts"][0]["earlier_scores"] == ["59.5"]
    assert row["parts_held"] == ["theory"]


def test_remediation_is_recorded_and_opens_the_next_sitting(board):
    """Who failed waits for hours and an endorsement; each is recorded; one taken back counts no more."""
    board("score", "record", "R1", "--sitting", "S9", "--part", "theory", "--score", "计算=1; 写作=1")
    board("score", "announce", "--sitting", "S9", "--on", "2026-10-20")
    board("sitting", "create", "S10", "--part", "theory", "--on", "2026-11-20")
    admit = ("sitting", "admit", "S10", "R1", "--part", "theory", "--on", "2026-11-10")
    assert "3 of 3 class hours are missing and an endorsement by an instructor is missing" in board(*admit).out
    endorse = ("endorsement", "record", "R1", "--part", "theory")
    assert board(*endorse, "--hours", "1", "--hours-only", "--given-on", "2026-11-01", "--on", "2026-11-02").code == 0
    assert board(*endorse, "--hours", "2", "--instructor", "I-7", "--on", "2026-11-03").code == 0
    rows = board("endorsement", "list", "R1", "--json").rows
    assert [(row["given_on"], row["hours"], row["endorsed"]) for row in rows] == [
        ("2026-11-01", "1", False),
        ("2026-11-03", "2", True),
    ]
    event = str(rows[1]["event"])
    assert board("endorsement", "withdraw", "R1", "--event", event, *WHY, "--on", "2026-11-04").code == 0
    assert board("endorsement", "list", "R1", "--json").rows[1]["withdrawn"] is True
    assert "an endorsement by an instructor is missing" in board(*admit).out
    assert board(*endorse, "--hours", "2", "--on", "2026-11-05").code == 0
    assert board(*admit).code == 0
    said = board("audit", "verify", "--redecide")
    assert (said.code, said.err) == (0, ""), said.out
    told = board("audit", "replay", "R1").out
    assert "withdraw_endorsement" in told
