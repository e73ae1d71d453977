"""
The documents that are made from the code: `make docs` writes them, a test holds them against the code.

Run as a program, it writes them.
"""

from __future__ import annotations

from pathlib import Path

from workflow.bulk.columns import COLUMNS
from workflow.checking.check import pin
from workflow.machine import machine_of
from workflow.roles.rights import ACTS, CLOCK_RIGHTS, REVIEW_RECORDED, RIGHTS

ROOT = Path(__file__).resolve().parents[2]


def state_machine() -> str:
    """Draw every level of the shipped schemes, from the machines that run."""
    text = [
        "# The state machine",
        "",
        "Made from the machines that run (`make docs`); levels with the same machine share a picture.",
        "Arrows that stay in a state are left out.",
    ]
    pictures: dict[str, list[str]] = {}
    for path in sorted(p for p in (ROOT / "workflow" / "schemes").glob("*.yaml") if ".cases." not in p.name):
        pinned = pin(path.read_text(encoding="utf-8"), path.name)
        for number, level in pinned.scheme.levels.items():
            picture = machine_of(pinned.rules(number)).mermaid("")
            picture = picture.partition("---\n")[2].partition("---\n")[2]
            pictures.setdefault(picture, []).append(f"{pinned.scheme.scheme}, level {number}: {level.title}")
    for picture, levels in pictures.items():
        text += ["", *(f"- {level}" for level in levels), "", "```mermaid", picture.rstrip(), "```"]
    return "\n".join(text) + "\n"


def round_files() -> str:
    """List the columns of every bulk file."""
    text = [
        "# Bulk files",
        "",
        "Made from `workflow/bulk/columns.py` (`make docs`). `examboard round import DIR` takes any of these files,",
        "each as CSV (UTF-8 with or without a byte order mark, or GB18030) or XLSX (first sheet): `applications.csv`,",
        "`scores.xlsx` and so on. The first row holds the titles, Chinese or English, in any order.",
        "",
        "Full-width letters and digits, stray blanks and invisible characters are cleaned. Days are `2024-03-15`,",
        "`2024/3/15`, `2024年3月15日` or a date cell. An identity number that a spreadsheet turned into a number is",
        "refused: format the column as text. A bad row is reported with file, line, column, value and reason and",
        "written to a rejects file; the good rows go in. The same files again change nothing. An application whose",
        "own record does not hold, since somebody changed the database, is left as it is: all its rows are rejected,",
        "it is named, and the import ends with code 6.",
        "",
        "An application that meets no condition while rows of what it shows were rejected is named and not decided:",
        "[the board's work](board-work.md) says what to do.",
        "",
        "A cell of `score` holds the marks, 缺考 (absent), or the marks of each component of the part:",
        "`听力=30; 口试=25`. Where work goes on, its last day is 至今 (`now`). A word that is not known is reported",
        "with those that are.",
    ]
    for kind, columns in COLUMNS.items():
        text += ["", f"## {kind}", "", "| English title | Chinese titles | |", "| --- | --- | --- |"]
        for column in columns:
            needed = "required" if column.needed else "may be left out"
            blank = "" if column.blank else "; a cell may be blank"
            text.append(f"| `{column.key}` | {'、'.join(column.titles)} | {needed}{blank if column.needed else ''} |")
    return "\n".join(text) + "\n"


def rights() -> str:
    """List what each role may record and do, and who may take each step."""
    text = [
        "# The table of rights",
        "",
        "Made from `workflow/roles/rights.py` (`make docs`); [who may do what](trust.md) explains it.",
        "",
        "| role | may record | may |",
        "| --- | --- | --- |",
    ]
    for role, given in RIGHTS.items():
        facts = ", ".join(f"`{fact}`" for fact in sorted(given - ACTS.keys())) or "nothing"
        acts = "; ".join(words for act, words in ACTS.items() if act in given)
        text.append(f"| {role.replace('_', ' ')} | {facts} | {acts} |")
    clock = ", ".join(f"`{fact}`" for fact in sorted(CLOCK_RIGHTS))
    text += ["", f"The clock records {clock}, and runs the night.", ""]
    text += [
        f"`{REVIEW_RECORDED}` is the score that a panel gives. Steps that the clock owes are written before a member's",
        "own step, in the clock's name, whoever the member is. Every member may ask after a certificate.",
    ]
    return "\n".join(text) + "\n"


GENERATED = {
    "docs/state-machine.md": state_machine,
    "docs/round-files.md": round_files,
    "docs/rights.md": rights,
}


if __name__ == "__main__":
    for name, make in GENERATED.items():
        (ROOT / name).write_text(make(), encoding="utf-8")
