"""The nightly work by hand, from the command line: plans, runs, receipts, and what was done, is owed and is to come."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.cli.test_database import edit

RUNS = ["expire/2026-11-22", "release/2026-11-22", "remind/2026-11-22", "retention/2026-11-22"]
POISON = "UPDATE application SET next_due_data = '{}' WHERE application = 'A3'"


def dump(database: Path) -> list[str]:
    """Give every row of a database."""
    connection = sqlite3.connect(database)
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


def on(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Let it be noon of a day at the board."""
    monkeypatch.setattr("cli.wiring.now", lambda: datetime.fromisoformat(f"{text}T04:00").replace(tzinfo=UTC))


def digest(line: str) -> str:
    """Give the digest at the end of a receipt's last line."""
    return line.rpartition("sha256 ")[2]


def test_a_dry_run_writes_nothing(run, database):
    """A dry run of every job leaves the whole database as it was, byte for byte of every row."""
    before = dump(database)
    said = run("jobs", "run", "all", "--dry-run")
    assert said.code == 0
    assert said.out.splitlines()[0] == "A3: Expired on 2026-06-21; theory lapsed, its last valid day was 2026-06-20"
    assert [line.partition(":")[0] for line in said.out.splitlines() if "dry run" in line] == RUNS
    for line in (("jobs", "forecast"), ("jobs", "owed"), ("jobs", "list"), ("jobs", "history"), ("jobs", "parked")):
        assert run(*line).code == 0
    assert dump(database) == before


def test_a_dry_run_says_what_the_run_then_does(run):
    """The changes that a dry run lists are those of the receipt."""
    planned = run("jobs", "run", "all", "--dry-run", "--json").rows
    done = run("jobs", "run", "all", "--json").rows
    assert [row for row in planned if "what" in row] == [row for row in done if "what" in row]
    assert [row["counts"] for row in planned if "counts" in row] == [row["counts"] for row in done if "counts" in row]
    assert {row["dry_run"] for row in planned if "counts" in row} == {True}


def test_a_run_prints_its_receipt(run):
    """Every change on a line, then what it comes to, the outcome and the digest; the same again in JSON."""
    change, total = run("jobs", "run", "expire").out.splitlines()
    assert change == "A3: Expired on 2026-06-21; theory lapsed, its last valid day was 2026-06-20"
    assert total.startswith("expire/2026-11-22: 1 Expired; complete; sha256 ")
    row, receipt = run("jobs", "show", RUNS[0], "--json").rows[1:]
    assert row == {
        **{"run": RUNS[0], "application": "A3", "what": "Expired", "on": "2026-06-21", "sequence": 8},
        "why": "theory lapsed, its last valid day was 2026-06-20",
    }
    assert receipt == {
        **{"run": RUNS[0], "job": "expire", "day": "2026-11-22", "dry_run": False, "outcome": "complete"},
        **{"counts": {"Expired": 1}, "parked": [], "digest": digest(total)},
    }


def test_a_run_that_was_done_is_done_again_without_any_change(run, database):
    """Run twice, a job writes nothing new, and says so."""
    first = run("jobs", "run", "all").out
    before = dump(database)
    again = run("jobs", "run", "all").out
    assert dump(database) == before
    assert again.count("(was done before, nothing new)") == 4
    assert again.replace(" (was done before, nothing new)", "") == first


def test_what_is_owed_is_run_first(run, monkeypatch):
    """Earlier days that are owed are run before the day asked for, oldest first, each with a receipt of its own."""
    on(monkeypatch, "2026-11-19")
    assert run("jobs", "run", "all", "--day", "2026-11-18").code == 0
    on(monkeypatch, "2026-11-22")
    assert [row["run"] for row in run("jobs", "owed").rows][:3] == [
        "expire/2026-11-19", "release/2026-11-19", "remind/2026-11-19",
    ]  # fmt: skip
    rows = run("jobs", "run", "all", "--day", "2026-11-20", "--json").rows
    assert [row["run"] for row in rows if "counts" in row] == [
        f"{job}/2026-11-{day}" for day in (19, 20) for job in ("expire", "release", "remind", "retention")
    ]
    rows = run("jobs", "run", "expire", "--json").rows
    assert [row["run"] for row in rows if "counts" in row] == ["expire/2026-11-21", "expire/2026-11-22"]
    assert [row["job"] for row in run("jobs", "owed").rows] == ["release", "remind", "retention"] * 2


def test_an_earlier_day_can_be_run_after_later_ones(run):
    """A day before the last one that was finished is run alone."""
    assert run("jobs", "run", "expire").code == 0
    rows = run("jobs", "run", "expire", "--day", "2026-11-20", "--json").rows
    assert [(row["run"], row["counts"]) for row in rows] == [("expire/2026-11-20", {})]
    assert run("jobs", "owed").rows[0]["run"] == "release/2026-11-22"


def test_a_day_to_come_is_only_asked(run, database):
    """A run of a day to come is refused before anything is done; a dry run says what it would find."""
    before = dump(database)
    said = run("jobs", "run", "all", "--day", "2026-11-23")
    assert (said.code, "the board's day is 2026-11-22" in said.err) == (3, True)
    assert dump(database) == before
    rows = run("jobs", "run", "expire", "--day", "2027-06-21", "--dry-run", "--json").rows
    assert [(row["run"], row["application"]) for row in rows if "what" in row] == [
        ("expire/2026-11-22", "A3"), ("expire/2027-06-21", "A5"),
    ]  # fmt: skip


def test_what_cannot_be_judged_is_parked_and_holds_up_nobody(run, database):
    """The run ends with code 1 and names who was parked and why; once the cause is mended, it is run to the end."""
    edit(database, POISON)
    assert run("jobs", "run", "expire", "--dry-run").code == 0
    said = run("jobs", "run", "all")
    assert said.code == 1
    assert "A3: parked; what its row says of the clock's next step cannot be read" in said.out
    assert "expire/2026-11-22: nothing; 1 parked; with exceptions; sha256" in said.out
    assert "see: examboard jobs parked" in said.err
    (row,) = run("jobs", "parked").rows
    assert (row["run"], row["application"]) == (RUNS[0], "A3")
    assert run("jobs", "parked", RUNS[0]).rows == [row]
    assert run("jobs", "parked", RUNS[1]).rows == []
    assert run("jobs", "parked", "expire/1999-01-01").code == run("jobs", "show", "expire/1999-01-01").code == 4
    assert run("jobs", "list").rows[0]["outcome"] == "with exceptions"
    assert run("jobs", "show", RUNS[0], "--json").rows[-1]["parked"] == [{"application": "A3", "reason": row["reason"]}]
    assert run("db", "rebuild").code == 0
    assert run("jobs", "run", "expire").code == 0
    assert run("jobs", "parked").rows == []
    assert run("jobs", "list").rows[0]["outcome"] == "complete"


def test_the_list_says_what_each_job_does_and_when_it_was_last_done(run):
    """Before its first run a job owes today's; afterwards the list names the day, the outcome and who ran it."""
    rows = run("jobs", "list").rows
    assert [(row["job"], row["last_day"], row["owed"]) for row in rows] == [
        ("expire", None, 1), ("release", None, 1), ("remind", None, 1), ("retention", None, 1),
    ]  # fmt: skip
    assert all(row["title"].endswith(".") for row in rows)
    assert run("--actor", "night desk", "jobs", "run", "expire").code == 0
    row = run("jobs", "list").rows[0]
    assert (row["last_day"], row["outcome"], row["finished_by"]) == ("2026-11-22", "complete", "night desk")
    assert (row["finished_at"], row["owed"]) == ("2026-11-22T04:00:00+00:00", 0)


def test_a_list_is_a_table_on_a_terminal(run, monkeypatch):
    """People get tables, and `none` where there is nothing."""
    monkeypatch.setattr("cli.output.is_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "160")
    assert "What it does" in run("jobs", "list").out
    assert "expire/2026-11-22" in run("jobs", "owed").out
    assert run("jobs", "history").out == run("jobs", "parked").out == "none\n"
    assert "1 Expired" in run("jobs", "forecast").out


def test_the_history_tells_of_every_run(run, monkeypatch):
    """Runs are listed newest day first, of one job or of all, as many as are asked for."""
    for day in ("2026-11-21", "2026-11-22"):
        on(monkeypatch, day)
        assert run("jobs", "run", "all").code == 0
    rows = run("jobs", "history").rows
    assert [row["run"] for row in rows] == [
        *(f"{job}/2026-11-22" for job in ("expire", "release", "remind", "retention")),
        *(f"{job}/2026-11-21" for job in ("expire", "release", "remind", "retention")),
    ]
    assert [row["run"] for row in run("jobs", "history", "--job", "remind", "--limit", "1").rows] == [RUNS[2]]
    assert {row["outcome"] for row in rows} == {"complete"}


def test_a_run_that_was_broken_off_is_owed_and_shown_as_far_as_it_came(run, monkeypatch):
    """What a run wrote before it was broken off stands; it is owed, and the next one ends it."""

    def broken(*_args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("scheduler.jobs.receipt_for", broken)
        assert run("jobs", "run", "expire").code == 130
    assert run("jobs", "owed").rows[0]["begun_at"] == "2026-11-22T04:00:00+00:00"
    rows = run("jobs", "show", RUNS[0], "--json").rows
    assert (rows[0]["outcome"], rows[-1]["counts"]) == ("owed", {"Expired": 1})
    assert "(still owed: so far)" in run("jobs", "show", RUNS[0]).out
    assert run("jobs", "run", "expire", "--json").rows[-1]["counts"] == {"Expired": 1}
    assert run("jobs", "show", RUNS[0], "--json").rows[0]["outcome"] == "complete"


@pytest.mark.parametrize(
    ("name", "code", "text"),
    [
        ("expire/2026-11-20", 4, "no run expire/2026-11-20"),
        ("nix/2026-11-20", 2, "there are: expire, release, remind, retention"),
        ("expire", 2, "a run is named as in expire/2026-11-20"),
        ("expire/2026-02-30", 2, "a run is named as in expire/2026-11-20"),
    ],
)
def test_a_run_that_is_not_there_is_named(run, name, code, text):
    """Whoever asks for a run that is not there is told how runs are named, or where to look."""
    said = run("jobs", "show", name)
    assert (said.code, text in said.err) == (code, True)


def test_a_receipt_that_was_tampered_with_is_told(run, database):
    """What a run wrote must have the digest with which it was closed."""
    assert run("jobs", "run", "expire").code == 0
    edit(database, "UPDATE run_part SET changes = replace(changes, 'A3', 'A4')")
    said = run("jobs", "show", RUNS[0])
    assert (said.code, "was closed with" in said.err) == (6, True)


def test_the_forecast_counts_or_lists_what_is_to_come(run):
    """Nights that will do something are listed with their counts, or change by change."""
    rows = run("jobs", "forecast", "--nights", "366", "--job", "expire").rows
    assert [(row["run"], row["counts"]) for row in rows] == [
        ("expire/2026-11-22", {"Expired": 1}), ("expire/2027-06-21", {"Expired": 1}),
    ]  # fmt: skip
    rows = run("jobs", "forecast", "--nights", "366", "--list").rows
    assert [(row["run"], row["application"]) for row in rows if row["what"] == "Expired"] == [
        ("expire/2026-11-22", "A3"), ("expire/2027-06-21", "A5"),
    ]  # fmt: skip
    assert [row["run"] for row in rows if row["application"] == "A5" and row["what"] == "Notice"] == [
        "remind/2027-05-21", "remind/2027-06-13",
    ]  # fmt: skip


def test_on_which_days_candidates_are_reminded_is_a_setting(run, tmp_path, monkeypatch):
    """The days come from the settings, each once; none of them means no reminders; others are refused."""

    def reminded() -> list[str]:
        said = run("jobs", "forecast", "--nights", "366", "--job", "remind", "--list")
        return [row["run"].partition("/")[2] for row in said.rows if row["application"] == "A5"]

    for text, days in (("[3, 1, 3]", ["2027-06-17", "2027-06-19"]), ("[]", []), ("[0]", ["2027-06-20"])):
        monkeypatch.setenv("EXAMBOARD_REMIND_DAYS", text)
        assert reminded() == days
    monkeypatch.delenv("EXAMBOARD_REMIND_DAYS")
    (tmp_path / "here" / "examboard.toml").write_text("remind_days = [2]\n", encoding="utf-8")
    assert reminded() == ["2027-06-18"]
    for text in ("[-1]", "[3651]", '["x"]', "7"):
        monkeypatch.setenv("EXAMBOARD_REMIND_DAYS", text)
        said = run("jobs", "list")
        assert (said.code, "remind_days" in said.err) == (7, True), text


def test_no_personal_value_stands_in_a_receipt(run):
    """Receipts name applications, never persons."""
    said = run("jobs", "run", "all", "--json")
    text = json.dumps(said.rows, ensure_ascii=False) + said.err
    assert "王" not in text
    assert "11010119" not in text
