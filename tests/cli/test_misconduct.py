"""Misconduct, from the command line."""

from __future__ import annotations

WHY = ("--reason", "notes under the paper", "--authority", "board minute 17")
FIND = ("misconduct", "find", "A1", "--heard-on", "2024-07-01", "--on", "2024-07-02")


def test_reported_found_listed_and_lifted(run):
    """A report decides nothing; a finding says what follows and by which event it is lifted; lifting restores."""
    said = run(
        "misconduct", "report", "A1", "--sitting", "S1", "--part", "理论", "--what", "notes", "--on", "2024-05-18"
    )
    assert said.out == "A1: IncidentReported theory S1 on 2024-05-18; now awaiting_award\n"
    said = run(*FIND, "--degree", "minor", "--sitting", "S1", "--part", "theory", *WHY)
    assert said.code == 0
    event = run("application", "show", "A1", "--json").row["events"]
    assert said.out.splitlines()[1:] == [
        f"  event {event}: misconduct lift takes it back",
        "  theory is no longer held",
        "  the set of parts is no longer complete",
        "  the application moves from awaiting_award to theory_exam",
    ]
    rows = run("misconduct", "list").rows
    assert [(r["kind"], r["degree"], r["event"]) for r in rows] == [
        ("reported", None, event - 1),
        ("in force", "minor", event),
    ]
    assert len(run("misconduct", "list", "--in-force", "--as-of", "2024-07-01").rows) == 0
    lift = ("misconduct", "lift", "A1", "--reason", "another's notes", "--authority", "appeal 3")
    said = run(*lift, "--event", event - 1)
    assert (said.code, f"there are: [{event}]" in said.err) == (3, True)
    said = run(*lift, "--event", event, "--json").row
    assert said["state"] == "awaiting_award"
    assert "the set of parts is complete" in said["effects"]
    assert run("misconduct", "list", "--in-force").out == ""


def test_a_bar_holds_for_the_person_and_is_counted(run):
    """The last day of the bar is the degree's, from the finding; nobody types it."""
    said = run(*FIND[:-1], "2026-11-01", "--degree", "very_serious", *WHY)
    assert "  barred through 2027-11-01\n" in said.out
    run("sitting", "create", "S9", "--part", "theory", "--on", "2026-11-21")
    refused = run("sitting", "admit", "S9", "A1", "--on", "2026-11-10")
    assert refused.code == 3
    assert "barred through 2027-11-01 for misconduct found in A1" in refused.out


def test_what_is_wrong_with_a_finding_is_said(run):
    """An unknown degree, a part that was not sat, no hearing, and a hearing after the finding."""
    said = run(*FIND, "--degree", "gravest", *WHY)
    assert (said.code, "it has: minor, serious, very_serious" in said.err) == (3, True)
    said = run(*FIND, "--degree", "minor", "--sitting", "S7", "--part", "theory", *WHY)
    assert (said.code, "was never admitted to theory at sitting S7" in said.err) == (3, True)
    said = run(
        "misconduct", "find", "A1", "--degree", "false_papers", "--heard-on", "2024-07-03", "--on", "2024-07-02", *WHY
    )
    assert (said.code, "lies after the finding" in said.err) == (3, True)
    assert run("misconduct", "find", "A1", "--degree", "false_papers", *WHY).code == 2
    assert run("misconduct", "report", "NOPE", "--sitting", "S1", "--what", "x").code == 4
    said = run("misconduct", "report", "A2", "--sitting", "S1", "--what", "x")
    assert said.code == 3
