"""A board of a few applications, one in every state that matters, and the command line to ask about it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from stdnum.cn import ric

from cli.main import cli as examboard
from cli.shelf import packaged
from workflow.checking.check import pin

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)


def document(person: int) -> str:
    """Give the identity number of an invented person."""
    stem = f"11010119020602{person:03d}"
    return stem + ric.calc_check_digit(stem + "0")


def _applications() -> str:
    wanted = [("A1", "3", ""), ("A2", "3", ""), ("A3", "3", ""), ("A4", "3", ""), ("A5", "2", "2019年版")]
    wanted += [("A6", "3", "三级制"), ("A8", "3", "")]
    rows = [
        f"{key},王{key},male,resident_id,{document(n)},1990000000{n},4-07-03-02,{level},{edition},2024-03-15"
        for n, (key, level, edition) in enumerate(wanted, 1)
    ]
    return "\n".join(rows)


FILES = {
    "applications": "application,name,sex,document_type,document_number,phone,occupation,level,edition,submitted_on\n"
    + _applications(),
    "certificates": """application,occupation,level,kind,issued_on
A1,same,4,vq,2015-01-10
A3,same,4,vq,2015-01-10
A4,same,4,vq,2015-01-10
A5,same,3,vq,2015-01-10
A8,same,4,vq,2015-01-10""",
    "work": """application,occupation,from,to
A1,same,2015-02-01,至今
A3,same,2015-02-01,至今
A4,same,2015-02-01,至今
A5,same,2015-02-01,至今
A6,same,2015-02-01,至今
A8,same,2015-02-01,至今""",
    "scores": """application,part,session,sat_on,announced_on,score
A1,theory,S1,2024-05-18,2024-06-20,60
A1,skills,S1,2024-05-18,2024-06-20,88.5
A3,theory,S1,2024-05-18,2024-06-20,60
A3,skills,S1,2024-05-18,2024-06-20,absent
A5,theory,S2,2025-05-17,2025-06-20,75
A5,skills,S2,2025-05-17,2025-06-20,75
A8,theory,S3,2026-10-10,,70
Z9,theory,S1,2024-05-18,2024-06-20,60""",
}

FACTS = """\
certificates: [{occupation: same, level: 4, kind: sl, issued_on: 2020-05-10}]
work: [{occupation: same, from: 2020-06-01, to: null}]
"""


@dataclass
class Said:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Its JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def row(self) -> dict[str, Any]:
        """Its one JSON line."""
        (row,) = self.rows
        return row


Run = Callable[..., Said]


@pytest.fixture(autouse=True)
def _at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep every test out of the real home, and on a day that never changes."""
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    for name in ("DATABASE", "ACTOR", "CONFIG", "TIME_ZONE"):
        monkeypatch.delenv(f"EXAMBOARD_{name}", raising=False)
    monkeypatch.setattr("cli.wiring.now", lambda: NOW)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


@pytest.fixture(scope="package", autouse=True)
def _read_once() -> Iterator[None]:
    """Read each scheme document once in these tests instead of once in a command: a digest never changes."""
    cached = cache(pin)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("cli.shelf.pin", cached)
        patched.setattr("storage.registers.pin", cached)
        yield


def run_on(database: str, *arguments: object, stdin: str | bytes | None = None) -> Said:
    """Run a command in this process."""
    line = [*(["--database", database] if database else []), *map(str, arguments)]
    result = CliRunner().invoke(examboard, line, input=stdin, prog_name="examboard")
    assert isinstance(result.exception, SystemExit | None), result.exception
    assert "Traceback" not in result.output
    return Said(result.exit_code, result.stdout, result.stderr)


@pytest.fixture(scope="session")
def round_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of a small round."""
    folder = tmp_path_factory.mktemp("round")
    for kind, text in FILES.items():
        (folder / f"{kind}.csv").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def _taken_in(round_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "board.db"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("cli.wiring.now", lambda: datetime(2026, 11, 21, 4, tzinfo=UTC))
        said = run_on(str(file), "round", "import", round_folder, "--rejects", file.with_suffix(".csv"))
    assert said.code == 0, said.err
    return file


@pytest.fixture
def database(_taken_in: Path, tmp_path: Path) -> Path:
    """Give the file of a board that has taken in the small round."""
    shutil.copy(f"{_taken_in}.ring", tmp_path / "board.db.ring")
    return Path(shutil.copy(_taken_in, tmp_path / "board.db"))


@pytest.fixture
def run(database: Path) -> Run:
    """Give `run("application", "show", "A1")` on the board of the small round."""

    def run(*arguments: object, stdin: str | bytes | None = None) -> Said:
        return run_on(str(database), *arguments, stdin=stdin)

    return run


@pytest.fixture
def alone() -> Run:
    """Give the same without any database named: the default one is not there."""

    def run(*arguments: object, stdin: str | bytes | None = None) -> Said:
        return run_on("", *arguments, stdin=stdin)

    return run


@pytest.fixture
def facts(tmp_path: Path) -> Path:
    """Give a file of evidence that meets condition 1 of level 3 from 2025-06-01 on."""
    file = tmp_path / "facts.yaml"
    file.write_text(FACTS, encoding="utf-8")
    return file


def filed_under(run: Run, facts: Path, folder: Path, parts: str, conditions: str) -> None:
    """
    Amend the newest edition and put R1 under it: accepted at level 3, trained, with a session S9 to be admitted to.

    Args:
        parts: What each exam has more.
        conditions: What stands in place of the word `conditions:` at level 3.
    """
    text = packaged()["lrc-2019"].replace("version: 1", "version: 2", 1)
    head, mark, levels = text.partition("\nlevels:")
    head = head.replace("    kind: exam\n", f"    kind: exam\n    {parts}\n", 1)
    at = levels.index("\n  3:")
    levels = levels[:at] + levels[at:].replace("conditions:", conditions, 1)
    (folder / "mine.yaml").write_text(head + mark + levels, encoding="utf-8")
    assert run("scheme", "add", folder / "mine.yaml").err == ""
    person = run("application", "show", "A4", "--json").row["candidate"]
    filed = ("application", "submit", "--candidate", person, "--scheme", "lrc-2019", "--level", "3", "--number", "R1")
    assert run(*filed, "--evidence", facts, "--on", "2026-01-10").code == 0
    assert run("eligibility", "decide", "R1", "--accept", "--on", "2026-01-11").code == 0
    run("training", "waive", "R1", "--reason", "a reason", "--authority", "minute 9", "--on", "2026-01-12")
    run("sitting", "create", "S9", "--part", "theory", "--part", "skills", "--on", "2026-10-10")
