"""No name, number or address leaves the register: every verb is driven with marked values, and all is searched."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests import hostile, hostile_board
from tests.cli.conftest import FILES, NOW, document, run_on

NAME, BOX = "甄秘名", "zhenmiming"
NUMBER, PHONE = document(1), "19987650123"
MARKS = {
    "name": NAME,
    "part of name": NAME[1:],
    "number": NUMBER,
    "end of number": NUMBER[6:14],  # the mask leaves the first six and the last four
    "phone": PHONE,
    "part of phone": PHONE[:-4],
    "e-mail": f"{BOX}@example.org",
    "box": BOX,
}
# What writes a person's values since that is its purpose: it is held to writing them nowhere else.
SHOWING = {
    ("candidate", "export"),
    ("certificate", "pdf"),
    ("certificate", "print-batch"),
    ("ticket", "pdf"),
    ("sitting", "tickets"),  # with --names
    ("export", "score-sheet"),
    ("export", "seat-plan"),
}
REGISTERING = {("candidate", "add"), ("candidate", "amend")}  # what they are given is a value of the register
REVEALING = {"--reveal", "--names"}


@dataclass
class Search:
    """
    All that was written, to be searched for the marks.

    Attributes:
        work: Folder of the database, the home and the folder that is typed in.
        found: Each place in which a mark stands, with the mark's name.
    """

    work: Path
    found: list[str] = field(default_factory=list)

    def look(self, where: str, content: bytes) -> None:
        """Look through bytes, as UTF-8, as GB18030 and as escapes."""
        for name, mark in MARKS.items():
            forms = {mark.encode(), mark.encode("gb18030"), ascii(mark)[1:-1].encode(), mark.encode("utf-16-le")}
            if any(form in content for form in forms):
                self.found.append(f"{name} in {where}")

    def look_through(self) -> None:
        """Look through every file and the name of every file."""
        for at, folders, files in os.walk(self.work):
            for name in (*folders, *files):
                self.look(f"the file name {name}", os.fsencode(name))
            for name in files:
                place = Path(at) / name
                if place.parent.name != "given":  # what the board was given to read
                    self.look(str(place.relative_to(self.work)), place.read_bytes())


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, tuple[str, ...]]]]:
    """Give a board whose first person has marked values, and the words that fit it."""
    work = tmp_path_factory.mktemp("leaks")
    here, given, database = work / "here", work / "given", work / "board.db"
    for folder in (here, given):
        folder.mkdir()
    marked = {
        "王A1": NAME,
        "phone,": "phone,email,",
        f",{NUMBER},19900000001,": f",{NUMBER},{PHONE},{BOX}@example.org,",
    }
    text = FILES["applications"]
    for before, after in marked.items():
        text = text.replace(before, after)
    head, first, *others = text.split("\n")
    others = [row.replace(",4-07-03-02", ",,4-07-03-02", 1) for row in others]
    files = {**FILES, "applications": "\n".join((head, first, *others))}
    for kind, content in files.items():
        (given / f"{kind}.csv").write_text(content, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patched:
        for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
            patched.setenv(name, str(work / "home"))
        patched.setattr("cli.wiring.now", lambda: NOW)
        patched.chdir(here)
        said = run_on(str(database), "round", "import", given, "--rejects", work / "rejects.csv")
        assert said.code == 0, said.err
        words = hostile_board.build(database, here, NAME)
        yield work, words


def _lines(words: dict[str, tuple[str, ...]], person: str) -> Iterator[tuple[str, ...]]:
    """Give a right call of every verb about the marked person, and calls in which a mark stands where none belongs."""
    staff: dict[str, tuple[str, ...]] = {"name": ("anna",)}  # a member is not the person who is looked for
    ours = {**words, "application": ("A1",), "candidate": (person,), "key": (person, "S1"), "files": ("facts.yaml",)}
    for path, command in sorted(hostile.verbs().items()):
        asked = hostile.parameters(command)
        ends = ("--once",) if path == ("scheduler", "run") else ()
        for turn in range(2):
            values = {
                p: (
                    found := hostile.likely_values(
                        p, ours | staff if path[0] in ("staff", "keys") else ours, ["facts.yaml"]
                    )
                )[min(turn, len(found) - 1)]
                for p in asked
            }
            least = [p for p in asked if p.required]
            flags = [p.opts[0] for p in asked if getattr(p, "is_flag", False) and p.opts[0] not in REVEALING]
            yield (*path, *_said(least, values), *ends)
            if "--json" in flags:
                yield (*path, *_said(least, values), "--json", *ends)
        for p in asked:  # the mark as a value: in an error, a log, a file's name
            if not getattr(p, "is_flag", False) and path[:2] not in REGISTERING:
                for mark in (NUMBER, f"x {NUMBER} y"):
                    yield (*path, *_said({p: p, **dict.fromkeys(least)}, {**values, p: mark}), *ends)


def _take_away(here: Path) -> None:
    for place in here.glob("new*"):
        shutil.rmtree(place) if place.is_dir() else place.unlink()


def _said(asked, values) -> list[str]:
    return [v if not p.opts[0].startswith("-") else f"{p.opts[0]}={v}" for p in asked for v in [values[p]]]


def test_no_verb_writes_a_personal_value_anywhere(ground, monkeypatch):
    """Whatever is typed, and however it fails, no mark stands in an answer, a log, a file, its name or the database."""
    work, words = ground
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(work / "home"))
    monkeypatch.chdir(work / "here")
    database, search = work / "board.db", Search(work)
    person = run_on(str(database), "candidate", "find", "--name", NAME, "--json").row["candidate"]
    control = Search(work)
    control.look("", run_on(str(database), "candidate", "show", person, "--reveal", "--reason", "asked").out.encode())
    assert len(control.found) == len(MARKS), "the search does not find what is there"
    went_well = set()
    for number, line in enumerate(_lines(words, person)):
        said = hostile.answer(["--database", str(database), *(["--debug"] if number % 2 else []), *line])
        if line[:2] in SHOWING and said.code == 0:
            _take_away(work / "here")
        else:
            search.look(f"what {line} says", said.out.encode() + said.err.encode())
        went_well |= {line[:2]} if said.code == 0 else set()
    search.look_through()
    assert len(went_well) > 80, "too few verbs went well for the search to mean anything"
    assert not search.found, "\n".join(search.found[:40])


def test_a_traceback_that_is_kept_names_nobody(ground, monkeypatch):
    """An error of the program that repeats every value of a person keeps none in its log and shows none."""
    work, _ = ground
    monkeypatch.setenv("HOME", str(work / "home"))
    monkeypatch.setenv("XDG_STATE_HOME", str(work / "home"))

    def fail(*_arguments: object, **_options: object) -> None:
        raise ValueError(f"cannot handle {NAME}, {NUMBER}, {PHONE}, {BOX}@example.org [input_value='{NAME}']")

    monkeypatch.setattr("workflow.service.Service.standing", fail)
    search = Search(work)
    for more in ([], ["--debug"]):
        said = hostile.answer(["--database", str(work / "board.db"), "application", "show", "A1", *more])
        assert said.code == 70
        search.look("the answer", said.err.encode())
    (log,) = (work / "home").rglob("errors.log")
    assert "cannot handle" in log.read_text(encoding="utf-8")
    search.look("the log", log.read_bytes())
    assert not search.found
