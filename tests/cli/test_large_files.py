"""Large files and bombs in a process of their own with little room: refused or taken in, never out of bounds."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests import broken_files

ROOM = 1_500_000_000  # bytes of address space; the libraries take some 300 million of them before anything is read
IS_HUNT = int(os.environ.get("EXAMBOARD_HOSTILE", "0")) > 10_000
ROWS = 10_000_000 if IS_HUNT else 200_000
BOMBS = ["bomb.xlsx", "far-row.xlsx", "entities.xlsx"]
DOCUMENTS = ["aliases.yaml", "deep-flow.yaml"]


def confined(database: Path, *line: object) -> subprocess.CompletedProcess[str]:
    """Run the installed command with little room."""
    words = [sys.executable, "-m", "cli.main", "--database", str(database), *map(str, line)]
    return subprocess.run(
        words,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=600,
        cwd=Path(__file__).parents[2],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (ROOM, ROOM)),
    )


def test_a_long_sheet_is_read_in_bounded_memory(database, tmp_path):
    """A sheet of many rows is read row by row, or refused by its size; it never needs more room than there is."""
    file = tmp_path / "scores.csv"
    with file.open("w", encoding="utf-8") as opened:
        opened.writelines(broken_files.rows(ROWS))
    # All of it is gone through before its header, which is one of scores, is looked at.
    done = confined(database, "training", "import", file)
    assert done.returncode == 2, done.stderr[-2000:]
    assert done.stderr.startswith("invalid: ")
    assert ("at most" in done.stderr) == IS_HUNT


def test_every_row_of_a_sheet_may_be_refused_in_bounded_memory(database, tmp_path):
    """A sheet of which no row can be taken in is told row by row in the file of rejects, in the room that there is."""
    file, rejects = tmp_path / "scores.csv", tmp_path / "rejects.csv"
    count = ROWS // 50
    with file.open("w", encoding="utf-8") as opened:
        opened.writelines(broken_files.rows(count))
    done = confined(database, "score", "import", file, "--json", "--rejects", rejects)
    assert done.returncode in (0, 3), done.stderr[-2000:]
    with rejects.open(encoding="utf-8-sig") as opened:
        assert sum(1 for _line in opened) > count


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_of_a_workbook_is_refused(database, tmp_path, name):
    """A small workbook that would fill the memory is refused, or read as the little that it holds."""
    (tmp_path / name).write_bytes(broken_files.workbooks()[name])
    done = confined(database, "application", "import", tmp_path / name)
    assert done.returncode == 2
    assert done.stderr.startswith("invalid: ")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_bomb_of_a_document_is_refused(database, tmp_path, name):
    """A small document that would fill the memory or the stack is refused."""
    (tmp_path / name).write_bytes(broken_files.documents()[name])
    done = confined(database, "eligibility", "check", tmp_path / name, "--scheme", "lrc-2019", "--level", "3")
    assert done.returncode == 2
    assert done.stderr.startswith("invalid: ")
