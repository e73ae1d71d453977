"""`examboard retention`: whose data need not be kept any more, and erasing it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import click

from cli import options, wiring
from cli.job_receipts import show_plan, show_run
from cli.jobs import EXCEPTIONS
from cli.options import Noun
from cli.output import listing, progress
from scheduler.jobs import planned_runs, refuse_future, run
from workflow.errors import Objection, Refused
from workflow.nights.ledger import COMPLETE, RunKey
from workflow.persons.retention import Kept
from workflow.persons.retention import due as due_on
from workflow.roles.proposals import ERASURE
from workflow.roles.rights import is_member

JOB = "retention"


@click.group(cls=Noun)
def retention() -> None:
    """Say whose data need not be kept any more, and erase it."""


@retention.command(example="examboard retention due --on 2031-12-31 --json")
@click.option("--on", "day", type=options.DAY, metavar="DAY", help="As of this day; default: today.")
@options.as_json
@click.pass_context
def due(ctx: click.Context, day: date | None, as_json: bool) -> None:
    """
    List the persons whose time of keeping is over, by key: until when they were kept, and by which clause.

    What the scheme says itself (declared) the night erases; what the default says waits for `retention run --default`.
    """
    service = wiring.service(ctx, write=False)
    asked = day or service.today()
    rows = (
        {**found.as_json(), "error": None}
        if isinstance(found, Kept)
        else {"candidate": found[0], "error": str(found[1])}
        for found in due_on(service, asked)
    )
    titles = {"candidate": "Candidate", "kept_until": "Kept until", "clause": "By", "declared": "Declared"}
    listing(rows, titles | {"applications": "Applications", "error": "Error"}, as_json)


@retention.command(
    "run",
    example="""\
examboard retention run --dry-run
examboard retention run --default""",
)
@click.option("--day", type=options.DAY, metavar="DAY", help="The business day; default: today.")
@click.option("--default", "by_default", is_flag=True, help="Also where no scheme says how long, by the default.")
@options.dry_run
@options.as_json
@click.pass_context
def run_(ctx: click.Context, day: date | None, by_default: bool, dry_run: bool, as_json: bool) -> None:
    """
    Erase whose time of keeping is over, and print the receipt; the same as the nightly job `retention`.

    With --default also those whom only the default lets go: then you are named in the acts, and not the clock. Where
    the board keeps staff that is refused: each such erasure takes two members (`candidate erase`).
    """
    night = replace(wiring.night(ctx, write=not dry_run), erases_by_default=by_default)
    if by_default and not dry_run and is_member(night.by):
        text = f"{ERASURE}: say how long data is kept in the scheme (`retention`), or: examboard candidate erase KEY"
        raise Refused("retention run --default", [Objection("erasure", text, "none duties erasure")])
    asked = day or night.service.today()
    key = RunKey(JOB, asked)
    if dry_run:
        with progress(JOB) as tell:
            show_plan(planned_runs(night, [key]), [key], asked, as_json, tell)
        return
    refuse_future(night, asked)
    with progress(JOB):
        receipt = run(night, JOB, asked)
    show_run(night, receipt, as_json)
    if receipt.outcome != COMPLETE:
        ctx.exit(EXCEPTIONS)
