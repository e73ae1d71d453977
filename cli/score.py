"""`examboard score`: results of exams, recorded, announced and amended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from cli import intake_files, options, wiring
from cli.options import Noun
from cli.outcomes import tell, tell_all
from cli.sitting import exam_named
from workflow import decisions
from workflow import facts as f
from workflow.decisions import Outcome
from workflow.draft import Draft
from workflow.errors import NotFound
from workflow.service import Service

SITTING = click.option("--sitting", "sitting", required=True, metavar="KEY", help="The sitting.")
PART = click.option("--part", required=True, metavar="PART", help="The part, by its key or name.")


@click.group(cls=Noun)
def score() -> None:
    """Record, announce and amend results of exams."""


@score.command(
    example="""\
examboard score record A00001 --sitting 2024-26/1 --part theory --score 60
examboard score record A00006 --sitting 2024-26/1 --part theory --absent"""
)
@click.argument("application")
@SITTING
@PART
@click.option("--score", type=options.MARKS, help="Marks on the part's own scale.")
@click.option("--absent", is_flag=True, help="The candidate did not come.")
@options.on
@options.as_json
@click.pass_context
def record(
    ctx: click.Context,
    application: str,
    sitting: str,
    part: str,
    score: Decimal | None,
    absent: bool,
    on: date | None,
    as_json: bool,
) -> None:
    """Record the result of an attempt; it is held back until it is announced."""
    if (score is None) == (not absent):
        raise click.UsageError("give either --score or --absent")
    service = wiring.service(ctx)
    key = part_named(service, application, part)
    sat_on = _sat_on(service, application, sitting, key)
    fact: f.Fact = f.AbsenceRecorded(part=key, sitting=sitting, sat_on=sat_on)
    if score is not None:
        fact = f.ScoreRecorded(part=key, sitting=sitting, sat_on=sat_on, score=score)
    tell(service.record(application, fact, on), as_json)


def part_named(service: Service, application: str, name: str) -> str:
    """Find a part of an application's scheme by its key or a name of it; an unknown name is left to the rules."""
    return service.rules_of(service.history(application)).scheme.parts_by_name.get(name.casefold(), name)


def _sat_on(service: Service, application: str, sitting: str, part: str) -> date:
    attempt = service.draft(service.history(application)).application.attempt(part, sitting)
    if attempt:
        return attempt.sat_on
    sittings = service.stores.sittings.find(sitting, part)
    if not sittings:
        raise NotFound(f"no sitting {sitting} of {part}; see: examboard sitting list")
    return sittings[0].sat_on


@score.command(
    example="""\
examboard score announce --sitting 2024-26/1 --on 2024-06-20 --dry-run
examboard score announce --application A00001 --sitting 2024-26/1 --part theory"""
)
@SITTING
@click.option("--part", metavar="PART", help="This part only.")
@click.option("--application", metavar="APPLICATION", help="This application only; needs --part.")
@options.on
@options.dry_run
@options.as_json
@click.pass_context
def announce(
    ctx: click.Context,
    sitting: str,
    part: str | None,
    application: str | None,
    on: date | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Announce the results of a sitting that are recorded and not yet out: validity runs from that day."""
    service = wiring.service(ctx, write=not dry_run)
    day = wiring.day_of_effect(service, on) if on else None
    if application:
        if not part:
            raise click.UsageError("--application needs --part")
        outcomes = _announce_one(service, application, sitting, part, on, dry_run)
    else:
        if not service.stores.sittings.find(sitting) and not service.stores.events.at_sitting(sitting):
            raise NotFound(f"no sitting {sitting}; see: examboard sitting list")
        key = exam_named(service, part) if part else None
        outcomes = decisions.announce_sitting(service, sitting, key, day, dry_run)
    tell_all(ctx, outcomes, as_json, dry_run)


def _announce_one(
    service: Service, application: str, sitting: str, part: str, on: date | None, dry_run: bool
) -> Iterator[Outcome]:
    key = part_named(service, application, part)

    def propose(draft: Draft) -> bool:
        day = on or service.today(draft.rules.scheme.time_zone)
        draft.propose(f.ScoreAnnounced(part=key, sitting=sitting), day, f"announce:{key}:{sitting}")
        return True

    yield from decisions.for_each(service, [application], propose, dry_run)


@score.command(
    example="""\
examboard score amend A00006 --sitting 2024-26/1 --part theory --score 61 \\
    --reason "sheet 3 was not added" --authority "recheck 2024-112" """
)
@click.argument("application")
@SITTING
@PART
@click.option("--score", required=True, type=options.MARKS, help="The right marks.")
@options.reason
@options.on
@options.as_json
@click.pass_context
def amend(
    ctx: click.Context,
    application: str,
    sitting: str,
    part: str,
    score: Decimal,
    reason: str,
    authority: str,
    on: date | None,
    as_json: bool,
) -> None:
    """Correct the marks of an attempt; the marks before stay visible."""
    service = wiring.service(ctx)
    key = part_named(service, application, part)
    fact = f.ScoreAmended(part=key, sitting=sitting, score=score, reason=reason, authority=authority)
    tell(service.record(application, fact, on), as_json)


@score.command("import", example="examboard score import scores.csv --dry-run")
@click.argument("file", type=options.SHEET)
@intake_files.import_options
@click.pass_context
def import_(ctx: click.Context, /, file: Path, **how: Any) -> None:
    """Record the results of a bulk file, CSV or XLSX. The same file again changes nothing."""
    intake_files.take_in(ctx, {"scores": file}, **how)
