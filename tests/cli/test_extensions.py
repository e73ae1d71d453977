"""Decisions for one application or a whole cohort, from the command line."""

from __future__ import annotations

import pytest

WHY = ("--reason", "epidemic", "--authority", "notice 8")


def test_an_extension_is_granted_shown_and_listed(run):
    """The new last valid day, the reason and the authority are shown; an expired application is reinstated."""
    said = run("extension", "grant", "A5", "--part", "theory", "--until", "2027-12-31", *WHY)
    assert said.out == "A5: ValidityExtended theory on 2026-11-22; now comprehensive_review\n"
    shown = run("application", "show", "A5").out
    assert "its last valid day is 2027-12-31" in shown
    assert "theory extended through 2027-12-31 by local:" in shown
    assert "epidemic; authority notice 8" in shown
    said = run("extension", "grant", "A3", "--part", "理论知识", "--by-months", "12", "--on", "2026-11-20", *WHY)
    assert said.out == (
        "A3: Expired (theory lapsed) on 2026-06-21, Reinstated on 2026-11-20, "
        "ValidityExtended theory on 2026-11-20; now skills_exam\n"
    )
    rows = run("extension", "list", "--json").rows
    assert [(r["application"], r["until"], r["authority"]) for r in rows] == [
        ("A3", "2027-06-20", "notice 8"),
        ("A5", "2027-12-31", "notice 8"),
    ]
    assert run("extension", "list", "--part", "skills").out == ""


def test_a_whole_session_is_extended_and_nobody_is_blocked(run):
    """Each is told on its own; who it does not apply to is named with the reason; a dry run writes nothing."""
    line = ("extension", "grant", "--sitting", "S1", "--part", "theory", "--by-months", "12", *WHY)
    dry = run(*line, "--dry-run")
    assert dry.code == 3
    assert "A1: refused: its set is complete and does not lapse any more" in dry.out
    assert dry.out.endswith("1 done, 1 refused (dry run: nothing was written)\n")
    assert run("extension", "list").out == ""
    rows = {r["application"]: r for r in run(*line, "--json").rows}
    assert (rows["A1"]["refused"], rows["A3"]["state"]) == (True, "skills_exam")
    assert "A3: unchanged; this had been done before" in run(*line).out


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        (("--part", "theory", "--until", "2027-01-01", *WHY), 2, "say for whom"),
        (("A5", "--part", "theory", *WHY), 2, "give either --until or --by-months"),
        (("A5", "--part", "theory", "--until", "2027-01-01", "--reason", "x"), 2, "--authority"),
        (
            ("A5", "--part", "nix", "--until", "2028-01-01", *WHY),
            3,
            "has no part 'nix'; it has: theory, skills, review",
        ),
        (("A5", "--part", "theory", "--until", "2027-06-20", *WHY), 3, "is valid through 2027-06-20 already"),
        (("A5", "--part", "theory", "--until", "2028-01-01", "--on", "2026-11-23", *WHY), 3, "lies in the future"),
        (("Z9", "--part", "theory", "--until", "2028-01-01", *WHY), 4, "no application Z9"),
        (("--cohort", "C9", "--part", "theory", "--until", "2028-01-01", *WHY), 4, "no application fits: cohort C9"),
    ],
)
def test_extension_refuses_clearly(run, line, code, words):
    """What cannot be granted is told with what can."""
    said = run("extension", "grant", *line)
    assert said.code == code
    assert words in said.err


def test_applications_are_suspended_and_resumed_from_a_list(run, tmp_path):
    """A file names them one a line; each is suspended by its own event, shown, and resumed."""
    file = tmp_path / "list.txt"
    file.write_text("application\nA4\nA5 # second\n\nZ9\n", encoding="utf-8")
    said = run("application", "suspend", "--applications", file, *WHY)
    assert said.code == 4
    assert said.out.endswith("2 done, 1 refused\n")
    shown = run("application", "show", "A4").out
    assert "the end of the suspension: epidemic (from the board)" in shown
    assert "suspended by local:" in shown
    said = run("application", "suspend", "A4", *WHY)
    assert said.code == 3
    assert "is suspended already" in said.err
    assert run("application", "resume", "A4", "A5", *WHY, "--on", "2026-11-22").code == 0
    assert "suspension" not in run("application", "show", "A4").out
    assert run("application", "suspend", *WHY).code == 2
    file.write_text("\n", encoding="utf-8")
    assert run("application", "suspend", "--applications", file, *WHY).code == 2


def test_training_is_waived_for_a_scheme_and_level(run):
    """The others are named with the reason."""
    said = run("training", "waive", "--scheme", "三级制", "--level", "3", *WHY, "--json")
    assert [(r["application"], r["state"]) for r in said.rows] == [("A6", "trained")]
    assert "training waived by local:" in run("application", "show", "A6").out
    said = run("training", "show", "A6").out
    assert "waived by local:" in said
    assert "epidemic; authority notice 8" in said


def test_a_round_is_tagged_and_decided_as_a_cohort(alone, round_folder, tmp_path, monkeypatch):
    """The tag of an import belongs to its new applications, by which they are listed and decided."""
    database = ("--database", tmp_path / "c.db")
    assert alone(*database, "round", "import", round_folder, "--cohort", "2024-26").code == 0
    assert len(alone(*database, "application", "list", "--cohort", "2024-26", "--json").rows) == 7
    assert alone(*database, "application", "list", "--cohort", "other", "--json").out == ""
    again = alone(*database, "round", "import", round_folder, "--cohort", "other", "--json").row
    assert again["counts"]["events_written"] == 0
    said = alone(*database, "application", "suspend", "--cohort", "2024-26", "--level", "2", *WHY)
    assert said.out.startswith("A5: ApplicationSuspended on 2026-11-22; now comprehensive_review\n")


def test_a_part_is_carried_over(run, facts):
    """Marks and days come from the old application; the new one shows where from and until when."""
    person = run("candidate", "find", "--name", "王A5").row["candidate"]
    line = ("application", "submit", "--candidate", person, "--scheme", "lrc-2019", "--level", "2", "--number", "N5")
    facts.write_text(facts.read_text().replace("level: 4", "level: 3"), encoding="utf-8")
    assert run(*line, "--evidence", facts, "--on", "2026-11-01").code == 0
    assert run("eligibility", "decide", "N5", "--accept").code == 0
    carry = ("application", "carry-over", "N5", "--from", "A5", "--part", "theory")
    assert run(*carry).code == 2
    said = run(*carry, "--reason", "still valid", "--authority", "rule 12")
    assert said.out == "N5: PartCarriedOver theory S2 on 2026-11-22; now skills_exam\n"
    shown = run("application", "show", "N5").out
    assert "its last valid day is 2027-06-20" in shown
    assert "theory carried over from A5, valid through 2027-06-20 by local:" in shown
    said = run("application", "carry-over", "N5", "--from", "A8", "--part", "skills", *WHY)
    assert said.code == 3
    assert "A8 is the application of another candidate" in said.err
    assert "skills is not held in A8 on 2026-11-22; held: nothing" in said.err
    assert "neither is the level the same" in said.err
