"""For whom a decision is made: the options of every verb for one application or a whole cohort, and its report."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click

from cli import options
from cli.files import read_text
from cli.outcomes import tell, tell_all
from workflow.board.decisions import Outcome
from workflow.board.selection import Selection
from workflow.identity import application_number

F = TypeVar("F", bound=Callable[..., Any])
NAMES = ("numbers", "listed", "cohort", "scheme", "level", "sitting")


def choice(f: F) -> F:
    """Add the applications as arguments, and `--applications`, `--cohort`, `--scheme`, `--level` and `--sitting`."""
    f = click.option("--sitting", default="", metavar="KEY", help="All who were admitted to this session.")(f)
    f = click.option("--level", default="", metavar="LEVEL", help="Only this level, by number or name.")(f)
    f = click.option("--scheme", default="", metavar="SCHEME", help="All of this scheme, by id or edition.")(f)
    f = click.option("--cohort", default="", metavar="TAG", help="All that were filed under this tag.")(f)
    text = "File with one application number a line."
    f = click.option("--applications", "listed", type=options.FILE, metavar="FILE", help=text)(f)
    return click.argument("numbers", metavar="[APPLICATION]...", nargs=-1)(f)


def selection_of(how: dict[str, Any]) -> Selection:
    """
    Take the selection out of a command's options.

    Raises:
        UsageError: nothing was said, which must never mean everyone.
    """
    numbers, listed, cohort, scheme, level, sitting = (how.pop(name) for name in NAMES)
    named = (*numbers, *(_listed(listed) if listed else ()))
    if listed and not named:
        raise click.BadParameter(f"{listed}: names no application", param_hint="--applications")
    selection = Selection(named, cohort, scheme, level, sitting)
    if selection.is_empty:
        raise click.UsageError(
            "say for whom: applications by number, --applications FILE, --cohort, --scheme, --level or --sitting"
        )
    return selection


def _listed(file: Path) -> list[str]:
    """Read numbers, one a line; blank lines, a title and what follows a `#` are passed over."""
    lines = (line.partition("#")[0].strip() for line in read_text(file).splitlines())
    found = [line for line in lines if line and line.casefold() not in ("application", "申请号", "报名号")]
    for number in found:
        try:
            application_number(number)
        except ValueError as error:
            raise click.BadParameter(f"{file}: {error}", param_hint="--applications") from None
    return found


def report(
    ctx: click.Context, selection: Selection, outcomes: Iterable[Outcome], as_json: bool, dry_run: bool = False
) -> None:
    """
    Print what became of each; one application named alone is told of as by any other verb.

    Raises:
        ExamboardError: what the one application named alone was refused.
    """
    if dry_run or selection != Selection(selection.applications) or len(selection.applications) != 1:
        tell_all(ctx, outcomes, as_json, dry_run)
        return
    for outcome in outcomes:
        if outcome.error:
            raise outcome.error
        if outcome.done:
            tell(outcome.done, as_json)
