"""`examboard recheck`: results looked at again."""

from __future__ import annotations

from datetime import date
from typing import Any

import click

from cli import options, wiring
from cli.options import Noun
from cli.outcomes import tell
from cli.output import listing
from cli.part_named import PART, SITTING, part_named
from workflow.board import rechecks
from workflow.board.marks import Given
from workflow.board.results import effects


@click.group(cls=Noun)
def recheck() -> None:
    """Request and decide rechecks of results; list the open ones."""


@recheck.command(
    example="""\
examboard recheck request A00006 --sitting 2024-26/1 --part theory --reason "sheet 3 looks unmarked" --on 2024-06-25"""
)
@click.argument("application")
@SITTING
@PART
@click.option("--reason", type=options.PROSE, metavar="TEXT", help="What the candidate says.")
@click.option("--on", type=options.DAY, metavar="DAY", help="The day on which it was asked for; default: today.")
@options.as_json
@click.pass_context
def request(
    ctx: click.Context,
    application: str,
    sitting: str,
    part: str,
    reason: str | None,
    on: date | None,
    as_json: bool,
) -> None:
    """
    Record that a candidate asked for a recheck.

    It must be asked for inside the scheme's window, counted from the announcement; the last day counts, and one that
    is a rest day moves to the next working day. The board's own rest days and working days are the settings rest_days
    and work_days.
    """
    service = wiring.service(ctx)
    key = part_named(service, application, part)
    chosen = wiring.settings(ctx)
    overrides = rechecks.Overrides(chosen.rest_days, chosen.work_days)
    done = rechecks.request_recheck(service, application, key, sitting, reason or "", on, overrides)
    by = [f"to be decided by {x.fact.decide_by}" for x in done.events if hasattr(x.fact, "decide_by")]
    tell(done, as_json, by)


@recheck.command(
    example="""\
examboard recheck decide A00006 --sitting 2024-26/1 --part theory --score 61 \\
    --reason "sheet 3 was not added" --authority "recheck 2024-112"
examboard recheck decide A00007 --sitting 2024-26/1 --part theory --unchanged \\
    --reason "sums are right" --authority "recheck 2024-113" """
)
@click.argument("application")
@SITTING
@PART
@click.option("--score", type=options.RESULT, help="The marks decided on; of components, those that change.")
@click.option("--unchanged", is_flag=True, help="The marks stay as they are.")
@options.reason
@options.on
@options.as_json
@click.pass_context
def decide(
    ctx: click.Context,
    application: str,
    sitting: str,
    part: str,
    score: Given | None,
    unchanged: bool,
    reason: str,
    authority: str,
    on: date | None,
    as_json: bool,
) -> None:
    """
    Decide a recheck, and say what follows from it.

    The marks before stay visible; the validity of a raised score runs from its first announcement. A certificate that
    rested on a lowered score is flagged, never changed. A decision after its last day is recorded all the same.
    """
    if (score is None) == (not unchanged):
        raise click.UsageError("give either --score or --unchanged")
    service = wiring.service(ctx)
    key = part_named(service, application, part)
    done = rechecks.decide_recheck(service, application, key, sitting, score, reason, authority, on)
    day = on or service.today()
    tell(done, as_json, effects(service, done, day) or ("nothing else changes",))


@recheck.command(
    "list",
    example="""\
examboard recheck list
examboard recheck list --overdue --as-of 2024-07-10 --json""",
)
@click.option("--overdue", is_flag=True, help="Only those whose last day for the decision has passed.")
@options.as_of
@options.as_json
@click.pass_context
def list_(ctx: click.Context, overdue: bool, as_of: date | None, as_json: bool) -> None:
    """List the rechecks that await their decision, each with the last day for it."""
    service = wiring.service(ctx, write=False)
    found = (_row(x) for x in rechecks.open_rechecks(service, as_of) if x.is_overdue or not overdue)
    columns = {
        "application": "Application",
        "part": "Part",
        "sitting": "Sitting",
        "requested_on": "Requested",
        "decide_by": "Decide by",
        "overdue": "Overdue",
    }
    listing(found, columns, as_json)


def _row(x: rechecks.OpenRecheck) -> dict[str, Any]:
    return {
        "application": x.application,
        "part": x.part,
        "sitting": x.sitting,
        "requested_on": x.requested_on.isoformat(),
        "decide_by": x.decide_by.isoformat(),
        "overdue": x.is_overdue,
    }
