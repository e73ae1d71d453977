"""
What the user is told when something goes wrong, and with which code the process ends.

| code | meaning |
| --- | --- |
| 0 | done |
| 2 | the command line, a document or a file is not as it must be |
| 3 | refused: the rules say no |
| 4 | what was asked for is not there |
| 5 | someone else wrote first |
| 6 | the record does not hold |
| 7 | the settings or the installation do not fit |
| 8 | something needed cannot be reached now |
| 70 | an error of the program itself |
| 130 | interrupted |

Never prints a stored value: a traceback has its identity numbers hidden before it is shown or kept. What a message
repeats of the command line or of a file is written so that it cannot move a terminal's cursor.
"""

from __future__ import annotations

import errno
import os
import re
import sys
import traceback
from pathlib import Path
from typing import Final

import click

from cli.output import UNSEEN
from workflow.errors import (
    Conflict,
    Corrupt,
    ExamboardError,
    Invalid,
    Misconfigured,
    NotFound,
    Objection,
    Refused,
    Unavailable,
)

INTERNAL: Final = 70
INTERRUPTED: Final = 130
_WORDS: Final = {
    NotFound: "not found",
    Conflict: "conflict",
    Corrupt: "the record does not hold",
    Misconfigured: "misconfigured",
    Unavailable: "unavailable",
}
_LONG_NUMBER: Final = re.compile(r"(?<!\d)(\d{6})\d{5,12}([\dXx]{4})(?!\d)")
_PHONE: Final = re.compile(r"(?<![\d.])\+?\d{7,17}(\d{4})(?![\d.])")
_ADDRESS: Final = re.compile(r"[\w.+-]+@[\w.-]+")
_CHINESE: Final = re.compile(r"([\u3400-\u9fff])[\u3400-\u9fff·]+")
_GIVEN: Final = re.compile(r"(input_value=).*")
_MOST_IN_LINE: Final = 2000


def tell(error: BaseException, debug: bool = False) -> int:
    """
    Tell the user what went wrong, on stderr.

    Args:
        error: What stopped the command.
        debug: Whether to show the traceback of an internal error.

    Returns:
        The exit code.
    """
    match error:
        case SystemExit():
            return error.code if isinstance(error.code, int) else int(error.code is not None)
        case click.exceptions.Exit():
            return error.exit_code
        case KeyboardInterrupt() | click.Abort():
            click.echo("interrupted", err=True)
            return INTERRUPTED
        case click.exceptions.NoArgsIsHelpError():
            error.show()
            return error.exit_code
        case click.ClickException():
            text = "\n".join(map(harmless, error.format_message().split("\n")))
            shown = (
                click.UsageError(text, error.ctx) if isinstance(error, click.UsageError) else click.ClickException(text)
            )
            shown.show()
            return error.exit_code
        case BrokenPipeError():
            return _close_pipe()
        case ExamboardError():
            click.echo("\n".join(map(harmless, lines_of(error))), err=True)
            return error.exit_code
        case OSError() if error.errno in (errno.ENOSPC, errno.EDQUOT):
            click.echo(f"unavailable: no room left on the disk ({error.strerror})", err=True)
            return Unavailable.exit_code
        case OSError() if error.strerror:
            where = f"{error.filename}: " if isinstance(error.filename, str) else ""
            click.echo(harmless(f"unavailable: {where}{error.strerror}"), err=True)
            return Unavailable.exit_code
    return _internal(error, debug)


def printable(line: str) -> str:
    """Write a line for a terminal: the unseen as escapes."""
    return UNSEEN.sub(lambda found: ascii(found[0])[1:-1], line)


def harmless(line: str) -> str:
    """Write a line of a message for a terminal: the unseen as escapes, identity numbers hidden, cut short."""
    seen = printable(line)
    return hide(seen if len(seen) <= _MOST_IN_LINE else f"{seen[:_MOST_IN_LINE]}... ({len(line):,} characters)")


def lines_of(error: ExamboardError) -> list[str]:
    """Write an error in lines: what it is, then every objection or problem on a line of its own."""
    if isinstance(error, Refused):
        return [f"refused: {error.subject}", *(f"  {objection_text(o)}" for o in error.objections)]
    if isinstance(error, Invalid):
        count = len(error.problems)
        return [f"invalid: {count} problem{'s' if count != 1 else ''}", *map(str, error.problems)]
    return [f"{_WORDS.get(type(error), 'error')}: {error}"]


def objection_text(objection: Objection) -> str:
    """Write an objection with its clause in words: a default and the board's own policy are said to be that."""
    clause = clause_text(objection.clause)
    return f"{objection.text} [{clause}]" if clause else objection.text


def clause_text(clause: str) -> str:
    """Write the place of a clause for people."""
    source, _, at = clause.partition(" ")
    words = {"none": "not in the edition: a default", "board": "the board's own policy"}.get(source, source)
    return f"{words} {at}".strip()


def _close_pipe() -> int:
    """Leave quietly when the reader has gone; what Python flushes at its end goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


def _internal(error: BaseException, debug: bool) -> int:
    text = _hide_persons("".join(traceback.format_exception(error)))
    name = type(error).__name__
    if debug:
        click.echo(f"{text}internal error ({name}); please report it with the lines above", err=True)
        return INTERNAL
    kept = _keep(text)
    where = f"the traceback is in {kept}" if kept else "run it again with --debug to see the traceback"
    click.echo(f"internal error ({name}); {where}; nothing further was done", err=True)
    return INTERNAL


def hide(text: str) -> str:
    """Hide identity numbers in a text: the first six and the last four characters stay."""
    return _LONG_NUMBER.sub(r"\1********\2", text)


def _hide_persons(text: str) -> str:
    """Hide what may be a person's in a traceback: numbers, addresses, Chinese words, and what a model was given."""
    text = _GIVEN.sub(r"\1...", hide(text))
    return _CHINESE.sub(r"\1**", _ADDRESS.sub("***@***", _PHONE.sub(r"***\1", text)))


def _keep(text: str) -> Path | None:
    from platformdirs import user_log_path

    try:
        folder = user_log_path("examboard", appauthor=False, ensure_exists=True)
        file = folder / "errors.log"
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8") as log:
            log.write(f"{' '.join(sys.argv[:1])}\n{text}\n")
    except OSError:
        return None
    return file
