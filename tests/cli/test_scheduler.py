"""The scheduler from the command line: once, as a process that is told to stop, and as a probe sees it."""

from __future__ import annotations

import io
import json
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from cli.logs import json_log, masked
from scheduler.jobs import JOBS
from storage.database import Database, init, open_database
from storage.memory import MemoryStores
from tests.cli.conftest import NOW, document, run_on
from tests.cli.test_database import edit
from tests.nights import by_the_clock, caseload, filled, night
from tests.node import Node
from workflow.errors import Unavailable
from workflow.nights.ledger import COMPLETE, Run, RunKey
from workflow.nights.receipts import Change, changes_of, receipt_of
from workflow.ports import Stores

COMMAND = str(Path(sys.executable).parent / "examboard")
RUNS = [f"{job}/2026-11-22" for job in JOBS]


def logged(text: str) -> list[dict]:
    """Read a log."""
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def test_once_does_what_is_owed_and_ends(run, tmp_path):
    """One beat: the runs of today with their receipts in the log, the files written, exit code 0; then nothing."""
    files = ("--health", tmp_path / "h.json", "--metrics", tmp_path / "m.prom")
    said = run("scheduler", "run", "--once", "--node", "n1", "--actor", "board", *files)
    assert (said.code, said.out) == (0, "4 runs finished\n")
    lines = logged(said.err)
    assert [line["run"] for line in lines if line["event"] == "run finished"] == RUNS
    assert {(line["node"], line["level"], line["at"]) for line in lines} == {
        ("n1", "info", "2026-11-22T04:00:00.000+00:00")
    }
    assert lines[1]["counts"] == {"Expired": 1}
    assert json.loads((tmp_path / "h.json").read_text(encoding="utf-8"))["ok"] is True
    assert "examboard_runs_owed 0" in (tmp_path / "m.prom").read_text(encoding="utf-8")
    assert run("jobs", "list").rows[0]["finished_by"] == "board@n1"
    said = run("scheduler", "run", "--once")
    assert (said.code, said.out, said.err) == (0, "0 runs finished\n", "")


def test_a_node_without_a_name_is_called_by_host_and_process(run):
    """Nodes that nobody named are still told apart in the ledger."""
    assert run("scheduler", "run", "--once").code == 0
    name = run("jobs", "list").rows[0]["finished_by"].partition("@")[2]
    host, _, process = name.rpartition(":")
    assert host
    assert process.isdigit()


def test_once_with_exceptions_ends_with_1_and_says_where_to_look(run, database):
    """Applications that cannot be judged are told by the exit code; the other runs are done."""
    edit(database, "UPDATE application SET next_due_data = '{}' WHERE application = 'A3'")
    said = run("scheduler", "run", "--once")
    assert said.code == 1
    assert "4 runs finished, with exceptions: expire/2026-11-22; see: examboard jobs parked" in said.err
    assert run("jobs", "owed").rows == []


@pytest.mark.parametrize(("error", "code"), [(Unavailable("gone"), 8), (ValueError("x"), 70)])
def test_once_that_fails_ends_with_the_code_of_the_error(run, monkeypatch, error, code):
    """A beat that failed is told on stderr and by the exit code; the runs stay owed."""

    def broken(*_args: object, **_more: object) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr("scheduler.runner.run", broken)
        said = run("scheduler", "run", "--once")
    assert (said.code, "0 runs finished; then:" in said.err) == (code, True)
    assert [row["run"] for row in run("jobs", "owed").rows] == RUNS


def test_the_runner_delivers_unless_it_is_told_not_to(run, tmp_path, monkeypatch):
    """What waits in the outbox is dealt with after the runs; with --no-deliver it is left alone."""
    monkeypatch.setenv("EXAMBOARD_REMIND_DAYS", "[3650]")
    assert run("scheduler", "run", "--once", "--no-deliver").code == 0
    assert len(run("notice", "list", "--waiting").rows) == 1
    assert run("scheduler", "run", "--once").code == 0
    assert run("notice", "list", "--waiting").rows == []


def test_a_missing_database_is_made_like_by_any_other_command(alone, tmp_path):
    """The first node of a new board makes the database; there is nothing to write down yet."""
    said = alone("--database", tmp_path / "new.db", "scheduler", "run", "--once")
    assert (said.code, said.out) == (0, "4 runs finished\n")


def test_the_probe(run, tmp_path, monkeypatch):
    """A node that looked in time is well (0); one that did not, that fails or that never wrote a file is not (8)."""
    file = tmp_path / "h.json"
    probe = ("scheduler", "health", "--health", file, "--max-age", "120")
    said = run(*probe)
    assert (said.code, "no health file can be read" in said.err) == (8, True)
    assert run("scheduler", "run", "--once", "--health", file).code == 0
    assert (run(*probe).code, run(*probe).out) == (0, "ok\n")
    monkeypatch.setattr("cli.wiring.now", lambda: datetime(2026, 11, 22, 4, 5, tzinfo=UTC))
    said = run(*probe)
    assert (said.code, "300 seconds ago" in said.err) == (8, True)
    assert run(*probe, "--json").row["ok"] is False
    assert run(*probe[:-1], "nan").code == 2
    file.write_bytes(b"\xff\xfe")
    assert run(*probe).code == 8


@pytest.mark.parametrize(
    "line",
    [
        ("--interval", "0"),
        ("--interval", "x"),
        ("--interval", "nan"),
        ("--interval", "inf"),
        ("--interval", "604801"),
        ("--node", " "),
    ],
)
def test_options_that_do_not_fit_are_refused(run, line):
    """An interval is a second at least, a node has a name."""
    assert run("scheduler", "run", "--once", *line).code == 2


def test_the_log_hides_identity_numbers_wherever_they_slip_in(monkeypatch):
    """Should a personal number ever be handed to the log, as text, number, key or deep inside, its middle is hidden."""
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    number = document(1)
    log = json_log(lambda: NOW, node="n1")
    log.info(
        f"for {number}", deep={number: [number, {"x": (number,)}]}, plain=int("1" * 15), small=7, yes=True, no=None
    )
    log.error("old", number="110101900202231")
    text = stream.getvalue()
    assert number not in text
    assert "110101900202231" not in text
    assert "1" * 15 not in text
    first, second = logged(text)
    assert (first["small"], first["yes"], first["no"], first["level"]) == (7, True, None, "info")
    assert first["event"] == f"for {number[:6]}********{number[-4:]}"
    assert second["number"] == "110101********2231"
    assert masked(None, "", {"digest": "3de2266c3e50", "at": NOW.isoformat()})["digest"] == "3de2266c3e50"


def written(stores: Stores, keys: list[str]) -> dict[str, list[tuple[str, date]]]:
    """Give what the clock wrote of applications."""
    return {key: [(e.type, e.effective_on) for e in by_the_clock(stores.events.history(key))] for key in keys}


def finished_on(stores: Stores, day: date) -> None:
    """Close the runs of a day, so that the nights after it are owed, and no others."""
    at = night(stores, day).now()
    for key in (RunKey(job, day) for job in JOBS):
        stores.runs.open(key, at, "before")
        stores.runs.finish(Run(key, at, "before", at, "before", COMPLETE, receipt_of(key, []).digest))


def lines_and_events(database: Database, keys: list[str]) -> tuple[Counter, Counter]:
    """Count the lines of all runs, and the events of the clock: (application, sequence)."""
    lines: Counter[tuple[str, int]] = Counter()
    for run in database.runs.history("expire", 10_000):
        changes = [Change.read(line) for lines in changes_of(database.runs.parts(run.key)) for line in lines]
        lines.update((change.application, change.sequence) for change in changes)
    events = Counter((key, e.sequence) for key in keys for e in by_the_clock(database.events.history(key)))
    return lines, events


def test_a_process_that_is_told_to_stop_ends_its_chunk_and_leaves_the_rest_owed(tmp_path):
    """
    SIGTERM in the middle of a night: exit code 0, every chunk whole with its record, the rest owed; the next node ends
    it, and everything is written once.

    The test holds the database's write lock while it sends the signal, so that the process is in the midst of its work.
    """
    file, health = tmp_path / "board.db", tmp_path / "h.json"
    batch, expected = caseload(share=0.1)
    undisturbed, keys = MemoryStores(), list(expected)
    init(str(file))
    with open_database(str(file)) as database:
        for stores in (undisturbed, database):
            filled(stores, batch)
            finished_on(stores, date(2026, 11, 1))
        line = [COMMAND, "--database", str(file), "scheduler", "run", "--node", "n1", "--health", str(health)]
        with subprocess.Popen(
            [*line, "--no-deliver"], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stderr is not None
            log: list[str] = []
            while '"run begins"' not in "".join(log[-1:]):
                log.append(process.stderr.readline())
                assert log[-1], log
            lock = sqlite3.connect(file, timeout=60, isolation_level=None)
            lock.execute("BEGIN IMMEDIATE")
            process.send_signal(signal.SIGTERM)
            lock.execute("ROLLBACK")
            lock.close()
            out, err = process.communicate(timeout=60)
        assert (process.returncode, out) == (0, ""), err
        lines = logged("".join(log) + err)
        assert [line["event"] for line in lines if line["event"] in ("started", "stopped")] == ["started", "stopped"]
        assert {line["level"] for line in lines} == {"info"}
        assert json.loads(health.read_text(encoding="utf-8"))["reason"] == "stopped"
        parts, events = lines_and_events(database, keys)
        assert parts == events
        assert set(parts.values()) <= {1}
        found = run_on(str(file), "db", "check", "--json").rows
        assert {row["table"] for row in found} == {"number_series", "candidate"}  # the builder drew and added none
        assert run_on(str(file), "scheduler", "health", "--health", health).code == 8
        assert len(run_on(str(file), "jobs", "owed").rows) > 0
        assert run_on(str(file), "scheduler", "run", "--once").code == 0
        Node(undisturbed, at=NOW).beat()
        assert written(database, keys) == written(undisturbed, keys)
        parts, events = lines_and_events(database, keys)
        assert parts == events
