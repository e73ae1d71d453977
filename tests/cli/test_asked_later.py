"""Evidence that is added after the acceptance, and exemptions by choice, from the command line."""

from __future__ import annotations

import pytest

from tests.cli.conftest import filed_under

LATER = """exemptions:
      "6a":
        choose: 1
        parts: [theory, skills]
        all: [{work: {years: 1, counted: cumulative}}]
        clause: {source: board, at: 6 (a)}
    award_conditions:
      "7":
        all: [{statement: {any_of: [oath]}}]
        clause: {source: board, at: "7"}
    conditions:"""
ASKS = """conditions:
      "5":
        all: [{age: {least: 18}}]
        clause: {source: board, at: "5"}
    """


@pytest.fixture
def board(run, facts, tmp_path):
    """Give a board whose newest scheme asks for an age before the theory exam, and R1 accepted under it."""
    filed_under(run, facts, tmp_path, ASKS, LATER)
    return run


def test_what_a_part_asks_for_is_shown_later(board, tmp_path):
    """The admission is refused with what is missing and its clause, until it is added; the same is not added twice."""
    admit = ("sitting", "admit", "S9", "R1", "--part", "theory", "--on", "2026-10-01")
    refused = board(*admit)
    assert refused.code == 3
    assert "theory on 2026-10-10: Condition 5 is not met: " in refused.out
    assert "Condition 5 is not met" in board("application", "show", "R1").out
    (tmp_path / "more.yaml").write_text("born_on: 2008-10-10\n", encoding="utf-8")
    add = ("evidence", "add", "R1", "--evidence", tmp_path / "more.yaml", "--on", "2026-09-01")
    assert board(*add).out.startswith("R1: EvidenceAdded")
    again = board(*add)
    assert (again.code, "it shows nothing that was not shown before" in again.err) == (3, True)
    assert board(*admit).code == 0


def test_a_part_is_chosen_for_an_exemption(board):
    """By the part's key or name; none is not enough."""
    grant = ("exemption", "grant", "R1", "--exemption", "6a", "--on", "2026-02-01")
    refused = board(*grant)
    assert refused.code == 3
    assert "exemption 6a is of 1 of theory, skills; parts given: none" in refused.err
    assert board(*grant, "--part", "skills").code == 0
    assert board("application", "show", "R1", "--json").row["parts_held"] == ["skills"]
    (row,) = board("exemption", "list", "R1", "--json").rows
    assert (row["parts"], row["choose"], row["granted"]) == (["skills"], 1, True)
