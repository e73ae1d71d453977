"""`examboard training`: the training gate of a level."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from cli import intake_files, options, wiring
from cli.options import Noun
from cli.outcomes import tell
from workflow.facts import TrainingRecorded, TrainingWaived

HOURS = click.option("--hours", required=True, type=options.MARKS, help="Standard class hours.")
DONE_ON = click.option("--done-on", type=options.DAY, metavar="DAY", help="Day of completion; default: that of --on.")


@click.group(cls=Noun)
def training() -> None:
    """Record or waive the training of a level."""


@training.command(example="examboard training record A00013 --hours 40 --on 2024-05-06")
@click.argument("application")
@HOURS
@DONE_ON
@options.on
@options.as_json
@click.pass_context
def record(
    ctx: click.Context, application: str, hours: Decimal, done_on: date | None, on: date | None, as_json: bool
) -> None:
    """Record class hours done without a completion certificate; hours add up."""
    _record(ctx, application, hours, None, done_on, on, as_json)


@training.command(example="examboard training complete A00013 --hours 80 --certificate-number T-118 --on 2024-06-01")
@click.argument("application")
@HOURS
@click.option("--certificate-number", required=True, type=options.LABEL, metavar="NUMBER", help="Of the certificate.")
@DONE_ON
@options.on
@options.as_json
@click.pass_context
def complete(
    ctx: click.Context,
    application: str,
    hours: Decimal,
    certificate_number: str,
    done_on: date | None,
    on: date | None,
    as_json: bool,
) -> None:
    """Record class hours with the completion certificate that closes the course."""
    _record(ctx, application, hours, certificate_number, done_on, on, as_json)


def _record(
    ctx: click.Context,
    application: str,
    hours: Decimal,
    number: str | None,
    done_on: date | None,
    on: date | None,
    as_json: bool,
) -> None:
    service = wiring.service(ctx)
    day = wiring.day_of_effect(service, on)
    fact = TrainingRecorded(
        hours=hours,
        completion_certificate=number is not None,
        completed_on=done_on or day,
        certificate_number=number or "",
    )
    tell(service.record(application, fact, day), as_json)


@training.command(
    example='examboard training waive A00013 --reason "taught the course" --authority "board minute 2024-9"'
)
@click.argument("application")
@options.reason
@options.on
@options.as_json
@click.pass_context
def waive(ctx: click.Context, application: str, reason: str, authority: str, on: date | None, as_json: bool) -> None:
    """Waive the training of one application, by a decision of the board."""
    fact = TrainingWaived(reason=reason, authority=authority)
    tell(wiring.service(ctx).record(application, fact, on), as_json)


@training.command("import", example="examboard training import training.csv --dry-run")
@click.argument("file", type=options.SHEET)
@intake_files.import_options
@click.pass_context
def import_(ctx: click.Context, /, file: Path, **how: Any) -> None:
    """Record the courses of a bulk file, CSV or XLSX. The same file again changes nothing."""
    intake_files.take_in(ctx, {"training": file}, **how)
