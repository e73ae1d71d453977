"""`examboard jobs`: the nightly work by hand, and what was done, is owed and is to come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final

import click

from cli import options, wiring
from cli.job_receipts import key_of, show_plan, show_run, show_stored, stored_run
from cli.options import Noun
from cli.output import listing, progress
from scheduler.jobs import JOBS, forecast, owed_runs, planned_runs, refuse_future, runs_by_hand, states
from scheduler.jobs import run as run_job
from scheduler.night import Night
from workflow.nights.ledger import COMPLETE, Parked, RunKey
from workflow.nights.receipts import Change, run_json

EXCEPTIONS: Final = 1  # the exit code where applications were parked
ALL: Final = "all"
_FINISHED: Final = {"last_day": "Last day", "outcome": "Outcome", "finished_at": "Finished at"}


@click.group(cls=Noun)
def jobs() -> None:
    """Run the nightly work by hand; see what is owed, was done and is to come."""


_job = click.option("--job", type=click.Choice(list(JOBS)), help="Of this job only.")


@jobs.command("list", example="examboard jobs list --json")
@options.as_json
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """List the jobs: what they do, when each was last finished, and how many of its runs are owed."""
    rows = [
        {
            "job": state.job,
            "title": JOBS[state.job].title,
            "last_day": state.last.key.day.isoformat() if state.last else None,
            "outcome": state.last.outcome if state.last else None,
            "finished_at": state.last.finished_at.isoformat() if state.last and state.last.finished_at else None,
            "finished_by": state.last.finished_by if state.last else None,
            "owed": len(state.owed),
            "parked": len(state.parked),
        }
        for state in states(wiring.night(ctx, write=False))
    ]
    listing(rows, {"job": "Job", "title": "What it does", **_FINISHED, "owed": "Owed", "parked": "Parked"}, as_json)


@jobs.command(example="examboard jobs owed")
@options.as_json
@click.pass_context
def owed(ctx: click.Context, as_json: bool) -> None:
    """
    List the runs that are owed, in the order in which they will be done: oldest first.

    A database on which a job never ran owes the run of today alone: it writes whatever is due by then.
    """
    night = wiring.night(ctx, write=False)
    columns = {"run": "Run", "begun_at": "Begun at", "begun_by": "By"}
    listing((_owed_row(night, key) for key in owed_runs(night)), columns, as_json)


def _owed_row(night: Night, key: RunKey) -> dict[str, Any]:
    begun = night.service.stores.runs.find(key)
    return {
        "run": str(key),
        "job": key.job,
        "day": key.day.isoformat(),
        "begun_at": begun.opened_at.isoformat() if begun else None,
        "begun_by": begun.opened_by if begun else None,
    }


@jobs.command(
    example="""\
examboard jobs run expire --day 2026-11-20 --dry-run
examboard jobs run all"""
)
@click.argument("job", type=click.Choice([*JOBS, ALL]))
@click.option("--day", type=options.DAY, metavar="DAY", help="The business day; default: today.")
@options.dry_run
@options.as_json
@click.pass_context
def run(ctx: click.Context, job: str, day: date | None, dry_run: bool, as_json: bool) -> None:
    """
    Run a job now, or `all` of them, and print the receipt: every change, what was parked and why, and the digest.

    Runs that are owed for earlier days are done first, oldest first, each with its own receipt. Running a job twice, or
    late, changes nothing that was true: each event bears the day on which it took effect; what was parked is tried
    again. A dry run says who would be touched and why, and may ask about a day to come.

    Ends with code 1 where a run ended with exceptions.
    """
    night = wiring.night(ctx, write=not dry_run)
    names, asked = list(JOBS) if job == ALL else [job], day or night.service.today()
    if not dry_run:
        refuse_future(night, asked)
    keys = runs_by_hand(night, names, asked)
    if dry_run:
        with progress(job) as tell:
            show_plan(planned_runs(night, keys), keys, asked, as_json, tell)
        return
    outcomes = [_run(night, key, as_json) for key in keys]
    if any(outcome != COMPLETE for outcome in outcomes):
        click.echo("with exceptions; see: examboard jobs parked", err=True)
        ctx.exit(EXCEPTIONS)


def _run(night: Night, key: RunKey, as_json: bool) -> str:
    before = night.service.stores.runs.find(key)
    with progress(str(key)) as tell:
        receipt = run_job(replace(night, tell=tell), key.job, key.day)
    was_done = before is not None and before.finished_at is not None and before.digest == receipt.digest
    show_run(night, receipt, as_json, "was done before, nothing new" if was_done else "")
    return receipt.outcome


@jobs.command(example="examboard jobs history --job expire --limit 30")
@_job
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, help="How many at the most.")
@options.as_json
@click.pass_context
def history(ctx: click.Context, job: str | None, limit: int, as_json: bool) -> None:
    """List runs, the newest business day first: begun and finished when and by whom, and how they ended."""
    night = wiring.night(ctx, write=False)
    runs = night.service.stores.runs.history(job or "", limit)
    columns = {
        "run": "Run",
        "outcome": "Outcome",
        "finished_at": "Finished at",
        "finished_by": "By",
        "digest": "Digest",
    }
    listing(map(run_json, runs), columns, as_json)


@jobs.command(example="examboard jobs show expire/2026-11-20")
@click.argument("run", metavar="RUN")
@options.as_json
@click.pass_context
def show(ctx: click.Context, run: str, as_json: bool) -> None:
    """
    Show the receipt of a RUN, named as in `expire/2026-11-20`: what it did, what it parked, and its digest.

    The digest is computed anew from what the run wrote. Ends with code 6 where that is not the one kept with the run.
    """
    show_stored(wiring.night(ctx, write=False), key_of(run), as_json)


@jobs.command(
    "forecast",
    example="""\
examboard jobs forecast --nights 7
examboard jobs forecast --nights 30 --job remind --list --json""",
)
@click.option("--nights", type=click.IntRange(1, 366), default=30, show_default=True, help="How many nights.")
@_job
@click.option("--list", "is_list", is_flag=True, help="List every change, instead of counts for each run.")
@options.as_json
@click.pass_context
def forecast_(ctx: click.Context, nights: int, job: str | None, is_list: bool, as_json: bool) -> None:
    """
    Say what the coming nights will do if nothing else happens, from the first one that is owed; nothing is written.

    Runs that will do nothing are left out.
    """
    night = wiring.night(ctx, write=False)
    with progress("forecast"):
        found = forecast(night, nights, [job] if job else tuple(JOBS))
    if is_list:
        rows = (_change_row(key, change) for key, changes in found.items() for change in changes)
        columns = {"run": "Run", "application": "Application", "what": "What", "on": "On", "why": "Why"}
        listing(rows, columns, as_json)
        return
    listing(_forecast_rows(found), {"run": "Run", "changes": "Changes"}, as_json)


def _change_row(key: RunKey, change: Change) -> dict[str, Any]:
    return {"run": str(key), **change.as_json()}


def _forecast_rows(found: dict[RunKey, list[Change]]) -> Iterator[dict[str, Any]]:
    for key, changes in found.items():
        if changes:
            counts = dict(sorted(Counter(change.what for change in changes).items()))
            words = ", ".join(f"{number} {what}" for what, number in counts.items())
            yield {"run": str(key), "job": key.job, "day": key.day.isoformat(), "counts": counts, "changes": words}


@jobs.command(
    example="""\
examboard jobs parked
examboard jobs parked expire/2026-11-20 --json"""
)
@click.argument("run", metavar="[RUN]", required=False)
@options.as_json
@click.pass_context
def parked(ctx: click.Context, run: str | None, as_json: bool) -> None:
    """
    List applications that a RUN could not judge, with the reason; without a RUN, of the last run of every job.

    They held up nobody else. Once the cause is mended, the next night tries them again, or `jobs run` now.
    """
    night = wiring.night(ctx, write=False)
    if run:
        key = stored_run(night, key_of(run)).key
        found: Sequence[Parked] = night.service.stores.runs.parked(key)
    else:
        found = [one for state in states(night) for one in state.parked]
    rows = (
        {"run": str(p.run), "application": p.application, "at": p.at.isoformat(), "reason": p.reason} for p in found
    )
    listing(rows, {"run": "Run", "application": "Application", "reason": "Reason"}, as_json)
