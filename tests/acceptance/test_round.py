"""A whole round through the installed command, on both databases."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests import same_database

ROUND = Path(__file__).resolve().parents[2] / "examples" / "round-2024"
COMMAND = [str(Path(sys.executable).parent / "examboard")]


def run(url: str, *args: str, cwd: Path, code: int = 0) -> str:
    """Run the command; give what it printed."""
    done = subprocess.run(
        [*COMMAND, "--database", url, *args], cwd=cwd, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == code, done.stderr + done.stdout
    assert "Traceback" not in done.stderr
    return done.stdout


@pytest.fixture
def board_url(request, database_url, tmp_path):
    """Give the URL of no database yet; on Citus of an empty one that is distributed, which no import does by itself."""
    is_file = database_url.startswith("sqlite")
    if not is_file and same_database.has_citus(request.getfixturevalue("postgres_server")):
        run(database_url, "db", "init", cwd=tmp_path)
        run(database_url, "db", "distribute", cwd=tmp_path)
    return database_url


def listed(url: str, cwd: Path, *args: str) -> dict[str, dict]:
    """List all applications, by number."""
    rows = [json.loads(line) for line in run(url, "application", "list", "--json", *args, cwd=cwd).splitlines()]
    return {row["application"]: row for row in rows}


def expected() -> dict[str, tuple]:
    """Read what must come out."""
    with (ROUND / "expected.csv").open(encoding="utf-8") as file:
        return {
            r["application"]: (r["state"], r["conditions_met"], r["parts_held"], r["expired_on"])
            for r in csv.DictReader(file)
        }


def found(url: str, cwd: Path) -> dict[str, tuple]:
    """Give the same of the database."""
    return {
        key: (r["state"], ",".join(r["conditions_met"]), ",".join(r["parts_held"]), r["expired_on"] or "")
        for key, r in listed(url, cwd, "--as-of", "2026-11-20").items()
    }


def check(url: str, cwd: Path) -> None:
    """Check the database's own integrity."""
    run(url, "db", "check", cwd=cwd)


def test_the_round_comes_out_as_expected(board_url, tmp_path):
    """All 600 stand where they must, the rejects are those hidden in the files, and importing again changes nothing."""
    first = json.loads(run(board_url, "round", "import", str(ROUND), "--json", cwd=tmp_path))
    assert found(board_url, tmp_path) == expected()
    with (ROUND / "expected-rejects.csv").open(encoding="utf-8") as file:
        hidden = Counter((r["file"], r["row_of"]) for r in csv.DictReader(file))
    assert Counter((r["file"].removesuffix(".csv"), r["application"]) for r in first["rejects"]) == hidden
    assert all(r["line"] > 1 and r["field"] and r["reason"] for r in first["rejects"])
    with (tmp_path / "round-2024-rejects.csv").open(encoding="utf-8-sig") as file:
        assert len(list(csv.DictReader(file))) == 11
    before = run(board_url, "application", "history", "A00143", "--json", cwd=tmp_path)
    again = json.loads(run(board_url, "round", "import", str(ROUND), "--json", cwd=tmp_path))
    assert again["counts"]["events_written"] == 0
    assert again["counts"]["applications_unchanged"] == 600
    assert [(r["file"], r["line"]) for r in again["rejects"]] == [(r["file"], r["line"]) for r in first["rejects"]]
    assert run(board_url, "application", "history", "A00143", "--json", cwd=tmp_path) == before
    check(board_url, tmp_path)


def test_awards_and_the_night_after_the_round(board_url, tmp_path):
    """Award numbers have no gap and no double; the night writes each expiry once, with its own day."""
    run(board_url, "round", "import", str(ROUND), cwd=tmp_path)
    run(board_url, "certificate", "award", "--all", "--on", "2026-11-20", cwd=tmp_path)
    rows = listed(board_url, tmp_path, "--as-of", "2026-11-20")
    certified = [r for r in rows.values() if r["state"] == "certified"]
    assert len(certified) == 244
    assert len({r["certificate"] for r in certified}) == 244
    for scheme, level in {(r["scheme"], r["level"]) for r in certified}:
        digits = 5 if scheme == "lrc-three-level" else 6
        mine = [r for r in certified if (r["scheme"], r["level"]) == (scheme, level)]
        serials = sorted(int(r["certificate"][-digits:]) for r in mine)
        assert serials == list(range(1, len(mine) + 1))
    run(board_url, "jobs", "run", "expire", "--day", "2026-11-20", cwd=tmp_path)
    history = [
        json.loads(x) for x in run(board_url, "application", "history", "A00143", "--json", cwd=tmp_path).splitlines()
    ]
    assert history[-1]["type"] == "Expired"
    assert history[-1]["data"]["expired_on"] == "2026-06-21"
    again = {k: (r["state"], r["expired_on"]) for k, r in listed(board_url, tmp_path, "--as-of", "2026-11-20").items()}
    assert again == {k: (r["state"], r["expired_on"]) for k, r in rows.items()}
    check(board_url, tmp_path)


def test_a_dry_run_writes_nothing(database_url, tmp_path):
    """A dry run judges everything and leaves the database empty."""
    report = json.loads(run(database_url, "round", "import", str(ROUND), "--dry-run", "--json", cwd=tmp_path))
    assert report["counts"]["applications_new"] == 600
    assert len(report["rejects"]) == 11
    run(database_url, "application", "list", cwd=tmp_path, code=4)  # not even a database was made


def test_a_killed_import_is_finished_by_the_same_command(board_url, tmp_path):
    """Killed in the middle, again and again, the import ends where an undisturbed one does."""
    run(board_url, "db", "init", cwd=tmp_path)
    for delay in (0.9, 1.3, 1.8):
        process = subprocess.Popen(
            [*COMMAND, "--database", board_url, "round", "import", str(ROUND)],
            cwd=tmp_path,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
        check(board_url, tmp_path)
    run(board_url, "round", "import", str(ROUND), cwd=tmp_path)
    assert found(board_url, tmp_path) == expected()
    check(board_url, tmp_path)


def test_two_imports_at_once(board_url, tmp_path):
    """Two imports of the same round at the same time end in one round."""
    run(board_url, "db", "init", cwd=tmp_path)
    both = [
        subprocess.Popen(
            [*COMMAND, "--database", board_url, "round", "import", str(ROUND), "--rejects", f"{n}.csv"],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for n in (1, 2)
    ]
    for process in both:
        _out, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
    assert found(board_url, tmp_path) == expected()
    check(board_url, tmp_path)


def test_xlsx_and_english_titles_give_the_same_round(sqlite_url, tmp_path):
    """The same files as XLSX with English titles give the same applications, and the CSV files then change nothing."""
    import xlsxwriter

    from storage.sheets import read_sheet
    from workflow.bulk.columns import COLUMNS

    folder = tmp_path / "round-2024"
    folder.mkdir()
    for kind, columns in COLUMNS.items():
        sheet = read_sheet(ROUND / f"{kind}.csv")
        english = {title: column.key for column in columns for title in column.titles}
        with xlsxwriter.Workbook(folder / f"{kind}.xlsx") as book:
            page = book.add_worksheet()
            page.write_row(0, 0, [english[title] for title in sheet.header])
            for line, cells in sheet.rows:
                for n, cell in enumerate(cells):
                    page.write_string(line - 1, n, str(cell))
    run(sqlite_url, "round", "import", str(folder), cwd=tmp_path)
    assert found(sqlite_url, tmp_path) == expected()
    shutil.rmtree(folder)
    again = json.loads(run(sqlite_url, "round", "import", str(ROUND), "--json", cwd=tmp_path))
    assert again["counts"]["events_written"] == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_no_space_for_the_rejects_file(sqlite_url, tmp_path):
    """A rejects file that cannot be written is one clear error, after which the same command goes on."""
    done = subprocess.run(
        [
            *COMMAND,
            "--database",
            sqlite_url,
            "round",
            "import",
            str(ROUND),
            "--rejects",
            str(tmp_path / "no" / "x.csv"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ},
    )
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    run(sqlite_url, "round", "import", str(ROUND), cwd=tmp_path)
    assert found(sqlite_url, tmp_path) == expected()
