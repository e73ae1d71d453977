"""`examboard audit replay` and `diff`: what an auditor asks of one history."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from workflow.rules import RULES


@pytest.fixture
def amended(run):
    """Give an application whose theory was amended from 60 to 72 on 2026-11-22."""
    said = run(
        *("score", "amend", "A1", "--part", "theory", "--sitting", "S1", "--score", "72"),
        *("--reason", "sum was wrong", "--authority", "minute 7"),
    )
    assert said.code == 0, said.err
    return "A1"


def test_every_fact_is_a_line_with_its_clause_and_the_standing_is_the_last(run, amended):
    """One object a line: both days, actor, step, states and clause; marks that were amended are superseded."""
    *facts, standing = run("audit", "replay", amended, "--json").rows
    assert [row["sequence"] for row in facts if row["sequence"]] == list(range(1, len(facts) + 1))
    first, second = facts[0], facts[1]
    assert (first["step"], first["source"], first["dest"]) == ("submit", "", "submitted")
    assert first["recorded_at"].startswith("2026-11-21T04:00:00")
    assert (second["step"], second["effective_on"], second["clause"]) == (
        "accept",
        "2024-03-15",
        "seed-001 Level 3 (1)",
    )
    assert all(row["actor"] and row["seen"] == "told" and "rules" not in row for row in facts)
    (marks,) = [row for row in facts if row["superseded_by"]]
    assert (marks["type"], marks["data"]["score"], marks["superseded_by"]) == ("ScoreRecorded", "60", [len(facts)])
    assert standing["standing"]["application"] == "A1"
    assert standing == {"standing": run("application", "show", "A1", "--json").row}


def test_text_tells_the_same_for_people(run, amended):
    """A line for each fact, what it says, by what it was superseded, then the standing with the name masked."""
    said = run("audit", "replay", amended)
    lines = said.out.splitlines()
    assert lines[0].split()[:2] == ["1", "2024-03-15"]
    assert "- -> submitted" in lines[0]
    assert any("superseded by" in line for line in lines)
    assert "application A1: awaiting_award on 2026-11-22" in lines
    assert "王*" in said.out
    assert "王A1" not in said.out


def test_explain_names_every_rule_of_the_step_and_its_answer(run):
    """With --explain each fact has all rules of its step, each with what it asks and that it says yes."""
    wanted = {fact.__name__: [rule.__name__ for rule in rules] for fact, rules in RULES.items()}
    *facts, _standing = run("audit", "replay", "A1", "--explain", "--json").rows
    for row in facts:
        assert [x["rule"] for x in row["rules"]] == wanted.get(row["type"], [])
        assert all(x["yes"] and x["asks"] and x["objection"] is None for x in row["rules"])
    assert "is_not_barred: yes (Nobody is admitted" in run("audit", "replay", "A1", "--explain").out


def test_a_point_of_view_leaves_out_what_was_not_known_or_not_in_effect(run, amended):
    """What lies outside is left out, and with --all-facts listed with the reason."""
    early = run("audit", "replay", amended, "--known-at", "2026-11-21", "--json").rows
    assert not [row for row in early if row.get("type") == "ScoreAmended" or row.get("superseded_by")]
    *facts, standing = run("audit", "replay", amended, "--as-of", "2024-06-01", "--all-facts", "--json").rows
    assert {row["seen"] for row in facts} == {"told", "not yet in effect"}
    assert standing["standing"]["state"] == "theory_exam"
    rows = run("audit", "replay", amended, "--known-at", "2026-11-21", "--all-facts", "--json").rows
    assert rows[-2]["seen"] == "not known yet"
    assert (
        "(not known yet) amend_score"
        in run(*("audit", "replay", amended, "--known-at", "2026-11-21", "--all-facts")).out
    )


def test_the_clock_is_told_without_a_number(run):
    """An expiry that nobody has written down is told as the clock's, by the clause of the lapse."""
    *_, clock, standing = run("audit", "replay", "A3", "--json").rows
    assert (clock["step"], clock["sequence"], clock["seen"]) == ("expire", None, "by the clock")
    assert (clock["effective_on"], standing["standing"]["state"]) == ("2026-06-21", "expired")
    assert "by the clock; not written down" in run("audit", "replay", "A3").out


def test_nothing_to_see_is_said_with_the_day_from_which_there_is(run):
    """An unknown application, a wrong day and a moment before anything was recorded each say what is wrong."""
    said = run("audit", "replay", "NOPE")
    assert (said.code, "no application NOPE" in said.err) == (4, True)
    for view in (("--known-at", "2026-11-20"), ("--as-of", "2024-03-14")):
        for verb in (("replay",), ("replay", "--all-facts", "--json")):
            said = run("audit", verb[0], "A1", *verb[1:], *view)
            assert said.code == 4, verb
    assert "submitted on 2024-03-15, recorded at 2026-11-21T04:00:00" in run("audit", "replay", "A1", *view).err
    said = run("audit", "replay", "A1", "--as-of", "2024-02-30")
    assert (said.code, "no such day in the calendar" in said.err) == (2, True)
    assert run("audit", "diff", "A1", "--known-at", "yesterday").code == 2


def test_a_difference_names_the_fields_and_the_facts(run, amended):
    """What was known before the amendment and what is known now differ in the result, by the amendment alone."""
    rows = run("audit", "diff", amended, "--known-at", "2026-11-21", "--json").rows
    fields = {row["field"]: (row["before"], row["after"]) for row in rows if row["change"] == "field"}
    assert fields == {"result theory S1": ("60, announced 2024-06-20", "72 (before: 60), announced 2024-06-20")}
    assert [row["type"] for row in rows if row["change"] == "only in the second view"] == ["ScoreAmended"]
    assert [row["type"] for row in rows if row["change"] == "superseded in the second view"] == ["ScoreRecorded"]


def test_a_difference_between_two_days_in_text(run):
    """Between two days: the state, what is held, and the step of the clock that the later day has."""
    said = run("audit", "diff", "A3", "--as-of", "2026-06-20", "--against-as-of", "2026-06-21")
    assert "state: skills_exam -> expired" in said.out
    assert "held theory: through 2026-06-20 -> -" in said.out
    assert "facts only in the second view" in said.out
    assert "by the clock; not written down" in said.out
    same = run("audit", "diff", "A3", "--as-of", "2026-06-20", "--against-as-of", "2026-06-20")
    assert same.out.splitlines()[1:] == ["no difference"]


def test_one_view_may_be_empty_but_not_both(run):
    """Against a view before the submission everything is new; two such views, or none named, are refused."""
    rows = run("audit", "diff", "A1", "--as-of", "2024-01-01", "--against-as-of", "2026-11-20", "--json").rows
    assert ("state", None, "awaiting_award") in [(x["field"], x["before"], x["after"]) for x in rows if "field" in x]
    assert run("audit", "diff", "A1", "--as-of", "2024-01-01").code == 4
    said = run("audit", "diff", "A1")
    assert (said.code, "--against-known-at" in said.err) == (2, True)
    assert run("audit", "diff", "NOPE", "--as-of", "2024-01-01").code == 4


def test_reading_writes_nothing(run, database):
    """What the database holds is the same after every way of asking."""

    def dump():
        with closing(sqlite3.connect(database)) as connection:
            return list(connection.iterdump())

    before = dump()
    assert run("audit", "replay", "A3", "--explain", "--all-facts").code == 0
    assert run("audit", "diff", "A3", "--as-of", "2024-06-20", "--against-as-of", "2026-06-21").code == 0
    assert dump() == before
