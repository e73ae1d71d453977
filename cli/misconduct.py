"""`examboard misconduct`: incidents, findings and their lifting."""

from __future__ import annotations

from datetime import date
from typing import Any

import click

from cli import options, wiring
from cli.options import Noun
from cli.outcomes import tell
from cli.output import listing
from cli.part_named import PART_OR_NONE, SITTING, part_named
from workflow import facts as f
from workflow.board import conduct
from workflow.board.results import effects


@click.group(cls=Noun)
def misconduct() -> None:
    """Report, find, lift and list misconduct."""


@misconduct.command(
    example='examboard misconduct report A00006 --sitting 2024-26/1 --part theory --what "notes under the paper"'
)
@click.argument("application")
@SITTING
@PART_OR_NONE
@click.option("--what", required=True, type=options.PROSE, metavar="TEXT", help="What was observed.")
@options.on
@options.as_json
@click.pass_context
def report(
    ctx: click.Context,
    application: str,
    sitting: str,
    part: str | None,
    what: str,
    on: date | None,
    as_json: bool,
) -> None:
    """Report an incident at a sitting; nothing is decided by it."""
    service = wiring.service(ctx)
    key = part_named(service, application, part) if part else ""
    tell(service.record(application, f.IncidentReported(sitting=sitting, part=key, what=what), on), as_json)


@misconduct.command(
    example="""\
examboard misconduct find A00006 --degree minor --sitting 2024-26/1 --part theory --heard-on 2024-06-01 \\
    --reason "notes under the paper" --authority "board minute 2024-17"
examboard misconduct find A00009 --degree false_papers --heard-on 2024-06-01 \\
    --reason "the employer's letter is forged" --authority "board minute 2024-18" """
)
@click.argument("application")
@click.option("--degree", required=True, metavar="DEGREE", help="Degree of the scheme; see: examboard scheme show.")
@click.option("--sitting", default="", metavar="KEY", help="The session; needed where the degree voids one or a part.")
@PART_OR_NONE
@click.option("--heard-on", required=True, type=options.DAY, metavar="DAY", help="When the candidate was heard.")
@options.reason
@options.on
@options.as_json
@click.pass_context
def find(
    ctx: click.Context,
    application: str,
    degree: str,
    sitting: str,
    part: str | None,
    heard_on: date,
    reason: str,
    authority: str,
    on: date | None,
    as_json: bool,
) -> None:
    """
    Record a finding of misconduct, and say what follows from it.

    The degree says what is void, whether the application ends, and how long the person is barred, in this and in every
    other application. Marks that are void stay visible.
    """
    service = wiring.service(ctx)
    key = part_named(service, application, part) if part else ""
    done = conduct.find_misconduct(
        service,
        application,
        degree,
        reason=reason,
        authority=authority,
        sitting=sitting,
        part=key,
        heard_on=heard_on,
        on=on,
    )
    found = done.events[-1].fact
    until = found.barred_until if isinstance(found, f.MisconductFound) else None
    follows = [f"event {done.events[-1].sequence}: misconduct lift takes it back"]
    follows += [f"barred through {until}"] if until else []
    follows += [*effects(service, done, on or service.today()), *conduct.seats_inside_bars(service, application)]
    tell(done, as_json, follows)


@misconduct.command(
    example="""\
examboard misconduct lift A00006 --event 9 --reason "another candidate's notes" --authority "appeal 2024-3" """
)
@click.argument("application")
@click.option("--event", required=True, type=click.IntRange(min=1), metavar="N", help="Number of the finding's event.")
@options.reason
@options.on
@options.as_json
@click.pass_context
def lift(
    ctx: click.Context, application: str, event: int, reason: str, authority: str, on: date | None, as_json: bool
) -> None:
    """Lift a finding: everything stands as if it had never been, and both stay visible."""
    service = wiring.service(ctx)
    fact = f.AnnulmentLifted(supersedes=event, reason=reason, authority=authority)
    done = service.record(application, fact, on)
    tell(done, as_json, effects(service, done, on or service.today()) or ("nothing else changes",))


@misconduct.command("list", example="examboard misconduct list --in-force --json")
@click.option("--in-force", is_flag=True, help="Only findings in force.")
@options.as_of
@options.as_json
@click.pass_context
def list_(ctx: click.Context, in_force: bool, as_of: date | None, as_json: bool) -> None:
    """List incidents and findings, with the number of the event by which a finding is lifted."""
    service = wiring.service(ctx, write=False)
    rows = (_row(case) for case in conduct.cases(service, as_of) if case.kind == "in force" or not in_force)
    columns = {
        "application": "Application",
        "event": "Event",
        "kind": "Kind",
        "on": "Day",
        "degree": "Degree",
        "sitting": "Sitting",
        "part": "Part",
        "barred_until": "Barred until",
        "what": "What",
    }
    listing(rows, columns, as_json)


def _row(case: conduct.Case) -> dict[str, Any]:
    return {
        "application": case.application,
        "event": case.event,
        "kind": case.kind,
        "on": case.on.isoformat(),
        "degree": case.degree or None,
        "sitting": case.sitting or None,
        "part": case.part or None,
        "barred_until": case.barred_until.isoformat() if case.barred_until else None,
        "what": case.what,
    }
