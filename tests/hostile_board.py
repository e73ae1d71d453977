"""A small board in which every noun has something to show, as the ground for whatever a hostile user types."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Final

from tests.cli.conftest import FACTS, document, run_on

WHY: Final = ("--reason", "asked for", "--authority", "minute 1")
LINES: Final[tuple[tuple[str, ...], ...]] = (
    ("certificate", "award", "A1", "--authority", "minute 7"),
    ("sitting", "create", "S9", "--part", "theory", "--part", "skills", "--on", "2026-10-10", "--room", "101:9"),
    ("sitting", "admit", "S9", "A4", "--on", "2026-10-01"),
    ("score", "record", "A4", "--sitting", "S9", "--part", "theory", "--score", "59.5"),
    ("score", "announce", "--sitting", "S9", "--on", "2026-11-06"),
    ("recheck", "request", "A4", "--sitting", "S9", "--part", "theory", "--reason", "asked", "--on", "2026-11-07"),
    ("sitting", "create", "S11", "--part", "theory", "--on", "2026-12-10", "--room", "101:9", "--centre", "北京"),
    ("sitting", "admit", "S11", "A4"),
    ("misconduct", "report", "A8", "--sitting", "S3", "--part", "theory", "--what", "a note on the desk"),
    ("extension", "grant", "A5", "--part", "theory", "--until", "2027-12-31", *WHY),
    ("keys", "init", "--name", "exams.example.org/log"),
    ("audit", "seal"),
    ("jobs", "run", "all"),
)


def build(database: Path, here: Path, first: str = "王A1") -> dict[str, tuple[str, ...]]:
    """
    Do what a board does in some weeks, on a board that has taken in the small round.

    Args:
        database: Its database.
        here: The folder to which files are written that a verb can read.
        first: Name of the first person.

    Returns:
        Words that a verb may be given, by the name of the parameter.
    """

    def ask(*line: object) -> list[dict[str, object]]:
        said = run_on(str(database), *line)
        assert said.code == 0, (line, said.err)
        return said.rows if "--json" in line else []

    for line in LINES:
        ask(*line)
    ask("audit", "prove", "A1", "--output", here / "proof.json")
    _files(here)
    persons = [
        str(ask("candidate", "find", "--name", name, "--json")[0]["candidate"]) for name in (first, "王A3", "王A4")
    ]
    certificates = [str(row["certificate"]) for row in ask("certificate", "list", "--json")]
    runs = [str(row["run"]) for row in ask("jobs", "history", "--json")][:3]
    applications = ("A1", "A3", "A4", "A5", "A6", "A8", "NOPE")
    sittings = ("S1", "S2", "S3", "S9", "S11", "S99")
    exact: dict[str, tuple[str, ...]] = {
        "application": applications,
        "sitting": sittings,
        "session": sittings,
        "part": ("theory", "skills", "review", "nix"),
        "scheme": ("lrc-2019", "lrc-three-level", "nix", "scheme.yaml"),
        "earlier": ("lrc-2019", "scheme.yaml"),
        "later": ("lrc-three-level", "scheme.yaml"),
        "schemes": ("lrc-2019", "scheme.yaml"),
        "level": ("1", "2", "3", "4", "高级"),
        "candidate": tuple(persons),
        "number": (*certificates, "1", "2"),
        "run": (*runs, "nix"),
        "cohort": ("c1", "c2"),
        "name": (first, "王A3", "anna", "exams.example.org/b"),
        "document_type": ("resident_id", "passport"),
        "document_number": (document(1), document(60), "G12345678"),
        "document": ("resident_id",),
        "phone": ("19900000001",),
        "email": ("wang@example.org",),
        "sex": ("male", "女"),
        "item": ("work/0", "certificates/0", "work/9"),
        "degree": ("warning", "minor", "serious", "1"),
        "form": ("review", "thesis", "interview"),
        "occupation": ("4-07-03-02",),
        "deadline": ("recheck", "training"),
        "exemption": ("theory",),
        "state": ("submitted", "trained", "theory_exam", "expired"),
        "jobs": ("1",),
        "tag": ("c1",),
        "interval": ("1",),
        ":day": ("2024-05-18", "2026-10-10", "2026-11-06", "2026-11-22", "2026-12-10", "2027-05-01", "2999-12-31"),
        ":instant": ("2026-11-22", "2026-11-01T00:00", "2999-12-31"),
        ":marks": ("0", "59.99", "60", "100"),
        ":text": ("asked for", "minute 1"),
        ":time": ("09:00",),
        ":room": ("101:30",),
        ":mark": ("K1=60",),
        ":recusal": ("K1=A3",),
        ":groups": ("level", "month,part"),
    }
    known = [word for name, words in exact.items() if not name.startswith(":") for word in words]
    return {**exact, "key": (*persons, *sittings), "*": tuple(dict.fromkeys(known))}


def _files(here: Path) -> None:
    root = Path(__file__).parents[1]
    (here / "folder").mkdir()
    (here / "facts.yaml").write_text(FACTS, encoding="utf-8")
    (here / "applications.txt").write_text("A3\nA4\n", encoding="utf-8")
    for name, text in (("there.csv", "x\n"), ("there.xlsx", "x"), ("there.json", json.dumps({"x": 1}))):
        (here / name).write_text(text, encoding="utf-8")
    shutil.copy(root / "workflow/schemes/lrc-2019.yaml", here / "scheme.yaml")
    shutil.copy(root / "workflow/schemes/lrc-2019.cases.yaml", here / "cases.yaml")
