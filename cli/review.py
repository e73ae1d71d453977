"""`examboard review`: the results of panels."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from cli import intake_files, options, wiring
from cli.options import Noun
from cli.outcomes import tell_all
from workflow import decisions
from workflow import facts as f
from workflow.draft import Draft
from workflow.errors import NotFound


@click.group(cls=Noun)
def review() -> None:
    """Record the results of panels."""


@review.command(
    example="examboard review record A00001 --on 2024-09-07 --form thesis_defence --score 60 --announced 2024-09-20"
)
@click.argument("application")
@click.option("--on", "on", required=True, type=options.DAY, metavar="DAY", help="The day of the review.")
@click.option("--form", required=True, metavar="FORM", help="Its form, one that the scheme allows.")
@click.option("--score", required=True, type=options.MARKS, help="Marks on the part's own scale.")
@click.option("--announced", type=options.DAY, metavar="DAY", help="The day on which the result is announced.")
@options.as_json
@click.pass_context
def record(
    ctx: click.Context,
    application: str,
    on: date,
    form: str,
    score: Decimal,
    announced: date | None,
    as_json: bool,
) -> None:
    """
    Record the result of a review, and announce it if its day is given.

    Both are written together or not at all. Without --announced it is held back until
    `score announce --application APPLICATION --sitting review-DAY --part review`.
    """
    service = wiring.service(ctx)
    for day in filter(None, (on, announced)):
        wiring.day_of_effect(service, day)
    rules = service.rules_of(service.history(application))
    part = next((key for key, x in rules.parts.items() if x.kind == "review"), None)
    if part is None:
        raise NotFound(f"level {rules.number} of {rules.scheme.scheme} has no review; it has: {', '.join(rules.parts)}")
    sitting = f"review-{on}"
    word = form.casefold().replace("-", "_").replace(" ", "_")

    def propose(draft: Draft) -> bool:
        fact = f.ScoreRecorded(part=part, sitting=sitting, sat_on=on, score=score, form=word)
        draft.propose(fact, on, f"review:{service.new_key()}")
        if announced:
            draft.propose(f.ScoreAnnounced(part=part, sitting=sitting), announced, f"announce:{part}:{sitting}")
        return True

    tell_all(ctx, decisions.for_each(service, [application], propose), as_json)


@review.command("import", example="examboard review import reviews.csv --dry-run")
@click.argument("file", type=options.SHEET)
@intake_files.import_options
@click.pass_context
def import_(ctx: click.Context, /, file: Path, **how: Any) -> None:
    """Record the reviews of a bulk file, CSV or XLSX. The same file again changes nothing."""
    intake_files.take_in(ctx, {"reviews": file}, **how)
