"""Applications: filed, shown, listed, ended, and every event of theirs."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import document


def test_show_says_what_is_held_awaited_and_due(run):
    """Whoever holds a part is told until when, what comes next and from whom, and what the clock will do."""
    said = run("application", "show", "A3", "--as-of", "2026-06-20")
    assert said.code == 0
    assert "application A3: skills_exam on 2026-06-20" in said.out
    assert "accepted under condition 1 [seed-001 Level 3 (1)]" in said.out
    assert "theory, sat 2024-05-18 (S1); its last valid day is 2026-06-20" in said.out
    assert "admission to a sitting of skills (from the board)" in said.out
    assert "2026-06-21: theory lapsed: the application expires" in said.out
    assert "王" in said.out
    assert "王A3" not in said.out


def test_show_explains_an_expiry_before_and_after_it_is_written_down(run):
    """An application whose time ran out is expired although no job has run, with its clause and last valid day."""
    said = run("application", "show", "A3", "--as-of", "2026-06-21")
    assert "application A3: expired on 2026-06-21" in said.out
    assert "since theory lapsed; its last valid day was 2026-06-20" in said.out
    assert "by clause: not in the edition: a default" in said.out
    assert "not written down yet" in said.out
    assert run("jobs", "run", "expire", "--day", "2026-06-21").code == 0
    assert "recorded as event 8" in run("application", "show", "A3", "--as-of", "2026-06-21").out


def test_show_explains_a_refusal(run):
    """A refused candidate is told of every condition what is missing, with its clause."""
    said = run("application", "show", "A2")
    assert "refused on 2024-03-15: no condition is met" in said.out
    assert "Condition 1 is not met: not shown: level-4 certificate" in said.out
    assert "[seed-001 Level 3 (5)]" in said.out


def test_show_of_a_complete_set_says_that_it_does_not_lapse(run):
    """A completed set is held for good, and the award is awaited from the board."""
    said = run("application", "show", "A1")
    assert said.out.count("the set is complete, so it does not lapse any more") == 2
    assert "the decision to certify (from the board)" in said.out
    assert "clock" not in said.out


def test_show_hides_marks_that_are_not_announced(run):
    """Marks that are held back are not shown, in text or JSON."""
    said = run("application", "show", "A8")
    assert "marked; not announced yet" in said.out
    row = run("application", "show", "A8", "--json").row
    assert "70" not in said.out.replace(row["candidate"], "")  # the key is drawn by chance, and one in twenty has a 70
    (attempt,) = row["attempts"]
    assert (attempt["outcome"], attempt["score"]) == ("recorded", None)


def test_show_as_json(run):
    """The JSON of an application has the row of the list and everything else."""
    row = run("application", "show", "A5", "--as-of", "2026-11-20", "--json").row
    assert row["state"] == "comprehensive_review"
    assert row["parts_held"] == ["skills", "theory"]
    assert row["awaited"] == [{"what": "the review by a panel", "from": "board"}]
    assert row["next_on"] == "2027-06-21"


def test_known_at_hides_what_was_recorded_later(run):
    """Asked by what was known before the import, there is no such application; a day means its end."""
    assert run("application", "show", "A1", "--known-at", "2026-11-20").code == 4
    assert run("application", "show", "A1", "--known-at", "2026-11-21").code == 0
    assert run("application", "show", "A1", "--known-at", "2026-11-21T11:59").code == 4  # in the board's zone
    assert run("application", "show", "A1", "--known-at", "2026-11-21T12:00").code == 0
    assert run("application", "show", "A1", "--known-at", "2026-11-21T04:00Z").code == 0
    assert "as known at 2026-11-21T12:00:00+08:00" in run(
        "application", "show", "A1", "--known-at", "2026-11-21T12:00"
    ).out  # fmt: skip


def test_list_gives_every_application_by_state_and_day(run):
    """The list has one row for each application, on the day asked about."""
    rows = {row["application"]: row["state"] for row in run("application", "list", "--json").rows}
    assert rows == {
        "A1": "awaiting_award",
        "A2": "refused",
        "A3": "expired",
        "A4": "trained",
        "A5": "comprehensive_review",
        "A6": "submitted",
        "A8": "theory_exam",
    }
    assert {r["state"] for r in run("application", "list", "--as-of", "2024-03-15").rows} == {
        "trained",
        "refused",
        "submitted",
    }
    assert run("application", "list", "--as-of", "2024-03-14").out == ""


def test_list_by_state_and_misspelt_state(run):
    """A state that nothing is in gives an empty list; one that does not exist is an error."""
    assert [r["application"] for r in run("application", "list", "--state", "expired", "--state", "trained").rows] == [
        "A3",
        "A4",
    ]
    assert run("application", "list", "--state", "withdrawn").out == ""
    said = run("application", "list", "--state", "exprired")
    assert said.code == 2
    assert "there is no state 'exprired'; there are: annulled, awaiting_award" in said.err


def test_list_is_a_table_on_a_terminal(run, monkeypatch):
    """On a terminal the list is a table with a title for each column, and no JSON."""
    monkeypatch.setattr("cli.output.is_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "200")
    said = run("application", "list")
    assert "Application" in said.out
    assert "comprehensive_review" in said.out
    assert "{" not in said.out
    assert run("application", "list", "--as-of", "2024-03-14").out == "none\n"
    assert run("application", "list", "--json").rows


def test_history_shows_every_event(run):
    """Every event bears its order, day, instant, actor, type, states and data."""
    rows = run("application", "history", "A3").rows
    assert [row["sequence"] for row in rows] == list(range(1, len(rows) + 1))
    assert [row["type"] for row in rows][:3] == ["Submitted", "EligibilityAccepted", "Admitted"]
    assert rows[0]["recorded_at"] == "2026-11-21T04:00:00.000000Z"
    assert rows[1]["data"]["condition"] == "1"
    assert rows[1]["previous"] == rows[0]["hash"]
    assert all(row["actor"].startswith("local:") for row in rows)
    assert document(3) not in json.dumps(rows)


def test_history_on_a_terminal_is_text(run, monkeypatch):
    """On a terminal each event is a line of text and a line of what it says."""
    monkeypatch.setattr("cli.application.is_terminal", lambda: True)
    said = run("application", "history", "A3")
    assert "submitted -> trained" in said.out
    assert "evidence 1 certificates, 1 work" in said.out
    assert "part theory; sitting S1; sat_on 2024-05-18; score 60" in said.out


def test_submit_files_an_application(run, facts):
    """An application is filed under the edition in force, once; its number is the board's own."""
    key = run("candidate", "find", "--name", "王A1").row["candidate"]
    line = ("application", "submit", "--candidate", key, "--occupation", "4-07-03-02", "--level", "三级")
    said = run(*line, "--evidence", facts, "--on", "2026-01-10", "--number", "T1", "--json")
    assert said.code == 0
    assert said.row["state"] == "submitted"
    assert run("application", "show", "T1", "--json").row["scheme"] == "lrc-2019"
    assert run(*line, "--evidence", facts, "--on", "2026-01-10", "--number", "T1").code == 5
    made = run(*line, "--evidence", "-", stdin=facts.read_text()).out
    assert made.startswith("E-")
    undecided = run("application", "show", "T1")
    assert "not decided yet; the evidence says:" in undecided.out
    assert "Condition 1 is met" in undecided.out


def test_a_second_running_application_at_one_level_is_filed_with_a_note(run, facts):
    """Nothing forbids it, so it is filed; who files is told of the one that runs, and of none that has ended."""
    key = run("candidate", "find", "--name", "王A1").row["candidate"]
    what = ("--candidate", key, "--occupation", "4-07-03-02", "--level", "2", "--evidence", facts)
    line = ("application", "submit", *what, "--on", "2026-01-10")
    first = run(*line, "--number", "T1")
    assert (first.code, first.err) == (0, "")
    second = run(*line, "--number", "T2")
    assert second.code == 0
    assert "an application at this level that has not ended: T1 (submitted, submitted on 2026-01-10)" in second.err
    assert "T1" in run(*line, "--dry-run").out
    assert [note for note in run(*line, "--dry-run", "--json").row["notes"] if "T2" in note]
    assert run("application", "withdraw", "T1").code == run("application", "withdraw", "T2").code == 0
    third = run(*line, "--number", "T3", "--json")
    assert (third.code, third.err, "notes" in third.row) == (0, "", False)


def test_submit_refuses_what_does_not_exist(run, facts):
    """What is unknown is not found, a day to come is refused, and half a question is a usage error."""
    key = run("candidate", "find", "--name", "王A1").row["candidate"]
    line = ("application", "submit", "--evidence", facts, "--level", "3")
    assert run(*line, "--candidate", "nobody", "--scheme", "lrc-2019").code == 4
    assert run(*line, "--candidate", key, "--scheme", "nix").code == 4
    assert run(*line, "--candidate", key, "--scheme", "lrc-three-level", "--level", "4").code == 4
    assert run(*line, "--candidate", key, "--scheme", "lrc-2019", "--on", "2026-11-23").code == 3
    assert run(*line, "--candidate", key).code == 2
    assert run(*line, "--candidate", key, "--scheme", "lrc-2019", "--edition", "2019").code == 2
    assert run(*line, "--candidate", key, "--scheme", "lrc-2019", "--number", document(1)).code == 2


@pytest.mark.parametrize(
    ("verb", "options", "state"),
    [
        ("withdraw", ["--reason", "moved away"], "withdrawn"),
        ("withdraw", [], "withdrawn"),
        ("annul", ["--reason", "impersonation", "--authority", "board minute 7"], "annulled"),
    ],
)
def test_an_application_is_ended_once(run, verb, options, state):
    """Whoever withdraws, or is annulled, has ended; a second time is refused with what is possible."""
    said = run("application", verb, "A4", *options, "--on", "2026-11-01")
    assert said.code == 0
    assert said.out.endswith(f"on 2026-11-01; now {state}\n")
    again = run("application", verb, "A4", *options)
    assert again.code == 3
    assert f"the application is {state}" in again.err
    assert run("application", "show", "A4").out.startswith(f"application A4: {state}")


def test_a_reason_with_an_identity_number_is_refused_without_repeating_it(run):
    """No personal value enters the record by way of a reason, and the message does not repeat it."""
    said = run("application", "withdraw", "A4", "--reason", f"id {document(4)} moved")
    assert said.code == 2
    assert "no personal value may enter the record" in said.err
    assert document(4) not in said.err


def test_actor_stands_in_the_event(run):
    """Who acts is named before the noun, behind the verb or in the environment."""
    assert run("--actor", "clerk 7", "application", "withdraw", "A4").code == 0
    assert run("application", "withdraw", "A5", "--actor", "clerk 8").code == 0
    actors = [run("application", "history", key).rows[-1]["actor"] for key in ("A4", "A5")]
    assert actors == ["clerk 7", "clerk 8"]
