"""`examboard training`: the training gate of a level."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import click

from cli import intake_files, options, selecting, wiring
from cli.errors import clause_text
from cli.options import Noun
from cli.outcomes import tell
from cli.output import json_line
from workflow.board.selection import decide_for
from workflow.board.training_record import Record, TrainingStanding, hours_of, training_of
from workflow.facts import TrainingRecorded, TrainingWaived

F = TypeVar("F", bound=Callable[..., Any])
STRANDS = ("career_guidance", "vocational_skills", "entrepreneurship")
SYSTEMS = ("full_time", "part_time", "class_hour", "credit")
DELIVERIES = ("class", "joint_class", "broadcast", "correspondence", "self_study")


@click.group(cls=Noun)
def training() -> None:
    """Record, show or waive the training of a level."""


def _course(f: F) -> F:
    """Add what is recorded of a course."""
    text = "Day of completion; default: that of --on."
    f = click.option("--done-on", type=options.DAY, metavar="DAY", help=text)(f)
    f = click.option("--started-on", type=options.DAY, metavar="DAY", help="First day of the course.")(f)
    text = "The trainer's key or number at the board; never a name."
    f = click.option("--trainer", type=options.LABEL, metavar="KEY", help=text)(f)
    text = "How it was taught; may be given again."
    f = click.option("--delivery", multiple=True, type=click.Choice(DELIVERIES), help=text)(f)
    f = click.option("--teaching-system", type=click.Choice(SYSTEMS), help="How it was organised.")(f)
    f = click.option("--strand", type=click.Choice(STRANDS), help="What the course was about.")(f)
    f = click.option("--provider", type=options.LABEL, metavar="NAME", help="The training body.")(f)
    text = "Credits, where the scheme has a rate for them, instead of --hours."
    f = click.option("--credits", "points", type=options.MARKS, metavar="CREDITS", help=text)(f)
    return click.option("--hours", type=options.MARKS, metavar="HOURS", help="Standard class hours.")(f)


@training.command(
    example="""\
examboard training record A00013 --hours 40 --on 2024-05-06
examboard training record A00013 --credits 2 --provider "City Union School" --delivery broadcast \\
    --teaching-system credit"""
)
@click.argument("application")
@_course
@options.on
@options.as_json
@click.pass_context
def record(ctx: click.Context, /, application: str, **course: Any) -> None:
    """Record class hours done without a completion certificate; hours add up."""
    _record(ctx, application, None, **course)


@training.command(
    example="""\
examboard training complete A00013 --hours 80 --certificate-number T-118 --on 2024-06-01
examboard training complete A00013 --hours 80 --certificate-number T-118 --provider "City Union School" \\
    --strand vocational_skills --teaching-system part_time --delivery class --trainer T-0042"""
)
@click.argument("application")
@click.option("--certificate-number", required=True, type=options.LABEL, metavar="NUMBER", help="Of the certificate.")
@_course
@options.on
@options.as_json
@click.pass_context
def complete(ctx: click.Context, /, application: str, certificate_number: str, **course: Any) -> None:
    """
    Record class hours with the completion certificate that closes the course.

    The certificate of a course delivered by self-study alone is recorded and does not close it: formal training is
    asked for. Its hours count.
    """
    _record(ctx, application, certificate_number, **course)


def _record(
    ctx: click.Context,
    application: str,
    number: str | None,
    *,
    hours: Decimal | None,
    points: Decimal | None,
    done_on: date | None,
    on: date | None,
    as_json: bool,
    **said: Any,
) -> None:
    if (hours is None) == (points is None):
        raise click.UsageError("give either --hours or --credits")
    service = wiring.service(ctx)
    day = wiring.day_of_effect(service, on)
    rules = service.rules_of(service.history(application))
    fact = TrainingRecorded(
        hours=hours_of(rules, hours, points),
        credits=points,
        completion_certificate=number is not None,
        completed_on=done_on or day,
        certificate_number=number or "",
        **{name: value for name, value in said.items() if value is not None},
    )
    tell(service.record(application, fact, day), as_json)
    if number is not None and fact.delivery and set(fact.delivery) == {"self_study"}:
        clause = clause_text(str(rules.level.training.clause))
        text = "the certificate of a course by self-study alone does not close the training"
        click.echo(f"note: {text} [{clause}]", err=True)


@training.command(
    example="""\
examboard training show A00013
examboard training show A00013 --as-of 2024-05-01 --json"""
)
@click.argument("application")
@options.as_of
@options.known_at
@options.as_json
@click.pass_context
def show(ctx: click.Context, application: str, as_of: date | None, known_at: datetime | None, as_json: bool) -> None:
    """Show every course of an application, the hours done and asked for, and whether the training is closed."""
    found = training_of(wiring.service(ctx, write=False), application, as_of, known_at)
    if as_json:
        json_line(found.as_json())
    else:
        click.echo("\n".join(_lines(found)))


def _lines(found: TrainingStanding) -> Iterator[str]:
    clause = clause_text(found.clause)
    if found.hours is None:
        yield f"application {found.application}: level {found.level} asks for no course [{clause}]"
    else:
        verdict = "closed" if found.met else "open"
        hours = f"{found.done} of {found.hours} class hours"
        yield f"application {found.application}: training {verdict}, {hours} [{clause}]"
    if found.waiver and isinstance(fact := found.waiver.fact, TrainingWaived):
        by = f"by {found.waiver.actor} on {found.waiver.effective_on}"
        yield f"waived {by}: {fact.reason}; authority {fact.authority}"
    elif found.missing:
        yield f"missing: {found.missing}"
    for course in found.records:
        yield f"{course.source}: {_course_words(course)}"


def _course_words(course: Record) -> str:
    words = []
    for name, value in course.said.items():
        match value:
            case bool():
                words.append("with a completion certificate" if value else "without a completion certificate")
            case list():
                words.append(f"{name} {', '.join(value)}")
            case _:
                words.append(f"{name.replace('_', ' ')} {value}")
    if not course.counts:
        words.append("does not count")
    elif course.said.get("completion_certificate") and not course.is_formal:
        words.append("by self-study alone: the certificate does not count")
    if course.actor:
        words.append(f"recorded by {course.actor}, effective {course.effective_on}")
    return "; ".join(words)


@training.command(
    example="""\
examboard training waive A00013 --reason "taught the course" --authority "board minute 2024-9"
examboard training waive --cohort union-2024 --reason "own course" --authority "board minute 2024-9" --dry-run"""
)
@selecting.choice
@options.reason
@options.on
@options.dry_run
@options.as_json
@click.pass_context
def waive(
    ctx: click.Context,
    /,
    reason: str,
    authority: str,
    on: date | None,
    dry_run: bool,
    as_json: bool,
    **whom: Any,
) -> None:
    """
    Waive the training of applications, by a decision of the board.

    Each gets its own event; whoever it does not apply to is named with the reason.
    """
    selection = selecting.selection_of(whom)
    service = wiring.service(ctx, write=not dry_run)
    day = wiring.day_of_effect(service, on) if on else None
    fact = TrainingWaived(reason=reason, authority=authority)
    selecting.report(ctx, selection, decide_for(service, selection, fact, day, dry_run), as_json, dry_run)


@training.command("import", example="examboard training import training.csv --dry-run")
@click.argument("file", type=options.SHEET)
@intake_files.import_options
@click.pass_context
def import_(ctx: click.Context, /, file: Path, **how: Any) -> None:
    """Record the courses of a bulk file, CSV or XLSX. The same file again changes nothing."""
    intake_files.take_in(ctx, {"training": file}, **how)
