"""Every verb, given what is right and what is hostile: one clear line, a code of the table, and no partial write."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import broken_files, hostile, hostile_board
from tests.cli.conftest import FILES, NOW

# How many calls are made up in all: many for a hunt by hand, which also tries every file on every verb.
EXAMPLES = int(os.environ.get("EXAMBOARD_HOSTILE", "320"))
SPARSE = 1 if EXAMPLES > 10_000 else 8


@dataclass
class Ground:
    """
    The board as it is before each call, and the folder in which the calls are made.

    Attributes:
        kept: What a call begins with.
        work: Where it is done: `board.db`, `home` and `here`, the folder that it is typed in.
        words: Right values.
        files: Files that can be read, from `here`.
    """

    kept: Path
    work: Path
    words: dict[str, tuple[str, ...]]
    files: list[str]

    def fresh(self) -> Path:
        """Put everything back; gives the database."""
        os.chdir("/")
        shutil.rmtree(self.work)
        shutil.copytree(self.kept, self.work)
        os.chdir(self.work / "here")
        return self.work / "board.db"


@pytest.fixture(scope="module")
def ground(_taken_in: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """Give the ground; made once."""
    kept, work = tmp_path_factory.mktemp("kept"), tmp_path_factory.mktemp("work")
    before = Path.cwd()
    (work / "here" / "round").mkdir(parents=True)
    database = Path(shutil.copy(_taken_in, work / "board.db"))
    shutil.copy(f"{_taken_in}.ring", f"{database}.ring")
    with pytest.MonkeyPatch.context() as patched:
        for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
            patched.setenv(name, str(work / "home"))
        patched.setattr("cli.wiring.now", lambda: NOW)
        patched.chdir(work / "here")
        words = hostile_board.build(database, work / "here")
        for kind, text in FILES.items():
            (work / "here" / "round" / f"{kind}.csv").write_text(text, encoding="utf-8")
        here = work / "here"
        files = sorted(str(p.relative_to(here)) for p in here.rglob("*"))
        shutil.copytree(work, kept, dirs_exist_ok=True)
        yield Ground(kept, work, words, [*files, "-"])
        os.chdir(before)


@pytest.fixture
def _home(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(ground.work / "home"))


def hold(ground: Ground, line: tuple[str, ...], stdin: bytes = b"") -> hostile.Answer:
    """Make a call, and hold it to what every call must hold."""
    database = ground.fresh()
    before, there = hostile.digest(database), hostile.files_in(ground.work, database)
    said = hostile.answer(["--database", str(database), *line], stdin)
    kept = ground.work / "home" / "examboard" / "log" / "errors.log"
    log = kept.read_text("utf-8")[-3000:] if kept.exists() else ""
    assert not hostile.fault_of(said), f"{hostile.fault_of(said)}: {said}\n{log}"
    if said.code and not said.out:
        assert hostile.digest(database) == before, f"refused, and wrote all the same: {said}"
        assert hostile.files_in(ground.work, database) == there, f"refused, and left a file: {said}"
    return said


VERBS = sorted(hostile.verbs())
READERS = [path for path in VERBS if any(map(hostile.reads_file, hostile.parameters(hostile.verbs()[path])))]
EACH = max(1, round(EXAMPLES / len(VERBS)))


@pytest.mark.usefixtures("_home")
@pytest.mark.parametrize("path", VERBS, ids=" ".join)
def test_every_verb_answers_whatever_it_is_given(ground, path):
    """Whatever a verb is given, it answers in clear words with a code of the table; refused, it has written nothing."""

    @settings(max_examples=EACH, suppress_health_check=list(HealthCheck), database=None)
    @given(hostile.lines(path, ground.words, ground.files), st.binary(max_size=40))
    def hunt(line: tuple[str, ...], stdin: bytes) -> None:
        hold(ground, line, stdin)

    hunt()


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Give all broken files."""
    folder = tmp_path_factory.mktemp("broken")
    return broken_files.write(folder, broken_files.sheets() | broken_files.workbooks() | broken_files.documents())


@pytest.mark.usefixtures("_home")
@pytest.mark.parametrize("path", READERS, ids=" ".join)
def test_every_verb_answers_to_a_broken_file(ground, broken, path, tmp_path):
    """Whatever a file holds that a verb reads, it answers in clear words; refused, it has written nothing."""
    place = READERS.index(path)
    for number, file in enumerate(broken):
        if (number + place) % SPARSE == 0:
            folder = tmp_path / str(number)
            folder.mkdir()
            shutil.copy(file, folder / f"applications{file.suffix}")
            hold(ground, hostile.with_file(path, ground.words, str(file), str(folder)))
