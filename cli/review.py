"""`examboard review`: the results of panels."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from cli import intake_files, options, wiring
from cli.options import Noun
from cli.outcomes import tell_all
from workflow.board import results


@click.group(cls=Noun)
def review() -> None:
    """Record the results of panels."""


class _MemberMark(click.ParamType[tuple[str, Decimal]]):
    """One member's marks: an opaque key, an equals sign, marks."""

    name = "mark"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, Decimal]:
        """Read a member's marks; a name of a person is refused."""
        if isinstance(value, tuple):
            return value
        member, sign, marks = str(value).partition("=")
        if not sign or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", member):
            self.fail(
                "write KEY=MARKS; the assessor is named by a key of letters and digits, never by name", param, ctx
            )
        read: Decimal = options.MARKS.convert(marks, param, ctx)
        return member, read


@review.command(
    example="""\
examboard review record A00001 --on 2024-09-07 --form thesis_defence --mark P1=58 --mark P2=62 --mark P3=63
examboard review record A00001 --on 2024-09-07 --form thesis_defence --score 60 --announced 2024-09-20"""
)
@click.argument("application")
@click.option("--on", "on", required=True, type=options.DAY, metavar="DAY", help="The day of the review.")
@click.option("--form", required=True, metavar="FORM", help="Its form, one that the scheme allows.")
@click.option("--score", type=options.MARKS, help="The panel's mark, where it stands alone.")
@click.option(
    "--mark",
    "marks",
    multiple=True,
    type=_MemberMark(),
    metavar="ASSESSOR=X",
    help="A member's marks; for each member.",
)
@click.option("--announced", type=options.DAY, metavar="DAY", help="The day on which the result is announced.")
@options.as_json
@click.pass_context
def record(
    ctx: click.Context,
    application: str,
    on: date,
    form: str,
    score: Decimal | None,
    marks: tuple[tuple[str, Decimal], ...],
    announced: date | None,
    as_json: bool,
) -> None:
    """
    Record the result of a review, and announce it if its day is given.

    The panel's mark is made of the members' by the scheme's rule, with its quorum. Both are written together or not at
    all; without --announced the result is held back until `score announce --sitting review-DAY`. After a failed review
    another one is recorded by its own day.
    """
    if (score is None) == (not marks):
        raise click.UsageError("give either --score or --mark for each member of the panel")
    if len(dict(marks)) < len(marks):
        raise click.UsageError("an assessor gives marks once")
    service = wiring.service(ctx)
    for day in filter(None, (on, announced)):
        wiring.day_of_effect(service, day)
    word = form.casefold().replace("-", "_").replace(" ", "_")
    outcomes = results.record_review(service, application, on, word, score, dict(marks), announced)
    tell_all(ctx, outcomes, as_json)


@review.command("import", example="examboard review import reviews.csv --dry-run")
@click.argument("file", type=options.SHEET)
@intake_files.import_options
@click.pass_context
def import_(ctx: click.Context, /, file: Path, **how: Any) -> None:
    """Record the reviews of a bulk file, CSV or XLSX. The same file again changes nothing."""
    intake_files.take_in(ctx, {"reviews": file}, **how)
