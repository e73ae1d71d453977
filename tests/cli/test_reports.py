"""Reports: one set of numbers in every form, and cohorts in which nobody is recognised."""

from __future__ import annotations

import csv

import pytest
from python_calamine import CalamineWorkbook

from tests.cli.conftest import FACTS, document


@pytest.fixture
def cohort(run, tmp_path):
    """Give the tag of a cohort of seven applications, of which two are refused."""
    facts, nothing = tmp_path / "facts.yaml", tmp_path / "nothing.yaml"
    facts.write_text(FACTS, encoding="utf-8")
    nothing.write_text("work: []\n", encoding="utf-8")
    for n in range(1, 8):
        person = ("--name", "王晓明", "--document-type", "resident_id", "--document-number", document(100 + n))
        key = run("candidate", "add", *person, "--json").row["candidate"]
        line = ("--candidate", key, "--scheme", "lrc-2019", "--level", "3", "--number", f"C{n}", "--cohort", "union")
        shown = facts if n < 6 else nothing
        said = run("application", "submit", *line, "--evidence", shown, "--on", "2026-11-01")
        assert said.code == 0, said.err
    return "union"


def test_results_are_counted_by_scheme_and_level(run):
    """By default there is a line for each level, with conditions, parts, ends, rates and days, and one of all."""
    rows = run("report", "results", "--json").rows
    assert [(row["scheme"], row["level"]) for row in rows[:-1]] == sorted(
        ((row["scheme"], row["level"]) for row in rows[:-1]), key=lambda x: (x[0], -x[1])
    )
    third = next(row for row in rows if (row["scheme"], row["level"]) == ("lrc-2019", 3))
    assert (third["applied"], third["eligible"], third["expired"], third["expired_by_theory"]) == (5, 4, 1, 1)
    assert (third["theory_sat"], third["theory_passed"], third["theory_pending"], third["skills_absent"]) == (
        3,
        2,
        1,
        1,
    )
    assert (third["awaiting_award"], third["certified"], third["pass_rate"], third["suppressed"]) == (1, 0, 0.0, [])
    assert (rows[-1]["all"], rows[-1]["scheme"], rows[-1]["applied"]) == (True, None, 7)


def test_results_as_a_table_say_what_their_words_mean(run):
    """The table leaves zeros out and explains its words below."""
    said = run("report", "results").out
    assert "theory_passed" in said
    assert "theory_void" not in said
    assert "pass_rate: certified / assessed" in said


def test_results_ask_about_any_day_and_any_knowledge(run):
    """As of an earlier day nothing had lapsed; by what was known before the import nobody had applied."""
    rows = run("report", "results", "--as-of", "2026-06-20", "--json").rows
    assert rows[-1]["expired"] == 0
    assert run("report", "results", "--known-at", "2026-11-20", "--json").rows == []
    assert run("report", "results", "--known-at", "2026-11-20").out == "no applications\n"


def test_results_by_session(run):
    """By session there is a line for each, and one for those who were never admitted."""
    rows = {row["session"]: row for row in run("report", "results", "--by", "session", "--json").rows}
    assert list(rows) == ["S1", "S2", "S3", None]
    assert (rows["S1"]["applied"], rows["S1"]["skills_absent"], rows["S2"]["skills_passed"]) == (2, 1, 1)
    assert "an application counts in each session" in run("report", "results", "--by", "session").out


def test_an_unknown_group_is_a_usage_error(run):
    """A misspelt group is named with those that there are; a file's ending must be its form's."""
    said = run("report", "results", "--by", "scheme,levle")
    assert (said.code, "levle: no such group; there are: scheme, level, session, cohort" in said.err) == (2, True)
    assert run("report", "results", "--by", ",").code == 2
    assert run("report", "results", "--csv", "a.xlsx").code == 2
    assert run("report", "results", "--xlsx", "a.csv").code == 2
    assert run("report", "results", "--csv", "none/a.csv").code == 8


def test_files_hold_what_json_says(run, tmp_path):
    """CSV and XLSX have the same figures under the same names; the workbook explains them on a second sheet."""
    rows = run("report", "results", "--json").rows
    said = run("report", "results", "--csv", "r.csv", "--xlsx", "r.xlsx")
    assert said.out == f"{len(rows)} rows written to r.csv\n{len(rows)} rows written to r.xlsx\n"
    with (tmp_path / "here/r.csv").open(encoding="utf-8-sig", newline="") as file:
        filed = list(csv.DictReader(file))
    for line, row in zip(filed, rows, strict=True):
        for name, text in line.items():
            assert text == ("" if row[name] is None else str(row[name]).removesuffix(".0")), name
    book = CalamineWorkbook.from_path(tmp_path / "here/r.xlsx")
    head, first, *_ = book.get_sheet_by_index(0).to_python()
    assert dict(zip(head, first, strict=True))["applied"] == rows[0]["applied"]
    assert any("pass_rate: certified / assessed" in str(line[0]) for line in book.get_sheet_by_index(1).to_python())


def test_a_session_is_counted_part_by_part(run):
    """A session has a line for each level and part, with the rate of those who passed; another is not found."""
    rows = run("report", "session", "S1", "--json").rows
    assert [(row["level"], row["part"]) for row in rows] == [(3, "theory"), (3, "skills")]
    assert (rows[0]["sat"], rows[0]["passed"], rows[0]["part_pass_rate"]) == (2, 2, 1.0)
    assert (rows[1]["admitted"], rows[1]["absent"], rows[1]["first_passed"]) == (2, 1, 1)
    pending = run("report", "session", "S3", "--json").row
    assert (pending["pending"], pending["part_pass_rate"]) == (1, None)
    assert "part_pass_rate: passed / (passed + failed)" in run("report", "session", "S1").out
    said = run("report", "session", "NOPE")
    assert (said.code, "no session NOPE" in said.err) == (4, True)


def test_small_counts_of_a_cohort_are_withheld_everywhere(run, cohort, tmp_path):
    """Two who are not eligible are withheld, and with them the five who are, since the seven would give them away."""
    row = run("report", "cohort", cohort, "--json").row
    assert (row["applied"], row["not_eligible"], row["eligible"]) == (7, None, None)
    assert {"not_eligible", "eligible", "eligible_by_1"} <= set(row["suppressed"])
    said = run("report", "cohort", cohort)
    lines = {line.split()[0]: line.split()[1:] for line in said.out.splitlines() if line.strip()}
    assert (lines["applied"], lines["not_eligible"], lines["eligible"]) == (["7"], ["<5"], ["*"])
    assert "<5: a count from 1 to 4, withheld so that nobody is recognised" in said.out
    told = run("report", "cohort", cohort, "--csv", "c.csv", "--xlsx", "c.xlsx")
    assert "note: <5: a count from 1 to 4" in told.err
    with (tmp_path / "here/c.csv").open(encoding="utf-8-sig", newline="") as file:
        (filed,) = csv.DictReader(file)
    assert (filed["not_eligible"], filed["eligible"]) == ("<5", "*")
    assert "<5" in CalamineWorkbook.from_path(tmp_path / "here/c.xlsx").get_sheet_by_index(0).to_python()[1]


def test_small_counts_are_shown_to_who_asks_for_them(run, cohort):
    """With --reveal-small every count is there, and nothing is suppressed."""
    row = run("report", "cohort", cohort, "--reveal-small", "--json").row
    assert (row["applied"], row["not_eligible"], row["eligible"], row["suppressed"]) == (7, 2, 5, [])


def test_all_cohorts_beside_each_other(run, cohort):
    """By cohort, those without one are a line too, and the line of all is what everybody knows."""
    rows = run("report", "results", "--by", "cohort", "--json").rows
    assert [(row["cohort"], row["all"]) for row in rows] == [(cohort, False), (None, False), (None, True)]
    assert rows[2]["suppressed"] == []
    shown = [row["not_eligible"] for row in rows]
    assert shown[:2] == [None, None]
    said = run("report", "cohort", "unoin")
    assert (said.code, "there are: union" in said.err) == (4, True)
