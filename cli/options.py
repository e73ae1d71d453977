"""
What every command has in common: the form of nouns and verbs, the shared options, and how their values are read.

Imports click and little else: help must stay fast, so whatever reads a value is imported when a value is there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from cli.output import UNSEEN
from cli.root import RootOptions

F = TypeVar("F", bound=Callable[..., Any])

_MOST_WORD: Final = 1000
_WEEK: Final = 604_800
_CLEANED: Final = {"name", "document_type", "document_number", "sex", "phone", "email"}
_LONG: Final = re.compile(r"(?<!\d)\d{17}[\dXxＸｘ](?!\d)")


def _keep(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
    """Keep a root option that stands behind the verb: there it counts more than before the noun."""
    if value and param.name:
        setattr(ctx.ensure_object(RootOptions), param.name, value)
    return value


def _fault_of(word: str) -> str:
    if len(word) > _MOST_WORD:
        return f"is longer than {_MOST_WORD} characters"
    # What Python makes of bytes on the command line that are no UTF-8.
    return "is not UTF-8 text" if any("\ud800" <= character <= "\udfff" for character in word) else ""


def _names_person(text: str) -> bool:
    if not _LONG.search(text):
        return False
    from workflow.identity import is_resident_number

    return any(is_resident_number(found[0]) for found in _LONG.finditer(text))


class Verb(click.Command):
    """
    A command: its help ends with an example, and the root's options may stand behind it as well.

    Attributes:
        example: How it is typed.
    """

    def __init__(self, *args: Any, example: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.example = example
        self.params += [
            click.Option([name], hidden=True, expose_value=False, callback=_keep, is_flag=name == "--debug")
            for name in ("--database", "--actor", "--token-file", "--debug")
        ]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments; a word that no record could hold is refused before anything is looked for by it."""
        rest = super().parse_args(ctx, args)
        for parameter in self.params:
            value = ctx.params.get(parameter.name or "")
            for word in value if isinstance(value, tuple) else (value,):
                if isinstance(word, str) and (fault := _fault_of(word)):
                    raise click.BadParameter(fault, ctx, parameter)
                # Answers repeat what was typed, but for a person's values, which are cleaned and never repeated.
                is_repeated = isinstance(word, str | Path) and parameter.name not in _CLEANED
                if is_repeated and (found := UNSEEN.search(str(word).strip())):
                    fault = f"holds a character that cannot be seen (U+{ord(found[0]):04X})"
                    raise click.BadParameter(fault, ctx, parameter)
            # Not what was typed but what became of it, since a room or a file may be named so too.
            if parameter.name != "document_number" and _names_person(str(value)):
                fault = "holds an identity number, which belongs in the register of persons only"
                raise click.BadParameter(fault, ctx, parameter)
        return rest

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the example as it stands."""
        with formatter.section("Example"):
            for line in self.example.splitlines():
                formatter.write(f"  {line}\n")


class Noun(click.Group):
    """A group of verbs about one thing."""

    command_class = Verb


class _Read(click.ParamType[Any]):
    """A value that is read by one of the core's own readers, which say what is wrong with it."""

    def read(self, text: str, ctx: click.Context | None) -> Any:
        """Read the value; raises ValueError with the reason."""
        raise NotImplementedError

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read a value, or refuse it with the reason."""
        if not isinstance(value, str):
            return value
        try:
            return self.read(value, ctx)
        except ValueError as error:
            from workflow.identity import shown

            return self.fail(f"{shown(value)!r}: {error}", param, ctx)


class _Day(_Read):
    name = "day"

    def read(self, text: str, ctx: click.Context | None) -> date:
        from workflow.document import parse_day

        return parse_day(text)


class _Moment(_Read):
    name = "instant"

    def read(self, text: str, ctx: click.Context | None) -> datetime:
        from zoneinfo import ZoneInfo

        from cli.wiring import settings
        from workflow.document import parse_day

        zone = ZoneInfo(settings(ctx or click.get_current_context()).time_zone)
        if len(text.strip()) == len("2026-11-22"):
            return datetime.combine(parse_day(text), time.max, zone)
        try:
            moment = datetime.fromisoformat(text.strip())
        except ValueError:
            raise ValueError("must be an instant such as 2026-11-22T18:00, or a day, which means its end") from None
        parse_day(moment.date())
        return moment if moment.tzinfo else moment.replace(tzinfo=zone)


class _Marks(_Read):
    name = "marks"

    def read(self, text: str, ctx: click.Context | None) -> Decimal:
        from workflow.cells import marks

        return marks(text)


class _Seconds(_Read):
    name = "seconds"

    def read(self, text: str, ctx: click.Context | None) -> float:
        fault = f"must be a number of seconds from 1 to {_WEEK:,} (a week)"
        try:
            found = float(text)
        except ValueError:
            raise ValueError(fault) from None
        if not 1 <= found <= _WEEK:  # nor is it that for what is no number
            raise ValueError(fault)
        return found


class _Result(_Read):
    name = "marks"

    def read(self, text: str, ctx: click.Context | None) -> Any:
        from workflow.cells import result

        return result(text)


class _Label(_Read):
    name = "text"

    def read(self, text: str, ctx: click.Context | None) -> str:
        from workflow.cells import label

        found = label(text)
        if not found:
            raise ValueError("is blank")
        return found


class _Prose(_Read):
    name = "text"

    def read(self, text: str, ctx: click.Context | None) -> str:
        from workflow.cells import refuse_harmful, spaced
        from workflow.identity import shown

        found = spaced(text)
        refuse_harmful(found)
        if not found or len(found) > 1000:
            raise ValueError("is longer than 1000 characters" if found else "is blank")
        if any(word != shown(word) for word in found.split()):
            raise ValueError("holds an identity number; no personal value may enter the record")
        return found


class _Number(_Read):
    name = "number"

    def read(self, text: str, ctx: click.Context | None) -> str:
        from workflow.identity import application_number

        return application_number(text)


DAY = _Day()
MOMENT = _Moment()
MARKS = _Marks()
SECONDS = _Seconds()
RESULT = _Result()  # of a part, or of its components: listening=30; speaking=25
LABEL = _Label()
PROSE = _Prose()
NUMBER = _Number()
FILE = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)
NEW_FILE = click.Path(dir_okay=False, path_type=Path)
SHEET = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


def as_json(f: F) -> F:
    """Add `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="JSON for programs, one object a line.")(f)


def as_of(f: F) -> F:
    """Add `--as-of`."""
    return click.option("--as-of", type=DAY, metavar="DAY", help="The day asked about; default: today.")(f)


def known_at(f: F) -> F:
    """Add `--known-at`."""
    text = "What had been recorded by then; a day means its end. Default: all that is recorded."
    return click.option("--known-at", type=MOMENT, metavar="INSTANT", help=text)(f)


def on(f: F) -> F:
    """Add `--on`."""
    return click.option("--on", type=DAY, metavar="DAY", help="The day on which it takes effect; default: today.")(f)


def dry_run(f: F) -> F:
    """Add `--dry-run`."""
    return click.option("--dry-run", is_flag=True, help="Say what would be done, and write nothing.")(f)


def reason(f: F) -> F:
    """Add the reason and the authority that a decision needs."""
    f = click.option("--authority", required=True, type=PROSE, metavar="TEXT", help="Who decided, by which minute.")(f)
    return click.option("--reason", required=True, type=PROSE, metavar="TEXT", help="Why.")(f)
