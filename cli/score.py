"""`examboard score`: results, entered by readers, recorded, taken back, announced and amended."""

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
from cli.output import listing
from workflow import decisions, results
from workflow import facts as f
from workflow.decisions import Outcome
from workflow.draft import Draft
from workflow.errors import NotFound
from workflow.service import Service

SITTING = click.option("--sitting", "sitting", required=True, metavar="KEY", help="The sitting.")
PART = click.option("--part", required=True, metavar="PART", help="The part, by its key or name.")
PART_OR_NONE = click.option("--part", metavar="PART", help="The part, by its key or name.")


@click.group(cls=Noun)
def score() -> None:
    """Enter, record, retract, announce and amend results."""


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
@options.as_json
@click.pass_context
def record(
    ctx: click.Context,
    application: str,
    sitting: str,
    part: str,
    score: Decimal | None,
    absent: bool,
    as_json: bool,
) -> None:
    """Record the result of an attempt, of the day of its sitting; it is held back until it is announced."""
    if (score is None) == (not absent):
        raise click.UsageError("give either --score or --absent")
    service = wiring.service(ctx)
    key = part_named(service, application, part)
    sat_on = results.sat_on(service, service.draft(service.history(application)).application, key, sitting)
    fact: f.Fact = f.AbsenceRecorded(part=key, sitting=sitting, sat_on=sat_on)
    if score is not None:
        fact = f.ScoreRecorded(part=key, sitting=sitting, sat_on=sat_on, score=score)
    tell(service.record(application, fact, sat_on), as_json)


def part_named(service: Service, application: str, name: str) -> str:
    """Find a part of an application's scheme by its key or a name of it; an unknown name is left to the rules."""
    return service.rules_of(service.history(application)).scheme.parts_by_name.get(name.casefold(), name)


def any_part_named(service: Service, name: str) -> str:
    """
    Find a part, exam or review, by its key or a name of it in any scheme of the board.

    Raises:
        NotFound: there is none.
    """
    shelf = service.stores.schemes.current()
    for pinned in shelf:
        if key := pinned.scheme.parts_by_name.get(name.casefold()):
            return key
    parts = sorted({key for p in shelf for key in p.scheme.parts})
    raise NotFound(f"no scheme has a part called {name!r}; there are: {', '.join(parts)}")


def at_sitting(service: Service, sitting: str, part: str | None) -> tuple[str, ...]:
    """
    Give the applications that were admitted to a sitting, or reviewed under its key.

    Raises:
        NotFound: there is no such sitting and no such review.
    """
    found = service.stores.events.at_sitting(sitting, part)
    if not found and not service.stores.sittings.find(sitting) and not service.stores.events.at_sitting(sitting):
        raise NotFound(f"no sitting {sitting}; see: examboard sitting list")
    return found


@score.command(
    example="""\
examboard score enter A00001 --sitting 2024-26/1 --part theory --reader 1 --score 60
examboard score enter A00001 --sitting 2024-26/1 --part theory --reader 2 --score 61.5"""
)
@click.argument("application")
@SITTING
@PART
@click.option("--reader", required=True, type=click.IntRange(1, 3), metavar="N", help="1 or 2; 3 where they differ.")
@click.option("--score", required=True, type=options.MARKS, help="The reader's marks.")
@options.as_json
@click.pass_context
def enter(
    ctx: click.Context, application: str, sitting: str, part: str, reader: int, score: Decimal, as_json: bool
) -> None:
    """
    Enter one reader's marks, where the scheme has two readers mark apart.

    As soon as they agree within the scheme's tolerance the agreed marks are recorded with the same command; where they
    differ by more, a third reader decides. Each reader enters once: marks never overwrite each other.
    """
    service = wiring.service(ctx)
    key = part_named(service, application, part)
    entered = results.enter_score(service, application, key, sitting, reader, score)
    tell(entered.done, as_json, (_readers_say(entered),))


def _readers_say(entered: results.Entered) -> str:
    if entered.agreed is not None:
        return f"the readers agree: {entered.agreed} marks are recorded"
    if entered.needs_third:
        said = "; ".join(f"reader {reader}: {marks}" for reader, marks in entered.entries)
        return f"the readers differ beyond the tolerance ({said}): a third reader is asked for"
    return "waits for the other reader"


@score.command(example="examboard score differences 2024-26/1 --json")
@click.argument("key")
@options.as_json
@click.pass_context
def differences(ctx: click.Context, key: str, as_json: bool) -> None:
    """List who awaits a third reading: two readers differ by more than the tolerance. KEY is the sitting."""
    service = wiring.service(ctx, write=False)
    at_sitting(service, key, None)
    rows = (
        {
            "application": x.application,
            "part": x.part,
            "reader_1": str(x.first),
            "reader_2": str(x.second),
            "difference": str(abs(x.first - x.second)),
            "tolerance": str(x.tolerance),
        }
        for x in results.differences(service, key)
    )
    columns = ("application", "part", "reader_1", "reader_2", "difference", "tolerance")
    listing(rows, {key: key.replace("_", " ").capitalize() for key in columns}, as_json)


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
    """
    Announce the results of a sitting that are recorded and not yet out: validity runs from that day.

    The sitting of a review is called review-DAY. A day to come is refused.
    """
    service = wiring.service(ctx, write=not dry_run)
    day = wiring.day_of_effect(service, on) if on else None
    if application:
        if not part:
            raise click.UsageError("--application needs --part")
        outcomes = _announce_one(service, application, sitting, part, on, dry_run)
    else:
        key = any_part_named(service, part) if part else None
        at_sitting(service, sitting, key)
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
@click.option("--admit", is_flag=True, help="Admit whoever was not, by the rows: for a sitting held elsewhere.")
@click.pass_context
def import_(ctx: click.Context, /, file: Path, **how: Any) -> None:
    """
    Record the results of a bulk file, CSV or XLSX. The same file again changes nothing.

    The file's digest (sha256) is told, so that it can be kept with the minutes. A result of someone who was never
    admitted to that sitting is rejected.
    """
    intake_files.take_in(ctx, {"scores": file}, **how)
