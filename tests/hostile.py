"""
What a hostile or hurried user types: every verb of the command line, and values for whatever it asks for.

The verbs, their arguments and their options come from Click itself, so that a new verb is driven without a word here.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import signal
import sqlite3
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click
from hypothesis import strategies as st

from cli.main import cli

CODES: Final = {0, 2, 3, 4, 5, 6, 7, 8}
LOGS: Final = frozenset({"access", "verification"})
MOST_SAID: Final = 20_000
_MOST_SECONDS: Final = 60
_ENDS: Final = {("scheduler", "run"): ("--once",)}  # without it works on until it is stopped
_EXCEPTIONS: Final = {("scheduler", "run"), ("jobs", "run"), ("retention", "run")}  # by 1: done, but not all of it
_ROOT: Final = {"database", "actor", "token_file", "debug", "config"}
# What must not stand in a line for a person: it moves the cursor, or turns the direction of writing.
_MOVES: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_HEADINGS: Final = re.compile(
    r"(Usage: |Error: |refused: |invalid: \d+ problem|not found: |conflict: |the record does not hold: |misconfigured: "
    r"|unavailable: )"
)

TEXTS: Final = (
    "",
    " ",
    "\u3000\t\n",
    "\x00",
    "A1\x00",
    "\ud800",
    "名\udfff",
    "\udc80\udcff",
    "王" * 3000,
    "x" * 70_000,
    "\u202e3202-1A",
    "\u2066明\u2069",
    "عبد الرحمن",
    "e\u0301" * 60,
    "\x1b[2J\x1b]0;x\x07",
    "a\nb\r\nc",
    "' OR 1=1 --",
    "'; DROP TABLE event; --",
    '"); DELETE FROM candidate; --',
    "$(touch pwned)",
    "`touch pwned`; | touch pwned &",
    "%s%n%x{0}{x!r}",
    "{{7*7}}${7*7}",
    "../../outside.csv",
    "/proc/self/environ",
    "~",
    "-",
    "--",
    "--help",
    "-1",
    "0",
    "NaN",
    "inf",
    "1e309",
    "9" * 5000,
    "9" * 19,
    str(2**63),
    "-9223372036854775809",
    "٣",
    "１２",
    "0x1F",
    "1_000",
    "60.005",
    "true",
    "null",
    "=cmd|' /C calc'!A0",
    "@SUM(1)",
    "<script>alert(1)</script>",
    "#set page(fill: red)",
    "0001-01-01",
    "0000-00-00",
    "9999-12-31",
    "1900-01-01",
    "2999-12-31",
    "2024-02-30",
    "2024-02-29",
    "2024-02-29T24:00",
    "0001-01-01T00:00+14:00",
    "9999-12-31T23:59-14:00",
    "2026-11-22T18:00:60",
    "25:61",
    "99999:99999",
    "101:99999999999999999999",
    ":",
    "=",
    "a=",
    "listening=30; speaking=25",
    "theory=60;theory=60",
    "\ufeff",
    "\ufffe\uffff",
    "\U0010ffff",
    "🧑‍🎓",
    "sqlite://",
    "a" * 256,
)
PATHS: Final = (
    "",
    " ",
    ".",
    "..",
    "folder",
    "folder/",
    "missing/x.csv",
    "missing/x.xlsx",
    "there.csv/x.csv",
    "there.csv",
    "there.xlsx",
    "there.json",
    "../up.csv",
    "x" * 300 + ".csv",
    ("y" * 200 + "/") * 30 + "x.xlsx",
    "nul\x00.csv",
    "\ud800.csv",
    "\udc80.csv",
    "\u202evsc.xlsx",
    "line\nbreak.csv",
    "$(touch pwned).csv",
    "no-ending",
    "an.ending",
    "/proc/version",
    "/proc/nothing/x.csv",
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call said, and how it ended."""

    line: tuple[str, ...]
    code: int
    out: str
    err: str


def verbs() -> dict[tuple[str, ...], click.Command]:
    """Find every verb of the command line, by the words with which it is called."""
    return dict(_below(cli, click.Context(cli), ()))


def _below(
    group: click.Group, ctx: click.Context, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from _below(command, ctx, (*path, name))
        else:
            yield (*path, name), command


def parameters(command: click.Command) -> list[click.Parameter]:
    """Give the arguments and the options of a verb, without those of the root that may stand behind it."""
    return [p for p in command.params if p.name not in _ROOT]


def takes_file(parameter: click.Parameter) -> bool:
    """Tell whether a parameter names a file or a folder."""
    return isinstance(parameter.type, click.Path) or parameter.name in ("csv", "xlsx", "out", "output", "vkeys")


def answer(line: Sequence[str], stdin: bytes = b"", most_seconds: int = _MOST_SECONDS) -> Answer:
    """Run a command in this process as the installed command does, stopped where it goes on for ever."""
    out, err = io.BytesIO(), io.BytesIO()
    code: object = None
    with (
        _texts(out) as stdout,
        _texts(err) as stderr,
        redirect_stdout(stdout),
        redirect_stderr(stderr),
        _said_by(stdin),
        _within(most_seconds),
    ):
        try:
            cli.main(list(line), "examboard")
        except SystemExit as ended:
            code = ended.code
        stdout.flush()
        stderr.flush()
        said = out.getvalue().decode(errors="replace"), err.getvalue().decode(errors="replace")
    return Answer(tuple(line), code if isinstance(code, int) else 0, *said)


@contextmanager
def _texts(raw: io.BytesIO) -> Iterator[io.TextIOWrapper]:
    """Give a stream of text as `cli.main.main` sets stdout and stderr up."""
    text = io.TextIOWrapper(raw, encoding="utf-8", errors="backslashreplace")
    try:
        yield text
    finally:
        text.detach()


@contextmanager
def _said_by(stdin: bytes) -> Iterator[None]:
    before = sys.stdin
    sys.stdin = io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8")
    try:
        yield
    finally:
        sys.stdin = before


@contextmanager
def _within(seconds: int) -> Iterator[None]:
    def stop(_number: int, _frame: object) -> None:
        raise AssertionError(f"the command goes on after {seconds} seconds")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def fault_of(said: Answer) -> str:
    """Say what is wrong with how a call ended; empty where nothing is."""
    if said.code not in CODES and not (said.code == 1 and any(verb == said.line[2:4] for verb in _EXCEPTIONS)):
        return f"ends with code {said.code}"
    if "Traceback (most recent" in said.out + said.err:
        return "shows a traceback"
    if found := _MOVES.search(said.err + said.out):
        return f"writes the character U+{ord(found[0]):04X} to a terminal"
    if said.code == 0:
        return ""
    if not said.err.strip() and not said.out.strip():
        return "says nothing"
    if not said.out.strip() and not _HEADINGS.match(said.err):
        return "does not begin with what kind of error it is"
    if len(said.err) > MOST_SAID:
        return f"says {len(said.err)} characters"
    return ""


def digest(database: Path, without: frozenset[str] = LOGS) -> str:
    """Digest all rows of all tables but the logs of who asked, which are written before anything is answered."""
    hashed = hashlib.sha256()
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as tx:
        names = tx.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").fetchall()
        for (name,) in names:
            if name in without or name.startswith("sqlite_"):
                continue
            hashed.update(name.encode())
            for row in tx.execute(f'SELECT * FROM "{name}"'):
                hashed.update(repr(row).encode())
    return hashed.hexdigest()


def files_in(folder: Path, database: Path) -> dict[str, int]:
    """Give every file of a folder with its size, without what the database keeps beside itself."""
    kept = {f"{database.name}{end}" for end in ("", "-wal", "-shm", "-journal", ".ring")}
    found = {}
    for at, _folders, files in os.walk(folder):
        for name in files:
            if name not in kept and name != "errors.log":
                place = Path(at) / name
                found[os.fsencode(place.relative_to(folder)).hex()] = place.stat().st_size
    return found


Words = Mapping[str, Sequence[str]]


def lines(path: tuple[str, ...], words: Words, files: Sequence[str]) -> st.SearchStrategy[tuple[str, ...]]:
    """
    Draw a line that calls a verb, with values of which some are right and some hostile.

    Args:
        path: The verb.
        words: Right values by the name of a parameter; under `*` those for any other.
        files: Files and folders that can be read.
    """
    asked = parameters(verbs()[path])

    @st.composite
    def line(draw: st.DrawFn) -> tuple[str, ...]:
        said = list(path)
        for parameter in asked:
            said += draw(_words_for(parameter, words, files))
        return (*said, *_ENDS.get(path, ()))

    return line()


def _words_for(parameter: click.Parameter, words: Words, files: Sequence[str]) -> st.SearchStrategy[list[str]]:
    is_option = isinstance(parameter, click.Option)
    values = value_of(parameter, words, files)
    if is_option and getattr(parameter, "is_flag", False):
        return st.sampled_from([[], [], [parameter.opts[0]]])
    if is_option:
        most = 2 if parameter.multiple else 1
        least = 1 if parameter.required else 0
        given = st.lists(values, min_size=least, max_size=most)
        if not parameter.required:
            given = st.one_of(st.just([]), given)
        # With =, so that a value that begins with a dash is one.
        return given.map(lambda found: [f"{parameter.opts[0]}={value}" for value in found])
    if parameter.nargs == -1:
        return st.lists(values, min_size=1 if parameter.required else 0, max_size=3)
    return values.map(lambda value: [value]) if parameter.required else st.lists(values, max_size=1)


def value_of(parameter: click.Parameter, words: Words, files: Sequence[str]) -> st.SearchStrategy[str]:
    """Draw a value for a parameter: three of four times a likely one, else one that is hostile."""
    hostile = st.one_of(st.sampled_from(TEXTS), st.text(st.characters(codec=None), max_size=40))
    if takes_file(parameter):  # and nothing is written outside of the tests' own folder
        hostile = st.one_of(hostile.filter(lambda text: not text.startswith("/")), st.sampled_from(PATHS))
    likely = st.sampled_from(likely_values(parameter, words, files))
    return st.one_of(likely, likely, likely, hostile)


def likely_values(parameter: click.Parameter, words: Words, files: Sequence[str]) -> tuple[str, ...]:
    """Give values that a parameter is likely to take."""
    kind: Any = parameter.type
    name = {"numbers": "application", "applications": "application"}.get(parameter.name or "", parameter.name or "")
    if isinstance(kind, click.Path) and kind.exists:
        return tuple(files)
    if known := words.get(name, ()):
        return tuple(known)
    if isinstance(kind, click.Choice):
        return tuple(map(str, kind.choices))
    if isinstance(kind, click.IntRange):
        least = int(kind.min or 0)
        return tuple(map(str, range(least, int(min(kind.max or 40, least + 40)) + 1)))
    if isinstance(kind, click.FloatRange | type(click.INT) | type(click.FLOAT)):
        return ("1", "2", "3", "90")
    if takes_file(parameter):
        return ("new", "new.csv", "new.xlsx", "new.json")
    return tuple(words.get(f":{kind.name}") or words["*"])


def reads_file(parameter: click.Parameter) -> bool:
    """Tell whether a parameter names a file that is read."""
    kind: Any = parameter.type
    return (isinstance(kind, click.Path) and kind.exists) or parameter.name in ("schemes", "files", "resume", "health")


def with_file(path: tuple[str, ...], words: Words, file: str, folder: str) -> tuple[str, ...]:
    """Give a line that calls a verb with a file, and with likely values for whatever else it must be given."""
    said = list(path)
    for parameter in parameters(verbs()[path]):
        kind: Any = parameter.type
        if reads_file(parameter):
            value = file if getattr(kind, "file_okay", True) else folder
        elif parameter.required:
            value = likely_values(parameter, words, [file])[0]
        else:
            continue
        said.append(value if isinstance(parameter, click.Argument) else f"{parameter.opts[0]}={value}")
    return (*said, *_ENDS.get(path, ()))
