"""What is told when something goes wrong: one clear message, the right code, never a bare traceback or a secret."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import click
import pytest
import time_machine
from click.testing import CliRunner

from cli import errors
from cli.main import cli
from cli.wiring import now as the_clock
from tests.cli.conftest import document
from workflow.errors import (
    Conflict,
    Corrupt,
    ExamboardError,
    Invalid,
    Misconfigured,
    NotFound,
    Objection,
    Problem,
    Refused,
    Unavailable,
)

OBJECTIONS = [Objection("a", "one", "seed-001 Level 3 (1)"), Objection("b", "two"), Objection("c", "three", "none")]


@pytest.mark.parametrize(
    ("error", "code", "lines"),
    [
        (
            Refused("application A1", OBJECTIONS),
            3,
            "refused: application A1\n  one [seed-001 Level 3 (1)]\n  two\n  three [not in the edition: a default]\n",
        ),
        (
            Invalid([Problem("f.csv", 3, "score", "is no number", "x"), Problem("f.csv", 0, "", "is empty")]),
            2,
            "invalid: 2 problems\nf.csv:3: score: is no number (found x)\nf.csv: is empty\n",
        ),
        (NotFound("no application A1"), 4, "not found: no application A1\n"),
        (Conflict("look again"), 5, "conflict: look again\n"),
        (Corrupt("event 3"), 6, "the record does not hold: event 3\n"),
        (Misconfigured("no zone"), 7, "misconfigured: no zone\n"),
        (Unavailable("locked"), 8, "unavailable: locked\n"),
        (ExamboardError("odd"), 1, "error: odd\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
        (click.Abort(), 130, "interrupted\n"),
        (OSError(errno.ENOSPC, "No space left on device"), 8, "no room left on the disk"),
        (click.UsageError("give one"), 2, "Error: give one\n"),
    ],
)
def test_every_error_has_its_code_and_its_lines(capsys, error, code, lines):
    """Each kind of error ends with its own code, and every objection or problem has a line of its own."""
    assert errors.tell(error) == code
    said = capsys.readouterr()
    assert lines in said.err
    assert said.out == ""


@pytest.fixture
def broken(monkeypatch):
    """Make every command that shows an application fail in a way that nobody thought of."""

    def fail(*_arguments: object, **_options: object) -> None:
        raise ValueError(f"cannot handle {document(1)}")

    monkeypatch.setattr("workflow.service.Service.standing", fail)


def test_an_unexpected_error_is_one_line_and_its_traceback_is_kept(run, broken):
    """An error of the program itself is one line that names the log; the log has the traceback, numbers hidden."""
    said = run("application", "show", "A1")
    assert said.code == 70
    (line,) = said.err.splitlines()
    assert line.startswith("internal error (ValueError); the traceback is in ")
    log = Path(line.split(" is in ")[1].split(";")[0])
    text = log.read_text(encoding="utf-8")
    assert log.stat().st_mode & 0o777 == 0o600
    assert "Traceback" in text
    assert "cannot handle 110101********" in text
    assert document(1) not in text


def test_a_log_that_cannot_be_written_is_no_second_error(run, broken, tmp_path, monkeypatch):
    """Where no log can be kept, the line says how to see the traceback."""
    (tmp_path / "file").write_text("x", encoding="utf-8")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    said = run("application", "show", "A1")
    assert said.err == (
        "internal error (ValueError); run it again with --debug to see the traceback; nothing further was done\n"
    )


@pytest.mark.parametrize("instant", ["9999-12-31T20:00:00", "9999-12-31T10:00:00", "3000-01-02T00:00:00"])
def test_a_clock_beyond_all_days_is_said_so_and_nothing_is_written_by_it(run, monkeypatch, instant):
    """Days end with 2999: what a clock of later writes could never be asked about, and its last hours name no day."""
    verbs = ("application show A4", "jobs owed", "jobs forecast", "application withdraw A4", "scheduler run --once")
    with time_machine.travel(datetime.fromisoformat(f"{instant}+00:00"), tick=False), monkeypatch.context() as patched:
        patched.setattr("cli.wiring.now", the_clock)
        for line in verbs:
            said = run(*line.split())
            assert (said.code, said.out) == (7, "")
            assert f"clock says {instant[:10]}, and days end with 2999-12-31; set the clock right" in said.err
    assert run("application", "show", "A4", "--json").row["state"] != "withdrawn"


def test_an_interrupt_ends_with_130(run, monkeypatch):
    """Ctrl-C ends a command with code 130 and no traceback."""

    def interrupt(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("workflow.service.Service.standing", interrupt)
    said = run("application", "show", "A1")
    assert (said.code, said.err.split()) == (130, ["interrupted"])


def examboard(
    *arguments: object, database: Path, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the installed command in a process of its own."""
    line = [sys.executable, "-m", "cli.main", "--database", str(database), *map(str, arguments)]
    root = Path(__file__).parents[2]
    return subprocess.run(line, capture_output=True, text=True, encoding="utf-8", check=False, cwd=root, env=env)


def test_debug_shows_the_traceback_with_numbers_hidden(database, broken):
    """With --debug, before the noun or behind the verb, the traceback is shown, without the number that it repeats."""
    for line in (["--debug", "application", "show", "A1"], ["application", "show", "A1", "--debug"]):
        result = CliRunner().invoke(cli, ["--database", str(database), *line])
        assert result.exit_code == 70
        assert "Traceback" in result.stderr
        assert document(1) not in result.stderr


def test_the_command_in_a_process_of_its_own(database):
    """The installed command prints to stdout and stderr as it should, and ends with the right code."""
    done = examboard("application", "show", "A1", "--json", database=database)
    assert done.returncode == 0
    assert json.loads(done.stdout)["state"] == "awaiting_award"
    assert done.stderr == ""
    done = examboard("application", "show", "NOPE", database=database)
    assert (done.returncode, done.stdout, done.stderr) == (4, "", "not found: no application NOPE\n")


def test_a_reader_that_leaves_is_no_error(database):
    """`examboard ... | head -1` ends quietly."""
    line = [sys.executable, "-m", "cli.main", "--database", str(database), "application", "history", "A1"]
    root = Path(__file__).parents[2]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=root) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode in (0, 1)


def test_a_terminal_without_chinese_does_not_stop_the_work(database):
    """Where stdout cannot write Chinese, the characters are written as escapes."""
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"}
    done = examboard("scheme", "show", "lrc-2019", database=database, env=environment)
    assert done.returncode == 0
    assert "\\u52b3\\u52a8" in done.stdout


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a terminal")
def test_a_progress_bar_on_the_terminal_leaves_a_piped_output_alone(database):
    """With a bar on the terminal, what goes into a pipe is what it would be without: every line, and no bar."""
    line = [sys.executable, "-m", "cli.main", "--database", str(database), "certificate", "award", "--all", "--json"]
    ours, theirs = os.openpty()
    try:
        root = Path(__file__).parents[2]
        done = subprocess.run(line, stdout=subprocess.PIPE, stderr=theirs, text=True, check=False, cwd=root)
    finally:
        os.close(theirs)
        shown = os.read(ours, 65536)
        os.close(ours)
    assert done.returncode == 0
    assert json.loads(done.stdout)["state"] == "certified"
    assert b"awarding" in shown
