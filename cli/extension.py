"""`examboard extension`: the board lets a passed part stay valid longer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import click

from cli import options, selecting, wiring
from cli.options import Noun
from cli.output import listing
from workflow.board import extensions
from workflow.facts import DeadlineExtended, ValidityExtended
from workflow.service import Service


@click.group(cls=Noun)
def extension() -> None:
    """Extend the validity of parts and deadlines, for one application or a whole cohort."""


@extension.command(
    example="""\
examboard extension grant A00013 --part theory --until 2026-12-31 --reason "illness" --authority "minute 2026-4"
examboard extension grant A00021 --deadline eligibility --by-months 3 --reason "birth" --authority "minute 2026-5"
examboard extension grant --cohort 2021-01 --part theory --by-months 12 --reason "epidemic" \\
    --authority "notice 2022-8" --dry-run"""
)
@selecting.choice
@click.option("--part", default="", metavar="PART", help="The part, by its key or a name.")
@click.option("--deadline", default="", metavar="NAME", help="Instead: the deadline, by its name in the scheme.")
@click.option("--until", type=options.DAY, metavar="DAY", help="The new last valid day, the same for all.")
@click.option("--by-months", type=click.IntRange(1, 120), metavar="N", help="Months added to each one's own last day.")
@options.reason
@options.on
@options.dry_run
@options.as_json
@click.pass_context
def grant(
    ctx: click.Context,
    /,
    part: str,
    deadline: str,
    until: date | None,
    by_months: int | None,
    reason: str,
    authority: str,
    on: date | None,
    dry_run: bool,
    as_json: bool,
    **whom: Any,
) -> None:
    """
    Extend a part or a deadline: its last valid day becomes a later one, which still counts.

    Each application gets its own event. Whoever it does not apply to (not passed, a complete set, valid longer
    already, expired for another reason) is named with the reason and stops nobody. An application that had expired
    only for want of this extension is reinstated. The same decision again changes nothing.
    """
    if (until is None) == (by_months is None):
        raise click.UsageError("give either --until or --by-months")
    if bool(part) == bool(deadline):
        raise click.UsageError("give either --part or --deadline")
    selection = selecting.selection_of(whom)
    service = wiring.service(ctx, write=not dry_run)
    day = wiring.day_of_effect(service, on) if on else None
    decided = extensions.Extension(part, reason, authority, until, by_months or 0, deadline)
    outcomes = extensions.extend(service, selection, decided, day, dry_run)
    selecting.report(ctx, selection, outcomes, as_json, dry_run)


@extension.command("list", example="examboard extension list --part theory --json")
@click.option("--part", default="", metavar="PART", help="Only this part.")
@options.known_at
@options.as_json
@click.pass_context
def list_(ctx: click.Context, part: str, known_at: datetime | None, as_json: bool) -> None:
    """List every extension that was granted: to whom, until when, why, by whose authority, and who recorded it."""
    columns = {
        "application": "Application",
        "part": "Part",
        "deadline": "Deadline",
        "until": "Until",
        "effective_on": "From",
        "reason": "Reason",
        "authority": "Authority",
        "actor": "Recorded by",
    }
    listing(_granted(wiring.service(ctx, write=False), part, known_at), columns, as_json)


def _granted(service: Service, part: str, known_at: datetime | None) -> Iterator[dict[str, Any]]:
    for history in service.stores.events.histories():
        for event in history:
            fact = event.fact
            if not isinstance(fact, ValidityExtended | DeadlineExtended) or (known_at and event.recorded_at > known_at):
                continue
            extended = fact.part if isinstance(fact, ValidityExtended) else ""
            if part in ("", extended):
                yield {
                    "application": event.application,
                    "sequence": event.sequence,
                    "part": extended or None,
                    "deadline": None if isinstance(fact, ValidityExtended) else fact.deadline,
                    "until": fact.until.isoformat(),
                    "effective_on": event.effective_on.isoformat(),
                    "recorded_at": event.recorded_at.isoformat(),
                    "reason": fact.reason,
                    "authority": fact.authority,
                    "actor": event.actor,
                }
