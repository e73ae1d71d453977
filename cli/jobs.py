"""`examboard jobs`: the nightly work, run by hand or by another scheduler."""

from __future__ import annotations

from datetime import date

import click

from cli import options, wiring
from cli.options import Noun
from cli.output import json_line, progress
from scheduler.jobs import Receipt, expire
from workflow.errors import Conflict


@click.group(cls=Noun)
def jobs() -> None:
    """Run the nightly work."""


@jobs.command(example="examboard jobs run expire --day 2026-11-20 --dry-run")
@click.argument("job", type=click.Choice(["expire"]))
@click.option("--day", type=options.DAY, metavar="DAY", help="Run for this day; default: today.")
@options.dry_run
@options.as_json
@click.pass_context
def run(ctx: click.Context, job: str, day: date | None, dry_run: bool, as_json: bool) -> None:
    """
    Run a job now. `expire` writes down what the clock has made true by a day.

    Running it twice, or late, changes nothing that was true: each event bears the day on which it took effect. A dry
    run may ask about a day to come.
    """
    service = wiring.service(ctx, write=not dry_run)
    with progress(job) as tell:
        receipt = expire(service, day or service.today(), dry_run, tell)
    if as_json:
        json_line({"job": job, **receipt.as_json()})
    else:
        _tell(receipt)
    if receipt.left:
        ctx.exit(Conflict.exit_code)


def _tell(receipt: Receipt) -> None:
    for written in receipt.written:
        click.echo(f"{written.application}: {written.type} on {written.effective_on}; {written.why}")
    total = ", ".join(f"{n} {kind}" for kind, n in receipt.counts.items()) or "nothing"
    note = " (dry run: nothing was written)" if receipt.is_dry_run else ""
    click.echo(f"by {receipt.day}: {total}{note}")
    if receipt.left:
        click.echo(f"others were writing to {', '.join(receipt.left)}; run the job again", err=True)
