"""Rechecks, from the command line."""

from __future__ import annotations

import pytest

LINE = ("--sitting", "S9", "--part", "theory")
WHY = ("--reason", "sheet 3 was not added", "--authority", "recheck 12")


@pytest.fixture
def announced(run):
    """Give the command line of a board on which A4 has 59.5 in theory at S9, announced on 2026-11-06, a Friday."""
    run("sitting", "create", "S9", "--part", "theory", "--part", "skills", "--on", "2026-10-10")
    run("sitting", "admit", "S9", "A4", "--on", "2026-10-01")
    run("score", "record", "A4", *LINE, "--score", "59.5")
    assert run("score", "announce", "--sitting", "S9", "--on", "2026-11-06").code == 0
    return run


def test_a_recheck_is_asked_for_listed_and_decided(announced):
    """The last day for the decision is told; the list flags it once it has passed; the effects are printed."""
    assert announced("recheck", "list").out == ""
    said = announced("recheck", "request", "A4", *LINE, "--reason", "sum", "--on", "2026-11-16")
    assert said.out == (
        "A4: RecheckRequested theory S9 on 2026-11-16; now theory_exam\n  to be decided by 2026-11-30\n"
    )
    assert announced("recheck", "list", "--as-of", "2026-11-30", "--overdue").out == ""
    awaits = "the decision on the recheck of theory sat on"
    assert awaits in announced("application", "show", "A4").out
    row = announced("recheck", "list", "--as-of", "2026-12-01", "--overdue").row
    assert row == {
        "application": "A4",
        "part": "theory",
        "sitting": "S9",
        "requested_on": "2026-11-16",
        "decide_by": "2026-11-30",
        "overdue": True,
    }
    again = announced("recheck", "request", "A4", *LINE)
    assert (again.code, "was asked for on 2026-11-16" in again.err) == (3, True)
    assert announced("recheck", "decide", "A4", *LINE, *WHY).code == 2
    assert announced("recheck", "decide", "A4", *LINE, *WHY, "--score", "60", "--unchanged").code == 2
    said = announced("recheck", "decide", "A4", *LINE, *WHY, "--score", "60", "--json").row
    assert said["effects"] == [
        "theory is held through 2028-11-06",
        "the application moves from theory_exam to skills_exam",
    ]
    shown = announced("application", "show", "A4").out
    assert "60 marks (before: 59.5), passed, announced 2026-11-06" in shown
    assert awaits not in shown
    assert announced("recheck", "list").out == ""


def test_a_recheck_outside_its_window_is_refused_by_the_clause(announced):
    """Ten days end on 2026-11-16; the refusal says the last day and whose rule it is."""
    said = announced("recheck", "request", "A4", *LINE, "--on", "2026-11-17")
    assert said.code == 3
    assert "a recheck could be asked for through 2026-11-16 [the board's own policy recheck]" in said.err
    assert announced("recheck", "request", "A4", *LINE, "--on", "2026-12-01").code == 3
    assert announced("recheck", "request", "NOPE", *LINE).code == 4
    said = announced("recheck", "request", "A5", "--sitting", "S2", "--part", "review")
    assert (said.code, "grants no recheck of review" in said.err) == (3, True)


def test_the_boards_own_days_move_a_last_day(announced, tmp_path):
    """A rest day of the board's own settings moves the last day; a working day of its own keeps it."""
    (tmp_path / "here" / "examboard.toml").write_text("rest_days = [2026-11-16]\n", encoding="utf-8")
    said = announced("recheck", "request", "A4", *LINE, "--on", "2026-11-17")
    assert said.code == 0
    assert "to be decided by 2026-12-01" in said.out
    (tmp_path / "here" / "examboard.toml").unlink()
    assert announced("db", "check").code == 0
    assert announced("application", "show", "A4").code == 0


def test_an_unchanged_decision_says_that_nothing_else_changes(announced):
    """Unchanged is a decision too."""
    announced("recheck", "request", "A4", *LINE, "--on", "2026-11-10")
    said = announced("recheck", "decide", "A4", *LINE, "--unchanged", *WHY)
    assert said.out.endswith("now theory_exam\n  nothing else changes\n")
    assert announced("recheck", "decide", "A4", *LINE, "--unchanged", *WHY).code == 3
