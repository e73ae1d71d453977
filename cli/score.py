"""`examboard score`: results, entered by readers, recorded, taken back, announced and amended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import click

from cli import intake_files, options, wiring
from cli.options import Noun
from cli.outcomes import tell, tell_all
from cli.part_named import PART, PART_OR_NONE, SITTING, any_part_named, at_sitting, part_named
from cli.score_readers import differences, enter
from workflow import facts as f
from workflow.board import decisions, results
from workflow.board.decisions import Outcome
from workflow.board.marks import Given, made_of
from workflow.draft import Draft
from workflow.service import Service


@click.group(cls=Noun)
def score() -> None:
    """Enter, record, retract, announce and amend results."""


for verb in (enter, differences):
    score.add_command(verb)


@score.command(
    example="""\
examboard score record A00001 --sitting 2024-26/1 --part theory --score 60
examboard score record A00006 --sitting 2024-26/1 --part theory --absent"""
)
@click.argument("application")
@SITTING
@PART
@click.option("--score", type=options.RESULT, help="Marks on the part's scale, or NAME=MARKS; ... of components.")
@click.option("--absent", is_flag=True, help="The candidate did not come.")
@click.option("--assessed-on", type=options.DAY, metavar="DAY", help="When it was assessed; default: the day itself.")
@options.as_json
@click.pass_context
def record(
    ctx: click.Context,
    application: str,
    sitting: str,
    part: str,
    score: Given | None,
    absent: bool,
    assessed_on: date | None,
    as_json: bool,
) -> None:
    """Record the result of an attempt, of the day of its sitting; it is held back until it is announced."""
    if (score is None) == (not absent):
        raise click.UsageError("give either --score or --absent")
    if absent and assessed_on:
        raise click.UsageError("--assessed-on has no meaning beside --absent")
    service = wiring.service(ctx)
    key = part_named(service, application, part)
    sat_on = results.sat_on(service, service.draft(service.history(application)).application, key, sitting)
    fact: f.Fact = f.AbsenceRecorded(part=key, sitting=sitting, sat_on=sat_on)
    if score is not None:
        marks, made = made_of(service.rules_of(service.history(application)), key, score)
        said = {"part": key, "sitting": sitting, "sat_on": sat_on, "assessed_on": assessed_on}
        fact = f.ScoreRecorded.model_validate({**said, "score": marks, "components": made})
    tell(service.record(application, fact, sat_on), as_json)


@score.command(
    example="""\
examboard score retract A00001 --sitting 2024-26/1 --part theory --reason "typed from the wrong sheet"
examboard score retract --sitting 2024-26/1 --part theory --reason "marks of another session" --dry-run"""
)
@click.argument("application", required=False)
@SITTING
@PART_OR_NONE
@click.option("--absences", is_flag=True, help="For a whole sitting: take recorded absences back as well.")
@click.option("--reason", required=True, type=options.PROSE, metavar="TEXT", help="Why.")
@options.dry_run
@options.as_json
@click.pass_context
def retract(
    ctx: click.Context,
    application: str | None,
    sitting: str,
    part: str | None,
    absences: bool,
    reason: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    """
    Take back results that are not announced yet: of one application, or the whole batch of a sitting.

    Each is an event of its own, and the attempts wait for their results again; what was taken back stays visible. An
    announced result is amended instead.
    """
    service = wiring.service(ctx, write=not dry_run)
    if application:
        key, keys = (part_named(service, application, part) if part else None), (application,)
        service.history(application)  # whoever is named must be there
    else:
        key = any_part_named(service, part) if part else None
        keys = at_sitting(service, sitting, key)  # type: ignore[assignment]
    outcomes = results.retract(
        service, keys, sitting, reason, key, with_absences=absences, is_named=bool(application), dry_run=dry_run
    )
    tell_all(ctx, outcomes, as_json, dry_run)


@score.command(
    example="""\
examboard score announce --sitting 2024-26/1 --on 2024-06-20 --dry-run
examboard score announce --application A00001 --sitting 2024-26/1 --part theory"""
)
@SITTING
@click.option("--part", metavar="PART", help="This part only.")
@click.option("--application", metavar="APPLICATION", help="This application only; needs --part.")
@click.option("--released-on", type=options.DAY, metavar="DAY", help="When it is released; default: the same day.")
@options.on
@options.dry_run
@options.as_json
@click.pass_context
def announce(
    ctx: click.Context,
    sitting: str,
    part: str | None,
    application: str | None,
    released_on: date | None,
    on: date | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """
    Announce the results of a sitting that are recorded and not yet out: validity runs from that day.

    The sitting of a review is called review-DAY. A day to come is refused.
    """
    service = wiring.service(ctx, write=not dry_run)
    day = wiring.day_of_effect(service, on) if on else None
    if application:
        if not part:
            raise click.UsageError("--application needs --part")
        outcomes = _announce_one(service, application, sitting, part, on, dry_run, released_on)
    else:
        key = any_part_named(service, part) if part else None
        at_sitting(service, sitting, key)
        outcomes = decisions.announce_sitting(service, sitting, key, day, dry_run, released_on)
    tell_all(ctx, outcomes, as_json, dry_run, f"no result of {sitting} is recorded and not yet out")


def _announce_one(
    service: Service,
    application: str,
    sitting: str,
    part: str,
    on: date | None,
    dry_run: bool,
    released_on: date | None,
) -> Iterator[Outcome]:
    key = part_named(service, application, part)

    def propose(draft: Draft) -> bool:
        day = on or service.today(draft.rules.scheme.time_zone)
        fact = f.ScoreAnnounced(part=key, sitting=sitting, released_on=released_on)
        draft.propose(fact, day, f"announce:{key}:{sitting}")
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
@click.option("--score", required=True, type=options.RESULT, help="The right marks; of components, those that change.")
@options.reason
@options.on
@options.as_json
@click.pass_context
def amend(
    ctx: click.Context,
    application: str,
    sitting: str,
    part: str,
    score: Given,
    reason: str,
    authority: str,
    on: date | None,
    as_json: bool,
) -> None:
    """Correct the marks of an attempt; the marks before stay visible."""
    service = wiring.service(ctx)
    history = service.history(application)
    key, draft = part_named(service, application, part), service.draft(history)
    attempt = draft.application.attempt(key, sitting)
    marks, made = made_of(draft.rules, key, score, attempt.components if attempt else ())
    said = {"part": key, "sitting": sitting, "reason": reason, "authority": authority}
    fact = f.ScoreAmended.model_validate({**said, "score": marks, "components": made})
    tell(service.record(application, fact, on), as_json)


@score.command("import", example="examboard score import scores.csv --dry-run")
@click.argument("file", type=options.SHEET)
@intake_files.import_options
@click.option("--admit", is_flag=True, help="Admit whoever was not, by the rows: for a sitting held elsewhere.")
@click.pass_context
def import_(ctx: click.Context, /, file: Path, **how: Any) -> None:
    """
    Record the results of a bulk file, CSV or XLSX. The same file again changes nothing.

    The file's digest (sha256) is told, so that it can be kept with the minutes. A result of someone who was never
    admitted to that sitting is rejected.
    """
    intake_files.take_in(ctx, {"scores": file}, **how)
