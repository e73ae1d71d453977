"""Credits and renewals from the command line, and evidence of every kind in files."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.database import init, open_database
from tests.cli.conftest import run_on
from tests.timeline import SCHEME
from tests.unit.board import Board
from workflow.board.certificates import award

RENEWAL = "credits: 10, least: {ethics: 2}, suspended: {years: 1}, clause: {source: rules, at: renewal}"
CHANGED = f"title: Paper, ->title: Paper, valid_for: {{years: 3}}, renewal: {{{RENEWAL}}}, "
WHY = ("--reason", "illness", "--authority", "minute 12")


@pytest.fixture
def awarded(tmp_path: Path):
    """Give a board with a certificate of 2024-07-01, which is valid through 2027-07-01 and can be renewed."""
    file = tmp_path / "board.db"
    init(f"sqlite:///{file}")
    database = open_database(f"sqlite:///{file}")
    board = Board(database, renewal=CHANGED).file("A1")
    for part in ("theory", "skills"):
        board.score("A1", part, "S1", "2024-05-18", "60", "2024-06-20")
    award(board.service, "A1", authority="minute 1")
    database.close()
    return lambda *arguments: run_on(str(file), *arguments)


def test_a_certificate_is_renewed_by_its_credits(awarded):
    """Credits, their rejection, what is missing, the renewal and what lists and verification then say."""
    earned = ("certificate", "credit", "T2430001", "--earned-on", "2026-05-10", "--credits")
    assert awarded(*earned, "8").code == 0
    event = awarded(*earned, "2", "--category", "ethics", "--json").row["events"][0]
    assert event["type"] == "CreditRecorded"
    said = awarded(*earned, "2", "--category", "ethic")
    assert (said.code, "there are: ethics" in said.err) == (3, True)
    assert awarded("certificate", "reject-credit", "A1", "--event", event["sequence"], *WHY).code == 0
    said = awarded("certificate", "renew", "A1")
    assert (said.code, "2 of 2 credits in ethics are missing" in said.err) == (3, True)
    assert "renewal" in said.err  # the clause
    assert awarded(*earned, "3", "--category", "ethics").code == 0
    said = awarded("certificate", "renew", "T2430001")
    assert (said.code, "valid through 2030-07-01" in said.out) == (0, True)
    row = awarded("certificate", "show", "A1", "--json").row
    assert (row["standing"], row["last_valid_on"]) == ("valid", "2030-07-01")
    assert row["turns"][0]["what"] == "CertificateRenewed"
    answer = awarded("certificate", "verify", "T2430001", "--name", "Person p1", "--json").row
    assert (answer["answer"], answer["last_valid_on"]) == ("valid", "2030-07-01")
    assert awarded("certificate", "show", "A1", "--as-of", "2026-11-21", "--json").row["last_valid_on"] == "2027-07-01"


def test_a_certificate_shows_its_credits_by_the_numbers_that_reject_them(awarded, tmp_path):
    """Each with its category and day, rejected ones too; a renewal without an authority names none."""
    earned = ("certificate", "credit", "A1", "--earned-on", "2026-05-10", "--credits")
    numbers = [awarded(*earned, n, "--category", "ethics", "--json").row["events"][0]["sequence"] for n in ("8", "3")]
    assert awarded("certificate", "reject-credit", "A1", "--event", numbers[0], *WHY).code == 0
    assert awarded(*earned, "7", "--reference", "course 4711").code == 0
    (tmp_path / "shown.yaml").write_text("born_on: 1990-02-28\n", encoding="utf-8")
    assert awarded("certificate", "renew", "A1", "--evidence", tmp_path / "shown.yaml").code == 0
    shown = awarded("certificate", "show", "A1").out.splitlines()
    assert next(line for line in shown if "CertificateRenewed" in line).endswith("valid through 2030-07-01")
    listed = [line.split() for line in shown if "earned 2026-05-10" in line]
    assert listed[0][:5] == [str(numbers[0]), "8", "ethics", "earned", "2026-05-10"]
    assert [line[5:6] for line in listed] == [["rejected"], [], []]
    rows = awarded("certificate", "show", "A1", "--json").row["credits"]
    assert [(row["event"], row["credits"], row["category"]) for row in rows[:2]] == [
        (numbers[0], "8", "ethics"),
        (numbers[1], "3", "ethics"),
    ]
    assert (rows[2]["reference"], rows[2]["rejected_on"]) == ("course 4711", None)
    told = awarded("audit", "replay", "A1").out
    assert "evidence born_on\n" in told  # that it was shown, neither the day nor how long it is to write
    assert "seat" not in told  # the sitting has none
    renewal = next(line for line in told.splitlines() if "renew_certificate" in line)
    assert renewal.endswith("[rules renewal]")


def test_credits_that_are_recorded_twice_are_told_and_none_are_not_recorded(awarded):
    """Two courses of one day may well bring the same; who typed one of them twice learns how to take it back."""
    earned = ("certificate", "credit", "A1", "--earned-on", "2026-05-10", "--category", "ethics", "--credits")
    first = awarded(*earned, "8", "--json").row
    assert "notes" not in first
    second = awarded(*earned, "8")
    number = first["events"][0]["sequence"]
    assert (second.code, f"on record as event {number}" in second.err) == (0, True)
    assert f"reject-credit A1 --event {number + 1}" in second.err
    assert awarded("certificate", "reject-credit", "A1", "--event", number, *WHY).code == 0
    assert f"as event {number + 1} and" in awarded(*earned, "8", "--json").row["notes"][0]
    assert awarded(*earned, "9").err == ""
    assert awarded(*earned, "0").code == 2


def test_a_renewal_is_waived_by_a_decision_only(awarded):
    """Without reason and authority it is a usage error."""
    assert awarded("certificate", "renew", "A1", "--waive").code == 2
    assert awarded("certificate", "renew", "A1", "--waive", *WHY).code == 0
    assert "CertificateRenewed" in awarded("certificate", "show", "A1").out


def test_the_application_tells_when_to_renew(awarded):
    """What is missing, until when, and what the clock will do."""
    row = awarded("application", "show", "A1", "--json").row
    assert "through 2027-07-01, or late through 2028-07-01" in row["awaited"][0]["what"]
    assert (row["certificate_standing"], row["certificate_until"]) == ("valid", "2027-07-01")
    assert row["next_on"] == "2027-07-02"


def test_evidence_of_every_kind(alone, tmp_path):
    """The form to fill in, with every mark taken away, is evidence; a scheme asks for each kind of it."""
    form = alone("application", "template").out
    lines = [line[1:] if line.startswith("#  ") and "examboard" not in line else line for line in form.splitlines()]
    filled = "\n".join(lines).replace("born_on:", "born_on: 2000-02-29")
    (tmp_path / "shown.yaml").write_text(filled, "utf-8")
    asked = (
        "{age: {least: 18}}, {title: {any_of: [Assistant Engineer], held_for: {years: 5}}}, "
        "{credits: {least: 12, field: [accounting]}}, {statement: {any_of: [medical], within: {years: 3}}}, "
        "{training: {course: refresher}}, {work: {hours: 10000}}"
    )
    scheme = SCHEME.replace("{work: {years: 4, counted: continuous}}", asked)
    (tmp_path / "scheme.yaml").write_text(scheme, "utf-8")
    at = ("eligibility", "check", tmp_path / "shown.yaml", "--scheme", tmp_path / "scheme.yaml", "--level", "3")
    row = alone(*at, "--as-of", "2024-06-01", "--json").row
    assert [r["met"] for r in row["conditions"][0]["requirements"]] == [True] * 6, row
    before = alone(*at, "--as-of", "2024-05-31", "--json").row
    assert [r["met"] for r in before["conditions"][0]["requirements"]].count(False) == 1
    assert before["eligible_from"] == "2024-06-01"


def test_a_degree_that_the_scheme_does_not_know(alone, tmp_path):
    """It is named with its line and the nearest word that the scheme knows."""
    (tmp_path / "shown.yaml").write_text("education:\n  - degree: bachelr\n", "utf-8")
    said = alone("eligibility", "check", tmp_path / "shown.yaml", "--scheme", "lrc-2019", "--level", "3")
    assert said.code == 2
    assert "shown.yaml:2" in said.err
    assert "did you mean 'bachelor'?" in said.err


def test_a_persons_name_does_not_enter_the_record_in_the_words_of_evidence(awarded, tmp_path):
    """Neither at filing nor with a renewal; the refusal does not repeat it."""
    shown = tmp_path / "shown.yaml"
    shown.write_text("titles:\n  - {title: daughter of Person p1, held_from: 2020-01-01}\n", "utf-8")
    for said in (
        awarded("certificate", "renew", "A1", "--evidence", shown, "--waive", *WHY),
        awarded("application", "submit", "--candidate", "p1", "--scheme", "test", "--level", "3", "--evidence", shown),
    ):
        assert said.code == 2
        assert "must not enter the record" in said.err
        assert "Person p1" not in said.err
